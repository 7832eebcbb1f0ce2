"""A plan to what may be kept of it: personal values become digests, and the whole is sealed.

`digest` leaves the times out, and from which commit by whom (same specs, stores and key, same
digest); `seal` covers everything, so that nothing can be edited without the key.
"""

from dataclasses import replace
from typing import Final

from reconciler.diagnostics import SourceMark
from reconciler.model.consent import Evidence, WantedConsent
from reconciler.model.customer import Scalar
from reconciler.model.metafields import Metafields
from reconciler.model.personal import Personal, is_nothing
from reconciler.model.provenance import Provenance
from reconciler.model.pseudonyms import Pseudonyms, canonical
from reconciler.model.settings import RiskClass
from reconciler.model.tax import TaxExemptions
from reconciler.plan.approved import change_digest, field_digest, stated_digest
from reconciler.plan.changes import (
    Action,
    AddressChange,
    Change,
    ConsentChange,
    FieldChange,
    Presence,
    ScalarChange,
    TagChange,
)
from reconciler.plan.effort import Effort
from reconciler.plan.plan import Basis, Plan, StorePlan
from reconciler.plan.verdicts import Verdict
from reconciler.planfile.encode import encode
from reconciler.planfile.saved import (
    OnceMerged,
    SavedDeparture,
    SavedOptions,
    SavedPlan,
    SavedSettings,
    SavedSpec,
    SavedStore,
    SavedSummary,
    SavedVerdict,
)
from reconciler.planfile.saved_change import (
    ConsentRecord,
    Effect,
    HiddenAddresses,
    HiddenScalar,
    SavedChange,
    SavedConsent,
    SavedField,
    SavedPresence,
    SavedScalar,
    SavedTags,
    SavedValue,
    Shown,
)

_NOT_DIGESTED: Final = ("created_at", "expires_at", "provenance", "digest", "seal")


def save(plan: Plan, pseudonyms: Pseudonyms) -> SavedPlan:
    basis = plan.basis
    unsealed = SavedPlan(
        tool=basis.tool,
        created_at=basis.created_at,
        expires_at=basis.expires_at,
        spec=SavedSpec(
            digest=basis.spec_digest,
            files=basis.spec_files,
            base=basis.base,
            settings=basis.settings_digest,
        ),
        provenance=_provenance(basis.provenance, pseudonyms),
        settings=_settings(basis),
        lifts=tuple(replace(one, mark=_mark(one.mark)) for one in basis.lifts),
        options=SavedOptions(
            read=basis.read,
            raises=tuple(dict(basis.raises).items()),
            releases=basis.releases,
            stores=basis.selected,
            scope=basis.scope,
        ),
        stores=tuple(_store(one) for one in plan.stores),
        summary=_summary(plan),
        changes=tuple(_change(one, pseudonyms) for part in plan.stores for one in part.changes),
        verdicts=tuple(_verdict(one) for one in plan.verdicts),
        digest="",
        seal="",
    )
    return _sealed(unsealed, pseudonyms)


def _sealed(plan: SavedPlan, pseudonyms: Pseudonyms) -> SavedPlan:
    content = {name: canonical(value) for name, value in encode(plan).items() if name != "seal"}
    digested = {name: value for name, value in content.items() if name not in _NOT_DIGESTED}
    digest = pseudonyms.digest_of_parts("plan", digested)
    content["digest"] = canonical(digest)
    return replace(plan, digest=digest, seal=pseudonyms.digest_of_parts("seal", content))


def _mark(mark: SourceMark | None) -> SourceMark | None:
    return None if mark is None else _line(mark)


def _line(mark: SourceMark) -> SourceMark:
    return SourceMark(mark.file, mark.line)


def _provenance(one: Provenance, pseudonyms: Pseudonyms) -> Provenance:
    def shown(text: str | None) -> str | None:
        return None if text is None else pseudonyms.text(text)

    return replace(one, author=shown(one.author), actor=shown(one.actor))


def _settings(basis: Basis) -> SavedSettings:
    return SavedSettings(
        changed=tuple(replace(one, mark=_mark(one.mark)) for one in basis.changed),
        once_merged=tuple(OnceMerged(store=name, entries=count) for name, count in basis.unmerged),
    )


