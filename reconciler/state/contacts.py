"""Which changes of addresses and numbers the trail of a store shows to be done."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from reconciler.model.pseudonyms import Pseudonyms
from reconciler.state.chain import Line, is_sealed, parsed, raw_lines
from reconciler.state.trail import FORMER, trail_path

_CONTACTS: Final = ("email", "phone")
_TRACES: Final = tuple(f'"field":"{name}"'.encode() for name in _CONTACTS)


def last_changes(
    folder: Path, store: str, keys: Sequence[Pseudonyms]
) -> dict[tuple[str, str], str]:
    """By the alias of a customer and the name of a contact, the digest of its last change that was
    read back, of lines that one of the keys seals. Raises `JournalError`.
    """
    found: dict[tuple[str, str], str] = {}
    for path in (folder / FORMER, trail_path(folder, store)):
        for line in _sealed_lines(path, keys):
            if line.get("store") != store or line.get("done") is not True:
                continue
            for one in line.get("fields", ()):
                if one.get("field") in _CONTACTS:
                    found[str(line.get("customer")), one["field"]] = str(one.get("digest"))
    return found


def _sealed_lines(path: Path, keys: Sequence[Pseudonyms]) -> Iterator[Line]:
    for raw in raw_lines(path):
        line = parsed(raw) if any(trace in raw for trace in _TRACES) else None
        if line is None:
            continue
        seal = line.pop("seal")
        if any(is_sealed(one, line, seal) for one in keys):
            yield line
