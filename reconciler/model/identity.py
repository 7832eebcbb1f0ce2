"""Who a customer is: the identities that records are matched by, and their normal forms.

Matching, comparing and digesting all use the forms of this module, so two spellings are one person
everywhere or nowhere. Stores are read tolerantly: what a contact of theirs surely is has a key,
what it may only be has readings.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Final

import phonenumbers

from reconciler.model.characters import without_unseen
from reconciler.model.dialling import is_usual, plain_number
from reconciler.model.personal import Personal

_SEPARATORS: Final = str.maketrans("", "", " ()./-\u00a0\u2010\u2011\u2012\u2013\u2014\u202f\t")
_PLAIN_EMAIL: Final = re.compile(r"[A-Za-z0-9._+-]+@(?!.*xn--)[A-Za-z0-9.-]*[A-Za-z0-9]")
# What is its own normal form but for its case; international domains are left to `domain_key`.
_ASCII_EMAIL: Final = re.compile(r"[A-Za-z0-9._+-]+@(?!.*[xX][nN]--)[A-Za-z0-9.-]+")
_DIALLED: Final = re.compile(r"\+?[0-9]+")
_MARKS: Final = "'\"`‘’‚“”„«»‹›<>"


class IdentityKind(StrEnum):
    """From strong to weak."""

    ID = "id"
    EMAIL = "email"
    PHONE = "phone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """`key` is the normal form that is matched by; `value` what is sent; `written` the spec's own
    spelling, by which a store may know the customer. `read_back` is the normal form of the value as
    a store tells it again: of a few odd numbers it is another. `assigned` is False for a phone
    number in a range that its country has not given out.
    """

    kind: IdentityKind
    value: Personal
    key: str = field(repr=False)
    written: Personal = field(compare=False, repr=False)
    read_back: str = field(compare=False, repr=False)
    assigned: bool = field(default=True, compare=False, repr=False)


def fold(text: str) -> str:
    """Case-blind normal form of any text. Lower case, not `casefold`: ß and ss are two people."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())


def tidy(text: str) -> str:
    """Normal form of free text: NFC, no blanks at the ends."""
    return unicodedata.normalize("NFC", text).strip()


