"""Writes that share a reading back: how many, whose, what is found in it, and what a kill leaves."""

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.apply.cancellation import Cancellation
from reconciler.apply.proofs import Proofs
from reconciler.model.customer import LiveCustomer
from reconciler.model.personal import Personal
from reconciler.model.tags import TagIntent
from reconciler.plan.changes import FieldChange
from reconciler.plan.customer import plan_customer
from reconciler.plan.outcome import State
from reconciler.plan.steps import StepKind
from reconciler.sandbox import Fault
from tests.apply.test_recheck import RULES
from tests.builders import desired, live
from tests.harness import PLATFORMS, Killed, Shop, consent, opened, person, states, told

COUNT = 11
NAMES = [f"c{number:02}@example.com" for number in range(COUNT)]
YES = {"email": consent("subscribed"), "sms": consent()}
NEW = {"first_name": "New"}
# One writer, whose parts are as large as they get.
SLOW = {"rate": {"per_second": 3, "burst": 1000}}


def crowd(**fields: Any) -> list[dict[str, Any]]:
    return [person(name, id=f"{1000000000 + at}", **fields) for at, name in enumerate(NAMES)]


def wanted(shop: Shop, change: dict[str, Any], names: Iterable[str] = NAMES) -> Any:
    """The approved plan, nothing of whose requests is counted."""
    shop.want(*({"email": name, **change} for name in names))
    body = shop.plan()
    shop.box.forget_requests()
    return body


def calls(shop: Shop) -> Counter[str]:
    """Readings of one, readings of several and writes."""
    return Counter(
        "PUT" if one.method == "PUT" else "several" if "ids" in one.query else "one"
        for one in shop.box.requests
    )


def ids_put(shop: Shop) -> Counter[str]:
    paths = [one.path for one in shop.box.requests if one.method == "PUT"]
    return Counter(path.rpartition("/")[2].removesuffix(".json") for path in paths)


@pytest.mark.parametrize(
    ("variant", "change", "consents", "expected"),
    [
        # The first alone; the others in two parts, read again and back at once.
        ("shopline", NEW, {}, {"one": 2, "several": 4}),
        ("shopline", NEW, {"consent": YES}, {"one": 2, "several": 4}),
        (
            "shopline",
            {"consent": {"email": "unsubscribed"}},
            {"consent": YES},
            {"one": 2, "several": 4},
        ),
        # The list of tags goes as a whole, so each is read right before.
        ("shopline", {"tags": {"add": ["vip"]}}, {}, {"one": 12, "several": 2}),
        ("genstore", NEW, {}, {"one": 12, "several": 2}),
        ("shoplazza", NEW, {}, {"one": 12, "several": 2}),
        # A yes would go along, or might be raised by being left out.
        ("genstore", NEW, {"consent": YES}, {"one": 22}),
        ("shoplazza", NEW, {"consent": YES}, {"one": 22}),
    ],
)
def test_what_writes_share(
    tmp_path: Path,
    variant: str,
    change: dict[str, Any],
    consents: dict[str, Any],
    expected: dict[str, int],
) -> None:
    with opened(tmp_path, variant, crowd(**consents)) as shop:
        body = wanted(shop, change)
        result = shop.apply(body)

    assert result.complete, told(result)
    assert calls(shop) == {"PUT": COUNT, **expected}
    assert result.stores[0].requests == COUNT + sum(expected.values())


