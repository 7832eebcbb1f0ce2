"""One simulated shop: seed it, serve it, edit it behind the client's back, and read the truth."""

import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from reconciler.sandbox import records
from reconciler.sandbox.bucket import Bucket, Rate
from reconciler.sandbox.faults import Fault, FaultList
from reconciler.sandbox.genstore.api import Genstore
from reconciler.sandbox.platform import Platform, Store
from reconciler.sandbox.records import Record
from reconciler.sandbox.request_log import Request, RequestLog
from reconciler.sandbox.shoplazza.api import Shoplazza
from reconciler.sandbox.shopline.api import Shopline
from reconciler.sandbox.storage import Table
from reconciler.sandbox.switches import SWITCHES, Settings

RateChoice = Literal["off"] | tuple[float, int] | None
_PLATFORMS: dict[str, Callable[[Store], Platform]] = {
    "genstore": Genstore,
    "shoplazza": Shoplazza,
    "shopline": Shopline,
}
# The first numbers given out, of the length that the platforms' examples have.
_FIRST_ID = {"genstore": 1020000013062, "shoplazza": 1000, "shopline": 4200000001}
_FIRST_ADDRESS = 878
_DELAYS = ("list_delay", "search_delay")


class Shop:
    """A shop on one platform. Safe to use from several threads, also while it serves."""

    def __init__(
        self,
        platform: str,
        shop: str = "acme",
        token: str = "t0ken",  # noqa: S107 - the shop is simulated, so is its secret
        *,
        switches: Mapping[str, object] | None = None,
        path: Path | None = None,
        rate: RateChoice = None,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        if platform not in SWITCHES:
            raise ValueError(f"platform {platform!r} is not simulated; use {', '.join(SWITCHES)}")
        self.platform = platform
        self.shop = shop
        self.token = token
        self.lock = threading.RLock()
        self.table = Table(path)
        self.faults = FaultList()
        self.log = RequestLog()
        self.writes = 0
        self._now = now or _utc
        self._rate = rate
        self._numbers = _FIRST_ID[platform]
        self._address_numbers = _FIRST_ADDRESS
        self._configure(switches)
        self._note_addresses(self.table.all())

    def _configure(self, switches: Mapping[str, object] | None) -> None:
        self.settings = Settings(self.platform, switches)
        held = self.settings.as_dict()
        self.table.longest = max(float(held.get(name, 0)) for name in _DELAYS)
        store = Store(
            table=self.table,
            settings=self.settings,
            now=self.timestamp,
            new_id=self._new_id,
            new_address_id=self._new_address_id,
        )
        self.shopfront = _PLATFORMS[self.platform](store)
        self.routes = self.shopfront.routes()
        self.bucket = self._fill()

    def _fill(self) -> Bucket | None:
        if self._rate == "off":
            return None
        rate = self.shopfront.rate
        if self._rate is not None:
            rate = Rate(per_second=self._rate[0], burst=self._rate[1])
        return Bucket(rate, time.monotonic)

    def moment(self) -> datetime:
        return self._now().astimezone(UTC)

    def timestamp(self) -> str:
        return self.moment().isoformat()

    def _new_id(self) -> str:
        while True:
            self._numbers += 1
            number = str(self._numbers)
            if self.platform == "shoplazza" and self.settings["ids"] == "uuid":
                number = str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{self.shop}/{number}"))
            if self.table.get(number) is None:
                return number

    def _new_address_id(self) -> str:
        self._address_numbers += 1
        return str(self._address_numbers)

    def _note_addresses(self, held: Iterable[Record]) -> None:
        """Give out no address id that is already in use."""
        for record in held:
            for item in record["addresses"]:
                if str(item["id"]).isdecimal():
                    self._address_numbers = max(self._address_numbers, int(item["id"]))

    def _complete(self, record: Mapping[str, Any], at: str) -> Record:
        given = record.get("id")
        customer_id = self._new_id() if given is None else str(given)
        full = records.complete(record, customer_id=customer_id, at=at)
        self._note_addresses([full])
        for item in full["addresses"]:
            item["id"] = item["id"] or self._new_address_id()
        return full

    def seed(self, given: Iterable[Mapping[str, Any]]) -> list[str]:
        """Add records as they stand and return their ids; undated ones are thirty days old."""
        with self.lock:
            at = (self.moment() - timedelta(days=30)).isoformat()
            full = [self._complete(record, at) for record in given]
            late, longest, self.table.longest = self.table.late, self.table.longest, 0.0
            self.table.late = 0.0
            self.table.batch(full)
            self.table.late, self.table.longest = late, longest
            return [record["id"] for record in full]

    def reset(
        self,
        given: Iterable[Mapping[str, Any]] = (),
        switches: Mapping[str, object] | None = None,
    ) -> list[str]:
        """Start again with these records: no faults, an empty log and bucket, ids from the start.

        The switches stay as they are unless given anew; then the rest take their defaults.
        """
        with self.lock:
            self.table.wipe()
            self.faults.clear()
            self.log.clear()
            self.writes = 0
            self._numbers = _FIRST_ID[self.platform]
            self._address_numbers = _FIRST_ADDRESS
            self._configure(self.settings.as_dict() if switches is None else switches)
            return self.seed(given)

    def customers(self) -> list[Record]:
        """Return the truth, in the order of insertion."""
        with self.lock:
            return self.table.all()

    def customer(self, customer_id: str) -> Record | None:
        with self.lock:
            return self.table.copy(customer_id)

    def _need(self, customer_id: str) -> Record:
        record = self.table.copy(customer_id)
        if record is None:
            raise KeyError(f"{self.shop} has no customer {customer_id!r}")
        return record

    def edit(self, customer_id: str, **fields: Any) -> None:
        """Let staff or another app edit a customer, in neutral fields."""
        with self.lock:
            record = self._need(customer_id)
            at = self.timestamp()
            record["updated_at"] = at
            records.merge(record, fields, at=at)
            for item in record["addresses"]:
                item["id"] = item["id"] or self._new_address_id()
            self.table.put(record)

    def person(self, customer_id: str, channel: str, state: str) -> None:
        """Let the person themselves subscribe or unsubscribe, now."""
        if channel not in records.CHANNELS:
            raise ValueError(f"channel {channel!r} is not one of {', '.join(records.CHANNELS)}")
        with self.lock:
            record = self._need(customer_id)
            at = self.timestamp()
            record["consent"][channel] = records.consent(state, at=at, actor="person")
            if self.settings["updated_at"] == "writes":
                record["updated_at"] = at
            self.table.put(record)

    def remove(self, customer_id: str) -> None:
        with self.lock:
            self._need(customer_id)
            self.table.remove(customer_id)

    def fault(self, fault: Fault) -> None:
        with self.lock:
            self.faults.arm(fault)

    def clear_faults(self) -> None:
        with self.lock:
            self.faults.clear()

    @property
    def requests(self) -> list[Request]:
        with self.lock:
            return self.log.entries()

    def forget_requests(self) -> None:
        with self.lock:
            self.log.clear()

    def close(self) -> None:
        """Close the SQLite file, if there is one."""
        with self.lock:
            self.table.close()


def _utc() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)
