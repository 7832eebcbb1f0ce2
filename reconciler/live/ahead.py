"""The next page is fetched while this one is worked on, and no page that nobody will ask for."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from reconciler.platforms.base import Page


@dataclass(slots=True)
class _Coming:
    """A page on its way; None where the pages have ended."""

    there: threading.Event = field(default_factory=threading.Event)
    page: Page | None = None
    error: BaseException | None = None

    def wait(self) -> Page | None:
        self.there.wait()
        if self.error is not None:
            raise self.error
        return self.page


def one_ahead(pages: Iterator[Page], surely: Callable[[], bool]) -> Iterator[Page]:
    """The same pages, and errors in their places.

    `surely` is asked before each page is given out: whether the one after it will be asked for. The
    thread that fetches is left behind where nobody waits for it any more, as after an interrupt.
    """
    coming: _Coming | None = None
    while True:
        page = next(pages, None) if coming is None else coming.wait()
        if page is None:
            return
        coming = _fetching(pages) if surely() else None
        yield page


def _fetching(pages: Iterator[Page]) -> _Coming:
    coming = _Coming()

    def fetch() -> None:
        try:
            coming.page = next(pages, None)
        except BaseException as error:  # it is raised where it was waited for
            coming.error = error
        finally:
            coming.there.set()

    threading.Thread(target=fetch, daemon=True).start()
    return coming
