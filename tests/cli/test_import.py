"""`reconciler import`: what is written, what is refused, and what the report tells."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from reconciler import schemas
from reconciler.desired.first_files import SCHEMA
from tests.program import Done, run

STORES = """\
stores:
  shop:
    platform: genstore
    shop: shop
    token: {env: TOKEN}
    phone_region: CN
"""
MAPPING = """\
columns: {E-mail: email, Newsletter: consent.email}
drop: [Rating]
words:
  consent.email: {subscribed: ["yes"], unsubscribed: ["no"]}
"""
HEADER = (
    "E-mail,phone,first_name,tags.add,Newsletter,consent.email.given_at,consent.email.source,Rating"
)
GOOD = f"""\
{HEADER}
ada@example.com,+8613315034487,Ada,"vip, seg:b2b",yes,2026-03-01T09:12:00+00:00,checkout,5
bo@example.com,,Bo,,yes,,,4
cy@example.com,,Cy,,no,,,
CY@example.com,13315034488,,trial,no,,,1
"""
SPEC = """\
store: shop
customers:
  - email: ada@example.com
    phone: "+8613315034487"
    first_name: Ada
    tags: {add: [vip, "seg:b2b"]}
    consent:
      email: {state: subscribed, given_at: 2026-03-01T09:12:00+00:00, source: checkout}
  - email: bo@example.com
    first_name: Bo
    consent: {email: subscribed}
  - email: cy@example.com
    phone: "13315034488"
    first_name: Cy
    tags: {add: [trial]}
    consent: {email: unsubscribed}
"""
BAD = f"""\
{HEADER}
ada@example.com,8.61331E+12,Ada,vip,yes,2026-03-01T09:12:00+00:00,checkout,5
bo@example.com,,Bo,,maybe,,,4
cy@example.com,none,Cy,,no,,,
dee@example.com,,Dee,,yes,2026-03-01T09:12:00+00:00,shop,
Dee@example.com,,Dee,,no,,,
fay@example.com,,Fay,,,,,
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs/stores.yaml").write_text(STORES)
    (tmp_path / "map.yaml").write_text(MAPPING)
    return tmp_path


OUT = ("--out", "specs/crm.yaml")


def call(here: Path, table: str | bytes, *words: str, **env: str) -> Done:
    raw = table.encode() if isinstance(table, str) else table
    (here / "crm.csv").write_bytes(raw)
    return run("import", "crm.csv", "--mapping", "map.yaml", *words, env=env)


def written(here: Path) -> str:
    """Without the comments on top."""
    text = (here / "specs/crm.yaml").read_text()
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))


def test_a_table_becomes_a_spec_that_validates_and_is_laid_out(here: Path) -> None:
    done = call(here, GOOD, *OUT)

    assert done.code == 0, done.err
    assert done.out == ""
    assert written(here) == SPEC
    assert stat.S_IMODE((here / "specs/crm.yaml").stat().st_mode) == 0o600
    assert run("validate").code == 0
    assert run("fmt", "--check").code == 0
    assert "crm.csv:3:5: warning[consent.no-evidence]" in done.err
    assert done.err.splitlines()[1:] == [
        "crm.csv: 4 rows, 3 customers",
        "  2 grants, 1 with the evidence they need; 1 would be held (consent.no-evidence 1)",
        "  1 opt-out",
        "  1 customer in several rows that agree",
        "specs/crm.yaml: written",
    ]


def test_without_out_the_spec_goes_to_stdout_and_the_report_does_not(here: Path) -> None:
    done = call(here, GOOD, "-q")

    assert done.code == 0
    assert done.out.endswith(SPEC)
    assert done.err == ""
    assert call(here, GOOD, CI="1").code == 64
    assert call(here, GOOD, "--format", "json").code == 64


def test_the_file_names_its_table_and_the_schema_where_init_has_put_it(here: Path) -> None:
    (here / SCHEMA).parent.mkdir()
    (here / SCHEMA).write_text("{}")

    call(here, GOOD, *OUT)

    first, second, *_ = (here / "specs/crm.yaml").read_text().splitlines()
    assert first == f"# yaml-language-server: $schema=../{SCHEMA}"
    assert second.startswith("# Rows of crm.csv, sha256 ")


def test_a_file_is_replaced_only_where_that_is_said(here: Path) -> None:
    call(here, GOOD, *OUT)
    before = (here / "specs/crm.yaml").read_text()

    done = call(here, f"{HEADER}\nada@example.com,,Eva,,,,,\n", *OUT)

    assert done.code == 1
    assert "--replace" in done.err
    assert (here / "specs/crm.yaml").read_text() == before
    assert call(here, f"{HEADER}\nada@example.com,,Eva,,,,,\n", *OUT, "--replace").code == 0
    assert "Eva" in written(here)


@pytest.mark.parametrize("name", ["specs/crm.csv", "specs/.crm.yaml", "specs/crm"])
def test_only_a_spec_file_is_written(here: Path, name: str) -> None:
    assert call(here, GOOD, "--out", name).code == 64


