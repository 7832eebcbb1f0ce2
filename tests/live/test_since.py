"""Reading what changed since a receipt gives what a full plan gives, or less, and never more."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.app.since import receipt_at, sealed_receipts
from reconciler.cache.receipt import StoreReceipt
from reconciler.errors import ConfigError
from reconciler.model.settings import RiskClass
from reconciler.plan.outcome import State
from tests.harness import Shop, grant, person, states
from tests.live.receipts import (
    LISTING,
    OLD,
    Json,
    as_new,
    entries,
    id_of,
    kept,
    mode_of,
    people,
    receipt_of,
    since,
)

# Two tags are owned, whatever the entries of a test say.
OWNED: Final = {"email": "owned@example.com", "tags": ["vip", "b2b"]}


def _people(count: int = 8, **fields: Any) -> list[Json]:
    return [*people(count, **fields), *people(1, **OWNED)]


def _entries(count: int = 8, **more: Any) -> list[Json]:
    return [OWNED, *entries(count, **more)]


@pytest.fixture(params=LISTING)
def shop(request: Any, shops: dict[str, Shop]) -> Shop:
    made = shops[request.param]
    as_new(made, _people())
    made.want(*_entries())
    return made


def test_nothing_changed_is_nothing_read(shop: Shop) -> None:
    _, receipts = kept(shop)
    body, again = since(shop, receipts)
    told = receipt_of(body)
    assert (told["mode"], told["read"], body["changes"], body["verdicts"]) == ("since", 0, [], [])
    assert told["since"] == receipts["shop"].since.isoformat()
    assert again["shop"].rows == receipts["shop"].rows
    assert again["shop"].runs == 1


def test_what_changed_in_the_store_is_seen(shop: Shop) -> None:
    _, receipts = kept(shop)
    shop.box.edit(id_of(shop, "p3@example.com"), tags=[])
    body, again = since(shop, receipts)
    assert mode_of(body) == "since"
    assert [one["action"] for one in body["changes"]] == ["update"]
    assert shop.plan(read="full")["changes"] == body["changes"]
    left, _ = since(shop, again)
    assert left["changes"] == body["changes"], "what was not done is planned again"
    assert set(states(shop.apply(left))) == {State.DONE}
    assert since(shop, again)[0]["changes"] == []


def test_what_changed_in_the_files_is_seen(shop: Shop) -> None:
    _, receipts = kept(shop)
    shop.want(*_entries(7), {"email": "p7@example.com", "tags": ["b2b"]})
    body, _ = since(shop, receipts)
    assert (mode_of(body), receipt_of(body)["read"]) == ("since", 1)
    assert body["changes"] == shop.plan(read="full")["changes"] != []


def test_nobody_is_created_deleted_or_opted_in(shop: Shop) -> None:
    _, receipts = kept(shop)
    shop.want(
        *_entries(6),
        {"email": "p6@example.com", "tags": ["b2b"], "consent": {"email": grant()}},
        {"email": "p7@example.com", "state": "absent", "reason": "erasure 1"},
        {"email": "new@example.com", "tags": ["vip"]},
    )
    body, _ = since(shop, receipts)
    assert mode_of(body) == "since"
    classes = {field["class"] for one in body["changes"] for field in one["fields"]}
    assert classes <= {"tag", "profile", "withdraw"}
    held = [one for one in body["verdicts"] if one["rule"] == "read.unproven-absence"]
    assert held, body["verdicts"]


def test_a_twin_that_came_later_is_seen(shop: Shop) -> None:
    shop.box.reset(_people(), {"date": "on", "duplicates": "accepted"})
    _, receipts = kept(shop)
    _twin(shop, "p2@example.com", tags=["vip"])
    body, _ = since(shop, receipts)
    assert ("hold", "identity.ambiguous") in {(v["level"], v["rule"]) for v in body["verdicts"]}


def test_somebody_known_who_is_not_found_means_a_full_reading(shop: Shop) -> None:
    _, receipts = kept(shop)
    shop.box.remove(id_of(shop, "p1@example.com"))
    assert mode_of(since(shop, receipts)[0]) == "since", "nobody tells of the deleted"
    shop.want(*_entries(3, tags=["b2b"]), *_entries()[4:])
    assert mode_of(since(shop, receipts)[0]) == "full"


def test_a_store_that_tells_no_time_leaves_no_receipt_and_is_read_whole(shop: Shop) -> None:
    _, receipts = kept(shop)
    shop.box.reset(_people(), {"date": "off"})
    body, again = since(shop, receipts)
    assert mode_of(body) == "full"
    assert not again


def test_a_receipt_of_another_time_shop_or_setting_is_refused_before_any_request(
    shop: Shop,
) -> None:
    _, receipts = kept(shop)
    one = receipts["shop"]
    week = timedelta(days=7, seconds=60)
    old = _with(one, began=shop.environment.clock.now() - week)
    before = len(shop.box.requests)
    for wrong, told in (
        ({"shop": old}, "days old"),
        ({"shop": _with(one, runs=100)}, "carried on 100 times"),
        ({}, "tells nothing of the store"),
        ({"shop": _with(one, rests_on="another")}, "other settings"),
    ):
        with pytest.raises(ConfigError, match=told):
            since(shop, wrong)
    shop.settings = {"phone_region": "DE"}
    shop.want(*_entries())
    with pytest.raises(ConfigError, match="other settings"):
        since(shop, receipts)
    assert len(shop.box.requests) == before


def test_a_receipt_holds_nothing_personal_and_is_sealed(shop: Shop, tmp_path: Any) -> None:
    _, receipts = kept(shop)
    file = tmp_path / "receipt"
    file.write_bytes(sealed_receipts(receipts, shop.environment))
    text = file.read_bytes()
    assert b"example" not in text
    assert b"vip" not in text
    assert receipt_at(file, shop.environment) == receipts
    for at in (0, 30, len(text) // 2, len(text) - 1):
        file.write_bytes(text[:at] + bytes([text[at] ^ 1]) + text[at + 1 :])
        with pytest.raises(ConfigError, match="no receipt"):
            receipt_at(file, shop.environment)
    for cut in (b"", text[:20], text[:-1]):
        file.write_bytes(cut)
        with pytest.raises(ConfigError, match="no receipt"):
            receipt_at(file, shop.environment)
    shop.told = {"RECONCILER_KEY": "another key, longer than thirty-two bytes"}
    file.write_bytes(text)
    try:
        with pytest.raises(ConfigError, match="another key"):
            receipt_at(file, shop.environment)
    finally:
        shop.told = {}


def test_genstore_lists_no_changes_and_says_so(shops: dict[str, Shop]) -> None:
    shop = shops["genstore"]
    shop.reset(_people(), {"date": "on"})
    shop.want(*_entries())
    _, receipts = kept(shop)
    assert not receipts
    with pytest.raises(ConfigError, match="has no list of what changed"):
        since(shop, receipts)


def _with(one: StoreReceipt, **fields: Any) -> StoreReceipt:
    from dataclasses import replace

    return replace(one, **fields)


def _number(who: int) -> str:
    return f"+861381234567{who}"


# By what an entry names its customer. Of an id only the place in the store is known beforehand.
_NAMED: Final = (
    "email",
    "email",
    "phone",
    "both",
    "id",
    "id and email",
    "previously",
    "called anew",
)


def _entry(who: int, named: str, wish: Json) -> Json:
    email, phone = f"p{who}@example.com", _number(who)
    names: dict[str, Json] = {
        "email": {"email": email},
        "phone": {"phone": phone},
        "both": {"email": email, "phone": phone},
        "id": {"id": who},
        "id and email": {"id": who, "email": email},
        "previously": {"email": f"n{who}@example.com", "previously": {"email": email}},
        "called anew": {"email": email, "phone": f"+861391234567{who}"},
    }
    found = {**names[named], **wish}
    if "email" not in found:
        found.pop("consent", None)
    return found


def _placed(entries: list[Json], ids: list[str]) -> list[Json]:
    """With the store's own ids; nobody has one who is not there."""
    return [
        {**one, "id": ids[one["id"]]} if "id" in one else one
        for one in entries
        if one.get("id", 0) < len(ids)
    ]


