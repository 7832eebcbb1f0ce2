"""The log of the requests that a simulator received."""

from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Request:
    """One request; status 0 until it is answered, and for good when the connection was dropped."""

    method: str
    path: str
    query: str
    status: int
    at: datetime


class RequestLog:
    """Requests in the order they came, with the status each was answered."""

    def __init__(self) -> None:
        self._entries: dict[int, Request] = {}
        self._serial = 0

    def open(self, request: Request) -> int:
        self._serial += 1
        self._entries[self._serial] = request
        return self._serial

    def close(self, serial: int, status: int) -> None:
        """Note the status, unless the log was cleared meanwhile."""
        if serial in self._entries:
            self._entries[serial] = replace(self._entries[serial], status=status)

    def clear(self) -> None:
        self._entries.clear()

    def entries(self) -> list[Request]:
        return list(self._entries.values())
