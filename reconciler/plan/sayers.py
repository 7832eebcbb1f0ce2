"""Which contacts more than one record of a store says something of."""

from reconciler.model.consent import Channel


class Sayers:
    """Told of every record that says no or the person's own yes of a contact, in the order read."""

    def __init__(self) -> None:
        self._first: dict[int, int] = {}
        self._shared: set[int] = set()

    def heard(self, channel: Channel, contact: str, remote_id: str) -> None:
        whom, by = hash((channel, contact)), hash(remote_id)
        if self._first.setdefault(whom, by) != by:
            self._shared.add(whom)

    def is_one(self, channel: Channel, contact: str) -> bool:
        """Whether just one record says anything of a contact, however often it was read."""
        whom = hash((channel, contact))
        return whom in self._first and whom not in self._shared
