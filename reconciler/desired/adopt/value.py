"""What a field shall be, as plain data and as YAML on one line."""

import json
import re
from typing import Any, Final, TypeAlias

from reconciler.desired.layout.scalar import written
from reconciler.model.consent import ConsentState, WantedConsent
from reconciler.model.customer import Address, Scalar
from reconciler.model.personal import in_clear
from reconciler.model.tags import TagIntent

Value: TypeAlias = WantedConsent | TagIntent | tuple[Address, ...] | Scalar
EVIDENCE: Final = ("source", "method", "level", "basis", "wording", "evidence")
TIMES: Final = ("given_at", "withdrawn_at")


def flow(data: Any, *, quoted: bool = False) -> str:
    """On one line, between brackets where it holds anything; `quoted` is as JSON has it."""
    if quoted:
        return _UNSEEN.sub(_escape, json.dumps(data, ensure_ascii=False))
    if isinstance(data, dict):
        pairs = (f"{written(key, flow=True)}: {flow(one)}" for key, one in data.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(data, list):
        return f"[{', '.join(map(flow, data))}]"
    return written(data, flow=True)


_UNSEEN: Final = re.compile(
    "[^\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


def _escape(found: re.Match[str]) -> str:
    """What YAML may not hold as it is."""
    return f"\\u{ord(found[0]):04x}"


def time_of(wanted: WantedConsent) -> tuple[str, str] | None:
    """The key and the instant that stand beside the state."""
    if wanted.evidence.at is None:
        return None
    out = wanted.state is ConsentState.UNSUBSCRIBED
    return "withdrawn_at" if out else "given_at", wanted.evidence.at.isoformat()


def plain(value: Value) -> Any:
    if isinstance(value, WantedConsent):
        time = time_of(value)
        state = value.state.value
        return state if time is None else {"state": state, time[0]: time[1]}
    if isinstance(value, TagIntent):
        if value.exact:
            return list(value.present)
        both = {"add": list(value.present), "remove": list(value.absent)}
        return {name: tags for name, tags in both.items() if tags} or {"add": []}
    if isinstance(value, tuple):
        return [_address(one) for one in value]
    return in_clear(value)


def _address(one: Address) -> dict[str, Any]:
    told: dict[str, Any] = {name: text.reveal() for name, text in one.texts}
    return told if one.default is None else {**told, "default": one.default}
