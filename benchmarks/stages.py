"""`python -m benchmarks.stages SIZE`: where a plan's time goes, by stage and by function.

cProfile watches one thread only, so each thread gets its own, and what they saw is added.
Watched calls cost more than others, so shares count here and seconds do not.
"""

import cProfile
import io
import pstats
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Final

from benchmarks.data import cache
from benchmarks.scene import Scene, scene
from tests.program import run

TOP: Final = 25
# File and function whose cumulative time is the stage's; none of them calls another one here.
STAGES: Final = (
    ("YAML to data", "desired/yaml_reader.py", "parse"),
    ("schema", "desired/schema_errors.py", "check"),
    ("entries and merging", "desired/resolve.py", "resolve"),
    ("lint", "desired/lint.py", "lint"),
    ("spec digest", "plan/spec_digest.py", "spec_digest"),
    ("requests", "platforms/http.py", "get"),
    ("JSON to customers", "genstore/wire.py", "customer"),
    ("matching, offers", "live/view.py", "take_page"),
    ("matching, pairs", "plan/match.py", "pairings"),
    ("comparing and judging", "plan/planner.py", "_examine"),
    ("plan file", "planfile/encode.py", "encode"),
    ("rendering", "cli/rendering.py", "render"),
)


def watched(at: Scene, shown: io.StringIO) -> pstats.Stats:
    """What every thread did, in its own CPU time; reports of it go to `shown`."""
    profiles = [cProfile.Profile(time.thread_time)]
    work = threading.Thread.run

    def watched_run(thread: threading.Thread) -> None:
        own = cProfile.Profile(time.thread_time)
        profiles.append(own)
        own.runcall(work, thread)

    case = at.plan()
    case.before()
    setattr(threading.Thread, "run", watched_run)  # noqa: B010 -- it is not ours to type
    try:
        done = profiles[0].runcall(run, *case.command[1:], env=case.env)
    finally:
        setattr(threading.Thread, "run", work)  # noqa: B010
    if done.code:
        raise SystemExit(done.everything)
    stats = pstats.Stats(profiles[0], stream=shown)
    for one in profiles[1:]:
        stats.add(one)
    return stats


def by_stage(stats: pstats.Stats) -> list[str]:
    rows = vars(stats)["stats"]
    whole = sum(own for _, _, own, _, _ in rows.values())
    lines = ["| stage | share | seconds, watched |", "|---|---|---|"]
    left = whole
    for title, file, function in STAGES:
        seconds = sum(
            cumulative
            for (where, _, name), (_, _, _, cumulative, _) in rows.items()
            if where.endswith(file) and name == function
        )
        left -= seconds
        lines.append(f"| {title} | {seconds / whole:.1%} | {seconds:.1f} |")
    return [*lines, f"| all else | {left / whole:.1%} | {left:.1f} |"]


def main() -> None:
    size = int(sys.argv[1])
    shown = io.StringIO()
    with tempfile.TemporaryDirectory() as home, scene(size, cache(), Path(home)) as at:
        stats = watched(at, shown)
    sys.stdout.write("\n".join(by_stage(stats)) + "\n")
    stats.strip_dirs()
    for order in ("cumulative", "tottime"):
        stats.sort_stats(order).print_stats(TOP)
    sys.stdout.write(shown.getvalue())


if __name__ == "__main__":
    main()
