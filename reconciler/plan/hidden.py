"""Records that withhold their contacts: one of them may be a wanted customer."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from reconciler.model.customer import DesiredCustomer, LiveCustomer
from reconciler.model.identity import IdentityKind, mask_fits
from reconciler.model.personal import Personal

KEPT_AT_MOST: Final = 2000
_Shown: TypeAlias = Personal | None


@dataclass(slots=True)
class HiddenContacts:
    """Records by which contacts they withhold and which they tell; what they show is kept of a few.

    Beyond `KEPT_AT_MOST` of a kind every one of them may be anybody.
    """

    _shown: dict[tuple[frozenset[IdentityKind], bool], list[dict[IdentityKind, _Shown]]] = field(
        default_factory=dict
    )
    _counts: dict[tuple[frozenset[IdentityKind], bool], int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self._counts)

    def see(self, live: LiveCustomer) -> None:
        shown = dict(live.hidden)
        if not shown:
            return
        tells = any(
            contact is not None and kind not in shown
            for kind, contact in (
                (IdentityKind.EMAIL, live.email),
                (IdentityKind.PHONE, live.phone),
            )
        )
        key = (frozenset(shown), tells)
        self._counts[key] = self._counts.get(key, 0) + 1
        kept = self._shown.setdefault(key, [])
        if len(kept) < KEPT_AT_MOST:
            kept.append(shown)

    def may_be(self, desired: DesiredCustomer) -> int:
        """How many of these records may be a customer whom no record surely is.

        A record that tells another address or number than the entry names is somebody else.
        """
        kinds = {one.kind for one in desired.identities if one.kind is not IdentityKind.ID}
        total = 0
        for (hidden, tells), count in self._counts.items():
            if not kinds & hidden or (tells and kinds - hidden):
                continue
            kept = self._shown[hidden, tells]
            total += count if count > len(kept) else sum(_fits(one, desired) for one in kept)
        return total


def _fits(shown: dict[IdentityKind, _Shown], desired: DesiredCustomer) -> bool:
    found: Iterable[bool] = (
        text is None or mask_fits(text.reveal(), one)
        for one in desired.identities
        for kind, text in shown.items()
        if one.kind is kind
    )
    return all(found)
