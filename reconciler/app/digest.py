"""What is digested while everything is at hand: what each customer shall be, and each file."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from reconciler.app.environment import Environment

if TYPE_CHECKING:
    from reconciler.model.customer import DesiredCustomer


class Digests(NamedTuple):
    """`file` gives what git would call it, where that will be asked."""

    customer: Callable[["DesiredCustomer"], bytes]
    file: Callable[[bytes], tuple[str, ...]]


def _none(_: object) -> bytes:
    return b""


def _unnamed(_: bytes) -> tuple[str, ...]:
    return ()


NO_DIGESTS: Final = Digests(customer=_none, file=_unnamed)


def digests_for(environment: Environment, *, compares: bool) -> Digests:
    """Of what is planned; `compares` says that files are compared with those of a revision."""
    from reconciler.desired.meaning import meaning

    customer = meaning if environment.cache is None else environment.cache.meaning
    if not compares:
        return Digests(customer=customer, file=_unnamed)
    from reconciler.desired.sources import blobs

    return Digests(customer=customer, file=blobs)
