"""Random stores and specs: small, over few people, so that everything collides."""

from typing import Any

from hypothesis import strategies as st

from reconciler.sandbox.switches import SECONDS, TEXT, Switch
from reconciler.sandbox.switches import SWITCHES as ALL

Json = dict[str, Any]

EMAILS = tuple(f"{name}@example.com" for name in ("ada", "bo", "chen", "dina", "émile"))
TAGS = ("vip", "B2B", "trial", "churned", "seg:a")
FOREIGN_TAGS = ("app:loyalty", "birthday")
NAMES = ("Ada", "伟", "عمر", "O'Neil", "Zoë", "=1+1", "<b>x</b>")
TIMES = ("2026-01-01T08:00:00+00:00", "2026-04-11T16:20:00+08:00", "2026-07-01T00:00:00+00:00")

# What a single switch may be set to in these runs; each run draws a few of them.
SWITCHES: dict[str, dict[str, tuple[str, ...]]] = {
    "genstore": {
        "put": ("merge", "replace"),
        "clear": ("empty", "null", "never"),
        "unsubscribed_word": ("UN_SUBSCRIBED", "UNSUBSCRIBED"),
        "unknown_word": ("reject", "ignore"),
        "double_opt_in": ("off", "on"),
        "consent_time": ("honoured", "ignored"),
        "create_default": ("NOT_SUBSCRIBED", "SUBSCRIBED"),
        "list_order": ("ascending", "descending", "shuffled"),
        "since_id": ("honoured", "ignored"),
        "scalars": ("strings", "typed"),
        "written_flags": ("typed", "any"),
        "tags": ("list", "string"),
        "subdivisions": ("list", "string"),
        "resend": ("keep", "restamp"),
    },
    "shoplazza": {
        "update_defaults": ("true", "keep"),
        "omitted_names": ("keep", "clear"),
        "create_default_address": ("first", "last", "flagged"),
        "explicit_false_flag": ("1", "6", "keep2"),
        "create_true_flag": ("3", "5"),
        "create_false_flag": ("1", "6", "0"),
        "match": ("exact", "fuzzy"),
        "ids": ("uuid", "decimal"),
        "has_more_end": ("null", "false"),
    },
    "shopline": {
        "clear": ("empty", "null", "never"),
        "double_opt_in": ("off", "on"),
        "flags_cross": ("lagging", "consistent"),
        "list_order": ("ascending", "descending", "shuffled"),
        "email_lookup_missing": ("null", "404"),
        "resend": ("keep", "restamp"),
        "gender": ("numbers", "words"),
        "graph_unset": ("told", "null"),
        "metafield_pages": ("none", "fifty", "small", "silent"),
        "graph_whole": ("list", "null"),
        "graph_missing": ("null", "error"),
    },
}
# What SHOPLINE calls our fields beside the neutral ones, with values that it may hold of them.
SHOPLINE_FIELDS: dict[str, tuple[str, tuple[Any, ...]]] = {
    "nickname": ("nick_name", (None, "Addie", "=1+1")),
    "birthday": ("birthday", (None, "19900228", "0228")),
    "gender": ("gender", (0, 1, 3, "other")),
    "language": ("language", (None, "en", "zh-hans-cn")),
}


def _region(country: str, *subdivisions: str, whole: bool = False) -> Json:
    return {
        "country": country,
        "applyToAllSubdivision": whole,
        "subdivisions": list(subdivisions),
    }


# What Genstore may hold of exemptions by region; the last names no region by its code.
TAX_EXEMPTIONS: tuple[Json | None, ...] = (
    None,
    {"applyToAllRegion": False, "taxExemptionRegions": []},
    {"applyToAllRegion": True, "taxExemptionRegions": []},
    {
        "applyToAllRegion": False,
        "taxExemptionRegions": [
            _region("CA", "QC"),
            _region("US", whole=True),
            _region("CA", "ON"),
        ],
    },
    {"applyToAllRegion": False, "taxExemptionRegions": [{**_region("CA", "ON"), "name": "Canada"}]},
    {"applyToAllRegion": False, "taxExemptionRegions": [_region("Atlantis", "Poseidonis")]},
)


