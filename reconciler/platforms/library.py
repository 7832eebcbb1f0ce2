"""httpx without its command line, which would bring rich and pygments into every plan."""

import sys
from types import ModuleType
from typing import Final, cast

_COMMAND_LINE: Final = "httpx._main"

# What stands for a module as None cannot be imported, and httpx does without this one.
_modules = cast("dict[str, ModuleType | None]", sys.modules)
_left_out = _COMMAND_LINE not in _modules
if _left_out:
    _modules[_COMMAND_LINE] = None
import httpx  # noqa: E402

if _left_out:
    del _modules[_COMMAND_LINE]

__all__ = ["httpx"]
