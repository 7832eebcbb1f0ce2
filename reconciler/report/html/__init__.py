"""A plan as one HTML file for the auditor: no network, searchable, printable, in both themes.

Every text is escaped by the template, the list is JSON that a script puts into text nodes, and a
policy in the page forbids everything else.
"""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Final

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from reconciler.planfile.saved import SavedPlan
from reconciler.report import phrases
from reconciler.report.html.view import TONES, Place, page_of, place_of
from reconciler.report.items import items
from reconciler.report.lines import code_spans
from reconciler.report.plain import plain


def render(plan: SavedPlan, link: Mapping[str, str]) -> str:
    """`link` may hold `base`, the address that the files of the specs are below."""
    style, script = (_asset(name) for name in ("style.css", "script.js"))
    security = "; ".join(
        (
            "default-src 'none'",
            f"script-src {_hash(script)}",
            f"style-src {_hash(style)}",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    return _TEMPLATES.from_string(_asset("page.html.jinja")).render(
        security=_ours(security),
        style=_ours(style),
        script=_ours(script),
        rows=_ours(_json(list(_rows(plan, link)))),
        page=page_of(plan, link),
    )


def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _ours(text: str) -> Markup:
    """What we have written ourselves, or made safe for where it stands."""
    return Markup(text)  # noqa: S704


def _json(value: object) -> str:
    """JSON that cannot end the element it stands in."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _harmless(value: object) -> object:
    """Whatever is put into the page: text of strangers turns nothing round."""
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _coded(text: str) -> Markup:
    """A sentence of ours, with its names in backticks as code."""
    return Markup().join(
        Markup("<code>{}</code>").format(part) if is_code else part
        for is_code, part in code_spans(plain(text))
    )


_TEMPLATES: Final = Environment(
    autoescape=True,
    finalize=_harmless,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters["coded"] = _coded


def _rows(plan: SavedPlan, link: Mapping[str, str]) -> Iterator[dict[str, object]]:
    """Changes in the order of reading, then verdicts."""
    rules: dict[str, set[str]] = {}
    for one in plan.verdicts:
        rules.setdefault(one.alias or "", set()).add(one.rule)
    order = list(phrases.RISKS)
    for item in sorted(items(plan, {}), key=lambda one: order.index(one.risk)):
        yield {
            "kind": item.risk.value,
            "title": phrases.RISKS[item.risk],
            "tone": TONES.get(item.risk.value, ""),
            "sign": item.sign,
            "who": item.customer,
            "what": plain(item.what),
            "evidence": plain("; ".join(filter(None, (_cause(item.cause), item.evidence)))),
            "store": item.store,
            "cause": item.cause,
            "fields": item.fields,
            "rules": sorted(rules.get(item.customer, ())),
            **_placed(place_of(item.mark, link)),
        }
    for one in plan.verdicts:
        lift = phrases.lift(one)
        yield {
            "kind": phrases.state(one),
            "title": phrases.state(one),
            "tone": TONES.get(one.level.value, "soft"),
            "sign": "!",
            "who": one.alias or "",
            "what": plain(f"{one.rule}: {one.message}"),
            "evidence": plain(f"lifted by: {lift}") if lift else "",
            "store": one.store,
            "cause": one.cause or "",
            "fields": (),
            "rules": [one.rule],
            **_placed(place_of(one.mark, link)),
        }


def _cause(cause: str) -> str:
    return f"cause: {cause}" if cause else ""


def _placed(place: Place) -> dict[str, str]:
    return {"place": plain(place.text), "link": place.link}
