"""Under which settings a plan was made, in words: what would change, and what lifts a limit."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from reconciler.diagnostics import SourceMark
from reconciler.plan.lift import Lift, LiftKind, Origin
from reconciler.plan.setting import SettingChange, Told
from reconciler.planfile.saved import SavedPlan, SavedSettings
from reconciler.report.plain import counted

CHANGED: Final = "settings.changed"
_ORIGINS: Final = {
    Origin.FLAG: "by flag",
    Origin.SPECS: "from the specs",
    Origin.BASE: "from the base",
}


@dataclass(frozen=True, slots=True)
class Remark:
    """`mark` is None where no line stands for it."""

    text: str
    mark: SourceMark | None = None


def under(plan: SavedPlan) -> str:
    """What is in force instead of the settings at hand."""
    return (
        "settings.changed: this plan is made, and applied, under the stores, policy and approvals "
        f"of the base {plan.spec.short_base}; what differs counts for plans made after it is "
        "merged"
    )


def source(plan: SavedPlan) -> str:
    """Whose settings count, for every rendering."""
    return f"settings of the base {plan.spec.short_base}" if plan.spec.base else "settings at hand"


def changed(settings: SavedSettings) -> tuple[Remark, ...]:
    """Field by field; empty where the settings at hand are those in force."""
    found = [
        Remark(f"{'.'.join(one.path)}: {_value(one.before)} → {_value(one.after)}", one.mark)
        for one in sorted(settings.changed, key=_harmless)
    ]
    for one in settings.once_merged:
        entries = counted(one.entries, "entry", "entries")
        found.append(
            Remark(
                f"store {one.store} ({entries}): the base does not have it, so it is not "
                "contacted; planned once merged, by a plan of the protected branch"
            )
        )
    if any(one.path[0] == "approvals" and one.before is None for one in settings.changed):
        found.append(
            Remark("an approval counts once it stands at the base: merge it first, then plan again")
        )
    return tuple(found)


def _harmless(one: SettingChange) -> int:
    """Where the token goes and what lifts a limit stand before what can be there by the hundred."""
    match one.path:
        case ("stores", _, "base_url" | "platform" | "shop" | "token", *_):
            return 0
        case ("stores", _, "tags", *_):
            return 2
        case ("stores", *_):
            return 1
        case path:
            return 2 if "bearing_tags" in path else 1


def _value(value: Told) -> str:
    if value is None:
        return "(none)"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def lifted(lifts: Iterable[Lift]) -> tuple[Remark, ...]:
    """Every raise, release, acknowledgement and limit that is not the default."""
    return tuple(Remark(_lift(one), one.mark) for one in lifts)


def _lift(one: Lift) -> str:
    for_whom = "" if one.customers is None else f" of {', '.join(one.customers) or 'nobody'}"
    where = f" in {one.store}" if one.store else ""
    words = f"{one.kind} {one.what}"
    if one.value:
        words += f"={one.value}" if one.kind is LiftKind.RAISE else f": {one.value}"
    return f"{words}{for_whom}{where} ({', '.join(_circumstances(one))})"


def _circumstances(one: Lift) -> Iterator[str]:
    yield one.state.value
    yield _ORIGINS[one.origin]
    if one.reason:
        yield f"reason: {one.reason}"
    if one.until:
        yield f"until {one.until.date().isoformat()}"
