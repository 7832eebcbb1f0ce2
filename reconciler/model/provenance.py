"""What the specs at hand are, and who has them planned: as git and the forge tell it."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Each is None where nobody tells it.

    `commit` is the whole name of the commit at hand, `committed` whether the specs are byte for
    byte as it has them. `head` is the newest commit of the pull request, where the one at hand is
    its merge result. `author` opened the pull request, `actor` started the run; both are logins.
    """

    commit: str | None = None
    committed: bool | None = None
    head: str | None = None
    pull_request: str | None = None
    author: str | None = None
    actor: str | None = None

    @property
    def differs(self) -> bool:
        """Whether the files are known to be others than those of the commit."""
        return self.committed is False


NOTHING_TOLD: Final = Provenance()
