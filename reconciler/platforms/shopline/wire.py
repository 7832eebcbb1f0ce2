"""SHOPLINE's JSON to customers and back. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar

from reconciler.model.consent import (
    NOTHING_TOLD,
    Actor,
    Channel,
    ConsentState,
    Grade,
    LiveConsent,
    Subscription,
)
from reconciler.model.customer import (
    ADDRESS_TEXTS,
    CONTACT_OF,
    Address,
    LiveCustomer,
    Scalar,
    Wire,
)
from reconciler.model.identity import Identity, IdentityKind
from reconciler.model.instant import date_fault
from reconciler.model.managed import UNMANAGED
from reconciler.model.patch import ConsentWrite, Patch
from reconciler.model.personal import Personal, in_clear
from reconciler.model.tags import carry_out
from reconciler.platforms.coerce import as_bool, as_id, as_int, as_tags, as_text, others, told
from reconciler.platforms.shopline.capabilities import SHOPLINE
from reconciler.platforms.times import StoreTimes

T = TypeVar("T")

CONSENT_KEYS: Final = {
    Channel.EMAIL: ("email_marketing_consent", "email_subscribe_flag"),
    Channel.SMS: ("sms_marketing_consent", "mobile_subscribe_flag"),
}
_STATES: Final = {
    0: ConsentState.UNSUBSCRIBED,
    1: ConsentState.SUBSCRIBED,
    2: ConsentState.NOT_SUBSCRIBED,
    3: ConsentState.PENDING,
}
_BY_STATUS: Final = {0: ConsentState.UNSUBSCRIBED, 1: ConsentState.SUBSCRIBED}
_CODES: Final = {state: code for code, state in _STATES.items()}
_LEVELS: Final = {"single": 1, "confirmed": 2}
# Their 0, `unknown`, is nothing told.
_LEVEL_TOLD: Final = {number: word for word, number in _LEVELS.items()}
_ACCOUNTS: Final = {0: Channel.EMAIL, 1: Channel.SMS}
_MOST_ACCOUNTS: Final = 100
_OTHER_ACCOUNTS: Final = {2: "LINE", 3: "Messenger"}
# `subscribe_channel`: 0 footer, 1 account page, 2 order, 3 open API, 4 pop-up, 5 mail,
# 6 registration, 7 import.
_GRADES: Final = {
    **dict.fromkeys((0, 1, 4, 5, 6), Grade.PERSON),
    2: Grade.ORDER,
    **dict.fromkeys((3, 7), Grade.STAFF),
}
_TEXTS: Final = {
    **{name: name for name in ("email", "phone", "first_name", "last_name", "note")},
    "nickname": "nick_name",
    "birthday": "birthday",
    "gender": "gender",
    "language": "language",
}
# Written as numbers; answers have numbers or words. Their 0, `unknown`, is nothing told.
_GENDERS: Final = {"male": 1, "female": 2, "secret": 3}
_GENDER_TOLD: Final[dict[str, Personal | None]] = {
    **dict.fromkeys(("0", "unknown")),
    **{word: Personal(word) for word in _GENDERS},
    **{str(number): Personal(word) for word, number in _GENDERS.items()},
}
_UNASKED: Final = SHOPLINE.apart
_TAG: Final = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*")
_DAY: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_BLOCKED: Final = 0  # of `state`: 0 on the blacklist, 1 not invited, 2 invited, 3 registered
_OTHER: Final = (
    "verified_email",
    "multipass_identifier",
    "state",
)


def customer(record: Mapping[str, Any], times: StoreTimes) -> LiveCustomer:
    """Raises `Unreadable` for a record without an id; anything else garbled is only unreadable."""
    found = told(record, _TEXTS, masks_phones=True)
    tags = as_tags(record.get("tags"))  # null and absent are not told, which is not empty
    addresses = found.readable(_addresses(record))
    if tags is None:
        found.unreadable.add("tags")
    if addresses is None:
        found.unreadable.add("addresses")
    times.note((record.get("created_at"), record.get("updated_at")))
    return LiveCustomer(
        remote_id=as_id(record.get("id")),
        email=found.texts["email"],
        phone=found.texts["phone"],
        first_name=found.texts["first_name"],
        last_name=found.texts["last_name"],
        nickname=found.texts["nickname"],
        birthday=_day(found.texts["birthday"]),
        gender=_gender(found.texts["gender"]),
        language=_language(found.texts["language"]),
        note=found.texts["note"],
        tags=tags or (),
        addresses=addresses or (),
        consents=tuple([(channel, _consent(record, channel, times)) for channel in CONSENT_KEYS]),
        revision=as_text(record.get("updated_at")),
        unreadable=frozenset(found.unreadable),
        hidden=found.hidden,
        untold=found.untold,
        unasked=_UNASKED,
        orders=as_int(record.get("orders_count")),
        blocked=as_int(record.get("state")) == _BLOCKED,
        other=others(record, _OTHER),
        wire=Wire(record),
        teaches=times.learned(),
    )


def _day(told: Personal | None) -> Personal | None:
    """`19970102` with its hyphens; what is no such day stays as the store has it."""
    found = None if told is None else _DAY.fullmatch(told.reveal())
    if found is None:
        return told
    text = "-".join(found.groups())
    return told if date_fault(text) else Personal(text)


def _gender(told: Personal | None) -> Personal | None:
    """A word of the documents; any other, and a number that they do not list, stays as it is."""
    return None if told is None else _GENDER_TOLD.get(told.reveal().strip().casefold(), told)


def _language(told: Personal | None) -> Personal | str | None:
    """A tag of a language; any other text may be anybody's, and stays what it is."""
    if told is None:
        return None
    text = told.reveal()
    return text if _TAG.fullmatch(text.strip()) else told


