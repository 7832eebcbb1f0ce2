"""Specs as people write them, line by line, and plans of them with a cache and without."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from hypothesis import settings

from reconciler import app
from reconciler.clock import Clock
from reconciler.errors import ReconcilerError
from reconciler.model.scope import EVERYBODY, Scope
from reconciler.planfile.encode import encode
from reconciler.planfile.save import save
from tests.harness import Shop, person

Json = dict[str, Any]
NOON: Final = datetime(2026, 10, 1, 12, tzinfo=UTC)
# Each example of a cache plans several times.
FEWER: Final = settings(max_examples=max(6, settings().max_examples // 2))


def block(value: Any, indent: int = 0) -> str:
    """A mapping or a list in the lines that people write."""
    space = " " * indent
    if isinstance(value, Mapping):
        return "".join(f"{space}{key}:{_inner(one, indent + 2)}" for key, one in value.items())
    inner = indent + 2
    parts = [block(one, inner)[inner:] if _is_long(one) else f"{_text(one)}\n" for one in value]
    return "".join(f"{space}- {part}" for part in parts)


def _inner(one: Any, indent: int) -> str:
    return f"\n{block(one, indent)}" if _is_long(one) else f" {_text(one)}\n"


def _is_long(one: Any) -> bool:
    return isinstance(one, (Mapping, list)) and bool(one)


def _text(one: Any) -> str:
    return json.dumps(one, ensure_ascii=False)


def write(shop: Shop, files: Mapping[str, Json], **settings: Any) -> None:
    """The settings in a file of their own, which says of which store the others are too."""
    shop.settings = settings
    shop.want()
    for path in shop.specs.glob("part*.yaml"):
        path.unlink()
    for name, document in files.items():
        text = block({"store": "shop", **document})
        (shop.specs / f"{name}.yaml").write_text(text, encoding="utf-8")


def still(at: datetime = NOON) -> Clock:
    """Plans made at one moment are the same to the byte."""
    seconds = [0.0]

    def sleep(more: float) -> None:
        seconds[0] += more

    return Clock(now=lambda: at, monotonic=lambda: seconds[0], sleep=sleep)


def environment(
    shop: Shop, folder: Path | None, *, key: str | None = "k" * 40, at: datetime = NOON
) -> app.Environment:
    """That of one run, which keeps its cache below the folder."""
    made = replace(shop.environment, clock=still(at))  # where CI is not set
    variables = {name: one for name, one in made.variables.items() if name != "RECONCILER_KEY"}
    if key is not None:
        variables["RECONCILER_KEY"] = key
    run = replace(made, variables=variables)
    return run if folder is None else app.with_cache(run, shop.specs)


def planned(
    shop: Shop,
    run: app.Environment,
    *,
    base: str | None = None,
    read: str = "full",
    scope: Scope = EVERYBODY,
) -> tuple[str, Sequence[str]]:
    """The whole plan as it is saved, or what is wrong; and the warnings."""
    warnings: list[str] = []
    try:
        state = app.load_or_raise(shop.specs, run, lambda one: warnings.append(str(one)), base)
        pseudonyms = app.pseudonyms_for(run, state)
        made = app.plan(state, app.PlanOptions(read=read, scope=scope), run, pseudonyms)
    except ReconcilerError as error:
        wrong = [str(one) for one in getattr(error, "diagnostics", ())]
        return f"{error} {wrong}", warnings
    return json.dumps(encode(save(made, pseudonyms))), warnings


def record(email: str | None, /, **fields: Any) -> Json:
    """A live customer who is the same in each store that is made of it."""
    return person(email, **{"created_at": "2026-08-01T10:00:00+00:00", **fields})


def later(days: float) -> datetime:
    return NOON + timedelta(days=days)
