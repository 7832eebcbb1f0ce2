"""Laying spec files out anew: the meaning stays, every comment stays, and once is enough."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler import schemas
from reconciler.desired import schema_errors
from reconciler.desired.files import SpecFile
from reconciler.desired.layout import pieces
from reconciler.desired.layout.attach import Piece, attach
from reconciler.desired.layout.formatted import formatted
from reconciler.desired.layout.lay_out import lay_out
from reconciler.desired.layout.remarks import Remarks
from reconciler.desired.layout.scalar import is_literal, literal, written
from reconciler.desired.yaml_reader import parse
from tests.growth import MOST, growth
from tests.strategies import TAGS, desired

ROOT = Path(__file__).resolve().parents[2]


def fmt(text: str | bytes) -> str:
    content = text if isinstance(text, bytes) else text.encode()
    found, wrong = formatted(SpecFile(name="specs/a.yaml", content=content))
    assert found is not None, [str(one) for one in wrong]
    return found.decode()


def complaints(text: str | bytes) -> list[str]:
    content = text if isinstance(text, bytes) else text.encode()
    found, wrong = formatted(SpecFile(name="specs/a.yaml", content=content))
    assert found is None
    return [f"{one.rule}:{one.mark.line}" for one in wrong]


def read(text: str) -> Any:
    document, wrong = parse(SpecFile(name="a.yaml", content=text.encode()))
    assert document is not None, wrong
    return document.data


# --- texts


ODD = (
    "no",
    "Yes",
    "y",
    "null",
    "~",
    "0123",
    "12:30",
    "12:30:45",
    "+8613315034487",
    "62701",
    "1e3",
    "0x1F",
    "1_000",
    ".5",
    ".inf",
    "2026-05-02",
    "-x",
    "a: b",
    "a:",
    "a #b",
    "a#b",
    "# a",
    "'x'",
    '"x"',
    'say "hi"',
    "it's",
    "both ' and \"",
    "back\\slash",
    "[a",
    "a, b",
    "{a}",
    "&a",
    "*a",
    "!a",
    "|",
    ">",
    "%a",
    "@a",
    "`a`",
    "=",
    "<<",
    "---",
    "...",
    "?",
    "? a",
    "seg:b2b",
    "http://a.b/c?d#e",
    "2026-05-20T18:00:00+02:00",
    "1 Main St",
    "Zoë",
    "東京都　千代田区",
    "न्‍य",
    "two\nlines",
    "two\n  indented\n# no comment",
    "ends\n",
    "ends twice\n\n",
    "\nbegins",
    "a\n\nb",
)


@pytest.mark.parametrize("text", ODD)
@pytest.mark.parametrize("form", ["a: {}", "a: [{}, b]", "a: {{b: {}, c: d}}", "- {}", "{}: a"])
def test_a_text_is_read_as_it_was_written(text: str, form: str) -> None:
    flow = "[" in form or "{{" in form

    data = read(form.format(written(text, flow=flow)) + "\n")

    assert text in repr_of(data)


def repr_of(data: Any) -> Iterator[Any]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield key
            yield from repr_of(value)
    elif isinstance(data, list):
        for value in data:
            yield from repr_of(value)
    else:
        yield data


@given(st.one_of(st.text(), st.text("0123456789.,:eExX+-_ yno#'\"\\[]{}&*!|>%@`?~=\n")))
def test_any_text_is_read_as_it_was_written(text: str) -> None:
    assert read(f"- {written(text)}\n- [{written(text, flow=True)}]\n") == [text, [text]]


@given(st.one_of(st.integers(-(10**18) + 1, 10**18 - 1), st.floats(1e-9, 1000), st.booleans()))
def test_any_number_is_read_as_it_was_written(value: float) -> None:
    found = read(f"a: {written(value)}\n")["a"]

    assert type(found) is type(value)
    assert found == pytest.approx(value, abs=1e-15)


def test_what_python_takes_for_equal_is_written_apart() -> None:
    assert [written(one) for one in (1, 1.0, True, 0, 0.0, False)] == [
        "1",
        "1.0",
        "true",
        "0",
        "0.0",
        "false",
    ]


@pytest.mark.parametrize(
    "text",
    ["no", "NO", "on", "0123", "12:30", "+8613315034487", "62701", "2026-05-02", "null", "1e3"],
)
def test_what_another_reader_takes_for_something_else_is_quoted(text: str) -> None:
    assert written(text) == f'"{text}"'


@pytest.mark.parametrize(
    "text", ["Ada", "forms/418", "2026-05-20T18:00:00+02:00", "1 Main St", "http://127.0.0.1:84"]
)
def test_what_nobody_takes_for_something_else_is_not_quoted(text: str) -> None:
    assert written(text) == text


# --- documents and comments as people write them


def _texts(part: str) -> st.SearchStrategy[str]:
    return st.sampled_from([text for text in ODD if schemas.fits(part, text)])


TAG_LISTS = st.lists(
    st.sampled_from([*TAGS, *(text for text in ODD if schemas.fits("tag", text))]),
    unique=True,
    max_size=4,
)
EMAIL = st.integers(0, 99).map("c{}@example.com".format)
REFERENCE = st.fixed_dictionaries({"email": EMAIL})
ADDRESS = st.fixed_dictionaries(
    {"country_code": st.sampled_from(["NO", "US"]), "zip": st.sampled_from(["0155", "SW1A 1AA"])},
    optional={"address1": st.sampled_from(["1 Main St", "x" * 90]), "default": st.just(True)},
)
CUSTOMER = st.fixed_dictionaries(
    {"email": EMAIL},
    optional={
        "note": st.one_of(st.none(), _texts("note")),
        "first_name": _texts("name"),
        "tags": st.one_of(TAG_LISTS, st.fixed_dictionaries({"add": TAG_LISTS})),
        "addresses": st.lists(ADDRESS, max_size=2),
        "previously": REFERENCE,
        "tax_exempt": st.booleans(),
        "tax_exemptions": st.sampled_from(
            ["all", None, [{"country": "NO", "subdivisions": ["03"]}]]
        ),
    },
)
STORE = st.fixed_dictionaries(
    {
        "shop": st.just("acme"),
        "platform": st.just("genstore"),
        "token": st.just({"command": ["pass", "no"]}),
    },
    optional={
        "rate": st.fixed_dictionaries({"per_second": st.sampled_from([2, 0.5])}),
        "tags": st.fixed_dictionaries({"owned": TAG_LISTS.filter(bool)}),
    },
)
TAG = st.fixed_dictionaries(
    {"members": st.lists(REFERENCE, max_size=3), "name": st.sampled_from(TAGS)}
)
SECTIONS = {
    "customers": st.one_of(st.lists(CUSTOMER, max_size=4), desired("genstore")),
    "tags": st.lists(TAG, max_size=3),
    "stores": st.dictionaries(st.sampled_from(["b", "a", "no"]), STORE, max_size=2),
    "defaults": st.fixed_dictionaries({"tags": TAG_LISTS}),
    "policy": st.just({"consent": {"min_level": {"DE": "confirmed", "default": "single"}}}),
    "store": st.sampled_from(["a", ["b", "a"]]),
}


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(st.sampled_from(sorted(SECTIONS)), unique=True, min_size=1))
    return {name: draw(SECTIONS[name]) for name in names}


class Author:
    """Writes data in whatever way YAML allows, with comments in whatever place it allows."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.comments: list[str] = []
        self.of_keys: dict[str, str] = {}

    def one_in(self, number: int) -> bool:
        return self.draw(st.integers(0, number - 1)) == number - 1

    def comment(self) -> str:
        text = f"# c{len(self.comments)}" + self.draw(st.sampled_from(["", ".", ": - x", " 'a"]))
        self.comments.append(text)
        return text

    def beside(self) -> str:
        return f"{' ' * self.draw(st.integers(1, 9))}{self.comment()}" if self.one_in(5) else ""

    def between(self) -> Iterator[str]:
        while self.one_in(5):
            if self.one_in(3):
                yield ""
            else:
                yield " " * self.draw(st.integers(0, 8)) + self.comment()

    def scalar(self, value: Any, *, flow: bool) -> str:
        if isinstance(value, str) and value.isprintable() and "'" not in value and self.one_in(4):
            return f"'{value}'"
        return written(value, flow=flow)

    def brackets(self, value: Any, indent: str) -> str:
        if not isinstance(value, dict | list):
            return self.scalar(value, flow=True)
        parts = (
            [
                f"{written(key, flow=True)}: {self.brackets(one, indent)}"
                for key, one in value.items()
            ]
            if isinstance(value, dict)
            else [self.brackets(one, indent) for one in value]
        )
        opening, closing = "{}" if isinstance(value, dict) else "[]"
        if not self.one_in(4):
            return f"{opening}{', '.join(parts)}{closing}"
        lines = [f"{opening}{self.beside()}", *self.between()]
        for number, part in enumerate(parts, start=1):
            lines += [f"{indent}{part}{',' * (number < len(parts))}{self.beside()}"]
            lines += self.between()
        return "\n".join([*lines, f"{indent}{closing}"])

    def value(self, head: str, value: Any, indent: str) -> Iterator[str]:
        if is_literal(value) and self.one_in(2):
            sign, lines = literal(value)
            yield f"{head} {sign}{self.beside()}"
            yield from (f"{indent}   {line}" if line else "" for line in lines)
            return
        if not isinstance(value, dict | list):
            beside = self.beside()
            if beside:
                self.of_keys[beside.strip()] = head.strip()
            yield f"{head} {self.scalar(value, flow=False)}{beside}"
        elif not value or self.one_in(3):
            yield f"{head} {self.brackets(value, indent + '   ')}{self.beside()}"
        else:
            yield f"{head}{self.beside()}"
            deeper = self.draw(st.integers(int(isinstance(value, dict)), 4))
            yield from self.block(value, indent + " " * deeper)

    def block(self, value: Any, indent: str) -> Iterator[str]:
        yield from self.between()
        for one in value.items() if isinstance(value, dict) else value:
            if isinstance(value, dict):
                yield from self.value(f"{indent}{written(one[0])}:", one[1], indent)
            elif isinstance(one, dict) and one and self.one_in(2):
                dash = f"{indent}-{' ' * self.draw(st.integers(1, 3))}"
                lines = list(self.block(one, " " * len(dash)))
                while lines and (not lines[0].strip() or lines[0].lstrip().startswith("#")):
                    yield lines.pop(0)
                yield f"{dash}{lines[0].lstrip()}"
                yield from lines[1:]
            else:
                yield f"{indent}- {self.brackets(one, indent + '    ')}{self.beside()}"
            yield from self.between()


