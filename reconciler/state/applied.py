"""The revision that was last applied completely to a store, as its trail names it."""

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from reconciler.model.pseudonyms import Pseudonyms
from reconciler.state.trail import Event, last_of, trail_paths

EVENT: Final = "applied"
_NAMED: Final = b'"event":"applied"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """`commit` is the whole name of the commit whose specs a store was brought to."""

    store: str
    commit: str
    spec: str
    plan: str


def applied_event(one: Applied, plans: Pseudonyms) -> Event:
    """The line that says so. It has a seal by the key for plans, so that whoever reads the trail
    with that key alone can check it.
    """
    told = _content(one)
    return EVENT, {**told, "proof": plans.digest(EVENT, told)}


def _content(one: Applied) -> dict[str, Any]:
    return {"store": one.store, "plan": one.plan, "commit": one.commit, "spec": one.spec}


def last_applied(folder: Path, keys: Iterable[Pseudonyms]) -> dict[str, str]:
    """The commit for each store whose trail names one that a key at hand vouches for."""
    keys = tuple(keys)
    found = {
        store: _last(path, store, keys) for store, path in trail_paths(folder).items() if store
    }
    return {store: commit for store, commit in found.items() if commit is not None}


def _last(path: Path, store: str, keys: tuple[Pseudonyms, ...]) -> str | None:
    line = last_of(path, _NAMED, lambda one: _is_proven(one, store, keys))
    return None if line is None else str(line["commit"])


def _is_proven(line: Mapping[str, Any], store: str, keys: tuple[Pseudonyms, ...]) -> bool:
    names = ("store", "plan", "commit", "spec")
    told = {name: line.get(name) for name in names}
    if line.get("event") != EVENT or told["store"] != store:
        return False
    if not all(isinstance(one, str) for one in told.values()):
        return False
    proof = str(line.get("proof", "")).encode("utf-8", "surrogatepass")
    return any(hmac.compare_digest(one.digest(EVENT, told).encode(), proof) for one in keys)
