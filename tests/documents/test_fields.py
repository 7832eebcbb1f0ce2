"""Every field of the platforms' documents has a row that says how it is treated, and does so."""

import dataclasses
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from reconciler import app, platforms
from reconciler.model.consent import Channel, ConsentState, Evidence
from reconciler.model.customer import Address, LiveCustomer
from reconciler.model.fields import FIELDS
from reconciler.model.identity import IdentityKind, identity
from reconciler.model.metafields import metafields
from reconciler.model.patch import ConsentWrite, Patch
from reconciler.model.personal import Personal
from reconciler.model.tags import TagDelta
from reconciler.model.tax import exemptions
from reconciler.platforms.coerce import Unreadable
from reconciler.platforms.genstore import wire as genstore
from reconciler.platforms.registry import TABLES
from reconciler.platforms.shoplazza import wire as shoplazza
from reconciler.platforms.shopline import metafields as shopline_metafields
from reconciler.platforms.shopline import tax as shopline_tax
from reconciler.platforms.shopline import wire as shopline
from reconciler.platforms.times import StoreTimes
from tests.documents.table import (
    FIELD_KINDS,
    MANAGED_BY,
    PARAMETER_KINDS,
    PLATFORMS,
    SENT_BY,
    SHOWN_BY,
    documented,
    kinds,
    parameters,
    shown_by,
    treated,
    treated_parameters,
)
from tests.harness import opened, person

ROOT = Path(__file__).resolve().parents[2]
AT = "2026-03-04T05:06:07+00:00"
PARTS = {
    "first_name": "Ada",
    "last_name": "Lovelace",
    "company": "Engines",
    "address1": "Street 1",
    "address2": "Floor 2",
    "city": "Oslo",
    "province": "Oslo",
    "province_code": "03",
    "country": "Norway",
    "country_code": "NO",
    "zip": "0150",
    "phone": "+4722334455",
}
YES = {"state": "subscribed", "at": AT, "actor": "person", "level": "confirmed", "source": "form"}
RICH = person(
    phone="+4722334455",
    note="calls on Fridays",
    tags=["vip"],
    tax_exempt=True,
    tax_exemptions={
        "applyToAllRegion": False,
        "taxExemptionRegions": [
            {"country": "NO", "applyToAllSubdivision": False, "subdivisions": ["03"]}
        ],
    },
    orders_count=2,
    addresses=[{**PARTS, "default": True}],
    consent={"email": YES, "sms": YES},
    extra={
        "nick_name": "Addie",
        "birthday": "18151210",
        "gender": 2,
        "language": "en",
        "verified_email": True,
        "multipass_identifier": "m1",
        "registered": True,
        "source": "form",
        "phone_area_code": "47",
    },
)
# What a store might tell in the place of a field, so that a reader of it would read another.
OTHERS: tuple[Any, ...] = (0, 1, 2, "x", "2024-18-12T08:18:49", {"id": "7"}, [], True, False)
GONE = object()
ALL = [(one, path) for one in PLATFORMS for path in documented(one)]


def _times() -> StoreTimes:
    return StoreTimes("UTC", lambda: datetime(2027, 1, 1, tzinfo=UTC))


READ: dict[str, Callable[[dict[str, Any]], LiveCustomer]] = {
    "genstore": lambda one: genstore.customer(one, genstore.ConsentVocabulary(()), _times()),
    "shoplazza": shoplazza.customer,
    "shopline": lambda one: _completed(shopline.customer(one, _times()), one),
}


def _completed(live: LiveCustomer, record: dict[str, Any]) -> LiveCustomer:
    """With what GraphQL tells under the same names."""
    told = {one: record[one] for one in ("taxExempt", "taxExemptions") if one in record}
    gid = {"id": f"gid://shopline/Customer/{live.remote_id}"}
    (found,) = shopline_tax.completed([live], {"data": {"c0": {**gid, **told}}})
    return found


