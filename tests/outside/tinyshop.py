"""A made-up platform, as somebody outside would add it; it imports what is meant for that only."""

from collections.abc import Iterable, Iterator
from typing import Any

from reconciler.errors import CustomerNotFound
from reconciler.model.capabilities import Capabilities
from reconciler.model.consent import Channel, ConsentState, LiveConsent
from reconciler.model.customer import Learned, LiveCustomer
from reconciler.model.identity import Identity, IdentityKind
from reconciler.model.patch import Patch
from reconciler.model.personal import personal
from reconciler.model.settings import Rate, StoreSettings
from reconciler.model.tags import carry_out
from reconciler.platforms.base import Found, Page
from reconciler.platforms.http import Session
from reconciler.platforms.platform import Platform
from reconciler.platforms.times import StoreTimes

TINYSHOP = Capabilities(
    platform="tinyshop",
    title="TinyShop",
    versions=("1",),
    default_version="1",
    domains=("tinyshop.example",),
    rate=Rate(per_second=50, burst=50),
    creates=frozenset({"email", "first_name", "tags", "consent.email"}),
    updates=frozenset({"first_name", "tags", "consent.email"}),
    counts=True,
    look_up_calls=((IdentityKind.ID, 1), (IdentityKind.EMAIL, 1)),
    records_refusal=frozenset({Channel.EMAIL}),
    opt_out_indistinct=frozenset(),
)


class TinyShop:
    """Every record is whole, and a write sends the whole of it."""

    capabilities = TINYSHOP

    def __init__(self, session: Session) -> None:
        self._session = session

    def count(self) -> int | None:
        return len(self._all())

    def scan(self) -> Iterator[Page]:
        yield Page(customers=tuple(_customer(one) for one in self._all()), stable=True)

    def read(self, remote_id: str) -> LiveCustomer | None:
        try:
            return _customer(self._session.get(f"/people/{remote_id}", (), "reading").body)
        except CustomerNotFound:
            return None

    def read_many(self, remote_ids: Iterable[str]) -> dict[str, LiveCustomer]:
        found = ((one, self.read(one)) for one in remote_ids)
        return {name: live for name, live in found if live is not None}

    def find(self, wanted: Identity, spelling: str) -> Found:
        mail = spelling.lower()
        return Found(
            customers=tuple(
                _customer(one) for one in self._all() if (one["mail"] or "").lower() == mail
            )
        )

    find_now = find

    def with_actors(
        self, customers: Iterable[LiveCustomer]
    ) -> tuple[tuple[LiveCustomer, ...], bool]:
        return tuple(customers), True

    def create(self, patch: Patch) -> str:
        record = _record({"mail": None, "name": None, "labels": [], "news": "no"}, patch)
        made = self._session.write("POST", "/people", record, "creating").body
        return str(made["number"])

    def update(self, ground: LiveCustomer, patch: Patch) -> None:
        news = {ConsentState.SUBSCRIBED: "yes", ConsentState.UNSUBSCRIBED: "no"}
        record = {
            "mail": ground.email.reveal() if ground.email else None,
            "name": ground.first_name.reveal() if ground.first_name else None,
            "labels": list(ground.tags),
            "news": news.get(ground.consent(Channel.EMAIL).state, "never"),
        }
        body = _record(record, patch)
        self._session.write("PUT", f"/people/{ground.remote_id}", body, "updating")

    def delete(self, remote_id: str) -> None:
        raise NotImplementedError(remote_id)

    def _all(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._session.get("/people", (), "listing").body
        return found


def _customer(record: dict[str, Any]) -> LiveCustomer:
    states = {"yes": ConsentState.SUBSCRIBED, "no": ConsentState.UNSUBSCRIBED}
    state = states.get(record["news"], ConsentState.NOT_SUBSCRIBED)
    return LiveCustomer(
        remote_id=str(record["number"]),
        email=personal(record["mail"]),
        first_name=personal(record["name"]),
        tags=tuple(record["labels"]),
        consents=((Channel.EMAIL, LiveConsent(state=state)),),
    )


def _record(record: dict[str, Any], patch: Patch) -> dict[str, Any]:
    for one in patch.contacts:
        record["mail"] = one.value.reveal()
    for name, value in patch.scalars:
        if name == "first_name":
            record["name"] = value.reveal() if value is not None else None  # type: ignore[union-attr]
    record["labels"] = list(carry_out(record["labels"], patch.tags))
    consent = patch.consent(Channel.EMAIL)
    if consent is not None:
        record["news"] = "yes" if consent.state is ConsentState.SUBSCRIBED else "no"
    return record


def _connect(
    session: Session, store: StoreSettings, times: StoreTimes, learned: Learned
) -> TinyShop:
    return TinyShop(session)


PLATFORM = Platform(
    capabilities=TINYSHOP, headers=lambda token: {"x-tiny-token": token}, connect=_connect
)