def hear(record: Mapping[str, Any], times: StoreTimes) -> None:
    """Learns from a record what `customer` would, in the same order."""
    times.note((record.get("created_at"), record.get("updated_at")))
    for key, _ in CONSENT_KEYS.values():
        given = record.get(key)
        state = given.get("state") if isinstance(given, Mapping) else None
        if isinstance(given, Mapping) and state not in (None, "") and "*" not in str(state):
            times.note((given.get("consent_updated_at"),))


def _consent(record: Mapping[str, Any], channel: Channel, times: StoreTimes) -> LiveConsent:
    """The object's state, cross-checked by the flag of the final state.

    While the object awaits a confirmation the flag may lag. Any other yes against no is unknown.
    """
    object_key, flag_key = CONSENT_KEYS[channel]
    given = record.get(object_key)
    flag = _by_code(record.get(flag_key))
    if not isinstance(given, Mapping) or given.get("state") in (None, ""):
        return NOTHING_TOLD if flag is None else LiveConsent(state=flag)
    if "*" in str(given["state"]):
        return LiveConsent(state=ConsentState.MASKED)
    number = as_int(given["state"])
    state = _by_code(number) or ConsentState.UNKNOWN
    code = f"state {number}" if number is not None else ""
    moment = given.get("consent_updated_at")
    yes = ConsentState.SUBSCRIBED
    if flag is not None and state is not ConsentState.PENDING and (state is yes) != (flag is yes):
        return times.consent(LiveConsent(state=ConsentState.UNKNOWN, code=code), moment)
    if ConsentState.UNSUBSCRIBED in (state, flag) and state is ConsentState.NOT_SUBSCRIBED:
        state = ConsentState.UNSUBSCRIBED
    if state is not yes:
        return times.consent(LiveConsent(state=state, code=code), moment)
    level = _by_number(_LEVEL_TOLD, given.get("opt_in_level"))
    source = as_text(given.get("consent_collected_from"))
    found = LiveConsent(
        state=state,
        code=code,
        grade=Grade.CONFIRMED if level == "confirmed" else Grade.UNRECORDED,
        level=level,
        source=Personal(source) if source else None,
    )
    return times.consent(found, moment)


def with_actors(
    live: LiveCustomer, rows: Iterable[Mapping[str, Any]], times: StoreTimes
) -> LiveCustomer:
    """With who acted, by the rows of `customers/subscribe.json` for this customer.

    Documented is only the channel of a subscription. The row of somebody unsubscribed may still
    tell where they came from, so it can show the person's act and never shows one of staff; and its
    time is one that the opt-out came after, where the customer's own record tells none. Rows of
    other channels, known or not, stay as they are told.
    """
    consents = dict(live.consents)
    rows = [row for row in rows if str(row.get("customer_id")) == live.remote_id]
    for row in rows:
        channel = _by_number(_ACCOUNTS, row.get("subscribe_account_type"))
        grade = _by_number(_GRADES, row.get("subscribe_channel"))
        if channel is None or grade is None:
            continue
        had = consents[channel]
        if had.state is not _by_number(_BY_STATUS, row.get("status")):
            continue
        out = had.state is ConsentState.UNSUBSCRIBED
        if out and had.at is None:
            had = replace(had, not_before=times.instant(row.get("subscribe_time")))
            consents[channel] = had
        if out and grade is not Grade.PERSON:
            continue
        actor = Actor.PERSON if grade is Grade.PERSON else had.actor
        actor = Actor.STAFF if grade is Grade.STAFF else actor
        kept = had.grade if had.grade is Grade.CONFIRMED else grade
        consents[channel] = replace(had, actor=actor, grade=kept)
    beside = tuple(
        _subscription(row, times)
        for row in rows
        if _by_number(_ACCOUNTS, row.get("subscribe_account_type")) is None
    )
    return replace(live, consents=tuple(consents.items()), subscriptions=beside)


