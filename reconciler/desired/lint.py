"""Checks across the resolved specs: what the schema cannot see, offline and without a store."""

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from reconciler.desired.limits import Limits
from reconciler.diagnostics import Diagnostic, Severity, SourceMark
from reconciler.model.capabilities import Capabilities
from reconciler.model.consent import (
    IMPLIED_TERMS,
    Channel,
    ConsentState,
    WantedConsent,
    level_meets,
)
from reconciler.model.customer import CONTACT_OF, DesiredCustomer
from reconciler.model.fields import consent_field
from reconciler.model.identity import IdentityKind
from reconciler.model.managed import UNMANAGED
from reconciler.model.ownership import Ownership
from reconciler.model.personal import Personal
from reconciler.model.settings import Policy, Settings, StoreSettings
from reconciler.model.shapes import shape_of
from reconciler.model.tags import Owned, TagIntent, TagSet, tag_key

EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
SLACK: Final = timedelta(seconds=60)
LONGEST_APPROVAL: Final = timedelta(days=7)
LONGEST_ACKNOWLEDGEMENT: Final = timedelta(days=90)
_CONSENT_NAME: Final = re.compile(r"newsletter|subscri|sms|opt-?in|marketing")


@dataclass(frozen=True, slots=True)
class Lint:
    """Looks at each customer of one store under a policy; `now` decides what is in the future."""

    policy: Policy
    limits: Limits
    owned: Owned | None
    ownership: Ownership
    regions: frozenset[str]
    bearing: frozenset[str]
    now: datetime

    @classmethod
    def of(cls, store: StoreSettings, policy: Policy, now: datetime, table: Capabilities) -> "Lint":
        """`table` is the platform's: what it limits is told without asking any store."""
        return cls(
            policy=policy,
            limits=Limits(table),
            owned=None if store.owned_tags is None else Owned(store.owned_tags),
            ownership=store.ownership,
            regions=frozenset({store.phone_region} if store.phone_region else ()),
            bearing=frozenset(tag for tag, _ in policy.bearing_tags),
            now=now,
        )

    def __call__(self, customer: DesiredCustomer) -> Iterator[Diagnostic]:
        yield from self.limits.beyond(customer)
        yield from _consents(customer, self.policy, self.now)
        if customer.tags is not UNMANAGED:
            # Where nothing else is said, every tag that the specs name is owned.
            if self.owned is not None:
                yield from _foreign(customer, customer.tags, self.owned, self.ownership)
            yield from _unlisted(customer, customer.tags, self.bearing)
        yield from _addresses(customer)
        yield from _hidden(customer, self.regions)
        yield from _phones(customer)


def approvals(settings: Settings, now: datetime) -> Iterator[Diagnostic]:
    """What is wrong with approvals, or worth a warning."""
    regions = frozenset(one.phone_region for one in settings.stores if one.phone_region)
    for approval in settings.approvals:
        title = shape_of(approval.reason, regions)
        if title is not None:
            yield _warning(
                "personal.in-reason",
                f"a reason looks like {title}",
                approval.mark,
                "keep personal data in its own fields",
            )
        if approval.until < now:
            yield _warning(
                "approval.expired",
                "this approval has ended and no longer counts",
                approval.mark,
                "take it out, or give it a new end",
            )
        known = approval.acknowledges is not None
        longest = LONGEST_ACKNOWLEDGEMENT if known else LONGEST_APPROVAL
        if approval.until > now + longest:
            what = "an acknowledgement" if known else "an approval"
            yield Diagnostic(
                rule="approval.too-long",
                mark=approval.mark,
                message=f"{what} lasts at most {longest.days} days",
                hint=f"set `until` within the next {longest.days} days",
            )


def _consents(customer: DesiredCustomer, policy: Policy, now: datetime) -> Iterator[Diagnostic]:
    for channel, wanted in customer.consents:
        for one in _consent(customer, channel, wanted, policy, now):
            yield replace(one, mark=customer.mark_of(consent_field(channel)))


