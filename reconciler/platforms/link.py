"""The `Link` header of Genstore and SHOPLINE, read leniently; only the page token is taken from it.

The address in it is never followed, so a header that names another host changes nothing.
"""

import re
from typing import Final
from urllib.parse import parse_qs, urlsplit

_ENTRY: Final = re.compile(r"<\s*([^<>]*?)\s*>\s*;\s*rel\s*=\s*\"?\s*([A-Za-z]+)\s*\"?")


def next_token(header: str | None, parameter: str) -> str | None:
    """The token of the page after this one; None on the last page.

    Genstore's form has blanks inside the brackets, no quotes around `rel`, and may be quoted whole.
    """
    for url, relation in _ENTRY.findall(header or ""):
        if relation.lower() == "next":
            values = parse_qs(urlsplit(url.replace(" ", "")).query).get(parameter)
            return values[0] if values else None
    return None
