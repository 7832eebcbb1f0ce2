"""Copies of the plans whose apply was begun, so that a resume needs nothing else."""

import os
import tempfile
from pathlib import Path
from typing import Final

from reconciler.errors import ConfigError
from reconciler.state.folder import prepare

FOLDER: Final = "plans"


def copy_path(folder: Path, plan: str) -> Path:
    """Where the copy of the plan of this id stands, if there is one."""
    return folder / FOLDER / f"{plan}.json"


def keep(folder: Path, plan: str, text: str) -> Path:
    """Writes the copy, whole or not at all. Raises `ConfigError`."""
    path = copy_path(folder, plan)
    try:
        prepare(folder)
        path.parent.mkdir(exist_ok=True, mode=0o700)
        # A name that nobody can know before: a link may wait in the place of any other.
        file, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(file, "w", encoding="utf-8") as stream:
                stream.write(text)
            Path(unfinished).replace(path)
        except BaseException:
            Path(unfinished).unlink()
            raise
    except OSError as error:
        raise ConfigError(
            f"the state folder {folder} cannot be written: {(error.strerror or '').lower()}",
            hint="name another with --state-dir",
        ) from error
    return path
