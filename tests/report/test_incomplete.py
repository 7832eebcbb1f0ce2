"""A store that was read in part, or not at all, is never good news: renderings, reports, codes."""

from pathlib import Path

import pytest

from reconciler.sandbox import Fault
from tests.company import company
from tests.harness import KEY, Shop, opened, person
from tests.program import run

_MORE = Fault("rewrite", path="count", find=r'"count":\s*\d+', put='"count": 999', times=999)


def _environment(shop: Shop) -> dict[str, str]:
    return {"TOKEN": shop.box.token, "RECONCILER_KEY": KEY.decode(), "CI_COMMIT_SHA": "c0ffee"}


@pytest.mark.parametrize("form", ["text", "markdown", "html", "github", "gitlab", "csv"])
def test_a_reading_in_part_is_told_first_and_ends_badly(tmp_path: Path, form: str) -> None:
    with opened(tmp_path, "shopline", [person(), person("grace@example.com", phone=None)]) as shop:
        shop.want({"email": "ada@example.com", "tags": {"add": ["vip"]}})
        shop.box.fault(_MORE)
        plan, places = tmp_path / "plan.json", ("--specs", shop.specs)
        done = run(
            "plan",
            *places,
            "--read",
            "full",
            "--format",
            form,
            "--out",
            plan,
            env=_environment(shop),
        )
        applied = run("apply", plan, *places, env=_environment(shop))
        again = run("apply", plan, *places, "--resume", env=_environment(shop))

    told = done.out.replace("\\", "")
    assert done.code == 1
    assert "read 2 of 999 customers" in told
    assert told.lower().index("in part") < told.index("update")
    assert "carry it out with" not in done.err
    assert "ready" not in told.lower().replace("already", "")
    assert done.err.count("shop: was read in part only") == 1
    for one in (applied, again):
        assert one.code == 1
        assert "shop was read in part only for this plan" in one.out
        assert "shop was read in part only for this plan" in one.err
    assert "but not every store was read whole for the plan" in applied.out


@pytest.mark.parametrize("form", ["text", "markdown", "html", "json", "csv"])
def test_what_may_wait_in_a_store_that_was_not_read_is_told(tmp_path: Path, form: str) -> None:
    """Of the opt-outs of the other stores of its controller, with their age."""
    out = {"state": "unsubscribed", "at": "2026-07-01T00:00:00+00:00", "actor": "person"}
    there = {"us": [person(consent={"email": out})], "eu": []}
    with company(tmp_path, {"us": "shopline", "eu": "shopline"}, there) as both:
        both.stores["eu"] = (both.stores["eu"][0], "http://127.0.0.1:1")
        both.want(us=[{"email": "ada@example.com"}])
        words = ("--specs", both.specs, "--state-dir", both.state_folder, "--format", form)
        done = run("plan", *words, env=both.environment.variables)

    assert done.code == 1
    told = done.out.replace("\\", "")
    assert "1 opt-out of 2026-07-01T00:00+00:00 may wait here" in told.replace("&#43;", "+")


def test_a_finished_plan_with_an_unread_store_stays_bad_news(tmp_path: Path) -> None:
    with opened(tmp_path, "genstore", [person()]) as shop:
        shop.want({"email": "ada@example.com", "tags": {"add": ["vip"]}})
        (shop.specs / "away.yaml").write_text(
            'stores: {away: {platform: genstore, shop: b, base_url: "http://127.0.0.1:1", '
            "token: {env: TOKEN}}}\nstore: away\n"
            "customers: [{email: ada@example.com, consent: {email: unsubscribed}}]\n"
        )
        plan, places = tmp_path / "plan.json", ("--specs", shop.specs)
        codes = [
            run("plan", *places, "--out", plan, env=_environment(shop)).code,
            run("apply", plan, *places, env=_environment(shop)).code,
            run("apply", plan, *places, "--resume", env=_environment(shop)).code,
        ]
        loud = run("apply", "--yes", *places, env=_environment(shop))

    assert codes == [1, 1, 1]
    assert loud.code == 1
    assert loud.err.count("it refuses the connection") == 1


def test_nothing_to_do_in_a_store_that_was_read_in_part_is_no_good_news(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [person(), person("grace@example.com", phone=None)]) as shop:
        shop.want({"email": "ada@example.com", "first_name": "Ada"})
        shop.box.fault(_MORE)
        for words in (["apply", "--yes"], ["apply", "--yes", "--format", "json"], ["plan", "-q"]):
            done = run(*words, "--read", "full", "--specs", shop.specs, env=_environment(shop))
            assert (done.code, done.err.count("read in part only")) == (1, 1), words
        exported = run("export", "--specs", shop.specs, env=_environment(shop))

    assert exported.code == 1
    assert "did not show everybody" in exported.err
