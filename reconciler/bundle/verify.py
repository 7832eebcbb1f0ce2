"""Whether a bundle holds: every finding at once, and in plain words what was not proven."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from reconciler import __version__
from reconciler.bundle.archive import MANIFEST, SIGNATURE, Archive, opened
from reconciler.bundle.chains import (
    chain_findings,
    sealed_members,
    unproven_ends,
    unproven_registers,
)
from reconciler.bundle.contents import contents
from reconciler.bundle.finding import Finding
from reconciler.bundle.key_file import Trusted
from reconciler.bundle.manifest import LARGEST, Contents, Json, differences
from reconciler.bundle.manifest import read as read_manifest
from reconciler.bundle.plans import PlansRead, read_plans, unnamed
from reconciler.bundle.reading import Asked, read
from reconciler.bundle.ssh_signature import LARGEST as LARGEST_SIGNATURE
from reconciler.bundle.ssh_signature import fingerprint, holds, is_here, parsed


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """`signed_by` names whoever signed, empty where that is not proven; `sealed` the members whose
    seals were proven with a key; `plans` are those that the steps of the trails were compared with;
    `unproven` says in words what was not proven.
    """

    tool: str
    made_at: str
    members: int
    contents: Contents
    signed_by: str
    sealed: frozenset[str]
    plans: frozenset[str]
    findings: tuple[Finding, ...]
    unproven: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AtHand:
    """What somebody has beside the bundle: what a reading asks for, whether the key of plans is
    among its keys, and whose signature counts, which is None where nobody was named.
    """

    asked: Asked = field(default_factory=Asked)
    plans: bool = False
    trusted: tuple[Trusted, ...] | None = None


def verified(file: BinaryIO, hand: AtHand) -> Verified:
    archive, findings = opened(file)
    found, asked = list(findings), hand.asked
    content = archive.content(MANIFEST, LARGEST) if MANIFEST in archive else None
    told = read_manifest(content)
    own = told is not None and told["tool"]["version"] == __version__
    plans = read_plans(archive, asked.trail if hand.plans else (), pages=own)
    reading = read(archive, asked, plans.kept)
    says = contents(archive, reading)
    if told is None or content is None:
        missing = "is missing" if content is None else "is no manifest that this version reads"
        found.append(Finding(MANIFEST, missing))
    else:
        found += differences(told, content, says, archive)
    found += chain_findings(archive, reading, asked)
    found += plans.findings
    found += unnamed(archive, says)
    signature = _signature(archive, content or b"", hand)
    found += signature.findings
    return Verified(
        tool=told["tool"]["version"] if told else "",
        made_at=told["made_at"] if told else "",
        members=len(archive.members),
        contents=says,
        signed_by=signature.by,
        sealed=frozenset(sealed_members(reading, asked)),
        plans=frozenset(plans.kept),
        findings=tuple(found),
        unproven=(
            *signature.unproven,
            *_without_keys(hand),
            *unproven_ends(reading),
            *unproven_registers(archive, reading, asked),
            *_about_plans(plans, says, told),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signature:
    by: str = ""
    findings: tuple[Finding, ...] = ()
    unproven: tuple[str, ...] = ()


def _signature(archive: Archive, content: bytes, hand: AtHand) -> _Signature:
    trusted = hand.trusted
    if SIGNATURE not in archive:
        if trusted is not None:
            return _Signature(findings=(Finding(SIGNATURE, "is missing: nobody signed this"),))
        others = "the key" if hand.asked.trail else "had it"
        anybody = f"who made it: it is not signed, so whoever has {others} could have made another"
        return _Signature(unproven=(anybody,))
    one = parsed(archive.content(SIGNATURE, LARGEST_SIGNATURE) or b"")
    if one is None:
        odd = "is no signature by an Ed25519 key as ssh-keygen writes it"
        return _Signature(findings=(Finding(SIGNATURE, odd),))
    if not is_here():
        return _Signature(unproven=("its signature: what that needs is the extra `sign`",))
    name = fingerprint(one.key)
    if not holds(one, content):
        return _Signature(findings=(Finding(SIGNATURE, f"of {name} is not one of this manifest"),))
    if trusted is None:
        stranger = f"whose key {name} is, which signed it: name the one that you know (--signer)"
        return _Signature(unproven=(stranger,))
    names = [each.name for each in trusted if each.key == one.key]
    if not names:
        return _Signature(
            findings=(Finding(SIGNATURE, f"is by {name}, which is no key that you have named"),)
        )
    return _Signature(by=name if name in names else f"{names[0]}, {name}")


def _without_keys(hand: AtHand) -> Iterator[str]:
    if not hand.asked.trail:
        yield (
            "the seals of lines and plans: the key is not here, so whoever made the bundle could "
            "have changed them before"
        )
    elif not hand.plans:
        yield "the seals of plans: RECONCILER_KEY is not here"


def _about_plans(plans: PlansRead, says: Contents, told: Json | None) -> Iterator[str]:
    for plan, form in plans.formats.items():
        yield f"the plan {plan}: it is of format {form}, which this version does not read"
    gone = [one.id for one in says.plans if not one.kept]
    if gone:
        yield f"what was approved where the plan is kept no more: {', '.join(gone)}"
    if told and told["tool"]["version"] != __version__ and len(gone) < len(says.plans):
        yield (
            f"that the pages are those of the plans: version {told['tool']['version']} made them, "
            f"this is {__version__}"
        )
