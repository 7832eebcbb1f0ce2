"""Nested values: which addresses stay, change, come and go. The only importer of deepdiff."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from deepdiff import DeepDiff

from reconciler.model.customer import Address
from reconciler.model.identity import fold, phone_key, tidy
from reconciler.model.personal import Personal


def merged(
    desired: tuple[Address, ...], live: tuple[Address, ...], region: str | None
) -> tuple[tuple[Address, ...], tuple[str, ...]]:
    """The list as it shall be, and the paths that differ; no paths where nothing does.

    A part that the spec leaves out of an address is left alone. Order says nothing.
    """
    wanted = [_told(one, one, region) for one in desired]
    if len(desired) == len(live):
        pairs = _pair(desired, live, region)
        if all(one is not None for one in pairs):
            had = [
                _told(one, desired[index], region)
                for index, one in enumerate(pairs)
                if one is not None
            ]
            if not DeepDiff(had, wanted, ignore_order=True, report_repetition=True):
                return tuple(one for one in pairs if one is not None), ()
    return _changed(desired, live, region)


def _changed(
    desired: tuple[Address, ...], live: tuple[Address, ...], region: str | None
) -> tuple[tuple[Address, ...], tuple[str, ...]]:
    pairs = _pair(desired, live, region)
    result: list[Address] = []
    paths: list[str] = []
    for index, (one, known) in enumerate(zip(desired, pairs, strict=True), start=1):
        if known is None:
            result.append(one)
            paths.append(f"addresses[{index}] added")
            continue
        differs = _differing(_told(known, one, region), _told(one, one, region))
        result.append(_over(known, one) if differs else known)
        paths.extend(f"addresses[{index}].{name}" for name in differs)
    gone = len(live) - sum(known is not None for known in pairs)
    if gone:
        paths.append(f"{gone} removed")
    return tuple(result), tuple(paths)


def _pair(
    desired: tuple[Address, ...], live: tuple[Address, ...], region: str | None
) -> list[Address | None]:
    """For each desired address the live one that it is or becomes: equal ones, then alike ones."""
    free = list(live)
    pairs: list[Address | None] = [None] * len(desired)
    for lowest in (None, 1):
        for index, one in enumerate(desired):
            if pairs[index] is not None or not free:
                continue
            likeness = [(_likeness(one, known, region), -place) for place, known in enumerate(free)]
            best, place = max(likeness)
            needed = len(_told(one, one, region)) if lowest is None else lowest
            if best >= needed:
                pairs[index] = free.pop(-place)
    return pairs


def _likeness(desired: Address, live: Address, region: str | None) -> int:
    wanted, had = _told(desired, desired, region), _told(live, desired, region)
    return sum(wanted[name] == had[name] for name in wanted)


def _told(address: Address, asked: Address, region: str | None) -> dict[str, Any]:
    """The parts of an address that another one speaks of, in normal form."""
    parts: dict[str, Any] = {}
    for name, _ in asked.texts:
        text = address.text(name)
        parts[name] = None if text is None else _normal(name, text, region)
    if asked.default is not None:
        parts["default"] = bool(address.default)
    return parts


def _normal(name: str, text: Personal, region: str | None) -> str:
    plain = tidy(text.reveal())
    if name == "phone":
        return phone_key(plain, region) or plain
    return fold(plain) if name.endswith("_code") else plain


def _differing(had: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    difference = DeepDiff(had, wanted, ignore_order=True, view="tree")
    paths: Iterable[Any] = (
        item.path(output_format="list")[0] for group in difference.values() for item in group
    )
    return sorted({str(path) for path in paths})


def _over(known: Address, wanted: Address) -> Address:
    texts = dict(known.texts)
    texts.update(wanted.texts)
    default = known.default if wanted.default is None else wanted.default
    return replace(known, texts=tuple(texts.items()), default=default)
