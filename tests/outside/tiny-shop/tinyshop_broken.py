"""Adapters of TinyShop that each break one rule, so that the suite is seen to notice."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

import httpx
from tinyshop import TINYSHOP, TinyShop, changed

from reconciler.errors import OutcomeUnknown, ReconcilerError, StoreStopped
from reconciler.model.customer import Learned, LiveCustomer
from reconciler.model.patch import Patch
from reconciler.model.settings import StoreSettings
from reconciler.platforms.base import Page
from reconciler.platforms.http import Session
from reconciler.platforms.platform import Platform
from reconciler.platforms.times import StoreTimes

_TOKENS: list[str] = []


def _headers(token: str) -> Mapping[str, str]:
    _TOKENS.append(token)
    return {"x-tiny-token": token}


class Follows(TinyShop):
    """Reads round the session, and goes wherever it is sent, with the token."""

    def _all(self) -> tuple[LiveCustomer, ...]:
        answer = httpx.get(
            f"{self.base}/people", headers=_headers(_TOKENS[-1]), follow_redirects=True
        )
        return tuple(self._customer(one, "listing") for one in answer.json()["people"])


class Repeats(TinyShop):
    """Sends a create again whose answer was lost."""

    def create(self, patch: Patch) -> str:
        try:
            return super().create(patch)
        except OutcomeUnknown:
            return super().create(patch)


class Drops(TinyShop):
    """Leaves out of the whole record what it does not know."""

    def update(self, ground: LiveCustomer, patch: Patch) -> None:
        assert ground.wire is not None
        known = {name: ground.wire.record[name] for name in ("mail", "name", "labels", "news")}
        path = f"/people/{ground.remote_id}"
        self._session.write("PUT", path, changed(known, patch), "updating a customer")


class Subscribes(TinyShop):
    """Takes whoever is new for somebody who wants the news."""

    def create(self, patch: Patch) -> str:
        body = {**changed({"mail": None, "name": None, "labels": [], "news": "yes"}, patch)}
        answer = self._session.write("POST", "/people", body, "creating a customer")
        return str(answer.body["number"])


class Keeps(TinyShop):
    """Leaves consents as they are, whatever is asked."""

    def update(self, ground: LiveCustomer, patch: Patch) -> None:
        super().update(ground, replace(patch, consents=()))


class Believes(TinyShop):
    """Takes what it does not understand for an empty store."""

    def _all(self) -> tuple[LiveCustomer, ...]:
        try:
            return super()._all()
        except ReconcilerError:
            return ()


class Skips(TinyShop):
    """Forgets the last of the list, and does not count them either."""

    def count(self) -> int | None:
        return len(self._all()) - 1

    def scan(self) -> Iterator[Page]:
        yield Page(customers=self._all()[:-1], stable=True)


class Insists(TinyShop):
    """Asks again after the store has said that it may not."""

    def _all(self) -> tuple[LiveCustomer, ...]:
        try:
            return super()._all()
        except StoreStopped:
            return super()._all()


class Promises(TinyShop):
    """Its table says that it lists what changed, and it has no such list."""


class Conceals(TinyShop):
    """Lists what changed, and its table does not say so."""

    def changed(self, since: datetime) -> Iterator[Page]:
        yield from self.scan()


def _platform(
    name: str, make: Callable[[Session], TinyShop], *, lists_changes: bool = False
) -> Platform:
    def connect(
        session: Session, store: StoreSettings, times: StoreTimes, learned: Learned
    ) -> TinyShop:
        client = make(session)
        client.base = store.base_url or ""
        return client

    table = replace(TINYSHOP, platform=f"tinyshop-{name}", lists_changes=lists_changes)
    return Platform(capabilities=table, headers=_headers, connect=connect)


FOLLOWS = _platform("follows", Follows)
REPEATS = _platform("repeats", Repeats)
DROPS = _platform("drops", Drops)
SUBSCRIBES = _platform("subscribes", Subscribes)
KEEPS = _platform("keeps", Keeps)
BELIEVES = _platform("believes", Believes)
SKIPS = _platform("skips", Skips)
INSISTS = _platform("insists", Insists)
PROMISES = _platform("promises", Promises, lists_changes=True)
CONCEALS = _platform("conceals", Conceals)
