"""What the shipped pipelines promise, read from their files."""

import json
import re
import runpy
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
STEPS = ROOT / "examples/pipeline"
WORKFLOWS = sorted((ROOT / "examples/02-github-actions/.github/workflows").glob("*.yaml"))
ACTION = ROOT / "action.yml"
# Jobs that hold tokens that write, and the environment that gives them.
WRITING = {"apply": "stores", "withdraw": "withdrawals"}


def data(path: Path) -> Any:
    """Of a forge's file: texts all of them, anchors followed."""
    return _plain(yaml.compose(path.read_text()))


def _plain(node: Any) -> Any:
    if isinstance(node, yaml.MappingNode):
        return {key.value: _plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(one) for one in node.value]
    return node.value


def _jobs() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in WORKFLOWS:
        found |= data(path)["jobs"]
    return found


@pytest.mark.parametrize("path", [*WORKFLOWS, ACTION], ids=lambda path: path.name)
def test_actions_are_pinned_by_digest(path: Path) -> None:
    used = re.findall(r"uses: (\S+)(.*)", path.read_text())
    assert used
    for action, told in used:
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action), action
        assert re.match(r" # v\d+\.\d+\.\d+$", told), action  # what people and bots renew


def test_only_jobs_in_their_environments_hold_what_writes() -> None:
    for name, job in _jobs().items():
        text = json.dumps(job)
        assert ("RECONCILER_REGISTER_KEY" in text) == (name in WRITING), name
        if "RECONCILER_KEY" in text:
            assert job["environment"] == WRITING.get(name, "plans"), name
        if name in WRITING:
            assert "refs/heads/main" in job["if"]
            assert job["concurrency"]["group"] == "stores-${{ matrix.group }}"
            assert job["concurrency"]["cancel-in-progress"] == "false"
            assert job["concurrency"]["queue"] == "max"  # by default one that waits is put out


def test_nothing_of_an_event_or_a_secret_stands_in_a_script() -> None:
    for name, job in _jobs().items():
        for step in job["steps"]:
            assert "${{" not in step.get("run", ""), name


def test_each_job_has_the_permissions_it_names_and_no_others() -> None:
    for path in WORKFLOWS:
        assert data(path)["permissions"] == {}
    assert all("permissions" in job for job in _jobs().values())


def test_scripts_that_are_called_are_there() -> None:
    files = (*WORKFLOWS, STEPS / "gitlab-jobs.yml", ROOT / "examples/03-gitlab/.gitlab-ci.yml")
    called = {one for path in files for one in re.findall(r"pipeline/([\w.-]+)", path.read_text())}
    assert called
    assert {one for one in called if not (STEPS / one).exists()} == set()
    inner = re.findall(
        r'"\$here/([\w.-]+)"', "".join(one.read_text() for one in STEPS.glob("*.sh"))
    )
    assert {one for one in inner if not (STEPS / one).exists()} == set()


def test_each_group_has_its_jobs_and_one_writes_at_a_time() -> None:
    made = runpy.run_path(str(STEPS / "gitlab_jobs.py"))["pipeline"]
    templates = data(STEPS / "gitlab-jobs.yml")
    jobs = made([{"group": "acme", "stores": "acme-us acme-tw"}, {"group": "eu", "stores": "eu"}])
    assert jobs.pop("include") == [{"local": "pipeline/gitlab-jobs.yml"}]
    assert len(jobs) == 12
    for name, job in jobs.items():
        kind, group = name.split()
        assert job["extends"] in templates
        environment = templates[job["extends"]]["environment"]
        writes = environment in ("stores", "withdrawals")
        assert job.get("needs") == ([f"replan {group}"] if kind == "carry-out" else None)
        assert job.get("resource_group") == (f"stores-{group}" if writes else None), kind
    assert len(made([])) == 2


def test_stores_of_a_controller_are_one_job() -> None:
    groups = runpy.run_path(str(STEPS / "forge.py"))["groups"]
    stores = [("us", "acme"), ("eu", "eu"), ("tw", "acme")]
    told = groups([{"name": name, "controller": controller} for name, controller in stores])
    assert json.loads(told) == [
        {"group": "acme", "stores": "us tw"},
        {"group": "eu", "stores": "eu"},
    ]
