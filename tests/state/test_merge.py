"""Copies of a trail that went on apart become one again, and nobody else's lines come in that way."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import JournalError
from reconciler.model.pseudonyms import Pseudonyms
from reconciler.state.chain import Head, lines
from reconciler.state.merge import merge
from reconciler.state.proof import prove, prove_all
from reconciler.state.trail import Trail, sealed_line, trail_path
from tests.harness import KEY, quick_clock
from tests.program import run

OURS = Pseudonyms(KEY)
PLANS = Pseudonyms(b"a key for plans alone, long enough for it")


def _write(folder: Path, *names: str, by: Pseudonyms = OURS) -> Path:
    trail = Trail(folder, "shop", by, quick_clock(), (OURS, PLANS))
    for name in names:
        trail.append("began", plan=name)
    return trail.path


def _parted(folder: Path) -> tuple[Path, Path]:
    """Two copies with two lines in common, each with others of its own."""
    _write(folder / "a", "1", "2")
    shutil.copytree(folder / "a", folder / "b")
    return _write(folder / "a", "3", "4"), _write(folder / "b", "5")


def _plans(path: Path) -> list[str]:
    return [one["plan"] for one in lines(path) if one and one["event"] == "began"]


def test_what_went_on_apart_is_whole_again(tmp_path: Path) -> None:
    ours, theirs = _parted(tmp_path)

    done = merge(ours, theirs, "shop", (OURS,), quick_clock())

    proof = prove(ours, (OURS,), "shop")
    assert (proof.flaws, proof.head) == ((), done.head)
    assert (done.added, proof.head.count) == (2, 6)
    assert _plans(ours) == ["1", "2", "3", "4", "5"]
    last = list(lines(ours))[-1]
    assert last is not None
    assert last["other"]["lines"] == 4


def test_both_ways_of_merging_end_alike_and_go_on(tmp_path: Path) -> None:
    ours, theirs = _parted(tmp_path)
    merge(ours, theirs, "shop", (OURS,), quick_clock())
    done = merge(theirs, ours, "shop", (OURS,), quick_clock())

    assert theirs.read_bytes().splitlines()[-1] == ours.read_bytes().splitlines()[-1]
    assert sorted(theirs.read_bytes().splitlines()) == sorted(ours.read_bytes().splitlines())
    assert merge(theirs, ours, "shop", (OURS,), quick_clock()).added == 0
    assert done.head == prove(theirs, (OURS,), "shop").head
    assert prove(_write(tmp_path / "b", "6"), (OURS,), "shop").flaws == ()


def test_a_copy_that_only_goes_on_is_taken_as_it_is(tmp_path: Path) -> None:
    _write(tmp_path / "a", "1")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    theirs = _write(tmp_path / "b", "2")
    ours = trail_path(tmp_path / "a", "shop")

    assert merge(ours, theirs, "shop", (OURS,), quick_clock()).added == 1
    assert ours.read_bytes() == theirs.read_bytes()


def test_a_store_that_was_not_here_comes_whole(tmp_path: Path) -> None:
    theirs = _write(tmp_path / "b", "1", "2")
    ours = trail_path(tmp_path / "a", "shop")

    assert merge(ours, theirs, "shop", (OURS,), quick_clock()).added == 2
    assert ours.read_bytes() == theirs.read_bytes()


@given(st.lists(st.sampled_from(("a", "b", "c", "ab", "ba", "ca", "bc")), max_size=14))
def test_any_history_of_copies_and_merges_is_whole(
    tmp_path_factory: pytest.TempPathFactory, history: list[str]
) -> None:
    """One letter writes a line there, two merge the second into the first."""
    folder = tmp_path_factory.mktemp("copies")
    for number, what in enumerate(history):
        if len(what) == 1:
            _write(folder / what, str(number))
        else:
            theirs = trail_path(folder / what[1], "shop")
            if theirs.exists():
                merge(trail_path(folder / what[0], "shop"), theirs, "shop", (OURS,), quick_clock())
    for name in "abc":
        path = trail_path(folder / name, "shop")
        assert prove(path, (OURS,), "shop").flaws == ()
        assert len(set(_plans(path))) == len(_plans(path))


def _without(number: int) -> Callable[[list[bytes]], list[bytes]]:
    return lambda rows: [row for place, row in enumerate(rows) if place != number]


HARMS: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "the line of both is gone": _without(5),
    "a line of one side is gone": _without(3),
    "the only line of the other side is gone": _without(4),
    "a line before they parted is gone": _without(1),
    "the sides are swapped": lambda rows: [*rows[:2], rows[4], *rows[2:4], rows[5]],
    "a line stands twice": lambda rows: [*rows, rows[4]],
}


@pytest.mark.parametrize("harm", HARMS)
def test_a_merged_trail_hides_no_change(tmp_path: Path, harm: str) -> None:
    ours, theirs = _parted(tmp_path)
    merge(ours, theirs, "shop", (OURS,), quick_clock())
    ours.write_bytes(b"".join(HARMS[harm](ours.read_bytes().splitlines(keepends=True))))

    assert bool(prove(ours, (OURS,), "shop").flaws) is (harm != "the sides are swapped")


def test_a_copy_with_a_flaw_is_not_merged(tmp_path: Path) -> None:
    ours, theirs = _parted(tmp_path)
    before = ours.read_bytes()
    theirs.write_bytes(theirs.read_bytes().replace(b'"plan":"5"', b'"plan":"6"'))

    with pytest.raises(JournalError, match="has flaws, so nothing was merged"):
        merge(ours, theirs, "shop", (OURS,), quick_clock())
    assert ours.read_bytes() == before


def test_the_key_for_plans_cannot_part_or_merge_a_trail_of_the_other(tmp_path: Path) -> None:
    """Whoever holds what pull-request jobs hold forges a copy from before the other key came."""
    _write(tmp_path / "a", "1", by=PLANS)
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    ours = _write(tmp_path / "a", "2")
    theirs = _write(tmp_path / "b", "forged", by=PLANS)
    assert prove(ours, (OURS, PLANS), "shop").flaws == ()

    before = ours.read_bytes()

    with pytest.raises(JournalError, match="no longer the one of this trail"):
        merge(ours, theirs, "shop", (OURS, PLANS), quick_clock())

    assert ours.read_bytes() == before
    forged = theirs.read_bytes().splitlines(keepends=True)[-1:]
    ours.write_bytes(b"".join((before, *forged)))
    last, head = prove(ours, (PLANS, OURS)).head, prove(theirs, (PLANS,)).head
    values = {
        "store": "shop",
        "other": {"lines": 2, "head": json.loads(before.splitlines()[-1])["seal"]},
    }
    line = sealed_line(PLANS, quick_clock(), Head(last.count, head.seal), "merged", values)
    ours.write_bytes(ours.read_bytes() + json.dumps(line).encode() + b"\n")
    assert prove(ours, (OURS, PLANS), "shop").flaws


def test_a_trail_of_another_store_is_no_copy(tmp_path: Path) -> None:
    _write(tmp_path, "1")
    other = trail_path(tmp_path, "other")
    shutil.copy(trail_path(tmp_path, "shop"), other)

    (flaw,) = prove(other, (OURS,), "other").flaws
    assert flaw.what == "is of another store than other"


def test_the_command_merges_state_folders(tmp_path: Path) -> None:
    _parted(tmp_path)
    env = {"RECONCILER_KEY": KEY.decode()}

    done = run("audit", "merge", tmp_path / "b", "--state-dir", tmp_path / "a", env=env)
    again = run("audit", "merge", tmp_path / "b", "--state-dir", tmp_path / "a", env=env)
    proven = run("audit", "verify", "--state-dir", tmp_path / "a", env=env)

    assert (done.code, again.code, proven.code) == (0, 0, 0)
    assert done.out.startswith("shop: 2 lines added; head ")
    assert again.out.startswith("shop: nothing to add; head ")
    assert proven.out.startswith("shop: 6 lines, whole and in order; head ")
    assert run("audit", "merge", tmp_path, "--state-dir", tmp_path / "a", env=env).code == 1


def test_a_trail_of_all_stores_from_before_is_proven_and_followed(tmp_path: Path) -> None:
    """It was written by the program as it was then, with this key."""
    shutil.copy(Path(__file__).parent / "former" / "audit.jsonl", tmp_path)
    path = _write(tmp_path, "next")

    former, own = prove_all(tmp_path, (OURS,))
    assert (former.store, former.flaws, former.head.count) == ("", (), 8)
    assert (own.store, own.flaws, own.head.count) == ("shop", (), 2)
    told = run("audit", "log", "--state-dir", tmp_path, env={"RECONCILER_KEY": KEY.decode()})
    assert len(told.out.splitlines()) == 10
    assert "shop goes on after 8 lines of the former trail" in told.out
    assert told.err == ""

    rows = (tmp_path / "audit.jsonl").read_bytes().splitlines(keepends=True)
    for harmed in (rows[:7], []):
        (tmp_path / "audit.jsonl").write_bytes(b"".join(harmed))
        flaws = [flaw.what for one in prove_all(tmp_path, (OURS,)) for flaw in one.flaws]
        assert flaws == ["follows a trail audit.jsonl, which is gone or was cut off"]
    (tmp_path / "audit.jsonl").unlink()
    assert prove_all(tmp_path, (OURS,))[0].flaws
    first = json.loads(path.read_text().splitlines()[0])
    assert first["former"]["lines"] == 8
