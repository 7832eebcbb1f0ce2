"""How the program looks and answers: colours only for whoever has them, one kind of error, and typos."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cli import cli
from reconciler.report.excerpt import Vocabulary, excerpt
from reconciler.schemas import keys_and_words
from tests.leaks import canaries
from tests.program import run
from tests.terminal import at_terminal

BAD = """\
stores:
  acme: {platform: genstor, shop: acme, token: {env: T}}
store: acme
customers:
  - email: ada@example.com
    consent: {email: {state: subscribd, given_at: 2026-03-01T09:12:00+00:00, source: the checkout page}}
"""


@pytest.fixture
def specs(tmp_path: Path) -> Path:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "a.yaml").write_text(BAD)
    return tmp_path / "specs"


@pytest.mark.parametrize("columns", [60, 80, 140])
def test_a_complaint_has_its_line_and_a_caret_and_words_stay_whole(
    specs: Path, columns: int
) -> None:
    told, code = at_terminal("validate", specs, columns=columns)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", told)

    assert code == 1
    assert "\x1b[31m" in told
    assert "ada" not in plain
    lines = plain.split("\n")
    place = next(at for at, one in enumerate(lines) if one.startswith("  2 | "))
    whole = "  2 |   ••••: {platform: genstor, shop: ••••, token: {env: •}}"
    assert lines[place] == whole or lines[place] == f"{whole[: len(lines[place]) - 1]}…"
    assert lines[place].index("genstor") == lines[place + 1].index("^")
    paths = str(specs).split("/")[-2]
    long = [one for one in lines if len(one) > columns and paths not in one]
    assert long == []
    words = set(re.findall(r"[a-z`]{4,}", " ".join(run("validate", specs).out.split())))
    assert words <= set(re.findall(r"[a-z`]{4,}", " ".join(plain.split())))


@pytest.mark.parametrize(
    ("words", "env"),
    [(("--no-color",), {}), ((), {"NO_COLOR": "1"}), ((), {"TERM": "dumb"}), ((), {"CI": "1"})],
)
def test_no_colours_where_they_are_not_wanted(
    specs: Path, words: tuple[str, ...], env: dict[str, str]
) -> None:
    told, _ = at_terminal("validate", specs, *words, columns=80, env=env)

    # A bar that a slow machine shows moves the cursor, and paints nothing.
    assert re.search(r"\x1b\[[\d;]*m", told) is None
    assert ("^" in told) is ("CI" not in env)


def test_a_pipe_has_neither_colour_nor_caret_and_one_line_a_complaint(specs: Path) -> None:
    done = run("validate", specs)

    assert "\x1b" not in done.out
    assert len(done.out.splitlines()) == 2
    assert all(": error[" in one for one in done.out.splitlines())


KNOWN = Vocabulary(*keys_and_words())
_PERSONAL = st.sampled_from(canaries.EVERY)
_LINES = st.sampled_from(
    [
        "  - email: {}",
        "    first_name: '{}'",
        "    note: {} and {}",
        "      {}",
        "    - {}",
        "consent: {{email: {{state: subscribed, source: '{}', evidence: \"{}\"}}}}",
        "{}",
        "tags: [vip] # {}",
        "    name: {}",
        "note: asked by the customer: {}, {}",
        "- customer: {}",
        "tags: {}",
        "tags: [{}]",
        "token: {{env: {}}}",
        "token: {{file: {}}}",
        "state: {}",
        "method: {}",
        "country: {}",
        '  - {{email: {}, first_name: "{}"}}',
        "phone:{}",
        "{}: {}",
        "addresses: [{{city: {}}}]",
    ]
)


@given(_LINES, _PERSONAL, st.integers(1, 200), st.sampled_from([30, 60, 80, 140]))
def test_nobodys_data_stands_in_an_excerpt(line: str, value: str, column: int, width: int) -> None:
    shown, caret = excerpt(line.format(value, value), 7, column, width, KNOWN)

    assert canaries.found_in(shown) == set()
    assert len(shown) <= width
    assert len(caret) <= width + 1
    assert caret.strip() == "^"


@pytest.mark.parametrize("line", ["name: {}", "tags: [{}]", "note: customer: {}", "env: {}", "{}:"])
@pytest.mark.parametrize(
    "value", ["Ada Lovelace", "12 Baker Street", "133 1503 4487", "1990-01-02"]
)
def test_whatever_only_a_person_can_mean_is_dots(line: str, value: str) -> None:
    shown, _ = excerpt(line.format(value), 1, 1, 80, KNOWN)

    assert not re.search("Ada|Love|12|Baker|Street|133|1503|4487|1990", shown)


def test_wide_letters_do_not_move_the_caret() -> None:
    line = 'tags: ["東京"], given_at: x'
    shown, caret = excerpt(line, 1, line.index("given") + 1, 80, KNOWN)

    before = shown[: shown.index("given")]
    assert len(caret) - 1 == len(before)  # dots are as wide as any letter


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["plna"], "there is no command 'plna'; did you mean 'plan'?"),
        (["audit", "lgo"], "there is no command 'lgo'; did you mean 'log'?"),
        (["zzzz"], "there is no command 'zzzz'"),
        (["plan", "--stroe", "x"], "there is no option --stroe; did you mean --store?"),
        (["plan", "--read", "foo"], "'foo' is not one of 'auto', 'full', 'lookup'"),
        (["plan", "more"], "unexpected extra argument (more)"),
        (["show"], "missing argument 'PLAN'"),
        (["plan", "--raise", "grant"], "write CLASS=N"),
        (["schema", "nothing"], "is not"),
        (["--base", "none", "plan"], "--base stands after the command: doctor, plan, apply"),
        (["audit", "log", "--customer", ""], "need something to look for"),
        (["--specs", "x", "schema"], "the command 'schema' takes no --specs"),
    ],
)
def test_wrong_usage_is_one_kind_of_error_with_the_way_to_help(words: list[str], said: str) -> None:
    done = run(*words)

    assert done.code == 64
    assert done.out == ""
    assert done.err.startswith("error: ")
    assert said in done.err
    assert re.search(r"\n  hint: see `\S+( \S+)* --help`\n", done.err)
    assert "Error" not in done.err
    assert "Usage" not in done.err


@pytest.mark.parametrize(
    "words",
    [
        ["plan", "--specs", "/nowhere"],
        ["show", "/nowhere.json"],
        ["audit", "verify", "--specs", "/nowhere/specs"],
        ["plan", "--out", "/nowhere/x.json"],
    ],
)
def test_every_other_failure_begins_alike(words: list[str]) -> None:
    done = run(*words)

    assert done.code == 1
    assert not re.search(r"(?m)^Error", done.err)
    assert re.search(r"(?m)(^|: )error(: |\[)", done.err)


def _leaves(group: click.Group, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from _leaves(command, (*words, name))
        else:
            yield (*words, name)


@pytest.mark.parametrize("words", list(_leaves(cli)), ids=" ".join)
def test_what_all_commands_take_stands_before_or_after(words: tuple[str, ...]) -> None:
    flags = ("-q", "-v", "--no-color")
    for order in ((*flags, *words), (*words, *flags)):
        assert run(*order, "--help").code == 0
    if len(words) > 1:
        assert run(words[0], *flags, *words[1:], "--help").code == 0


def test_the_folder_may_stand_before_the_command(specs: Path) -> None:
    before = run("--specs", specs, "validate")
    after = run("validate", "--specs", specs)

    assert before == after
    assert before.code == 1
    both = run("--specs", "/nowhere", "validate", "--specs", specs)
    assert both == after  # what stands nearer to the command counts
    env = {"RECONCILER_SPECS": "/nowhere"}
    assert run("--specs", specs, "validate", env=env) == after


def test_a_saved_plan_that_git_would_commit_is_told(tmp_path: Path) -> None:
    from tests.harness import opened, person

    with opened(tmp_path, "genstore", [person()]) as shop:
        shop.want({"email": "ada@example.com", "tags": {"add": ["vip"]}})
        subprocess.run(["git", "init", "-q", tmp_path], check=True)
        env = {"TOKEN": shop.box.token}
        inside = shop.folder / ".reconciler" / "plan.json"
        seen = run("plan", "--specs", shop.specs, "--out", shop.folder / "plan.json", env=env)
        kept = run("plan", "--specs", shop.specs, "--out", inside, env=env)

    assert "git does not ignore" in seen.err
    assert "git does not ignore" not in kept.err
    assert inside.exists()
    listed = subprocess.run(
        ["git", "-C", tmp_path, "status", "--porcelain", "-uall"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert ".reconciler" not in listed


def test_a_plan_of_broken_specs_is_annotated_on_file_and_line(specs: Path) -> None:
    done = run("plan", "--specs", specs, "--format", "github")

    assert done.code == 1
    assert f"::error title=schema.value,file={specs}/a.yaml,line=2,col=20::" in done.out


@pytest.mark.parametrize("kind", ["pipe", "device", "link", "folder"])
def test_nothing_but_a_file_is_replaced(tmp_path: Path, kind: str) -> None:
    from tests.harness import opened

    place = tmp_path / "there"
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "device":
        place = Path("/dev/full")
    elif kind == "link":
        place.symlink_to(tmp_path / "elsewhere")
    else:
        place.mkdir()
    before = place.lstat()
    with opened(tmp_path, "genstore") as shop:
        shop.want({"email": "ada@example.com"})
        for option in ("--out", "--output"):
            done = run("plan", "--specs", shop.specs, option, place, env={"TOKEN": shop.box.token})
            assert done.code in (1, 64), done.everything
            assert "file" in done.err or "directory" in done.err
    assert place.lstat().st_mode == before.st_mode


def test_the_page_is_the_same_on_stdout(tmp_path: Path) -> None:
    from tests.harness import opened, person

    with opened(tmp_path, "genstore", [person()]) as shop:
        shop.want({"email": "ada@example.com", "tags": {"add": ["vip"]}})
        env = {"TOKEN": shop.box.token}
        plan = tmp_path / "plan.json"
        assert run("plan", "--specs", shop.specs, "--out", plan, env=env).code == 0
        page = tmp_path / "plan.html"
        run("show", plan, "--format", "html", "--output", page, "--specs", shop.specs, env=env)
        shown = run("show", plan, "--format", "html", "--specs", shop.specs, env=env)

    assert shown.out == page.read_text()
