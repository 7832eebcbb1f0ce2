"""What may be taken from a store into the files: every opt-out, and an opt-in hardly ever."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.consent import (
    Actor,
    Channel,
    ConsentState,
    Evidence,
    LiveConsent,
    WantedConsent,
)
from reconciler.model.customer import Address, DesiredCustomer
from reconciler.model.fields import ADOPTABLE
from reconciler.model.personal import Personal
from reconciler.model.settings import Release
from reconciler.plan.adoption import Adoption, Kind, Unfit, adoptions
from reconciler.plan.customer import plan_customer
from reconciler.plan.pairing import Ambiguous, Paired
from tests.builders import desired, live, out, rules, tags, wanted

DAY = datetime(2026, 7, 2, 8, 15, 30, tzinfo=UTC)


def found(one: Any, other: Any, *asked: str, **options: Any) -> list[Adoption | Unfit]:
    return list(adoptions([Paired(desired=one, live=other)], rules(**options), asked))


def subscribed(**evidence: Any) -> Any:
    return desired(consent={"email": "subscribed"}, **evidence)


@pytest.mark.parametrize("actor", list(Actor))
@pytest.mark.parametrize("at", [DAY, None])
def test_whoever_opted_somebody_out_it_is_adopted(actor: Actor, at: datetime | None) -> None:
    (one,) = found(subscribed(), live(consent={"email": out(at, actor)}))

    assert isinstance(one, Adoption)
    assert (one.kind, one.field) == (Kind.OPT_OUT, "consent.email")
    evidence = Evidence(at=at)
    assert one.value == WantedConsent(state=ConsentState.UNSUBSCRIBED, evidence=evidence)


def test_an_opt_out_known_to_the_day_is_told_without_a_time() -> None:
    vague = LiveConsent(
        state=ConsentState.UNSUBSCRIBED, at=DAY, until=DAY + timedelta(days=1), not_before=DAY
    )

    (one,) = found(subscribed(), live(consent={"email": vague}))

    assert one == found(subscribed(), live(consent={"email": out()}))[0]


def test_newer_evidence_of_the_person_is_a_grant_and_nothing_is_adopted() -> None:
    before = out(datetime(2026, 5, 1, tzinfo=UTC), Actor.PERSON)

    assert found(subscribed(), live(consent={"email": before})) == []


def test_a_yes_without_evidence_is_out_of_date_too() -> None:
    bare = saying(WantedConsent(state=ConsentState.SUBSCRIBED, evidence=Evidence()))
    (told,) = plan_customer(bare, live(consent={"email": out(DAY)}), rules()).verdicts

    assert told.rule == "consent.no-evidence"
    assert told.message.endswith("and `reconciler adopt` takes the opt-out into it")
    assert len(found(bare, live(consent={"email": out(DAY)}))) == 1


def test_a_hold_that_somebody_lifted_is_adopted_by_nobody() -> None:
    undated = live(consent={"email": out(None, Actor.STAFF)})
    lifted = rules("shopline", "consent.undated-opt-out")

    assert list(adoptions([Paired(desired=subscribed(), live=undated)], lifted)) == []
    assert Release(rule="consent.undated-opt-out") in lifted.releases


def test_of_several_who_may_be_meant_nothing_is_adopted() -> None:
    unsure = Ambiguous(
        desired=subscribed(),
        candidates=(live(consent={"email": out(DAY)}), live("2")),
        rule="identity.ambiguous",
    )

    assert list(adoptions([unsure], rules(), ADOPTABLE)) == []


def yes(at: datetime | None, actor: Actor = Actor.PERSON, **times: Any) -> LiveConsent:
    return LiveConsent(state=ConsentState.SUBSCRIBED, at=at, actor=actor, **times)


def no(at: datetime | None) -> Any:
    said = WantedConsent(state=ConsentState.UNSUBSCRIBED, evidence=Evidence(at=at))
    return saying(said)


def saying(one: WantedConsent) -> DesiredCustomer:
    return replace(desired(), consents=((Channel.EMAIL, one),))


BEFORE = datetime(2026, 6, 1, tzinfo=UTC)


def test_an_opt_in_is_adopted_only_when_asked_for() -> None:
    later = live(consent={"email": yes(DAY)})

    assert found(no(BEFORE), later) == []
    (one,) = found(no(BEFORE), later, "consent.email")
    assert isinstance(one, Adoption)
    assert one.kind is Kind.OPT_IN
    assert one.value == WantedConsent(state=ConsentState.SUBSCRIBED, evidence=Evidence(at=DAY))
    assert found(no(BEFORE), later, "consent.sms", "first_name") == []


@pytest.mark.parametrize(
    ("since", "told"),
    [
        (BEFORE, yes(DAY, Actor.STAFF)),
        (BEFORE, yes(DAY, Actor.NOT_TOLD)),
        (BEFORE, yes(None)),
        (BEFORE, yes(BEFORE)),
        (BEFORE, yes(BEFORE - timedelta(days=1))),
        (BEFORE, yes(DAY, until=DAY - timedelta(days=1), not_before=DAY - timedelta(days=1))),
        (DAY, yes(DAY, not_before=DAY - timedelta(seconds=1))),
        (None, yes(DAY)),
    ],
)
def test_an_opt_in_that_is_not_surely_the_persons_own_and_later_is_told(
    since: datetime | None, told: LiveConsent
) -> None:
    (one,) = found(no(since), live(consent={"email": told}), "consent.email")

    assert isinstance(one, Unfit)
    assert one.field == "consent.email"


def test_fields_are_adopted_as_the_store_has_them() -> None:
    one = desired(first_name="Ada", last_name="L", tags=tags("vip", "old", exact=True))
    other = live(first_name="Grace", tags=("vip", "New"))

    assert found(one, other) == []
    (name,) = found(one, other, "first_name")
    (empty,) = found(one, other, "last_name")
    (marked,) = found(one, other, "tags")
    assert isinstance(name, Adoption)
    assert isinstance(empty, Adoption)
    assert isinstance(marked, Adoption)
    assert (name.value, empty.value) == (Personal("Grace"), None)
    assert marked.value == tags("New", "vip", exact=True)
    assert found(one, other, "note", "addresses", "tax_exempt") == []


def test_what_the_store_hides_is_not_adopted() -> None:
    hidden = live(unreadable=frozenset({"first_name", "tags"}))

    assert found(desired(first_name="Ada", tags=tags("a")), hidden, "first_name", "tags") == []


def test_addresses_are_adopted_as_a_spec_writes_them() -> None:
    had = Address(texts=(("zip", Personal("1")), ("city", Personal("Rome"))), default=True)
    one = desired(addresses=(Address(texts=(("city", Personal("Oslo")),)),))

    (moved,) = found(one, live(addresses=(had,)), "addresses")

    assert isinstance(moved, Adoption)
    texts = (("city", Personal("Rome")), ("zip", Personal("1")))
    assert moved.value == (Address(texts=texts, default=True),)


_INSTANTS = st.one_of(
    st.none(),
    st.integers(0, 200).map(lambda days: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=days)),
)


@st.composite
def _lives(draw: st.DrawFn) -> LiveConsent:
    at = draw(_INSTANTS)
    vague = timedelta(hours=draw(st.sampled_from([0, 0, 20])))
    state = draw(st.sampled_from(list(ConsentState)))
    yes_or_no = (at - vague if state is ConsentState.SUBSCRIBED else at + vague) if at else None
    return LiveConsent(
        state=state,
        at=at,
        actor=draw(st.sampled_from(list(Actor))),
        until=yes_or_no,
        not_before=None if at is None else at - vague,
    )


@given(
    st.sampled_from(["subscribed", "unsubscribed", "pending"]),
    _INSTANTS,
    st.booleans(),
    _lives(),
    st.booleans(),
    st.sampled_from(["shopline", "shoplazza", "genstore"]),
)
def test_what_is_adopted_is_quiet_and_never_raises_a_consent_by_itself(
    state: str, at: datetime | None, own: bool, told: LiveConsent, asked: bool, platform: str
) -> None:
    proof = {"evidence": "forms/1"} if own else {"evidence": None, "method": "import"}
    said = WantedConsent(
        state=ConsentState(state),
        evidence=Evidence(at=at, source="x", **{"method": "paper", **proof}),
    )
    one = saying(said)
    other = live(consent={"email": told})
    here = rules(platform)

    got = list(
        adoptions([Paired(desired=one, live=other)], here, ("consent.email",) if asked else ())
    )

    for adoption in got:
        if isinstance(adoption, Unfit):
            assert asked
            continue
        after = plan_customer(adoption.carried_out(one), other, here)
        assert after.change is None
        assert not [verdict for verdict in after.verdicts if verdict.in_force]
        assert isinstance(adoption.value, WantedConsent)
        if adoption.value.state is ConsentState.SUBSCRIBED:
            assert asked
            assert adoption.kind is Kind.OPT_IN
            assert told.actor is Actor.PERSON
            assert at is not None
            assert told.not_before is not None
            assert told.not_before > at
        else:
            assert told.state is ConsentState.UNSUBSCRIBED
    held = plan_customer(one, other, here)
    holds = [verdict for verdict in held.verdicts if verdict.in_force]
    if told.state is ConsentState.UNSUBSCRIBED and state != "unsubscribed":
        adopted = [one for one in got if isinstance(one, Adoption)]
        assert bool(adopted) is any("`reconciler adopt`" in one.message for one in holds)
        surely_newer = own and told.is_before(at)
        assert bool(adopted) is bool(holds) or surely_newer or told.actor is Actor.STAFF


def test_the_words_of_a_hold_and_what_is_adopted_agree() -> None:
    for consent in (out(DAY), out(None, Actor.PERSON), out(None, Actor.STAFF)):
        for state in ("subscribed", "pending"):
            one, other = saying(wanted(state)), live(consent={"email": consent})
            told = [one.message for one in plan_customer(one, other, rules()).verdicts]
            assert any("the file is out of date" in message for message in told)
            assert [one.field for one in found(one, other)] == ["consent.email"]
