"""The moment before an opt-in was written that no reading can show, in words. Pure."""

import math

from reconciler.model.consent import ConsentState
from reconciler.plan.changes import ConsentChange, FieldChange
from reconciler.plan.outcome import State, StepOutcome
from reconciler.plan.steps import StepKind


def open_window(
    written: tuple[FieldChange, ...], outcome: StepOutcome, unseen: float
) -> tuple[str, ...]:
    """What a grant that took cannot show: no platform writes on a condition, and the write stands
    over whatever was there. `unseen` is how long ago the record was asked for, in seconds.
    """
    took = {name for name, state in outcome.fields if state is State.DONE}
    channels = [
        one.channel
        for one in written
        if isinstance(one, ConsentChange)
        and one.wanted.state is ConsentState.SUBSCRIBED
        and one.path in took
    ]
    return tuple(
        f"an opt-out of {channel} in the last {_rounded_up(unseen)} before this opt-in was written "
        "cannot be ruled out: the read-back would not show it"
        for channel in channels
    )


def cut_off_window(outcome: StepOutcome) -> tuple[str, ...]:
    """The same for an opt-in that stands because of a write whose answer nobody has seen."""
    if outcome.step.kind is not StepKind.GRANT:
        return ()
    return tuple(
        f"an opt-out of {path.channel} right before this opt-in was written cannot be ruled out: "
        "the write was cut off, and no reading would show it"
        for path, state in outcome.fields
        if path.channel is not None and state.good
    )


def _rounded_up(seconds: float) -> str:
    """To 1, 2 or 5 of a decade, so that like windows read alike."""
    for unit, name in ((0.001, "ms"), (1.0, "s")):
        for step in (1, 2, 5, 10, 20, 50, 100, 200, 500):
            if seconds <= step * unit:
                return f"{step} {name}"
    return f"{math.ceil(seconds)} s"
