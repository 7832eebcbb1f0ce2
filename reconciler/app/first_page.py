"""What the first page of a store's customers tells of its settings: counts, and nobody's data."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from reconciler.model.customer import LiveCustomer
from reconciler.model.finding import Finding, Level
from reconciler.model.identity import parse_phone, phone_key
from reconciler.model.settings import StoreSettings
from reconciler.report.plain import counted

_AHEAD: Final = timedelta(minutes=5)
_CONTACTS: Final = frozenset(("email", "phone"))
_PERSONAL: Final = ("email", "phone", "first_name", "last_name", "addresses")


def page_findings(
    customers: Sequence[LiveCustomer], store: StoreSettings, now: datetime
) -> Iterator[Finding]:
    if not customers:
        told = "there is no customer yet, so nothing shows whether the settings fit"
        yield Finding(check="first page", level=Level.UNTOLD, message=told)
        return
    yield _personal(customers)
    yield _time_zone(customers, store, now)
    yield _phone_region(customers, store)


def _personal(customers: Sequence[LiveCustomer]) -> Finding:
    """A plan refuses to read a store that shows nobody's contact."""
    count = len(customers)
    shown = sum(one.email is not None or one.phone is not None for one in customers)
    names = sorted({name for one in customers for name in _withheld(one)})
    approval = "ask the platform to approve the app for protected customer data"
    if not shown:
        return Finding(
            check="personal fields",
            level=Level.FAIL,
            message=f"none of {count} customers shows an e-mail address or phone number",
            advice=f"{approval}; planning needs one of the two",
        )
    if names:
        hidden = sum(bool(_withheld(one)) for one in customers)
        fields = ", ".join(name.replace("_", " ") for name in names)
        return Finding(
            check="personal fields",
            level=Level.WARN,
            message=f"withheld or garbled for {hidden} of {count} customers: {fields}",
            advice=f"{approval}; what would have to send these fields is held",
        )
    return Finding(
        check="personal fields",
        level=Level.OK,
        message=f"readable for {counted(count, 'customer')}",
    )


def _withheld(live: LiveCustomer) -> set[str]:
    hidden = {kind.value for kind, _ in live.hidden} & _CONTACTS
    return hidden | (live.unreadable & set(_PERSONAL))


def _time_zone(customers: Sequence[LiveCustomer], store: StoreSettings, now: datetime) -> Finding:
    dated = [told for one in customers for _, told in one.consents if told.dated]
    lost = sum(told.at is None and not told.swappable for told in dated)
    late = sum(told.at is not None and told.at > now + _AHEAD for told in dated)
    if late:
        return Finding(
            check="time zone",
            level=Level.WARN,
            message=f"{late} of {len(dated)} times of consents are still to come",
            advice=f"`timezone: {store.timezone}` is not the shop's, or a clock is wrong"
            if store.timezone
            else "see whether a clock is wrong",
        )
    if lost and store.timezone is None:
        return Finding(
            check="time zone",
            level=Level.WARN,
            message=f"{lost} of {len(dated)} times of consents tell no instant",
            advice="set `timezone` to the shop's own, as its admin shows it",
        )
    if lost:
        told = f"{lost} of {len(dated)} times of consents tell no instant, whatever the zone"
        return Finding(check="time zone", level=Level.WARN, message=told)
    if not dated:
        told = "nobody on the first page has a time of a consent"
        return Finding(check="time zone", level=Level.UNTOLD, message=told)
    zone = store.timezone or "none, and none is needed"
    told = f"{zone}; plausible for {counted(len(dated), 'time')} of consents"
    return Finding(check="time zone", level=Level.OK, message=told)


def _phone_region(customers: Sequence[LiveCustomer], store: StoreSettings) -> Finding:
    numbers = [one.phone.reveal() for one in customers if one.phone is not None]
    national = [one for one in numbers if parse_phone(one, None) is None]
    lost = sum(phone_key(one, store.phone_region) is None for one in national)
    if not numbers:
        told = "nobody on the first page has a phone number"
        return Finding(check="phone region", level=Level.UNTOLD, message=told)
    if lost and store.phone_region is None:
        return Finding(
            check="phone region",
            level=Level.WARN,
            message=f"{lost} of {len(numbers)} phone numbers carry no country, and match nobody",
            advice="set `phone_region` to the shop's country",
        )
    if 2 * lost > len(national):
        return Finding(
            check="phone region",
            level=Level.WARN,
            message=f"{lost} of {len(national)} national phone numbers are none of "
            f"{store.phone_region}",
            advice="see whether `phone_region` is the shop's country",
        )
    region = store.phone_region or "none, and none is needed"
    told = f"{region}; plausible for {counted(len(numbers), 'phone number')}"
    return Finding(check="phone region", level=Level.OK, message=told)
