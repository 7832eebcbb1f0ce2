"""Texts that want a terminal or a runner to obey them, wherever they come from."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cli.voice import Voice
from reconciler.report.lines import as_json
from reconciler.report.plain import plain
from tests.harness import KEY, VARIANTS, consent, opened, person
from tests.program import Done, run

TALKING = (
    "::error file=x::boo",
    "::stop-commands::token",
    "\n::set-output name=a::b",
    "\r\n::add-mask::x",
    " ::warning::x",
    "##[error]boo",
    "x ##[command]id",
    "##vso[task.setvariable variable=a]b",
    "\x1b[2J\x1b[31mred",
    "\x1b]0;title\x07",
    "\x1b]8;;https://evil.example\x07link\x1b]8;;\x07",
    "\x9b31m",
    "\u202eevil",
    "\u2066x\u2069",
    "\u200bx",
    "\ufeffx",
    "a\x00b",
    "a\x08\x08b",
    "\x7f",
    "\u2028::error::x",
    "\x85::error::x",
    "section_start:1:a\r\x1b[0K",
    "\U000e0001",
    "\ud800",
)
_ANNOTATION = re.compile(
    r"::(error|warning|notice) title=[^:,\s]+(,file=[^:,]*,line=\d+,col=\d+)?::[^\x00-\x1f]*"
)


def assert_harmless(told: str, *, annotations: bool = False) -> None:
    for line in told.split("\n"):
        assert all(one.isprintable() or one == "\t" for one in line), ascii(line)
        assert "##[" not in line
        assert "##vso[" not in line
        if line.strip().startswith(":"):
            assert annotations, line
            assert _ANNOTATION.fullmatch(line), line


@given(st.lists(st.one_of(st.text(max_size=12), st.sampled_from(TALKING)), max_size=6))
def test_nothing_that_is_said_acts(pieces: list[str]) -> None:
    stream = io.StringIO()
    voice = Voice(stream)
    for one in pieces:
        print(one, file=voice)

    assert_harmless(stream.getvalue())


@given(
    st.lists(
        st.sampled_from((":", "::", " ", "#", "##", "\n", "error", "x", "\t", "[")), max_size=12
    )
)
def test_a_line_that_comes_in_pieces_begins_no_command(pieces: list[str]) -> None:
    stream = io.StringIO()
    voice = Voice(stream)
    for one in pieces:
        voice.write(one)

    assert not any(line.strip().startswith("::") for line in stream.getvalue().split("\n"))


@given(
    st.recursive(
        st.one_of(st.text(max_size=20), st.sampled_from(TALKING)),
        lambda inner: st.lists(inner, max_size=4),
    )
)
def test_json_says_the_same_and_is_harmless(value: Any) -> None:
    told = as_json(value)

    assert json.loads(told) == value
    assert_harmless(told)


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colours_pass_on_a_terminal_and_nothing_else() -> None:
    stream = _Terminal()
    Voice(stream).write("\x1b[31mred\x1b[0m \x1b[2J\x1b]0;t\x07\n")

    assert stream.getvalue() == "\x1b[31mred\x1b[0m \\u001b[2J\\u001b]0;t\\u0007\n"


def test_stranger_text_cannot_style_itself() -> None:
    assert plain("\x1b[31mred") == "\\u001b[31mred"


def everything_said(folder: Path, url: str, box: Any, specs: Path) -> list[tuple[Done, bool]]:
    secrets = {"TOKEN": box.token, "RECONCILER_KEY": KEY.decode()}
    plan = folder / "plan.json"

    def call(*words: object) -> Done:
        return run(*words, "--specs", specs, env=secrets)

    found = [
        (call("validate", "--format", form), form == "github")
        for form in ("text", "json", "github", "sarif")
    ]
    found.append((call("plan", "-v", "--out", plan), False))
    if plan.exists():
        found.extend(
            (call("show", plan, "--format", form, "-v"), form == "github")
            for form in ("text", "markdown", "json", "html", "github", "gitlab", "csv")
        )
        found.append((call("show", plan, "--steps"), False))
        found.append((call("apply", plan, "-v"), False))
        found.append((call("apply", plan, "--resume", "--format", "json"), False))
    found.append((call("explain", "a@example.com"), False))
    found.append((call("audit", "log"), False))
    found.append((call("audit", "log", "--format", "json"), False))
    found.append((call("stores"), False))
    return found


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_a_store_says_acts_nowhere(tmp_path: Path, variant: str) -> None:
    people = [
        person(
            "a@example.com",
            tags=[*TALKING],
            note=TALKING[0],
            first_name="::error::x",
            consent={
                "email": consent("unsubscribed", "2026-10-20T00:00:00+00:00"),
                "sms": consent(),
            },
        ),
        *(
            person(f"p{number}@example.com", tags=[text], note=text)
            for number, text in enumerate(TALKING)
        ),
    ]
    with opened(tmp_path, variant, people) as shop:
        shop.settings = {"tags": {"owned": ["*"]}}
        shop.want(
            {"email": "a@example.com", "tags": ["vip"], "consent": {"email": "subscribed"}},
            *({"email": f"p{number}@example.com", "tags": []} for number in range(len(TALKING))),
            approvals=[
                {
                    "release": "consent.undated-opt-out",
                    "reason": "##[x] ::error::",
                    "until": "2026-01-01T00:00:00Z",
                }
            ],
        )
        for done, annotations in everything_said(tmp_path, shop.url, shop.box, shop.specs):
            assert done.code != 70, done.err
            assert_harmless(done.out, annotations=annotations)
            assert_harmless(done.err)


SPOKEN = (
    "a tag",
    "a reason",
    "a source",
    "evidence",
    "a key",
    "a name of a store",
    "a description",
)


@pytest.mark.parametrize("text", TALKING, ids=ascii)
@pytest.mark.parametrize("place", SPOKEN)
def test_what_a_spec_says_acts_nowhere(tmp_path: Path, place: str, text: str) -> None:
    specs = tmp_path / "specs"
    specs.mkdir()
    store = {
        "platform": "genstore",
        "shop": "acme",
        "token": {"env": "TOKEN"},
        "base_url": "http://127.0.0.1:9",
    }
    name = text if place == "a name of a store" else "shop"
    grant = {
        "state": "subscribed",
        "given_at": "2026-03-01T09:12:00Z",
        "source": text if place == "a source" else "x",
        "evidence": text if place == "evidence" else "x",
    }
    document: dict[str, Any] = {
        "stores": {name: store},
        "store": name,
        "customers": [
            {
                "email": "a@example.com",
                "tags": [text if place == "a tag" else "x"],
                "consent": {"email": grant},
            },
            {
                "email": "b@example.com",
                "state": "absent",
                "reason": text if place == "a reason" else "x",
            },
        ],
        "tags": [{"name": "vip", "description": text if place == "a description" else "x"}],
    }
    if place == "a key":
        document["customers"][0][text] = 1
    (specs / "a.yaml").write_text(json.dumps(document))
    for form in ("text", "json", "github", "sarif"):
        done = run("validate", "--specs", specs, "--format", form)
        assert done.code in (0, 1), done.err
        assert_harmless(done.out, annotations=form == "github")
        assert_harmless(done.err)
    done = run("plan", "--specs", specs, env={"TOKEN": "t", "RECONCILER_KEY": "k" * 40})
    assert done.code == 1
    assert_harmless(done.out)
    assert_harmless(done.err)
