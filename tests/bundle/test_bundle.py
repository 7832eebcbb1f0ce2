"""What an auditor is told of a bundle, by what he has at hand and by what was done to it."""

import json
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler import schemas
from reconciler.bundle.archive import MANIFEST, SIGNATURE
from reconciler.bundle.ssh_signature import NAMESPACE
from reconciler.model.pseudonyms import Pseudonyms
from reconciler.state.trail import Trail
from tests.bundle.bundles import (
    KEYED,
    REGISTER,
    TRAIL,
    Parts,
    applied,
    bundled,
    copied,
    exported,
    forged,
    members,
    page_file,
    plan_file,
    proven,
    told_of,
)
from tests.harness import KEY, Shop, quick_clock
from tests.program import run
from tests.terminal import at_terminal

# -- a good one ----------------------------------------------------------------------------------


def test_it_has_what_the_state_folder_keeps_and_says_what_is_gone(shop: Shop, parts: Parts) -> None:
    folder = shop.environment.folder
    told = json.loads(parts[MANIFEST])
    kept, gone = told["plans"]

    assert parts[TRAIL] == (folder / TRAIL).read_bytes()
    assert parts[REGISTER] == (folder / REGISTER).read_bytes()
    assert parts[plan_file(parts)] == (folder / plan_file(parts)).read_bytes()
    assert set(parts) == {
        TRAIL,
        REGISTER,
        f"plans/{kept['id']}.json",
        f"pages/{kept['id']}.html",
        MANIFEST,
        SIGNATURE,
    }
    assert (kept["kept"], gone["kept"]) == (True, False)
    assert kept["made_from"]["pull_request"] == "12"
    assert kept["runs"][0]["approvers"] == ["ada", "bob"]
    assert told["stores"][0]["register"]["lines"] == len(parts[REGISTER].splitlines())
    schemas.validator("bundle").validate(told)


