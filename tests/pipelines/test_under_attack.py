"""What an attack on the shipped pipelines found, each as it was tried."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler.clock import system_clock
from tests.pipelines.forges import OTHER, serving
from tests.pipelines.test_adopt import STEPS, Branches
from tests.pipelines.test_forge import by, done, kept, merged, written
from tests.pipelines.test_recipes import data


def test_of_requests_merged_in_one_second_the_lower_number_is_first(tmp_path: Path) -> None:
    """A merge queue does that; as text, 10 came before 9."""
    at = (system_clock().now() - timedelta(days=1)).isoformat()
    for kind in ("github", "gitlab"):
        with serving(kind) as forge:
            for number in (10, 9, 100):
                merged(forge, number, 1, f"{number:040x}", merged_at=at)
            told = done(forge, tmp_path, "merged", "acme", "30", ".").splitlines()
            assert [one.split()[0] for one in told] == ["9", "10", "100"]


def test_the_hour_of_a_merge_counts_whatever_the_zone_it_is_told_in(tmp_path: Path) -> None:
    with serving("gitlab") as forge:
        merged(forge, 2, 1, "b" * 40, merged_at="2026-11-25T02:30:00.000+02:00")
        merged(forge, 1, 1, "a" * 40, merged_at="2026-11-25T02:10:00.000+01:00")
        told = done(forge, tmp_path, "merged", "acme", "30", ".").splitlines()
        assert [one.split()[0] for one in told] == ["2", "1"]


def test_artefacts_of_forks_do_not_bury_the_plan(tmp_path: Path) -> None:
    """A list has thirty where no more are asked for, and theirs are newer."""
    with serving("github") as forge:
        merged(forge, 1, 1, "a" * 40)
        kept(forge, "a" * 40, "acme", b"{ours}")
        for _ in range(150):
            kept(forge, "a" * 40, "acme", b"{theirs}", head_repository_id=2)
        done(forge, tmp_path, "merged", "acme", "30", ".")
        assert (tmp_path / "merged-1-acme.json").read_bytes() == b"{ours}"


def test_an_issue_that_somebody_else_opened_is_never_made_ours(tmp_path: Path) -> None:
    """They could close it, and rewrite it; nobody would hear of the drift."""
    title = "The store has drifted: acme"
    for kind, state in (("github", "open"), ("gitlab", "opened")):
        with serving(kind) as forge:
            theirs = {"iid": 0, "number": 0, "title": title, "state": state, **by(forge, OTHER)}
            forge.issues.append(dict(theirs))
            done(forge, tmp_path, "issue", title, written(tmp_path))
            assert forge.issues[0] == theirs
            assert len(forge.issues) == 2
            done(forge, tmp_path, "close", title)
            assert forge.issues[0] == theirs


@pytest.mark.parametrize("words", [("request", "reconciler/adopt", "Adopt 1", "plan.md")])
def test_a_branch_of_a_fork_with_our_name_is_not_our_request(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    """What it holds would stand under our title, and ours would never be opened."""
    written(tmp_path)
    with serving("gitlab") as forge:
        theirs = {
            "iid": 3,
            "state": "opened",
            "branch": "reconciler/adopt",
            "source_project_id": 6,
            "title": "theirs",
        }
        forge.requests.append(dict(theirs))
        done(forge, tmp_path, *words)
        assert forge.requests[0] == theirs
        assert forge.requests[1]["title"] == "Adopt 1"
        done(forge, tmp_path, "withdraw", "reconciler/adopt")
        assert forge.requests[0] == theirs


def test_whose_account_is_gone_stops_nothing(tmp_path: Path) -> None:
    with serving("github") as forge:
        gone: dict[str, Any] = {"user": None}
        forge.comments.append({"id": 0, "body": None, **gone})
        done(forge, tmp_path, "comment", "acme", written(tmp_path))
        merged(forge, 1, 1, "a" * 40)
        kept(forge, "a" * 40, "acme", b"{}")
        forge.reviews.append({"state": "APPROVED", "author_association": "MEMBER", **gone})
        forge.let_in.append({"state": "approved", **gone})
        assert done(forge, tmp_path, "merged", "acme", "30", ".").split()[-1] == "-"


class Runner(Branches):
    """A job on main, with a program that does what a test writes for it."""

    def program(self, text: str, name: str = "reconciler") -> None:
        program = self.folder / "bin" / name
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)

    def job(self, script: str, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", STEPS / script, *words],
            cwd=self.folder / "here",
            env=self.environment(**env),
            capture_output=True,
            text=True,
            check=False,
        )

    def commit(self, **files: str) -> None:
        for name, text in files.items():
            path = self.folder / "here" / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.git("add", "--all", "--force")
        self.git("-c", "user.name=a", "-c", "user.email=a@localhost", "commit", "-qm", "more")

    def state(self, group: str = "acme") -> Mapping[str, str]:
        """What the branch of the state has."""
        branch = f"reconciler-state/{group}"
        names = self.git("ls-tree", "-r", "--name-only", branch, at="origin.git").splitlines()
        return {one: self.git("show", f"{branch}:{one}", at="origin.git") for one in names}


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


TRAIL = 'mkdir -p .reconciler/audit && echo "$*" >>.reconciler/audit/us.jsonl'
PLANNED = f"""
{TRAIL}
out=
while [ $# -gt 0 ]; do case $1 in --out | --output) echo "{{}}" >"$2" ;; esac; shift; done
"""


def test_an_opt_out_does_not_wait_for_another_store_that_was_not_read(runner: Runner) -> None:
    """Such a plan ends with 1; it holds what was read of the others all the same."""
    runner.program(f'{PLANNED} grep -q "^apply" .reconciler/audit/us.jsonl || exit 1')
    done = runner.job("withdraw.sh", "acme", "us", "eu")
    assert done.returncode == 1, done.stderr
    lines = runner.state()["audit/us.jsonl"].splitlines()
    assert lines[-1] == "apply out/withdraw.json --base none --only withdraw"


@pytest.mark.parametrize("name", ["out__plan-acme.md", ".reconciler__audit__us.jsonl"])
@pytest.mark.parametrize("script", ["plan.sh", "apply.sh", "withdraw.sh"])
def test_what_jobs_make_is_nothing_that_a_request_brings_along(
    runner: Runner, name: str, script: str
) -> None:
    """A comment of its author's, or lines of a trail that stay where the request was reverted."""
    runner.commit(**{name: "nothing changes"})
    runner.program(f"{TRAIL}; exit 1")
    done = runner.job(script, "acme", "us", REQUEST="4", HEAD="a" * 40)
    assert done.returncode == 1
    assert "out and .reconciler belong to the jobs" in done.stderr
    assert not (runner.folder / "forge").exists()
    assert "reconciler-state" not in runner.git("branch", "--list", "--all", at="origin.git")


def test_a_link_of_a_request_leads_no_job_elsewhere(runner: Runner) -> None:
    (runner.folder / "here" / "out").symlink_to("specs")
    runner.commit()
    assert runner.job("plan.sh", "acme", "us").returncode == 1
    assert [one.name for one in (runner.folder / "here/specs").iterdir()] == ["all.yaml"]


def test_a_file_that_cannot_be_packed_is_not_taken_off_the_state(runner: Runner) -> None:
    runner.program(PLANNED)
    assert runner.job("withdraw.sh", "acme", "us").returncode == 0
    before = runner.state()
    assert [*before] == ["audit/us.jsonl"]
    tar = shutil.which("tar")
    failing = (
        'case "$*" in *.gitignore*) exec {0} --exclude ./audit "$@" nowhere ;; esac\nexec {0} "$@"'
    )
    runner.program(failing.format(tar), name="tar")
    done = runner.job("withdraw.sh", "acme", "us")
    assert done.returncode == 1, done.stderr
    assert runner.state() == before


def test_who_cancels_a_job_waits_until_its_state_is_saved(runner: Runner) -> None:
    runner.program(PLANNED)
    git = shutil.which("git")
    cancel = f'case "$*" in *push*) kill -TERM "$PPID"; sleep 0.2 ;; esac\nexec {git} "$@"'
    runner.program(cancel, name="git")
    done = runner.job("withdraw.sh", "acme", "us")
    assert done.returncode == 0, done.stderr
    assert "audit/us.jsonl" in runner.state()


def test_a_plan_that_cannot_be_kept_has_its_comment_all_the_same(runner: Runner) -> None:
    """And its job fails, since what is not kept is not applied."""
    runner.program(PLANNED)
    (runner.folder / "forge").mkdir()
    (runner.folder / "forge" / "plans").write_text("in the way")
    done = runner.job("plan.sh", "acme", "us", REQUEST="4", HEAD="a" * 40)
    assert done.returncode == 1
    assert (runner.folder / "forge/requests/4/comment-acme.md").exists()


@pytest.mark.parametrize(
    ("event", "told", "found"),
    [
        ({"repository": {"private": True}}, {}, "private"),
        ({"repository": {"private": False}}, {}, "public"),
        ({"schedule": "17 */4 * * *"}, {"private": True}, "private"),
        ({"schedule": "17 */4 * * *"}, {"private": False}, "public"),
        ({"schedule": "17 */4 * * *"}, None, ""),
        (None, {"private": False}, "public"),
    ],
)
def test_a_repository_is_private_only_where_the_forge_says_so(
    tmp_path: Path, event: Any, told: Any, found: str
) -> None:
    """What starts a timer's job need not tell; the register of opt-outs was saved in public."""
    path = tmp_path / "event.json"
    if event is not None:
        path.write_text(json.dumps(event))
    with serving("github") as forge:
        forge.about = told
        env = {**forge.env(), **({"GITHUB_EVENT_PATH": str(path)} if event is not None else {})}
        done = subprocess.run(
            [sys.executable, STEPS / "public.py"],
            env={"PATH": os.environ["PATH"], "GIT_TOKEN": "secret", **env},
            capture_output=True,
            text=True,
            check=True,
        )
    assert done.stdout.strip() == found
    assert bool(done.stderr) == (not found)


def test_where_the_forge_does_not_say_private_no_state_is_saved(runner: Runner) -> None:
    runner.program(PLANNED)
    with serving("github") as forge:
        forge.about = {"private": False}
        told = {**forge.env(), "FORGE": "local", "GITHUB_SERVER_URL": "file:///nowhere"}
        done = runner.job("withdraw.sh", "acme", "us", **told)
    assert done.returncode == 1
    assert "cannot be shown to be private" in done.stderr


def shell_of(path: Path) -> str:
    """The step that finds the groups of stores."""
    told = data(path)
    jobs = told.get("jobs", {"": told.get("runs")})
    steps = [one for job in jobs.values() for one in job["steps"]]
    return next(str(one["run"]) for one in steps if "groups.sh" in one.get("run", ""))


WORKFLOWS = [*STEPS.parent.glob("02-github-actions/.github/workflows/*.yaml")]


@pytest.mark.parametrize(
    "path", [*WORKFLOWS, STEPS.parents[1] / "action.yml"], ids=lambda path: path.name
)
def test_groups_that_cannot_be_told_fail_their_step(runner: Runner, path: Path) -> None:
    """As an argument of `echo`, nobody heard of it, and the job was green."""
    shutil.copytree(STEPS, runner.folder / "here" / "pipeline")
    runner.program('[ "$1" = validate ]')
    done = subprocess.run(
        ["bash", "-e", "-c", shell_of(path)],
        cwd=runner.folder / "here",
        env=runner.environment(
            GITHUB_OUTPUT=str(runner.folder / "output"),
            GITHUB_ACTION_PATH=str(STEPS.parents[1]),
            GITHUB_EVENT_NAME="push",
            STEP="groups",
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert not (runner.folder / "output").exists()


def test_the_action_takes_the_stores_of_the_protected_branch(runner: Runner) -> None:
    """Not of the branch that a pull request is for, which its author chooses."""
    runner.program('[ "$1" = validate ] || { echo "$*" >&2; echo "[]"; }')
    done = subprocess.run(
        ["bash", "-e", "-c", shell_of(STEPS.parents[1] / "action.yml")],
        cwd=runner.folder / "here",
        env=runner.environment(
            GITHUB_OUTPUT=str(runner.folder / "output"),
            GITHUB_ACTION_PATH=str(STEPS.parents[1]),
            GITHUB_EVENT_NAME="pull_request",
            GITHUB_BASE_REF="mine",
            STEP="groups",
        ),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == "stores --format json --base refs/remotes/origin/main\n"
    assert (runner.folder / "output").read_text() == "groups=[]\n"


NOTED = f"""
{PLANNED}
mkdir -p .reconciler/opt-outs && echo "$MARK" >>.reconciler/opt-outs/us.jsonl
"""


def noted(runner: Runner, group: str, *stores: str, mark: str) -> list[str]:
    """Who is known to be out of a store after a job of the group."""
    shutil.rmtree(runner.folder / "here/.reconciler", ignore_errors=True)
    done = runner.job("withdraw.sh", group, *stores, MARK=mark)
    assert done.returncode == 0, done.stderr
    return sorted(set(runner.state(group)["opt-outs/us.jsonl"].split()))


def test_a_store_keeps_its_opt_outs_when_it_joins_a_controller_and_when_it_leaves(
    runner: Runner,
) -> None:
    """The state has a branch for each group: a new one knew of nobody who had opted out."""
    runner.program(NOTED)
    assert noted(runner, "us", "us", mark="ada") == ["ada"]
    assert noted(runner, "acme", "us", "tw", mark="bob") == ["ada", "bob"]
    assert noted(runner, "acme", "us", "tw", mark="cyd") == ["ada", "bob", "cyd"]
    assert noted(runner, "us", "us", mark="dan") == ["ada", "bob", "cyd", "dan"]
    runner.program("exit 0")  # the others of the controller go on without it
    assert noted(runner, "acme", "tw", mark="") == ["ada", "bob", "cyd"]
    runner.program(NOTED)
    assert noted(runner, "acme", "tw", "us", mark="eva") == ["ada", "bob", "cyd", "dan", "eva"]


def test_a_state_that_cannot_be_looked_through_begins_no_other(runner: Runner) -> None:
    runner.program(NOTED)
    noted(runner, "us", "us", mark="ada")
    git = shutil.which("git")
    runner.program(f'case "$*" in *refs/remotes/state*) exit 128 ;; esac\nexec {git} "$@"', "git")
    assert runner.job("withdraw.sh", "acme", "us", MARK="bob").returncode == 128


def test_a_job_that_waited_leaves_what_was_merged_meanwhile_to_the_next(runner: Runner) -> None:
    """Its files do not ask for it yet: it was skipped for good, as no longer asked for."""
    runner.program(PLANNED)
    runner.commit(first="1")
    first = runner.git("rev-parse", "HEAD")
    runner.commit(second="2")
    second = runner.git("rev-parse", "HEAD")
    forge = runner.folder / "forge"
    for head in (first, second):
        (forge / "plans" / head).mkdir(parents=True)
        (forge / "plans" / head / "acme.json").write_text("{}")
    (forge / "merged").write_text(f"1 {first} {first}\n2 {second} {second}\n")
    runner.git("checkout", "--quiet", first)
    done = runner.job("apply.sh", "acme", "us")
    assert done.returncode == 0, done.stderr
    assert "request 2 was merged after this commit" in done.stderr
    once = [one for one in runner.state()["audit/us.jsonl"].splitlines() if "--once" in one]
    assert once == ["apply out/merged-1-acme.json --base none --once"]


@pytest.mark.parametrize(
    ("fields", "made"),
    [
        ({"merge_commit_sha": "1" * 40, "squash_commit_sha": "2" * 40}, "1" * 40),
        ({"merge_commit_sha": None, "squash_commit_sha": "2" * 40}, "2" * 40),
        ({"merge_commit_sha": None, "squash_commit_sha": None}, "a" * 40),
    ],
)
def test_what_a_merge_made_is_told_however_it_was_made(
    tmp_path: Path, fields: Any, made: str
) -> None:
    with serving("gitlab") as forge:
        merged(forge, 1, 1, "a" * 40, **fields)
        assert done(forge, tmp_path, "merged", "acme", "30", ".") == f"1 {made} - -\n"


def test_a_stranger_who_approves_is_no_approver(tmp_path: Path) -> None:
    """In a public repository anybody can review; the trail would name them."""
    with serving("github") as forge:
        merged(forge, 1, 1, "a" * 40)
        kept(forge, "a" * 40, "acme", b"{}")
        for login, how in (("mallory", "NONE"), ("eve", "CONTRIBUTOR"), ("grace", "COLLABORATOR")):
            review = {"user": {"login": login}, "state": "APPROVED", "author_association": how}
            forge.reviews.append(review)
        assert done(forge, tmp_path, "merged", "acme", "30", ".").split()[-1] == "grace"


def test_no_group_of_stores_waits_for_the_plan_of_another() -> None:
    """One that was blocked, or owed somebody an opt-out, kept all from being carried out by hand."""
    (path,) = (one for one in WORKFLOWS if one.name == "customers.yaml")
    assert "needs.replan.result" not in data(path)["jobs"]["apply"]["if"]
    replan = data(STEPS / "gitlab-jobs.yml")[".replan"]
    assert replan["allow_failure"] == {"exit_codes": ["1", "3"]}
    assert replan["artifacts"]["when"] == "always"
