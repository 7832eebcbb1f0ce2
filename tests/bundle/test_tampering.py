"""Whatever was done to a bundle, or stands in its place, is told."""

import io
import json
import re
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.apply.cancellation import Cancellation
from reconciler.bundle.archive import MANIFEST, SIGNATURE
from reconciler.plan.outcome import State
from tests.bundle.bundles import (
    KEYED,
    REGISTER,
    TRAIL,
    Parts,
    bundled,
    exported,
    forged,
    looked_into,
    members,
    page_file,
    plan_file,
    proven,
    told_of,
)
from tests.harness import opened, person, states
from tests.program import run


def _trail_lines(parts: Parts) -> list[bytes]:
    return parts[TRAIL].splitlines(keepends=True)


# -- one that was tampered with ------------------------------------------------------------------


def _changed(parts: Parts, name: str, old: bytes, new: bytes) -> Parts:
    assert old in parts[name]
    return {**parts, name: parts[name].replace(old, new, 1)}


def _without(parts: Parts, name: str) -> Parts:
    return {one: content for one, content in parts.items() if one != name}


TAMPERED: dict[str, tuple[Callable[[Parts], Parts], str]] = {
    "a line was edited": (
        lambda parts: _changed(parts, TRAIL, b'"done":true', b'"done":None'),
        f"{TRAIL}: was changed: its SHA-256 is not the one of the manifest",
    ),
    "a line was removed": (
        lambda parts: {**parts, TRAIL: b"".join(_trail_lines(parts)[:2] + _trail_lines(parts)[3:])},
        f"{TRAIL}:3: does not follow the line before: removed, added or moved",
    ),
    "the end was cut off": (
        lambda parts: {**parts, TRAIL: b"".join(_trail_lines(parts)[:-1])},
        f"{MANIFEST}: says otherwise of the store shop than the members do",
    ),
    "a line of the register was removed": (
        lambda parts: {**parts, REGISTER: parts[REGISTER].splitlines(keepends=True)[1]},
        f"{REGISTER}:1: does not follow the line before: removed, added or moved",
    ),
    "the plan is missing": (
        lambda parts: _without(parts, plan_file(parts)),
        ": is missing: the manifest names it",
    ),
    "something was added": (
        lambda parts: {**parts, "plans/0123456789abcdef.json": b"{}"},
        "plans/0123456789abcdef.json: was added: the manifest does not name it",
    ),
    "the page says otherwise": (
        lambda parts: _changed(parts, page_file(parts), b"</html>", b"<b>and more</b></html>"),
        ": is not the page of its plan",
    ),
    "the manifest lies about who approved": (
        lambda parts: _changed(parts, MANIFEST, b'"ada"', b'"eve"'),
        "says otherwise of the plan ",
    ),
    "the manifest lies about when": (
        lambda parts: _changed(parts, MANIFEST, b'"made_at": "2', b'"made_at": "3'),
        " is not one of this manifest",
    ),
    "the manifest is gone": (
        lambda parts: _without(parts, MANIFEST),
        f"{MANIFEST}: is missing",
    ),
    "the manifest is none": (
        lambda parts: {**parts, MANIFEST: b"[" * 10_000},
        f"{MANIFEST}: is no manifest that this version reads",
    ),
    "the signature is none": (
        lambda parts: {**parts, SIGNATURE: b"x"},
        f"{SIGNATURE}: is no signature by an Ed25519 key as ssh-keygen writes it",
    ),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_what_was_done_to_it_is_told(parts: Parts, tmp_path: Path, name: str) -> None:
    change, message = TAMPERED[name]
    path = tmp_path / "b.tar"
    path.write_bytes(bundled(change(parts)))
    done = proven(path)

    assert done.code == 1
    assert done.out == ""
    assert message in done.err


def _with(plan: bytes, **values: object) -> bytes:
    return json.dumps({**json.loads(plan), **values}).encode()


FORGED: dict[str, tuple[Callable[[Parts], Parts], str]] = {
    "a step of another plan": (
        lambda parts: _changed(parts, TRAIL, b'"change":"', b'"change":"0'),
        "tells of a change that its plan does not have",
    ),
    "a plan of another digest": (
        lambda parts: {**parts, plan_file(parts): _with(parts[plan_file(parts)], digest="0" * 64)},
        f"{TRAIL}:1: names another digest, specs or base than its plan has",
    ),
    "another plan under the name": (
        lambda parts: {**parts, plan_file(parts): _with(parts[plan_file(parts)], seal="0" * 64)},
        "is the plan 0000000000000000, under the name of another",
    ),
    "no plan under the name": (
        lambda parts: {**parts, plan_file(parts): _with(parts[plan_file(parts)], digest=[])},
        "is no whole plan",
    ),
    "the register lost its end": (
        lambda parts: {**parts, REGISTER: parts[REGISTER].splitlines(keepends=True)[0]},
        f"names an end of {REGISTER} that this one never had, or lost",
    ),
    "a plan that no trail names": (
        lambda parts: {**parts, "plans/0123456789abcdef.json": parts[plan_file(parts)]},
        "plans/0123456789abcdef.json: is named by no trail",
    ),
    "a page of no plan": (
        lambda parts: {**parts, "pages/0123456789abcdef.html": b"<p>"},
        "pages/0123456789abcdef.html: is the page of no plan in the bundle",
    ),
    "a plan without its page": (
        lambda parts: _without(parts, page_file(parts)),
        "is missing: each plan has its page",
    ),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forger_without_the_key_meets_what_the_members_say_of_each_other(
    parts: Parts, name: str
) -> None:
    change, message = FORGED[name]
    told = told_of(forged(change(parts)))

    assert any(message in one for one in told), told


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    """The members of a bundle whose one apply came to nobody."""
    with opened(tmp_path_factory.mktemp("left"), "genstore", [person()]) as shop:
        shop.want({"email": "ada@example.com", "tags": {"add": ["vip"]}})
        control = Cancellation()
        control.interrupted.set()
        assert states(shop.apply(shop.plan(), control=control)) == [State.NOT_REACHED]
        path = shop.folder / "b.tar"
        assert exported(shop, "--out", path).code == 0
        return members(path.read_bytes())


@pytest.mark.parametrize("steps", ['{"%s-1":"cus_x"}', '["%s-1"]', "null", "7"])
def test_a_step_that_an_apply_did_not_come_to_is_one_of_its_plan(
    interrupted: Parts, steps: str
) -> None:
    assert told_of(forged(interrupted)) == []

    (told,) = re.findall(rb'"steps":({[^}]*})', interrupted[TRAIL])
    foreign = steps.replace("%s", "0" * 16).encode()
    (found,) = told_of(forged(_changed(interrupted, TRAIL, told, foreign)))

    assert found.startswith(f"{TRAIL}:2: ")
    assert found.endswith("tells of a step that its plan does not have")


def test_a_line_that_was_forged_with_care_is_found_with_the_key_and_told_as_unproven_without(
    parts: Parts, tmp_path: Path, key: Path
) -> None:
    path = tmp_path / "b.tar"
    path.write_bytes(forged(_changed(parts, TRAIL, b'"ada"', b'"eve"')))
    without, keyed = proven(path), proven(path, env=KEYED)
    asked = proven(path, "--signer", key.with_suffix(".pub"))

    assert without.code == 0
    assert "approved by bob, eve" in without.out
    assert "not proven: who made it" in without.out
    assert "not proven: the seals of lines and plans" in without.out
    assert keyed.code == 1
    assert f"{TRAIL}:1: was edited, or sealed with another key" in keyed.err
    assert asked.code == 1
    assert f"{SIGNATURE}: is missing: nobody signed this" in asked.err


def test_a_plan_of_another_format_is_not_proven_and_no_finding(parts: Parts) -> None:
    name = plan_file(parts)
    found = looked_into(forged({**parts, name: _with(parts[name], format_version="1")}))

    assert found.findings == ()
    plan = name.removeprefix("plans/").removesuffix(".json")
    assert f"the plan {plan}: it is of format 1, which this version does not read" in found.unproven


def test_a_key_that_only_stands_where_a_bundle_is_looked_at_is_none_of_it(
    signed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".reconciler").mkdir()
    (tmp_path / ".reconciler" / "key").write_text("another key " * 4)
    (tmp_path / ".reconciler" / "key").chmod(0o600)
    here = run("audit", "verify", signed)
    named = run("audit", "verify", signed, "--state-dir", ".reconciler")

    assert (here.code, named.code) == (0, 1)
    assert "not proven: the seals of lines and plans: the key is not here" in here.out
    assert "none of its 9 lines is sealed with a key that is at hand" in named.err


def test_another_key_another_signer_and_a_lost_head_are_told(
    signed: Path, key: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.pub"
    other.write_text(
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOVzl5hgUjL/lGXQDq+xSh0gi88KTjTJoqFlR5YiFt9P\n"
    )
    done = proven(
        signed, "--signer", other, "--head", "0" * 16, env={"RECONCILER_KEY": "another key " * 4}
    )

    assert done.code == 1
    assert f"{TRAIL}: none of its 9 lines is sealed with a key that is at hand" in done.err
    assert "is sealed with another key than is at hand" in done.err
    assert "which is no key that you have named" in done.err
    assert f"the head {'0' * 16} that was noted is in no trail: an end was cut off" in done.err


# -- something else ------------------------------------------------------------------------------


def _member(name: str, kind: bytes = tarfile.REGTYPE, **fields: object) -> tarfile.TarInfo:
    one = tarfile.TarInfo(name)
    one.type = kind
    for field, value in fields.items():
        setattr(one, field, value)
    return one


STRANGE: dict[str, tuple[tarfile.TarInfo, str]] = {
    "an absolute path": (_member("/etc/passwd"), "/etc/passwd: has a name that nothing"),
    "a way out": (_member("audit/../../x.jsonl"), "has a name that nothing in a bundle has"),
    "a folder": (_member("audit", tarfile.DIRTYPE), "has a name that nothing in a bundle has"),
    "a link": (
        _member("audit/other.jsonl", tarfile.SYMTYPE, linkname="/etc/passwd"),
        "audit/other.jsonl: is no plain file as this program puts it in",
    ),
    "a hard link": (
        _member("audit/other.jsonl", tarfile.LNKTYPE, linkname=TRAIL),
        "audit/other.jsonl: is no plain file",
    ),
    "a device": (_member("audit/other.jsonl", tarfile.CHRTYPE), "is no plain file"),
    "another time": (_member("audit/other.jsonl", mtime=1), "is no plain file"),
    "others may read it": (_member("audit/other.jsonl", mode=0o644), "is no plain file"),
    "a second one": (_member(TRAIL), f"{TRAIL}: is in it twice"),
}


@pytest.mark.parametrize("name", STRANGE)
def test_what_no_bundle_has_is_told(signed: Path, name: str) -> None:
    one, message = STRANGE[name]
    content = signed.read_bytes()[:-1024]
    bundle = content + one.tobuf(tarfile.USTAR_FORMAT) + bytes(1024)

    assert any(message in told for told in told_of(bundle))


def test_sizes_beyond_the_file_are_not_believed(signed: Path) -> None:
    one = _member("audit/other.jsonl", size=7 << 30)
    bundle = signed.read_bytes()[:-1024] + one.tobuf(tarfile.USTAR_FORMAT) + bytes(1024)

    assert told_of(bundle) == [": what follows is no part of a bundle, or it was cut off"]


def _packed(kind: str) -> bytes:
    file = io.BytesIO()
    if kind == "zip":
        import zipfile

        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as one:
            one.writestr(MANIFEST, bytes(1 << 20))
    else:
        with tarfile.open(fileobj=file, mode="w:gz") as tar:
            tar.addfile(_member(MANIFEST))
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(bytes(1024), id="a tar of nothing"),
        pytest.param(bytes(1 << 20), id="zeros"),
        pytest.param(b"\xff" * 5000, id="ones"),
        pytest.param(_packed("zip"), id="a zip"),
        pytest.param(_packed("gz"), id="a packed tar"),
    ],
)
def test_something_else_is_told_and_never_fails(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "b.tar"
    path.write_bytes(content)
    done = proven(path)

    assert done.code == 1
    assert f"{path}: {MANIFEST}: is missing" in done.err


def test_a_folder_or_nothing_in_its_place(tmp_path: Path) -> None:
    assert "is a directory" in proven(tmp_path).err
    assert "cannot be read: no such file" in proven(tmp_path / "none").err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--signer", "x.pub"), "are about a BUNDLE"),
        (("b.tar", "--signer", "x.pub", "--allowed-signers", "y"), "not both"),
        (("b.tar", "--head", "abc"), "at least 8 characters"),
    ],
)
def test_words_that_do_not_go_together(words: tuple[str, ...], message: str) -> None:
    done = proven(*words)

    assert done.code == 64
    assert message in done.err
