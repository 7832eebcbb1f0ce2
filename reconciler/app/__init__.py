"""The use cases, each the route of data in order; what a step does stands in its own module."""

from reconciler.app.applying import Order, applied_before, apply, check_usable, entries
from reconciler.app.explaining import explain
from reconciler.app.loading import load, load_or_raise, selected
from reconciler.app.planning import Choices, plan
from reconciler.app.world import Ambient, ambient, judge_for, keyed_for, open_store, record_keys_for

__all__ = [
    "Ambient",
    "Choices",
    "Order",
    "ambient",
    "applied_before",
    "apply",
    "check_usable",
    "entries",
    "explain",
    "judge_for",
    "keyed_for",
    "load",
    "load_or_raise",
    "open_store",
    "plan",
    "record_keys_for",
    "selected",
]
