"""Whose a mark is: compared like any tag, and ours whatever the patterns of others say."""

import pytest

from reconciler.model.ownership import NO_MARKS, Ownership
from reconciler.model.tags import Owned, TagIntent, is_as_wanted, resolve

MARKS = Ownership(tag="managed-by-reconciler", foreign=("managed-by-*", "crm"))


@pytest.mark.parametrize(
    "tag", ["managed-by-reconciler", "Managed-By-RECONCILER", " managed-by-reconciler "]
)
def test_our_mark_is_known_in_any_case_of_letters(tag: str) -> None:
    assert MARKS.is_ours(("vip", tag))
    assert tag in MARKS


def test_our_mark_is_never_one_of_others() -> None:
    tags = ("managed-by-reconciler", "vip", "Managed-By-Terraform", "CRM", "crm-2")

    assert MARKS.others(tags) == ("Managed-By-Terraform", "CRM")
    assert [tag for tag in tags if tag in MARKS] == [
        "managed-by-reconciler",
        "Managed-By-Terraform",
        "CRM",
    ]


def test_where_nothing_is_said_nothing_is_a_mark() -> None:
    assert not NO_MARKS.is_ours(("managed-by-reconciler",))
    assert NO_MARKS.others(("managed-by-reconciler",)) == ()
    assert "managed-by-reconciler" not in NO_MARKS


def test_no_pattern_owns_a_mark() -> None:
    owned = Owned(("*", "managed-by-reconciler"), apart=MARKS)

    assert "vip" in owned
    assert "managed-by-reconciler" not in owned
    assert "managed-by-terraform" not in owned


def test_nothing_takes_a_mark_off() -> None:
    """Not even a list that names it, as of a revision before there were marks."""
    owned = Owned(("*",), apart=MARKS)
    live = ("vip", "Managed-by-Reconciler", "crm")
    intent = TagIntent(absent=("managed-by-reconciler", "CRM", "vip"))

    assert resolve(intent, live, owned).removed == ("vip",)
    assert not resolve(TagIntent(absent=("crm",)), live, owned)
    assert is_as_wanted(TagIntent(exact=True), live[1:], owned)
