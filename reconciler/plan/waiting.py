"""The clock: opt-outs that a store does not have yet, and since when the oldest of them stands."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from reconciler.model.consent import Channel, ConsentState, WantedConsent
from reconciler.model.customer import LiveCustomer
from reconciler.model.register import Register
from reconciler.model.settings import StoreSettings
from reconciler.plan.controller import carried
from reconciler.plan.pairing import Pairing, lives_of
from reconciler.plan.sayings import contact_key
from reconciler.plan.store_rules import StoreRules
from reconciler.plan.verdicts import Level, Verdict

OVERDUE: Final = "consent.overdue"
UNREAD: Final = "controller.unread"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """`opt_outs` counts them by person and channel; `oldest` is None where no instant is known."""

    opt_outs: int = 0
    oldest: datetime | None = None


NOTHING_WAITS: Final = Waiting()


def waiting(pairings: Iterable[Pairing], rules: StoreRules) -> Waiting:
    """What is asked for by the files, or by another store of the controller, planned or held."""
    found: dict[tuple[str, Channel], datetime | None] = {}
    for whose, since in _waiting(pairings, rules):
        had = found.get(whose)
        found[whose] = since if had is None else had if since is None else min(had, since)
    told = [one for one in found.values() if one is not None]
    return Waiting(opt_outs=len(found), oldest=min(told, default=None))


def _waiting(
    pairings: Iterable[Pairing], rules: StoreRules
) -> Iterator[tuple[tuple[str, Channel], datetime | None]]:
    """By record and channel, since two entries may name one person."""
    for pairing in pairings:
        desired = pairing.desired
        for live in lives_of(pairing):
            found = carried(desired, live, rules)
            for channel in Channel:
                if live.consent(channel).state is not ConsentState.SUBSCRIBED:
                    continue
                elsewhere, wanted = found.of(channel), desired.consent(channel)
                if elsewhere is not None:
                    yield (live.remote_id, channel), elsewhere.since
                elif wanted is not None and wanted.state is ConsentState.UNSUBSCRIBED:
                    yield (live.remote_id, channel), _since(wanted, live, channel, rules)


def _since(
    wanted: WantedConsent, live: LiveCustomer, channel: Channel, rules: StoreRules
) -> datetime | None:
    """As the files tell, or as an earlier plan first saw them say so."""
    if wanted.evidence.at is not None:
        return wanted.evidence.at
    contact = contact_key(live, channel, rules.comparison.region)
    if contact is None:
        return None
    since = rules.register.wished(channel, contact, rules.store.name)
    return since if since is not None and since < rules.now else None


def overdue(found: Waiting, rules: StoreRules) -> Iterator[Verdict]:
    """Told where the oldest waits for longer than the policy allows."""
    limit = rules.policy.opt_out_max_age
    if found.oldest is None or rules.now - found.oldest <= limit:
        return
    hours = int(limit.total_seconds() // 3600)
    yield Verdict(
        rule=OVERDUE,
        level=Level.WARN,
        store=rules.store.name,
        message=f"an opt-out of {found.oldest.isoformat(timespec='minutes')} is not in this store "
        f"yet, and the policy allows {hours} hours",
        lifted_by="`apply --only withdraw`, which passes every ceiling and freeze",
    )


def unread(store: StoreSettings, register: Register | None) -> Iterator[Verdict]:
    """Nobody knows what waits in a store that could not be read: of those who are out by the
    `register`, whoever was not seen to be so here may. It is None where it cannot be asked.
    """
    if store.controller is None:
        return
    outs = [] if register is None else [one.since for one in register.not_known_in(store.name)]
    if outs:
        count = "1 opt-out" if len(outs) == 1 else f"{len(outs)} opt-outs, the oldest"
        may_wait = f"{count} of {min(outs).isoformat(timespec='minutes')} may wait here"
    else:
        may_wait = "opt-outs of the other stores of its controller may wait here"
    yield Verdict(
        rule=UNREAD,
        level=Level.WARN,
        store=store.name,
        message=f"the store was not read, so {may_wait}",
        lifted_by="a plan that reads it",
    )


def unheard(found: Waiting) -> str:
    """What a reading tells of opt-outs that the other stores cannot hear of; empty for none."""
    if not found.opt_outs:
        return ""
    count = "1 opt-out here is" if found.opt_outs == 1 else f"{found.opt_outs} opt-outs here are"
    since = ""
    if found.oldest is not None:
        since = f", the oldest of {found.oldest.isoformat(timespec='minutes')}"
    return (
        f"{count} of an address or number that is hidden or none for sure{since}: the other stores "
        "of the controller cannot be told; give a token that may see contacts, and `phone_region`"
    )
