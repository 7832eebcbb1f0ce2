"""The difference between a field that the specs leave alone and one that they want empty."""

from enum import Enum
from typing import Final, Literal, TypeAlias, TypeVar

T = TypeVar("T")


class _Unmanaged(Enum):
    UNMANAGED = "unmanaged"

    def __bool__(self) -> bool:
        raise TypeError("ask `is UNMANAGED`; a managed field may also be falsy")


UNMANAGED: Final = _Unmanaged.UNMANAGED
Managed: TypeAlias = T | Literal[_Unmanaged.UNMANAGED]
