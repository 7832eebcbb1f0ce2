"""Normal forms are idempotent; personal text cannot be printed; tags and addresses settle."""

import json

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.identity import (
    email_key,
    email_value,
    fold,
    phone_is_assigned,
    phone_key,
    tidy,
)
from reconciler.model.personal import Personal
from reconciler.model.tags import (
    Owned,
    TagIntent,
    TagSet,
    carry_out,
    is_as_wanted,
    resolve,
    sort_tags,
    tag_key,
)


@given(st.text())
def test_text_forms_are_idempotent(text: str) -> None:
    for form in (fold, tidy, email_key, email_value, tag_key):
        assert form(form(text)) == form(text)


@given(st.text(alphabet="0123456789+-() ", max_size=20), st.sampled_from(["CN", "US", "TW", None]))
def test_phone_numbers_are_idempotent(text: str, region: str | None) -> None:
    key = phone_key(text, region)

    assert key is None or phone_key(key, region) == key


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("13315034487", "CN"),
        ("+8613315034487", None),
        ("008613315034487", None),
        ("+86 133 1503 4487", "US"),
        ("8613315034487", "CN"),
    ],
)
def test_one_number_in_every_form_is_one_key(text: str, region: str | None) -> None:
    assert phone_key(text, region) == "+8613315034487"


@given(
    st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)), st.lists(st.integers(0, 9), max_size=3)
)
def test_a_number_is_given_out_where_the_library_says_so(region: str, last: list[int]) -> None:
    kinds = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE)
    for kind in kinds:
        example = phonenumbers.example_number_for_type(region, kind)
        if example is None:
            continue
        text = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
        text = text[: len(text) - len(last)] + "".join(map(str, last))
        try:
            known = phonenumbers.is_valid_number(phonenumbers.parse(text, None))
        except phonenumbers.NumberParseException:
            known = False

        assert phone_is_assigned(text, None) == known


def test_plus_tags_and_dots_stay_distinct_and_case_does_not_count() -> None:
    assert email_key("Ada@Example.COM") == email_key("ada@example.com")
    assert len({email_key(one) for one in ("a.b@x.yz", "ab@x.yz", "ab+1@x.yz")}) == 3
    assert email_key("straße@x.yz") != email_key("strasse@x.yz")


@given(st.text(min_size=1))
def test_personal_text_cannot_be_formatted_or_encoded(text: str) -> None:
    value = Personal(text)

    for shown in (str(value), repr(value), f"{value}", f"{value:>5}", "%s" % value):  # noqa: UP031
        assert shown.strip() in ("•••", "Personal(•••)")
    with pytest.raises(TypeError):
        json.dumps(value)


_TAG = st.sampled_from(["vip", "VIP", "a", "seg:x", "seg:y", "app:1"])


@given(st.lists(_TAG), st.lists(_TAG), st.lists(_TAG), st.booleans())
def test_carrying_out_what_tags_need_needs_nothing_more(
    live: list[str], present: list[str], absent: list[str], exact: bool
) -> None:
    keys = {tag_key(tag) for tag in present}
    intent = TagIntent(
        present=sort_tags(present),
        exact=exact,
        absent=sort_tags(tag for tag in absent if tag_key(tag) not in keys),
    )
    owned = Owned(("vip", "seg:*"))
    once = carry_out(live, resolve(intent, live, owned))

    assert not resolve(intent, once, owned)
    assert [tag for tag in once if tag == "app:1" and tag not in absent] == [
        tag for tag in live if tag == "app:1" and tag not in absent
    ] or "app:1" in present


_some_tags = st.lists(st.sampled_from(["vip", "VIP", "old", "Old ", "seg:a", "app:1"]), max_size=4)


@given(_some_tags, _some_tags, _some_tags, _some_tags, st.booleans())
def test_of_a_set_what_is_not_present_is_unwanted(
    present: list[str], absent: list[str], together: list[str], live: list[str], exact: bool
) -> None:
    """To name the rest of these tags one by one asks for the same."""
    keys = set(map(tag_key, present))
    one = TagIntent(
        present=sort_tags(present),
        absent=sort_tags(tag for tag in absent if tag_key(tag) not in keys),
        exact=exact,
        sets=TagSet.of(together),
    )
    spelt_out = TagIntent(present=one.present, absent=one.unwanted, exact=exact)
    owned = Owned(("vip", "old", "seg:*"))

    assert resolve(one, live, owned) == resolve(spelt_out, live, owned)
    assert is_as_wanted(one, tuple(live), owned) == is_as_wanted(spelt_out, tuple(live), owned)
    for tag in ("vip", "old", "seg:a", "app:1", "nobody's"):
        assert one.names_any({tag}) == spelt_out.names_any({tag})