def domain_key(domain: str) -> str:
    """The ASCII form of an international domain; of what is no domain, its lower case."""
    if domain.isascii() and "xn--" not in domain.lower():
        return domain.lower()
    import idna

    try:
        return idna.encode(domain, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        return fold(domain)


def email_value(text: str) -> str:
    """NFC with the domain in its ASCII form; the local part is kept as written."""
    local, at, domain = tidy(text).rpartition("@")
    return f"{local}{at}{domain.lower() if _ASCII_EMAIL.fullmatch(text) else domain_key(domain)}"


def email_key(text: str) -> str:
    """Case-blind; `+tag` and dots stay distinct; both spellings of an international domain."""
    if _ASCII_EMAIL.fullmatch(text):
        return text.lower()
    local, at, domain = tidy(text).rpartition("@")
    return f"{fold(local)}{at}{domain_key(domain)}"


def is_plain_email(text: str) -> bool:
    """Whether its key is its lower case, and nobody reads another address."""
    return "--" not in text and _PLAIN_EMAIL.fullmatch(text) is not None


def email_reading(text: str) -> str:
    """The key of the address that everybody reads here, whatever stands in it that nobody sees."""
    if _PLAIN_EMAIL.fullmatch(text):
        return text.lower()
    plain = without_unseen(unicodedata.normalize("NFKC", text)).strip().strip(_MARKS).strip()
    return email_key(plain).rstrip(".")


@lru_cache(maxsize=4096)
def phone_key(text: str, region: str | None) -> str | None:
    """E.164, or None where the text is not surely one number that can be dialled from anywhere.

    `00…` is read as `+…` (SHOPLINE's form) in every region. A national number needs the region.
    Full width digits, unseen characters and a spreadsheet's apostrophe do not change a number;
    extensions, words and decimal points may.
    """
    if _DIALLED.fullmatch(text) and (plain := plain_number(text, region)) is not None:
        return plain
    digits = _digits(text)
    if not _DIALLED.fullmatch(digits) or has_decimal_point(text):
        return None
    return _dialled(digits, region)


def number_of(phone: Personal, region: str | None) -> str | None:
    """Its `phone_key`, which is found once however often and late it is asked for."""
    if phone.as_number is None or phone.as_number[0] != region:
        phone.as_number = (region, phone_key(phone.reveal(), region))
    return phone.as_number[1]


def has_decimal_point(text: str) -> bool:
    """Whether the last point may be that of a fraction and not one between groups of digits."""
    rest, point, last = text.strip().rpartition(".")
    if not point:
        return False
    if not last.isdigit() or len(last) < 2:
        return True
    if "." not in rest:
        return len(last) < 3 or not last.strip("0")
    return last == "00" and len(rest.rpartition(".")[2]) != 2


def _digits(text: str) -> str:
    """The text without all that changes no number."""
    plain = without_unseen(unicodedata.normalize("NFKC", text)).strip().lstrip(_MARKS).strip()
    return plain.translate(_SEPARATORS)


def _dialled(digits: str, region: str | None) -> str | None:
    number = parse_phone(digits, region)
    if number is None:
        return None
    told = phonenumbers.is_possible_number_with_reason(number)
    if told != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def phone_readings(text: str, region: str | None) -> frozenset[str]:
    """Every number that a store's text may stand for, where it is not surely one of them."""
    if phone_key(text, region) is not None or "*" in text:
        return frozenset()
    plain = without_unseen(unicodedata.normalize("NFKC", text))
    found: set[str | None] = set()
    for part in (plain, re.sub(r"\.0*\s*$", "", plain), re.split(r"[A-Za-z#;,]", plain)[0]):
        found.add(_dialled(re.sub(r"[^0-9+]", "", part), region))
    for match in phonenumbers.PhoneNumberMatcher(plain, region):
        found.add(_dialled(match.raw_string.translate(_SEPARATORS), region))
    return frozenset(one for one in found if one is not None)


def phone_is_assigned(text: str, region: str | None) -> bool:
    """Whether the number lies in a range that its country has given out."""
    return is_usual(text) or _is_assigned(text, region)


@lru_cache(maxsize=4096)
def _is_assigned(text: str, region: str | None) -> bool:
    number = parse_phone(text, region)
    return number is not None and phonenumbers.is_valid_number(number)


@lru_cache(maxsize=256)
def parse_phone(text: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    """To be read only: whoever asks for the same text next gets the same number."""
    digits = tidy(text)
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    try:
        return phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return None


def national(key: str) -> str:
    """The digits that are dialled inside the country of an E.164 number."""
    number = phonenumbers.parse(key, None)
    text = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    return "".join(one for one in text if one.isdigit())


def identity(kind: IdentityKind, text: str, region: str | None) -> Identity | None:
    """None for a phone number that cannot be read."""
    written = Personal(text.strip())
    match kind:
        case IdentityKind.ID:
            key = text.strip()
            return Identity(kind=kind, value=written, key=key, written=written, read_back=key)
        case IdentityKind.EMAIL:
            value, key = Personal(email_value(text)), email_key(text)
            again = key if key.isascii() and "xn--" not in key else email_key(key)
            return Identity(kind=kind, value=value, key=key, written=written, read_back=again)
        case IdentityKind.PHONE:
            number = phone_key(text, region)
            if number is None:
                return None
            return Identity(
                kind=kind,
                value=Personal(number),
                key=number,
                written=written,
                read_back=phone_key(number, region) or tidy(number),
                assigned=phone_is_assigned(number, region),
            )


def usual_phone(text: str) -> Identity:
    """Of a number that is its own normal form, and in use."""
    written = Personal(text)
    return Identity(
        kind=IdentityKind.PHONE, value=written, key=text, written=written, read_back=text
    )


def spellings(one: Identity) -> tuple[str, ...]:
    """Every form in which a store may know this contact, the normal form first."""
    if one.kind is IdentityKind.ID:
        return (one.key,)
    if one.kind is IdentityKind.PHONE:
        numbers = (one.key, f"00{one.key[1:]}", national(one.key), one.written.reveal())
        return tuple(dict.fromkeys(numbers))
    forms = tuple(
        unicodedata.normalize(form, f"{local}@{domain}")
        for text in (one.value.reveal(), one.written.reveal(), one.key)
        for local, _, _ in (text.rpartition("@"),)
        for domain in _domains(text.rpartition("@")[2])
        for form in ("NFC", "NFD")
    )
    return tuple(dict.fromkeys((one.value.reveal(), *forms)))


def _domains(domain: str) -> tuple[str, ...]:
    key = domain_key(domain)
    if "xn--" not in key:
        return (domain,)
    import idna

    try:
        return (key, idna.decode(key))
    except (idna.IDNAError, UnicodeError):
        return (key, domain)


def asked_in(one: Identity) -> tuple[str, ...]:
    """The spellings that a look-up asks for: letters beyond ASCII and numbers in each form.

    Case is left out: a store whose search is not blind to it is read whole instead.
    """
    forms = spellings(one)
    if one.kind is not IdentityKind.EMAIL:
        return forms[:3]
    seen: dict[str, str] = {}
    for form in forms:
        seen.setdefault(form.lower(), form)
    return tuple(seen.values())


def other_spelling(kind: IdentityKind, text: str) -> str | None:
    """The same contact as somebody else may type it; None where there is but one way."""
    if kind is IdentityKind.PHONE:
        return f"{text[:3]} {text[3:6]}-{text[6:]}" if len(text) > 6 else None
    local, at, domain = text.rpartition("@")
    other = f"{local.swapcase()}{at}{domain}"
    if other == text or fold(other) != fold(text):
        other = f"{local}{at}{domain.swapcase()}"
    return other if fold(other) == fold(text) and other != text else None


def mask_fits(masked: str, one: Identity) -> bool:
    """Whether a contact that a store shows masked may be this one."""
    plain = fold(masked.strip())
    if one.kind is IdentityKind.PHONE:
        plain = re.sub(r"[^0-9*]", "", plain)
        dialled = national(one.key)
        whole = {one.key[1:], f"00{one.key[1:]}", dialled, dialled.lstrip("0")}
    else:
        whole = {one.key, *(fold(form) for form in spellings(one))}
    pattern = re.compile(".*".join(re.escape(part) for part in re.split(r"\*+", plain)), re.DOTALL)
    return any(pattern.fullmatch(form) for form in whole)
