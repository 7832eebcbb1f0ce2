"""Histories of commits, merges, edits in the store and applies: hands off what is not ours.

Nobody is deleted who neither bears our mark nor is declared absent, no tag that is not ours is
added or removed, and what is reverted comes back, but no consent.
"""

import tempfile
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.harness import consent
from tests.history.repository import Repository, entry, repository

Json = dict[str, Any]
MARK: Final = "ours"
PEOPLE: Final = ("ada", "bob", "cyd")
EVERYBODY: Final = (*PEOPLE, "new")
OURS: Final = ("vip", "seg:a", "trial")
THEIRS: Final = ("app:1", "crm")

# An example takes a second, and its acts tell what went wrong.
_PHASES: Final = (Phase.explicit, Phase.reuse, Phase.generate)

_tags = st.lists(st.sampled_from(OURS), unique=True, max_size=2)
_fields = st.fixed_dictionaries(
    {},
    optional={
        "first_name": st.sampled_from(("Ada", "Eva")),
        "tags": st.one_of(_tags, _tags.map(lambda some: {"add": some})),
        "consent": st.just({"email": "unsubscribed"}),
    },
)
_gone = st.just({"state": "absent", "reason": "asked to"})
_entries = st.dictionaries(
    st.sampled_from(EVERYBODY), st.one_of(_fields, _fields, _fields, _gone), max_size=4
)
_members = st.lists(st.sampled_from(PEOPLE), unique=True, max_size=3)
_in_store = st.tuples(
    st.sampled_from(EVERYBODY),
    st.lists(st.sampled_from((*OURS, *THEIRS, MARK)), unique=True, max_size=4),
)
_acts = st.one_of(
    st.tuples(st.just("specs"), _entries, _members),
    st.tuples(st.just("branch"), _entries, _members),
    st.tuples(st.just("store"), _in_store),
    st.just(("revert",)),
)
_setups = st.fixed_dictionaries(
    {
        "platform": st.sampled_from(("genstore", "shopline")),
        "put": st.sampled_from(("merge", "replace")),
        "owned": st.sampled_from((None, ["vip", "seg:*", "trial"])),
        "on_removed": st.sampled_from(("keep", "delete")),
    }
)


def _write(repo: Repository, entries: Json, members: list[str]) -> None:
    repo.write("people", customers=[entry(name, **told) for name, told in entries.items()])
    alive = [name for name in members if entries.get(name, {}).get("state") != "absent"]
    if alive:
        repo.write("vip", tags=[{"name": "vip", "members": [entry(name) for name in alive]}])
    elif (repo.shop.specs / "vip.yaml").exists():
        repo.drop("vip")


def _records(repo: Repository) -> dict[str, Json]:
    return {one["id"]: one for one in repo.shop.box.customers()}


def _absent(repo: Repository) -> set[str]:
    file = repo.shop.specs / "people.yaml"
    text = file.read_text() if file.exists() else ""
    return {f"{name}@example.com" for name in EVERYBODY if _is_absent(text, name)}


def _is_absent(text: str, name: str) -> bool:
    _, _, rest = text.partition(f'"{name}@example.com"')
    return '"absent"' in rest.partition("}")[0]


def _check_plan(repo: Repository, body: Json) -> None:
    absent, records = _absent(repo), _records(repo)
    for change in body["changes"]:
        if change["action"] == "delete":
            live = records[change["remote_id"]]
            assert MARK in live["tags"] or live["email"] in absent
        for field in change["fields"]:
            told = {*field.get("added", ()), *field.get("removed", ())}
            assert told.isdisjoint(THEIRS)
            assert MARK not in field.get("removed", ())


def _apply(repo: Repository, late: tuple[str, list[str]] | None) -> None:
    """Carries out the plan at hand after somebody has put a tag on a customer."""
    if late is not None and any(one["email"] == _email(late[0]) for one in _records(repo).values()):
        _edit(repo, *late)
    before, absent = _records(repo), _absent(repo)
    done = repo.apply()
    assert done.code in (0, 4), done.everything
    after = _records(repo)
    for number, was in before.items():
        if number not in after:
            assert MARK in was["tags"] or was["email"] in absent
            continue
        now = after[number]
        assert _theirs(was) == _theirs(now)
        assert MARK not in was["tags"] or MARK in now["tags"]
        assert MARK in was["tags"] or MARK not in now["tags"]  # nobody claims anybody
        assert not _subscribed(now) or _subscribed(was)


def _theirs(record: Json) -> set[str]:
    return set(record["tags"]) & set(THEIRS)


def _subscribed(record: Json) -> bool:
    return bool(record["consent"]["email"]["state"] == "subscribed")


def _email(name: str) -> str:
    return f"{name}@example.com"


