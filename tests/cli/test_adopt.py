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


SHAPES = {
    "lines": """\
store: shop
customers:
  - email: ada@example.com
    # consents of the year
    consent:
      email:
        state: subscribed  # yes
        given_at: 2026-03-01T09:12:00+00:00
        source: checkout
""",
    "bare": "customers:\n- email: ada@example.com\n  consent: {email: subscribed}  # from an export\n",
    "consents": "consents:\n- {customer: {email: ada@example.com}, channel: email, state: subscribed}\n",
    "crlf": "customers:\r\n- email: ada@example.com\r\n  consent: {email: 'subscribed'}  # c\r\n",
    "alias": """\
customers:
  - {email: bob@example.com, consent: {email: &yes {state: subscribed, source: x}}}
  - {email: ada@example.com, consent: {email: *yes}}
""",
}


@pytest.mark.parametrize("platform", ["genstore", "shoplazza", "shopline"])
@pytest.mark.parametrize("name", SHAPES)
def test_every_platform_and_shape_is_quiet_afterwards(
    tmp_path: Path, platform: str, name: str
) -> None:
    bob = {**person(), "email": "bob@example.com"}
    bob["consent"] = {"email": consent("subscribed"), "sms": consent()}
    with opened(tmp_path, platform, [out(), bob]) as shop:
        (shop.specs / "all.yaml").unlink()
        file = write(shop, SHAPES[name])

        done = adopt(shop, "--write", "--quiet")

        assert done.code == 0, done.everything
        text = file.read_bytes().decode()
        assert text != SHAPES[name]
        assert text.count("\r") == SHAPES[name].count("\r")
        assert [one for one in text.splitlines() if "#" in one and "consent:" not in one] == [
            one.replace("subscribed  #", "unsubscribed  #")
            for one in SHAPES[name].splitlines()
            if "#" in one and "consent:" not in one
        ]
        again = plan(shop)
        assert "ada@" not in again.out
        assert "opt-out" not in again.out
        assert "HOLD" not in again.out
        assert adopt(shop).code == 0


def test_an_opt_out_that_only_the_register_knows_is_adopted(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [out()]) as shop:
        shop.want({"email": "ada@example.com", "consent": {"email": "unsubscribed"}})
        (shop.specs / "all.yaml").unlink()
        file = write(shop, PLAIN.replace(f"{{state: subscribed, {YES}}}", "unsubscribed"))
        assert plan(shop).code == 0
        shop.box.remove(shop.live("ada@example.com")["id"])
        file.write_text(PLAIN)
        assert "register.opted-out" in plan(shop).out

        done = adopt(shop, "--write")

        assert done.code == 0, done.everything
        assert (
            "email: {state: unsubscribed, withdrawn_at: 2026-07-02T08:15:30+00:00}  # by form"
            in file.read_text()
        )
        assert "HOLD" not in plan(shop).out
        assert "+ " in plan(shop).out or plan(shop).code == 2


def test_fields_are_taken_when_asked_for_and_told_by_nobody(shop: Shop) -> None:
    text = PLAIN.replace("    tags", "    first_name: Augusta  # her own wish\n    tags")
    file = write(shop, text)
    assert adopt(shop, "--write").code == 0
    assert "Augusta" in file.read_text()
    assert adopt(shop).code == 0

    done = adopt(shop, "--field", "first_name", "--write", "--field", "tags")

    assert done.code == 0
    assert "first_name: Ada  # her own wish" in file.read_text()
    assert "Ada" not in done.everything
    assert "Augusta" not in done.everything
    assert "Adopt 1 field from shop" in done.out


HOSTILE = "- {x}: [&a *b] #c \"q\" 'z' !!python/object:os \\ %"


def test_hostile_texts_of_the_store_are_quoted(tmp_path: Path) -> None:
    ada = person(first_name=HOSTILE, last_name="'" + "x" * 40, note="one\ntwo: # 3")
    with opened(tmp_path, "shopline", [ada]) as shop:
        (shop.specs / "all.yaml").unlink()
        file = write(
            shop,
            "customers:\n- email: ada@example.com\n  first_name: A # c\n"
            "  last_name: 'B'\n  note: |\n    old\n",
        )

        done = adopt(
            shop, "--write", *[f"--field={one}" for one in ("first_name", "last_name", "note")]
        )

        assert done.code == 0, done.everything
        assert "# c\n" in file.read_text()
        assert "python" not in done.everything
        assert plan(shop).code == 0


