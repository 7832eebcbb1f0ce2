"""The simulators as the servers of the conformance suite."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from reconciler.model.consent import Channel, ConsentState
from reconciler.model.metafields import from_spec
from reconciler.model.tax import TaxExemptions, exemptions
from reconciler.sandbox import Sandbox
from reconciler.testing import Person, Server, Subject

_OWN = ("orders_count", "addresses", "extra")
# What the API tells where nothing was set, so that a write of the whole record sets it.
_TOLD_AS_FALSE = {"genstore": {"verified_email": False}}
_GENDERS = ("unknown", "male", "female", "secret")
# What SHOPLINE has beside the neutral form of the simulators.
_SHOPLINE = ("nick_name", "birthday", "gender", "language", "metafields")
_PHONES: dict[str, Callable[[str], str]] = {
    "shopline": lambda text: f"00{text[1:]}",
    "genstore": lambda text: text.removeprefix("+47"),
}


class BoxServer:
    """One simulated store; what it writes about a customer by itself is no part of a person."""

    def __init__(self, box: Sandbox, url: str, switches: Mapping[str, str]) -> None:
        self._box = box
        self._switches = switches
        self.url = url
        self.token = box.token

    def reset(self, people: Iterable[Person]) -> None:
        self._box.reset([self._record(one) for one in people], self._switches)

    def people(self) -> Sequence[Person]:
        return [_person(one) for one in self._box.customers()]

    def edit(self, person: Person) -> None:
        record = self._record(person)
        del record["consent"]
        if self._box.platform != "shopline":
            del record["extra"]
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
            "tax_exempt": person.tax_exempt,
            "tax_exemptions": _exemptions_in_json(person.tax_exemptions),
            "extra": {**_TOLD_AS_FALSE.get(self._box.platform, {}), **self._extra(person)},
            "tags": list(person.tags),
            "consent": {
                channel.value: {"state": person.consent(channel).value, "at": None, "actor": None}
                for channel in Channel
            },
        }

    def _extra(self, person: Person) -> dict[str, Any]:
        if self._box.platform != "shopline":
            return {}
        return {
            "nick_name": person.nickname,
            "birthday": person.birthday and person.birthday.replace("-", ""),
            "gender": _GENDERS.index(person.gender or "unknown"),
            "language": person.language,
            "metafields": [] if person.metafields is None else person.metafields.plain(),
        }


def _day(text: str | None) -> str | None:
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if text else None


def _exemptions_in_json(one: TaxExemptions | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "applyToAllRegion": one.regions is None,
        "taxExemptionRegions": [
            {
                "country": region.country,
                "applyToAllSubdivision": region.subdivisions is None,
                "subdivisions": list(region.subdivisions or ()),
            }
            for region in one.regions or ()
        ],
    }


def _exemptions(held: Mapping[str, Any]) -> TaxExemptions | None:
    if held.get("applyToAllRegion"):
        return TaxExemptions(None)
    return exemptions(
        (row["country"], None if row["applyToAllSubdivision"] else row["subdivisions"])
        for row in held.get("taxExemptionRegions") or ()
    )


def _person(record: Mapping[str, Any]) -> Person:
    extra = record["extra"]
    rest = {**record, "extra": {key: extra[key] for key in extra if key not in _SHOPLINE}}
    return Person(
        id=record["id"],
        email=record["email"],
        phone=record["phone"] or None,
        first_name=record["first_name"] or None,
        last_name=record["last_name"] or None,
        nickname=extra.get("nick_name") or None,
        birthday=_day(extra.get("birthday")),
        gender=_GENDERS[extra["gender"]] if extra.get("gender") else None,
        language=extra.get("language") or None,
        note=record["note"] or None,
        tax_exempt=record["tax_exempt"],
        tax_exemptions=_exemptions(record["tax_exemptions"] or {}),
        metafields=from_spec(extra.get("metafields")),
        tags=tuple(record["tags"]),
        consents=tuple(
            (Channel(name), ConsentState(one["state"]))
            for name, one in record["consent"].items()
            if one is not None
        ),
        rest=tuple((name, json.dumps(rest[name], sort_keys=True)) for name in _OWN),
    )


def serving(
    platform: str, switches: Mapping[str, str] | None = None
) -> Callable[[], AbstractContextManager[Server]]:
    @contextmanager
    def serve() -> Iterator[Server]:
        box = Sandbox(platform, rate="off", switches=switches)
        with box.serving() as url:
            yield BoxServer(box, url, switches or {})

    return serve


def simulated(
    platform: str, switches: Mapping[str, str] | None = None, **settings: object
) -> Subject:
    return Subject(
        platform=platform,
        serve=serving(platform, switches),
        settings={"phone_region": "NO", "timezone": "UTC", **settings},
    )
