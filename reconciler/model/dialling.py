"""The fast door for phone numbers that anybody can read: most of them need not be parsed.

The rules are those of `phonenumbers`, read from its tables, for digits that none of its exceptions
is about; what is not surely accepted here is for the library itself to judge, which takes fifty
times as long.
"""

import re
from collections.abc import Collection
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
_CODES: Final = frozenset(map(str, COUNTRY_CODE_TO_REGION_CODE))
_NEVER: Final = "(?!)"


@dataclass(frozen=True, slots=True)
class _Country:
    """`ends` are the lengths of its numbers without `code`; `begins` is what is dialled before.

    `in_use` are mobiles and fixed lines in ranges that it has given out.
    """

    code: str
    ends: frozenset[int]
    begins: re.Pattern[str]
    abroad: re.Pattern[str]
    in_use: re.Pattern[str]

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


def is_usual(text: str) -> bool:
    """Whether a text is E.164 as it stands, everywhere, and the number of a mobile or fixed line in
    use.
    """
    country = _abroad(text[1:]) if text[:1] == "+" else None
    if country is None:
        return False
    number = text[1 + len(country.code) :]
    return country.has(number) and country.in_use.fullmatch(number) is not None


def _international(digits: str) -> str | None:
    country = _abroad(digits)
    return (
        f"+{digits}" if country is not None and country.has(digits[len(country.code) :]) else None
    )


def _abroad(digits: str) -> _Country | None:
    """The country whose code they begin with; no code begins with another."""
    for length in range(1, _LONGEST_CODE + 1):
        country = _of_code(digits[:length])
        if country is not None:
            return country
    return None


@lru_cache(maxsize=2048)
def _of_code(digits: str) -> _Country | None:
    """The country, or the first of those, whose numbers begin with these digits."""
    if digits not in _CODES:
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
        in_use=_in_use(own),
    )


def _in_use(told: PhoneMetadata) -> re.Pattern[str]:
    """None, where the library reads a number as this country's by its leading digits alone."""
    mobile = None if told.same_mobile_and_fixed_line_pattern else told.mobile
    kinds = "|".join(
        rf"(?={_of_lengths(one.possible_length)}\Z)(?:{one.national_number_pattern})"
        for one in (mobile, told.fixed_line)
        if one is not None and one.national_number_pattern
    )
    general = told.general_desc.national_number_pattern if told.general_desc else None
    if told.leading_digits is not None or not general or not kinds:
        return re.compile(_NEVER)
    return re.compile(rf"(?=(?:{general})\Z)(?:{kinds})", re.ASCII)


def _of_lengths(lengths: Collection[int]) -> str:
    """Of any length, where the table says no more than it does of the country as a whole."""
    return "(?:" + "|".join(rf"\d{{{one}}}" for one in sorted(lengths)) + ")" if lengths else r"\d*"
