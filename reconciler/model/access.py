"""Access to a register of opt-outs."""

from enum import StrEnum


class Access(StrEnum):
    """Whether the register can be asked, or what keeps it from that."""

    ASKED = "asked"
    NOT_ASKED = "its key is not here"
    MISSING = "it is not here"
    KEY_MISSING = "a key of its lines is not here"
