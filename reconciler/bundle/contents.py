"""What the trails and registers of a bundle say, as its manifest tells it.

A line may be anybody's: what has not the form that it should have counts as not told.
"""

from collections.abc import Iterator

from reconciler.bundle.archive import Archive, plan_member
from reconciler.bundle.manifest import (
    Contents,
    PlanEntry,
    RegisterEnd,
    Run,
    StoreEntry,
    TrailEnd,
)
from reconciler.bundle.plans import plan_of
from reconciler.bundle.reading import Reading, RegisterReading, TrailReading
from reconciler.model.provenance import Provenance
from reconciler.state.chain import Line


def contents(archive: Archive, reading: Reading) -> Contents:
    trails = {one.store: _trail_end(one) for one in reading.trails}
    registers = {one.store: _register_end(one) for one in reading.registers}
    return Contents(
        former=trails.get(""),
        stores=tuple(
            StoreEntry(name=name, trail=trails.get(name), register=registers.get(name))
            for name in sorted({*trails, *registers} - {""})
        ),
        plans=tuple(_plans(archive, reading)),
    )


def _trail_end(one: TrailReading) -> TrailEnd:
    return TrailEnd(lines=one.proof.head.count, head=one.proof.head.seal)


def _register_end(one: RegisterReading) -> RegisterEnd:
    return RegisterEnd(
        lines=one.proof.lines, head=one.proof.head.seal, keys=tuple(sorted(one.keys.items()))
    )


def _plans(archive: Archive, reading: Reading) -> Iterator[PlanEntry]:
    """In the order of their first apply, store by store."""
    began: dict[str, list[tuple[str, Line]]] = {}
    for trail in reading.trails:
        for line in trail.began:
            began.setdefault(plan_of(line) or "", []).append((trail.store, line))
    for plan, lines in began.items():
        first = lines[0][1]
        yield PlanEntry(
            id=plan,
            digest=_text(first.get("digest")),
            spec=_text(first.get("spec")),
            base=_text(first.get("base")),
            made_from=_provenance(first.get("made_from")),
            kept=plan_member(plan) in archive,
            runs=tuple(_run(store, line) for store, line in lines),
        )


def _run(store: str, line: Line) -> Run:
    who, approvers = line.get("who"), line.get("approvers")
    who = who if isinstance(who, dict) else {}
    return Run(
        store=store or _text(line.get("store")) or "",
        at=_text(line.get("at")),
        commit=_text(line.get("commit")),
        committed=_truth(line.get("committed")),
        actor=_text(who.get("actor")),
        run=_text(who.get("run")),
        approvers=tuple(filter(None, map(_text, approvers))) if isinstance(approvers, list) else (),
    )


def _provenance(told: object) -> Provenance:
    told = told if isinstance(told, dict) else {}
    return Provenance(
        commit=_text(told.get("commit")),
        committed=_truth(told.get("committed")),
        head=_text(told.get("head")),
        pull_request=_text(told.get("pull_request")),
        author=_text(told.get("author")),
        actor=_text(told.get("actor")),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value.isprintable() else None


def _truth(value: object) -> bool | None:
    return value if isinstance(value, bool) else None
