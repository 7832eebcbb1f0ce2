"""The two dialects of Shoplazza's API as data; the settings choose, never an answer.

Sending one dialect's parameters to the other is answered with unfiltered first pages, silently.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from reconciler.platforms.coerce import Unreadable, as_mapping

Params = list[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """`next_page` gives the parameters of the page after `number` (from 1), or None at the end."""

    unwrap: Callable[[Any], Mapping[str, Any]]
    page_size: str
    ids: Callable[[Iterable[str]], Params]
    tags: Callable[[Iterable[str]], Any]
    address: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    next_page: Callable[[Mapping[str, Any], int], Params | None]


def _bare(body: Any) -> Mapping[str, Any]:
    return as_mapping(body, "the answer")


def _enveloped(body: Any) -> Mapping[str, Any]:
    """`{"code": "Success", "data": {…}}`; one page of the documents writes `success`."""
    envelope = as_mapping(body, "the answer")
    if str(envelope.get("code", "")).lower() != "success":
        raise Unreadable("the answer's envelope does not say Success")
    return as_mapping(envelope.get("data") or {}, "the answer's data")


def _by_number(data: Mapping[str, Any], number: int) -> Params | None:
    return [("page", str(number + 1))] if data.get("customers") else None


def _by_cursor(data: Mapping[str, Any], number: int) -> Params | None:  # noqa: ARG001
    """`has_more` is null at the end, not false, so only true goes on."""
    cursor = data.get("cursor")
    return [("cursor", str(cursor))] if data.get("has_more") is True and cursor else None


_2022: Final = Dialect(
    unwrap=_bare,
    page_size="limit",
    ids=lambda ids: [("ids", ",".join(ids))],
    tags=", ".join,
    address=dict,
    next_page=_by_number,
)
_2025: Final = Dialect(
    unwrap=_enveloped,
    page_size="page_size",
    ids=lambda ids: [("ids", one) for one in ids],
    tags=list,
    address=lambda address: {"address": dict(address)},
    next_page=_by_cursor,
)
DIALECTS: Final = {"2022-01": _2022, "2025-06": _2025, "2026-01": _2025, "2026-07": _2025}
