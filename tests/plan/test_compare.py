"""What differs between an entry and a record, on values."""

import pytest

from reconciler.model.consent import Channel, ConsentState
from reconciler.model.customer import LiveCustomer
from reconciler.model.settings import RiskClass
from reconciler.plan.compare import creation, differences, moves_address
from tests.builders import comparison, desired, live, out, tags


def fields(*args: object, owned: tuple[str, ...] = ("*",)) -> list[str]:
    entry, record = args
    assert isinstance(record, LiveCustomer)
    return [str(one.path) for one in differences(entry, record, comparison(*owned))]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("record", "differing"),
    [
        (live(first_name="Ada"), []),
        (live(first_name="Ada "), []),
        (live(first_name="ada"), ["first_name"]),
        (live(), ["first_name"]),
        (live(unreadable=frozenset({"first_name"})), []),
    ],
)
def test_only_what_is_managed_and_told_differs(record: LiveCustomer, differing: list[str]) -> None:
    assert fields(desired(first_name="Ada"), record) == differing


def test_line_ends_of_notes_are_one() -> None:
    assert fields(desired(note="a\nb"), live(note="a\r\nb")) == []


@pytest.mark.parametrize("phone", ["13800138000", "008613800138000", "+86 138-0013-8000"])
def test_a_number_is_compared_as_a_number(phone: str) -> None:
    assert fields(desired(phone="+8613800138000"), live(phone=phone)) == []


def test_a_number_that_is_none_is_set() -> None:
    assert fields(desired(phone="+8613800138000"), live(phone="13800138000.0")) == ["phone"]


def test_tags_that_are_not_ours_are_left_alone() -> None:
    entry = desired(tags=tags("vip", exact=True))

    assert fields(entry, live(tags=("VIP", "app:x")), owned=("vip",)) == []
    assert fields(entry, live(tags=("VIP", "app:x")), owned=("*",)) == ["tags"]


def test_a_new_customer_gets_everything_that_is_told() -> None:
    found = list(creation(desired(first_name="Ada", tags=tags("vip")), comparison("*")))

    assert [str(one.path) for one in found] == ["customer", "email", "first_name", "tags"]
    assert {one.risk for one in found} == {RiskClass.CREATE}


@pytest.mark.parametrize("state", list(ConsentState))
def test_a_new_address_moves_every_consent_that_is_no_known_no(state: ConsentState) -> None:
    entry = desired("new@example.com", id="1")
    moves = moves_address(entry, live(consent={"email": state.value}), Channel.EMAIL, comparison())

    assert moves is (state.value in ("subscribed", "pending", "unknown", "masked"))


def test_the_same_address_in_another_spelling_moves_nothing() -> None:
    assert not moves_address(
        desired("ADA@example.com"),
        live(consent={"email": "subscribed"}),
        Channel.EMAIL,
        comparison(),
    )
    assert out().state is ConsentState.UNSUBSCRIBED
