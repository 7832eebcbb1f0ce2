"""One crowd with its page server and an empty home: the commands that are measured on it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.crowd import Crowd
from benchmarks.data import STORE, TOKEN, entry, made, stores
from benchmarks.pages import Served, serving
from benchmarks.process import ROOT

PYTHON: Final = sys.executable
PROGRAM: Final = str(Path(sys.executable).with_name("reconciler"))
_GIT: Final = ("git", "-c", "user.name=bench", "-c", "user.email=bench@example.com")


class NothingToMeasure(Exception):
    """Why a case is left out."""


def _nothing() -> None:
    return


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A command to measure; `before` is done before each run, not measured, and may raise
    `NothingToMeasure`.

    `missing` says why there is nothing to measure. `asks` are the requests of the last run.
    """

    name: str
    size: int
    command: Sequence[str | Path] = ()
    folder: Path = ROOT
    env: Mapping[str, str] = field(default_factory=dict)
    ends: tuple[int, ...] = (0,)
    before: Callable[[], None] = _nothing
    missing: str = ""
    most_runs: int = 99
    asks: Callable[[], int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """`specs` are in `data`, or are others of the same people; what a run writes goes to `home`."""

    size: int
    data: Path
    specs: Path
    home: Path
    served: Served

    @property
    def env(self) -> dict[str, str]:
        """Of somebody at his own machine: CI is not set."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "XDG_CACHE_HOME": str(self.home / "cache"),
            "LANG": "C.UTF-8",
            "GITHUB_ACTOR": "bench",
            "RECONCILER_KEY": "a key for benchmarks, longer than 32 bytes",
            TOKEN: "t0ken",  # the one that simulated stores know
        }

    def clear(self) -> None:
        """As on a machine where the program never ran."""
        for name in ("cache", "state", "out"):
            shutil.rmtree(self.home / name, ignore_errors=True)
        (self.home / "out").mkdir()

    def plan(self, name: str = "plan", *words: str, folder: Path = ROOT) -> Case:
        out = self.home / "out/plan.json"
        return Case(
            name=name,
            size=self.size,
            command=(
                PROGRAM,
                "plan",
                "--specs",
                self.specs,
                "--state-dir",
                self.home / "state",
                "--out",
                out,
                *words,
            ),
            env=self.env,
            folder=folder,
            before=self.clear,
        )

    def warm(self) -> Case:
        """The same again, with the cache and the register that the plan right before it left."""
        cold = self.plan()

        def before() -> None:
            if not any(one.is_file() for one in (self.home / "cache").rglob("*")):
                raise NothingToMeasure("no cache of specs is kept yet")

        return Case(
            name="plan, warm", size=cold.size, command=cold.command, env=cold.env, before=before
        )

    def validate(self) -> Case:
        command = (PROGRAM, "validate", self.specs)
        return Case(
            name="validate", size=self.size, command=command, env=self.env, before=self.clear
        )

    def export(self, name: str) -> Case:
        return Case(
            name=name,
            size=self.size,
            command=(PROGRAM, "export", "--specs", self.specs, "--out", self.home / "out/all.yaml"),
            env=self.env,
            before=self.clear,
        )

    def floor(self, part: str, name: str) -> Case:
        command = (PYTHON, "-m", "benchmarks.floor", part, self.data)
        return Case(name=name, size=self.size, command=command)

    def ordinary(self) -> Case:
        url = f"http://127.0.0.1:{self.served.port}"
        return Case(
            name="the ordinary program",
            size=self.size,
            command=(PYTHON, "-m", "benchmarks.ordinary", self.data, url, self.home / "out/o.json"),
            env=self.env,
            before=self.clear,
        )


@contextmanager
def scene(size: int, cache: Path, home: Path) -> Iterator[Scene]:
    crowd = Crowd(size=size)
    data = made(crowd, cache)
    home.mkdir(parents=True, exist_ok=True)
    with serving(crowd, data / "live") as served:
        (data / "specs/stores.yaml").write_text(stores(served.port), encoding="utf-8")
        yield Scene(size=size, data=data, specs=data / "specs", home=home, served=served)


def committed(at: Scene) -> Scene:
    """The same specs in a repository, a hundredth of its files changed since the commit."""
    folder = at.home / "repository"
    shutil.copytree(at.specs, folder / "specs")
    for words in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-q", "-m", "all")):
        subprocess.run([*_GIT, *words], cwd=folder, check=True)
    parts = sorted((folder / "specs").glob("part-*.yaml"))
    for part in parts[: max(1, len(parts) // 100)]:
        text = part.read_text(encoding="utf-8")
        part.write_text(text.replace("tax_exempt: false", "tax_exempt: true", 1), encoding="utf-8")
    return Scene(size=at.size, data=at.data, specs=folder / "specs", home=at.home, served=at.served)


def bare(at: Scene) -> Scene:
    """The same store where no specs of it lie in the folder."""
    folder = at.home / "bare"
    folder.mkdir()
    shutil.copy(at.specs / "stores.yaml", folder)
    return Scene(size=at.size, data=at.data, specs=folder, home=at.home, served=at.served)


@contextmanager
def named(wanted: int, size: int, home: Path) -> Iterator[Case]:
    """A few, named by e-mail, in a store of many; all of them are there."""
    crowd = Crowd(size=size)
    folder = home / "specs"
    folder.mkdir(parents=True)
    numbers = (place * (size // wanted) + 11 for place in range(wanted))
    people = (crowd.person(number) for number in numbers)
    text = "".join(
        f"  - email: {one.email}\n    first_name: {one.first_name}\n    tags: {{add: {json.dumps(one.tags[:1])}}}\n"
        for one in people
    )
    (folder / "some.yaml").write_text(f"store: {STORE}\ncustomers:\n{text}", encoding="utf-8")
    with serving(crowd) as served:
        (folder / "stores.yaml").write_text(stores(served.port), encoding="utf-8")
        at = Scene(size=size, data=folder, specs=folder, home=home, served=served)
        case = at.plan(f"plan of {wanted} by e-mail")

        def before() -> None:
            at.clear()
            served.asked()

        yield Case(
            name=case.name,
            size=size,
            command=case.command,
            env=case.env,
            before=before,
            asks=lambda: served.asked().total(),
        )


@contextmanager
def several(number: int, size: int, home: Path) -> Iterator[Case]:
    """Many stores of a few customers each."""
    crowd = Crowd(size=size)
    folder = home / "specs"
    folder.mkdir(parents=True)
    text = "".join(entry(crowd.person(one)) for one in range(size))
    names = [f"shop-{place:03}" for place in range(number)]
    for name in names:
        (folder / f"{name}.yaml").write_text(f"store: {name}\ncustomers:\n{text}", encoding="utf-8")
    with serving(crowd) as served:
        (folder / "stores.yaml").write_text(stores(served.port, names), encoding="utf-8")
        at = Scene(size=number * size, data=folder, specs=folder, home=home, served=served)
        yield at.plan(f"plan of {number} store{'' if number == 1 else 's'}")
