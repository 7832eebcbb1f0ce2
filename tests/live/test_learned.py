"""What a reading learns of a store comes with the records and pages, and nobody is asked for it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler import app
from reconciler.app.exporting import Export
from reconciler.live.view import View
from reconciler.model.consent import Channel, ConsentState
from reconciler.model.customer import NOTHING_LEARNED, Learned
from reconciler.platforms.base import Found, Page
from reconciler.platforms.lookup import sort_out
from tests.builders import REGION, live, named
from tests.harness import consent, opened, person

OUT = (Channel.EMAIL, ConsentState.UNSUBSCRIBED)
FIRST = Learned(words=((*OUT, "NO"),))


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        (NOTHING_LEARNED, FIRST),
        (FIRST, FIRST),
        (Learned(words=((*OUT, "UNSUBSCRIBED"),)), Learned(words=((*OUT, "UNSUBSCRIBED"),))),
        (Learned(day_first=True), replace(FIRST, day_first=True)),
    ],
)
def test_of_two_words_for_one_state_the_later_counts(later: Learned, expected: Learned) -> None:
    assert FIRST.then(later) == expected


def test_whoever_answers_a_look_up_teaches_also_where_somebody_else_was_meant() -> None:
    stranger = replace(live("1", "b@example.com"), teaches=FIRST)
    (wanted,) = named(email="ada@example.com")

    found = sort_out([stranger], wanted, REGION, whole=True)
    view = View.of([], REGION)
    view.note(wanted, [found])

    assert found == Found(teaches=FIRST)
    assert view.learned == FIRST


def test_a_record_that_is_seen_again_still_teaches() -> None:
    view = View.of([], REGION)
    view.take_page(Page(customers=(live(),)))
    view.take_page(Page(customers=(replace(live(), teaches=FIRST),)))

    assert (view.learned, view.repeated) == (FIRST, 1)


@pytest.mark.parametrize("mode", ["full", "lookup"])
def test_the_receipt_tells_the_words_that_were_seen(tmp_path: Path, mode: str) -> None:
    out = person(consent={"email": consent("unsubscribed"), "sms": consent()})
    with opened(tmp_path, "genstore", [out], {"unsubscribed_word": "UN_SUBSCRIBED"}) as shop:
        shop.want({"email": "ada@example.com", "first_name": "New"})

        told = shop.plan(read=mode)["stores"][0]["receipt"]

    word = {"channel": "email", "state": "unsubscribed", "word": "UN_SUBSCRIBED"}
    assert word in told["words"]


@pytest.mark.parametrize(("order", "stable"), [("ascending", True), ("shuffled", False)])
def test_an_export_reads_again_what_did_not_come_in_a_stable_order(
    tmp_path: Path, order: str, *, stable: bool
) -> None:
    people = [person(f"c{number}@example.com") for number in range(3)]
    with opened(tmp_path, "genstore", people, {"list_order": order}) as shop:
        store = shop.state().stores[0]
        connection = app.open_store(store, shop.environment)
        pages = list(_pages(connection.client.scan()))
        export = Export(client=connection.client, store=store)
        "".join(export.pieces())
        connection.session.close()

    assert all(pages) is stable
    assert (export.customers, export.complete) == (3, True)


def _pages(scan: Iterator[Page]) -> Iterator[bool]:
    for page in scan:
        yield page.stable
