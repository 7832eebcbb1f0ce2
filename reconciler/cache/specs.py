"""What is known of spec files: their lists by line, and what stores read in these.

Only what was read without a complaint is kept, so there is nothing to complain of.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Final

from reconciler.cache.cache import Cache
from reconciler.desired import known
from reconciler.desired.document import Document
from reconciler.desired.files import FoundFile, SpecFile
from reconciler.desired.rows import Rows
from reconciler.model.entries import Marked
from reconciler.model.settings import Policy, StoreSettings

# What says where a store is defined and how it is entered decides nothing about its customers.
_APART: Final = ("mark", "token")


class Specs:
    """The spec files of one run."""

    def __init__(self, cache: Cache, now: datetime) -> None:
        self._cache = cache
        self._now = now
        self._contents = known.Contents()
        self._asked: tuple[SpecFile | None, bytes] = (None, b"")

    def document(self, found: FoundFile, file: SpecFile) -> Document | None:
        """A file that was found sound before, its lists unread."""
        digest = self._cache.digest(file.content)
        self._asked = (file, digest)
        lists = self._cache.lists(digest)
        if lists is None:
            return None
        read = self._contents.of(file, found.part)
        document = known.document_of(file, lists, read, self._cache.entry)
        return None if document is None else replace(document, digest=digest, known=True)

    def learnt(self, file: SpecFile, document: Document) -> Document:
        """The document of a file about which there was nothing to complain."""
        lists = known.lists_of(file, document, self._cache.entry)
        if lists is None:
            return document
        asked, digest = self._asked
        if asked is not file:
            digest = self._cache.digest(file.content)
        self._cache.keep_lists(digest, lists)
        return replace(document, digest=digest)

    def of(self, store: StoreSettings, policy: Policy) -> "Entries":
        return Entries(self._cache, facts(store, policy), self._now, self._cache.marked)


def facts(store: StoreSettings, policy: Policy, owned: Iterable[str] = ()) -> str:
    """All that is said of a store and can count for its customers."""
    told = [getattr(store, one.name) for one in fields(store) if one.name not in _APART]
    return repr((told, policy, tuple(owned)))


@dataclass(frozen=True, slots=True)
class Entries:
    """What is known of the entries of one store; `rests_on` is what they are read under."""

    cache: Cache
    rests_on: str
    now: datetime
    marked: Marked

    def known(self, document: Document, section: str) -> Rows | None:
        if not document.known:
            return None
        return self.cache.rows(document.digest, self._asked(section), self.now)

    def keep(self, document: Document, section: str, rows: Rows) -> None:
        if document.digest:
            self.cache.keep_rows(document.digest, self._asked(section), rows, self.now)

    def _asked(self, section: str) -> bytes:
        return self.cache.digest(f"{section} {self.rests_on}".encode("utf-8", "surrogatepass"))