def _consent(
    customer: DesiredCustomer,
    channel: Channel,
    wanted: WantedConsent,
    policy: Policy,
    now: datetime,
) -> Iterator[Diagnostic]:
    """At the entry: where in it the consent stands is looked for once something is wrong."""
    mark, at = customer.mark, wanted.evidence.at
    if at is not None and at < EARLIEST:
        yield Diagnostic(
            rule="time.too-old",
            message="this consent is dated before 2000",
            mark=mark,
            hint="check the year",
        )
    if at is not None and at > now + SLACK:
        yield Diagnostic(
            rule="time.future",
            message="this consent is dated in the future",
            mark=mark,
            hint="check the day and the offset",
        )
    yield from _address(customer, channel, wanted, mark)
    if wanted.state is ConsentState.SUBSCRIBED:
        counts = policy.min_level or wanted.evidence.basis is not None
        country = customer.country() if counts else None
        yield from _grant(channel, wanted, policy, mark, country)
        yield from _implied(wanted, policy, mark, country)
        yield from _lapsed(wanted, mark, now)


def _address(
    customer: DesiredCustomer, channel: Channel, wanted: WantedConsent, mark: SourceMark
) -> Iterator[Diagnostic]:
    """Consent belongs to the address it was given for, so a grant has to name it."""
    if wanted.state is ConsentState.UNSUBSCRIBED:
        return
    kind = CONTACT_OF[channel]
    if customer.identity(kind) is not None or customer.identity(IdentityKind.ID) is not None:
        return
    word = "e-mail address" if channel is Channel.EMAIL else "phone number"
    rule = f"consent.no-{kind.value}"
    message = f"a consent for {channel} needs the {word} it is about"
    yield Diagnostic(
        rule=rule, message=message, mark=mark, hint=f"add `{kind.value}` to this customer"
    )


def _grant(
    channel: Channel,
    wanted: WantedConsent,
    policy: Policy,
    mark: SourceMark,
    country: str | None,
) -> Iterator[Diagnostic]:
    missing = [name for name in policy.required_for(channel) if not wanted.evidence.has(name)]
    if missing:
        yield _warning(
            "consent.no-evidence",
            f"this grant lacks {' and '.join(f'`{name}`' for name in missing)}; it is held unless "
            "the store has the person subscribed already",
            mark,
            "add what is missing, from the record of the person's consent",
        )
    minimum = policy.minimum(country)
    if minimum and not level_meets(wanted.evidence.level, minimum):
        yield _warning(
            "consent.level",
            f"this grant's level is below `{minimum}`",
            mark,
            "it is held unless the store has the person subscribed already; ask again, or add "
            f"`level: {minimum}` if so",
        )


def _implied(
    wanted: WantedConsent, policy: Policy, mark: SourceMark, country: str | None
) -> Iterator[Diagnostic]:
    if wanted.evidence.basis in (None, "express") or country in policy.implied:
        return
    yield _warning(
        "consent.implied-basis",
        "this grant rests on an implied basis; it is held unless the store has the person "
        "subscribed already",
        mark,
        "list the country in policy.consent.implied, or ask the person",
    )


def _lapsed(wanted: WantedConsent, mark: SourceMark, now: datetime) -> Iterator[Diagnostic]:
    term = IMPLIED_TERMS.get(wanted.evidence.basis or "")
    if term is not None and wanted.evidence.at is not None and wanted.evidence.at + term < now:
        yield _warning(
            "consent.lapsed",
            f"this implied consent has run out: it lasts {term.days} days",
            mark,
            "ask the person, and give the new consent",
        )


def _addresses(customer: DesiredCustomer) -> Iterator[Diagnostic]:
    if customer.addresses is UNMANAGED or not customer.addresses:
        return
    chosen = [one.default for one in customer.addresses]
    if chosen.count(True) > 1 or all(one is False for one in chosen):
        yield Diagnostic(
            rule="addresses.default",
            message="exactly one address of a customer is the default",
            mark=customer.mark_of("addresses"),
            hint="set `default: true` on one of them, or say nothing of it",
        )


