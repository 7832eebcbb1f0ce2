"""A bundle of what a state folder keeps: members first, then what they say, then a signature."""

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from reconciler import __version__
from reconciler.bundle.archive import (
    LARGEST,
    MANIFEST,
    SIGNATURE,
    Writer,
    may_be_named,
    page_member,
    plan_member,
    register_member,
    trail_member,
)
from reconciler.bundle.contents import contents
from reconciler.bundle.manifest import written
from reconciler.bundle.plans import page, saved
from reconciler.bundle.reading import Asked, read
from reconciler.bundle.ssh_signature import Signer
from reconciler.errors import JournalError
from reconciler.state.plans import LARGEST_PLAN, copy_path


def export(
    file: BinaryIO,
    folder: Path,
    trails: Mapping[str, Path],
    registers: Mapping[str, Path],
    *,
    made_at: str,
    signer: Signer | None,
) -> None:
    """Into an empty file. Trails and registers are by store; a register is read after the trails,
    which name an end that it has. Raises `JournalError`.
    """
    writer = Writer(file)
    for store, path in trails.items():
        _copy(writer, trail_member(store), path)
    for store, path in registers.items():
        _copy(writer, register_member(store), path)
    reading = read(writer.archive, Asked(), {})
    for plan in contents(writer.archive, reading).plans:
        _add_plan(writer, folder, plan.id)
    says = contents(writer.archive, reading)
    manifest = written(__version__, made_at, says, writer.archive)
    writer.add(MANIFEST, manifest)
    if signer is not None:
        writer.add(SIGNATURE, signer.sign(manifest))
    writer.close()


def _add_plan(writer: Writer, folder: Path, plan: str) -> None:
    """The plan as its file has it, and its page; nothing where this version cannot read it, or it
    was removed, which the manifest tells.
    """
    path = copy_path(folder, plan)
    if not path.exists():
        return
    with _opened(path) as source:
        content = source.read(LARGEST_PLAN)
    read = saved(content, str(path))
    if read is None:
        return
    writer.add(plan_member(plan), content)
    writer.add(page_member(plan), page(read[1]))


def _copy(writer: Writer, name: str, path: Path) -> None:
    if not may_be_named(name):
        raise JournalError(
            f"{path} is named as no store is, so no bundle can have it", hint="move it away"
        )
    with _opened(path) as source:
        size = os.fstat(source.fileno()).st_size
        if size > LARGEST:
            raise JournalError(f"{path} is larger than a bundle can have", hint="move it away")
        if not writer.copy(name, source, size):
            raise JournalError(
                f"{path} became shorter while it was read", hint="export again, after the apply"
            )


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """A regular file that stands there itself."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        stream = os.fdopen(file, "rb")
    except OSError as error:
        raise _unreadable(path, (error.strerror or "unknown").lower()) from error
    with stream:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise _unreadable(path, "it is no regular file")
        yield stream


def _unreadable(path: Path, why: str) -> JournalError:
    return JournalError(
        f"{path} cannot be read: {why}", hint="check what is in its place, and its permissions"
    )