METAFIELD = {
    "id": "7",
    "namespace": "custom",
    "key": "points",
    "type": "number_integer",
    "value": "7",
    "description": "of the programme",
}
SUBSCRIPTION = {
    "customer_id": "1",
    "status": 1,
    "subscribe_account": "ada@example.com",
    "subscribe_account_type": 0,
    "subscribe_channel": 3,
    "subscribe_time": AT,
}


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """One customer of whom all is told, as each simulator tells it."""
    found = {}
    for one in PLATFORMS:
        rich = {**RICH, "phone": "004722334455"} if one == "shopline" else RICH
        with opened(tmp_path_factory.mktemp(one), one, [rich]) as shop:
            connection = app.open_store(shop.state().stores[0], shop.environment)
            live = connection.client.read(shop.box.customers()[0]["id"])
            connection.session.close()
        assert live is not None
        assert live.wire is not None
        found[one] = dict(live.wire.record)
    found["shopline"] |= {
        "taxExempt": True,
        "taxExemptions": [{"countryCode": "NO", "provinceGCodeList": ["03"]}],
    }
    return found


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_field_of_the_documents_has_its_row_and_none_else(platform: str) -> None:
    lists, rows = documented(platform).keys(), treated(platform).keys()
    assert not lists - rows, (
        f"tests/documents/fields/{platform}.toml has no row for these fields of the documents: "
        f"write how each is treated: {sorted(lists - rows)}"
    )
    assert not rows - lists, (
        f"the documents list no such field; write it on its page in tests/documents/"
        f"{platform}.toml, or take the row away: {sorted(rows - lists)}"
    )
    asked, told = set(parameters(platform)), treated_parameters(platform).keys()
    assert asked == told, f"parameters without a row, or rows without: {sorted(asked ^ told)}"


@pytest.mark.parametrize("platform", PLATFORMS)
def test_what_a_row_says_is_managed_is_what_the_platform_can_write(platform: str) -> None:
    table = TABLES[platform]
    can = table.creates | table.updates
    said = {row["managed"] for row in treated(platform).values() if "managed" in row}
    assert not can - said, (
        f"{table.title} can write {sorted(can - said)}, and no row says so: write the path on its "
        f"page in tests/documents/{platform}.toml, and "
        f'`path = {{ managed = "FIELD" }}` in tests/documents/fields/{platform}.toml; then '
        "`make readme-write`"
    )
    assert not said - can, f"{table.title} cannot write {sorted(said - can)}, as a row says"


def test_every_row_has_known_kinds_and_reasons() -> None:
    for platform in PLATFORMS:
        for path, row in treated(platform).items():
            assert kinds(row), f"{platform} {path} has no kind"
            assert kinds(row) <= set(FIELD_KINDS), f"{platform} {path}: {kinds(row)}"
            assert all(row.values()), f"{platform} {path} gives no reason"
        for name, row in treated_parameters(platform).items():
            assert len(row) == 1, f"{platform} {name}"
            assert row.keys() <= set(PARAMETER_KINDS), f"{platform} {name}"


def test_every_test_that_a_row_names_exists() -> None:
    named = {SHOWN_BY, MANAGED_BY, SENT_BY}
    named |= {shown_by(row) for one in PLATFORMS for row in treated(one).values()}
    for one in named:
        file, _, name = one.partition("::")
        text = (ROOT / file).read_text(encoding="utf-8")
        assert re.search(rf"^def {name}\(", text, re.MULTILINE), f"there is no test {one}"


@pytest.mark.parametrize("platform", PLATFORMS)
def test_what_a_platform_cannot_write_has_a_reason_that_is_told(platform: str) -> None:
    table = TABLES[platform]
    lacking = {one.name for one in FIELDS} - (table.creates & table.updates)
    assert {name for name, _ in table.why_not} == lacking


@pytest.mark.parametrize(
    ("platform", "name", "new"),
    [
        (one, field.name, new)
        for one in PLATFORMS
        for field in FIELDS
        for new in (False, True)
        if field.name not in (TABLES[one].creates if new else TABLES[one].updates)
    ],
)
def test_what_a_platform_cannot_write_is_blocked_and_says_why(
    tmp_path: Path, platform: str, name: str, new: bool
) -> None:
    table = TABLES[platform]
    with opened(tmp_path, platform, [] if new else [person()]) as shop:
        known = {"email": "ada@example.com"} if new else {"id": shop.box.customers()[0]["id"]}
        shop.want({**known, name: WANTED[name]})
        body = shop.plan()

    (told,) = [one for one in body["verdicts"] if one["rule"] == "capability.unsupported"]
    assert told["level"] == "block"
    assert told["message"].startswith(f"{table.title} cannot {'set' if new else 'change'} the ")
    assert told["message"].endswith(f": {dict(table.why_not)[name]}")


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_field_is_tried_where_the_documents_have_no_write_of_it(platform: str) -> None:
    lists, table = documented(platform), TABLES[platform]
    written = {
        row["managed"]
        for path, row in treated(platform).items()
        if "managed" in row and (lists[path].create or lists[path].update)
    }
    tried = {row["managed"] for row in treated(platform).values() if "managed" in row} - written
    assert tried == table.tries


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_simulator_tells_nothing_that_the_documents_do_not_list(
    platform: str, records: dict[str, dict[str, Any]]
) -> None:
    lists = documented(platform)
    shown = set(_paths(records[platform]))
    assert not {one for one in shown if one not in lists and one.partition(".")[0] not in lists}


