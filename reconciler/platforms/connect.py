"""From a store's settings and its token to a client that speaks to it."""

from dataclasses import dataclass

from reconciler.model.customer import NOTHING_LEARNED, Learned
from reconciler.model.settings import StoreSettings
from reconciler.platforms.base import Recall
from reconciler.platforms.guard import Guarded
from reconciler.platforms.http import Heard, Session, unheard
from reconciler.platforms.limiter import Limiter
from reconciler.platforms.registry import PLATFORMS
from reconciler.platforms.times import StoreTimes


@dataclass(frozen=True, slots=True)
class Connection:
    """A client and the session under it; close it when done."""

    client: Guarded
    session: Session


def connect(
    store: StoreSettings,
    *,
    base: str,
    token: str,
    limiter: Limiter,
    learned: Learned = NOTHING_LEARNED,
    heard: Heard = unheard,
    recall: Recall | None = None,
) -> Connection:
    """`base` is scheme and host as `trusted_hosts.base_url` allows it; `learned` is an earlier
    reading's, and `recall` what is remembered of records that one gave; `heard` is given the
    headers of every answer.
    """
    platform = PLATFORMS[store.platform]
    began = limiter.clock.now()
    times = StoreTimes(store.timezone, lambda: began, day_first=learned.day_first)
    session = Session(
        store=store.name,
        base=base,
        headers=platform.headers(token),
        limiter=limiter,
        judge=platform.judge,
        cost_of=platform.cost_of,
        heard=heard,
    )
    client = platform.connect(session, store, times, learned)
    return Connection(client=Guarded(client, session, recall), session=session)
