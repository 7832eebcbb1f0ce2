"""One line of a register, to an act and back."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from sys import intern
from typing import Any, Final

from reconciler.model.act import Act, By, Doer, Said, Sure
from reconciler.model.consent import Channel
from reconciler.model.pseudonyms import Pseudonyms, canonical
from reconciler.model.register import Told
from reconciler.state.chain import NO_LINE, Head, Line, with_seal

MERGED: Final = "merged"
COMPACTED: Final = "compacted"
REPAIRED: Final = "repaired"
OPENED: Final = "opened"
STOOD_IN: Final = "stood in"
"""A write had to begin the file where the policy requires one that was not here."""
ABOUT_THE_FILE: Final = (MERGED, COMPACTED, REPAIRED, OPENED, STOOD_IN)
_PLAIN: Final = re.compile(r"[A-Za-z0-9_-]+").fullmatch
_TEXT: Final = (str, type(None))
# A register is read by every plan, and to look a word up is the quickest way.
_SAID: Final = {one.value: one for one in Said}
_SURE: Final = {one.value: one for one in Sure}
_DOERS: Final = {one.value: one for one in Doer}
_BY: Final = {one.value: one for one in By}
_CHANNELS: Final = {one.value: one for one in Channel}


def sealed(key: Pseudonyms, head: Head, told: Told | Mapping[str, Any]) -> tuple[bytes, Head]:
    """The line that comes after a head, as it is written, and the head that it makes."""
    number = head.count + 1
    if isinstance(told, Told):
        text = _canonical(told, key, number, head.seal)
    else:
        text = canonical({"number": number, "key": key.name, **told, "previous": head.seal})
    line, seal = with_seal(key, text)
    return line, Head(number, seal)


def _canonical(told: Told, key: Pseudonyms, number: int, previous: str) -> bytes:
    """What `canonical` makes of it in three times the time: a first plan writes as many lines as
    people are out.
    """
    act = told.act
    customer, identity, at = _quoted(told.customer), _quoted(told.identity), _instant_text(act.at)
    return (
        f'{{"at":{at},"channel":"{told.channel.value}","controller":{_quoted(told.controller)},'
        f'"customer":{customer},'
        f'"identity":{identity},"key":"{key.name}","number":{number},"previous":"{previous}",'
        f'"seen":{_instant_text(act.seen)},"state":"{act.said.value}","sure":"{act.sure.value}",'
        f'"where":{{"by":"{act.by.value}","plan":{_quoted(told.plan)},'
        f'"store":{_quoted(act.store)}}},"who":"{act.doer.value}"}}'
    ).encode()


def _quoted(text: str | None) -> str:
    if text is None:
        return "null"
    return f'"{text}"' if _PLAIN(text) else json.dumps(text)


@lru_cache(maxsize=64)
def _instant_text(at: datetime | None) -> str:
    return "null" if at is None else f'"{at.isoformat()}"'


def told_by(line: Line) -> Told | None:
    """None for a line that is about the file. Raises what `NO_LINE` names where it is none."""
    if line.get("event") in ABOUT_THE_FILE:
        return None
    where, at = line["where"], line["at"]
    identity, customer = line["identity"], line["customer"]
    if not isinstance(identity, _TEXT) or not isinstance(customer, _TEXT):
        raise TypeError
    return Told(
        key=str(line["key"]),
        controller=str(line["controller"]),
        identity=identity,
        customer=customer,
        channel=_CHANNELS[line["channel"]],
        act=Act(
            said=_SAID[line["state"]],
            at=None if at is None else _instant(at),
            sure=_SURE[line["sure"]],
            seen=_seen(line["seen"]),
            doer=_DOERS[line["who"]],
            by=_BY[where["by"]],
            store=intern(str(where["store"])),
        ),
        plan=where.get("plan"),
    )


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.utcoffset() is None:
        raise ValueError
    return moment


_seen: Final = lru_cache(maxsize=64)(_instant)  # a plan sees very many people at one instant


__all__ = ["NO_LINE", "sealed", "told_by"]
