"""Addresses that surely agree are told without pairing them, and `merged` would say the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.customer import Address
from reconciler.model.personal import Personal
from reconciler.plan.addresses import agree, merged

_TEXTS = st.fixed_dictionaries(
    {},
    optional={
        "city": st.sampled_from(("Köln", "Ko\u0308ln", "Bonn ", "Bonn")),
        "country_code": st.sampled_from(("DE", "de", "CN")),
        "province_code": st.sampled_from(("BY", "DE-BY", "CN-BY", "de-by")),
        "phone": st.sampled_from(("13315034487", "+86 133 1503 4487", "none")),
        "zip": st.sampled_from(("1", "2")),
    },
)
_DEFAULT = st.sampled_from((None, True, False))


def _addresses(*, live: bool) -> st.SearchStrategy[tuple[Address, ...]]:
    ids = st.sampled_from(("7", "8", "9")) if live else st.none()
    one = st.builds(
        lambda texts, default, remote_id: Address(
            texts=tuple((name, Personal(text)) for name, text in texts.items()),
            default=default,
            remote_id=remote_id,
        ),
        _TEXTS,
        _DEFAULT,
        ids,
    )
    return st.lists(one, max_size=4).map(tuple)


@given(_addresses(live=False), _addresses(live=True), st.sampled_from((None, "CN")))
def test_who_agrees_has_no_path_that_differs(
    desired: tuple[Address, ...], live: tuple[Address, ...], region: str | None
) -> None:
    if agree(desired, live, region):
        assert merged(desired, live, region)[1] == ()


def test_order_says_nothing() -> None:
    one = Address(texts=(("city", Personal("Köln")),))
    other = Address(texts=(("city", Personal("Bonn")), ("country_code", Personal("DE"))))
    told = Address(texts=(("country_code", Personal("de")), ("city", Personal("Bonn"))))
    assert agree((one, other), (told, one), None)


def test_whether_it_is_the_default_alone_says_nothing() -> None:
    assert not agree((Address(texts=(), default=True),), (Address(texts=(), default=True),), None)


def _in(country: str | None, province: str) -> Address:
    parts = [("country_code", country), ("province_code", province)]
    return Address(texts=tuple((name, Personal(text)) for name, text in parts if text))


@pytest.mark.parametrize(
    ("wanted", "told", "same"),
    [
        (("CA", "ON"), ("CA", "CA-ON"), True),
        (("CA", "CA-ON"), ("CA", "ON"), True),
        (("ca", "ca-on"), ("CA", "ON"), True),
        ((None, "CA-ON"), ("CA", "ON"), False),
        ((None, "ON"), ("CA", "CA-ON"), True),
        (("CA", "US-ON"), ("CA", "ON"), False),
        (("CA", "ON"), ("CA", "BC"), False),
        (("CA", "CA-"), ("CA", ""), False),
    ],
)
def test_a_province_is_the_same_with_its_country_before_it_or_without(
    wanted: tuple[str | None, str], told: tuple[str, str], *, same: bool
) -> None:
    one, other = _in(*wanted), _in(*told)
    assert agree((one,), (other,), None) is same
    assert (merged((one,), (other,), None)[1] == ()) is same
