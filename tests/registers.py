"""A register with a key of its own, and what is said in it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reconciler.clock import Clock
from reconciler.model.act import Act, By, Doer, Said, Sure
from reconciler.model.consent import Channel
from reconciler.model.pseudonyms import Pseudonyms
from reconciler.model.register import Person
from reconciler.state.register import Place, RegisterFile
from tests.harness import KEY, quick_clock

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def place_at(folder: Path, *keys: bytes, store: str = "shop") -> Place:
    named = [Pseudonyms(one) for one in keys or (KEY,)]
    return Place(
        folder=folder / "opt-outs",
        state=folder,
        store=store,
        controller=store,
        keys={one.name: one for one in named},
    )


def register_at(
    folder: Path,
    *keys: bytes,
    store: str = "shop",
    clock: Clock | None = None,
    proven: bool = False,
) -> RegisterFile:
    place = place_at(folder, *keys, store=store)
    return RegisterFile(place, clock or quick_clock(), proven=proven)


def who(contact: str | None, channel: Channel = Channel.EMAIL, alias: str | None = None) -> Person:
    return Person(channel=channel, contact=contact, customer=alias)


def act(said: Said = Said.OUT, at: datetime | None = None, **values: Any) -> Act:
    told: dict[str, Any] = {
        "said": said,
        "at": at,
        "sure": Sure.NOT_TOLD if at is None else Sure.SECOND,
        "seen": NOW,
        "doer": Doer.PERSON,
        "by": By.READING,
        "store": "shop",
        **values,
    }
    return Act(**told)
