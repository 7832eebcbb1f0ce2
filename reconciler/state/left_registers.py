"""Registers of stores that the specs do not have any more, perhaps since they have another name."""

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from reconciler.state.chain import parsed


def left_behind(folder: Path, names: Iterable[str], controllers: Collection[str]) -> Iterator[str]:
    """Those of these stores whose register nobody would ask: what it says last stands under a
    controller that no store has.
    """
    for name in sorted(names):
        controller = _controller(folder / f"{name}.jsonl")
        if controller is not None and controller not in controllers:
            yield name


def _controller(path: Path) -> str | None:
    """Of the last line that has one; whoever reads all of the file complains of what is none."""
    try:
        raws = path.read_bytes().splitlines()
    except OSError:
        return None
    every = (parsed(raw) or {} for raw in reversed(raws))
    return next((str(line["controller"]) for line in every if "controller" in line), None)
