"""A saved plan to the JSON of its file; parts of it stand in the reports of an apply too."""

from dataclasses import asdict
from typing import TypeAlias

from reconciler.diagnostics import SourceMark
from reconciler.model.cause import Cause
from reconciler.model.consent import WantedConsent
from reconciler.model.customer import ReadReceipt
from reconciler.model.provenance import Provenance
from reconciler.model.settings import Release
from reconciler.plan.changes import Elsewhere
from reconciler.plan.lift import Lift
from reconciler.plan.plan import FORMAT_VERSION, Audience
from reconciler.plan.setting import SettingChange
from reconciler.plan.waiting import Waiting
from reconciler.planfile.saved import (
    SavedPlan,
    SavedSettings,
    SavedStore,
    SavedVerdict,
)
from reconciler.planfile.saved_change import (
    ConsentRecord,
    HiddenAddresses,
    HiddenScalar,
    SavedChange,
    SavedConsent,
    SavedField,
    SavedPresence,
    SavedScalar,
    SavedTags,
    SavedValue,
)

Json: TypeAlias = dict[str, object]


def encode(plan: SavedPlan) -> Json:
    """The plan file's content; `schemas/plan.schema.json` describes it."""
    return {
        "format_version": FORMAT_VERSION,
        "tool": {"name": "reconciler", "version": plan.tool},
        "created_at": plan.created_at.isoformat(),
        "expires_at": plan.expires_at.isoformat(),
        "spec": {
            "digest": plan.spec.digest,
            "files": plan.spec.files,
            "base": plan.spec.base,
            "settings": plan.spec.settings,
        },
        "provenance": encode_provenance(plan.provenance),
        "settings": encode_settings(plan.settings),
        "lifts": [encode_lift(one) for one in plan.lifts],
        "options": {
            "read": plan.options.read,
            "raise": {risk.value: number for risk, number in plan.options.raises},
            "release": [_release(one) for one in plan.options.releases],
            "stores": list(plan.options.stores),
            "scope": list(plan.options.scope),
        },
        "stores": [_store(one) for one in plan.stores],
        "summary": _summary(plan),
        "changes": [_change(one) for one in plan.changes],
        "verdicts": [encode_verdict(one) for one in plan.verdicts],
        "digest": plan.digest,
        "seal": plan.seal,
    }


def encode_provenance(one: Provenance) -> Json:
    return asdict(one)


def encode_settings(one: SavedSettings) -> Json:
    return {
        "changed": [_setting(each) for each in one.changed],
        "once_merged": [{"store": each.store, "entries": each.entries} for each in one.once_merged],
    }


def encode_lift(one: Lift) -> Json:
    return {
        "kind": one.kind.value,
        "what": one.what,
        "value": one.value,
        "store": one.store,
        "customers": None if one.customers is None else list(one.customers),
        "origin": one.origin.value,
        "source": _source(one.mark) if one.mark else None,
        "reason": one.reason,
        "until": one.until.isoformat() if one.until else None,
        "state": one.state.value,
        "digest": one.digest,
    }


def encode_verdict(one: SavedVerdict) -> Json:
    return {
        "rule": one.rule,
        "level": one.level.value,
        "store": one.store,
        "customer": one.alias,
        "message": one.message,
        "source": _source(one.mark) if one.mark else None,
        "lifted_by": one.lifted_by,
        "approval": one.approval,
        "released": one.released,
        **({"acknowledged": one.acknowledged} if one.owed else {}),
        **({} if one.cause is None else {"cause": one.cause.value}),
    }


def _release(one: Release) -> Json:
    return {"rule": one.rule, "customer": one.alias, "store": one.store}


def _setting(one: SettingChange) -> Json:
    return {
        "path": list(one.path),
        "before": one.before,
        "after": one.after,
        "source": _source(one.mark) if one.mark else None,
        "digest": one.digest,
    }


def _store(store: SavedStore) -> Json:
    return {
        "name": store.name,
        "platform": store.platform,
        "api_version": store.api_version,
        "customers": store.customers,
        "compared": store.compared,
        "applied": store.applied,
        "departures": [
            {"customer": one.alias, "source": _source(one.mark), "commit": one.commit}
            for one in store.departures
        ],
        "error": store.error or None,
        "receipt": _receipt(store.receipt) if store.receipt else None,
        "footprints": [
            {"call": one.call, "touches": list(one.touches), "guard": one.guard}
            for one in store.footprints
        ],
        "foreign_tags": {
            "tags": store.foreign_tags.tags,
            "customers": store.foreign_tags.customers,
        },
        **_waiting(store.waiting),
        "apply": {"requests": store.effort.requests, "seconds": store.effort.seconds},
    }


