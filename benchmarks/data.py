"""`python -m benchmarks.data N [--into FOLDER] [--seed S]`: a store of N customers, and specs of it.

Both are written as they are made, so that a million takes no memory.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.crowd import SEED, TAGS, Crowd, Json, Person

VERSION: Final = 1  # of what is made: a folder of another version is not used again
PAGE: Final = 250
MOST_FILES: Final = 100
STORE: Final = "shop"
TOKEN: Final = "BENCH_TOKEN"


def entry(person: Person) -> str:
    """Somebody in a spec, as people write it."""
    lines = [
        f"  - email: {person.email}",
        f'    phone: "{person.phone}"',
        f"    first_name: {person.first_name}",
        f"    last_name: {person.last_name}",
        f"    note: {person.note if person.note is not None else 'null'}",
        f"    tax_exempt: {'true' if person.tax_exempt else 'false'}",
        "    tags:",
    ]
    lines += [f"      - {_quoted(tag)}" for tag in person.tags]
    told = (("email", person.email_consent), ("sms", person.sms_consent))
    if any(consent is not None for _, consent in told):
        lines.append("    consent:")
    for channel, consent in told:
        if consent is None:
            continue
        if not consent.given_at:
            lines.append(f"      {channel}: {consent.state}")
            continue
        lines += [
            f"      {channel}:",
            f"        state: {consent.state}",
            f"        given_at: {consent.given_at}",
            f"        source: {consent.source}",
            "        level: single",
            f"        evidence: {consent.evidence}",
        ]
        if consent.method:
            lines.append(f"        method: {consent.method}")
    if person.addresses:
        lines.append("    addresses:")
    for place, one in enumerate(person.addresses):
        lines += [
            f"      - first_name: {one.first_name}",
            f"        last_name: {one.last_name}",
            f"        address1: {one.address1}",
            f"        city: {one.city}",
            f'        country_code: "{one.country_code}"',
            f'        province_code: "{one.province_code}"',
            f'        zip: "{one.zip}"',
        ]
        if place == 0:
            lines.append("        default: true")
    return "\n".join(lines) + "\n"


def _quoted(tag: str) -> str:
    return f'"{tag}"' if ":" in tag else tag


def stores(port: int, names: Sequence[str] = (STORE,), **more: Any) -> str:
    """The settings of the store, or of several that are alike; JSON is YAML."""
    store: Json = {
        "platform": "genstore",
        "shop": "bench",
        "base_url": f"http://127.0.0.1:{port}",
        "token": {"env": TOKEN},
        "rate": {"per_second": 1000, "burst": 1000},
        "phone_region": "CN",
        "timezone": "UTC",
        "limits": {
            risk: {"percent": 100, "at_least": 100_000, "at_most": 100_000}
            for risk in ("tag", "profile", "create", "grant", "delete")
        },
        "tags": {"owned": [tag for tag in TAGS if ":" not in tag] + ["seg:*", "wave:*"]},
        **more,
    }
    return json.dumps({"stores": dict.fromkeys(names, store)}, indent=1) + "\n"


def cache() -> Path:
    """Where data goes unless a folder is named."""
    return Path(tempfile.gettempdir()) / f"reconciler-bench-{os.getuid()}"


def made(crowd: Crowd, into: Path) -> Path:
    """The folder of the crowd, `specs/` and `live/`; written unless it is there."""
    folder = into / f"{crowd.size}-seed{crowd.seed}-v{VERSION}"
    if folder.exists():
        return folder
    into.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = Path(tempfile.mkdtemp(dir=into))
    try:
        _write_specs(crowd, fresh / "specs")
        _write_pages(crowd, fresh / "live")
        fresh.rename(folder)
    except BaseException:
        shutil.rmtree(fresh)
        raise
    return folder


def _write_specs(crowd: Crowd, folder: Path) -> None:
    folder.mkdir()
    files = min(MOST_FILES, max(1, crowd.size // 100))
    (folder / "stores.yaml").write_text(stores(8400), encoding="utf-8")
    for part in range(files):
        start = crowd.size * part // files
        end = crowd.size * (part + 1) // files
        with (folder / f"part-{part:03}.yaml").open("w", encoding="utf-8") as file:
            file.write(f"# Customers {start} to {end - 1}.\nstore: {STORE}\ncustomers:\n")
            for number in range(start, end):
                file.write(entry(crowd.person(number)))


def _write_pages(crowd: Crowd, folder: Path) -> None:
    folder.mkdir()
    page: list[Json] = []
    firsts: list[int] = []
    since = 0
    for record in crowd.records():
        page.append(record)
        if len(page) == PAGE:
            firsts.append(since)
            since = _write_page(folder, len(firsts) - 1, page)
    if page:
        firsts.append(since)
        _write_page(folder, len(firsts) - 1, page)
    (folder / "after.json").write_text(json.dumps(firsts))


def _write_page(folder: Path, number: int, page: list[Json]) -> int:
    """The largest id of the page, which is then empty again."""
    (folder / f"{number:05}.json").write_bytes(encoded(page))
    last = int(page[-1]["id"])
    page.clear()
    return last


def encoded(page: list[Json]) -> bytes:
    return json.dumps({"customers": page}, ensure_ascii=False, separators=(",", ":")).encode()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.data")
    parser.add_argument("size", type=int)
    parser.add_argument("--into", type=Path, default=cache())
    parser.add_argument("--seed", type=int, default=SEED)
    told = parser.parse_args()
    sys.stdout.write(f"{made(Crowd(size=told.size, seed=told.seed), told.into)}\n")


if __name__ == "__main__":
    main()
