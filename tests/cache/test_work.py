"""What a cache saves, in calls, and when it must not be believed."""

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, Final

import pytest

from reconciler import app
from reconciler.cache import sealed, stamp
from reconciler.desired import entries, known, schema_errors
from reconciler.desired.files import FoundFile, SpecFile
from reconciler.diagnostics import Diagnostic
from reconciler.errors import ConfigError
from reconciler.platforms.genstore import wire as genstore
from reconciler.platforms.shoplazza import wire as shoplazza
from reconciler.platforms.shopline import wire as shopline
from tests.attacks.test_git import git
from tests.cache.specs import Json, environment, later, planned, record, write
from tests.harness import VARIANTS, Shop, grant, opened

FILES: Final = 4
EACH: Final = 5
_WATCHED: Final[dict[Any, str]] = {
    schema_errors.read.__code__: "files",
    entries.entry.__code__: "entries",
    genstore.customer.__code__: "records",
    shopline.customer.__code__: "records",
    shoplazza.customer.__code__: "records",
}


def calls(work: Callable[[], object]) -> Counter[str]:
    """How many files, entries and records were read, in all threads."""
    found: Counter[str] = Counter()

    def called(frame: FrameType, event: str, told: object) -> None:
        del told
        if event == "call" and frame.f_code in _WATCHED:
            found[_WATCHED[frame.f_code]] += 1

    before = sys.getprofile()
    threading.setprofile(called)
    sys.setprofile(called)
    try:
        work()
    finally:
        sys.setprofile(before)
        threading.setprofile(None)
    return found


def _email(number: int) -> str:
    return f"p{number}@example.com"


def _people(changed: int | None = None) -> dict[str, Json]:
    files: dict[str, Json] = {}
    for number in range(FILES * EACH):
        entry = {"email": _email(number), "first_name": "Ada", "last_name": "Lovelace"}
        if number == changed:
            entry["first_name"] = "Grace"
        files.setdefault(f"part-{number // EACH}", {"customers": []})["customers"].append(entry)
    return files


@pytest.fixture(params=VARIANTS)
def shop(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Shop]:
    with opened(tmp_path / "shop", request.param) as found:
        write(found, _people())
        found.reset(record(_email(number)) for number in range(FILES * EACH))
        yield found


def test_nothing_is_read_again_where_nothing_has_changed(shop: Shop, folder: Path) -> None:
    first = calls(lambda: planned(shop, environment(shop, folder)))
    again = calls(lambda: planned(shop, environment(shop, folder)))

    assert first == {"files": 1 + FILES, "entries": FILES * EACH, "records": FILES * EACH}
    assert again == {"files": 1}, "the settings alone, which are no list"


def test_one_entry_that_changes_has_its_file_read_and_its_record(shop: Shop, folder: Path) -> None:
    planned(shop, environment(shop, folder))
    write(shop, _people(changed=7))

    again = calls(lambda: planned(shop, environment(shop, folder)))

    assert again["files"] == 2
    assert again["records"] == 1
    assert again["entries"] < 2 * EACH


def test_one_record_that_changes_has_its_entry_read_and_no_file(shop: Shop, folder: Path) -> None:
    planned(shop, environment(shop, folder))
    people = [record(_email(number)) for number in range(FILES * EACH)]
    people[7]["first_name"] = "Grace"
    shop.box.reset(people)

    again = calls(lambda: planned(shop, environment(shop, folder)))

    assert again["files"] == 1
    assert again["records"] == 1
    assert 0 < again["entries"] < EACH


@pytest.mark.parametrize("whose", [1, 7])
def test_a_new_entry_finds_the_record_that_asked_for_nothing(
    shop: Shop, folder: Path, whose: int
) -> None:
    """Somebody else now says that the number is theirs."""
    people = [record(_email(number)) for number in range(FILES * EACH)]
    people[whose]["phone"] = "+8613315034407"
    shop.box.reset(people)
    planned(shop, environment(shop, folder))
    files = _people()
    files["part-new"] = {"customers": [{"phone": "+8613315034407", "first_name": "Bo"}]}
    write(shop, files)

    warm, cold = (planned(shop, environment(shop, place)) for place in (folder, None))

    assert warm == cold
    assert "identity.same-person" in warm[0]


