"""An address and its consent change together or not at all, on values."""

from dataclasses import replace

import pytest

from reconciler.model.consent import Channel, ConsentState, Evidence, WantedConsent
from reconciler.model.field_path import FieldPath
from reconciler.model.settings import RiskClass
from reconciler.plan.case import CustomerPlan
from reconciler.plan.changes import ConsentChange, FieldChange, ScalarChange
from reconciler.plan.customer import plan_customer
from reconciler.plan.held_back import without
from tests.builders import desired, live, rules, said, wanted

EMAIL, CONSENT = FieldPath("email"), FieldPath.of_consent(Channel.EMAIL)


def moved(had: str, consent: WantedConsent | None = None) -> CustomerPlan:
    """What becomes of somebody whose address changes under this consent."""
    told = () if consent is None else ((Channel.EMAIL, consent),)
    entry = replace(desired("new@example.com", id="1"), consents=told)
    return plan_customer(entry, live(consent={"email": had}), rules())


def paths(found: CustomerPlan) -> list[FieldPath]:
    return [one.path for one in found.change.fields] if found.change else []


@pytest.mark.parametrize("had", ["pending", "unknown"])
def test_an_opt_in_does_not_move_where_the_old_one_is_no_known_yes(had: str) -> None:
    found = moved(had, wanted("subscribed"))

    assert paths(found) == []
    assert [one.rule for one in found.verdicts] == ["consent.address-change"]


def test_an_address_waits_for_the_evidence_of_its_consent() -> None:
    bare = WantedConsent(state=ConsentState.SUBSCRIBED, evidence=Evidence())

    found = moved("subscribed", bare)

    assert paths(found) == []
    assert {one.rule for one in found.verdicts} == {"consent.no-evidence", "consent.address-change"}


def test_an_address_whose_consent_nobody_speaks_of_waits() -> None:
    assert paths(moved("subscribed")) == []


def test_an_address_and_its_consent_move_together() -> None:
    assert paths(moved("subscribed", wanted("subscribed"))) == [CONSENT, EMAIL]


def test_an_address_that_said_no_moves_alone() -> None:
    assert paths(moved("unsubscribed")) == [EMAIL]


MOVE: FieldChange = ConsentChange(
    channel=Channel.EMAIL,
    risk=RiskClass.GRANT,
    before=said("subscribed"),
    wanted=wanted("subscribed"),
    moves=True,
)
ADDRESS: FieldChange = ScalarChange(path=EMAIL, risk=RiskClass.PROFILE, before=None, after=None)
NAME: FieldChange = ScalarChange(
    path=FieldPath("first_name"), risk=RiskClass.PROFILE, before=None, after=None
)


@pytest.mark.parametrize("held", [EMAIL, CONSENT], ids=str)
def test_what_is_held_of_a_move_holds_the_rest_of_it(held: FieldPath) -> None:
    assert list(without({held}, (MOVE, ADDRESS, NAME))) == [NAME]
