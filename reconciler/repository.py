"""What git knows of the specs: their commit, who last touched a line, and what stood there before.

The folder may come from a pull request, so nothing of it is executed or obeyed: git runs without
hooks, monitors, text converters and bare repositories, and without any secret in its environment.
Files are compared by their own digests, since asking git would run filters.
"""

import getpass
import hashlib
import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from reconciler.errors import ConfigError

_SECONDS: Final = 20.0
# All that git needs to find itself and its user's own settings.
_PASSED_ON: Final = ("PATH", "HOME", "XDG_CONFIG_HOME", "USERPROFILE", "SYSTEMROOT", "TMPDIR")
_SWITCHED_OFF: Final = (
    "safe.bareRepository=explicit",
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    f"core.hooksPath={os.devnull}",
    f"core.attributesFile={os.devnull}",
    "core.sshCommand=false",
    "core.askPass=",
    "credential.helper=",
    "diff.external=",
    "diff.trustExitCode=false",
    "protocol.allow=never",
    "core.warnAmbiguousRefs=true",
)


@dataclass(frozen=True, slots=True)
class Touched:
    """The commit that last touched a line, and when; None where the line is not committed."""

    commit: str
    at: datetime


def commit_at_hand(folder: Path) -> tuple[str, bool] | None:
    """The commit that is checked out, and whether the specs are byte for byte as it has them; None
    where git does not know.
    """
    if top_of(folder) is None:
        return None
    commit = _git(folder, "rev-parse", "--verify", "HEAD")
    return None if commit is None else (commit.strip(), _is_committed(folder))


def user() -> str | None:
    """The name of the account that runs this; None for an account without one."""
    try:
        return getpass.getuser() or None
    except (OSError, KeyError):  # as containers have
        return None


def last_touch(file: str, line: int) -> Touched | None:
    """None where git does not know the line: no repository, or not committed as it stands."""
    path = Path(file)
    if not _is_committed(path):
        return None
    text = _git(
        path.parent,
        "blame",
        "--no-textconv",
        "--porcelain",
        "-L",
        f"{line},{line}",
        "HEAD",
        "--",
        path.name,
    )
    if text is None:
        return None
    # Only a line feed ends a line of git's: whatever else stands in a subject or a name is text.
    head = text.partition("\n\t")[0].split("\n")
    words = dict(row.split(" ", 1) for row in head if " " in row)
    commit, at = text.split(" ", 1)[0], words.get("committer-time", "")
    if set(commit) == {"0"} or not (at.isascii() and at.isdecimal()):
        return None
    return Touched(commit, datetime.fromtimestamp(int(at), UTC))


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing below a folder at a revision: `path` is below that folder, `mode` is git's."""

    path: str
    mode: str
    digest: str


@dataclass(frozen=True, slots=True)
class Revision:
    """A folder as it stood at a commit, read without a checkout."""

    top: Path
    below: str
    commit: str

    def entries(self) -> tuple[Entry, ...]:
        """Everything below the folder, folders apart; empty where it was not there."""
        words = ("--", f"{self.below}/") if self.below else ()
        listed = _git(self.top, "ls-tree", "-r", "-z", "--full-tree", self.commit, *words)
        if listed is None:
            raise self._not_here()
        start = len(self.below) + 1 if self.below else 0
        found = []
        for row in listed.split("\0"):
            about, _, path = row.partition("\t")
            if path:
                mode, _, digest = about.split(" ")[:3]
                found.append(Entry(path[start:], mode, digest))
        return tuple(found)

    def contents(self, digests: Iterable[str]) -> dict[str, bytes]:
        """The bytes as they were committed: no filter and no converter runs."""
        wanted = sorted(set(digests))
        done = _run_bytes(
            self.top, "cat-file", "--batch", given="".join(f"{one}\n" for one in wanted).encode()
        )
        if done is None or done.returncode:
            raise self._not_here()
        found: dict[str, bytes] = {}
        rest = memoryview(done.stdout)
        for digest in wanted:
            head, _, _ = bytes(rest[: len(digest) + 64]).partition(b"\n")
            words = head.split(b" ")
            if len(words) != 3 or words[1] != b"blob":
                raise self._not_here()
            size = int(words[2])
            found[digest] = bytes(rest[len(head) + 1 : len(head) + 1 + size])
            rest = rest[len(head) + size + 2 :]
        return found

    def _not_here(self) -> ConfigError:
        return ConfigError(
            f"the files of revision {self.commit[:12]} are not in this clone",
            hint="fetch them first; in pipelines check out without a filter",
        )


