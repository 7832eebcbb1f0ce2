"""Files and lines as git and editors show them, and nothing of a folder passed over in silence."""

from pathlib import Path

import pytest

from reconciler.desired import yaml_reader
from reconciler.desired.files import SpecFile
from tests.program import run

BREAKS = {"U+2028": "\u2028", "U+2029": "\u2029", "U+0085": "\u0085", "CR": "\r"}
STORES = (
    "stores:\n  shop:\n    platform: shopline\n    shop: acme\n    token: {env: TOKEN}\n"
    "    phone_region: US\n"
)


def _folder(tmp_path: Path, text: str, name: str = "c.yaml") -> Path:
    (tmp_path / "stores.yaml").write_text(STORES)
    (tmp_path / name).write_text(text, encoding="utf-8", newline="")
    return tmp_path


@pytest.mark.parametrize("name", BREAKS)
def test_a_line_end_that_nobody_sees_is_refused_and_moves_no_line(
    tmp_path: Path, name: str
) -> None:
    hidden = BREAKS[name]
    folder = _folder(
        tmp_path,
        "store: shop\ncustomers:\n"
        f"  - email: ada@example.com  # asked on 2026-06-01{hidden}    state: absent  # (ticket)\n"
        "  - email: bob@example.com\n    first_name: 7\n",
    )

    done = run("validate", folder)

    assert done.code == 1
    assert "c.yaml:3:50: error[yaml.line-break]" in done.out
    assert "c.yaml:5:17: error[schema.type]" in done.out


@pytest.mark.parametrize("name", BREAKS)
def test_what_stands_behind_such_an_end_is_part_of_the_comment(name: str) -> None:
    text = f"customers:\n  - email: a@example.com  # x{BREAKS[name]}    state: absent\n"

    parsed, diagnostics = yaml_reader.parse(SpecFile(name="c.yaml", content=text.encode()))

    assert parsed is not None
    assert parsed.data == {"customers": [{"email": "a@example.com"}]}
    assert [one.rule for one in diagnostics] == ["yaml.line-break"]


