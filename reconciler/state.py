"""The `.reconciler/` folder beside the specs: the key, the journals, and one writer per store."""

import os
import re
import secrets
import stat
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout
from platformdirs import user_runtime_path

from reconciler.errors import ConfigError, JournalError
from reconciler.model.pseudonyms import SHORTEST_KEY

KEY_VARIABLE: Final = "RECONCILER_KEY"
REGISTER_KEY_VARIABLE: Final = "RECONCILER_REGISTER_KEY"
LARGEST_KEY: Final = 64 * 1024
FOLDER: Final = ".reconciler"
# A plan that looks whether somebody writes holds the lock for a moment.
_A_LOOK: Final = 0.5
_LONGEST_HOLDER: Final = 200


def folder_beside(specs: Path) -> Path:
    beside = Path(os.path.normpath(specs)).absolute()
    if os.path.isfile(beside):  # false for a name that is too long, too
        beside = beside.parent
    return beside.parent / FOLDER


def read_key(folder: Path, environment: Mapping[str, str]) -> bytes | None:
    """The key from the environment, or the one kept in the folder; None where there is neither."""
    given = _given(KEY_VARIABLE, environment)
    if given is not None:
        return given
    path = folder / "key"
    kept = _kept(path)
    if kept is not None and len(kept) < SHORTEST_KEY:
        raise ConfigError(
            f"the key file {path} holds less than {SHORTEST_KEY} bytes",
            hint="remove it; plans that were made with its former key can only be shown",
        )
    return kept


def record_keys(folder: Path, environment: Mapping[str, str]) -> tuple[bytes, ...]:
    """The keys that the trail may be sealed with, the one for new lines first; empty for none.

    The key for plans alone seals it where there is no other, and did before there was one.
    """
    plans = read_key(folder, environment)
    # Pipelines give an empty text for a secret that is not set.
    own = (
        _given(REGISTER_KEY_VARIABLE, environment)
        if environment.get(REGISTER_KEY_VARIABLE)
        else None
    )
    return tuple(dict.fromkeys(one for one in (own, plans) if one is not None))


def _given(name: str, environment: Mapping[str, str]) -> bytes | None:
    text = environment.get(name)
    if text is None:
        return None
    key = text.encode("utf-8", "surrogateescape")
    if len(key) < SHORTEST_KEY:
        raise ConfigError(
            f"{name} is shorter than {SHORTEST_KEY} bytes",
            hint="make one with: python3 -c 'import secrets; print(secrets.token_hex(32))'",
        )
    return key


def _kept(path: Path) -> bytes | None:
    """The content of a key file that nobody else can have read or put there; None for no file."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(
            f"the key file {path} cannot be read: {(error.strerror or 'unknown').lower()}",
            hint=f"check what is in its place and its permissions, or set {KEY_VARIABLE}",
        ) from error
    with os.fdopen(file, "rb") as stream:
        about = os.fstat(file)
        if not stat.S_ISREG(about.st_mode) or about.st_nlink != 1:
            raise _foreign(path, "is no file of its own")
        if about.st_uid != os.geteuid():
            raise _foreign(path, "belongs to somebody else")
        if stat.S_IMODE(about.st_mode) & 0o077:
            raise ConfigError(
                f"the key file {path} can be read or changed by others",
                hint=f"if nobody has: chmod 600 {path}; else remove it, and plan again",
            )
        return stream.read(LARGEST_KEY).strip()


def _foreign(path: Path, why: str) -> ConfigError:
    return ConfigError(
        f"the key file {path} {why}, so somebody else may know the key",
        hint=f"remove it and plan again, or set {KEY_VARIABLE}",
    )


def key(folder: Path, environment: Mapping[str, str]) -> bytes:
    """The key; a random one is made and kept where there is none yet."""
    known = read_key(folder, environment)
    if known is not None:
        return known
    made = secrets.token_hex(32).encode()
    try:
        prepare(folder)
        file = os.open(folder / "key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "wb") as stream:
            stream.write(made)
    except FileExistsError:
        return key(folder, environment)
    except OSError as error:
        raise ConfigError(
            f"the state folder {folder} cannot be written: {(error.strerror or '').lower()}",
            hint=f"name another with --state-dir, or set {KEY_VARIABLE}",
        ) from error
    return made


def prepare(folder: Path) -> None:
    """Makes the folder, for its owner only and invisible to git; one that exists stays as it is."""
    if folder.exists():
        return
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")


_FOLDERS: Final = ("journals", "locks", "plans")
_FILES: Final = (".gitignore", "key", "audit.jsonl", "audit.lock")


def check(folder: Path) -> None:
    """Raises `ConfigError` where something else stands in the place of what this program keeps: a
    link would be written through, and a device or a pipe never ends.
    """
    try:
        wrong = next(_strange(folder), None)
    except OSError as error:
        raise ConfigError(
            f"the state folder {folder} cannot be used: {(error.strerror or 'unknown').lower()}",
            hint="name another with --state-dir",
        ) from error
    if wrong is not None:
        raise ConfigError(
            f"{wrong} is a link, or not of the kind that it should be, so the state folder is not "
            "used",
            hint="see who put it there, and move it away; --state-dir names another folder",
        )


def _strange(folder: Path) -> Iterator[Path]:
    try:
        os.lstat(folder)
    except (FileNotFoundError, NotADirectoryError):
        return
    if folder.is_symlink() or not folder.is_dir():
        yield folder
        return
    for name in _FILES:
        if not _is_plain(folder / name, stat.S_ISREG):
            yield folder / name
    for name in _FOLDERS:
        inner = folder / name
        if not _is_plain(inner, stat.S_ISDIR):
            yield inner
        elif inner.exists():
            yield from (one for one in inner.iterdir() if not _is_plain(one, stat.S_ISREG))


def _is_plain(path: Path, kind: Callable[[int], bool]) -> bool:
    """Whether it is of this kind itself, and no link to such a thing."""
    try:
        return kind(path.lstat().st_mode)
    except FileNotFoundError:
        return True  # an apply beside us has just ended


def journal_path(folder: Path, plan: str, store: str) -> Path:
    return folder / "journals" / f"{plan}.{store}.jsonl"


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
