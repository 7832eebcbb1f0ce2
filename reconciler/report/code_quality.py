"""Findings as GitLab's code quality report has them: in the merge request, on file and line."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from reconciler.report.annotations import Finding
from reconciler.report.plain import plain

_SEVERITIES: Final = {"error": "critical", "warning": "major", "note": "info"}
_WHOLE: Final = "plan"
"""What is about no file: GitLab shows nothing without a path."""


def code_quality(findings: Iterable[Finding]) -> Iterator[dict[str, object]]:
    """A fingerprint tells a finding from those of the target branch, wherever its line moved."""
    seen: Counter[str] = Counter()
    for one in findings:
        message, path = plain(one.message), plain(one.file) or _WHOLE
        same = "\n".join((one.rule, path, message))
        seen[same] += 1
        yield {
            "description": message,
            "check_name": one.rule,
            "fingerprint": hashlib.sha256(f"{same}\n{seen[same]}".encode()).hexdigest(),
            "severity": _SEVERITIES[one.level],
            "location": {"path": path, "lines": {"begin": one.line}},
        }
