"""The trail of all applies: what it says, and that no change to it goes unseen."""

import json
import threading
from collections.abc import Callable
from pathlib import Path, PosixPath
from typing import Any

import pytest

from reconciler.apply.cancellation import Cancellation
from reconciler.errors import JournalError
from reconciler.model.pseudonyms import Pseudonyms
from reconciler.plan.outcome import TrailEnd
from reconciler.state.chain import lines
from reconciler.state.proof import has_head, prove
from reconciler.state.trail import Trail, trail_path
from tests.harness import KEY, Killed, Shop, grant, opened, person, quick_clock
from tests.program import Done, run

Json = dict[str, Any]
PSEUDONYMS = Pseudonyms(KEY)


def _trail(folder: Path, count: int = 5) -> Path:
    trail = Trail(folder, "shop", PSEUDONYMS, quick_clock())
    for number in range(count):
        trail.append("step", plan="p", step=f"s{number}", done=True)
    return trail.path


def _flaws(path: Path, pseudonyms: Pseudonyms = PSEUDONYMS) -> list[tuple[int, str]]:
    return [(one.line, one.what) for one in prove(path, (pseudonyms,), "shop").flaws]


def test_a_trail_is_whole(tmp_path: Path) -> None:
    proof = prove(_trail(tmp_path), (PSEUDONYMS,), "shop")

    assert proof.flaws == ()
    assert proof.head.count == 5


def _edited(rows: list[bytes]) -> list[bytes]:
    return [*rows[:2], rows[2].replace(b'"s2"', b'"s9"'), *rows[3:]]


CHANGES: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "edited": _edited,
    "removed": lambda rows: [*rows[:2], *rows[3:]],
    "removed at the start": lambda rows: rows[1:],
    "swapped": lambda rows: [rows[0], rows[2], rows[1], *rows[3:]],
    "repeated": lambda rows: [*rows[:2], rows[1], *rows[2:]],
    "cut in a line": lambda rows: [*rows[:2], rows[2][:40] + b"\n", *rows[3:]],
    "seal in other letters": lambda rows: [
        rows[0].replace(b'"seal":"', '"seal":"\u00e9'.encode()),
        *rows[1:],
    ],
    "number in other letters": lambda rows: [
        rows[0].replace(b'"number":1', '"number":"\u00b2"'.encode()),
        *rows[1:],
    ],
    "nested deeply": lambda rows: [*rows[:3], b"[" * 200_000 + b"\n", *rows[3:]],
    "fields of other types": lambda rows: [
        rows[0].replace(b'"plan":"p"', b'"fields":[1],"who":[1],"states":[1]'),
        *rows[1:],
    ],
    "not UTF-8": lambda rows: [*rows[:3], b"\xff\xfe\n", *rows[3:]],
    "garbage": lambda rows: [*rows[:3], b"[]\n", *rows[3:]],
    "time edited": lambda rows: [rows[0].replace(b'"at":"2', b'"at":"1'), *rows[1:]],
}


@pytest.mark.parametrize("change", CHANGES)
def test_any_change_is_found(tmp_path: Path, change: str) -> None:
    path = _trail(tmp_path)
    path.write_bytes(b"".join(CHANGES[change](path.read_bytes().splitlines(keepends=True))))

    assert _flaws(path)


def test_every_single_line_is_missed_when_it_is_gone(tmp_path: Path) -> None:
    path = _trail(tmp_path)
    rows = path.read_bytes().splitlines(keepends=True)
    head = json.loads(rows[-1])["seal"]
    for gone in range(len(rows)):
        path.write_bytes(b"".join(rows[:gone] + rows[gone + 1 :]))
        assert _flaws(path) or not has_head(path, head)


def test_a_cut_tail_is_found_by_its_head_alone(tmp_path: Path) -> None:
    path = _trail(tmp_path)
    rows = path.read_bytes().splitlines(keepends=True)
    head = json.loads(rows[-1])["seal"]
    path.write_bytes(b"".join(rows[:3]))

    assert _flaws(path) == []
    assert not has_head(path, head[:16])


