"""The first files of somebody who begins: what `init` writes, as text and without touching a disk.

Each is laid out as `fmt` lays it out, and `validate` has nothing to say of any.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from reconciler.desired.layout.scalar import written

SCHEMA: Final = "schemas/spec.schema.json"
TOKENS: Final = "local-tokens"
"""The folder of what only its owner may read."""
IGNORED: Final = (".reconciler/", f"/{TOKENS}/", "/out/", "/plan.json", "/plan.md", "/plan.html")
# The variable whose name the pipelines of the examples have in them.
_OF_EXAMPLES: Final = "ACME_US_TOKEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstStore:
    """`variable` is the one that holds its token, never the token. For local stores there is a
    `base_url`, and a `token` that is made up: it stands in a file, so that nothing has to be set.
    """

    name: str
    platform: str
    shop: str
    variable: str
    base_url: str | None = None
    token: str | None = None
    timezone: str | None = None
    phone_region: str | None = None


def variable_for(name: str) -> str:
    """The variable that a store's token is looked for in."""
    stem = name.upper().replace("-", "_")
    return f"{'_' if stem[:1].isdigit() else ''}{stem}_TOKEN"


def stores_file(stores: Iterable[FirstStore]) -> str:
    """`specs/stores.yaml`."""
    return f"{modeline(1)}\n{stores_section(stores)}"


def stores_section(stores: Iterable[FirstStore]) -> str:
    return "".join(f"{line}\n" for line in ("stores:", *_stores(stores)))


def _stores(stores: Iterable[FirstStore]) -> Iterable[str]:
    for number, store in enumerate(stores):
        if number:
            yield ""
        yield f"  {written(store.name)}:"
        yield f"    platform: {written(store.platform)}"
        yield f"    shop: {written(store.shop)}"
        if store.base_url is not None:
            yield f"    base_url: {written(store.base_url)}"
        kept = store.token is not None
        where = ("file", token_file(store)) if kept else ("env", store.variable)
        yield f"    token: {{{where[0]}: {written(where[1], flow=True)}}}"
        if store.timezone is not None:
            yield f"    timezone: {written(store.timezone)}"
        elif store.base_url is None:
            yield "    # timezone: Asia/Shanghai  # the shop's, for times that carry no offset"
        if store.phone_region is not None:
            yield f"    phone_region: {written(store.phone_region)}"
        elif store.base_url is None:
            yield "    # phone_region: CN         # the shop's, for national phone numbers"


def token_file(store: FirstStore) -> str:
    """Where a local store's token is kept."""
    return f"{TOKENS}/{store.name}"


def customers_file(store: FirstStore) -> str:
    """`specs/STORE/customers.yaml`: nobody yet, so that nothing is asked of the store."""
    lines = (
        modeline(2),
        f"store: {written(store.name)}",
        "# Nobody yet. `reconciler export` writes whom the store has; an entry looks like this:",
        "#   - email: ada@example.com",
        "#     first_name: Ada",
        "#     tags: {add: [vip]}",
        "#     consent: {sms: unsubscribed}",
        "customers: []",
    )
    return "".join(f"{line}\n" for line in lines)


def modeline(depth: int) -> str:
    """By which editors find the schema of a file so many folders below the one that has it."""
    return f"# yaml-language-server: $schema={'../' * depth}{SCHEMA}"


def pipeline_file(example: str, store: FirstStore) -> str:
    """A file of an example's pipeline, with the names of this store's tokens."""
    return example.replace(_OF_EXAMPLES, store.variable)


def owners_file(place: str, pipelines: Iterable[str]) -> str:
    """An example: teams that do not exist must own nothing."""
    tops = sorted({name.partition("/")[0] + "/" * ("/" in name) for name in pipelines})
    lines = (
        f"# An example. Name your own teams, make it {place} (or take its lines into yours),",
        "# and have the protected branch ask for the owners' review.",
        "/specs/             @your-org/crm",
        "/specs/stores.yaml  @your-org/operations @your-org/privacy",
        *(f"/{top:<18} @your-org/operations" for top in tops),
    )
    return "".join(f"{line}\n" for line in lines)


HOOKS_FILE: Final = """\
# Looks at the specs before each commit, offline; `pre-commit install` switches it on.
repos:
  - repo: local
    hooks:
      - id: reconciler-validate
        name: reconciler validate
        entry: reconciler validate
        language: system
        files: ^specs/.*\\.ya?ml$
        pass_filenames: false
      - id: reconciler-fmt
        name: reconciler fmt
        entry: reconciler fmt --check
        language: system
        files: ^specs/.*\\.ya?ml$
        pass_filenames: false
"""


def ignoring(existing: bytes, wanted: Iterable[str] = IGNORED) -> bytes:
    """An ignore file with what it lacks of the wanted lines at its end; all of it else stays."""
    there = {line.strip() for line in existing.split(b"\n")}
    lacking = [line.encode() for line in wanted if line.encode() not in there]
    if not lacking:
        return existing
    end = b"\r\n" if b"\r\n" in existing else b"\n"
    gap = end if existing and not existing.endswith(b"\n") else b""
    return existing + gap + b"".join(line + end for line in lacking)


def spec_files(stores: Iterable[FirstStore], schema: str) -> Mapping[str, str]:
    """By name below the folder: what is the same whatever the forge."""
    every = tuple(stores)
    return {
        SCHEMA: schema,
        "specs/stores.yaml": stores_file(every),
        **{f"specs/{one.name}/customers.yaml": customers_file(one) for one in every},
        **{token_file(one): f"{one.token}\n" for one in every if one.token is not None},
        ".pre-commit-config.yaml": HOOKS_FILE,
    }
