"""Tables: what is read of bytes, headers, cells and rows, and what is refused of them."""

import re

import pytest

from reconciler import schemas
from reconciler.cli.import_ import _DELIMITERS
from reconciler.cli.schema import NAMES
from reconciler.desired.files import SpecFile
from reconciler.desired.table import mapping, text
from reconciler.desired.table.draft import Draft, draft
from reconciler.desired.table.mapping import ColumnMapping
from reconciler.desired.table.target import TARGETS
from reconciler.diagnostics import Diagnostic

GIVEN = "2026-03-01T09:12:00+00:00"
WORDS = {"consent.email": {"yes": "subscribed", "no": "unsubscribed", "ja": "pending"}}


def told(
    content: str | bytes, chosen: ColumnMapping | None = None, delimiter: str | None = None
) -> tuple[Draft | None, list[Diagnostic]]:
    """What is made of a table, with all complaints."""
    raw = content.encode() if isinstance(content, str) else content
    chosen = chosen or ColumnMapping()
    table, wrong = text.table(SpecFile(name="t.csv", content=raw), delimiter or chosen.delimiter)
    if table is None:
        return None, list(wrong)
    columns, wrong = mapping.columns(table, chosen)
    if wrong:
        return None, list(wrong)
    made, wrong = draft(table, columns, "shop", "CN")
    return made, list(wrong)


def entries(content: str | bytes, chosen: ColumnMapping | None = None) -> list[object]:
    made, wrong = told(content, chosen)
    assert made is not None
    assert wrong == []
    return [one.entry.data() for one in made.people]


def places(found: list[Diagnostic]) -> list[tuple[str, str]]:
    return [(str(one.mark), one.rule) for one in found]


def cell(field: str, value: str, chosen: ColumnMapping | None = None) -> object:
    """The entry of a row with one cell beside its address, or the rules that refuse it."""
    quoted = value.replace('"', '""')
    made, wrong = told(f'email,{field}\nada@example.com,"{quoted}"\n', chosen)
    assert made is not None, wrong
    if wrong:
        assert made.people == ()
        return {one.rule for one in wrong}
    return {name: told for name, told in made.people[0].entry.data().items() if name != "email"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_table_is_read_however_it_is_saved(encoding: str, delimiter: str, end: str) -> None:
    rows = [["email", "first_name"], ["ada@example.com", "Zoë"], ["", ""], ["bo@example.com", "伟"]]
    content = end.join(delimiter.join(row) for row in rows).encode(encoding)

    assert entries(content) == [
        {"email": "ada@example.com", "first_name": "Zoë"},
        {"email": "bo@example.com", "first_name": "伟"},
    ]


@pytest.mark.parametrize(
    ("content", "place", "what"),
    [
        ("email\nzoë@example.com".encode("latin-1"), "t.csv:2:1", "byte 9 of the file"),
        ("email\nzoë@example.com".encode("utf-32"), "t.csv:1:1", "UTF-32"),
        ("email\nada@example.com".encode("utf-16-le"), "t.csv:1:1", "NUL"),
        (b"\xff\xfee\x00m\x00a", "t.csv:1:1", "byte 7 of the file is not UTF-16"),
    ],
)
def test_other_bytes_are_refused_with_their_place(content: bytes, place: str, what: str) -> None:
    made, (one,) = told(content)

    assert made is None
    assert (str(one.mark), one.rule) == (place, "import.encoding")
    assert what in one.message
    assert "UTF-8" in one.hint


def test_a_header_that_two_signs_part_needs_a_word() -> None:
    header = "email;first_name,last_name\n"

    assert places(told(header)[1]) == [("t.csv:1:1", "import.delimiter")]
    wrong = told(header, delimiter=";")[1]
    assert places(wrong) == [("t.csv:1:2", "import.column")]


def test_signs_in_quotes_part_no_header() -> None:
    chosen = ColumnMapping(columns={"name; first": "first_name"})

    assert entries('email,"name; first"\nada@example.com,Ada\n', chosen)


@pytest.mark.parametrize(
    ("header", "wrong"),
    [
        ("email,Email", [2]),
        ("email,email", [2]),
        ("email,,", [2, 3]),
        ("email,Rating,Colour", [2, 3]),
        ("first_name", [1]),
        ("email,tags,tags.add", [3]),
        ("email,consent.email.given_at", [2]),
        ("ada@example.com,Ada", [1]),
        ("13315034487,Ada", [1]),
        ("sep=;\nemail;first_name", [1]),
    ],
)
def test_headers_that_are_refused_name_every_column(header: str, wrong: list[int]) -> None:
    made, found = told(f"{header}\n")

    assert made is None
    assert [one.mark.column for one in found] == wrong
    assert "ada@" not in "".join(map(str, found))


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Email Address", "email"),
        ("FNAME", "first_name"),
        ("Accepts Email Marketing", "consent.email"),
        ("Tags", "tags.add"),
        ("OPTIN_TIME", "consent.email.given_at"),
        ("frist_name", "first_name"),
        ("手机号", "phone"),
    ],
)
def test_headers_of_known_exports_are_proposed_and_not_taken(header: str, field: str) -> None:
    made, (one,) = told(f"id,{header}\n7,x\n")

    assert made is None
    assert f'--map "{header}={field}"' in one.hint
    assert f'--drop "{header}"' in one.hint


