"""The pipeline of all groups of stores, from what `groups.sh` printed: gitlab_jobs.py FILE."""

import json
import sys
from pathlib import Path

KINDS = ("plan", "drift", "replan", "apply", "carry-out", "withdraw")
WRITING = ("apply", "carry-out", "withdraw")


def pipeline(groups: list[dict[str, str]]) -> dict[str, object]:
    """JSON is YAML."""
    made: dict[str, object] = {"include": [{"local": "pipeline/gitlab-jobs.yml"}]}
    for one in groups:
        for kind in KINDS:
            job: dict[str, object] = {"extends": f".{kind}"}
            job["variables"] = {"GROUP": one["group"], "STORES": one["stores"]}
            if kind in WRITING:
                job["resource_group"] = f"stores-{one['group']}"
            if kind == "carry-out":  # no other group's plan is waited for
                job["needs"] = [f"replan {one['group']}"]
            made[f"{kind} {one['group']}"] = job
    if not groups:  # a pipeline needs a job
        made["nothing"] = {"script": ["echo no stores yet"]}
    return made


if __name__ == "__main__":
    print(json.dumps(pipeline(json.loads(Path(sys.argv[1]).read_text())), indent=1))
