"""The trails and registers of a bundle, read once: whether each is whole, and what it tells of."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.bundle.archive import FORMER, Archive, register_member, trail_member
from reconciler.bundle.finding import Finding
from reconciler.bundle.plans import KeptPlan, differs, plan_of
from reconciler.model.pseudonyms import Pseudonyms
from reconciler.state.chain import Line, parsed, whole
from reconciler.state.proof import FOLLOWS, Proof, prove_lines
from reconciler.state.register_proof import RegisterProof
from reconciler.state.register_proof import prove_lines as prove_register_lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What whoever looks brings along: keys, by name where the register's lines name them, and the
    beginnings of heads that were noted elsewhere.
    """

    trail: Sequence[Pseudonyms] = ()
    register: Mapping[str, Pseudonyms] = field(default_factory=dict)
    heads: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Named:
    """What a line names that stands elsewhere: the head of another chain."""

    line: int
    head: str


@dataclass(slots=True, kw_only=True)
class TrailReading:
    """`store` is empty for the former trail of all; `began` are the lines of applies that began."""

    store: str
    proof: Proof
    began: list[Line] = field(default_factory=list)
    register: Named | None = None
    follows: Named | None = None
    heads: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterReading:
    """`keys` says how many lines are under each."""

    store: str
    proof: RegisterProof
    keys: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All of them, in the order of their names, the former trail first."""

    trails: tuple[TrailReading, ...]
    registers: tuple[RegisterReading, ...]


def read(archive: Archive, asked: Asked, plans: Mapping[str, KeptPlan]) -> Reading:
    """`plans` are those that the bundle has, which no line may speak of otherwise."""
    trails = []
    keys = tuple(asked.trail)
    for store in (*([""] if FORMER in archive else []), *archive.stores("audit")):
        one = _trail(archive, store, keys, asked.heads, plans)
        keys = keys if store else one.proof.keys
        trails.append(one)
    registers = (_register(archive, one, asked.register) for one in archive.stores("opt-outs"))
    return Reading(trails=tuple(trails), registers=tuple(registers))


def _trail(
    archive: Archive,
    store: str,
    keys: Sequence[Pseudonyms],
    heads: Sequence[str],
    plans: Mapping[str, KeptPlan],
) -> TrailReading:
    name = trail_member(store)
    nothing = prove_lines((), Path(name), keys, store)
    one = TrailReading(store=store, proof=nothing)
    one.proof = prove_lines(_noted(archive, one, heads, plans), Path(name), keys, store)
    return one


def _noted(
    archive: Archive, one: TrailReading, heads: Sequence[str], plans: Mapping[str, KeptPlan]
) -> Iterator[Line | None]:
    name = trail_member(one.store)
    for number, raw in enumerate(archive.lines(name), start=1):
        line = whole(raw)
        if line is not None:
            _note(one, number, line)
            one.heads.update(head for head in heads if line["seal"].startswith(head))
            plan = plans.get(plan_of(line) or "")
            if plan is not None and (what := differs(line, plan)):
                one.findings.append(Finding(f"{name}:{number}", what))
        yield line


def _note(one: TrailReading, number: int, line: Line) -> None:
    """What is said elsewhere too. The proof takes the seal of a line away, which nobody misses."""
    event = line.get("event")
    if event == "began" and plan_of(line) is not None:
        one.began.append(line)
    register = _named(number, line.get("register"))
    if register is not None:
        one.register = register
    if event == FOLLOWS and number == 1:
        one.follows = _named(number, line.get("former"))


def _named(number: int, told: object) -> Named | None:
    head = told.get("head") if isinstance(told, dict) else None
    return Named(number, head) if isinstance(head, str) else None


def _register(archive: Archive, store: str, keys: Mapping[str, Pseudonyms]) -> RegisterReading:
    name = register_member(store)
    bare = prove_register_lines(archive.lines(name), {})
    proof = prove_register_lines(archive.lines(name), keys) if keys else bare
    return RegisterReading(store=store, proof=proof, keys=bare.missing)


def knows(archive: Archive, name: str, head: str) -> bool:
    """Whether a chain has this head, or says that it had when it was compacted."""
    for raw in archive.lines(name):
        line = parsed(raw) or {}
        if head in (line.get("seal"), line.get("knows"), line.get("previous")):
            return True
    return False
