"""What people type: the examples under each command's help, by the words that name it."""

from typing import Final

EXAMPLES: Final[dict[str, tuple[str, ...]]] = {
    "init": (
        "reconciler init",
        "reconciler init --platform genstore --shop acme --forge github",
        "reconciler init --sandbox    # begin with local stores",
    ),
    "doctor": (
        "reconciler doctor",
        "reconciler doctor --for plan    # what a pull request's job needs",
    ),
    "validate": (
        "reconciler validate",
        "reconciler validate --format github    # complaints on file and line of a pull request",
    ),
    "fmt": ("reconciler fmt", "reconciler fmt --check    # for a pipeline: says what would change"),
    "plan": (
        "reconciler plan --out plan.json",
        "reconciler plan --base origin/main --fail-on drift    # why each change is needed",
        "reconciler plan --customer cus_7k2qf3m5xa             # one customer alone",
        "reconciler plan --raise create=2000                   # a ceiling, for this plan",
        "reconciler plan --release consent.undated-opt-out:cus_7k2qf3m5xa",
    ),
    "apply": (
        "reconciler apply plan.json",
        "reconciler apply plan.json --only withdraw    # the opt-outs at once",
        "reconciler apply plan.json --resume           # after a kill or a stop",
        "reconciler apply plan.json --once             # in the queue of a pipeline",
    ),
    "show": (
        "reconciler show plan.json",
        "reconciler show plan.json --format html --output plan.html",
    ),
    "export": ("reconciler export --store acme-us --out specs/acme-us.yaml",),
    "import": (
        "reconciler import crm.csv --out specs/acme-us/crm.yaml --mapping crm-columns.yaml",
        'reconciler import crm.csv --out specs/crm.yaml --map "E-mail=email" --drop Rating',
        "reconciler import crm.csv --out specs/crm.yaml --skip-refused --report refused.json",
    ),
    "adopt": (
        "reconciler adopt                       # names what is out of date",
        "reconciler adopt --write               # opt-outs, into the files",
        "reconciler adopt --write --field tags  # and the tags that staff gave",
    ),
    "explain": ("reconciler explain cus_7k2qf3m5xa", "reconciler explain --store acme-us"),
    "stores": ("reconciler stores", "reconciler stores --format json --base origin/main"),
    "rules": ("reconciler rules", "reconciler rules consent.newer-opt-out"),
    "schema": ("reconciler schema spec > spec.schema.json",),
    "sandbox serve": ("reconciler sandbox serve", "reconciler sandbox serve --port 8421"),
    "sandbox reset": ("reconciler sandbox reset",),
    "sandbox switches": ("reconciler sandbox switches",),
    "demo": ("reconciler demo",),
    "audit log": (
        "reconciler audit log --since 2026-03-01",
        "reconciler audit log --customer cus_7k2qf3m5xa --format json",
    ),
    "audit verify": (
        "reconciler audit verify --head 1bb9995d7d7e7992",
        "reconciler audit verify applies.tar --signer jobs.pub    # whoever verifies has no key",
    ),
    "audit export": (
        "reconciler audit export --out applies.tar",
        "reconciler audit export --out applies.tar --sign ~/.ssh/jobs",
    ),
    "audit merge": ("reconciler audit merge other-job/.reconciler",),
    "audit silence": ("reconciler audit silence",),
    "register verify": ("reconciler register verify",),
    "register show": ("reconciler register show --person < address.txt",),
    "register import": ("reconciler register import suppressed.csv --store acme-us --dry-run",),
    "register compact": ("reconciler register compact",),
    "register merge": ("reconciler register merge other-job/.reconciler/opt-outs",),
    "completion": (
        'eval "$(reconciler completion bash)"',
        "reconciler completion fish > ~/.config/fish/completions/reconciler.fish",
    ),
}


def epilog(words: str) -> str | None:
    """As click shows it: one a line, as they are typed."""
    found = EXAMPLES.get(words)
    return None if found is None else "\n".join(("\b", "Examples:", *(f"  {one}" for one in found)))
