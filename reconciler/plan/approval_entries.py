"""The spec entries that an approval names."""

from dataclasses import dataclass

from reconciler.model.customer import DesiredCustomer
from reconciler.model.settings import Approval, DesiredState


@dataclass(frozen=True, slots=True)
class ApprovalEntries:
    """Of a state; each is found by its names, however many others there are."""

    state: DesiredState

    def of(self, approval: Approval) -> tuple[DesiredCustomer, ...] | None:
        """The entries that one names, of all stores it is for; None: it is for everybody."""
        if approval.identities is None:
            return None
        keys = [(one.kind, one.key) for one in approval.identities]
        named: list[DesiredCustomer] = []
        for name in approval.stores or (store.name for store in self.state.stores):
            entries = self.state.of(name)
            places = {place for key in keys for place in entries.now(key)}
            named += [entries[place] for place in sorted(places)]
        return tuple(named)
