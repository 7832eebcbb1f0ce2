"""The auditor's page: one file, nobody's data, hostile text inert, and usable when it is long."""

import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.diagnostics import SourceMark
from reconciler.plan.changes import Action
from reconciler.planfile.saved import SavedPlan
from reconciler.planfile.saved_change import SavedChange
from reconciler.report import html
from tests.browser import Browser, browser
from tests.harness import consent, grant, opened, person


def _plan(tmp_path: Path) -> SavedPlan:
    people = [
        person("out@example.com", consent={"email": consent("subscribed"), "sms": consent()}),
        person(),
        person(
            "held@example.com",
            consent={
                "email": consent("unsubscribed", "2026-10-01T00:00:00+00:00"),
                "sms": consent(),
            },
        ),
    ]
    with opened(tmp_path, "genstore", people) as shop:
        shop.settings = {"tags": {"owned": ["*"]}}
        shop.want(
            {"email": "out@example.com", "consent": {"email": "unsubscribed"}},
            {"email": "ada@example.com", "first_name": "New", "tags": ["vip", HOSTILE]},
            {"email": "held@example.com", "consent": {"email": grant()}},
            {"email": "new@example.com", "consent": {"email": grant(source="kiosk7")}},
        )
        return shop.saved(read="full")


HOSTILE = "</script><img src=x onerror=alert(1)>"


def _many(plan: SavedPlan, count: int) -> SavedPlan:
    """The same plan with many changes of many kinds."""
    changes = [one for one in plan.changes if one.action is Action.UPDATE]
    more = (replace(changes[n % len(changes)], alias=f"cus_{n:010}") for n in range(count))
    return replace(plan, changes=tuple(more))


def _of(change: SavedChange, file: str) -> SavedChange:
    fields = (replace(one, mark=SourceMark(file, one.mark.line)) for one in change.fields)
    return replace(change, fields=tuple(fields))


def test_the_page_is_whole_in_itself(tmp_path: Path) -> None:
    page = html.render(_plan(tmp_path), {})

    assert not re.search(r"<[a-z]+ [^>]*(src|href)=", page)
    assert "http://" not in page
    assert "https://" not in page
    assert "default-src 'none'" in page


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    page = html.render(_plan(tmp_path), {"base": "https://forge.example/x/blob/abc"})

    assert "<img" not in page
    assert page.count("</script>") == 2
    assert "\u202e" not in page


def test_lines_are_linked_to_the_commit_where_one_is_known(tmp_path: Path) -> None:
    plan = _plan(tmp_path)
    plan = replace(plan, changes=tuple(_of(one, "specs/all.yaml") for one in plan.changes))
    page = html.render(plan, {"base": "https://forge.example/x/blob/abc"})

    assert re.search(r'"link":"https://forge.example/x/blob/abc/[^"]+#L\d+"', page)


def test_twenty_thousand_changes_make_a_file_of_some_megabytes(tmp_path: Path) -> None:
    page = html.render(_many(_plan(tmp_path), 20_000), {})

    assert len(page) < 12_000_000


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with browser(tmp_path_factory.mktemp("chromium")) as found:
        yield found


def _opened(chromium: Browser, tmp_path: Path, plan: SavedPlan, *, dark: bool = False) -> Path:
    page = tmp_path / "plan.html"
    page.write_text(html.render(plan, {}), encoding="utf-8")
    chromium.troubles.clear()
    chromium.requests.clear()
    chromium.open(page, dark=dark)
    return page


_ROWS = "[...document.querySelectorAll('#list tbody tr')].map(row => row.innerText)"
_SHOWN = "document.getElementById('shown').textContent"


def _choose(chromium: Browser, name: str, value: str) -> None:
    chromium.run(
        f"(() => {{ const one = document.forms[0].elements[{name!r}]; one.value = {value!r};"
        "one.dispatchEvent(new Event('input', {bubbles: true})); })()"
    )


@pytest.mark.browser
@pytest.mark.parametrize("dark", [False, True])
def test_the_page_opens_from_disk_without_errors_or_requests(
    chromium: Browser, tmp_path: Path, dark: bool
) -> None:
    page = _opened(chromium, tmp_path, _plan(tmp_path), dark=dark)

    assert chromium.troubles == []
    assert [one for one in chromium.requests if one != page.as_uri()] == []
    paper = chromium.run("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", paper)[:3])) < 200) is dark
    assert len(chromium.run(_ROWS)) == 6


