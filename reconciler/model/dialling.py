"""Phone numbers that anybody can read, so that most of them need not be parsed.

The rules are those by which `phonenumbers` parses, for digits that none of its exceptions is about.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    PhoneMetadata,
    country_code_for_region,
    region_code_for_country_code,
)

_LONGEST_CODE: Final = 3
_NEVER: Final = "(?!)"


@dataclass(frozen=True, slots=True)
class _Country:
    """`ends` are the lengths of its numbers without `code`; `begins` is what is dialled before."""

    code: str
    ends: frozenset[int]
    begins: re.Pattern[str]
    abroad: re.Pattern[str]

    def has(self, number: str) -> bool:
        """Whether these digits, without the code, are surely a number and nothing before it."""
        return len(number) in self.ends and number[0] != "0" and self.begins.match(number) is None


def plain_number(text: str, region: str | None) -> str | None:
    """E.164 of a text of ASCII digits, with or without a plus, where it is plain; None says
    nothing.
    """
    if text[0] == "+":
        return _international(text[1:])
    if text.startswith("00"):
        return _international(text[2:])
    country = None if region is None else _of_region(region)
    if country is None or text.startswith(country.code) or country.abroad.match(text) is not None:
        return None
    return f"+{country.code}{text}" if country.has(text) else None


def _international(digits: str) -> str | None:
    for length in range(1, _LONGEST_CODE + 1):
        country = _of_code(digits[:length])
        if country is not None:
            return f"+{digits}" if country.has(digits[length:]) else None
    return None


@lru_cache(maxsize=2048)
def _of_code(digits: str) -> _Country | None:
    """The country, or the first of those, whose numbers begin with these digits."""
    if not digits or digits[0] == "0" or int(digits) not in COUNTRY_CODE_TO_REGION_CODE:
        return None
    code = int(digits)
    known = PhoneMetadata.metadata_for_region_or_calling_code(
        code, region_code_for_country_code(code)
    )
    return _country(known, known)


@lru_cache(maxsize=512)
def _of_region(region: str) -> _Country | None:
    code = country_code_for_region(region)
    if not code:
        return None
    first = PhoneMetadata.metadata_for_region_or_calling_code(
        code, region_code_for_country_code(code)
    )
    return _country(PhoneMetadata.metadata_for_region(region, None), first)


def _country(own: PhoneMetadata | None, first: PhoneMetadata | None) -> _Country | None:
    """How long numbers are is told of the first of those who share a code."""
    if own is None or first is None or own.country_code is None or first.general_desc is None:
        return None
    lengths = set(first.general_desc.possible_length) - {-1}
    return _Country(
        code=str(own.country_code),
        ends=frozenset(lengths - set(first.general_desc.possible_length_local_only)),
        begins=re.compile(own.national_prefix_for_parsing or _NEVER),
        abroad=re.compile(own.international_prefix or _NEVER),
    )
