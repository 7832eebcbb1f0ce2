"""An act of the register of opt-outs: somebody's no, yes or erasure, and how acts stand together.

The latest decides, by the instant of the act, or by when it was first seen where no instant is
told; of two that are as late an erasure wins over a no, and a no over a yes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeAlias


class Said(StrEnum):
    """What somebody said, or what became of them. What a write of ours made look like an opt-out
    says nothing of them; it tells that from an act of theirs. Nor does a yes that a store shows and
    that is not surely theirs; it tells a no that comes after from the one before. Of a
    wish of the files it tells since when a plan has seen it.
    """

    OUT = "out"
    IN = "in"
    ERASED = "erased"
    MADE = "made"
    SHOWN = "shown"
    WISHED = "wished"


class Sure(StrEnum):
    """How well the instant of an act is known."""

    SECOND = "second"
    DAY = "day"
    NOT_TOLD = "not told"


class Doer(StrEnum):
    """Who acted, as far as the store tells. Perhaps nobody did where it has one word for out and
    for never asked, and does not tell who.
    """

    PERSON = "person"
    STAFF = "staff"
    TOOL = "tool"
    NOT_TOLD = "not told"
    NOBODY = "perhaps nobody"


class By(StrEnum):
    """What came to know of an act."""

    READING = "reading"
    WITHDRAWAL = "withdrawal"
    GRANT = "grant"
    ERASURE = "erasure"
    WRITE = "write"
    MOVE = "move"
    IMPORT = "import"
    CONTROLLER = "controller"
    FORMER = "former"


_RANK: Final = {
    Said.WISHED: 0,
    Said.SHOWN: 0,
    Said.MADE: 0,
    Said.IN: 1,
    Said.OUT: 2,
    Said.ERASED: 3,
}
_SAYS_NOTHING: Final = (Said.MADE, Said.SHOWN, Said.WISHED)
_VAGUE: Final = {Sure.SECOND: 0, Sure.DAY: 1, Sure.NOT_TOLD: 2}
_UNTOLD: Final = (Doer.NOT_TOLD, Doer.NOBODY)
OURS: Final = (By.WITHDRAWAL, By.CONTROLLER, By.MOVE)
_WORDS: Final = (By.READING, By.WITHDRAWAL, By.CONTROLLER)
_ECHO: Final = timedelta(minutes=1)
"""How much later than we noted our own write a store may date it, where it was not read back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """`at` is None where no instant is told; known to the day it is that day's last for a no, and
    its first for a yes. `store` is where it was seen.

    What was carried to a store because another store of the controller showed it is of the instant
    that the other showed, and by whom that was; it decides nothing by itself.
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

    @property
    def is_of_its_store_alone(self) -> bool:
        """Whether nobody may have acted, and not even a time says that somebody did."""
        return self.doer is Doer.NOBODY and self.at is None


Acts: TypeAlias = tuple[Act] | list[Act]
"""Of most people one act is known, and of some very many."""


def with_another(acts: Acts | None, act: Act) -> Acts:
    """A list is added to where it is; None where nothing is known yet."""
    if acts is None:
        return (act,)
    if isinstance(acts, tuple):
        return [*acts, act]
    acts.append(act)
    return acts


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a person stands on one channel: `since` is when the deciding act counts from, and `sure`
    how well its instant is known. `by_person` says that a no is the person's own, however our
    writes made it look since, and `may_be_person` that nothing tells it is not. `store` gave the
    deciding act, and `by` says how that was known.
    """

    said: Said
    since: datetime
    sure: Sure
    by_person: bool
    may_be_person: bool
    by: By
    store: str

    @property
    def dated(self) -> bool:
        return self.sure is not Sure.NOT_TOLD


def standing(acts: Iterable[Act]) -> Standing | None:
    """None where there are none. An erasure stands until a grant follows it, which it was lifted
    for; nobody's click ends it.
    """
    erased: Act | None = None
    last: Act | None = None
    noes: list[Act] = []
    acts = tuple(one for one in acts if one.said not in _SAYS_NOTHING)
    for act in sorted(acts, key=_order):
        last = act
        if act.said is Said.ERASED:
            erased = act
        elif act.said is Said.OUT:
            noes.append(act)
        else:
            noes = [one for one in noes if not _answers(act, one)]
            last = noes[-1] if noes else act
            erased = None if act.by is By.GRANT else erased
    if last is None:
        return None
    # Of one act, who did it may be learned later.
    told = {one.at for one in acts if one.at is not None and one.doer not in _UNTOLD}
    by_person = any(one.doer is Doer.PERSON for one in noes)
    untold = any(one.doer in _UNTOLD and one.at not in told for one in noes)
    decides = erased or last
    return Standing(
        said=decides.said,
        since=max(decides.since, last.since) if last.said is not Said.IN else decides.since,
        sure=Sure.NOT_TOLD if decides.at is None else decides.sure,
        by_person=by_person,
        may_be_person=by_person or untold,
        by=decides.by,
        store=decides.store,
    )