def test_its_page_is_the_one_that_show_makes(shop: Shop, parts: Parts, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    plan = shop.environment.folder / plan_file(parts)
    assert run("show", plan, "--format", "html", "--output", page, env=KEYED).code == 0

    assert parts[page_file(parts)] == page.read_bytes()


def test_it_is_for_its_owner_and_the_same_for_the_same_content(
    shop: Shop, signed: Path, tmp_path: Path
) -> None:
    again = tmp_path / "again.tar"
    exported(shop, "--out", again)
    one, other = members(signed.read_bytes()), members(again.read_bytes())

    assert stat.S_IMODE(signed.stat().st_mode) == 0o600
    assert bundled(one) == signed.read_bytes()
    assert {name for name in one if one[name] != other.get(name)} == {MANIFEST, SIGNATURE}


def test_whoever_has_only_the_public_key_is_told_what_holds_and_what_nobody_could_prove(
    signed: Path, key: Path
) -> None:
    done = proven(signed, "--signer", key.with_suffix(".pub"))

    assert done.code == 0
    assert done.err == ""
    assert "6 files, each as its manifest says\nsigned by SHA256:" in done.out
    assert "shop: trail of 9 lines, each naming the one before and in order; head " in done.out
    assert "applied to shop, at commit c0ffee, pull request 12, approved by ada, bob; " in done.out
    assert "each step in the trail is one of its changes\n" in done.out
    unproven = [one for one in done.out.splitlines() if one.startswith("not proven: ")]
    assert [one.split(":")[1].split()[:2] for one in unproven] == [
        ["the", "seals"],
        ["that", "no"],
        ["what", "was"],
    ]


def test_with_key_and_head_the_seals_and_the_end_are_proven_too(signed: Path, parts: Parts) -> None:
    head = json.loads(parts[MANIFEST])["stores"][0]["trail"]["head"]
    done = proven(signed, "--head", head[:16], env=KEYED)

    assert done.code == 0
    assert "shop: trail of 9 lines, whole and in order" in done.out
    assert "shop: register of 3 lines, whole and in order" in done.out
    assert "seals" not in done.out
    assert "cut off" not in done.out
    assert "not proven: whose key SHA256:" in done.out


def test_one_that_nobody_signed_says_so(shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "applies.tar"
    told = exported(shop, "--out", path)
    without, keyed = proven(path), proven(path, env=KEYED)

    assert "5 files, not signed" in told.out
    assert (without.code, keyed.code) == (0, 0)
    assert "not signed, so whoever has had it could have made another" in without.out
    assert "not signed, so whoever has the key could have made another" in keyed.out


def test_unpacked_it_is_a_state_folder_that_can_be_read(signed: Path, tmp_path: Path) -> None:
    subprocess.run(["tar", "xf", signed, "-C", tmp_path], check=True)
    done = run("audit", "log", "--state-dir", tmp_path, env=KEYED)
    shown = run("audit", "verify", "--state-dir", tmp_path, env=KEYED)

    assert done.code == shown.code == 0
    assert "began: actor ops" in done.out
    assert "9 lines, whole and in order" in shown.out


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not here")
def test_openssh_proves_its_signature(signed: Path, key: Path, tmp_path: Path) -> None:
    subprocess.run(["tar", "xf", signed, "-C", tmp_path], check=True)
    allowed = tmp_path / "allowed"
    allowed.write_text(f"jobs {key.with_suffix('.pub').read_text()}")
    order = ["ssh-keygen", "-Y", "verify", "-f", str(allowed), "-I", "jobs", "-n", NAMESPACE]
    order += ["-s", str(tmp_path / SIGNATURE)]
    done = subprocess.run(
        order, input=(tmp_path / MANIFEST).read_bytes(), check=False, capture_output=True
    )
    ours = proven(signed, "--allowed-signers", allowed)

    assert done.returncode == 0, done.stderr
    assert ours.code == 0
    assert "signed by jobs, SHA256:" in ours.out


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not here")
def test_a_key_with_a_passphrase_signs_at_a_terminal_alone(shop: Shop, tmp_path: Path) -> None:
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "a secret", "-f", str(tmp_path / "k")]
    subprocess.run(words, check=True)
    out = tmp_path / "b.tar"
    done = exported(shop, "--out", out, "--sign", tmp_path / "k")

    assert done.code == 1
    assert "asked for at a terminal alone" in done.err
    assert not out.exists()


# -- making one ----------------------------------------------------------------------------------


def test_only_stores_that_were_applied_to_can_be_named(shop: Shop, tmp_path: Path) -> None:
    out = tmp_path / "b.tar"
    other = exported(shop, "--out", out, "--store", "other")
    none = run("audit", "export", "--out", out, "--state-dir", tmp_path / "empty")
    one = exported(shop, "--out", out, "--store", "shop")

    assert (other.code, none.code, one.code) == (1, 1, 0)
    assert "there is no trail and no register of other" in other.err
    assert "of any store" in none.err


def test_nothing_but_a_file_is_replaced(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    done = exported(shop, "--out", tmp_path / "link")
    missing = exported(shop, "--out", tmp_path / "none" / "b.tar")

    assert (done.code, missing.code) == (1, 1)
    assert "is no regular file" in done.err
    assert "cannot be written: no such file" in missing.err
    assert not (tmp_path / "elsewhere").exists()


def test_a_flawed_trail_is_written_as_it_is_and_told(shop: Shop, tmp_path: Path) -> None:
    state = copied(shop, tmp_path)
    trail = state / TRAIL
    trail.write_bytes(trail.read_bytes().replace(b'"done":true', b'"done":false', 1))
    (state / "plans" / "note.json").write_text("{}")
    out = tmp_path / "b.tar"
    done = run("audit", "export", "--state-dir", state, "--out", out, env=KEYED)

    assert done.code == 1
    assert f"{TRAIL}:2: was edited" in done.err
    assert members(out.read_bytes())[TRAIL] == trail.read_bytes()


def test_a_plan_that_cannot_be_read_counts_as_gone(
    shop: Shop, parts: Parts, tmp_path: Path
) -> None:
    state = copied(shop, tmp_path)
    (state / plan_file(parts)).write_text("ada@example.com")
    out = tmp_path / "b.tar"
    done = run("audit", "export", "--state-dir", state, "--out", out, env=KEYED)

    assert done.code == 0
    assert b"ada@" not in out.read_bytes()
    assert not any(one["kept"] for one in json.loads(members(out.read_bytes())[MANIFEST])["plans"])


def test_a_link_in_the_place_of_a_register_is_not_followed(shop: Shop, tmp_path: Path) -> None:
    elsewhere = tmp_path / "registers"
    elsewhere.mkdir()
    (tmp_path / "secret").write_text("x")
    (elsewhere / "shop.jsonl").symlink_to(tmp_path / "secret")
    done = exported(
        shop, "--out", tmp_path / "b.tar", env={**KEYED, "RECONCILER_REGISTER": str(elsewhere)}
    )

    assert done.code == 1
    assert "cannot be read" in done.err
    assert not (tmp_path / "b.tar").exists()


def test_the_former_trail_of_all_stores_goes_along(tmp_path: Path) -> None:
    shutil.copy(Path(__file__).parents[1] / "state" / "former" / "audit.jsonl", tmp_path)
    Trail(tmp_path, "shop", Pseudonyms(KEY), quick_clock()).append("repaired", bytes=1)
    out = tmp_path / "b.tar"
    done = run("audit", "export", "--state-dir", tmp_path, "--out", out, env=KEYED)
    parts = members(out.read_bytes())
    del parts["audit.jsonl"]

    assert done.code == 0
    assert "all stores, formerly: trail of 8 lines; head " in done.out
    assert told_of(forged(parts)) == [
        f"{TRAIL}:1: follows the trail audit.jsonl, which is not in the bundle or was cut off"
    ]


def test_at_a_terminal_it_looks_the_same(signed: Path) -> None:
    told, code = at_terminal("audit", "verify", signed, "--specs", "/nowhere/x", columns=80)

    assert code == 0
    assert "each as its manifest says" in told


def test_a_second_apply_adds_to_it(tmp_path: Path) -> None:
    with applied(tmp_path) as shop:
        exported(shop, "--out", tmp_path / "one.tar")
        shop.want({"email": "bo@example.com", "first_name": "Bob"})
        assert shop.apply(shop.plan()).complete
        done = exported(shop, "--out", tmp_path / "two.tar")
    one, two = (members((tmp_path / f"{name}.tar").read_bytes()) for name in ("one", "two"))

    assert done.code == 0
    assert two[TRAIL].startswith(one[TRAIL])
    assert len(json.loads(two[MANIFEST])["plans"]) == 3


def test_without_the_extra_signatures_are_told_and_the_rest_is_proven(
    signed: Path, key: Path, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric", None)
    plain, asked = proven(signed), proven(signed, "--signer", key.with_suffix(".pub"))
    made = exported(shop, "--out", tmp_path / "b.tar", "--sign", key)

    assert plain.code == 0
    assert "not proven: its signature: what that needs is the extra `sign`" in plain.out
    assert (asked.code, made.code) == (1, 1)
    assert "signatures need one more package" in asked.err
    assert "[sign]" in made.err