@st.composite
def texts(draw: st.DrawFn) -> tuple[dict[str, Any], str, Author]:
    data = draw(documents())
    author = Author(draw)
    indent = draw(st.sampled_from(["", "", "", "  "]))
    text = "\n".join(author.block(data, indent)) + draw(st.sampled_from(["\n", "", "\n\n"]))
    return data, text, author


@given(texts())
def test_the_meaning_and_every_comment_stay_and_once_is_enough(
    case: tuple[dict[str, Any], str, Author],
) -> None:
    data, text, author = case
    assert read(text) == data

    found = fmt(text)

    assert read(found) == data
    assert sorted(_comments(found)) == sorted(author.comments)
    for comment, key in author.of_keys.items():
        (line,) = (one for one in found.split("\n") if one.endswith(comment))
        assert line.strip().removeprefix("- ").startswith(key), (line, key)
    assert fmt(found) == found


@given(texts())
def test_a_document_in_pieces_is_as_one_that_is_read_whole(
    case: tuple[dict[str, Any], str, Author],
) -> None:
    _, text, _ = case
    document, _ = schema_errors.read(SpecFile(name="a.yaml", content=text.encode()))
    assert document is not None
    whole = Remarks()
    attach(Piece(text=text), whole)
    pieces._take_head(whole, document)  # noqa: SLF001

    assert lay_out(document.data, pieces.remarks(document, text)) == lay_out(document.data, whole)


