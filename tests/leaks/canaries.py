"""Canaries: people whose every value is made up and unmistakable, and the search for them in any form."""

import base64
import hashlib
import html
import json
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

Json = dict[str, Any]

EMAILS = tuple(f"Canary.Mail{n}+Zq@Feather{n}.example" for n in range(1, 7))
PHONES = tuple(f"+86133150344{n:02}" for n in range(11, 17))
FIRST, LAST, NOTE = "Kanarienvogel", "Zwitscherström", "sings-at-dawn <b>&amp; 'noon'"
NICKNAME, BIRTHDAY, OLD_BIRTHDAY = "Federkleidchen", "1887-11-23", "18991224"
STREET, CITY, ZIP, COMPANY = (
    "77 Birdcage Wälk",
    "Nightingale-upon-Twig",
    "QZ7 7QZ",
    "Plumage & Söhne",
)
IN_TAG, IN_SOURCE = "tagged.canary@feather9.example", "told by hidden.canary@feather8.example"
TOKEN = "t0ken-that-nobody-may-see-0815"

EVERY = (
    *EMAILS,
    *PHONES,
    FIRST,
    LAST,
    NOTE,
    NICKNAME,
    BIRTHDAY,
    BIRTHDAY.replace("-", ""),
    OLD_BIRTHDAY,
    "1899-12-24",
    STREET,
    CITY,
    ZIP,
    COMPANY,
    IN_TAG,
    "hidden.canary@feather8.example",
    TOKEN,
)


def forms(canary: str) -> Iterator[tuple[str, str]]:
    """What a careless program could make of a value: (name of the form, text)."""
    for spelling in dict.fromkeys((canary, canary.casefold(), canary.upper())):
        raw = spelling.encode()
        yield "plain", spelling
        yield "url", quote(spelling, safe="")
        yield "url form", quote_plus(spelling)
        yield "json", json.dumps(spelling)[1:-1]
        yield "html", html.escape(spelling)
        yield "python", repr(spelling)[1:-1]
        yield "hex", raw.hex()
        for shift in range(3):
            # The middle of the base64 of the value wherever it stands in what was encoded.
            coded = base64.b64encode(b"\0" * shift + raw).decode()
            yield "base64", coded[4 if shift else 0 : -4]
            yield "base64 url", coded[4 if shift else 0 : -4].replace("+", "-").replace("/", "_")
        for name in ("sha256", "sha1", "md5", "sha512"):
            digest = hashlib.new(name, raw)
            yield name, digest.hexdigest()
            yield f"{name} cut", digest.hexdigest()[:16]
            yield f"{name} base64", base64.b64encode(digest.digest()).decode().rstrip("=")
    digits = "".join(one for one in canary if one.isdigit())
    if canary.startswith("+"):
        yield "digits", digits
        yield "national", digits[2:]


_FORMS = tuple(
    {
        (canary, name, text.casefold())
        for canary in EVERY
        for name, text in forms(canary)
        if len(text) >= 6
    }
)


def found_in(text: str) -> set[tuple[str, str]]:
    """Which canaries stand in a text, and in which form."""
    folded = text.casefold()
    return {(canary, name) for canary, name, form in _FORMS if form in folded}


def assert_clean(outputs: Iterable[tuple[str, str]]) -> None:
    """`outputs` are names and texts; the name of the leak is told, never the text."""
    leaks = [(name, sorted(found)) for name, text in outputs if (found := found_in(text))]
    assert not leaks, leaks


def address(platform: str) -> Json:
    """Genstore knows countries by their codes only."""
    country = {} if platform == "genstore" else {"country": "Norway"}
    return {
        **country,
        "first_name": FIRST,
        "last_name": LAST,
        "company": COMPANY,
        "address1": STREET,
        "city": CITY,
        "zip": ZIP,
        "country_code": "NO",
    }
