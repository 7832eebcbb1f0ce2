"""A platform that says all in the body: its 200 may be a refusal, a throttle or a missing right.

The bodies are those of a GraphQL store; the judgement of them is written as such a platform would.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest

from reconciler.clock import Clock
from reconciler.errors import (
    CustomerNotFound,
    OutcomeUnknown,
    PlatformError,
    RateLimited,
    Rejected,
    StoreStopped,
    Unavailable,
)
from reconciler.model.settings import Rate
from reconciler.platforms.answer import Answer, Cost, Fate, Judgement
from reconciler.platforms.http import Session
from reconciler.platforms.limiter import Limiter
from tests.harness import quick_clock
from tests.platforms.bodies import answering

USUAL: Final = 10  # points that a request usually costs
FINE: Final = {"data": {"customer": {"id": "7"}}}
DENIED: Final = {"errors": [{"message": "denied", "extensions": {"code": "ACCESS_DENIED"}}]}
BROKEN: Final = {"errors": [{"message": "x", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]}
GONE: Final = {"data": {"customer": None}, "errors": [{"extensions": {"code": "NOT_FOUND"}}]}
REFUSED: Final = {
    "data": {
        "customerCreate": {"userErrors": [{"field": ["email"], "message": "Email is invalid"}]}
    }
}
_FATES: Final = {
    "ACCESS_DENIED": Fate.STOPPED,
    "NOT_FOUND": Fate.NOT_FOUND,
    "INTERNAL_SERVER_ERROR": Fate.FAILED,
}


def throttled(*, needs: float, has: float, restores: float) -> dict[str, Any]:
    state = {"maximumAvailable": 2000, "currentlyAvailable": has, "restoreRate": restores}
    return {
        "errors": [{"extensions": {"code": "THROTTLED"}}],
        "extensions": {"cost": {"requestedQueryCost": needs, "throttleStatus": state}},
    }


def judge(answer: Answer) -> Judgement | None:
    for error in answer.body.get("errors", ()):
        code = error["extensions"]["code"]
        if code == "THROTTLED":
            cost = answer.body["extensions"]["cost"]
            state = cost["throttleStatus"]
            lacks = cost["requestedQueryCost"] - state["currentlyAvailable"]
            wait = lacks / state["restoreRate"] if state["restoreRate"] else float("nan")
            return Judgement(fate=Fate.THROTTLED, retry_after=wait)
        return Judgement(fate=_FATES[code])
    parts = (answer.body.get("data") or {}).values()
    if any(isinstance(part, dict) and part.get("userErrors") for part in parts):
        return Judgement(fate=Fate.REFUSED, message="the store refused these values")
    return None


def cost_of(answer: Answer) -> Cost | None:
    told = answer.body.get("extensions", {}).get("cost")
    if told is None:
        return None
    state = told["throttleStatus"]
    return Cost(
        spent=told.get("actualQueryCost", 0) / USUAL,
        left=state["currentlyAvailable"] / USUAL,
        per_second=state["restoreRate"] / USUAL,
    )


@contextmanager
def session(
    base: str, clock: Clock | None = None, *, per_second: float = 1000
) -> Iterator[Session]:
    limiter = Limiter(Rate(per_second=per_second, burst=100), clock or quick_clock())
    made = Session(
        store="shop", base=base, headers={}, limiter=limiter, judge=judge, cost_of=cost_of
    )
    yield made
    made.close()


@pytest.mark.parametrize(
    ("body", "kind", "sent"),
    [
        (DENIED, StoreStopped, 1),
        (GONE, CustomerNotFound, 1),
        (REFUSED, Rejected, 1),
        (BROKEN, Unavailable, 5),
        (throttled(needs=20, has=10, restores=100), RateLimited, 5),
    ],
)
def test_a_read_is_repeated_where_that_can_help(
    body: Any, kind: type[PlatformError], sent: int
) -> None:
    with answering(body) as (base, asked), session(base) as one:
        with pytest.raises(kind):
            one.ask("/graphql.json", {"query": "q"}, "listing customers")

        assert len(asked) == sent


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (DENIED, StoreStopped),
        (GONE, CustomerNotFound),
        (REFUSED, Rejected),
        (BROKEN, OutcomeUnknown),
        (throttled(needs=20, has=10, restores=100), RateLimited),
    ],
)
def test_a_write_is_sent_once_whatever_its_answer_means(
    body: Any, kind: type[PlatformError]
) -> None:
    with answering(body) as (base, asked), session(base) as one:
        with pytest.raises(PlatformError) as raised:
            one.write("POST", "/graphql.json", {"query": "m"}, "creating a customer")

        assert type(raised.value) is kind
        assert len(asked) == 1


def test_a_throttle_in_a_body_is_waited_for_as_long_as_it_says() -> None:
    clock = quick_clock()
    full = throttled(needs=752, has=666, restores=50)
    with answering(full, FINE) as (base, asked), session(base, clock) as one:
        began = clock.monotonic()
        answer = one.ask("/graphql.json", {"query": "q"}, "listing customers")

        assert answer.body == FINE
        assert len(asked) == 2
        assert clock.monotonic() - began >= (752 - 666) / 50


@pytest.mark.parametrize("restores", [0, -1])
def test_a_throttle_without_sense_is_waited_for_as_usual(restores: float) -> None:
    full = throttled(needs=752, has=666, restores=restores)
    with answering(full, FINE) as (base, _), session(base) as one:
        assert one.ask("/graphql.json", {"query": "q"}, "listing customers").body == FINE


def test_a_throttle_that_lasts_too_long_stops_the_store() -> None:
    with answering(throttled(needs=2000, has=0, restores=1)) as (base, asked), session(base) as one:
        with pytest.raises(StoreStopped, match="asks to wait for longer than 120 seconds"):
            one.ask("/graphql.json", {"query": "q"}, "listing customers")

        assert len(asked) == 1


def test_a_refusal_in_a_body_is_told_in_the_platforms_words_and_the_stores() -> None:
    body = {**REFUSED, "errors": [], "message": "Email is invalid for grace@example.com"}
    with answering(body) as (base, _), session(base) as one, pytest.raises(Rejected) as raised:
        one.write("POST", "/graphql.json", {"query": "m"}, "creating a customer")

    assert "the store refused these values (HTTP 200)" in str(raised.value)
    assert "Email is invalid for •••" in str(raised.value)
    assert "grace" not in str(raised.value)


def test_headers_reach_the_platform() -> None:
    with answering(FINE) as (base, _), session(base) as one:
        assert "content-length" in one.get("/", (), "listing customers").headers


def test_what_answers_cost_slows_the_next_ones() -> None:
    """Each takes 200 points of 100 a second, as the store says; a turn counts for 10 of them."""
    state = {"maximumAvailable": 2000, "currentlyAvailable": 2000, "restoreRate": 100}
    cost = {"requestedQueryCost": 200, "actualQueryCost": 200, "throttleStatus": state}
    clock = quick_clock()
    with (
        answering({**FINE, "extensions": {"cost": cost}}) as (base, _),
        session(base, clock, per_second=10) as one,
    ):
        began = clock.monotonic()
        for _ in range(60):
            one.ask("/graphql.json", {"query": "q"}, "listing customers")

    waited = clock.monotonic() - began
    assert waited == pytest.approx((20 * 60 - 100) / 10, abs=5)


def test_a_client_that_tells_no_cost_goes_as_before() -> None:
    clock = quick_clock()
    with answering(FINE) as (base, _), session(base, clock, per_second=10) as one:
        began, real = clock.monotonic(), time.monotonic()
        for _ in range(60):
            one.ask("/graphql.json", {"query": "q"}, "listing customers")

    assert clock.monotonic() - began < 1 + time.monotonic() - real
