"""One store's HTTP session: token, pace, and what each status means.

Reads are repeated when that can help. Writes are sent once: a refusal proves that nothing was done,
anything doubtful is `OutcomeUnknown`, and whoever asked decides after reading again.
"""

import json
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import stamina

from reconciler.errors import (
    CustomerNotFound,
    OutcomeUnknown,
    PlatformError,
    RateLimited,
    Rejected,
    StoreStopped,
    TooCostly,
    Unavailable,
    UnreadableResponse,
)
from reconciler.platforms import json_body
from reconciler.platforms.answer import (
    Answer,
    CostOf,
    Fate,
    Judge,
    Judgement,
)
from reconciler.platforms.exchange import Garbled, Received, TooLarge, TooSlow
from reconciler.platforms.library import httpx
from reconciler.platforms.limiter import Cancelled, Limiter
from reconciler.platforms.platform import believed, uncounted
from reconciler.platforms.pool import Pool
from reconciler.platforms.retry_after import retry_after
from reconciler.platforms.status import TEXTS, judged
from reconciler.platforms.unreachable import trouble

# Retries are ours to tell of; the library would log them to stderr in words of its own.
stamina.instrumentation.set_on_retry_hooks([])

# These tell addresses and headers, and look-ups have e-mail addresses and phone numbers in them.
_TALKATIVE: Final = (
    "httpx",
    *(f"httpcore.{name}" for name in ("connection", "http11", "http2", "proxy", "socks")),
)
for _name in _TALKATIVE:
    logging.getLogger(_name).addFilter(lambda record: False)  # noqa: ARG005

ATTEMPTS: Final = 5
LONGEST_WAIT: Final = 120.0
_AT_ONCE: Final = 0.001
TIMEOUT: Final = httpx.Timeout(30.0, connect=10.0)
_LONGEST_TRACE: Final = 128
# Before a byte was sent, so nothing was done.
_NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
# One may be looked up once more; a store that is always this slow is left.
_MOST_SLOW: Final = 2
TRACE_HEADERS: Final = ("request-id", "traceid", "x-request-id")

Heard: TypeAlias = Callable[[Mapping[str, str]], None]

_ERRORS: Final = {
    Fate.STOPPED: StoreStopped,
    Fate.NOT_FOUND: CustomerNotFound,
    Fate.REFUSED: Rejected,
    Fate.THROTTLED: RateLimited,
    Fate.COSTLY: TooCostly,
}


def unheard(headers: Mapping[str, str]) -> None:
    """Where nobody asks."""


