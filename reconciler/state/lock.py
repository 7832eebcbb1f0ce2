"""One writer to a shop at a time, whatever folder it keeps its state in."""

import os
import re
import stat
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from platformdirs import user_runtime_path

from reconciler.errors import JournalError
from reconciler.state.folder import prepare

# A plan that looks whether somebody writes holds the lock for a moment.
_A_LOOK: Final = 0.5
_LONGEST_HOLDER: Final = 200


@dataclass(frozen=True, slots=True)
class Holder:
    """Who writes to a shop; the texts are empty where the holder did not come to tell them."""

    process: str = "unknown"
    plan: str = ""
    since: str = ""

    def __str__(self) -> str:
        plan = f", plan {self.plan}" if self.plan else ""
        return f"(process {self.process}){plan}{f', since {self.since}' if self.since else ''}"


@contextmanager
def one_writer(
    folder: Path, store: str, shop: str, *, plan: str = "", since: datetime | None = None
) -> Iterator[None]:
    """Holds the store's lock in this folder, and that of the shop for all folders of this user.

    `shop` says which shop it is wherever it is configured: platform, host with port, and name.
    Raises `JournalError` naming the process that holds one already, with its plan.
    """
    told = "" if since is None else since.isoformat(timespec="seconds")
    holder = Holder(str(os.getpid()), plan, told)
    locks = folder / "locks"
    try:
        prepare(folder)
        locks.mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise JournalError(
            f"the state folder {folder} cannot be written: {(error.strerror or '').lower()}",
            hint="name another with --state-dir",
        ) from error
    with ExitStack() as stack:
        stack.enter_context(_alone(locks, store, store, holder))
        shared = _runtime_folder()
        if shared is not None:
            stack.enter_context(_alone(shared, _file_name(shop), store, holder))
        yield


def writing(folder: Path, store: str, shop: str) -> Holder | None:
    """Who writes to a shop at this moment, as far as this user's machine knows; None for nobody."""
    shared = _runtime_folder()
    places = [(folder / "locks", store), *([(shared, _file_name(shop))] if shared else [])]
    for locks, name in places:
        if not (locks / f"{name}.lock").exists():
            continue
        from filelock import FileLock, Timeout  # noqa: PLC0415 -- to most shops nobody ever wrote

        lock = FileLock(locks / f"{name}.lock", mode=0o600)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return _holder(locks / f"{name}.holder")
        except OSError:
            continue  # somebody else's, or on a disk that cannot be written
        lock.release()
    return None


def _file_name(shop: str) -> str:
    return re.sub("[^a-z0-9.-]", "_", shop.lower())


def _runtime_folder() -> Path | None:
    """Where this user's programs find each other; None where nothing there is the user's alone."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that another than the usual one is taken
        folder = user_runtime_path("reconciler")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        about = folder.lstat()
    except OSError:
        return None
    alone = about.st_uid == os.geteuid() and not stat.S_IMODE(about.st_mode) & 0o022
    return folder if stat.S_ISDIR(about.st_mode) and alone else None


@contextmanager
def _alone(locks: Path, name: str, store: str, ours: Holder) -> Iterator[None]:
    from filelock import FileLock, Timeout  # noqa: PLC0415 -- plans hold none

    lock = FileLock(locks / f"{name}.lock", mode=0o600)
    path = locks / f"{name}.holder"
    try:
        lock.acquire(timeout=_A_LOOK)
    except Timeout:
        raise JournalError(
            f"another apply is writing to the shop of store {store} {_holder(path)}",
            hint="wait until it has ended",
        ) from None
    try:
        path.touch(mode=0o600)
        path.write_text("\n".join((ours.process, ours.plan, ours.since)), encoding="utf-8")
        yield
    finally:
        lock.release()


def _holder(path: Path) -> Holder:
    try:
        told = path.read_bytes()[:_LONGEST_HOLDER].decode("ascii", "replace").split("\n")
    except OSError:
        return Holder()
    return Holder(*(one for one in told[:3] if one.isprintable()))
