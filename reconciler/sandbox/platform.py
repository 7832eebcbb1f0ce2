"""What the three platforms share: the store behind them, and reading a write's fields strictly."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

from reconciler.sandbox import timestamps
from reconciler.sandbox.bucket import Rate
from reconciler.sandbox.http import Answer, Call, Json, Refusal, Route
from reconciler.sandbox.records import Record
from reconciler.sandbox.storage import Table
from reconciler.sandbox.switches import Settings

MISSING = object()
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """One shop: its customers, the readings taken of what is unknown, its clock and its ids."""

    table: Table
    settings: Settings
    now: Callable[[], str]
    new_id: Callable[[], str]
    new_address_id: Callable[[], str]

    def scan(self, delay: str = "list_delay", **where: Any) -> Iterator[Record]:
        return self.table.scan(
            self.settings["list_order"], delay=self.settings.seconds(delay), **where
        )

    def page(self, limit: int, **where: Any) -> tuple[list[Record], bool]:
        """Return up to `limit` records and whether more follow."""
        found = list(islice(self.scan(**where), limit + 1))
        return found[:limit], len(found) > limit

    def exact(self, key: str, value: str) -> set[str] | None:
        """Return the ids to look among for an exact match, or None to look among all."""
        plain = self.settings["spelling"] == "case" and not self.table.lagging
        return self.table.holders(key, value) if plain else None

    def spelled(self, text: Any) -> str:
        """Return a text as searches compare it."""
        choice = self.settings["spelling"]
        plain = "" if text is None else str(text)
        if choice == "bytes":
            return plain
        if choice == "case":
            return plain.casefold()
        plain = unicodedata.normalize("NFC", plain).casefold()
        if "@" in plain:
            return plain
        digits = re.sub(r"[ ().-]", "", plain)
        return re.sub(r"^(\+|00)", "", digits)

    def masked(self, record: Record) -> bool:
        choice = self.settings["masked"]
        third = sum(record["id"].encode()) % 3 == 0
        return choice == "all" or (choice == "some" and third)

    def need(self, customer_id: str, message: str = "Not Found") -> Record:
        record = self.table.copy(customer_id)
        if record is None:
            raise Refusal(404, message, code="NotFound")
        return record

    def save(self, record: Record) -> None:
        record["updated_at"] = self.now()
        self.table.put(record)

    def time(self, text: str | None, zone: str | None) -> str | None:
        exact = self.settings["precision"] == "milliseconds"
        return timestamps.write(text, zone=zone, milliseconds=exact)

    def refuse_duplicates(self, record: Record) -> None:
        """Refuse an e-mail or phone that another customer has."""
        if self.settings["duplicates"] == "accepted":
            return
        for key in ("email", "phone"):
            value = record[key]
            if value and self.table.holders(key, value) - {record["id"]}:
                status = int(self.settings["duplicate_status"])
                raise Refusal(status, f"{key} has already been taken", code="Duplicate")


class Platform(Protocol):
    """One platform's routes, manners and refusals."""

    rate: Rate

    def routes(self) -> list[Route]: ...

    def token(self, call: Call) -> str | None:
        """Return the token the call carries in this platform's header."""

    def cost(self, call: Call) -> int:
        """Return how much of the bucket a call takes."""

    def refuse(self, call: Call, refusal: Refusal) -> Answer:
        """Put a refusal in the platform's error form."""

    def headers(self, serial: int) -> dict[str, str]:
        """Return what every answer carries."""


def unwrap(body: Json, name: str, status: int, message: str) -> Json:
    value = body.get(name)
    if not isinstance(value, dict):
        raise Refusal(status, message, code="InvalidParameter")
    return value


def check_text(given: Mapping[str, Any], limits: Mapping[str, int], *, status: int = 422) -> None:
    """Refuse texts that are too long, and values that are no text at all."""
    for name, longest in limits.items():
        value = given.get(name)
        if value is None:
            continue
        if not isinstance(value, str):
            raise Refusal(status, f"{name} is invalid", code="InvalidParameter")
        if len(value) > longest:
            message = f"{name} is too long (maximum is {longest} characters)"
            raise Refusal(status, message, code="InvalidParameter")


def check_email(value: object) -> None:
    if value and (not isinstance(value, str) or not _EMAIL.match(value)):
        raise Refusal(422, "Email is invalid", code="InvalidParameter")


def assign(record: Record, key: str, value: Any, *, clear: str, replacing: bool = False) -> None:
    """Set a text field from a write, by what the platform takes to mean an empty one."""
    if value is MISSING:
        if replacing:
            record[key] = None
    elif value == "":
        if clear in {"empty", "both"}:
            record[key] = None
    elif value is None:
        if clear in {"null", "both"}:
            record[key] = None
    else:
        record[key] = value


def whole(text: str | None, default: int, *, most: int, message: str, status: int = 400) -> int:
    """Read a limit between 1 and `most`."""
    if text is None or text == "":
        return default
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise Refusal(status, message, code="InvalidParameter")
    return int(text)


def truth(value: object) -> bool | None:
    """Read a boolean written typed or as text."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value) if isinstance(value, str) else None
