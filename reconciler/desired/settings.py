"""The sections `stores`, `policy` and `approvals`: who is spoken to, and what the rules are."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from reconciler.desired.document import Document
from reconciler.desired.policy import policy_of
from reconciler.diagnostics import Diagnostic, Pointer, Severity
from reconciler.model.capabilities import Capabilities
from reconciler.model.consent import Channel, ConsentState
from reconciler.model.identity import Identity, IdentityKind, identity
from reconciler.model.instant import instant
from reconciler.model.ownership import Ownership
from reconciler.model.settings import (
    Approval,
    Ceiling,
    CheckSettings,
    ConsentWord,
    Freeze,
    Policy,
    Rate,
    RiskClass,
    Settings,
    StoreSettings,
    TokenKind,
    TokenSource,
)
from reconciler.model.spelling import phone_fault

_SHARE_OF_RATE: Final = 0.97
_SHARE_OF_BUCKET: Final = 4


def declare(
    documents: Iterable[Document],
    platforms: Mapping[str, Capabilities],
    checks: Mapping[str, CheckSettings],
) -> tuple[Settings, tuple[Diagnostic, ...]]:
    """`platforms` gives each platform's table: its default version and documented rate; `checks`
    what it says of a store's settings.
    """
    diagnostics: list[Diagnostic] = []
    stores: dict[str, StoreSettings] = {}
    policies: list[tuple[Document, Mapping[str, Any]]] = []
    pending: list[tuple[Document, int, Mapping[str, Any]]] = []
    for document in documents:
        data = document.data or {}
        for name, item in (data.get("stores") or {}).items():
            if name in stores:
                diagnostics.append(_twice(document, ("stores", name), stores[name].mark))
                continue
            stores[name] = _store(document, name, item, platforms, diagnostics)
            diagnostics.extend(_complaints(document, stores[name], checks))
        if "policy" in data:
            policies.append((document, data["policy"]))
        for index, item in enumerate(data.get("approvals") or ()):
            if item is None:
                continue
            pending.append((document, index, item))
    if len(policies) > 1:
        first = policies[0][0].key_mark(("policy",))
        diagnostics.append(_twice(policies[1][0], ("policy",), first))
    policy = policy_of(*policies[0]) if policies else Policy()
    diagnostics.extend(_marks_that_feed(stores.values(), policy))
    diagnostics.extend(_named_as_controllers(stores))
    return (
        Settings(
            stores=tuple(stores[name] for name in sorted(stores)),
            policy=policy,
            approvals=tuple(
                _approval(document, index, item, stores, diagnostics)
                for document, index, item in pending
            ),
        ),
        tuple(diagnostics),
    )


def _marks_that_feed(stores: Iterable[StoreSettings], policy: Policy) -> Iterator[Diagnostic]:
    """A mark says whose a customer is, and nothing about a consent."""
    for store in stores:
        if any(tag in store.ownership for tag, _ in policy.bearing_tags):
            yield Diagnostic(
                rule="settings.ownership",
                message=f"a mark of ownership of store {store.name} is one of the tags that feed "
                "an audience",
                mark=policy.mark or store.mark,
                hint="take it out of policy.consent.bearing_tags, or choose another mark",
                also=store.mark,
            )


def _named_as_controllers(stores: Mapping[str, StoreSettings]) -> Iterator[Diagnostic]:
    """A store by itself keeps its opt-outs under its own name, and they are no other's."""
    for one in stores.values():
        named = None if one.controller is None else stores.get(one.controller)
        if named is not None and named.controller != one.controller:
            yield Diagnostic(
                rule="settings.controller",
                message=f"the controller of store {one.name} is called as the store {named.name}, "
                "which is not one of its stores",
                mark=one.mark,
                hint=f"call it otherwise, or write `controller: {one.controller}` there too",
                also=named.mark,
            )


def _twice(document: Document, pointer: Pointer, first: Any) -> Diagnostic:
    return Diagnostic(
        rule="settings.contradiction",
        message=f"`{pointer[-1]}` stands in {first} already",
        mark=document.key_mark(pointer),
        hint="keep one of the two",
        also=first,
    )


