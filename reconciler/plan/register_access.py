"""What a plan or an apply does where the register of opt-outs cannot be asked."""

from collections.abc import Iterable, Iterator
from typing import Final

from reconciler.model.access import Access
from reconciler.model.field_path import FieldPath
from reconciler.model.rules import by_release
from reconciler.model.settings import Release, RiskClass
from reconciler.plan.draft import Draft
from reconciler.plan.store_rules import StoreRules
from reconciler.plan.verdicts import Level, Verdict

MISSING: Final = "register.missing"
KEY_MISSING: Final = "register.key-missing"
NOT_ASKED: Final = "register.not-asked"
LEFT_BEHIND: Final = "register.left-behind"
CONTACTS: Final = (FieldPath("email"), FieldPath("phone"))
ASKING: Final = frozenset({RiskClass.GRANT, RiskClass.CREATE})
"""What nobody does without it, nor gives anybody another of the `CONTACTS`, who may have been
erased under that; opt-outs and all else pass.
"""
TOLD: Final = {
    Access.MISSING: (
        MISSING,
        "the register of opt-outs is not here, or an older copy of it, and it may know who opted "
        "out before: bring it back, or take in a copy with `reconciler register merge`; where "
        "there never was one, a `register import` of an empty list begins it",
    ),
    Access.KEY_MISSING: (
        KEY_MISSING,
        "people stand in the register of opt-outs under a key that is not here",
    ),
}
HINT: Final = (
    "the register stands beside the trail, or where RECONCILER_REGISTER says; its former keys go "
    "into RECONCILER_REGISTER_KEYS_BEFORE"
)


def unasked(draft: Draft, rules: StoreRules) -> Iterator[Verdict]:
    """A block for a plan that grants, makes or renames somebody; only told where a plan has no key
    for it, since the apply asks.
    """
    risks = {field.risk for change in draft.changes for field in change.fields}
    renames = any(field.path in CONTACTS for one in draft.changes for field in one.fields)
    if rules.access is Access.ASKED or not (risks & ASKING or renames):
        return
    if rules.access is Access.NOT_ASKED:
        yield Verdict(
            rule=NOT_ASKED,
            level=Level.WARN,
            store=draft.store.name,
            message="the register of opt-outs was not asked: it or its key is not here; the apply "
            "asks it, and leaves out who opted out before; where it or a key is missing there too, "
            "the apply opts in, makes and renames nobody",
        )
        return
    rule, message = TOLD[rules.access]
    released = rules.released(rule)
    yield Verdict(
        rule=rule,
        level=Level.BLOCK,
        store=draft.store.name,
        message=message,
        lifted_by=None if released else by_release(rule) or HINT,
        released=released,
    )


def left_behind(rules: StoreRules) -> Iterator[Verdict]:
    """Told as long as they count: a name that is not in the specs may be a slip, or another's."""
    for name in rules.register.left:
        yield Verdict(
            rule=LEFT_BEHIND,
            level=Level.WARN,
            store=rules.store.name,
            message=f"the specs have no store {name}, whose register of opt-outs stands here: it "
            "may be this one by a former name, so its opt-outs count here too",
            lifted_by=f"leave it there if the store is renamed; if it is closed, and was another "
            f"company's, move {name}.jsonl away",
        )


def is_released(rule: str, releases: Iterable[Release], store: str) -> bool:
    """Whether a plan was made with a release that lifts this for the whole of a store."""
    return by_release(rule) is not None and any(
        one.rule == rule and one.alias is None and one.store in (None, store) for one in releases
    )
