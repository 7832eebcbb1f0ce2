"""The record of one apply of one store: JSON lines, those of a step before and after each write.

It outlives a kill at any instant: a line that was cut off is dropped, `intended` without an end
means that the outcome has to be found out. It holds no personal data.

Lines go to the file in their order, and a sync puts all of them on disk that were written before.
What must be there before something else happens waits for one: an intent before its write is sent.
What comes after a write is found again by reading the store, so it waits for nobody; it is on disk
before this thread sends another write, since that waits for its intent.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from threading import Lock
from typing import Any

from reconciler.clock import Clock
from reconciler.errors import JournalError
from reconciler.model.consent import Actor, Channel, ConsentState, LiveConsent
from reconciler.plan.outcome import State
from reconciler.plan.steps import Step
from reconciler.state.chain import NO_LINE
from reconciler.state.disk import append, sync, sync_at
from reconciler.state.shared_sync import SharedSync

Consents = Mapping[Channel, LiveConsent]


class Event(StrEnum):
    """`intended` before a request, `written` with what was read back, `ended` with the outcome."""

    OPENED = "opened"
    INTENDED = "intended"
    WRITTEN = "written"
    ENDED = "ended"
    CLOSED = "closed"


@dataclass(slots=True)
class OurWrites:
    """The consents of one customer before our first write and after our last one.

    As long as the store still says what stood after our last write, nobody else has acted, and the
    consents from before are what an approval of a grant is measured by. `before` is None for a
    customer that this plan has created.
    """

    before: Consents | None
    after: Consents


@dataclass(frozen=True, slots=True)
class Intent:
    """A write that was about to be sent; `said_no` are the consents that said no before it."""

    at: datetime
    said_no: tuple[Channel, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What a run left: `cut_off` says that it broke off on the way, `owing` that something in the
    store is not known or not made good, `resumable` that another run may get further.
    """

    resumable: bool
    cut_off: bool
    owing: bool

    def __bool__(self) -> bool:
        return self.resumable or self.cut_off or self.owing


@dataclass(slots=True)
class JournalState:
    """What the journal of an earlier, unfinished run of the same plan tells, by step or customer.

    `damaged` are steps whose write cost something, which a resume looks at once more; `covered` are
    the digests of the fields that a step ended well with.
    """

    def done(self, step: Step) -> bool:
        """Whether nothing is left of it: an apply of some classes may have done a part."""
        good = step.id in self.ended and self.ended[step.id].good and step.id not in self.damaged
        covered = self.covered.get(step.id)
        return good and (covered is None or {one.digest for one in step.fields} <= covered)

    ended: dict[str, State] = field(default_factory=dict)
    damaged: set[str] = field(default_factory=set)
    covered: dict[str, set[str]] = field(default_factory=dict)
    intended: dict[str, Intent] = field(default_factory=dict)
    created: dict[str, str] = field(default_factory=dict)
    own: dict[str, OurWrites] = field(default_factory=dict)
    steps: int = 0
    closed: bool = False
    finished: bool = False

    @property
    def begun(self) -> bool:
        return bool(self.intended or self.ended)

    def copy(self) -> "JournalState":
        """One that goes on by itself; what stands in it is replaced and never changed."""
        return replace(
            self,
            ended=dict(self.ended),
            damaged=set(self.damaged),
            covered={step: set(digests) for step, digests in self.covered.items()},
            intended=dict(self.intended),
            created=dict(self.created),
            own=dict(self.own),
        )

    def rest(self) -> Rest:
        if self.finished:
            return Rest(resumable=False, cut_off=False, owing=False)
        owing = self._owes()
        short = len(self.ended) < self.steps
        return Rest(
            resumable=self._may_get_further(),
            cut_off=bool(self.steps) and (not self.closed or short or owing),
            owing=owing,
        )

    def _may_get_further(self) -> bool:
        """Whether another run of the same plan may do something that this one did not."""
        bad = [one for one in self.ended.values() if not one.good]
        left_by_only = self.closed and not bad and bool(self.ended)
        return (
            left_by_only
            or self.damaged != set()
            or len(self.ended) < self.steps
            or any(not one.skipped for one in bad)
        )

    def _owes(self) -> bool:
        """Whether a write's outcome is not known, or something that it cost not made good."""
        open_ended = (State.UNKNOWN, State.UNVERIFIED)
        return bool(self.damaged) or any(
            self.ended.get(step, State.UNKNOWN) in open_ended for step in self.intended
        )


