"""Law: of stores that share their opt-outs a plan with a cache is the plan without one, over
histories of clicks, edits of the files and applies.

One of two state folders belongs to runs with a cache, the other to runs without; an apply goes on
in the first, which is copied over the second.
"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler import app
from reconciler.planfile.encode import encode
from reconciler.planfile.save import save
from tests.cache.specs import NOON, Json, block, record, still
from tests.company import Company, company
from tests.harness import consent, grant

_PEOPLE: Final = tuple(f"p{number}@example.com" for number in range(3))
_WANTED: Final[tuple[Json | None, ...]] = (
    None,
    {},
    {"tags": ["vip"]},
    {"consent": {"email": "unsubscribed"}},
    grant(),
)
_act = st.one_of(
    st.tuples(
        st.just("click"),
        st.sampled_from(("us", "eu")),
        st.sampled_from(_PEOPLE),
        st.sampled_from(("subscribed", "unsubscribed", "unsubscribed")),
    ),
    st.tuples(
        st.just("want"),
        st.sampled_from(("us", "eu")),
        st.sampled_from(_PEOPLE),
        st.sampled_from(_WANTED),
    ),
    st.tuples(st.just("apply")),
    st.tuples(st.just("apart"), st.booleans()),
)


def _entry(email: str, wanted: Json) -> Json:
    is_grant = "given_at" in wanted
    return {"email": email, **({"consent": {"email": wanted}} if is_grant else wanted)}


def _plan(both: Company, folder: str, *, caching: bool) -> Json:
    made = replace(both.environment, clock=still(NOON), folder=both.folder / folder)
    run = app.with_cache(made, both.specs) if caching else made
    state = app.load_or_raise(both.specs, run, lambda _: None)
    plan = app.plan(state, app.PlanOptions(), run, both.pseudonyms)
    return encode(save(plan, both.pseudonyms))


def _copied(both: Company) -> None:
    shutil.rmtree(both.folder / "other", ignore_errors=True)
    if (both.folder / ".reconciler").exists():
        shutil.copytree(both.folder / ".reconciler", both.folder / "other")


@pytest.mark.parametrize("platforms", [("genstore", "shopline"), ("shoplazza", "genstore")])
@settings(max_examples=5)
@given(acts=st.lists(_act, min_size=1, max_size=6))
def test_stores_of_one_controller_plan_the_same_with_a_cache(
    tmp_path_factory: pytest.TempPathFactory,
    platforms: tuple[str, str],
    acts: Sequence[tuple[Any, ...]],
) -> None:
    folder = tmp_path_factory.mktemp("company")
    yes = {"email": consent("subscribed", "2026-06-01T10:00:00+00:00"), "sms": consent()}
    people = [record(email, consent=yes) for email in _PEOPLE]
    wanted: dict[str, dict[str, Json]] = {
        name: {email: {"tags": ["vip"]} for email in _PEOPLE} for name in ("us", "eu")
    }
    with (
        pytest.MonkeyPatch.context() as patch,
        company(
            folder,
            dict(zip(("us", "eu"), platforms, strict=True)),
            {name: [dict(one) for one in people] for name in wanted},
        ) as both,
    ):
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        patch.delenv("CI", raising=False)
        for act in [("begin",), *acts, ("end",)]:
            match act:
                case ("click", store, email, state):
                    both.clicks(store, email, state)
                case ("want", store, email, one):
                    wanted[store].pop(email, None)
                    if one is not None:
                        wanted[store][email] = one
                case ("apart", apart):
                    both.controllers["eu"] = None if apart else "acme"
                case ("apply",):
                    both.apply(both.plan())
                    _copied(both)
                case _:
                    pass
            both.want()
            for name, every in wanted.items():
                entries = [_entry(email, one) for email, one in every.items()]
                text = block({"store": name, "customers": entries})
                (both.specs / f"{name}.yaml").write_text(text)
            for _ in range(2):
                warm = _plan(both, ".reconciler", caching=True)
                assert json.dumps(warm) == json.dumps(_plan(both, "other", caching=False))
    assert any(one.is_file() for one in (folder / "cache").rglob("*"))
    shutil.rmtree(folder)
