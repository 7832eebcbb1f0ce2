"""A live store to a spec file, piece by piece as the store is read."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.desired.write import SpecWriter
from reconciler.model.settings import StoreSettings
from reconciler.platforms.base import Reader, completed


@dataclass(slots=True)
class Export:
    """One store on its way into a file. `left_out` counts by what and why, in words; `complete`
    says in the end whether the store has shown everybody whom it counts. `also` are fields that no
    list tells, which are asked for beside, and `parts` those that are wanted of one, where not all
    are.
    """

    client: Reader
    store: StoreSettings
    also: frozenset[str] = frozenset()
    parts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    customers: int = 0
    complete: bool = False
    _writer: SpecWriter = field(init=False)

    def __post_init__(self) -> None:
        self._writer = SpecWriter(self.store, self.client.capabilities, self.parts)

    @property
    def left_out(self) -> Counter[str]:
        return self._writer.left_out

    @property
    def unmet(self) -> list[tuple[str, str]]:
        """The parts that were asked for and that nobody has."""
        asked = {(name, part) for name, parts in self.parts.items() for part in parts}
        return sorted(asked - self._writer.met)

    def pieces(self) -> Iterator[str]:
        """The file. Raises `PlatformError`."""
        yield self._writer.head()
        client = self.client
        seen: set[str] = set()
        settled = False
        client.count()  # which bounds how long a list may get
        for turn in range(2):
            before = len(seen)
            stable = True
            for page in client.scan():
                stable = stable and page.stable
                new = []
                for live in page.customers:
                    if live.remote_id not in seen:
                        seen.add(live.remote_id)
                        new.append(live)
                if new:
                    self.customers += len(new)
                    told, _ = completed(client, new, self.also)
                    yield self._writer.entries(told)
            settled = bool(turn) and len(seen) == before
            if stable or client.count() == len(seen) or len(seen) == before:
                break
        count = client.count()
        self.complete = (stable or settled) if count is None else count == len(seen)
        if not self.customers:
            yield "  []\n"
