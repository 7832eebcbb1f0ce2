"""`reconciler register`: what each command tells, and what it refuses."""

import io
import json
import sys
from pathlib import Path

import pytest

from reconciler.desired import suppression_list
from reconciler.model.act import Said
from reconciler.model.consent import Channel
from reconciler.state.key import register_keys
from tests.harness import KEY
from tests.program import Done, run
from tests.registers import NOW, act, register_at, who

OTHER = "another key, which is as long as any other"
ADA = "ada@example.com"


def _keys(tmp_path: Path) -> tuple[bytes, ...]:
    return register_keys(tmp_path, {"RECONCILER_KEY": KEY.decode()})


def _call(tmp_path: Path, *words: object, **env: str) -> Done:
    told = {"RECONCILER_KEY": KEY.decode(), **env}
    return run("register", *words, "--state-dir", tmp_path, "--specs", tmp_path, env=told)


def _path(tmp_path: Path) -> Path:
    return tmp_path / "opt-outs" / "shop.jsonl"


def _filled(tmp_path: Path) -> None:
    file = register_at(tmp_path, *_keys(tmp_path))
    file.note([(who(ADA, alias="cus_aaaaaaaaaa"), act(at=NOW)), (who("bo@example.com"), act())])
    file.note([(who("+8613315034487", Channel.SMS), act(Said.ERASED, at=NOW))])


def test_verify_tells_the_head_of_a_whole_register(tmp_path: Path) -> None:
    _filled(tmp_path)

    done = _call(tmp_path, "verify")

    assert done.code == 0
    assert done.out.startswith("shop: 3 lines, whole and in order; head ")


@pytest.mark.parametrize("harm", ["edit", "remove", "move", "cut", "add"])
def test_verify_tells_what_was_edited_removed_or_moved(tmp_path: Path, harm: str) -> None:
    _filled(tmp_path)
    one, two, three = _path(tmp_path).read_bytes().splitlines(keepends=True)
    lines = {
        "edit": [one, two.replace(b'"out"', b'"in"'), three],
        "remove": [one, three],
        "move": [two, one, three],
        "cut": [one, two, three[:-20]],
        "add": [one, two, two, three],
    }[harm]
    _path(tmp_path).write_bytes(b"".join(lines))

    done = _call(tmp_path, "verify")

    assert done.code == 1
    assert f"{_path(tmp_path)}:" in done.err


def test_verify_tells_of_keys_that_are_not_here(tmp_path: Path) -> None:
    _filled(tmp_path)

    done = _call(tmp_path, "verify", RECONCILER_KEY=OTHER)

    assert done.code == 1
    assert "3 lines under the key" in done.err
    rotated = _call(
        tmp_path, "verify", RECONCILER_KEY=OTHER, RECONCILER_REGISTER_KEYS_BEFORE=KEY.decode()
    )
    assert rotated.code == 0


def test_show_counts_and_names_nobody(tmp_path: Path) -> None:
    _filled(tmp_path)

    done = _call(tmp_path, "show")

    assert done.out == "shop: 2 out, 1 erased; 3 is the number of the last line\n"


def test_show_tells_what_is_known_of_a_contact_given_on_stdin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _filled(tmp_path)
    told = {}
    for asked in ("ADA@example.com", "+86 133 1503 4487", "cy@example.com"):
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{asked}\n"))
        told[asked] = _call(tmp_path, "show", "--person").everything

    assert told["ADA@example.com"] == (
        "shop: email out, since 2026-06-01T12:00:00+00:00, by the person; "
        "told by reading in store shop\n"
    )
    assert "sms erased" in told["+86 133 1503 4487"]
    assert told["cy@example.com"] == "shop: nothing of email\n"


def test_a_suppression_list_is_noted_and_nothing_of_it_is_kept_in_clear(tmp_path: Path) -> None:
    table = tmp_path / "list.csv"
    table.write_text(
        f"email,phone,date\n{ADA},,2026-03-01\nbo@example.com,+8613315034487,\n"
        "cy@example.com,,2026-03-01T10:00:00+02:00\n"
    )

    tried = _call(tmp_path, "import", table, "--store", "shop", "--dry-run")
    assert tried.out == "shop: 4 opt-outs, 4 of them would be noted, the others known\n"
    assert not _path(tmp_path).exists()
    done = _call(tmp_path, "import", table, "--store", "shop")
    again = _call(tmp_path, "import", table, "--store", "shop")

    assert done.out == "shop: 4 opt-outs, 4 of them noted, the others known\n"
    assert again.out == "shop: 4 opt-outs, 0 of them noted, the others known\n"
    text = _path(tmp_path).read_text()
    assert not any(one in text for one in ("ada@", "example", "13315034487"))
    found = register_at(tmp_path, *_keys(tmp_path)).known.of(Channel.EMAIL, ADA)
    assert found is not None
    assert found.since.isoformat() == "2026-03-02T11:59:59.999999+00:00"
    assert _call(tmp_path, "verify").code == 0


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("mail,date\n", "1: column 1 is none that is known here: email, phone, date"),
        ("date\n2026-01-01\n", "1: there is no column email, and none phone"),
        ("email,email\n", "1: the column email stands there twice"),
        ("email,date\nada@example.com,01/02/2026\n", "2: the date is neither a day"),
        ("email,date\nada@example.com,2099-01-01\n", "2: the date lies in the future"),
        ("email,date\nada@example.com,1999-01-01\n", "2: the date lies in the future, or before"),
        ("email\nada@@example.com\n", "2: the email is no address"),
        ("phone\n13315034487\n", "2: the phone is no number with + and its country"),
        ("email,date\n,2026-01-01\n", "2: names nobody"),
        ("email,date\nada@example.com\n", "2: has more or fewer cells"),
        ('email\n"ada@example.com\n', "is no line of a CSV"),
    ],
)
def test_a_faulty_list_is_refused_as_a_whole_with_its_place(
    tmp_path: Path, table: str, told: str
) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f"{table}")

    done = _call(tmp_path, "import", path, "--store", "shop")

    assert done.code == 1
    assert told in done.err
    assert f"{path}:" in done.err
    assert "ada@" not in done.everything
    assert not _path(tmp_path).exists()