def revision(folder: Path, name: str) -> Revision:
    """The folder as it stood at a revision that `name` means. Raises `ConfigError`."""
    if name.startswith("-") or not name.isprintable() or not name:
        raise ConfigError(
            "this is no name of a revision", hint="name a branch, a tag or a commit after --base"
        )
    if folder.is_file():
        raise ConfigError(f"{folder} is a file", hint="name the folder of the specs with --specs")
    top, below = _place_of(folder)
    told = _run(top, "rev-parse", "--verify", f"{name}^{{commit}}")
    if told is None:
        raise ConfigError(
            f"git cannot be asked about {folder}",
            hint="see that git is installed and that the folder is no bare repository",
        )
    if told.returncode or not told.stdout.strip().isalnum():
        raise ConfigError(
            refusal(top) or f"this clone knows no revision {name}",
            hint=_how_to_fetch(name),
        )
    # What begins with `refs/` is taken as it stands before anything else is tried.
    full = name.startswith("refs/") or told.stdout.strip() == name
    if "ambiguous" in told.stderr and not full:
        raise ConfigError(
            f"{name} names several things in this clone, and anybody may push a tag of that name",
            hint="write it in full, like refs/remotes/origin/main",
        )
    return Revision(top, below, told.stdout.strip())


def top_of(folder: Path) -> Path | None:
    """The top of the repository that a folder stands in; None for none."""
    here = Path(os.path.normpath(folder.absolute()))
    return next((one for one in (here, *here.parents) if (one / ".git").exists()), None)


def is_inside(folder: Path) -> bool:
    """Whether the folder stands in a repository."""
    return top_of(folder) is not None


def is_shallow(folder: Path) -> bool:
    """Whether the clone may lack commits that the repository has."""
    told = _git(folder, "rev-parse", "--is-shallow-repository")
    return told is not None and told.strip() == "true"


def merge_base(folder: Path, commit: str) -> str | None:
    """The last commit that the one at hand and another have in common; None where this clone does
    not have it.
    """
    told = _git(folder, "merge-base", "HEAD", commit)
    return None if told is None else told.strip() or None


def _how_to_fetch(name: str) -> str:
    if re.fullmatch("[0-9a-f]{40}|[0-9a-f]{64}", name):
        return f"fetch it first: git fetch --depth=1 origin {name}"
    return (
        "fetch it first: git fetch --depth=1 origin +refs/heads/BRANCH:refs/remotes/origin/BRANCH, "
        "then --base refs/remotes/origin/BRANCH"
    )


def _place_of(folder: Path) -> tuple[Path, str]:
    """The top of the repository, and where the folder stands below it, as it was typed.

    A pull request could make the folder a link, or a repository of its own, to have other settings
    read than those of this folder.
    """
    here = Path(os.path.normpath(folder.absolute()))
    top = top_of(folder)
    if top is None:
        raise ConfigError(
            f"{folder} stands in no git repository, so it has no earlier revision",
            hint="run in a clone of the repository, or give --base none",
        )
    below = here.relative_to(top)
    steps = [top.joinpath(*below.parts[: count + 1]) for count in range(len(below.parts))]
    if any(one.is_symlink() for one in steps):
        raise ConfigError(
            f"{folder} is reached through a link, so git does not tell what it was",
            hint="name the folder itself with --specs",
        )
    outer = _git(top, "rev-parse", "--show-superproject-working-tree")
    if outer is not None and outer.strip():
        raise ConfigError(
            f"{folder} is a submodule, so another repository decides what it was",
            hint="check that repository out alone, and run there",
        )
    return top, "" if below == Path() else below.as_posix()