def metafield(key: str, kind: str, value: str | None) -> Json:
    return {"namespace": "custom", "key": key, "type": kind, "value": value}


_METAFIELDS = (
    metafield("points", "number_integer", "07"),
    metafield("points", "number_integer", "8"),
    metafield("points", "single_line_text_field", "7"),
    metafield("tier", "json", '{"a": 1}'),
    {**metafield("label", "single_line_text_field", "x"), "namespace": "app-loyalty"},
)

# What has to be, for everything that these specs ask for to be possible.
_NEEDED: dict[str, Json] = {
    "shopline": {"nick_name": st.just("honoured"), "language": st.just("honoured")}
}


def switches(platform: str) -> st.SearchStrategy[Json]:
    own = SWITCHES[platform]
    return st.fixed_dictionaries(
        _NEEDED.get(platform, {}),
        optional={name: st.sampled_from(values) for name, values in own.items()},
    )


_TEXTS = {
    "unsubscribed_word": ("UN_SUBSCRIBED", "UNSUBSCRIBED"),
    "tag_limit": ("none", "3"),
    "offset": ("Z", "+08:00", "-04:00"),
}


def every_switch(platform: str) -> st.SearchStrategy[Json]:
    """Any reading of anything that the documents leave open; delays are short and in real time."""
    return st.fixed_dictionaries(
        {},
        optional={name: st.sampled_from(_values(name, one)) for name, one in ALL[platform].items()},
    )


def _values(name: str, switch: Switch) -> tuple[str, ...]:
    if switch.allowed == SECONDS:
        return ("0", "0.02")
    return _TEXTS[name] if switch.allowed == TEXT else switch.allowed


def _consent(dated: bool) -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries(
        {
            "state": st.sampled_from(("subscribed", "unsubscribed", "not_subscribed")),
            "at": st.sampled_from(TIMES) if dated else st.none(),
            "actor": st.sampled_from(("person", "staff")),
        }
    )


def _extra() -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries(
        {},
        optional={
            **{key: st.sampled_from(held) for key, held in SHOPLINE_FIELDS.values()},
            "metafields": st.lists(
                st.sampled_from(_METAFIELDS), unique_by=lambda one: str(one["key"]), max_size=3
            ).map(lambda rows: [dict(one) for one in rows]),
        },
    )


def _record(platform: str) -> st.SearchStrategy[Json]:
    dated = platform != "shoplazza"
    return st.fixed_dictionaries(
        {
            "first_name": st.sampled_from(NAMES),
            "last_name": st.sampled_from(NAMES),
            "tags": st.lists(st.sampled_from(TAGS + FOREIGN_TAGS), unique=True, max_size=4),
            "consent": st.fixed_dictionaries({"email": _consent(dated), "sms": _consent(dated)}),
            **(
                {"note": st.sampled_from(("", "calls-at-noon", "VIP since 2019"))}
                if platform != "shoplazza"
                else {}
            ),
            **({"extra": _extra()} if platform == "shopline" else {}),
            **(
                {"tax_exemptions": st.sampled_from(TAX_EXEMPTIONS)}
                if platform == "genstore"
                else {}
            ),
            **(
                {
                    "tax_exempt": st.booleans(),
                    "tax_exemptions": st.sampled_from(
                        [one for one in TAX_EXEMPTIONS if not (one or {}).get("applyToAllRegion")]
                    ),
                }
                if platform == "shopline"
                else {}
            ),
        }
    )


def records(platform: str) -> st.SearchStrategy[list[Json]]:
    one = st.tuples(st.sampled_from(EMAILS), _record(platform))
    return st.lists(one, max_size=4, unique_by=lambda pair: pair[0]).map(
        lambda pairs: [_live(platform, email, one) for email, one in pairs]
    )


def _live(platform: str, email: str, record: Json) -> Json:
    return {"email": email, "phone": phone(platform, email), **record}


