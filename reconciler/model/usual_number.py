"""The fast door for phone numbers: one that is surely its own normal form, and in use.

The rules are those of `phonenumbers`, read from its tables; what is not surely accepted here is for
the library itself to judge, which takes fifty times as long.
"""

import re
from collections.abc import Iterable
from functools import cache
from typing import Final

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE
from phonenumbers.phonemetadata import PhoneMetadata

_LONGEST: Final = 15  # digits, as E.164 has it
_CODES: Final = frozenset(map(str, COUNTRY_CODE_TO_REGION_CODE))


def is_usual(text: str) -> bool:
    """Whether a text is a mobile or fixed line in E.164, which stands for itself everywhere."""
    if text[:1] != "+" or len(text) > 1 + _LONGEST:
        return False
    for end in (3, 2, 4):  # no code begins with another
        if (code := text[1:end]) in _CODES:
            shape = _shape(code)
            return shape is not None and shape.fullmatch(text, end) is not None
    return False


@cache
def _shape(code: str) -> re.Pattern[str] | None:
    """What may follow a country code.

    Of the countries that share a code, the first is the one that the library reads a number by, and
    its own unless the table gives it only some leading digits.
    """
    told = PhoneMetadata.metadata_for_region(COUNTRY_CODE_TO_REGION_CODE[int(code)][0], None)
    if told is None or told.leading_digits is not None or told.general_desc is None:
        return None
    mobile = None if told.same_mobile_and_fixed_line_pattern else told.mobile
    possible = frozenset(told.general_desc.possible_length)
    # What begins like the prefix that is dialled inside the country might lose it.
    prefix = told.national_prefix_for_parsing
    dialled = f"(?!{prefix})" if prefix else ""
    general = f"(?=(?:{told.general_desc.national_number_pattern or '(?!)'})\\Z)"
    kinds = "|".join(
        f"(?=(?:{_of_lengths(frozenset(one.possible_length) & possible or possible)})\\Z)"
        f"(?:{one.national_number_pattern})"
        for one in (mobile, told.fixed_line)
        if one is not None and one.national_number_pattern
    )
    return re.compile(f"(?!0){dialled}{general}(?:{kinds or '(?!)'})", re.ASCII)


def _of_lengths(lengths: Iterable[int]) -> str:
    return "|".join(rf"\d{{{one}}}" for one in sorted(lengths))
