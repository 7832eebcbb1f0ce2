"""Both doors alike: what a spec may say reads back equal, and what a store says is one thing or doubt."""

import unicodedata
from typing import Any, Final

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reconciler.model.characters import unseen, without_unseen
from reconciler.model.fields import BY_NAME
from reconciler.model.identity import (
    IdentityKind,
    email_key,
    email_reading,
    identity,
    mask_fits,
    phone_key,
    phone_readings,
    spellings,
)
from reconciler.model.personal import Personal
from reconciler.model.spelling import email_fault, phone_fault, tag_fault, text_fault
from reconciler.platforms.coerce import told
from tests.harness import VARIANTS, Shop, consent, person

Json = dict[str, Any]
REGIONS: Final = ("CN", "DE", "US", "FR", "GB", "IT", "BR")
UNSEEN: Final = tuple(
    "\u200b\u200e\u200f\u202a\u202e\u2060\u2066\ufeff\u00ad\u061c\u180e\u3164\u115f"
    "\u0007\u0000\u001b\u2028\u2029\u0085\U000e0001\u034f"
)
QUOTES: Final = ('"', "\u201c", "\u201d", "\u2018", "\u2019", "\u201e", "\u00ab", "\uff02")

_national: Final = {
    "CN": "13800138000",
    "DE": "0301234567",
    "US": "2125550123",
    "FR": "0123456789",
    "GB": "02079460123",
    "IT": "0612345678",
    "BR": "11961234567",
}
_numbers = st.sampled_from(REGIONS).flatmap(
    lambda region: st.tuples(
        st.just(region),
        st.sampled_from((_national[region], phone_key(_national[region], region) or "")),
    )
)
_spoilt = st.sampled_from(
    (
        ".0",
        ".00",
        ",0",
        "e5",
        "E10",
        " ext. 7",
        " x125",
        "x7",
        "#7",
        ";ext=7",
        " call mum",
        "p7",
        " or 13800138001",
        "\u200b",
        "\uff10",
        "/a",
        " Ext 1",
        ".0 ",
        "\u0660",
    )
)


@given(number=_numbers, spoilt=_spoilt)
def test_what_is_added_to_a_number_is_refused_and_never_another_number(
    number: tuple[str, str], spoilt: str
) -> None:
    region, text = number
    assert phone_fault(text, region) is None

    assert phone_fault(text + spoilt, region) is not None
    key = phone_key(text + spoilt, region)
    assert key in (None, phone_key(text, region)) or spoilt in ("\uff10", "\u0660")


@given(number=_numbers, spoilt=_spoilt)
def test_a_stores_spoilt_number_is_doubt_and_never_nobody(
    number: tuple[str, str], spoilt: str
) -> None:
    region, text = number
    assume(spoilt not in ("\uff10", "\u0660", " or 13800138001", "e5", "E10", "/a"))
    key = phone_key(text, region)

    assert key == phone_key(text + spoilt, region) or key in phone_readings(text + spoilt, region)


@pytest.mark.parametrize(
    "text",
    [
        "'+8613800138000",
        "call mum 13800138001",
        "1.38E10",
        "6.5E9",
        "\u202a+8613800138002\u202c",
        "\uff11\uff13\uff18",
        "tel:+8613800138005",
        "1-800-FLOWERS",
        "2530000",
        "13800138000.0",
        "+",
        "",
        "++8613800138000",
        "+86 (138",
        "138,0013,8000",
        "0",
        "  ",
    ],
)
def test_no_number(text: str) -> None:
    assert phone_fault(text, "US" if text == "2530000" else "CN") is not None


@pytest.mark.parametrize(
    ("text", "region", "key"),
    [
        ("+49 (0)30 1234567", None, "+49301234567"),
        ("030/1234567", "DE", "+49301234567"),
        ("650.253.0000", "US", "+16502530000"),
        ("01.23.45.67.00", "FR", "+33123456700"),
        ("00 86 138 0013 8000", None, "+8613800138000"),
        ("(650) 253-0000", "US", "+16502530000"),
    ],
)
def test_usual_separators_are_a_numbers_own(text: str, region: str | None, key: str) -> None:
    assert phone_fault(text, region) is None
    assert phone_key(text, region) == key


_letters = st.characters(codec="utf-8", categories=["Ll", "Lu", "Lo", "Nd", "Mn"])
_locals = st.text(st.sampled_from("abcXYZ019._+-'*") | _letters, min_size=1, max_size=8)
_domains = st.sampled_from(
    (
        "example.com",
        "Example.ORG",
        "m\u00fcnchen.example",
        "xn--mnchen-3ya.example",
        "\u4f8b.example",
    )
)
_emails = st.builds(lambda local, domain: f"{local}@{domain}", _locals, _domains)


