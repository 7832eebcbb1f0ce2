"""What a store does not tell of a customer, in the words of plans and of reports."""

from collections.abc import Collection, Iterator

from reconciler.model.customer import LiveCustomer
from reconciler.model.fields import BY_NAME


def untold(live: LiveCustomer, names: Collection[str]) -> Iterator[tuple[str, str]]:
    """Each of these fields that is not known, and a sentence that says so."""
    reasons = dict(live.reasons)
    for name in sorted(names):
        if not live.tells(name):
            why = f": {reasons[name]}" if name in reasons else ""
            yield name, f"the store does not tell the {BY_NAME[name].title} of this customer{why}"