def _comments(text: str) -> Iterator[str]:
    """Of what we wrote ourselves: no text of a document has such a sign and number in it."""
    for line in text.split("\n"):
        _, sign, rest = line.partition("# c")
        if sign and rest[:1].isdigit():
            yield f"# c{rest}"


# --- what belongs to what


def test_comments_stay_with_what_they_belong_to() -> None:
    found = fmt(
        """\
# yaml-language-server: $schema=../schemas/spec.schema.json
# Owner: CRM.

# Who they are.
customers:   # all of them
    # the first one
    - tags: [vip,   # since 2019
             b2b]
      email: ada@example.com # beside her address
      # about her name
      first_name: Ada
      # the end of Ada

    # ---- the second one ----
    - {email: bo@example.com}   # beside Bo
    # the end of the list
# Which store.
store: acme
# the end of the file
"""
    )

    assert found == (
        """\
# yaml-language-server: $schema=../schemas/spec.schema.json
# Owner: CRM.
# Which store.
store: acme

# Who they are.
customers:   # all of them
  # the first one
  - email: ada@example.com   # beside her address
    # about her name
    first_name: Ada
    tags:
      - vip         # since 2019
      - b2b
    # the end of Ada

  # ---- the second one ----
  - email: bo@example.com       # beside Bo
  # the end of the list
# the end of the file
"""
    )
    assert fmt(found) == found


