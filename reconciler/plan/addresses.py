"""Nested values: which addresses stay, change, come and go."""

from dataclasses import replace
from typing import Any

from reconciler.model.customer import Address
from reconciler.model.identity import fold, phone_key, tidy
from reconciler.model.personal import Personal
from reconciler.plan.assignment import cheapest
from reconciler.plan.difference import differing


def agree(desired: tuple[Address, ...], live: tuple[Address, ...], region: str | None) -> bool:
    """Whether surely nothing differs: each desired address is told by a live one of its own.

    False says nothing; `merged` finds the pairing of which least differs, which may be nothing.
    """
    if len(desired) != len(live):
        return False
    left = list(live)
    for one in desired:
        known = next((other for other in left if _is_told(one, other, region)), None)
        if known is None:
            return False
        left.remove(known)
    return True


def _is_told(wanted: Address, known: Address, region: str | None) -> bool:
    """Of an address that says nothing but whether it is the default, nobody knows which it is."""
    if not wanted.texts or wanted.default not in (None, bool(known.default)):
        return False
    had = dict(known.texts)
    for name, text in wanted.texts:
        other = had.get(name)
        if other is None:
            return False
        if text == other:
            continue
        if _normal(name, text, region, wanted) != _normal(name, other, region, known):
            return False
    return True


def merged(
    desired: tuple[Address, ...], live: tuple[Address, ...], region: str | None
) -> tuple[tuple[Address, ...], tuple[str, ...]]:
    """The list as it shall be, and the paths that differ; no paths where nothing does.

    A part that the spec leaves out of an address is left alone; that one address becomes the
    default means that no other stays it. Order says nothing: both sides are
    taken in an order of their own, by which the paths count too.
    """
    wanted = tuple(sorted(desired, key=lambda one: _order(one, region)))
    had = tuple(sorted(live, key=lambda one: _order(one, region)))
    pairs = _pair(wanted, had, region)
    result: list[Address] = []
    paths: list[str] = []
    for index, (one, known) in enumerate(zip(wanted, pairs, strict=True), start=1):
        if known is None:
            result.append(one)
            paths.append(f"addresses[{index}] added")
            continue
        differs = _differing(_told(known, one, region), _told(one, one, region))
        result.append(_over(known, one) if differs else known)
        paths.extend(f"addresses[{index}].{name}" for name in differs)
    gone = len(had) - sum(known is not None for known in pairs)
    if gone:
        paths.append(f"{gone} removed")
    if any(one.default for one in wanted):
        result = [
            replace(one, default=bool(asked.default))
            for one, asked in zip(result, wanted, strict=True)
        ]
    return tuple(result), tuple(paths)


def in_order(addresses: tuple[Address, ...], region: str | None) -> tuple[Address, ...]:
    return tuple(sorted(addresses, key=lambda one: _order(one, region)))


def _order(address: Address, region: str | None) -> tuple[Any, ...]:
    parts = sorted((name, _normal(name, text, region, address)) for name, text in address.texts)
    return parts, not address.default, address.remote_id or ""


def _pair(
    desired: tuple[Address, ...], live: tuple[Address, ...], region: str | None
) -> list[Address | None]:
    """For each desired address the live one that it is or becomes, so that least changes in all.

    Two with no part in common are two addresses: one is added, the other removed.
    """
    if not desired or not live:
        return [None] * len(desired)
    wanted = [_told(one, one, region) for one in desired]
    adding = [len(parts) + 1 for parts in wanted]
    removing = [len(one.texts) + 2 for one in live]
    apart = sum(adding) + sum(removing) + 1
    costs = [
        [
            *(_cost(parts, _told(known, one, region), apart) for known in live),
            *(adding[row] if row == place else apart for place in range(len(desired))),
        ]
        for row, (one, parts) in enumerate(zip(desired, wanted, strict=True))
    ]
    costs += [
        [
            *(removing[place] if row == place else apart for place in range(len(live))),
            *([0] * len(desired)),
        ]
        for row in range(len(live))
    ]
    chosen = cheapest(costs)[: len(desired)]
    return [live[column] if column < len(live) else None for column in chosen]


def _cost(wanted: dict[str, Any], had: dict[str, Any], apart: int) -> int:
    """How many parts would change; `apart` where all would."""
    differing = sum(wanted[name] != had[name] for name in wanted)
    alike = any(wanted[name] == had[name] for name in wanted if name != "default")
    return differing if alike or not wanted else apart


def _told(address: Address, asked: Address, region: str | None) -> dict[str, Any]:
    """The parts of an address that another one speaks of, in normal form."""
    parts: dict[str, Any] = {}
    for name, _ in asked.texts:
        text = address.text(name)
        parts[name] = None if text is None else _normal(name, text, region, address)
    if asked.default is not None:
        parts["default"] = bool(address.default)
    return parts


def _normal(name: str, text: Personal, region: str | None, address: Address) -> str:
    """A province may have the country of its address before it, as in ISO 3166-2."""
    plain = tidy(text.reveal())
    if name == "phone":
        return phone_key(plain, region) or plain
    if not name.endswith("_code"):
        return plain
    code = fold(plain)
    country = address.text("country_code") if name == "province_code" and "-" in code else None
    if country is None:
        return code
    return code.removeprefix(f"{fold(tidy(country.reveal()))}-") or code


def _differing(had: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    if had == wanted:
        return []
    return sorted(set(differing(had, wanted)))


def _over(known: Address, wanted: Address) -> Address:
    texts = dict(known.texts)
    texts.update(wanted.texts)
    default = known.default if wanted.default is None else wanted.default
    return replace(known, texts=tuple(texts.items()), default=default)