def _foreign(
    customer: DesiredCustomer, tags: TagIntent, owned: Owned, ownership: Ownership
) -> Iterator[Diagnostic]:
    """Marks have a complaint of their own."""
    named = (*tags.present, *tags.absent)
    foreign = [tag for tag in named if tag not in owned and tag not in ownership]
    if foreign:
        yield Diagnostic(
            rule="tags.not-owned",
            message=f"{len(foreign)} {'tag' if len(foreign) == 1 else 'tags'} here may not be "
            "touched, because `tags.owned` of the store does not name "
            f"{'it' if len(foreign) == 1 else 'them'}",
            mark=customer.mark_of("tags"),
            hint="add a name or a pattern to `tags.owned`, or take the tag out",
        )


def _unlisted(
    customer: DesiredCustomer, tags: TagIntent, bearing: Container[str]
) -> Iterator[Diagnostic]:
    """Audiences are built on tags: a name that says so should be listed, or be another name."""
    for tag in tags.present:
        if _says_consent(tag) and tag_key(tag) not in bearing:
            yield _warning(
                "consent.tag-name",
                "a tag here looks like a consent, and adding it asks for no evidence",
                customer.mark_of("tags"),
                "list it in policy.consent.bearing_tags, or give it another name",
            )
            return


@lru_cache(maxsize=4096)
def _says_consent(tag: str) -> bool:
    return _CONSENT_NAME.search(tag_key(tag)) is not None


def _hidden(customer: DesiredCustomer, regions: frozenset[str]) -> Iterator[Diagnostic]:
    """Personal data where nobody masks it, or where it is masked and nobody can read it then."""
    for word, place, text in _texts(customer, regions):
        title = None if text is None else shape_of(text, regions)
        if title is not None:
            yield _warning(
                f"personal.in-{word}",
                f"a {word} looks like {title}"
                if word != "evidence"
                else f"evidence looks like {title}",
                customer.mark_of(place),
                "keep personal data in its own fields",
            )


@lru_cache(maxsize=16)
def _odd_ones(tags: TagSet, regions: frozenset[str]) -> tuple[str, ...]:
    """Those that look personal; very many customers have these in common."""
    return tuple(tag for tag in tags.names if shape_of(tag, regions) is not None)


def _texts(
    customer: DesiredCustomer, regions: frozenset[str]
) -> Iterator[tuple[str, str, str | None]]:
    """What each is called, and the field that it stands in."""
    yield "reason", "customer", customer.reason
    if customer.tags is not UNMANAGED:
        said = (*customer.tags.present, *customer.tags.absent)
        odd = {tag_key(tag): tag for one in customer.tags.sets for tag in _odd_ones(one, regions)}
        known = set(map(tag_key, said)) if odd else ()
        for tag in (*said, *(tag for key, tag in odd.items() if key not in known)):
            yield "tag", "tags", tag
    for name, value in customer.scalars:
        if name == "note" and isinstance(value, Personal):
            yield "note", "note", value.reveal()
    for channel, wanted in customer.consents:
        place, evidence = consent_field(channel), wanted.evidence
        yield "source", place, evidence.source
        yield "method", place, evidence.method
        yield "wording", place, evidence.wording
        yield "evidence", place, evidence.evidence


def _phones(customer: DesiredCustomer) -> Iterator[Diagnostic]:
    phone = customer.identity(IdentityKind.PHONE)
    if phone is not None and not phone.assigned:
        yield _warning(
            "identity.phone-range",
            "no such range of phone numbers is in use",
            customer.mark_of("phone"),
            "check the number and its country",
        )


def _warning(rule: str, message: str, mark: SourceMark, hint: str) -> Diagnostic:
    return Diagnostic(rule=rule, message=message, mark=mark, hint=hint, severity=Severity.WARNING)