@pytest.mark.parametrize("what", ["version", "key"])
def test_what_another_version_or_key_has_left_is_not_looked_at(
    shop: Shop, folder: Path, what: str
) -> None:
    planned(shop, environment(shop, folder))
    key = "k" * 40 if what == "version" else "l" * 40
    if what == "version":
        (file,) = folder.rglob("*.cache")
        content = sealed.opened(file.read_bytes(), key.encode(), stamp.stamp())
        assert content is not None
        other = sealed.sealed(
            (bytes(content),), key.encode(), stamp.stamp() + b" of another version"
        )
        file.write_bytes(b"".join(other))

    again = calls(lambda: planned(shop, environment(shop, folder, key=key)))

    assert again == {"files": 1 + FILES, "entries": FILES * EACH, "records": FILES * EACH}


def test_where_tags_are_documents_everybody_is_judged_anew(shop: Shop, folder: Path) -> None:
    write(shop, {**_people(), "part-tags": {"tags": [{"name": "vip", "state": "absent"}]}})
    planned(shop, environment(shop, folder))

    again = calls(lambda: planned(shop, environment(shop, folder)))

    assert again == {"files": 2, "entries": FILES * EACH, "records": FILES * EACH}


def test_other_settings_have_the_entries_read_anew_and_not_the_files(
    shop: Shop, folder: Path
) -> None:
    planned(shop, environment(shop, folder))
    write(shop, _people(), phone_region="US")

    again = calls(lambda: planned(shop, environment(shop, folder)))

    assert again == {"files": 1, "entries": FILES * EACH, "records": FILES * EACH}


def test_what_time_brings_is_told_on_its_day(plain: Shop, folder: Path) -> None:
    """An implied consent runs out, though nobody touches the file."""
    basis = {"basis": "implied_inquiry", "given_at": "2026-09-01T10:00:00+00:00"}
    entry: Json = {"email": _email(0), "consent": {"email": grant(**basis)}}
    plain.policy = {"consent": {"implied": ["CN"]}}
    entry["addresses"] = [{"address1": "1 Way", "city": "X", "country_code": "CN"}]
    write(plain, {"part": {"customers": [entry]}})

    before = planned(plain, environment(plain, folder))
    warm, cold = (
        planned(plain, environment(plain, place, at=later(365))) for place in (folder, None)
    )

    assert not any("consent.lapsed" in one for one in before[1])
    assert any("consent.lapsed" in one for one in warm[1])
    assert warm == cold


def test_a_clock_that_goes_back_is_believed(plain: Shop, folder: Path) -> None:
    entry = {"email": _email(0), "consent": {"email": grant(given_at="2026-09-30T10:00:00+00:00")}}
    write(plain, {"part": {"customers": [entry]}})

    planned(plain, environment(plain, folder))
    warm, cold = (
        planned(plain, environment(plain, place, at=later(-9))) for place in (folder, None)
    )

    assert "time.future" in warm[0]
    assert warm == cold


def test_warnings_are_told_each_time(plain: Shop, folder: Path) -> None:
    entries: list[Json] = [
        {"email": _email(0)},
        {"email": _email(1), "tags": {"add": ["newsletter"]}},
    ]
    write(plain, {"part": {"customers": entries}})

    first, second = (planned(plain, environment(plain, folder)) for _ in range(2))

    assert first == second
    assert any("consent.tag-name" in one for one in first[1])


def test_a_file_that_changes_while_it_is_read_is_not_read_as_something_else(
    plain: Shop, folder: Path
) -> None:
    """Its entries are read again from what it was, or not at all."""
    write(plain, {"part": {"customers": [{"email": _email(0)}, {"email": _email(1)}]}})
    planned(plain, environment(plain, folder))
    state = app.load_or_raise(plain.specs, environment(plain, folder), lambda _: None)
    write(plain, {"part": {"customers": [{"email": _email(2)}, {"email": _email(1)}]}})

    assert [one.identities[0].key for one in state.of("shop")] == [_email(0), _email(1)]


