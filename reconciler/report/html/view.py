"""What the page shows, as values that the template only has to place."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from reconciler.report import phrases, settings
from reconciler.report.links import source_link
from reconciler.report.phrases import Json
from reconciler.report.text import LEGEND

TONES: Final = {
    "withdraw": "warn",
    "create": "good",
    "grant": "good",
    "delete": "bad",
    "block": "bad",
    "hold": "warn",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a spec; both are empty where there is none, `link` where its address is unknown."""

    text: str = ""
    link: str = ""


def place_of(file: str, line: int, link: Mapping[str, str]) -> Place:
    return Place(f"{file}:{line}", source_link(file, line, link) or "") if file else Place()


def page_of(body: Json, link: Mapping[str, str]) -> Json:
    """Everything but the list, by the names that the template knows."""
    standing = phrases.standing(body)
    good = standing in (phrases.READY, phrases.NO_CHANGES)
    grades = any("grade " in one.what for one in phrases.items(body, {}))
    return {
        "id": phrases.plan_id(body),
        "standing": standing,
        "tone": "good"
        if good
        else "warn"
        if standing.startswith(("incomplete", phrases.NO_CHANGES))
        else "bad",
        "gaps": [
            {"name": name, "what": what, "why": why} for name, what, why in phrases.gaps(body)
        ],
        "owed": [_owed(one, link) for one in phrases.owed(body)],
        "settings": {
            "under": settings.under(body) if settings.changed(body) else "",
            "changed": [_remark(one, link) for one in settings.changed(body)],
            "lifted": [_remark(one, link) for one in settings.lifted(body)],
        },
        "totals": phrases.totals(body),
        "duration": phrases.sentence(phrases.duration(body)),
        "messages": phrases.messages(body),
        "facts": list(_facts(body)),
        "cards": list(_cards(body)),
        "audience": list(_audience(body)),
        "stores": [_store(one) for one in body["stores"]],
        "verdicts": list(_verdicts(body["verdicts"], link)),
        "legend": f"{LEGEND}. {phrases.GRADES}" if grades else LEGEND,
    }


def _owed(one: Json, link: Mapping[str, str]) -> Json:
    return {
        "known": one["acknowledged"],
        "store": one["store"],
        "customer": one["customer"],
        "message": one["message"],
        "place": place_of(one["source"]["file"], one["source"]["line"], link),
    }


def _remark(one: settings.Remark, link: Mapping[str, str]) -> Json:
    return {"text": one.text, "place": place_of(one.file, one.line, link)}


def _facts(body: Json) -> Iterator[Json]:
    """Which plan this is, of which commit, under whose settings, and who had it made."""
    told = body["provenance"]
    request = told["pull_request"]
    by = f" by {told['author']}" if request and told["author"] else ""
    at = f" at {told['head']}" if request and told["head"] else ""
    commit = told["commit"] or "not known"
    differs = phrases.is_uncommitted(body)
    tool = f"{body['tool']['name']} {body['tool']['version']}"
    base = body["spec"]["base"]
    rows = (
        ("plan", phrases.plan_id(body), ""),
        ("made", f"{body['created_at'][:16]} UTC by {tool}", ""),
        ("valid until", f"{body['expires_at'][:16]} UTC", ""),
        ("commit", f"{commit}; NOT COMMITTED: the files differ from it" if differs else commit,
         "bad" if differs else ""),
        ("settings", f"of the base {base}" if base else "at hand", ""),
        ("pull request", f"{request}{by}{at}" if request else "", ""),
        ("planned by", told["actor"] or "", ""),
        ("specs", f"{body['spec']['digest'][:16]}, {body['spec']['files']} files", ""),
    )  # fmt: skip
    for title, text, tone in rows:
        if text:
            yield {"title": title, "text": text, "tone": tone}


def _cards(body: Json) -> Iterator[Json]:
    summary = body["summary"]
    for risk, title in phrases.RISKS.items():
        count = summary["classes"][risk]
        yield {
            "title": title,
            "count": f"{count:,}",
            "tone": TONES.get(risk, "") if count else "soft",
        }
    yield {"title": "held", "count": f"{summary['held']:,}", "tone": ""}
    yield {"title": "unchanged", "count": f"{summary['unchanged']:,}", "tone": "soft"}


def _audience(body: Json) -> Iterator[Json]:
    """Two bars for each store and channel; no bars where the size is not known."""
    every = [
        (store, phrases.CHANNELS[channel], one)
        for store, channels in body["summary"]["audience"].items()
        for channel, one in channels.items()
    ]
    sizes = [one[name] or 0 for _, _, one in every for name in ("before", "after")]
    most = max([1, *sizes])
    for store, channel, one in every:
        known = one["before"] is not None
        yield {
            "store": store,
            "channel": channel,
            "change": f"{one['change']:+,}",
            "bars": [_bar(name, one, most) for name in ("before", "after")] if known else [],
        }


def _bar(name: str, one: Json, most: int) -> Json:
    moved = f"{one['change']:+,}" if one["change"] else "no change"
    text = f"{one[name]:,} {name}{f' ({moved})' if name == 'after' else ''}"
    return {"kind": name, "width": f"{max(0.5, 100 * one[name] / most):.1f}", "text": text}


def _store(store: Json) -> Json:
    return {
        "name": store["name"],
        "platform": f"{store['platform']} {store['api_version']}",
        "reading": "not read" if store["error"] else phrases.receipt(store),
        "tone": "bad" if store["error"] else "",
        "notes": list((store["receipt"] or {}).get("notes", ())),
    }


def _verdicts(verdicts: Sequence[Json], link: Mapping[str, str]) -> Iterator[Json]:
    """Alike ones folded, with the first customers and the first place."""
    for key, group in phrases.folded(verdicts).items():
        sources = [one["source"] for one in group if one["source"]]
        yield {
            "state": key.state,
            "tone": TONES.get(key.state, "soft"),
            "store": key.store,
            "rule": key.rule,
            "message": key.message,
            "lift": key.lift,
            "who": phrases.names([one["customer"] for one in group if one["customer"]]),
            "place": place_of(sources[0]["file"], sources[0]["line"], link) if sources else Place(),
            "more": f" and {len(sources) - 1} more" if len(sources) > 1 else "",
        }
