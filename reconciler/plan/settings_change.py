"""Where two settings differ, field by field, and as it may be shown."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from reconciler.diagnostics import SourceMark
from reconciler.model.pseudonyms import Pseudonyms
from reconciler.model.redaction import NOBODY, Names, without_values
from reconciler.model.settings import (
    OPT_OUT_MAX_AGE,
    Approval,
    DesiredState,
    Policy,
    Settings,
    StoreSettings,
    TokenKind,
    TokenSource,
)
from reconciler.plan.approval_entries import ApprovalEntries
from reconciler.plan.difference import differing
from reconciler.plan.setting import SettingChange, Told

# Their forms let nothing personal through, and a reviewer must see them whole.
_PLAIN: Final = ("platform", "shop", "api_version", "base_url", "timezone", "phone_region")


def settings_digest(settings: Settings, pseudonyms: Pseudonyms) -> str:
    """Of stores and policy; where the token comes from is a part of it, the approvals are not."""
    return pseudonyms.digest("settings", _flat_text(_rules(settings)))


def changes(
    state: DesiredState, pseudonyms: Pseudonyms, names: Names = NOBODY
) -> tuple[SettingChange, ...]:
    """Where the settings at hand are not those in force, in the order of their paths; approvals are
    named by what they lift. `names` are masked in their reasons.
    """
    entries = ApprovalEntries(state)
    in_force = [(_title(one, entries, pseudonyms), one) for one in state.approvals]
    at_hand = [(_title(one, entries, pseudonyms), one) for one in state.at_hand.approvals]
    titles = {title: one.mark for title, one in at_hand}
    before = {**_rules(state.settings), "approvals": _reasons(in_force)}
    after = {**_rules(state.at_hand), "approvals": _reasons(at_hand)}
    found = _changes(before, after, pseudonyms)
    placed = (
        replace(
            one,
            mark=_mark(one.path, state.at_hand, titles),
            before=_without_names(one.path, one.before, names),
            after=_without_names(one.path, one.after, names),
        )
        for one in found
    )
    return tuple(sorted(placed, key=lambda one: one.path))


def _without_names(path: tuple[str, ...], value: Told, names: Names) -> Told:
    is_reason = path[0] == "approvals" or path[2:3] == ("frozen",)
    if not is_reason or not isinstance(value, str):
        return value
    return without_values(value, (), names)


def rule_changes(
    base: Settings, at_hand: Settings, pseudonyms: Pseudonyms
) -> tuple[SettingChange, ...]:
    """The same without the approvals: what an apply must not find changed."""
    return tuple(_changes(_rules(base), _rules(at_hand), pseudonyms))


def _changes(
    before: Mapping[str, Any], after: Mapping[str, Any], pseudonyms: Pseudonyms
) -> Iterator[SettingChange]:
    had, has = dict(_leaves(before, ())), dict(_leaves(after, ()))
    for path in differing(had, has):
        old, new = had.get(path), has.get(path)
        yield SettingChange(
            path=tuple(pseudonyms.text(part) for part in path),
            before=_told(path, old, pseudonyms),
            after=_told(path, new, pseudonyms),
            mark=None,
            digest=pseudonyms.digest("setting", [list(path), old, new]),
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
        yield path, int(value) if isinstance(value, float) and value.is_integer() else value


def _flat_text(value: Mapping[str, Any]) -> list[list[Any]]:
    return sorted([list(path), repr(leaf)] for path, leaf in _leaves(value, ()))


def _told(path: tuple[str, ...], value: Told, pseudonyms: Pseudonyms) -> Told:
    if not isinstance(value, str) or path[-1] in _PLAIN:
        return value
    return pseudonyms.hidden(value) if path[-2:] == ("token", "command") else pseudonyms.text(value)


def _mark(
    path: tuple[str, ...], at_hand: Settings, titles: Mapping[str, SourceMark]
) -> SourceMark | None:
    match path[0]:
        case "policy":
            return at_hand.policy.mark
        case "stores":
            return next((store.mark for store in at_hand.stores if store.name == path[1]), None)
        case _:
            return titles.get(path[1])


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
                **_max_age(policy),
            },
            **({"register": "required"} if policy.register_required else {}),
        },
    }


def _max_age(policy: Policy) -> dict[str, Any]:
    if policy.opt_out_max_age == OPT_OUT_MAX_AGE:
        return {}
    return {"opt_out_max_age": f"{policy.opt_out_max_age.total_seconds() / 3600:g}h"}


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
        "ownership": {"tag": store.ownership.tag, "foreign": store.ownership.foreign},
        "claim": store.claim or None,
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
        "controller": store.controller,
        "on_removed": store.on_removed if store.deletes_departed else None,
        "consent_words": {f"{one.channel}.{one.state}": one.word for one in store.consent_words},
        "frozen": _together(
            (f"{_minutes(one.begins)} to {_minutes(one.ends)}", one.reason) for one in store.frozen
        ),
    }


def _minutes(at: datetime) -> str:
    return at.isoformat(timespec="auto" if at.second or at.microsecond else "minutes")


def _token(source: TokenSource) -> dict[str, str]:
    where = " ".join(source.where) if source.kind is TokenKind.COMMAND else source.where[0]
    return {source.kind.value: where}


def _reasons(approvals: Iterable[tuple[str, Approval]]) -> dict[str, str]:
    """By the title, which is all else that one says: an edited one is one gone and one new."""
    return _together((title, one.reason) for title, one in approvals)


def _together(reasons: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The reasons of each title, of which one may stand there several times."""
    found: dict[str, list[str]] = {}
    for title, reason in reasons:
        found.setdefault(title, []).append(reason)
    return {title: "; ".join(every) for title, every in found.items()}


def _title(one: Approval, named: ApprovalEntries, pseudonyms: Pseudonyms) -> str:
    parts = [f"raise {risk}={number}" for risk, number in one.raises]
    if one.release is not None:
        parts.append(f"release {one.release}")
    if one.acknowledges is not None:
        parts.append(f"acknowledge {one.acknowledges}")
    entries = named.of(one)
    if entries is not None:
        aliases = sorted({pseudonyms.entry_alias(entry) for entry in entries})
        parts.append(f"of {', '.join(aliases) or 'nobody here'}")
    if one.stores:
        parts.append(f"in {', '.join(sorted(one.stores))}")
    return f"{' '.join(parts)} until {one.until.isoformat(timespec='minutes')}"
