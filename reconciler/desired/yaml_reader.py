"""YAML text to plain data with places, strictly: nothing is guessed, merged or silently dropped.

Built on PyYAML's event stream (libyaml where it is there), because events keep the place of every
key and value and cost a fraction of PyYAML's loaders. Only `null`, `true`, `false` and plain
decimal numbers are anything but text. In large files only places of list items and top-level keys
are kept; the others are found by reading the text again, which happens only for complaints.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from reconciler.desired import lines
from reconciler.desired.files import SpecFile
from reconciler.diagnostics import Diagnostic, Pointer, SourceMark

LOADER: Final = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
DEEPEST: Final = 64
MOST_ALIASED: Final = 10_000
LARGE: Final = 4 * 1024 * 1024

_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+")
_WORDS: Final[dict[str, bool | None]] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}

# PyYAML's own sentences may quote the text they stumbled on, so only known ones are carried over.
_SAYINGS: Final = {
    "mapping values are not allowed": (
        "a `:` stands where no key can be",
        "quote the text, or put the key on a line of its own",
    ),
    "found character that cannot start": (
        "a character stands here that cannot begin a value",
        "quote the text; indent with spaces, never with tabs",
    ),
    "found character '\\t'": ("a tab stands here", "indent with spaces, never with tabs"),
    "found a tab character": ("a tab stands here", "indent with spaces, never with tabs"),
    "could not find expected ':'": ("a `:` is missing after this key", "write `key: value`"),
    "did not find expected key": (
        "a key was due here",
        "check the indentation of this line and the one above",
    ),
    "did not find expected '-' indicator": (
        "a list item was due here",
        "check the indentation of this line and the one above",
    ),
    "did not find expected ',' or": (
        "a `,` or a closing bracket is missing",
        "close the bracket, or use a line for each item",
    ),
    "found unexpected end of stream": ("the text ends inside a quoted value", "close the quote"),
    "did not find expected <document start>": (
        "text follows the end of the document",
        "check the indentation",
    ),
    "found undefined tag handle": ("a tag is used", "quote the text if the `!` belongs to it"),
    "did not find expected alphabetic": (
        "a `*`, `&` or `!` stands before text",
        "quote the text if the sign belongs to it",
    ),
    "found unknown escape character": (
        "an unknown escape stands in a quoted value",
        "double the backslash, or use single quotes",
    ),
    "block sequence entries are not allowed": (
        "a list item stands where none can be",
        "put the list on lines of its own",
    ),
    "control characters are not allowed": ("a control character stands here", "remove it"),
    "special characters are not allowed": ("a control character stands here", "remove it"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    keys: dict[Pointer, SourceMark]
    values: dict[Pointer, SourceMark]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """`data` is what JSON Schema expects: dicts, lists, text, numbers, booleans, None."""

    file: str
    data: Any
    places: Places = field(repr=False)
    text: str = field(repr=False)
    _all: list[Places] = field(default_factory=list, repr=False)

    def mark(self, pointer: Pointer) -> SourceMark:
        """Place of a value, or of the nearest thing around it. May read the text once more."""
        if pointer in self.places.values:
            return self.places.values[pointer]
        return _nearest(self._everything().values, pointer, self.file)

    def key_mark(self, pointer: Pointer) -> SourceMark:
        """Place of the key whose value `pointer` names. May read the text once more."""
        return _nearest(self._everything().keys, pointer, self.file)

    def near(self, pointer: Pointer) -> SourceMark:
        """Place of a key, or of the entry around it in a large file; never costs a reading."""
        return self.places.keys.get(pointer) or _nearest(self.places.values, pointer, self.file)

    def _everything(self) -> Places:
        if not self._all:
            builder = _Builder(self.file, keep_all=True)
            builder.build(self.text)
            self._all.append(Places(keys=builder.keys, values=builder.places))
        return self._all[0]


def _nearest(places: dict[Pointer, SourceMark], pointer: Pointer, file: str) -> SourceMark:
    for length in range(len(pointer), -1, -1):
        if pointer[:length] in places:
            return places[pointer[:length]]
    return SourceMark(file)


class _Broken(Exception):
    """The text stops being readable here; whatever was gathered before still counts."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.rule)
        self.diagnostic = diagnostic


def parse(file: SpecFile) -> tuple[Document | None, tuple[Diagnostic, ...]]:
    """The document, or None with the reasons. A file of comments only has the data None."""
    text, odd = lines.decode(file)
    if text is None:
        return None, odd
    builder = _Builder(file.name, keep_all=len(text) <= LARGE)
    try:
        data = builder.build(text)
    except _Broken as broken:
        return None, (*odd, *builder.diagnostics, broken.diagnostic)
    if builder.diagnostics:
        return None, (*odd, *builder.diagnostics)
    places = Places(keys=builder.keys, values=builder.places)
    return Document(file=file.name, data=data, places=places, text=text), odd


