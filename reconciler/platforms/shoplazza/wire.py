"""Shoplazza's JSON to customers and back. Pure."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from reconciler.model.consent import NOTHING_TOLD, Actor, Channel, ConsentState, Grade, LiveConsent
from reconciler.model.customer import ADDRESS_TEXTS, Address, LiveCustomer, Wire
from reconciler.model.identity import IdentityKind
from reconciler.model.managed import UNMANAGED
from reconciler.model.patch import Patch
from reconciler.model.personal import in_clear
from reconciler.model.tags import carry_out
from reconciler.platforms.coerce import (
    as_bool,
    as_id,
    as_int,
    as_tags,
    as_text,
    as_texts,
    others,
    told,
)
from reconciler.platforms.shoplazza.capabilities import SHOPLAZZA

CONSENT_KEYS: Final = {
    Channel.EMAIL: ("accepts_marketing", "subscribed_flag"),
    Channel.SMS: ("accepts_sms_marketing", "sms_subscribed_flag"),
}
_TEXTS: Final = {name: name for name in ("email", "phone", "first_name", "last_name")}
_ADDRESS_PARTS: Final = tuple(
    (name, name) for name in ADDRESS_TEXTS if name in SHOPLAZZA.address_parts
)
_OTHER: Final = ("source", "free_tax", "registered", "contact_type")
_CONTACTS: Final = {one.value: one for one in (IdentityKind.EMAIL, IdentityKind.PHONE)}

# The documented codes. 0, 5 and 6 occur in examples without a meaning: there the boolean counts.
_FLAGS: Final = {
    1: (ConsentState.UNSUBSCRIBED, Actor.STAFF),
    2: (ConsentState.UNSUBSCRIBED, Actor.PERSON),
    3: (ConsentState.SUBSCRIBED, Actor.STAFF),
    4: (ConsentState.SUBSCRIBED, Actor.PERSON),
}
_GRADES: Final = {
    Actor.STAFF: Grade.STAFF,
    Actor.PERSON: Grade.PERSON,
    Actor.NOT_TOLD: Grade.UNRECORDED,
}
_MEANINGLESS: Final = frozenset({0, 5, 6})


def customer(record: Mapping[str, Any]) -> LiveCustomer:
    """Raises `Unreadable` for a record without an id; anything else garbled is only unreadable."""
    found = told(record, _TEXTS, masks_phones=False)
    tags = as_tags(record.get("tags"))  # null and absent are not told, which is not empty
    addresses = found.readable(_addresses(record))
    if tags is None:
        found.unreadable.add("tags")
    if addresses is None:
        found.unreadable.add("addresses")
    return LiveCustomer(
        remote_id=as_id(record.get("id")),
        email=found.texts["email"],
        phone=found.texts["phone"],
        first_name=found.texts["first_name"],
        last_name=found.texts["last_name"],
        tags=tags or (),
        addresses=addresses or (),
        consents=tuple([(channel, _consent(record, channel)) for channel in CONSENT_KEYS]),
        revision=as_text(record.get("updated_at")),
        unreadable=frozenset(found.unreadable),
        hidden=found.hidden,
        untold=found.untold,
        orders=as_int(record.get("orders_count")),
        known_by=_CONTACTS.get(str(record.get("contact_type"))),
        other=others(record, _OTHER),
        wire=Wire(record),
    )


def _consent(record: Mapping[str, Any], channel: Channel) -> LiveConsent:
    """State from the boolean and the flag; where they disagree, *no* wins over *yes*.

    A boolean that says yes beside a flag that says no is unknown: it may be taken out, never in.
    """
    boolean_key, flag_key = CONSENT_KEYS[channel]
    boolean = as_bool(record.get(boolean_key))
    flag = as_int(record.get(flag_key))
    if any("*" in str(record.get(key)) for key in (boolean_key, flag_key)):
        return LiveConsent(state=ConsentState.MASKED)
    if boolean is None and flag not in _FLAGS:
        return NOTHING_TOLD
    code = "" if flag is None else f"flag {flag}"
    if flag is not None and flag not in _FLAGS and flag not in _MEANINGLESS:
        return LiveConsent(state=ConsentState.UNKNOWN, code=code, absent=boolean is None)
    state, actor = _FLAGS.get(flag or 0, (None, Actor.NOT_TOLD))
    by_boolean = {True: ConsentState.SUBSCRIBED, False: ConsentState.UNSUBSCRIBED, None: None}[
        boolean
    ]
    if state is None or by_boolean is None or state is by_boolean:
        return LiveConsent(
            state=by_boolean or state or ConsentState.UNKNOWN,
            actor=actor,
            code=code,
            grade=_GRADES[actor],
        )
    if by_boolean is ConsentState.UNSUBSCRIBED:
        return LiveConsent(state=ConsentState.UNSUBSCRIBED, code=code)
    return LiveConsent(state=ConsentState.UNKNOWN, actor=actor, code=code)


def _addresses(record: Mapping[str, Any]) -> tuple[Address, ...] | None:
    listed = record.get("addresses")
    default = record.get("default_address")
    if not isinstance(listed, (list, type(None))):
        return None
    if not all(isinstance(raw, Mapping) for raw in listed or ()):
        return None
    raws = list(listed or ())
    if not raws and isinstance(default, Mapping) and default.get("id"):
        raws = [{**default, "default": True}]
    return tuple(address(raw) for raw in raws)


def address(raw: Mapping[str, Any]) -> Address:
    return Address(
        texts=as_texts(raw, _ADDRESS_PARTS),
        default=as_bool(raw.get("default")) or False,
        remote_id=as_text(raw.get("id")),
    )


def address_body(one: Address, known: Address | None) -> dict[str, Any]:
    """An address as the endpoints take it: what was read, with the told parts over it."""
    texts = dict(known.texts) if known else {}
    texts.update(one.texts)
    return {name: text.reveal() for name, text in texts.items()}


def new_customer(patch: Patch, tags: Callable[[Iterable[str]], Any]) -> dict[str, Any]:
    """A create. Both consents are always sent, since leaving one out subscribes."""
    contact = patch.contacts[0]
    value = contact.key if contact.kind is IdentityKind.PHONE else contact.value.reveal()
    body: dict[str, Any] = {"contact_type": contact.kind.value, contact.kind.value: value}
    for name, text in patch.scalars:
        if text is not None:
            body[name] = in_clear(text)
    for boolean_key, _ in CONSENT_KEYS.values():
        body[boolean_key] = False
    if patch.tags.added:
        body["tags"] = tags(patch.tags.added)
    if patch.addresses is not UNMANAGED and patch.addresses:
        first = sorted(patch.addresses, key=lambda one: not one.default)
        body["addresses"] = [address_body(one, None) for one in first]
    return {"customer": body}


def changed_customer(
    ground: LiveCustomer, patch: Patch, tags: Callable[[Iterable[str]], Any]
) -> dict[str, Any]:
    """An update: names and tags in full, as read or as wanted, since what an omission does is open.

    A consent that is *no* and stays so is sent as false; one that is *yes* and stays so is left
    out, because a stale true could undo an opt-out made meanwhile.
    """
    wanted = dict(patch.scalars)
    body: dict[str, Any] = {}
    for name in ("first_name", "last_name"):
        value = wanted.get(name, ground.scalar(name))
        if value is not None:
            body[name] = in_clear(value)
        elif name in wanted:
            body[name] = ""
    if "tags" not in ground.unreadable:
        body["tags"] = tags(carry_out(ground.tags, patch.tags))
    record = ground.wire.record if ground.wire else {}
    for channel, (boolean_key, _) in CONSENT_KEYS.items():
        write = patch.consent(channel)
        if write is not None:
            body[boolean_key] = write.state is ConsentState.SUBSCRIBED
        elif (
            as_bool(record.get(boolean_key)) is False
            or ground.consent(channel).state is ConsentState.UNSUBSCRIBED
        ):
            body[boolean_key] = False
    return {"customer": body}
