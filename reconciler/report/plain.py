"""Text that is shown and never obeyed by what reads it, whoever wrote it."""

import re
from typing import Final

# What the runners of GitHub and Azure take for a command wherever it stands in a line.
_COMMANDS: Final = re.compile(r"##(?=\[|vso\[)")


def plain(text: str) -> str:
    """Text of strangers: whatever does not print or turns its surroundings is written out."""
    safe = "".join(one if one.isprintable() else _written_out(one) for one in text)
    return without_commands(safe)


def without_commands(text: str) -> str:
    return _COMMANDS.sub(r"#\\u0023", text)


def counted(number: int, word: str, many: str = "") -> str:
    return f"{number} {word}" if number == 1 else f"{number} {many or f'{word}s'}"


def _written_out(one: str) -> str:
    return f"\\u{ord(one):04x}" if ord(one) < 0x10000 else f"\\U{ord(one):08x}"
