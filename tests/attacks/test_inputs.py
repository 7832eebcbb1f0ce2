"""Folders and files that want the reader to leave them, to wait, or to work for ever."""

import json
import os
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.tags import Owned
from tests.program import Done, run

Json = dict[str, Any]
STORE: Json = {"platform": "genstore", "shop": "acme", "token": {"env": "TOKEN"}}


@pytest.fixture
def specs(tmp_path: Path) -> Path:
    folder = tmp_path / "specs"
    folder.mkdir()
    (folder / "stores.yaml").write_text(json.dumps({"stores": {"shop": STORE}}))
    return folder


def validated(specs: Path) -> Done:
    began = time.process_time()
    done = run("validate", "--specs", specs)
    assert done.code in (0, 1), done.everything
    assert time.process_time() - began < 10
    return done


def test_special_files_are_not_opened(specs: Path) -> None:
    os.mkfifo(specs / "pipe.yaml")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(specs / "socket.yaml"))
        (specs / "zero.yaml").symlink_to("/dev/zero")
        done = validated(specs)

    assert done.out.count("this is no regular file") == 2
    assert "this link leads out of the folder" in done.out


@pytest.mark.parametrize("command", ["apply", "show"])
def test_a_plan_that_is_a_pipe_or_a_device_is_none(specs: Path, command: str) -> None:
    os.mkfifo(specs / "plan")
    for path in (str(specs / "plan"), "/dev/zero", "/dev/stdin"):
        done = run(command, path, "--specs", specs, env={"RECONCILER_KEY": "k" * 40})
        assert done.code == 1, done.everything


def test_links_are_followed_once_and_never_out(specs: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("store: shop\ncustomers: [{email: secret@example.com}]\n")
    (specs / "a").mkdir()
    for number in range(20):
        (specs / "a" / f"again{number}").symlink_to("..")
        (specs / f"side{number}").symlink_to("a")
    (specs / "out").symlink_to("/")
    (specs / "secret.yaml").symlink_to("../secret.yaml")
    (specs / "nowhere.yaml").symlink_to("gone.yaml")
    (specs / "round.yaml").symlink_to("round.yaml")
    done = validated(specs)

    assert "secret@" not in done.everything
    assert done.out.count("leads out of the folder") == 2
    assert done.code == 1


def test_folders_may_not_go_down_for_ever(specs: Path) -> None:
    specs.joinpath(*("d" for _ in range(300))).mkdir(parents=True)
    done = validated(specs)

    assert done.code == 1
    assert "error[files.too-deep]" in done.out


@pytest.mark.parametrize(
    "words",
    [
        ["plan", "--raise", "create=\u00b2"],
        ["plan", "--raise", "create=" + "9" * 5000],
        ["validate", "--specs", "x" * 9000],
        ["plan", "--release", "\u00b2"],
        ["plan", "--state-dir", "x" * 9000],
    ],
    ids=range(5),
)
def test_odd_words_of_the_command_line_are_wrong_usage(words: list[str]) -> None:
    assert run(*words, env={"RECONCILER_KEY": "k" * 40}).code in (1, 64)


BAD_NAMES = (
    "a\nb.yaml",
    "a\rb.yaml",
    "\x1b[31m.yaml",
    "a\u202eb.yaml",
    "\n::error::x.yaml",
    "a\u200bb.yaml",
    "\x07.yaml",
    "a\x85b.yaml",
    "a\u2028b.yaml",
    "a\ud800b.yaml",
    "\u2066.yaml",
    "\x7f.yaml",
)


@pytest.mark.parametrize("name", BAD_NAMES, ids=repr)
def test_a_name_that_talks_is_refused_and_written_out(specs: Path, name: str) -> None:
    (specs / os.fsdecode(os.fsencode(name.replace("\ud800", "\udcff")))).write_text("store: shop\n")
    done = validated(specs)

    assert done.code == 1
    assert "error[files.name]" in done.out
    assert all(one.isprintable() or one == "\n" for one in done.everything)
    assert not any(line.startswith("::") for line in done.everything.split("\n"))


def test_a_huge_value_that_is_meant_often_costs_no_search(specs: Path) -> None:
    huge = "x" * 2_000_000
    uses = "\n".join(
        f"  - {{customer: {{email: a{n}@example.com}}, channel: *h, state: *h}}" for n in range(300)
    )
    (specs / "a.yaml").write_text(f"store: shop\nx-h: &h {huge}\nconsents:\n{uses}\n")

    assert validated(specs).code == 1


@pytest.mark.no_cover  # it has a time to keep
@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "a: " * 50_000,
        "- " * 50_000,
        "{a: " * 50_000,
        "? " * 50_000,
        "a: &a [*a]\n",
        "\n".join(f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 9) + "]" for n in range(1, 12)),
        "stores: !!python/object/apply:os.system [id]\n",
        "!!binary x",
        "--- a\n--- b\n",
        "%YAML 9.9\n---\na: 1\n",
        "<<: {a: 1}\n",
        "x: " + "9" * 5000 + "\n",
        "store: shop\ncustomers: [" + "{email: a@example.com}, " * 9_000 + "]\n",
    ],
    ids=range(14),
)
def test_text_that_wants_work_is_refused_soon(specs: Path, text: str) -> None:
    (specs / "a.yaml").write_text(text)

    assert validated(specs).code == 1


HOSTILE_PATTERNS = (
    "*a" * 40 + "b",
    "*" * 2000,
    "*a*" * 300 + "z",
    ("a" * 50 + "*") * 20,
    "*?*[a-z]*(a+)+*" * 20,
    "\\*" * 500 + "*",
)


@pytest.mark.parametrize("pattern", HOSTILE_PATTERNS, ids=range(len(HOSTILE_PATTERNS)))
def test_a_pattern_costs_no_more_than_its_length(pattern: str) -> None:
    owned = Owned([pattern])
    began = time.process_time()
    for _ in range(50):
        assert isinstance("a" * 5000 in owned, bool)
    assert time.process_time() - began < 2


_texts = st.text(st.sampled_from("ab*"), max_size=8)


@given(
    patterns=st.lists(_texts, min_size=1, max_size=4),
    tag=_texts.map(lambda text: text.replace("*", "c")),
)
def test_a_star_is_any_text(patterns: list[str], tag: str) -> None:
    """The same as matching by trying every length for every star."""

    def fits(left: str, right: str) -> bool:
        if not left:
            return not right
        if left[0] == "*":
            return any(fits(left[1:], right[at:]) for at in range(len(right) + 1))
        return bool(right) and left[0] == right[0] and fits(left[1:], right[1:])

    assert (tag in Owned(patterns)) == any(fits(pattern, tag) for pattern in patterns)
