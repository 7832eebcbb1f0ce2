"""Who says anything of a contact, and of whom anything was noted, without any contact kept."""

from datetime import UTC, datetime

import pytest

from reconciler.model.act import Act, By, Doer, Said, Sure
from reconciler.model.consent import Channel
from reconciler.model.register import Person
from reconciler.plan import sayers as sayers_
from reconciler.plan.sayers import Sayers

NOW = datetime(2026, 11, 25, tzinfo=UTC)
ADA, BEA, CLEO, DORA = names = ("ada@example.com", "bea@example.com", "cleo@example.com", "+1")


def act(at: datetime | None) -> Act:
    return Act(
        said=Said.OUT,
        at=at,
        sure=Sure.NOT_TOLD if at is None else Sure.SECOND,
        seen=NOW,
        doer=Doer.PERSON,
        by=By.READING,
        store="shop",
    )


def marks(*told: str) -> set[int]:
    return {names.index(one) for one in told}


def test_nothing_is_noted_at_first() -> None:
    sayers = Sayers(names.index)
    sayers.heard(Channel.EMAIL, ADA, "1")

    assert not sayers.has_noted
    assert sayers.noted == sayers.noted_and_shared == sayers.noted_without_time == set()


@pytest.mark.parametrize("at_once", [1, 50_000])
def test_a_contact_of_one_record_is_told_from_one_of_several(
    monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """However often a record was read; and whom no record tells of is nobody's alone."""
    monkeypatch.setattr(sayers_, "_AT_ONCE", at_once)
    sayers = Sayers(names.index)
    for contact, remote_id in ((ADA, "1"), (BEA, "2"), (ADA, "1"), (BEA, "3"), (CLEO, "4")):
        sayers.heard(Channel.EMAIL, contact, remote_id)
    sayers.heard(Channel.SMS, ADA, "9")  # another consent
    for contact, at in ((ADA, None), (BEA, NOW), (DORA, NOW)):
        sayers.note(Person(channel=Channel.EMAIL, contact=contact), act(at))

    assert sayers.has_noted
    assert sayers.noted == marks(ADA, BEA, DORA)
    assert sayers.noted_and_shared == marks(BEA, DORA)
    assert sayers.noted_without_time == marks(ADA)


def test_a_record_whose_contact_is_hidden_is_noted_without_a_mark() -> None:
    sayers = Sayers(names.index)
    sayers.note(Person(channel=Channel.EMAIL, customer="cus_1"), act(None))

    assert sayers.has_noted
    assert sayers.noted == set()