@pytest.mark.browser
def test_the_list_is_filtered_and_searched(chromium: Browser, tmp_path: Path) -> None:
    _opened(chromium, tmp_path, _plan(tmp_path))

    _choose(chromium, "class", "withdraw")
    assert len(chromium.run(_ROWS)) == 1
    assert chromium.run(_SHOWN) == "1 of 6 shown"
    _choose(chromium, "class", "")
    _choose(chromium, "rule", "consent.newer-opt-out")
    assert len(chromium.run(_ROWS)) == 1
    _choose(chromium, "rule", "")
    _choose(chromium, "field", "tags")
    assert "+vip" in chromium.run(_ROWS)[0]
    _choose(chromium, "field", "")
    _choose(chromium, "search", "KIOSK7")
    (row,) = chromium.run(_ROWS)
    assert "source kiosk7" in row
    chromium.run("document.querySelector('button[type=reset]').click()")
    assert chromium.run("new Promise(done => setTimeout(() => done(0), 50))") == 0
    assert len(chromium.run(_ROWS)) == 6
    assert chromium.troubles == []


@pytest.mark.browser
def test_the_keyboard_is_enough(chromium: Browser, tmp_path: Path) -> None:
    _opened(chromium, tmp_path, _plan(tmp_path))

    chromium.press("/")
    assert chromium.run("document.activeElement.name") == "search"
    chromium.press("v", "i", "p")
    assert len(chromium.run(_ROWS)) == 1
    chromium.press("Tab")
    assert chromium.run("document.activeElement.tagName") in ("SELECT", "BUTTON")


@pytest.mark.browser
def test_twenty_thousand_changes_are_usable(chromium: Browser, tmp_path: Path) -> None:
    plan = _many(_plan(tmp_path), 20_000)
    start = time.monotonic()
    _opened(chromium, tmp_path, plan)
    opened_in = time.monotonic() - start

    took = chromium.run(
        "(() => { const start = performance.now(); const one = document.forms[0].elements.search;"
        "one.value = 'cus_0000019'; one.dispatchEvent(new Event('input', {bubbles: true}));"
        "return performance.now() - start; })()"
    )
    shown = chromium.run(_SHOWN)
    chromium.run("document.forms[0].reset()")
    chromium.run("new Promise(done => setTimeout(done, 50))")
    chromium.run("document.getElementById('on').click()")

    print(f"20,000 changes: opened in {opened_in:.1f} s, searched in {took:.0f} ms")  # noqa: T201
    assert len(chromium.run(_ROWS)) == 200
    assert chromium.run("document.getElementById('pages').textContent").startswith("page 2 of ")
    assert shown.split()[0] != shown.split()[2]
    assert chromium.troubles == []


@pytest.mark.browser
def test_printing_shows_every_row(chromium: Browser, tmp_path: Path) -> None:
    _opened(chromium, tmp_path, _many(_plan(tmp_path), 450))

    chromium.run("dispatchEvent(new Event('beforeprint'))")
    assert len(chromium.run(_ROWS)) > 450
    chromium.run("dispatchEvent(new Event('afterprint'))")
    assert len(chromium.run(_ROWS)) == 200


@pytest.mark.browser
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [390, 1280])
def test_a_phone_and_a_desk_show_all_of_it(
    chromium: Browser, tmp_path: Path, width: int, dark: bool
) -> None:
    page = _opened(chromium, tmp_path, _plan(tmp_path))
    chromium.open(page, dark=dark, width=width)

    assert chromium.run("document.documentElement.scrollWidth") <= width
    small = chromium.run(
        "[...document.querySelectorAll('.picture *, td, dd, p')].filter("
        "one => one.textContent && parseFloat(getComputedStyle(one).fontSize) < 12).length"
    )
    assert small == 0
    bars = chromium.run(
        "[...document.querySelectorAll('.picture rect.before')].map("
        "one => one.getBoundingClientRect().width)"
    )
    assert max(bars) > 150
    cut = chromium.run(
        "[...document.querySelectorAll('td, dd, h1, .card')].filter("
        "one => one.scrollWidth > one.clientWidth + 1).map(one => one.textContent)"
    )
    assert cut == []
    assert chromium.troubles == []


@pytest.mark.browser
def test_names_in_backticks_are_code_in_table_and_list(chromium: Browser, tmp_path: Path) -> None:
    _opened(chromium, tmp_path, _plan(tmp_path))

    found = chromium.run("[...document.querySelectorAll('td code')].map(one => one.textContent)")
    assert found.count("given_at") == 2
    assert "`" not in chromium.run("document.body.innerText")


@pytest.mark.browser
def test_deletes_and_opt_ins_stand_before_tags(chromium: Browser, tmp_path: Path) -> None:
    _opened(chromium, tmp_path, _plan(tmp_path))

    kinds = chromium.run("[...document.querySelectorAll('#list tbody tr')].map(o => o.className)")
    assert kinds == ["withdraw", "grant", "create", "profile", "tag", "hold"]
    cards = chromium.run("[...document.querySelectorAll('.card')].map(o => o.innerText)")
    assert [one.split("\n")[1] for one in cards[:3]] == ["opt-outs", "deletes", "opt-ins"]
