"""What the caller brings: a platform's name, and a server that stands for one of its stores."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from reconciler.model.consent import Channel, ConsentState
from reconciler.model.metafields import Metafields
from reconciler.model.tax import TaxExemptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One customer as the server holds it, whatever the adapter says of it.

    `id` is the store's, and empty for somebody who is yet to be put there. A phone is given with
    its `+`, a birthday year first and with hyphens, a gender in a word; the server may hold them in
    its own form. `consents` are by channel; who is not named was never asked. `rest` is what else
    the server holds that a write could cost.
    """

    email: str | None
    id: str = ""
    phone: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    nickname: str | None = None
    birthday: str | None = None
    gender: str | None = None
    language: str | None = None
    note: str | None = None
    tax_exempt: bool = False
    tax_exemptions: TaxExemptions | None = None
    metafields: Metafields | None = None
    tags: tuple[str, ...] = ()
    consents: tuple[tuple[Channel, ConsentState], ...] = ()
    rest: tuple[tuple[str, str], ...] = ()

    def consent(self, channel: Channel) -> ConsentState:
        return dict(self.consents).get(channel, ConsentState.NOT_SUBSCRIBED)


class Server(Protocol):
    """A store on loopback, with a way round the adapter to fill it and to see the truth.

    It is spoken to over HTTP at `url`, scheme and host, by whoever has `token`.
    """

    @property
    def url(self) -> str: ...

    @property
    def token(self) -> str: ...

    def reset(self, people: Iterable[Person]) -> None:
        """These and nobody else, as if they had been there for long."""
        ...

    def people(self) -> Sequence[Person]:
        """Everybody, now."""
        ...

    def edit(self, person: Person) -> None:
        """Somebody else edits the one with this id, who is then as given."""
        ...

    def remove(self, id: str) -> None:
        """Somebody else deletes the one with this id."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """`settings` are further ones of the store in the specs, as `timezone` or `api_version`.

    `examples` is how many random stores each law is tried on.
    """

    platform: str
    serve: Callable[[], AbstractContextManager[Server]]
    settings: Mapping[str, object] = field(default_factory=dict)
    examples: int = 10