@given(email=_emails, place=st.integers(0, 30), odd=st.sampled_from(UNSEEN + QUOTES + (" ", "\t")))
def test_an_unseen_character_or_quote_in_an_address_is_refused(
    email: str, place: int, odd: str
) -> None:
    spoilt = email[:place] + odd + email[place:]

    assert email_fault(spoilt) is not None


@given(email=_emails)
def test_an_address_that_a_spec_may_hold_reads_back_equal_in_every_spelling(email: str) -> None:
    assume(email_fault(email) is None)
    one = identity(IdentityKind.EMAIL, email, None)
    assert one is not None

    for form in (*spellings(one), one.value.reveal(), email):
        assert email_key(form) == one.key
        read = told(
            {"email": form},
            {"email": "email", "phone": "phone", "first_name": "f", "last_name": "l"},
            masks_phones=True,
        )
        assert read.texts["email"] is not None
        assert email_key(read.texts["email"].reveal()) == one.key
        assert mask_fits(form, one)


@given(email=_emails, place=st.integers(0, 30), odd=st.sampled_from(UNSEEN))
def test_a_stores_address_with_an_unseen_character_is_read_as_people_read_it(
    email: str, place: int, odd: str
) -> None:
    assume(email_fault(email) is None)
    spoilt = email[:place] + odd + email[place:]
    assume(without_unseen(spoilt) == email and email == unicodedata.normalize("NFKC", email))
    assume(email[:1] not in (*QUOTES, "'"))

    assert email_reading(spoilt) == email_key(email)


_texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cn"]) | st.sampled_from(UNSEEN),
    max_size=12,
)


@given(text=_texts)
def test_a_text_that_is_accepted_has_nothing_that_people_do_not_see(text: str) -> None:
    if text_fault(text) is None:
        assert unseen(text) is None
        assert not any(unicodedata.category(one) in ("Cc", "Zl", "Zp") for one in text)
    assert text_fault(without_unseen(text)) is None


@pytest.mark.parametrize(
    "text",
    [
        "\u062e\u0627\u0646\u0647\u200c\u0627\u06cc",
        "\u0915\u094d\u200d\u0937",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        "\u2764\ufe0f",
        "1\ufe0f\u20e3",
        "\u845b\U000e0100",
        "\U0001f3f4\U000e0067\U000e0062\U000e007f",
        "caf\u00e9",
        "\u00a0",
        "O'Neil",
        "\u05d0\u05d1",
        "\u0661",
    ],
)
def test_scripts_and_pictures_keep_what_they_need(text: str) -> None:
    assert text_fault(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "Ada\u200b",
        "\u202eecalevoL",
        "a\x00b",
        "\u3164",
        "x\u200dy",
        "a\nb",
        "\u200b",
        "a\u2028b",
        "a\U000e0041",
        "\u2066a",
    ],
)
def test_what_nobody_sees_is_refused(text: str) -> None:
    assert text_fault(text) is not None


def test_notes_keep_their_lines_and_nothing_else() -> None:
    assert text_fault("one\ntwo\r\nthree", lines=True) is None
    assert text_fault("one\rtwo", lines=True) is not None
    assert text_fault("one\ttwo", lines=True) is not None
    assert tag_fault("a\u00a0b") is not None
    assert tag_fault(" a") is not None


@pytest.mark.parametrize("variant", VARIANTS)
@given(name=_texts, note=_texts, tag=_texts, star=st.sampled_from(("", "*", "**", "**bold**")))
def test_whatever_a_spec_may_write_is_written_and_read_back(
    shops: dict[str, Shop], variant: str, name: str, note: str, tag: str, star: str
) -> None:
    assume(text_fault(name) is None and text_fault(note, lines=True) is None and name.strip())
    shop = shops[variant]
    yes = {"email": consent("subscribed"), "sms": consent()}
    shop.reset([person(consent=yes)])
    entry: Json = {"email": "ada@example.com", "first_name": name + star, "consent": "unsubscribed"}
    if not variant.startswith("shoplazza"):
        entry["note"] = (note + star).strip() or None
    if tag and tag_fault(tag) is None:
        entry["tags"] = [tag]
    shop.want(entry)

    shop.converge()

    assert shop.live("ada@example.com")["consent"]["email"]["state"] == "unsubscribed"
    normal = BY_NAME["first_name"].normalise
    assert normal(Personal(shop.live("ada@example.com")["first_name"]), None) == normal(
        Personal(name + star), None
    )
