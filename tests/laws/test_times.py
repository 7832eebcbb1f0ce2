"""Making an opt-out's time vaguer never makes a decision more permissive, in any platform's form."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.model.consent import (
    Channel,
    ConsentState,
    Decision,
    Evidence,
    LiveConsent,
    WantedConsent,
    transition,
)
from reconciler.model.settings import Policy
from reconciler.plan.consent_rules import ConsentDecision, ConsentFacts, decide
from reconciler.platforms.registry import TABLES
from reconciler.platforms.times import StoreTimes
from reconciler.sandbox import Fault
from tests.harness import Shop, consent, grant, opened, person, verdicts

NOW: Final = datetime(2026, 11, 25, 12, tzinfo=UTC)
ZEROS: Final = (
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00",
    "0001-01-01",
    "1970-01-01T00:00:00Z",
    "1970-01-01 00:00:00",
    "1970-01-01",
    "1899-12-30T00:00:00",
    "1900-01-00",
    "1900-01-01",
    "1601-01-01T00:00:00Z",
    "1753-01-01T00:00:00",
    "1999-12-31T23:59:59Z",
    "1999-12-31",
    "2000-01-01T00:00:00Z",
    "2001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "2038-01-19T03:14:07Z",
    "0000-00-00 00:00:00",
    "0000-00-00",
    "N/A",
    "-",
    "null",
    "0",
    "01/09/2026",
    "1.9.2026",
    "20261301",
    "",
)


def judged(live: LiveConsent, given: datetime) -> ConsentDecision:
    ground = ConsentFacts(
        country=None,
        has_contact=True,
        blurred=True,
        blocked=False,
        now=NOW,
        policy=Policy(),
        table=TABLES["genstore"],
    )
    evidence = Evidence(at=given, source="checkout", method="paper", evidence="forms/1")
    return decide(
        Channel.EMAIL, live, WantedConsent(state=ConsentState.SUBSCRIBED, evidence=evidence), ground
    )


def passes(found: ConsentDecision) -> bool:
    return found.changes and not found.holds


def told(
    text: object,
    *,
    zone: str | None = "UTC",
    day_first: bool = False,
    state: ConsentState = ConsentState.UNSUBSCRIBED,
) -> LiveConsent:
    times = StoreTimes(zone, lambda: NOW, day_first=day_first)
    return times.consent(LiveConsent(state=state), text)


def vaguer(moment: datetime) -> list[tuple[str, bool]]:
    """Ways in which a store may tell less of an instant; and whether its days come before months."""
    offset = moment.strftime("%z")
    offset = f"{offset[:3]}:{offset[3:]}"
    forms = [
        moment.strftime("%Y-%m-%d"),
        moment.strftime("%Y-%m-%dT%H:%M") + offset,
        moment.strftime("%Y-%m-%dT%H") + offset,
        moment.strftime("%Y-%m-%dT00:00:00") + offset,
        moment.strftime("%Y%m%d"),
        *ZEROS,
    ]
    swapped = moment.strftime("%Y-%d-%mT%H:%M:%S") + offset
    return [(form, False) for form in forms] + [(swapped, True), (swapped[:10], True)]


_moments = st.builds(
    lambda seconds, hours: (
        datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    ).astimezone(timezone(timedelta(hours=hours))),
    st.integers(0, 59_000_000),
    st.integers(-12, 14),
)


@given(out=_moments, given_after=st.integers(-40 * 86400, 40 * 86400), data=st.data())
@example(out=datetime(2026, 9, 1, tzinfo=UTC), given_after=-86400 * 30, data=None)
def test_a_vaguer_time_never_lets_an_opt_in_through(
    out: datetime, given_after: int, data: st.DataObject | None
) -> None:
    given = out + timedelta(seconds=given_after)
    exact = out.isoformat(timespec="seconds")
    for state in (ConsentState.UNSUBSCRIBED, ConsentState.NOT_SUBSCRIBED):
        sure = passes(judged(told(exact, state=state), given))
        for form, day_first in vaguer(out):
            if form == "" and state is ConsentState.NOT_SUBSCRIBED:
                continue  # no time at all is how a store tells that nobody was ever asked
            vague = judged(told(form, day_first=day_first, state=state), given)
            assert sure or not passes(vague), form


@given(out=_moments)
def test_a_time_that_has_a_bound_is_not_released(out: datetime) -> None:
    """Evidence from before the day of the opt-out is older, however little the store tells."""
    given = out - timedelta(days=3)
    for form in (out.strftime("%Y-%m-%d"), out.strftime("%Y-%m-%dT00:00:00Z")):
        assert judged(told(form), given).rule == "consent.newer-opt-out"


def test_a_time_of_nothing_is_a_hold_that_a_person_lifts() -> None:
    for form in ZEROS:
        live = told(form)
        assert transition(live, ConsentState.SUBSCRIBED) is Decision.HOLD_UNDATED, form
        assert judged(live, NOW).lifted_by == "--release consent.undated-opt-out"


def test_swapped_days_tell_the_earlier_of_both_readings_as_their_bound() -> None:
    live = told("2026-01-09T00:00:00Z", day_first=True)

    assert live.at is None
    assert judged(live, datetime(2026, 1, 8, tzinfo=UTC)).rule == "consent.newer-opt-out"
    assert judged(live, datetime(2026, 6, 1, tzinfo=UTC)).rule == "consent.undated-opt-out"
    assert told("2026-05-05T00:00:00Z", day_first=True).at is not None
    assert told("2026-01-25T00:00:00Z", day_first=True).at is not None


@pytest.mark.parametrize("variant", ["genstore", "shopline"])
@pytest.mark.parametrize("form", [one for one in ZEROS if one and '"' not in one])
def test_a_store_that_tells_a_zero_time_is_held(
    shops: dict[str, Shop], variant: str, form: str
) -> None:
    shop = shops[variant]
    out = {
        "email": consent("unsubscribed", "2026-09-01T10:00:00+00:00", "person"),
        "sms": consent(),
    }
    shop.reset([person(consent=out)])
    shop.box.fault(Fault("rewrite", times=99, find=r'2026-09-01T[^"]*', put=form))
    shop.want({"email": "ada@example.com", "consent": {"email": grant()}})

    body = shop.plan()

    # SHOPLINE also tells that it was the person, and then nothing lifts it.
    rule = "consent.undated-opt-out" if variant == "genstore" else "consent.opted-out"
    assert body["changes"] == []
    assert ("hold", rule) in verdicts(body)


@pytest.mark.parametrize("mode", ["full", "auto", "lookup"])
def test_a_store_that_writes_days_first_tells_no_time_where_they_can_be_swapped(
    shops: dict[str, Shop], mode: str
) -> None:
    def out(at: str) -> dict[str, Any]:
        return {"email": consent("unsubscribed", at, "person"), "sms": consent()}

    shop = shops["genstore"]
    filler = [person(f"c{number}@example.com") for number in range(600)]
    shop.reset(
        [
            person(consent=out("2026-09-01T00:00:00+00:00")),
            person("bo@example.com", consent=out("2026-02-25T00:00:00+00:00")),
            *filler,
        ]
    )
    shop.box.fault(Fault("rewrite", times=99, find='(Time":"2026)-(..)-(..)', put=r"\1-\3-\2"))
    shop.want({"email": "ada@example.com", "consent": {"email": grant()}})

    body = shop.plan(read=mode)

    assert body["changes"] == []
    assert ("hold", "consent.undated-opt-out") in verdicts(body)


@pytest.mark.parametrize("kept", ["honoured", "ignored"])
def test_genstore_is_told_the_time_of_the_evidence_in_its_own_zone(
    shops: dict[str, Shop], kept: str
) -> None:
    shop = shops["genstore"]
    shop.settings = {"timezone": "Asia/Shanghai"}
    shop.reset([person()], {"consent_time": kept})
    shop.want({"email": "ada@example.com", "consent": {"email": grant()}})

    shop.converge()

    told_at = shop.live("ada@example.com")["consent"]["email"]["at"]
    assert (told_at == "2026-06-01T18:00:00.000") is (kept == "honoured")
    shop.settings = {}


def test_without_a_zone_no_time_is_sent_and_that_is_told(tmp_path: Any) -> None:
    with opened(tmp_path, "genstore", [person()]) as shop:
        shop.settings = {"timezone": None}
        shop.want({"email": "ada@example.com", "consent": {"email": grant()}})

        body = shop.plan()
        shop.apply(body)

        assert ("warn", "consent.time-not-sent") in verdicts(body)
        assert shop.live("ada@example.com")["consent"]["email"]["at"] > "2026-06-02"