def _subscription(row: Mapping[str, Any], times: StoreTimes) -> Subscription:
    """Of an account type that the documents do not list at most a small number is told: a larger
    one may be somebody's.
    """
    number = as_int(row.get("subscribe_account_type"))
    small = number is not None and 0 <= number < _MOST_ACCOUNTS
    unknown = f"unknown channel {number}" if small else "unknown channel"
    return Subscription(
        channel=_by_number(_OTHER_ACCOUNTS, number) or unknown,
        state=_by_number(_BY_STATUS, row.get("status")) or ConsentState.UNKNOWN,
        grade=_by_number(_GRADES, row.get("subscribe_channel")) or Grade.UNRECORDED,
        at=times.instant(row.get("subscribe_time")),
    )


def _by_code(value: object) -> ConsentState | None:
    return _by_number(_STATES, value)


def _by_number(table: Mapping[int, T], value: object) -> T | None:
    number = as_int(value)
    return None if number is None else table.get(number)


def _addresses(record: Mapping[str, Any]) -> tuple[Address, ...] | None:
    listed = record.get("addresses")
    if not isinstance(listed, (list, type(None))):
        return None
    if not all(isinstance(raw, Mapping) for raw in listed or ()):
        return None
    return tuple(_address(raw) for raw in listed or ())


def _address(raw: Mapping[str, Any]) -> Address:
    texts = tuple(
        (name, Personal(text)) for name in ADDRESS_TEXTS if (text := _part(raw, name)) is not None
    )
    default = as_bool(raw.get("default", raw.get("def")))
    return Address(texts=texts, default=default or False, remote_id=as_text(raw.get("id")))


def _part(raw: Mapping[str, Any], name: str) -> str | None:
    """A customer's page tells the province as `province_code_v2`, in the form of ISO 3166-2; the
    address endpoints, which also write it, know it as `province_code`, without the country.
    """
    newer = as_text(raw.get("province_code_v2")) if name == "province_code" else None
    if newer is None:
        return as_text(raw.get(name))
    return newer.removeprefix(f"{raw.get('country_code')}-") or newer


def address_body(one: Address, known: Address | None) -> dict[str, Any]:
    """An address as its endpoints take it: what was read, with the told parts over it."""
    texts = dict(known.texts) if known else {}
    texts.update(one.texts)
    return {name: text.reveal() for name, text in texts.items()}


def contact(one: Identity) -> str:
    """Phone numbers as `00`, country code and number."""
    return f"00{one.key[1:]}" if one.kind is IdentityKind.PHONE else one.value.reveal()


def new_customer(patch: Patch) -> dict[str, Any]:
    """A create; a consent that is not asked for is sent as *not subscribed*."""
    body: dict[str, Any] = {one.kind.value: contact(one) for one in patch.contacts}
    body |= dict(_written(name, value) for name, value in patch.scalars if value is not None)
    if patch.tags.added:
        body["tags"] = ",".join(patch.tags.added)
    if patch.addresses is not UNMANAGED and patch.addresses:
        body["addresses"] = [
            {**address_body(one, None), "default": bool(one.default)} for one in patch.addresses
        ]
    kinds = {one.kind for one in patch.contacts}
    for channel, (key, _) in CONSENT_KEYS.items():
        kind = CONTACT_OF[channel]
        write = patch.consent(channel)
        if write is not None:
            body[key] = consent_body(write)
        elif kind in kinds:
            body[key] = {"state": _CODES[ConsentState.NOT_SUBSCRIBED]}
    return {"customer": body}


def changed_customer(ground: LiveCustomer, patch: Patch) -> dict[str, Any]:
    """An update: changed scalars and, where they change, the full tags; nothing else is sent.

    Whether a store keeps what is left out is not documented: until it was seen to, others' tags go
    along.
    """
    body: dict[str, Any] = {one.kind.value: contact(one) for one in patch.contacts}
    body |= dict(_written(name, value) for name, value in patch.scalars)
    if patch.tags or (patch.unproven and ground.tags):
        body["tags"] = ",".join(carry_out(ground.tags, patch.tags))
    for channel, (key, _) in CONSENT_KEYS.items():
        write = patch.consent(channel)
        if write is not None:
            body[key] = consent_body(write)
    return {"customer": body}


def _written(name: str, value: Scalar) -> tuple[str, str | int | bool]:
    """Null is ignored by the address endpoints, so the empty text is tried, and read back."""
    text = in_clear(value)
    if name == "gender":
        return name, 0 if text is None else _GENDERS[str(text)]
    if name == "birthday" and text is not None:
        text = str(text).replace("-", "")
    return _TEXTS.get(name, name), "" if text is None else text


def consent_body(write: ConsentWrite) -> dict[str, Any]:
    """State with what the platform keeps of the evidence."""
    body: dict[str, Any] = {"state": _CODES[write.state]}
    evidence = write.evidence
    if evidence.at is not None:
        body["consent_updated_at"] = evidence.at.isoformat()
    if write.state is ConsentState.SUBSCRIBED:
        if evidence.level in _LEVELS:
            body["opt_in_level"] = _LEVELS[evidence.level]
        if evidence.source is not None:
            body["consent_collected_from"] = evidence.source[:50]
    return body
