"""How somebody stands by what several stores of a controller say, and what need be kept of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.clock import system_clock
from reconciler.model.act import Act, By, Doer, Said, standing
from reconciler.model.consent import Channel
from reconciler.model.register import Register
from reconciler.state.chain import parsed
from reconciler.state.register_line import told_by
from reconciler.state.register_proof import compact
from tests.registers import NOW, act, place_at, register_at, who

ADA = "ada@example.com"
STORES = ("shop", "eu", "ca")
_INSTANTS = st.integers(0, 4).map(lambda days: NOW - timedelta(days=days))
ACTS = st.builds(
    act,
    said=st.sampled_from((Said.OUT, Said.OUT, Said.IN, Said.SHOWN, Said.WISHED)),
    at=st.none() | _INSTANTS,
    seen=_INSTANTS,
    doer=st.sampled_from(Doer),
    by=st.sampled_from((By.READING, By.WITHDRAWAL, By.GRANT, By.IMPORT, By.CONTROLLER)),
    store=st.sampled_from(STORES),
).map(lambda one: replace(one, doer=Doer.TOOL) if one.by in (By.WITHDRAWAL, By.GRANT) else one)


def _known(folder: Path) -> Register:
    return register_at(folder).known


@given(acts=st.lists(ACTS, max_size=8), order=st.randoms())
def test_how_somebody_stands_does_not_hang_on_the_order_of_lines(
    acts: list[Act], order: Random
) -> None:
    shuffled = list(acts)
    order.shuffle(shuffled)
    assert standing(shuffled) == standing(acts)


@pytest.mark.parametrize("turned", [False, True])
def test_of_two_noes_of_one_instant_the_vaguer_decides(*, turned: bool) -> None:
    """No time told is overturned by less than a time that is."""
    acts = [act(said=Said.OUT, at=None, seen=NOW), act(said=Said.OUT, at=NOW, seen=NOW)]
    found = standing(reversed(acts) if turned else acts)
    assert found is not None
    assert not found.dated


@example(
    acts=[
        act(by=By.CONTROLLER, store="shop"),
        act(seen=NOW - timedelta(days=1), store="shop"),
    ]
)
@given(acts=st.lists(ACTS, min_size=1, max_size=8))
def test_a_compacted_register_says_the_same_of_everybody_in_every_store(
    tmp_path_factory: pytest.TempPathFactory, acts: list[Act]
) -> None:
    folder = tmp_path_factory.mktemp("register")
    alias = "cus_aaaaaaaaaa"
    register_at(folder).note(
        [(who(ADA, alias=alias if one.said is Said.SHOWN else None), one) for one in acts]
    )
    before = _known(folder)
    compact(place_at(folder), system_clock())
    after = _known(folder)

    assert after.of(Channel.EMAIL, ADA) == before.of(Channel.EMAIL, ADA)
    for store in (*STORES, "one more"):
        assert after.elsewhere(Channel.EMAIL, ADA, store) == before.elsewhere(
            Channel.EMAIL, ADA, store
        )
        echo = act(at=None, doer=Doer.NOT_TOLD, store=store)
        assert after.is_ours(Channel.EMAIL, ADA, echo) == before.is_ours(Channel.EMAIL, ADA, echo)
        again = (Channel.EMAIL, ADA, store)
        assert after.could_say_no_again(*again) == before.could_say_no_again(*again)
        no = act(at=None, seen=NOW + timedelta(days=1), store=store)
        wish = replace(no, by=By.WITHDRAWAL)
        assert after.wished(Channel.EMAIL, ADA, store) == before.wished(Channel.EMAIL, ADA, store)
        assert after.is_news_of_files(Channel.EMAIL, ADA, wish) == before.is_news_of_files(
            Channel.EMAIL, ADA, wish
        )
        for whose in (who(ADA), who(ADA, alias="cus_aaaaaaaaaa")):
            assert after.news(whose, no) == before.news(whose, no)


@example(
    here=[act(Said.IN, NOW - timedelta(days=1), store="shop"), act(Said.IN, store="shop")],
    there=[act(at=NOW - timedelta(days=2), store="eu")],
)
@given(here=st.lists(ACTS, min_size=1, max_size=6), there=st.lists(ACTS, max_size=4))
def test_a_compacted_register_says_the_same_beside_that_of_another_store(
    tmp_path_factory: pytest.TempPathFactory, here: list[Act], there: list[Act]
) -> None:
    folder = tmp_path_factory.mktemp("register")
    register_at(folder).note([(who(ADA), one) for one in here])
    whole = _acts_in(folder)
    compact(place_at(folder), system_clock())
    before, after = standing([*whole, *there]), standing([*_acts_in(folder), *there])
    assert (after and after.said, after and after.since) == (
        before and before.said,
        before and before.since,
    )


def _acts_in(folder: Path) -> list[Act]:
    """What is written of anybody."""
    path = folder / "opt-outs" / "shop.jsonl"
    lines = path.read_bytes().splitlines() if path.exists() else []
    return [found.act for line in lines if (found := told_by(parsed(line) or {}))]


@pytest.mark.parametrize("seen", [NOW, NOW + timedelta(hours=2)])
def test_a_yes_without_a_time_answers_no_other_store_s_no(seen: datetime) -> None:
    """It may have been seen late: whoever said no in between is out."""
    own = act(seen=NOW - timedelta(days=3), store="shop")
    no = act(at=NOW, seen=seen, store="eu")
    back = act(Said.IN, seen=NOW + timedelta(hours=1), store="shop")
    found = standing([own, no, back])
    assert found is not None
    assert (found.said, found.store) == (Said.OUT, "eu")

    carried = act(at=own.seen, by=By.CONTROLLER, store="eu")
    found = standing([own, carried, back])
    assert found is not None
    assert found.said is Said.IN


def test_what_another_company_said_in_a_file_that_was_copied_is_not_asked(tmp_path: Path) -> None:
    register_at(tmp_path, store="other").note([(who(ADA), act(store="other"))])
    path = tmp_path / "opt-outs" / "other.jsonl"
    path.rename(path.with_name("shop.jsonl"))
    assert _known(tmp_path).of(Channel.EMAIL, ADA) is None


def test_the_echo_of_our_own_write_is_no_news_and_a_later_no_is(tmp_path: Path) -> None:
    known = register_at(tmp_path)
    at = datetime(2026, 5, 1, tzinfo=UTC)
    known.note([(who(ADA), act(at=at, by=By.CONTROLLER, doer=Doer.PERSON))])
    for echo in (NOW, None, NOW + timedelta(seconds=30)):
        assert known.new([(who(ADA), act(at=echo, doer=Doer.STAFF))]) == []
    assert known.new([(who(ADA), act(at=NOW + timedelta(hours=2), doer=Doer.STAFF))])
    assert known.new([(who(ADA), act(at=NOW, doer=Doer.PERSON))])


def test_a_store_may_put_down_our_own_write_as_the_person_s(tmp_path: Path) -> None:
    """Read back so, it is our echo; nothing that was not read back so is."""
    no = act(at=None, doer=Doer.PERSON)
    for left, news in ((Doer.PERSON, 0), (Doer.STAFF, 1)):
        known = register_at(tmp_path / left)
        known.note([(who(ADA), act(Said.MADE, NOW, by=By.WRITE, doer=left))])
        assert len(known.new([(who(ADA), no)])) == news


def test_where_perhaps_nobody_acted_that_counts_in_its_own_store_alone(tmp_path: Path) -> None:
    known = register_at(tmp_path)
    known.note([(who(ADA), act(at=None, doer=Doer.NOBODY))])
    assert known.known.of(Channel.EMAIL, ADA) is not None
    assert known.known.elsewhere(Channel.EMAIL, ADA, "eu") is None

    known.note([(who(ADA), act(at=None, doer=Doer.STAFF))])
    assert known.known.elsewhere(Channel.EMAIL, ADA, "eu") is not None


@pytest.mark.parametrize("at", [NOW, None])
@pytest.mark.parametrize("doer", [Doer.NOT_TOLD, Doer.STAFF, Doer.PERSON])
def test_a_no_after_perhaps_nobodys_of_the_same_time_is_news_once(
    tmp_path: Path, at: datetime | None, doer: Doer
) -> None:
    known = register_at(tmp_path)
    known.note([(who(ADA), act(at=at, doer=Doer.NOBODY))])
    no = act(at=at, doer=doer)
    assert len(known.new([(who(ADA), no)])) == 1
    known.note([(who(ADA), no)])
    assert known.new([(who(ADA), no)]) == []


def test_what_was_seen_of_nobodys_act_hides_no_act(tmp_path: Path) -> None:
    """A record that shows never asked, since an instant, says better than a reading of just that,
    and nothing of a no of the same instant.
    """
    known = register_at(tmp_path)
    known.note([(who(ADA), act(at=NOW, doer=Doer.NOBODY))])
    assert known.known.elsewhere(Channel.EMAIL, ADA, "eu") is not None  # a time says somebody did
    assert known.known.beside(Channel.EMAIL, ADA, "shop", never_since=NOW) is None

    known.note([(who(ADA), act(at=NOW, doer=Doer.NOT_TOLD))])
    assert known.known.beside(Channel.EMAIL, ADA, "shop", never_since=NOW) is not None
