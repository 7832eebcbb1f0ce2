"""What the register of opt-outs says of a person, known by keyed identity alone.

The acts of one identity together say how the person stands.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from reconciler.model.act import (
    OURS,
    Act,
    Acts,
    By,
    Doer,
    Said,
    Standing,
    first_wish,
    is_echo,
    is_from_elsewhere,
    is_of_another,
    is_shown,
    last_word,
    left_by_us,
    shown_again,
    standing,
    tells_no_time,
    with_another,
    written,
)
from reconciler.model.consent import Channel
from reconciler.model.pseudonyms import Pseudonyms


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whose act it is: `contact` is the normal form of the address or number, None where the store
    hides it; `customer` is the alias of the record, for what a reader of the trail knows.
    """

    channel: Channel
    contact: str | None = field(default=None, repr=False)
    customer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a register has of a person: `key` names the key that `identity` is made with, for a
    `controller`; `identity` is None where the store hid the contact.
    """

    key: str
    controller: str
    identity: str | None
    customer: str | None
    channel: Channel
    act: Act
    plan: str | None = None


class Register:
    """The acts of the registers of one controller's stores, found by identity. `keys` are those at
    hand by their names, the one for new lines first; of acts under any other only the names of
    their keys are known. What its `stores` gave when their controller had another name is found
    too; of what a company that shares nothing with them gave, nothing is. Stores that are `left`
    behind may be one of them under its former name, so what they gave is found.
    """

    def __init__(
        self,
        controller: str,
        keys: Mapping[str, Pseudonyms],
        stores: Iterable[str] = (),
        left: Iterable[str] = (),
    ) -> None:
        self._controller = controller
        self.left = tuple(left)
        self._stores = frozenset((*stores, *self.left))
        self._keys = dict(keys)
        self._acts: dict[str, Acts] = {}
        self._records: dict[tuple[str, Channel], Acts] = {}
        self._overheard: dict[str, list[Act]] = {}
        self._beside: set[tuple[str, str]] = set()
        self._timeless: set[str] = set()
        self._of_records: set[Act] = set()
        self._yeses: dict[Act, set[tuple[str, Channel]]] = {}
        self._used: set[str] = set()
        self._under: set[tuple[str, str]] = set()

    @property
    def controller(self) -> str:
        return self._controller

    def add(self, told: Told) -> None:
        act, channel, identity, customer = told.act, told.channel, told.identity, told.customer
        if told.controller != self._controller and act.store not in self._stores:
            return
        if identity is not None:
            self._used.add(told.key)
            self._under.add((told.key, told.controller))
            self._acts[identity] = with_another(self._acts.get(identity), act)
            if tells_no_time(act):
                self._timeless.add(act.store)
        if customer is None:
            return
        if act.said is Said.IN and act.by is By.READING:
            self._yeses.setdefault(act, set()).add((customer, channel))
            return  # it answers what its number said, and nothing of what its record did
        record = (customer, channel)
        self._records[record] = with_another(self._records.get(record), act)
        if act.said is Said.OUT and act.at is None and act.by is By.READING:
            self._of_records.add(act)

    @property
    def knows_records(self) -> bool:
        """Whether any record of the store is known, whatever its address."""
        return bool(self._records)

    def counts(self) -> list[tuple[Said, int]]:
        """How many identities stand how; whoever is known under two keys counts twice."""
        found = [known.said for acts in self._acts.values() if (known := standing(acts))]
        return [(said, found.count(said)) for said in Said if said in found]

    def not_known_in(self, store: str) -> Iterator[Standing]:
        """How those stand who are out, and of whom no *no* is known in this store of theirs."""
        for identity in self._acts.keys() | self._overheard.keys():
            acts = [*self._acts.get(identity, ()), *self._overheard.get(identity, ())]
            known = standing(acts)
            if known is None or known.said is not Said.OUT:
                continue
            here = standing(one for one in acts if one.store == store)
            if here is None or here.said is not Said.OUT:
                yield known

    @property
    def missing_keys(self) -> frozenset[str]:
        """Names of keys that people are known under here and that are not at hand."""
        return frozenset(self._used.difference(self._keys))

    @property
    def is_askable(self) -> bool:
        """Whether at least one key is at hand that people are known under, or nobody is known."""
        return not self._used or any(one in self._keys for one in self._used)

    def identity(self, channel: Channel, contact: str) -> str:
        """As a new line names somebody."""
        return next(iter(self._keys.values())).identity(self._controller, channel.value, contact)

    def overhear(self, identity: str, act: Act) -> None:
        """What another store of the controller shows now, and no register may know yet."""
        self._overheard.setdefault(identity, []).append(act)

    def stands_beside(self, identity: str, store: str) -> None:
        """Some record of a store shows a no now, and another of the same number a yes."""
        self._beside.add((identity, store))

    def overheard(self, channel: Channel, contact: str) -> tuple[Act, ...]:
        if not self._overheard:
            return ()
        return tuple(self._overheard.get(self.identity(channel, contact), ()))

    def of(self, channel: Channel, contact: str) -> Standing | None:
        """How whoever has this address or number stands, under every key that is at hand."""
        found = self._everything(channel, contact)
        return standing(found) if found else None

    def beside(
        self, channel: Channel, contact: str, store: str, never_since: datetime | None = None
    ) -> Standing | None:
        """The same, beside what a record of the store shows now: a no, or never asked since an
        instant.
        """
        found = self._everything(channel, contact)
        rest = (one for one in found if not is_shown(one, store, never_since))
        return standing(rest) if found else None

    def elsewhere(self, channel: Channel, contact: str, store: str) -> Standing | None:
        """How they stand by what other stores of the controller, and lists, say."""
        found = self._everything(channel, contact)
        return standing(one for one in found if is_from_elsewhere(one, store)) if found else None

    def beyond(self, channel: Channel, contact: str, store: str) -> Standing | None:
        """The same, of a record that shows a yes, by what other records of its store say too: what
        was overheard of the store was no word of this one.
        """
        found = self._everything(channel, contact)
        if not found:
            return None
        acts = [one for one in found if is_from_elsewhere(one, store)]
        beside = found if self.is_beside(channel, contact, store) else ()
        for one in beside or self.overheard(channel, contact):
            if is_of_another(one, store):
                acts.append(one)
        return standing(acts)

    def is_beside(self, channel: Channel, contact: str, store: str) -> bool:
        """Whether that was seen of the store."""
        return bool(self._beside) and (self.identity(channel, contact), store) in self._beside

    def is_ours(self, channel: Channel, contact: str, act: Act) -> bool:
        """Whether an opt-out that a reading shows is the one that we wrote there."""
        return bool(self._acts) and is_echo(self._found(channel, contact), act)

    def is_noted(self, channel: Channel, contact: str, act: Act) -> bool:
        """Whether the register has a no of somebody there, since the same instant."""
        found = self._found(channel, contact)
        return any(is_of_another(one, act.store) and one.since == act.since for one in found)

    def may_be_ours(self, channel: Channel, contact: str, store: str) -> bool:
        """Whether a no of somebody there may be what we wrote, into whichever record."""
        found = (one for one in self._found(channel, contact) if one.said is not Said.IN)
        return left_by_us(found, store) is not None

    def wished(self, channel: Channel, contact: str, store: str) -> datetime | None:
        """Since when the files are known to want somebody out there, of a wish without a time."""
        first = first_wish(self._found(channel, contact), store) if self._acts else None
        return None if first is None else first.since

    def is_news_of_files(self, channel: Channel, contact: str, act: Act) -> bool:
        """Whether no no is known that is as late; of one without a time, none of its store."""
        if act.at is None:
            last = last_word(self._found(channel, contact), act.store)
            return last is None or last.said is not Said.OUT
        known = self.of(channel, contact)
        return known is None or known.since < act.at

    def written(self, channel: Channel, contact: str, act: Act) -> Act | None:
        """The no that we wrote to a store, where a reading shows just that."""
        return written(self._found(channel, contact), act)

    def is_theirs(self, person: Person, act: Act) -> bool:
        """Whether an opt-out that a record shows was said by somebody, or by the files, and is not
        merely what a write of ours left there.
        """
        if person.contact is None or act.is_of_its_store_alone:
            return False
        found = self._found(person.channel, person.contact)
        if not is_echo(self._but_of_others(found, person), act):
            return True
        own = self._records.get((person.customer or "", person.channel), ())
        last = left_by_us(own, act.store)
        if last is None or last.by is By.WITHDRAWAL:
            return True
        here = (one for one in found if is_of_another(one, act.store))
        return act.at is not None and any(one.at == act.at for one in here)

    def _but_of_others(self, known: Sequence[Act], person: Person) -> Sequence[Act]:
        """Without the yeses that were another record's: they say nothing of what we wrote here."""
        if person.customer is None or not self._yeses:
            return known
        own = (person.customer, person.channel)
        return [one for one in known if own in self._yeses.get(one, (own,))]

    def may_say_no_again(self, store: str) -> bool:
        """Whether of anybody's no there another could not be told by its time."""
        return store in self._timeless

    def is_just_seen(self, channel: Channel, contact: str, store: str, now: datetime) -> bool:
        """Whether anything of somebody there is no older than `now`."""
        found = self._found(channel, contact)
        return any(one.store == store and one.seen >= now for one in found)

    def could_say_no_again(self, channel: Channel, contact: str, store: str) -> bool:
        """The same of somebody, and no yes was shown there since."""
        here = [one for one in self._found(channel, contact) if one.store == store]
        known = standing(here)
        if known is None or known.said is Said.IN or shown_again(here, store) is not None:
            return False
        return any(map(tells_no_time, here))

    def has_seen(
        self, channel: Channel, contact: str, at: datetime | None, doer: Doer, store: str
    ) -> bool:
        """Whether this very opt-out is all that is known of somebody, as it mostly is."""
        found = self._found(channel, contact)
        told = [(one.said, one.at, one.doer, one.store) for one in found]
        return told == [(Said.OUT, at, doer, store)]

    @property
    def knows_anybody(self) -> bool:
        return bool(self._acts or self._overheard)

    def of_record(self, customer: str, channel: Channel) -> Standing | None:
        """How a record of the store stands, whatever its address is by now."""
        return standing(self._records.get((customer, channel), ()))

    def news(self, person: Person, act: Act) -> Person | None:
        """Of whom an act says anything that is not known; None for nobody.

        That a no was the person's own is known of the record too, whose address may change. What
        a store shows because we wrote it there is no news.
        """
        if person.contact is not None:
            found = self._found(person.channel, person.contact)
            if self._is_another(found, person, act):
                return person
            if is_echo(self._but_of_others(found, person), act):
                return None
            if self._is_new(found, act):
                return person
        if person.customer is None:
            return None
        if person.contact is None:
            known = self._records.get((person.customer, person.channel), ())
            return person if self._is_new(known, act) else None
        if act.said is not Said.OUT or act.doer is not Doer.PERSON:
            return None
        record = self.of_record(person.customer, person.channel)
        return None if record is not None and record.by_person else replace(person, contact=None)

    def is_of_another_record(self, person: Person, store: str) -> bool:
        """Whether the last no that a store showed, without a time, was not this record's."""
        if person.contact is None or person.customer is None:
            return False
        found = self._found(person.channel, person.contact)
        noes = [one for one in found if one.store == store and one in self._of_records]
        if not noes:
            return False
        last = max(noes, key=lambda one: one.seen)
        return last not in self._records.get((person.customer, person.channel), ())

    def awaits_another(self, channel: Channel, contact: str, act: Act) -> bool:
        """Whether a no without a time may be another than the one that is known there: some record
        showed a yes between them.
        """
        if act.said is not Said.OUT or act.at is not None or act.store not in self._timeless:
            return False
        return shown_again(self._found(channel, contact), act.store) is not None

    def _is_another(self, known: Sequence[Act], person: Person, act: Act) -> bool:
        """The same, where it was the very record which shows the no by now."""
        if person.customer is None or act.said is not Said.OUT or act.at is not None:
            return False
        shown = shown_again(known, act.store)
        return shown in self._records.get((person.customer, person.channel), ())

    def may_turn(self, person: Person, act: Act) -> bool:
        """Whether an act without an instant, which counts from when it is seen, may say another
        thing when it is seen again.
        """
        if act.at is not None:
            return False
        if person.contact is None:
            found = self._records.get((person.customer or "", person.channel), ())
        else:
            found = self._found(person.channel, person.contact)
        return any(one.said is Said.ERASED or one.since >= act.seen for one in found)

    def _is_new(self, known: Sequence[Act], act: Act) -> bool:
        """A no whose time is not told, and that is known already, was first seen before."""
        if act.said is Said.MADE or (act.by in OURS and act.said is Said.OUT):
            # When we wrote last tells our own echo from a later no.
            last = left_by_us(known, act.store)
            if last is None or last.seen < act.seen:
                return True
        if act.said is Said.MADE or act.by is By.CONTROLLER:
            return False
        if act.said in (Said.SHOWN, Said.WISHED):
            known_as = shown_again if act.said is Said.SHOWN else first_wish
            return known_as(known, act.store) is None
        stands = standing(known) if act.said is Said.ERASED else None
        if stands is not None and stands.said is Said.ERASED:
            return False
        # Every store's word is kept, since another's may be cleared alone.
        known = [one for one in known if one.store == act.store and one.by is not By.CONTROLLER]
        before = standing(known) if known else None
        if before is None:
            return True
        after = standing([*known, act])
        again = any(one.said is Said.OUT and one.at is None for one in known)
        erased = before.said is Said.ERASED and act.said is Said.OUT and again
        same = [one for one in known if (one.said, one.at) == (act.said, act.at)]
        if same and act.doer is not Doer.NOBODY and all(one.doer is Doer.NOBODY for one in same):
            return True
        if act.at is None and (before.said is act.said or erased):
            return after is not None and after.by_person and not before.by_person
        return after != before

    def _found(self, channel: Channel, contact: str) -> list[Act]:
        found: list[Act] = []
        for name, controller in tuple(self._under):
            key = self._keys.get(name)
            if key is not None:
                found += self._acts.get(key.identity(controller, channel.value, contact), ())
        return found

    def _everything(self, channel: Channel, contact: str) -> list[Act]:
        found = self._found(channel, contact) if self._acts else []
        return [*found, *self.overheard(channel, contact)] if self._overheard else found


NOBODY_KNOWN: Final = Register("", {})
