"""SHOPLINE's GraphQL, for the fields that REST does not have."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final

from reconciler.errors import CustomerNotFound, PlatformError, Rejected, StoreStopped, TooCostly
from reconciler.model.customer import LiveCustomer, Scalar
from reconciler.platforms.http import Session
from reconciler.platforms.reason import reason
from reconciler.platforms.shopline import tax

_FORBIDDEN: Final = 403


class Graphql:
    """One store's endpoint, paced and guarded like any other of its session."""

    def __init__(self, session: Session, version: str) -> None:
        self._session = session
        self._path = f"/admin/graph/{version}/graphql.json"
        self._at_once = tax.AT_ONCE

    def completed(
        self, customers: Iterable[LiveCustomer], fields: frozenset[str]
    ) -> tuple[tuple[LiveCustomer, ...], bool]:
        """Once it would not tell it is not asked again. Where it says that so many cost too much it
        is asked of half, and of no more from then on.
        """
        every = tuple(customers)
        found: list[LiveCustomer] = []
        while len(found) < len(every):
            batch = every[len(found) : len(found) + self._at_once]
            question = tax.question([one.remote_id for one in batch])
            try:
                answer = self._session.ask(self._path, question, "reading tax exemptions")
            except PlatformError as error:
                if isinstance(error, TooCostly) and len(batch) > 1:
                    self._at_once = len(batch) // 2
                    continue
                why = reason(error)
                found.extend([tax.untold(one, fields, why) for one in every[len(found) :]])
                break
            found.extend(tax.completed(batch, answer.body, fields))
        return tuple(found), not any(one.unreadable & fields for one in found)

    def writes(
        self, ground: LiveCustomer, scalars: Iterable[tuple[str, Scalar]]
    ) -> Iterator[Callable[[], None]]:
        """Each in a call of its own."""
        for name, value in scalars:
            yield partial(self._change, ground, name, value)

    def _change(self, ground: LiveCustomer, name: str, value: Scalar) -> None:
        doing = "changing a tax exemption"
        body = tax.changed(ground, name, value)
        try:
            answer = self._session.write("POST", self._path, body, doing)
        except (StoreStopped, CustomerNotFound) as error:
            if isinstance(error, StoreStopped) and error.status != _FORBIDDEN:
                raise
            raise Rejected(
                "GraphQL is not open to this token, or not for this customer",
                store=self._session.store,
                doing=doing,
                status=error.status,
                hint="give the app `write_customers` for GraphQL too",
            ) from None
        if not tax.is_taken(answer.body):
            raise self._session.garbled_write("the answer tells of no customer", doing)
