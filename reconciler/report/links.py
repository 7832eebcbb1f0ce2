"""Where a line of a spec can be seen: below the address of its commit, as the pipeline tells it."""

import re
from collections.abc import Mapping


def source_link(file: str, line: int, link: Mapping[str, str]) -> str | None:
    """`link` may hold `base`; a file that does not stand below it has no link."""
    base = link.get("base")
    if base is None or not re.fullmatch(r"[\w.-]+(/[\w.-]+)*", file) or ".." in file.split("/"):
        return None
    return f"{base}/{file}#L{line}"
