"""Whom a plan is limited to; nobody is limited where nothing is named."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Customers whose entries `changed` since the base, or name one of the `tags`, or are one of
    the `customers` (aliases, contacts or ids as somebody typed them); all that are named count
    together.
    """

    changed: bool = False
    tags: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.changed or bool(self.tags) or bool(self.customers)


EVERYBODY: Final = Scope()
