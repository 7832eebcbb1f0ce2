"""The simulators as the servers of the conformance suite."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from reconciler.model.consent import Channel, ConsentState
from reconciler.sandbox import Sandbox
from reconciler.testing import Person, Server, Subject

_OWN = ("tax_exempt", "tax_exemptions", "orders_count", "addresses", "extra")
# What the API tells where nothing was set, so that a write of the whole record sets it.
_TOLD_AS_FALSE = {"genstore": {"verified_email": False}}
_PHONES: dict[str, Callable[[str], str]] = {
    "shopline": lambda text: f"00{text[1:]}",
    "genstore": lambda text: text.removeprefix("+47"),
}


class BoxServer:
    """One simulated store; what it writes about a customer by itself is no part of a person."""

    def __init__(self, box: Sandbox, url: str) -> None:
        self._box = box
        self.url = url
        self.token = box.token

    def reset(self, people: Iterable[Person]) -> None:
        extra = _TOLD_AS_FALSE.get(self._box.platform, {})
        self._box.reset([{**self._record(one), "extra": extra} for one in people])

    def people(self) -> Sequence[Person]:
        return [_person(one) for one in self._box.customers()]

    def edit(self, person: Person) -> None:
        record = self._record(person)
        del record["consent"]
        self._box.edit(person.id, **record)

    def remove(self, id: str) -> None:
        self._box.remove(id)

    def _record(self, person: Person) -> dict[str, Any]:
        phone = person.phone
        if phone is not None:
            phone = _PHONES.get(self._box.platform, str)(phone)
        return {
            "email": person.email,
            "phone": phone,
            "first_name": person.first_name,
            "last_name": person.last_name,
            "note": person.note,
            "tags": list(person.tags),
            "consent": {
                channel.value: {"state": person.consent(channel).value, "at": None, "actor": None}
                for channel in Channel
            },
        }


def _person(record: Mapping[str, Any]) -> Person:
    return Person(
        id=record["id"],
        email=record["email"],
        phone=record["phone"] or None,
        first_name=record["first_name"] or None,
        last_name=record["last_name"] or None,
        note=record["note"] or None,
        tags=tuple(record["tags"]),
        consents=tuple(
            (Channel(name), ConsentState(one["state"]))
            for name, one in record["consent"].items()
            if one is not None
        ),
        rest=tuple((name, json.dumps(record[name], sort_keys=True)) for name in _OWN),
    )


def serving(platform: str) -> Callable[[], AbstractContextManager[Server]]:
    @contextmanager
    def serve() -> Iterator[Server]:
        box = Sandbox(platform, rate="off")
        with box.serving() as url:
            yield BoxServer(box, url)

    return serve


def simulated(platform: str, **settings: object) -> Subject:
    return Subject(
        platform=platform,
        serve=serving(platform),
        settings={"phone_region": "NO", "timezone": "UTC", **settings},
    )
