"""Where two settings differ: every field, however little they have in common, and nothing else."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.consent import Channel, ConsentState
from reconciler.model.ownership import Ownership
from reconciler.model.settings import (
    Ceiling,
    ConsentWord,
    Freeze,
    Policy,
    RiskClass,
    Settings,
    StoreSettings,
    TokenKind,
    TokenSource,
)
from reconciler.plan.settings_change import rule_changes, settings_digest
from tests.builders import MARK, NOW, rules, settings

PSEUDONYMS = rules().pseudonyms
_names = st.sampled_from(("a", "b", "c"))
_tokens = st.builds(
    lambda kind, where: TokenSource(kind=kind, where=where, mark=MARK),
    st.sampled_from(list(TokenKind)),
    st.tuples(st.sampled_from(("TOKEN", "OTHER", "x"))),
)
_stores = st.builds(
    lambda **fields: replace(settings(), **fields),
    shop=st.sampled_from(("acme", "other")),
    base_url=st.sampled_from((None, "https://a.example", "http://127.0.0.1:1")),
    token=_tokens,
    timezone=st.sampled_from((None, "UTC")),
    phone_region=st.sampled_from((None, "CN", "DE")),
    owned_tags=st.none()
    | st.lists(st.sampled_from([f"t{n}" for n in range(30)] + ["*", "nothing"]), unique=True).map(
        lambda found: tuple(sorted(found))
    ),
    ownership=st.builds(
        Ownership,
        tag=st.sampled_from((None, "ours", "mark")),
        foreign=st.sampled_from(((), ("theirs",), ("mark-*", "theirs"))),
    ),
    claim=st.booleans(),
    ceilings=st.lists(
        st.tuples(
            st.sampled_from(list(RiskClass)),
            st.builds(
                lambda p, a: Ceiling(percent=p, at_least=a, at_most=9),
                st.sampled_from((1, 1.5)),
                st.integers(0, 9),
            ),
        ),
        unique_by=lambda one: one[0],
    ).map(lambda found: tuple(sorted(found))),
    frozen=st.lists(
        st.builds(
            lambda hour, reason: Freeze(
                begins=NOW, ends=NOW + timedelta(hours=hour), reason=reason
            ),
            st.integers(1, 3),
            st.sampled_from(("sale", "stocktaking")),
        ),
        max_size=3,
        unique=True,
    ).map(lambda found: tuple(sorted(found, key=lambda one: (one.ends, one.reason)))),
    consent_words=st.lists(
        st.builds(
            lambda c, s, w: ConsentWord(channel=c, state=s, word=w),
            st.sampled_from(list(Channel)),
            st.just(ConsentState.UNSUBSCRIBED),
            st.sampled_from(("GONE", "OUT")),
        ),
        max_size=1,
    ).map(tuple),
)
_policies = st.builds(
    Policy,
    min_level=st.sampled_from(((), (("default", "single"),), (("DE", "confirmed"),))),
    bearing_tags=st.sampled_from(((), (("news", Channel.EMAIL),), (("news", Channel.SMS),))),
    implied=st.sampled_from(((), ("CA",))),
)
_settings = st.builds(
    lambda stores, policy: Settings(
        stores=tuple(replace(one, name=name) for name, one in sorted(stores.items())),
        policy=policy,
        approvals=(),
    ),
    st.dictionaries(_names, _stores, max_size=3),
    _policies,
)


@given(base=_settings, hand=_settings)
def test_settings_differ_where_their_digests_do(base: Settings, hand: Settings) -> None:
    found = rule_changes(base, hand, PSEUDONYMS)

    assert bool(found) == (settings_digest(base, PSEUDONYMS) != settings_digest(hand, PSEUDONYMS))
    assert bool(found) == (base != hand)
    assert len({one.path for one in found}) == len(found)
    back = {one.digest for one in rule_changes(hand, base, PSEUDONYMS)}
    assert not {one.digest for one in found} & back


@given(base=_settings, hand=_settings)
def test_what_is_undone_is_no_change(base: Settings, hand: Settings) -> None:
    assert rule_changes(base, base, PSEUDONYMS) == ()
    shown = {one.digest for one in rule_changes(base, hand, PSEUDONYMS)}
    assert {one.digest for one in rule_changes(base, hand, PSEUDONYMS)} <= shown


def test_a_number_is_a_number_in_whatever_way_it_is_written() -> None:
    def limited(percent: Any) -> Settings:
        one: StoreSettings = replace(
            settings(), ceilings=((RiskClass.TAG, Ceiling(percent=percent, at_least=1, at_most=2)),)
        )
        return Settings(stores=(one,), policy=Policy(), approvals=())

    assert rule_changes(limited(1), limited(1.0), PSEUDONYMS) == ()
    assert settings_digest(limited(1), PSEUDONYMS) == settings_digest(limited(1.0), PSEUDONYMS)
