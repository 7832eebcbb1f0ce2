"""Pages come one ahead, in their order, and never beyond what somebody will ask for."""

import threading
from collections.abc import Iterator

import pytest

from reconciler.live.ahead import one_ahead
from reconciler.platforms.base import Page
from tests.builders import live


class Pages:
    """Counts what was asked for; `breaks` is the number of the page that cannot be had."""

    def __init__(self, many: int, breaks: int | None = None) -> None:
        self.asked = 0
        self.third = threading.Event()
        self._many = many
        self._breaks = breaks

    def __iter__(self) -> Iterator[Page]:
        for number in range(1, self._many + 1):
            self.asked += 1
            if self.asked == 3:
                self.third.set()
            if number == self._breaks:
                raise ValueError(number)
            yield Page(customers=(live(str(number)),))


def _numbers(pages: Iterator[Page]) -> Iterator[int]:
    return (int(page.customers[0].remote_id) for page in pages)


@pytest.mark.parametrize("surely", [True, False])
def test_all_pages_come_in_their_order(*, surely: bool) -> None:
    assert list(_numbers(one_ahead(iter(Pages(5)), lambda: surely))) == [1, 2, 3, 4, 5]


def test_the_next_page_is_fetched_while_this_one_is_worked_on() -> None:
    pages = Pages(9)
    found = one_ahead(iter(pages), lambda: True)

    next(found)
    next(found)

    assert pages.third.wait(10)


@pytest.mark.parametrize("budget", [1, 2, 4])
def test_no_page_is_asked_for_that_nobody_will_ask_for(budget: int) -> None:
    pages = Pages(9)
    taken: list[Page] = []
    for page in one_ahead(iter(pages), lambda: len(taken) < budget):
        if len(taken) >= budget:
            break
        taken.append(page)

    assert (len(taken), pages.asked) == (budget, budget + 1)


def test_an_error_comes_after_the_pages_before_it() -> None:
    found = _numbers(one_ahead(iter(Pages(5, breaks=4)), lambda: True))

    assert [next(found), next(found), next(found)] == [1, 2, 3]
    with pytest.raises(ValueError, match="4"):
        next(found)
