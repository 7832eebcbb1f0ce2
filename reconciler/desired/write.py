"""A live store to a spec: what would plan empty against that same store.

Only what is read surely is written: hidden or garbled fields and consents that are neither yes nor
no are left out, which leaves them alone. So is what a spec may not hold; how much that was is told.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from reconciler import schemas
from reconciler.model.capabilities import Capabilities
from reconciler.model.consent import Channel, ConsentState, LiveConsent
from reconciler.model.customer import Address, LiveCustomer
from reconciler.model.fields import BY_NAME, PROFILE
from reconciler.model.identity import email_key, phone_key
from reconciler.model.metafields import Metafields
from reconciler.model.personal import in_clear
from reconciler.model.settings import StoreSettings
from reconciler.model.spelling import phone_fault
from reconciler.model.tags import Owned, tag_key

DUMPER: Final = yaml.CSafeDumper if yaml.__with_libyaml__ else yaml.SafeDumper


@dataclass(slots=True)
class SpecWriter:
    """Customers of one store as entries of a spec file. `left_out` counts by what and why. `parts`
    are those that are wanted of a field, where it has several and not all are; `met` are those that
    somebody has.
    """

    store: StoreSettings
    table: Capabilities
    parts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    met: set[tuple[str, str]] = field(default_factory=set)
    left_out: Counter[str] = field(default_factory=Counter)
    _taken: set[str] = field(default_factory=set)

    def head(self) -> str:
        return f"store: {self.store.name}\ncustomers:\n"

    def entries(self, customers: Iterable[LiveCustomer]) -> str:
        return _dump([self._entry(live) for live in customers])

    def _entry(self, live: LiveCustomer) -> dict[str, Any]:
        table = self.table
        entry: dict[str, Any] = {"id": live.remote_id}
        entry |= self._contacts(live, dict(table.lengths))
        for name in PROFILE:
            value = live.scalar(name) if name in table.updates else None
            if isinstance(value, Metafields):
                self._keep_parts(entry, name, value)
            elif value is not None:
                self._keep(entry, name, in_clear(value), dict(table.lengths).get(name))
        if self._is_unclaimed(live):
            entry["claim"] = False
        tags = self._tags(live, table)
        if tags:
            entry["tags"] = {"add": tags}
        consent = {
            channel.value: told
            for channel in Channel
            if (told := self._consent(live.consent(channel))) is not None
        }
        if consent:
            entry["consent"] = consent
        addresses = self._addresses(live, table)
        if addresses:
            entry["addresses"] = addresses
        return entry

    def _is_unclaimed(self, live: LiveCustomer) -> bool:
        """Whether the store claims whoever has an entry, and this customer bears no mark yet."""
        ownership = self.store.ownership
        told = "tags" not in live.unreadable
        return bool(self.store.claim and ownership.tag) and not (
            told and ownership.is_ours(live.tags)
        )

    def _contacts(self, live: LiveCustomer, lengths: Mapping[str, int]) -> dict[str, str]:
        """Contacts that can be matched by; one that two customers share stays with the first."""
        found: dict[str, str] = {}
        if live.email is not None:
            text = live.email.reveal()
            key = email_key(text)
            if key in self._taken:
                self.left_out["e-mail addresses that another customer has too"] += 1
            elif not schemas.fits("email", text) or len(text) > lengths.get("email", len(text)):
                self.left_out["e-mail addresses that are none"] += 1
            else:
                self._taken.add(key)
                found["email"] = text
        if live.phone is not None:
            number = phone_key(live.phone.reveal(), self.store.phone_region)
            if number is None or phone_fault(number, self.store.phone_region):
                self.left_out["phone numbers that cannot be read here"] += 1
            elif number in self._taken:
                self.left_out["phone numbers that another customer has too"] += 1
            else:
                self._taken.add(number)
                found["phone"] = number
        self._note_hidden(live)
        return found

    def _note_hidden(self, live: LiveCustomer) -> None:
        for name in sorted(live.unreadable):
            self.left_out[f"`{name}` that the store hides"] += 1

    def _keep(self, entry: dict[str, Any], name: str, value: object, most: int | None) -> None:
        short = most is None or not isinstance(value, str) or len(value) <= most
        if short and schemas.fits(BY_NAME[name].part, value):
            entry[name] = value
        else:
            many = name.replace("_", " ").removesuffix("s")
            self.left_out[f"{many}s that a spec may not hold"] += 1

    def _keep_parts(self, entry: dict[str, Any], name: str, value: Metafields) -> None:
        """Each is managed by itself, so an odd one keeps no other out."""
        wanted = self.parts.get(name)
        if wanted is not None:
            self.met.update((name, part) for part in wanted if value.only([part]).every)
            value = value.only(wanted)
        every, part = value.plain(), BY_NAME[name].part
        kept = [one for one in every if schemas.fits(part, [one])]
        while kept and not schemas.fits(part, kept):
            kept.pop()
        if len(kept) < len(every):
            self.left_out[f"{name} that a spec may not hold"] += len(every) - len(kept)
        if kept:
            entry[name] = kept

    def _consent(self, live: LiveConsent) -> Any:
        """The state, and where and how surely the store has it from, but never since when: a store
        tells when a consent was written, not when a person gave it.
        """
        if live.state is ConsentState.UNSUBSCRIBED:
            return "unsubscribed"
        if live.state is not ConsentState.SUBSCRIBED:
            return None
        told: dict[str, Any] = {}
        if live.source is not None:
            source = live.source.reveal()
            if "*" in source or not schemas.fits("source", source):
                self.left_out["sources of a consent that a spec may not hold"] += 1
            else:
                told["source"] = source
        if live.level is not None:
            told["level"] = live.level
        return {"state": "subscribed", **told} if told else "subscribed"

    def _tags(self, live: LiveCustomer, table: Capabilities) -> list[str]:
        """Each once; marks, and what is not ours by `tags.owned`, stay out without a word."""
        owned = Owned(self.store.owned_tags) if self.store.owned_tags is not None else live.tags
        found: dict[str, str] = {}
        for tag in live.tags:
            if tag not in owned or tag in self.store.ownership:
                continue
            too_long = table.tag_length is not None and len(tag) > table.tag_length
            if not schemas.fits("tag", tag) or too_long:
                self.left_out["tags that a spec may not hold"] += 1
            elif tag_key(tag) in found:
                self.left_out["tags that stand twice"] += 1
            else:
                found[tag_key(tag)] = tag
        kept = list(found.values())
        most, length = table.tags_at_most, table.tags_length
        while kept and (
            (most is not None and len(kept) > most)
            or (length is not None and len(",".join(kept)) > length)
        ):
            kept.pop()
            self.left_out["tags beyond what the platform documents"] += 1
        return kept

    def _addresses(self, live: LiveCustomer, table: Capabilities) -> list[Mapping[str, Any]]:
        """All or none, since an address left out of the list would be removed."""
        found = [_address(one) for one in live.addresses]
        lengths = dict(table.address_lengths)
        most = table.addresses_at_most
        fit = (most is None or len(found) <= most) and all(
            schemas.fits("address", one)
            and all(
                len(str(part)) <= lengths.get(name, len(str(part))) for name, part in one.items()
            )
            for one in found
        )
        if not fit:
            self.left_out["lists of addresses that a spec may not hold"] += 1
            return []
        if sum("default" in one for one in found) > 1:
            self.left_out["default addresses where a customer has several"] += 1
            return [
                {name: part for name, part in one.items() if name != "default"} for one in found
            ]
        return found


def _dump(entries: list[dict[str, Any]]) -> str:
    text: str = yaml.dump(entries, Dumper=DUMPER, allow_unicode=True, sort_keys=False, width=10_000)
    return "".join(f"  {line}\n" if line else "\n" for line in text.split("\n")[:-1])


def _address(address: Address) -> Mapping[str, Any]:
    texts: dict[str, Any] = {name: text.reveal() for name, text in address.texts}
    if address.default:
        texts["default"] = True
    return texts
