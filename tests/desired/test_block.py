"""Lists that are read by line are what the YAML reader makes of them, place for place."""

import random
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest

from benchmarks.crowd import Crowd
from benchmarks.data import entry
from reconciler.desired import block, schema_errors, yaml_reader
from reconciler.desired.again import Lines
from reconciler.desired.document import Document
from reconciler.desired.files import SpecFile
from reconciler.desired.item import Item
from reconciler.diagnostics import Pointer
from reconciler.model.customer import DesiredCustomer
from tests.builders import state_of

CROWD: Final = Crowd(size=300, seed=3)
HEADS: Final = (
    "store: shop\n",
    "",
    "# c\n",
    "defaults: {tags: [a]}\n",
    "x: |\n  a\n",
    "--- |\n",
    "x: 'a\n",
    "x: [\n",
    "{\n",
)
TAILS: Final = (
    "",
    "store: shop\n",
    "consents:\n- customer: {email: a@b.cc}\n  channel: email\n",
    "consents:\n  - customer:\n      email: a@b.cc\n    channel: email\n    state: pending\n",
    "tags:\n  - name: x\n    members:\n      - email: a@b.cc\n",
    "...\n",
    "customers:\n  - email: q\n",
    "  y'\n",
    "}\n",
)
SIGNS: Final = (
    *":#'\"-?[]{},&*!|>%@` \t\\~=<.",
    *("null", "true", "1.5", "007", "no", "é", "中", "😀", "<<: x", "- ", "  ", "key: ", "# c"),
    *("\u00a0", "\u2028", "\x85", "\ufeff", "\x07", "\n", "\r", "---", "..."),
)


def text(rnd: random.Random) -> str:
    """A file as people write it, spoiled in up to three places."""
    people = "".join(entry(CROWD.person(rnd.randrange(300))) for _ in range(rnd.randint(0, 4)))
    body = f"customers:{rnd.choice(['', ' ', ' # c'])}\n{people}"
    made = rnd.choice(HEADS) + body + rnd.choice(TAILS)
    if rnd.random() < 0.2:
        made = re.sub(r"(?m)^  ( *-)", r"\1", made)
    lines = made.split("\n")
    for _ in range(rnd.choice([0, 1, 1, 2, 3])):
        spoil(lines, rnd)
    return "\n".join(lines)


def spoil(lines: list[str], rnd: random.Random) -> None:
    at = rnd.randrange(len(lines))
    line = lines[at]
    place = rnd.randint(0, len(line))
    value = re.match(r"( *(?:- )?\w+: )(.*)$", line)
    match rnd.randrange(8):
        case 0:
            lines[at] = f" {line}"
        case 1:
            lines[at] = line[1:]
        case 2:
            lines.insert(at, rnd.choice(lines))
        case 3:
            lines[at : at + 1] = [] if len(lines) > 1 else [""]
        case 4:
            lines[at] = line[:place] + rnd.choice(SIGNS) + line[place + rnd.randint(0, 1) :]
        case 5:
            lines.insert(at, rnd.choice(["", "   ", "# c", "  # c: d", "      # x"]))
        case 6 if value is not None:
            form = rnd.choice(['"{}"', "'{}'", "{}  ", "  {}"])
            lines[at] = value[1] + form.format(value[2].strip('"'))
        case _:
            other = rnd.randrange(len(lines))
            lines[at], lines[other] = lines[other], line


def plain(node: Any) -> Any:
    if isinstance(node, Item):
        return plain(node.data())
    if isinstance(node, dict):
        return {name: plain(one) for name, one in node.items()}
    return [plain(one) for one in node] if isinstance(node, (list, Lines)) else node


def ways(node: Any, way: Pointer = ()) -> Iterator[Pointer]:
    yield way
    yield (*way, "nothing")
    pairs = node.items() if isinstance(node, dict) else enumerate(node)
    for name, one in pairs:
        yield from ways(one, (*way, name)) if isinstance(one, (dict, list)) else [(*way, name)]


