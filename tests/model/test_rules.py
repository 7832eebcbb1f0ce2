"""The catalogue of rules has what the program says, and nothing else."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import reconciler
from reconciler.model.rule import RuleLevel
from reconciler.model.rules import ACKNOWLEDGEABLE, RELEASABLE, RULES
from tests.program import run

ROOT = Path(reconciler.__file__).parent
_ID = re.compile(r"[a-z]+\.[a-z-]*[a-z]")
# Names of fields and settings that look like rules.
_NO_RULES = {"consent.email", "consent.sms", "consent.implied", "tags.add"}
_AREAS = {name.partition(".")[0] for name in RULES}


def _texts() -> Iterator[tuple[str, bool]]:
    """Every text of the program, with whether it is only the beginning of one."""
    for path in ROOT.rglob("*.py"):
        if path.name in ("rules.py", "refusal_words.py") or "sandbox" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                yield str(node.values[0].value), True
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value, False


def test_every_rule_that_is_used_is_listed_and_the_reverse() -> None:
    texts = set(_texts())
    used = {
        text
        for text, begins in texts
        if not begins and _ID.fullmatch(text) and text.partition(".")[0] in _AREAS
    } - _NO_RULES
    made = ("ceiling.", "personal.in-", "consent.no-")
    beginnings = {text for text, begins in texts if begins and text in made}

    assert beginnings == set(made)
    assert used - set(RULES) == set()
    unused = set(RULES) - used
    assert {one for one in unused if not one.startswith(made)} == set()


def test_what_a_rule_says_is_short_and_whole() -> None:
    for name, one in RULES.items():
        assert re.fullmatch(r"[a-z]+\.[a-z-]+", name)
        assert 10 < len(one.means) < 100, name
        assert not one.means.endswith("."), name
        assert one.lifted_by or one.level in (RuleLevel.HOLD, RuleLevel.NOTE), name
    assert set(RELEASABLE) <= set(RULES)
    assert set(ACKNOWLEDGEABLE) <= set(RULES)


@pytest.mark.parametrize("name", ["ceiling.grant", "consent.undated-opt-out", "yaml.tag"])
def test_the_command_tells_one(name: str) -> None:
    done = run("rules", name)

    assert done.code == 0
    assert RULES[name].means in done.out
    assert ("--release" in done.out) is RULES[name].releasable


def test_the_command_tells_all_and_knows_slips() -> None:
    told = json.loads(run("rules", "--format", "json").out)

    assert [one["rule"] for one in told] == list(RULES)
    assert run("rules").out.count("\n") > len(RULES)
    wrong = run("rules", "consent.undated-optout")
    assert wrong.code == 64
    assert "did you mean 'consent.undated-opt-out'?" in wrong.err
