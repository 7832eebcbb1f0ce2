"""A number that the fast door takes is one that the library knows, in the form that it is in."""

import random
from typing import Final

import phonenumbers
import pytest

from reconciler.model.dialling import is_usual

KINDS: Final = range(5)
DIGITS: Final = "0123456789"


def numbers(rnd: random.Random, each: int) -> list[str]:
    """Of all countries, most of them with a digit too many, too few or another."""
    made = []
    for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items():
        examples = [phonenumbers.example_number_for_non_geo_entity(code)] + [
            phonenumbers.example_number_for_type(region, kind)
            for region in regions
            for kind in KINDS
        ]
        for one in examples:
            if one is None:
                continue
            text = phonenumbers.format_number(one, phonenumbers.PhoneNumberFormat.E164)
            made += [spoiled(text, rnd) for _ in range(each)]
    return made


def spoiled(text: str, rnd: random.Random) -> str:
    for _ in range(rnd.randint(0, 3)):
        at = rnd.randrange(1, len(text))
        text = text[:at] + rnd.choice([*DIGITS, "", "00"]) + text[at + rnd.randint(0, 1) :]
    return text


def test_what_is_taken_is_its_own_normal_form_and_in_use() -> None:
    taken = [one for one in numbers(random.Random(7), 8) if is_usual(one)]

    assert len(taken) > 1000
    for text in taken:
        number = phonenumbers.parse(text, None)
        assert phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) == text
        assert phonenumbers.is_possible_number(number)
        assert phonenumbers.is_valid_number(number)


@pytest.mark.parametrize(
    "text", ["+8613315034487", "+447400123456", "+14155550132", "+4915123456789"]
)
def test_the_numbers_of_most_people_are_taken(text: str) -> None:
    assert is_usual(text) == phonenumbers.is_valid_number(phonenumbers.parse(text, None))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "+abc",
        "+ 86",
        "+(86)",
        "+86abcdefghijk",
        "8613315034487",
        "+86 133 1503 4487",
        "+86１３３１５０３４４８７",
        "+8602012345678",
    ],
)
def test_other_spellings_are_left_to_the_library(text: str) -> None:
    assert not is_usual(text)
