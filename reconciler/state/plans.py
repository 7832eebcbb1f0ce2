"""Plan files: how one is read, and copies of those whose apply was begun, for a resume."""

import json
from pathlib import Path
from typing import Any, Final

from reconciler import schemas
from reconciler.errors import ConfigError, PlanFileError
from reconciler.plan.plan import FORMAT_VERSION
from reconciler.state.disk import regular, write_whole
from reconciler.state.folder import prepare

FOLDER: Final = "plans"
LARGEST_PLAN: Final = 1024 * 1024 * 1024


def copy_path(folder: Path, plan: str) -> Path:
    """Where the copy of the plan of this id stands, if there is one."""
    return folder / FOLDER / f"{plan}.json"


def keep(folder: Path, plan: str, text: str) -> Path:
    """Writes the copy, whole or not at all. Raises `ConfigError`."""
    path = copy_path(folder, plan)
    try:
        prepare(folder)
        path.parent.mkdir(exist_ok=True, mode=0o700)
        write_whole(path, text.encode())
    except OSError as error:
        raise ConfigError(
            f"the state folder {folder} cannot be written: {(error.strerror or '').lower()}",
            hint="name another with --state-dir",
        ) from error
    return path


def read(path: Path) -> dict[str, Any]:
    """The content of a plan file. Raises `PlanFileError`, telling apart what may be wrong."""
    try:
        content = _content(path)
    except OSError as error:
        raise PlanFileError(
            f"{path} cannot be read: {(error.strerror or 'unknown').lower()}",
            hint="make a plan with: reconciler plan --out FILE",
        ) from error
    return parsed(content, path)


def parsed(content: bytes, path: Path) -> dict[str, Any]:
    """The same of what was read already; `path` says where it stood."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        raise PlanFileError(
            f"{path} is no plan: it is not JSON",
            hint="make a plan with: reconciler plan --out FILE",
        ) from None
    if not isinstance(body, dict) or "format_version" not in body:
        raise PlanFileError(f"{path} is no plan", hint="make one with: reconciler plan --out FILE")
    if body["format_version"] != FORMAT_VERSION:
        raise PlanFileError(
            f"{path} is a plan of another format than version {FORMAT_VERSION}",
            hint="plan again with this version",
        )
    if not _is_whole(body):
        raise PlanFileError(f"{path} is a damaged plan", hint="plan again")
    return body


def _content(path: Path) -> bytes:
    with regular(path) as file:
        content = file.read(LARGEST_PLAN + 1)
    if len(content) > LARGEST_PLAN:
        raise PlanFileError(
            f"{path} is no plan: it has more than {LARGEST_PLAN >> 20} MiB",
            hint="make a plan with: reconciler plan --out FILE",
        )
    return content


def _is_whole(body: dict[str, Any]) -> bool:
    try:
        return schemas.accepts("plan", body) or bool(schemas.validator("plan").is_valid(body))
    except RecursionError:
        return False