def test_a_mapping_that_fits_no_column_is_told() -> None:
    chosen = ColumnMapping(columns={"E-Mail": "email", "x": "emial"}, drop=frozenset({"Ratings"}))

    made, found = told("E-mail,x,Rating\n", chosen)

    assert made is None
    assert {one.hint for one in found} >= {"did you mean `E-mail`?", "did you mean `Rating`?"}
    assert "did you mean `email`?" in {one.hint for one in found}


def test_two_columns_are_not_one_field() -> None:
    made, (one,) = told("email,Mail\n", ColumnMapping(columns={"Mail": "email"}))

    assert made is None
    assert "and so is column 1" in one.message


@pytest.mark.parametrize(
    ("field", "value", "found"),
    [
        ("first_name", " Ada ", {"first_name": "Ada"}),
        ("first_name", "", {}),
        ("first_name", "=1+1", {"import.cell"}),
        ("first_name", "@SUM(A1)", {"import.cell"}),
        ("first_name", "#N/A", {"import.cell"}),
        ("first_name", "#####", {"import.cell"}),
        ("first_name", "NULL", {"import.cell"}),
        ("first_name", "Null", {"first_name": "Null"}),
        ("first_name", "'t Hooft", {"first_name": "'t Hooft"}),
        ("first_name", "'=1+1", {"import.cell"}),
        ("first_name", "A\nda", {"schema.format"}),
        ("note", "one\r\ntwo", {"note": "one\ntwo"}),
        ("note", "- prefers letters", {"note": "- prefers letters"}),
        ("phone", "+8613315034487", {"phone": "+8613315034487"}),
        ("phone", "'+8613315034487", {"schema.format"}),
        ("phone", "8.61331E+12", {"schema.format"}),
        ("phone", "8613315034487.0", {"schema.format"}),
        ("phone", "=8613315034487", {"import.cell"}),
        ("id", "1.02E+12", {"import.cell"}),
        ("id", "1020000013062.0", {"import.cell"}),
        ("id", "1020000013062", {"id": "1020000013062"}),
        ("tax_exempt", "TRUE", {"tax_exempt": True}),
        ("tax_exempt", "yes", {"import.word"}),
        ("tags", "vip, seg:b2b,,vip", {"tags": ["vip", "seg:b2b"]}),
        ("tags.add", "vip;b2b", {"import.cell"}),
        ("tags.add", "vip|b2b", {"import.cell"}),
        ("tags.add", "vip", {"tags": {"add": ["vip"]}}),
        ("consent.email", "subscribed", {"consent": {"email": "subscribed"}}),
        ("consent.email", "Unsubscribed", {"consent": {"email": "unsubscribed"}}),
        ("consent.email", "Subscribed", {"import.word"}),
        ("consent.email", "yes", {"import.word"}),
        ("consent.email", "1", {"import.word"}),
        ("consent.email", "TRUE", {"import.word"}),
        ("addresses[4].city", "Berlin", {"addresses": [{"city": "Berlin"}]}),
        ("addresses[0].phone", "+1(217)5550123", {"addresses": [{"phone": "+1(217)5550123"}]}),
    ],
)
def test_a_cell_is_read_as_it_is_or_refused(field: str, value: str, found: object) -> None:
    assert cell(field, value) == found


