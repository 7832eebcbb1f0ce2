"""YAML text to plain data with places, strictly: nothing is guessed, merged or silently dropped.

Built on PyYAML's event stream (libyaml where it is there), because events keep the place of every
key and value and cost a fraction of PyYAML's loaders. Only `null`, `true`, `false` and plain
decimal numbers are anything but text. What one loop does for good data is all a large file costs.
"""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import yaml

from reconciler.desired import lines
from reconciler.desired.again import places_of
from reconciler.desired.block import NO_BLOCKS, Block, blocks
from reconciler.desired.document import LISTS, MEMBERS, Accept, Document
from reconciler.desired.files import SpecFile
from reconciler.desired.item import Item
from reconciler.desired.numbering import inside
from reconciler.desired.places import Places
from reconciler.desired.plain import plain
from reconciler.desired.yaml_sayings import SAYINGS
from reconciler.diagnostics import Diagnostic, SourceMark
from reconciler.model.marks import marked

LOADER: Final = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
DEEPEST: Final = 64
MOST_ALIASED: Final = 10_000
_MOST_KNOWN: Final = 4096

_TAGS: Final = "tags"


class _Broken(Exception):
    """The text stops being readable here; whatever was gathered before still counts."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.rule)
        self.diagnostic = diagnostic


def _never(name: str, value: Any) -> bool:  # noqa: ARG001
    return False


def _always(name: str, value: Any) -> bool:  # noqa: ARG001
    return True


def parse(
    file: SpecFile, accept: Accept = _never
) -> tuple[Document | None, tuple[Diagnostic, ...]]:
    """The document, or None with the reasons. A file of comments only has the data None.

    Entries that `accept` takes are made small as soon as they are read.
    """
    text, odd = lines.decode(file)
    if text is None:
        return None, odd
    rest, found = blocks(text, accept, alone) if accept is not _never else (text, {})
    if found:
        document = with_lists(file.name, rest, found, accept)
        if document is not None:
            return document, odd
    document, wrong = _built(_Builder(file.name, accept), text)
    return document, (*odd, *wrong)


def with_lists(
    name: str, text: str, lists: Mapping[int, Block], accept: Accept = _always
) -> Document | None:
    """The document of a text with empty lines in the place of lists; None where that is none."""
    builder = _Builder(name, accept, lists)
    document, _ = _built(builder, text)
    return None if document is None or builder.blocks else replace(document, blocks=lists)


def _built(builder: "_Builder", text: str) -> tuple[Document | None, tuple[Diagnostic, ...]]:
    try:
        data = builder.build(text)
    except _Broken as broken:
        return None, (*builder.diagnostics, broken.diagnostic)
    if builder.diagnostics:
        return None, tuple(builder.diagnostics)
    places = Places(
        file=builder.file,
        data=data,
        numbers=builder.numbers,
        sections=builder.sections,
        items=builder.items,
    )
    return Document(file=builder.file, data=data, places=places), ()


def alone(text: str) -> Item | None:
    """What the lines of one entry are."""
    builder = _Builder("", _always)
    document, _ = _built(builder, f"{LISTS[0]}:\n{text}\n")
    if document is None:
        return None
    found = document.data[LISTS[0]]
    return found[0] if len(found) == 1 and isinstance(found[0], Item) else None


_BETWEEN: Final = object()  # two pairs of a mapping; in a list the key is always None


class _Builder:
    """`blocks` are lists that were read by line, and are empty in the text; those that were met
    are none of them any longer.
    """

    def __init__(self, file: str, accept: Accept, blocks: Mapping[int, Block] = NO_BLOCKS) -> None:
        self.file = file
        self.accept = accept
        self.blocks = dict(blocks)
        self.numbers = array("q")
        self.sections: dict[str, int] = {}
        self.items: dict[str, Sequence[int]] = {}
        self.diagnostics: list[Diagnostic] = []
        self._anchors: dict[str, list[Any]] = {}
        self._replayed = 0
        self._seen: dict[int, dict[str, SourceMark]] = {}
        self._lines = True  # and no brackets are around everything
        self._section = self._name = ""
        self._entries: list[Any] = []
        self._starts = array("Q")
        self._taken: list[Any] = []

    def build(self, text: str) -> Any:  # noqa: C901, PLR0912, PLR0915 -- flat: calls are what costs
        """Inside an entry that may become small, places are counted from its own."""
        root: list[Any] = []
        container: Any = root
        key: Any = None
        began = 0
        around: list[tuple[Any, Any, int]] = []
        base = 0
        numbers, known, names = self.numbers, dict[str, Any](), dict[str, str]()
        for event in self._expanded(text):
            kind = type(event)
            if kind is yaml.ScalarEvent:
                mark, value = event.start_mark, event.value
                if event.tag is not None and not (event.tag == "!" and event.style):
                    self._complain_of_tag(event)
                if key is _BETWEEN:
                    key = names.setdefault(value, value)
                    if key in container or key == "<<" or self._seen:
                        key = self._odd_key(event, container, began, base)
                    if len(around) == 1:
                        self.sections[key] = len(numbers)
                    numbers.append((mark.line << 32 | mark.column) - base)
                    container[key] = None
                    continue
                if event.implicit[0]:
                    meant = known.get(value, _BETWEEN)
                    if meant is _BETWEEN:
                        meant = plain(value)
                        if len(known) < _MOST_KNOWN:
                            known[value] = meant
                    value = meant
                    if value is None and len(around) == 1 and self._is_block(container, key):
                        key = _BETWEEN
                        continue
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                mark = event.start_mark
                self._check_start(event, key, len(around))
                value = {} if kind is yaml.MappingStartEvent else []
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                ended = began
                container, key, began = around.pop()
                if base and container is self._taken:
                    self._take(ended)
                    base = 0
                continue
            elif kind is yaml.DocumentStartEvent and root:
                self._complain_of_second(event)
                break
            else:
                continue
            if container is self._entries:
                self._starts.append(len(numbers))
            place = mark.line << 32 | mark.column
            numbers.append(place - base)
            if container is self._taken and kind is yaml.MappingStartEvent:
                base = place
            if key is None:
                container.append(value)
            else:
                container[key] = value
            if kind is yaml.ScalarEvent:
                key = None if key is None else _BETWEEN
                continue
            self._open(value, key, len(around))
            around.append((container, None if key is None else _BETWEEN, began))
            container, began = value, len(numbers) - 1
            key = _BETWEEN if kind is yaml.MappingStartEvent else None
        return root[0] if root else None

    def _open(self, value: Any, key: Any, depth: int) -> None:
        """Notes which list right below the document is read now, and whose entries may be taken."""
        if depth == 1 and key is not None:
            self._section = key
            if type(value) is list:
                self._entries, self._starts = value, array("Q")
                self.items[key] = self._starts
                if key in LISTS:
                    self._taken, self._name = value, key
        elif depth == 3 and self._section == _TAGS and key == MEMBERS:
            self._taken, self._name = value, MEMBERS

    def _is_block(self, document: dict[str, Any], name: str) -> bool:
        """Whether the list of this key was read by line; it is put in its place then."""
        may_be = self._lines and name in LISTS
        block = self.blocks.pop(self.numbers[-1] >> 32, None) if may_be else None
        if block is None:
            return False
        document[name] = block.items
        self.numbers.append(block.place)
        first = len(self.numbers)
        self.numbers.extend(places_of(block.items))
        self.items[name] = range(first, len(self.numbers))
        return True

    def _take(self, began: int) -> None:
        """The last of a list is an `Item` from now on, if it is accepted; its places go with it.

        After a complaint nothing is: the text will not be used, and what was said of it stands.
        """
        numbers, entry = self.numbers, self._taken[-1]
        own = numbers[began]
        if not self.diagnostics and self.accept(self._name, entry):
            self._taken[-1] = Item.of(entry, own, numbers[began + 1 :].tobytes())
            del numbers[began + 1 :]
        else:
            for at in range(began + 1, len(numbers)):
                numbers[at] += own

    def _check_start(self, event: Any, key: Any, depth: int) -> None:
        if depth == 0:
            self._lines = not event.flow_style
        if event.tag is not None:
            self._complain_of_tag(event)
        if key is _BETWEEN:
            raise _Broken(
                self._diagnostic(
                    "yaml.key", "a key is a list or a mapping", event, "write a plain word as key"
                )
            )
        if depth >= DEEPEST:
            raise _Broken(
                self._diagnostic(
                    "yaml.too-deep",
                    f"it is nested deeper than {DEEPEST}",
                    event,
                    "no part of a spec is that deep; check the brackets",
                )
            )

    def _odd_key(self, event: Any, container: dict[Any, Any], began: int, base: int) -> Any:
        """A merge key, a repeated one, or any in a text that has one of these. What a repeated key
        stands for is kept beside the other, so that places stay in the order of the data.
        """
        name, mark = event.value, self._mark(event)
        if name == "<<" and event.implicit[0]:
            self._complain(
                "yaml.merge-key",
                "a merge key (`<<`) is used",
                event,
                "write the keys out, or use the section `defaults`",
            )
        seen = self._seen.get(id(container))
        if seen is None and name not in container:
            return name
        if seen is None:
            seen = {
                way[0]: marked(self.file, self.numbers[at] + base)
                for way, (at, _) in inside(container, began).items()
                if len(way) == 1 and isinstance(way[0], str)
            }
            self._seen[id(container)] = seen
        earlier = seen.get(name)
        seen[name] = mark
        if earlier is None:
            return name
        self.diagnostics.append(
            Diagnostic(
                rule="yaml.repeated-key",
                message=f"this key stands twice here, first in line {earlier.line}",
                mark=mark,
                hint="keep one of them",
                also=earlier,
            )
        )
        return len(self.diagnostics)

    def _expanded(self, text: str) -> Iterator[Any]:
        """Without such a sign in the text there is nothing to write out."""
        return self._replay(text) if "&" in text or "*" in text else self._events(text)

    def _replay(self, text: str) -> Iterator[Any]:
        """The events with every alias written out, so that its content has a place and a cost."""
        recording: list[tuple[str, int, list[Any]]] = []
        for event in self._events(text):
            if isinstance(event, yaml.AliasEvent):
                if any(anchor == event.anchor for anchor, _, _ in recording):
                    raise _Broken(
                        self._diagnostic(
                            "yaml.alias-loop",
                            "this alias contains itself",
                            event,
                            "write the content out",
                        )
                    )
                if event.anchor not in self._anchors:
                    raise _Broken(
                        self._diagnostic(
                            "yaml.unknown-alias",
                            "this alias stands for nothing",
                            event,
                            "quote the text if the `*` belongs to it",
                        )
                    )
                batch = self._anchors[event.anchor]
                self._replayed += len(batch)
                if self._replayed > MOST_ALIASED:
                    raise _Broken(
                        self._diagnostic(
                            "yaml.alias-bomb",
                            f"aliases stand for more than {MOST_ALIASED} items",
                            event,
                            "write the content out",
                        )
                    )
            else:
                batch = [event]
                if getattr(event, "anchor", None):
                    recording.append((event.anchor, 0, []))
            yield from batch
            self._record(batch, recording)

    def _record(self, batch: list[Any], recording: list[tuple[str, int, list[Any]]]) -> None:
        still_open = []
        for anchor, depth, events in recording:
            level = depth
            for event in batch:
                events.append(event)
                level += isinstance(event, yaml.CollectionStartEvent)
                level -= isinstance(event, yaml.CollectionEndEvent)
            if level > 0:
                still_open.append((anchor, level, events))
            else:
                self._anchors[anchor] = events
        recording[:] = still_open

    def _events(self, text: str) -> Iterator[Any]:
        try:
            yield from iter(LOADER(text).get_event, None)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            raise _Broken(self._syntax(error.problem or "", line, column)) from None
        except yaml.reader.ReaderError as error:
            line, column = lines.place(text, error.position)
            raise _Broken(
                self._syntax("control characters are not allowed", line, column)
            ) from None

    def _syntax(self, problem: str, line: int, column: int) -> Diagnostic:
        message, hint = next(
            (saying for start, saying in SAYINGS.items() if problem.startswith(start)),
            ("the YAML cannot be read from here on", "check indentation, quotes and brackets"),
        )
        return Diagnostic(
            rule="yaml.syntax", message=message, mark=SourceMark(self.file, line, column), hint=hint
        )

    def _mark(self, event: Any) -> SourceMark:
        return SourceMark(self.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def _diagnostic(self, rule: str, message: str, event: Any, hint: str) -> Diagnostic:
        return Diagnostic(rule=rule, message=message, mark=self._mark(event), hint=hint)

    def _complain_of_tag(self, event: Any) -> None:
        self._complain(
            "yaml.tag", "a tag is used", event, "quote the text if the `!` belongs to it"
        )

    def _complain_of_second(self, event: Any) -> None:
        self._complain(
            "yaml.second-document",
            "a second document begins here",
            event,
            "use one file for each",
        )

    def _complain(self, rule: str, message: str, event: Any, hint: str) -> None:
        self.diagnostics.append(self._diagnostic(rule, message, event, hint))
