"""The crash matrix: the real process dies at every point of an apply, and `--resume` ends it.

One scene has every kind of step. A point is a place at a journal line, or a moment of a write's
request; each is judged by the store at the end and by what was reported.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.sandbox import Fault, Sandbox
from tests.harness import KEY, Shop, consent, grant, opened, person
from tests.matrices.launcher import KILLED, Ended, Launcher

Json = dict[str, Any]
PLACES = ("before", "half", "written", "synced")
MOMENTS = ("during the request", "after the work")


@dataclass(frozen=True, slots=True)
class Point:
    """`where` is one of PLACES at the journal line `number`, or of MOMENTS at that write."""

    number: int
    where: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a point did wrong; all zero is right."""

    duplicates: int
    lost: int
    unapproved: int
    wrong_reports: int
    told: str

    @property
    def right(self) -> bool:
        return not (self.duplicates or self.lost or self.unapproved or self.wrong_reports)


class Scene:
    """One store with a customer for every kind of step, and its approved plan."""

    def __init__(self, shop: Shop, launcher: Launcher) -> None:
        self._shop = shop
        self._launcher = launcher
        self._runs = 0
        shop.want(*_wanted(shop.variant))
        self._reset()
        self.plan = shop.folder / "plan.json"
        self.plan.write_text(json.dumps(shop.plan(releases=_releases(shop.variant))))
        self.kinds = sorted(
            {
                name
                for one in shop.plan(releases=_releases(shop.variant))["changes"]
                for name in one["classes"]
            }
        )
        clean = self.apply("clean")
        assert clean.code == 0, clean.out + clean.err
        self.expected = self._truth()
        trail = self._shop.folder / "clean" / "audit" / "shop.jsonl"
        self.lines = sum(
            len(path.read_bytes().splitlines()) for path in (self.journal("clean"), trail)
        )
        self.writes = sum(_is_write(one.method, one.path) for one in shop.box.requests)

    def _reset(self) -> None:
        self._shop.box.reset(_people(self._shop.variant), {})

    def journal(self, run: str) -> Path:
        return next((self._shop.folder / run / "journals").rglob("*.jsonl"))

    def points(self) -> Iterator[Point]:
        yield from (Point(n, where) for n in range(1, self.lines + 1) for where in PLACES)
        yield from (Point(n, where) for n in range(1, self.writes + 1) for where in MOMENTS)

    def apply(self, run: str, *words: str, trouble: Json | None = None) -> Ended:
        return self._launcher.run(*self._words(run, *words), env=_environment(), trouble=trouble)

    @property
    def folder(self) -> Path:
        return self._shop.folder

    def writes_so_far(self) -> int:
        return self._shop.box.writes

    def beside(self, run: str) -> tuple[int, Ended]:
        """Begins an apply, tries a second one while its first write is on, and tells its process."""
        done: list[Ended] = []
        command = [sys.executable, "-m", "reconciler", *map(str, self._words(run, "--resume"))]

        def second(_: Sandbox) -> None:
            other = subprocess.run(
                command, env=_environment(), capture_output=True, text=True, check=False
            )
            done.append(Ended(other.returncode, other.stdout, other.stderr))

        self._shop.box.fault(Fault("edit_before", method="PUT", edit=second))
        self._launcher.begin(*self._words(run), env=_environment())
        holder = self._launcher.pid
        while not done:
            time.sleep(0.01)  # noqa: TID251 -- the processes are real
        return holder, done[0]

    def _words(self, run: str, *words: str) -> list[object]:
        folder = self._shop.folder
        return [
            "apply",
            self.plan,
            "--specs",
            self._shop.specs,
            "--state-dir",
            folder / run,
            *words,
        ]

    def judge(self, point: Point) -> Verdict:
        """Kills at the point, resumes, and compares with the undisturbed run."""
        run = self.fresh()
        killed = self._kill(run, point)
        assert killed.code == KILLED, f"{point} was not reached: {killed}"
        self._shop.box.clear_faults()
        resumed = self.apply(run, "--resume")
        return self.verdict(resumed)

    def fresh(self) -> str:
        """A store as before, and a state folder that knows of no apply."""
        self._reset()
        self._runs += 1
        return f"run{self._runs}"

    def verdict(self, resumed: Ended) -> Verdict:
        truth = self._truth()
        emails = [one["email"] for one in self._shop.box.customers()]
        lost = sum(truth.get(email) != one for email, one in self.expected.items())
        extra = sum(email not in self.expected for email in truth)
        said_done = resumed.code == 0
        return Verdict(
            duplicates=len(emails) - len(set(emails)),
            lost=lost if said_done else 0,
            unapproved=extra,
            wrong_reports=int(said_done != (truth == self.expected)),
            told=resumed.out + resumed.err,
        )

    def _kill(self, run: str, point: Point) -> Ended:
        if point.where in PLACES:
            return self.apply(run, trouble={"line": point.number, "where": point.where})
        kind = "edit_before" if point.where == MOMENTS[0] else "edit_after"
        seen = 0

        def kill(_: Sandbox) -> None:
            nonlocal seen
            seen += 1
            if seen == point.number:
                os.kill(self._launcher.pid, 9)

        self._shop.box.fault(
            Fault(
                "edit_before" if kind == "edit_before" else "edit_after",
                path=r"customers(\.json)?$|customers/[^/]+$",
                method="POST",
                times=999,
                edit=kill,
            )
        )
        for method in ("PUT", "DELETE"):
            self._shop.box.fault(
                Fault(
                    "edit_before" if kind == "edit_before" else "edit_after",
                    method=method,
                    times=999,
                    edit=kill,
                )
            )
        return self.apply(run)

    def _truth(self) -> Json:
        """The store without times: an opt-out is dated when it is carried out."""
        return {one["email"]: _timeless(one) for one in self._shop.box.customers()}


