"""Records that asked for nothing, as one run remembers them for the next.

What is remembered is sure: no contact is in doubt, and nothing is hidden or lacking. So which entry
it means follows from its names, and that it is as that entry wants it from what the entry means.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from reconciler.model.consent import Actor, ConsentState, LiveConsent
from reconciler.model.customer import LiveCustomer
from reconciler.model.entries import Entries, Key
from reconciler.model.identity import IdentityKind
from reconciler.model.memory import Memory
from reconciler.plan.tag_watch import TagWatch

Remember: TypeAlias = Callable[[Mapping[str, Any], Memory], None]
"""Takes what is to be remembered of a store's own record."""
_NOBODY: Final = b""
UNSURE: Final = -1


def forgotten(*told: object, said: bool) -> None:
    """Where nothing is to be remembered."""


class Remembering:
    """Hands on what can be remembered of records without doubts: of those whom no entry means, and
    of those that are as the entry of a number wants them.
    """

    def __init__(self, entries: Entries, remember: Remember, watch: TagWatch) -> None:
        self._entries = entries
        self._remember = remember
        self._mark = entries.mark
        self._watch = watch

    def __call__(
        self,
        live: LiveCustomer,
        keys: Sequence[Key],
        doubts: Sequence[Key],
        number: int | None,
        *,
        said: bool,
    ) -> None:
        meanings = self._entries.meanings
        odd = doubts or live.unreadable or live.hidden or live.untold
        if odd or live.wire is None or not meanings.size:
            return
        meaning = _NOBODY
        if number is not None:
            meaning = meanings.of(number)
            said = said and bool(meanings.plain[number])
        subscribed = []
        for channel, consent in live.consents:
            if consent.state is ConsentState.SUBSCRIBED:
                subscribed.append(channel)
            if number is not None and _may_be_read_otherwise(consent):
                return
        email: int | None = None
        phone: int | None = None
        for kind, text in keys:
            if kind is IdentityKind.EMAIL:
                email = self._mark(text)
            elif kind is IdentityKind.PHONE:
                phone = self._mark(text)
        contacts = live.email is not None or live.phone is not None
        foreign = self._watch.foreign(live.tags) if live.tags else 0
        memory = Memory(email, phone, meaning, subscribed, contacts, said, foreign)
        self._remember(live.wire.record, memory)


def _may_be_read_otherwise(consent: LiveConsent) -> bool:
    """Whether what a consent says for the register of opt-outs may have another time in another
    run: one that is still to come, or whose day and month are told apart by what others show.
    """
    if consent.dated and consent.at is None:
        return True
    if consent.swappable:
        own = consent.state is ConsentState.SUBSCRIBED and consent.actor is Actor.PERSON
        return own or consent.state is ConsentState.UNSUBSCRIBED
    return False


def meant(remote_id: str, memory: Memory, entries: Entries) -> int | None:
    """The number of the one entry that bears a name of the record; None where no entry does, and
    `UNSURE` where several may, or one did.
    """
    found = entries.bearers(remote_id, memory.email, memory.phone)
    if found is None or len(found) > 1:
        return UNSURE
    return found.pop() if found else None


def is_meant(memory: Memory, entries: Entries, number: int) -> bool:
    """Whether the record is as this entry wants it, since it was so for one of the same meaning.

    The spelling of an address has no part in what is meant, and counts for what is said.
    """
    if number == UNSURE or not memory.meaning:
        return False
    if memory.said and not entries.meanings.plain[number]:
        return False
    return entries.meanings.of(number) == memory.meaning