# A history: what the store had, what the files said, and what became of both afterwards.
_WISHES: Final = st.fixed_dictionaries(
    {},
    optional={
        "tags": st.sampled_from((["vip"], ["b2b"], ["vip", "b2b"])),
        "first_name": st.sampled_from(("Ada", "Bo")),
        "consent": st.sampled_from(({"email": "unsubscribed"}, {"email": grant()})),
    },
)
_FILES: Final = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from(_NAMED), _WISHES),
    max_size=6,
    unique_by=lambda one: one[0],
).map(lambda every: [_entry(*one) for one in every])
_EDITS: Final = st.lists(
    st.tuples(
        st.sampled_from(("tags", "name", "out", "in", "rename", "twin", "remove", "call")),
        st.integers(0, 3),
    ),
    max_size=4,
)
_STORES: Final = st.lists(
    st.tuples(
        st.sampled_from(([], ["vip"], ["b2b"])),
        st.sampled_from(("subscribed", "unsubscribed", "not_subscribed")),
    ),
    min_size=4,
    max_size=4,
)
_READINGS: Final = st.fixed_dictionaries(
    {
        "duplicates": st.just("accepted"),
        "updated_bound": st.sampled_from(("inclusive", "exclusive", "ignored", "local")),
        "updated_at": st.sampled_from(("writes", "no consents")),
        "spelling": st.sampled_from(("case", "bytes", "blind")),
        "list_order": st.sampled_from(("ascending", "shuffled")),
        "list_delay": st.sampled_from(("0", "3600")),
    }
)