def _timeless(record: Json) -> Json:
    consents = {name: one and one["state"] for name, one in record["consent"].items()}
    left_out = ("id", "created_at", "updated_at")  # threads create in any order
    kept = {name: value for name, value in record.items() if name not in left_out}
    return {**kept, "consent": consents}


def _is_write(method: str, path: str) -> bool:
    return method in ("PUT", "DELETE") or (
        method == "POST" and not path.endswith(("search", "query_user_by_email.json"))
    )


def _environment() -> dict[str, str]:
    return {
        "TOKEN": "t0ken",
        "RECONCILER_KEY": KEY.decode(),
        "PATH": os.environ["PATH"],
        "CI_COMMIT_SHA": "c0ffee",
    }


def _releases(variant: str) -> tuple[Any, ...]:
    from reconciler.model.settings import Release

    undated = variant.startswith("shoplazza")
    return (Release(rule="consent.undated-opt-out"),) if undated else ()


def _people(variant: str) -> list[Json]:
    found = [
        person("out@example.com", consent={"email": consent("subscribed"), "sms": consent()}),
        person("up@example.com", tags=["app:x", "old"]),
        person("in@example.com"),
        person("by@example.com", tags=["app:y"]),
    ]
    if not variant.startswith("shoplazza"):
        found += [person("was@example.com"), person("gone@example.com")]
    return found


def _wanted(variant: str) -> list[Json]:
    found: list[Json] = [
        {"email": "out@example.com", "consent": {"email": "unsubscribed"}},
        {
            "email": "up@example.com",
            "first_name": "Up",
            "tags": {"add": ["vip"], "remove": ["old"]},
        },
        {"email": "in@example.com", "consent": {"email": grant()}},
        {"email": "new@example.com", "first_name": "New", "consent": {"email": grant()}},
        {"email": "plain@example.com", "last_name": "Plain"},
    ]
    if not variant.startswith("shoplazza"):
        found += [
            {"email": "now@example.com", "previously": {"email": "was@example.com"}},
            {"email": "gone@example.com", "state": "absent", "reason": "asked for it"},
        ]
    return found


@contextmanager
def scene(folder: Path, variant: str, launcher: Launcher) -> Iterator[Scene]:
    with opened(folder, variant) as shop:
        yield Scene(shop, launcher)
