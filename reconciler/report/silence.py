"""Time to silence, from the trail: one number for each opt-out, and what waited when last seen."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from reconciler.model.instant import BEGIN, told_at
from reconciler.report.phrases import age
from reconciler.report.plain import counted, plain


class Silences:
    """The lines of trails, store by store; whether they were edited, `audit verify` tells."""

    def __init__(self, lines: Iterable[Mapping[str, Any] | None]) -> None:
        self.seconds: dict[str, int] = {}
        self.stores: dict[str, set[str]] = {}
        self.waited: dict[str, tuple[datetime, int, datetime | None]] = {}
        for line in lines:
            if line is not None:
                self._take(line)

    def _take(self, line: Mapping[str, Any]) -> None:
        store = str(line.get("store", ""))
        waits = line.get("waiting")
        if line.get("event") == "began":
            told = waits if isinstance(waits, dict) else {}
            count, oldest = told.get("opt_outs", 0), told_at(told.get("oldest"))
            at = told_at(line.get("at"))
            if isinstance(count, int):
                self.waited[store] = (at, count, None if oldest == BEGIN else oldest)
        fields = line.get("fields")
        for field in fields if isinstance(fields, list) else ():
            one = field.get("silence") if isinstance(field, dict) else None
            if isinstance(one, dict) and isinstance(one.get("seconds"), int):
                name = str(one.get("opt_out"))
                self.seconds[name] = max(one["seconds"], self.seconds.get(name, 0))
                self.stores.setdefault(name, set()).add(store)

    def as_json(self) -> dict[str, Any]:
        return {
            "opt_outs": [
                {"opt_out": name, "seconds": seconds, "stores": sorted(self.stores[name])}
                for name, seconds in self.slowest()
            ],
            "waited": {
                store: {
                    "at": at.isoformat(),
                    "opt_outs": count,
                    "oldest": None if oldest is None else oldest.isoformat(),
                }
                for store, (at, count, oldest) in sorted(self.waited.items())
            },
        }

    def slowest(self) -> list[tuple[str, int]]:
        return sorted(self.seconds.items(), key=lambda one: (-one[1], one[0]))


def told(found: Silences) -> Iterator[str]:
    for name, seconds in found.slowest():
        where = ", ".join(sorted(found.stores[name]))
        yield plain(f"{name}  {_age(seconds)} until {where} had it")
    if found.seconds:
        every = sorted(found.seconds.values())
        middle, last = _age(every[len(every) // 2]), _age(every[-1])
        yield f"{counted(len(every), 'opt-out')}: half within {middle}, the last within {last}"
    for store, (at, count, oldest) in sorted(found.waited.items()):
        if count:
            old = "" if oldest is None else f", the oldest for {age(at - oldest)}"
            when = at.isoformat(timespec="minutes")
            yield plain(f"{store}: {counted(count, 'opt-out')} waited at the apply of {when}{old}")


def _age(seconds: int) -> str:
    return age(timedelta(seconds=seconds))
