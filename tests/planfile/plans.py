"""Plans as the planner makes them, from random people, choices and settings."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from hypothesis import strategies as st

from reconciler.model.consent import Actor, Channel, ConsentState, Grade, LiveConsent
from reconciler.model.customer import Address, DesiredCustomer, Learned, LiveCustomer, ReadReceipt
from reconciler.model.personal import Personal
from reconciler.model.provenance import Provenance
from reconciler.model.settings import Release, RiskClass
from reconciler.model.tax import TaxExemptions, exemptions
from reconciler.plan.lift import Lift, LiftKind, LiftState, Origin
from reconciler.plan.match import Index
from reconciler.plan.plan import Basis, Plan, StorePlan
from reconciler.plan.planner import compute
from reconciler.plan.reading import LiveCounts, StoreReading
from reconciler.plan.setting import SettingChange
from reconciler.plan.verdicts import NO_ERASURE, Level, Verdict
from tests.builders import MARK, NOW, comparison, desired, live, rules, tags

RULES: Final = replace(
    rules("genstore"), comparison=comparison("*", vip=Channel.EMAIL, **{"a[b]": Channel.SMS})
)
PSEUDONYMS: Final = RULES.pseudonyms
LIKE_A_PHONE: Final = "8613315034487"
EMAILS: Final = ("a@example.com", "b@example.com", "c@example.com", "d@example.com")
TAGS: Final = ("vip", "x]", "a[b]", "is ada@example.com", "\u202eevil", "")
TIMES: Final = (
    datetime(2026, 1, 1, tzinfo=UTC),
    datetime(2026, 5, 1, 8, 30, 1, 5, tzinfo=timezone(timedelta(hours=-4, minutes=-30))),
)


def planned(
    *entries: DesiredCustomer,
    store: tuple[LiveCustomer, ...],
    since: datetime | None = None,
    **basis: Any,
) -> Plan:
    index = Index(entries, "CN")
    census = LiveCounts()
    for one in store:
        census.see(one)
        index.offer(one)
    learned = Learned(words=((Channel.EMAIL, ConsentState.UNSUBSCRIBED, "NO"),), day_first=True)
    receipt = ReadReceipt(
        mode="full" if since is None else "since",
        complete=True,
        read=len(store),
        learned=learned,
        since=since,
    )
    part = compute(
        StoreReading(index=index, census=census, receipt=receipt, customers=len(store)), RULES, ()
    )
    return Plan(basis=_basis(**basis), stores=(part,))


def _basis(**fields: Any) -> Basis:
    return Basis(
        **{
            "tool": "0",
            "created_at": NOW,
            "expires_at": NOW + timedelta(days=7),
            "spec_digest": "d" * 64,
            "spec_files": 1,
            "read": "full",
            "raises": (),
            "releases": (),
            "selected": ("shop",),
            "settings_digest": "e" * 64,
            **fields,
        }
    )


UNREAD: Final = StorePlan(
    name="away",
    platform="genstore",
    api_version="1",
    receipt=None,
    customers=None,
    changes=(),
    verdicts=(),
    audience=(),
    unchanged=0,
    error="store away: it refuses the connection",
)


def plans() -> st.SearchStrategy[Plan]:
    people = st.lists(st.sampled_from(EMAILS), unique=True)
    return st.builds(
        _plan,
        st.fixed_dictionaries({email: st.none() | _wanted(email) for email in EMAILS}),
        people.flatmap(lambda found: st.tuples(*(_live(one) for one in found))),
        _choices(),
        st.booleans(),
        st.lists(_waiting()).map(tuple),
    )


def _waiting() -> st.SearchStrategy[Verdict]:
    return st.builds(
        Verdict,
        rule=st.just(NO_ERASURE),
        level=st.just(Level.WARN),
        store=st.just("late"),
        message=st.just("the erasure is asked for and not carried out"),
        alias=st.just("cus_aaaaaaaaaa"),
        mark=st.just(MARK),
        acknowledged=st.booleans(),
    )


def _plan(
    wanted: dict[str, DesiredCustomer | None],
    store: tuple[LiveCustomer, ...],
    choices: dict[str, Any],
    unread: bool,
    waiting: tuple[Verdict, ...],
) -> Plan:
    entries = [one for one in wanted.values() if one is not None]
    plan = planned(*entries, store=store, **choices)
    (part,) = plan.stores
    stores = (part, UNREAD) if unread else (part,)
    return Plan(basis=plan.basis, stores=stores, waiting=waiting)


def _texts() -> st.SearchStrategy[str]:
    return st.sampled_from(("New", "Old", "王小明", "x" * 300))


def _wanted(email: str) -> st.SearchStrategy[DesiredCustomer]:
    consents = st.dictionaries(
        st.sampled_from(("email", "sms")),
        st.sampled_from(("subscribed", "unsubscribed", "pending")),
    )
    fields = st.fixed_dictionaries(
        {},
        optional={
            "first_name": _texts(),
            "note": _texts(),
            "birthday": _texts(),
            "language": st.sampled_from(("en", "ada@example.com")),
            "tags": st.sampled_from(TAGS).map(
                lambda tag: tags("vip", *([tag] if tag != "vip" else []))
            ),
            "consent": consents,
            "phone": st.just("+8613315034487"),
            "tax_exempt": st.booleans(),
            "tax_exemptions": _exemptions(),
            "addresses": _addresses(),
        },
    )
    gone = st.sampled_from(("erasure 1", "asked by grace@example.com", None))
    return fields.map(lambda found: _entry(email, **found)) | gone.map(
        lambda reason: desired(email, absent=True, reason=reason)
    )


def _entry(email: str, /, **fields: Any) -> DesiredCustomer:
    names = ("tax_exempt", "tax_exemptions", "language")
    flags = tuple((name, fields.pop(name)) for name in names if name in fields)
    entry = desired(email, **fields)
    return replace(entry, scalars=entry.scalars + flags)


def _exemptions() -> st.SearchStrategy[TaxExemptions | None]:
    regions = [None, exemptions([("CA", ["ON", "QC"]), ("US", None)]), TaxExemptions(None)]
    return st.sampled_from(regions)


def _addresses() -> st.SearchStrategy[tuple[Address, ...]]:
    texts = (("city", Personal("Old Town")), ("country_code", Personal("CN")))
    return st.lists(st.just(Address(texts=texts)), max_size=1).map(tuple)


def _live(email: str) -> st.SearchStrategy[LiveCustomer]:
    consent = st.builds(
        LiveConsent,
        state=st.sampled_from(ConsentState),
        at=st.none() | st.sampled_from(TIMES),
        actor=st.sampled_from(Actor),
        grade=st.sampled_from(Grade),
        code=st.sampled_from(("", "5", LIKE_A_PHONE, f"state {LIKE_A_PHONE}")),
    )
    return st.fixed_dictionaries(
        {"consent": st.fixed_dictionaries({"email": consent, "sms": consent})},
        optional={
            "first_name": _texts(),
            "birthday": _texts(),
            "language": st.sampled_from(("nb", "zh-hans-cn")),
            "tax_exempt": st.booleans(),
            "tax_exemptions": _exemptions(),
            "addresses": _addresses(),
            "tags": st.lists(st.sampled_from(TAGS), unique=True).map(tuple),
        },
    ).map(lambda found: live(str(EMAILS.index(email) + 1), email, **found))


def _choices() -> st.SearchStrategy[dict[str, Any]]:
    aliases = st.none() | st.just("cus_aaaaaaaaaa")
    marks = st.none() | st.just(MARK)
    told = st.sampled_from((None, "x", True, 3, 0.5))
    paths = st.sampled_from((("policy",), ("stores", "shop", "token", "env"), ("approvals", "x")))
    lifts = st.builds(
        Lift,
        kind=st.sampled_from(LiftKind),
        what=st.just("create"),
        origin=st.sampled_from(Origin),
        state=st.sampled_from(LiftState),
        value=st.sampled_from(("", "3")),
        customers=st.none() | st.lists(st.just("cus_aaaaaaaaaa")).map(tuple),
        mark=marks,
        until=st.none() | st.sampled_from(TIMES),
    )
    return st.fixed_dictionaries(
        {},
        optional={
            "raises": st.lists(st.tuples(st.sampled_from(RiskClass), st.integers(0, 9))).map(tuple),
            "releases": st.lists(
                st.builds(Release, rule=st.just("r"), alias=aliases, store=st.none())
            ).map(tuple),
            "base": st.just("c0ffee" * 6 + "c0ff"),
            "changed": st.lists(
                st.builds(
                    SettingChange,
                    path=paths,
                    before=told,
                    after=told,
                    mark=marks,
                    digest=st.just("f" * 64),
                )
            ).map(tuple),
            "unmerged": st.just((("late", 3),)),
            "lifts": st.lists(lifts).map(tuple),
            "created_at": st.sampled_from(TIMES),
            "since": st.sampled_from(TIMES),
            "provenance": st.builds(
                Provenance,
                commit=st.none() | st.just("c" * 40),
                committed=st.none() | st.booleans(),
                pull_request=st.none() | st.just("12"),
                author=st.none() | st.sampled_from(("mei-lin", "ada@example.com")),
                actor=st.none() | st.just("nora"),
            ),
        },
    )
