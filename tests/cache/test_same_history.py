"""The same over histories: earlier revisions, marks, windows, scopes and tags as documents."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.scope import EVERYBODY, Scope
from tests.attacks.test_git import git
from tests.cache.specs import FEWER, Json, environment, later, planned, record, write
from tests.harness import KEY, Shop, consent, grant
from tests.history.repository import Repository

_PEOPLE: Final = 5
_CONSENTS: Final = (
    None,
    None,
    "unsubscribed",
    grant(),
    grant(basis="implied_inquiry", given_at="2026-04-15T10:00:00+00:00"),
)
_DOCUMENTS: Final[tuple[Json | None, ...]] = (
    *[None] * 6,
    {"name": "x", "exact": True},
    {"name": "x", "state": "absent"},
    {"one_of": ["vip", "x"]},
    {"name": "x", "renamed_from": "y"},
)
_person = st.fixed_dictionaries(
    {
        "in": st.sampled_from((*[True] * 6, False)),
        "file": st.integers(0, 1),
        "first_name": st.sampled_from(("Ada", "Ada", "Grace", None)),
        "tags": st.sampled_from((["vip"], {"add": ["vip"]}, {"remove": ["x"]}, None)),
        "consent": st.sampled_from(_CONSENTS),
        "protect": st.sampled_from((False, False, True)),
        "claim": st.sampled_from((None, None, True)),
        "member": st.sampled_from((None, None, "2026-10-03T12:00:00+00:00", "for ever")),
        "live": st.fixed_dictionaries(
            {
                "first_name": st.sampled_from(("Ada", "Ada", "Grace")),
                "tags": st.sampled_from((["vip"], ["vip", "ours"], ["x", "theirs"], ["theirs"])),
                "consent": st.sampled_from(("subscribed", "unsubscribed", "not_subscribed")),
                "bare": st.booleans(),
            }
        ),
    }
)
_world = st.fixed_dictionaries(
    {
        "document": st.sampled_from(_DOCUMENTS),
        "settings": st.fixed_dictionaries(
            {
                "on_removed": st.sampled_from(("keep", "delete")),
                "ownership": st.sampled_from(({"tag": "ours"}, {"foreign": ["theirs"]})),
                "tags": st.sampled_from(
                    ({"owned": ["vip", "x", "y", "seg"]}, {"owned": ["*"]}, None)
                ),
                "frozen": st.sampled_from(
                    (
                        None,
                        None,
                        [
                            {
                                "from": "2026-10-02T00:00:00+00:00",
                                "until": "2026-10-04T00:00:00+00:00",
                                "reason": "Ada takes stock",
                            }
                        ],
                    )
                ),
            }
        ),
        "days": st.sampled_from((0, 0, 1, 3, 60)),
        "base": st.sampled_from((None, "main", "main", "HEAD~1")),
        "scope": st.sampled_from(
            (
                *[EVERYBODY] * 4,
                Scope(tags=("vip",)),
                Scope(customers=("p1@example.com",)),
                Scope(changed=True),
            )
        ),
    }
)


@st.composite
def _histories(draw: st.DrawFn) -> list[tuple[list[Json], Json]]:
    people = draw(st.lists(_person, min_size=_PEOPLE, max_size=_PEOPLE))
    world = draw(_world)
    found = [(people, world)]
    for _ in range(draw(st.integers(2, 3))):
        people = list(people)
        if draw(st.booleans()):
            at = draw(st.integers(0, _PEOPLE - 1))
            people[at] = draw(_person)
        other = draw(_world)
        kept = draw(st.sets(st.sampled_from(("document", "settings"))))
        world = {**other, **{name: world[name] for name in kept}}
        found.append((people, world))
    return found


def _email(number: int) -> str:
    return f"p{number}@example.com"


def _files(people: list[Json], document: Json | None) -> Mapping[str, Json]:
    files: dict[str, Json] = {"part-0": {}, "part-1": {}}
    members: list[Json] = []
    for number, one in enumerate(people):
        if not one["in"]:
            continue
        entry: Json = {"email": _email(number)}
        for name in ("first_name", "tags", "claim"):
            if one[name] is not None:
                entry[name] = one[name]
        if one["protect"]:
            entry["protect"] = True
        if one["consent"]:
            entry["consent"] = {"email": one["consent"]}
        files[f"part-{one['file']}"].setdefault("customers", []).append(entry)
        if one["member"]:
            until = {} if one["member"] == "for ever" else {"until": one["member"]}
            members.append({"email": _email(number), **until})
    tags = [{"name": "seg", "members": members}] if members and document is None else []
    if document is not None:
        alone = "name" not in document or document.get("state") == "absent" or not members
        tags.append(document if alone else {**document, "members": members})
    if tags:
        files["part-tags"] = {"tags": tags}
    return {name: one for name, one in files.items() if one}


def _records(people: list[Json]) -> list[Json]:
    return [
        record(
            _email(number),
            id=str(1000 + number),
            first_name=one["live"]["first_name"],
            tags=[] if one["live"]["bare"] else one["live"]["tags"],
            consent={"email": consent(one["live"]["consent"]), "sms": consent()},
        )
        for number, one in enumerate(people)
    ]


@pytest.mark.parametrize("variant", ["genstore", "shopline"])
@FEWER
@given(history=_histories())
def test_no_history_makes_what_is_remembered_count(
    shops: dict[str, Shop],
    tmp_path_factory: pytest.TempPathFactory,
    variant: str,
    history: list[tuple[list[Json], Json]],
) -> None:
    shop = shops[variant]
    folder = tmp_path_factory.mktemp("cache")
    shutil.rmtree(shop.folder / ".git", ignore_errors=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        for number, (people, world) in enumerate(history):
            write(shop, _files(people, world["document"]), **world["settings"])
            shop.reset(_records(people))
            _commit(shop, first=not number)
            at = later(world["days"])
            told = {"base": world["base"] if number else None, "scope": world["scope"]}

            # The same twice, so that the second can rest on all of the first.
            for _ in range(2):
                warm = planned(shop, environment(shop, folder, at=at), **told)
                assert warm == planned(shop, environment(shop, None, at=at), **told)
    shutil.rmtree(folder)


def _commit(shop: Shop, *, first: bool) -> None:
    if first:
        git(shop.folder, "init", "-q", "-b", "main")
    git(shop.folder, "add", "-A", "specs")
    git(shop.folder, "commit", "-qm", "all", "--allow-empty")
    if first:
        git(shop.folder, "checkout", "-qb", "branch")


def test_what_was_applied_last_is_compared_with_all_the_same(
    plain: Shop, folder: Path, tmp_path: Path
) -> None:
    """Somebody left the files since, and a field left another entry."""
    plain.settings = {"on_removed": "delete", "ownership": {"tag": "ours"}}
    repo = Repository(plain)
    names = [_email(number) for number in range(3)]
    entries: list[Any] = [{"email": one, "first_name": "Ada", "tags": ["vip"]} for one in names]
    key = KEY.decode()
    write(plain, {"part": {"customers": entries}}, **plain.settings)
    repo.commit()
    repo.converge()
    planned(plain, environment(plain, folder, key=key))

    write(plain, {"part": {"customers": [entries[0], {"email": names[1]}]}}, **plain.settings)
    plans = [
        planned(plain, environment(plain, place, key=key), base=base)
        for base in ("applied", None)
        for place in (folder, folder, None)
    ]

    assert plans[0] == plans[1] == plans[2]
    assert plans[3] == plans[4] == plans[5]
    assert '"delete"' in plans[0][0]
