"""What a bundle says of itself: its members by digest, where each chain ends, which plan is whose.

All but the version, the time and the digests can be told again from the members, so that it cannot
say otherwise.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

from reconciler import schemas
from reconciler.bundle.archive import MANIFEST, SIGNATURE, Archive
from reconciler.bundle.finding import Finding
from reconciler.model.provenance import Provenance

FORMAT_VERSION: Final = "1"
LARGEST: Final = 64 * 1024 * 1024
_BESIDE: Final = (MANIFEST, SIGNATURE)
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailEnd:
    """How many lines a trail has, and the seal of the last."""

    lines: int
    head: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterEnd:
    """The same of a register; `keys` are names of the keys that its lines are under, with how many
    each has.
    """

    lines: int
    head: str
    keys: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreEntry:
    """Each is None where there is none."""

    name: str
    trail: TrailEnd | None
    register: RegisterEnd | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """An apply of a plan to one store, as its trail says: what nobody told is None."""

    store: str
    at: str | None
    commit: str | None
    committed: bool | None
    actor: str | None
    run: str | None
    approvers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanEntry:
    """A plan that a trail names; `kept` says whether its file and page are in the bundle."""

    id: str
    digest: str | None
    spec: str | None
    base: str | None
    made_from: Provenance
    kept: bool
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What the members say; `former` is the trail of all stores, from before each had its own."""

    former: TrailEnd | None
    stores: tuple[StoreEntry, ...]
    plans: tuple[PlanEntry, ...]


def written(tool: str, made_at: str, contents: Contents, archive: Archive) -> bytes:
    """The manifest of a bundle with these contents, whose members are in the archive."""
    body = {
        "format_version": FORMAT_VERSION,
        "tool": {"name": "reconciler", "version": tool},
        "made_at": made_at,
        "former_trail": None if contents.former is None else asdict(contents.former),
        "stores": [_store(one) for one in contents.stores],
        "plans": [_plan(one) for one in contents.plans],
        "members": [
            {"name": name, "size": span.size, "sha256": archive.digest(name)}
            for name, span in sorted(archive.members.items())
            if name not in _BESIDE
        ],
    }
    return f"{json.dumps(body, indent=1)}\n".encode()


def _store(one: StoreEntry) -> Json:
    register = one.register
    return {
        "name": one.name,
        "trail": None if one.trail is None else asdict(one.trail),
        "register": None if register is None else asdict(register) | {"keys": dict(register.keys)},
    }


def _plan(one: PlanEntry) -> Json:
    return asdict(one)


def read(content: bytes | None) -> Json | None:
    """A manifest that is one by its schema; None for anything else."""
    try:
        body = json.loads(content or b"")
        if isinstance(body, dict) and schemas.accepts("bundle", body):
            return body
    except (ValueError, RecursionError):
        pass
    return None


def differences(
    told: Json, content: bytes, contents: Contents, archive: Archive
) -> Iterator[Finding]:
    """Where a manifest says otherwise than the members do."""
    again = written(told["tool"]["version"], told["made_at"], contents, archive)
    if again == content:
        return
    found = json.loads(again)
    differing = [
        *_members(_by("name", told["members"]), _by("name", found["members"])),
        *_otherwise("store", _by("name", told["stores"]), _by("name", found["stores"])),
        *_otherwise("plan", _by("id", told["plans"]), _by("id", found["plans"])),
    ]
    if told["former_trail"] != found["former_trail"]:
        differing.append(Finding(MANIFEST, "says otherwise than the trail of all stores"))
    yield from differing or [Finding(MANIFEST, "is not written as this program writes it")]


def _by(name: str, entries: list[Json]) -> dict[str, Json]:
    return {one[name]: one for one in entries}


def _members(told: dict[str, Json], found: dict[str, Json]) -> Iterator[Finding]:
    for name in sorted(told.keys() | found.keys()):
        if name not in found:
            yield Finding(name, "is missing: the manifest names it")
        elif name not in told:
            yield Finding(name, "was added: the manifest does not name it")
        elif told[name] != found[name]:
            yield Finding(name, "was changed: its SHA-256 is not the one of the manifest")


def _otherwise(what: str, told: dict[str, Json], found: dict[str, Json]) -> Iterator[Finding]:
    for name in sorted(told.keys() | found.keys()):
        if told.get(name) != found.get(name):
            yield Finding(MANIFEST, f"says otherwise of the {what} {name} than the members do")
