"""What the register of opt-outs says of a person, known by keyed identity alone.

An act is somebody's no, yes or erasure; the acts of one identity together say how the person
stands. The latest decides, by the instant of the act, or by when it was first seen where no instant
is told; of two that are as late an erasure wins over a no, and a no over a yes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from reconciler.model.consent import Channel
from reconciler.model.pseudonyms import Pseudonyms


class Said(StrEnum):
    """What somebody said, or what became of them."""

    OUT = "out"
    IN = "in"
    ERASED = "erased"


class Sure(StrEnum):
    """How well the instant of an act is known."""

    SECOND = "second"
    DAY = "day"
    NOT_TOLD = "not told"


class Doer(StrEnum):
    """Who acted, as far as the store tells."""

    PERSON = "person"
    STAFF = "staff"
    TOOL = "tool"
    NOT_TOLD = "not told"


class By(StrEnum):
    """What came to know of an act."""

    READING = "reading"
    WITHDRAWAL = "withdrawal"
    GRANT = "grant"
    ERASURE = "erasure"
    IMPORT = "import"
    FORMER = "former"


_RANK: Final = {Said.IN: 0, Said.OUT: 1, Said.ERASED: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """`at` is None where no instant is told; known to the day it is that day's last for a no, and
    its first for a yes. `store` is where it was seen.
    """

    said: Said
    at: datetime | None
    sure: Sure
    seen: datetime
    doer: Doer
    by: By
    store: str

    @property
    def since(self) -> datetime:
        """The instant that it counts from."""
        return self.at or self.seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whose act it is: `contact` is the normal form of the address or number, None where the store
    hides it; `customer` is the alias of the record, for what a reader of the trail knows.
    """

    channel: Channel
    contact: str | None = field(default=None, repr=False)
    customer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a person stands on one channel: `since` is when the deciding act counts from, and `dated`
    says that its instant was told. `by_person` says that a no is the person's own, however our
    writes made it look since, and `may_be_person` that nothing tells it is not. `store` gave the
    deciding act, and `by` says how that was known.
    """

    said: Said
    since: datetime
    dated: bool
    by_person: bool
    may_be_person: bool
    by: By
    store: str


def standing(acts: Iterable[Act]) -> Standing | None:
    """None where there are none. An erasure stands until a grant follows it, which it was lifted
    for; nobody's click ends it.
    """
    erased: Act | None = None
    last: Act | None = None
    by_person = may_be_person = False
    acts = tuple(acts)
    told = {one.at for one in acts if one.at is not None and one.doer is not Doer.NOT_TOLD}
    for act in sorted(acts, key=lambda one: (one.since, _RANK[one.said])):
        last = act
        if act.said is Said.ERASED:
            erased = act
        elif act.said is Said.OUT:
            by_person = by_person or act.doer is Doer.PERSON
            # Of one act, who did it may be learned later.
            untold = act.doer is Doer.NOT_TOLD and act.at not in told
            may_be_person = may_be_person or untold or act.doer is Doer.PERSON
        else:
            by_person = may_be_person = False
            erased = None if act.by is By.GRANT else erased
    if last is None:
        return None
    decides = erased or last
    return Standing(
        said=decides.said,
        since=max(decides.since, last.since) if last.said is not Said.IN else decides.since,
        dated=decides.at is not None,
        by_person=by_person,
        may_be_person=may_be_person,
        by=decides.by,
        store=decides.store,
    )


class Access(StrEnum):
    """Whether the register can be asked, or what keeps it from that."""

    ASKED = "asked"
    NOT_ASKED = "its key is not here"
    MISSING = "it is not here"
    KEY_MISSING = "a key of its lines is not here"


class Register:
    """The acts of one store's register, found by identity. `keys` are those at hand by their names,
    the one for new lines first; of acts under any other only the names of their keys are known.
    """

    def __init__(self, controller: str, keys: Mapping[str, Pseudonyms]) -> None:
        self._controller = controller
        self._keys = dict(keys)
        self._acts: dict[str, list[Act]] = {}
        self._records: dict[tuple[str, Channel], list[Act]] = {}
        self._used: set[str] = set()

    def add(
        self, key: str, identity: str | None, customer: str | None, channel: Channel, act: Act
    ) -> None:
        if identity is not None:
            self._used.add(key)
            self._acts.setdefault(identity, []).append(act)
        if customer is not None:
            self._records.setdefault((customer, channel), []).append(act)

    @property
    def knows_records(self) -> bool:
        """Whether any record of the store is known, whatever its address."""
        return bool(self._records)

    def counts(self) -> list[tuple[Said, int]]:
        """How many identities stand how; whoever is known under two keys counts twice."""
        found = [known.said for acts in self._acts.values() if (known := standing(acts))]
        return [(said, found.count(said)) for said in Said if said in found]

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

    def of(self, channel: Channel, contact: str) -> Standing | None:
        """How whoever has this address or number stands, under every key that is at hand."""
        found = self._found(channel, contact) if self._acts else ()
        return standing(found) if found else None

    def has_seen(self, channel: Channel, contact: str, at: datetime | None, doer: Doer) -> bool:
        """Whether this very opt-out is all that is known of somebody, as it mostly is."""
        found = self._found(channel, contact)
        if len(found) != 1:
            return False
        (one,) = found
        return one.said is Said.OUT and one.at == at and one.doer is doer

    @property
    def knows_anybody(self) -> bool:
        return bool(self._acts)

    def of_record(self, customer: str, channel: Channel) -> Standing | None:
        """How a record of the store stands, whatever its address is by now."""
        return standing(self._records.get((customer, channel), ()))

    def news(self, person: Person, act: Act) -> Person | None:
        """Of whom an act says anything that is not known; None for nobody.

        That a no was the person's own is known of the record too, whose address may change.
        """
        if person.contact is not None and self._is_new(
            self._found(person.channel, person.contact), act
        ):
            return person
        if person.customer is None:
            return None
        if person.contact is None:
            known = self._records.get((person.customer, person.channel), [])
            return person if self._is_new(known, act) else None
        if act.said is not Said.OUT or act.doer is not Doer.PERSON:
            return None
        record = self.of_record(person.customer, person.channel)
        return None if record is not None and record.by_person else replace(person, contact=None)

    def _is_new(self, known: list[Act], act: Act) -> bool:
        """A no whose time is not told, and that is known already, was first seen before."""
        before = standing(known) if known else None
        if before is None:
            return True
        after = standing([*known, act])
        if act.at is None and before.said is act.said:
            return after is not None and after.by_person and not before.by_person
        return after != before

    def _found(self, channel: Channel, contact: str) -> list[Act]:
        found: list[Act] = []
        for name, key in self._keys.items():
            if name in self._used:
                found += self._acts.get(key.identity(self._controller, channel.value, contact), ())
        return found


NOBODY_KNOWN: Final = Register("", {})
