"""What a platform's documents limit or leave out, as far as it can be told without a store."""

from collections.abc import Iterator
from typing import Final

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.model.capabilities import Capabilities
from reconciler.model.customer import DesiredCustomer
from reconciler.model.fields import BY_NAME, consent_field
from reconciler.model.identity import IdentityKind
from reconciler.model.managed import UNMANAGED
from reconciler.model.personal import Personal

LIMIT: Final = "capability.limit"
UNSUPPORTED: Final = "capability.unsupported"
# What stands beside a part of an address that a platform does not keep.
_INSTEAD: Final = {
    "country": ("country_code", "the two-letter code of the country"),
    "country_code": ("country", "the country in words"),
    "province": ("province_code", "the code of the province"),
    "province_code": ("province", "the province in words"),
}


def beyond(customer: DesiredCustomer, table: Capabilities) -> Iterator[Diagnostic]:
    """Errors for what can never be kept, warnings for what a plan would be blocked by."""
    yield from _unwritable(customer, table)
    yield from _lengths(customer, table)
    yield from _tags(customer, table)
    yield from _addresses(customer, table)


def _unwritable(customer: DesiredCustomer, table: Capabilities) -> Iterator[Diagnostic]:
    writable = table.creates | table.updates
    fields = [name for name, _ in customer.scalars]
    fields += ["tags"] if customer.tags is not UNMANAGED else []
    fields += ["addresses"] if customer.addresses is not UNMANAGED else []
    for name in fields:
        if name not in writable:
            yield _warning(customer, name, f"{table.title} cannot set the {BY_NAME[name].title}")
    for channel, wanted in customer.consents:
        if wanted.state not in table.consent_states:
            name = consent_field(channel)
            yield _warning(customer, name, f"{table.title} has no consent state `{wanted.state}`")
    if customer.absent and not table.deletes:
        yield _warning(customer, "customer", f"{table.title} has no way to delete a customer")


def _lengths(customer: DesiredCustomer, table: Capabilities) -> Iterator[Diagnostic]:
    lengths = dict(table.lengths)
    values = [(name, value) for name, value in customer.scalars if isinstance(value, Personal)]
    for kind in (IdentityKind.EMAIL, IdentityKind.PHONE):
        one = customer.identity(kind)
        if one is not None:
            values.append((kind.value, one.value))
    for name, value in values:
        most = lengths.get(name)
        if most is not None and len(value.reveal()) > most:
            text = f"the {BY_NAME[name].title} is longer than the {most} characters that"
            yield _error(customer, name, f"{text} {table.title} takes")


def _tags(customer: DesiredCustomer, table: Capabilities) -> Iterator[Diagnostic]:
    if customer.tags is UNMANAGED:
        return
    tags = customer.tags.present
    if table.tags_at_most is not None and len(tags) > table.tags_at_most:
        text = f"{len(tags)} tags are more than the {table.tags_at_most} that {table.title} holds"
        yield _error(customer, "tags", text)
    if table.tag_length is not None and any(len(tag) > table.tag_length for tag in tags):
        text = f"a tag is longer than the {table.tag_length} characters that {table.title} takes"
        yield _error(customer, "tags", text)
    if table.tags_length is not None and len(",".join(tags)) > table.tags_length:
        text = f"all tags together are longer than the {table.tags_length} characters that"
        yield _error(customer, "tags", f"{text} {table.title} takes")


def _addresses(customer: DesiredCustomer, table: Capabilities) -> Iterator[Diagnostic]:
    if customer.addresses is UNMANAGED:
        return
    most = table.addresses_at_most
    if most is not None and len(customer.addresses) > most:
        text = f"{len(customer.addresses)} addresses are more than the {most} that"
        yield _error(customer, "addresses", f"{text} {table.title} takes")
    lengths = dict(table.address_lengths)
    for number, one in enumerate(customer.addresses, start=1):
        for name, part in one.texts:
            if name not in table.address_parts:
                other, what = _INSTEAD.get(name, ("", ""))
                yield _error(
                    customer,
                    "addresses",
                    f"address {number} has a `{name}`, which {table.title} does not keep",
                    f"write `{other}`, {what}, instead" if other else "leave it out",
                )
            elif name in lengths and len(part.reveal()) > lengths[name]:
                told = f"`{name}` of address {number} is longer than the {lengths[name]} characters"
                yield _error(customer, "addresses", f"{told} that {table.title} takes")


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
