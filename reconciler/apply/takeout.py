"""Unsubscribing at once whom a store subscribed by itself, in answer to a write of ours."""

from reconciler.apply.bench import TRIES, Bench
from reconciler.errors import OutcomeUnknown, RateLimited, Rejected, Unavailable
from reconciler.model.consent import Channel, ConsentState, Evidence
from reconciler.model.customer import LiveCustomer
from reconciler.model.patch import ConsentWrite, Patch


def take_out(
    bench: Bench, back: LiveCustomer, channels: tuple[Channel, ...]
) -> tuple[LiveCustomer, tuple[Channel, ...]]:
    """Unsubscribes right away; the record after it, and the channels that would not go."""
    evidence = Evidence(at=bench.clock.now())
    write = ConsentWrite(state=ConsentState.UNSUBSCRIBED, evidence=evidence)
    for _ in range(TRIES):
        try:
            bench.client.update(back, Patch(consents=tuple((one, write) for one in channels)))
        except (OutcomeUnknown, RateLimited, Unavailable):
            bench.clock.sleep(1.0)
        except Rejected:
            pass
        back = bench.client.read(back.remote_id) or back
        subscribed = (ConsentState.SUBSCRIBED, ConsentState.PENDING)
        left = tuple(one for one in channels if back.consent(one).state in subscribed)
        if not left:
            break
    return back, left
