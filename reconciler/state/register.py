"""The register of opt-outs: one append-only file a store, each line sealed and chained.

It outlives the record, the file and the journals. What is noted before a write is on disk when that
write is sent. People stand in it by keyed identity alone: it is pseudonymous personal data.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import BinaryIO, Final, TypeAlias

from reconciler.clock import Clock
from reconciler.errors import JournalError
from reconciler.model.act import Act, By, Doer, Said, Sure
from reconciler.model.pseudonyms import Pseudonyms
from reconciler.model.register import Person, Register, Told
from reconciler.state.chain import NO_LINE, NOTHING, Head, Line, is_sealed
from reconciler.state.disk import append, sync_at, whole
from reconciler.state.folder import journals_of
from reconciler.state.lines import lines_in, some_at_once
from reconciler.state.opt_outs import OptOut, former, remembered
from reconciler.state.register_line import MERGED, OPENED, REPAIRED, STOOD_IN, sealed, told_by
from reconciler.state.shared_sync import SharedSync
from reconciler.state.trail import NamedRegister, held

FOLDER: Final = "opt-outs"
FOLDER_VARIABLE: Final = "RECONCILER_REGISTER"
"""Names another folder, which the stores of one owner may share."""
Saying: TypeAlias = tuple[Person, Act]
_AT_ONCE: Final = 1000
_HINT: Final = "restore it from a copy; without it somebody who opted out could be asked for again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a store's register is: `folder` holds the files, `state` what was remembered before.

    `keys` are by name, the one for new lines first. A store by itself is its own `controller`.
    """

    folder: Path
    state: Path
    store: str
    controller: str
    keys: Mapping[str, Pseudonyms] = field(repr=False)

    @property
    def path(self) -> Path:
        return self.folder / f"{self.store}.jsonl"

    @property
    def key(self) -> Pseudonyms:
        return next(iter(self.keys.values()))

    def goes_on(self, named: NamedRegister) -> bool:
        """Whether what stands here has the line that the trail knows, or was compacted after it."""
        try:
            with self.path.open("rb") as file:
                head = named.head.encode()
                return any(head in line for line in file)
        except OSError:
            return False


