"""The customer as it is right before a write: read alone, or in a batch where that is as safe.

A batch is read up to a few seconds before the last of its writes, and some stores show their lists
late. So it serves only writes that send nothing along but what they change, on customers that this
plan has not written yet; whatever sends tags, addresses or a consent back is read by its own GET.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Final

from reconciler.clock import Clock
from reconciler.errors import PlatformError
from reconciler.model.consent import Channel
from reconciler.model.customer import LiveCustomer
from reconciler.plan.consent_rules import is_told
from reconciler.plan.steps import Step, StepKind
from reconciler.platforms.base import Reader

REREAD_LASTS: Final = 5.0
SHARING: Final = (StepKind.WITHDRAW, StepKind.UPDATE)
"""The kinds of step that may be read with others."""
_SENT_WHOLE: Final = ("tags", "addresses")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rereads:
    """`reserve_turn` takes the turn of the write before the read that it rests on. A record read in
    a batch is kept with when that was, and serves one write.
    """

    client: Reader
    clock: Clock
    reserve_turn: Callable[[], None]
    _records: dict[str, tuple[LiveCustomer, float]] = field(default_factory=dict)

    def prefetch(self, remote_ids: Collection[str]) -> None:
        """Reads some customers at once."""
        try:
            found = self.client.read_many(remote_ids)
        except PlatformError:
            return  # each is read alone then, and tells what is wrong
        at = self.clock.monotonic()
        self._records.update({remote_id: (live, at) for remote_id, live in found.items()})

    def look(self, remote_id: str) -> LiveCustomer | None:
        """The record to decide on; None where the store says that there is none."""
        self.reserve_turn()
        live, at = self._records.pop(remote_id, (None, 0.0))
        if live is not None and tells_all(live) and self.clock.monotonic() - at <= REREAD_LASTS:
            return live
        return self.client.read(remote_id)

    def look_alone(self, remote_id: str) -> LiveCustomer | None:
        """The same for a write that no batch may serve."""
        self.reserve_turn()
        return self.client.read(remote_id)


def can_share(step: Step) -> bool:
    """Whether a step writes nothing that would be sent back as a batch has shown it."""
    return not any(one.path.name in _SENT_WHOLE or one.moves for one in step.fields)


def tells_all(live: LiveCustomer) -> bool:
    """A list may tell less than a customer's own page."""
    told = all(is_told(live.consent(one), live.contact(one)) for one in Channel)
    return told and not live.unreadable and not live.untold
