"""A plan as one HTML file for the auditor: no network, searchable, printable, in both themes.

The page is built from values that are escaped here, and its list from JSON that a script puts into
text nodes; a policy in the page forbids everything else.
"""

import base64
import hashlib
import html
import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any, Final

from reconciler.report import describe, settings
from reconciler.report.describe import Json
from reconciler.report.lines import plain
from reconciler.report.links import source_link
from reconciler.report.text import LEGEND

_TONES: Final = {
    "withdraw": "warn",
    "create": "good",
    "grant": "good",
    "delete": "bad",
    "block": "bad",
    "hold": "warn",
}
_BAR: Final = 420


def render(body: Json, link: Mapping[str, str]) -> str:
    """`link` may hold `base`, the address that the files of the specs are below."""
    style, script = (_asset(name) for name in ("style.css", "script.js"))
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src {_hash(script)}",
            f"style-src {_hash(style)}",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>Customer plan {_text(describe.plan_id(body))}</title>",
            f"<style>{style}</style>",
            "</head>",
            "<body>",
            *_head(body),
            *_settings(body, link),
            *_audience(body),
            *_stores(body),
            *_verdicts(body),
            *_list(),
            f'<script type="application/json" id="rows">{_json(list(_rows(body, link)))}</script>',
            f"<script>{script}</script>",
            "</body>",
            "</html>",
            "",
        )
    )


def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _text(value: object) -> str:
    return html.escape(plain(str(value)))


