"""A field is a value: whatever a tag is called, what was approved is found again and told of truly."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.consent import Channel
from reconciler.model.field_path import CUSTOMER, FieldPath
from reconciler.model.fields import BY_NAME
from reconciler.plan.outcome import State
from tests.harness import KEY, VARIANTS, consent, grant, opened, person, states
from tests.program import run

TAGS = (
    "list-1234567890",
    "ada@example.com",
    "a[b]",
    "]",
    "[",
    "tags[x]",
    "consent.email",
    "x.y",
    "news letter",
    "é",
    "+8613315034487",
)


@given(name=st.sampled_from(("tags", "email", "note", "customer")), member=st.text(max_size=12))
def test_a_path_is_read_as_it_was_written(name: str, member: str) -> None:
    path = FieldPath(name, member if name == "tags" else "")

    assert FieldPath.parse(str(path)) == path
    assert path.table == name


def test_every_field_of_the_table_has_a_path() -> None:
    for name in BY_NAME:
        assert str(FieldPath.parse(name)) == name
        assert FieldPath.parse(name).table == name
    for channel in Channel:
        assert FieldPath.parse(f"consent.{channel}") == FieldPath.of_consent(channel)
        assert FieldPath.of_consent(channel).channel is channel
    assert FieldPath.parse("customer") == CUSTOMER


def bearing(tag: str) -> dict[str, Any]:
    return {"consent": {"bearing_tags": {tag: "email"}}}


@pytest.mark.parametrize(
    ("variant", "tag"),
    # What a tag is called matters to no platform: each is tried on every second variant, in turn.
    [
        (VARIANTS[(turn + each) % len(VARIANTS)], tag)
        for turn, tag in enumerate(TAGS)
        for each in (0, 2)
    ],
)
def test_a_tag_that_feeds_an_audience_may_be_called_anything(
    tmp_path: Path, variant: str, tag: str
) -> None:
    with opened(
        tmp_path, variant, [person("a@example.org"), person("b@example.org", tags=[tag])]
    ) as shop:
        shop.settings = {"tags": {"owned": ["*"]}}
        shop.policy = bearing(tag)
        yes = {"email": grant()}
        shop.want(
            {"email": "a@example.org", "tags": [tag], "consent": yes},
            {"email": "b@example.org", "tags": []},
        )
        secrets = {"TOKEN": shop.box.token, "RECONCILER_KEY": KEY.decode()}
        plan = tmp_path / "plan.json"
        done = run(
            "plan",
            "--specs",
            shop.specs,
            "--out",
            plan,
            "--release",
            "consent.undated-opt-out",
            env=secrets,
        )
        assert done.code == 0, done.err
        for form in ("markdown", "html", "github", "gitlab", "csv", "json"):
            assert run("show", plan, "--format", form, "-v", env=secrets).code == 0
        assert run("show", plan, "--steps", env=secrets).code == 0
        applied = run("apply", plan, "--specs", shop.specs, env=secrets)

        assert applied.code == 0, applied.everything
        people = {
            one["email"]: [tag.lower() for tag in one["tags"]] for one in shop.box.customers()
        }
        assert tag.lower() in people["a@example.org"]
        assert tag.lower() not in people["b@example.org"]
        assert run("plan", "--specs", shop.specs, "--detailed-exitcode", env=secrets).code == 0


@pytest.mark.parametrize("tag", TAGS)
def test_whoever_opts_out_in_between_is_not_told_as_done(tmp_path: Path, tag: str) -> None:
    with opened(tmp_path, "shopline", [person("a@example.org")]) as shop:
        shop.settings = {"tags": {"owned": ["*"]}}
        shop.policy = bearing(tag)
        shop.want({"email": "a@example.org", "tags": [tag], "consent": {"email": grant()}})
        body = shop.plan()
        assert body["changes"]
        out = {"email": consent("unsubscribed", "2026-11-20T00:00:00+00:00"), "sms": consent()}
        shop.reset([person("a@example.org", consent=out)])

        result = shop.apply(body)

        assert not result.complete
        assert State.ALREADY not in states(result)
        assert State.OPTED_OUT in states(result)
        assert tag not in shop.live("a@example.org")["tags"]


@pytest.mark.parametrize("tag", ["ada@example.com", "list-1234567890"])
def test_what_did_not_take_is_told_without_the_tag(tmp_path: Path, tag: str) -> None:
    with opened(
        tmp_path, "shopline", [person("b@example.org", tags=[tag, "x"])], {"tags": "append"}
    ) as shop:
        shop.settings = {"tags": {"owned": ["*"]}}
        shop.policy = bearing(tag)
        shop.want({"email": "b@example.org", "tags": []})
        secrets = {"TOKEN": shop.box.token, "RECONCILER_KEY": KEY.decode()}
        done = run("apply", "--yes", "-v", "--specs", shop.specs, env=secrets)

        assert done.code == 4
        assert tag not in done.everything
        assert tag not in shop.journal()
        assert "tags[text_" in done.everything
