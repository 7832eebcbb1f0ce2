"""A pull request that changes settings: those of the base count, and the difference is told."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler.desired import files
from reconciler.desired.sources import FromRevision
from reconciler.errors import ConfigError
from reconciler.repository import revision
from tests.attacks.test_git import git
from tests.harness import KEY, Shop, opened, person
from tests.program import Done, run

Json = dict[str, Any]
SOON = (datetime.now(UTC) + timedelta(days=3)).isoformat()  # noqa: TID251 -- approvals run out
PAST = "2026-01-01T00:00:00+00:00"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with opened(
        tmp_path / "repo", "genstore", [person(str(n) + "@example.com") for n in range(9)]
    ) as made:
        git(made.folder, "init", "-q", "-b", "main")
        (made.folder / ".gitignore").write_text(".reconciler\n*.json\n")
        yield made


def commit(shop: Shop) -> str:
    git(shop.folder, "add", "-A")
    git(shop.folder, "commit", "-qm", "a change")
    return git(shop.folder, "rev-parse", "HEAD").strip()


def call(shop: Shop, *words: str, **env: str) -> Done:
    secrets = {
        "TOKEN": shop.box.token,
        "RECONCILER_KEY": KEY.decode(),
        "RECONCILER_HOSTS": shop.url,
    }
    return run(*words, "--specs", shop.specs, env={**secrets, "CI": "true", **env})


def planned(shop: Shop, base: str = "main") -> tuple[Done, Json]:
    file = shop.folder / "plan.json"
    file.unlink(missing_ok=True)
    done = call(shop, "plan", "--base", base, "--out", str(file))
    return done, json.loads(file.read_text()) if file.exists() else {}


def paths(body: Json) -> list[str]:
    return [".".join(one["path"]) for one in body["settings"]["changed"]]


def test_where_ci_is_set_somebody_says_whose_settings_count(shop: Shop) -> None:
    commit(shop)
    for words in (["plan"], ["apply", "--yes"], ["explain", "x"], ["export", "--out", "x"]):
        done = call(shop, *words)
        assert done.code == 64, done.err
        assert "--base" in done.err
    assert call(shop, "validate").code == 0
    assert call(shop, "plan", "--base", "none").code == 0


SETTINGS: dict[str, tuple[Callable[[Shop], None], str]] = {
    "limit": (
        lambda shop: shop.settings.update(
            limits={"grant": {"percent": 100, "at_least": 99, "at_most": 99}}
        ),
        "stores.shop.limits.grant.at_least",
    ),
    "host": (
        lambda shop: shop.settings.update(base_url="http://127.0.0.1:9"),
        "stores.shop.base_url",
    ),
    "token": (lambda shop: shop.settings.update(token={"env": "OTHER"}), "stores.shop.token.env"),
    "shop": (lambda shop: shop.settings.update(shop="another"), "stores.shop.shop"),
    "zone": (lambda shop: shop.settings.update(timezone="Asia/Tokyo"), "stores.shop.timezone"),
    "owned": (lambda shop: shop.settings.update(tags={"owned": ["*"]}), "stores.shop.tags.owned.*"),
    "words": (
        lambda shop: shop.settings.update(consent_words={"email": {"unsubscribed": "GONE"}}),
        "stores.shop.consent_words.email.unsubscribed",
    ),
    "frozen": (
        lambda shop: shop.settings.update(
            frozen=[{"from": PAST, "until": "2026-01-02T00:00:00+00:00", "reason": "stocktaking"}]
        ),
        "stores.shop.frozen.2026-01-01T00:00+00:00 to 2026-01-02T00:00+00:00",
    ),
    "require": (
        lambda shop: shop.policy.update(consent={"require": {"email": ["given_at"]}}),
        "policy.consent.require.email.source",
    ),
    "bearing": (
        lambda shop: shop.policy.update(consent={"bearing_tags": {"news": "email"}}),
        "policy.consent.bearing_tags.news",
    ),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_of_the_pull_request_is_told_and_not_in_force(shop: Shop, name: str) -> None:
    change, path = SETTINGS[name]
    shop.want({"email": "0@example.com", "first_name": "New"})
    commit(shop)
    before = planned(shop)[1]
    change(shop)
    shop.want({"email": "0@example.com", "first_name": "New"})

    done, body = planned(shop)

    assert path in paths(body)
    assert done.code == 0, done.err
    assert done.out.startswith("settings.changed: ")
    assert [one["digest"] for one in body["changes"]] == [
        one["digest"] for one in before["changes"]
    ]
    assert body["spec"]["settings"] == before["spec"]["settings"]
    for form in ("text", "markdown", "html", "github", "gitlab", "csv"):
        shown = call(shop, "show", f"{shop.folder}/plan.json", "--format", form).out
        assert path in shown.replace("\\", ""), form
        assert shown.replace("\\", "").index("settings.changed") < shown.index("unchanged"), form


def test_an_approval_of_the_pull_request_lifts_nothing(shop: Shop) -> None:
    shop.settings["limits"] = {"create": {"percent": 1, "at_least": 1, "at_most": 1}}
    shop.want()
    commit(shop)
    new = [{"email": f"new{n}@example.com"} for n in range(3)]
    raised = {"raise": {"create": 3}, "reason": "a campaign", "until": SOON}
    shop.want(*new, approvals=[raised])

    done, body = planned(shop)

    assert done.code == 3
    assert body["summary"]["blocked"]
    assert any(one.startswith("approvals.raise create=3 in shop until") for one in paths(body))
    assert not [one for one in body["lifts"] if one["kind"] == "raise"]
    commit(shop)
    done, body = planned(shop)
    (lift,) = (one for one in body["lifts"] if one["kind"] == "raise")
    assert (done.code, lift["state"], lift["origin"]) == (0, "used", "base")
    assert lift["reason"] == "a campaign"


def test_a_new_store_is_not_contacted(shop: Shop) -> None:
    commit(shop)
    text = json.loads((shop.specs / "all.yaml").read_text())
    other = {**text["stores"]["shop"], "base_url": "http://127.0.0.1:9", "shop": "evil"}
    (shop.specs / "other.yaml").write_text(
        json.dumps(
            {
                "stores": {"other": other},
                "store": "other",
                "customers": [{"email": "a@example.com"}],
            }
        )
    )

    done, body = planned(shop)

    assert done.code == 0, done.err
    assert [one["name"] for one in body["stores"]] == ["shop"]
    assert body["settings"]["once_merged"] == [{"store": "other", "entries": 1}]
    assert "store other (1 entry): the base does not have it" in done.out
    asked = call(shop, "plan", "--base", "main", "--store", "other")
    assert asked.code == 1
    assert "planned once merged" in asked.err


def test_what_is_owed_in_a_new_store_stands_first(shop: Shop) -> None:
    commit(shop)
    text = json.loads((shop.specs / "all.yaml").read_text())
    wants = [
        {"email": "a@example.com", "consent": {"email": "unsubscribed", "sms": "unsubscribed"}},
        {"email": "b@example.com", "state": "absent", "reason": "erasure request 5"},
    ]
    (shop.specs / "other.yaml").write_text(
        json.dumps(
            {"stores": {"other": text["stores"]["shop"]}, "store": "other", "customers": wants}
        )
    )

    done, body = planned(shop)

    assert done.code == 3
    assert done.out.startswith("NOT PLANNED  other: cus_")
    owed = [one["rule"] for one in body["verdicts"] if one["store"] == "other"]
    assert sorted(owed) == ["erasure.not-planned", "withdraw.not-planned", "withdraw.not-planned"]
    assert call(shop, "apply", "--base", "main", f"{shop.folder}/plan.json").code == 3


def test_settings_that_have_nothing_in_common_are_compared(shop: Shop) -> None:
    """A first pull request: nothing stands at the base, and everything is new."""
    (shop.folder / "readme").write_text("x")
    specs = (shop.specs / "all.yaml").read_text()
    (shop.specs / "all.yaml").unlink()
    commit(shop)
    document = json.loads(specs)
    document["stores"]["shop"]["tags"] = {"owned": [f"tag{number}" for number in range(40)]}
    (shop.specs / "all.yaml").write_text(json.dumps(document))

    done, body = planned(shop)

    assert done.code == 0, done.err
    assert (
        sum(
            one[:4] == ["stores", "shop", "tags", "owned"]
            for one in (c["path"] for c in body["settings"]["changed"])
        )
        == 40
    )
    assert body["settings"]["once_merged"] == [{"store": "shop", "entries": 0}]


def test_an_approval_that_is_not_at_the_base_says_what_to_do(shop: Shop) -> None:
    commit(shop)
    shop.want(
        {"email": "0@example.com"},
        approvals=[
            {
                "release": "consent.undated-opt-out",
                "customer": {"email": "0@example.com"},
                "reason": "two duplicates",
                "until": SOON,
            }
        ],
    )

    done, body = planned(shop)

    (change,) = body["settings"]["changed"]
    assert change["after"] == "two duplicates"
    assert change["source"]["line"] > 1
    assert "of cus_" in change["path"][1]
    assert "merge it first, then plan again" in done.out


def test_a_plan_is_applied_under_the_settings_it_was_made_under(shop: Shop) -> None:
    shop.want({"email": "0@example.com", "first_name": "New"})
    commit(shop)
    git(shop.folder, "branch", "base")
    shop.settings["phone_region"] = "DE"
    shop.want({"email": "0@example.com", "first_name": "Newer"})
    planned(shop, "base")
    commit(shop)  # merged: the settings that the plan showed are those at hand now

    done = call(shop, "apply", "--base", "none", f"{shop.folder}/plan.json")

    assert done.code == 0, done.everything
    assert shop.live("0@example.com")["first_name"] == "Newer"


def test_a_window_that_a_pull_request_brings_counts_once_merged(shop: Shop) -> None:
    shop.want({"email": "0@example.com", "first_name": "New"})
    commit(shop)
    shop.settings = {"frozen": [{"from": PAST, "until": SOON, "reason": "stocktaking"}]}
    shop.want({"email": "0@example.com", "first_name": "New"})
    done, _ = planned(shop)
    assert "store.frozen" not in done.out
    commit(shop)

    done = call(shop, "apply", str(shop.folder / "plan.json"), "--base", "none")

    assert done.code == 3, done.everything
    assert "frozen until" in done.err


def test_a_window_that_a_pull_request_takes_away_counts_until_merged(shop: Shop) -> None:
    shop.settings = {"frozen": [{"from": PAST, "until": SOON, "reason": "stocktaking"}]}
    shop.want({"email": "0@example.com", "first_name": "New"})
    commit(shop)
    shop.settings = {}
    shop.want({"email": "0@example.com", "first_name": "New"})

    done, body = planned(shop)

    assert done.code == 3
    assert body["verdicts"][0]["rule"] == "store.frozen"


def test_a_plan_is_stale_where_other_settings_have_changed(shop: Shop) -> None:
    shop.want({"email": "0@example.com", "first_name": "New"})
    commit(shop)
    git(shop.folder, "branch", "base")
    planned(shop, "base")
    shop.settings["timezone"] = "Asia/Tokyo"
    shop.want({"email": "0@example.com", "first_name": "New"})
    commit(shop)

    done = call(shop, "apply", "--base", "none", f"{shop.folder}/plan.json")

    assert done.code == 5, done.everything
    assert "stores or policy have changed" in done.err
    assert shop.live("0@example.com")["first_name"] == "Ada"


@pytest.mark.parametrize("after", ["gone", "ended"])
def test_a_plan_is_stale_where_its_approval_is_gone(shop: Shop, after: str) -> None:
    shop.settings["limits"] = {"create": {"percent": 1, "at_least": 1, "at_most": 1}}
    new = [{"email": f"new{n}@example.com"} for n in range(3)]
    raised = {"raise": {"create": 3}, "reason": "a campaign", "until": SOON}
    shop.want(*new, approvals=[raised])
    commit(shop)
    assert planned(shop)[0].code == 0
    shop.want(*new, approvals=[] if after == "gone" else [{**raised, "until": PAST}])
    commit(shop)

    done = call(shop, "apply", "--base", "none", f"{shop.folder}/plan.json")

    assert done.code == 5, done.everything
    assert "an approval that this plan used" in done.err
    assert len(list(shop.box.customers())) == 9


def test_lifts_that_count_for_nothing_are_told(shop: Shop) -> None:
    shop.want(
        approvals=[
            {"raise": {"create": 30}, "reason": "unused", "until": SOON},
            {"release": "consent.undated-opt-out", "reason": "over", "until": PAST},
        ]
    )
    commit(shop)

    done = call(shop, "plan", "--base", "none", "--raise", "grant=7")

    assert "raise create=30 in shop (unused, from the specs, reason: unused, until " in done.out
    assert (
        "release consent.undated-opt-out in shop (expired, from the specs, reason: over" in done.out
    )
    assert "raise grant=7 (unused, by flag)" in done.out


def test_lifts_stand_in_the_trail(shop: Shop) -> None:
    shop.settings["limits"] = {"create": {"percent": 1, "at_least": 1, "at_most": 1}}
    shop.want(*({"email": f"new{n}@example.com"} for n in range(2)))
    commit(shop)

    assert call(shop, "apply", "--base", "none", "--yes", "--raise", "create=2").code == 0
    began = json.loads(
        (shop.folder / ".reconciler" / "audit" / "shop.jsonl").read_text().split("\n")[0]
    )

    assert {
        "lift": "raise create 2",
        "origin": "flag",
        "source": None,
        "reason": None,
        "used": True,
    } in began["lifts"]
    assert any(
        one["lift"].startswith("limit create") and one["origin"] == "specs"
        for one in began["lifts"]
    )
    assert call(shop, "audit", "verify").code == 0


@pytest.mark.parametrize(
    "name", ["-h", "--output=/tmp/x", "-", "", "nope", "HEAD:specs", "main\n", "a..b", "^main"]
)
def test_a_revision_that_is_none_is_refused(shop: Shop, name: str) -> None:
    commit(shop)
    with pytest.raises(ConfigError):
        revision(shop.specs, name)


def test_a_tag_with_the_name_of_the_branch_is_not_taken_for_it(shop: Shop) -> None:
    first = commit(shop)
    git(shop.folder, "update-ref", "refs/remotes/origin/main", first)
    shop.settings["phone_region"] = "DE"
    shop.want()
    commit(shop)
    git(shop.folder, "tag", "origin/main")

    with pytest.raises(ConfigError, match="names several things"):
        revision(shop.specs, "origin/main")
    assert revision(shop.specs, "refs/remotes/origin/main").commit == first


def test_a_folder_that_became_a_link_or_a_repository_has_no_base(
    shop: Shop, tmp_path: Path
) -> None:
    lax = shop.folder / "examples"
    lax.mkdir()
    (lax / "stores.yaml").write_text("policy: {}\n")
    commit(shop)
    (shop.folder / "linked").symlink_to(lax)
    with pytest.raises(ConfigError, match="through a link"):
        revision(shop.folder / "linked", "main")
    with pytest.raises(ConfigError, match="no git repository"):
        revision(tmp_path, "main")


def test_a_revision_that_a_shallow_clone_lacks_is_named(shop: Shop, tmp_path: Path) -> None:
    first = commit(shop)
    shop.want({"email": "0@example.com"})
    commit(shop)
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{shop.folder}", "shallow")
    specs = tmp_path / "shallow" / "specs"
    assert revision(specs, "HEAD").commit != first
    with pytest.raises(ConfigError, match=f"this clone knows no revision {first}"):
        revision(specs, first)


def test_both_sources_yield_the_same(shop: Shop) -> None:
    specs = shop.specs
    (specs / "deep" / "er").mkdir(parents=True)
    (specs / "deep" / "er" / "b.YML").write_bytes(b"store: shop\r\n")
    (specs / "deep" / ".hidden.yaml").write_text("x: 1\n")
    (specs / "übung.yaml").write_text("store: shop\n")
    (specs / "link.yaml").symlink_to("deep/er/b.YML")
    (specs / ".gitattributes").write_text("*.yaml text eol=crlf filter=x\n")
    commit(shop)

    found, diagnostics = FromRevision(specs, revision(specs, "HEAD")).read()

    assert (found, diagnostics) == files.read([specs])
    assert {Path(one.name).name for one in found} == {
        "all.yaml",
        "b.YML",
        "übung.yaml",
        "link.yaml",
    }


def test_what_is_hidden_is_read_through_no_link(shop: Shop) -> None:
    """A policy that the base keeps behind such a link would be in force on one side only."""
    (shop.specs / ".hidden").mkdir()
    (shop.specs / ".hidden" / "policy.yaml").write_text("policy: {}\n")
    (shop.specs / "linked").symlink_to(".hidden")
    (shop.specs / "one.yaml").symlink_to(".hidden/policy.yaml")
    commit(shop)

    here = files.read([shop.specs])
    there = FromRevision(shop.specs, revision(shop.specs, "HEAD")).read()

    assert here == there
    assert [one.rule for one in here[1]] == ["files.link-hidden"] * 2


def test_a_tag_that_is_called_like_a_full_name_stops_nobody(shop: Shop) -> None:
    first = commit(shop)
    git(shop.folder, "update-ref", "refs/remotes/origin/main", first)
    shop.want({"email": "0@example.com"})
    git(shop.folder, "update-ref", "refs/tags/refs/remotes/origin/main", commit(shop))

    assert revision(shop.specs, "refs/remotes/origin/main").commit == first


def test_a_link_out_of_the_folder_is_refused_at_a_revision_too(shop: Shop) -> None:
    (shop.folder / "secret.yaml").write_text("store: shop\n")
    (shop.specs / "out.yaml").symlink_to("../secret.yaml")
    (shop.specs / "loop.yaml").symlink_to("loop.yaml")
    commit(shop)

    found, diagnostics = FromRevision(shop.specs, revision(shop.specs, "HEAD")).read()

    assert {one.rule for one in diagnostics} == {"files.link-outside"}
    assert [Path(one.name).name for one in found] == ["all.yaml"]


def test_broken_settings_at_the_base_stop_the_plan(shop: Shop) -> None:
    shop.want()
    good = (shop.specs / "all.yaml").read_text()
    (shop.specs / "all.yaml").write_text(good.replace('"genstore"', '"nowhere"'))
    commit(shop)
    (shop.specs / "all.yaml").write_text(good)

    done, _ = planned(shop)

    assert done.code == 1
    assert "at the base " in done.err
