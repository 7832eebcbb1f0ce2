"""Opaque page tokens and link headers."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from reconciler.sandbox.http import Refusal


def encode(state: Mapping[str, Any]) -> str:
    text = json.dumps(state, separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode()


def decode(token: str, *, status: int = 400) -> dict[str, Any]:
    try:
        value = json.loads(base64.urlsafe_b64decode(token.encode()))
    except (ValueError, binascii.Error):
        value = None
    if not isinstance(value, dict):
        raise Refusal(status, "the page token is invalid", code="InvalidParameter")
    return value


def link(
    url: str, entries: Sequence[tuple[str, Mapping[str, Any]]], *, quirky: bool = False
) -> dict[str, str]:
    """Return a Link header of (relation, query) entries, or none; `quirky` is Genstore's form."""
    if not entries:
        return {}
    parts = []
    for relation, query in entries:
        target = f"{url}?{urlencode(query)}"
        parts.append(f"< {target} >; rel={relation}" if quirky else f'<{target}>; rel="{relation}"')
    value = ",".join(parts) if quirky else ", ".join(parts)
    return {"Link": f'"{value}"' if quirky else value}
