"""Words for consents that a spec names: none turns a known word round, none makes a yes of a no."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.consent import Channel, ConsentState
from reconciler.model.patch import Patch
from reconciler.model.settings import ConsentWord
from reconciler.platforms.genstore.capabilities import GENSTORE
from reconciler.platforms.genstore.wire import ConsentVocabulary, new_customer
from tests.harness import Shop, consent, grant, opened, person, verdicts
from tests.program import run

Json = dict[str, Any]
KNOWN = {
    "SUBSCRIBED": ConsentState.SUBSCRIBED,
    "UN_SUBSCRIBED": ConsentState.UNSUBSCRIBED,
    "NOT_SUBSCRIBED": ConsentState.NOT_SUBSCRIBED,
    "PENDING": ConsentState.PENDING,
    "subscribed": ConsentState.SUBSCRIBED,
    "Sub_Scribed": ConsentState.SUBSCRIBED,
    "pending_Confirmation": ConsentState.PENDING,
}
_words = st.sampled_from((*KNOWN, "GONE", "OUT", "MAYBE"))
_named = st.builds(
    lambda channel, state, word: ConsentWord(channel=channel, state=state, word=word),
    st.sampled_from(list(Channel)),
    st.sampled_from(
        [
            ConsentState.SUBSCRIBED,
            ConsentState.UNSUBSCRIBED,
            ConsentState.NOT_SUBSCRIBED,
            ConsentState.PENDING,
        ]
    ),
    _words,
)


@given(
    named=st.lists(_named, max_size=8),
    remembered=st.lists(_named, max_size=4),
    seen=st.lists(st.tuples(st.sampled_from(list(Channel)), _words), max_size=6),
    channel=st.sampled_from(list(Channel)),
)
def test_no_word_that_says_yes_or_waits_is_sent_for_a_no(
    named: list[ConsentWord],
    remembered: list[ConsentWord],
    seen: list[tuple[Channel, str]],
    channel: Channel,
) -> None:
    words = ConsentVocabulary(named)
    for one in remembered:
        words.remember(one.channel, one.state, one.word)
    for where, word in seen:
        words.state(where, word)

    sent = {
        *words.candidates(channel, ConsentState.SUBSCRIBED),
        *(one["state"] for one in new_customer(Patch(), words)["customer"].values()),
        *(words.no(channel, state) for state in ConsentState),
    }

    yes = (ConsentState.SUBSCRIBED, ConsentState.PENDING)
    assert not [one for one in sent if one is not None and GENSTORE.meaning(one) in yes]
    for word, means in KNOWN.items():
        assert words.state(channel, word) is means


def told(folder: Path, words: Json) -> str:
    folder.mkdir(exist_ok=True)
    store = {"platform": "genstore", "shop": "acme", "token": {"env": "T"}, "consent_words": words}
    (folder / "a.yaml").write_text(json.dumps({"stores": {"shop": store}}))
    return run("validate", "--specs", folder).out


@pytest.mark.parametrize(
    "words",
    [
        {"email": {"unsubscribed": "SUBSCRIBED"}},
        {"email": {"not_subscribed": "subscribed"}},
        {"sms": {"unsubscribed": "Sub_scribed"}},
        {"sms": {"not_subscribed": "UN_SUBSCRIBED"}},
        {"email": {"unsubscribed": "PENDING"}},
        {"email": {"subscribed": "UNSUBSCRIBED"}},
        {"email": {"subscribed": "GONE"}},
        {"email": {"pending": "NOT_SUBSCRIBED"}},
        {"email": {"unsubscribed": "GONE", "not_subscribed": "GONE"}},
        {"email": {"unsubscribed": "INVALID"}},
    ],
    ids=str,
)
def test_a_known_word_gets_no_other_meaning(tmp_path: Path, words: Json) -> None:
    assert "error[settings.consent-words]" in told(tmp_path / "specs", words)


@pytest.mark.parametrize(
    "words",
    [
        {"email": {"unsubscribed": "UN_SUBSCRIBED"}},
        {"sms": {"unsubscribed": "OPT_OUT", "not_subscribed": "NEVER"}},
        {"email": {"subscribed": "SUBSCRIBED", "pending": "WAITING"}},
    ],
    ids=str,
)
def test_a_state_without_a_word_gets_one(tmp_path: Path, words: Json) -> None:
    assert "error" not in told(tmp_path / "specs", words)


def said_no(email: str, state: str = "not_subscribed") -> Json:
    return person(
        email, consent={"email": consent(state, "2026-10-20T00:00:00+00:00"), "sms": consent()}
    )


def wants(shop: Shop) -> None:
    shop.want({"email": "ada@example.com", "consent": {"email": grant()}})


@pytest.mark.parametrize("read", ["auto", "full", "lookup"])
def test_a_word_that_was_not_seen_switches_no_doubt_off(tmp_path: Path, read: str) -> None:
    with opened(tmp_path, "genstore", [said_no("ada@example.com")]) as shop:
        shop.settings = {"consent_words": {"email": {"unsubscribed": "UN_SUBSCRIBED"}}}
        wants(shop)

        assert verdicts(shop.plan(read=read)) == [("hold", "consent.newer-opt-out")]


@pytest.mark.parametrize("read", ["auto", "full"])
def test_a_word_that_was_seen_does(tmp_path: Path, read: str) -> None:
    people = [
        said_no("ada@example.com"),
        *(said_no(f"{n}@example.com", "unsubscribed") for n in range(300)),
    ]
    with opened(tmp_path, "genstore", people, {"unsubscribed_word": "UN_SUBSCRIBED"}) as shop:
        shop.settings = {"consent_words": {"email": {"unsubscribed": "UN_SUBSCRIBED"}}}
        wants(shop)

        assert verdicts(shop.plan(read=read)) == []
        assert shop.apply(shop.plan(read=read)).complete
