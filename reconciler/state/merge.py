"""Two copies of a store's trail to one, where jobs went on from the same beginning apart."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler.clock import Clock
from reconciler.errors import JournalError
from reconciler.model.pseudonyms import Pseudonyms
from reconciler.state.chain import Head, end, is_sealed, parsed, raw_lines
from reconciler.state.disk import write_whole
from reconciler.state.proof import MERGED, Proof, prove
from reconciler.state.trail import held, sealed_line


@dataclass(frozen=True, slots=True)
class Merged:
    """How many lines came from the copy, and where the trail ends now."""

    added: int
    head: Head


def merge(path: Path, copy: Path, store: str, keys: Sequence[Pseudonyms], clock: Clock) -> Merged:
    """Adds what only the copy has, and closes with a line that names both heads.

    A copy that only goes on where this trail ends is simply taken, without such a line. Raises
    `JournalError` where either of them has a flaw, or the copy has lines of a key that this trail
    has left behind, and leaves both as they are.
    """
    with held(path):
        usable = _proven(path, store, keys).keys
        _proven(copy, store, keys)
        ours, theirs = list(raw_lines(path)), list(raw_lines(copy))
        known = set(ours)
        added = [raw for raw in theirs if raw not in known]
        if not added:
            return Merged(0, end(path)[0])
        last, other = end(path)[0], end(copy)[0]
        if not known <= set(theirs):
            _check_keys(added, usable, copy)
            count = len(ours) + len(added)
            values = {"store": store, "other": {"lines": last.count, "head": last.seal}}
            line = sealed_line(keys[0], clock, Head(count, other.seal), MERGED, values)
            added.append(json.dumps(line, separators=(",", ":")).encode() + b"\n")
        try:
            write_whole(path, b"".join((*ours, *added)))
        except OSError as error:
            raise JournalError(
                f"the audit trail {path} cannot be written: "
                f"{(error.strerror or 'unknown').lower()}",
                hint="make room, and merge again: it is as it was",
            ) from error
        return Merged(len(added), end(path)[0])


def _proven(path: Path, store: str, keys: Sequence[Pseudonyms]) -> Proof:
    proof = prove(path, keys, store)
    if proof.flaws:
        raise JournalError(
            f"the audit trail {path} has flaws, so nothing was merged",
            hint="see `reconciler audit verify` with its --state-dir",
        )
    return proof


def _check_keys(added: Sequence[bytes], usable: Sequence[Pseudonyms], copy: Path) -> None:
    """Who holds the key for plans alone could otherwise add what happened by way of a copy."""
    for raw in added:
        line = parsed(raw) or {}
        seal = line.pop("seal", "")
        if not any(is_sealed(one, line, seal) for one in usable):
            raise JournalError(
                f"the audit trail {copy} has lines of a key that is no longer the one of this "
                "trail, so nothing was merged",
                hint="keep that copy for the record, beside this one",
            )
