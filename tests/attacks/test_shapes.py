"""Personal data where nobody masks by the field: in tags, sources, reasons, and names of files."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import Unavailable
from reconciler.model.pseudonyms import Pseudonyms
from reconciler.model.shapes import shape_of
from reconciler.platforms.exchange import Received
from reconciler.platforms.http import TRACE_HEADERS, _plain
from tests.harness import KEY, opened, person
from tests.program import run

PERSONAL = (
    "ada@example.com",
    "ask ada@example.com first",
    "ada＠example.com",
    "ａｄａ@example.com",
    "ada@example。com",
    "ada\u200b@example.com",
    "ada%40example.com",
    "+86 133 1503 4487",
    "call +8613315034487 now",
    "+1 (202) 456-1111",
    "0049 30 901820",
    "13315034487",
    "１３３１５０３４４８７",
    "١٣٣١٥٠٣٤٤٨٧",
    "1\u200b3\u200b3\u200b1\u200b5\u200b0\u200b3\u200b4\u200b4\u200b8\u200b7",
    "1\ufe0f3\ufe0f3\ufe0f1\ufe0f5\ufe0f0\ufe0f3\ufe0f4\ufe0f4\ufe0f8\ufe0f7\ufe0f",
    "1\u200d3\u200d3\u200c15034487",
    "1\u20e33\u20e3315034487",
    "4111 1111 1111 1111",
    "110101199003071234",
    "078-05-1120",
    "list-1234567890",
)
NATIONAL = (
    ("US", "(202) 456-1111"),
    ("US", "202.456.1111"),
    ("GB", "020 7946 0018"),
    ("CN", "133 1503 4487"),
    ("CN", "133_1503_4487"),
    ("CN", "133\u00b71503\u00b74487"),
    ("CN", "133,1503,4487"),
    ("DE", "030 901820"),
    ("FR", "01 42 34 56 78"),
)
HARMLESS = (
    "vip",
    "seg:b2b",
    "forms/418",
    "letter 2026-17",
    "2026-11-26",
    "2026-11-26T10:11:12",
    "12 months",
    "v20250601",
    "wave 12/2026",
    "@team",
    "a@b",
    "order 123456",
    "50%",
    "",
)


@pytest.mark.parametrize("text", PERSONAL, ids=ascii)
def test_a_personal_shape_is_seen_however_it_is_written(text: str) -> None:
    assert shape_of(text) is not None
    assert Pseudonyms(KEY).text(text).startswith("text_")


@pytest.mark.parametrize(("region", "text"), NATIONAL)
def test_a_national_number_is_seen_where_its_country_is(region: str, text: str) -> None:
    assert shape_of(text, frozenset({region})) is not None
    assert Pseudonyms(KEY, (region,)).text(text).startswith("text_")


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_text_is_shown(text: str) -> None:
    assert shape_of(text, frozenset({"CN", "US", "DE"})) is None


@given(st.text(max_size=30))
def test_what_is_shown_has_no_shape(text: str) -> None:
    shown = Pseudonyms(KEY, ("CN",)).text(text)
    assert shape_of(shown, frozenset({"CN"})) is None or shown.startswith("text_")


PLACES = ("tags", "source", "wording", "evidence", "reason", "approval")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("text", ["ada@example.org", "ada＠example.org", "(202) 456-1111"])
def test_no_free_text_shows_it_and_each_is_warned_of(tmp_path: Path, place: str, text: str) -> None:
    grant: dict[str, Any] = {
        "state": "subscribed",
        "given_at": "2026-03-01T09:12:00Z",
        "source": "x",
        "method": "paper",
        "evidence": "x",
    }
    entry: dict[str, Any] = {"email": "a@example.com", "consent": {"email": grant}}
    gone: dict[str, Any] = {"email": "b@example.com", "state": "absent", "reason": "xxx"}
    approval = {"raise": {"create": 30}, "reason": "xxx", "until": "2026-01-01T00:00:00Z"}
    if place in grant or place == "wording":
        grant[place] = text
    elif place == "tags":
        entry["tags"] = [text]
    elif place == "reason":
        gone["reason"] = text
    else:
        approval["reason"] = text
    people = [person("a@example.com"), person("b@example.com")]
    with opened(tmp_path, "genstore", people) as shop:
        shop.settings = {"phone_region": "US"}
        shop.want(entry, gone, approvals=[approval])
        env = {"TOKEN": shop.box.token, "RECONCILER_KEY": KEY.decode()}
        plan = tmp_path / "plan.json"
        told = [run("validate", "--specs", shop.specs, env=env)]
        told.append(run("plan", "-v", "--specs", shop.specs, "--out", plan, env=env))
        told.extend(
            run("show", plan, "--format", form, env=env)
            for form in ("markdown", "html", "github", "gitlab", "csv", "json")
        )
        told.append(run("apply", plan, "-v", "--specs", shop.specs, env=env))
        told.append(run("audit", "log", "--format", "json", "--specs", shop.specs, env=env))
        assert plan.exists(), told[1].everything
        kept = plan.read_text() + shop.journal()

    assert "looks like" in told[0].out
    for one in told:
        assert one.code != 70, one.err
        assert text not in one.everything
        assert json.dumps(text)[1:-1] not in one.everything
    assert text not in kept


@pytest.mark.parametrize(
    "name", ["ada@example.com.yaml", "13315034487.yaml", "ada@example.com/a.yaml"]
)
def test_a_path_is_masked_part_by_part(tmp_path: Path, name: str) -> None:
    with opened(tmp_path, "genstore", [person("a@example.com")]) as shop:
        shop.want()
        file = shop.specs / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(
            "store: shop\ncustomers:\n  - {email: a@example.com, first_name: New}\n  - {email: x, tags: [x]}\n"
        )
        env = {"TOKEN": shop.box.token, "RECONCILER_KEY": KEY.decode()}
        bad = run("validate", "--specs", shop.specs, env=env)
        file.write_text("store: shop\ncustomers:\n  - {email: a@example.com, first_name: New}\n")
        plan = tmp_path / "plan.json"
        told = [
            bad,
            run("validate", "--specs", shop.specs),
            run("plan", "--specs", shop.specs, "--out", plan, env=env),
        ]
        told.append(run("show", plan, "--format", "github", env=env))
        told.append(run("apply", plan, "--specs", shop.specs, env=env))

    assert bad.code == 1
    for one in told:
        assert "ada@" not in one.everything
        assert "13315034487" not in one.everything
    assert "text_" in bad.out
    assert "warning[personal.in-file-name]" in bad.out
    assert "specs/text_" in told[2].out
    assert "ada@" not in plan.read_text()


@pytest.mark.parametrize(
    "trace", ["13315034487", "8613315034487", "0a1b2c3d-1331-5034-4870-123456789012"]
)
def test_a_trace_id_is_no_phone_number(trace: str) -> None:
    """Support asks for it, and it comes from the platform, not from a person."""
    received = Received(status=400, headers={TRACE_HEADERS[0]: trace}, content=b"")  # type: ignore[arg-type]
    shown = _plain(received.headers[TRACE_HEADERS[0]])
    error = Unavailable("the store failed", store="shop", trace=shown)

    assert f"(trace id {trace})" in str(error)
