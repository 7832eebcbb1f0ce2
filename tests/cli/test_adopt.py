"""`reconciler adopt`, from the shell, over stores on loopback."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness import KEY, Shop, consent, opened, person
from tests.program import Done, run

STORES = """\
stores:
  shop:
    platform: {platform}
    shop: {shop}
    base_url: {url}
    token: {{env: TOKEN}}
    rate: {{per_second: 1000, burst: 1000}}
    phone_region: CN
    timezone: UTC
"""
SINCE = "2026-07-02T08:15:30+00:00"
TOLD = f"withdrawn_at: {SINCE}"
YES = "given_at: 2026-03-01T09:12:00+00:00, source: checkout"


def out(at: str | None = SINCE, actor: str | None = "person") -> dict[str, Any]:
    return person(consent={"email": consent("unsubscribed", at, actor), "sms": consent()})


def write(shop: Shop, text: str, name: str = "all.yaml") -> Path:
    stores = STORES.format(platform=shop.box.platform, shop=shop.box.shop, url=shop.url)
    (shop.specs / "stores.yaml").write_text(stores)
    file = shop.specs / name
    file.write_bytes(text.encode())
    return file


def adopt(shop: Shop, *words: object) -> Done:
    env = {"TOKEN": shop.box.token, "RECONCILER_KEY": KEY.decode()}
    done = run("adopt", "--specs", shop.specs, *words, env=env)
    assert "ada@example.com" not in done.everything
    assert "Traceback" not in done.everything
    return done


def plan(shop: Shop, *words: object) -> Done:
    env = {"TOKEN": shop.box.token, "RECONCILER_KEY": KEY.decode()}
    return run("plan", "--specs", shop.specs, "--detailed-exitcode", *words, env=env)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with opened(tmp_path, "shopline", [out()]) as made:
        (made.specs / "all.yaml").unlink()
        yield made


PLAIN = f"""\
# who buys
store: shop
customers:
  - email: ada@example.com   # since 2019
    consent:
      email: {{state: subscribed, {YES}}}  # by form
    tags: {{add: []}}
"""


def test_what_is_out_of_date_is_named_and_nothing_is_written(shop: Shop) -> None:
    file = write(shop, PLAIN)

    done = adopt(shop)

    assert done.code == 2
    assert f"{file}:6:7: cus_" in done.out
    assert "consent.email: e-mail consent: the person is out" in done.out
    assert file.read_text() == PLAIN


def test_what_is_written_is_quiet_in_the_next_plan(shop: Shop) -> None:
    file = write(shop, PLAIN)
    file.chmod(0o640)
    assert "the file is out of date, and `reconciler adopt`" in plan(shop).out

    done = adopt(shop, "--write")

    assert done.code == 0, done.everything
    assert file.read_text() == PLAIN.replace(
        f"{{state: subscribed, {YES}}}", f"{{state: unsubscribed, {TOLD}}}"
    )
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert "\nAdopt 1 opt-out from shop\n\n- " in done.out
    again = plan(shop)
    assert again.code == 0
    assert "consent" not in again.out
    assert adopt(shop).everything.endswith("nothing to adopt\n")
