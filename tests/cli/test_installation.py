"""Under which name this program is installed, and that nothing shipped asks for a stranger's."""

import re
import tomllib
from pathlib import Path

import pytest

from reconciler.installation import DISTRIBUTION, FOREIGN, has_foreign, with_extra
from tests.program import run
from tests.test_meta import ROOT

SHIPPED = ("*.md", "Makefile", "pyproject.toml", ".ci/*", "examples/**/*", "reconciler/**/*.py")
BARE = re.compile(
    r"(?:pip|pipx|uv|uvx|poetry|pdm)\b[^\n]*\b(?:install|add|run)\b(?:\s+-\S+)*\s+[\"']?"
    r"(?:customer-)?reconciler(?:\[[\w,]+\])?[\"']?(?:\s|$|==)"
)


def _texts() -> dict[str, str]:
    found = {path for pattern in SHIPPED for path in ROOT.glob(pattern) if path.is_file()}
    return {
        str(path.relative_to(ROOT)): path.read_text(encoding="utf-8", errors="replace")
        for path in found
    }


def test_the_check_finds_what_it_is_for() -> None:
    for line in (
        f"pip install {FOREIGN}",
        f"pip install --quiet '{FOREIGN}[sandbox]'",
        f"pipx install {DISTRIBUTION}==1.0",
        f"uv pip install {FOREIGN}\n",
    ):
        assert BARE.search(line), line
    assert not BARE.search('pip install --no-deps "$RECONCILER_WHEEL"')


def test_no_page_recipe_or_message_installs_a_bare_name() -> None:
    texts = _texts()
    assert len(texts) > 30  # without the package where an installed wheel is tried
    assert [name for name, text in texts.items() if BARE.search(text)] == []


def test_recipes_install_by_hashes_and_then_a_wheel() -> None:
    recipes = [
        *(ROOT / "examples").rglob(".github/workflows/*.yaml"),
        ROOT / "examples/pipeline/gitlab-prepare.sh",
    ]
    for path in recipes:
        installs = re.findall(r"pip install (.*)", path.read_text())
        assert installs, path
        for first, second in zip(installs[::2], installs[1::2], strict=True):
            assert first.endswith("--require-hashes -r requirements.txt")
            assert second.endswith('--no-deps "$RECONCILER_WHEEL"')


def test_what_pipelines_install_is_what_was_tried() -> None:
    """Each pin is one of constraints.txt, with its hashes, and all that is asked for is there."""

    def pins(path: Path) -> dict[str, str]:
        text = re.sub(r" *# via.*|^ +#.*\n", "", path.read_text(), flags=re.MULTILINE)
        return dict(re.findall(r"^([\w.-]+)==(.*?)(?=^[\w.-]+==|\Z)", text, re.M | re.S))

    tried, shipped = pins(ROOT / "constraints.txt"), pins(ROOT / "examples/requirements.txt")
    for name, pin in shipped.items():
        assert re.findall(r"sha256:\w+", pin) == re.findall(r"sha256:\w+", tried[name]), name
        assert pin.split()[0] == tried[name].split()[0], name
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert {re.split(r"[<>=]", one)[0] for one in asked} <= set(shipped)


@pytest.mark.parametrize(
    ("noted", "command"),
    [
        (
            '{"url": "file:///src/a%20b", "dir_info": {"editable": true}}',
            "pip install -e '/src/a b[sandbox]'",
        ),
        (
            '{"url": "file:///w/customer_reconciler-1.whl", "archive_info": {}}',
            "pip install '/w/customer_reconciler-1.whl[sandbox]'",
        ),
        (
            '{"url": "https://x.test/c.whl", "archive_info": {"hashes": {"sha256": "ab"}}}',
            "pip install 'customer-reconciler[sandbox] @ https://x.test/c.whl#sha256=ab'",
        ),
        (None, "pip install 'PATH_OR_ADDRESS_OF_ITS_WHEEL[sandbox]'"),
        ("{", "pip install 'PATH_OR_ADDRESS_OF_ITS_WHEEL[sandbox]'"),
    ],
)
def test_the_command_that_adds_an_extra_fits_the_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, noted: str | None, command: str
) -> None:
    _installed(tmp_path, DISTRIBUTION, noted)
    monkeypatch.syspath_prepend(tmp_path)

    assert with_extra("sandbox") == command


def test_a_distribution_of_the_short_name_is_a_stranger_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _installed(tmp_path, "reconciler", None)
    monkeypatch.syspath_prepend(tmp_path)

    assert has_foreign()


def _installed(folder: Path, name: str, noted: str | None) -> None:
    place = folder / f"{name.replace('-', '_')}-1.dist-info"
    place.mkdir()
    (place / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    if noted is not None:
        (place / "direct_url.json").write_text(noted)


def test_doctor_tells_of_a_stranger_s_distribution(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _installed(tmp_path, "reconciler", None)
    monkeypatch.syspath_prepend(tmp_path)
    done = run("doctor", "--specs", tmp_path)

    assert "somebody else's" in done.everything
    assert "pip uninstall reconciler" in done.everything
