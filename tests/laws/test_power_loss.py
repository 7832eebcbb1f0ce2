"""The power goes at any line, and whatever was not synced by then is lost: a resume ends it."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness import VARIANTS, Killed, Shop, consent, grant, opened, person, told

Json = dict[str, Any]
_MOST_LINES = 80


class Disk:
    """How long each file was when it was last synced: that much of it outlives a loss of power."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._really = os.fsync
        self._sure: dict[int, int] = {}
        monkeypatch.setattr(os, "fsync", self._sync)

    def _sync(self, file: int) -> None:
        about = os.fstat(file)
        self._really(file)
        self._sure[about.st_ino] = about.st_size

    def lose_power(self, folder: Path) -> int:
        """How many bytes of journals, trails and opt-outs were lost."""
        lost = 0
        for path in folder.rglob("*.jsonl"):
            about = path.stat()
            sure = self._sure.get(about.st_ino, 0)
            lost += about.st_size - sure
            os.truncate(path, sure)
        return lost


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


@pytest.fixture(params=VARIANTS)
def shop(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Shop]:
    with opened(tmp_path, request.param) as made:
        yield made


def _begin(shop: Shop) -> Json:
    """A store with somebody for most kinds of step, and the plan of it."""
    shop.reset(
        [
            person("out@example.com", consent={"email": consent("subscribed"), "sms": consent()}),
            person("up@example.com", tags=["app:x", "old"]),
            person("in@example.com"),
            person("gone@example.com"),
        ]
    )
    wanted: list[Json] = [
        {"email": "out@example.com", "consent": {"email": "unsubscribed"}},
        {"email": "up@example.com", "first_name": "Up", "tags": {"add": ["vip"]}},
        {"email": "in@example.com", "last_name": "In", "tags": {"add": ["vip"]}},
        {"email": "new@example.com", "first_name": "New", "consent": {"email": grant()}},
        {"email": "plain@example.com", "last_name": "Plain"},
    ]
    if not shop.variant.startswith("shoplazza"):
        wanted.append({"email": "gone@example.com", "state": "absent", "reason": "asked"})
    shop.want(*wanted)
    return shop.plan()


def _truth(shop: Shop) -> dict[str, Json]:
    found = {}
    for one in shop.box.customers():
        assert one["email"] not in found, "somebody was made twice"
        states = {name: held and held["state"] for name, held in one["consent"].items()}
        kept = {name: one[name] for name in ("first_name", "last_name", "tags")}
        found[one["email"]] = {**kept, "tags": sorted(kept["tags"]), "consent": states}
    return found


def _lose_power_at(lines: range, shop: Shop, disk: Disk) -> None:
    assert shop.apply(_begin(shop)).complete
    expected = _truth(shop)
    lost = 0
    for line in lines:
        body = _begin(shop)
        try:
            shop.apply(body, dies_after=line)
        except Killed:
            lost += disk.lose_power(shop.folder / ".reconciler")
            resumed = shop.apply(body, resume=True)
            assert resumed.complete, (line, told(resumed))
            assert _truth(shop) == expected, line
        else:
            break

    assert lost, "nothing was ever at risk, so nothing was tried"


def test_a_resume_after_a_loss_of_power_ends_as_an_undisturbed_run(shop: Shop, disk: Disk) -> None:
    _lose_power_at(range(4, _MOST_LINES, 9), shop, disk)


@pytest.mark.slow
def test_a_resume_after_a_loss_of_power_at_every_line(shop: Shop, disk: Disk) -> None:
    _lose_power_at(range(_MOST_LINES), shop, disk)


def test_what_a_run_reports_as_done_outlives_a_loss_of_power(shop: Shop, disk: Disk) -> None:
    body = _begin(shop)
    assert shop.apply(body).complete

    assert disk.lose_power(shop.folder / ".reconciler") == 0