def alike(platform: str) -> st.SearchStrategy[tuple[list[Json], list[Json]]]:
    """Everybody is the same and is to become the same, so that writes share a reading back."""
    return st.tuples(_record(platform), _entry(platform)).map(
        lambda pair: (
            [_live(platform, email, pair[0]) for email in EMAILS],
            [{"email": email, **pair[1]} for email in EMAILS],
        )
    )


def scenes(platform: str) -> st.SearchStrategy[tuple[list[Json], list[Json]]]:
    """Whom a store has, and what is wanted."""
    return st.one_of(st.tuples(records(platform), desired(platform)), alike(platform))


def phone(platform: str, email: str) -> str:
    """Everybody has a number of his own, as the platform writes numbers."""
    number = f"133150344{EMAILS.index(email):02}"
    return {"genstore": number, "shopline": f"0086{number}"}.get(platform, f"+86{number}")


def _wanted_consent() -> st.SearchStrategy[Any]:
    granted = st.fixed_dictionaries(
        {
            "state": st.just("subscribed"),
            "given_at": st.sampled_from(("2026-03-01T00:00:00+00:00", "2026-08-01T00:00:00+00:00")),
            "source": st.just("checkout"),
            "level": st.sampled_from(("single", "confirmed")),
        },
        optional={"method": st.sampled_from(("paper", "import")), "evidence": st.just("forms/1")},
    )
    return st.one_of(st.just("unsubscribed"), granted, st.just("subscribed"))


_SOME_REGIONS = (
    [{"country": "ca", "subdivisions": ["QC", "ON", "QC"]}],
    [{"country": "US", "subdivisions": "all"}, {"country": "CA", "subdivisions": ["QC"]}],
)

_OWN_TO_SHOPLINE = {
    "tax_exempt": st.booleans(),
    "tax_exemptions": st.sampled_from(([], *_SOME_REGIONS)),
    "metafields": st.lists(
        st.sampled_from(
            [
                metafield("points", "number_integer", "7"),
                metafield("points", "number_integer", "+7"),
                metafield("points", "number_integer", None),
                metafield("label", "single_line_text_field", "=1+1"),
            ]
        ),
        unique_by=lambda one: str(one["key"]),
        max_size=2,
    ),
    "nickname": st.sampled_from(("Addie", "Zoë")),
    "birthday": st.sampled_from(("1990-02-28", "1815-12-10")),
    "gender": st.sampled_from(("male", "female", "secret")),
    "language": st.sampled_from(("en", "nb")),
}


_OWN_TO_GENSTORE = {
    "tax_exemptions": st.sampled_from(
        (
            "all",
            [],
            *_SOME_REGIONS,
        )
    )
}


def _entry(platform: str) -> st.SearchStrategy[Json]:
    tags = st.one_of(
        st.lists(st.sampled_from(TAGS), unique=True, max_size=3),
        st.tuples(
            st.lists(st.sampled_from(TAGS), unique=True, max_size=2),
            st.lists(st.sampled_from(TAGS), unique=True, max_size=2),
        )
        .filter(lambda pair: not set(pair[0]) & set(pair[1]))
        .map(lambda pair: {"add": pair[0], "remove": pair[1]}),
    )
    return st.fixed_dictionaries(
        {},
        optional={
            "first_name": st.sampled_from(NAMES),
            "last_name": st.sampled_from(NAMES),
            "tags": tags,
            "consent": st.fixed_dictionaries(
                {"email": _wanted_consent()}, optional={"sms": st.just("unsubscribed")}
            ),
            **(
                {"note": st.sampled_from(("calls-at-noon", "writes-letters"))}
                if platform != "shoplazza"
                else {}
            ),
            **(_OWN_TO_SHOPLINE if platform == "shopline" else {}),
            **(_OWN_TO_GENSTORE if platform == "genstore" else {}),
        },
    )


def desired(platform: str) -> st.SearchStrategy[list[Json]]:
    one = st.tuples(st.sampled_from(EMAILS), _entry(platform))
    return st.lists(one, max_size=4, unique_by=lambda pair: pair[0]).map(
        lambda pairs: [{"email": email, **entry} for email, entry in pairs]
    )
