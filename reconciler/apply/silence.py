"""Time to silence: how long after the person's act a store has their opt-out."""

from collections.abc import Collection, Iterator
from datetime import datetime

from reconciler.model.customer import LiveCustomer
from reconciler.model.field_path import FieldPath
from reconciler.model.instant import told_at
from reconciler.plan.approved import ApprovedField
from reconciler.plan.outcome import Silence
from reconciler.plan.sayings import contact_key
from reconciler.plan.steps import Step, StepKind
from reconciler.plan.store_rules import StoreRules


def silences(
    step: Step,
    done: Collection[FieldPath],
    live: LiveCustomer,
    rules: StoreRules,
    now: datetime,
) -> Iterator[Silence]:
    """Of those withdrawals of a step that are `done` now, where the instant of the act is known."""
    if step.kind is not StepKind.WITHDRAW:
        return
    for field in step.fields:
        channel = field.path.channel
        if field.path not in done or channel is None:
            continue
        contact = contact_key(live, channel, rules.comparison.region)
        since = _since(field)
        if since is None or contact is None or since > now:
            continue
        whose = rules.register.identity(channel, contact)
        yield Silence(
            path=field.path,
            opt_out=rules.pseudonyms.digest("opt-out", [whose, since.isoformat()])[:16],
            seconds=int((now - since).total_seconds()),
        )


def _since(field: ApprovedField) -> datetime | None:
    if field.elsewhere is not None:
        return field.elsewhere.since
    at = dict(field.evidence).get("at")
    return None if at is None else told_at(at)
