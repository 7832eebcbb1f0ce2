"""Personal text as a type: whatever formats it gets the mask, and only `reveal` gives the value.

It is no `str`, so JSON encoders, joins and f-strings cannot leak it by accident.
"""

from typing import Any, Final, NoReturn

from reconciler.model.metafields import Metafields
from reconciler.model.tax import TaxExemptions

MASK: Final = "•••"


class Personal:
    """A name, address, number or note of a person. Equal when the texts are equal."""

    __slots__ = ("_text", "as_number")

    def __init__(self, text: str) -> None:
        self._text = text
        # A phone's region and what it reads as there, kept by `identity.number_of`.
        self.as_number: tuple[str | None, str | None] | None = None

    def reveal(self) -> str:
        """The text itself: for the wire, normal forms, digests, and a person who asked for it."""
        return self._text

    def __str__(self) -> str:
        return MASK

    def __repr__(self) -> str:
        return f"Personal({MASK})"

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __eq__(self, other: object) -> bool:
        return self._text == other._text if isinstance(other, Personal) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> NoReturn:
        raise TypeError("personal text is not serialised; reveal it where the wire is written")


def in_clear(value: "Personal | TaxExemptions | Metafields | str | bool | None") -> Any:
    """A value of a field as a spec says it and as it is digested, in plain data; None where there
    is nothing.
    """
    if isinstance(value, Personal):
        return value.reveal()
    return value.plain() if isinstance(value, (TaxExemptions, Metafields)) else value


def is_nothing(value: "Personal | TaxExemptions | Metafields | str | bool | None") -> bool:
    """Whether a field has no value, or is to have none."""
    return value.nothing if isinstance(value, Metafields) else value is None


def personal(value: object) -> Personal | None:
    """Text as `Personal`; None and the empty text are nothing."""
    if value is None or value == "":
        return None
    return Personal(str(value))
