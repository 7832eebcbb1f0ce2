"""Genstore's tax exemptions, read and written. Pure; booleans and lists may come as text."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from reconciler.model.tax import EVERYWHERE, TaxExemptions, TaxRegion, exemptions
from reconciler.platforms.coerce import Unreadable, as_bool, as_flag, as_mapping, as_written_tags

KEY: Final = "taxExemptions"
_EVERYWHERE: Final = "applyToAllRegion"
_REGIONS: Final = "taxExemptionRegions"
_WHOLE: Final = "applyToAllSubdivision"
_PARTS: Final = "subdivisions"


def exempt_in(told: object) -> TaxExemptions | None:
    """None for nowhere. Raises `Unreadable` for what is no such object, or names no codes: that
    goes back as it was read.
    """
    if not told:
        return None
    record = as_mapping(told, KEY)
    if _flag(record, _EVERYWHERE):
        return EVERYWHERE
    rows = record.get(_REGIONS)
    if not rows:
        return None
    try:
        return exemptions((_country(row), _subdivisions(row)) for row in _rows(rows))
    except ValueError:
        raise Unreadable(f"{KEY} names what is no region") from None


def written(wanted: TaxExemptions | None, told: object) -> dict[str, Any]:
    """What a write sends: every region that is to be, each as it was read but for what is ours."""
    record = told if isinstance(told, Mapping) else {}
    known = {_country(row).strip().upper(): row for row in _rows(record.get(_REGIONS) or [])}
    regions = () if wanted is None else wanted.regions
    had = _had(told)
    return {
        **record,
        _EVERYWHERE: regions is None,
        _REGIONS: [{**known.get(one.country, {}), **_row(one, had)} for one in regions or ()],
    }


def _had(told: object) -> TaxExemptions | None:
    """For the spelling of what stays; one that cannot be read has none."""
    try:
        return exempt_in(told)
    except Unreadable:
        return None


def carried(told: object) -> object:
    """What goes back where no write is about it: as it was read, but for lists and flags that are
    text.
    """
    if not isinstance(told, Mapping):
        return told
    flagged = _flagged(told, _EVERYWHERE)
    try:
        rows = [_listed(row) for row in _rows(told.get(_REGIONS) or [])]
    except Unreadable:
        return flagged
    return {**flagged, _REGIONS: rows} if told.get(_REGIONS) else flagged


def _flagged(record: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {**record, key: as_flag(record[key])} if key in record else {**record}


def _listed(row: Mapping[str, Any]) -> dict[str, Any]:
    parts = row.get(_PARTS)
    listed = as_written_tags(parts) if isinstance(parts, str) else None
    flagged = _flagged(row, _WHOLE)
    return flagged if listed is None else {**flagged, _PARTS: list(listed)}


def _row(one: TaxRegion, had: TaxExemptions | None) -> dict[str, Any]:
    whole = one.subdivisions is None
    return {"country": one.country, _WHOLE: whole, _PARTS: one.spelled_as(had)}


def _rows(told: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(told, str):
        try:
            told = json.loads(told)
        except (ValueError, RecursionError):
            raise Unreadable(f"{_REGIONS} is no list") from None
    if not isinstance(told, list):
        raise Unreadable(f"{_REGIONS} is no list")
    for row in told:
        yield as_mapping(row, "a region")


def _country(row: Mapping[str, Any]) -> str:
    country = row.get("country")
    if not isinstance(country, str):
        raise Unreadable("a region has no country")
    return country


def _subdivisions(row: Mapping[str, Any]) -> tuple[str, ...] | None:
    if _flag(row, _WHOLE):
        return None
    told = row.get(_PARTS)
    parts = () if told is None else as_written_tags(told)
    if parts is None:
        raise Unreadable("the subdivisions of a region are no list")
    return parts


def _flag(record: Mapping[str, Any], key: str) -> bool:
    """One that is left out says nothing, and so not everything."""
    told = record.get(key)
    flag = False if told is None else as_bool(told)
    if flag is None:
        raise Unreadable(f"{key} is neither true nor false")
    return flag