@pytest.mark.parametrize(
    ("date", "lies_ahead"),
    [
        ("2026-06-01T12:00:30+00:00", False),
        ("2026-06-01T13:30:00+00:00", True),
        ("2026-06-01T22:00:00+10:00", False),
        ("2026-06-02", False),  # it has begun in the east
        ("2026-06-03", True),
    ],
)
def test_a_list_tells_of_no_time_that_has_not_come(
    tmp_path: Path, date: str, lies_ahead: bool
) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f"email,date\n{ADA},{date}\n")

    rows, faults = suppression_list.read(path, NOW)

    assert [one.what for one in faults] == (
        ["the date lies in the future, or before 2000"] if lies_ahead else []
    )
    assert len(rows) == (not lies_ahead)


@pytest.mark.parametrize("controller", ["", ", controller: acme"])
def test_an_import_says_where_it_withdraws_nobody(tmp_path: Path, controller: str) -> None:
    """Opt-outs of a list go to whoever is in already only where the store shares them."""
    store = f"{{platform: genstore, shop: a, token: {{env: T}}{controller}}}"
    (tmp_path / "stores.yaml").write_text(f"stores: {{shop: {store}}}\n")
    table = tmp_path / "list.csv"
    table.write_text(f"email\n{ADA}\n")

    done = _call(tmp_path, "import", table, "--store", "shop")

    assert done.code == 0
    assert ("has no controller" in done.err) is (not controller)


def test_compact_keeps_what_decides_and_the_chain(tmp_path: Path) -> None:
    file = register_at(tmp_path, *_keys(tmp_path))
    ada = who(ADA, alias="cus_aaaaaaaaaa")
    for day in range(1, 6):
        file.note([(ada, act(at=NOW.replace(day=day)))])
    file.note([(who("bo@example.com"), act())])
    before = file.known.of(Channel.EMAIL, ADA)
    last = json.loads(_path(tmp_path).read_bytes().splitlines()[-1])

    done = _call(tmp_path, "compact")

    assert done.out == "shop: 6 lines, 3 now\n"
    lines = [json.loads(one) for one in _path(tmp_path).read_bytes().splitlines()]
    assert lines[0]["event"] == "compacted"
    assert lines[0]["previous"] == last["seal"]
    assert [one["number"] for one in lines] == [7, 8, 9]
    assert register_at(tmp_path, *_keys(tmp_path)).known.of(Channel.EMAIL, ADA) == before
    assert _call(tmp_path, "verify").code == 0
    register_at(tmp_path, *_keys(tmp_path)).note([(who("cy@example.com"), act())])
    assert _call(tmp_path, "verify").code == 0


def test_compact_leaves_alone_what_it_cannot_prove(tmp_path: Path) -> None:
    _filled(tmp_path)
    before = _path(tmp_path).read_bytes()

    done = _call(tmp_path, "compact", RECONCILER_KEY=OTHER)

    assert done.code == 1
    assert "under keys that are not here" in done.err
    assert _path(tmp_path).read_bytes() == before


def test_copies_that_went_on_apart_are_merged_by_a_line_that_names_both(tmp_path: Path) -> None:
    _filled(tmp_path)
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "shop.jsonl").write_bytes(_path(tmp_path).read_bytes())
    here = register_at(tmp_path, *_keys(tmp_path))
    here.note([(who("cy@example.com"), act())])
    (copy / "opt-outs").mkdir()
    (copy / "shop.jsonl").rename(copy / "opt-outs" / "shop.jsonl")
    register_at(copy, *_keys(tmp_path)).note([(who("di@example.com"), act())])

    done = _call(tmp_path, "merge", copy / "opt-outs")

    assert done.out.startswith("shop: 2 lines added; head ")
    known = register_at(tmp_path, *_keys(tmp_path)).known
    assert all(known.of(Channel.EMAIL, one) for one in ("cy@example.com", "di@example.com"))
    assert _call(tmp_path, "verify").code == 0
    assert "nothing to add" in _call(tmp_path, "merge", copy / "opt-outs").out
    assert _call(tmp_path, "compact").code == 0
    assert _call(tmp_path, "merge", copy / "opt-outs").code == 0
    assert _call(tmp_path, "verify").code == 0


@pytest.mark.parametrize("word", ["verify", "show", "compact"])
def test_where_there_is_no_register_or_no_key_that_is_said(tmp_path: Path, word: str) -> None:
    nothing = _call(tmp_path, word)
    _filled(tmp_path)
    keyless = run("register", word, "--state-dir", tmp_path)

    assert nothing.code == keyless.code == 1
    assert "there is no register of opt-outs" in nothing.err
    assert "no key of the register of opt-outs is here" in keyless.err
