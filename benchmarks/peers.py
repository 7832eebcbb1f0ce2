"""Other tools on data of the same size: octoDNS and Terraform, where they can be had.

Both do other things too, and here without any network; how many records there are is theirs to
choose as it is ours.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.crowd import Crowd

OCTODNS: Final = "1.22.0"
VALUES: Final = 8
_ZONES: Final = 10

Json = dict[str, Any]


class Missing(Exception):
    """A peer cannot be had here; why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A command, and where and with what it is to be run."""

    command: tuple[str, ...]
    folder: Path
    env: Mapping[str, str]
    ends: tuple[int, ...] = (0,)
    most_runs: int = 99


def octodns(size: int, cache: Path) -> Peer:
    """Plans TXT records of eight values from YAML to YAML. Raises `Missing`."""
    place = cache / f"octodns-{OCTODNS}"
    program = place / "bin/octodns-sync"
    if not program.exists():
        try:
            subprocess.run([sys.executable, "-m", "venv", place], check=True, capture_output=True)
            subprocess.run(
                [
                    place / "bin/pip",
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                    f"octodns=={OCTODNS}",
                ],
                check=True,
                capture_output=True,
            )
        except (OSError, subprocess.CalledProcessError) as error:
            shutil.rmtree(place, ignore_errors=True)
            raise Missing(f"octoDNS {OCTODNS} cannot be installed here") from error
    folder = cache / f"octodns-{size}-v1"
    if not folder.exists():
        _write_zones(size, folder)
    return Peer(
        command=(str(program), "--config-file", "config.yaml"),
        folder=folder,
        env={"PATH": os.defpath, "HOME": str(folder)},
    )


def _write_zones(size: int, folder: Path) -> None:
    zones = min(_ZONES, max(1, size // 1000))
    settings: Json = {
        "providers": {
            side: {"class": "octodns.provider.yaml.YamlProvider", "directory": f"./{side}"}
            for side in ("specs", "live")
        },
        "zones": {
            f"zone{zone}.test.": {"sources": ["specs"], "targets": ["live"]}
            for zone in range(zones)
        },
    }
    for side in ("specs", "live"):
        (folder / side).mkdir(parents=True)
        for zone in range(zones):
            with (folder / side / f"zone{zone}.test.yaml").open("w", encoding="utf-8") as file:
                for number in range(size // zones):
                    ttl = 600 if side == "live" and number % 100 == 7 else 300
                    file.write(f"r{number:07}:\n  ttl: {ttl}\n  type: TXT\n  values:\n")
                    for value in range(VALUES):
                        file.write(f"  - field{value}=what record {number:07} has in it\n")
    (folder / "config.yaml").write_text(json.dumps(settings), encoding="utf-8")


def terraform(size: int, cache: Path) -> Peer:
    """Plans one `terraform_data` for each entry of one YAML file. Raises `Missing`."""
    program = shutil.which("terraform")
    if program is None:
        raise Missing("no terraform here")
    folder = cache / f"terraform-{size}-v1"
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "CHECKPOINT_DISABLE": "1"}
    if not folder.exists():
        folder.mkdir(parents=True)
        _write_state(Crowd(size=size), folder)
        begun = subprocess.run(
            [program, "init", "-no-color"], cwd=folder, env=env, capture_output=True, check=False
        )
        if begun.returncode:
            shutil.rmtree(folder)
            raise Missing("terraform init fails here")
    return Peer(
        command=(program, "plan", "-input=false", "-no-color", "-detailed-exitcode", "-out=plan"),
        folder=folder,
        env=env,
        ends=(2,),
        most_runs=1,  # minutes
    )


def _write_state(crowd: Crowd, folder: Path) -> None:
    """The configuration, and a state as after an apply, one in a hundred otherwise."""
    customers = [_plain(asdict(crowd.person(number))) for number in range(crowd.size)]
    (folder / "customers.yaml").write_text(
        json.dumps({"customers": customers}, indent=1, ensure_ascii=False), encoding="utf-8"
    )
    (folder / "main.tf").write_text(
        'locals {\n  customers = { for one in yamldecode(file("customers.yaml")).customers :'
        " one.email => one }\n}\n\n"
        'resource "terraform_data" "customer" {\n  for_each = local.customers\n'
        "  input    = each.value\n}\n",
        encoding="utf-8",
    )
    instances = []
    for number, customer in enumerate(customers):
        held = {**customer, "first_name": "Zoe"} if number % 100 == 7 else customer
        typed = {"value": held, "type": _type(held)}
        instances.append(
            {
                "index_key": customer["email"],
                "schema_version": 0,
                "attributes": {
                    "id": f"00000000-0000-0000-0000-{number:012}",
                    "input": typed,
                    "output": typed,
                    "triggers_replace": None,
                },
                "sensitive_attributes": [],
            }
        )
    resource = {
        "mode": "managed",
        "type": "terraform_data",
        "name": "customer",
        "provider": 'provider["terraform.io/builtin/terraform"]',
        "instances": instances,
    }
    state = {"version": 4, "serial": 1, "lineage": "bench", "outputs": {}, "resources": [resource]}
    (folder / "terraform.tfstate").write_text(json.dumps(state), encoding="utf-8")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value


def _type(value: Any) -> Any:
    """Terraform's type of a value."""
    match value:
        case bool():
            return "bool"
        case int():
            return "number"
        case str():
            return "string"
        case list():
            return ["tuple", [_type(inner) for inner in value]]
        case _:
            return ["object", {key: _type(inner) for key, inner in value.items()}]
