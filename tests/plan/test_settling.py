"""Records that are as they shall be are dropped as they pass, and no plan is another for it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.live.view import View
from reconciler.model.consent import Actor, Channel, ConsentState, LiveConsent
from reconciler.model.customer import (
    Address,
    DesiredCustomer,
    Learned,
    LiveCustomer,
    ReadReceipt,
    Wire,
)
from reconciler.model.identity import IdentityKind
from reconciler.model.ownership import Ownership
from reconciler.model.personal import Personal
from reconciler.model.settings import Policy
from reconciler.plan.agreement import asks_nothing
from reconciler.plan.customer import plan_customer
from reconciler.plan.match import Index, OfPair, never
from reconciler.plan.plan import StorePlan
from reconciler.plan.planner import compute
from reconciler.plan.reading import LiveCounts, StoreReading
from reconciler.plan.reason import names_in
from reconciler.plan.store_rules import StoreRules
from reconciler.platforms.base import Page
from tests.builders import desired, live, named, rules, tags, wanted

EMAILS: Final = ("a@example.com", "b@example.com", "A@Example.com", "a\u200b@example.com")
PHONES: Final = ("+8613315034487", "13315034487", "13800138000", "13315034487 ext 7")
TIMES: Final = (None, datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 7, 3, tzinfo=UTC))
# Few examples have a record that is dropped.
AT_LEAST: Final = max(80, settings().max_examples)
MARKS: Final = Ownership(tag="ours", foreign=("*ours", "theirs"))
WORDS: Final = ("Ada", "Grace", *EMAILS)
LEARNED: Final = Learned(words=((Channel.EMAIL, ConsentState.UNSUBSCRIBED, "NO"),), day_first=True)


def judging(platform: str, policy: Policy | None = None) -> StoreRules:
    """Of a store where a mark of ours and one of others may be found on anybody."""
    given = rules(platform, owned=("vip", "x"), ownership=MARKS)
    return replace(
        given,
        comparison=replace(given.comparison, bearing=(("news", Channel.EMAIL),)),
        policy=given.policy if policy is None else policy,
    )


def settling(judged: StoreRules) -> OfPair:
    return lambda entry, record: asks_nothing(entry, record, judged)


def planned(
    entries: tuple[DesiredCustomer, ...],
    records: tuple[LiveCustomer, ...],
    judged: StoreRules,
    settles: OfPair,
    later: Callable[[Index], None] = lambda index: None,
    *,
    region: str | None = "CN",
) -> tuple[StorePlan, Index]:
    index, census = Index(entries, region, settles), LiveCounts()
    for one in records:
        census.see(one)
        index.offer(one)
    later(index)
    receipt = ReadReceipt(mode="full", complete=True, read=len(records), learned=LEARNED)
    read = StoreReading(index=index, census=census, receipt=receipt, customers=len(records))
    taught = replace(judged, learned=LEARNED, names=judged.names | index.names())
    return compute(read, taught, ()), index


def texts() -> st.SearchStrategy[str]:
    return st.sampled_from(("Ada", "Ada ", "Grace"))


def addresses() -> st.SearchStrategy[tuple[Address, ...]]:
    one = st.builds(
        Address,
        texts=st.sampled_from(
            (
                (("city", Personal("Old Town")), ("country_code", Personal("DE"))),
                (("city", Personal("Old Town ")), ("country_code", Personal("de"))),
                (("city", Personal("New Town")),),
                (),
            )
        ),
        default=st.sampled_from((None, True, False)),
    )
    return st.lists(one, max_size=2).map(tuple)


def entries() -> st.SearchStrategy[DesiredCustomer]:
    """Whatever names somebody, with some fields."""
    consents = st.dictionaries(
        st.sampled_from(("email", "sms")),
        st.sampled_from(("subscribed", "unsubscribed", "pending")),
    )
    emails, phones = st.sampled_from(EMAILS[:2]), st.sampled_from(PHONES[:3])
    plain = st.fixed_dictionaries(
        {"consent": consents},
        optional={
            "email": emails,
            "phone": phones,
            "first_name": texts(),
            "note": texts(),
            "tags": st.builds(tags, st.sampled_from(("vip", "x", "news")), exact=st.booleans()),
            "addresses": addresses(),
            "claims": st.booleans(),
        },
    )
    rare = st.fixed_dictionaries(
        {},
        optional={
            "id": st.sampled_from("123"),
            "previously": st.fixed_dictionaries({"email": emails})
            | st.fixed_dictionaries({"phone": phones}),
            "absent": st.just(True),
            "reason": st.sampled_from(("erasure for Ada", "Grace asked")),
        },
    )
    fields = st.tuples(plain, st.just({}) | st.just({}) | rare)
    return st.builds(_entry, fields.map(lambda both: {**both[0], **both[1]}), st.booleans())


def _entry(fields: dict[str, Any], weak: bool) -> DesiredCustomer:
    email = fields.pop("email", None)
    if email is None and not {"phone", "id"} & fields.keys():
        email = EMAILS[0]
    entry = desired(email, **fields)
    if not weak:
        return entry
    bare = wanted("subscribed", source=None)
    return replace(
        entry,
        consents=tuple(
            (channel, bare if one.state is ConsentState.SUBSCRIBED else one)
            for channel, one in entry.consents
        ),
    )


def records() -> st.SearchStrategy[tuple[LiveCustomer, ...]]:
    consent = st.builds(
        LiveConsent,
        state=st.sampled_from(ConsentState),
        at=st.sampled_from(TIMES),
        actor=st.sampled_from(Actor),
        swappable=st.booleans(),
        not_before=st.sampled_from(TIMES),
    )
    shown = st.sampled_from(((), ((IdentityKind.EMAIL, None),)))
    person = st.fixed_dictionaries(
        {
            "consent": st.fixed_dictionaries({"email": consent, "sms": consent}),
        },
        optional={
            "phone": st.sampled_from(PHONES),
            "first_name": texts(),
            "last_name": texts(),
            "note": texts(),
            "tags": st.lists(
                st.sampled_from(("vip", "x", "VIP", "y", "news", "Ours", "theirs")), unique=True
            ).map(tuple),
            "addresses": addresses(),
            "unreadable": st.sampled_from((frozenset({"tags"}), frozenset({"email"}))),
            "untold": st.just(frozenset({"note"})),
            "hidden": shown,
        },
    )
    emails = st.none() | st.sampled_from(EMAILS)
    return st.lists(st.tuples(emails, person), max_size=4).map(
        lambda found: tuple(
            live(str(number), email, **fields) for number, (email, fields) in enumerate(found, 1)
        )
    )


def seen_of(asked: tuple[DesiredCustomer, ...]) -> st.SearchStrategy[tuple[LiveCustomer, ...]]:
    """Records of which most are as one of the entries wants them, or nearly so."""
    others = records()
    like = st.lists(st.integers(0, len(asked) - 1), max_size=4).map(
        lambda chosen: tuple(asked[number] for number in chosen)
    )
    return st.tuples(like, others, st.permutations(range(8)), st.booleans()).map(
        lambda drawn: _numbered(
            (*(_as_it_wants(one, named=drawn[3]) for one in drawn[0]), *drawn[1][:2]), drawn[2]
        )
    )


def _as_it_wants(entry: DesiredCustomer, *, named: bool) -> LiveCustomer:
    contacts = {one.kind: one.value for one in entry.identities}
    known = contacts.get(IdentityKind.ID)
    record = LiveCustomer(
        remote_id=known.reveal() if known is not None and named else "",
        email=contacts.get(IdentityKind.EMAIL),
        phone=contacts.get(IdentityKind.PHONE),
        tags=_tags_it_wants(entry),
        addresses=() if isinstance(entry.addresses, Enum) else entry.addresses[::-1],
        consents=tuple((channel, LiveConsent(state=one.state)) for channel, one in entry.consents),
    )
    told: dict[str, Any] = dict(entry.scalars)
    return replace(record, **told)


def _tags_it_wants(entry: DesiredCustomer) -> tuple[str, ...]:
    wanted = () if isinstance(entry.tags, Enum) else (*entry.tags.present, "y")
    return (*wanted, "OURS") if entry.claims else wanted


def _numbered(people: tuple[LiveCustomer, ...], order: list[int]) -> tuple[LiveCustomer, ...]:
    """In another order, each with an id of its own."""
    taken = {one.remote_id for one in people}
    free = (str(number) for number in range(4, 20) if str(number) not in taken)
    found: dict[str, LiveCustomer] = {}
    for place in order:
        if place < len(people):
            one = people[place]
            own = one.remote_id if one.remote_id not in ("", *found) else next(free)
            found[own] = replace(one, remote_id=own)
    return tuple(found.values())


def policies() -> st.SearchStrategy[Policy]:
    return st.builds(
        Policy,
        required=st.sampled_from(((), ((Channel.EMAIL, ("given_at", "source")),))),
        min_level=st.sampled_from(((), (("DE", "confirmed"),))),
    )


@settings(max_examples=AT_LEAST)
@given(
    st.lists(entries(), min_size=1, max_size=4)
    .map(tuple)
    .flatmap(lambda asked: st.tuples(st.just(asked), seen_of(asked))),
    st.sampled_from(("genstore", "shoplazza", "shopline")),
    policies(),
    st.sampled_from(("CN", None)),
    st.integers(0, 4),
)
def test_a_plan_is_the_same_whether_records_are_dropped_or_kept(
    both: tuple[tuple[DesiredCustomer, ...], tuple[LiveCustomer, ...]],
    platform: str,
    policy: Policy,
    region: str | None,
    untimed: int,
) -> None:
    """Also where records are read anew, or answer a look-up of somebody else's contact."""
    asked, seen = both
    judged = judging(platform, policy)
    judged = replace(
        judged, comparison=replace(judged.comparison, region=region), names=names_in(asked)
    )

    def later(index: Index) -> None:
        index.renew(
            replace(
                one, consents=tuple((name, told.without_instant()) for name, told in one.consents)
            )
            for one in seen[:untimed]
        )
        for one in seen[untimed:]:
            index.withhold(named(email=EMAILS[1])[0], one)

    kept, every = planned(asked, seen, judged, never, later, region=region)
    dropped, rest = planned(asked, seen, judged, settling(judged), later, region=region)

    assert dropped == kept
    assert rest.contested() == every.contested()
    assert len(tuple(rest.unmatched())) == len(tuple(every.unmatched()))
    called = [judged.names | index.names() for index in (rest, every)]
    assert all(len({one.has(word) for one in called}) == 1 for word in WORDS)


