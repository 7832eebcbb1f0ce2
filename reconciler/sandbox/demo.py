"""The demo's three stores: the customers they begin with, and the tokens they ask for."""

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from reconciler.sandbox.local import LOCAL_STORES, SHOP
from reconciler.sandbox.server import Sandbox
from reconciler.sandbox.shop import RateChoice

# Environment variable and token by platform.
TOKENS: Final = {one.platform: (one.variable, one.token) for one in LOCAL_STORES}


def seeds() -> dict[str, list[dict[str, Any]]]:
    text = files("reconciler.sandbox").joinpath("demo.json").read_text(encoding="utf-8")
    found: dict[str, list[dict[str, Any]]] = json.loads(text)
    return found


def make(
    *,
    switches: Mapping[str, Mapping[str, str]],
    folder: Path | None,
    rate: RateChoice,
    seeded: bool,
) -> list[Sandbox]:
    """The three stores; those kept in `folder` are seeded once."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    boxes = []
    for platform, records in seeds().items():
        box = Sandbox(
            platform,
            shop=SHOP,
            token=TOKENS[platform][1],
            switches=switches.get(platform),
            path=folder / f"{platform}.sqlite" if folder else None,
            rate=rate,
        )
        if seeded and not box.customers():
            box.seed(records)
        boxes.append(box)
    return boxes
