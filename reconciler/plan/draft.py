"""A store's plan on its way through the policies."""

from dataclasses import dataclass, replace

from reconciler.diagnostics import SourceMark
from reconciler.model.capabilities import Capabilities
from reconciler.model.consent import Channel
from reconciler.model.customer import ReadReceipt
from reconciler.model.settings import RiskClass, StoreSettings
from reconciler.plan.changes import Action, Change
from reconciler.plan.verdicts import Level, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """`customers` is the store's size, None where nobody told it; `subscribers` likewise. Of the
    `listed` customers of the base so many have `left` the files; `unprotected` are, by alias and
    former place, those that it protects and that are not left alone. `lifted` are the rules that
    somebody has released for all.
    """

    store: StoreSettings
    table: Capabilities
    receipt: ReadReceipt
    customers: int | None
    subscribers: tuple[tuple[Channel, int], ...] | None
    raises: tuple[tuple[RiskClass, int], ...]
    changes: tuple[Change, ...]
    left: int = 0
    listed: int = 0
    unprotected: tuple[tuple[str, SourceMark], ...] = ()
    lifted: frozenset[str] = frozenset()
    verdicts: tuple[Verdict, ...] = ()

    def raised(self, risk: RiskClass) -> int | None:
        return dict(self.raises).get(risk)

    def judged(self, verdicts: tuple[Verdict, ...]) -> "Draft":
        """With more verdicts. A hold takes the customer's change out, opt-outs excepted."""
        held = {
            one.alias
            for one in verdicts
            if one.level is Level.HOLD and one.in_force and not one.fields
        }
        kept = (_opt_outs(one) if one.alias in held else one for one in self.changes)
        return replace(
            self,
            changes=tuple(one for one in kept if one is not None),
            verdicts=(*self.verdicts, *verdicts),
        )


def _opt_outs(change: Change) -> Change | None:
    fields = tuple(one for one in change.fields if one.risk is RiskClass.WITHDRAW)
    return replace(change, fields=fields, action=Action.UPDATE) if fields else None
