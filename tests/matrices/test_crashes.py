"""Whatever dies, and whenever, `--resume` ends with every approved change done exactly once."""

from collections.abc import Iterator

import pytest

from tests.harness import VARIANTS
from tests.matrices.crashes import PLACES, Scene, scene
from tests.matrices.launcher import KILLED, Launcher, launcher


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    with launcher(tmp_path_factory.mktemp("launcher")) as found:
        yield found


@pytest.fixture(params=VARIANTS, scope="module")
def stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, starter: Launcher
) -> Iterator[Scene]:
    with scene(tmp_path_factory.mktemp("crash"), request.param, starter) as found:
        yield found


def test_a_kill_is_resumed_to_the_same_store(stage: Scene) -> None:
    """Every thirty-first point here; the slow one below takes all of them."""
    for point in list(stage.points())[::31]:
        verdict = stage.judge(point)
        assert verdict.right, (point, verdict)


@pytest.mark.slow
def test_a_kill_at_every_point_is_resumed_to_the_same_store(stage: Scene) -> None:
    for point in stage.points():
        verdict = stage.judge(point)
        assert verdict.right, (point, verdict)


@pytest.mark.parametrize("where", ["full", "short"])
def test_a_full_disk_stops_the_store_and_is_resumed(stage: Scene, where: str) -> None:
    for line in range(1, stage.lines, 11):
        run = stage.fresh()
        broken = stage.apply(run, trouble={"line": line, "where": where})
        assert broken.code == (1 if line == 1 else 4), (line, broken)
        assert "no space left" in (broken.out + broken.err).lower()
        assert stage.verdict(stage.apply(run, "--resume")).right


@pytest.mark.parametrize("number", [22, 95, 38])
def test_a_machine_that_cannot_sync_applies_all_the_same(stage: Scene, number: int) -> None:
    done = stage.apply(stage.fresh(), trouble={"sync": number})

    assert done.code == 0
    assert stage.verdict(done).right


def test_a_sync_that_fails_stops_the_store(stage: Scene) -> None:
    broken = stage.apply(stage.fresh(), trouble={"sync": 5})

    assert broken.code == 1
    assert "cannot be written" in broken.err


def test_a_read_only_folder_is_told_before_anything_is_written(stage: Scene) -> None:
    run = stage.fresh()
    writes = stage.writes_so_far()

    refused = stage.apply(run, trouble={"readonly": str(stage.folder / run)})

    assert refused.code == 1
    assert "cannot be written" in refused.err
    assert "read-only" in refused.err
    assert stage.writes_so_far() == writes


def test_a_journal_cut_anywhere_in_its_last_line_is_resumed(stage: Scene) -> None:
    for cut in range(1, 120, 59):
        run = stage.fresh()
        middle = stage.lines // 2
        assert stage.apply(run, trouble={"line": middle, "where": "synced"}).code == KILLED
        journal = stage.journal(run)
        content = journal.read_bytes()
        journal.write_bytes(content[: max(len(content) - cut, content[:-1].rfind(b"\n") + 1)])

        assert stage.verdict(stage.apply(run, "--resume")).right


def test_a_second_apply_is_refused_and_the_holder_named(stage: Scene, starter: Launcher) -> None:
    run = stage.fresh()
    holder, refused = stage.beside(run)

    assert refused.code == 1
    assert f"another apply is writing to the shop of store shop (process {holder})" in refused.err
    first = starter.end()
    assert first.code == 0
    assert stage.verdict(first).right


def test_the_places_are_all_there(stage: Scene) -> None:
    """A matrix over nothing would be green: each kind of step is in the scene."""
    told = {point.where for point in stage.points()}

    assert set(PLACES) < told
    assert stage.lines > 15
    expected = {"withdraw", "tag", "profile", "create", "grant"}
    assert expected <= set(stage.kinds)
