"""Whether the trails and registers of a bundle are whole, and name each other as they should."""

from collections.abc import Iterable, Iterator, Sequence

from reconciler.bundle.archive import FORMER, Archive, register_member, trail_member
from reconciler.bundle.finding import Finding
from reconciler.bundle.reading import Asked, Reading, TrailReading, knows
from reconciler.state.proof import Flaw, Proof


def chain_findings(archive: Archive, reading: Reading, asked: Asked) -> Iterator[Finding]:
    for trail in reading.trails:
        name, proof = trail_member(trail.store), trail.proof
        yield from _references(archive, trail)
        if asked.trail and _is_under_another_key(proof):
            told = f"none of its {proof.head.count} lines is sealed with a key that is at hand"
            yield Finding(name, told)
        else:
            yield from _told(name, proof.flaws)
        yield from trail.findings
    for register in reading.registers:
        yield from _told(register_member(register.store), register.proof.flaws)
    yield from _lost(reading, asked.heads)


def _is_under_another_key(proof: Proof) -> bool:
    flaws = proof.flaws
    return len(flaws) == proof.head.count > 1 and len({one.what for one in flaws}) == 1


def _told(name: str, flaws: Iterable[Flaw]) -> Iterator[Finding]:
    for flaw in flaws:
        yield Finding(f"{name}:{flaw.line}", flaw.what)


def _references(archive: Archive, trail: TrailReading) -> Iterator[Finding]:
    name = trail_member(trail.store)
    follows, named, register = trail.follows, trail.register, register_member(trail.store)
    if follows is not None and not knows(archive, FORMER, follows.head):
        gone = f"follows the trail {FORMER}, which is not in the bundle or was cut off"
        yield Finding(f"{name}:{follows.line}", gone)
    if named is not None and register in archive and not knows(archive, register, named.head):
        never = f"names an end of {register} that this one never had, or lost"
        yield Finding(f"{name}:{named.line}", never)


def _lost(reading: Reading, heads: Sequence[str]) -> Iterator[Finding]:
    found = set().union(*(one.heads for one in reading.trails))
    for head in heads:
        if head not in found:
            told = f"the head {head[:16]} that was noted is in no trail: an end was cut off"
            yield Finding("", told)


def sealed_members(reading: Reading, asked: Asked) -> Iterator[str]:
    """Those for whose every line there is a key, whatever it proves."""
    if asked.trail:
        yield from (trail_member(one.store) for one in reading.trails)
    for register in reading.registers:
        if not register.proof.missing and not register.proof.former:
            yield register_member(register.store)


def unproven_registers(archive: Archive, reading: Reading, asked: Asked) -> Iterator[str]:
    for one in reading.registers:
        for key, count in sorted(one.proof.missing.items()) if asked.register else ():
            told = f"{count} lines of the register of {one.store}"
            yield f"{told}, under the key {key}, which is not here"
        if one.proof.former:
            told = f"{one.proof.former} lines of the register of {one.store}"
            yield f"{told}, from before it had seals"
    for trail in reading.trails:
        if trail.register is not None and register_member(trail.store) not in archive:
            yield f"the register of {trail.store}, which its trail names: it is not in the bundle"


def unproven_ends(reading: Reading) -> Iterator[str]:
    names = [one.store for one in reading.trails if one.store and not one.heads]
    if names:
        told = f"that no end was cut off the trail of {', '.join(names)} before"
        yield f"{told}: give a head that was noted when an apply ended (--head)"