@settings(max_examples=AT_LEAST)
@given(
    st.lists(entries(), min_size=1, max_size=3)
    .map(tuple)
    .flatmap(lambda asked: st.tuples(st.just(asked), seen_of(asked))),
    st.lists(st.sampled_from(("note", "last_name", "phone")), max_size=6),
    st.lists(st.sampled_from(("same", "fuller", "gone")), min_size=8, max_size=8),
)
def test_records_whose_pages_lack_keys_are_asked_for_again_whether_dropped_or_kept(
    both: tuple[tuple[DesiredCustomer, ...], tuple[LiveCustomer, ...]],
    lacking: list[str],
    answers: list[str],
) -> None:
    asked, seen = both
    judged = replace(judging("genstore"), names=names_in(asked))
    seen = tuple(
        replace(one, untold=one.untold | {key}) if getattr(one, key, 1) is None else one
        for one, key in zip(seen, (*lacking, *["note"] * 8), strict=False)
    )
    found = []
    for settles in (never, settling(judged)):
        view = View.of(asked, "CN", settles)
        reads: list[str] = []

        def read(remote_id: str, reads: list[str] = reads) -> LiveCustomer | None:
            reads.append(remote_id)
            (one,) = (one for one in seen if one.remote_id == remote_id)
            match answers[int(remote_id) % 8]:
                case "same":
                    return replace(one, wire=Wire({}))
                case "fuller":
                    return replace(one, note=Personal("Grace"), untold=frozenset(), teaches=LEARNED)
                case _:
                    return None

        for one in seen:
            view.take_page(Page(customers=(replace(one, wire=Wire({})),)))
        counts = [view.settle(read), view.settle(read)]
        assert all(one.wire is None for one in view.index.remembered())
        receipt = ReadReceipt(mode="full", complete=True, read=len(seen), learned=view.learned)
        reading = StoreReading(
            index=view.index, census=view.census, receipt=receipt, customers=len(seen)
        )
        taught = replace(judged, names=judged.names | view.index.names())
        called = [taught.names.has(word) for word in WORDS]
        found.append((compute(reading, taught, ()), reads, counts, view.learned, called))

    assert found[0] == found[1]


