"""The file of the cache: whose it is, who can read it, and what is in it."""

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from reconciler import app
from reconciler.cache import place, sealed, stamp
from reconciler.desired.meaning import meaning
from reconciler.model.pseudonyms import Pseudonyms
from tests.cache.specs import environment, planned, write
from tests.harness import Shop, consent, opened, person
from tests.leaks.canaries import EMAILS, FIRST, LAST, NOTE, PHONES, assert_clean
from tests.program import run

KEY: Final = "k" * 40
ENTRY: Final = {
    "email": EMAILS[0],
    "phone": PHONES[0],
    "first_name": FIRST,
    "last_name": LAST,
    "note": NOTE,
    "tags": ["vip"],
}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with opened(tmp_path / "shop", "genstore") as found:
        write(found, {"part": {"customers": [ENTRY, {"email": EMAILS[1]}]}})
        contacts = {"phone": PHONES[0], "first_name": FIRST, "last_name": LAST, "note": NOTE}
        found.reset([person(EMAILS[0], **contacts, tags=["vip"]), person(EMAILS[2])])
        yield found


def _only(folder: Path) -> Path:
    (found,) = folder.iterdir()
    return found


def test_it_is_for_its_owner_alone(shop: Shop, folder: Path) -> None:
    planned(shop, environment(shop, folder))

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(_only(folder).stat().st_mode) == 0o600


def test_whoever_has_the_key_finds_no_value_and_no_bare_digest_in_it(
    shop: Shop, folder: Path
) -> None:
    planned(shop, environment(shop, folder))

    text = _only(folder).read_bytes()
    assert sealed.opened(text, KEY.encode(), stamp.stamp()) is not None
    assert_clean([("cache", text.decode("latin-1")), ("hex", text.hex())])
    for value in (*EMAILS[:3], *PHONES[:1], *(email.lower() for email in EMAILS[:3])):
        for size in (8, 16, 32):
            assert hashlib.blake2b(value.encode(), digest_size=size).digest() not in text
        assert hashlib.sha256(value.encode()).digest()[:8] not in text
    assert str(shop.specs).encode() not in text
    assert KEY.encode() not in text


def test_what_is_asked_for_stands_there_by_no_digest_that_can_be_guessed(
    shop: Shop, folder: Path
) -> None:
    planned(shop, environment(shop, folder))
    state = app.load_or_raise(shop.specs, environment(shop, None), lambda _: None)

    text = _only(folder).read_bytes()
    entries = list(state.of("shop"))
    asked = [meaning(one) for one in entries]
    keyed = [Pseudonyms(KEY.encode()).meaning(one) for one in asked]
    assert len(entries) == 2
    assert all(one in text for one in keyed), "the test looks for the right thing"
    assert not any(one in text for one in asked)


def test_the_same_values_look_otherwise_under_another_key(shop: Shop, folder: Path) -> None:
    """No sixteen bytes of what is kept of people are the same, so none is a digest without it."""
    planned(shop, environment(shop, folder))
    first = _only(folder).read_bytes()
    _only(folder).unlink()
    planned(shop, environment(shop, folder, key="l" * 40))
    second = _only(folder).read_bytes()

    assert len(first) == len(second)
    length = 16
    pieces = {first[at : at + length] for at in range(len(first) - length)}
    same = {second[at : at + length] for at in range(len(second) - length)} & pieces
    assert all(0 in one or b"cache" in one for one in same), "but for numbers and the head of it"


def test_nobody_without_the_key_can_see_who_subscribes(shop: Shop, folder: Path) -> None:
    """Two records differ in their consents alone, and what is kept of them in digests alone."""
    kept = []
    for state in ("subscribed", "unsubscribed"):
        shop.reset([person(EMAILS[2], consent={"email": consent(state), "sms": consent()})])
        planned(shop, environment(shop, folder))
        kept.append(_only(folder).read_bytes())
        _only(folder).unlink()

    assert len(kept[0]) == len(kept[1])
    other = [at for at, (one, two) in enumerate(zip(*kept, strict=True)) if one != two]
    whole = 16 + 32  # the digest of the record, and the seal
    assert len(other) <= whole


def _spoil_an_end(text: bytes) -> bytes:
    return text[:-1]


def _spoil_the_middle(text: bytes) -> bytes:
    at = len(text) // 2
    return text[:at] + bytes([text[at] ^ 1]) + text[at + 1 :]


def _spoil_the_form(text: bytes) -> bytes:
    return b"x" + text[1:]


SPOILED: Final[dict[str, Callable[[bytes], bytes]]] = {
    "truncated": _spoil_an_end,
    "altered": _spoil_the_middle,
    "of another form": _spoil_the_form,
    "empty": lambda _: b"",
    "something else": lambda _: b"\0" * 5000,
}


@pytest.mark.parametrize("how", SPOILED)
def test_what_is_damaged_is_ignored_without_a_word_and_written_anew(
    shop: Shop, folder: Path, how: str
) -> None:
    first = planned(shop, environment(shop, folder))
    file = _only(folder)
    before = file.read_bytes()
    file.write_bytes(SPOILED[how](before))

    assert planned(shop, environment(shop, folder)) == first
    assert sealed.opened(_only(folder).read_bytes(), KEY.encode(), stamp.stamp()) is not None


