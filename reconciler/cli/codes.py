"""The exit codes, as the README's table promises them."""

from typing import Final

OK: Final = 0
FAILED: Final = 1
CHANGES: Final = 2
BLOCKED: Final = 3
INCOMPLETE: Final = 4
STALE: Final = 5
USAGE: Final = 64
BUG: Final = 70
INTERRUPTED: Final = 130
