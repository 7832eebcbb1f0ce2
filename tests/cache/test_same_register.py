"""Law: over histories of opt-outs what is remembered changes no plan and no line of the register.

One of two state folders belongs to runs with a cache, the other to runs without; whatever happens
to a register happens to both.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler import app
from reconciler.errors import JournalError
from reconciler.model.act import By, Said
from reconciler.model.consent import Channel
from reconciler.state.register_proof import compact
from tests.cache.specs import FEWER, Json, environment, later, planned, record, still, write
from tests.harness import Shop, consent, grant
from tests.registers import act, place_at, register_at, who

KEY: Final = "k" * 40
OTHER_KEY: Final = "o" * 40
_PEOPLE: Final = 3
_TIMES: Final = (None, "2026-07-01", "2026-08-01", "2026-09-01", "2026-11-01")
_WHEN: Final = "T00:00:00+00:00"
_said = st.fixed_dictionaries(
    {
        "state": st.sampled_from(
            ("subscribed", "subscribed", "unsubscribed", "unsubscribed", "not_subscribed")
        ),
        "at": st.sampled_from(_TIMES),
        "actor": st.sampled_from((None, "person", "person", "staff")),
    }
)
_person = st.fixed_dictionaries(
    {
        "email": _said,
        "sms": _said,
        "phone": st.sampled_from((None, "own", "shared", "shared")),
        "wants": st.sampled_from(("as it is", "as it is", "as it is", "other", "erased", "no one")),
        "named": st.booleans(),
        "there": st.sampled_from((*[True] * 5, False)),
    }
)
_EVENTS: Final = ("lost", "older", "cut", "compacted", "imported", "another key", "both keys")
_events = st.lists(st.sampled_from(_EVENTS), max_size=2)


@st.composite
def _histories(draw: st.DrawFn) -> list[tuple[list[Json], list[str], float]]:
    people = draw(st.lists(_person, min_size=_PEOPLE, max_size=_PEOPLE))
    found: list[tuple[list[Json], list[str], float]] = [(people, [], 0)]
    for _ in range(draw(st.integers(1, 3))):
        people = list(people)
        for _ in range(draw(st.integers(0, 2))):
            people[draw(st.integers(0, _PEOPLE - 1))] = draw(_person)
        found.append((people, draw(_events), draw(st.sampled_from((0, 1, 60)))))
    return found


def _email(number: int) -> str:
    return f"p{number}@example.com"


def _phone(number: int, one: Json) -> str | None:
    own = f"+861381234{number:04}"
    return {None: None, "own": own, "shared": "+8613812349999"}[one["phone"]]


def _consent(said: Json) -> Json:
    at = None if said["at"] is None else said["at"] + _WHEN
    return consent(said["state"], at, said["actor"])


def _records(people: list[Json]) -> list[Json]:
    return [
        record(
            _email(number),
            id=str(1000 + number),
            phone=_phone(number, one),
            consent={"email": _consent(one["email"]), "sms": _consent(one["sms"])},
        )
        for number, one in enumerate(people)
        if one["there"]
    ]


def _entries(people: list[Json]) -> Iterator[Json]:
    for number, one in enumerate(people):
        entry: Json = {"email": _email(number)}
        if one["wants"] == "erased":
            yield {**entry, "state": "absent", "reason": "erasure request 418"}
        elif one["wants"] != "no one":
            state = "subscribed" if one["wants"] == "other" else one["email"]["state"]
            wanted = {"email": grant() if state == "subscribed" else state}
            name = {"first_name": "Ada"} if one["named"] else {}
            yield {**entry, **name, **({} if state == "not_subscribed" else {"consent": wanted})}


class _Folder:
    """Where one of the two keeps its state; `before` are its registers as they were once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.before: list[bytes] = []

    @property
    def file(self) -> Path:
        return self.path / "opt-outs" / "shop.jsonl"

    @property
    def text(self) -> bytes:
        return self.file.read_bytes() if self.file.exists() else b""

    def meets(self, event: str, at: datetime) -> None:
        if event == "lost":
            self.file.unlink(missing_ok=True)
        elif event == "older" and self.before and self.file.exists():
            self.file.write_bytes(self.before[len(self.before) // 2])
        elif event == "cut" and self.file.exists():
            lines = self.text.splitlines(keepends=True)
            self.file.write_bytes(b"".join(lines[:1] + lines[2:]))
        elif event == "compacted" and self.file.exists():
            with suppress(JournalError):  # where it was cut before
                compact(place_at(self.path, KEY.encode(), OTHER_KEY.encode()), still(at))
        elif event == "imported":
            known = register_at(self.path, KEY.encode(), OTHER_KEY.encode(), clock=still(at))
            said = act(Said.OUT, datetime(2026, 8, 15, tzinfo=UTC), by=By.IMPORT, seen=at)
            known.note([(who(_email(1)), said), (who("+8613812349999", Channel.SMS), said)])


def _run(
    shop: Shop, state: Path, folder: Path | None, told: Mapping[str, str], at: datetime
) -> Any:
    made = replace(environment(shop, None, key=KEY, at=at), folder=state)
    made = replace(made, variables={**made.variables, **told})
    run = made if folder is None else app.with_cache(made, shop.specs)
    return planned(shop, run)


@pytest.mark.parametrize("variant", ["genstore", "shoplazza", "shopline"])
@FEWER
@given(history=_histories())
def test_no_history_of_opt_outs_makes_what_is_remembered_count(
    shops: dict[str, Shop],
    tmp_path_factory: pytest.TempPathFactory,
    variant: str,
    history: list[tuple[list[Json], list[str], float]],
) -> None:
    shop = shops[variant]
    shop.policy, shop.settings = {}, {}
    home = tmp_path_factory.mktemp("cache")
    warm, cold = _Folder(home / "warm"), _Folder(home / "cold")
    told: dict[str, str] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(home))
        for people, events, days in history:
            entries = list(_entries(people))
            write(shop, {"part": {"customers": entries}} if entries else {})
            shop.reset(_records(people))
            at = later(days)
            for event in events:
                if event.endswith(("key", "keys")):
                    told = {"RECONCILER_REGISTER_KEY": OTHER_KEY}
                    if event == "both keys":
                        told["RECONCILER_REGISTER_KEYS_BEFORE"] = KEY
                for one in (warm, cold):
                    one.meets(event, at)

            # The same twice, so that the second can rest on all of the first.
            for _ in range(2):
                found = _run(shop, warm.path, home, told, at)
                assert found == _run(shop, cold.path, None, told, at)
                assert warm.text == cold.text
                for one in (warm, cold):
                    one.before.append(one.text)
    shutil.rmtree(home)


def _says(state: str, at: str | None = None, actor: str | None = None) -> Json:
    return {"state": state, "at": at, "actor": actor}


def _who(sms: Json, phone: str = "shared") -> Json:
    never = _says("not_subscribed")
    told = {"wants": "as it is", "named": False, "there": True}
    return {"email": never, "sms": sms, "phone": phone, **told}


_YES: Final = _says("subscribed", "2026-09-01", "person")
_NO: Final = _says("unsubscribed", "2026-08-01", "person")


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([[_YES, _NO]], id="seen before the no of another was noted"),
        pytest.param([[_YES, None], [_YES, _NO]], id="recalled while the no was noted"),
    ],
)
def test_whoever_shares_a_number_with_somebody_new_is_heard_again(
    shops: dict[str, Shop],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    steps: list[list[Json | None]],
) -> None:
    """What they show counts only once the other's no is known, and clears nothing beside it."""
    shop = shops["shoplazza"]
    shop.policy, shop.settings = {}, {}
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    warm, cold = _Folder(tmp_path / "warm"), _Folder(tmp_path / "cold")
    for hour, step in enumerate(one for one in steps for _ in range(3)):
        people = [_who(one) for one in step if one is not None]
        write(shop, {"part": {"customers": list(_entries(people))}})
        shop.reset(_records(people))
        at = later(hour / 24)
        found = _run(shop, warm.path, tmp_path, {}, at)
        assert found == _run(shop, cold.path, None, {}, at)
        assert warm.text == cold.text
    told = [json.loads(line) for line in warm.text.splitlines()]
    assert [one["state"] for one in told if one["channel"] == "sms"] == ["out", "shown"]


