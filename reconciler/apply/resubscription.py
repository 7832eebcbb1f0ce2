"""Unsubscribing at once whom a store subscribed by itself, in answer to a write of ours."""

from datetime import datetime, timedelta
from typing import Final

from reconciler.apply.bench import TRIES, Bench
from reconciler.errors import OutcomeUnknown, PlatformError, RateLimited, StoreStopped, Unavailable
from reconciler.model.consent import Actor, Channel, ConsentState, Evidence, LiveConsent
from reconciler.model.customer import LiveCustomer
from reconciler.model.field_path import FieldPath
from reconciler.model.patch import ConsentWrite, Patch
from reconciler.model.settings import RiskClass
from reconciler.plan.steps import Step

_YES: Final = (ConsentState.SUBSCRIBED, ConsentState.PENDING)
_OURS_WITHIN: Final = timedelta(minutes=2)


def take_out(
    bench: Bench, back: LiveCustomer, channels: tuple[Channel, ...]
) -> tuple[LiveCustomer, tuple[Channel, ...]]:
    """Unsubscribes right away; the record after it, and the channels that would not go.

    It never raises for the store's sake: what could not be taken back is for the report.
    """
    evidence = Evidence(at=bench.clock.now())
    write = ConsentWrite(state=ConsentState.UNSUBSCRIBED, evidence=evidence)
    left = channels
    for _ in range(TRIES):
        try:
            bench.client.update(back, Patch(consents=tuple((one, write) for one in channels)))
        except (OutcomeUnknown, RateLimited, Unavailable):
            bench.clock.sleep(1.0)
        except StoreStopped as error:
            bench.stop(str(error))
            return back, left
        except PlatformError:
            pass
        try:
            back = bench.client.read(back.remote_id) or back
        except PlatformError as error:
            bench.stop(str(error))
            return back, left
        left = tuple(one for one in channels if back.consent(one).state in _YES)
        if not left:
            break
    return back, left


def settle_resubscription(bench: Bench, step: Step) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is lost and what is noticed of a write that an earlier run was cut off after.

    Whoever said no right before it, and yes since, without an act of his own, was subscribed by
    the store in answer to our write. Raises `PlatformError`.
    """
    intent = bench.past.intended.get(step.id)
    remote_id = step.change.remote_id or bench.created.get(step.change.alias)
    if intent is None or not intent.said_no or remote_id is None:
        return (), ()
    live = bench.client.read(remote_id)
    if live is None:
        return (), ()
    (live,), _ = bench.client.with_actors((live,))
    asked = {one.path for one in step.fields if one.risk is RiskClass.GRANT or one.moves}
    resubscribed = tuple(
        channel
        for channel in intent.said_no
        if FieldPath.of_consent(channel) not in asked
        and _rose_by_us(live.consent(channel), intent.at)
    )
    if not resubscribed:
        return (), ()
    _, left = take_out(bench, live, resubscribed)
    names = " and ".join(resubscribed)
    if left:
        return (f"the rise of {names} could not be taken back",), ()
    return (), (f"the rise of {names} after the write that was cut off was taken back",)


def _rose_by_us(now: LiveConsent, written_at: datetime) -> bool:
    told_later = now.at is not None and now.at > written_at + _OURS_WITHIN
    return now.state is ConsentState.SUBSCRIBED and (
        now.actor is not Actor.PERSON and not told_later
    )
