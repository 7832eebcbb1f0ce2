"""Pull requests of a repository of specs, each with its plan, and the ways to merge them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.history.repository import Repository, entry, repository

NAMES = ("ada", "bob", "cyd", "dan")
MERGES = {
    "merge": ("merge", "-q", "--no-ff", "--no-edit"),
    "squash": ("merge", "-q", "--squash"),
    "fast-forward": ("merge", "-q", "--ff-only"),
}


@contextmanager
def applied(folder: Path) -> Iterator[Repository]:
    """A main branch with four people, carried out."""
    with repository(folder, NAMES) as made:
        for name in NAMES:
            made.write(name, customers=[entry(name, first_name="Ada")])
        made.commit()
        made.converge()
        yield made


def requested(repo: Repository, branch: str, **people: dict[str, Any]) -> Path:
    """A pull request with its plan, made of the branch merged into the main one."""
    repo.git("checkout", "-qb", branch, "main")
    for name, fields in people.items():
        repo.write(name, customers=[entry(name, **fields)])
    repo.commit()
    done, _ = repo.plan("main")
    assert done.code == 0, done.everything
    kept = repo.shop.folder / f"{branch}.json"
    shutil.copy(repo.plan_file, kept)
    repo.git("checkout", "-q", "main")
    return kept


def merged(repo: Repository, how: str, branch: str) -> None:
    if how == "fast-forward":
        repo.git("checkout", "-q", branch)
        repo.git("rebase", "-q", "main")
        repo.git("checkout", "-q", "main")
    repo.git(*MERGES[how], branch)
    if how == "squash":
        repo.commit()