@pytest.mark.parametrize(
    "words",
    [
        ("--report", "crm.csv"),
        ("--report", "map.yaml"),
        ("--report", "specs/crm.yaml", *OUT),
        ("--out", "map.yaml", "--replace"),
    ],
)
def test_no_file_is_used_for_two_things(here: Path, words: tuple[str, ...]) -> None:
    assert call(here, GOOD, *words).code == 64
    assert (here / "crm.csv").read_text() == GOOD
    assert (here / "map.yaml").read_text() == MAPPING


@pytest.mark.parametrize("what", ["policy: {}", "approvals: []", "store: [shop", "stores: {}"])
def test_settings_are_not_replaced(here: Path, what: str) -> None:
    (here / "specs/crm.yaml").write_text(f"{what}\n")

    done = call(here, GOOD, *OUT, "--replace")

    assert done.code == 1
    assert "is not replaced" in done.err
    assert (here / "specs/crm.yaml").read_text() == f"{what}\n"


def test_a_file_elsewhere_is_told_of(here: Path) -> None:
    done = call(here, GOOD, "--out", "elsewhere.yaml")

    assert done.code == 0
    assert "elsewhere.yaml is not below specs" in done.err


def test_columns_that_are_neither_mapped_nor_dropped_come_all_at_once(here: Path) -> None:
    (here / "map.yaml").write_text("")

    done = call(here, GOOD, *OUT)

    assert done.code == 1
    assert [line.split(". hint: ")[0] for line in done.err.splitlines()] == [
        "crm.csv:1:1: error[import.column]: column 1, `E-mail` is neither mapped nor dropped",
        "crm.csv:1:5: error[import.column]: column 5, `Newsletter` is neither mapped nor dropped",
        "crm.csv:1:8: error[import.column]: column 8, `Rating` is neither mapped nor dropped",
        "nothing was written",
    ]
    assert not (here / "specs/crm.yaml").exists()


def test_flags_map_and_drop(here: Path) -> None:
    table = "Mail;Stars\nada@example.com;5\n"
    (here / "map.yaml").write_text("")

    assert call(here, table, "--map", "Mail=email", "--drop", "Stars", *OUT).code == 0
    assert written(here) == "store: shop\ncustomers:\n  - email: ada@example.com\n"


@pytest.mark.parametrize(
    "words",
    [
        ("--map", "Mail"),
        ("--map", "=email"),
        ("--map", "Mail=email", "--map", "Mail=phone"),
        ("--map", "Mail=email", "--drop", "Mail"),
    ],
)
def test_flags_that_say_nothing_or_two_things_are_wrong_usage(
    here: Path, words: tuple[str, ...]
) -> None:
    assert call(here, GOOD, *words, *OUT).code == 64


def test_with_a_refused_row_nothing_is_written(here: Path) -> None:
    done = call(here, BAD, *OUT)

    assert done.code == 1
    assert [line.partition(": ")[0] for line in done.err.splitlines() if "error[" in line] == [
        "crm.csv:2:2",
        "crm.csv:3:5",
        "crm.csv:4:2",
        "crm.csv:6:5",
    ]
    assert done.err.endswith("  left out: rows 2, 3, 4, 5, 6\nnothing was written\n")
    assert not (here / "specs/crm.yaml").exists()


def test_the_other_rows_are_written_where_that_is_said_and_the_opt_outs_of_all(here: Path) -> None:
    done = call(here, BAD, *OUT, "--skip-refused")

    assert done.code == 0
    assert written(here) == (
        "store: shop\n"
        "customers:\n"
        "  - email: fay@example.com\n"
        "    first_name: Fay\n"
        "consents:\n"
        "  - customer: {email: cy@example.com}\n"
        "    channel: email\n"
        "    state: unsubscribed\n"
        "  - customer: {email: Dee@example.com}\n"
        "    channel: email\n"
        "    state: unsubscribed\n"
    )
    assert "  of these written as opt-outs alone: rows 4, 6\n" in done.err
    assert run("validate").code == 0
    assert run("fmt", "--check").code == 0


def test_an_opt_out_of_a_refused_row_goes_to_the_entry_of_its_person(here: Path) -> None:
    rows = "ada@example.com,,Ada,,,,,\nada@example.com,none,,,no,,,\n"

    done = call(here, f"{HEADER}\n{rows}", *OUT, "--skip-refused")

    assert done.code == 0
    assert written(here).endswith(
        "  - email: ada@example.com\n    first_name: Ada\n    consent: {email: unsubscribed}\n"
    )
    assert "  of these written as opt-outs alone: row 3\n" in done.err


def test_an_opt_out_that_cannot_be_written_ends_with_3(here: Path) -> None:
    done = call(here, f"{BAD}nobody,,,,no,,,\n", *OUT, "--skip-refused")

    assert done.code == 3
    assert "error: opt-outs that cannot be written: row 8" in done.err
    assert (here / "specs/crm.yaml").exists()


