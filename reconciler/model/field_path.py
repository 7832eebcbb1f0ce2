"""What names a field of a customer in plans and reports; its text is made and read here alone."""

from dataclasses import dataclass
from typing import Final

from reconciler.model.consent import Channel

_CONSENT: Final = "consent"


@dataclass(frozen=True, slots=True, order=True)
class FieldPath:
    """`name` as the field table has it, or `customer` for the whole one; `member` is the one tag
    or metafield that the change is about, the channel of a consent, and empty otherwise.
    """

    name: str
    member: str = ""

    @classmethod
    def of_consent(cls, channel: Channel) -> "FieldPath":
        return cls(_CONSENT, channel.value)

    @classmethod
    def parse(cls, text: str) -> "FieldPath":
        """The path whose text this is."""
        name, bracket, member = text.partition("[")
        if bracket:
            return cls(name, member.removesuffix("]"))
        name, _, member = text.partition(".")
        return cls(name, member)

    def __str__(self) -> str:
        if not self.member:
            return self.name
        return f"{self.name}.{self.member}" if self.is_consent else f"{self.name}[{self.member}]"

    @property
    def is_consent(self) -> bool:
        return self.name == _CONSENT

    @property
    def channel(self) -> Channel | None:
        """The channel of a consent."""
        return Channel(self.member) if self.is_consent else None

    @property
    def table(self) -> str:
        """The entry of the field table that it belongs to."""
        return str(self) if self.is_consent else self.name


CUSTOMER: Final = FieldPath("customer")
TAGS: Final = FieldPath("tags")
ADDRESSES: Final = FieldPath("addresses")
