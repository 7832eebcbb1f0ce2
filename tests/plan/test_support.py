"""What a platform cannot take is told before anything is sent, on values."""

from dataclasses import replace

import pytest

from reconciler.model.capabilities import Capabilities
from reconciler.model.consent import Channel
from reconciler.model.customer import Address
from reconciler.model.field_path import FieldPath
from reconciler.model.personal import Personal
from reconciler.model.settings import RiskClass
from reconciler.model.tags import TagDelta
from reconciler.plan.changes import (
    Action,
    AddressChange,
    ConsentChange,
    FieldChange,
    Presence,
    ScalarChange,
    TagChange,
)
from reconciler.plan.support import unsupported
from reconciler.platforms.registry import TABLES
from tests.builders import live, named, said, wanted

GENSTORE, SHOPLAZZA, SHOPLINE = (TABLES[name] for name in ("genstore", "shoplazza", "shopline"))


def contact(name: str, text: str) -> FieldChange:
    (one,) = named(**{name: text})
    return ScalarChange(
        path=FieldPath(name),
        risk=RiskClass.PROFILE,
        before=None,
        after=Personal(one.key),
        written=one,
    )


def text(name: str, value: str) -> FieldChange:
    return ScalarChange(
        path=FieldPath(name), risk=RiskClass.PROFILE, before=None, after=Personal(value)
    )


def added(*names: str) -> FieldChange:
    return TagChange(risk=RiskClass.TAG, delta=TagDelta(added=names, removed=()))


def address(**parts: str) -> Address:
    return Address(texts=tuple((name, Personal(value)) for name, value in parts.items()))


def addresses(*after: Address, before: tuple[Address, ...] = ()) -> FieldChange:
    return AddressChange(risk=RiskClass.PROFILE, before=before, after=after, wanted=(), paths=())


CASES: dict[str, tuple[Capabilities, Action, tuple[FieldChange, ...], str]] = {
    "no delete": (
        SHOPLAZZA,
        Action.DELETE,
        (Presence(risk=RiskClass.DELETE),),
        "Shoplazza has no way to delete a customer",
    ),
    "no such field": (
        SHOPLAZZA,
        Action.UPDATE,
        (text("note", "calls at noon"),),
        "Shoplazza cannot change the note: its documents list a note, and no call that takes one",
    ),
    "not even on create": (
        SHOPLAZZA,
        Action.CREATE,
        (text("note", "calls at noon"),),
        "Shoplazza cannot set the note: its documents list a note, and no call that takes one",
    ),
    "one contact alone": (
        SHOPLAZZA,
        Action.CREATE,
        (contact("email", "ada@example.com"), contact("phone", "+8613800138000")),
        "Shoplazza creates a customer with e-mail or phone, not with both",
    ),
    "a state it has not": (
        GENSTORE,
        Action.UPDATE,
        (
            ConsentChange(
                channel=Channel.EMAIL,
                risk=RiskClass.GRANT,
                before=said("not_subscribed"),
                wanted=wanted("pending"),
            ),
        ),
        "Genstore has no consent state `pending`",
    ),
    "a long text": (
        SHOPLINE,
        Action.UPDATE,
        (text("first_name", "a" * 129),),
        "SHOPLINE takes at most 128 characters here",
    ),
    "a long tag": (
        GENSTORE,
        Action.UPDATE,
        (added("a" * 101),),
        "Genstore takes tags of at most 100 characters",
    ),
    "many tags": (
        SHOPLINE,
        Action.UPDATE,
        (added(*(f"t{number}" for number in range(101))),),
        "SHOPLINE holds at most 100 tags a customer",
    ),
    "many characters of tags": (
        SHOPLINE,
        Action.UPDATE,
        (added(*(f"{number:0>120}" for number in range(9))),),
        "SHOPLINE takes at most 1000 characters of tags in all",
    ),
    "many addresses": (
        SHOPLINE,
        Action.UPDATE,
        (addresses(*(address(city=f"C{number}") for number in range(51))),),
        "SHOPLINE takes at most 50 addresses",
    ),
    "a long part of an address": (
        GENSTORE,
        Action.UPDATE,
        (addresses(address(city="a" * 201)),),
        "Genstore takes at most 200 characters in `city`",
    ),
    "an address that lacks a part": (
        SHOPLAZZA,
        Action.UPDATE,
        (addresses(address(country="Norway")),),
        "Shoplazza needs `country_code` in a new address",
    ),
}


@pytest.mark.parametrize(("table", "action", "changes", "why"), CASES.values(), ids=CASES)
def test_what_a_platform_does_not_take_is_told(
    table: Capabilities, action: Action, changes: tuple[FieldChange, ...], why: str
) -> None:
    found = tuple(unsupported(action, live(), changes, table))

    assert found == ((changes[-1].path, why),)


def test_what_a_platform_takes_is_not_told_of() -> None:
    changes = (text("first_name", "Mei"), added("vip"), addresses(address(city="Oslo")))

    assert tuple(unsupported(Action.UPDATE, live(), changes, SHOPLINE)) == ()


def test_an_address_that_is_there_already_may_be_as_it_is() -> None:
    there = replace(address(city="a" * 201), remote_id="9")
    changes = (addresses(there, before=(there,)),)

    assert tuple(unsupported(Action.UPDATE, live(), changes, GENSTORE)) == ()
