"""Where the demo's stores are on this machine, and the tokens that they ask for.

Apart from the simulators, so that what only tells of them needs no web stack.
"""

from dataclasses import dataclass
from typing import Final

FIRST_PORT: Final = 8401
SHOP: Final = "acme"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalStore:
    """`variable` is to hold `token`, which is made up and good for loopback only; `zone` and
    `region` are those of the customers that it begins with.
    """

    platform: str
    name: str
    variable: str
    token: str
    zone: str | None = None
    region: str | None = None


# One port after the other, in this order.
LOCAL_STORES: Final = (
    LocalStore(
        platform="genstore",
        name="acme-us",
        variable="ACME_US_TOKEN",
        token="sandbox-acme-us",  # noqa: S106
        zone="UTC",
        region="CN",
    ),
    LocalStore(
        platform="shoplazza",
        name="acme-eu",
        variable="ACME_EU_TOKEN",
        token="sandbox-acme-eu",  # noqa: S106
    ),
    LocalStore(
        platform="shopline",
        name="acme-tw",
        variable="ACME_TW_TOKEN",
        token="sandbox-acme-tw",  # noqa: S106
        region="TW",
    ),
)


def address(port: int) -> str:
    return f"http://127.0.0.1:{port}"