def test_sections_and_keys_come_in_the_order_of_the_schema() -> None:
    found = fmt(
        "customers:\n- {tags: [b, a], first_name: Ada, email: a@example.com}\n"
        "stores: {z: {token: {env: T}, shop: a, platform: shopline}}\nstore: z\n"
    )

    assert found == (
        "store: z\nstores:\n  z:\n    platform: shopline\n    shop: a\n    token: {env: T}\n"
        "customers:\n  - email: a@example.com\n    first_name: Ada\n    tags: [b, a]\n"
    )


def test_what_does_not_fit_on_a_line_gets_lines_of_its_own() -> None:
    tags = [f"tag-number-{number}" for number in range(8)]

    found = fmt(f"store: a\ncustomers: [{{email: a@example.com, tags: [{', '.join(tags)}]}}]\n")

    assert found.endswith("    tags:\n" + "".join(f"      - {one}\n" for one in tags))


def test_line_ends_and_marks_of_other_systems_go() -> None:
    text = "\ufeffstore: a\r\n# why\r\ncustomers:\r\n  - email: a@example.com\r\n\r\n\r\n"

    assert fmt(text) == "store: a\n# why\ncustomers:\n  - email: a@example.com\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ""),
        ("\n\n", ""),
        ("# only words  \n\n\n   # and more", "# only words\n\n# and more\n"),
        ("---\nstore: a\n...\n", "store: a\n"),
        ("{}\n", "{}\n"),
    ],
)
def test_files_with_little_in_them(text: str, found: str) -> None:
    assert fmt(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("store: a\nstore: b\n", ["yaml.repeated-key:2"]),
        ("store: a\n---\nstore: b\n", ["yaml.second-document:2"]),
        ("store: [a\n", ["yaml.syntax:2"]),
        ("stores: 3\ncustomers:\n  - {emial: x}\n", ["schema.type:1", "schema.unknown-key:3"]),
        ("store: a\nnote: \x07\n", ["yaml.syntax:2"]),
        (b"store: \xff\n", ["yaml.not-utf8:1"]),
        ("store: &here a\n", ["fmt.anchor:1"]),
    ],
)
def test_a_file_with_errors_is_left_alone(text: str | bytes, found: list[str]) -> None:
    assert complaints(text)[: len(found)] == found


def test_a_sign_for_and_is_no_anchor() -> None:
    assert fmt("store: R&D\n") == "store: R&D\n"


SHIPPED = sorted([*(ROOT / "specs").rglob("*.yaml"), *(ROOT / "examples").glob("*/specs/*.yaml")])


@pytest.mark.parametrize("file", SHIPPED, ids=lambda one: str(one.relative_to(ROOT)))
def test_the_specs_that_we_ship_are_laid_out(file: Path) -> None:
    assert fmt(file.read_bytes()).encode() == file.read_bytes()


def test_the_specs_of_the_readme_are_laid_out() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)

    for one in shown:
        assert fmt(one) == one


def test_what_laying_out_costs_grows_with_the_file_alone() -> None:
    def entry(number: int) -> str:
        return (
            f"  - email: a{number}@example.com   # {number}\n    tags: [vip]\n    first_name: A\n"
        )

    def make(number: int) -> Callable[[], object]:
        text = "store: a\ncustomers:\n" + "".join(map(entry, range(number)))
        return lambda: fmt(text)

    assert growth(make, 200) < MOST


def test_a_comment_that_moves_out_of_an_empty_list_brings_no_second_empty_line() -> None:
    found = fmt("defaults: {tags: [vip]}\n\ncustomers: [\n\n# c0\n   ]\nstore: a\n")

    assert found == "store: a\ndefaults: {tags: [vip]}\n\n# c0\ncustomers: []\n"
