"""A plan with a cache is the plan without one, to the byte, whatever has changed since."""

import shutil
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cache.specs import FEWER, Json, environment, planned, record, write
from tests.harness import Shop, consent, grant

_PEOPLE: Final = 5
_TAGS: Final = (["vip"], ["vip", "x"], {"add": ["vip"]}, {"remove": ["x"]}, None)
_CONSENTS: Final = (
    None,
    "unsubscribed",
    grant(),
    grant(basis="implied_purchase", given_at="2026-06-01T10:00:00+00:00"),
)

_spec = st.fixed_dictionaries(
    {
        "file": st.integers(0, 2),
        "first_name": st.sampled_from(("Ada", "Grace", None)),
        "tags": st.sampled_from(_TAGS),
        "consent": st.sampled_from(_CONSENTS),
        "named": st.sampled_from(("email", "email", "both", "both", "phone", "upper", "other")),
        "previously": st.sampled_from((*[None] * 9, "old", "neighbour")),
        "more": st.sampled_from((*[None] * 5, "consents", "members", "again")),
        "gone": st.sampled_from((*[None] * 15, "moved away", "erasure for Ada")),
    }
)
_live = st.fixed_dictionaries(
    {
        "first_name": st.sampled_from(("Ada", "Ada", "Grace", "")),
        "tags": st.sampled_from((["vip"], ["vip", "x"], [])),
        "email": st.sampled_from(("own", "own", "own", "upper", "old", "neighbour", None)),
        "phone": st.sampled_from(("own", "own", "national", "neighbour", None)),
        "consent": st.sampled_from(("subscribed", "unsubscribed", "not_subscribed")),
        "as_wanted": st.sampled_from((True, True, False)),
        "at": st.sampled_from((None, "2026-09-05T10:00:00+00:00", "2026-13-09 10:00:00")),
    }
)


def _mostly(some: st.SearchStrategy[Json]) -> st.SearchStrategy[Json | None]:
    return st.tuples(st.integers(0, 5), some).map(lambda drawn: drawn[1] if drawn[0] else None)


_one = st.tuples(_mostly(_spec), _mostly(_live))
_settings = st.fixed_dictionaries(
    {
        "phone_region": st.sampled_from(("CN", "CN", "CN", None, "US")),
        "tags": st.sampled_from(({"owned": ["vip", "x"]}, {"owned": ["*"]}, None)),
    }
)
_policies = st.sampled_from(({}, {}, {"consent": {"require": {"email": ["given_at", "wording"]}}}))


@st.composite
def _worlds(draw: st.DrawFn) -> list[tuple[list[Any], Json, Json]]:
    """One after the other, each but a little other than the one before."""
    people = draw(st.lists(_one, min_size=_PEOPLE, max_size=_PEOPLE))
    settings, policy = draw(_settings), draw(_policies)
    found = [(people, settings, policy)] * 2
    for _ in range(draw(st.integers(1, 2))):
        people = list(people)
        match draw(st.sampled_from(("spec", "live", "spec", "live", "settings", "policy"))):
            case "settings":
                settings = draw(_settings)
            case "policy":
                policy = draw(_policies)
            case "spec":
                at = draw(st.integers(0, _PEOPLE - 1))
                people[at] = (draw(_mostly(_spec)), people[at][1])
            case _:
                at = draw(st.integers(0, _PEOPLE - 1))
                people[at] = (people[at][0], draw(_mostly(_live)))
        found.append((people, settings, policy))
    return [*found, found[0]]


def _email(number: int, form: str | None) -> str | None:
    text = f"p{number % _PEOPLE}@example.com"
    neighbour = f"p{(number + 1) % _PEOPLE}@example.com"
    forms = {"own": text, "upper": text.replace("p", "P", 1), "old": f"old{number}@example.com"}
    return None if form is None else {**forms, "neighbour": neighbour}[form]


def _phone(number: int, form: str | None) -> str | None:
    own, other = (f"+861331503440{one % _PEOPLE}" for one in (number, number + 1))
    return None if form is None else {"own": own, "national": own[3:], "neighbour": other}[form]


