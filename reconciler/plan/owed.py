"""Opt-outs and erasures that the specs ask for and a plan does not carry out."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from reconciler.model.capabilities import Capabilities
from reconciler.model.consent import Channel, ConsentState
from reconciler.model.customer import DesiredCustomer, LiveCustomer
from reconciler.model.field_path import CUSTOMER, FieldPath
from reconciler.model.fields import BY_NAME
from reconciler.model.pseudonyms import Pseudonyms
from reconciler.model.settings import Release
from reconciler.plan.changes import Action, ConsentChange
from reconciler.plan.draft import Draft
from reconciler.plan.pairing import Ambiguous, Missing, Pairing, lives_of
from reconciler.plan.standing import is_erased
from reconciler.plan.store_rules import StoreRules
from reconciler.plan.verdicts import NO_ERASURE, NO_OPT_OUT, Level, Verdict

_CLOSED: Final = (ConsentState.REDACTED, ConsentState.INVALID)
_YES: Final = (ConsentState.SUBSCRIBED, ConsentState.PENDING)


def owed(pairings: Iterable[Pairing], draft: Draft, rules: StoreRules) -> Iterator[Verdict]:
    """One verdict for each; a complete reading that shows no such customer settles all of them."""
    outs = {
        (change.remote_id, field.channel)
        for change in draft.changes
        for field in change.fields
        if isinstance(field, ConsentChange) and field.withdraws
    }
    deletes = {one.remote_id for one in draft.changes if one.action is Action.DELETE}
    for pairing in pairings:
        desired = pairing.desired
        for channel, wanted in desired.consents:
            if wanted.state is not ConsentState.UNSUBSCRIBED:
                continue
            left = [
                live
                for live in lives_of(pairing)
                if (live.remote_id, channel) not in outs
                and not _is_out(live, channel, desired, rules.table)
            ]
            if left or _may_be_unseen(pairing, draft):
                name = FieldPath.of_consent(channel)
                yield _verdict(NO_OPT_OUT, pairing, draft, rules, name)
        if desired.erases and not (isinstance(pairing, Missing) and is_erased(desired, rules)):
            there = [live for live in lives_of(pairing) if live.remote_id not in deletes]
            if there or _may_be_unseen(pairing, draft):
                yield _verdict(NO_ERASURE, pairing, draft, rules, CUSTOMER)


def owed_once_merged(
    store: str, entries: Iterable[DesiredCustomer], pseudonyms: Pseudonyms
) -> Iterator[Verdict]:
    """The same for a store that the base does not have: nobody contacts it before it is merged."""
    yield from _unreached(
        store,
        entries,
        pseudonyms,
        "the base does not have this store",
        "a plan of the protected branch, once this is merged",
    )


def owed_unread(
    store: str,
    entries: Iterable[DesiredCustomer],
    pseudonyms: Pseudonyms,
    acknowledged: Iterable[Release],
) -> Iterator[Verdict]:
    """The same for a store that could not be read."""
    known = [one for one in acknowledged if one.store in (None, store)]
    for verdict in _unreached(
        store, entries, pseudonyms, "the store was not read", "a plan that reads this store"
    ):
        named = any(
            one.rule == verdict.rule and one.alias in (None, verdict.alias) for one in known
        )
        yield replace(verdict, acknowledged=named)


def _unreached(
    store: str, entries: Iterable[DesiredCustomer], pseudonyms: Pseudonyms, why: str, lifted_by: str
) -> Iterator[Verdict]:
    for desired in entries:
        asked = [
            (NO_OPT_OUT, FieldPath.of_consent(channel))
            for channel, wanted in desired.consents
            if wanted.state is ConsentState.UNSUBSCRIBED
        ]
        if desired.erases:
            asked.append((NO_ERASURE, CUSTOMER))
        for rule, path in asked:
            yield Verdict(
                rule=rule,
                level=Level.HOLD,
                store=store,
                message=f"{_asked_for(rule, path)} and not carried out: {why}",
                alias=pseudonyms.entry_alias(desired),
                mark=desired.mark_of(path.table),
                lifted_by=lifted_by,
                fields=(path,),
            )


def _asked_for(rule: str, path: FieldPath) -> str:
    if rule == NO_ERASURE:
        return "the erasure is asked for"
    return f"an opt-out of the {BY_NAME[path.table].title} is asked for"


def _may_be_unseen(pairing: Pairing, draft: Draft) -> bool:
    """Whether somebody may be there whom nothing planned would reach."""
    if isinstance(pairing, Ambiguous) and not pairing.candidates:
        return pairing.rule == "read.withheld" or not draft.receipt.proves_absence
    return isinstance(pairing, Missing) and not draft.receipt.proves_absence


def _is_out(
    live: LiveCustomer, channel: Channel, desired: DesiredCustomer, table: Capabilities
) -> bool:
    """Whether nothing is left to do: out, closed, or never asked where a store says no more."""
    consent = live.consent(channel)
    if consent.state is ConsentState.UNSUBSCRIBED or consent.state in _CLOSED:
        return True
    if consent.state is ConsentState.NOT_SUBSCRIBED and channel not in table.records_refusal:
        return True
    kind = "email" if channel is Channel.EMAIL else "phone"
    named = any(one.kind.value == kind for one in desired.identities)
    return live.contact(channel) is None and not named and consent.state not in _YES


def _verdict(
    rule: str, pairing: Pairing, draft: Draft, rules: StoreRules, field: FieldPath
) -> Verdict:
    desired = pairing.desired
    entry = rules.pseudonyms.entry_alias(desired)
    lives = lives_of(pairing)
    aliases = (entry, *(rules.pseudonyms.live_alias(rules.store.name, one) for one in lives))
    reasons = sorted({one.rule for one in draft.verdicts if one.alias in aliases and one.in_force})
    why = f", held by {', '.join(reasons)}" if reasons else ""
    return Verdict(
        rule=rule,
        level=Level.HOLD,
        store=rules.store.name,
        message=f"{_asked_for(rule, field)} and not carried out{why}",
        alias=aliases[1] if len(lives) == 1 else entry,
        mark=desired.mark_of(field.table),
        lifted_by=f"what holds it, or an approval `acknowledge: {(reasons or [rule])[0]}`",
        fields=(field,),
        remote_ids=tuple(one.remote_id for one in lives),
        acknowledged=rules.is_acknowledged({rule, *reasons}, *aliases),
    )
