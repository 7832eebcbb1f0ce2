"""What a spec file says, as plain data whose places are known."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from reconciler.desired.item import Item
from reconciler.desired.places import Places
from reconciler.diagnostics import Pointer, SourceMark

if TYPE_CHECKING:
    from reconciler.desired.block import Block

Accept: TypeAlias = Callable[[str, Any], bool]
"""Whether a mapping in a list is what that list is for; the list is named by its key."""
# Lists that grow with the customers: right below the document, and the members of each tag.
LISTS: Final = ("customers", "consents")
MEMBERS: Final = "members"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """`data` is what JSON Schema expects: dicts, lists, text, numbers, booleans, None; and an
    `Item` for each entry that was accepted as it was read. `blocks` are the lists that were read
    by line, by the line of their key. `digest` names the text for whoever keeps what was found
    of it, `known` says that it was found sound before.
    """

    file: str
    data: Any
    places: Places = field(repr=False)
    blocks: "Mapping[int, Block]" = field(default_factory=dict, repr=False)
    digest: bytes = b""
    known: bool = False

    def at(self, pointer: Pointer) -> Any:
        """What stands there, as it was read; None for what was refused."""
        found = self.data
        for part in pointer:
            if isinstance(found, Item):
                found = found.data()
            if found is None:
                return None
            found = found[part]
        return found.data() if isinstance(found, Item) else found

    def reads_by_line(self, found: object) -> bool:
        """Whether a list of it was read by line."""
        return any(block.items is found for block in self.blocks.values())

    def mark(self, pointer: Pointer) -> SourceMark:
        """Place of a value, or of the nearest thing around it."""
        return self.places.value(pointer)

    def key_mark(self, pointer: Pointer) -> SourceMark:
        """Place of the key whose value `pointer` names."""
        return self.places.key(pointer)

    def near(self, pointer: Pointer) -> int:
        """Place of a key, or of the entry around it, as a number (`model.marks`)."""
        return self.places.near(pointer)