def _twin(shop: Shop, email: str, **fields: Any) -> None:
    """Made now, as its time of change says."""
    known = {one["id"] for one in shop.box.customers()}
    shop.box.seed([person(email, **fields)])
    made = next(one for one in shop.box.customers() if one["id"] not in known)
    shop.box.edit(str(made["id"]), first_name=made["first_name"])


def _edit(shop: Shop, what: str, who: int) -> None:
    found = [one for one in shop.box.customers() if one["email"] == f"p{who}@example.com"]
    if what == "twin":
        _twin(shop, f"p{who}@example.com")
    if not found:
        return
    remote_id = str(found[0]["id"])
    edits: dict[str, Callable[[], None]] = {
        "tags": lambda: shop.box.edit(remote_id, tags=["b2b"]),
        "name": lambda: shop.box.edit(remote_id, first_name="Zoë"),
        "out": lambda: shop.box.person(remote_id, "email", "unsubscribed"),
        "in": lambda: shop.box.person(remote_id, "email", "subscribed"),
        "rename": lambda: shop.box.edit(remote_id, email=f"p{who + 4}@example.com"),
        "remove": lambda: shop.box.remove(remote_id),
        "call": lambda: shop.box.edit(remote_id, phone=_number((who + 1) % 4)),
    }
    if what in edits:
        edits[what]()


def _fields(body: Json) -> set[tuple[str, str, str]]:
    return {
        (one["customer"], field["field"], field["digest"])
        for one in body["changes"]
        for field in one["fields"]
    }


@pytest.mark.parametrize("variant", LISTING)
@given(
    people=_STORES,
    before=_FILES,
    after=_FILES,
    first=_EDITS,
    second=_EDITS,
    switches=_READINGS,
    applied=st.booleans(),
)
def test_since_gives_what_full_gives_or_less(
    variant: str,
    people: list[Any],
    before: list[Json],
    after: list[Json],
    first: Any,
    second: Any,
    switches: Json,
    applied: bool,
    shops: dict[str, Shop],
) -> None:
    shop = shops[variant]
    records = [
        person(
            f"p{number}@example.com",
            phone=_number(number),
            created_at=OLD,
            updated_at=OLD,
            tags=tags,
            consent={"email": {"state": state, "at": OLD, "actor": "person"}},
        )
        for number, (tags, state) in enumerate(people)
    ]
    owned = _entries(0)
    as_new(shop, [*records, *_people(0)], **switches)
    ids = [id_of(shop, f"p{number}@example.com") for number in range(4)]
    shop.want(*owned, *_placed(before, ids))
    made, receipts = kept(shop)
    if applied and not made["summary"]["blocked"]:
        shop.apply(made, only=[RiskClass.TAG, RiskClass.WITHDRAW])
    if "shop" not in receipts:
        return
    for edits, files in ((first, before), (second, after)):
        for what, who in edits:
            _edit(shop, what, who)
        shop.want(*owned, *_placed(files, ids))
        if "shop" not in receipts:  # consents were seen to change unmarked
            return
        try:
            told, receipts = since(shop, receipts)
        except ConfigError as error:
            assert "other settings" in str(error)  # noqa: PT017 -- other tags are ours
            return
        full = shop.plan(read="full")
        if mode_of(told) == "full":
            assert told["changes"] == full["changes"]
            continue
        if switches["list_delay"] == "0":  # else a list is staler than a look-up
            assert _fields(told) <= _fields(full)
        assert {one["action"] for one in told["changes"]} <= {"update"}
        risks = {field["class"] for one in told["changes"] for field in one["fields"]}
        assert risks <= {"tag", "profile", "withdraw"}
        if switches["list_delay"] == "0" and switches["updated_at"] == "writes":
            held = {one["customer"] for one in told["verdicts"] if one["level"] == "hold"}
            missed = {
                one["customer"]
                for one in full["changes"]
                for field in one["fields"]
                if one["action"] == "update"
                and field["class"] != "grant"
                and (one["customer"], field["field"], field["digest"]) not in _fields(told)
            }
            assert missed <= held
