"""What a receipt of a reading tells of entries and of whom, and that it opens as it was sealed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cache import receipt
from reconciler.cache.receipt import (
    OVERLAP,
    UNSETTLED,
    KnownReading,
    Marks,
    Row,
    StoreReceipt,
    opened,
    packed,
    row_of,
    sealed,
)
from reconciler.errors import ConfigError
from reconciler.model.customer import DesiredCustomer
from reconciler.model.tags import TagIntent
from tests.builders import NOW, desired
from tests.harness import KEY

MARKS: Final = Marks(KEY, "shop")
EMPTY: Final = StoreReceipt(rests_on="x", began=NOW, at=NOW, runs=0, noted="", rows=b"")
ADA: Final = desired(tags=TagIntent(present=("vip",)))


def known(*rows: tuple[bytes, Row]) -> KnownReading:
    return KnownReading(replace(EMPTY, rows=packed(rows)), MARKS)


def settled(entry: DesiredCustomer, remote_id: str = "1") -> tuple[bytes, Row]:
    return MARKS.names(entry), row_of(entry, remote_id, MARKS, settled=True)


def test_who_was_as_wanted_stands_and_by_which_record_is_known() -> None:
    told = known(settled(ADA), settled(desired("bo@example.com"), "2"))

    assert (told.stands(ADA), told.record(ADA)) == (True, MARKS.record("1"))
    assert not told.stands(replace(ADA, tags=TagIntent(present=("b2b",))))
    assert not told.stands(desired("new@example.com"))
    assert told.record(desired("new@example.com")) is None
    assert told.since == NOW - OVERLAP


def test_of_two_who_are_named_as_one_neither_is_known() -> None:
    told = known(settled(ADA, "1"), settled(ADA, "2"), settled(desired("bo@example.com"), "3"))

    assert (told.stands(ADA), told.record(ADA)) == (False, None)
    assert told.stands(desired("bo@example.com"))


def test_who_has_no_room_in_a_receipt_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipt, "MOST", 3)
    entries = [desired(f"p{number}@example.com") for number in range(5)]
    told = known(*map(settled, entries))

    assert sum(map(told.stands, entries)) == 3


# What is asked of an entry and does not stand in it.
MORE: Final[dict[str, Callable[[DesiredCustomer], DesiredCustomer]]] = {
    "to be gone": lambda entry: replace(entry, absent=True),
    "named by an earlier revision alone": lambda entry: replace(entry, departed=True),
    "tags that the files gave once": lambda entry: replace(entry, left_tags=("old",)),
    "named by no entry": lambda entry: replace(entry, unnamed=True),
}


@pytest.mark.parametrize("more", MORE)
def test_of_whom_more_is_asked_than_the_entry_tells_does_not_stand(more: str) -> None:
    entry = MORE[more](ADA)
    meant = Row(MARKS.meaning(entry), MARKS.record("1"))

    assert not known((MARKS.names(entry), meant)).stands(entry), "whatever the receipt says"
    assert row_of(entry, "1", MARKS, settled=True) == Row(UNSETTLED, MARKS.record("1"))


_TIMES: Final = st.timedeltas(timedelta(-10_000), timedelta(10_000)).map(NOW.__add__)
_RECEIPTS: Final = st.builds(
    StoreReceipt,
    rests_on=st.text(),
    began=_TIMES,
    at=_TIMES,
    runs=st.integers(0, 100),
    noted=st.text(),
    rows=st.binary(max_size=200),
)


@given(stores=st.dictionaries(st.text(), _RECEIPTS, max_size=4))
def test_a_receipt_opens_as_it_was_sealed(stores: dict[str, StoreReceipt]) -> None:
    assert opened(sealed(stores, KEY), KEY) == stores


@given(stores=st.dictionaries(st.text(), _RECEIPTS, min_size=1, max_size=2), data=st.data())
def test_a_receipt_that_was_changed_anywhere_is_none(
    stores: dict[str, StoreReceipt], data: st.DataObject
) -> None:
    text = sealed(stores, KEY)
    at = data.draw(st.integers(0, len(text) - 1))
    changed = text[:at] + bytes([text[at] ^ data.draw(st.integers(1, 255))]) + text[at + 1 :]

    for wrong, key in ((changed, KEY), (text[:at], KEY), (text, KEY + b"?")):
        with pytest.raises(ConfigError, match="no receipt"):
            opened(wrong, key)


@pytest.mark.parametrize("more", [0, 39, 40, 125, 399, 400, 700, 1_000, 1_279, 1_280, 5_000])
def test_what_may_be_kept_may_be_opened(monkeypatch: pytest.MonkeyPatch, more: int) -> None:
    """Of stores that have no room together the largest tell less: whoever is not told of is
    looked up.
    """
    rows = packed(settled(desired(f"p{number}@example.com")) for number in range(20))
    sizes = {"all": 800, "few": 80, "more": 400}
    stores = {name: replace(EMPTY, rows=rows[:size]) for name, size in sizes.items()}
    least = len(sealed(stores, KEY)) - sum(sizes.values())
    monkeypatch.setattr(receipt, "LARGEST", least + more)

    text = sealed(stores, KEY)
    found = {name: one.rows for name, one in opened(text, KEY).items()}

    assert all(rows.startswith(one) and len(one) % 40 == 0 for one in found.values())
    lengths = {name: len(one) for name, one in found.items()}
    assert min(sum(sizes.values()), more) - sum(lengths.values()) <= 3 * 40, "no more is left out"
    assert lengths["few"] == min(80, lengths["more"]), "the smallest is cut last"
    assert lengths["more"] == min(400, lengths["all"])
