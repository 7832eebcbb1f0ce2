"""One entry against one live customer: field by field, driven by the field table."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reconciler.model.consent import KNOWN_NO, Channel
from reconciler.model.customer import CONTACT_OF, DesiredCustomer, LiveCustomer, Scalar
from reconciler.model.field_path import FieldPath
from reconciler.model.fields import BY_NAME, SCALARS
from reconciler.model.identity import Identity, IdentityKind
from reconciler.model.managed import UNMANAGED
from reconciler.model.metafields import Metafields
from reconciler.model.ownership import NO_MARKS, Ownership
from reconciler.model.personal import Personal, is_nothing
from reconciler.model.settings import RiskClass
from reconciler.model.tags import Owned, TagDelta, resolve, tag_key
from reconciler.model.tax import TaxExemptions
from reconciler.plan import addresses
from reconciler.plan.changes import AddressChange, FieldChange, Presence, ScalarChange, TagChange


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonSettings:
    """What comparing needs to know of a store: the phone region, our tags, tags with consent, and
    tags that are marks.
    """

    region: str | None
    owned: Owned
    bearing: tuple[tuple[str, Channel], ...]
    ownership: Ownership = NO_MARKS


def differences(
    desired: DesiredCustomer, live: LiveCustomer, settings: ComparisonSettings
) -> Iterator[FieldChange]:
    """Every managed field that differs, consents apart; fields that are unknown do not."""
    for name, part, wanted, written in _wanted_scalars(desired):
        if not live.tells(name):
            continue
        had = held_of(live.scalar(name), wanted)
        if written is None and had == wanted:
            continue
        before = BY_NAME[name].normalise(had, settings.region)
        after = _read_back(name, wanted, written, settings)
        if before != after:
            yield ScalarChange(
                path=FieldPath(name, part),
                risk=RiskClass.PROFILE,
                before=_boxed(name, before, personal=isinstance(had, Personal)),
                after=_boxed(name, after),
                written=written,
            )
    if desired.claims and "tags" not in live.unreadable:
        yield from _claim(live.tags, settings, RiskClass.TAG)
    if desired.tags is not UNMANAGED and "tags" not in live.unreadable:
        delta = resolve(desired.tags, live.tags, settings.owned)
        if delta:
            yield from tag_changes(delta, settings, RiskClass.TAG)
    if (
        desired.addresses is not UNMANAGED
        and "addresses" not in live.unreadable
        and not addresses.agree(desired.addresses, live.addresses, settings.region)
    ):
        after_list, paths = addresses.merged(desired.addresses, live.addresses, settings.region)
        if paths:
            before = addresses.in_order(live.addresses, settings.region)
            yield AddressChange(
                risk=RiskClass.PROFILE,
                before=before,
                after=after_list,
                wanted=addresses.in_order(desired.addresses, settings.region),
                paths=paths,
            )


def parts_of(value: Scalar) -> Iterable[tuple[str, Scalar]]:
    """What of a value is compared, approved and written for itself, by the name of the part; most
    values are one such state.
    """
    return value.parts() if isinstance(value, Metafields) else (("", value),)


def held_of(had: Scalar, wanted: Scalar) -> Scalar:
    """What is compared of a value: of metafields those that an entry names."""
    if isinstance(wanted, Metafields):
        return wanted.held_in(had if isinstance(had, Metafields) else None)
    return had


def statements(desired: DesiredCustomer, settings: ComparisonSettings) -> Iterator[FieldChange]:
    """What an entry says of single values and addresses, as changes of a record without any."""
    for name, part, wanted, written in _wanted_scalars(desired):
        yield ScalarChange(
            path=FieldPath(name, part),
            risk=RiskClass.PROFILE,
            before=None,
            after=_boxed(name, _read_back(name, wanted, written, settings)),
            written=written,
        )
    if desired.addresses is not UNMANAGED:
        wanted_list = addresses.in_order(desired.addresses, settings.region)
        yield AddressChange(
            risk=RiskClass.PROFILE, before=(), after=wanted_list, wanted=wanted_list, paths=()
        )


def _read_back(
    name: str, wanted: Scalar, written: Identity | None, settings: ComparisonSettings
) -> object:
    """The normal form that a record has once this was written."""
    if written is not None:
        return written.read_back
    return BY_NAME[name].normalise(wanted, settings.region)


def creation(desired: DesiredCustomer, settings: ComparisonSettings) -> Iterator[FieldChange]:
    """Everything a new customer starts with, consents apart; our mark, too, where we have one."""
    yield Presence(risk=RiskClass.CREATE)
    for name, part, wanted, written in _wanted_scalars(desired):
        if not is_nothing(wanted):
            normal = BY_NAME[name].normalise(wanted, settings.region)
            yield ScalarChange(
                path=FieldPath(name, part),
                risk=RiskClass.CREATE,
                before=None,
                after=_boxed(name, normal),
                written=written,
            )
    yield from _claim((), settings, RiskClass.CREATE)
    if desired.tags is not UNMANAGED:
        delta = resolve(desired.tags, (), settings.owned)
        yield from tag_changes(delta, settings, RiskClass.CREATE)
    if desired.addresses is not UNMANAGED and desired.addresses:
        wanted_list = addresses.in_order(desired.addresses, settings.region)
        yield AddressChange(
            risk=RiskClass.CREATE,
            before=(),
            after=wanted_list,
            wanted=wanted_list,
            paths=tuple(f"addresses[{n}] added" for n in range(1, len(desired.addresses) + 1)),
        )


def _claim(
    tags: Iterable[str], settings: ComparisonSettings, risk: RiskClass
) -> Iterator[TagChange]:
    """Our mark, where it is not among them."""
    mark = settings.ownership.tag
    if mark is not None and not settings.ownership.is_ours(tags):
        yield TagChange(risk=risk, delta=TagDelta(added=(mark,), removed=()), claims=True)


def tag_changes(
    delta: TagDelta, settings: ComparisonSettings, risk: RiskClass
) -> Iterator[TagChange]:
    """Plain tags in one change; each tag that feeds an audience in one of its own."""
    bearing = dict(settings.bearing)
    for tag in delta.added:
        if (channel := bearing.get(tag_key(tag))) is not None:
            yield TagChange(
                risk=RiskClass.GRANT, channel=channel, delta=TagDelta(added=(tag,), removed=())
            )
    for tag in delta.removed:
        if (channel := bearing.get(tag_key(tag))) is not None:
            yield TagChange(
                risk=RiskClass.WITHDRAW, channel=channel, delta=TagDelta(added=(), removed=(tag,))
            )
    plain = TagDelta(
        added=tuple(tag for tag in delta.added if tag_key(tag) not in bearing),
        removed=tuple(tag for tag in delta.removed if tag_key(tag) not in bearing),
    )
    if plain:
        yield TagChange(risk=risk, delta=plain)


def moves_address(
    desired: DesiredCustomer, live: LiveCustomer, channel: Channel, settings: ComparisonSettings
) -> bool:
    """Whether the address of a consent gets replaced by another, and that consent is no known no.

    A yes, one that waits and one that is not told are for the old address alone.
    """
    kind = CONTACT_OF[channel]
    wanted = desired.identity(kind)
    had = live.contact(channel)
    if wanted is None or had is None or kind.value in live.unreadable:
        return False
    if live.consent(channel).state in KNOWN_NO:
        return False
    return BY_NAME[kind.value].normalise(had, settings.region) != wanted.key


def _wanted_scalars(
    desired: DesiredCustomer,
) -> Iterator[tuple[str, str, Scalar, Identity | None]]:
    for kind in (IdentityKind.EMAIL, IdentityKind.PHONE):
        one = desired.identity(kind)
        if one is not None:
            yield kind.value, "", Personal(one.key), one
    told = dict(desired.scalars)
    for spec in SCALARS:
        if spec.name in told:
            wanted = told[spec.name]
            if spec.several is None:  # as almost all, for almost everybody
                yield spec.name, "", wanted, None
                continue
            for part, value in parts_of(wanted):
                yield spec.name, part, value, None


def _boxed(name: str, value: object, *, personal: bool = False) -> Scalar:
    """A normal form back in the type that cannot be printed, where the field or the value is."""
    if isinstance(value, str) and (personal or BY_NAME[name].personal):
        return Personal(value)
    if value is None or isinstance(value, (str, bool, Personal, TaxExemptions, Metafields)):
        return value
    raise TypeError(f"a field has no values of the type {type(value).__name__}")
