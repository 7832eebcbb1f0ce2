"""A digest binds values: two that differ are two approvals, and what is written is what was approved."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.customer import Wire
from reconciler.model.field_path import FieldPath
from reconciler.model.fields import SCALARS, FieldSpec
from reconciler.model.identity import IdentityKind, identity
from reconciler.model.patch import Patch
from reconciler.model.personal import Personal, in_clear
from reconciler.model.settings import RiskClass
from reconciler.model.tax import TaxExemptions, exemptions
from reconciler.plan.approved import field_digest
from reconciler.plan.changes import ScalarChange
from reconciler.platforms.genstore import wire as genstore
from reconciler.platforms.shoplazza import wire as shoplazza
from reconciler.platforms.shopline import wire as shopline
from tests.builders import desired, live, rules

PSEUDONYMS = rules().pseudonyms
_texts = st.text(max_size=8)
# Every sort of value that the field of a customer may have.
_values: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    _texts,
    _texts.map(Personal),
    st.sampled_from(
        [TaxExemptions(None), exemptions([("CA", None)]), exemptions([("CA", []), ("US", ["NY"])])]
    ),
)
_NO_TEXT = ("tax_exempt", "tax_exemptions", "metafields")


def digest(spec: FieldSpec, before: Any, after: Any) -> str:
    change = ScalarChange(
        path=FieldPath(spec.name), risk=RiskClass.PROFILE, before=before, after=after
    )
    return field_digest(PSEUDONYMS, "shop", "cus_x", change)


@pytest.mark.parametrize("spec", SCALARS, ids=lambda spec: spec.name)
@given(first=st.tuples(_values, _values), second=st.tuples(_values, _values))
def test_different_values_have_different_digests(spec: FieldSpec, first: Any, second: Any) -> None:
    same = [in_clear(one) for one in first] == [in_clear(one) for one in second] and [
        type(in_clear(one)) for one in first
    ] == [type(in_clear(one)) for one in second]

    assert (digest(spec, *first) == digest(spec, *second)) == same


@pytest.mark.parametrize("spec", SCALARS, ids=lambda spec: spec.name)
@given(first=_texts, second=_texts)
def test_text_is_text_whether_it_is_personal_or_not(
    spec: FieldSpec, first: str, second: str
) -> None:
    for one, other in ((first, second), (second, first)):
        assert (
            spec.normalise(one, "CN") == spec.normalise(Personal(one), "CN")
            or spec.name in _NO_TEXT
        )
        if spec.name not in _NO_TEXT:
            assert (spec.normalise(one, "CN") == spec.normalise(other, "CN")) == (
                spec.normalise(Personal(one), "CN") == spec.normalise(Personal(other), "CN")
            )


@given(text=_texts.filter(str.strip), personal=st.booleans())
def test_what_is_approved_is_what_is_written(text: str, personal: bool) -> None:
    value = Personal(text) if personal else text
    patch = Patch(scalars=(("first_name", value),), contacts=desired().identities)
    tags: Any = list
    bodies = [
        (genstore.new_customer(patch, genstore.ConsentVocabulary(())), "firstName"),
        (genstore.whole_customer(live(wire=Wire({"id": "1"})), patch, {}, None), "firstName"),
        (shoplazza.new_customer(patch, tags), "first_name"),
        (shoplazza.changed_customer(live(), patch, tags), "first_name"),
        (shopline.new_customer(patch), "first_name"),
        (shopline.changed_customer(live(), patch), "first_name"),
    ]

    assert [body["customer"][key] for body, key in bodies] == [text] * len(bodies)


def test_an_address_in_another_spelling_is_another_approval() -> None:
    def approved(written: str) -> str:
        change = ScalarChange(
            path=FieldPath("email"),
            risk=RiskClass.PROFILE,
            before=Personal("old@example.com"),
            after=Personal("ada@example.com"),
            written=identity(IdentityKind.EMAIL, written, None),
        )
        return field_digest(PSEUDONYMS, "shop", "cus_x", change)

    assert approved("ada@example.com") != approved("Ada@example.com")