def test_a_text_that_a_spec_may_not_hold_is_told_and_not_written(tmp_path: Path) -> None:
    turned = "A\u202eda"
    with opened(tmp_path, "shopline", [person(first_name=turned, last_name="Byron")]) as shop:
        (shop.specs / "all.yaml").unlink()
        text = "customers:\n- email: ada@example.com\n  first_name: A\n  last_name: B\n"
        file = write(shop, text)

        done = adopt(shop, "--write", "--field", "first_name", "--field", "last_name")

        assert done.code == 1
        assert f"{file}:3:3: error[adopt.unclear]" in done.err
        assert turned not in done.everything
        assert file.read_text() == text.replace("last_name: B", "last_name: Byron")
        assert "Adopt 1 field from shop" in done.out


def test_an_anchor_is_told_with_its_place_and_the_others_are_adopted(tmp_path: Path) -> None:
    bob = {**out(), "email": "bob@example.com"}
    with opened(tmp_path, "shopline", [out(), bob]) as shop:
        (shop.specs / "all.yaml").unlink()
        file = write(
            shop,
            "customers:\n"
            "- {email: ada@example.com, consent: {email: &yes {state: subscribed}}}\n"
            "- {email: bob@example.com, consent: {email: *yes}}\n",
        )

        done = adopt(shop, "--write")

        assert done.code == 1
        assert f"{file}:2:45: error[adopt.anchor]: an anchor stands here" in done.err
        assert f"consent: {{email: {{state: unsubscribed, {TOLD}}}}}}}" in file.read_text()
        again = adopt(shop, "--write")
        assert again.code == 0
        assert file.read_text().count("unsubscribed") == 2


def test_an_entry_for_two_stores_is_changed_where_both_are_out(tmp_path: Path) -> None:
    with (
        opened(tmp_path / "one", "shopline", [out()]) as shop,
        opened(tmp_path / "two", "genstore", [person()]) as other,
    ):
        (shop.specs / "all.yaml").unlink()
        file = write(shop, PLAIN.replace("store: shop", "store: [other, shop]"))
        text = file.read_text()
        stores = STORES.format(platform="genstore", shop="acme", url=other.url)
        stores = stores.replace("stores:\n  shop:", "  other:").replace("TOKEN", "OTHER")
        with (shop.specs / "stores.yaml").open("a") as appended:
            appended.write(stores)
        env = {"OTHER": other.box.token}

        done = run_in(shop, env, "adopt", "--write")

        assert done.code == 1
        assert "error[adopt.several-stores]" in done.err
        assert "stands here for other as well" in done.err
        assert file.read_text() == text
        other.box.reset([out()])
        done = run_in(shop, env, "adopt", "--write")
        assert done.code == 0, done.everything
        assert "Adopt 2 opt-outs from other and shop" in done.out
        assert file.read_text().count("unsubscribed") == 1
        assert "HOLD" not in run_in(shop, env, "plan").out


def run_in(shop: Shop, env: dict[str, str], name: str, *words: object) -> Done:
    known = {"TOKEN": shop.box.token, "RECONCILER_KEY": KEY.decode(), **env}
    return run(name, "--specs", shop.specs, *words, env=known)


def test_the_message_goes_to_a_file_and_names_nobody(shop: Shop, tmp_path: Path) -> None:
    write(shop, PLAIN)
    told = tmp_path / "message.txt"
    assert adopt(shop, "--message-file", told).code == 64

    done = adopt(shop, "--write", "--message-file", told)

    assert done.code == 0
    assert "Adopt" not in done.out
    subject, empty, *body = told.read_text().splitlines()
    assert (subject, empty) == ("Adopt 1 opt-out from shop", "")
    assert len(body) == 1
    assert body[0].endswith("consent.email (shop)")
    assert "ada" not in told.read_text().lower().replace(str(tmp_path).lower(), "")


