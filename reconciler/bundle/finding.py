"""What does not hold in a bundle."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """`where` is a member, perhaps with a line; empty for the file as a whole."""

    where: str
    what: str
