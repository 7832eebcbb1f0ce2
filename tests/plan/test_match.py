"""Which record an entry means, on values."""

import pytest

from reconciler.model.customer import DesiredCustomer, LiveCustomer
from reconciler.model.identity import IdentityKind
from reconciler.model.personal import Personal
from reconciler.plan.contact import keys_of, may_meet, meets
from reconciler.plan.match import Index
from reconciler.plan.pairing import Ambiguous, Missing, Paired, Pairing
from tests.builders import desired, live, named


def pair(
    *entries: DesiredCustomer, store: tuple[LiveCustomer, ...], region: str | None = "CN"
) -> tuple[Pairing, ...]:
    index = Index(entries, region)
    for one in store:
        index.offer(one)
    return index.pairings()


def rule(pairing: Pairing) -> str:
    return pairing.rule if isinstance(pairing, Ambiguous) else type(pairing).__name__


@pytest.mark.parametrize(
    ("entry", "store", "expected"),
    [
        (desired(), (), "Missing"),
        (desired(), (live("1", "ADA@Example.com"),), "Paired"),
        (desired(), (live("1"), live("2", "Ada@example.com")), "identity.ambiguous"),
        (
            desired(phone="+8613800138000"),
            (live("1"), live("2", None, phone="13800138000")),
            "identity.ambiguous",
        ),
        (
            desired(phone="+8613800138000"),
            (live("1", "b@example.com", phone="13800138000"),),
            "identity.disagrees",
        ),
        (
            desired(None, phone="+8613800138000"),
            (live("1", None, phone="008613800138000"),),
            "Paired",
        ),
        (
            desired(None, phone="+8613800138000"),
            (live("1", None, phone="13800138000.0"),),
            "identity.doubtful",
        ),
        (
            desired(None, phone="+8613800138000"),
            (live("1", None, phone="13800138000 ext 7"),),
            "identity.doubtful",
        ),
        (desired(), (live("1", "ada\u200b@example.com"),), "identity.doubtful"),
        (desired(), (live("1", "'ada@example.com'"), live("2")), "Paired"),
        (desired(id="1"), (live("1", "b@example.com"),), "Paired"),
        (desired(id="9"), (live("1"),), "identity.no-such-id"),
        (desired(id="9"), (), "identity.no-such-id"),
        (desired(None, id="9", absent=True), (), "Missing"),
        (
            desired("new@example.com", previously={"email": "ada@example.com"}),
            (live("1"),),
            "Paired",
        ),
        (desired("a@m\u00fcnchen.example"), (live("1", "a@xn--mnchen-3ya.example"),), "Paired"),
    ],
)
def test_a_pairing(entry: DesiredCustomer, store: tuple[LiveCustomer, ...], expected: str) -> None:
    (found,) = pair(entry, store=store)

    assert rule(found) == expected


def test_two_entries_of_one_record_are_both_unsure() -> None:
    found = pair(
        desired(), desired(None, phone="+8613800138000"), store=(live("1", phone="13800138000"),)
    )

    assert [rule(one) for one in found] == ["identity.same-person"] * 2


def test_a_national_number_without_a_region_is_doubt_and_no_match() -> None:
    (found,) = pair(
        desired(None, phone="+8613800138000"),
        store=(live("1", None, phone="13800138000"),),
        region=None,
    )

    assert rule(found) == "identity.doubtful"


def test_a_record_that_answers_and_hides_is_the_only_candidate_alone() -> None:
    masked = live("1", None, hidden=((IdentityKind.EMAIL, Personal("a***@example.com")),))
    other = live("2", None, hidden=((IdentityKind.EMAIL, None),))
    entry = desired()
    for seen, candidates in (((masked,), 1), ((masked, other), 0)):
        index = Index((entry,), "CN")
        for one in seen:
            index.withhold(entry.identities[0], one)

        (found,) = index.pairings()

        assert isinstance(found, Ambiguous)
        assert (found.rule, len(found.candidates)) == ("read.withheld", candidates)


def test_somebody_who_surely_bears_the_contact_comes_before_who_may() -> None:
    (found,) = pair(desired(), store=(live("1", "ada\u200b@example.com"), live("2")))

    assert isinstance(found, Paired)
    assert found.live.remote_id == "2"


def test_keys_are_normal_forms_and_hidden_contacts_are_none() -> None:
    one = live("7", "Ada@M\u00fcnchen.example", phone="13800138000")

    assert keys_of(one, "CN") == (
        (IdentityKind.ID, "7"),
        (IdentityKind.EMAIL, "ada@xn--mnchen-3ya.example"),
        (IdentityKind.PHONE, "+8613800138000"),
    )
    assert keys_of(live("7", None), "CN") == ((IdentityKind.ID, "7"),)


def test_an_entry_may_mean_whoever_hides_its_contact() -> None:
    hides = live("1", None, unreadable=frozenset({"email"}))

    assert not meets(desired(), hides, "CN")
    assert may_meet(desired(), hides, "CN")
    assert not may_meet(desired(), live("1", "b@example.com"), "CN")


def test_the_order_of_records_changes_no_pairing() -> None:
    store = (live("1"), live("2", "Ada@example.com"), live("3", "b@example.com"))
    entries = (desired(), desired("b@example.com"), desired("nobody@example.com"))

    assert pair(*entries, store=store) == pair(*entries, store=store[::-1])
    assert isinstance(pair(*entries, store=store)[2], Missing)


def test_names_are_made_of_what_is_written() -> None:
    assert [one.key for one in named(email="Ada@Example.com", phone="138 0013 8000")] == [
        "ada@example.com",
        "+8613800138000",
    ]