class Journal:
    """Append-only; thread-safe. Both ways to write a line raise `JournalError`."""

    def __init__(self, path: Path, clock: Clock, past: JournalState) -> None:
        """`past` is what `read` tells of the same path."""
        self.path = path
        self._so_far = past.copy()
        self._clock = clock
        self._lock = Lock()
        self._sync = SharedSync(self._put_on_disk)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _cut_torn_line(path)
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            sync_at(path.parent)
        except OSError as error:
            raise _failed(path, error) from error

    def write(self, event: Event, **values: Any) -> None:
        """Returns after the line is on disk, and all before it."""
        number = self._added(event, values)
        try:
            self._sync.wait(number)
        except OSError as error:
            raise _failed(self.path, error) from error

    def add(self, event: Event, **values: Any) -> None:
        """The line is on disk with the next one that `write` writes."""
        self._added(event, values)

    def _added(self, event: Event, values: Mapping[str, Any]) -> int:
        line: dict[str, Any] = {"at": self._clock.now().isoformat(), "event": event.value, **values}
        with self._lock:
            if event is Event.CLOSED:
                _replay(line, self._so_far)
                line["rest"] = asdict(self._so_far.rest())
            data = json.dumps(line, separators=(",", ":"), ensure_ascii=True).encode() + b"\n"
            try:
                append(self._file, data)
            except OSError as error:
                raise _failed(self.path, error) from error
            if event is not Event.CLOSED:
                _replay(line, self._so_far)
            return self._sync.wrote()

    def _put_on_disk(self) -> None:
        _check_in_place(self.path, self._file)
        sync(self._file)

    def close(self) -> None:
        os.close(self._file)


def _check_in_place(path: Path, file: int) -> None:
    """A file that was removed takes every line, and nobody will ever find them."""
    try:
        there, ours = path.stat(), os.fstat(file)
        same = (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)
        in_place = same and ours.st_nlink > 0
    except FileNotFoundError:
        in_place = False
    if not in_place:
        raise JournalError(
            f"the state folder {path.parent.parent} was removed or replaced while the apply ran",
            hint="nothing more was sent; plan again, and see what is left to do",
        )


def _failed(path: Path, error: OSError) -> JournalError:
    return JournalError(
        f"the journal {path} cannot be written: {(error.strerror or 'unknown').lower()}",
        hint="nothing more was sent; make room or give --state-dir, then apply with --resume",
    )


def _cut_torn_line(path: Path) -> None:
    if not path.exists():
        return
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole != len(content):
        with path.open("r+b") as file:
            file.truncate(whole)


def read(path: Path) -> JournalState:
    """What happened so far; an empty past where there is no journal. Raises `JournalError`."""
    past = JournalState()
    for number, line in enumerate(_lines(path), start=1):
        try:
            _replay(json.loads(line), past)
        except NO_LINE as error:
            raise _damaged(path, number) from error
    return past


def is_begun(path: Path) -> bool:
    """As `read` tells it, from the first lines alone."""
    for number, line in enumerate(_lines(path), start=1):
        try:
            if json.loads(line)["event"] in (Event.INTENDED, Event.ENDED):
                return True
        except NO_LINE as error:
            raise _damaged(path, number) from error
    return False


def _lines(path: Path) -> Iterator[bytes]:
    """Without what a kill cut off; none where there is no journal."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield line


def _damaged(path: Path, number: int) -> JournalError:
    return JournalError(
        f"the journal {path} is damaged in line {number}",
        hint="keep it for the record, move it away, and plan again",
    )


def _replay(line: Mapping[str, Any], past: JournalState) -> None:
    match Event(line["event"]):
        case Event.INTENDED:
            past.intended[line["step"]] = Intent(
                at=datetime.fromisoformat(line["at"]),
                said_no=tuple(Channel(one) for one in line["said_no"]),
            )
            past.finished = False
        case Event.WRITTEN:
            if line.get("created"):
                past.created[line["customer"]] = line["created"]
            past.own[line["customer"]] = OurWrites(
                before=_consents(line["before"]), after=_consents(line["after"]) or {}
            )
        case Event.ENDED:
            past.ended[line["step"]] = State(line["state"])
            if "fields" in line and past.ended[line["step"]].good:
                past.covered.setdefault(line["step"], set()).update(line["fields"])
            (past.damaged.add if line["collateral"] else past.damaged.discard)(line["step"])
            if line.get("created"):
                past.created[line["customer"]] = line["created"]
        case Event.CLOSED:
            past.closed, past.finished = True, bool(line["finished"])
        case Event.OPENED:
            past.closed = past.finished = False
            past.steps = int(line["steps"])


def consents_json(consents: Consents | None) -> dict[str, Any] | None:
    if consents is None:
        return None
    return {
        channel.value: {
            "state": one.state.value,
            "at": one.at.isoformat() if one.at else None,
            "until": one.until.isoformat() if one.until else None,
            "actor": one.actor.value,
            "code": one.code,
            "absent": one.absent,
        }
        for channel, one in consents.items()
    }


def _consents(value: Mapping[str, Any] | None) -> Consents | None:
    if value is None:
        return None
    return {
        Channel(channel): LiveConsent(
            state=ConsentState(one["state"]),
            at=datetime.fromisoformat(one["at"]) if one["at"] else None,
            until=datetime.fromisoformat(one["until"]) if one.get("until") else None,
            dated=one["at"] is not None,
            actor=Actor(one["actor"]),
            code=one["code"],
            absent=one["absent"],
        )
        for channel, one in value.items()
    }