def test_where_every_row_is_refused_nothing_is_written(here: Path) -> None:
    done = call(here, f"{HEADER}\nnobody,,,,,,,\n", *OUT, "--skip-refused")

    assert done.code == 1
    assert not (here / "specs/crm.yaml").exists()


def test_a_table_without_an_end_is_never_written_in_part(here: Path) -> None:
    done = call(here, f'{GOOD}"dee@example.com,,,,no,,,\n', *OUT, "--skip-refused")

    assert done.code == 1
    assert "crm.csv:6:1: error[import.broken]" in done.err
    assert not (here / "specs/crm.yaml").exists()


def test_what_other_files_say_otherwise_refuses_the_row(here: Path) -> None:
    (here / "specs/legal.yaml").write_text(
        "store: shop\ncustomers:\n"
        "  - {email: Ada@example.com, first_name: Eva}\n"
        "  - {email: bo@example.com, first_name: Bo}\n"
    )

    done = call(here, GOOD, *OUT)

    assert done.code == 1
    assert "error[section.contradiction]" in done.err
    assert "crm.csv:2:3" in done.err
    assert call(here, GOOD, *OUT, "--skip-refused").code == 0
    assert "ada@" not in written(here)
    assert run("validate").code == 0


def test_an_opt_out_against_a_grant_in_another_file_is_told_as_not_written(here: Path) -> None:
    (here / "specs/legal.yaml").write_text(
        "store: shop\nconsents:\n"
        "  - {customer: {email: cy@example.com}, channel: email, state: subscribed}\n"
    )

    done = call(here, GOOD, *OUT, "--skip-refused")

    assert done.code == 3
    assert "error[consent.contradiction]" in done.err
    assert "opt-outs that cannot be written: rows 4, 5\n" in done.err


def test_specs_that_are_wrong_themselves_are_mended_first(here: Path) -> None:
    (here / "specs/legal.yaml").write_text("store: shop\ncustomers: [{email: nobody}]\n")

    done = call(here, GOOD, *OUT, "--skip-refused")

    assert done.code == 1
    assert "specs/legal.yaml:2:21" in done.err
    assert "mend the specs at hand first" in done.err


def test_one_of_several_stores_is_named(here: Path) -> None:
    (here / "specs/more.yaml").write_text(STORES.replace("shop:", "other:", 1))

    assert call(here, GOOD, *OUT).code == 1
    assert call(here, GOOD, *OUT, "--store", "nobody").code == 1
    assert call(here, GOOD, *OUT, "--store", "other").code == 0
    assert written(here).startswith("store: other\n")


def test_a_table_that_cannot_be_read_is_told(here: Path) -> None:
    done = run("import", "none.csv", *OUT)

    assert done.code == 1
    assert "none.csv is no regular file" in done.err


def test_without_a_store_nothing_is_written(here: Path) -> None:
    (here / "specs/stores.yaml").write_text("store: shop\n")

    assert call(here, GOOD, *OUT).code == 1


@pytest.mark.parametrize("table", [GOOD, BAD, "x,y\n1,2\n", f"{HEADER}\n"])
def test_the_report_is_as_its_schema_says_and_holds_nobodys_data(here: Path, table: str) -> None:
    done = call(here, table, *OUT, "--skip-refused", "--format", "json", "--report", "r.json")

    body: dict[str, Any] = json.loads(done.out)
    assert schemas.accepts("import", body), list(schemas.validator("import").iter_errors(body))
    assert json.loads((here / "r.json").read_text()) == body
    assert body["written"] == (here / "specs/crm.yaml").exists()
    for word in ("example", "Ada", "13315034488", "checkout", "maybe"):
        assert word not in done.out + done.err


def test_the_report_counts_rows_and_what_became_of_them(here: Path) -> None:
    body = json.loads(
        call(
            here, f"{BAD}gil@example.com,,,,yes,,,\n", *OUT, "--skip-refused", "--format", "json"
        ).out
    )

    assert body["totals"] == {
        "rows": 7,
        "customers": 2,
        "grants": 1,
        "grants_held": 1,
        "held": {"consent.no-evidence": 1},
        "pending": 0,
        "opt_outs": 2,
        "left_out": 5,
    }
    assert body["left_out"] == [2, 3, 4, 5, 6]
    assert body["opt_outs_kept"] == [4, 6]
    assert {one["row"] for one in body["findings"]} == {2, 3, 4, 6, 8}


def test_a_grant_that_another_file_repeats_counts_as_held_all_the_same(here: Path) -> None:
    (here / "specs/legal.yaml").write_text(
        "store: shop\nconsents:\n"
        "  - {customer: {email: bo@example.com}, channel: email, state: subscribed}\n"
    )

    done = call(here, GOOD, *OUT)

    assert done.code == 0
    assert "2 grants, 1 with the evidence they need; 1 would be held" in done.err
