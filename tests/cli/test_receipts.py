"""`plan --keep-receipt` and `--since-receipt` as a shell sees them."""

import html
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler import schemas
from reconciler.sandbox import Fault
from tests.harness import KEY, Shop, consent, opened, person
from tests.history.repository import Repository
from tests.program import Done, run

OLD = "2026-01-01T00:00:00+00:00"
PEOPLE = [
    person(f"p{number}@example.com", tags=["vip"], created_at=OLD, updated_at=OLD)
    for number in range(3)
] + [
    person(
        "bo@example.com",
        created_at=OLD,
        updated_at=OLD,
        consent={"email": consent("subscribed", OLD), "sms": consent()},
    )
]
ENTRIES: list[dict[str, Any]] = [
    {"email": f"p{number}@example.com", "tags": {"add": ["vip"]}} for number in range(3)
]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with opened(tmp_path, "shopline", PEOPLE, {"date": "on"}) as one:
        one.want(*ENTRIES)
        yield one


def call(shop: Shop, *words: object, **env: str) -> Done:
    given = {"TOKEN": shop.box.token, "RECONCILER_KEY": KEY.decode(), **env}
    return run(*words, *([] if words[0] == "show" else ["--specs", shop.specs]), env=given)


@pytest.fixture
def receipt(shop: Shop, tmp_path: Path) -> Path:
    file = tmp_path / "receipt"
    done = call(shop, "plan", "--keep-receipt", file)
    assert done.code == 0, done.err
    assert file.stat().st_mode & 0o777 == 0o600
    return file


def test_a_plan_since_a_receipt_says_so_in_every_form_and_is_applied(
    shop: Shop, receipt: Path, tmp_path: Path
) -> None:
    shop.want(*ENTRIES, {"email": "bo@example.com", "consent": {"email": "unsubscribed"}})
    out = tmp_path / "plan.json"
    before = receipt.read_bytes()

    done = call(shop, "plan", "--since-receipt", receipt, "--keep-receipt", receipt, "--out", out)

    assert done.code == 0, done.err
    assert receipt.read_bytes() != before
    body = json.loads(out.read_text())
    schemas.validator("plan").validate(body)
    told = body["stores"][0]["receipt"]
    assert told["mode"] == "since"
    since = told["since"][:16]
    for form in ("text", "markdown", "html"):
        shown = call(shop, "show", out, "--format", form)
        assert shown.code == 0, shown.err
        text = html.unescape(shown.out.replace("\\", ""))
        assert f"read what changed since {since}" in text, form
        assert f"a PARTIAL plan, of what changed in shop since {since}" in text, form
        assert "whom a store deleted since, and opt-outs that it counts as no change" in text, form
    github = call(shop, "plan", "--since-receipt", receipt, "--format", "github")
    assert github.code == 0, github.err
    assert f"a PARTIAL plan, of what changed in shop since {since[:10]}" in github.everything
    assert json.loads(call(shop, "show", out, "--format", "json").out) == body
    applied = call(shop, "apply", out)
    assert applied.code == 0, applied.err
    assert shop.live("bo@example.com")["consent"]["email"]["state"] == "unsubscribed"
    again = call(shop, "plan", "--since-receipt", receipt, "--detailed-exitcode")
    assert again.code == 0, again.everything
    assert "a PARTIAL plan, of what changed in shop since" in again.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--read", "lookup", "--keep-receipt", "FILE"], "leave --read"),
        (["--read", "full", "--since-receipt", "FILE"], "leave --read"),
        (["--read", "lookup", "--since-receipt", "FILE"], "leave --read"),
        (["--tag", "vip", "--since-receipt", "FILE"], "for all customers"),
        (["--tag", "vip", "--keep-receipt", "FILE"], "for all customers"),
        (["--customer", "cus_aaaaaaaaaa", "--keep-receipt", "FILE"], "for all customers"),
    ],
)
def test_what_does_not_go_together_is_wrong_usage(
    shop: Shop, receipt: Path, words: list[str], told: str
) -> None:
    before = len(shop.box.requests)
    done = call(shop, "plan", *[receipt if one == "FILE" else one for one in words])
    assert done.code == 64
    assert told in done.err
    assert len(shop.box.requests) == before


