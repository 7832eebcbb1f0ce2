"""Consent by the transition table: what may be planned, what is held, and what only warns."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from reconciler.model.act import Said, Standing
from reconciler.model.capabilities import Capabilities
from reconciler.model.consent import (
    IMPLIED_TERMS,
    Channel,
    ConsentState,
    Decision,
    Evidence,
    LiveConsent,
    Row,
    WantedConsent,
    is_from_person,
    level_meets,
    row,
    transition,
)
from reconciler.model.customer import Account
from reconciler.model.rules import by_release
from reconciler.model.settings import Policy

WORDS: Final = {Channel.EMAIL: "e-mail", Channel.SMS: "SMS"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentDecision:
    """`rule` is empty where nothing is to be said, `lifted_by` None where nothing lifts a hold.
    `out_of_date` says that the files want somebody in who is known to be out.
    """

    changes: bool
    rule: str = ""
    message: str = ""
    holds: bool = False
    lifted_by: str | None = None
    out_of_date: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentFacts:
    """What is known of the person beside the consent itself.

    `blurred` says that never asked may stand for an opt-out on this channel of this store,
    `blocked` that the store has barred the customer, `account` what it says of the account.
    `register` asks the register of opt-outs for whoever has the address that the consent will be
    for.
    """

    country: str | None
    has_contact: bool
    blurred: bool
    blocked: bool
    now: datetime
    policy: Policy
    table: Capabilities
    account: Account | None = None
    register: Callable[[], Standing | None] = lambda: None


ERASED: Final = "register.erased"
OUT_BEFORE: Final = "register.opted-out"
_OUT_OF_DATE: Final = "; the file is out of date, and `reconciler adopt` takes the opt-out into it"
_NOTHING: Final = ConsentDecision(changes=False)
_CHANGE: Final = ConsentDecision(changes=True)


def decide(
    channel: Channel, live: LiveConsent | None, wanted: WantedConsent, ground: ConsentFacts
) -> ConsentDecision:
    """One cell of the transition table, the evidence weighed; `live` None: no such customer."""
    found = _decided(channel, live, wanted, ground)
    if not found.holds or not _is_out_of_date(channel, live, wanted, ground):
        return found
    return replace(found, message=f"{found.message}{_OUT_OF_DATE}", out_of_date=True)


def _is_out_of_date(
    channel: Channel, live: LiveConsent | None, wanted: WantedConsent, ground: ConsentFacts
) -> bool:
    """Whether somebody is out, and the evidence for an opt-in does not overturn that."""
    if wanted.state is ConsentState.UNSUBSCRIBED:
        return False
    if live is not None and _is_out(live):
        own = is_from_person(wanted.evidence)
        suffices = own or transition(live, wanted.state) is Decision.NEWER
        return not (suffices and live.is_before(wanted.evidence.at))
    known = ground.register()
    if wanted.state is ConsentState.PENDING:
        return known is not None and known.said is Said.OUT
    held = known_before(WORDS[channel], wanted.evidence, known)
    return held is not None and held.rule == OUT_BEFORE


def _is_out(live: LiveConsent | None) -> bool:
    return live is not None and live.state is ConsentState.UNSUBSCRIBED


def _decided(
    channel: Channel, live: LiveConsent | None, wanted: WantedConsent, ground: ConsentFacts
) -> ConsentDecision:
    word = WORDS[channel]
    match transition(live, wanted.state):
        case Decision.NO_CHANGE:
            return _settled(channel, live, wanted, ground)
        case Decision.CHANGE:
            return _withdrawal(channel, live, ground)
        case Decision.HOLD:
            known = ground.register()
            if known is not None and known.said is not Said.IN:
                return _held(
                    OUT_BEFORE, f"the person opted out of {word} before, and is not asked again"
                )
            return _held(
                "consent.pending-message",
                f"asking for {word} consent sends a message to the person",
                by_release("consent.pending-message"),
            )
        case Decision.REFUSE:
            return _refused(word, live, wanted)
        case _:
            return _weighed(channel, live, wanted, ground)


def _withdrawal(
    channel: Channel, live: LiveConsent | None, ground: ConsentFacts
) -> ConsentDecision:
    """Never subscribed is as good as out where a platform has no word for the difference.

    Without an address there is nobody to write to, and platforms refuse a consent for none.
    """
    never = live is not None and live.state is ConsentState.NOT_SUBSCRIBED
    if never and channel not in ground.table.records_refusal:
        return _NOTHING
    subscribed = live is not None and live.state in (ConsentState.SUBSCRIBED, ConsentState.PENDING)
    if not ground.has_contact and not subscribed:
        return _NOTHING
    return _CHANGE


def _settled(
    channel: Channel, live: LiveConsent | None, wanted: WantedConsent, ground: ConsentFacts
) -> ConsentDecision:
    """Nothing to change; somebody subscribed without the evidence that policy asks is told of."""
    if row(live) is not Row.SUBSCRIBED:
        return _NOTHING
    lacking = list(_lacking(channel, wanted.evidence, ground.country, ground.policy))
    if not lacking:
        return _NOTHING
    return ConsentDecision(
        changes=False,
        rule="consent.weak-evidence",
        message=f"subscribed to {WORDS[channel]} already, but {lacking[0].what}",
    )


def _refused(word: str, live: LiveConsent | None, wanted: WantedConsent) -> ConsentDecision:
    if live is not None and live.state in (ConsentState.REDACTED, ConsentState.INVALID):
        return _held("consent.closed", f"the store has closed this {word} consent for good")
    if live is not None and live.state in (ConsentState.UNKNOWN, ConsentState.MASKED):
        return _held(
            "consent.unknown", f"the store does not tell this {word} consent, and unknown is no yes"
        )
    if wanted.state is ConsentState.PENDING:
        return _held(
            "consent.pending-message", f"the person would be asked again for {word} consent"
        )
    return _held(
        "consent.opted-out",
        f"the person opted out of {word} and no time is told, so no evidence can be newer",
    )


def _weighed(
    channel: Channel,
    live: LiveConsent | None,
    wanted: WantedConsent,
    ground: ConsentFacts,
) -> ConsentDecision:
    """A grant that hangs on its evidence."""
    word = WORDS[channel]
    if row(live) is Row.PENDING:
        confirmed = (
            wanted.evidence.level == "confirmed"
            and live is not None
            and live.is_before(wanted.evidence.at)
        )
        if not confirmed:
            return ConsentDecision(
                changes=False,
                rule="consent.pending",
                message=f"{word} consent waits for the person's confirmation",
            )
    if ground.blocked:
        return _held(
            "consent.blocked-customer",
            f"the store has blocked this customer, who is not opted in to {word}",
            "unblock the customer in the store",
        )
    if not ground.has_contact:
        return _held(
            "consent.no-contact",
            f"there is no address for {word} to consent for",
            "give the customer the address in the specs",
        )
    lacking = list(_lacking(channel, wanted.evidence, ground.country, ground.policy))
    if lacking:
        return _held(
            "consent.no-evidence",
            f"the grant of {word} consent is not proven: {'; '.join(one.what for one in lacking)}",
            "; ".join(one.lifted_by for one in lacking),
        )
    if _has_lapsed(wanted.evidence, ground.now):
        return _held(
            "consent.lapsed",
            f"the implied consent to {word} has run out since it was given",
            "a newer consent of the person, with its `given_at`",
        )
    held = _opted_out(word, live, wanted.evidence, ground)
    if held is None or held.changes:
        # What a release lifts here hides nothing that the register knows better.
        known = ground.register()
        held = known_before(word, wanted.evidence, known) or held
    if held is not None and held.changes and ground.account is Account.DECLINED:
        # Two doubts at once: a release of the one would lift the other unseen.
        return _held(
            "consent.account-declined",
            f"the customer declined an account, and {held.message}",
        )
    if held is not None:
        return held
    if transition(live, wanted.state) is Decision.NEWER_FROM_PERSON and not is_from_person(
        wanted.evidence
    ):
        return _held(
            "consent.opted-out",
            f"the person opted out of {word}: only the person's own later consent overturns that",
            "`evidence`, and a `method` other than import",
        )
    return _by_account(word, ground.account)


def _by_account(word: str, account: Account | None) -> ConsentDecision:
    """Whoever declined has said no to something, and what and when is not told. An account that is
    disabled may be one that the person never opened, so it only gives a reason to look.
    """
    if account is Account.DECLINED:
        return _held(
            "consent.account-declined",
            f"the customer declined an account, and whether that is a no to {word} is not told",
            by_release("consent.account-declined"),
        )
    if account is Account.DISABLED:
        return replace(
            _CHANGE,
            rule="consent.account-disabled",
            message=f"the account of this customer, who is opted in to {word}, is disabled",
        )
    return _CHANGE


def _opted_out(
    word: str, live: LiveConsent | None, evidence: Evidence, ground: ConsentFacts
) -> ConsentDecision | None:
    """A hold where the store says no and the evidence is not surely newer.

    Without an instant a release lifts it, but not where the no surely came after the evidence.
    """
    if live is None or live.is_before(evidence.at):
        return None
    out = _is_out(live)
    if not out and not (live.is_dated_never() and ground.blurred):
        return None
    if live.at is None and not live.is_after(evidence.at):
        return _held(
            "consent.undated-opt-out",
            f"{word} says no, and the store does not tell since when",
            by_release("consent.undated-opt-out"),
        )
    if out:
        return _held(
            "consent.newer-opt-out",
            f"the opt-out of {word} is newer than the evidence, or as old",
            "a newer consent of the person, with its `given_at`",
        )
    return _held(
        "consent.newer-opt-out",
        f"the store's no to {word} is newer than the evidence, and may be an opt-out",
        "a newer consent of the person, or the store's word for opt-outs in `consent_words`",
    )


def known_before(
    word: str,
    evidence: Evidence,
    known: Standing | None,
) -> ConsentDecision | None:
    """A hold where the register says no, and the evidence is not surely newer."""
    if known is None or known.said is Said.IN:
        return None
    newer = evidence.at is not None and evidence.at > known.since
    if known.said is Said.ERASED:
        related = newer and is_from_person(evidence)
        return _held(
            ERASED,
            f"the person was erased, and the {word} consent is of a time before"
            if not newer
            else "the person was erased, and only a new relation makes them a customer again",
            by_release(ERASED) if related else "evidence of a new relation, and a release",
        )
    if newer and (is_from_person(evidence) or not known.may_be_person):
        return None
    since = "the opt-out of" if known.dated else "an opt-out, as old as it was first seen, of"
    return _held(
        OUT_BEFORE,
        f"the person opted out of {word} before, and only the person's own later consent "
        "overturns that"
        if newer
        else f"{since} {word} that the register knows is newer than the evidence, or as old",
        "`evidence`, and a `method` other than import"
        if newer
        else "a newer consent of the person, with its `given_at`",
    )


def _has_lapsed(evidence: Evidence, now: datetime) -> bool:
    term = IMPLIED_TERMS.get(evidence.basis or "")
    return term is not None and evidence.at is not None and evidence.at + term < now


@dataclass(frozen=True, slots=True)
class _Lack:
    what: str
    lifted_by: str


def is_proven(channel: Channel, evidence: Evidence, country: str | None, policy: Policy) -> bool:
    """Whether a grant has all the evidence that the policy asks for."""
    return next(_lacking(channel, evidence, country, policy), None) is None


def _lacking(
    channel: Channel, evidence: Evidence, country: str | None, policy: Policy
) -> Iterator[_Lack]:
    missing = [f"`{name}`" for name in policy.required_for(channel) if not evidence.has(name)]
    if missing:
        names = " and ".join(missing)
        yield _Lack(f"it lacks {names}", f"{names} in the spec, from the record of the consent")
    minimum = policy.minimum(country)
    if minimum is None and evidence.level == "unknown":
        yield _Lack("its level is unknown", "a consent of a known level")
    if minimum is not None and not level_meets(evidence.level, minimum):
        yield _Lack(f"its level is below `{minimum}`", f"a consent of level `{minimum}`")
    if evidence.basis in ("implied_purchase", "implied_inquiry", "soft_opt_in") and (
        country not in policy.implied
    ):
        yield _Lack(
            "its basis is implied, and the policy names no such country",
            "an express consent, or the country in policy.consent.implied",
        )


def _held(rule_id: str, message: str, lifted_by: str | None = None) -> ConsentDecision:
    return ConsentDecision(
        changes=lifted_by == by_release(rule_id) is not None,
        rule=rule_id,
        message=message,
        holds=True,
        lifted_by=lifted_by,
    )


def is_told(live: LiveConsent, contact: object) -> bool:
    """Whether a consent can be sent along as it is; of no address, nothing need be told."""
    if live.state is ConsentState.MASKED:
        return False
    return not live.absent or contact is None
