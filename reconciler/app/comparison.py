"""Whether specs that were changed say what was meant, and otherwise the same as before."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.app.loading import AsWritten

if TYPE_CHECKING:
    from reconciler.model.entries import Entries
    from reconciler.model.pseudonyms import Pseudonyms
    from reconciler.plan.adoption import Adoption


def says_only(
    before: AsWritten,
    after: AsWritten,
    wanted: "Iterable[Adoption]",
    pseudonyms: "Pseudonyms",
) -> bool:
    """Every customer of every store is looked at, whoever was changed or not."""
    from reconciler.plan.settings_change import settings_digest

    wanted = tuple(wanted)
    one, other = before.state, after.state
    if settings_digest(one.at_hand, pseudonyms) != settings_digest(other.at_hand, pseudonyms):
        return False
    named = ("files", "whole_tags", "reasoned")
    if any(getattr(one, name) != getattr(other, name) for name in named):
        return False
    if len(one.approvals) != len(other.approvals):
        return False
    if before.at_hand.keys() != after.at_hand.keys():
        return False
    return all(
        _says_only(
            known.entries,
            after.at_hand[store].entries,
            [adoption for adoption in wanted if adoption.desired.store == store],
        )
        for store, known in before.at_hand.items()
    )


def _says_only(before: "Entries", after: "Entries", wanted: "Iterable[Adoption]") -> bool:
    """Entries keep their order, since none is moved."""
    if len(before) != len(after):
        return False
    by_place: dict[int, list[Adoption]] = {}
    for one in wanted:
        first = one.desired.identities[0]
        for place in before.now((first.kind, first.key)):
            by_place.setdefault(place, []).append(one)
    for place in range(len(before)):
        meant, found = before[place], after[place]
        for one in by_place.get(place, ()):
            meant = one.carried_out(meant)
        if replace(found, mark=meant.mark, marks=meant.marks) != meant:
            return False
    return True
