"""Where a customer is exempt from tax: everywhere, or in some countries and parts of them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

ALL: Final = "all"
"""How a spec says every region, and every subdivision of one."""
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
# As in ISO 3166-2, with or without the country before it.
_SUBDIVISION: Final = re.compile(r"(?:[A-Z]{2}-)?[A-Z0-9]{1,3}")


@dataclass(frozen=True, slots=True)
class TaxRegion:
    """`subdivisions` are sorted, each once and without the country before it; None stands for all
    of them. `spelled` is how each was written, which says nothing more.
    """

    country: str
    subdivisions: tuple[str, ...] | None
    spelled: tuple[str, ...] = field(default=(), compare=False)

    def spelled_as(self, known: "TaxExemptions | None") -> list[str]:
        """How they are sent: as a store spells those that it has, and the others as written."""
        codes = self.subdivisions or ()
        told = {} if known is None else known.spellings(self.country)
        return [told.get(code, own) for code, own in zip(codes, self.spelled or codes, strict=True)]


@dataclass(frozen=True, slots=True)
class TaxExemptions:
    """In normal form, so that equal ones are the same: `exemptions` makes them. `regions` is None
    for every region, and never empty: who is exempt nowhere has none of these at all.
    """

    regions: tuple[TaxRegion, ...] | None

    def __str__(self) -> str:
        if self.regions is None:
            return "all regions"
        return "; ".join(map(_words, self.regions))

    def spellings(self, country: str) -> dict[str, str]:
        """By code, of one country."""
        return {
            code: own
            for one in self.regions or ()
            if one.country == country
            for code, own in zip(one.subdivisions or (), one.spelled, strict=False)
        }

    def plain(self) -> str | list[dict[str, Any]]:
        """As a spec says it."""
        if self.regions is None:
            return ALL
        return [
            {
                "country": one.country,
                "subdivisions": ALL if one.subdivisions is None else list(one.subdivisions),
            }
            for one in self.regions
        ]


EVERYWHERE: Final = TaxExemptions(None)


def exemptions(rows: Iterable[tuple[str, Iterable[str] | None]]) -> TaxExemptions | None:
    """Of countries, each with its subdivisions or None for all; a country's rows are joined.

    Raises `ValueError` for what is no code, without saying what it is.
    """
    found: dict[str, dict[str, str] | None] = {}
    for country, parts in rows:
        code = _code(country, _COUNTRY)
        own = None if parts is None else _spellings(parts, code)
        had = found.setdefault(code, own)
        found[code] = None if own is None or had is None else {**own, **had}
    regions = tuple(_region(code, parts) for code, parts in sorted(found.items()))
    return TaxExemptions(regions) if regions else None


def _spellings(parts: Iterable[str], country: str) -> dict[str, str]:
    """By code how each is written first."""
    found: dict[str, str] = {}
    for one in parts:
        spelled = _code(one, _SUBDIVISION)
        found.setdefault(spelled.removeprefix(f"{country}-"), spelled)
    return found


def _region(country: str, parts: Mapping[str, str] | None) -> TaxRegion:
    if parts is None:
        return TaxRegion(country, None)
    codes = sorted(parts)
    return TaxRegion(country, tuple(codes), tuple(parts[code] for code in codes))


def from_spec(value: Any) -> TaxExemptions | None:
    """What a spec says, which its schema has accepted."""
    if value == ALL:
        return EVERYWHERE
    return exemptions((one["country"], _told(one)) for one in value or ())


def _told(row: Mapping[str, Any]) -> Iterable[str] | None:
    parts: str | list[str] = row["subdivisions"]
    return None if parts == ALL else parts


def _code(text: str, form: re.Pattern[str]) -> str:
    code = text.strip().upper()
    if not form.fullmatch(code):
        raise ValueError("no code of a region")
    return code


def _words(one: TaxRegion) -> str:
    if one.subdivisions is None:
        return f"{one.country}: all"
    return f"{one.country}: {', '.join(one.subdivisions) or 'none'}"