@pytest.mark.parametrize(
    "value", ["03/04/2026", "3.4.26 10:00", "2026-03-01", "2026-03-01T09:12:00", "46082.38", "soon"]
)
def test_a_time_that_is_no_instant_is_refused(value: str) -> None:
    made, wrong = told(
        f"email,consent.email,consent.email.given_at\nada@example.com,subscribed,{value}\n"
    )

    assert made is not None
    assert made.people == ()
    assert [str(one.mark) for one in wrong] == ["t.csv:2:3"]


def test_a_postal_code_that_has_lost_its_zero_is_refused() -> None:
    header = "email,addresses[0].country_code,addresses[0].zip\n"

    assert places(told(f"{header}ada@example.com,US,2139\n")[1]) == [("t.csv:2:3", "import.cell")]
    assert entries(f"{header}ada@example.com,US,02139\n")
    assert entries(f"{header}ada@example.com,AT,1010\n")


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("yes", {"consent": {"email": "subscribed"}}),
        ("YES", {"import.word"}),
        ("subscribed", {"import.word"}),
        ("no", {"consent": {"email": "unsubscribed"}}),
        ("NO", {"consent": {"email": "unsubscribed"}}),
        ("unsubscribed", {"consent": {"email": "unsubscribed"}}),
        ("ja", {"consent": {"email": "pending"}}),
        ("", {}),
        ("-", {}),
    ],
)
def test_words_mean_what_the_mapping_says(word: str, found: object) -> None:
    chosen = ColumnMapping(words=WORDS, nothing=frozenset({"-", "no"}))

    assert cell("consent.email", word, chosen) == found


def test_an_empty_cell_empties_a_field_only_where_that_is_said() -> None:
    chosen = ColumnMapping(clear=frozenset({"note", "tags"}))

    assert cell("note", "", chosen) == {"note": None}
    assert cell("tags", "", chosen) == {"tags": []}
    assert cell("first_name", "", chosen) == {}


def test_every_fault_of_a_row_is_told_with_its_cell() -> None:
    made, wrong = told(
        "email,phone,consent.email,consent.email.given_at\nada@example,8.6E+12,maybe,03/04/2026\n"
    )

    assert made is not None
    assert sorted(one.mark.column for one in wrong) == [1, 2, 3, 4]
    assert {one.mark.line for one in wrong} == {2}


def test_a_ragged_row_is_refused_and_the_next_is_read() -> None:
    made, wrong = told("email,first_name\nada@example.com\nbo@example.com,Bo\n")

    assert places(wrong) == [("t.csv:2:2", "import.table")]
    assert made is not None
    assert [one.rows[0].number for one in made.people] == [3]


def test_rows_are_counted_as_a_spreadsheet_does() -> None:
    made, _ = told('email,note\nada@example.com,"one\ntwo"\n\n,\nbo@example.com,x\n')

    assert made is not None
    assert [one.rows[0].number for one in made.people] == [2, 5]


@pytest.mark.parametrize("row", ['"ada@example.com', '"ada"x,b', '"a",b\n"'])
def test_nothing_is_read_after_a_quotation_mark_out_of_place(row: str) -> None:
    made, wrong = told(f"email,note\nbo@example.com,Bo\n{row}")

    assert made is not None
    assert wrong[-1].rule == text.BROKEN


def test_rows_of_one_person_that_agree_are_joined() -> None:
    content = (
        "email,phone,first_name,tags.add,consent.email,consent.email.withdrawn_at\n"
        "Ada@example.com,13315034487,,vip,unsubscribed,2026-01-01T00:00:00Z\n"
        "ada@Example.com,,Ada,trial,unsubscribed,2026-05-01T00:00:00Z\n"
        ",+86 133 1503 4487,Ada,,,\n"
    )

    (found,) = entries(content)

    assert found == {
        "email": "ada@Example.com",
        "phone": "13315034487",
        "first_name": "Ada",
        "tags": {"add": ["trial", "vip"]},
        "consent": {"email": {"state": "unsubscribed", "withdrawn_at": "2026-05-01T00:00:00Z"}},
    }


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada,,", "Bo,,"),
        (",subscribed,", ",unsubscribed,"),
        (",subscribed,", ",pending,"),
        (f",subscribed,{GIVEN}", ",subscribed,2026-04-01T00:00:00Z"),
    ],
)
def test_rows_of_one_person_that_do_not_agree_are_all_refused(one: str, other: str) -> None:
    made, wrong = told(
        "email,first_name,consent.email,consent.email.given_at\n"
        f"ada@example.com,{one}\nADA@example.com,{other}\nbo@example.com,Bo,,\n"
    )

    assert made is not None
    assert {one.rule for one in wrong} == {"import.contradiction"}
    assert all(one.mark.line == 3 and "row 2" in one.message for one in wrong)
    assert made.left_out == (2, 3)
    assert len(made.people) == 1