def _waiting(one: Waiting) -> Json:
    if not one.opt_outs:
        return {}
    oldest = None if one.oldest is None else one.oldest.isoformat()
    return {"waiting": {"opt_outs": one.opt_outs, "oldest": oldest}}


def _receipt(receipt: ReadReceipt) -> Json:
    return {
        "mode": receipt.mode,
        "read": receipt.read,
        "expected": receipt.expected,
        "complete": receipt.complete,
        "pages": receipt.pages,
        "requests": receipt.requests,
        "repeated": receipt.repeated,
        "masked": receipt.masked,
        "chosen": receipt.chosen,
        "notes": list(receipt.notes),
        "words": [
            {"channel": channel.value, "state": state.value, "word": word}
            for channel, state, word in receipt.learned.words
        ],
        "day_first": receipt.learned.day_first,
        "blind": receipt.blind,
        **({} if receipt.since is None else {"since": receipt.since.isoformat()}),
    }


def _summary(plan: SavedPlan) -> Json:
    summary = plan.summary
    return {
        "create": summary.create,
        "update": summary.update,
        "delete": summary.delete,
        "unchanged": summary.unchanged,
        "held": summary.held,
        "messages": summary.messages,
        "blocked": summary.blocked,
        "complete": summary.complete,
        "classes": {risk.value: count for risk, count in summary.classes},
        "causes": {cause.value: count for cause, count in summary.causes},
        "audience": {
            store.name: {one.channel.value: _audience(one) for one in store.audience}
            for store in plan.stores
            if not store.error
        },
    }


def _audience(one: Audience) -> Json:
    return {"before": one.before, "after": one.after, "change": one.change}


def _change(change: SavedChange) -> Json:
    return {
        "store": change.store,
        "action": change.action.value,
        "customer": change.alias,
        "entry": change.entry,
        "remote_id": change.remote_id,
        "classes": [risk.value for risk in change.classes],
        "cause": _cause(change.cause),
        "source": _source(change.mark),
        "rank": change.rank,
        "seen": {channel.value: state.value for channel, state in change.seen},
        "reason": change.reason,
        "fields": [_field(one) for one in change.fields],
        "digest": change.digest,
        **({"departed": True} if change.departed else {}),
    }


def _cause(one: Cause | None) -> str | None:
    return None if one is None else one.value


def _source(mark: SourceMark) -> Json:
    return {"file": mark.file, "line": mark.line}


def _field(one: SavedField) -> Json:
    return {
        "field": str(one.path),
        "class": one.risk.value,
        "source": _source(one.mark),
        **_value(one.value),
        **({} if one.cause is None else {"cause": one.cause.value}),
        **({} if one.stated is None else {"stated": one.stated}),
        "digest": one.digest,
    }


def _value(value: SavedValue) -> Json:
    match value:
        case SavedPresence():
            return {}
        case SavedScalar():
            return {"effect": value.effect.value, "before": value.before, "after": value.after}
        case HiddenScalar():
            return {"effect": value.effect.value, "personal": True}
        case SavedTags():
            channel = {} if value.channel is None else {"channel": value.channel.value}
            claims = {"claims": True} if value.claims else {}
            return {"added": list(value.added), "removed": list(value.removed), **channel, **claims}
        case SavedConsent():
            return {
                "before": None if value.before is None else _record(value.before),
                "after": _wanted(value.after),
                **({"moves": True} if value.moves else {}),
                **_elsewhere(value.elsewhere),
            }
        case HiddenAddresses():
            return {"personal": True, "paths": list(value.paths)}


def _record(one: ConsentRecord) -> Json:
    return {
        "state": one.state.value,
        "at": one.at.isoformat() if one.at else None,
        "actor": one.actor.value,
        "grade": one.grade.value,
        "code": one.code or None,
    }


def _elsewhere(one: Elsewhere | None) -> Json:
    if one is None:
        return {}
    return {"elsewhere": {"store": one.store, "since": one.since.isoformat()}}


def _wanted(one: WantedConsent) -> Json:
    return {"state": one.state.value, **dict(one.evidence.told())}
