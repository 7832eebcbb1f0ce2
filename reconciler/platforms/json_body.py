"""The body of an answer: JSON as the standard has it, or the beginning of some."""

import json
from typing import Any, NoReturn


def parsed(content: bytes) -> Any:
    """Raises `ValueError` or `RecursionError` for whatever is no JSON."""
    return json.loads(content, parse_constant=_no_number)


def breaks_off(content: bytes) -> bool:
    """Whether this is the beginning of JSON whose rest did not come."""
    text = content.decode("utf-8", "replace").strip()
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return text[:1] in ("{", "[") and (
            error.pos >= len(text) - 1 or error.msg.startswith("Unterminated")
        )
    except (ValueError, RecursionError):
        return False
    return False


def _no_number(word: str) -> NoReturn:
    """NaN and the infinities, which JSON does not have."""
    raise ValueError(word)
