"""One spec file while its values are changed: bytes, text and nodes."""

from collections.abc import Iterable
from dataclasses import dataclass

from yaml import YAMLError

from reconciler.desired import lines
from reconciler.desired.adopt.change import changed
from reconciler.desired.adopt.edit import Edit, carried_out
from reconciler.desired.adopt.statement import Statement
from reconciler.desired.adopt.tree import Node, comments, tree
from reconciler.desired.adopt.value import Value
from reconciler.desired.files import SpecFile

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file that was read and found good; `shared` are the anchors that have aliases."""

    content: bytes
    text: str
    root: Node
    shared: frozenset[str]

    @classmethod
    def of(cls, name: str, content: bytes) -> "Source | None":
        text, wrong = lines.decode(SpecFile(name=name, content=content))
        root = None if text is None or wrong else tree(text)
        if text is None or root is None:
            return None
        shared = frozenset(one.alias for one in root.every() if one.alias is not None)
        return cls(content=content, text=text, root=root, shared=shared)

    def edits(self, one: Statement, value: Value) -> list[Edit]:
        """Raises `Refused`."""
        return changed(one, value, self.root, self.text, self.shared)

    def with_edits(self, edits: Iterable[Edit]) -> bytes | None:
        """The bytes afterwards; None where two edits meet or a comment would be lost."""
        after = carried_out(self.text, edits)
        try:
            again = tree(after)
        except YAMLError:
            return None
        if again is None or sorted(comments(again, after)) != sorted(
            comments(self.root, self.text)
        ):
            return None
        mark = _BOM if self.content.startswith(_BOM) else b""
        return mark + after.encode()