def _store(
    document: Document,
    name: str,
    item: Mapping[str, Any],
    platforms: Mapping[str, Capabilities],
    diagnostics: list[Diagnostic],
) -> StoreSettings:
    table = platforms[item["platform"]]
    pointer = ("stores", name)
    version = item.get("api_version", table.default_version)
    diagnostics.extend(_doubts(document, pointer, item, table))
    words = item.get("consent_words") or {}
    (kind, where) = next(iter(item["token"].items()))
    return StoreSettings(
        name=name,
        platform=item["platform"],
        shop=item["shop"].lower(),
        api_version=version,
        base_url=item.get("base_url"),
        token=TokenSource(
            kind=TokenKind(kind),
            where=tuple(where) if isinstance(where, list) else (where,),
            mark=document.mark((*pointer, "token")),
        ),
        mark=document.key_mark(pointer),
        timezone=item.get("timezone"),
        phone_region=item.get("phone_region"),
        owned_tags=_owned(item),
        ownership=_ownership(item),
        claim=item.get("claim", False),
        ceilings=tuple(
            (RiskClass(risk), Ceiling(**values, mark=document.mark((*pointer, "limits", risk))))
            for risk, values in sorted((item.get("limits") or {}).items())
        ),
        rate=_rate(item.get("rate"), table),
        on_removed=item.get("on_removed", "keep"),
        controller=item.get("controller"),
        consent_words=tuple(
            ConsentWord(channel=Channel(channel), state=ConsentState(state), word=word)
            for channel, by_state in sorted(words.items())
            for state, word in sorted(by_state.items())
        ),
        frozen=tuple(_freezes(document, name, item, diagnostics)),
    )


def _freezes(
    document: Document, name: str, item: Mapping[str, Any], diagnostics: list[Diagnostic]
) -> Iterator[Freeze]:
    for index, one in enumerate(item.get("frozen") or ()):
        begins, ends = instant(one["from"]), instant(one["until"])
        assert begins is not None and ends is not None, "the schema has checked them"  # noqa: S101, PT018
        mark = document.mark(("stores", name, "frozen", index))
        yield Freeze(begins=begins, ends=ends, reason=one["reason"], mark=mark)
        if ends <= begins:
            diagnostics.append(
                Diagnostic(
                    rule="settings.frozen",
                    message="`until` is not after `from`, so this window never counts",
                    mark=document.mark(("stores", name, "frozen", index, "until")),
                    hint="make `until` the later of the two; both need their offset",
                )
            )


def _doubts(
    document: Document, pointer: Pointer, item: Mapping[str, Any], table: Capabilities
) -> list[Diagnostic]:
    """What the schema cannot see of one store: versions, words and ceilings that make no sense."""
    found: list[Diagnostic] = []
    version = item.get("api_version", table.default_version)
    words = item.get("consent_words") or {}
    if version not in table.versions:
        found.append(
            Diagnostic(
                rule="settings.api-version",
                message=f"{table.title} versions that this release speaks are "
                + ", ".join(table.versions),
                mark=document.mark((*pointer, "api_version")),
                hint=f"use one of them, or leave it out for {table.default_version}",
            )
        )
    found.extend(_doubts_of_mark(document, pointer, item, table))
    if words and not table.consent_words:
        found.append(
            Diagnostic(
                rule="settings.consent-words",
                message=f"{table.title} has no consent words",
                mark=document.key_mark((*pointer, "consent_words")),
                hint="leave it out; the words of this platform are the same in every store",
            )
        )
    for risk, values in (item.get("limits") or {}).items():
        if values["at_least"] > values["at_most"]:
            found.append(
                Diagnostic(
                    rule="settings.ceiling",
                    message="`at_least` is above `at_most`, so one of them never counts",
                    mark=document.mark((*pointer, "limits", risk)),
                    hint="make `at_most` the larger of the two",
                )
            )
    return found


def _doubts_of_mark(
    document: Document, pointer: Pointer, item: Mapping[str, Any], table: Capabilities
) -> Iterator[Diagnostic]:
    """A mark that cannot be put on, or that is to be put on and is not told."""
    mark = _ownership(item).tag
    if mark is None:
        asked = {
            "claim": bool(item.get("claim")),
            "on_removed": item.get("on_removed") == "delete",
        }
        for name in (name for name, needs in asked.items() if needs):
            yield Diagnostic(
                rule="ownership.no-mark",
                message="this store has no mark that its customers could bear",
                mark=document.key_mark((*pointer, name)),
                hint=f"add `ownership: {{tag: …}}`, or leave `{name}` out",
                severity=Severity.WARNING,
            )
        return
    why = ""
    if "tags" not in table.creates & table.updates:
        why = f"{table.title} cannot write tags, so a customer cannot bear a mark there"
    elif table.tag_length is not None and len(mark) > table.tag_length:
        why = f"{table.title} takes tags of at most {table.tag_length} characters"
    if why:
        yield Diagnostic(
            rule="settings.ownership",
            message=why,
            mark=document.mark((*pointer, "ownership", "tag")),
            hint="make it shorter" if "takes" in why else "leave it out",
        )


