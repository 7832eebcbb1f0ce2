"""What to write to one customer, in canonical terms; a platform turns it into its own calls."""

from dataclasses import dataclass
from typing import Final

from reconciler.model.consent import Channel, ConsentState, Evidence
from reconciler.model.customer import Address, Scalar
from reconciler.model.identity import Identity
from reconciler.model.managed import UNMANAGED, Managed
from reconciler.model.tags import TagDelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentWrite:
    """A consent to write; platforms that keep no evidence send the state alone."""

    state: ConsentState
    evidence: Evidence


NO_TAGS: Final = TagDelta(added=(), removed=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """`contacts` are the e-mail address and phone number to set, in full for a create.

    `addresses` is the whole list as it shall be; one with a `remote_id` is kept or updated. Of a
    channel that is `granted_next` nothing need be said: a *no* that some stores would date stands
    in the way of the grant. `unproven` is a write to a store that was not seen yet to keep what is
    left out.
    """

    contacts: tuple[Identity, ...] = ()
    scalars: tuple[tuple[str, Scalar], ...] = ()
    tags: TagDelta = NO_TAGS
    consents: tuple[tuple[Channel, ConsentWrite], ...] = ()
    addresses: Managed[tuple[Address, ...]] = UNMANAGED
    granted_next: frozenset[Channel] = frozenset()
    unproven: bool = False

    def consent(self, channel: Channel) -> ConsentWrite | None:
        return dict(self.consents).get(channel)
