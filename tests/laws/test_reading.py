"""The plan does not depend on how a store is read, however it spells, hides or searches.

`auto` gives what `full` gives; `lookup` gives that or less, and never another action.
"""

from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.settings import RiskClass
from tests.harness import VARIANTS, Shop, consent, grant, person

Json = dict[str, Any]

# Each person's address in all the spellings that a store may have it in.
PEOPLE: Final = (
    ("ada@example.com", "Ada@example.com", "ADA@EXAMPLE.COM"),
    ("jos\u00e9@example.com", "jose\u0301@example.com", "JOS\u00c9@example.com"),
    ("bo@xn--mnchen-3ya.example", "bo@m\u00fcnchen.example", "Bo@m\u00fcnchen.example"),
    ("chen@example.com",),
)
NUMBERS: Final = ("+8613800138000", "+8613800138001")
WRITTEN: Final = {
    "+8613800138000": ("13800138000", "+86 138 0013 8000", "008613800138000", "+8613800138000.0"),
    "+8613800138001": ("13800138001", "8613800138001", "+86-138-0013-8001", "13800138001 ext 7"),
}
FILLER: Final = [person(f"c{number}@example.com") for number in range(270)]
_TIMES: Final = ("2026-09-01T10:00:00+00:00", "2026-01-05T10:00:00+00:00", None)

_consents = st.fixed_dictionaries(
    {
        channel: st.builds(
            consent,
            st.sampled_from(("subscribed", "unsubscribed", "not_subscribed")),
            st.sampled_from(_TIMES),
            st.sampled_from(("person", "staff")),
        )
        for channel in ("email", "sms")
    }
)
_records = st.lists(
    st.builds(
        lambda email, phone, consents: person(email, phone=phone, consent=consents),
        st.one_of(st.none(), st.sampled_from([one for forms in PEOPLE for one in forms])),
        st.one_of(st.none(), st.sampled_from([one for forms in WRITTEN.values() for one in forms])),
        _consents,
    ).filter(lambda one: one["email"] or one["phone"]),
    max_size=4,
)
_wishes = st.fixed_dictionaries(
    {},
    optional={
        "first_name": st.just("New"),
        "consent": st.sampled_from(
            ({"email": "unsubscribed"}, {"email": grant()}, {"sms": "unsubscribed"}, "unsubscribed")
        ),
        "state": st.just("absent"),
    },
)


def _entries(phones: bool) -> st.SearchStrategy[list[Json]]:
    names = [{"email": one} for forms in PEOPLE for one in forms[:2]]
    names += [{"phone": one} for one in NUMBERS] if phones else []
    return st.lists(
        st.tuples(st.sampled_from(names), _wishes),
        min_size=1,
        max_size=3,
        unique_by=lambda pair: _who(pair[0]),
    ).map(lambda pairs: [_entry(name, wish) for name, wish in pairs])


def _who(name: Json) -> object:
    return name.get("phone") or next(i for i, forms in enumerate(PEOPLE) if name["email"] in forms)


def _entry(name: Json, wish: Json) -> Json:
    if wish.get("state") == "absent":
        return {**name, "state": "absent", "reason": "erasure 1"}
    asked = wish.get("consent")
    if isinstance(asked, dict):
        needs = "email" if "email" in asked else "phone"
        if needs not in name and not all(one == "unsubscribed" for one in asked.values()):
            return {**name, "first_name": "New"}
    return {**name, **wish}


def _switches(platform: str) -> st.SearchStrategy[Json]:
    every: dict[str, dict[str, tuple[str, ...]]] = {
        "genstore": {
            "search_match": ("exact", "prefix", "contains"),
            "empty_search": ("list", "word"),
            "search_scope": ("yes", "403"),
            "list_order": ("ascending", "shuffled"),
        },
        "shoplazza": {"match": ("exact", "fuzzy", "ignored"), "masked": ("none", "some")},
        "shopline": {"masked": ("none", "some"), "search_token": ("page", "keyset")},
    }
    own = every[platform]
    return st.fixed_dictionaries(
        {
            "duplicates": st.just("accepted"),
            "spelling": st.sampled_from(("case", "bytes", "blind")),
        },
        optional={name: st.sampled_from(values) for name, values in own.items()},
    )


_SCENES = st.sampled_from(VARIANTS).flatmap(
    lambda variant: st.tuples(
        st.just(variant),
        _records,
        _entries(phones=variant != "genstore"),
        _switches(variant.partition("-")[0]),
    )
)


def _said(body: Json) -> Json:
    return {
        "error": bool(body["stores"][0]["error"]),
        "changes": sorted(
            (one["customer"], one["action"], *(field["digest"] for field in one["fields"]))
            for one in body["changes"]
        ),
        "held": sorted(
            (one["level"], one["rule"], one["customer"] or "") for one in body["verdicts"]
        ),
    }


@given(scene=_SCENES)
def test_the_plan_is_the_same_however_the_store_is_read(
    shops: dict[str, Shop], scene: tuple[str, list[Json], list[Json], Json]
) -> None:
    variant, live, wanted, switches = scene
    shop = shops[variant]
    shop.reset([*live, *FILLER], switches)
    shop.want(*wanted)

    full, auto, look = (shop.plan(read=mode) for mode in ("full", "auto", "lookup"))

    assert _said(auto) == _said(full)
    whole = {
        (change["customer"], change["action"] == "create", field["digest"])
        for change in full["changes"]
        for field in change["fields"]
    }
    part = {
        (change["customer"], change["action"] == "create", field["digest"])
        for change in look["changes"]
        for field in change["fields"]
    }
    if not full["stores"][0]["error"]:
        assert part <= whole


@given(scene=_SCENES)
def test_nobody_who_said_no_gets_a_yes_and_nobody_a_second_record(
    shops: dict[str, Shop], scene: tuple[str, list[Json], list[Json], Json]
) -> None:
    """Whoever stands in a store in any spelling is not made again beside it, however it is read."""
    variant, live, wanted, switches = scene
    shop = shops[variant]
    shop.reset([*live, *FILLER], switches)
    shop.want(*wanted)
    before = {one["id"] for one in shop.box.customers()}
    there = {_meant(one) for one in shop.box.customers()} - {None}

    for mode in ("lookup", "auto"):
        body = shop.plan(read=mode)
        shop.apply(body, only=(RiskClass.WITHDRAW,) if body["summary"]["blocked"] else ())

    new = [one for one in shop.box.customers() if one["id"] not in before]
    assert not {_meant(one) for one in new} & there


def _meant(record: Json) -> object:
    for place, forms in enumerate(PEOPLE):
        if record["email"] in forms:
            return place
    return None
