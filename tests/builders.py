"""The shortest way to a valid value of the pure middle."""

from datetime import UTC, datetime
from typing import Any, Final

from reconciler.diagnostics import SourceMark
from reconciler.model.consent import (
    Actor,
    Channel,
    ConsentState,
    Evidence,
    LiveConsent,
    WantedConsent,
)
from reconciler.model.customer import DesiredCustomer, LiveCustomer
from reconciler.model.identity import Identity, IdentityKind, identity
from reconciler.model.personal import Personal
from reconciler.model.pseudonyms import Pseudonyms
from reconciler.model.settings import Policy, Release, StoreSettings, TokenKind, TokenSource
from reconciler.model.tags import Owned, TagIntent
from reconciler.plan.compare import ComparisonSettings
from reconciler.plan.store_rules import StoreRules
from reconciler.platforms.registry import TABLES

MARK: Final = SourceMark("specs/all.yaml", 3, 5)
NOW: Final = datetime(2026, 11, 25, 12, tzinfo=UTC)
REGION: Final = "CN"


def named(**contacts: str) -> tuple[Identity, ...]:
    found = [identity(kind, contacts[kind.value], REGION) for kind in IdentityKind
             if kind.value in contacts]  # fmt: skip
    return tuple(one for one in found if one is not None)


def desired(email: str | None = "ada@example.com", /, **fields: Any) -> DesiredCustomer:
    """`phone`, `id` and `previously` are contacts; `tags` an intent, `consent` states by channel."""
    contacts: dict[str, Any] = {
        name: fields.pop(name) for name in ("phone", "id") if name in fields
    }
    if email is not None:
        contacts["email"] = email
    consents = tuple(
        (Channel(channel), wanted(state)) for channel, state in fields.pop("consent", {}).items()
    )
    scalars = tuple(
        (name, Personal(fields.pop(name)))
        for name in ("first_name", "last_name", "note")
        if name in fields
    )
    previously = named(**fields.pop("previously", {}))
    return DesiredCustomer(
        store="shop",
        identities=named(**contacts),
        previously=previously,
        mark=fields.pop("mark", MARK),
        creates=fields.pop("creates", True),
        scalars=scalars,
        consents=consents,
        **fields,
    )


def wanted(state: str, **evidence: Any) -> WantedConsent:
    proof = {"at": datetime(2026, 6, 1, tzinfo=UTC), "source": "checkout", "method": "paper",
             "evidence": "forms/1", **evidence}  # fmt: skip
    return WantedConsent(
        state=ConsentState(state),
        evidence=Evidence(**proof) if state == "subscribed" else Evidence(),
    )


def live(
    remote_id: str = "1", email: str | None = "ada@example.com", /, **fields: Any
) -> LiveCustomer:
    texts: dict[str, Any] = {name: Personal(fields.pop(name)) for name in ("phone", "first_name", "last_name", "note")
             if fields.get(name) is not None}  # fmt: skip
    consents = fields.pop("consent", {})
    return LiveCustomer(
        remote_id=remote_id,
        email=None if email is None else Personal(email),
        consents=tuple((channel, said(consents.get(channel.value, "not_subscribed")))
                       for channel in Channel),
        **texts,
        **fields,
    )  # fmt: skip


def said(state: str | LiveConsent) -> LiveConsent:
    if isinstance(state, LiveConsent):
        return state
    return LiveConsent(state=ConsentState(state))


def out(at: datetime | None = None, actor: Actor = Actor.NOT_TOLD) -> LiveConsent:
    return LiveConsent(state=ConsentState.UNSUBSCRIBED, at=at, actor=actor)


def comparison(*owned: str, **bearing: Channel) -> ComparisonSettings:
    return ComparisonSettings(region=REGION, owned=Owned(owned), bearing=tuple(bearing.items()))


def settings(platform: str = "shopline", **fields: Any) -> StoreSettings:
    return StoreSettings(
        name="shop", platform=platform, shop="acme", api_version=TABLES[platform].default_version,
        base_url=None, token=TokenSource(kind=TokenKind.ENV, where=("TOKEN",), mark=MARK), mark=MARK,
        timezone="UTC", phone_region=REGION, **fields,
    )  # fmt: skip


def rules(
    platform: str = "shopline", *releases: str, owned: tuple[str, ...] = ("*",)
) -> StoreRules:
    return StoreRules(
        store=settings(platform),
        table=TABLES[platform],
        policy=Policy(),
        comparison=comparison(*owned),
        releases=tuple(Release(rule=one) for one in releases),
        pseudonyms=Pseudonyms(b"k" * 32),
        now=NOW,
    )


def tags(*present: str, absent: tuple[str, ...] = (), exact: bool = False) -> TagIntent:
    return TagIntent(present=present, absent=absent, exact=exact)
