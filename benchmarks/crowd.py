"""People who follow from a seed and a number alone, as the specs want them and as a store has them.

Nothing is held in memory, and the page server can tell of anybody without having made the others.
The store stands in another order and has what only the API tells; one in a hundred differs, one in
a thousand is new, and as many are in the store alone.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, Final

SEED: Final = 7

Json = dict[str, Any]

_FIRST_ID: Final = 1_020_000_000_000
_CHANGED: Final = (100, 7)  # every so many, the so-many-eth
_NEW: Final = (1000, 500)
_FIRST: Final = tuple(
    [
        "Anna",
        "Bo",
        "Chen",
        "Dilan",
        "Eva",
        "Иван",
        "Grace",
        "Hugo",
        "Ines",
        "José",
        "Kai",
        "Lea",
        "María",
        "Noor",
        "Olga",
        "Priya",
        "宇",
        "Rosa",
        "Sofia",
        "Tomás",
    ]
)
_LAST: Final = tuple(
    [
        "Andersson",
        "Berg",
        "Costa",
        "Dubois",
        "Eriksen",
        "Fischer",
        "García",
        "Huang",
        "Ivanova",
        "Jensen",
        "Khan",
        "Lopez",
        "Müller",
        "Novák",
        "Okafor",
        "Петров",
        "陳",
        "Rossi",
        "Silva",
        "Tanaka",
        "Ueda",
        "Vasquez",
        "Weber",
        "Yilmaz",
        "Zhou",
    ]
)
_NOTES: Final = (
    "prefers letters in the morning",
    "buys for two schools, asks for one invoice",
    "met at the fair; likes samples",
    "no calls before ten",
    "moved twice this year",
    "pays by transfer",
    "collects in person on Fridays",
)
TAGS: Final = tuple(
    [
        "vip",
        "wholesale",
        "press",
        "retail",
        "seg:b2b",
        "seg:home",
        "seg:school",
        "wave:1",
        "wave:2",
        "wave:3",
        "wave:4",
        "club",
        "gift",
    ]
)
_OTHER_TAGS: Final = ("app:loyalty", "app:reviews", "imported")
_STREETS: Final = (
    "Main St",
    "Station Road",
    "Rue des Lilas",
    "Hauptstraße",
    "Calle Mayor",
    "Via Roma",
)
_CITIES: Final = (
    ("Springfield", "US", "IL"),
    ("Lyon", "FR", "ARA"),
    ("Köln", "DE", "NW"),
    ("Madrid", "ES", "MD"),
    ("Torino", "IT", "TO"),
    ("Oslo", "NO", "03"),
    ("Shenzhen", "CN", "GD"),
)
_SOURCES: Final = ("checkout", "fair Milano", "sign-up form", "shop counter")
_METHODS: Final = ("form_checkbox", "paper", "voice")


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """`given_at` is empty for an opt-out."""

    state: str
    given_at: str = ""
    source: str = ""
    method: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    first_name: str
    last_name: str
    address1: str
    city: str
    country_code: str
    province_code: str
    zip: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """As the specs want somebody; a consent that is None is not spoken of."""

    number: int
    email: str
    phone: str
    first_name: str
    last_name: str
    note: str | None
    tax_exempt: bool
    tags: tuple[str, ...]
    email_consent: Consent | None
    sms_consent: Consent | None
    addresses: tuple[Address, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """`size` people in the specs, and the store that they are compared with."""

    size: int
    seed: int = SEED

    @property
    def numbers(self) -> int:
        """Of everybody, those included who are in the store alone."""
        return self.size + self.size // _NEW[0]

    def _step(self) -> int:
        step = int(self.numbers * 0.618) | 1
        while math.gcd(step, self.numbers) != 1:
            step += 2
        return step

    def number_at(self, place: int) -> int:
        """Who stands at a place of the store's list."""
        return (self._step() * place + self.seed) % self.numbers

    def place_of(self, number: int) -> int:
        return pow(self._step(), -1, self.numbers) * (number - self.seed) % self.numbers

    def is_live(self, number: int) -> bool:
        return 0 <= number < self.numbers and (number >= self.size or number % _NEW[0] != _NEW[1])

    def person(self, number: int) -> Person:
        chance = Random(self.seed * 10_000_019 + number)
        pick = chance.random
        first, last = _one(_FIRST, pick()), _one(_LAST, pick())
        return Person(
            number=number,
            email=f"customer.{number:07}@{_one(('example.com', 'example.org', 'example.net'), pick())}",
            phone=f"+86133{number:08}",
            first_name=first,
            last_name=last,
            note=_one(_NOTES, pick()) if pick() < 0.6 else None,
            tax_exempt=pick() < 0.1,
            tags=tuple(dict.fromkeys(_one(TAGS, pick()) for _ in range(3))),
            email_consent=_consent(pick(), pick(), number, sms=False),
            sms_consent=_consent(pick(), pick(), number, sms=True),
            addresses=tuple(_address(chance, number, first, last) for _ in range(int(pick() * 3))),
        )

    def record(self, number: int) -> Json:
        """The same person as the store tells of them; one in a hundred in another state."""
        wanted = self.person(number)
        place = self.place_of(number)
        record = _record(wanted, _FIRST_ID + place + 1)
        if number < self.size and number % _CHANGED[0] == _CHANGED[1]:
            _differ(record, number // _CHANGED[0])
        return record

    def number_of(self, remote_id: int) -> int | None:
        """Whose id that is; None where the store has nobody of it."""
        place = remote_id - _FIRST_ID - 1
        if not 0 <= place < self.numbers:
            return None
        number = self.number_at(place)
        return number if self.is_live(number) else None

    def records(self, since: int = 0) -> Iterator[Json]:
        """Everybody in the store whose id is larger, in the order of ids."""
        step = self._step()
        for place in range(max(0, since - _FIRST_ID), self.numbers):
            number = (step * place + self.seed) % self.numbers
            if self.is_live(number):
                yield self.record(number)


def _one(choices: tuple[Any, ...], chance: float) -> Any:
    return choices[int(chance * len(choices))]


def _consent(chance: float, when: float, number: int, *, sms: bool) -> Consent | None:
    if chance < 0.2:
        return None
    if chance < 0.45 or number % (5 * _CHANGED[0]) == 3 * _CHANGED[0] + _CHANGED[1]:
        return Consent(state="unsubscribed")
    minutes = int(when * 500_000)
    day, rest = divmod(minutes, 24 * 60)
    month, day = divmod(day, 28)
    at = f"{2024 + month // 12}-{month % 12 + 1:02}-{day + 1:02}T{rest // 60:02}:{rest % 60:02}:00"
    return Consent(
        state="subscribed",
        given_at=f"{at}+00:00",
        source=_one(_SOURCES, when),
        method=_one(_METHODS, chance) if sms else "",
        evidence=f"forms/{number}",
    )


def _address(chance: Random, number: int, first_name: str, last_name: str) -> Address:
    city, country, province = _one(_CITIES, chance.random())
    street = _one(_STREETS, chance.random())
    return Address(
        first_name=first_name,
        last_name=last_name,
        address1=f"{int(chance.random() * 400) + 1} {street}",
        city=city,
        country_code=country,
        province_code=province,
        zip=f"{number % 100_000:05}",
    )


def _record(wanted: Person, remote_id: int) -> Json:
    number = wanted.number
    tags = list(reversed(wanted.tags))
    if number % 4 == 0:
        tags.insert(0, _OTHER_TAGS[number // 4 % len(_OTHER_TAGS)])
    addresses = [
        {
            "id": str(remote_id * 10 + place),
            "firstName": one.first_name,
            "lastName": one.last_name,
            "company": "",
            "address1": one.address1,
            "address2": "",
            "city": one.city,
            "provinceCode": one.province_code,
            "countryCode": one.country_code,
            "zip": one.zip,
            "phone": "",
            "isDefaultAddress": place == 0,
        }
        for place, one in enumerate(wanted.addresses)
    ]
    return {
        "id": str(remote_id),
        "email": wanted.email,
        "phone": wanted.phone.removeprefix("+86"),
        "firstName": wanted.first_name,
        "lastName": wanted.last_name,
        "notes": wanted.note or "",
        "verifiedEmail": number % 3 == 0,
        "taxExempt": wanted.tax_exempt,
        "state": "ENABLED" if number % 5 else "INVITED",
        "ordersCount": str(number % 12),
        "totalSpent": f"{number % 12 * 19}.90",
        "createTime": f"2023-{number % 12 + 1:02}-{number % 28 + 1:02}T08:18:49",
        "updateTime": f"2026-{number % 9 + 1:02}-{number % 28 + 1:02}T10:00:00",
        "tags": tags,
        "emailMarketingConsent": _told(wanted.email_consent),
        "smsMarketingConsent": _told(wanted.sms_consent),
        "taxExemptions": {"applyToAllRegion": False, "taxExemptionRegions": []},
        "addresses": addresses,
        "defaultAddress": addresses[0] if addresses else None,
    }


def _told(consent: Consent | None) -> Json:
    if consent is None:
        return {"state": "NOT_SUBSCRIBED", "consentUpdateTime": None}
    if not consent.given_at:
        return {"state": "UNSUBSCRIBED", "consentUpdateTime": "2025-12-24T08:18:49.125"}
    return {
        "state": "SUBSCRIBED",
        "consentUpdateTime": consent.given_at.removesuffix("+00:00") + ".000",
    }


def _differ(record: Json, kind: int) -> None:
    """A name, a tag, a note, an opt-out that did not arrive, or a part of an address."""
    match kind % 5:
        case 1:
            record["tags"] = record["tags"][1:]
        case 2:
            record["notes"] = "to be called back"
        case 3 if record["emailMarketingConsent"]["state"] == "UNSUBSCRIBED":
            record["emailMarketingConsent"] = {
                "state": "SUBSCRIBED",
                "consentUpdateTime": "2024-01-02T03:04:05.000",
            }
        case 4 if record["addresses"]:
            record["addresses"][0]["zip"] = "99999"
        case _:
            record["firstName"] = "Zoe"
