"""A plan to the JSON of its file.

`digest` leaves the times out, and from which commit by whom (same specs, stores and key, same
digest); `seal` covers everything, so that nothing can be edited without the key.
"""

from typing import Any, Final

from reconciler.diagnostics import SourceMark
from reconciler.model.consent import Evidence, LiveConsent
from reconciler.model.customer import ReadReceipt, Scalar
from reconciler.model.personal import Personal
from reconciler.model.provenance import Provenance
from reconciler.model.pseudonyms import Pseudonyms
from reconciler.model.settings import Release, RiskClass
from reconciler.plan.approved import (
    change_digest,
    field_digest,
)
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
from reconciler.plan.lift import Lift
from reconciler.plan.plan import FORMAT_VERSION, Plan, StorePlan
from reconciler.plan.settings_change import SettingChange
from reconciler.plan.verdicts import Verdict

Json = dict[str, Any]
_NOT_DIGESTED: Final = ("created_at", "expires_at", "provenance")


def encode(plan: Plan, pseudonyms: Pseudonyms) -> Json:
    """The plan file's content; `schemas/plan.schema.json` describes it."""
    basis = plan.basis
    body: Json = {
        "format_version": FORMAT_VERSION,
        "tool": {"name": "reconciler", "version": basis.tool},
        "created_at": basis.created_at.isoformat(),
        "expires_at": basis.expires_at.isoformat(),
        "spec": {
            "digest": basis.spec_digest,
            "files": basis.spec_files,
            "base": basis.base,
            "settings": basis.settings_digest,
        },
        "provenance": _provenance(basis.provenance, pseudonyms),
        "settings": {
            "changed": [_setting(one) for one in basis.changed],
            "once_merged": [{"store": name, "entries": count} for name, count in basis.unmerged],
        },
        "lifts": [_lift(one) for one in basis.lifts],
        "options": {
            "read": basis.read,
            "raise": {risk.value: number for risk, number in basis.raises},
            "release": [_release(one) for one in basis.releases],
            "stores": list(basis.selected),
        },
        "stores": [_store(one) for one in plan.stores],
        "summary": _summary(plan),
        "changes": [
            _change(one, pseudonyms, digest=change_digest(pseudonyms, one))
            for store in plan.stores
            for one in store.changes
        ],
        "verdicts": [_verdict(one) for one in plan.verdicts],
    }
    digested = {name: value for name, value in body.items() if name not in _NOT_DIGESTED}
    body["digest"] = pseudonyms.digest("plan", digested)
    body["seal"] = pseudonyms.digest("seal", body)
    return body


def _provenance(one: Provenance, pseudonyms: Pseudonyms) -> Json:
    def shown(text: str | None) -> str | None:
        return None if text is None else pseudonyms.text(text)

    return {
        "commit": one.commit,
        "committed": one.committed,
        "head": one.head,
        "pull_request": one.pull_request,
        "author": shown(one.author),
        "actor": shown(one.actor),
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


def _lift(one: Lift) -> Json:
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


def _store(store: StorePlan) -> Json:
    return {
        "name": store.name,
        "platform": store.platform,
        "api_version": store.api_version,
        "customers": store.customers,
        "error": store.error or None,
        "receipt": _receipt(store.receipt) if store.receipt else None,
        "footprints": [
            {"call": one.call, "touches": list(one.touches), "guard": one.guard}
            for one in store.footprints
        ],
        "apply": {
            "requests": store.effort.requests,
            "seconds": round(store.effort.seconds, 1),
        },
    }


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
    }


def _summary(plan: Plan) -> Json:
    return {
        "create": plan.actions(Action.CREATE),
        "update": plan.actions(Action.UPDATE),
        "delete": plan.actions(Action.DELETE),
        "unchanged": sum(store.unchanged for store in plan.stores),
        "held": sum(store.held() for store in plan.stores),
        "messages": plan.messages,
        "blocked": plan.blocked,
        "complete": plan.complete,
        "classes": {risk.value: plan.count(risk) for risk in RiskClass},
        "audience": {
            store.name: {
                one.channel.value: {
                    "before": one.before,
                    "after": one.after,
                    "change": one.change,
                }
                for one in store.audience
            }
            for store in plan.stores
            if not store.error
        },
    }


def _change(change: Change, pseudonyms: Pseudonyms, *, digest: str) -> Json:
    return {
        "store": change.store,
        "action": change.action.value,
        "customer": change.alias,
        "entry": change.entry,
        "remote_id": change.remote_id,
        "classes": [risk.value for risk in change.classes],
        "cause": None,
        "source": _source(change.mark),
        "rank": change.rank,
        "seen": {channel.value: state.value for channel, state in change.seen},
        "reason": None if change.reason is None else pseudonyms.text(change.reason),
        "fields": [_field(one, change, pseudonyms) for one in change.fields],
        "digest": digest,
    }


def _source(mark: SourceMark) -> Json:
    return {"file": mark.file, "line": mark.line}


def _field(one: FieldChange, change: Change, pseudonyms: Pseudonyms) -> Json:
    body: Json = {
        "field": str(pseudonyms.path(one.path)),
        "class": one.risk.value,
        "source": _source(change.mark_of(one.path)),
    }
    match one:
        case Presence():
            pass
        case ScalarChange():
            body["effect"] = _effect(one.before, one.after)
            if isinstance(one.before, Personal) or isinstance(one.after, Personal):
                body["personal"] = True
            else:
                body |= {
                    "before": _shown(one.before, pseudonyms),
                    "after": _shown(one.after, pseudonyms),
                }
        case TagChange():
            body["added"] = [pseudonyms.text(tag) for tag in one.delta.added]
            body["removed"] = [pseudonyms.text(tag) for tag in one.delta.removed]
            if one.channel is not None:
                body["channel"] = one.channel.value
        case ConsentChange():
            body["before"] = _live_consent(one.before)
            body["after"] = {
                "state": one.wanted.state.value,
                **_evidence(one.wanted.evidence, pseudonyms),
            }
            if one.moves:
                body["moves"] = True
        case AddressChange():
            body |= {"personal": True, "paths": list(one.paths)}
    body["digest"] = field_digest(pseudonyms, change.store, change.alias, one)
    return body


def _shown(value: Scalar, pseudonyms: Pseudonyms) -> str | bool | None:
    """A value of a field that is not personal; its text may be so all the same."""
    assert not isinstance(value, Personal), "personal values have a digest only"  # noqa: S101
    return pseudonyms.text(value) if isinstance(value, str) else value


def _effect(before: Scalar, after: Scalar) -> str:
    if before is None:
        return "set"
    return "cleared" if after is None else "changed"


def _live_consent(live: LiveConsent | None) -> Json | None:
    if live is None:
        return None
    return {
        "state": live.state.value,
        "at": live.at.isoformat() if live.at else None,
        "actor": live.actor.value,
        "grade": live.grade.value,
        "code": live.code or None,
    }


def _evidence(evidence: Evidence, pseudonyms: Pseudonyms) -> Json:
    told: Json = {"at": evidence.at.isoformat()} if evidence.at else {}
    for name in ("source", "method", "level", "basis", "wording", "evidence"):
        text = getattr(evidence, name)
        if text is not None:
            told[name] = pseudonyms.text(text)
    return told


def _verdict(one: Verdict) -> Json:
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
    }
