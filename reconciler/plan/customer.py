"""One pairing to its field changes and verdicts. Planning and applying both ask here.

Applying computes the same changes anew from the record as it is then, and carries out those whose
digests were approved; so this is the one place that decides what a change is.
"""

from dataclasses import replace
from typing import Final

from reconciler.model.consent import Channel
from reconciler.model.customer import DesiredCustomer, LiveCustomer
from reconciler.model.settings import RiskClass
from reconciler.plan.case import Case, CustomerPlan
from reconciler.plan.changes import Action, FieldChange, Presence, TagChange
from reconciler.plan.compare import creation, differences
from reconciler.plan.controller import OUT, Carried, carried
from reconciler.plan.held_back import is_withdrawal
from reconciler.plan.metafield_types import other_types
from reconciler.plan.ownership import is_ours
from reconciler.plan.store_rules import StoreRules
from reconciler.plan.verdicts import Level, Verdict

_DONE: Final = CustomerPlan(change=None, verdicts=())


def plan_customer(
    desired: DesiredCustomer, live: LiveCustomer | None, rules: StoreRules
) -> CustomerPlan:
    """What one entry asks of one live customer, or of nobody (`live` None)."""
    found, asked = carried(desired, live, rules), desired
    if desired.departed:
        return _examine_departed(found, live, rules)
    if desired.absent:
        return _examine_absent(found, live, rules)
    desired = found.desired
    if live is None and not desired.creates:
        return CustomerPlan(change=None, verdicts=(_unknown(desired, rules),))
    action = Action.CREATE if live is None else Action.UPDATE
    case = Case(found, live, action, rules)
    case.out_of_date(asked)
    fields = list(
        creation(desired, rules.comparison)
        if live is None
        else differences(desired, live, rules.comparison)
    )
    for channel, wanted in desired.consents:
        change = case.consent(channel, wanted)
        if change is not None:
            fields.append(change)
    if not fields and live is not None:
        # All that could still be said, of what is unreadable apart, is said of changes.
        case.unreadable(live)
        return CustomerPlan(change=None, verdicts=tuple(case.verdicts)) if case.verdicts else _DONE
    case.bearing_tags(fields)
    case.address_changes(fields)
    case.erased(fields)
    if live is not None:
        case.unreadable(live)
        case.blind_resends(live, fields)
        case.marks_of_others(live, fields)
        for path, said in other_types(desired, live, rules.pseudonyms):
            case.add("metafields.type", Level.WARN, said, (path,))
    case.unsupported(fields)
    return case.finish(fields)


def withdrawals_only(
    desired: DesiredCustomer, live: LiveCustomer, rules: StoreRules
) -> CustomerPlan:
    """For somebody whom an entry may mean: the opt-outs it asks for, and nothing else."""
    customer_plan = plan_customer(replace(desired, absent=False), live, rules)
    if customer_plan.change is None:
        return CustomerPlan(change=None, verdicts=())
    fields = tuple(one for one in customer_plan.change.fields if is_withdrawal(one))
    if not fields:
        return CustomerPlan(change=None, verdicts=())
    return CustomerPlan(change=replace(customer_plan.change, fields=fields), verdicts=())


def _unknown(desired: DesiredCustomer, rules: StoreRules) -> Verdict:
    return Verdict(
        rule="customer.unknown",
        level=Level.WARN,
        store=rules.store.name,
        alias=rules.pseudonyms.entry_alias(desired),
        mark=desired.mark,
        message="the store has no such customer, and only a `customers` entry creates one",
    )


def _examine_absent(found: Carried, live: LiveCustomer | None, rules: StoreRules) -> CustomerPlan:
    if live is None:
        return CustomerPlan(change=None, verdicts=())
    desired = found.desired
    case = Case(found, live, Action.DELETE, rules)
    kept = case.has_orders(live)
    stays = kept or not rules.table.deletes
    fields: list[FieldChange] = [] if kept else [Presence(risk=RiskClass.DELETE)]
    for channel in Channel:
        wanted = desired.consent(channel) or (OUT if stays else None)
        change = case.consent(channel, wanted) if wanted is not None else None
        if change is not None:
            fields.append(change)
    if stays:
        case.blind_resends(live, fields)
    case.marks_of_others(live, fields)
    case.unsupported(fields)
    return case.finish(fields)


def _examine_departed(found: Carried, live: LiveCustomer | None, rules: StoreRules) -> CustomerPlan:
    """Of somebody whom no file names any more nothing is managed but the tags that are to go, and
    where the store says so the customer, if that is ours.
    """
    if live is None:
        return CustomerPlan(change=None, verdicts=())
    desired = found.desired
    goes = desired.absent and is_ours(live, rules.store)
    case = Case(found, live, Action.DELETE if goes else Action.UPDATE, rules)
    fields: list[FieldChange] = [
        one for one in differences(desired, live, rules.comparison) if isinstance(one, TagChange)
    ]
    if goes:
        fields = [Presence(risk=RiskClass.DELETE)]
        case.departed_with_orders(live)
    for channel, _ in found.elsewhere:
        change = case.consent(channel, OUT)
        if change is not None:
            fields.append(change)
    if not goes:
        case.blind_resends(live, fields)
    case.marks_of_others(live, fields)
    case.unsupported(fields)
    return case.finish(fields)