def places(document: Document, every: list[Pointer]) -> list[object]:
    return [(document.mark(one), document.key_mark(one), document.near(one)) for one in every]


def is_taken(name: str, value: Any) -> bool:
    """Some entries are refused, as a schema would."""
    return name != "customers" or "email" in value


@pytest.mark.parametrize(
    ("seed", "texts"), [(1, 600), pytest.param(2, 20_000, marks=pytest.mark.slow)]
)
def test_whatever_is_taken_by_line_the_yaml_reader_reads_alike(seed: int, texts: int) -> None:
    rnd = random.Random(seed)
    taken = 0
    for _ in range(texts):
        written = text(rnd)
        file = SpecFile(name="f", content=written.encode())
        quick, told = yaml_reader.parse(file, is_taken)
        slow, wrong = yaml_reader.parse(file)
        taken += bool(block.blocks(written, is_taken, yaml_reader.alone)[1])
        assert told == wrong
        assert (quick is None) == (slow is None)
        if quick is None or slow is None or not isinstance(slow.data, (dict, list)):
            continue
        assert repr(plain(quick.data)) == repr(slow.data)
        every = list(ways(slow.data))
        assert places(quick, every) == places(slow, every)

    assert taken > texts / 8


def test_entries_of_one_pattern_have_one_form_and_no_places_of_their_own() -> None:
    lines = "".join(f"- email: c{one}@example.com\n  tags:\n  - a\n" for one in range(3))

    document, _ = yaml_reader.parse(
        SpecFile(name="f", content=f"customers:\n{lines}".encode()), is_taken
    )

    assert document is not None
    first, second, third = document.data["customers"]
    assert first.form is second.form is third.form
    assert third.data() == {"email": "c2@example.com", "tags": ["a"]}
    assert "example" not in repr(first)


def test_a_list_of_lines_has_no_place_between_brackets() -> None:
    content = b"{\ncustomers:\n- email: a@b.cc\n}\n"

    document, told = yaml_reader.parse(SpecFile(name="f", content=content), is_taken)

    assert document is None
    assert [str(one.mark) for one in told] == ["f:3:1"]


def test_what_looks_like_a_list_inside_a_longer_text_is_none() -> None:
    content = b'note: "a\ncustomers:\n- email: a@b.cc\n"\n'

    document, told = yaml_reader.parse(SpecFile(name="f", content=content), is_taken)

    assert told == ()
    assert document is not None
    assert document.data == {"note": "a customers: - email: a@b.cc "}


STORES: Final = b"""
stores:
  shop: {platform: genstore, shop: acme, token: {env: TOKEN}, phone_region: CN, tags: {owned: [vip]}}
"""


def wanted(*documents: Document) -> tuple[list[DesiredCustomer], list[str]]:
    """Of the store, with every complaint."""
    found, wrong = state_of(documents)
    return list(found.of("shop")), sorted({str(one) for one in wrong})


@pytest.mark.parametrize(
    ("seed", "texts"), [(3, 200), pytest.param(4, 10_000, marks=pytest.mark.slow)]
)
def test_customers_are_the_same_of_small_entries_and_of_whole_ones(seed: int, texts: int) -> None:
    rnd = random.Random(seed)
    stores, _ = schema_errors.read(SpecFile(name="a", content=STORES))
    assert stores is not None
    made = 0
    for _ in range(texts):
        file = SpecFile(name="f", content=text(rnd).encode())
        small, told = schema_errors.read(file)
        parsed, broken = yaml_reader.parse(file)
        whole, wrong = (None, ()) if parsed is None else schema_errors.check(parsed)
        assert sorted(map(str, told)) == sorted(map(str, (*broken, *wrong)))
        if small is None or whole is None or whole.data is None:
            continue
        customers, complaints = wanted(stores, small)
        assert (customers, complaints) == wanted(stores, whole)
        made += len(customers)

    assert made > texts / 10
