"""The chain of our own writes to one customer, from before the first to after the last. Pure."""

from reconciler.model.consent import Actor, ConsentState, LiveConsent
from reconciler.model.customer import LiveCustomer
from reconciler.plan.changes import ConsentChange, FieldChange
from reconciler.plan.steps import StepKind
from reconciler.state.journal import Consents, OurWrites


def continued(
    earlier: OurWrites | None,
    live: LiveCustomer,
    back: LiveCustomer,
    written: tuple[FieldChange, ...],
    kind: StepKind,
) -> OurWrites:
    """Continues the chain of our own writes, channel by channel, where nobody else has acted.

    What our write did not ask for and may still be its doing (a blurred flag, a new time) stays in
    the chain; a state that moved, the person's own act and a newer opt-out do not. Nor does a no in
    answer to a grant: it may be somebody's, and what is granted again must be decided again.
    """
    unbroken = earlier is not None and dict(earlier.after) == dict(live.consents)
    consents = [one for one in written if isinstance(one, ConsentChange)]
    asked = {one.channel for one in consents}
    granted = {one.channel for one in consents if kind is StepKind.GRANT}
    foreign = {
        channel
        for channel, has in back.consents
        if (channel not in asked and _acted(live.consent(channel), has))
        or (channel in granted and has.state is ConsentState.UNSUBSCRIBED)
    }
    now = dict(back.consents)
    if earlier is not None and unbroken and earlier.before is None:
        kept = {channel: one for channel, one in now.items() if channel not in foreign}
        return OurWrites(before=None, after=kept)
    known = earlier.before if earlier is not None and unbroken else None
    start: Consents = known if known is not None else dict(live.consents)
    return OurWrites(before={**start, **{one: now[one] for one in foreign}}, after=now)


def _acted(had: LiveConsent, has: LiveConsent) -> bool:
    """Whether a consent that we did not write shows somebody else's act."""
    if had.state is not has.state:
        return True
    if has.actor is Actor.PERSON and had.actor is not Actor.PERSON:
        return True
    return has.state is ConsentState.UNSUBSCRIBED and has.at != had.at