def _store(store: StorePlan) -> SavedStore:
    return SavedStore(
        name=store.name,
        platform=store.platform,
        api_version=store.api_version,
        customers=store.customers,
        compared=store.compared,
        applied=store.applied,
        departures=tuple(
            SavedDeparture(alias=one.alias, mark=_line(one.mark), commit=one.commit)
            for one in store.departures
        ),
        error=store.error,
        receipt=store.receipt,
        footprints=store.footprints,
        effort=Effort(store.effort.requests, round(store.effort.seconds, 1)),
        audience=() if store.error else store.audience,
        foreign_tags=store.foreign_tags,
        waiting=store.waiting,
    )


def _summary(plan: Plan) -> SavedSummary:
    return SavedSummary(
        create=plan.actions(Action.CREATE),
        update=plan.actions(Action.UPDATE),
        delete=plan.actions(Action.DELETE),
        unchanged=sum(store.unchanged for store in plan.stores),
        held=sum(store.held() for store in plan.stores),
        messages=plan.messages,
        blocked=plan.blocked,
        complete=plan.complete,
        classes=tuple((risk, plan.count(risk)) for risk in RiskClass),
        causes=plan.causes,
    )


def _change(change: Change, pseudonyms: Pseudonyms) -> SavedChange:
    return SavedChange(
        store=change.store,
        action=change.action,
        alias=change.alias,
        entry=change.entry,
        remote_id=change.remote_id,
        mark=_line(change.mark),
        rank=change.rank,
        seen=change.seen,
        reason=None if change.reason is None else pseudonyms.text(change.reason),
        fields=tuple(_field(one, change, pseudonyms) for one in change.fields),
        digest=change_digest(pseudonyms, change),
        departed=change.departed,
    )


def _field(one: FieldChange, change: Change, pseudonyms: Pseudonyms) -> SavedField:
    return SavedField(
        path=pseudonyms.path(one.path),
        risk=one.risk,
        mark=_line(change.mark_of(one.path)),
        value=_value(one, pseudonyms),
        digest=field_digest(pseudonyms, change.store, change.alias, one),
        cause=change.cause_of(one.path),
        # A new customer is made as approved or not at all.
        stated=None
        if change.action is Action.CREATE
        else stated_digest(pseudonyms, change.store, change.alias, one),
    )


def _value(one: FieldChange, pseudonyms: Pseudonyms) -> SavedValue:
    match one:
        case Presence():
            return SavedPresence()
        case ScalarChange():
            return _scalar(one, pseudonyms)
        case TagChange():
            return SavedTags(
                added=tuple(pseudonyms.text(tag) for tag in one.delta.added),
                removed=tuple(pseudonyms.text(tag) for tag in one.delta.removed),
                channel=one.channel,
                claims=one.claims,
            )
        case ConsentChange():
            return SavedConsent(
                before=None if one.before is None else ConsentRecord.of(one.before),
                after=WantedConsent(
                    state=one.wanted.state, evidence=_evidence(one.wanted.evidence, pseudonyms)
                ),
                moves=one.moves,
                elsewhere=one.elsewhere,
            )
        case AddressChange():
            return HiddenAddresses(paths=one.paths)


def _scalar(one: ScalarChange, pseudonyms: Pseudonyms) -> SavedScalar | HiddenScalar:
    effect = _effect(one.before, one.after)
    before, after = one.before, one.after
    if isinstance(before, (Personal, Metafields)) or isinstance(after, (Personal, Metafields)):
        return HiddenScalar(effect=effect)
    return SavedScalar(
        effect=effect, before=_shown(before, pseudonyms), after=_shown(after, pseudonyms)
    )


def _shown(value: TaxExemptions | Shown, pseudonyms: Pseudonyms) -> Shown:
    """A value of a field that is not personal; its text may be so all the same, and codes not."""
    if isinstance(value, TaxExemptions):
        return str(value)
    return pseudonyms.text(value) if isinstance(value, str) else value


def _effect(before: Scalar, after: Scalar) -> Effect:
    if is_nothing(before):
        return Effect.SET
    return Effect.CLEARED if is_nothing(after) else Effect.CHANGED


def _evidence(evidence: Evidence, pseudonyms: Pseudonyms) -> Evidence:
    texts = {name: pseudonyms.text(text) for name, text in evidence.texts()}
    return Evidence(at=evidence.at, **texts)


def _verdict(one: Verdict) -> SavedVerdict:
    return SavedVerdict(
        rule=one.rule,
        level=one.level,
        store=one.store,
        alias=one.alias,
        message=one.message,
        mark=_mark(one.mark),
        lifted_by=one.lifted_by,
        approval=one.approval,
        released=one.released,
        acknowledged=one.acknowledged if one.owed else None,
        cause=one.cause,
    )
