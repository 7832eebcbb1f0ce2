"""The JSON of a plan file to what an apply needs of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from reconciler.diagnostics import SourceMark
from reconciler.model.consent import Channel, ConsentState
from reconciler.model.customer import Learned
from reconciler.model.field_path import FieldPath
from reconciler.model.settings import Release, RiskClass
from reconciler.plan.approved import (
    ApprovedChange,
    ApprovedField,
    ApprovedLift,
    ApprovedPlan,
    ApprovedStore,
)
from reconciler.plan.changes import (
    Action,
)
from reconciler.plan.lift import LiftState

Json = dict[str, Any]


def decode(body: Json) -> ApprovedPlan:
    """What an apply needs of a plan that `verify` has accepted."""
    blocked = {
        one["store"] for one in body["verdicts"] if one["level"] == "block" and not one["released"]
    }
    changes = [_approved(one) for one in body["changes"]]
    return ApprovedPlan(
        id=body["seal"][:16],
        digest=body["digest"],
        spec_digest=body["spec"]["digest"],
        settings_digest=body["spec"]["settings"],
        base=body["spec"]["base"],
        shown=frozenset(one["digest"] for one in body["settings"]["changed"]),
        made_from=body["provenance"],
        lifts=tuple(_approved_lift(one) for one in body["lifts"]),
        releases=tuple(
            Release(rule=one["rule"], alias=one["customer"], store=one["store"])
            for one in body["options"]["release"]
        ),
        stores=tuple(
            ApprovedStore(
                name=one["name"],
                was_read=not one["error"],
                blocked=one["name"] in blocked,
                learned=_learned(one["receipt"] or {}),
                changes=tuple(change for change in changes if change.store == one["name"]),
            )
            for one in body["stores"]
        ),
    )


def expires_at(body: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(body["expires_at"])


def _learned(receipt: Json) -> Learned:
    return Learned(
        words=tuple(
            (Channel(word["channel"]), ConsentState(word["state"]), word["word"])
            for word in receipt.get("words", ())
        ),
        day_first=receipt.get("day_first", False),
    )


def _approved(item: Json) -> ApprovedChange:
    source = item["source"]
    return ApprovedChange(
        store=item["store"],
        action=Action(item["action"]),
        alias=item["customer"],
        entry=item["entry"],
        remote_id=item["remote_id"],
        mark=SourceMark(source["file"], source["line"]),
        rank=item["rank"],
        fields=tuple(
            ApprovedField(
                path=FieldPath.parse(one["field"]),
                risk=RiskClass(one["class"]),
                digest=one["digest"],
                channel=Channel(one["channel"]) if "channel" in one else None,
                moves=one.get("moves", False),
                evidence=_shown_evidence(one),
            )
            for one in item["fields"]
        ),
        digest=item["digest"],
        reason=item["reason"],
        seen=tuple(
            (Channel(channel), ConsentState(state))
            for channel, state in item.get("seen", {}).items()
        ),
    )


def _shown_evidence(field: Json) -> tuple[tuple[str, str], ...]:
    after = field.get("after")
    if not FieldPath.parse(field["field"]).is_consent or not isinstance(after, dict):
        return ()
    return tuple((name, str(value)) for name, value in after.items() if name != "state")


def _approved_lift(one: Json) -> ApprovedLift:
    whom = "" if one["customers"] is None else f"of {', '.join(one['customers']) or 'nobody'}"
    return ApprovedLift(
        title=" ".join(part for part in (one["kind"], one["what"], one["value"], whom) if part),
        origin=one["origin"],
        source=f"{one['source']['file']}:{one['source']['line']}" if one["source"] else None,
        reason=one["reason"],
        used=one["state"] == LiftState.USED,
        digest=one["digest"],
    )
