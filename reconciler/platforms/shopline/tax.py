"""SHOPLINE's tax exemptions, which its GraphQL alone tells and takes. Pure."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from reconciler.model.customer import LiveCustomer, Scalar
from reconciler.model.tax import TaxExemptions, exemptions
from reconciler.platforms.answer import Answer, Fate, Judgement
from reconciler.platforms.coerce import Unreadable, as_records
from reconciler.platforms.reason import ODD

FIELDS: Final = frozenset({"tax_exempt", "tax_exemptions"})
AT_ONCE: Final = 20
"""Customers in one query at first: what a query may cost is not documented, and few are cheap."""

_GID: Final = "gid://shopline/Customer/"
_SELECTED: Final = "{id taxExempt taxExemptions {countryCode provinceGCodeList}}"
_UPDATE: Final = (
    "mutation update($input: CustomerInput!) "
    "{customerUpdate(input: $input) {customer {id} userErrors {field message}}}"
)
_REPLACE: Final = (
    "mutation replace($id: ID!, $areas: [FreeAreasInput!]!) "
    "{customerReplaceTaxExemptions(customerId: $id, taxExemptions: $areas) "
    "{customer {id} userErrors {field message}}}"
)

# Codes in `errors`, beside a 200. One that is not known is no proof that nothing was done.
_FATES: Final = (
    (Fate.THROTTLED, {"REQUEST_LIMIT_EXCEEDED", "TOO_MANY_REQUESTS", "THROTTLED"}),
    (Fate.STOPPED, {"ACCESS_TOKEN_INVALID", "ACCESS_TOKEN_IS_EXPIRED"}),
    (Fate.NOT_FOUND, {"DATA_NOT_EXIST"}),
    (
        Fate.REFUSED,
        {
            "PARAM_ILLEGAL",
            "ACCESS_DENIED",
            "FORBIDDEN",
            "InvalidSyntax",
            "ValidationError",
        },
    ),
    # The depth that the documents limit, and what it costs, end alike; ours is never deep.
    (Fate.COSTLY, {"ExecutionAborted", "MAX_COST_EXCEEDED"}),
)


def question(ids: Sequence[str]) -> dict[str, Any]:
    """Of several customers at once, each under a name of its own."""
    asked = {f"c{number}": f"{_GID}{one}" for number, one in enumerate(ids)}
    types = ", ".join(f"${name}: ID!" for name in asked)
    parts = " ".join(f"{name}: customer(id: ${name}) {_SELECTED}" for name in asked)
    return {"query": f"query tax({types}) {{{parts}}}", "variables": asked}


def completed(
    customers: Sequence[LiveCustomer], body: Any, fields: frozenset[str] = FIELDS
) -> tuple[LiveCustomer, ...]:
    """With what an answer to their question tells of these fields; where it surely tells nothing
    they are unreadable.
    """
    told = _told(body)
    return tuple(
        _with(live, told.get(f"c{number}"), fields) for number, live in enumerate(customers)
    )


def untold(live: LiveCustomer, fields: frozenset[str], why: str) -> LiveCustomer:
    """Of whom the store would not tell."""
    return _with(live, None, fields, why)


def _told(body: Any) -> Mapping[str, Any]:
    """What an answer has under each name, without what its errors are about; nothing where they
    are about all of it.
    """
    if not isinstance(body, Mapping) or not isinstance(body.get("data"), Mapping):
        return {}
    found = dict(body["data"])
    errors = body.get("errors") or []
    for one in errors if isinstance(errors, list) else [None]:
        path = one.get("path") if isinstance(one, Mapping) else None
        if not isinstance(path, list) or not path:
            return {}
        found.pop(str(path[0]), None)
    return found


def _with(live: LiveCustomer, told: Any, fields: frozenset[str], why: str = ODD) -> LiveCustomer:
    """Null beside no error is how GraphQL says that nothing is set; a key that lacks says nothing.

    A country whose provinces are not listed counts as a whole: the documents have no other way to
    say so.
    """
    found: dict[str, Any] = {}
    if isinstance(told, Mapping) and told.get("id") == f"{_GID}{live.remote_id}":
        for name in sorted(fields):
            key, read = _READ[name]
            with suppress(KeyError, ValueError, Unreadable):
                found[name] = read(told[key])
    lacking = fields - found.keys()
    return replace(
        live,
        **found,
        unasked=live.unasked - fields,
        unreadable=(live.unreadable - fields) | lacking,
        reasons=(*live.reasons, *((name, why) for name in sorted(lacking))),
    )


def _flag(told: Any) -> bool:
    """Raises `ValueError` for what is none."""
    if not isinstance(told, (bool, type(None))):
        raise ValueError("no flag")
    return bool(told)


def _areas(told: Any) -> TaxExemptions | None:
    """Raises `ValueError`, `KeyError` or `Unreadable` for what names no regions."""
    if told is None:
        return None
    rows = as_records(told, "exemptions")
    return exemptions((_text(row["countryCode"]), _provinces(row)) for row in rows)


def _provinces(row: Mapping[str, Any]) -> list[str] | None:
    listed = row["provinceGCodeList"]
    if not isinstance(listed, (list, type(None))):
        raise ValueError("no list of provinces")
    return [_text(one) for one in listed or ()] or None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("no code of a region")
    return value


_READ: Final[Mapping[str, tuple[str, Callable[[Any], Any]]]] = {
    "tax_exempt": ("taxExempt", _flag),
    "tax_exemptions": ("taxExemptions", _areas),
}


def changed(ground: LiveCustomer, name: str, value: Scalar) -> dict[str, Any]:
    """What is sent to set one of the fields; exemptions are replaced as a whole."""
    gid = f"{_GID}{ground.remote_id}"
    if name == "tax_exempt":
        return {"query": _UPDATE, "variables": {"input": {"id": gid, "taxExempt": bool(value)}}}
    regions = value.regions if isinstance(value, TaxExemptions) else ()
    areas = [
        {
            "countryCode": one.country,
            "provinceGCodeList": one.spelled_as(ground.tax_exemptions),
        }
        for one in regions or ()
    ]
    return {"query": _REPLACE, "variables": {"id": gid, "areas": areas}}


def is_taken(body: Any) -> bool:
    """Whether an answer to a change is one: no more than that follows from it."""
    data = body.get("data") if isinstance(body, Mapping) else None
    return isinstance(data, Mapping) and any(isinstance(one, Mapping) for one in data.values())


def judged(answer: Answer) -> Judgement | None:
    """Of an answer with a good status that holds errors in the form of GraphQL.

    One that tells of some customers all the same is an answer.
    """
    body = answer.body
    if not isinstance(body, Mapping):
        return None
    data = body.get("data")
    parts = [one for one in data.values() if one is not None] if isinstance(data, Mapping) else []
    if any(isinstance(one, Mapping) and one.get("userErrors") for one in parts):
        return Judgement(fate=Fate.REFUSED)
    errors = body.get("errors")
    if parts or not isinstance(errors, list) or not errors:
        return None
    codes = {code for one in errors for code in _codes(one)}
    fates = (fate for fate, known in _FATES if codes & known)
    return Judgement(fate=next(fates, Fate.FAILED))


def _codes(error: Any) -> list[str]:
    more = error.get("extensions") if isinstance(error, Mapping) else None
    told = [more.get("code"), more.get("classification")] if isinstance(more, Mapping) else []
    return [one for one in told if isinstance(one, str)]
