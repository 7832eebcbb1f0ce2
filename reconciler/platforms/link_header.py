"""The `Link` header of Genstore and SHOPLINE, read leniently; only the page token is taken from it.

The address in it is never followed, so a header that names another host changes nothing.
"""

import re
from typing import Final
from urllib.parse import parse_qs, urlsplit

_LONGEST: Final = 8192
_RELATION: Final = re.compile(r';\s{0,9}rel\s{0,9}=\s{0,9}"?\s{0,9}([A-Za-z]{1,20})')


def next_token(header: str | None, parameter: str) -> str | None:
    """The token of the page after this one; None on the last page, and where nobody can tell.

    Genstore's form has blanks inside the brackets, no quotes around `rel`, and may be quoted whole.
    """
    if header is None or len(header) > _LONGEST:
        return None
    for part in header.split("<")[1:]:
        url, closed, rest = part.partition(">")
        relation = _RELATION.match(rest.lstrip())
        if closed and relation is not None and relation[1].lower() == "next":
            return _parameter(url, parameter)
    return None


def _parameter(url: str, name: str) -> str | None:
    try:
        values = parse_qs(urlsplit("".join(url.split())).query).get(name)
    except ValueError:
        return None
    return values[0] if values else None