class Session:
    """Thread-safe. `base` is scheme and host; no request ever leaves for another one.

    `judge` and `cost_of` are the platform's, for answers with a good status. `heard` is given the
    headers of every answer.
    """

    def __init__(
        self,
        *,
        store: str,
        base: str,
        headers: Mapping[str, str],
        limiter: Limiter,
        judge: Judge = believed,
        cost_of: CostOf = uncounted,
        heard: Heard = unheard,
    ) -> None:
        self.store = store
        self.requests = 0
        self._slow = 0
        self._limiter = limiter
        self._judge = judge
        self._cost_of = cost_of
        self._heard = heard
        self._reserved = threading.local()
        self._own = threading.local()
        self._base = base
        self._pool = Pool(base, headers, TIMEOUT)

    def wait(self, seconds: float) -> None:
        """Lets a store that shows its writes late catch up."""
        self._limiter.clock.sleep(seconds)

    def own_requests(self) -> int:
        """How many requests the calling thread has made."""
        count: int = getattr(self._own, "count", 0)
        return count

    def own_waits(self) -> float:
        """The seconds for which the calling thread has waited for turns."""
        seconds: float = getattr(self._own, "waits", 0.0)
        return seconds

    def reserve_turn(self) -> None:
        """Takes the turn of this thread's next write now, so that it need not wait after a read.

        That keeps the moment between reading a record and writing it as short as one answer.
        """
        if not getattr(self._reserved, "turn", False):
            self._turn("waiting to write")
            self._reserved.turn = True

    def _turn(self, doing: str) -> None:
        began = self._limiter.clock.monotonic()
        try:
            self._limiter.take()
        except Cancelled:
            raise self._fail(
                StoreStopped, "broken off while the store asked to wait", doing
            ) from None
        self._own.waits = self.own_waits() + self._limiter.clock.monotonic() - began

    def _refuse_late_turn(self, doing: str) -> None:
        """The store has asked to wait since the record was read: it has to be read again then."""
        wait = self._limiter.blocked_for()
        if wait > 0:
            error = self._fail(RateLimited, "the store asks to slow down", doing)
            error.retry_after = wait
            raise error

    def close(self) -> None:
        self._pool.close()

    def get(self, path: str, params: Sequence[tuple[str, str]], doing: str) -> Answer:
        """A read. Raises `CustomerNotFound` on 404, other `PlatformError`s after several tries."""
        return self._safely("GET", path, params, None, doing)

    def ask(self, path: str, body: Mapping[str, Any], doing: str) -> Answer:
        """A read that the platform wants as POST."""
        return self._safely("POST", path, (), body, doing)

    def write(self, method: str, path: str, body: Mapping[str, Any] | None, doing: str) -> Answer:
        """A write, sent once.

        Raises `Rejected`, `CustomerNotFound`, `RateLimited`, `StoreStopped` or `Unavailable` where
        nothing was done, `OutcomeUnknown` where that is not known.
        """
        try:
            if getattr(self._reserved, "turn", False):
                self._reserved.turn = False
                self._refuse_late_turn(doing)
            else:
                self._turn(doing)
            response = self._send(method, path, (), body)
        except (httpx.HTTPError, TooLarge, TooSlow, Garbled) as error:
            kind = Unavailable if isinstance(error, _NOT_SENT) else OutcomeUnknown
            found = trouble(error, self._base, TIMEOUT)
            raise self._fail(kind, found.what, doing, hint=found.hint) from None
        try:
            return self._answer(response, doing, OutcomeUnknown)
        except UnreadableResponse as error:
            raise self._fail(OutcomeUnknown, "the answer is garbled", doing, response) from error

    def _safely(
        self,
        method: str,
        path: str,
        params: Sequence[tuple[str, str]],
        body: Mapping[str, Any] | None,
        doing: str,
    ) -> Answer:
        began = self._limiter.clock.monotonic()
        for attempt in stamina.retry_context(
            on=_worth_repeating,
            attempts=ATTEMPTS,
            timeout=None,
            wait_initial=0.5,
            wait_max=30.0,
            wait_jitter=0.5,
        ):
            with attempt:
                try:
                    return self._read_once(method, path, params, body, doing)
                except (httpx.HTTPError, TooLarge, TooSlow, Garbled) as error:
                    seconds = self._limiter.clock.monotonic() - began
                    raise self._unanswered(error, doing, attempt.num, seconds) from None
        raise AssertionError("stamina either returns or raises")

    def _read_once(
        self,
        method: str,
        path: str,
        params: Sequence[tuple[str, str]],
        body: Mapping[str, Any] | None,
        doing: str,
    ) -> Answer:
        self._turn(doing)
        response = self._send(method, path, params, body)
        try:
            return self._answer(response, doing, Unavailable)
        except UnreadableResponse:
            if not json_body.breaks_off(response.content):
                raise
            raise self._fail(
                Unavailable, "the answer breaks off", doing, response, hint="try again later"
            ) from None

    def _unanswered(
        self, error: Exception, doing: str, tries: int, seconds: float
    ) -> PlatformError:
        """A read that got no answer; one that is no use is not worth another try."""
        found = trouble(error, self._base, TIMEOUT)
        if not isinstance(error, httpx.HTTPError):
            hint = "check base_url: is this the store's API?"
            return self._fail(StoreStopped, found.what, doing, hint=hint)
        tried = "once" if tries == 1 else f"{tries} times"
        told = f"{found.what}; tried {tried} in {seconds:.0f} s"
        return self._fail(Unavailable, told, doing, hint=found.hint)

    def _send(
        self,
        method: str,
        path: str,
        params: Sequence[tuple[str, str]],
        body: Mapping[str, Any] | None,
    ) -> Received:
        self.requests += 1
        self._own.count = self.own_requests() + 1
        self._own.sent = (list(params), body)
        content = None
        headers = {}
        if body is not None:
            content = json.dumps(body).encode()  # escapes carry even broken Unicode back as it came
            headers["content-type"] = "application/json; charset=utf-8"
        asked = f"?{httpx.QueryParams(list(params))}" if params else ""
        request = self._pool.request(method, f"{path}{asked}", content, headers)
        if self._slow >= _MOST_SLOW:
            raise self._fail(
                StoreStopped,
                f"{self._slow} answers were not there in time",
                "left alone",
                hint="try again later",
            )
        try:
            return self._pool.exchange(request)
        except TooSlow:
            self._slow += 1
            raise

    def _answer(self, response: Received, doing: str, failed: type[PlatformError]) -> Answer:
        """A good answer, by its status and by its body. `failed` is for a store that failed."""
        self._heard(response.headers)
        wait = retry_after(response.headers, self._limiter.clock)
        judgement = judged(response.status, wait)
        if judgement is None:
            answer = self._parsed(response, doing)
            cost = self._cost_of(answer)
            if cost is not None:
                self._limiter.spent(cost)
            judgement = self._judge(answer)
            if judgement is None:
                self._own.read = answer.body
                return answer
        raise self._error(judgement, response, doing, failed)

    def _error(
        self, judgement: Judgement, response: Received, doing: str, failed: type[PlatformError]
    ) -> PlatformError:
        message, hint = TEXTS[judgement.fate]
        message, hint = judgement.message or message, judgement.hint or hint
        said = "" if 300 <= response.status < 400 else self._own_words(response)
        wait = judgement.retry_after
        if wait is not None and not wait >= 0:  # not a number, too
            wait = None
        kind = _ERRORS.get(judgement.fate, failed)
        if kind is OutcomeUnknown:
            hint = ""
        if kind is RateLimited:
            if wait is not None and wait > LONGEST_WAIT:
                kind = StoreStopped
                message = f"the store asks to wait for longer than {LONGEST_WAIT:.0f} seconds"
                hint = "try again later"
            else:
                self._limiter.refused(wait)
        error = self._fail(kind, message, doing, response, hint=hint, said=said)
        error.retry_after = wait
        return error

    def _parsed(self, response: Received, doing: str) -> Answer:
        body = None
        if response.content:
            try:
                body = json_body.parsed(response.content)
            except (ValueError, RecursionError):
                raise self._fail(
                    UnreadableResponse,
                    "the answer is no JSON",
                    doing,
                    response,
                    hint="check base_url: is this the store's API?",
                ) from None
        headers = dict(response.headers)
        return Answer(body=body, link=headers.get("link"), headers=headers)

    def unreadable(self, why: str, doing: str) -> UnreadableResponse:
        """For an answer that is JSON, but not what the documents tell."""
        return UnreadableResponse(
            why, store=self.store, doing=doing, hint="check platform, api_version and base_url"
        )

    def garbled_write(self, why: str, doing: str) -> OutcomeUnknown:
        """For a write that was answered well, but not with what the documents tell."""
        return OutcomeUnknown(why, store=self.store, doing=doing)

    def _shown(self, trace: str) -> str:
        """A trace id, but not where a store sends the token back as one."""
        return "" if any(trace in one for one in self._pool.sent()) else _plain(trace)

    def _own_words(self, response: Received) -> str:
        """What the store says to it, without what this thread has sent and read last."""
        from reconciler.platforms.refusal import own_words  # noqa: PLC0415 -- most refuse nothing

        exchanged = (
            getattr(self._own, "sent", None),
            self._pool.sent(),
            getattr(self._own, "read", None),
        )
        told = own_words(response.content, exchanged)
        return f'; it says "{told}"' if told else ""

    def _fail(
        self,
        kind: type[PlatformError],
        message: str,
        doing: str,
        response: Received | None = None,
        hint: str = "",
        said: str = "",
    ) -> PlatformError:
        status = response.status if response is not None else 0
        trace = ""
        if response is not None:
            trace = next(
                (response.headers[name] for name in TRACE_HEADERS if name in response.headers), ""
            )
        told = f"{message} (HTTP {status})" if status else message
        return kind(
            told + said,
            store=self.store,
            doing=doing,
            status=status,
            trace=self._shown(trace),
            hint=hint,
        )


def _worth_repeating(error: Exception) -> bool | float:
    """Whether to read again. Where the store said when, the next turn is not given out before."""
    if isinstance(error, RateLimited):
        return True if error.retry_after is None else _AT_ONCE
    return isinstance(error, Unavailable)


def _plain(trace: str) -> str:
    """A trace id is shown only if it looks like one."""
    plain = trace.isascii() and trace.replace("-", "").isalnum()
    return trace if plain and len(trace) <= _LONGEST_TRACE else ""
