"""What can be adopted, for who reads it and for the commit that brings it: places, aliases and
names of fields, and no value of a person.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from reconciler.model.fields import BY_NAME
from reconciler.plan.adoption import Adoption, Kind, Unfit
from reconciler.report.lines import Line, Style
from reconciler.report.plain import counted

_FEW: Final = 3
_KINDS: Final = {Kind.OPT_OUT: "opt-out", Kind.OPT_IN: "opt-in", Kind.FIELD: "field"}


def render(found: Iterable[Adoption], unfit: Iterable[Unfit]) -> Iterator[Line]:
    for one in found:
        yield Line(f"{one.mark}: {one.alias} {one.field}: {_told(one)}", Style.TITLE)
    for other in unfit:
        text = f"{other.mark}: {other.alias} {other.field}: not adopted: {other.why}"
        yield Line(text, Style.DIM)


def _told(one: Adoption) -> str:
    title = BY_NAME[one.field].title
    match one.kind:
        case Kind.OPT_OUT:
            return f"{title}: the person is out, and the file is out of date"
        case Kind.OPT_IN:
            return f"{title}: the person opted in later than the file says no"
        case Kind.FIELD:
            return f"{title}: the store has another value"


def subject(found: Sequence[Adoption]) -> str:
    """The first line of a commit message."""
    by_kind = [(kind, sum(one.kind is kind for one in found)) for kind in Kind]
    told = [counted(number, _KINDS[kind]) for kind, number in by_kind if number]
    stores = sorted({one.desired.store for one in found})
    named = " and ".join(stores) if len(stores) < _FEW else f"{len(stores)} stores"
    return f"Adopt {_listed(told)} from {named}"


def message(found: Sequence[Adoption]) -> str:
    """A whole commit message."""
    lines = [f"- {one.mark} {one.alias} {one.field} ({one.desired.store})" for one in found]
    return "\n".join((subject(found), "", *lines)) + "\n"


def _listed(told: Sequence[str]) -> str:
    return told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
