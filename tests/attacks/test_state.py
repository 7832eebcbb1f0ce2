"""The state folder goes away, or there are two: nothing is written that no journal keeps."""

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler import app
from reconciler.app.environment import shop_of
from reconciler.apply.cancellation import Cancellation
from reconciler.cli.options import write_private
from reconciler.clock import system_clock
from reconciler.errors import JournalError
from reconciler.plan.effort import MOST_TOGETHER
from reconciler.plan.outcome import ApplyResult, State
from reconciler.planfile.approve import approve
from reconciler.planfile.decode import decode
from reconciler.state.lock import one_writer
from tests.builders import settings
from tests.harness import KEY, VARIANTS, Shop, opened, person, states
from tests.program import run

PEOPLE = 16


@pytest.fixture(params=VARIANTS)
def shop(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Shop]:
    people = [person(f"c{number}@example.com") for number in range(PEOPLE)]
    with opened(tmp_path, request.param, people) as made:
        made.settings = {"rate": {"per_second": 1, "burst": 1}}  # one after the other
        made.want(
            *({"email": f"c{number}@example.com", "tags": ["vip"]} for number in range(PEOPLE))
        )
        yield made


def writes(shop: Shop) -> int:
    return sum("vip" in one["tags"] for one in shop.box.customers())


def _removed(folder: Path) -> None:
    gone = folder.with_name("gone")  # at once: others write into it meanwhile
    folder.rename(gone)
    shutil.rmtree(gone)


def _replaced(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))
    shutil.copytree(folder.with_name("elsewhere"), folder, dirs_exist_ok=True)


def _emptied(folder: Path) -> None:
    _removed(folder)
    folder.mkdir(mode=0o700, exist_ok=True)


def _without_journals(folder: Path) -> None:
    _removed(folder / "journals")


def _without_trail(folder: Path) -> None:
    (folder / "audit" / "shop.jsonl").unlink()


@pytest.mark.parametrize("harm", [_removed, _replaced, _emptied, _without_journals, _without_trail])
def test_the_apply_stops_before_the_next_write(shop: Shop, harm: Callable[[Path], None]) -> None:
    folder = shop.folder / ".reconciler"
    body = shop.plan(read="full")
    state = shop.state()
    ended: list[Any] = []

    def progress(outcome: Any) -> None:
        ended.append(outcome)
        if len(ended) == 2:
            harm(folder)

    result = _applied(shop, body, state, progress)

    # The first is read back alone; two writers may be on their way then, with five each.
    assert 2 <= writes(shop) <= 1 + 2 * MOST_TOGETHER
    assert not result.complete
    # A thread may be inside of the folder when it goes.
    said = ("was removed or replaced while", "cannot be written")
    assert any(one in result.stores[0].stopped for one in said)
    assert states(result).count(State.NOT_REACHED) >= 2


def _applied(shop: Shop, body: Any, state: Any, progress: Callable[[Any], None]) -> ApplyResult:
    order = app.ApplyRequest(
        plan=decode(body),
        commitment=approve(decode(body)),
        state=state,
        only=(),
        environment=shop.environment,
        pseudonyms=shop.pseudonyms,
        control=Cancellation(),
        progress=progress,
    )
    return app.apply(order)


def test_two_folders_of_one_machine_exclude_each_other(shop: Shop, tmp_path: Path) -> None:
    body = shop.plan(read="full")
    refused: list[str] = []

    def progress(outcome: Any) -> None:
        if len(refused) == 2:  # each waits for a while
            return
        other = replace(shop.environment, folder=tmp_path / "other")
        order = app.ApplyRequest(
            plan=decode(body),
            commitment=approve(decode(body)),
            state=shop.state(),
            only=(),
            environment=other,
            pseudonyms=shop.pseudonyms,
            control=Cancellation(),
        )
        with pytest.raises(JournalError, match="another apply is writing to the shop") as told:
            app.apply(order)
        refused.append(str(told.value))

    assert _applied(shop, body, shop.state(), progress).complete
    assert len(refused) == 2


@pytest.mark.parametrize(
    "url", [None, "https://acme.genmystore.com", "https://acme.genmystore.com:443"]
)
def test_one_shop_is_one_however_its_address_is_written(tmp_path: Path, url: str | None) -> None:
    environment = app.Environment(clock=system_clock(), variables={}, folder=tmp_path)
    named = replace(settings(), platform="genstore", shop="acme", base_url=url)

    assert shop_of(named, environment) == "genstore acme.genmystore.com 443 acme"


def test_what_waits_in_the_place_of_an_unfinished_file_is_left_alone(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    for number in range(os.getpid() - 50, os.getpid() + 50):
        (tmp_path / f".plan.json.{number}").symlink_to(victim)
    write_private(tmp_path / "plan.json", "text")

    assert victim.read_text() == "precious"
    assert (tmp_path / "plan.json").read_text() == "text"
    assert stat.S_IMODE((tmp_path / "plan.json").stat().st_mode) == 0o600
    assert not [
        one for one in tmp_path.iterdir() if not one.is_symlink() and one.name.startswith(".")
    ]


def test_other_shops_are_not_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with (
        one_writer(tmp_path / "a", "x", "genstore https://acme.genmystore.com acme"),
        one_writer(tmp_path / "b", "x", "genstore https://other.genmystore.com other"),
        pytest.raises(JournalError),
        one_writer(tmp_path / "c", "y", "genstore https://acme.genmystore.com acme"),
    ):
        pass


def test_a_runtime_folder_of_somebody_else_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "reconciler").symlink_to(tmp_path / "elsewhere")
    with one_writer(tmp_path / "a", "x", "shop"):
        assert list((tmp_path / "elsewhere").iterdir()) == []


