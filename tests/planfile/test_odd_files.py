"""Whatever the schema lets through is decoded or refused, and what is decoded can be shown."""

import json
import math
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler import schemas
from reconciler.errors import PlanFileError
from reconciler.plan.plan import Plan
from reconciler.plan.steps import steps
from reconciler.planfile.approve import approve
from reconciler.planfile.decode import decode
from reconciler.planfile.encode import encode
from reconciler.planfile.saved import SavedPlan
from reconciler.report import annotations, html, markdown, text
from reconciler.report.lines import as_json
from tests.planfile.plans import planned, plans
from tests.planfile.test_encode_and_decode import EVERYTHING, STORE, written

Json = dict[str, Any]
Path = tuple[str | int, ...]

ODD: Final[tuple[Any, ...]] = (
    None,
    True,
    False,
    0,
    -1,
    1.0,
    2**63,
    10**4299,
    1e308,
    math.inf,
    math.nan,
    "",
    "x",
    "\ud800",
    "\u202e",
    "2026-01-01",
    "2026-01-01T00:00:00",
    "0001-01-01T00:00:00+14:00",
    "customer",
    "customer[x]",
    "tags[",
    "consent",
    "consent.fax",
    "consent[email]",
    "first_name.x",
    "stores",
    "approvals",
    [],
    {},
    ["stores"],
    {"state": "subscribed"},
    {"state": "subscribed", "at": 3},
    {"state": "subscribed", "who": "me"},
    {"state": "subscribed", "at": None, "actor": "staff", "grade": "A", "code": 5},
)


LOOSE: Final = (
    "before",
    "after",
    "field",
    "created_at",
    "expires_at",
    "until",
    "error",
    "base",
    "receipt",
    "path",
    "seconds",
    "change",
    "state",
    "classes",
    "effect",
    "source",
    "customer",
    "file",
    "store",
    "seen",
    "raise",
    "audience",
    "personal",
    "words",
    "acknowledged",
    "added",
    "paths",
)
"""Where the schema leaves open what stands there, or lets it be absent."""


def _places(value: Any, path: Path = ()) -> Iterator[Path]:
    if path:
        yield path
    if isinstance(value, dict | list):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _places(inner, (*path, name))


def _at(body: Any, path: Path) -> Any:
    for name in path:
        body = body[name]
    return body


def _shown(plan: SavedPlan) -> None:
    """In every way that a plan is shown."""
    link = {"base": "https://forge.example/x"}
    for every in (True, False):
        list(text.render(plan, every=every, reveal={}))
    markdown.render(plan, link)
    html.render(plan, link)
    list(annotations.github(annotations.of_plan(plan)))
    as_json(encode(plan))
    for store in approve(plan).stores:
        steps(store, ())


@given(plans(), st.data())
def test_an_odd_file_is_shown_or_refused(plan: Plan, data: st.DataObject) -> None:
    body = written(plan)
    places = [path for path in _places(body) if path[-1] in LOOSE]
    path = data.draw(st.sampled_from(places))
    parent, name = _at(body, path[:-1]), path[-1]
    if data.draw(st.booleans()):
        parent[name] = data.draw(st.sampled_from(ODD))
    else:
        del parent[name]
    if not schemas.validator("plan").is_valid(body):
        return

    with suppress(PlanFileError):
        _shown(decode(body))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("created_at",), "yesterday"),
        (("expires_at",), "2026-01-01T00:00:00"),
        (("options", "raise"), {"everything": 1}),
        (("summary", "audience"), {}),
        (("summary", "audience", "shop", "fax"), {"before": 1, "after": 1, "change": 0}),
        (("summary", "create"), 1e300),
        (("changes", 0, "classes"), []),
        (("changes", 0, "seen"), {"email": "maybe"}),
        (("changes", 0, "fields", 0, "field"), "nobody_knows"),
        (("changes", 0, "fields", 0, "field"), "consent.fax"),
        (("stores", 0, "receipt", "words", 0, "state"), "maybe"),
        (("stores", 0, "apply", "seconds"), 10**400),
        (
            ("settings", "changed"),
            [{"path": [], "before": None, "after": None, "source": None, "digest": "f" * 64}],
        ),
    ],
)
def test_what_no_plan_of_ours_says_is_refused(path: Path, value: Any) -> None:
    body = written(planned(*EVERYTHING, store=STORE))
    _at(body, path[:-1])[path[-1]] = value
    assert schemas.validator("plan").is_valid(body)

    with pytest.raises(PlanFileError, match="damaged plan"):
        decode(body)


def test_what_the_schema_does_not_ask_for_may_be_left_out() -> None:
    body = written(planned(*EVERYTHING, store=STORE))
    for store in body["stores"]:
        del store["receipt"]["day_first"], store["receipt"]["blind"]
    for change in body["changes"]:
        del change["seen"]

    plan = decode(json.loads(json.dumps(body)))

    assert schemas.validator("plan").is_valid(body)
    assert all(one.seen == () for one in plan.changes)
