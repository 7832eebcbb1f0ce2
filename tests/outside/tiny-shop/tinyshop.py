"""A made-up platform, as somebody outside would add it; it imports what is meant for that only."""

from collections.abc import Iterable, Iterator
from typing import Any

from reconciler.errors import CustomerNotFound, Rejected
from reconciler.model.capabilities import Capabilities, Footprint
from reconciler.model.consent import Channel, ConsentState, LiveConsent
from reconciler.model.customer import Learned, LiveCustomer, Wire
from reconciler.model.identity import Identity, IdentityKind
from reconciler.model.patch import Patch
from reconciler.model.personal import Personal, personal
from reconciler.model.settings import Rate, SettingsComplaint, StoreSettings
from reconciler.model.tags import carry_out
from reconciler.platforms.base import Found, Page
from reconciler.platforms.coerce import Unreadable, as_mapping, as_records
from reconciler.platforms.http import Session
from reconciler.platforms.lookup import sort_out
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
    footprints=(
        Footprint(
            call="PUT /people/N",
            touches=("whatever the record holds",),
            guard="the record is sent as it was read just before",
        ),
    ),
)
_STATES = {
    "yes": ConsentState.SUBSCRIBED,
    "no": ConsentState.UNSUBSCRIBED,
    "never": ConsentState.NOT_SUBSCRIBED,
}
_BLANK: dict[str, Any] = {"mail": None, "name": None, "labels": [], "news": "never"}


class TinyShop:
    """Every record is whole, and a write sends the whole of it."""

    capabilities = TINYSHOP
    base = ""

    def __init__(self, session: Session) -> None:
        self._session = session

    def count(self) -> int | None:
        return len(self._all())

    def scan(self) -> Iterator[Page]:
        yield Page(customers=self._all(), stable=True)

    def read(self, remote_id: str) -> LiveCustomer | None:
        doing = "reading a customer"
        try:
            return self._customer(self._session.get(f"/people/{remote_id}", (), doing).body, doing)
        except CustomerNotFound:
            return None

    def read_many(self, remote_ids: Iterable[str]) -> dict[str, LiveCustomer]:
        found = ((one, self.read(one)) for one in remote_ids)
        return {name: live for name, live in found if live is not None}

    def find(self, wanted: Identity, spelling: str) -> Found:
        return sort_out(self._all(), wanted, None, whole=True)

    def find_now(self, wanted: Identity, spelling: str) -> Found:
        return self.find(wanted, spelling)

    def with_actors(
        self, customers: Iterable[LiveCustomer]
    ) -> tuple[tuple[LiveCustomer, ...], bool]:
        return tuple(customers), True

    def create(self, patch: Patch) -> str:
        doing = "creating a customer"
        answer = self._session.write("POST", "/people", changed(_BLANK, patch), doing)
        try:
            return str(as_mapping(answer.body, "the answer")["number"])
        except (Unreadable, KeyError) as error:
            raise self._session.garbled_write("it tells no number", doing) from error

    def update(self, ground: LiveCustomer, patch: Patch) -> None:
        assert ground.wire is not None
        body = changed(ground.wire.record, patch)
        self._session.write("PUT", f"/people/{ground.remote_id}", body, "updating a customer")

    def delete(self, remote_id: str) -> None:
        raise Rejected("nobody can be deleted here", store=self._session.store)

    def _all(self) -> tuple[LiveCustomer, ...]:
        doing = "listing customers"
        try:
            body = as_mapping(self._session.get("/people", (), doing).body, "the answer")
            records = as_records(body.get("people"), "people")
        except (Unreadable, CustomerNotFound) as error:
            raise self._session.unreadable("this is no list of people", doing) from error
        return tuple(self._customer(one, doing) for one in records)

    def _customer(self, record: Any, doing: str) -> LiveCustomer:
        try:
            return LiveCustomer(
                remote_id=str(record["number"]),
                email=personal(record["mail"]),
                first_name=personal(record["name"]),
                tags=tuple(record["labels"]),
                consents=(
                    (
                        Channel.EMAIL,
                        LiveConsent(state=_STATES.get(record["news"], ConsentState.UNKNOWN)),
                    ),
                ),
                wire=Wire(record),
            )
        except (KeyError, TypeError) as error:
            raise self._session.unreadable("this is no person", doing) from error


def changed(record: Any, patch: Patch) -> dict[str, Any]:
    """The record with what the patch says, and everything else as it was."""
    made = {name: value for name, value in record.items() if name != "number"}
    for one in patch.contacts:
        made["mail"] = one.value.reveal()
    for name, value in patch.scalars:
        if name == "first_name":
            made["name"] = value.reveal() if isinstance(value, Personal) else None
    made["labels"] = list(carry_out(made["labels"], patch.tags))
    consent = patch.consent(Channel.EMAIL)
    if consent is not None:
        made["news"] = "yes" if consent.state is ConsentState.SUBSCRIBED else "no"
    return made


def connect(
    session: Session, store: StoreSettings, times: StoreTimes, learned: Learned
) -> TinyShop:
    return TinyShop(session)


def check_settings(store: StoreSettings) -> Iterator[SettingsComplaint]:
    if store.phone_region is not None:
        yield SettingsComplaint(
            message="TinyShop has no phone numbers", hint="leave it out", place=("phone_region",)
        )


PLATFORM = Platform(
    capabilities=TINYSHOP,
    headers=lambda token: {"x-tiny-token": token},
    connect=connect,
    check_settings=check_settings,
)