@given(
    entries().flatmap(lambda entry: st.tuples(st.just(entry), seen_of((entry,)))),
    st.sampled_from(("genstore", "shopline")),
    policies(),
)
def test_nothing_is_asked_only_where_nothing_is_planned_and_nothing_said(
    both: tuple[DesiredCustomer, tuple[LiveCustomer, ...]], platform: str, policy: Policy
) -> None:
    entry, seen = both
    judged = judging(platform, policy)
    for one in seen:
        if asks_nothing(entry, one, judged):
            for rules_then in (judged, replace(judged, learned=LEARNED)):
                found = plan_customer(entry, one, rules_then)
                assert (found.change, found.verdicts) == (None, ())
            assert all(one.consent(channel).state is wish.state for channel, wish in entry.consents)


def _as_wanted(number: int) -> tuple[DesiredCustomer, LiveCustomer]:
    email = f"c{number}@example.com"
    fields: dict[str, Any] = {"first_name": "Ada", "consent": {"email": "unsubscribed"}}
    return desired(email, tags=tags("vip"), **fields), live(
        str(number), email, tags=("vip", "y"), **fields
    )


def test_who_is_as_wanted_is_dropped_and_counts_as_matched() -> None:
    both = [_as_wanted(number) for number in range(20)]
    entries_, people = tuple(entry for entry, _ in both), tuple(one for _, one in both)
    judged = judging("genstore")

    plan, index = planned(entries_, people, judged, settling(judged))

    assert not index.remembered()
    assert not index.pairings()
    assert all(index.is_matched(place) for place in range(20))
    assert plan.unchanged == 20


