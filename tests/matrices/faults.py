"""The fault matrix: every fault against every kind of step, each cell with its one outcome, as data.

A cell is run over a real socket; then the fault is gone and the plan is resumed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from reconciler.errors import ReconcilerError
from reconciler.model.settings import Release
from reconciler.plan.outcome import ApplyResult, State
from reconciler.sandbox import Fault, Sandbox
from tests.harness import Shop, consent, grant, person

Json = dict[str, Any]
TARGET, OTHER = "ada@example.com", "by@example.com"
D, A, F, S, U = State.DONE, State.ALREADY, State.FAILED, State.STALE, State.UNVERIFIED


@dataclass(frozen=True, slots=True)
class Kind:
    """How a step of one kind comes about, and how the store looks when it is done."""

    name: str
    people: tuple[Json, ...]
    wanted: Json
    method: str
    done: Callable[[dict[str, Json]], bool]
    not_on: tuple[str, ...] = ()


def _has(found: dict[str, Json], email: str, test: Callable[[Json], bool]) -> bool:
    return email in found and test(found[email])


def _email_consent(one: Json) -> str:
    return str(one["consent"]["email"]["state"])


ADA = person(TARGET, tags=["app:x"])
SUBSCRIBED = {"email": consent("subscribed"), "sms": consent()}
KINDS: Final = (
    Kind(
        "withdraw",
        ({**ADA, "consent": SUBSCRIBED},),
        {"email": TARGET, "consent": {"email": "unsubscribed"}},
        "PUT",
        lambda found: _has(found, TARGET, lambda one: _email_consent(one) == "unsubscribed"),
    ),
    Kind(
        "identity",
        ({**ADA, "email": "old@example.com"},),
        {"email": TARGET, "previously": {"email": "old@example.com"}},
        "PUT",
        lambda found: (
            _has(found, TARGET, lambda one: one["first_name"] == "Ada")
            and "old@example.com" not in found
        ),
        not_on=("shoplazza", "shoplazza-2022"),
    ),
    Kind(
        "create",
        (),
        {"email": TARGET, "first_name": "Ours"},
        "POST",
        lambda found: _has(found, TARGET, lambda one: one["first_name"] == "Ours"),
    ),
    Kind(
        "update",
        (ADA,),
        {"email": TARGET, "first_name": "New", "tags": {"add": ["vip"]}},
        "PUT",
        lambda found: _has(
            found, TARGET, lambda one: one["first_name"] == "New" and "vip" in one["tags"]
        ),
    ),
    Kind(
        "grant",
        (ADA,),
        {"email": TARGET, "consent": {"email": grant()}},
        "PUT",
        lambda found: _has(found, TARGET, lambda one: _email_consent(one) == "subscribed"),
    ),
    Kind(
        "delete",
        (ADA,),
        {"email": TARGET, "state": "absent", "reason": "asked"},
        "DELETE",
        lambda found: TARGET not in found,
        not_on=("shoplazza", "shoplazza-2022"),
    ),
)


def _tag_by_app(box: Sandbox) -> None:
    for one in box.customers():
        if one["email"] != OTHER:
            box.edit(one["id"], tags=[*one["tags"], "app:late"])


def _remove(box: Sandbox) -> None:
    for one in box.customers():
        if one["email"] != OTHER:
            box.remove(one["id"])


def _take_address(box: Sandbox) -> None:
    box.seed([person(TARGET, first_name="Somebody")])


# What is armed; `write` and `read` stand for the step's own write and the reading before it.
_WRITE = "write"
_READ = "read"
FAULTS: Final[dict[str, tuple[str, Fault]]] = {
    "429 with Retry-After": (_WRITE, Fault("status", status=429, retry_after=2)),
    "429 without": (_WRITE, Fault("status", status=429)),
    "500 before the work": (_WRITE, Fault("status", status=500)),
    "500 after the work": (_WRITE, Fault("status_after", status=500)),
    "502 as a page": (_WRITE, Fault("html")),
    "lost before": (_WRITE, Fault("drop_before")),
    "lost after": (_WRITE, Fault("drop_after")),
    "truncated body": (_WRITE, Fault("truncate")),
    "hang": (_WRITE, Fault("hang", seconds=0.05)),
    "slow answer": (_WRITE, Fault("slow", seconds=0.05)),
    "401 in the middle": (_WRITE, Fault("status", status=401)),
    "423": (_WRITE, Fault("status", status=423)),
    "seen late in lists": (_WRITE, Fault("late", seconds=5)),
    "edit before the re-read": (_READ, Fault("edit_before", edit=_tag_by_app)),
    "edit after the re-read": (_WRITE, Fault("edit_before", edit=_tag_by_app)),
    "deleted before the re-read": (_READ, Fault("edit_before", edit=_remove)),
    "deleted after the re-read": (_WRITE, Fault("edit_before", edit=_remove)),
    "deleted before the read-back": (_WRITE, Fault("edit_after", edit=_remove)),
    "refused as a duplicate": (_WRITE, Fault("edit_before", edit=_take_address)),
    "refused (422)": (_WRITE, Fault("status", status=422)),
}

# The outcome of the first run and that after `--resume`, by fault; and where a kind differs.
_BOTH: Final[dict[str, tuple[State, State]]] = {
    **dict.fromkeys(FAULTS, (D, D)),
    "401 in the middle": (F, D),
    "423": (F, D),
    "refused (422)": (F, D),
    "deleted before the re-read": (S, S),
    "deleted after the re-read": (F, S),
    "deleted before the read-back": (U, S),
}
_OTHERWISE: Final[dict[tuple[str, ...], tuple[State, State]]] = {
    # A create has nobody yet whom somebody could edit or delete; it is looked up and created.
    ("deleted before the re-read", "create"): (D, D),
    ("deleted after the re-read", "create"): (D, D),
    # Read back in vain: it was created and somebody deleted it, so it is not made again.
    ("deleted before the read-back", "create"): (U, U),
    ("refused as a duplicate", "create"): (S, S),
    ("refused as a duplicate", "identity"): (F, F),
    # Whoever is gone is what a delete wanted.
    ("deleted before the re-read", "delete"): (A, A),
    ("deleted after the re-read", "delete"): (D, D),
    ("deleted before the read-back", "delete"): (D, D),
    # Genstore's word for an opt-out is found by trying: the next one follows a refusal, and a
    # customer who is gone is found out between two of them.
    ("refused (422)", "withdraw", "genstore"): (D, D),
    ("deleted before the read-back", "withdraw", "genstore"): (F, S),
}
# Where the write sends tags along, an edit of them in the window is lost: the README states it. On
# SHOPLINE that is the first write of a run, before the store was seen to keep what is left out.
_SENDS_TAGS: Final = {
    "genstore": ("withdraw", "identity", "update", "grant"),
    "shoplazza": ("withdraw", "update", "grant"),
    "shoplazza-2022": ("withdraw", "update", "grant"),
    "shopline": ("withdraw", "identity", "update", "grant"),
}


@dataclass(frozen=True, slots=True)
class Cell:
    variant: str
    kind: Kind
    fault: str

    def __str__(self) -> str:
        return f"{self.variant}, {self.kind.name}, {self.fault}"

    @property
    def expected(self) -> tuple[State, State]:
        here = (self.fault, self.kind.name)
        return _OTHERWISE.get((*here, self.variant), _OTHERWISE.get(here, _BOTH[self.fault]))


@dataclass(frozen=True, slots=True)
class Seen:
    """What a cell did; the counts are of wrongs."""

    first: State
    resumed: State
    stopped: bool
    duplicates: int
    lost: int
    unapproved: int
    wrong_reports: int


def cells(variant: str) -> Iterator[Cell]:
    for kind in KINDS:
        if variant not in kind.not_on:
            yield from (Cell(variant, kind, fault) for fault in FAULTS if _makes_sense(kind, fault))


def _makes_sense(kind: Kind, fault: str) -> bool:
    """An address can only be taken from somebody who claims one."""
    return fault != "refused as a duplicate" or kind.name in ("create", "identity")


def run(cell: Cell, shop: Shop, folder: Path) -> Seen:
    """`folder` must be new: it keeps the journal of this cell."""
    shop.folder = folder
    shop.reset([*cell.kind.people, person(OTHER, tags=["app:y"])], {})
    shop.want(cell.kind.wanted)
    undated = (Release(rule="consent.undated-opt-out"),)
    body = shop.plan(releases=undated if cell.variant.startswith("shoplazza") else ())
    bystander = shop.live(OTHER)
    where, fault = FAULTS[cell.fault]
    shop.box.fault(_aimed(fault, where, cell.kind))
    first = shop.apply(body)
    between = _by_email(shop)
    shop.box.clear_faults()
    second = _resumed(shop, body)
    found = _by_email(shop)
    emails = [one["email"] for one in shop.box.customers()]
    one, two = _state(first), _state(second or first)
    return Seen(
        first=one,
        resumed=two,
        stopped=bool(first.stores[0].stopped),
        duplicates=len(emails) - len(set(emails)),
        lost=_lost(cell, found),
        unapproved=int(found.get(OTHER) != bystander) + _strangers(cell, found),
        wrong_reports=_wrong(cell, one, between) + _wrong(cell, two, found),
    )


def _aimed(fault: Fault, where: str, kind: Kind) -> Fault:
    if where == _READ:
        return replace(fault, method=None if kind.method == "POST" else "GET")
    path = r"customers(\.json)?$" if kind.method == "POST" else None
    return replace(fault, method=kind.method, path=path)


def _resumed(shop: Shop, body: Json) -> ApplyResult | None:
    try:
        return shop.apply(body, resume=True)
    except ReconcilerError:
        return None


def _by_email(shop: Shop) -> dict[str, Json]:
    return {one["email"]: one for one in shop.box.customers()}


def _state(result: ApplyResult) -> State:
    (outcome,) = result.stores[0].outcomes
    return outcome.state


def _lost(cell: Cell, found: dict[str, Json]) -> int:
    """Tags of apps that are gone, but for those that an app added inside the stated window."""
    if TARGET not in found or cell.fault == "refused as a duplicate" or not cell.kind.people:
        return 0
    tags = found[TARGET]["tags"]
    gone = int("app:x" not in tags)
    if "edit" in cell.fault:
        window = cell.fault == "edit after the re-read"
        stated = window and cell.kind.name in _SENDS_TAGS[cell.variant]
        gone += int("app:late" not in tags and not stated)
    return gone


def _strangers(cell: Cell, found: dict[str, Json]) -> int:
    return sum(email not in (TARGET, OTHER, "old@example.com") for email in found)


def _wrong(cell: Cell, state: State, found: dict[str, Json]) -> int:
    """Called done and is not, or called not done and is; unverified claims neither."""
    done = cell.kind.done(found)
    if state.good:
        deleted_since = cell.fault == "deleted before the read-back"
        return int(not done and not deleted_since)
    return int(done and state is not State.UNVERIFIED)
