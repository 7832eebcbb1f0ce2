"""The one place that turns personal values into text: for a terminal where somebody asked."""

from reconciler.model.metafields import Metafields
from reconciler.model.personal import Personal
from reconciler.plan.changes import ScalarChange
from reconciler.plan.plan import Plan
from reconciler.report.items import Reveal
from reconciler.report.plain import plain


def revealed(plan: Plan) -> Reveal:
    found: dict[tuple[str, str], str] = {}
    for store in plan.stores:
        for change in store.changes:
            for field in change.fields:
                if isinstance(field, ScalarChange):
                    found[change.alias, str(field.path)] = (
                        f"{in_clear(field.before)} → {in_clear(field.after)}"
                    )
    return found


def in_clear(value: object) -> str:
    """A personal value as it is; `(empty)` for none."""
    if isinstance(value, Metafields):
        return ", ".join(in_clear(one.value) for one in value.every)
    return plain(value.reveal()) if isinstance(value, Personal) else "(empty)"
