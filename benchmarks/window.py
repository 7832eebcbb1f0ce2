"""How long another's edit can be lost: from the answer of the re-read to the write that follows it.

Run with: python -m benchmarks.window
"""

import statistics
import sys
import tempfile
from pathlib import Path

from reconciler.clock import system_clock
from reconciler.sandbox import Sandbox
from tests.harness import Shop, person

UPDATES = 24


def measure() -> list[float]:
    """Seconds between reading and writing each of some Genstore customers at the documented pace."""
    box = Sandbox("genstore")
    box.seed([person(f"c{number}@example.com") for number in range(UPDATES)])
    with box.serving() as url:
        shop = Shop(Path(tempfile.mkdtemp()), box, url, "genstore")
        shop.settings = {"rate": {"per_second": 1.94, "burst": 10}}
        shop.clock = system_clock()
        shop.want(
            *(
                {"email": f"c{number}@example.com", "tags": {"add": ["x"]}}
                for number in range(UPDATES)
            )
        )
        body = shop.plan()
        box.forget_requests()
        shop.apply(body)
        read: dict[str, float] = {}
        gaps = []
        for one in box.requests:
            at = one.at.timestamp()
            if one.method == "GET":
                read[one.path] = at
            elif one.method == "PUT":
                gaps.append(at - read[one.path])
    return gaps


if __name__ == "__main__":
    found = measure()
    sys.stdout.write(
        f"{len(found)} updates: median {statistics.median(found) * 1000:.0f} ms, "
        f"most {max(found) * 1000:.0f} ms\n"
    )
