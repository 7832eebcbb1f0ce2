"""`python -m benchmarks.growth [NAME...]`: what becomes of the work when its size doubles.

Counted in steps as `tests/growth.py` counts them: 2.0 is linear, 4.0 is the square. CPU seconds
stand beside it, since what C copies or searches through is no step, however long it is.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from reconciler import app
from reconciler.clock import system_clock
from reconciler.state.journal import Event, Journal, JournalState
from tests.growth import steps
from tests.harness import Json, Shop, grant, opened, person

Make = Callable[[int, Path], Iterator[Callable[[], object]]]


def _email(number: int) -> str:
    return f"c{number:06}@example.com"


def _planned(
    entries: list[Json], store: list[Json], folder: Path
) -> Iterator[Callable[[], object]]:
    with opened(folder, "genstore", store) as shop:
        shop.want(*entries)
        yield shop.plan


def _renamed(size: int, folder: Path, to: Callable[[int], int]) -> Iterator[Callable[[], object]]:
    """Everybody is named by id, and gets the address that another one has."""
    with opened(folder, "genstore", [person(_email(one)) for one in range(size)]) as shop:
        ids = {one["email"]: one["id"] for one in shop.box.customers()}
        shop.want(*({"id": ids[_email(one)], "email": _email(to(one))} for one in range(size)))
        yield shop.plan


def chain_of_renames(size: int, folder: Path) -> Iterator[Callable[[], object]]:
    """Each takes the address that the next one leaves."""
    yield from _renamed(size, folder, lambda one: one + 1)


def circles_of_renames(size: int, folder: Path) -> Iterator[Callable[[], object]]:
    """Pairs that swap their addresses."""
    yield from _renamed(size, folder, lambda one: one ^ 1)


def one_circle(size: int, folder: Path) -> Iterator[Callable[[], object]]:
    yield from _renamed(size, folder, lambda one: (one + 1) % size)


def _validated(document: Json, folder: Path) -> Iterator[Callable[[], object]]:
    with opened(folder, "genstore") as shop:
        file = shop.specs / "all.yaml"
        told = json.loads(file.read_text(encoding="utf-8")) | document
        file.write_text(json.dumps(told, indent=1), encoding="utf-8")
        yield lambda: app.load([shop.specs], shop.environment)


def complaints(size: int, folder: Path) -> Iterator[Callable[[], object]]:
    """Every entry of one file is refused."""
    entries = [{"email": _email(one), "first_name": 7} for one in range(size)]
    yield from _validated({"customers": entries}, folder)


def entries_that_repeat(size: int, folder: Path) -> Iterator[Callable[[], object]]:
    """Everybody twice, and once in another way."""
    entries = [
        {"email": _email(one), "first_name": name} for name in ("A", "B") for one in range(size)
    ]
    yield from _validated({"customers": entries}, folder)


def stores(size: int, folder: Path) -> Iterator[Callable[[], object]]:
    with opened(folder, "genstore") as shop:
        file = shop.specs / "all.yaml"
        told = json.loads(file.read_text(encoding="utf-8"))
        one = told["stores"]["shop"]
        told["stores"] = {f"s{place}": one for place in range(size)}
        told["customers"] = [{"email": _email(1)}]
        told["store"] = "s0"
        file.write_text(json.dumps(told, indent=1), encoding="utf-8")
        yield lambda: app.load([shop.specs], shop.environment)


def customers_of_many_stores(size: int, folder: Path) -> Iterator[Callable[[], object]]:
    """As many files and stores as customers."""
    with opened(folder, "genstore") as shop:
        file = shop.specs / "all.yaml"
        told = json.loads(file.read_text(encoding="utf-8"))
        one = told["stores"]["shop"]
        file.write_text(json.dumps({"stores": {f"s{place}": one for place in range(size)}}))
        for place in range(size):
            (shop.specs / f"part-{place}.yaml").write_text(
                json.dumps({"store": f"s{place}", "customers": [{"email": _email(1)}]})
            )
        yield lambda: app.load([shop.specs], shop.environment)


def tags_of_one(size: int, folder: Path) -> Iterator[Callable[[], object]]:
    names = [f"t{one}" for one in range(size)]
    entries: list[Json] = [{"email": _email(1), "tags": names}]
    yield from _planned(entries, [person(_email(1), tags=names[::-1])], folder)


def tags_with_a_member(size: int, folder: Path) -> Iterator[Callable[[], object]]:
    tags = [
        {
            "name": f"t{one}",
            "description": "A tag",
            "owner": "us",
            "members": [{"email": _email(1)}],
        }
        for one in range(size)
    ]
    yield from _validated({"tags": tags}, folder)


def members_of_a_tag(size: int, folder: Path) -> Iterator[Callable[[], object]]:
    members = [{"email": _email(one)} for one in range(size)]
    tag = {"name": "vip", "description": "A tag", "owner": "us", "members": members}
    yield from _validated({"tags": [tag]}, folder)


def consents(size: int, folder: Path) -> Iterator[Callable[[], object]]:
    told = [
        {"customer": {"email": _email(one)}, "channel": "email", **grant()} for one in range(size)
    ]
    yield from _validated({"consents": told}, folder)


def approvals(size: int, folder: Path) -> Iterator[Callable[[], object]]:
    with opened(folder, "genstore", [person(_email(one)) for one in range(size)]) as shop:
        shop.want(
            *({"email": _email(one), "first_name": "New"} for one in range(size)),
            approvals=[
                {
                    "release": "consent.undated-opt-out",
                    "customer": {"email": _email(one)},
                    "reason": f"form {one} of {_email(one)}",
                    "until": "2026-11-30T00:00:00+00:00",
                }
                for one in range(size)
            ],
        )
        yield shop.plan


def reasons(size: int, folder: Path) -> Iterator[Callable[[], object]]:
    """Deletes, each with why."""
    entries: list[Json] = [
        {"email": _email(one), "state": "absent", "reason": f"erasure request {one}"}
        for one in range(size)
    ]
    yield from _planned(entries, [person(_email(one)) for one in range(size)], folder)


def changes_of_all(size: int, folder: Path) -> Iterator[Callable[[], object]]:
    entries: list[Json] = [
        {"email": _email(one), "first_name": "New", "consent": "unsubscribed"}
        for one in range(size)
    ]
    yield from _planned(entries, [person(_email(one)) for one in range(size)], folder)


def journals(size: int, folder: Path) -> Iterator[Callable[[], object]]:
    """A plan of one, where so many journals of fifty changes lie."""
    with opened(folder, "genstore", [person(_email(1))]) as shop:
        shop.want({"email": _email(1), "first_name": "New"})
        for number in range(size):
            _journal(shop, number)
        shop.plan()  # the first one takes over what journals from before remember
        yield shop.plan


def _journal(shop: Shop, number: int) -> None:
    path = shop.folder / ".reconciler/journals" / f"{number:016x}.shop.jsonl"
    journal = Journal(path, system_clock(), JournalState())
    lines = []
    for step in range(50):
        told = {
            "step": f"{step:08}",
            "customer": f"cus_{step:08}",
            "said_no": ["email"],
            "out_by_person": ["email"],
        }
        lines.append(
            json.dumps(
                {"at": "2026-11-01T00:00:00+00:00", "event": "intended", **told},
                separators=(",", ":"),
            )
        )
    journal.write(Event.OPENED, steps=50)
    with path.open("a", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    journal.write(Event.CLOSED, finished=True)
    journal.close()


CASES: Final[tuple[tuple[Make, int], ...]] = (
    (chain_of_renames, 500),
    (one_circle, 500),
    (circles_of_renames, 500),
    (complaints, 4000),
    (entries_that_repeat, 2000),
    (stores, 2000),
    (customers_of_many_stores, 500),
    (tags_of_one, 60),
    (tags_with_a_member, 2000),
    (members_of_a_tag, 4000),
    (consents, 2000),
    (approvals, 250),
    (reasons, 250),
    (changes_of_all, 500),
    (journals, 50),
)


@contextmanager
def _made(make: Make, size: int) -> Iterator[Callable[[], object]]:
    with tempfile.TemporaryDirectory() as folder:
        yield from make(size, Path(folder))


def _costs(make: Make, size: int) -> tuple[int, float]:
    """Steps, and the CPU seconds of all threads without counting."""
    with _made(make, size) as work:
        begun = time.process_time()
        work()
        seconds = time.process_time() - begun
        return steps(work), seconds


def main() -> None:
    chosen = sys.argv[1:]
    for make, size in CASES:
        name = make.__name__.replace("_", " ")
        if chosen and name not in chosen:
            continue
        try:
            _costs(make, max(1, size // 8))
            half, whole = _costs(make, size), _costs(make, 2 * size)
        except RecursionError:
            sys.stdout.write(f"{name:<26} {size:>6}: RecursionError\n")
            continue
        sys.stdout.write(
            f"{name:<26} {size:>6} to {2 * size:>6}: {whole[0] / half[0]:5.2f} × the steps, "
            f"{whole[1] / half[1]:5.2f} × the CPU ({half[1]:.2f} s, {whole[1]:.2f} s)\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
