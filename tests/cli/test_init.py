"""`init`: what it writes is valid at once, and nothing that was there is touched."""

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from reconciler.app.beginning import FORGES, local_stores, pipeline
from reconciler.cli.init import FORGES as CHOICES
from reconciler.desired.files import SpecFile
from reconciler.desired.first_files import FirstStore, ignoring, pipeline_file
from reconciler.desired.yaml_reader import parse
from reconciler.platforms.registry import TABLES
from tests.cli.test_sandbox import served
from tests.program import Done, run

ROOT = Path(__file__).resolve().parents[2]
PLATFORMS = ("genstore", "shoplazza", "shopline")
EXAMPLES = {"github": "02-github-actions", "gitlab": "03-gitlab"}


def init(folder: Path, *words: str, platform: str = "shopline", forge: str = "none") -> Done:
    given = (
        () if "--sandbox" in words else ("--platform", platform, "--shop", "acme", "--forge", forge)
    )
    return run("init", folder, *given, *words)


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()
    }


def data(written: bytes) -> Any:
    document, complaints = parse(SpecFile(name="a.yaml", content=written))
    assert not complaints
    assert document is not None
    return document.data


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@pytest.mark.parametrize("forge", FORGES)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_what_is_written_is_valid_and_laid_out(tmp_path: Path, platform: str, forge: str) -> None:
    begun = init(tmp_path, platform=platform, forge=forge)
    with inside(tmp_path):
        checked = run("validate")
        tidy = run("fmt", "--check")
        shown = run("stores")

    assert [one.code for one in (begun, checked, tidy, shown)] == [0, 0, 0, 0]
    assert "2 files checked: 0 errors, 0 warnings" in checked.err
    assert TABLES[platform].title in shown.out
    assert len(begun.err.split("next:\n")[1].splitlines()) <= 6


@pytest.mark.parametrize("platform", [*PLATFORMS, None])
@pytest.mark.parametrize("forge", FORGES)
def test_the_local_stores_are_written_without_a_question(
    tmp_path: Path, platform: str | None, forge: str
) -> None:
    words = ("--sandbox", "--forge", forge, *(("--platform", platform) if platform else ()))
    begun = init(tmp_path, *words)
    with inside(tmp_path):
        checked = run("validate")
        tidy = run("fmt", "--check")

    assert [begun.code, checked.code, tidy.code] == [0, 0, 0]
    assert "0 errors, 0 warnings" in checked.err
    assert len(begun.err.split("next:\n")[1].splitlines()) <= 6


def test_time_zone_and_region_are_written_where_they_are_given(tmp_path: Path) -> None:
    init(
        tmp_path,
        "--timezone",
        "Asia/Shanghai",
        "--phone-region",
        "NO",
        "--name",
        "no",
        "--token-env",
        "Y",
    )

    store = data((tmp_path / "specs/stores.yaml").read_bytes())["stores"]["no"]
    assert store["phone_region"] == "NO"
    assert store["token"] == {"env": "Y"}
    assert store["timezone"] == "Asia/Shanghai"
    with inside(tmp_path):
        assert run("fmt", "--check").code == run("validate").code == 0


def test_local_stores_have_their_tokens_beside_them_for_their_owner_only(tmp_path: Path) -> None:
    init(tmp_path, "--sandbox")

    stores = data((tmp_path / "specs/stores.yaml").read_bytes())["stores"]
    for name, store in stores.items():
        kept = tmp_path / store["token"]["file"]
        assert kept.read_text() == f"sandbox-{name}\n"
        assert kept.stat().st_mode & 0o077 == 0
    assert "/local-tokens/" in (tmp_path / ".gitignore").read_text()


def test_the_editor_finds_the_schema_that_the_modelines_name(tmp_path: Path) -> None:
    init(tmp_path)

    for file in (tmp_path / "specs").rglob("*.yaml"):
        first = file.read_text().splitlines()[0]
        named = file.parent / first.removeprefix("# yaml-language-server: $schema=")
        assert named.resolve() == tmp_path / "schemas/spec.schema.json"
    assert run("schema").out == (tmp_path / "schemas/spec.schema.json").read_text()


@pytest.mark.parametrize("forge", EXAMPLES)
def test_the_pipeline_is_that_of_the_example_to_the_byte(tmp_path: Path, forge: str) -> None:
    init(tmp_path, "--name", "acme-us", forge=forge)

    example = content(ROOT / "examples" / EXAMPLES[forge])
    example.pop("README.md")
    assert example
    assert {name: (tmp_path / name).read_bytes() for name in example} == example
    steps = {f"pipeline/{name}": text for name, text in content(ROOT / "examples/pipeline").items()}
    if forge == "github":
        steps = {name: text for name, text in steps.items() if "gitlab" not in name}
    assert {name: (tmp_path / name).read_bytes() for name in steps} == steps
    assert {*example, *steps, "requirements.txt"} == set(pipeline(forge))


