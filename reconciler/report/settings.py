"""Under which settings a plan was made, in words: what would change, and what lifts a limit."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from reconciler.report.phrases import Json, counted

CHANGED: Final = "settings.changed"


@dataclass(frozen=True, slots=True)
class Remark:
    """`file` is empty where no line stands for it."""

    text: str
    file: str = ""
    line: int = 0

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}" if self.file else ""


def under(body: Json) -> str:
    """What is in force instead of the settings at hand."""
    return (
        "settings.changed: this plan is made, and applied, under the stores, policy and approvals "
        f"of the base {body['spec']['base'][:12]}; what differs counts for plans made after it is "
        "merged"
    )


def source(body: Json) -> str:
    """Whose settings count, for every rendering."""
    base = body["spec"]["base"]
    return f"settings of the base {base[:12]}" if base else "settings at hand"


def changed(body: Json) -> tuple[Remark, ...]:
    """Field by field; empty where the settings at hand are those in force."""
    found = [
        _remark(f"{'.'.join(one['path'])}: {_value(one['before'])} → {_value(one['after'])}", one)
        for one in sorted(body["settings"]["changed"], key=_harmless)
    ]
    for one in body["settings"]["once_merged"]:
        entries = counted(one["entries"], "entry", "entries")
        found.append(
            Remark(
                f"store {one['store']} ({entries}): the base does not have it, so it is not "
                "contacted; planned once merged, by a plan of the protected branch"
            )
        )
    if any(one["path"][0] == "approvals" and one["before"] is None
           for one in body["settings"]["changed"]):  # fmt: skip
        found.append(
            Remark("an approval counts once it stands at the base: merge it first, then plan again")
        )
    return tuple(found)


def _harmless(one: Json) -> int:
    """Where the token goes and what lifts a limit stand before what can be there by the hundred."""
    path = one["path"]
    if path[0] != "stores":
        return 2 if "bearing_tags" in path else 1
    if path[2] in ("base_url", "platform", "shop", "token"):
        return 0
    return 2 if path[2] == "tags" else 1


def _value(value: object) -> str:
    if value is None:
        return "(none)"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def lifted(body: Json) -> tuple[Remark, ...]:
    """Every raise, release, acknowledgement and limit that is not the default."""
    return tuple(_remark(_lift(one), one) for one in body["lifts"])


def _lift(one: Json) -> str:
    for_whom = "" if one["customers"] is None else f" of {', '.join(one['customers']) or 'nobody'}"
    where = f" in {one['store']}" if one["store"] else ""
    words = f"{one['kind']} {one['what']}"
    if one["value"]:
        words += f"={one['value']}" if one["kind"] == "raise" else f": {one['value']}"
    return f"{words}{for_whom}{where} ({', '.join(_circumstances(one))})"


def _circumstances(one: Json) -> Iterator[str]:
    yield one["state"]
    yield {"flag": "by flag", "specs": "from the specs", "base": "from the base"}[one["origin"]]
    if one["reason"]:
        yield f"reason: {one['reason']}"
    if one["until"]:
        yield f"until {one['until'][:10]}"


def _remark(text: str, one: Json) -> Remark:
    source = one["source"]
    return Remark(text, source["file"], source["line"]) if source else Remark(text)
