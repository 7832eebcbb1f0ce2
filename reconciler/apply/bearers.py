"""Whoever bears an identity of an entry in the store right now, or may: asked around a create."""

from dataclasses import dataclass
from typing import Final

from reconciler.clock import Clock
from reconciler.errors import OutcomeUnknown
from reconciler.model.customer import DesiredCustomer, LiveCustomer
from reconciler.model.identity import IdentityKind, spellings
from reconciler.plan.contact import in_doubt, meets
from reconciler.plan.store_rules import StoreRules
from reconciler.platforms.base import LookupImpossible, Reader

LATEST_SIGHT: Final = 10.0
_UNTOLD: Final = (
    "the answer to an earlier create was lost, and a customer there, of whom the store tells "
    "neither e-mail nor phone, may be the one; look in the store before you plan again"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearers:
    """By look-ups of what can be looked up; where that is nothing, or the store's search answers
    nonsense, by a full scan. Methods raise `PlatformError`.
    """

    client: Reader
    rules: StoreRules
    clock: Clock

    def now(self, desired: DesiredCustomer) -> tuple[LiveCustomer, ...]:
        found = self._by_look_up(desired)
        return self._scanned(desired)[0] if found is None else found

    def soon(self, desired: DesiredCustomer) -> tuple[LiveCustomer, ...]:
        """A create whose answer was lost may show up late: look for it for ten seconds.

        Raises `OutcomeUnknown` where nobody is found and somebody there may be the one who was
        made, because the store tells no contact of them.
        """
        end = self.clock.monotonic() + LATEST_SIGHT
        while True:
            found, untold = self._by_look_up(desired), False
            if found is None:
                found, untold = self._scanned(desired)
            if found:
                return found
            if self.clock.monotonic() >= end:
                break
            self.clock.sleep(1.0)
        if untold:
            store = self.rules.store.name
            raise OutcomeUnknown(_UNTOLD, store=store, doing="looking for the new customer")
        return ()

    def _by_look_up(self, desired: DesiredCustomer) -> tuple[LiveCustomer, ...] | None:
        """None where this store cannot be asked for any of the identities."""
        kinds = self.client.capabilities.looks_up
        possible = [one for one in desired.identities if one.kind in kinds]
        try:
            found = [
                self.client.find_now(one, spelling)
                for one in possible
                if one.kind is not IdentityKind.ID
                for spelling in spellings(one)
            ]
        except LookupImpossible:
            return None
        by_id = {live.remote_id: live for one in found for live in (*one.customers, *one.withheld)}
        return tuple(by_id.values()) if found else None

    def _scanned(self, desired: DesiredCustomer) -> tuple[tuple[LiveCustomer, ...], bool]:
        """Whom the list shows, and whether somebody there tells neither e-mail nor phone."""
        region = self.rules.comparison.region
        met, untold = [], False
        for page in self.client.scan():
            for live in page.customers:
                untold = untold or (live.email is None and live.phone is None)
                if meets(desired, live, region) or in_doubt(desired, live, region):
                    met.append(live)
        return tuple(met), untold