def test_a_row_that_leaves_doubt_takes_the_grant_of_the_other() -> None:
    made, wrong = told(
        "email,consent.email,consent.email.given_at\n"
        f"ada@example.com,subscribed,{GIVEN}\nada@example.com,perhaps,\n"
        "bo@example.com,unsubscribed,\nbo@example.com,perhaps,\n"
    )

    assert made is not None
    assert [one.rows[0].number for one in made.people] == [4]
    assert places(wrong) == [
        ("t.csv:3:2", "import.word"),
        ("t.csv:5:2", "import.word"),
        ("t.csv:2:2", "import.contradiction"),
    ]


def test_a_header_has_so_many_columns_at_most() -> None:
    header = ",".join(f"c{number}" for number in range(text.MOST_COLUMNS + 1))

    assert places(told(header)[1]) == [("t.csv:1:1", "import.table")]


def test_an_opt_out_in_a_refused_row_is_kept() -> None:
    made, _ = told(
        "email,phone,consent.email,consent.sms\n"
        "ada@example.com,8.6E+12,unsubscribed,\n"
        "bo@example,13315034487,,unsubscribed\n"
        "cy@example,,unsubscribed,\n"
        "dee@example.com,,subscribed,\n"
        "dee@example.com,x,unsubscribed,unsubscribed\n"
    )

    assert made is not None
    assert made.people == ()
    assert [one.entry.data() for one in made.outs] == [
        {"customer": {"email": "ada@example.com"}, "channel": "email", "state": "unsubscribed"},
        {"customer": {"email": "dee@example.com"}, "channel": "email", "state": "unsubscribed"},
        {"customer": {"email": "dee@example.com"}, "channel": "sms", "state": "unsubscribed"},
        {"customer": {"phone": "13315034487"}, "channel": "sms", "state": "unsubscribed"},
    ]
    assert made.opt_outs_kept == (2, 3, 6)
    assert made.opt_outs_lost == (4,)


def test_a_mapping_is_read_with_all_that_is_wrong_in_it() -> None:
    def wrong(content: str) -> list[str]:
        return [one.rule for one in mapping.read(SpecFile(name="m", content=content.encode()))[1]]

    assert wrong('columns: {E-mail: email}\nwords: {consent.email: {subscribed: ["yes"]}}') == []
    assert wrong("column: {E-mail: email}") == ["schema.unknown-key"]
    assert wrong("columns: {E-mail: emial}\nclear: [email]") == ["schema.value", "schema.value"]
    assert wrong("words: {consent.email: {subscribed: [a], unsubscribed: [a]}}") == ["import.word"]
    assert wrong("words: {consent.email: {subscribed: [Unsubscribed]}}") == ["import.word"]
    assert wrong("words: {consent.sms: {unsubscribed: [subscribed]}}") == ["import.word"]
    assert wrong("- no mapping") == ["schema.type"]
    assert wrong("") == []


def test_flags_count_before_the_file() -> None:
    found = ColumnMapping(columns={"a": "email", "b": "phone"}, drop=frozenset("c")).with_flags(
        {"b": "id", "c": "note"}, ["a"], ";"
    )

    assert found.columns == {"b": "id", "c": "note"}
    assert found.drop == {"a"}
    assert found.delimiter == ";"


def test_the_schema_of_mappings_names_the_fields_that_there_are() -> None:
    root = schemas.load("mapping")
    pattern = re.compile(root["$defs"]["field"]["pattern"])

    assert all(pattern.fullmatch(name) for name in TARGETS)
    assert not any(map(pattern.fullmatch, ("state", "reason", "previously.email", "consent")))
    assert root["properties"]["delimiter"]["enum"] == list(text.DELIMITERS) == list(_DELIMITERS)


def test_every_example_in_the_schema_of_mappings_is_one() -> None:
    root = schemas.load("mapping")
    wrong = [
        name
        for name, part in root["properties"].items()
        for example in part["examples"]
        if not schemas.accepts("mapping", {name: example})
    ]

    assert wrong == []


def test_the_command_prints_every_schema() -> None:
    assert NAMES == schemas.NAMES
