"""Every fault against every kind of write: what becomes of it, and what the report says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from reconciler.model.consent import Channel
from reconciler.plan.outcome import ApplyResult
from reconciler.testing.case import UNDATED, Case, Entry, Planned, states, told
from reconciler.testing.check import (
    ADA,
    BYSTANDER,
    EMAIL,
    GRANT,
    SUBSCRIBED,
    Check,
    Needs,
    creates,
    deletes,
    is_yes,
    updates,
)
from reconciler.testing.proxy import Fault, FaultKind
from reconciler.testing.subject import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A write of one kind: how it comes about, and how its customer is once it is done."""

    name: str
    people: tuple[Person, ...]
    entry: Entry
    done: Callable[[Person | None], bool]
    needs: Needs


def _subscribed(person: Person | None) -> bool:
    return person is not None and is_yes(person.consent(Channel.EMAIL))


_TARGET: Final = "ada@example.com"
KINDS: Final = (
    Kind(
        name="create",
        people=(),
        entry={"email": _TARGET},
        done=lambda one: one is not None,
        needs=creates,
    ),
    Kind(
        name="update",
        people=(ADA,),
        entry={"email": _TARGET, "first_name": "New", "tags": {"add": ["vip"]}},
        done=lambda one: one is not None and one.first_name == "New" and "vip" in one.tags,
        needs=updates("first_name", "tags"),
    ),
    Kind(
        name="opt-out",
        people=(replace(ADA, consents=SUBSCRIBED),),
        entry={"email": _TARGET, "consent": {"email": "unsubscribed"}},
        done=lambda one: one is not None and not _subscribed(one),
        needs=updates(EMAIL),
    ),
    Kind(
        name="grant",
        people=(ADA,),
        entry={"email": _TARGET, "consent": {"email": GRANT}},
        done=_subscribed,
        needs=updates(EMAIL),
    ),
    Kind(
        name="delete",
        people=(ADA,),
        entry={"email": _TARGET, "state": "absent", "reason": "asked for"},
        done=lambda one: one is None,
        needs=deletes,
    ),
)
# Whether the write is done is not known after these, so it must not simply be sent again.
_DOUBTFUL: Final[Mapping[str, Fault]] = {
    "500 before the work": Fault(status=500),
    "500 after the work": Fault(kind=FaultKind.ANSWER_AFTER, status=500),
    "502 as a page": Fault(status=502, body=b"<html>bad gateway</html>"),
    "lost before the work": Fault(kind=FaultKind.LOST_BEFORE),
    "lost after the work": Fault(kind=FaultKind.LOST_AFTER),
    "broken off": Fault(kind=FaultKind.TRUNCATED),
}
_REFUSALS: Final[Mapping[str, Fault]] = {
    "429 with Retry-After": Fault(status=429, headers={"retry-after": "2"}),
    "429": Fault(status=429),
    "422": Fault(status=422),
    "401": Fault(status=401),
}


def begun(case: Case, kind: Kind) -> Planned:
    case.begin([*kind.people, BYSTANDER], kind.entry)
    planned = case.plan(releases=UNDATED)
    assert len(planned.store.changes) == 1, f"{kind.name}: {planned.told()}"
    return planned


def all_is_well(case: Case, kind: Kind, bystander: Person) -> str:
    """Empty, or what is wrong with the store after everything."""
    people = case.server.people()
    mine = [one for one in people if one.email == _TARGET]
    if len(mine) > 1:
        return f"there are {len(mine)} of one customer"
    if not kind.done(mine[0] if mine else None):
        return "it is not done"
    if [one for one in people if one.email != _TARGET] != [bystander]:
        return "somebody else was touched"
    return ""


def _under_faults(kind: Kind, case: Case) -> None:
    """Which request writes is found by a rehearsal, then each fault hits that one."""
    _, asked = case.asked_while(begun(case, kind))
    writes = [number for number, one in enumerate(asked, 1) if one.wrote]
    assert writes, f"no request of a {kind.name} changed the store"
    for name, fault in {**_DOUBTFUL, **_REFUSALS}.items():
        planned = begun(case, kind)
        bystander = case.people()["by@example.com"]
        case.proxy.arm(replace(fault, nth=writes[0]))
        first, asked = case.asked_while(planned)
        case.proxy.arm(None)
        where = f"{kind.name}, {name}"
        between = all_is_well(case, kind, bystander)
        assert not (_claims(first) and between), f"{where}: called done, and {between}"
        if name in _DOUBTFUL:
            after = asked[writes[0] : writes[0] + 1]
            assert not any(one.repeats(asked[writes[0] - 1]) for one in after), (
                f"{where}: sent again without a look"
            )
        if not first.complete:
            second = case.apply(planned, resume=True)
            assert second.complete, f"{where}: {told(first)}, resumed: {told(second)}"
        assert all_is_well(case, kind, bystander) == "", where


def _claims(result: ApplyResult) -> bool:
    return bool(states(result)) and all(one.good for one in states(result))


CHECKS: Final = tuple(
    Check(partial(_under_faults, kind), kind.needs, name=f"under_every_fault_{kind.name}")
    for kind in KINDS
)
