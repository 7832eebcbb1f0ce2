"""The JSON of a plan file to the saved plan: what the schema has accepted, or is refused here."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, TypeAlias

from reconciler.diagnostics import SourceMark
from reconciler.errors import PlanFileError
from reconciler.model.capabilities import Footprint
from reconciler.model.cause import Cause
from reconciler.model.consent import (
    Actor,
    Channel,
    ConsentState,
    Evidence,
    Grade,
    WantedConsent,
)
from reconciler.model.customer import Learned, ReadReceipt
from reconciler.model.field_path import CUSTOMER, FieldPath
from reconciler.model.fields import BY_NAME, FieldKind
from reconciler.model.provenance import Provenance
from reconciler.model.settings import Release, RiskClass
from reconciler.plan.changes import Action, Elsewhere
from reconciler.plan.effort import Effort
from reconciler.plan.lift import Lift, LiftKind, LiftState, Origin
from reconciler.plan.plan import Audience
from reconciler.plan.setting import SettingChange
from reconciler.plan.tag_watch import ForeignTags
from reconciler.plan.verdicts import Level
from reconciler.plan.waiting import NOTHING_WAITS, Waiting
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

Json: TypeAlias = Mapping[str, Any]
_MOST: Final = 2**63
"""Nothing that is counted comes near; whatever is told of less can be added up and written out."""


def decode(body: Json) -> SavedPlan:
    """Raises `PlanFileError` for what no plan of ours says, though its schema may allow it."""
    try:
        return _plan(body)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise PlanFileError("this is a damaged plan", hint="plan again") from error


def _plan(body: Json) -> SavedPlan:
    spec, summary = body["spec"], body["summary"]
    return SavedPlan(
        tool=body["tool"]["version"],
        created_at=_instant(body["created_at"]),
        expires_at=_instant(body["expires_at"]),
        spec=SavedSpec(
            digest=spec["digest"],
            files=_count(spec["files"]),
            base=spec["base"],
            settings=spec["settings"],
        ),
        provenance=Provenance(**body["provenance"]),
        settings=_settings(body["settings"]),
        lifts=tuple(_lift(one) for one in body["lifts"]),
        options=_options(body["options"]),
        stores=_stores(body["stores"], summary["audience"]),
        summary=_summary(summary),
        changes=tuple(_change(one) for one in body["changes"]),
        verdicts=tuple(_verdict(one) for one in body["verdicts"]),
        digest=body["digest"],
        seal=body["seal"],
    )


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without its offset")
    return moment


def _count(number: float) -> int:
    if abs(number) >= _MOST:
        raise ValueError("a number that nothing has")
    return int(number)


def _count_or_none(number: float | None) -> int | None:
    return None if number is None else _count(number)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _mark(source: Json) -> SourceMark:
    return SourceMark(source["file"], _count(source["line"]))


def _mark_or_none(source: Json | None) -> SourceMark | None:
    return None if source is None else _mark(source)


def _settings(body: Json) -> SavedSettings:
    return SavedSettings(
        changed=tuple(_setting(one) for one in body["changed"]),
        once_merged=tuple(
            OnceMerged(store=one["store"], entries=_count(one["entries"]))
            for one in body["once_merged"]
        ),
    )


def _setting(one: Json) -> SettingChange:
    if not one["path"]:
        raise ValueError("a setting without a name")
    return SettingChange(
        path=tuple(one["path"]),
        before=one["before"],
        after=one["after"],
        mark=_mark_or_none(one["source"]),
        digest=one["digest"],
    )


def _lift(one: Json) -> Lift:
    return Lift(
        kind=LiftKind(one["kind"]),
        what=one["what"],
        value=one["value"],
        store=one["store"],
        customers=None if one["customers"] is None else tuple(one["customers"]),
        origin=Origin(one["origin"]),
        mark=_mark_or_none(one["source"]),
        reason=one["reason"],
        until=None if one["until"] is None else _instant(one["until"]),
        state=LiftState(one["state"]),
        digest=one["digest"],
    )


def _options(body: Json) -> SavedOptions:
    return SavedOptions(
        read=body["read"],
        raises=tuple((RiskClass(risk), _count(most)) for risk, most in body["raise"].items()),
        releases=tuple(
            Release(rule=one["rule"], alias=one["customer"], store=one["store"])
            for one in body["release"]
        ),
        stores=tuple(body["stores"]),
        scope=tuple(body.get("scope", ())),
    )


def _stores(body: list[Json], audience: Json) -> tuple[SavedStore, ...]:
    if set(audience) != {one["name"] for one in body if not one["error"]}:
        raise ValueError("the audiences are not those of the stores")
    return tuple(_store(one, {} if one["error"] else audience[one["name"]]) for one in body)


def _store(body: Json, audience: Json) -> SavedStore:
    return SavedStore(
        name=body["name"],
        platform=body["platform"],
        api_version=body["api_version"],
        customers=_count_or_none(body["customers"]),
        compared=body.get("compared"),
        applied=body.get("applied"),
        departures=tuple(
            SavedDeparture(alias=one["customer"], mark=_mark(one["source"]), commit=one["commit"])
            for one in body.get("departures", ())
        ),
        error=body["error"] or "",
        receipt=None if body["receipt"] is None else _receipt(body["receipt"]),
        footprints=tuple(
            Footprint(call=one["call"], touches=tuple(one["touches"]), guard=one["guard"])
            for one in body["footprints"]
        ),
        effort=Effort(_count(body["apply"]["requests"]), float(body["apply"]["seconds"])),
        audience=tuple(
            Audience(
                channel=Channel(channel),
                before=_count_or_none(one["before"]),
                after=_count_or_none(one["after"]),
                change=_count(one["change"]),
            )
            for channel, one in audience.items()
        ),
        foreign_tags=_foreign_tags(body.get("foreign_tags", {})),
        waiting=_waiting(body["waiting"]) if "waiting" in body else NOTHING_WAITS,
    )


def _foreign_tags(body: Json) -> ForeignTags:
    return ForeignTags(**{name: _count(number) for name, number in body.items()})


def _waiting(body: Json) -> Waiting:
    oldest = None if body["oldest"] is None else _instant(body["oldest"])
    return Waiting(opt_outs=_count(body["opt_outs"]), oldest=oldest)


def _receipt(body: Json) -> ReadReceipt:
    return ReadReceipt(
        mode=body["mode"],
        complete=body["complete"],
        read=_count(body["read"]),
        expected=_count_or_none(body["expected"]),
        pages=_count(body["pages"]),
        requests=_count(body["requests"]),
        repeated=_count(body["repeated"]),
        masked=_count(body["masked"]),
        chosen=body["chosen"],
        notes=tuple(body["notes"]),
        blind=body.get("blind", False),
        since=_instant(body["since"]) if "since" in body else None,
        learned=Learned(
            words=tuple(
                (Channel(one["channel"]), ConsentState(one["state"]), one["word"])
                for one in body["words"]
            ),
            day_first=body.get("day_first", False),
        ),
    )


def _summary(body: Json) -> SavedSummary:
    return SavedSummary(
        create=_count(body["create"]),
        update=_count(body["update"]),
        delete=_count(body["delete"]),
        unchanged=_count(body["unchanged"]),
        held=_count(body["held"]),
        messages=_count(body["messages"]),
        blocked=body["blocked"],
        complete=body["complete"],
        classes=tuple((RiskClass(risk), _count(one)) for risk, one in body["classes"].items()),
        causes=tuple((Cause(cause), _count(one)) for cause, one in body.get("causes", {}).items()),
    )


def _verdict(one: Json) -> SavedVerdict:
    return SavedVerdict(
        rule=one["rule"],
        level=Level(one["level"]),
        store=one["store"],
        alias=one["customer"],
        message=one["message"],
        mark=_mark_or_none(one["source"]),
        lifted_by=one["lifted_by"],
        approval=one["approval"],
        released=one["released"],
        acknowledged=one.get("acknowledged"),
        cause=_cause(one),
    )


def _change(one: Json) -> SavedChange:
    change = SavedChange(
        store=one["store"],
        action=Action(one["action"]),
        alias=one["customer"],
        entry=one["entry"],
        remote_id=one["remote_id"],
        mark=_mark(one["source"]),
        rank=_count(one["rank"]),
        seen=tuple(
            (Channel(channel), ConsentState(state))
            for channel, state in one.get("seen", {}).items()
        ),
        reason=one["reason"],
        fields=tuple(_field(each) for each in one["fields"]),
        digest=one["digest"],
        departed=one.get("departed", False),
    )
    if one["cause"] != change.cause:
        raise ValueError("the cause is not that of the fields")
    if set(one["classes"]) != set(change.classes):
        raise ValueError("the classes are not those of the fields")
    return change


def _field(one: Json) -> SavedField:
    path = FieldPath.parse(one["field"])
    return SavedField(
        path=path,
        risk=RiskClass(one["class"]),
        mark=_mark(one["source"]),
        value=_value(path, one),
        digest=one["digest"],
        cause=_cause(one),
        stated=one.get("stated"),
    )


def _cause(one: Json) -> Cause | None:
    return Cause(one["cause"]) if "cause" in one else None


def _value(path: FieldPath, one: Json) -> SavedValue:
    if path == CUSTOMER:
        return SavedPresence()
    match BY_NAME[path.table].kind:
        case FieldKind.SCALAR:
            return _scalar(one)
        case FieldKind.SET:
            return SavedTags(
                added=tuple(one["added"]),
                removed=tuple(one["removed"]),
                channel=Channel(one["channel"]) if "channel" in one else None,
                claims=one.get("claims", False),
            )
        case FieldKind.CONSENT:
            return SavedConsent(
                before=None if one["before"] is None else _record(one["before"]),
                after=_wanted(one["after"]),
                moves=one.get("moves", False),
                elsewhere=_elsewhere(one["elsewhere"]) if "elsewhere" in one else None,
            )
        case FieldKind.STRUCTURE:
            return HiddenAddresses(paths=tuple(one["paths"]))


def _scalar(one: Json) -> SavedScalar | HiddenScalar:
    effect = Effect(one["effect"])
    if one.get("personal"):
        return HiddenScalar(effect=effect)
    return SavedScalar(effect=effect, before=_shown(one["before"]), after=_shown(one["after"]))


def _shown(value: object) -> Shown:
    return value if value is None or isinstance(value, bool) else _text(value)


def _record(one: Json) -> ConsentRecord:
    return ConsentRecord(
        state=ConsentState(one["state"]),
        at=None if one["at"] is None else _instant(one["at"]),
        actor=Actor(one["actor"]),
        grade=Grade(one["grade"]),
        code="" if one["code"] is None else _text(one["code"]),
    )


def _elsewhere(one: Json) -> Elsewhere:
    return Elsewhere(store=_text(one["store"]), since=_instant(one["since"]))


def _wanted(one: Json) -> WantedConsent:
    texts = {name: _text(value) for name, value in one.items() if name not in ("state", "at")}
    return WantedConsent(
        state=ConsentState(one["state"]),
        evidence=Evidence(at=_instant(one["at"]) if "at" in one else None, **texts),
    )
