"""Which keys of two mappings have other values. The only importer of deepdiff, which is loaded
where some differ: most plans need none of it.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

Key = TypeVar("Key")


def differing(before: Mapping[Key, Any], after: Mapping[Key, Any]) -> list[Key]:
    """However little the two have in common, they are compared key by key; lists in any order."""
    if repr(before) == repr(after):
        return []
    from deepdiff import DeepDiff

    found = DeepDiff(before, after, ignore_order=True, view="tree", threshold_to_diff_deeper=0)
    return [item.path(output_format="list")[0] for group in found.values() for item in group]