@pytest.mark.parametrize(("platform", "path"), ALL, ids=str)
def test_a_row_is_what_the_wire_does(
    platform: str, path: str, records: dict[str, dict[str, Any]]
) -> None:
    row = treated(platform)[path]
    shows = _shows(platform, path, records[platform])
    sent = {one: path in _sent(platform, one) for one in ("create", "update")}
    told = documented(platform)[path]

    if (name := row.get("managed")) is not None and told.read and path != "address.def":
        assert name in shows, f"managed as {name}, and a change of it shows {shows or 'nothing'}"
    assert ("other" in shows) is bool({"carried", "watched"} & kinds(row)), shows
    if "judged" in row:
        assert shows - {"other"}, "read for judging, and a change of it shows nothing"
    if kinds(row) <= {"written", "derived", "unmanaged"}:
        assert not shows, f"said not to be read, and a change of it shows {shows}"
    assert any(sent.values()) is _goes_out(platform, path, row), sent


def _goes_out(platform: str, path: str, row: dict[str, str]) -> bool:
    told, table = documented(platform)[path], TABLES[platform]
    if "managed" in row:
        return told.create or told.update or row["managed"] in table.tries
    return bool({"written", "carried"} & kinds(row))


def _paths(value: Any, at: str = "") -> Iterator[str]:
    if isinstance(value, dict) and at not in ("defaultAddress", "default_address"):
        for name, one in value.items():
            yield from _paths(one, f"{at}.{name}" if at else name)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        yield from _paths(value[0], f"{at}[]")
    else:
        yield at


def _changed(record: dict[str, Any], path: str, value: object) -> dict[str, Any] | None:
    """The record with another value at the path; None where there is no such place."""
    record = json.loads(json.dumps(record))
    place: Any = record
    *steps, last = path.split(".")
    for step in steps:
        place = place.get(step.removesuffix("[]"))
        place = place[0] if step.endswith("[]") and place else place
        if not isinstance(place, dict):
            return None
    if value is GONE:
        place.pop(last, None)
    else:
        place[last] = value
    return record


def _shows(platform: str, path: str, record: dict[str, Any]) -> set[str]:
    """What of the customer is another, whatever the field tells."""
    if path.startswith("subscription."):
        return _of_subscription(path.partition(".")[2])
    if path.startswith("metafield."):
        return _of_metafield(path.partition(".")[2])
    found: set[str] = set()
    bases = [record, {**record, "addresses": []}]
    # Where one field tells what another does, the other is looked at alone.
    for one in ("defaultAddress", "addresses[].province_code_v2"):
        bases += [
            base for base in [_changed(record, one, GONE)] if base is not None and one != path
        ]
    for base in bases:
        had = READ[platform](base)
        for value in (GONE, *OTHERS):
            other = _changed(base, path, value)
            if other is not None:
                found |= _differ(had, platform, other)
    return found


def _differ(had: LiveCustomer, platform: str, record: dict[str, Any]) -> set[str]:
    try:
        has = READ[platform](record)
    except Unreadable:
        return {"remote_id"}
    names = [one.name for one in dataclasses.fields(LiveCustomer)]
    skipped = ("wire", "consents")
    found = {one for one in names if one not in skipped and getattr(had, one) != getattr(has, one)}
    return found | {f"consent.{one}" for one in Channel if _all(had, one) != _all(has, one)}


def _all(live: LiveCustomer, channel: Channel) -> dict[str, object]:
    """Also what two consents that are equal may differ in."""
    told = live.consent(channel)
    return {one.name: getattr(told, one.name) for one in dataclasses.fields(told)}