class RegisterFile:
    """Append-only; safe for several threads and processes. Raises `JournalError`.

    `known` is what it says, with what this object has noted, and what the other registers say that
    are read into the same. `met_others` says that others have added to it since, `stands_in` that
    a write began it in the place of one that is required, and nobody has brought that since.
    """

    def __init__(
        self,
        place: Place,
        clock: Clock,
        known: Register | None = None,
        *,
        proven: bool = False,
        required: bool = False,
    ) -> None:
        """`proven` asks for the seal of every line whose key is at hand; `required` says that the
        policy asks for a register.
        """
        self.place = place
        self.known = known or Register(place.controller, place.keys, (place.store,))
        self.head = NOTHING
        self._clock = clock
        self._proven = proven
        self._required = required
        self.met_others = False
        self.stands_in = False
        self._content = blake2b(digest_size=16)
        self._read = 0
        self._file = 0
        self._former: list[OptOut] = []
        self._lock = Lock()
        self._sync = SharedSync(self._put_on_disk)
        self._load()

    @property
    def path(self) -> Path:
        return self.place.path

    @property
    def content(self) -> bytes:
        """A digest of all that it says and of what this object has noted, byte for byte."""
        return self._content.digest()

    def note(self, sayings: Iterable[Saying], plan: str | None = None) -> None:
        """Returns after what is new of it is on disk."""
        number = self.add(sayings, plan)
        if number is None:
            return
        try:
            self._sync.wait(number)
        except OSError as error:
            raise _failed(self.path, error) from error

    def add(self, sayings: Iterable[Saying], plan: str | None = None) -> int | None:
        """What is new of it, on disk with the next sync; what to wait for, None for nothing new."""
        with self._lock:
            new = self.new(sayings)
            if not new:
                return None
            try:
                with held(self.path):
                    self._go_on()
                    rest = drained(new)
                    while some := list(islice(rest, _AT_ONCE)):
                        self._write([self._told(person, act, plan) for person, act in some])
            except OSError as error:
                raise _failed(self.path, error) from error
            return self._sync.wrote()

    def sync(self) -> None:
        """Returns after all that was added before is on disk."""
        try:
            self._sync.wait()
        except OSError as error:
            raise _failed(self.path, error) from error

    def take_in_news(self) -> None:
        """What others have added since."""
        if self.head == NOTHING and not self.path.exists():
            return
        try:
            with self._lock, held(self.path):
                self._go_on()
        except OSError as error:
            raise _failed(self.path, error) from error

    def begin(self) -> None:
        """So that there is one, though nobody is known yet, or a write had to begin it."""
        try:
            with self._lock, held(self.path):
                self._go_on()
                if self.head == NOTHING or self.stands_in:
                    self._write([], opens=True)
        except OSError as error:
            raise _failed(self.path, error) from error

    def new(self, sayings: Iterable[Saying]) -> list[Saying]:
        """Those that say anything that is not known yet, each once."""
        return [
            (news, act)
            for person, act in dict.fromkeys(sayings)
            if (news := self.known.news(person, act)) is not None
        ]

    def _told(self, person: Person, act: Act, plan: str | None) -> Told:
        contact = person.contact
        return Told(
            key=self.place.key.name,
            controller=self.place.controller,
            identity=None if contact is None else self.known.identity(person.channel, contact),
            customer=person.customer,
            channel=person.channel,
            act=act,
            plan=plan,
        )

    def _load(self) -> None:
        """All of it; where there is no file yet, the journals that stand here are asked, once."""
        if self.path.is_symlink():
            raise JournalError(
                f"the register of opt-outs {self.path} is a link, so it is not used",
                hint="see who put it there, and move it away",
            )
        try:
            if self.path.exists():
                self._take_in_all()
                return
        except OSError as error:
            raise _failed(self.path, error) from error
        found = sorted(remembered(self.place.state, self.place.store))
        self._former = found
        for one in found:
            self._know_former(one)
        if journals_of(self.place.state, self.place.store):
            self._take_over()

    def _take_in_all(self) -> None:
        """Anew where another file has come in its place: what is known twice is known as well."""
        before, self.head, self._read = self.head, NOTHING, 0
        self.stands_in = False
        self._content = blake2b(digest_size=16)
        self._file = self.path.stat().st_ino
        with self.path.open("rb") as file:
            self._take_in(file)
        if self.head.count < before.count:
            raise self._gone()

    def _take_over(self) -> None:
        """A plan on a disk that cannot be written asks the journals again the next time."""
        from reconciler.state.finished import put_away  # noqa: PLC0415 -- once in its life

        with suppress(JournalError, OSError):
            with held(self.path):
                if not self.path.exists():
                    self._write([])
                    sync_at(self.path)
            put_away(self.place.state, self.place.store)

    def _take_in(self, file: BinaryIO, number: int = 0) -> None:
        """Whole lines, some at a time, since there may be very many; what a kill cut off was not
        noted, as its write was never sent.
        """
        taken = number
        try:
            for raws in some_at_once(file):
                for line in lines_in(raws):
                    self._take(line)
                    taken += 1
                text = b"".join(raws)
                self._read += len(text)
                self._content.update(text)
        except NO_LINE as error:
            raise JournalError(
                f"the register of opt-outs {self.path} is damaged in line {taken + 1}", hint=_HINT
            ) from error

    def _take(self, line: Line) -> None:
        if "seal" not in line and self.head == NOTHING:
            one = former(line)
            self._former.append(one)
            self._know_former(one)
            return
        told = told_by(line)
        if self._proven:
            self._check_seal(line)
        self.head = Head(int(line["number"]), str(line["seal"]))
        if told is not None:
            self.known.add(told)
        else:
            self._heed(line)

    def _heed(self, line: Line) -> None:
        """What a line says of the file itself. A copy that is merged was brought by somebody."""
        if line["event"] == STOOD_IN or line.get("stands_in"):
            self.stands_in = True
        elif line["event"] in (OPENED, MERGED):
            self.stands_in = False

    def _check_seal(self, line: Line) -> None:
        """Of a line under a key that is not here nobody can tell; grants wait for that key."""
        key = self.place.keys.get(str(line.get("key")))
        told = {name: value for name, value in line.items() if name != "seal"}
        if key is not None and not is_sealed(key, told, str(line["seal"])):
            raise JournalError(
                f"line {line['number']} of the register of opt-outs {self.path} was edited",
                hint="see `reconciler register verify`; restore the file from a copy",
            )

    def _know_former(self, one: OptOut) -> None:
        self.known.add(self._former_told(one))

    def _former_told(self, one: OptOut) -> Told:
        """When it was, nobody noted."""
        customer, channel = one
        act = Act(
            said=Said.OUT,
            at=None,
            sure=Sure.NOT_TOLD,
            seen=self._clock.now(),
            doer=Doer.PERSON,
            by=By.FORMER,
            store=self.place.store,
        )
        return Told(
            key=self.place.key.name,
            controller=self.place.controller,
            identity=None,
            customer=customer,
            channel=channel,
            act=act,
        )

    def _go_on(self) -> None:
        """Takes in what others have added since."""
        if not self.path.exists():
            if self.head != NOTHING:
                raise self._gone()
            return
        about = self.path.stat()
        if about.st_ino != self._file:
            self.met_others = True
            self._take_in_all()
        elif about.st_size != self._read:
            self.met_others = True
            with self.path.open("rb") as file:
                file.seek(self._read)
                self._take_in(file, self.head.count)

    def _gone(self) -> JournalError:
        return JournalError(
            f"the register of opt-outs {self.path} was removed or replaced while it was in use",
            hint="nothing more was sent; restore it, and plan again",
        )

    def _write(self, lines: Sequence[Told], *, opens: bool = False) -> None:
        rest = self.path.stat().st_size - self._read if self.path.exists() else 0
        data, head = bytearray(), self.head
        begins, key = head == NOTHING, self.place.key
        openings: list[Mapping[str, object]] = [{"event": OPENED}] if opens else []
        if begins and self._required and not opens:
            openings = [{"event": STOOD_IN}]
        for values in (*openings, *self._openings(rest), *lines):
            text, head = sealed(key, head, values)
            data += text
        if begins:
            self._content = blake2b(digest_size=16)
        if begins or rest:
            before = b"" if begins else self.path.read_bytes()[: self._read]
            with whole(self.path) as stream:
                stream.writelines((before, data))
            sync_at(self.path.parent)
        else:
            file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW)
            try:
                append(file, data)
            finally:
                os.close(file)
        about = self.path.stat()
        self._read, self._file = about.st_size, about.st_ino
        self._content.update(data)
        self.head = head
        for opening in openings:
            self._heed(dict(opening))
        for one in lines:
            self.known.add(one)

    def _openings(self, rest: int) -> Iterator[Mapping[str, object] | Told]:
        """What stands before new lines: of a new file what was remembered before there was one, of
        one whose last line a kill cut off that it was there.
        """
        if self.head == NOTHING:
            yield from map(self._former_told, self._former)
        elif rest:
            yield {"event": REPAIRED, "bytes": rest}

    def _put_on_disk(self) -> None:
        sync_at(self.path)


def drained(sayings: list[Saying]) -> Iterator[Saying]:
    """In their order, and none is left: whoever has very many need not keep them twice."""
    sayings.reverse()
    while sayings:
        yield sayings.pop()


def _failed(path: Path, error: OSError) -> JournalError:
    return JournalError(
        f"the register of opt-outs {path} cannot be used: {(error.strerror or 'unknown').lower()}",
        hint="nothing more was sent; make room or give --state-dir, then apply with --resume",
    )
