"""One thing that every adapter must satisfy, and what a platform promises where it is asked."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from reconciler.model.capabilities import Capabilities
from reconciler.model.consent import Channel, ConsentState
from reconciler.model.fields import SCALARS, consent_field
from reconciler.model.identity import IdentityKind
from reconciler.testing.case import Case, Entry
from reconciler.testing.subject import Person

# Why a check cannot be asked of a platform; empty where it can.
Needs: TypeAlias = Callable[[Capabilities], str]

EMAIL: Final = consent_field(Channel.EMAIL)
SUBSCRIBED: Final = ((Channel.EMAIL, ConsentState.SUBSCRIBED),)
ADA: Final = Person(
    email="ada@example.com", first_name="Ada", last_name="Lovelace", tags=("app:x", "old")
)
BYSTANDER: Final = Person(
    email="by@example.com", first_name="By", last_name="Stander", tags=("app:y",)
)
GRANT: Final[Entry] = {
    "state": "subscribed",
    "given_at": "2026-06-01T10:00:00+00:00",
    "source": "checkout",
    "method": "form_checkbox",
    "level": "confirmed",
    "evidence": "forms/1",
}


@dataclass(frozen=True, slots=True)
class Check:
    """`run` raises `AssertionError` where the adapter does not satisfy it."""

    run: Callable[[Case], None]
    needs: Needs
    name: str = ""

    def __str__(self) -> str:
        return self.name or self.run.__name__


def nothing(table: Capabilities) -> str:  # noqa: ARG001
    return ""


def updates(*fields: str) -> Needs:
    def lacking(table: Capabilities) -> str:
        missing = [one for one in fields if one not in table.updates]
        return f"{table.title} does not update {', '.join(missing)}" if missing else ""

    return lacking


def tries(table: Capabilities) -> str:
    return "" if table.tries else f"{table.title} documents all that it takes"


def creates(table: Capabilities) -> str:
    return "" if "email" in table.creates else f"{table.title} creates nobody by e-mail"


def deletes(table: Capabilities) -> str:
    return "" if table.deletes else f"{table.title} does not delete"


def looks_up_emails(table: Capabilities) -> str:
    told = IdentityKind.EMAIL in table.looks_up
    return "" if told else f"{table.title} does not look e-mail addresses up"


def is_yes(state: ConsentState) -> bool:
    return state in (ConsentState.SUBSCRIBED, ConsentState.PENDING)


def apart(table: Capabilities, before: Person, after: Person) -> list[str]:
    """What differs, but for how the store words a *no* where its writes send consents along."""
    names = ("id", *(one.name for one in SCALARS), "rest")
    found = [one for one in names if getattr(before, one) != getattr(after, one)]
    if sorted(before.tags) != sorted(after.tags):
        found.append("tags")
    for channel in Channel:
        had, has = before.consent(channel), after.consent(channel)
        worded = table.resends_consent and not is_yes(had) and not is_yes(has)
        if had is not has and not worded:
            found.append(consent_field(channel))
    return found