def _answers(yes: Act, no: Act) -> bool:
    """A yes without a time answers what its own store gave, and what was carried from there: what
    another gave may be later, whenever either was seen.
    """
    if answers_all(yes):
        return True
    if no.by is By.CONTROLLER:
        return no.store != yes.store
    return not is_from_elsewhere(no, yes.store)


def answers_all(act: Act) -> bool:
    """Whether it is a yes that answers every no before it."""
    return act.said is Said.IN and (act.at is not None or act.by is not By.READING)


def _order(act: Act) -> tuple[object, ...]:
    """Of what counts from one instant, what is known less surely comes last, and so decides."""
    carried = act.by is By.CONTROLLER
    vague = _VAGUE[Sure.NOT_TOLD if act.at is None else act.sure]
    return act.since, _RANK[act.said], not carried, act.store, act.by, act.doer, vague


def is_from_elsewhere(act: Act, store: str) -> bool:
    """Whether an act is no news that a store gave itself. A list that was imported is of no store;
    what was carried to one tells less than what it was carried from, whoever got another address
    said no to nothing, and some count in their own store alone.
    """
    if act.by in (By.CONTROLLER, By.MOVE) or act.is_of_its_store_alone:
        return False
    return act.said is Said.IN or act.by is By.IMPORT or act.store != store


def is_of_another(act: Act, store: str) -> bool:
    """Whether an act in a store is a no that counts for its address or number, in whichever record
    somebody said it, or the files had it said.
    """
    if act.said is not Said.OUT or act.store != store or act.is_of_its_store_alone:
        return False
    return act.by in (By.READING, By.WITHDRAWAL)


def is_shown(act: Act, store: str, never_since: datetime | None) -> bool:
    """Whether what a record of a store shows now tells better than this, which was seen of it: a no
    than one without a time, never asked since an instant than just that.
    """
    if act.by is not By.READING or act.said is not Said.OUT or act.store != store:
        return False
    if never_since is None:
        return act.at is None
    return act.at == never_since and act.doer is Doer.NOBODY


def left_by_us(acts: Iterable[Act], store: str) -> Act | None:
    """What we wrote to a store last that leaves a person out, if they did not come back there."""
    last = None
    for act in sorted(acts, key=lambda one: (one.seen, one.said is Said.MADE, _order(one))):
        if act.store == store:
            if act.said is Said.IN:
                last = None
            elif act.said is Said.MADE or (act.said is Said.OUT and act.by in OURS):
                last = act
    return last


def first_wish(acts: Iterable[Act], store: str) -> Act | None:
    """The no without a time that the files have for somebody there, as a plan first saw it. That it
    was carried out, or a yes that they gave, ends it.
    """
    first = None
    for act in sorted(acts, key=lambda one: (one.seen, _order(one))):
        if act.store != store:
            continue
        carried_out = act.by is By.WITHDRAWAL and act.doer is Doer.TOOL
        if act.said is not Said.WISHED and (carried_out or act.by is By.GRANT):
            first = None
        elif act.said is Said.WISHED:
            first = first or act
    return first


def last_word(acts: Iterable[Act], store: str) -> Act | None:
    """What was known last of somebody there, a no or a yes."""
    words = (
        one
        for one in acts
        if one.store == store
        and (one.said is Said.IN or (one.said is Said.OUT and one.by in _WORDS))
        and not one.is_of_its_store_alone
    )
    return max(words, key=lambda one: (one.seen, _order(one)), default=None)


def shown_again(acts: Iterable[Act], store: str) -> Act | None:
    """A yes that a store showed, of whomever, after all that it told of a no."""
    last = None
    for act in sorted(acts, key=lambda one: (one.seen, one.said is not Said.SHOWN)):
        if act.store == store:
            last = act if act.said is Said.SHOWN else None
    return last


def tells_no_time(act: Act) -> bool:
    """Whether a no without a time, seen later in the same store, may be taken for this one."""
    if act.said is Said.MADE or (act.said is Said.OUT and act.by in OURS):
        return True
    return act.said is Said.OUT and act.at is None


def is_echo(known: Iterable[Act], act: Act) -> bool:
    """Whether a reading shows the opt-out that we wrote there ourselves."""
    if act.by is not By.READING or act.said is not Said.OUT:
        return False
    last = left_by_us(known, act.store)
    if last is None:
        return False
    # Some stores put down whatever we write as the person's.
    looks_so = last.said is Said.MADE and last.doer is Doer.PERSON
    if act.doer is Doer.PERSON and not looks_so:
        return False
    return act.at is None or act.at <= last.seen + _ECHO


def written(known: Iterable[Act], act: Act) -> Act | None:
    """The no that we wrote there, where a reading shows that and nothing else: the store tells when
    we did, and this since when the person was out.
    """
    acts = tuple(known)
    if not is_echo(acts, act):
        return None
    last = left_by_us((one for one in acts if one.said is not Said.MADE), act.store)
    if last is None or last.by is By.MOVE:
        return None
    sure = any(one.at == last.at and one.sure is Sure.SECOND for one in acts)
    return replace(last, sure=Sure.SECOND) if sure else last
