"""A tag that is somebody's business in the whole store, and not only on those whom specs name."""

from dataclasses import dataclass

from reconciler.diagnostics import SourceMark
from reconciler.model.tags import tag_key


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeTag:
    """Whoever is no member of its document loses the tag; nobody is one where it is `retired`."""

    name: str
    mark: SourceMark
    retired: bool = False

    @property
    def key(self) -> str:
        return tag_key(self.name)
