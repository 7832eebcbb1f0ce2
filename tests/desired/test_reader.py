"""What the reader tells of texts that it takes is what YAML's own tree of nodes says."""

from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from reconciler.desired import yaml_reader
from reconciler.desired.document import Document
from reconciler.desired.files import SpecFile
from reconciler.diagnostics import Pointer, SourceMark
from reconciler.model.marks import marked
from tests.desired.mutations import mutated

_BITS = (
    "- ",
    "? ",
    ": ",
    "[",
    "]",
    "{",
    "}",
    "\n",
    "  ",
    "'",
    '"',
    "#",
    "|\n",
    " >-\n",
    "12.50",
    "-0",
    "~",
    "null",
    "True",
    "é",
    "key: 1\n",
    "email: x\n",
    "- a\n",
    ", ",
    "0123",
)


def _text(chance: Random) -> str:
    written: str = yaml.dump(
        mutated(chance), allow_unicode=True, default_flow_style=chance.choice((True, False, None))
    )
    for _ in range(chance.randrange(3)):
        at = chance.randrange(len(written))
        written = written[:at] + chance.choice(_BITS) + written[at + chance.randrange(2) :]
    return written


def _agree(seeds: range) -> int:
    taken = 0
    for seed in seeds:
        text = _text(Random(seed))
        if "\\u" in text or "\\x" in text or "&" in text:  # surrogates, and what stands twice
            continue
        document, odd = yaml_reader.parse(SpecFile(name="f", content=text.encode()))
        if document is not None and document.data is not None and not odd:
            taken += 1
            _same(document, (), document.data, yaml.compose(text, Loader=yaml_reader.LOADER))
    return taken


def _same(document: Document, pointer: Pointer, data: Any, node: Any) -> None:
    assert document.mark(pointer) == _mark(node), pointer
    if isinstance(node, yaml.MappingNode):
        assert list(data) == [key.value for key, _ in node.value]
        for key, value in node.value:
            below = (*pointer, key.value)
            assert document.key_mark(below) == _mark(key)
            assert marked("f", document.near(below)) == _mark(key)
            _same(document, below, data[key.value], value)
    elif isinstance(node, yaml.SequenceNode):
        assert len(data) == len(node.value)
        for index, (one, value) in enumerate(zip(data, node.value, strict=True)):
            assert marked("f", document.near((*pointer, index))) == _mark(value)
            _same(document, (*pointer, index), one, value)
        assert document.mark((*pointer, len(data))) == _mark(node)
    else:
        assert data == node.value if isinstance(data, str) else not node.style


def _mark(node: Any) -> SourceMark:
    return SourceMark("f", node.start_mark.line + 1, node.start_mark.column + 1)


def test_data_and_places_are_those_of_the_tree() -> None:
    assert _agree(range(150)) > 30


@pytest.mark.slow
def test_data_and_places_are_those_of_the_tree_10_000_times() -> None:
    _agree(range(10_000))


def test_the_specs_of_the_repository_too() -> None:
    for path in sorted(Path(__file__).parents[2].joinpath("specs").rglob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        document, told = yaml_reader.parse(SpecFile(name="f", content=text.encode()))
        assert document is not None
        assert not told
        _same(document, (), document.data, yaml.compose(text, Loader=yaml_reader.LOADER))


def test_every_repeated_key_is_told_with_the_one_before_it() -> None:
    text = "a: {x: 1, y: [1, {z: 1, z: 2, w: 3}], x: 2, w: 1, y: 2, x: 3}\nb: 1\na: 2\n"
    _, told = yaml_reader.parse(SpecFile(name="f", content=text.encode()))
    places = [(one.mark, one.also) for one in told]
    assert [(one.line, one.column, other.line, other.column) for one, other in places if other] == [
        (1, 25, 1, 19),
        (1, 39, 1, 5),
        (1, 51, 1, 11),
        (1, 57, 1, 39),
        (3, 1, 1, 1),
    ]
