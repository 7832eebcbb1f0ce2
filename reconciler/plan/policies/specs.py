"""What a plan may not do because of what the files said before."""

from collections.abc import Iterator
from typing import Final

from reconciler.model.rules import by_release
from reconciler.plan.draft import Draft
from reconciler.plan.verdicts import Level, Verdict

SHRANK_PERCENT: Final = 20
SHRANK_CUSTOMERS: Final = 20
_SHRANK: Final = "spec.shrank"
_PROTECTED: Final = "protect.removed"


def shrinkage(draft: Draft) -> Iterator[Verdict]:
    """Over 20 % of the customers and over 20 of them: a file that was cut off looks the same."""
    share = draft.listed * SHRANK_PERCENT / 100
    if draft.left > SHRANK_CUSTOMERS and draft.left > share:
        percent = 100 * draft.left / draft.listed
        yield Verdict(
            rule=_SHRANK,
            level=Level.BLOCK,
            store=draft.store.name,
            message=f"{draft.left} of {draft.listed} customers ({percent:.0f} %) have left the "
            "files",
            lifted_by=by_release(_SHRANK),
            released=_SHRANK in draft.lifted,
        )


def protection(draft: Draft) -> Iterator[Verdict]:
    """One block for each customer whose protection was not taken away alone, and before."""
    for alias, mark in draft.unprotected:
        yield Verdict(
            rule=_PROTECTED,
            level=Level.BLOCK,
            store=draft.store.name,
            message="this entry is protected, and has left the files, turned absent, or changed "
            "together with its protection",
            alias=alias,
            mark=mark,
            lifted_by="first a change of its own that sets `protect: false` and nothing else",
        )
