"""A store whose specs stand in a real git repository, with the state folder of its main branch."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.attacks.test_git import git
from tests.harness import KEY, Shop, opened, person
from tests.program import Done, run

Json = dict[str, Any]


class Repository:
    """Commands run as a pipeline would run them."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.git("init", "-q", "-b", "main")
        (shop.folder / ".gitignore").write_text(".reconciler\n*.json\n")

    def git(self, *words: str) -> str:
        return git(self.shop.folder, *words).strip()

    def write(self, name: str, **sections: Any) -> None:
        """One file below the specs; JSON is YAML."""
        text = json.dumps({"store": "shop", **sections}, indent=1)
        (self.shop.specs / f"{name}.yaml").write_text(text)

    def drop(self, name: str) -> None:
        (self.shop.specs / f"{name}.yaml").unlink()

    def commit(self) -> str:
        self.git("add", "-A")
        self.git("commit", "-qm", "a change")
        return self.git("rev-parse", "HEAD")

    def call(self, *words: str, **env: str) -> Done:
        secrets = {
            "TOKEN": self.shop.box.token,
            "RECONCILER_KEY": KEY.decode(),
            "RECONCILER_HOSTS": self.shop.url,
        }
        return run(*words, "--specs", self.shop.specs, env={**secrets, "CI": "true", **env})

    @property
    def plan_file(self) -> Path:
        return self.shop.folder / "plan.json"

    def plan(self, base: str, *words: str) -> tuple[Done, Json]:
        self.plan_file.unlink(missing_ok=True)
        done = self.call("plan", "--base", base, "--out", str(self.plan_file), *words)
        return done, json.loads(self.plan_file.read_text()) if self.plan_file.exists() else {}

    def apply(self, *words: str) -> Done:
        return self.call("apply", "--base", "none", str(self.plan_file), *words)

    def converge(self) -> None:
        """As the job of the main branch does: plan and apply what is at hand."""
        done, body = self.plan("none")
        assert not body["summary"]["blocked"], done.out
        done = self.apply()
        assert done.code == 0, done.everything

    def edit(self, email: str, **fields: Any) -> None:
        """Somebody edits a record in the store."""
        self.shop.box.edit(self.shop.live(email)["id"], **fields)


@contextmanager
def repository(
    folder: Path,
    people: Sequence[str],
    variant: str = "genstore",
    **fields: Any,
) -> Iterator[Repository]:
    """The people are in the store and in no file."""
    records = [person(f"{name}@example.com", **fields) for name in people]
    with opened(folder / "repo", variant, records) as shop:
        yield Repository(shop)


def causes(body: Json) -> dict[str, str]:
    """The cause of each field change, by alias and field."""
    return {
        f"{one['customer']} {field['field']}": field["cause"]
        for one in body["changes"]
        for field in one["fields"]
    }


def told(body: Json) -> list[tuple[str, str]]:
    """What is changed and why, without whom."""
    return sorted((name.partition(" ")[2], cause) for name, cause in causes(body).items())


def entry(name: str, **fields: Any) -> Json:
    return {"email": f"{name}@example.com", **fields}


def totals(body: Json) -> Mapping[str, int]:
    return {name: count for name, count in body["summary"]["causes"].items() if count}
