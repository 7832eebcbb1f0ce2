"""Where two settings differ, field by field, and as it may be shown."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from deepdiff import DeepDiff

from reconciler.diagnostics import SourceMark
from reconciler.model.settings import Approval, Settings, StoreSettings, TokenKind, TokenSource
from reconciler.plan.keyed import Keyed

Told: TypeAlias = str | int | float | bool | None
"""A value as it may be shown; None where there is none on that side."""

# Their forms let nothing personal through, and a reviewer must see them whole.
_PLAIN: Final = ("platform", "shop", "api_version", "base_url", "timezone", "phone_region")


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingChange:
    """`path` names the field from the outside in, `mark` the line at hand that it belongs to.

    `digest` is of path and values, so that the change can be known again.
    """

    path: tuple[str, ...]
    before: Told
    after: Told
    mark: SourceMark | None
    digest: str


def settings_digest(settings: Settings, keyed: Keyed) -> str:
    """Of stores and policy; where the token comes from is a part of it, the approvals are not."""
    return keyed.digest("settings", _flat_text(_rules(settings)))


def changes(base: Settings, at_hand: Settings, keyed: Keyed) -> tuple[SettingChange, ...]:
    """In the order of their paths; approvals are named by what they lift."""
    before = {**_rules(base), "approvals": _approvals(base.approvals, keyed)}
    after = {**_rules(at_hand), "approvals": _approvals(at_hand.approvals, keyed)}
    return tuple(sorted(_changes(before, after, at_hand, keyed), key=lambda one: one.path))


def rule_changes(base: Settings, at_hand: Settings, keyed: Keyed) -> tuple[SettingChange, ...]:
    """The same without the approvals: what an apply must not find changed."""
    return tuple(_changes(_rules(base), _rules(at_hand), at_hand, keyed))


def _changes(
    before: Mapping[str, Any], after: Mapping[str, Any], at_hand: Settings, keyed: Keyed
) -> Iterator[SettingChange]:
    had, has = dict(_leaves(before, ())), dict(_leaves(after, ()))
    found = DeepDiff(had, has, view="tree")
    for items in found.values():
        for one in items:
            path = one.path(output_format="list")[0]
            old, new = had.get(path), has.get(path)
            yield SettingChange(
                path=tuple(keyed.text(part) for part in path),
                before=_told(path, old, keyed),
                after=_told(path, new, keyed),
                mark=_mark(path, at_hand),
                digest=keyed.digest("setting", [list(path), old, new]),
            )


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Told]]:
    """Every single value with its path, None left out; a list is its values as keys."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(inner, (*path, name))
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield (*path, str(one)), True
    elif value is not None:
        yield path, value


def _flat_text(value: Mapping[str, Any]) -> list[list[Any]]:
    return sorted([list(path), repr(leaf)] for path, leaf in _leaves(value, ()))


def _told(path: tuple[str, ...], value: Told, keyed: Keyed) -> Told:
    if not isinstance(value, str) or path[-1] in _PLAIN:
        return value
    return keyed.hidden(value) if path[-2:] == ("token", "command") else keyed.text(value)


def _mark(path: tuple[str, ...], at_hand: Settings) -> SourceMark | None:
    if path[0] == "policy":
        return at_hand.policy.mark
    if path[0] == "stores":
        return next((store.mark for store in at_hand.stores if store.name == path[1]), None)
    return None


def _rules(settings: Settings) -> dict[str, Any]:
    policy = settings.policy
    return {
        "stores": {store.name: _store(store) for store in settings.stores},
        "policy": {
            "consent": {
                "require": {channel.value: names for channel, names in policy.required},
                "min_level": dict(policy.min_level),
                "bearing_tags": {tag: channel.value for tag, channel in policy.bearing_tags},
                "implied": policy.implied,
            }
        },
    }


def _store(store: StoreSettings) -> dict[str, Any]:
    return {
        "platform": store.platform,
        "shop": store.shop,
        "api_version": store.api_version,
        "base_url": store.base_url,
        "token": _token(store.token),
        "timezone": store.timezone,
        "phone_region": store.phone_region,
        # That nothing is owned is another thing than that nothing is said.
        "tags": {"owned": store.owned_tags or "nothing"} if store.owned_tags is not None else {},
        "limits": {
            risk.value: {
                "percent": one.percent,
                "at_least": one.at_least,
                "at_most": one.at_most,
            }
            for risk, one in store.ceilings
        },
        "rate": {"per_second": store.rate.per_second, "burst": store.rate.burst}
        if store.rate
        else {},
        "consent_words": {f"{one.channel}.{one.state}": one.word for one in store.consent_words},
    }


def _token(source: TokenSource) -> dict[str, str]:
    where = " ".join(source.where) if source.kind is TokenKind.COMMAND else source.where[0]
    return {source.kind.value: where}


def _approvals(approvals: tuple[Approval, ...], keyed: Keyed) -> dict[str, Any]:
    """By all that they say but the reason, so that an edited one is one gone and one new."""
    found: dict[str, list[str]] = {}
    for one in approvals:
        whom = [keyed.hidden(f"{who.kind} {who.key}") for who in one.identities or ()]
        parts = [
            approval_title(one),
            *((f"of {', '.join(sorted(whom))}",) if one.identities is not None else ()),
            *((f"in {', '.join(sorted(one.stores))}",) if one.stores else ()),
            f"until {one.until.isoformat()}",
        ]
        found.setdefault(" ".join(parts), []).append(one.reason)
    return {name: {"reason": reasons} for name, reasons in found.items()}


def approval_title(one: Approval) -> str:
    """What an approval lifts, in the words of the specs."""
    parts = [f"raise {risk}={number}" for risk, number in one.raises]
    if one.release is not None:
        parts.append(f"release {one.release}")
    if one.acknowledges is not None:
        parts.append(f"acknowledge {one.acknowledges}")
    return ", ".join(parts)
