"""What a column may be: a field of a customer, named as complaints name it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from reconciler.diagnostics import Pointer
from reconciler.model.consent import Channel
from reconciler.model.customer import ADDRESS_TEXTS
from reconciler.model.fields import BY_NAME, PROFILE
from reconciler.model.identity import IdentityKind

EVIDENCE: Final = (
    "given_at",
    "withdrawn_at",
    "source",
    "method",
    "level",
    "basis",
    "wording",
    "evidence",
)
_MOST_ADDRESSES: Final = 10


class Kind(StrEnum):
    """How a cell is read."""

    CONTACT = "contact"
    TEXT = "text"
    NOTE = "note"
    TIME = "time"
    FLAG = "flag"
    TAGS = "tags"
    STATE = "state"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`way` leads to the value in an entry."""

    name: str
    way: Pointer
    kind: Kind


def _targets() -> Iterator[Target]:
    for contact in IdentityKind:
        yield Target(name=contact.value, way=(contact.value,), kind=Kind.CONTACT)
    for name in PROFILE:
        if BY_NAME[name].read is not None:
            continue  # no cell holds it
        kind = {"tax_exempt": Kind.FLAG, "note": Kind.NOTE}.get(name, Kind.TEXT)
        yield Target(name=name, way=(name,), kind=kind)
    yield Target(name="tags", way=("tags",), kind=Kind.TAGS)
    for part in ("add", "remove"):
        yield Target(name=f"tags.{part}", way=("tags", part), kind=Kind.TAGS)
    for channel in Channel:
        name = f"consent.{channel}"
        yield Target(name=name, way=("consent", channel.value, "state"), kind=Kind.STATE)
        for part in EVIDENCE:
            timed = Kind.TIME if part.endswith("_at") else Kind.TEXT
            yield Target(name=f"{name}.{part}", way=("consent", channel.value, part), kind=timed)
    for number in range(_MOST_ADDRESSES):
        for part in (*ADDRESS_TEXTS, "default"):
            name = f"addresses[{number}].{part}"
            kind = Kind.FLAG if part == "default" else Kind.TEXT
            yield Target(name=name, way=("addresses", number, part), kind=kind)


TARGETS: Final[Mapping[str, Target]] = {one.name: one for one in _targets()}
# What an empty cell may empty, where a mapping says so.
CLEARABLE: Final[Mapping[str, object]] = {
    "first_name": None,
    "last_name": None,
    "note": None,
    "tags": (),
}

# Headers of exports that are well known, without case, blanks and signs. They are proposed only.
_KNOWN: Final[Mapping[str, tuple[str, ...]]] = {
    "email": ("email", "emailaddress", "mail", "customeremail", "邮箱", "电子邮箱"),
    "phone": (
        "phone",
        "phonenumber",
        "mobile",
        "mobilephone",
        "telephone",
        "tel",
        "手机号",
        "电话",
    ),
    "id": ("id", "customerid", "客户id"),
    "first_name": ("firstname", "fname", "givenname", "forename", "名"),
    "last_name": ("lastname", "lname", "familyname", "surname", "姓"),
    "note": ("note", "notes", "comment", "comments", "remark", "备注"),
    "tax_exempt": ("taxexempt",),
    "tags.add": ("tag", "tags", "labels", "标签"),
    "consent.email": (
        "acceptsemailmarketing",
        "acceptsmarketing",
        "emailmarketingconsent",
        "emailsubscriptionstatus",
        "emailconsent",
        "subscribed",
        "newsletter",
    ),
    "consent.sms": (
        "acceptssmsmarketing",
        "smsmarketingconsent",
        "smssubscriptionstatus",
        "smsconsent",
    ),
    "consent.email.given_at": ("optintime", "confirmtime", "consentedat", "optindate"),
    "consent.email.withdrawn_at": ("unsubtime", "unsubscribedat", "optouttime", "optoutdate"),
    "consent.email.source": ("optinsource", "consentsource", "signupsource"),
    "addresses[0].company": ("company", "defaultaddresscompany", "companyname"),
    "addresses[0].address1": ("address1", "defaultaddressaddress1", "street", "address"),
    "addresses[0].address2": ("address2", "defaultaddressaddress2"),
    "addresses[0].city": ("city", "defaultaddresscity", "town"),
    "addresses[0].province": ("province", "state", "region"),
    "addresses[0].province_code": ("provincecode", "defaultaddressprovincecode"),
    "addresses[0].country": ("country",),
    "addresses[0].country_code": ("countrycode", "defaultaddresscountrycode"),
    "addresses[0].zip": ("zip", "zipcode", "postcode", "postalcode", "defaultaddresszip"),
}
_PROPOSALS: Final = {plain: name for name, all_of in _KNOWN.items() for plain in all_of}
_SIGNS: Final = re.compile(r"[\W_]+")


def proposed(header: str) -> str | None:
    """The field that a column of this name may be meant for; nobody takes it for granted."""
    known = _PROPOSALS.get(_SIGNS.sub("", header).casefold())
    return known if known is not None else nearest(header.strip().casefold(), TARGETS)


def nearest(word: str, known: Mapping[str, object]) -> str | None:
    """A slip of the pen."""
    if len(word) > 60:
        return None
    import difflib  # noqa: PLC0415 -- where there is nothing to explain it is not needed

    found = difflib.get_close_matches(word, known, n=1)
    return found[0] if found else None
