"""Filters by time of creation and change; both ends count in, but as `updated_bound` has it."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from reconciler.sandbox import timestamps
from reconciler.sandbox.http import Refusal
from reconciler.sandbox.platform import Store
from reconciler.sandbox.records import Record

BOUNDS = ("created_at_min", "created_at_max", "updated_at_min", "updated_at_max")
Test = Callable[[Record], bool]


def time_tests(asked: Mapping[str, str], store: Store, *, status: int) -> list[Test]:
    """Return one test for each bound asked for; a bound that is no time is refused."""
    tests = []
    for name in BOUNDS:
        text = asked.get(name)
        if not text:
            continue
        reading = store.settings["updated_bound"] if name == "updated_at_min" else "inclusive"
        if reading == "ignored":
            continue
        bound = timestamps.read(text)
        if bound is None:
            raise Refusal(status, f"{name} is invalid", code="InvalidParameter")
        if reading == "exclusive":
            bound += timedelta(seconds=1)
        elif reading == "local":
            bound += timedelta(hours=14)
        tests.append(_test(name, bound, whole=store.settings["precision"] == "seconds"))
    return tests


def _test(name: str, bound: datetime, *, whole: bool) -> Test:
    key, lower = name[:-4], name.endswith("_min")

    def within(record: Record) -> bool:
        held = timestamps.read(record[key])
        if held is None:
            return False
        if whole:
            held = held.replace(microsecond=0)
        return held >= bound if lower else held <= bound

    return within
