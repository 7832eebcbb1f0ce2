"""Genstore's JSON to customers and back. Pure; examples of the documents with text in place of
numbers, booleans and lists, months past 12 and hidden values all pass through here.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from reconciler.model.consent import NOTHING_TOLD, Channel, ConsentState, LiveConsent
from reconciler.model.customer import ADDRESS_TEXTS, Account, Address, LiveCustomer, Scalar, Wire
from reconciler.model.managed import UNMANAGED
from reconciler.model.patch import ConsentWrite, Patch
from reconciler.model.personal import in_clear
from reconciler.model.settings import ConsentWord
from reconciler.model.tags import carry_out
from reconciler.model.tax import TaxExemptions
from reconciler.platforms.coerce import (
    Unreadable,
    as_bool,
    as_flag,
    as_id,
    as_int,
    as_mapping,
    as_text,
    as_texts,
    as_written_tags,
    others,
    told,
)
from reconciler.platforms.genstore import tax
from reconciler.platforms.genstore.capabilities import GENSTORE
from reconciler.platforms.times import StoreTimes

CONSENT_KEYS: Final = {
    Channel.EMAIL: "emailMarketingConsent",
    Channel.SMS: "smsMarketingConsent",
}
_CONSENTS: Final = tuple(CONSENT_KEYS.items())
SCALAR_KEYS: Final = {
    "email": "email",
    "phone": "phone",
    "first_name": "firstName",
    "last_name": "lastName",
    "note": "notes",
}
_ADDRESS_KEYS: Final = {
    "first_name": "firstName",
    "last_name": "lastName",
    "company": "company",
    "address1": "address1",
    "address2": "address2",
    "city": "city",
    "province_code": "provinceCode",
    "country_code": "countryCode",
    "zip": "zip",
    "phone": "phone",
}
_ADDRESS_PARTS: Final = tuple(
    (name, _ADDRESS_KEYS[name]) for name in ADDRESS_TEXTS if name in _ADDRESS_KEYS
)
# Writable, not managed here, and lost if a full write left them out.
_VERIFIED: Final = "verifiedEmail"
_OTHER: Final[tuple[str, ...]] = (_VERIFIED, "state")
_DEFAULT: Final = "isDefaultAddress"
_ACCOUNTS: Final = {one.name: one for one in Account}

_TOLD_AT_MOST: Final = 100
_NO: Final = (ConsentState.UNSUBSCRIBED, ConsentState.NOT_SUBSCRIBED)


class ConsentVocabulary:
    """The words of one store: those that are known, those that are configured, those it was seen
    to use. A word means one thing, whatever is configured: nothing that is known is overruled.
    """

    def __init__(self, configured: Sequence[ConsentWord]) -> None:
        self._configured = {
            (one.channel, one.word): one.state
            for one in configured
            if GENSTORE.meaning(one.word) in (None, one.state)
        }
        self._words = {
            (channel, state): word for (channel, word), state in self._configured.items()
        }
        # Words whose saying has been noted, so that saying it again notes nothing.
        self._told: dict[Channel, dict[str, ConsentState]] = {channel: {} for channel in Channel}
        self._seen: dict[tuple[Channel, ConsentState], str] = {}
        self.seen: tuple[tuple[Channel, ConsentState, str], ...] = ()

    def state(self, channel: Channel, word: str) -> ConsentState:
        """What a word of the store says; it has then been seen."""
        told = self._told[channel]
        if (known := told.get(word)) is not None:
            return known
        means = self._meaning(channel, word)
        if means is ConsentState.UNKNOWN:
            return means
        if (channel, means) not in self._seen or self._words.get((channel, means)) == word:
            self._note(channel, means, word)
        if len(told) < _TOLD_AT_MOST:
            told[word] = means
        return means

    def remember(self, channel: Channel, state: ConsentState, word: str) -> None:
        """Takes over what an earlier reading has seen."""
        self._told[channel].clear()
        if self._meaning(channel, word) is state:
            self._note(channel, state, word)

    def _note(self, channel: Channel, state: ConsentState, word: str) -> None:
        if self._seen.get((channel, state)) != word:
            self._seen[channel, state] = word
            self.seen = tuple(sorted((*key, one) for key, one in self._seen.items()))

    def word(self, channel: Channel, state: ConsentState) -> str | None:
        """The word if it is known: configured, or seen in this store."""
        return self._words.get((channel, state)) or self._seen.get((channel, state))

    def no(self, channel: Channel, state: ConsentState) -> str | None:
        """The same for a *no*; nothing that may say yes, or that waits for one."""
        return self.word(channel, state) if state in _NO else None

    def candidates(self, channel: Channel, ground: ConsentState) -> tuple[str, ...]:
        """The words to try for *unsubscribed*, surest first, each once.

        *Never subscribed* is the last resort, and pointless for somebody who is that already.
        """
        words = [
            self._words.get((channel, ConsentState.UNSUBSCRIBED)),
            self._seen.get((channel, ConsentState.UNSUBSCRIBED)),
            "UNSUBSCRIBED",
            "UN_SUBSCRIBED",
            None if ground is ConsentState.NOT_SUBSCRIBED else "NOT_SUBSCRIBED",
        ]
        return tuple(dict.fromkeys(word for word in words if word))

    def _meaning(self, channel: Channel, word: str) -> ConsentState:
        known = GENSTORE.meaning(word)
        return known or self._configured.get((channel, word), ConsentState.UNKNOWN)


def customer(
    record: Mapping[str, Any], words: ConsentVocabulary, times: StoreTimes
) -> LiveCustomer:
    """Raises `Unreadable` for a record without an id; anything else garbled is only unreadable."""
    found = told(record, SCALAR_KEYS, masks_phones=False)
    tags = as_written_tags(record.get("tags"))  # null and absent are not told, which is not empty
    addresses = found.readable(_addresses(record))
    if tags is None:
        found.unreadable.add("tags")
    if addresses is None:
        found.unreadable.add("addresses")
    exempt, other = None, _OTHER
    try:
        exempt = tax.exempt_in(record.get(tax.KEY))
    except Unreadable:
        found.unreadable.add("tax_exemptions")
        other = (*_OTHER, tax.KEY)
    times.note((record.get("createTime"), record.get("updateTime")))
    return LiveCustomer(
        remote_id=as_id(record.get("id")),
        email=found.texts["email"],
        phone=found.texts["phone"],
        first_name=found.texts["first_name"],
        last_name=found.texts["last_name"],
        note=found.texts["note"],
        tax_exempt=as_bool(record.get("taxExempt")),
        tax_exemptions=exempt,
        tags=tags or (),
        addresses=addresses or (),
        consents=tuple(
            [
                (channel, _consent(record.get(key), channel, words, times))
                for channel, key in CONSENT_KEYS.items()
            ]
        ),
        revision=as_text(record.get("updateTime")),
        unreadable=frozenset(found.unreadable),
        hidden=found.hidden,
        untold=found.untold,
        orders=as_int(record.get("ordersCount")),
        account=_ACCOUNTS.get(str(record.get("state"))),
        verified_email=as_bool(record.get(_VERIFIED)),
        other=others(record, other),
        wire=Wire(record),
        teaches=times.learned(words.seen),
    )


def hear(record: Mapping[str, Any], words: ConsentVocabulary, times: StoreTimes) -> None:
    """Learns from a record what `customer` would, in the same order."""
    times.note((record.get("createTime"), record.get("updateTime")))
    for channel, key in _CONSENTS:
        value = record.get(key)
        if not isinstance(value, dict):
            continue
        word = value.get("state")
        if isinstance(word, str) and "*" not in word:
            words.state(channel, word)
            times.note((value.get("consentUpdateTime"),))


def _consent(
    value: object, channel: Channel, words: ConsentVocabulary, times: StoreTimes
) -> LiveConsent:
    if not isinstance(value, Mapping) or not isinstance(value.get("state"), str):
        return NOTHING_TOLD
    word = value["state"]
    if "*" in word:
        return LiveConsent(state=ConsentState.MASKED)
    return times.consent(_said(words.state(channel, word), word), value.get("consentUpdateTime"))


@lru_cache(maxsize=256)
def _said(state: ConsentState, word: str) -> LiveConsent:
    return LiveConsent(state=state, code=word if word.replace("_", "").isalnum() else "")


def _addresses(record: Mapping[str, Any]) -> tuple[Address, ...] | None:
    """All addresses; the default one may stand outside the list, as in the documents' example."""
    found: dict[str, Address] = {}
    default = record.get("defaultAddress")
    listed = record.get("addresses")
    if not isinstance(listed, (list, type(None))):
        return None
    extra = [default] if isinstance(default, Mapping) and default.get("id") else []
    for raw in (*(listed or ()), *extra):
        if not isinstance(raw, Mapping):
            return None
        known = as_text(raw.get("id"))
        if known not in found:
            found[known or f"#{len(found)}"] = _address(raw)
    default_id = as_text(extra[0].get("id")) if extra else None
    return tuple(
        one if default_id is None or one.remote_id != default_id else _as_default(one)
        for one in found.values()
    )


