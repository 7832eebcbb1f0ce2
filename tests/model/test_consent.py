"""The transition table, cell by cell, and what evidence can do in it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from reconciler.model.consent import (
    TRANSITIONS,
    Actor,
    Channel,
    ConsentState,
    Evidence,
    LiveConsent,
    WantedConsent,
)
from reconciler.model.settings import Policy
from reconciler.plan.consent_rules import ConsentFacts, decide
from reconciler.platforms.registry import TABLES

EARLY, LATE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 8, 1, tzinfo=UTC)
S, A = ConsentState, Actor
NOBODY = None
NEVER = LiveConsent(state=S.NOT_SUBSCRIBED)
UNKNOWN = LiveConsent(state=S.UNKNOWN, code="flag 9")
MASKED = LiveConsent(state=S.MASKED)
PENDING = LiveConsent(state=S.PENDING, at=EARLY)
YES = LiveConsent(state=S.SUBSCRIBED)
OUT = {
    (actor, told): LiveConsent(state=S.UNSUBSCRIBED, actor=actor, at=EARLY if told else None)
    for actor in Actor
    for told in (True, False)
}
REDACTED = LiveConsent(state=S.REDACTED)
INVALID = LiveConsent(state=S.INVALID)

PROOF = Evidence(
    at=LATE, source="checkout", method="form_checkbox", level="confirmed", evidence="forms/1"
)
OLD = Evidence(
    at=datetime(2025, 1, 1, tzinfo=UTC),
    source="checkout",
    method="paper",
    level="confirmed",
    evidence="forms/1",
)
IMPORT = Evidence(at=LATE, source="list", method="import", level="single", evidence="forms/1")
NONE = Evidence()

# live, wanted, evidence, what is said: "change", "nothing", or the rule of a hold or warning
CELLS: list[tuple[LiveConsent | None, ConsentState, Evidence, str]] = [
    (NOBODY, S.UNSUBSCRIBED, NONE, "change"),
    (NOBODY, S.PENDING, NONE, "consent.pending-message"),
    (NOBODY, S.SUBSCRIBED, PROOF, "change"),
    (NOBODY, S.SUBSCRIBED, NONE, "consent.no-evidence"),
    (NEVER, S.UNSUBSCRIBED, NONE, "change"),
    (NEVER, S.PENDING, NONE, "consent.pending-message"),
    (NEVER, S.SUBSCRIBED, PROOF, "change"),
    (NEVER, S.SUBSCRIBED, NONE, "consent.no-evidence"),
    (UNKNOWN, S.UNSUBSCRIBED, NONE, "change"),
    (UNKNOWN, S.PENDING, PROOF, "consent.unknown"),
    (UNKNOWN, S.SUBSCRIBED, PROOF, "consent.unknown"),
    (MASKED, S.UNSUBSCRIBED, NONE, "change"),
    (MASKED, S.SUBSCRIBED, PROOF, "consent.unknown"),
    (PENDING, S.UNSUBSCRIBED, NONE, "change"),
    (PENDING, S.PENDING, NONE, "nothing"),
    (PENDING, S.SUBSCRIBED, NONE, "consent.pending"),
    (PENDING, S.SUBSCRIBED, IMPORT, "consent.pending"),
    (PENDING, S.SUBSCRIBED, PROOF, "change"),
    (YES, S.UNSUBSCRIBED, NONE, "change"),
    (YES, S.PENDING, NONE, "consent.pending-message"),
    (YES, S.SUBSCRIBED, PROOF, "nothing"),
    (YES, S.SUBSCRIBED, NONE, "consent.weak-evidence"),
    (OUT[A.PERSON, True], S.UNSUBSCRIBED, NONE, "nothing"),
    (OUT[A.PERSON, True], S.PENDING, PROOF, "consent.pending-message"),
    (OUT[A.PERSON, True], S.SUBSCRIBED, OLD, "consent.newer-opt-out"),
    (OUT[A.PERSON, True], S.SUBSCRIBED, IMPORT, "consent.opted-out"),
    (OUT[A.PERSON, True], S.SUBSCRIBED, PROOF, "change"),
    (OUT[A.PERSON, False], S.UNSUBSCRIBED, NONE, "nothing"),
    (OUT[A.PERSON, False], S.SUBSCRIBED, PROOF, "consent.opted-out"),
    (OUT[A.STAFF, True], S.UNSUBSCRIBED, NONE, "nothing"),
    (OUT[A.STAFF, True], S.PENDING, NONE, "consent.pending-message"),
    (OUT[A.STAFF, True], S.SUBSCRIBED, OLD, "consent.newer-opt-out"),
    (OUT[A.STAFF, True], S.SUBSCRIBED, IMPORT, "change"),
    (OUT[A.STAFF, False], S.SUBSCRIBED, PROOF, "consent.undated-opt-out"),
    (OUT[A.NOT_TOLD, True], S.UNSUBSCRIBED, NONE, "nothing"),
    (OUT[A.NOT_TOLD, True], S.SUBSCRIBED, IMPORT, "consent.opted-out"),
    (OUT[A.NOT_TOLD, True], S.SUBSCRIBED, PROOF, "change"),
    (OUT[A.NOT_TOLD, False], S.SUBSCRIBED, PROOF, "consent.undated-opt-out"),
    (OUT[A.NOT_TOLD, False], S.SUBSCRIBED, NONE, "consent.no-evidence"),
    (REDACTED, S.UNSUBSCRIBED, NONE, "consent.closed"),
    (REDACTED, S.PENDING, NONE, "consent.closed"),
    (REDACTED, S.SUBSCRIBED, PROOF, "consent.closed"),
    (INVALID, S.SUBSCRIBED, PROOF, "consent.closed"),
]


def _ground(**policy: Any) -> ConsentFacts:
    return ConsentFacts(
        country=policy.pop("country", None),
        has_contact=True,
        blurred=False,
        blocked=False,
        now=LATE,
        policy=Policy(**policy),
        table=TABLES["shopline"],
    )


@pytest.mark.parametrize(("live", "wanted", "evidence", "said"), CELLS)
def test_a_cell_of_the_table(
    live: LiveConsent | None, wanted: ConsentState, evidence: Evidence, said: str
) -> None:
    decision = decide(
        Channel.EMAIL, live, WantedConsent(state=wanted, evidence=evidence), _ground()
    )

    if said == "change":
        assert (decision.changes, decision.rule) == (True, "")
    elif said == "nothing":
        assert (decision.changes, decision.rule) == (False, "")
    else:
        assert decision.rule == said
        releasable = (decision.lifted_by or "").startswith("--release")
        assert not decision.changes or releasable


def test_the_table_has_a_decision_for_every_row_and_column() -> None:
    assert all(len(row) == 3 for row in TRANSITIONS.values())


def test_evidence_as_old_as_the_opt_out_is_not_newer() -> None:
    same = Evidence(at=EARLY, source="x", method="paper", evidence="forms/1")
    live = OUT[A.STAFF, True]

    decision = decide(
        Channel.EMAIL, live, WantedConsent(state=S.SUBSCRIBED, evidence=same), _ground()
    )

    assert decision.rule == "consent.newer-opt-out"


@pytest.mark.parametrize(
    ("country", "level", "grants"),
    [
        ("DE", "single", False),
        ("DE", "confirmed", True),
        ("FR", "single", True),
        (None, "single", True),
        (None, "unknown", False),
        (None, None, False),
    ],
)
def test_the_level_that_a_country_asks_for(
    country: str | None, level: str | None, grants: bool
) -> None:
    evidence = Evidence(at=LATE, source="x", level=level)
    ground = _ground(country=country, min_level=(("DE", "confirmed"), ("default", "single")))

    decision = decide(
        Channel.EMAIL, NEVER, WantedConsent(state=S.SUBSCRIBED, evidence=evidence), ground
    )

    assert decision.changes is grants


def test_sms_also_needs_a_method() -> None:
    evidence = Evidence(at=LATE, source="x")

    decision = decide(
        Channel.SMS, NEVER, WantedConsent(state=S.SUBSCRIBED, evidence=evidence), _ground()
    )

    assert "`method`" in decision.message
