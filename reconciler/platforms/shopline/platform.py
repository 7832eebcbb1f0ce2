"""SHOPLINE as the registry knows it."""

from typing import TYPE_CHECKING, Final

from reconciler.model.customer import Learned
from reconciler.model.settings import StoreSettings
from reconciler.platforms.platform import Platform
from reconciler.platforms.rights import Scopes
from reconciler.platforms.shopline.capabilities import SHOPLINE

if TYPE_CHECKING:
    from reconciler.platforms.answer import Answer, Judgement
    from reconciler.platforms.base import Writer
    from reconciler.platforms.http import Session
    from reconciler.platforms.times import StoreTimes


def _connect(
    session: "Session",
    store: StoreSettings,
    times: "StoreTimes",
    learned: Learned,  # noqa: ARG001 -- the times know
) -> "Writer":
    from reconciler.platforms.shopline.client import Shopline

    return Shopline(
        session, version=store.api_version, times=times, phone_region=store.phone_region
    )


def _judge(answer: "Answer") -> "Judgement | None":
    from reconciler.platforms.shopline.tax import judged

    return judged(answer)


PLATFORM: Final = Platform(
    capabilities=SHOPLINE,
    # Documented for every call, those without a body included.
    headers=lambda token: {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json; charset=utf-8",
    },
    connect=_connect,
    judge=_judge,
    scopes=Scopes(read="read_customers", write="write_customers"),
)