def _files(people: Sequence[tuple[Json | None, Json | None]]) -> Mapping[str, Json]:
    files: dict[str, Json] = {}
    for number, (spec, _) in enumerate(people):
        if spec is None:
            continue
        own: Json = {}
        if spec["named"] != "phone":
            own["email"] = _email(number, "upper" if spec["named"] == "upper" else "own")
        if spec["named"] in ("both", "phone"):
            own["phone"] = _phone(number, "own")
        if spec["named"] == "other":
            own["phone"] = _phone(number, "neighbour")
        entry = dict(own)
        if spec["previously"] and not spec["gone"]:
            entry["previously"] = {"email": _email(number, spec["previously"])}
        for name in ("first_name", "tags"):
            if spec[name] is not None and not spec["gone"]:
                entry[name] = spec[name]
        if spec["consent"] and not spec["gone"] and "email" in entry:
            entry["consent"] = {"email": spec["consent"]}
        if spec["gone"]:
            entry |= {"state": "absent", "reason": spec["gone"]}
        here = files.setdefault(f"part-{spec['file']}", {})
        here.setdefault("customers", []).append(entry)
        there = files.setdefault(f"part-{(spec['file'] + 1) % 3}", {})
        if spec["more"] == "consents":
            one = {"customer": own, "channel": "sms", "state": "unsubscribed"}
            there.setdefault("consents", []).append(one)
        elif spec["more"] == "members" and not spec["gone"]:
            there.setdefault("tags", [{"name": "x", "members": []}])[0]["members"].append(own)
        elif spec["more"] == "again" and not spec["gone"]:
            there.setdefault("customers", []).append({**own, "last_name": "Lovelace"})
    return {name: one for name, one in files.items() if one}


def _as_wanted(live: Json, spec: Json) -> Json:
    """The record of somebody for whom little or nothing is left to do."""
    wanted = spec["consent"]
    state = wanted["state"] if isinstance(wanted, dict) else wanted
    tags = spec["tags"]
    return {
        **live,
        "first_name": spec["first_name"] or "Ada",
        "tags": tags if isinstance(tags, list) else ["vip"],
        "email": "upper" if spec["named"] == "upper" else "own",
        "phone": None if spec["named"] == "other" else "own",
        "consent": state or live["consent"],
    }


def _records(people: Sequence[tuple[Json | None, Json | None]]) -> list[Json]:
    found, taken = [], set[str]()
    for number, (spec, live) in enumerate(people):
        if live is None:
            continue
        told = _as_wanted(live, spec) if live["as_wanted"] and spec is not None else live
        email, phone = _email(number, told["email"]), _phone(number, told["phone"])
        if email is None and phone is None:
            continue
        if {str(email).lower(), str(phone)[-11:]} & taken:
            continue
        taken |= {str(email).lower(), str(phone)[-11:]} - {"none", "None"}
        said = {"email": consent(told["consent"], told["at"]), "sms": consent()}
        fields = {
            "id": str(1000 + number),
            "first_name": told["first_name"],
            "tags": told["tags"],
            "consent": said,
        }
        found.append(record(email, phone=phone, **fields))
    return found


@pytest.mark.parametrize("variant", ["genstore", "shoplazza", "shopline"])
@FEWER
@given(worlds=_worlds(), read=st.sampled_from(("auto", "full")))
def test_what_is_remembered_changes_no_plan(
    shops: dict[str, Shop],
    tmp_path_factory: pytest.TempPathFactory,
    variant: str,
    worlds: list[tuple[list[Any], Json, Json]],
    read: str,
) -> None:
    shop = shops[variant]
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        for people, settings, policy in worlds:
            shop.policy = policy
            write(shop, _files(people), **settings)
            shop.reset(_records(people))

            warm = planned(shop, environment(shop, folder), read=read)
            assert warm == planned(shop, environment(shop, None), read=read)
    shutil.rmtree(folder)