def _as_default(address: Address) -> Address:
    return Address(texts=address.texts, default=True, remote_id=address.remote_id)


def _address(raw: Mapping[str, Any]) -> Address:
    return Address(
        texts=as_texts(raw, _ADDRESS_PARTS),
        default=as_bool(raw.get("isDefaultAddress")) or False,
        remote_id=as_text(raw.get("id")),
    )


def new_customer(patch: Patch, words: ConsentVocabulary) -> dict[str, Any]:
    """A create. Consent is left out unless the store's word for *no* is known, and where a grant
    follows.
    """
    body: dict[str, Any] = {}
    for contact in patch.contacts:
        body[contact.kind.value] = contact.value.reveal()
    for name, value in patch.scalars:
        if value is not None:
            key, told = _written(name, value, None)
            body[key] = told
    if patch.tags.added:
        body["tags"] = list(patch.tags.added)
    if patch.addresses is not UNMANAGED and patch.addresses:
        body["addresses"] = [_address_body(one, {}) for one in patch.addresses]
    for channel in Channel:
        wanted = patch.consent(channel)
        if wanted is None and channel in patch.granted_next:
            continue
        state = wanted.state if wanted is not None else ConsentState.NOT_SUBSCRIBED
        word = words.no(channel, state)
        if word is not None:
            body[CONSENT_KEYS[channel]] = {"state": word}
    return {"customer": body}