def test_what_there_is_no_room_for_is_read_again_in_part_and_must_be_the_same(
    plain: Shop, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many of its entries are asked for, the whole file is read once."""
    monkeypatch.setattr(known.Contents.__init__, "__defaults__", (0,))
    write(plain, {"part": {"customers": [{"email": _email(n)} for n in range(9)]}})
    planned(plain, environment(plain, folder))
    whole: list[str] = []
    read = FoundFile.read

    def counted(one: FoundFile) -> SpecFile | Diagnostic:
        whole.append(one.name)
        return read(one)

    monkeypatch.setattr(FoundFile, "read", counted)
    state = app.load_or_raise(plain.specs, environment(plain, folder), lambda _: None)

    assert [one.identities[0].key for one in state.of("shop")] == [_email(n) for n in range(9)]
    assert len(whole) == len(set(whole)) == 2

    state = app.load_or_raise(plain.specs, environment(plain, folder), lambda _: None)
    write(plain, {"part": {"customers": [{"email": _email(n)} for n in (0, 2, 1)]}})

    assert state.of("shop")[0].identities[0].key == _email(0)
    for place in (1, 8):
        with pytest.raises(ConfigError, match=r"part\.yaml has changed while it was read"):
            state.of("shop")[place]


def test_settings_of_a_base_count_for_what_is_known_too(plain: Shop, folder: Path) -> None:
    write(plain, {"part": {"customers": [{"email": _email(0), "phone": "13315034400"}]}})
    git(plain.folder, "init", "-q", "-b", "main")
    git(plain.folder, "add", "-A")
    git(plain.folder, "commit", "-qm", "all")
    write(
        plain,
        {"part": {"customers": [{"email": _email(0), "phone": "13315034400"}]}},
        phone_region="CN",
        timezone="Asia/Shanghai",
    )

    plans = [
        planned(plain, environment(plain, place), base="main") for place in (folder, folder, None)
    ]

    assert plans[0] == plans[1] == plans[2]
    assert plans[0][0].startswith("{")


def test_two_stores_of_one_folder_each_know_their_own(tmp_path: Path, folder: Path) -> None:
    """The files of one speak of both, and the same names are two records."""
    with opened(tmp_path / "one", "genstore") as one, opened(tmp_path / "two", "shopline") as two:
        for shop in (one, two):
            shop.reset([record(_email(0)), record(_email(1))])
        text = (one.specs / "all.yaml").read_text()
        two.settings = {"token": {"env": "TWO"}}
        two.want()
        other = (two.specs / "all.yaml").read_text()
        (one.specs / "all.yaml").write_text(text)
        (one.specs / "two.yaml").write_text(
            other.replace('"shop": {', '"second": {', 1)
            .replace('"store": "shop"', '"store": []')
            .replace(',\n "store": []', "")
        )
        one.told = {"TWO": two.box.token}
        both = "".join(f'  - email: "{_email(n)}"\n    first_name: "Ada"\n' for n in range(2))
        (one.specs / "part.yaml").write_text(f"store: [shop, second]\ncustomers:\n{both}")

        first = planned(one, environment(one, folder))
        seen = calls(lambda: planned(one, environment(one, folder)))

        assert planned(one, environment(one, folder)) == first
        assert planned(one, environment(one, None)) == first
        assert first[0].startswith("{")
        assert seen["entries"] == seen["records"] == 0


def test_lists_of_a_file_are_kept_only_where_its_lines_tell_them() -> None:
    for text in (
        b"customers: [{email: a@example.com}]\n",
        b"\xef\xbb\xbfcustomers:\n  - email: a@b.de\n",
    ):
        file = SpecFile(name="c.yaml", content=text)
        document, wrong = schema_errors.read(file)
        assert document is not None
        assert not wrong
        assert known.lists_of(file, document, hash) is None
