"""`python -m benchmarks.floor yaml|json|both FOLDER`: the least that a plan can cost in Python.

All YAML events by libyaml, and all pages decoded; nothing is kept and nothing compared.
"""

import json
import sys
from pathlib import Path


def main(part: str, folder: Path) -> None:
    if part in ("yaml", "both"):
        import yaml

        for file in sorted((folder / "specs").glob("*.yaml")):
            with file.open("rb") as stream:
                for _ in yaml.parse(stream, Loader=yaml.CLoader):
                    pass
    if part in ("json", "both"):
        for file in sorted((folder / "live").glob("[0-9]*.json")):
            json.loads(file.read_bytes())


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
