"""The revision that was last applied completely to a store, as its trail names it."""

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from reconciler.model.instant import told_at
from reconciler.model.pseudonyms import Pseudonyms
from reconciler.state.trail import Event, from_end, trail_paths

EVENT: Final = "applied"
_NAMED: Final = b'"event":"applied"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """`commit` is the whole name of the commit whose specs a store was brought to, `when` the
    instant, as ISO 8601 has it with its offset.
    """

    store: str
    commit: str
    spec: str
    plan: str
    when: str


def applied_event(one: Applied, plans: Pseudonyms) -> Event:
    """The line that says so. It has a seal by the key for plans, so that whoever reads the trail
    with that key alone can check it.
    """
    told = _content(one)
    return EVENT, {**told, "proof": plans.digest(EVENT, told)}


def _content(one: Applied) -> dict[str, Any]:
    return {
        "store": one.store,
        "plan": one.plan,
        "commit": one.commit,
        "spec": one.spec,
        "when": one.when,
    }


def last_applied(folder: Path, keys: Iterable[Pseudonyms]) -> dict[str, str]:
    """The commit for each store whose trail names one that a key at hand vouches for."""
    keys = tuple(keys)
    found = {
        store: _last(path, store, keys) for store, path in trail_paths(folder).items() if store
    }
    return {store: commit for store, commit in found.items() if commit is not None}


def _last(path: Path, store: str, keys: tuple[Pseudonyms, ...]) -> str | None:
    """Of the latest of them, wherever it stands: what a merged copy brought stands at the end."""
    found = [
        (told_at(line["when"]), str(line["commit"]))
        for line in from_end(path, _NAMED)
        if _is_proven(line, store, keys)
    ]
    return max(found)[1] if found else None


def _is_proven(line: Mapping[str, Any], store: str, keys: tuple[Pseudonyms, ...]) -> bool:
    names = ("store", "plan", "commit", "spec", "when")
    told = {name: line.get(name) for name in names}
    if line.get("event") != EVENT or told["store"] != store:
        return False
    if not all(isinstance(one, str) for one in told.values()):
        return False
    proof = str(line.get("proof", "")).encode("utf-8", "surrogatepass")
    return any(hmac.compare_digest(one.digest(EVENT, told).encode(), proof) for one in keys)
