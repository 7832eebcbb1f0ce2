"""One setting that is to change, as a value; how it is found stands in `settings_change`."""

from dataclasses import dataclass
from typing import TypeAlias

from reconciler.diagnostics import SourceMark

Told: TypeAlias = str | int | float | bool | None
"""A value as it may be shown; None where there is none on that side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingChange:
    """`path` names the field from the outside in, `mark` the line at hand that it belongs to.

    `digest` is of path and values, so that the change can be known again.
    """

    path: tuple[str, ...]
    before: Told
    after: Told
    mark: SourceMark | None
    digest: str
