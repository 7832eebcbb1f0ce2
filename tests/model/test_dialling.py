"""A number that is plain to see is the number that parsing finds."""

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.dialling import plain_number

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
POSSIBLE = phonenumbers.ValidationResult.IS_POSSIBLE


def parsed(text: str, region: str | None) -> str | None:
    digits = f"+{text[2:]}" if text.startswith("00") else text
    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(number) != POSSIBLE:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def numbers() -> st.SearchStrategy[tuple[str, str]]:
    """Examples of every country, as they are dialled or with a digit wrong, before or behind."""
    return st.sampled_from(REGIONS).flatmap(
        lambda region: st.builds(
            _written,
            st.just(region),
            st.sampled_from(("+", "00", "", "0", "1")),
            st.booleans(),
            st.sampled_from(("", "0", "1", "8")),
            st.integers(0, 2),
            st.sampled_from(("", "0", "77")),
        )
    )


def _written(
    region: str, sign: str, coded: bool, before: str, cut: int, behind: str
) -> tuple[str, str]:
    example = phonenumbers.example_number(region)
    assert example is not None
    national = phonenumbers.national_significant_number(example)
    code = str(example.country_code) if coded else ""
    return f"{sign}{code}{before}{national[: len(national) - cut]}{behind}", region


@settings(max_examples=max(200, settings().max_examples))
@given(numbers(), st.sampled_from((*REGIONS, None)), st.booleans())
def test_a_plain_number_is_the_one_that_parsing_finds(
    written: tuple[str, str], elsewhere: str | None, at_home: bool
) -> None:
    text, home = written
    region = home if at_home else elsewhere

    found = plain_number(text, region)

    assert found in (None, parsed(text, region))


@given(st.from_regex(r"\+?[0-9]{1,18}", fullmatch=True), st.sampled_from((*REGIONS, None, "ZZ")))
def test_any_digits_are_a_number_only_where_parsing_finds_one(
    text: str, region: str | None
) -> None:
    assert plain_number(text, region) in (None, parsed(text, region))


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("+8613315034487", None, "+8613315034487"),
        ("008613315034487", "US", "+8613315034487"),
        ("13315034487", "CN", "+8613315034487"),
        ("4155550123", "US", "+14155550123"),
        ("14155550123", "US", None),
        ("013315034487", "CN", None),
        ("8613315034487", "CN", None),
        ("+390236618300", None, None),
        ("13315034487", None, None),
        ("133", "CN", None),
    ],
)
def test_most_numbers_are_plain(text: str, region: str | None, expected: str | None) -> None:
    assert plain_number(text, region) == expected
