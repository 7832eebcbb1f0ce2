"""Why a store did not tell something, in a few words that are the same each time."""

from typing import Final

from reconciler.errors import PlatformError, RateLimited, TooCostly, UnreadableResponse

ODD: Final = "its answer is not as documented"
_GOOD: Final = range(200, 300)


def reason(error: PlatformError) -> str:
    """Nothing of what the store said: that may be anybody's text."""
    if isinstance(error, UnreadableResponse):
        return ODD
    if isinstance(error, TooCostly):
        return "that costs more than it allows"
    if error.status in _GOOD:
        return "it asks to slow down" if isinstance(error, RateLimited) else "it refuses that"
    return f"it answers {error.status}" if error.status else "no answer came"
