"""The first files into a folder: all that lack, or none where something else stands in a place."""

import os
import stat
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reconciler import schemas
from reconciler.desired import first_files
from reconciler.desired.first_files import SCHEMA, TOKENS, FirstStore
from reconciler.errors import ConfigError
from reconciler.sandbox.local import FIRST_PORT, LOCAL_STORES, SHOP, address

_HERE: Final = Path(__file__).resolve().parents[1]
# In the wheel, and in the checkout that it is worked on in.
_EXAMPLES: Final = (_HERE / "_examples", _HERE.parent / "examples")
IGNORE: Final = ".gitignore"
_OWNERS: Final = "CODEOWNERS.example"
_REQUIREMENTS: Final = "requirements.txt"
"""What the program needs, by hashes: pipelines install that first."""
_STEPS: Final = "pipeline"
"""The folder of the scripts that the jobs of a forge run."""
_KEYS: Final = ("RECONCILER_KEY", "RECONCILER_REGISTER_KEY", "RECONCILER_WHEEL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Forge:
    """`example` is the folder of its pipeline, `owners` where it looks for the owners of files,
    `asks` what the pipeline wants to be given besides the keys and the stores' tokens.
    """

    example: str
    owners: str
    asks: tuple[str, ...]


FORGES: Final[Mapping[str, Forge | None]] = {
    "github": Forge(example="02-github-actions", owners=".github/CODEOWNERS", asks=()),
    "gitlab": Forge(
        example="03-gitlab",
        owners=".gitlab/CODEOWNERS",
        asks=("FORGE_TOKEN", "GIT_TOKEN", "ADOPT_TOKEN"),
    ),
    "none": None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """Names below the folder: what was written, what lines were added to, what was there so."""

    written: tuple[str, ...]
    added_to: tuple[str, ...]
    there: tuple[str, ...]


def local_stores(port: int = FIRST_PORT) -> tuple[FirstStore, ...]:
    """Those that `sandbox serve` serves from a port on."""
    return tuple(
        FirstStore(
            name=one.name,
            platform=one.platform,
            shop=SHOP,
            variable=one.variable,
            token=one.token,
            base_url=address(port + number),
            timezone=one.zone,
            phone_region=one.region,
        )
        for number, one in enumerate(LOCAL_STORES)
    )


def pipeline(forge: str) -> Mapping[str, str]:
    """The files of a forge's pipeline as the example has them, by where they go."""
    chosen = FORGES[forge]
    if chosen is None:
        return {}
    examples = next((one for one in _EXAMPLES if one.is_dir()), _EXAMPLES[-1])
    top = examples / chosen.example
    needed = {_REQUIREMENTS: (examples / _REQUIREMENTS).read_text(encoding="utf-8")}
    for one in sorted((examples / _STEPS).iterdir()):
        if one.is_file() and (forge == "gitlab" or not one.name.startswith("gitlab")):
            needed[f"{_STEPS}/{one.name}"] = one.read_text(encoding="utf-8")
    files = (one for one in sorted(top.rglob("*")) if one.is_file() and one.parent != top)
    loose = (one for one in sorted(top.glob(".*")) if one.is_file())
    return needed | {
        one.relative_to(top).as_posix(): one.read_text(encoding="utf-8") for one in (*loose, *files)
    }


def first_contents(stores: Sequence[FirstStore], forge: str) -> Mapping[str, bytes]:
    """Every file but the one of what git ignores, by name."""
    found = dict(first_files.spec_files(stores, schemas.current("spec")))
    steps = pipeline(forge)
    for name, text in steps.items():
        found[name] = first_files.pipeline_file(text, stores[0])
    chosen = FORGES[forge]
    if chosen is not None:
        found[_OWNERS] = first_files.owners_file(chosen.owners, steps)
    return {name: text.encode() for name, text in found.items()}


def names_to_set(stores: Sequence[FirstStore], forge: str) -> tuple[str, ...]:
    """What the pipeline wants of its forge before it can run; nothing without one."""
    chosen = FORGES[forge]
    tokens = (one.variable for one in stores)
    return () if chosen is None else tuple(sorted({*_KEYS, *chosen.asks, *tokens}))


def begin(folder: Path, contents: Mapping[str, bytes], kept: Collection[str] = ()) -> Begun:
    """Writes what lacks; `kept` may hold something else and are left as they are.

    Raises `ConfigError`, with nothing written, where anything else stands in the place of a file.
    """
    wanted = {name: content for name, content in contents.items() if name not in kept}
    ignore = () if IGNORE in kept else (IGNORE,)
    problems = [*_conflicts(folder, {**dict.fromkeys(ignore), **wanted})]
    if problems:
        raise ConfigError(
            "nothing was written, because these are in the way:\n"
            + "\n".join(f"  {one}" for one in problems),
            hint="move them away; or leave a file as it is with --keep FILE, once for each, and "
            "take over by hand what you want of ours (`reconciler init` in an empty folder)",
        )
    there = tuple(name for name in wanted if (folder / name).exists())
    written: list[str] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        added = tuple(name for name in ignore if _ignored(folder / name))
        for name, content in wanted.items():
            if name not in there:
                _write_new(
                    folder / name, content, 0o600 if Path(name).parts[0] == TOKENS else 0o666
                )
                written.append(name)
    except OSError as error:
        raise ConfigError(
            f"not all could be written: {(error.strerror or 'unknown').lower()}",
            hint=f"there are {len(written)} files now; see to it, and run it again",
        ) from error
    return Begun(written=tuple(written), added_to=added, there=there)


def _conflicts(folder: Path, wanted: Mapping[str, bytes | None]) -> Iterator[str]:
    """What is in the way, in words; a file without content may hold anything."""
    strange: set[Path] = set()
    for name, content in wanted.items():
        inner = next((one for one in _folders(folder, name) if not _is_folder(one)), None)
        if inner is not None:
            if inner not in strange:
                yield f"{inner}: no folder of its own"
            strange.add(inner)
            continue
        path = folder / name
        if not os.path.lexists(path):
            continue
        if not stat.S_ISREG(path.lstat().st_mode):
            yield f"{path}: no regular file"
        elif content is not None and (why := _differs(path, content)):
            renewal = f": renew it with `reconciler schema > {path}`" if name == SCHEMA else ""
            yield f"{path}: {why}{renewal}"


def _differs(path: Path, content: bytes) -> str:
    """In words; empty where it holds just that."""
    try:
        same = path.stat().st_size == len(content) and path.read_bytes() == content
    except OSError as error:
        return f"cannot be read: {(error.strerror or 'unknown').lower()}"
    return "" if same else "there already, with other content"


def _folders(folder: Path, name: str) -> Iterator[Path]:
    """The folders on the way that are there, links among them."""
    below = [folder.joinpath(*Path(name).parts[:count]) for count in range(len(Path(name).parts))]
    return (one for one in below if os.path.lexists(one))


def _is_folder(path: Path) -> bool:
    """A link below the folder would lead out of it; the folder itself may be one."""
    return path.is_dir() and (not path.is_symlink())


def _ignored(path: Path) -> bool:
    from reconciler.state.disk import write_whole

    before = path.read_bytes() if path.exists() else b""
    after = first_files.ignoring(before)
    if after == before:
        return False
    if path.exists():
        write_whole(path, after, stat.S_IMODE(path.stat().st_mode))
    else:
        _write_new(path, after, 0o666)
    return True


def _write_new(path: Path, content: bytes, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
        stream.write(content)