def _complaints(
    document: Document, store: StoreSettings, checks: Mapping[str, CheckSettings]
) -> Iterator[Diagnostic]:
    """What the platform itself says of a store's settings."""
    for one in checks[store.platform](store):
        yield Diagnostic(
            rule=one.rule,
            message=one.message,
            mark=document.mark(("stores", store.name, *one.place)),
            hint=one.hint,
            severity=one.severity,
        )


def _owned(item: Mapping[str, Any]) -> tuple[str, ...] | None:
    owned = (item.get("tags") or {}).get("owned")
    return None if owned is None else tuple(sorted(owned))


def _ownership(item: Mapping[str, Any]) -> Ownership:
    told = item.get("ownership") or {}
    return Ownership(tag=told.get("tag"), foreign=tuple(sorted(told.get("foreign") or ())))


def _rate(item: Mapping[str, Any] | None, table: Capabilities) -> Rate:
    """What the user said; else a little below the documented leak, and a quarter of the bucket."""
    default = Rate(
        per_second=table.rate.per_second * _SHARE_OF_RATE,
        burst=max(1, table.rate.burst // _SHARE_OF_BUCKET),
    )
    if item is None:
        return default
    return Rate(per_second=float(item["per_second"]), burst=item.get("burst", default.burst))


def _approval(
    document: Document,
    index: int,
    item: Mapping[str, Any],
    stores: Mapping[str, StoreSettings],
    diagnostics: list[Diagnostic],
) -> Approval:
    from reconciler.model.rules import ACKNOWLEDGEABLE, RELEASABLE

    pointer = ("approvals", index)
    until = instant(item["until"])
    assert until is not None, "the schema has checked the format"  # noqa: S101
    named = document.data.get("store", ())
    about = (named,) if isinstance(named, str) else tuple(named)

    def complain(rule: str, message: str, place: Pointer, hint: str) -> None:
        diagnostics.append(
            Diagnostic(rule=rule, message=message, mark=document.mark(place), hint=hint)
        )

    for name in about:
        if name not in stores:
            complain(
                "store.unknown",
                "no store of this name is defined",
                ("store",),
                f"defined are {', '.join(sorted(stores)) or 'none'}",
            )
    if "release" in item and item["release"] not in RELEASABLE:
        complain(
            "approval.rule",
            "no release lifts a rule of this name",
            (*pointer, "release"),
            f"rules that a release lifts are {', '.join(RELEASABLE)}",
        )
    if "acknowledge" in item and item["acknowledge"] not in ACKNOWLEDGEABLE:
        complain(
            "approval.rule",
            "no rule of this name keeps an opt-out or an erasure from being carried out",
            (*pointer, "acknowledge"),
            f"rules that can be acknowledged are {', '.join(ACKNOWLEDGEABLE)}",
        )
    if "acknowledge" in item and "customer" not in item:
        complain(
            "approval.customer",
            "an acknowledgement is about one customer",
            (*pointer, "acknowledge"),
            "add `customer` with an e-mail address, phone number or id",
        )
    if "raise" in item and "customer" in item:
        complain(
            "approval.customer",
            "a ceiling is raised for a store, not for one customer",
            (*pointer, "customer"),
            "leave `customer` out, or release a rule instead",
        )
    return Approval(
        raises=tuple(sorted((item.get("raise") or {}).items())),
        release=item.get("release"),
        acknowledges=item.get("acknowledge"),
        identities=_approved_for(item, about, stores, complain, pointer),
        reason=item["reason"],
        until=until,
        stores=about,
        mark=document.mark(pointer),
    )


def _approved_for(
    item: Mapping[str, Any],
    about: tuple[str, ...],
    stores: Mapping[str, StoreSettings],
    complain: Callable[[str, str, Pointer, str], None],
    pointer: Pointer,
) -> tuple[Identity, ...] | None:
    """None where the approval is for all; a number that cannot be read approves nobody."""
    if "customer" not in item:
        return None
    found: list[Identity] = []
    for kind in IdentityKind:
        if kind.value not in item["customer"]:
            continue
        regions = {stores[name].phone_region for name in about or stores if name in stores}
        text = item["customer"][kind.value]
        read = [
            None
            if kind is IdentityKind.PHONE and phone_fault(text, region)
            else identity(kind, text, region)
            for region in regions
        ]
        if not read or None in read:
            complain(
                "identity.phone",
                "this is no phone number",
                (*pointer, "customer"),
                'write it internationally, like "+8613315034487"',
            )
        found.extend(one for one in read if one is not None)
    return tuple(found)