def test_a_cache_under_another_key_or_of_another_program_is_none(shop: Shop, folder: Path) -> None:
    planned(shop, environment(shop, folder))
    text = _only(folder).read_bytes()

    assert sealed.opened(text, b"l" * 40, stamp.stamp()) is None
    assert sealed.opened(text, KEY.encode(), stamp.stamp() + b"x") is None


def test_a_file_put_in_its_place_from_elsewhere_is_ignored(shop: Shop, folder: Path) -> None:
    """Sealed with the key of somebody else."""
    planned(shop, environment(shop, folder))
    mine = _only(folder)
    foreign = sealed.sealed((b"not even marshal",), b"l" * 40, stamp.stamp())
    mine.write_bytes(b"".join(foreign))

    assert planned(shop, environment(shop, folder)) == planned(shop, environment(shop, None))


def test_each_key_has_a_file_of_its_own(shop: Shop, folder: Path) -> None:
    planned(shop, environment(shop, folder))
    planned(shop, environment(shop, folder, key="l" * 40))

    assert len(list(folder.iterdir())) == 2


def test_without_a_key_of_the_environment_that_of_the_state_folder_seals_it(
    shop: Shop, folder: Path
) -> None:
    """The first run makes it, and keeps nothing."""
    planned(shop, environment(shop, folder, key=None))
    assert not folder.exists()
    planned(shop, environment(shop, folder, key=None))
    key = (shop.folder / ".reconciler/key").read_bytes()

    assert sealed.opened(_only(folder).read_bytes(), key, stamp.stamp()) is not None


@pytest.mark.parametrize("what", ["a file", "readable", "a link", "no folder may be made"])
def test_a_folder_that_cannot_be_used_is_no_error(shop: Shop, folder: Path, what: str) -> None:
    folder.parent.mkdir(exist_ok=True)
    match what:
        case "a file":
            folder.write_text("")
        case "readable":
            folder.mkdir(mode=0o755)
        case "a link":
            (folder.parent / "elsewhere").mkdir(mode=0o700)
            folder.symlink_to(folder.parent / "elsewhere")
        case _:
            folder.parent.rmdir()
            folder.parent.write_text("")

    assert planned(shop, environment(shop, folder)) == planned(shop, environment(shop, None))
    assert not folder.is_dir() or not list(folder.iterdir())


def test_a_link_in_the_place_of_the_file_is_not_followed(
    shop: Shop, folder: Path, tmp_path: Path
) -> None:
    planned(shop, environment(shop, folder))
    file = _only(folder)
    moved = tmp_path / "moved"
    file.rename(moved)
    before = moved.read_bytes()
    file.symlink_to(moved)

    assert place.read(folder, file.name) is None
    planned(shop, environment(shop, folder))
    assert moved.read_bytes() == before
    assert not file.is_symlink()


def test_a_pipeline_has_none_unless_it_asks_and_everybody_can_do_without(folder: Path) -> None:
    assert place.folder_of({}) == folder
    assert place.folder_of({"CI": "true"}) is None
    assert place.folder_of({"CI": "true", "RECONCILER_CACHE": "on"}) == folder
    assert place.folder_of({"RECONCILER_CACHE": "off"}) is None
    assert place.folder_of({"CI": "", "RECONCILER_CACHE": ""}) == folder
    assert place.folder_of({"RECONCILER_CACHE": "perhaps"}) is None


def test_old_files_go_and_those_of_others_stay(folder: Path) -> None:
    for number in range(place.MOST_FILES + 3):
        place.write(folder, f"{number}.cache", [b"x"])
        os.utime(folder / f"{number}.cache", (number, number + 10 * place.OLDEST))
    (folder / "mine.txt").write_text("")
    place.write(folder, "new.cache", [b"x"])

    kept = sorted(one.name for one in folder.iterdir())
    assert len(kept) <= place.MOST_FILES + 1
    assert "new.cache" in kept
    assert "mine.txt" in kept


def test_a_file_that_nobody_has_used_for_long_goes(folder: Path) -> None:
    place.write(folder, "old.cache", [b"x"])
    os.utime(folder / "old.cache", (1, 1))

    place.write(folder, "new.cache", [b"x"])

    assert [one.name for one in folder.iterdir()] == ["new.cache"]


def test_the_command_keeps_it_and_plans_the_same(
    shop: Shop, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", shop.box.token)
    monkeypatch.setenv("RECONCILER_KEY", KEY)
    words = ("plan", "--specs", shop.specs, "--state-dir", tmp_path / "state", "--format", "json")

    first, second = run(*words), run(*words)

    assert first.code == second.code == 0
    assert len(list(folder.iterdir())) == 1
    assert first.out.count('"digest"') == second.out.count('"digest"')


def test_a_pipeline_leaves_nothing_behind(
    shop: Shop, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", shop.box.token)
    monkeypatch.setenv("RECONCILER_KEY", KEY)
    monkeypatch.setenv("CI", "true")

    run("plan", "--specs", shop.specs, "--state-dir", tmp_path / "state", "--base", "none")

    assert not folder.exists()


def test_a_long_content_comes_out_as_it_went_in() -> None:
    content = bytes(range(256)) * 2500

    text = b"".join(sealed.sealed((content[:99], content[99:]), KEY.encode(), b"stamp"))

    opened = sealed.opened(text, KEY.encode(), b"stamp")
    assert opened is not None
    assert bytes(opened) == content