def _json(value: object) -> str:
    """JSON that cannot end the element it stands in."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _head(body: Json) -> Iterator[str]:
    summary = body["summary"]
    state = describe.standing(body)
    good = state in (describe.READY, describe.NO_CHANGES)
    tone = "good" if good else "warn" if state.startswith("incomplete") else "bad"
    owed = describe.owed(body)
    yield f'<h1>Customer plan <span class="state {tone}">{state}</span></h1>'
    for name, why in describe.not_read(body):
        yield f'<p class="bad">{_text(name)} was not read: {_text(why)}</p>'
    for one in owed:
        known = "Known: " if one["acknowledged"] else ""
        place = f"{one['source']['file']}:{one['source']['line']}"
        yield (
            f'<p class="{"warn" if known else "bad"}">{known}{_text(one["store"])}: '
            f"<code>{_text(one['customer'])}</code> {_text(place)}: {_text(one['message'])}</p>"
        )
    if settings.changed(body):
        yield f'<p class="bad">{_text(settings.under(body))}.</p>'
    yield f"<p>{_text(describe.totals(body))}.</p>"
    if takes := describe.duration(body):
        yield f'<p class="soft">{_text(takes[0].upper() + takes[1:])}.</p>'
    if sent := describe.messages(body):
        yield f'<p class="warn">{_text(sent)}</p>'
    yield (
        f'<p class="soft">Plan <code>{_text(describe.plan_id(body))}</code>, made '
        f"{_text(body['created_at'][:16])} UTC by {_text(body['tool']['name'])} "
        f"{_text(body['tool']['version'])}, valid until {_text(body['expires_at'][:16])} UTC. "
        f"Specs <code>{_text(body['spec']['digest'][:16])}</code>, "
        f"{_text(body['spec']['files'])} files, {_text(settings.source(body))}, "
        f"{_text(describe.made_from(body))}.</p>"
    )
    yield '<p class="soft">Nobody\'s data is in this file: customers have aliases.</p>'
    yield '<div class="cards">'
    for risk, count in summary["classes"].items():
        title = _text(describe.RISKS[risk])
        tone = _TONES.get(risk, "") if count else "soft"
        yield f'<div class="card {tone}"><b>{count:,}</b>{title}</div>'
    yield f'<div class="card"><b>{summary["held"]:,}</b>held</div>'
    yield f'<div class="card soft"><b>{summary["unchanged"]:,}</b>unchanged</div>'
    yield "</div>"


def _settings(body: Json, link: Mapping[str, str]) -> Iterator[str]:
    for title, remarks in (
        ("Settings that this would change", settings.changed(body)),
        ("Limits that are lifted or not the default", settings.lifted(body)),
    ):
        if not remarks:
            continue
        yield f"<h2>{title}</h2>"
        yield "<ul>"
        for one in remarks:
            address = source_link(one.file, one.line, link)
            place = f'<a href="{html.escape(address)}">{_text(one.place)}</a>' if address else ""
            yield f"<li>{_text(one.text)} {place or _text(one.place)}</li>"
        yield "</ul>"


def _audience(body: Json) -> Iterator[str]:
    """Two bars for each store and channel; where the size is not known, the change in words."""
    lines = [
        (store, describe.CHANNELS[channel], one)
        for store, channels in body["summary"]["audience"].items()
        for channel, one in channels.items()
    ]
    if not lines:
        return
    most = max((one["before"] or 0 for _, _, one in lines), default=0)
    most = max([most, 1, *(one["after"] or 0 for _, _, one in lines)])
    height = 46 * len(lines) + 8
    yield "<h2>Who is subscribed, before and after</h2>"
    yield '<div class="picture">'
    yield (
        f'<svg viewBox="0 0 860 {height}" width="860" height="{height}" role="img" '
        'aria-label="Subscribers by store and channel, before and after">'
    )
    for place, (store, title, one) in enumerate(lines):
        top = 46 * place + 8
        yield f'<text x="0" y="{top + 14}">{_text(store)}</text>'
        yield f'<text x="0" y="{top + 30}" class="dim">{title}</text>'
        if one["before"] is None:
            words = f"{one['change']:+,}, of a number that was not read"
            yield f'<text x="190" y="{top + 21}">{words}</text>'
            continue
        for offset, name in ((0, "before"), (18, "after")):
            width = max(1, round(one[name] / most * _BAR))
            yield (
                f'<rect x="190" y="{top + offset}" width="{width}" height="14" rx="2" '
                f'class="{name}"/>'
            )
            told = f"{one[name]:,} {name}"
            moved = f"{one['change']:+,}" if one["change"] else "no change"
            told += f" ({moved})" if name == "after" else ""
            yield f'<text x="{198 + width}" y="{top + offset + 12}">{told}</text>'
    yield "</svg></div>"


def _stores(body: Json) -> Iterator[str]:
    yield "<h2>Stores</h2>"
    yield "<table><thead><tr><th>store</th><th>platform</th><th>reading</th></tr></thead><tbody>"
    for store in body["stores"]:
        told = _text("not read" if store["error"] else describe.receipt(store))
        tone = ' class="bad"' if store["error"] else ""
        notes = "".join(
            f'<div class="warn">{_text(note)}</div>'
            for note in (store["receipt"] or {}).get("notes", ())
        )
        platform = f"{_text(store['platform'])} {_text(store['api_version'])}"
        yield (
            f'<tr><td class="name">{_text(store["name"])}</td><td>{platform}</td>'
            f"<td{tone}>{told}{notes}</td></tr>"
        )
    yield "</tbody></table>"


def _verdicts(body: Json) -> Iterator[str]:
    groups: dict[tuple[str, ...], int] = {}
    for one in body["verdicts"]:
        state = "released" if one["released"] else one["level"]
        key = (state, one["store"], one["rule"], one["message"], describe.lift(one))
        groups[key] = groups.get(key, 0) + 1
    if not groups:
        return
    yield "<h2>Verdicts</h2>"
    heads = "".join(
        f"<th>{title}</th>" for title in ("verdict", "store", "rule", "what", "times", "lifted by")
    )
    yield f"<table><thead><tr>{heads}</tr></thead><tbody>"
    for (state, store, rule, message, lift), count in groups.items():
        tone = _TONES.get(state, "soft")
        names = "".join(f'<td class="name">{_text(cell)}</td>' for cell in (store, rule))
        cells = "".join(f"<td>{_text(cell)}</td>" for cell in (message, count, lift))
        yield f'<tr><td class="{tone}"><b>{_text(state)}</b></td>{names}{cells}</tr>'
    yield "</tbody></table>"


def _list() -> Iterator[str]:
    yield "<h2>Every change and every verdict</h2>"
    yield f'<p class="soft">{_text(LEGEND)}. {_text(describe.GRADES)}.</p>'
    yield '<form id="filters" role="search">'
    yield (
        '<label class="wide">search (press /)'
        '<input type="search" name="search" autocomplete="off"></label>'
    )
    for name in ("store", "class", "cause", "rule", "field"):
        yield f'<label>{name}<select name="{name}"><option value="">all</option></select></label>'
    yield '<button type="reset">show all</button>'
    yield "</form>"
    yield (
        '<div class="pager"><button type="button" id="back">previous</button>'
        '<button type="button" id="on">next</button><span id="pages"></span>'
        '<span id="shown" role="status" aria-live="polite"></span></div>'
    )
    heads = "".join(f"<th>{title}</th>" for title in ("", "customer", "what", "store", "source"))
    yield f'<table id="list"><thead><tr>{heads}</tr></thead><tbody></tbody></table>'
    yield "<noscript><p>The list needs scripts; all else on this page does not.</p></noscript>"


def _rows(body: Json, link: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    rules: dict[str, list[str]] = {}
    for one in body["verdicts"]:
        rules.setdefault(one["customer"] or "", []).append(one["rule"])
    for item in describe.items(body, {}):
        yield {
            "kind": item.risk,
            "title": describe.RISKS[item.risk],
            "tone": _TONES.get(item.risk, ""),
            "sign": item.sign,
            "who": item.customer,
            "what": plain(item.what),
            "evidence": plain(item.evidence),
            "store": item.store,
            "cause": item.cause,
            "fields": list(item.fields),
            "rules": sorted(set(rules.get(item.customer, ()))),
            **_place(item.source, item.line, link),
        }
    for one in body["verdicts"]:
        source = one["source"] or {"file": "", "line": 0}
        yield {
            "kind": "released" if one["released"] else one["level"],
            "title": "released" if one["released"] else one["level"],
            "tone": _TONES.get(one["level"], "soft"),
            "sign": "!",
            "who": one["customer"] or "",
            "what": plain(f"{one['rule']}: {one['message']}"),
            "evidence": plain(f"lifted by: {lift}") if (lift := describe.lift(one)) else "",
            "store": one["store"],
            "cause": "",
            "fields": [],
            "rules": [one["rule"]],
            **_place(source["file"], source["line"], link),
        }


def _place(file: str, line: int, link: Mapping[str, str]) -> dict[str, str]:
    if not file:
        return {"place": "", "link": ""}
    return {"place": plain(f"{file}:{line}"), "link": source_link(file, line, link) or ""}