def test_a_head_stays_true_while_the_trail_grows(tmp_path: Path) -> None:
    path = _trail(tmp_path)
    head = prove(path, (PSEUDONYMS,), "shop").head.seal
    _trail(tmp_path)

    assert _flaws(path) == []
    assert has_head(path, head)


def test_another_key_proves_nothing(tmp_path: Path) -> None:
    assert (
        len(_flaws(_trail(tmp_path), Pseudonyms(b"another key, that is as long as it must be")))
        == 5
    )


def test_a_line_that_a_kill_cut_off_is_mended_and_told(tmp_path: Path) -> None:
    path = _trail(tmp_path)
    with path.open("ab") as file:
        file.write(b'{"number":6,"at":"20')
    Trail(tmp_path, "shop", PSEUDONYMS, quick_clock()).append("began", plan="q")

    assert _flaws(path) == []
    assert [one["event"] for one in lines(path) if one][-2:] == ["repaired", "began"]


def test_many_writers_make_one_chain(tmp_path: Path) -> None:
    def write(name: int) -> None:
        for number in range(20):
            Trail(tmp_path, "shop", PSEUDONYMS, quick_clock()).append(
                "step", step=f"{name}-{number}"
            )

    threads = [threading.Thread(target=write, args=(name,)) for name in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    proof = prove(trail_path(tmp_path, "shop"), (PSEUDONYMS,), "shop")
    assert (proof.head.count, proof.flaws) == (80, ())


def test_a_line_of_another_thread_is_not_taken_for_a_trail_that_went_away(tmp_path: Path) -> None:
    trail = Trail(tmp_path, "shop", PSEUDONYMS, quick_clock())
    path = trail.path

    class Looked(PosixPath):
        """Another thread adds a line while it is looked whether the file is there."""

        def exists(self) -> bool:
            there = path.exists()
            trail.path = path
            trail.append("step", step="another")
            return there

    for number in range(2):  # before there is a file, and after
        trail.path = Looked(path)
        trail.stands()
        trail.path = path
        trail.append("step", step=f"s{number}")

    assert prove(path, (PSEUDONYMS,), "shop").flaws == ()
    path.unlink()
    with pytest.raises(JournalError, match="removed or replaced"):
        trail.stands()


def _shop_trail(shop: Shop) -> list[Json]:
    return [one for one in lines(trail_path(shop.folder / ".reconciler", "shop")) if one]


@pytest.mark.parametrize("variant", ["genstore", "shoplazza", "shopline"])
def test_an_apply_says_who_what_and_what_was_read_back(tmp_path: Path, variant: str) -> None:
    with opened(tmp_path, variant, [person()]) as shop:
        shop.want(
            {"email": "ada@example.com", "tags": {"add": ["vip"]}},
            {"email": "new@example.com", "consent": {"email": grant()}},
        )
        body = shop.plan()
        result = shop.apply(body)
        began, *steps, ended = _shop_trail(shop)

    assert began["digest"] == body["digest"]
    assert began["commit"] == "c0ffee"
    assert began["tool"] == body["tool"]["version"]
    assert {one["change"] for one in steps} == {one["digest"] for one in body["changes"]}
    (granted,) = [one for one in steps if one["kind"] == "grant"]
    (field,) = granted["fields"]
    assert field["read_back"] == "done"
    assert field["evidence"]["evidence"] == "forms/1"
    assert ended["complete"] is True
    assert result.trails == (TrailEnd(store="shop", lines=len(steps) + 2, head=ended["seal"]),)


def test_a_killed_apply_is_in_the_trail_once_it_is_resumed(tmp_path: Path) -> None:
    with opened(tmp_path, "genstore", [person(f"c{n}@example.com") for n in range(4)]) as shop:
        shop.want(*({"email": f"c{n}@example.com", "first_name": "New"} for n in range(4)))
        body = shop.plan()
        for dies_after in (7, 9):
            with pytest.raises(Killed):
                shop.apply(body, resume=True, dies_after=dies_after)
        assert shop.apply(body, resume=True).complete
        trail = _shop_trail(shop)

    done = [one["step"] for one in trail if one["event"] == "step" and one["done"]]
    assert len(done) == len(set(done)) == 4
    assert [one["event"] for one in trail].count("began") == 3


def _audit(shop: Shop, *words: str) -> Done:
    return run("audit", *words, "--specs", shop.specs, env={"RECONCILER_KEY": KEY.decode()})


def test_the_commands_read_and_prove_it(tmp_path: Path) -> None:
    with opened(tmp_path, "genstore", [person()]) as shop:
        shop.want({"email": "ada@example.com", "tags": {"add": ["vip"]}})
        result = shop.apply(shop.plan())
        told = _audit(shop, "log")
        proven = _audit(shop, "verify", "--head", result.trails[0].head[:16])
        path = trail_path(shop.folder / ".reconciler", "shop")
        path.write_text(
            path.read_text().replace("vip", "VIP").replace('"done":true', '"done":false')
        )
        broken = _audit(shop, "verify")

    assert "update: done (tags)" in told.out
    assert proven.code == 0
    assert f"3 lines, whole and in order; head {result.trails[0].head}" in proven.out
    assert broken.code == 1
    assert "shop.jsonl:2: was edited" in broken.err


def test_whom_an_apply_did_not_come_to_is_found_by_their_alias(tmp_path: Path) -> None:
    with opened(tmp_path, "genstore", [person(), person("bo@example.com")]) as shop:
        shop.want(*({"email": one["email"], "first_name": "New"} for one in shop.box.customers()))
        body, control = shop.plan(), Cancellation()
        control.interrupted.set()
        shop.apply(body, control=control)
        ada, bo = (one["customer"] for one in body["changes"])
        found = _audit(shop, "log", "--customer", ada)
        stranger = _audit(shop, "log", "--customer", "cus_aaaaaaaaaa")
        told = _audit(shop, "log", "--customer", bo, "--format", "json")

    assert found.code == 0
    assert "shop did not come to 2 steps" in found.out
    assert [json.loads(one)["event"] for one in told.out.splitlines()] == ["began", "left"]
    assert (stranger.code, stranger.out) == (1, "")


def test_without_a_trail_or_a_key_nothing_is_proven(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    none = run(
        "audit", "verify", "--specs", tmp_path / "specs", env={"RECONCILER_KEY": KEY.decode()}
    )
    _trail(tmp_path / ".reconciler")
    keyless = run("audit", "verify", "--specs", tmp_path / "specs")

    assert (none.code, keyless.code) == (1, 1)
    assert "there is no audit trail" in none.err
    assert "the key of this trail is not here" in keyless.err


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_trail_is_still_read_and_its_flaws_are_told(tmp_path: Path, change: str) -> None:
    (tmp_path / "specs").mkdir()
    path = _trail(tmp_path / ".reconciler")
    path.write_bytes(b"".join(CHANGES[change](path.read_bytes().splitlines(keepends=True))))
    told = run("audit", "log", "--specs", tmp_path / "specs", env={"RECONCILER_KEY": KEY.decode()})

    assert told.code == 0
    assert "this trail has flaws" in told.err
    assert len(told.out.splitlines()) >= 4


def test_a_trail_of_another_key_is_not_told_to_have_flaws(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    _trail(tmp_path / ".reconciler")
    other = {"RECONCILER_KEY": "another key than that of the trail, and as long"}
    told = run("audit", "log", "--specs", tmp_path / "specs", env=other)

    assert (told.code, told.err) == (0, "not verified: the key of this trail is not here\n")


def test_something_else_in_the_place_of_the_trail(tmp_path: Path) -> None:
    with opened(tmp_path, "genstore", [person()]) as shop:
        shop.want({"email": "ada@example.com", "first_name": "New"})
        shop.plan()
        trail_path(shop.folder / ".reconciler", "shop").mkdir(parents=True)
        place = ("--specs", shop.specs)
        told = [
            run(*words, *place, env={"TOKEN": shop.box.token, "RECONCILER_KEY": KEY.decode()})
            for words in (("apply", "--yes"), ("audit", "log"), ("audit", "verify"))
        ]
        writes = shop.box.writes

    assert [one.code for one in told] == [1, 1, 1]
    assert all("audit/shop.jsonl" in one.err for one in told)
    assert writes == 0