STRANGE: dict[str, Callable[[Path], object]] = {
    "a journal that is a folder": lambda state: (state / "journals" / "x.shop.jsonl").mkdir(
        parents=True
    ),
    "a journal that is a link": lambda state: _link(state / "journals" / "x.shop.jsonl"),
    "a holder that is a link": lambda state: _link(state / "locks" / "shop.holder"),
    "a trail that is a link": lambda state: _link(state / "audit" / "shop.jsonl"),
    "a trail that is a folder": lambda state: (state / "audit" / "shop.jsonl").mkdir(parents=True),
    "a trail that is a pipe": lambda state: _pipe(state / "audit" / "shop.jsonl"),
    "a former trail that is a link": lambda state: _link(state / "audit.jsonl"),
    "a former trail that is a folder": lambda state: (state / "audit.jsonl").mkdir(),
    "trails that are a link": lambda state: _link(state / "audit", folder=True),
    "opt-outs that are a link": lambda state: _link(state / "opt-outs" / "shop.jsonl"),
    "finished journals that are a link": lambda state: _link(
        state / "journals" / "finished", folder=True
    ),
    "locks that are a link": lambda state: _link(state / "locks", folder=True),
    "journals that are a link": lambda state: _link(state / "journals", folder=True),
    "plans that are a link": lambda state: _link(state / "plans", folder=True),
    "journals that are a file": lambda state: (state / "journals").write_text("x"),
    "a state folder that is a link": lambda state: _link(state, folder=True),
    "a state folder that is a file": lambda state: state.write_text("x"),
}


def _pipe(path: Path) -> None:
    path.parent.mkdir(parents=True)
    os.mkfifo(path)


def _link(path: Path, *, folder: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    victim = (
        path.parents[2] / "victim"
        if path.parents[1].name == ".reconciler"
        else path.parent.parent / "victim"
    )
    victim.mkdir() if folder else victim.write_text("precious")
    path.symlink_to(victim)


@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_state_folder_is_not_used(tmp_path: Path, name: str) -> None:
    with opened(tmp_path / "a" / "b", "shopline", [person()]) as shop:
        shop.want({"email": "ada@example.com", "first_name": "New"})
        state = shop.folder / ".reconciler"
        if "state folder" not in name:
            state.mkdir()
        STRANGE[name](state)
        env = {"TOKEN": shop.box.token, "RECONCILER_KEY": KEY.decode()}
        for words in (
            ["plan"],
            ["apply", "--yes"],
            ["apply", "--resume"],
            ["audit", "log"],
            ["audit", "verify"],
        ):
            done = run(*words, "--specs", shop.specs, env=env)
            assert done.code == 1, done.everything
            assert "the state folder is not used" in done.err
        assert shop.live("ada@example.com")["first_name"] == "Ada"
    for victim in tmp_path.rglob("victim"):
        assert victim.read_text() == "precious" if victim.is_file() else not list(victim.iterdir())


ODD_LINES = (
    "[" * 100_000,
    "5",
    '{"event":[]}',
    '{"event":"written","customer":"c","before":5,"after":5}',
    '{"event":"ended","step":{},"state":"done","collateral":0}',
    '{"event":"opened","customer":{},"out_by_person":["email"]}',
    '{"event":"opened","out_by_person":["' + '","a":' + "[" * 9999,
    '{"number":1,"seal":"\\ud800","event":5,"lifts":5,"who":5}',
    '{"number":1,"seal":"x","event":"step","fields":5,"at":5}',
    '{"number":' + "9" * 4000 + ',"seal":"x","event":"ended","states":5}',
    '{"number":1,"seal":"x","a":' + "[" * 970 + "]" * 970 + "}",
)


@pytest.mark.parametrize("line", ODD_LINES, ids=range(len(ODD_LINES)))
def test_odd_lines_are_told_of(tmp_path: Path, line: str) -> None:
    with opened(tmp_path, "shopline", [person()]) as shop:
        shop.want({"email": "ada@example.com", "first_name": "New"})
        state = shop.folder / ".reconciler"
        for name in ("journals/x.shop.jsonl", "audit.jsonl", "audit/shop.jsonl"):
            (state / name).parent.mkdir(parents=True, exist_ok=True)
            (state / name).write_text(line + "\n")
        env = {"TOKEN": shop.box.token, "RECONCILER_KEY": KEY.decode()}
        for words in (
            ["plan"],
            ["apply", "--yes"],
            ["apply", "--resume"],
            ["audit", "log"],
            ["audit", "log", "--format", "json"],
            ["audit", "verify"],
            ["explain", "ada@example.com"],
        ):
            done = run(*words, "--specs", shop.specs, env=env)
            assert done.code in (0, 1, 4, 5), done.everything
