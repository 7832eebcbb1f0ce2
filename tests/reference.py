"""The generated parts of the README; cog asks for them, and `make readme` fails when they are old."""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

from reconciler import schemas
from reconciler.cli import _COMMANDS
from reconciler.model.capabilities import Capabilities
from reconciler.model.fields import FIELDS
from reconciler.model.rules import RULES
from reconciler.model.settings import CEILINGS
from reconciler.platforms.registry import TABLES

Json: TypeAlias = dict[str, Any]


def commands() -> str:
    return "".join(f"- `reconciler {name}` — {line}\n" for name, line in _COMMANDS.items())


def rules() -> str:
    rows = ["| rule | does | means | lifted by |", "|---|---|---|---|"]
    for name, one in RULES.items():
        lift = f"`--release {name}`, or an approval" if one.releasable else one.lifted_by
        rows.append(f"| `{name}` | {one.level} | {one.means} | {lift or 'nothing'} |")
    return "".join(f"{row}\n" for row in rows)


def settings() -> str:
    """The policies and the settings of a store that keep a plan from doing harm, by the schema."""
    schema = json.loads(schemas.text("spec"))
    rows = ["| setting | what it does | for example |", "|---|---|---|"]
    for name in ("consent", "register"):
        rows += _settings(schema, f"policy.{name}", schema["$defs"]["policy"]["properties"][name])
    store = schema["$defs"]["store"]["properties"]
    for name in ("limits", "frozen", "tags", "ownership", "claim", "on_removed", "controller"):
        rows.append(_setting(schema, f"stores.NAME.{name}", store[name]))
    return "".join(f"{row}\n" for row in rows)


def _settings(schema: Json, path: str, part: Json) -> Iterator[str]:
    inner = part.get("properties")
    if inner is None or path.count(".") > 1:
        yield _setting(schema, path, part)
        return
    for name, one in inner.items():
        yield from _settings(schema, f"{path}.{name}", one)


def _setting(schema: Json, path: str, part: Json) -> str:
    if "$ref" in part:
        part = schema["$defs"][part["$ref"].rpartition("/")[2]] | part
    example = json.dumps(part["examples"][0], ensure_ascii=False)
    return f"| `{path}` | {part['description']} | `{example}` |"


def ceilings() -> str:
    rows = ["| class | percent of the store | at least | at most |", "|---|---|---|---|"]
    for risk, one in CEILINGS.items():
        rows.append(f"| `{risk}` | {one.percent:g} % | {one.at_least} | {one.at_most} |")
    return "".join(f"{row}\n" for row in rows)


def platforms() -> str:
    rows = [_row("", lambda one: one.title), "|---" * (len(TABLES) + 1) + "|"]
    rows.append(_row("versions (first is the oldest)", lambda one: ", ".join(one.versions)))
    rows.append(_row("default version", lambda one: one.default_version))
    rows.extend(_row(f"write {field.title}", _writes(field.name)) for field in FIELDS)
    rows.append(_row("delete", lambda one: "yes" if one.deletes else "no"))
    rows.append(_row("look up by", lambda one: ", ".join(sorted(one.looks_up))))
    rows.append(_row("requests a second", lambda one: f"{one.rate.per_second:g}"))
    notes = [f"- {one.title}: {note}" for one in TABLES.values() for note in one.notes]
    return "\n".join([*rows, "", *notes]) + "\n"


FAILURES = {
    1: "a spec older than the person's click writes the old state",
    2: "approved on Friday, opted out on Saturday, applied on Monday",
    3: "a retry overtakes an opt-out",
    4: "a tag update, and flags that default to true",
    5: "a create, and defaults that subscribe",
    6: "deleted, and imported or made again later",
    7: "a new address by delete and create",
    8: "two entries merged, and the subscribed one survives",
    9: "a store copied to one of another company",
    10: "nothing told is read as yes, or as no",
    11: "a hidden state is read as a value",
    12: "somebody who left is asked again",
    13: "a tag that feeds an audience",
    14: "an undo that grants",
    15: "a ceiling raised for deletes lets opt-ins through",
    16: "a table with a column of yes and no",
    17: "an act of staff is taken for the person's",
    18: "a time zone moves the opt-out before the opt-in",
    19: "a backup of the register put back",
    20: "one address typed in two ways",
}


def failures() -> str:
    """The failures by number with their tests; a number without its test is an error."""
    text = (Path(__file__).parent / "laws" / "test_resubscription.py").read_text(encoding="utf-8")
    tests = {
        int(number): name for name, number in re.findall(r"def (test_failure_(\d+)_\w+)", text)
    }
    if tests.keys() != FAILURES.keys():
        raise AssertionError("the table and the tests name different failures")
    rows = ["| how | test |", "|---|---|"]
    rows += [f"| {FAILURES[number]} | `{tests[number]}` |" for number in FAILURES]
    return "\n".join(rows) + "\n"


ATTACKS = {
    "test_git": "a folder that is a repository, or whose settings, hooks, attributes and converters want to run",
    "test_base": "stores, limits, tokens, policy and approvals of a pull request; revisions and tags that are not what they seem",
    "test_credentials": "keys as tokens, tokens to foreign hosts, pipes and floods as token files, key files of others",
    "test_addresses": "{addresses} forms of `base_url` and {shops} of `shop`",
    "test_consent_words": "words that would turn a known word round, or make a yes of a no",
    "test_voices": "{voices} texts that want a terminal or a runner to obey them, in specs and in stores",
    "test_shapes": "personal data in tags, sources, reasons and names of files, in {shapes} spellings",
    "test_answers": "{answers} hostile answers of a server, on every platform",
    "test_inputs": "pipes, devices, links, names, nested and huge texts, {patterns} patterns",
    "test_state": "a state folder that goes away or is replaced, and two folders for one shop",
    "test_window": "the moment between a reading and a write",
}


def attacks() -> str:
    """What stands in `tests/attacks`, counted; a file that is not told of is an error."""
    from tests.attacks import hostile, test_addresses, test_inputs, test_shapes, test_voices

    forms = {
        "addresses": len(test_addresses.NO_ADDRESS) + len(test_addresses.FOREIGN),
        "shops": len(test_addresses.NO_SHOP),
        "voices": len(test_voices.TALKING),
        "shapes": len(test_shapes.PERSONAL) + len(test_shapes.NATIONAL),
        "answers": len(hostile.FORMS),
        "patterns": len(test_inputs.HOSTILE_PATTERNS),
    }
    done = subprocess.run(
        (sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:xdist", "tests/attacks"),
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[1],
    )
    found = Counter(re.findall(r"^tests/attacks/(\w+)\.py::", done.stdout, re.MULTILINE))
    if found.keys() != ATTACKS.keys():
        raise AssertionError("the table and the folder name different groups")
    rows = ["| attack | tests |", "|---|---|"]
    rows += [f"| {what.format(**forms)} | {found[name]} |" for name, what in ATTACKS.items()]
    return "\n".join([*rows, f"| in all | {found.total()} |"]) + "\n"


def _row(title: str, cell: Callable[[Capabilities], str]) -> str:
    return f"| {title} | " + " | ".join(cell(one) for one in TABLES.values()) + " |"


def _writes(name: str) -> Callable[[Capabilities], str]:
    def cell(one: Capabilities) -> str:
        if name in one.tries:
            return "tried"
        if name in one.updates:
            return "yes"
        return "on create" if name in one.creates else "no"

    return cell
