"""A live store to a spec: what would plan empty against that same store.

Only what is read surely is written: hidden or garbled fields and consents that are neither yes nor
no are left out, which leaves them alone.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import yaml

from reconciler.model.capabilities import Capabilities
from reconciler.model.consent import Channel, ConsentState, LiveConsent
from reconciler.model.customer import Address, LiveCustomer
from reconciler.model.identity import email_key, phone_key
from reconciler.model.personal import Personal
from reconciler.model.settings import StoreSettings
from reconciler.model.tags import Owned
from reconciler.platforms.base import Reader
from reconciler.spec import schema

DUMPER: Final = yaml.CSafeDumper if yaml.__with_libyaml__ else yaml.SafeDumper
_TEXTS: Final = ("first_name", "last_name", "note")


def export(client: Reader, store: StoreSettings) -> Iterator[tuple[str, int]]:
    """Pieces of the spec file as they are read, each with how many customers it holds."""
    yield f"store: {store.name}\ncustomers:\n", 0
    seen: set[str] = set()
    taken: set[str] = set()
    count = 0
    for _ in range(1 if client.count() is None and client.stable() else 2):
        before = len(seen)
        for page in client.scan():
            entries = []
            for live in page.customers:
                if live.remote_id not in seen:
                    seen.add(live.remote_id)
                    entries.append(_entry(live, store, client.capabilities, taken))
            if entries:
                count += len(entries)
                yield _dump(entries), len(entries)
        if client.stable() or client.count() == len(seen) or len(seen) == before:
            break
    if not count:
        yield "  []\n", 0


def _dump(entries: list[dict[str, Any]]) -> str:
    text: str = yaml.dump(entries, Dumper=DUMPER, allow_unicode=True, sort_keys=False, width=10_000)
    return "".join(f"  {line}\n" if line else "\n" for line in text.splitlines())


def _entry(
    live: LiveCustomer, store: StoreSettings, table: Capabilities, taken: set[str]
) -> dict[str, Any]:
    entry: dict[str, Any] = {"id": live.remote_id}
    entry |= _contacts(live, store, taken)
    for name in _TEXTS:
        value = live.scalar(name)
        if name in table.updates and isinstance(value, Personal):
            _keep(entry, name, value.reveal())
    if "tax_exempt" in table.updates and live.tax_exempt is not None:
        entry["tax_exempt"] = live.tax_exempt
    owned = Owned(store.owned_tags) if store.owned_tags is not None else live.tags
    tags = [tag for tag in live.tags if schema.fits("tag", tag) and tag in owned]
    if tags:
        entry["tags"] = {"add": tags}
    consent = {
        channel.value: told
        for channel in Channel
        if (told := _consent(live.consent(channel))) is not None
    }
    if consent:
        entry["consent"] = consent
    addresses = [_address(one) for one in live.addresses]
    if addresses and all(schema.fits("address", one) and _is_text(one) for one in addresses):
        entry["addresses"] = addresses
    return entry


def _contacts(live: LiveCustomer, store: StoreSettings, taken: set[str]) -> dict[str, str]:
    """Contacts that can be matched by; one that two customers share stays with the first."""
    found: dict[str, str] = {}
    if live.email is not None and _is_email(live.email.reveal()):
        key = email_key(live.email.reveal())
        if key not in taken:
            taken.add(key)
            found["email"] = live.email.reveal()
    if live.phone is not None:
        number = phone_key(live.phone.reveal(), store.phone_region)
        if number is not None and number not in taken:
            taken.add(number)
            found["phone"] = number
    return found


def _is_email(text: str) -> bool:
    return schema.fits("email", text) and text.isprintable()


def _keep(entry: dict[str, Any], name: str, text: str) -> None:
    """Texts that come back the same: lines in notes, no other control characters anywhere."""
    kind = "note" if name == "note" else "name"
    lines = text.split("\n") if kind == "note" else [text]
    if schema.fits(kind, text) and all(line.isprintable() for line in lines):
        entry[name] = text


def _is_text(address: Mapping[str, Any]) -> bool:
    return all(str(part).isprintable() for part in address.values())


def _consent(live: LiveConsent) -> Any:
    if live.state is ConsentState.UNSUBSCRIBED:
        return "unsubscribed"
    if live.state is not ConsentState.SUBSCRIBED:
        return None
    if live.at is None:
        return {"state": "subscribed"}
    return {"state": "subscribed", "given_at": live.at.isoformat()}


def _address(address: Address) -> Mapping[str, Any]:
    texts: dict[str, Any] = {name: text.reveal() for name, text in address.texts}
    if address.default:
        texts["default"] = True
    return texts