def _of_subscription(name: str) -> set[str]:
    found: set[str] = set()
    for state in (0, 1):
        consent = {"state": state, "opt_in_level": 0}
        record = {"id": "1", "email_marketing_consent": consent, "sms_marketing_consent": consent}
        live = shopline.customer(record, _times())
        row = {**SUBSCRIPTION, "status": state, "subscribe_channel": 3 if state else 0}
        had = shopline.with_actors(live, [row], _times())
        for value in (None, *OTHERS):
            has = shopline.with_actors(live, [{**row, name: value}], _times())
            if any(_all(had, one) != _all(has, one) for one in Channel):
                found.add("consents")
    return found


def _of_metafield(name: str) -> set[str]:
    had = shopline_metafields.read(METAFIELD)
    for value in (None, "8", *OTHERS):
        try:
            has = shopline_metafields.read({**METAFIELD, name: value})
        except Unreadable:
            return {"metafields"}
        if has != had or has.remote_id != had.remote_id:
            return {"metafields"}
    return set()


@cache
def _sent(platform: str, kind: str) -> frozenset[str]:
    """The paths that a create or an update of everything sends."""
    email = identity(IdentityKind.EMAIL, "new@example.com", None)
    phone = identity(IdentityKind.PHONE, "+4722334466", None)
    assert email is not None
    assert phone is not None
    table = TABLES[platform]
    can = table.creates if kind == "create" else table.updates
    texts: dict[str, Any] = {
        "gender": "male",
        "birthday": "1815-12-10",
        "tax_exempt": True,
        "tax_exemptions": exemptions([("DE", ["BY"])]),
        "metafields": metafields([shopline_metafields.read(METAFIELD)]),
    }
    scalars = tuple(
        (name, texts.get(name, "x"))
        for name in sorted(can)
        if name not in ("email", "phone", "tags", "addresses") and not name.startswith("consent.")
    )
    parts = tuple((name, Personal("y")) for name in sorted(table.address_parts))
    patch = Patch(
        contacts=tuple(one for one in (email, phone) if one.kind.value in can),
        scalars=tuple(
            (name, Personal(value) if isinstance(value, str) else value) for name, value in scalars
        ),
        tags=TagDelta(added=("new",), removed=()),
        addresses=(Address(texts=parts, default=True, remote_id=None),),
        consents=tuple((one, _write(kind, platform)) for one in Channel),
    )
    if platform == "shoplazza":
        return frozenset(_of_shoplazza(kind, patch, (email, phone)))
    if platform == "shopline":
        live = LiveCustomer(remote_id="1")
        apart = {path for name, value in patch.scalars for path in _of_graphql(name, value, kind)}
        kept = tuple(one for one in patch.scalars if one[0] not in table.apart)
        patch = dataclasses.replace(patch, scalars=kept)
        if kind == "create":
            return frozenset({*_paths(shopline.new_customer(patch)["customer"]), *apart})
        own = {f"addresses[].{one}" for one in shopline.address_body(patch.addresses[0], None)}  # type: ignore[index]
        return frozenset(
            {
                *_paths(shopline.changed_customer(live, patch)["customer"]),
                *own,
                *apart,
                "address.def",
            }
        )
    return frozenset(_of_genstore(kind, patch))


def _write(kind: str, platform: str) -> ConsentWrite:
    evidence = Evidence(at=datetime.fromisoformat(AT), source="form", level="confirmed")
    yes = kind == "update" or platform != "genstore"
    state = ConsentState.SUBSCRIBED if yes else ConsentState.UNSUBSCRIBED
    return ConsentWrite(state=state, evidence=evidence)


def _of_graphql(name: str, value: Any, kind: str) -> Iterator[str]:
    if name == "metafields":
        (one,) = value.every
        sent = shopline_metafields.made(one)
        if kind == "update":
            known = replace(one, remote_id="1")
            sent = shopline_metafields.changed(one, known)
        yield from _paths({"metafield": sent})
        return
    if name not in shopline_tax.FIELDS:
        return
    sent = shopline_tax.changed(LiveCustomer(remote_id="1"), name, value)["variables"]
    told = {"taxExemptions": sent["areas"]} if "areas" in sent else dict(sent["input"])
    told.pop("id", None)  # whose they are
    yield from _paths(told)


def _of_shoplazza(kind: str, patch: Patch, contacts: tuple[Any, ...]) -> Iterator[str]:
    if kind == "update":
        body = shoplazza.changed_customer(LiveCustomer(remote_id="1"), patch, list)["customer"]
        yield from _paths(body)
        return
    for one in contacts:
        alone = dataclasses.replace(patch, contacts=(one,))
        yield from _paths(shoplazza.new_customer(alone, list)["customer"])