def test_the_pipeline_has_the_names_of_the_tokens_of_the_store(tmp_path: Path) -> None:
    init(tmp_path, "--name", "2-shop", "--token-env", "SHOP", forge="github")

    text = "".join(one.read_text() for one in (tmp_path / ".github").rglob("*.yaml"))
    assert "ACME" not in text
    assert "SHOP: ${{ secrets.SHOP }}" in text
    assert "token: {env: SHOP}" in (tmp_path / "specs/stores.yaml").read_text()


@pytest.mark.parametrize(
    ("forge", "told"),
    [
        ("github", "ACME_TOKEN, "),
        ("gitlab", "ACME_TOKEN, ADOPT_TOKEN, FORGE_TOKEN, GIT_TOKEN, "),
        ("none", ""),
    ],
)
def test_what_the_pipeline_wants_of_its_forge_is_told(
    tmp_path: Path, forge: str, told: str
) -> None:
    done = init(tmp_path, forge=forge)

    keys = "RECONCILER_KEY, RECONCILER_REGISTER_KEY, RECONCILER_WHEEL"
    assert (f"asks for: {told}{keys}\n" in done.err) == bool(told)
    assert ("asks for" in done.err) == bool(told)


def test_each_forge_can_be_chosen() -> None:
    assert tuple(FORGES) == CHOICES


def test_names_of_tokens_are_replaced_and_nothing_else() -> None:
    store = FirstStore(name="eu", platform="genstore", shop="x", variable="EU_TOKEN")

    text = "ACME_US_TOKEN: ${{ secrets.ACME_US_TOKEN }} RECONCILER_KEY"
    assert pipeline_file(text, store) == "EU_TOKEN: ${{ secrets.EU_TOKEN }} RECONCILER_KEY"


def test_the_hooks_call_options_that_exist(tmp_path: Path) -> None:
    init(tmp_path)

    (repository,) = data((tmp_path / ".pre-commit-config.yaml").read_bytes())["repos"]
    with inside(tmp_path):
        for hook in repository["hooks"]:
            program, *words = hook["entry"].split()
            assert program == "reconciler"
            assert run(*words).code == 0


def test_owners_are_an_example_that_owns_nothing_yet(tmp_path: Path) -> None:
    init(tmp_path, forge="gitlab")

    told = (tmp_path / "CODEOWNERS.example").read_text()
    assert ".gitlab/CODEOWNERS" in told
    assert "/.gitlab-ci.yml " in told
    assert not list(tmp_path.rglob("CODEOWNERS"))


def test_a_second_time_changes_nothing_and_says_so(tmp_path: Path) -> None:
    init(tmp_path, forge="github")
    before = content(tmp_path)

    again = init(tmp_path, forge="github")

    assert again.code == 0
    assert again.out == "nothing to do: all of it is there already\n"
    assert content(tmp_path) == before


def test_lines_are_added_once_to_what_git_ignores(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_bytes(b"*.log\r\n.reconciler/\r\n# ours\r\n/plan.json")

    first = init(tmp_path)
    init(tmp_path)

    lines = (tmp_path / ".gitignore").read_bytes()
    assert f"{tmp_path / '.gitignore'}: lines added" in first.out
    assert lines == (
        b"*.log\r\n.reconciler/\r\n# ours\r\n/plan.json\r\n/local-tokens/\r\n/out/\r\n/plan.md\r\n/plan.html\r\n"
    )
    assert ignoring(lines) == lines


def test_conflicts_are_told_all_at_once_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs/stores.yaml").write_text("stores: {}\n")
    (tmp_path / ".pre-commit-config.yaml").write_text("repos: []\n")
    (tmp_path / "schemas/spec.schema.json").mkdir(parents=True)
    before = content(tmp_path)

    done = init(tmp_path, forge="github")

    assert done.code == 1
    for name in ("specs/stores.yaml: there already", ".pre-commit-config.yaml: there already"):
        assert f"{tmp_path}/{name}" in done.err
    assert "spec.schema.json: no regular file" in done.err
    assert "--keep" in done.err
    assert content(tmp_path) == before
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        ".pre-commit-config.yaml",
        "schemas",
        "specs",
    ]


def test_a_file_that_is_kept_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / ".pre-commit-config.yaml").write_text("repos: []\n")
    (tmp_path / ".gitignore").write_text("# none\n")

    told = str(tmp_path / ".pre-commit-config.yaml")
    done = init(tmp_path, "--keep", told, "--keep", ".gitignore")
    unknown = init(tmp_path, "--keep", "other.txt")

    assert [done.code, unknown.code] == [0, 64]
    assert (tmp_path / ".pre-commit-config.yaml").read_text() == "repos: []\n"
    assert (tmp_path / ".gitignore").read_text() == "# none\n"
    assert (tmp_path / "specs/stores.yaml").exists()


