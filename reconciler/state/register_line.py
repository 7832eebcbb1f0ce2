"""One line of a register, to an act and back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from reconciler.model.consent import Channel
from reconciler.model.pseudonyms import Pseudonyms
from reconciler.model.register import Act, By, Doer, Said, Sure
from reconciler.state.chain import Head, Line, seal_of
from reconciler.state.journal import NO_LINE

MERGED: Final = "merged"
COMPACTED: Final = "compacted"
REPAIRED: Final = "repaired"
OPENED: Final = "opened"
ABOUT_THE_FILE: Final = (MERGED, COMPACTED, REPAIRED, OPENED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a line tells of a person; `identity` is None where the store hid the contact."""

    key: str
    identity: str | None
    customer: str | None
    channel: Channel
    act: Act
    plan: str | None = None


def values_of(told: Told) -> dict[str, Any]:
    """In the order in which they are written."""
    act = told.act
    return {
        "identity": told.identity,
        "channel": told.channel.value,
        "customer": told.customer,
        "state": act.said.value,
        "at": None if act.at is None else act.at.isoformat(),
        "sure": act.sure.value,
        "seen": act.seen.isoformat(),
        "who": act.doer.value,
        "where": {"store": act.store, "by": act.by.value, "plan": told.plan},
    }


def sealed(key: Pseudonyms, head: Head, values: Mapping[str, Any]) -> Line:
    """The line that comes after a head."""
    line = {"number": head.count + 1, "key": key.name, **values, "previous": head.seal}
    return {**line, "seal": seal_of(key, line)}


def told_by(line: Line) -> Told | None:
    """None for a line that is about the file. Raises what `NO_LINE` names where it is none."""
    if line.get("event") in ABOUT_THE_FILE:
        return None
    where = line["where"]
    at = line["at"]
    identity, customer = line["identity"], line["customer"]
    if not all(one is None or isinstance(one, str) for one in (identity, customer)):
        raise TypeError
    return Told(
        key=str(line["key"]),
        identity=identity,
        customer=customer,
        channel=Channel(line["channel"]),
        act=Act(
            said=Said(line["state"]),
            at=None if at is None else _instant(at),
            sure=Sure(line["sure"]),
            seen=_instant(line["seen"]),
            doer=Doer(line["who"]),
            by=By(where["by"]),
            store=str(where["store"]),
        ),
        plan=where.get("plan"),
    )


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.utcoffset() is None:
        raise ValueError
    return moment


__all__ = ["NO_LINE", "Told", "sealed", "told_by", "values_of"]
