"""The customer as it is right before a write: read alone, or in a batch where that is as safe.

A batch is read up to a few seconds before the last of its writes, and some stores show their lists
late. So it serves only writes that send nothing along but what they change, on customers that this
plan has not written yet; whatever sends tags, addresses or a consent back is read by its own GET.
"""

from collections.abc import Iterable
from typing import Final

from reconciler.apply.bench import Bench
from reconciler.errors import PlatformError
from reconciler.model.consent import Channel
from reconciler.model.customer import LiveCustomer
from reconciler.plan.consent_rules import is_told
from reconciler.plan.steps import Step

REREAD_LASTS: Final = 5.0
_SENT_WHOLE: Final = ("tags", "addresses")


def prefetch(bench: Bench, steps: Iterable[Step]) -> None:
    """Reads the customers of some steps at once, where that saves a request."""
    wanted = [
        step.change.remote_id
        for step in steps
        if step.change.remote_id is not None and _can_share(bench, step)
    ]
    if len(wanted) < 2 or bench.over():
        return
    try:
        found = bench.client.read_many(wanted)
    except PlatformError:
        return  # each is read alone then, and tells what is wrong
    at = bench.clock.monotonic()
    bench.rereads.update({remote_id: (live, at) for remote_id, live in found.items()})


def look(bench: Bench, remote_id: str) -> LiveCustomer | None:
    """The record to decide on; None where the store says that there is none."""
    live, at = bench.rereads.pop(remote_id, (None, 0.0))
    if live is not None and _tells_all(live) and bench.clock.monotonic() - at <= REREAD_LASTS:
        return live
    return bench.client.read(remote_id)


def _tells_all(live: LiveCustomer) -> bool:
    """A list may tell less than a customer's own page."""
    told = all(is_told(live.consent(one), live.contact(one)) for one in Channel)
    return told and not live.unreadable and not live.untold


def _can_share(bench: Bench, step: Step) -> bool:
    if step.change.alias in bench.own or bench.past.done(step):
        return False
    return not any(one.path.name in _SENT_WHOLE or one.moves for one in step.fields)