def _of_genstore(kind: str, patch: Patch) -> Iterator[str]:
    words = genstore.ConsentVocabulary(())
    for one in Channel:
        words.state(one, "UNSUBSCRIBED")
    if kind == "create":
        yield from _paths(genstore.new_customer(patch, words)["customer"])
        return
    carried = {path: "z" for path, row in treated("genstore").items() if "carried" in row}
    record: dict[str, Any] = {"id": "1", "defaultAddress": {"id": "8", "city": "Oslo"}}
    record["addresses"] = [{"id": "9", "city": "Bergen"}]
    regions = [{"country": "z", "applyToAllSubdivision": "z", "subdivisions": "z"}]
    record["taxExemptions"] = {"applyToAllRegion": "z", "taxExemptionRegions": regions}
    record |= {path: value for path, value in carried.items() if "." not in path}
    live = READ["genstore"](record)
    every = dataclasses.replace(
        patch,
        addresses=tuple(
            dataclasses.replace(one, texts=patch.addresses[0].texts)  # type: ignore[index]
            for one in live.addresses
        ),
    )
    said = dict.fromkeys(Channel, "SUBSCRIBED")
    yield from _paths(genstore.whole_customer(live, every, said, "UTC")["customer"])


# What a spec says of a field where it shall have another value.
WANTED: dict[str, Any] = {
    "email": "new@example.com",
    "phone": "+8613315034487",
    "first_name": "Augusta",
    "last_name": "King",
    "nickname": "Countess",
    "birthday": "1815-12-11",
    "gender": "male",
    "language": "nb",
    "note": "calls at noon",
    "tax_exempt": True,
    "tax_exemptions": [{"country": "DE", "subdivisions": "all"}],
    "metafields": [
        {"namespace": "custom", "key": "points", "type": "number_integer", "value": "7"}
    ],
    "tags": {"add": ["vip"]},
    "addresses": {"city": "Oslo", "country": "Norway", "country_code": "NO"},
    "consent.email": "unsubscribed",
    "consent.sms": "unsubscribed",
}
TAKEN = {"shopline": {"nick_name": "honoured", "language": "honoured"}}
MANAGED = [
    (one, name, new)
    for one in PLATFORMS
    for new in (False, True)
    for name in sorted(TABLES[one].creates if new else TABLES[one].updates)
]


@pytest.mark.parametrize(("platform", "name", "new"), MANAGED)
def test_a_managed_field_is_set_and_then_there_is_nothing_to_do(
    tmp_path: Path, platform: str, name: str, new: bool
) -> None:
    assert name in WANTED, f"write in `WANTED` what a spec says of a new `{name}`"
    table = TABLES[platform]
    wanted = WANTED[name]
    if name == "addresses":
        wanted = [{one: text for one, text in wanted.items() if one in table.address_parts}]
    head, _, channel = name.partition(".")
    told = {head: {channel: wanted} if channel else wanted}
    phone = "004722334455" if platform == "shopline" else "+4722334455"
    # A contact that moves takes no consent along; everything else is set on somebody with both.
    said = {} if name in ("email", "phone") else {"consent": {"email": YES, "sms": YES}}
    with opened(
        tmp_path, platform, [] if new else [person(phone=phone, **said)], TAKEN.get(platform)
    ) as shop:
        who = {} if new else {"id": shop.box.customers()[0]["id"]}
        if new and name not in ("email", "phone"):
            contact = "phone" if name == "consent.sms" else "email"
            who = {contact: WANTED[contact]}
        shop.want({**who, **told})
        planned = [one["field"] for one in shop.plan()["changes"][0]["fields"]]
        assert [one for one in planned if one.startswith(name)], planned
        shop.converge()


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_parameter_is_sent_or_not(platform: str) -> None:
    """By name in the adapter: a name that is sent nowhere stands nowhere."""
    folder = Path(platforms.__file__).parent / platform
    text = "".join(
        path.read_text(encoding="utf-8")
        for path in sorted(folder.glob("*.py"))
        if path.name in ("client.py", "dialect.py")
    )
    sent: dict[str, bool] = {}
    for name, row in treated_parameters(platform).items():
        bare = name.partition(".")[2]
        sent[bare] = sent.get(bare, False) or "sent" in row
    assert {one: f'"{one}"' in text for one in sent} == sent