def is_tracked(path: Path) -> bool:
    """Whether a file is one of the repository's, so that a commit may have brought it."""
    return bool(_git(path.parent, "ls-files", "--cached", "--", path.name))


def would_be_committed(path: Path) -> bool:
    """Whether git sees a file that it does not ignore; false where no repository is."""
    if top_of(path.parent) is None:
        return False
    return bool(_git(path.parent, "ls-files", "--others", "--exclude-standard", "--", path.name))


def refusal(folder: Path) -> str | None:
    """Why git will not look at this folder although it is one of a repository, in words."""
    done = _run(folder, "rev-parse", "HEAD")
    if done is not None and done.returncode and "dubious ownership" in done.stderr:
        return (
            "git refuses this repository, because it belongs to somebody else: no commit is told; "
            "list it in git's safe.directory if you trust it"
        )
    return None


def _is_committed(path: Path) -> bool:
    """Whether a file, or every file of a folder, is byte for byte as HEAD has it."""
    inside = "." if path.is_dir() else path.name
    listed = _git(path, "ls-tree", "-r", "-z", "HEAD", "--", inside)
    if listed is None:
        return False
    known = dict(_entries(listed))
    folder = path if path.is_dir() else path.parent
    there = [folder / name for name in known]
    if path.is_dir():
        there = [one for one in sorted(path.rglob("*")) if _counts(one.relative_to(path))]
    names = {str(one.relative_to(folder)): one for one in there}
    return names.keys() == known.keys() and all(
        _digest(names[name], digest) == digest for name, digest in known.items()
    )


def _entries(listed: str) -> Iterator[tuple[str, str]]:
    for row in listed.split("\0"):
        if row:
            about, _, name = row.partition("\t")
            if _counts(Path(name)):
                yield name, about.split(" ")[2]


def _counts(path: Path) -> bool:
    return path.suffix.lower() in (".yaml", ".yml") and not path.name.startswith(".")


def _digest(path: Path, like: str) -> str:
    """The name that git gives a file's content, in a repository with digests of this length."""
    try:
        content = path.read_bytes()
    except OSError:
        return ""
    kind = "sha256" if len(like) == 64 else "sha1"
    return hashlib.new(
        kind, b"blob %d\0" % len(content) + content, usedforsecurity=False
    ).hexdigest()


def _git(path: Path, *words: str) -> str | None:
    """What git prints, or None where it cannot: no git, no repository, no such file."""
    done = _run(path, *words)
    return None if done is None or done.returncode else done.stdout


def _run(path: Path, *words: str) -> "subprocess.CompletedProcess[str] | None":
    done = _run_bytes(path, *words)
    if done is None:
        return None
    told, complained = (one.decode(errors="surrogateescape") for one in (done.stdout, done.stderr))
    return subprocess.CompletedProcess(done.args, done.returncode, told, complained)


def _run_bytes(
    path: Path, *words: str, given: bytes = b""
) -> "subprocess.CompletedProcess[bytes] | None":
    folder = path if path.is_dir() else path.parent
    if _in_bare_repository(folder):
        return None
    settings = [part for one in _SWITCHED_OFF for part in ("-c", one)]
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    environment |= {
        "LC_ALL": "C",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_LITERAL_PATHSPECS": "1",
    }
    try:
        return subprocess.run(  # noqa: S603
            ("git", "--no-pager", *settings, *words),  # noqa: S607 -- the one of the user's shell
            cwd=folder,
            env=environment,
            input=given,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None


def _in_bare_repository(folder: Path) -> bool:
    """Whether git would take a folder on the way up for a repository before it meets `.git`.

    Versions before 2.38 do not know `safe.bareRepository`.
    """
    for one in (folder.absolute(), *folder.absolute().parents):
        if (one / ".git").exists():
            return False
        if (one / "HEAD").exists() and (one / "objects").is_dir() and (one / "refs").is_dir():
            return True
    return False
