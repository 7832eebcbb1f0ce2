"""What may be written: contacts and texts as specs give them, each refused with its reason.

The strict side of the normal forms in `identity`: whatever is accepted here reads back equal from
a store. Reasons are words about a value and never hold it.
"""

import re
import unicodedata
from typing import Final

import phonenumbers

from reconciler.model.characters import unseen
from reconciler.model.identity import has_decimal_point, parse_phone, phone_key

_EMAIL: Final = re.compile(
    r"[^\s@,;:<>()\[\]\"\\]+@[^\s@,;:<>()\[\]\"\\.]+(?:\.[^\s@,;:<>()\[\]\"\\.]+)+"
)
# Most addresses: nothing in them that any of the rules below is about.
_PLAIN_EMAIL: Final = re.compile(
    r"[A-Za-z0-9._+-]+@(?!.*[xX][nN]--)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
)
_PLAIN_NUMBER: Final = re.compile(r"\+?[0-9]+")
_NUMBER: Final = re.compile(r"\+?[0-9 ()./-]+")
_FULL_OF_STARS: Final = re.compile(r"\*{2}|@.*\*")
_EXTENSION: Final = re.compile(r"(?:ext[a-z]*|x|#|;|～|~)\W*\d+\W*$", re.IGNORECASE)
_SCIENTIFIC: Final = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE][+-]?\d+")
_DECIMAL_COMMA: Final = re.compile(r"\+?[\d ]+,\d{0,2}")


def email_fault(text: str) -> str | None:
    """Why this is no e-mail address that may be written; None where it is one."""
    if _PLAIN_EMAIL.fullmatch(text):
        return None
    if unseen(text) is not None:
        return "has a character that nobody sees, which no address has"
    if any(one.isspace() for one in text):
        return "has a blank in it"
    local, _, domain = text.rpartition("@")
    if _quotes(text.replace("'", "")) or local.startswith("'") or local.endswith("'"):
        return "has a quotation mark, which is none of the address"
    if "'" in domain:
        return "has a quotation mark, which is none of the address"
    if any(unicodedata.normalize("NFKC", one) != one for one in unicodedata.normalize("NFC", text)):
        return "has a letter in another form, such as full width"
    if _FULL_OF_STARS.search(text):
        return "looks like an address that somebody has masked"
    if not _EMAIL.fullmatch(text):
        return "is no e-mail address"
    if not domain.isascii() or "xn--" in domain.lower():
        import idna

        try:
            idna.encode(domain, uts46=True)
        except (idna.IDNAError, UnicodeError):
            return "has a domain that is none"
    return None


def _quotes(text: str) -> bool:
    return any(
        "QUOTATION MARK" in name or "APOSTROPHE" in name
        for name in (unicodedata.name(one, "") for one in text if not one.isalnum() or one > "\xff")
    )


def phone_fault(text: str, region: str | None) -> str | None:
    """Why this is no one phone number and nothing else; None where it is one.

    Digits with the usual separators, after `+`, `00` or as `region` dials them.
    """
    shape = phone_shape_fault(text)
    if shape is not None:
        return shape
    key = phone_key(text, region)
    plain = _PLAIN_NUMBER.fullmatch(text)
    # Without separators the number that was parsed for the key is the one that would be here.
    number = None if key is not None and plain else parse_phone(text, region)
    if number is not None:
        told = phonenumbers.is_possible_number_with_reason(number)
        if told == phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
            return "is only a local number, without its area code"
    if key is None:
        return "is no phone number" + (f" in region {region}" if region else "")
    return None


def phone_shape_fault(text: str) -> str | None:
    """What of `phone_fault` can be said without knowing the region."""
    if _PLAIN_NUMBER.fullmatch(text):
        return None
    if unseen(text) is not None:
        return "has a character that nobody sees"
    if _SCIENTIFIC.fullmatch(text.strip()):
        return "is a number in scientific notation, as spreadsheets write long ones"
    if text.lstrip()[:1] in ("'", "’", "‘", "`") and text:
        return "begins with the apostrophe of a spreadsheet"
    if _DECIMAL_COMMA.fullmatch(text.strip()) or (
        _NUMBER.fullmatch(text.strip()) and has_decimal_point(text)
    ):
        return "has a decimal point, as spreadsheets add one"
    if _EXTENSION.search(text):
        return "has an extension, and no store keeps one: an extension does not count"
    if any(one.isalpha() for one in text):
        return "has letters or words in it"
    if not text.isascii() and _NUMBER.fullmatch(unicodedata.normalize("NFKC", text)):
        return "has digits or signs in another form, such as full width"
    if not _NUMBER.fullmatch(text.strip()):
        return "has signs that are none of a phone number's"
    return None


def text_fault(text: str, *, lines: bool = False) -> str | None:
    """Why people would read this text otherwise than it is; None where they read what it is.

    `lines` allows line ends.
    """
    if lines:
        text = text.replace("\r\n", " ").replace("\n", " ")
    place = unseen(text)
    if place is None:
        return None
    if unicodedata.bidirectional(text[place]) in _TURNING or text[place] in "\u200e\u200f\u061c":
        return "has a character that turns the direction of text"
    if unicodedata.category(text[place]) in ("Cc", "Zl", "Zp"):
        return "has a control character"
    return "has a character that nobody sees"


_TURNING: Final = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")


def tag_fault(text: str) -> str | None:
    """Why stores would keep another tag than this one; None where they keep it."""
    if text.isascii() and text.isprintable() and "," not in text and text == text.strip(" "):
        return None
    if text != text.strip():
        return "has a blank at an end"
    if "," in text:
        return "has a comma"
    if any(one != " " and one.isspace() for one in text):
        return "has a blank that is none of the keyboard's"
    return text_fault(text)
