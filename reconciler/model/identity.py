"""Who a customer is: the identities that records are matched by, and their normal forms.

Matching, comparing and digesting all use the forms of this module, so two spellings are one person
everywhere or nowhere.
"""

import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum

import phonenumbers

from reconciler.model.personal import Personal


class IdentityKind(StrEnum):
    ID = "id"
    EMAIL = "email"
    PHONE = "phone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """`key` is the normal form that is matched by; `value` is the text as it was written."""

    kind: IdentityKind
    value: Personal
    key: str = field(repr=False)


def fold(text: str) -> str:
    """Case-blind normal form of any text. Lower case, not `casefold`: ß and ss are two people."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())


def tidy(text: str) -> str:
    """Normal form of free text: NFC, no blanks at the ends."""
    return unicodedata.normalize("NFC", text).strip()


def email_value(text: str) -> str:
    """NFC with the domain in lower case; the local part is kept as written."""
    local, at, domain = tidy(text).rpartition("@")
    return f"{local}{at}{fold(domain)}"


def email_key(text: str) -> str:
    """Case-blind; `+tag` and dots stay distinct."""
    return fold(tidy(text))


def phone_key(text: str, region: str | None) -> str | None:
    """E.164, or None where the number cannot be read.

    `00…` is read as `+…` (SHOPLINE's form) in every region. A national number needs the region.
    """
    number = _parse(text, region)
    if number is None or not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def phone_is_assigned(text: str, region: str | None) -> bool:
    """Whether the number lies in a range that its country has given out."""
    number = _parse(text, region)
    return number is not None and phonenumbers.is_valid_number(number)


def _parse(text: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    digits = tidy(text)
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    try:
        return phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return None


def identity(kind: IdentityKind, text: str, region: str | None) -> Identity | None:
    """None for a phone number that cannot be read."""
    match kind:
        case IdentityKind.ID:
            return Identity(kind=kind, value=Personal(text.strip()), key=text.strip())
        case IdentityKind.EMAIL:
            return Identity(kind=kind, value=Personal(email_value(text)), key=email_key(text))
        case IdentityKind.PHONE:
            key = phone_key(text, region)
            return None if key is None else Identity(kind=kind, value=Personal(tidy(text)), key=key)


def looks_masked(text: str, *, strict: bool = True) -> bool:
    """Whether a store has hidden a value: any asterisk in a contact, two in a row elsewhere."""
    return ("*" if strict else "**") in text
