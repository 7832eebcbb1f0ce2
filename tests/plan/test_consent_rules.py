"""What a grant needs beside the word of the specs, on values."""

from dataclasses import replace
from typing import Any

import pytest

from reconciler.model.consent import NOTHING_TOLD, Channel, LiveConsent
from reconciler.model.settings import Policy
from reconciler.plan.consent_rules import ConsentFacts, decide, is_told
from reconciler.platforms.registry import TABLES
from tests.builders import NOW, said, wanted

FACTS = ConsentFacts(
    country="NO",
    has_contact=True,
    blurred=False,
    blocked=False,
    now=NOW,
    policy=Policy(),
    table=TABLES["shopline"],
)


def test_a_grant_with_evidence_is_planned() -> None:
    assert decide(Channel.EMAIL, said("not_subscribed"), wanted("subscribed"), FACTS).changes


@pytest.mark.parametrize(
    ("facts", "evidence", "rule"),
    [
        ({"has_contact": False}, {}, "consent.no-contact"),
        ({"blocked": True}, {}, "consent.blocked-customer"),
        ({}, {"at": None}, "consent.no-evidence"),
        ({}, {"source": None}, "consent.no-evidence"),
        ({}, {"level": "unknown"}, "consent.no-evidence"),
        ({}, {"basis": "implied_purchase"}, "consent.no-evidence"),
        (
            {"policy": Policy(min_level=(("default", "confirmed"),))},
            {"level": "single"},
            "consent.no-evidence",
        ),
    ],
    ids=[
        "no address",
        "blocked",
        "no time",
        "no source",
        "no known level",
        "implied where the policy takes none",
        "below the level",
    ],
)
def test_a_grant_that_lacks_something_is_held(
    facts: dict[str, Any], evidence: dict[str, Any], rule: str
) -> None:
    asked = wanted("subscribed", **evidence)

    found = decide(Channel.EMAIL, said("not_subscribed"), asked, replace(FACTS, **facts))

    assert (found.changes, found.holds, found.rule) == (False, True, rule)


def test_an_implied_basis_is_taken_where_the_policy_names_the_country() -> None:
    asked = wanted("subscribed", basis="implied_purchase")
    facts = replace(FACTS, policy=Policy(implied=("NO",)))

    assert decide(Channel.EMAIL, said("not_subscribed"), asked, facts).changes


@pytest.mark.parametrize(
    ("live", "contact", "told"),
    [(said("masked"), None, False), (NOTHING_TOLD, "a", False), (NOTHING_TOLD, None, True)],
    ids=["masked", "left out", "left out, and of no address"],
)
def test_what_is_not_told_cannot_be_sent_along(
    live: LiveConsent, contact: object, told: bool
) -> None:
    assert is_told(live, contact) is told
