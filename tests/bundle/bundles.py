"""A state folder after two applies, bundles of it, and what a forger would make of these."""

import io
import shutil
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from reconciler import __version__
from reconciler.bundle.archive import MANIFEST, SIGNATURE, Writer
from reconciler.bundle.contents import contents
from reconciler.bundle.manifest import written
from reconciler.bundle.reading import Asked, read
from reconciler.bundle.verify import AtHand, Verified, verified
from tests.harness import KEY, Shop, consent, grant, opened, person
from tests.program import Done, run

Parts = dict[str, bytes]
"""The members of a bundle by name."""
KEYED = {"RECONCILER_KEY": KEY.decode()}
TRAIL = "audit/shop.jsonl"
REGISTER = "opt-outs/shop.jsonl"
PIPELINE = {
    "RECONCILER_APPROVERS": "ada,bob",
    "GITHUB_REF": "refs/pull/12/merge",
    "GITHUB_ACTOR": "ops",
}


@contextmanager
def applied(folder: Path) -> Iterator[Shop]:
    """An opt-out, a tag and an opt-in are applied; then a name, whose plan is kept no more."""
    yes = {"email": consent("subscribed"), "sms": consent()}
    with opened(folder, "genstore", [person(consent=yes), person("bo@example.com")]) as shop:
        shop.told = PIPELINE
        shop.want(
            {
                "email": "ada@example.com",
                "tags": {"add": ["vip"]},
                "consent": {"email": "unsubscribed"},
            },
            {"email": "new@example.com", "consent": {"email": grant()}},
        )
        assert shop.apply(shop.plan()).complete
        shop.want({"email": "bo@example.com", "first_name": "Bo"})
        last = shop.plan()
        assert shop.apply(last).complete
        (shop.environment.folder / "plans" / f"{last['seal'][:16]}.json").unlink()
        yield shop


def exported(shop: Shop, *words: object, env: Mapping[str, str] = KEYED) -> Done:
    return run("audit", "export", "--specs", shop.specs, *words, env=env)


def proven(*words: object, env: Mapping[str, str] | None = None) -> Done:
    """Away from any state folder, as an auditor does."""
    return run("audit", "verify", "--specs", "/nowhere/specs", *words, env=env or {})


def members(bundle: bytes) -> dict[str, bytes]:
    """As anybody's tar reads them."""
    with tarfile.open(fileobj=io.BytesIO(bundle)) as tar:
        return {one.name: (tar.extractfile(one) or io.BytesIO()).read() for one in tar}


def plan_file(parts: Mapping[str, bytes]) -> str:
    """The name of the one plan that is kept."""
    return next(one for one in parts if one.startswith("plans/"))


def page_file(parts: Mapping[str, bytes]) -> str:
    return next(one for one in parts if one.startswith("pages/"))


def bundled(parts: Mapping[str, bytes]) -> bytes:
    """A bundle with these members, whatever they say."""
    file = io.BytesIO()
    writer = Writer(file)
    for name, content in parts.items():
        writer.add(name, content)
    writer.close()
    return file.getvalue()


def forged(parts: Mapping[str, bytes]) -> bytes:
    """The same with a manifest that is right: what anybody without a key can make."""
    kept = {name: one for name, one in parts.items() if name not in (MANIFEST, SIGNATURE)}
    writer = Writer(io.BytesIO())
    for name, content in kept.items():
        writer.add(name, content)
    at = "2026-06-01T12:00:00+00:00"
    says = contents(writer.archive, read(writer.archive, Asked(), {}))
    manifest = written(__version__, at, says, writer.archive)
    return bundled({**kept, MANIFEST: manifest})


def told_of(bundle: bytes, hand: AtHand | None = None) -> list[str]:
    return [f"{one.where}: {one.what}" for one in looked_into(bundle, hand).findings]


def looked_into(bundle: bytes, hand: AtHand | None = None) -> Verified:
    return verified(io.BytesIO(bundle), hand or AtHand())


def copied(shop: Shop, folder: Path) -> Path:
    """Its state folder, to be spoilt."""
    return Path(shutil.copytree(shop.environment.folder, folder / ".reconciler"))