def _edit(repo: Repository, name: str, tags: list[str]) -> None:
    for one in _records(repo).values():
        if one["email"] == _email(name):
            repo.shop.box.edit(one["id"], tags=tags)


def _opened(folder: Path, setup: Json) -> Any:
    return repository(folder, PEOPLE, setup["platform"], consent={"email": consent("subscribed")})


def _prepare(repo: Repository, setup: Json) -> None:
    repo.shop.box.reset(repo.shop.box.customers(), {"put": setup["put"]})
    repo.shop.settings.update(ownership={"tag": MARK}, on_removed=setup["on_removed"])
    if setup["owned"] is not None:
        repo.shop.settings["tags"] = {"owned": setup["owned"]}
    repo.shop.want()
    repo.commit()


def _commit(repo: Repository, entries: Json, members: list[str]) -> None:
    _write(repo, entries, members)
    repo.git("add", "-A")
    repo.git("commit", "-q", "--allow-empty", "-m", "a change")


def _history(setup: Json, acts: list[Any], late: tuple[str, list[str]]) -> None:
    with tempfile.TemporaryDirectory() as folder, _opened(Path(folder), setup) as repo:
        _prepare(repo, setup)
        wanted: list[tuple[Json, list[str]]] = [({}, [])]
        for act in acts:
            base = "none"
            if act[0] == "store":
                _edit(repo, *act[1])
            elif act[0] == "revert":
                _commit(repo, *wanted[-2:][0])
            else:
                wanted.append(act[1:])
                if act[0] == "branch":
                    base = "main"
                    repo.git("checkout", "-qB", "branch", "main")
                _commit(repo, *act[1:])
            done, body = repo.plan(base)
            assert done.code in (0, 3), done.everything
            _check_plan(repo, body)
            if act[0] == "branch":
                repo.git("checkout", "-q", "main")
                repo.git("merge", "-q", "--no-ff", "--no-edit", "branch")
            if not body["summary"]["blocked"]:
                _apply(repo, late)
            _check_plan(repo, repo.plan("applied")[1])


@settings(max_examples=12, phases=_PHASES)
@given(_setups, st.lists(_acts, min_size=1, max_size=4), _in_store)
def test_nothing_that_is_not_ours_is_touched(
    setup: Json, acts: list[Any], late: tuple[str, list[str]]
) -> None:
    _history(setup, acts, late)


@pytest.mark.slow
@settings(max_examples=300, phases=_PHASES)
@given(_setups, st.lists(_acts, min_size=1, max_size=8), _in_store)
def test_nothing_that_is_not_ours_is_touched_at_length(
    setup: Json, acts: list[Any], late: tuple[str, list[str]]
) -> None:
    _history(setup, acts, late)


def _managed(repo: Repository) -> dict[str, tuple[set[str], str]]:
    return {
        one["email"]: (set(one["tags"]) & set(OURS), one["first_name"])
        for one in _records(repo).values()
    }


def _revert(setup: Json, before: Json, change: Json, members: list[list[str]]) -> None:
    if setup["platform"] == "shopline":
        setup = {**setup, "put": "merge"}  # one that replaces is stopped at the first write
    with tempfile.TemporaryDirectory() as folder, _opened(Path(folder), setup) as repo:
        _prepare(repo, setup)
        _commit(repo, before, members[0])
        repo.converge()
        had = _managed(repo)
        _commit(repo, change, members[1])
        repo.converge()
        out = {number for number, one in _records(repo).items() if not _subscribed(one)}
        _commit(repo, before, members[0])
        repo.converge()
        has = _managed(repo)
        for name in PEOPLE:
            told = (before.get(name, {}), change.get(name, {}))
            if all("first_name" in one for one in told):
                assert has[_email(name)][1] == had[_email(name)][1]
            if all("tags" in one for one in told):
                assert has[_email(name)][0] == had[_email(name)][0]
        assert not any(_subscribed(_records(repo)[number]) for number in out)


_alive = st.dictionaries(st.sampled_from(PEOPLE), _fields, max_size=3)


@settings(max_examples=10, phases=_PHASES)
@given(_setups, _alive, _alive, st.tuples(_members, _members).map(list))
def test_what_is_reverted_comes_back_and_no_consent(
    setup: Json, before: Json, change: Json, members: list[list[str]]
) -> None:
    _revert(setup, before, change, members)


@pytest.mark.slow
@settings(max_examples=300, phases=_PHASES)
@given(_setups, _alive, _alive, st.tuples(_members, _members).map(list))
def test_what_is_reverted_comes_back_and_no_consent_at_length(
    setup: Json, before: Json, change: Json, members: list[list[str]]
) -> None:
    _revert(setup, before, change, members)
