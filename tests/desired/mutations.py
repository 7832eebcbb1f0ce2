"""Documents of every part that a spec may have, and what a few random slips make of them."""

import copy
from random import Random
from typing import Any, Final

Json = Any

WHOLE: Final[Json] = {
    "store": ["acme", "acme-eu"],
    "stores": {
        "acme": {
            "platform": "genstore",
            "shop": "acme",
            "api_version": "202412",
            "base_url": "http://127.0.0.1:8401",
            "token": {"env": "ACME_TOKEN"},
            "timezone": "Asia/Shanghai",
            "phone_region": "CN",
            "tags": {"owned": ["vip", "seg:*"]},
            "ownership": {"tag": "managed-by-us", "foreign": ["managed-by-*"]},
            "claim": True,
            "limits": {"delete": {"percent": 1.5, "at_least": 1, "at_most": 10}},
            "rate": {"per_second": 2, "burst": 10},
            "consent_words": {"email": {"unsubscribed": "UN_SUBSCRIBED"}},
        },
        "acme-eu": {"platform": "shopline", "shop": "eu", "token": {"command": ["pass", "show"]}},
    },
    "policy": {
        "consent": {
            "require": {"email": ["given_at", "source"]},
            "min_level": {"default": "single", "DE": "confirmed"},
            "bearing_tags": {"newsletter": "email"},
            "implied": ["CA"],
        }
    },
    "defaults": {"tags": ["wholesale"], "note": None, "consent": {"sms": "unsubscribed"}},
    "customers": [
        {
            "email": "ada@example.com",
            "phone": "+8613315034487",
            "first_name": "Ada",
            "last_name": None,
            "note": "two\nlines",
            "tax_exempt": True,
            "tax_exemptions": [{"country": "CA", "subdivisions": ["BC", "ON"]}],
            "tags": ["vip", "seg:b2b"],
            "consent": {
                "email": {
                    "state": "subscribed",
                    "level": "confirmed",
                    "given_at": "2026-03-01T09:12:00+00:00",
                    "source": "checkout",
                    "method": "form_checkbox",
                    "basis": "express",
                    "wording": "v3",
                    "evidence": "forms/418",
                },
                "sms": "unsubscribed",
            },
            "addresses": [
                {
                    "address1": "1 Rue\nB",
                    "city": "Köln",
                    "country_code": "DE",
                    "zip": "00100",
                    "default": True,
                },
                {"company": "宇", "province": "NW", "phone": "030 123"},
            ],
        },
        {
            "id": "1020000013062",
            "tags": {"add": ["trial"], "remove": ["churned"]},
            "previously": {"email": "old@example.com"},
        },
        {"email": "gone@example.com", "state": "absent", "reason": "erasure request 418"},
        {"email": "o'brien@example.com", "consent": "unsubscribed", "claim": False},
    ],
    "tags": [
        {
            "name": "vip",
            "description": "who spent much",
            "owner": "crm",
            "exact": True,
            "renamed_from": "seg:vip",
            "members": [
                {"email": "ada@example.com", "until": "2099-05-01T00:00:00+00:00"},
                {"phone": "+8613315034487"},
            ],
        },
        {"name": "seg:old", "state": "absent"},
        {"one_of": ["seg:gold", "seg:silver"]},
    ],
    "consents": [
        {
            "customer": {"email": "ada@example.com"},
            "channel": "sms",
            "state": "unsubscribed",
            "withdrawn_at": "2026-05-02T10:00:00+02:00",
            "source": "letter 2026-17",
        },
    ],
    "approvals": [
        {"raise": {"grant": 40}, "reason": "spring fair", "until": "2026-05-01T00:00:00+00:00"},
        {
            "release": "consent.no-evidence",
            "customer": {"email": "ada@example.com"},
            "reason": "spring fair",
            "until": "2026-05-01T00:00:00+00:00",
        },
    ],
}
_ODD_VALUES: Final[tuple[Json, ...]] = (
    None,
    True,
    False,
    0,
    1,
    -1,
    1.0,
    0.5,
    10**17,
    -(10**18) + 1,
    "",
    " ",
    "vip",
    "subscribed",
    "unsubscribed",
    "pending",
    "email",
    "CN",
    "US",
    "XX",
    "a" * 255,
    "a" * 256,
    "é" * 201,
    "x@",
    "a@b.cc",
    "A@B.cc\n",
    "2026-02-30T00:00:00Z",
    "2026-02-28T00:00:00Z",
    "2026-02-28",
    "\n",
    "http://[::1]:1/",
    "http://a\x1cb",
    "http://ä.de",
    "a\ufeff",
    "a\u200bb",
    "\u2028",
    "👩‍👩‍👧",
    "١٢٣",
    "\ud800",
    [],
    {},
    [[]],
    [None],
    [1, True],
    ["given_at", "given_at"],
    {"": None},
    {"state": "subscribed"},
    {"email": "ada@example.com"},
    ["vip"],
    {"add": []},
)
_ODD_KEYS: Final = ("", "emial", "state", "email", "note", "X", "acme_1", "\u00e4", "default", "id")
_ODD_SIGNS: Final = (
    "\n",
    "\r\n",
    "\t",
    "\x00",
    "\x1f",
    "\x85",
    "\xa0",
    "\u2028",
    "\u202e",
    "\u200d",
    "\ufeff",
    ",",
    "@",
    "'",
    '"',
    " ",
    "$",
    "é",
    "é",
    "宇",
    "１",
    "\U0001f600",
    "*",
    "-",
    "+",
    "Z",
    "0",
)


def mutated(chance: Random) -> Json:
    """The whole document, or one of its parts alone, with up to four slips."""
    document: Json = copy.deepcopy(WHOLE)
    for name in list(document):
        if chance.random() < 0.3:
            del document[name]
    for _ in range(chance.randrange(5)):
        document = _slip(document, chance)
    return document


def _slip(document: Json, chance: Random) -> Json:
    """One change somewhere: deep places are met as often as shallow ones."""
    places: list[tuple[Json, Json]] = []
    left = [document]
    while left:
        one = left.pop()
        if isinstance(one, (dict, list)):
            inner = list(one.items()) if isinstance(one, dict) else list(enumerate(one))
            places.extend((one, key) for key, _ in inner)
            left.extend(value for _, value in inner)
    if not places or chance.random() < 0.01:
        return copy.deepcopy(chance.choice(_ODD_VALUES))
    around, key = chance.choice(places)
    value = around[key]
    match chance.randrange(6):
        case 0:
            around[key] = copy.deepcopy(chance.choice(_ODD_VALUES))
        case 1:
            del around[key]
        case 2 if isinstance(around, dict):
            around[chance.choice(_ODD_KEYS)] = copy.deepcopy(chance.choice((*_ODD_VALUES, value)))
        case 2:
            around.append(copy.deepcopy(chance.choice((*_ODD_VALUES, value))))
        case 3 if isinstance(around, dict):
            around[chance.choice(_ODD_KEYS)] = around.pop(key)
        case _ if isinstance(value, str):
            at = chance.randint(0, len(value))
            cut = at + (chance.random() < 0.3)
            around[key] = value[:at] + chance.choice(_ODD_SIGNS) + value[cut:]
        case _:
            around[key] = copy.deepcopy(chance.choice(_ODD_VALUES))
    return document