def test_a_second_record_of_somebody_dropped_makes_both_candidates() -> None:
    entry, one = _as_wanted(1)
    twin = replace(one, remote_id="2", consents=live(consent={"email": "subscribed"}).consents)
    judged = judging("genstore")

    plan, index = planned((entry,), (one, twin), judged, settling(judged))

    (hold,) = (found for found in plan.verdicts if found.rule == "identity.ambiguous")
    assert hold.remote_ids == ("1", "2")
    assert [change.remote_id for change in plan.changes] == ["2"]
    assert index.remembered() == (twin,)


@pytest.mark.parametrize("first", ["settled", "other"])
def test_whoever_is_named_by_id_stays_the_one(first: str) -> None:
    entry = desired("a@example.com", id="1")
    one, other = live("1", "a@example.com"), live("2", "a@example.com")
    seen = (one, other) if first == "settled" else (other, one)
    judged = judging("genstore")

    dropped, _ = planned((entry,), seen, judged, settling(judged))
    kept, _ = planned((entry,), seen, judged, never)

    assert dropped == kept
    assert not dropped.changes
    assert not dropped.verdicts


def test_what_somebody_dropped_is_called_by_is_known_where_the_specs_do_not_say_it() -> None:
    entry, one = desired("a@example.com"), live("1", "a@example.com", first_name="Zebulon")
    judged = judging("genstore")

    _, index = planned((entry,), (one,), judged, settling(judged))

    assert index.names().has("Zebulon")
