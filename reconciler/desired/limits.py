"""What a platform's documents limit or leave out, as far as it can be told without a store."""

from collections.abc import Iterator
from typing import Final

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.model.capabilities import Capabilities
from reconciler.model.customer import Address, DesiredCustomer
from reconciler.model.fields import BY_NAME, consent_field
from reconciler.model.managed import UNMANAGED
from reconciler.model.personal import Personal
from reconciler.model.tags import TagIntent
from reconciler.model.tax import TaxExemptions

LIMIT: Final = "capability.limit"
UNSUPPORTED: Final = "capability.unsupported"
# What stands beside a part of an address that a platform does not keep.
_INSTEAD: Final = {
    "country": ("country_code", "the two-letter code of the country"),
    "country_code": ("country", "the country in words"),
    "province": ("province_code", "the code of the province"),
    "province_code": ("province", "the province in words"),
}


class Limits:
    """Of one platform: errors for what can never be kept, warnings for what blocks a plan."""

    def __init__(self, table: Capabilities) -> None:
        self._table = table
        self._writable = table.creates | table.updates
        self._lengths = dict(table.lengths)
        self._part_lengths = dict(table.address_lengths)

    def beyond(self, customer: DesiredCustomer) -> Iterator[Diagnostic]:
        yield from self._unwritable(customer)
        yield from self._too_long(customer)
        if customer.tags is not UNMANAGED:
            yield from _tags(customer, customer.tags, self._table)
        if customer.addresses is not UNMANAGED:
            yield from self._addresses(customer, customer.addresses)

    def _unwritable(self, customer: DesiredCustomer) -> Iterator[Diagnostic]:
        table, writable = self._table, self._writable
        fields = [name for name, _ in customer.scalars if name not in writable]
        if customer.tags is not UNMANAGED and "tags" not in writable:
            fields.append("tags")
        if customer.addresses is not UNMANAGED and "addresses" not in writable:
            fields.append("addresses")
        for name in fields:
            yield _warning(customer, name, table.cannot("set", name))
        for name, value in customer.scalars:
            if isinstance(value, TaxExemptions):
                for text in table.beyond_countries(value):
                    yield _warning(customer, name, text)
        for channel, wanted in customer.consents:
            if wanted.state not in table.consent_states:
                name = consent_field(channel)
                text = f"{table.title} has no consent state `{wanted.state}`"
                yield _warning(customer, name, text)
        if customer.absent and not table.deletes:
            yield _warning(customer, "customer", f"{table.title} has no way to delete a customer")

    def _too_long(self, customer: DesiredCustomer) -> Iterator[Diagnostic]:
        lengths = self._lengths
        if not lengths:
            return
        values = [(str(one.kind), one.value) for one in customer.identities]
        for name, value in (*values, *customer.scalars):
            most = lengths.get(name)
            if most is not None and isinstance(value, Personal) and len(value.reveal()) > most:
                text = f"the {BY_NAME[name].title} is longer than the {most} characters that"
                yield _error(customer, name, f"{text} {self._table.title} takes")

    def _addresses(
        self, customer: DesiredCustomer, addresses: tuple[Address, ...]
    ) -> Iterator[Diagnostic]:
        table = self._table
        most = table.addresses_at_most
        if most is not None and len(addresses) > most:
            text = f"{len(addresses)} addresses are more than the {most} that"
            yield _error(customer, "addresses", f"{text} {table.title} takes")
        known, lengths = table.address_parts, self._part_lengths
        for number, one in enumerate(addresses, start=1):
            for name, part in one.texts:
                longest = lengths.get(name)
                if name not in known:
                    other, what = _INSTEAD.get(name, ("", ""))
                    yield _error(
                        customer,
                        "addresses",
                        f"address {number} has a `{name}`, which {table.title} does not keep",
                        f"write `{other}`, {what}, instead" if other else "leave it out",
                    )
                elif longest is not None and len(part.reveal()) > longest:
                    told = f"`{name}` of address {number} is longer than the {longest} characters"
                    yield _error(customer, "addresses", f"{told} that {table.title} takes")


def _tags(
    customer: DesiredCustomer, intent: TagIntent, table: Capabilities
) -> Iterator[Diagnostic]:
    tags = intent.present
    if table.tags_at_most is not None and len(tags) > table.tags_at_most:
        text = f"{len(tags)} tags are more than the {table.tags_at_most} that {table.title} holds"
        yield _error(customer, "tags", text)
    if table.tag_length is not None and any(len(tag) > table.tag_length for tag in tags):
        text = f"a tag is longer than the {table.tag_length} characters that {table.title} takes"
        yield _error(customer, "tags", text)
    if table.tags_length is not None and len(",".join(tags)) > table.tags_length:
        text = f"all tags together are longer than the {table.tags_length} characters that"
        yield _error(customer, "tags", f"{text} {table.title} takes")


def _warning(customer: DesiredCustomer, field: str, message: str) -> Diagnostic:
    return Diagnostic(
        rule=UNSUPPORTED,
        message=message,
        mark=customer.mark_of(field),
        hint=f"leave it out for store {customer.store}; a plan is blocked until it is released",
        severity=Severity.WARNING,
    )


def _error(customer: DesiredCustomer, field: str, message: str, hint: str = "") -> Diagnostic:
    hint = hint or ("make it shorter" if "longer" in message else "leave some out")
    return Diagnostic(rule=LIMIT, message=message, mark=customer.mark_of(field), hint=hint)
