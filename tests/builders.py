"""The shortest way to a valid value of the pure middle."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from reconciler.desired import lint, resolve
from reconciler.desired import settings as settings_section
from reconciler.desired.document import Document
from reconciler.desired.meaning import meaning
from reconciler.diagnostics import Diagnostic, SourceMark
from reconciler.model.consent import (
    Actor,
    Channel,
    ConsentState,
    Evidence,
    LiveConsent,
    WantedConsent,
)
from reconciler.model.customer import DesiredCustomer, LiveCustomer, ReadReceipt
from reconciler.model.field_path import TAGS
from reconciler.model.identity import Identity, IdentityKind, identity
from reconciler.model.ownership import NO_MARKS, Ownership
from reconciler.model.personal import Personal
from reconciler.model.provenance import Provenance
from reconciler.model.pseudonyms import Pseudonyms
from reconciler.model.settings import (
    DesiredState,
    Policy,
    Release,
    RiskClass,
    StoreSettings,
    TokenKind,
    TokenSource,
)
from reconciler.model.tags import Owned, TagIntent
from reconciler.plan.changes import Action
from reconciler.plan.compare import ComparisonSettings
from reconciler.plan.effort import NOTHING_TO_DO
from reconciler.plan.store_rules import StoreRules
from reconciler.plan.verdicts import Level
from reconciler.planfile.saved import (
    SavedOptions,
    SavedPlan,
    SavedSettings,
    SavedSpec,
    SavedStore,
    SavedSummary,
    SavedVerdict,
)
from reconciler.planfile.saved_change import SavedChange, SavedField, SavedTags
from reconciler.platforms.registry import CHECKS, TABLES

MARK: Final = SourceMark("specs/all.yaml", 3, 5)
NOW: Final = datetime(2026, 11, 25, 12, tzinfo=UTC)
REGION: Final = "CN"


def named(**contacts: str) -> tuple[Identity, ...]:
    found = [
        identity(kind, contacts[kind.value], REGION)
        for kind in IdentityKind
        if kind.value in contacts
    ]
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
        for name in ("first_name", "last_name", "nickname", "birthday", "gender", "note")
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
    proof = {
        "at": datetime(2026, 6, 1, tzinfo=UTC),
        "source": "checkout",
        "method": "paper",
        "evidence": "forms/1",
        **evidence,
    }
    return WantedConsent(
        state=ConsentState(state),
        evidence=Evidence(**proof) if state == "subscribed" else Evidence(),
    )


def live(
    remote_id: str = "1", email: str | None = "ada@example.com", /, **fields: Any
) -> LiveCustomer:
    texts: dict[str, Any] = {
        name: Personal(fields.pop(name))
        for name in ("phone", "first_name", "last_name", "nickname", "birthday", "gender", "note")
        if fields.get(name) is not None
    }
    consents = fields.pop("consent", {})
    return LiveCustomer(
        remote_id=remote_id,
        email=None if email is None else Personal(email),
        consents=tuple(
            (channel, said(consents.get(channel.value, "not_subscribed"))) for channel in Channel
        ),
        **texts,
        **fields,
    )


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
        name="shop",
        platform=platform,
        shop="acme",
        api_version=TABLES[platform].default_version,
        base_url=None,
        token=TokenSource(kind=TokenKind.ENV, where=("TOKEN",), mark=MARK),
        mark=MARK,
        timezone="UTC",
        phone_region=REGION,
        **fields,
    )


def rules(
    platform: str = "shopline",
    *releases: str,
    owned: tuple[str, ...] = ("*",),
    ownership: Ownership = NO_MARKS,
) -> StoreRules:
    return StoreRules(
        store=settings(platform, ownership=ownership),
        table=TABLES[platform],
        policy=Policy(),
        comparison=replace(comparison(), owned=Owned(owned, apart=ownership), ownership=ownership),
        releases=tuple(Release(rule=one) for one in releases),
        pseudonyms=Pseudonyms(b"k" * 32),
        now=NOW,
    )


def saved_change(number: int = 0, /, **fields: Any) -> SavedChange:
    """Somebody gets the tag `vip`."""
    alias = fields.get("alias", f"cus_{number:010}")
    return SavedChange(
        **{
            "store": "shop",
            "action": Action.UPDATE,
            "alias": alias,
            "entry": alias,
            "remote_id": f"99{number:08}",
            "mark": MARK,
            "rank": 0,
            "seen": (),
            "reason": None,
            "fields": (saved_tags("vip"),),
            "digest": f"{number:064}",
            **fields,
        }
    )


def saved_tags(*added: str, mark: SourceMark = MARK) -> SavedField:
    value = SavedTags(added=added, removed=(), channel=None)
    return SavedField(path=TAGS, risk=RiskClass.TAG, mark=mark, value=value, digest="a" * 64)


def saved_verdict(**fields: Any) -> SavedVerdict:
    return SavedVerdict(
        **{
            "rule": "identity.ambiguous",
            "level": Level.HOLD,
            "store": "shop",
            "alias": "cus_aaaaaaaaaa",
            "message": "belongs to different customers",
            "mark": MARK,
            "lifted_by": "give the `id`",
            "approval": None,
            "released": False,
            "acknowledged": None,
            **fields,
        }
    )


def saved_store(**fields: Any) -> SavedStore:
    return SavedStore(
        **{
            "name": "shop",
            "platform": "shopline",
            "api_version": "v1",
            "customers": 9,
            "compared": None,
            "applied": None,
            "departures": (),
            "error": "",
            "receipt": ReadReceipt(mode="full", complete=True),
            "footprints": (),
            "effort": NOTHING_TO_DO,
            "audience": (),
            **fields,
        }
    )


def saved_plan(*changes: SavedChange, base: str | None = None, **fields: Any) -> SavedPlan:
    """A plan of one store; the changes are counted as updates of tags."""
    summary = SavedSummary(
        create=0,
        update=len(changes),
        delete=0,
        unchanged=0,
        held=0,
        messages=0,
        blocked=False,
        complete=True,
        causes=(),
        classes=((RiskClass.TAG, len(changes)),),
    )
    return SavedPlan(
        **{
            "tool": "0",
            "created_at": NOW,
            "expires_at": NOW + timedelta(days=7),
            "spec": SavedSpec(digest="d" * 64, files=1, base=base, settings="e" * 64),
            "provenance": Provenance(commit="c" * 40, committed=True, actor="nora"),
            "settings": SavedSettings(changed=(), once_merged=()),
            "lifts": (),
            "options": SavedOptions(read="auto", raises=(), releases=(), stores=("shop",)),
            "stores": (saved_store(),),
            "summary": summary,
            "changes": changes,
            "verdicts": (),
            "digest": "d" * 64,
            "seal": "d" * 64,
            **fields,
        }
    )


def tags(*present: str, absent: tuple[str, ...] = (), exact: bool = False) -> TagIntent:
    return TagIntent(present=present, absent=absent, exact=exact)


def state_of(
    documents: Sequence[Document], now: datetime = NOW
) -> tuple[DesiredState, list[Diagnostic]]:
    """What documents ask for together, and every complaint about that."""
    declared, wrong = settings_section.declare(documents, TABLES, CHECKS)
    state, more, _ = resolved(documents, now)
    return state, [*wrong, *more, *lint.approvals(declared, now)]


def resolved(documents: Sequence[Document], now: datetime = NOW) -> resolve.Resolved:
    """The same with the entries at hand."""
    declared, _ = settings_section.declare(documents, TABLES, CHECKS)
    return resolve.resolve(
        documents,
        declared,
        "specs",
        lambda store: lint.Lint.of(store, declared.policy, now, TABLES[store.platform]),
        meaning,
        now,
    )
