"""What a command costs in a fresh process, and the median of several runs."""

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Of one run, or the medians of `runs`: CPU and wall in seconds, the peak in MiB."""

    cpu: float
    wall: float
    peak: float
    runs: int = 1


class Failed(Exception):
    """A command ended as it should not; its last words."""


def cost(
    command: Sequence[str | Path],
    *,
    folder: Path = ROOT,
    env: Mapping[str, str] | None = None,
    ends: Sequence[int] = (0,),
) -> Cost:
    """Raises `Failed` where the command ends with none of `ends`."""
    with tempfile.NamedTemporaryFile() as told, tempfile.TemporaryFile() as err:
        subprocess.run(
            [
                sys.executable,
                "-I",
                "-S",
                str(ROOT / "benchmarks/measured.py"),
                told.name,
                *map(str, command),
            ],
            cwd=folder,
            env=env,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=err,
        )
        found = json.load(told)
        if found["code"] not in ends:
            err.seek(0)
            words = err.read()[-2000:].decode(errors="replace")
            raise Failed(f"{' '.join(map(str, command))} ended with {found['code']}\n{words}")
    return Cost(cpu=found["cpu"], wall=found["wall"], peak=found["peak"])


def median(costs: Sequence[Cost]) -> Cost:
    return Cost(
        cpu=statistics.median(one.cpu for one in costs),
        wall=statistics.median(one.wall for one in costs),
        peak=statistics.median(one.peak for one in costs),
        runs=len(costs),
    )
