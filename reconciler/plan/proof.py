"""What a reading proves, and what may not be concluded from it."""

from collections.abc import Iterable
from typing import Final, TypeAlias

from reconciler.model.consent import ConsentState
from reconciler.model.customer import DesiredCustomer, ReadReceipt
from reconciler.model.identity import IdentityKind
from reconciler.plan.changes import Action, Change
from reconciler.plan.hidden import HiddenContacts
from reconciler.plan.match import OfPair, never
from reconciler.plan.pairing import Missing, Paired, Pairing

Held: TypeAlias = tuple[str, str, str | None]
"""Rule, message, and what lifts it."""

WHOLE: Final = "a reading of the whole store: --read full, or auto"


def unproven(
    pairing: Pairing,
    changes: Iterable[Change],
    receipt: ReadReceipt,
    hidden: HiddenContacts,
    vouched: OfPair = never,
) -> Held | None:
    """Why an entry's changes rest on more than was read; None where they do not.

    Nobody is made, and nobody's wish to go counts as met, where look-ups found nobody. Nobody found
    is changed where a twin could not have been seen; opt-outs pass. Of those who are `vouched` for
    an earlier reading of the whole store excludes a twin, and what changed since then was listed.
    """
    match pairing:
        case Missing(desired=desired):
            return _of_missing(desired, list(changes), receipt, hidden)
        case Paired(desired=desired, live=live):
            return _of_found(desired, list(changes), receipt, sure=vouched(desired, live))
        case _:
            return None


def _of_missing(
    desired: DesiredCustomer, changes: list[Change], receipt: ReadReceipt, hidden: HiddenContacts
) -> Held | None:
    rests = bool(changes) or desired.absent or _wants_out(desired)
    if receipt.proves_absence:
        count = hidden.may_be(desired) if changes else 0
        if count == 0:
            return None
        text = (
            f"{count} customers of the store have hidden contacts, and this one may be among them"
        )
        return "read.masked", text, "a token that may see personal data"
    if not rests:
        return None
    if receipt.is_partial:
        text = "look-ups found nobody, which does not prove that the store has no such customer"
        return "read.unproven-absence", text, WHOLE
    text = "the store was not read completely, and this customer may exist already, unseen"
    return "read.incomplete", text, None


def _of_found(
    desired: DesiredCustomer, changes: list[Change], receipt: ReadReceipt, *, sure: bool
) -> Held | None:
    by_id = sure or desired.identity(IdentityKind.ID) is not None
    if changes and receipt.is_partial and not receipt.blind and not by_id:
        text = "the store's search was not seen to find a twin of this customer in another spelling"
        return "read.unproven-absence", text, WHOLE
    deletes = any(one.action is Action.DELETE for one in changes)
    if deletes and receipt.is_since:
        text = "nobody is deleted on what changed since a receipt"
        return "read.unproven-absence", text, WHOLE
    if deletes and receipt.mode == "full" and not receipt.complete:
        text = "the store was not read completely, and this customer was seen only in part of it"
        return "read.incomplete", text, None
    return None


def _wants_out(desired: DesiredCustomer) -> bool:
    return any(wanted.state is ConsentState.UNSUBSCRIBED for _, wanted in desired.consents)