def test_of_two_kinds_each_is_first_read_back_alone(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", crowd()) as shop:
        shop.settings = SLOW
        changes = [NEW if at < 6 else {"last_name": "New"} for at in range(COUNT)]
        shop.want(*({"email": name, **one} for name, one in zip(NAMES, changes, strict=True)))
        body = shop.plan()
        shop.box.forget_requests()

        assert shop.apply(body).complete
        assert calls(shop) == {"PUT": COUNT, "several": 4, "one": 3}


@pytest.mark.parametrize("platform", ["genstore", "shopline"])
def test_a_store_that_replaces_costs_one_record_also_where_the_first_had_nothing_to_lose(
    tmp_path: Path, platform: str
) -> None:
    people = [
        {**one, "last_name": None, "tags": [], **({"note": "kept"} if at > 2 else {})}
        for at, one in enumerate(crowd())
    ]
    with opened(tmp_path, platform, people, {"put": "replace"}) as shop:
        shop.settings = SLOW
        body = wanted(shop, NEW)
        result = shop.apply(body)
        lost = sum(one["note"] is None for one in shop.box.customers()[3:])

    # Genstore is sent the whole record, so that nothing is left out.
    assert lost == (1 if platform == "shopline" else 0)
    assert result.complete == (platform == "genstore")


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_loss_in_a_shared_reading_stops_the_store_and_is_told_of_the_right_customer(
    tmp_path: Path, platform: str
) -> None:
    with opened(tmp_path, platform, crowd()) as shop:
        shop.settings = SLOW
        body = wanted(shop, NEW)
        in_order = sorted(body["changes"], key=lambda one: str(one["customer"]))
        victim = in_order[3]
        shop.box.fault(
            Fault(
                "edit_after",
                method="PUT",
                nth=4,
                edit=lambda box: box.edit(victim["remote_id"], last_name=None),
            )
        )
        result = shop.apply(body)

    outcomes = result.stores[0].outcomes
    assert [one.step.change.alias for one in outcomes if one.collateral] == [victim["customer"]]
    assert states(result) == [State.DONE] * 6 + [State.NOT_REACHED] * 5
    assert "the last name was emptied" in result.stores[0].stopped
    assert sum(ids_put(shop).values()) == 6


@pytest.mark.parametrize(
    ("platform", "lists"),
    [
        *((platform, {"list_delay": "60"}) for platform in PLATFORMS),
        ("shopline", {"list_tells": "no consents"}),
    ],
)
def test_where_lists_tell_late_or_less_each_is_read_by_itself_and_soon_nothing_is_shared(
    tmp_path: Path, platform: str, lists: dict[str, str]
) -> None:
    with opened(tmp_path, platform, crowd(), lists) as shop:
        shop.settings = SLOW
        body = wanted(shop, NEW)
        result = shop.apply(body)

    assert result.complete, told(result)
    found = calls(shop)
    assert found["PUT"] == COUNT
    assert found["several"] <= 3  # one reading back, and what is read again before
    assert all(one["first_name"] == "New" for one in shop.box.customers())


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_store_that_reads_no_batches_is_read_one_by_one(tmp_path: Path, platform: str) -> None:
    with opened(tmp_path, platform, crowd()) as shop:
        body = wanted(shop, NEW)
        shop.box.fault(
            Fault("status", method="GET", path=r"customers(\.json)?$", status=400, times=99)
        )

        assert shop.apply(body).complete


def test_a_store_that_closes_before_the_shared_reading_is_left_at_once(tmp_path: Path) -> None:
    with opened(tmp_path, "genstore", crowd()) as shop:
        shop.settings = SLOW
        body = wanted(shop, NEW)
        shop.box.fault(Fault("status", method="GET", path="customers$", status=423, times=99))
        result = shop.apply(body)

    # One alone, five that could not be read back, and nothing after that.
    expected = [State.DONE] + [State.UNVERIFIED] * 5 + [State.NOT_REACHED] * 5
    assert states(result) == expected
    assert calls(shop) == {"PUT": 6, "several": 1, "one": 7}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_an_interrupt_among_shared_writes_reads_back_what_was_sent(
    tmp_path: Path, platform: str
) -> None:
    control = Cancellation()
    interrupt = Fault("edit_after", method="PUT", nth=3, edit=lambda _: control.interrupted.set())
    with opened(tmp_path, platform, crowd()) as shop:
        shop.settings = SLOW
        body = wanted(shop, NEW)
        shop.box.fault(interrupt)
        result = shop.apply(body, control=control)
        assert states(result) == [State.DONE] * 3 + [State.NOT_REACHED] * 8

        assert shop.apply(body, resume=True).complete
        assert set(ids_put(shop).values()) == {1}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_kill_at_any_line_among_shared_writes_is_resumed_and_each_is_sent_once(
    tmp_path: Path, platform: str
) -> None:
    for dies_after in range(2, 40, 3):
        with opened(tmp_path / str(dies_after), platform, crowd()) as shop:
            shop.settings = SLOW
            body = wanted(shop, NEW)
            with suppress(Killed):
                shop.apply(body, dies_after=dies_after)
            noted = shop.journal().count('"event":"intended"')
            sent = sum(ids_put(shop).values())

            assert sent <= noted, "a write was sent that nobody would look for"
            assert shop.apply(body, resume=True).complete
            assert all(one["first_name"] == "New" for one in shop.box.customers())
            assert set(ids_put(shop).values()) == {1}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_one_refused_among_shared_writes_fails_alone(tmp_path: Path, platform: str) -> None:
    with opened(tmp_path, platform, crowd()) as shop:
        shop.settings = SLOW
        body = wanted(shop, NEW)
        shop.box.fault(Fault("status", method="PUT", nth=4, status=422))
        result = shop.apply(body)

    expected = [State.DONE] * COUNT
    expected[3] = State.FAILED
    assert states(result) == expected


BARE = live(first_name="Ada")


def _written(entry: Any, record: LiveCustomer) -> tuple[FieldChange, ...]:
    change = plan_customer(entry, record, RULES).change
    assert change is not None
    return change.fields


RENAME = _written(desired(first_name="New"), BARE)


@pytest.mark.parametrize(
    ("record", "covered"),
    [
        (BARE, True),
        (replace(BARE, note=None), True),
        (live(first_name="Ada", note="kept"), False),
        (live(first_name="Ada", tags=("app:x",)), False),
        (live(first_name="Ada", other=(("gender", Personal("1")),)), False),
        (live(first_name="Ada", consent={"email": "subscribed"}), False),
    ],
    ids=["alike", "with less", "a note", "a tag", "something unmanaged", "another consent"],
)
def test_a_proof_covers_what_was_seen_to_be_spared(record: LiveCustomer, covered: bool) -> None:
    proofs = Proofs()
    proofs.add(StepKind.UPDATE, RENAME, BARE)

    assert proofs.cover(StepKind.UPDATE, RENAME, record) is covered


def test_a_proof_is_of_one_kind_of_write() -> None:
    proofs = Proofs()
    proofs.add(StepKind.UPDATE, RENAME, BARE)
    emptied = _written(replace(desired(), scalars=(("first_name", None),)), BARE)
    tags = live(tags=("vip",))

    assert not proofs.cover(StepKind.UPDATE, _written(desired(last_name="N"), BARE), BARE)
    assert not proofs.cover(StepKind.WITHDRAW, RENAME, BARE)
    assert not proofs.cover(StepKind.UPDATE, emptied, BARE)
    proofs.add(StepKind.UPDATE, _written(desired(tags=TagIntent(present=("new",))), tags), tags)
    assert not proofs.cover(
        StepKind.UPDATE, _written(desired(tags=TagIntent(absent=("vip",))), tags), tags
    )


def test_no_proof_holds_once_lists_told_less() -> None:
    proofs = Proofs()
    proofs.add(StepKind.UPDATE, RENAME, BARE)
    proofs.distrust_lists()

    assert not proofs.cover(StepKind.UPDATE, RENAME, BARE)
