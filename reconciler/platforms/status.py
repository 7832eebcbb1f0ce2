"""What each HTTP status means, on every platform."""

from typing import Final

from reconciler.platforms.answer import Fate, Judgement

# The usual words for what became of a request: what is said, and what a person can do about it.
TEXTS: Final = {
    Fate.STOPPED: ("the store lets nothing more through", "ask the platform's support"),
    Fate.NOT_FOUND: ("the store knows no such thing", ""),
    Fate.REFUSED: ("the store refused it", ""),
    Fate.THROTTLED: ("the store asks to slow down", "lower `rate` of this store, or wait"),
    Fate.COSTLY: ("that costs more than the store allows at once", ""),
    Fate.FAILED: ("the store failed", "try again later"),
}
# Statuses after which nothing more may be sent in this run (SHOPLINE: 402 frozen, 423 locked,
# 433 to 436 security).
_STOPS: Final = {
    401: ("the token is not accepted", "check the token of this store and that it has not expired"),
    402: ("the store is frozen", "the shop's owner has to settle the account"),
    403: ("the token may not do this", "give the app the customer scopes it needs"),
    423: ("the store is locked", "wait, then ask the platform's support"),
    433: ("the platform's security stopped us", "ask the platform's support"),
    434: ("the platform's security stopped us", "ask the platform's support"),
    435: ("the platform's security stopped us", "ask the platform's support"),
    436: ("the platform's security stopped us", "ask the platform's support"),
}


def judged(status: int, retry_after: float | None) -> Judgement | None:
    """None for a status that says that all is well."""
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return Judgement(
            fate=Fate.STOPPED,
            message="the store redirects elsewhere, and the token does not follow",
            hint="check shop, api_version and base_url",
        )
    if status in _STOPS:
        message, hint = _STOPS[status]
        return Judgement(fate=Fate.STOPPED, message=message, hint=hint)
    if status == 429:
        return Judgement(fate=Fate.THROTTLED, retry_after=retry_after)
    fate = Fate.NOT_FOUND if status == 404 else Fate.REFUSED
    return Judgement(fate=Fate.FAILED if status >= 500 else fate)
