"""`explain`: the question comes over stdin, the answer has lines, commits and verdicts, nobody's data."""

import io
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from tests.harness import KEY, Shop, consent, grant, opened, person
from tests.program import Done, run

LIVE = person(
    tags=["vip"],
    consent={"email": consent("unsubscribed", "2026-10-01T00:00:00+00:00"), "sms": consent()},
)


def _ask(shop: Shop, text: str, monkeypatch: pytest.MonkeyPatch, *words: str) -> Done:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{text}\n"))
    return run(
        "explain",
        *words,
        "--specs",
        shop.specs,
        env={"TOKEN": shop.box.token, "RECONCILER_KEY": KEY.decode()},
    )


def _want(shop: Shop) -> None:
    shop.want(
        {
            "email": "ada@example.com",
            "first_name": "Grace",
            "tags": ["vip"],
            "consent": {"email": grant()},
        }
    )


@pytest.mark.parametrize("named", ["ADA@example.com", "alias"])
def test_each_field_is_told_with_its_line_and_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    with opened(tmp_path, "genstore", [LIVE]) as shop:
        _want(shop)
        body = shop.plan()
        text = body["changes"][0]["customer"] if named == "alias" else named
        done = _ask(shop, text, monkeypatch)

    assert done.code == 0
    assert "first name: would change\n    wanted  •••\n    live    •••" in done.out
    assert "tags: as wanted\n    wanted  exactly these of ours: vip\n    live    vip" in done.out
    assert "e-mail consent: held" in done.out
    assert "live    unsubscribed (2026-10-01, grade E)" in done.out
    assert "HOLD  consent.newer-opt-out" in done.out
    assert f"all.yaml:{body['changes'][0]['source']['line']}:" in done.out
    assert "Grace" not in done.everything
    assert "ada@" not in done.everything.lower()


@pytest.mark.parametrize("variant", ["genstore", "shopline"])
def test_by_phone_and_by_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variant: str) -> None:
    form = {"genstore": "13315034487", "shopline": "008613315034487"}[variant]
    with opened(tmp_path, variant, [person(phone=form)]) as shop:
        number = shop.live("ada@example.com")["id"]
        shop.want({"id": number, "phone": "+8613315034487", "tags": ["vip"]})

        for text in ("133 1503 4487", number):
            assert "tags: would change" in _ask(shop, text, monkeypatch).out


def test_the_commit_that_last_touched_the_line_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path, "genstore", [LIVE]) as shop:
        _want(shop)
        assert "no commit known" in _ask(shop, "ada@example.com", monkeypatch).out
        for words in (
            ["init", "-q"],
            ["add", "specs"],
            ["-c", "user.name=x", "-c", "user.email=x@y.z", "commit", "-qm", "x"],
        ):
            subprocess.run(["git", *words], cwd=tmp_path, check=True)
        head = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=tmp_path, check=True, capture_output=True, text=True
        ).stdout

        assert f"commit {head[:12]} of " in _ask(shop, "ada@example.com", monkeypatch).out


def test_somebody_nobody_speaks_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path, "genstore", [LIVE]) as shop:
        _want(shop)
        done = _ask(shop, "who@example.com", monkeypatch)

    assert done.code == 1
    assert "no entry of the specs speaks of this customer" in done.err
    assert "who@" not in done.everything


def test_personal_values_need_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path, "genstore", [LIVE]) as shop:
        _want(shop)
        done = _ask(shop, "ada@example.com", monkeypatch, "--show-personal")

    assert done.code == 64
    assert "needs a terminal" in done.err


def test_it_tells_what_the_plan_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two entries for one person: held in the plan, so held here, by whichever name is asked."""
    with opened(tmp_path, "shopline", [person(phone="008613315034487", tags=["old"])]) as shop:
        shop.want(
            {"email": "ada@example.com", "tags": {"add": ["vip"]}},
            {"phone": "+8613315034487", "tags": {"remove": ["old"]}},
        )
        for name in ("ada@example.com", "+8613315034487", shop.live("ada@example.com")["id"]):
            done = _ask(shop, name, monkeypatch)

            assert done.code == 0
            assert done.out.count("HOLD  identity.same-person") == 2
            assert "would change" not in done.out


def test_whoever_is_to_be_deleted_and_what_is_released_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = {"email": consent("unsubscribed", None), "sms": consent()}
    with opened(tmp_path, "genstore", [person(), person("b@example.com", consent=out)]) as shop:
        until = (shop.environment.clock.now() + timedelta(days=2)).isoformat()
        shop.want(
            {"email": "ada@example.com", "state": "absent", "reason": "asked"},
            {"email": "b@example.com", "consent": {"email": grant()}},
            approvals=[{"release": "consent.undated-opt-out", "reason": "seen", "until": until}],
        )

        assert "who is to be deleted" in _ask(shop, "ada@example.com", monkeypatch).out
        released = _ask(shop, "b@example.com", monkeypatch).out

    assert "RELEASED  consent.undated-opt-out" in released
    assert "e-mail consent: would change" in released


def test_a_commit_cannot_forge_its_date(tmp_path: Path) -> None:
    from reconciler.repository import last_touch

    (tmp_path / "a.yaml").write_text("x: \x0ccommitter-time 0\x0c\n", encoding="utf-8")
    for words in (
        ["init", "-q"],
        ["add", "."],
        [
            "-c",
            "user.name=x",
            "-c",
            "user.email=x@y.z",
            "commit",
            "-qm",
            "x\x0ccommitter-time 1\u2028committer-time 2",
        ],
    ):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)

    touched = last_touch(str(tmp_path / "a.yaml"), 1)
    assert touched is not None
    assert touched.at.year > 2020
