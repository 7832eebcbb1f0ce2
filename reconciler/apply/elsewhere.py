"""What a plan approved because another store of the controller showed an opt-out.

The plan is sealed, so what it tells of that is as good as a line of the register, which may not
have come along.
"""

from collections.abc import Iterator

from reconciler.model.act import Act, By, Doer, Said, Sure
from reconciler.model.customer import LiveCustomer
from reconciler.model.register import Person
from reconciler.plan.changes import Elsewhere
from reconciler.plan.sayings import Saying, contact_key
from reconciler.plan.steps import Step
from reconciler.plan.store_rules import StoreRules


def overhear(step: Step, live: LiveCustomer, rules: StoreRules) -> None:
    """But for what the register knows to be our own write in that store."""
    for person, act in overheard(step, live, rules):
        channel, contact, register = person.channel, person.contact, rules.register
        if contact is None:
            continue
        if register.is_ours(channel, contact, act) and not register.is_noted(channel, contact, act):
            continue
        if act not in register.overheard(channel, contact):
            register.overhear(register.identity(channel, contact), act)


def overheard(step: Step, live: LiveCustomer, rules: StoreRules) -> Iterator[Saying]:
    for field in step.fields:
        channel = field.path.channel
        if field.elsewhere is None or channel is None:
            continue
        contact = contact_key(live, channel, rules.comparison.region)
        if contact is not None:
            yield Person(channel=channel, contact=contact), _act(field.elsewhere)


def _act(one: Elsewhere) -> Act:
    return Act(
        said=Said.OUT,
        at=one.since,
        sure=Sure.NOT_TOLD,
        seen=one.since,
        doer=Doer.NOT_TOLD,
        by=By.READING,
        store=one.store,
    )