@pytest.mark.parametrize("turn", "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
def test_a_comment_that_reads_in_another_order_is_refused(tmp_path: Path, turn: str) -> None:
    folder = _folder(
        tmp_path, f"store: shop\ncustomers:\n  - email: ada@example.com  # ok{turn} state: absent\n"
    )

    done = run("validate", folder)

    assert done.code == 1
    assert "c.yaml:3:33: error[yaml.direction]" in done.out
    assert done.out.count("error[") == 1


def test_a_byte_order_mark_inside_is_named_and_one_at_the_start_is_none(tmp_path: Path) -> None:
    folder = _folder(tmp_path, "\ufeffstore: shop\n\ufeffcustomers:\n  - email: a@example.com\n")

    done = run("validate", folder)

    assert "c.yaml:2:1: error[yaml.bom-inside]" in done.out
    assert done.out.count("error[") == 1


def test_lines_of_windows_are_lines(tmp_path: Path) -> None:
    folder = _folder(tmp_path, "store: shop\r\ncustomers:\r\n  - email: 7\r\n")

    assert "c.yaml:3:12: error[schema.type]" in run("validate", folder).out


@pytest.mark.parametrize("name", ["OPTOUTS.YAML", "a.Yml", "b.YML"])
def test_endings_are_read_in_any_case(tmp_path: Path, name: str) -> None:
    folder = _folder(tmp_path, "store: shop\ncustomers:\n  - email: 7\n", name)

    assert f"{name}:3:12: error[schema.type]" in run("validate", folder).out


@pytest.mark.parametrize(
    "name", ["list.yaml.txt", "more.json", "optouts.csv", "c.yaml.bak", "c.yaml~"]
)
def test_what_is_not_read_is_named_once(tmp_path: Path, name: str) -> None:
    folder = _folder(tmp_path, "store: shop\ncustomers: []\n")
    (folder / name).write_text("x")

    done = run("validate", folder)

    assert done.code == 0
    assert done.out.count(f"{name}:1:1: warning[files.not-read]") == 1


@pytest.mark.parametrize("name", ["README.md", "readme", ".gitignore", ".c.yaml.swp"])
def test_what_never_is_a_spec_is_not_named(tmp_path: Path, name: str) -> None:
    folder = _folder(tmp_path, "store: shop\ncustomers: []\n")
    (folder / name).write_text("x")

    assert run("validate", folder).out == ""


@pytest.mark.parametrize("name", ["a\u202eb.yaml", "a\u200b.yaml", "a\nb.yaml", "a\x1b[2J.yaml"])
def test_a_name_that_shows_as_another_is_refused(tmp_path: Path, name: str) -> None:
    folder = _folder(tmp_path, "store: shop\ncustomers: []\n")
    (folder / name).write_text("store: shop\n")

    done = run("validate", folder)

    assert done.code == 1
    assert "error[files.name]" in done.out
    assert name not in done.out


def test_a_link_out_of_the_folder_is_refused_and_each_folder_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    folder = _folder(tmp_path / "specs", "store: shop\ncustomers:\n  - email: 7\n")
    (tmp_path / "outside").mkdir()
    (folder / "out").symlink_to(tmp_path / "outside")
    (folder / "sub").mkdir()
    (folder / "sub" / "x.yaml").write_text("store: shop\ncustomers:\n  - email: 8\n")
    (folder / "twice").symlink_to(folder / "sub")

    done = run("validate", folder)

    assert "error[files.link-outside]" in done.out
    assert done.out.count("x.yaml:3:12") == 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('phone: "0301234567.0"', "decimal point"),
        ("phone: 1.38E10", "scientific notation"),
        ('phone: "+1 650-253-0000 ext. 124"', "an extension does not count"),
        ('phone: "2530000"', "only a local number"),
        ('phone: "1-800-FLOWERS"', "letters or words"),
        ('phone: "\'+8613800138000"', "apostrophe of a spreadsheet"),
        (
            'phone: "\uff11\uff13\uff18\uff10\uff10\uff11\uff13\uff18\uff10\uff10\uff13"',
            "full width",
        ),
        ('email: "ada\u200b@example.com"', "nobody sees"),
        ("email: \u201ccyd@example.com\u201d", "quotation mark"),
        ('email: "\'dee@example.com"', "quotation mark"),
        ('email: "\uff47il@example.com"', "full width"),
        ('email: "m***@example.com"', "masked"),
        ('first_name: "Ada\\u200b"', "nobody sees"),
        ('last_name: "\\u202eecalevoL"', "direction"),
        ('note: "a\\0b"', "control character"),
        ('first_name: "\\u3164"', "nobody sees"),
        ('addresses: [{address1: "1 Main\\u200b St"}]', "nobody sees"),
        ('reason: "a\\u0007"', "control character"),
    ],
)
def test_a_value_is_refused_with_its_reason_and_place(tmp_path: Path, text: str, why: str) -> None:
    name = "" if text.startswith(("phone", "email")) else "email: a@example.com\n    "
    folder = _folder(tmp_path, f"store: shop\ncustomers:\n  - {name}{text}\n")

    done = run("validate", folder)

    assert done.code == 1
    assert why in done.out
    assert done.out.startswith(str(folder / "c.yaml"))


def test_an_apostrophe_inside_an_address_is_one(tmp_path: Path) -> None:
    folder = _folder(tmp_path, "store: shop\ncustomers:\n  - email: o'brien@example.com\n")

    assert run("validate", folder).code == 0


@pytest.mark.parametrize(
    ("entry", "rule"),
    [
        (
            "tags: {add: [" + ", ".join(f"t{n}" for n in range(101)) + "]}",
            "error[capability.limit]",
        ),
        (f"tags: [{'x' * 129}]", "error[capability.limit]"),
        (f"first_name: {'x' * 129}", "error[capability.limit]"),
        (f"note: {'x' * 1001}", "error[capability.limit]"),
        ("addresses: [{zip: '12345678901'}]", "error[capability.limit]"),
        ("tax_exemptions: all", "warning[capability.unsupported]"),
    ],
)
def test_limits_that_need_no_store_are_complaints(tmp_path: Path, entry: str, rule: str) -> None:
    folder = _folder(tmp_path, f"store: shop\ncustomers:\n  - email: a@example.com\n    {entry}\n")

    assert rule in run("validate", folder).out
