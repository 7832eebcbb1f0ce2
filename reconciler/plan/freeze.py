"""Times in which a store is not to be changed: what a plan or an apply finds of them."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from reconciler.model.pseudonyms import Pseudonyms
from reconciler.model.redaction import Names, without_values
from reconciler.model.rules import by_release
from reconciler.model.settings import Freeze, Release, RiskClass, StoreSettings
from reconciler.plan.draft import Draft
from reconciler.plan.store_rules import StoreRules
from reconciler.plan.verdicts import Level, Verdict

RULE: Final = "store.frozen"


def frozen(draft: Draft, rules: StoreRules) -> Iterator[Verdict]:
    """A block while a window lasts, for a plan with more than opt-outs in it; none else, so that a
    plan with nothing to do stays one.
    """
    freeze = freeze_at(rules.now, (rules.store,))
    classes = {risk for change in draft.changes for risk in change.classes}
    if freeze is None or classes <= {RiskClass.WITHDRAW}:
        return
    released = rules.released(RULE)
    yield Verdict(
        rule=RULE,
        level=Level.BLOCK,
        store=draft.store.name,
        message=f"the store is frozen {told(freeze, rules.pseudonyms, rules.names)}",
        mark=freeze.mark,
        lifted_by=None if released else by_release(RULE),
        released=released,
    )


def freeze_at(now: datetime, stores: Iterable[StoreSettings]) -> Freeze | None:
    """Of all that last at this instant, the one that ends last."""
    found = [one for store in stores for one in store.frozen if one.begins <= now < one.ends]
    return max(found, key=lambda one: one.ends, default=None)


def is_released(releases: Iterable[Release], store: str) -> bool:
    """Whether a plan was made with a release that lifts the freeze of a store as a whole."""
    return any(
        one.rule == RULE and one.alias is None and one.store in (None, store) for one in releases
    )


def told(freeze: Freeze, pseudonyms: Pseudonyms, names: Names) -> str:
    """Until when and why, as it may be shown."""
    reason = pseudonyms.text(without_values(freeze.reason, (), names))
    return f"until {freeze.ends.isoformat(timespec='minutes')}: {reason}"
