"""Who says no and who says yes in one store of a controller, by keyed identity.

Everybody whom a reading shows is heard, named by the specs or not. Of a no what is known of it is
kept, of a yes eight bytes and the number of the record: the others' noes find it by those, and the
record is read again then.
"""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from reconciler.model.consent import ConsentState
from reconciler.model.customer import Learned, LiveCustomer
from reconciler.model.register import Act, Sure
from reconciler.plan.controller import out_elsewhere
from reconciler.plan.sayings import contact_key, is_out, out_of
from reconciler.plan.store_rules import StoreRules

_DIGITS: Final = 16


class Voices:
    """`noes` are the opt-outs of one store, by identity."""

    def __init__(self, rules: StoreRules) -> None:
        self.noes: dict[str, Act] = {}
        self._rules = rules
        self._yes = array("Q")
        self._ids: list[str] = []
        self._known: set[str] = set()
        self._either_way: set[str] = set()

    def hear(self, live: LiveCustomer) -> None:
        rules = self._rules
        for channel, consent in live.consents:
            if consent.state is ConsentState.SUBSCRIBED:
                contact = contact_key(live, channel, rules.comparison.region)
                if contact is not None:
                    self._yes.append(_short(rules.register.identity(channel, contact)))
                    self._ids.append(live.remote_id)
                    if out_elsewhere(channel, live, rules) is not None:
                        self._known.add(live.remote_id)
            elif is_out(channel, consent, rules):
                contact = contact_key(live, channel, rules.comparison.region)
                if contact is not None:
                    act = out_of(consent, rules)
                    if rules.register.is_ours(channel, contact, act):
                        continue
                    identity = rules.register.identity(channel, contact)
                    before = self.noes.get(identity)
                    if before is None or before.since < act.since:
                        self.noes[identity] = act
                    if consent.swappable:
                        self._either_way.add(identity)

    def told(self, learned: Learned) -> Iterator[tuple[str, Act]]:
        """The noes; a date that reads both ways tells no instant where days come first."""
        for identity, act in self.noes.items():
            if learned.day_first and identity in self._either_way:
                yield identity, replace(act, at=None, sure=Sure.NOT_TOLD)
            else:
                yield identity, act

    def contradicted(self, others: Iterable["Voices"]) -> list[str]:
        """The records whose yes the register or another store may contradict, each once."""
        noes = {_short(identity) for one in others for identity in one.noes}
        found = {self._ids[at] for at, yes in enumerate(self._yes) if yes in noes}
        return sorted(found | self._known)


def _short(identity: str) -> int:
    return int(identity[:_DIGITS], 16)
