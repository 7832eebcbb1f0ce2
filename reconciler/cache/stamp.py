"""What the content of a cache was made with: another program, schema or library makes another."""

import os
import sys
import unicodedata
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import idna
import phonenumbers
import yaml

import reconciler
from reconciler import schemas


def stamp() -> bytes:
    parts = [
        reconciler.__version__,
        sys.version,
        sys.byteorder,
        unicodedata.unidata_version,
        idna.__version__,
        _installed("jsonschema_rs"),
        phonenumbers.__version__,
        f"{yaml.__version__} {yaml.__with_libyaml__}",
        schemas.text("spec"),
        *sorted(_files()),
    ]
    return repr(parts).encode()


def _installed(name: str) -> str:
    """Which build of a package is there; that it tells its version would take long to find out."""
    found = find_spec(name)
    if found is None or found.origin is None:
        return ""
    about = Path(found.origin).stat()
    return f"{found.origin} {about.st_size} {about.st_mtime_ns}"


def _files() -> Iterator[str]:
    """A working copy changes under one version: so what its files are is a part of it."""
    folders = [Path(reconciler.__file__).parent]
    while folders:
        with os.scandir(folders.pop()) as found:
            for one in found:
                if one.is_dir(follow_symlinks=False):
                    folders.append(Path(one.path))
                elif one.name.endswith(".py"):
                    about = one.stat()
                    yield f"{one.name} {about.st_size} {about.st_mtime_ns}"
