"""What is asked of a store about twice as many customers takes twice the work."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.app.environment import open_store
from reconciler.model.customer import LiveCustomer
from reconciler.platforms.base import Reader
from tests.growth import grows_with_its_size
from tests.harness import PLATFORMS, Json, consent, opened, person

pytestmark = pytest.mark.no_cover  # the work is counted here

SIZE = 400


@contextmanager
def read(folder: Path, platform: str, people: list[Json]) -> Iterator[Reader]:
    with opened(folder, platform, people) as shop:
        (store,) = shop.state().stores
        connection = open_store(store, shop.environment)
        try:
            yield connection.client
        finally:
            connection.session.close()


@pytest.mark.parametrize("platform", PLATFORMS)
def test_who_acted_is_told_of_twice_as_many_in_twice_the_work(
    tmp_path: Path, platform: str
) -> None:
    out = {"email": consent("unsubscribed"), "sms": consent()}
    people = [person(f"c{number}@example.com", consent=out) for number in range(2 * SIZE)]
    with read(tmp_path, platform, people) as client:
        found = (one for page in client.scan() for one in page.everybody)
        every = [one for one in found if isinstance(one, LiveCustomer)]

        def work(size: int) -> Callable[[], object]:
            return lambda: client.with_actors(every[:size])

        grows_with_its_size(work, SIZE)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_twice_as_many_are_read_by_their_ids_in_twice_the_work(
    tmp_path: Path, platform: str
) -> None:
    people = [person(f"c{number}@example.com") for number in range(2 * SIZE)]
    with read(tmp_path, platform, people) as client:
        ids = [one.remote_id for page in client.scan() for one in page.everybody]

        def work(size: int) -> Callable[[], object]:
            return lambda: client.read_many(ids[:size])

        grows_with_its_size(work, SIZE)