def test_a_link_stays_one_and_two_names_are_one_file(shop: Shop) -> None:
    real = write(shop, PLAIN, "real.yaml")
    (shop.specs / "all.yaml").symlink_to(real)

    done = adopt(shop, "--write")

    assert done.code == 0, done.everything
    assert (shop.specs / "all.yaml").is_symlink()
    assert real.read_text().count(TOLD) == 1
    assert sorted(one.name for one in shop.specs.iterdir()) == [
        "all.yaml",
        "real.yaml",
        "stores.yaml",
    ]


def test_a_file_that_nobody_may_write_is_told(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(shop, PLAIN)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.mkstemp", full)
    done = adopt(shop, "--write")

    assert done.code == 1
    assert f"{file}:1:1: error[adopt.unwritable]: it cannot be written: no space left" in done.err
    assert "Adopt 1" not in done.out
    assert file.read_text() == PLAIN


KILLED = """
import os, pathlib, sys
from reconciler.cli import main
pathlib.Path.replace = lambda *_: os._exit(9)
sys.argv = ["reconciler", "adopt", "--write", "--specs", sys.argv[1]]
main()
"""


def test_a_kill_before_the_file_is_replaced_leaves_it_as_it_was(shop: Shop) -> None:
    file = write(shop, PLAIN)
    env = {**os.environ, "TOKEN": shop.box.token, "RECONCILER_KEY": KEY.decode()}

    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(shop.specs)], env=env, capture_output=True, check=False
    )

    assert done.returncode == 9, done.stderr
    assert file.read_text() == PLAIN
    assert adopt(shop, "--write").code == 0
    assert "unsubscribed" in file.read_text()


def test_a_store_that_cannot_be_read_is_told(shop: Shop) -> None:
    file = write(shop, PLAIN)
    env = {"TOKEN": "wrong", "RECONCILER_KEY": KEY.decode()}

    done = run("adopt", "--write", "--specs", shop.specs, env=env)

    assert done.code == 1
    assert "error: store shop" in done.err
    assert file.read_text() == PLAIN


def test_where_ci_is_set_somebody_says_whose_settings_count(shop: Shop) -> None:
    write(shop, PLAIN)

    assert run_in(shop, {"CI": "1"}, "adopt").code == 64
    assert (
        run_in(shop, {"CI": "1", "RECONCILER_HOSTS": shop.url}, "adopt", "--base", "none").code == 2
    )


def test_a_folder_may_be_named_without_its_option(shop: Shop) -> None:
    write(shop, PLAIN)
    env = {"TOKEN": shop.box.token, "RECONCILER_KEY": KEY.decode()}

    assert run("adopt", shop.specs, env=env).code == 2
    assert run("adopt", shop.specs, "--field", "email", env=env).code == 64


def documented(tags: str) -> str:
    return f"""\
store: shop
tags:
- {{name: old, state: absent}}
- one_of: [gold, silver]
customers:
  - email: ada@example.com
    tags: {tags}
"""


@pytest.mark.parametrize(
    ("tags", "borne", "adopted"),
    [
        ("{add: [vip], remove: [gone]}", [], "{add: [], remove: [gone]}"),
        ("{add: [vip], remove: [gone]}", ["old"], None),
        ("{add: [gold], remove: [gone]}", [], "{add: [], remove: [gone]}"),
        ("{add: [gold]}", ["silver"], "{add: []}"),
        ("{add: [gold]}", ["gold", "silver"], None),
        ("[gold, vip]", ["vip"], "[vip]"),
        ("[gold, vip]", ["silver", "vip"], "[vip, silver]"),
        ("[gold, vip]", ["gold", "silver", "vip"], None),
        ("[vip]", ["old", "vip"], None),
    ],
)
def test_what_a_tag_document_takes_off_is_no_matter_of_an_entry(
    tmp_path: Path, tags: str, borne: list[str], adopted: str | None
) -> None:
    with opened(tmp_path, "shopline", [{**person(), "tags": borne}]) as shop:
        (shop.specs / "all.yaml").unlink()
        file = write(shop, documented(tags))

        done = adopt(shop, "--field", "tags", "--write")

        assert done.code == 0, done.everything
        assert file.read_text() == documented(adopted or tags)
        told = "what the store has cannot be said by this entry alone" in done.everything
        assert told is (adopted is None)