@pytest.mark.parametrize("variant", ["genstore", "shopline"])
def test_an_opt_out_that_is_dated_ahead_is_noted_with_its_time_when_that_has_come(
    shops: dict[str, Shop], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variant: str
) -> None:
    shop = shops[variant]
    shop.policy, shop.settings = {}, {}
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    warm, cold = _Folder(tmp_path / "warm"), _Folder(tmp_path / "cold")
    people = [{**_who(_says("subscribed")), "email": _says("unsubscribed", "2026-11-23")}]
    write(shop, {"part": {"customers": list(_entries(people))}})
    shop.reset(_records(people))
    for days in (0, 0, 1, 60, 60):
        found = _run(shop, warm.path, tmp_path, {}, later(days))
        assert found == _run(shop, cold.path, None, {}, later(days))
        assert warm.text == cold.text
    assert b'"at":"2026-11-2' in warm.text


def test_a_yes_in_the_second_of_a_no_is_noted_when_it_is_seen_later(
    shops: dict[str, Shop], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = shops["genstore"]
    shop.policy, shop.settings = {}, {}
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    warm, cold = _Folder(tmp_path / "warm"), _Folder(tmp_path / "cold")
    for state, days in (("unsubscribed", 0), ("subscribed", 0), ("subscribed", 60)):
        people = [{**_who(_says("subscribed")), "email": _says(state)}]
        write(shop, {"part": {"customers": list(_entries(people))}})
        shop.reset(_records(people))
        found = _run(shop, warm.path, tmp_path, {}, later(days))
        assert found == _run(shop, cold.path, None, {}, later(days))
        assert warm.text == cold.text
    assert b'"shown"' in warm.text