def test_a_receipt_that_is_none_is_refused_before_any_request(
    shop: Shop, receipt: Path, tmp_path: Path
) -> None:
    good, before = receipt.read_bytes(), len(shop.box.requests)
    odd = tmp_path / "odd"
    for content, told in (
        (good[:-1], "no receipt"),
        (b"", "no receipt"),
        (b"reconciler reading 1\n", "no receipt"),
        (good.replace(b"shop", b"shot"), "no receipt"),
    ):
        odd.write_bytes(content)
        done = call(shop, "plan", "--since-receipt", odd, "--keep-receipt", odd)
        assert (done.code, told in done.err) == (1, True), done.err
        assert "hint: " in done.err
        assert odd.read_bytes() == content
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (tmp_path / "none", tmp_path, pipe):
        done = call(shop, "plan", "--since-receipt", path)
        assert done.code in (1, 64), done.err
        assert "Traceback" not in done.err
    another = call(shop, "plan", "--since-receipt", receipt, RECONCILER_KEY="k" * 40)
    assert (another.code, "another key" in another.err) == (1, True)
    shop.settings = {"phone_region": "DE"}
    shop.want(*ENTRIES)
    changed = call(shop, "plan", "--since-receipt", receipt)
    assert (changed.code, "other settings" in changed.err) == (1, True)
    assert len(shop.box.requests) == before


def test_a_plan_that_fails_leaves_the_receipt_as_it_was(shop: Shop, receipt: Path) -> None:
    before = receipt.read_bytes()
    shop.box.fault(Fault("status", method="GET", status=403, times=50))
    done = call(shop, "plan", "--since-receipt", receipt, "--keep-receipt", receipt)
    assert done.code != 0
    assert "nothing was kept" in done.err
    assert receipt.read_bytes() == before


def test_a_receipt_that_cannot_be_written_is_told_of(shop: Shop, tmp_path: Path) -> None:
    done = call(shop, "plan", "--keep-receipt", tmp_path / "none" / "receipt")
    assert done.code == 1
    assert "cannot be written" in done.err
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    done = call(shop, "plan", "--keep-receipt", pipe)
    assert (done.code, "only such a file is written" in done.err) == (1, True), done.err
    assert pipe.is_fifo()


def test_a_pipeline_plans_since_a_receipt_by_the_rules_of_its_base(
    shop: Shop, tmp_path: Path
) -> None:
    """Settings of a change are not in force, so the receipt of the base serves, and the change of
    an entry is looked up."""
    repository = Repository(shop)
    base = repository.commit()
    told = {"CI": "true", "RECONCILER_HOSTS": shop.url}
    file = tmp_path / "receipt"
    kept = call(shop, "plan", "--base", base, "--keep-receipt", file, **told)
    assert kept.code == 0, kept.err
    shop.settings = {"rate": {"per_second": 900, "burst": 900}}
    shop.want(*ENTRIES[1:], {**ENTRIES[0], "first_name": "Augusta"})
    repository.commit()
    out = tmp_path / "plan.json"
    done = call(
        shop,
        "plan",
        "--base",
        base,
        "--since-receipt",
        file,
        "--keep-receipt",
        file,
        "--out",
        out,
        **told,
    )
    assert done.code == 0, done.err
    body = json.loads(out.read_text())
    assert body["stores"][0]["receipt"]["mode"] == "since"
    assert [one["action"] for one in body["changes"]] == ["update"]
    merged = call(shop, "plan", "--base", "none", "--since-receipt", file, **told)
    assert (merged.code, "other settings" in merged.err) == (1, True)


def test_each_store_that_leaves_none_says_why(tmp_path: Path) -> None:
    with opened(tmp_path, "genstore", PEOPLE, {"date": "on"}) as genstore:
        genstore.want(*ENTRIES)
        file = tmp_path / "receipt"
        done = call(genstore, "plan", "--keep-receipt", file)
        assert done.code == 0, done.err
        assert "note: no receipt of shop: Genstore has no list of what changed\n" in done.err
        assert f"note: nothing was kept in {file}" in done.err
        assert not file.exists()


def test_a_store_that_leaves_none_goes_on_with_the_one_before(shop: Shop, receipt: Path) -> None:
    before = receipt.read_bytes()
    shop.reset(PEOPLE, {"date": "off"})
    done = call(shop, "plan", "--since-receipt", receipt, "--keep-receipt", receipt)
    assert done.code == 0, done.err
    assert "no receipt of shop: it tells no time; the one before goes on\n" in done.err
    assert receipt.read_bytes() == before