@pytest.mark.parametrize("name", ["specs", ".gitignore", "specs/stores.yaml", ".github"])
def test_a_link_is_never_written_through(tmp_path: Path, name: str) -> None:
    folder, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    (folder / name).parent.mkdir(parents=True)
    elsewhere.mkdir()
    (folder / name).symlink_to(elsewhere)

    done = init(folder, forge="github")

    assert done.code == 1
    assert str(folder / name) in done.err
    assert list(elsewhere.iterdir()) == []


def test_a_schema_of_another_version_is_told_how_to_renew(tmp_path: Path) -> None:
    init(tmp_path)
    (tmp_path / "schemas/spec.schema.json").write_text("{}")

    done = init(tmp_path)

    assert done.code == 1
    assert "reconciler schema > " in done.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "nobody can be asked here: give --platform, --shop, --forge"),
        (["--platform", "genstore", "--forge", "none"], "give --shop"),
        (["--platform", "shopify", "--shop", "a", "--forge", "none"], "no platform of that name"),
        (["--platform", "genstore", "--shop", "a b", "--forge", "none"], "first part of its host"),
        (["--platform", "genstore", "--shop", "a.example.com", "--forge", "none"], "first part"),
        (["--platform", "genstore", "--shop", "a", "--forge", "none", "--name", "A"], "--name"),
        (["--platform", "genstore", "--shop", "a", "--forge", "none", "--timezone", "X"], "zone"),
        (
            ["--platform", "genstore", "--shop", "a", "--forge", "none", "--phone-region", "XX"],
            "CN",
        ),
        (
            [
                "--platform",
                "genstore",
                "--shop",
                "a",
                "--forge",
                "none",
                "--token-env",
                "RECONCILER_KEY",
            ],
            "no token",
        ),
        (["--sandbox", "--shop", "acme"], "leave out --shop"),
        (["--sandbox", "--platform", "shopify"], "no local store of that platform"),
    ],
)
def test_what_cannot_be_used_is_wrong_usage(tmp_path: Path, words: list[str], told: str) -> None:
    done = run("init", tmp_path, *words)

    assert done.code == 64
    assert told in done.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "told", ["acme", "Acme", "acme.genmystore.com", "https://acme.genmystore.com/admin/x"]
)
def test_a_shop_may_be_given_by_its_address(tmp_path: Path, told: str) -> None:
    run("init", tmp_path, "--platform", "genstore", "--shop", told, "--forge", "none")

    assert "    shop: acme\n" in (tmp_path / "specs/stores.yaml").read_text()


def test_a_person_at_a_terminal_is_asked(tmp_path: Path) -> None:
    ours, its = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "reconciler", "init", str(tmp_path)],
        stdin=its,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        os.write(ours, b"nothing\nshoplazza\na b\nacme\ngitlab\n")
        out, err = process.communicate(timeout=30)
    os.close(ours)
    os.close(its)

    assert process.returncode == 0, err
    assert "there is no platform of that name" in err
    assert "myshoplaza.com" in err
    assert "token" not in err.partition("next:")[0]
    assert f"{tmp_path / '.gitlab-ci.yml'}: written" in out


def test_pipeline_files_below_the_top_of_a_repository_are_told(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)

    below = init(tmp_path / "inner", forge="github")
    at_top = init(tmp_path, forge="github")

    assert f"at the top of a repository, which is {tmp_path}" in below.err
    assert "at the top of a repository" not in at_top.err


def test_what_is_exported_into_a_begun_folder_names_the_schema_too(tmp_path: Path) -> None:
    with served("--fast") as (port, _):
        init(tmp_path, "--sandbox", "--platform", "shopline")
        stores = tmp_path / "specs/stores.yaml"
        stores.write_text(stores.read_text().replace(":8403", f":{port + 2}"))
        with inside(tmp_path):
            done = run(
                "export",
                "--out",
                "specs/acme-tw/customers.yaml",
                env={"ACME_TW_TOKEN": "sandbox-acme-tw"},
            )
            checked = run("validate")

    assert [done.code, checked.code] == [0, 0], done.err + checked.everything
    first = (tmp_path / "specs/acme-tw/customers.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=../../schemas/spec.schema.json"


def test_serving_the_local_stores_prints_the_file_that_names_them(tmp_path: Path) -> None:
    with served("--fast") as (port, process):
        process.terminate()
        out, _ = process.communicate(timeout=30)

    block = out.partition("# specs/stores.yaml\n")[2]
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs/stores.yaml").write_text(block)
    assert set(data(block.encode())["stores"]) == {one.name for one in local_stores()}
    assert f"http://127.0.0.1:{port + 2}" in block
    with inside(tmp_path):
        assert run("validate").code == 0