def whole_customer(
    ground: LiveCustomer, patch: Patch, consent_words: Mapping[Channel, str], zone: str | None
) -> dict[str, Any]:
    """An update: the full writable object, since merge or replace is not documented.

    What the patch does not name goes back as it was read; `consent_words` are the words to write.
    A consent goes with its time in the store's zone, as in the documents' example; without a `zone`
    that time would be another, so it is left out.
    """
    record = as_mapping(ground.wire.record if ground.wire else None, "the record")
    body: dict[str, Any] = {}
    for name, key in SCALAR_KEYS.items():
        if name not in ground.unreadable and key in record:
            body[key] = record[key]
    for key in _OTHER:
        if key in record:
            body[key] = as_flag(record[key]) if key == _VERIFIED else record[key]
    if tax.KEY in record:
        body[tax.KEY] = tax.carried(record[tax.KEY])
    for contact in patch.contacts:
        body[SCALAR_KEYS[contact.kind.value]] = contact.value.reveal()
    if ground.tax_exempt is not None:
        body["taxExempt"] = ground.tax_exempt
    for name, value in patch.scalars:
        key, told = _written(name, value, record.get(tax.KEY))
        body[key] = told
    if "tags" not in ground.unreadable:
        body["tags"] = list(carry_out(ground.tags, patch.tags))
    _put_addresses(body, record, ground, patch)
    for channel, key in CONSENT_KEYS.items():
        if channel in consent_words:
            write = patch.consent(channel)
            at = write.evidence.at if write is not None else None
            body[key] = {"state": consent_words[channel], **_consent_time(at, zone)}
        elif key in record:
            body[key] = record[key]
    return {"customer": body}


def _written(name: str, value: Scalar, exempt: object) -> tuple[str, Any]:
    """The key and what goes there; `exempt` is what the record tells of exemptions by region."""
    if name == "tax_exempt":
        return "taxExempt", bool(value)
    if name == "tax_exemptions":
        return tax.KEY, tax.written(value if isinstance(value, TaxExemptions) else None, exempt)
    # Clearing is not documented; the empty text is the likeliest form and is read back.
    return SCALAR_KEYS[name], "" if value is None else in_clear(value)


def _put_addresses(
    body: dict[str, Any], record: Mapping[str, Any], ground: LiveCustomer, patch: Patch
) -> None:
    if patch.addresses is UNMANAGED:
        if "addresses" not in ground.unreadable:
            if record.get("addresses") is not None:
                body["addresses"] = [_carried(one) for one in record["addresses"]]
            if record.get("defaultAddress") is not None:
                body["defaultAddress"] = _carried(record["defaultAddress"])
        return
    known = {
        str(raw.get("id")): raw
        for raw in (*(record.get("addresses") or ()), record.get("defaultAddress") or {})
        if isinstance(raw, Mapping)
    }
    body["addresses"] = [
        _address_body(one, known.get(one.remote_id or "", {})) for one in patch.addresses
    ]
    default = next((one for one in patch.addresses if one.default and one.remote_id), None)
    if default is not None:
        body["defaultAddress"] = _address_body(default, known.get(default.remote_id or "", {}))


def _carried(address: object) -> Any:
    """What goes back of an address as it was read."""
    if not isinstance(address, Mapping) or _DEFAULT not in address:
        return address
    return {**address, _DEFAULT: as_flag(address[_DEFAULT])}


def _address_body(address: Address, known: Mapping[str, Any]) -> dict[str, Any]:
    """The address as it was read, with the told parts written over it."""
    body = {**_carried(known)}
    for name, text in address.texts:
        if name in _ADDRESS_KEYS:
            body[_ADDRESS_KEYS[name]] = text.reveal()
    if address.default is not None:
        body[_DEFAULT] = address.default
    return body


def _consent_time(at: datetime | None, zone: str | None) -> dict[str, str]:
    if at is None or zone is None:
        return {}
    local = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return {"consentUpdateTime": local.isoformat(timespec="milliseconds")}


def grant_word(write: ConsentWrite, channel: Channel, words: ConsentVocabulary) -> str:
    """SUBSCRIBED is the one word that the documents show."""
    return words.word(channel, write.state) or "SUBSCRIBED"