@dataclass(slots=True)
class _Frame:
    """A collection that is being read. `keys` is None for a list."""

    container: Any
    pointer: Pointer
    keys: dict[str, SourceMark] | None
    key: str | None = None


class _Builder:
    def __init__(self, file: str, *, keep_all: bool) -> None:
        self.file = file
        self.keep_all = keep_all
        self.places: dict[Pointer, SourceMark] = {}
        self.keys: dict[Pointer, SourceMark] = {}
        self.diagnostics: list[Diagnostic] = []
        self._anchors: dict[str, list[Any]] = {}
        self._replayed = 0

    def build(self, text: str) -> Any:
        frames: list[_Frame] = []
        root: list[Any] = []
        documents = 0
        for event in self._replay(text):
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._complain(
                        "yaml.second-document",
                        "a second document begins here",
                        event,
                        "use one file for each",
                    )
                    break
            elif isinstance(event, yaml.CollectionEndEvent):
                frames.pop()
            elif isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent)):
                self._node(event, frames, root)
        return root[0] if root else None

    def _node(self, event: Any, frames: list[_Frame], root: list[Any]) -> None:
        if event.tag is not None and not (
            isinstance(event, yaml.ScalarEvent) and event.tag == "!" and event.style
        ):
            self._complain(
                "yaml.tag", "a tag is used", event, "quote the text if the `!` belongs to it"
            )
        frame = frames[-1] if frames else None
        if frame is not None and frame.keys is not None and frame.key is None:
            self._key(event, frame)
            return
        pointer = self._pointer(frame)
        value = self._value(event)
        if self.keep_all or len(pointer) <= 1 or isinstance(pointer[-1], int):
            self.places[pointer] = self._mark(event)
        if frame is None:
            root.append(value)
        elif frame.keys is None:
            frame.container.append(value)
        else:
            frame.container[frame.key] = value
            frame.key = None
        if not isinstance(event, yaml.ScalarEvent):
            if len(frames) >= DEEPEST:
                raise _Broken(
                    self._diagnostic(
                        "yaml.too-deep",
                        f"it is nested deeper than {DEEPEST}",
                        event,
                        "no part of a spec is that deep; check the brackets",
                    )
                )
            keys: dict[str, SourceMark] | None = {} if isinstance(value, dict) else None
            frames.append(_Frame(container=value, pointer=pointer, keys=keys))

    def _pointer(self, frame: _Frame | None) -> Pointer:
        if frame is None:
            return ()
        last = frame.key if frame.key is not None else len(frame.container)
        return (*frame.pointer, last)

    def _key(self, event: Any, frame: _Frame) -> None:
        if not isinstance(event, yaml.ScalarEvent):
            raise _Broken(
                self._diagnostic(
                    "yaml.key", "a key is a list or a mapping", event, "write a plain word as key"
                )
            )
        mark = self._mark(event)
        if event.value == "<<" and event.implicit[0]:
            self._complain(
                "yaml.merge-key",
                "a merge key (`<<`) is used",
                event,
                "write the keys out, or use the section `defaults`",
            )
        keys = frame.keys if frame.keys is not None else {}
        if event.value in keys:
            self.diagnostics.append(
                Diagnostic(
                    rule="yaml.repeated-key",
                    message=f"this key stands twice here, first in line {keys[event.value].line}",
                    mark=mark,
                    hint="keep one of them",
                    also=keys[event.value],
                )
            )
        keys[event.value] = mark
        frame.key = event.value
        if self.keep_all or not frame.pointer:
            self.keys[(*frame.pointer, event.value)] = mark

    def _value(self, event: Any) -> Any:
        if isinstance(event, yaml.MappingStartEvent):
            return {}
        if isinstance(event, yaml.SequenceStartEvent):
            return []
        text: str = event.value
        if not event.implicit[0]:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        return float(text) if _NUMBER.fullmatch(text) and len(text) < 20 else text

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
            yield from yaml.parse(text, Loader=LOADER)
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
            (saying for start, saying in _SAYINGS.items() if problem.startswith(start)),
            ("the YAML cannot be read from here on", "check indentation, quotes and brackets"),
        )
        return Diagnostic(
            rule="yaml.syntax", message=message, mark=SourceMark(self.file, line, column), hint=hint
        )

    def _mark(self, event: Any) -> SourceMark:
        return SourceMark(self.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def _diagnostic(self, rule: str, message: str, event: Any, hint: str) -> Diagnostic:
        return Diagnostic(rule=rule, message=message, mark=self._mark(event), hint=hint)

    def _complain(self, rule: str, message: str, event: Any, hint: str) -> None:
        self.diagnostics.append(self._diagnostic(rule, message, event, hint))
