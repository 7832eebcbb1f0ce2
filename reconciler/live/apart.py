"""What no list or record tells is asked for of those of whom an entry manages it."""

from collections.abc import Callable, Iterable, Iterator

from reconciler.live.view import View
from reconciler.model.customer import DesiredCustomer, LiveCustomer
from reconciler.platforms.base import Reader, completed


def complete(view: View, client: Reader, requests: Callable[[], int]) -> Iterator[str]:
    """Puts what the view remembers in its completed form; says what that took."""
    before, asked, everything = requests(), 0, True
    for fields in client.capabilities.told_apart:
        customers = managing(fields, view.index.candidates())
        told, all_told = completed(client, customers, fields)
        view.index.renew(told)
        asked += len(told)
        everything = everything and all_told
    if asked:
        made = requests() - before
        requested = "request" if made == 1 else "requests"
        yield f"{made} {requested} more asked for what no list tells, of {asked} customers"
    if not everything:
        yield "the store did not tell all of that"


def managing(
    fields: frozenset[str], candidates: Iterable[tuple[DesiredCustomer, LiveCustomer]]
) -> list[LiveCustomer]:
    """Those of whom an entry manages one of these fields, which nobody has asked for yet."""
    found = {
        live.remote_id: live
        for desired, live in candidates
        if fields & live.unasked
        and not desired.absent
        and any(name in fields for name, _ in desired.scalars)
    }
    return [found[remote_id] for remote_id in sorted(found)]
