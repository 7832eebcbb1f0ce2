"""Broken specs: each with its rule, its place and exit code 1; none yields a traceback or a request."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.program import run

HEAD = """\
stores:
  acme: {platform: genstore, shop: acme, base_url: "http://127.0.0.1:9", token: {env: TOKEN}, phone_region: CN}
"""


MARKED = HEAD.replace("phone_region: CN", "ownership: {tag: ours, foreign: ['theirs*']}")


def customers(text: str, head: str = HEAD) -> str:
    return f"{head}customers:\n{text}"


def store(text: str) -> str:
    return f"stores:\n  acme: {{platform: genstore, shop: acme, token: {{env: T}}, {text}}}\n"


def approval(text: str) -> str:
    return f"{HEAD}approvals: [{{{text}, reason: why not, until: 2026-01-01T00:00:00Z}}]\n"


TWO = """\
stores:
  one: {platform: genstore, shop: one, base_url: "http://127.0.0.1:9", token: {env: TOKEN}}
  two: {platform: genstore, shop: two, base_url: "http://127.0.0.1:9", token: {env: TOKEN}}
store: [one, two]
"""


# name: (file content, rule, line)
BROKEN: dict[str, tuple[str, str, int]] = {
    # YAML
    "open bracket": (f"{HEAD}customers: [", "yaml.syntax", 4),
    "colon in a plain value": (f"{HEAD}store: a: b\n", "yaml.syntax", 3),
    "tab as indentation": (f"{HEAD}customers:\n\t- email: a@b.cc\n", "yaml.syntax", 4),
    "open quote": (f'{HEAD}store: "acme\n', "yaml.syntax", 4),
    "wrong indentation": (customers("  - email: a@b.cc\n   phone: x\n"), "yaml.syntax", 5),
    "control character": (customers("  - email: a@b.cc\n    note: \x01\n"), "yaml.syntax", 5),
    "unknown escape": (customers('  - email: "a\\qb"\n'), "yaml.syntax", 4),
    "repeated key": (customers("  - email: a@b.cc\n    email: b@b.cc\n"), "yaml.repeated-key", 5),
    "repeated section": (customers("  - email: a@b.cc\ncustomers: []\n"), "yaml.repeated-key", 5),
    "merge key": (customers("  - <<: {email: a@b.cc}\n"), "yaml.merge-key", 4),
    "custom tag": (customers("  - email: !secret x\n"), "yaml.tag", 4),
    "python tag": (customers("  - !!python/object:os.system {}\n"), "yaml.tag", 4),
    "second document": (f"{HEAD}---\nstore: acme\n", "yaml.second-document", 3),
    "undefined alias": (customers("  - *ada\n"), "yaml.unknown-alias", 4),
    "alias inside itself": (
        customers("  - &a {email: a@b.cc, tags: [*a]}\n"),
        "yaml.alias-loop",
        4,
    ),
    "alias bomb": (
        "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
        "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
        "e: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n",
        "yaml.alias-bomb",
        4,
    ),
    "list as key": (f"{HEAD}[a, b]: c\n", "yaml.key", 3),
    "deep nesting": ("a: " + "[" * 5000 + "]" * 5000, "yaml.too-deep", 1),
    "10 MB line": (f"{HEAD}store: {'x' * 10_000_000}\n", "yaml.line-too-long", 3),
    "a list as document": ("- email: a@b.cc\n", "schema.type", 1),
    "a word as document": ("hello\n", "schema.type", 1),
    # types
    "number as e-mail": (customers("  - email: 12\n"), "schema.type", 4),
    "number as phone": (customers("  - phone: 8613315034487\n"), "schema.type", 4),
    "number as id": (customers("  - id: 1020000013062\n"), "schema.type", 4),
    "number as tag": (customers("  - email: a@b.cc\n    tags: [2024]\n"), "schema.type", 5),
    "text as tags": (customers("  - email: a@b.cc\n    tags: vip\n"), "schema.type", 5),
    "no as boolean": (customers("  - email: a@b.cc\n    tax_exempt: no\n"), "schema.type", 5),
    "mapping as customers": (f"{HEAD}customers: {{email: a@b.cc}}\n", "schema.type", 3),
    "text as customer": (customers("  - a@b.cc\n"), "schema.type", 4),
    "boolean as name": (customers("  - email: a@b.cc\n    first_name: true\n"), "schema.type", 5),
    "number as consent": (customers("  - email: a@b.cc\n    consent: 1\n"), "schema.type", 5),
    "null as e-mail": (customers("  - email: null\n"), "schema.type", 4),
    # values
    "unknown key": (
        customers("  - emial: a@b.cc\n    phone: '+8613315034487'\n"),
        "schema.unknown-key",
        4,
    ),
    "unknown section": (f"{HEAD}custumers: []\n", "schema.unknown-key", 3),
    "personal value as key": (
        customers("  - email: a@b.cc\n    ada@secret.example: x\n"),
        "schema.unknown-key",
        5,
    ),
    "no identity": (customers("  - first_name: Ada\n"), "schema.missing", 4),
    "e-mail without host": (customers("  - email: ada@\n"), "schema.format", 4),
    "e-mail without dot": (customers("  - email: ada@localhost\n"), "schema.format", 4),
    "bare word as consent": (
        customers("  - email: a@b.cc\n    consent: {email: yes}\n"),
        "schema.value",
        5,
    ),
    "subscribed for all channels": (
        customers("  - email: a@b.cc\n    consent: subscribed\n"),
        "schema.value",
        5,
    ),
    "live-only state": (
        customers("  - email: a@b.cc\n    consent: {email: redacted}\n"),
        "schema.value",
        5,
    ),
    "pre-ticked box": (
        customers(
            "  - email: a@b.cc\n    consent: {email: {state: subscribed, method: pre_ticked}}\n"
        ),
        "schema.value",
        5,
    ),
    "time without offset": (
        customers(
            "  - email: a@b.cc\n    consent: {email: {state: subscribed, "
            "given_at: 2026-03-01T10:00:00}}\n"
        ),
        "schema.format",
        5,
    ),
    "date alone": (
        customers(
            "  - email: a@b.cc\n    consent: {email: {state: subscribed, given_at: 2026-03-01}}\n"
        ),
        "schema.format",
        5,
    ),
    "month 18": (
        customers(
            "  - email: a@b.cc\n    consent: {email: {state: subscribed, "
            "given_at: 2026-18-01T10:00:00Z}}\n"
        ),
        "schema.format",
        5,
    ),
    "tag with comma": (customers("  - email: a@b.cc\n    tags: ['a,b']\n"), "schema.format", 5),
    "tag with blank": (customers("  - email: a@b.cc\n    tags: [' a']\n"), "schema.format", 5),
    "empty tag": (customers("  - email: a@b.cc\n    tags: ['']\n"), "schema.value", 5),
    "country in small letters": (
        customers("  - email: a@b.cc\n    addresses: [{country_code: de}]\n"),
        "schema.value",
        5,
    ),
    "default that subscribes": (
        f"{HEAD}defaults: {{consent: {{email: subscribed}}}}\n",
        "schema.value",
        3,
    ),
    "default identity": (f"{HEAD}defaults: {{email: a@b.cc}}\n", "schema.unknown-key", 3),
    # settings
    "unknown platform": (
        "stores: {acme: {platform: shopify, shop: a, token: {env: T}}}\n",
        "schema.value",
        1,
    ),
    "literal token": (
        "stores: {acme: {platform: genstore, shop: a, token: s3cret}}\n",
        "settings.literal-token",
        1,
    ),
    "two places for a token": (
        "stores: {acme: {platform: genstore, shop: a, token: {env: T, file: f}}}\n",
        "schema.value",
        1,
    ),
    "shop with a host": (
        "stores: {acme: {platform: genstore, shop: evil.com/, token: {env: T}}}\n",
        "schema.value",
        1,
    ),
    "base_url with a path": (store("base_url: 'http://127.0.0.1:1/x'"), "schema.value", 2),
    "unknown version": (store("api_version: '199912'"), "settings.api-version", 2),
    "number as version": (store("api_version: 202412"), "schema.type", 2),
    "unknown zone": (store("timezone: Asia/Atlantis"), "schema.format", 2),
    "unknown region": (store("phone_region: XX"), "schema.format", 2),
    "rate of zero": (store("rate: {per_second: 0}"), "schema.value", 2),
    "half a ceiling": (store("limits: {grant: {percent: 1}}"), "schema.missing", 2),
    "words on another platform": (
        "stores: {acme: {platform: shopline, shop: a, token: {env: T}, "
        "consent_words: {email: {unsubscribed: NO}}}}\n",
        "settings.consent-words",
        1,
    ),
    "policy twice": (f"{HEAD}policy: {{}}\n", "settings.contradiction", 3),
    # across records
    "no store": ("customers:\n  - email: a@b.cc\n", "store.missing", 1),
    "unknown store": (f"{HEAD}store: other\ncustomers:\n  - email: a@b.cc\n", "store.unknown", 3),
    "one identity twice": (
        customers("  - email: a@b.cc\n  - email: A@B.cc\n"),
        "identity.repeated",
        5,
    ),
    "one phone twice": (
        customers("  - phone: '+8613315034487'\n  - phone: '13315034487'\n"),
        "identity.repeated",
        5,
    ),
    "one phone, two e-mails": (
        customers(
            "  - {email: a@b.cc, phone: '+8613315034487'}\n"
            "  - {email: c@b.cc, phone: '+8613315034487'}\n"
        ),
        "identity.contradiction",
        5,
    ),
    "no phone number": (customers("  - phone: '12'\n"), "schema.value", 4),
    "impossible phone number": (customers("  - phone: '+861'\n"), "identity.phone", 4),
    "tag added and removed": (
        customers("  - email: a@b.cc\n    tags: {add: [vip], remove: [VIP]}\n"),
        "tags.added-and-removed",
        5,
    ),
    "tag not owned": (
        f"{HEAD.replace('phone_region: CN', 'tags: {owned: [vip]}')}customers:\n"
        "  - email: a@b.cc\n    tags: {add: [other]}\n",
        "tags.not-owned",
        5,
    ),
    "our mark among tags": (
        customers("  - email: a@b.cc\n    tags: {remove: [OURS]}\n", MARKED),
        "tags.ownership-mark",
        5,
    ),
    "the mark of others among usual tags": (
        f"{MARKED}defaults: {{tags: [vip, theirs-too]}}\ncustomers: [{{email: a@b.cc}}]\n",
        "tags.ownership-mark",
        3,
    ),
    "a tag that is our mark": (f"{MARKED}tags:\n  - name: ours\n", "tags.ownership-mark", 4),
    "mark that feeds an audience": (
        f"{MARKED}policy: {{consent: {{bearing_tags: {{ours: email}}}}}}\n",
        "settings.ownership",
        3,
    ),
    "controller called as a store by itself": (
        "stores:\n"
        "  eu: {platform: genstore, shop: a, token: {env: T}, controller: us}\n"
        "  us: {platform: genstore, shop: b, token: {env: T}}\n",
        "settings.controller",
        2,
    ),
    "mark that the platform cuts": (
        store(f"ownership: {{tag: {'m' * 101}}}"),
        "settings.ownership",
        2,
    ),
    "mark with comma": (store("ownership: {tag: 'a,b'}"), "schema.format", 2),
    "marks of nobody": (store("ownership: {}"), "schema.value", 2),
    "absent and claimed": (
        customers("  - {email: a@b.cc, state: absent, claim: true}\n", MARKED),
        "section.contradiction",
        4,
    ),
    "consent without its e-mail": (
        customers(
            "  - phone: '+8613315034487'\n    consent: {email: {state: subscribed, "
            "given_at: 2026-03-01T10:00:00Z, source: x}}\n"
        ),
        "consent.no-email",
        5,
    ),
    "time in the future": (
        customers(
            "  - email: a@b.cc\n    consent: {email: {state: subscribed, "
            "given_at: 2099-03-01T10:00:00Z, source: x}}\n"
        ),
        "time.future",
        5,
    ),
    "absent with a wish": (
        customers("  - {email: a@b.cc, state: absent, first_name: A}\n"),
        "section.contradiction",
        4,
    ),
    "approval for a month": (
        f"{HEAD}approvals: [{{raise: {{grant: 9}}, reason: why not, until: 2099-01-01T00:00:00Z}}]\n",
        "approval.too-long",
        3,
    ),
    "acknowledgement of nobody": (
        approval("acknowledge: withdraw.not-planned"),
        "approval.customer",
        3,
    ),
    "ceiling of one customer": (
        approval("raise: {grant: 9}, customer: {email: a@b.cc}"),
        "approval.customer",
        3,
    ),
    "release of what nothing lifts": (approval("release: consent.closed"), "approval.rule", 3),
    "acknowledgement of a ceiling": (
        approval("acknowledge: ceiling.grant, customer: {email: a@b.cc}"),
        "approval.rule",
        3,
    ),
    "approval for nobody's number": (
        approval("release: consent.undated-opt-out, customer: {phone: '+861'}"),
        "identity.phone",
        3,
    ),
    "ceiling upside down": (
        store("limits: {grant: {percent: 1, at_least: 9, at_most: 2}}"),
        "settings.ceiling",
        2,
    ),
    "an id for two stores": (
        f"{TWO}customers: [{{id: '7'}}]\n",
        "identity.id-in-many-stores",
        5,
    ),
    "an id of a consent for two stores": (
        f"{TWO}consents: [{{customer: {{id: '7'}}, channel: email, state: unsubscribed}}]\n",
        "identity.id-in-many-stores",
        5,
    ),
    "an id of a member for two stores": (
        f"{TWO}tags: [{{name: vip, description: x, owner: y, members: [{{id: '7'}}]}}]\n",
        "identity.id-in-many-stores",
        5,
    ),
    "two consents of one person": (
        customers(
            "  - email: a@b.cc\n    consent: {email: unsubscribed}\n"
            "consents:\n  - customer: {email: a@b.cc}\n    channel: email\n"
            "    state: subscribed\n    given_at: 2026-03-01T10:00:00Z\n    source: x\n"
        ),
        "consent.contradiction",
        7,
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_spec_gets_its_complaint(tmp_path: Path, name: str) -> None:
    content, rule, line = BROKEN[name]
    specs = tmp_path / "specs"
    specs.mkdir()
    (specs / "a.yaml").write_text(content, encoding="utf-8")
    if name == "policy twice":
        (specs / "Z.yaml").write_text("policy: {}\n", encoding="utf-8")

    done = run("validate", "--specs", specs)

    assert done.code == 1
    assert f":{line}:" in "".join(one for one in done.out.splitlines() if f"[{rule}]" in one)
    assert "hint: " in done.out
    assert "Traceback" not in done.everything
    assert "ada@secret" not in done.everything
    # Every command that would ask a store refuses first, in the same words.
    planned = run("plan", "--specs", specs, env={"TOKEN": "t"})
    assert planned.code == 1
    assert f"[{rule}]" in planned.err


def test_the_table_is_long_enough() -> None:
    assert len(BROKEN) >= 60


def _not_utf8(specs: Path) -> None:
    (specs / "a.yaml").write_bytes(b"store: \xff\xfe\n")


def _loop(specs: Path) -> None:
    (specs / "again").symlink_to(specs)


def _dead_link(specs: Path) -> None:
    (specs / "a.yaml").symlink_to(specs / "b.yaml")
    (specs / "b.yaml").symlink_to(specs / "a.yaml")


def _empty(specs: Path) -> None:
    (specs / "notes.txt").write_text("no yaml here")


def _missing(specs: Path) -> None:
    specs.rmdir()


def _fifo(specs: Path) -> None:
    os.mkfifo(specs / "a.yaml")


def _outside(specs: Path) -> None:
    (specs / "a.yaml").symlink_to("/proc/self/mem")


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (_not_utf8, "yaml.not-utf8"),
        (_loop, "files.symlink-loop"),
        (_dead_link, "files.unreadable"),
        (_empty, "files.none"),
        (_missing, "files.missing"),
        (_fifo, "files.unreadable"),
        (_outside, "files.link-outside"),
    ],
)
def test_a_folder_that_cannot_be_read_gets_its_complaint(
    tmp_path: Path, make: Callable[[Path], None], rule: str
) -> None:
    specs = tmp_path / "specs"
    specs.mkdir()
    make(specs)

    done = run("validate", "--specs", specs)

    assert done.code == 1
    assert f"error[{rule}]" in done.out
    assert "Traceback" not in done.everything


def test_all_complaints_of_all_files_come_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(customers("  - emial: a@b.cc\n  - email: 12\n"))
    (tmp_path / "b.yaml").write_text("store: [\n")

    done = run("validate", tmp_path)

    assert done.out.count("error[") >= 3


def test_text_that_yaml_would_guess_at_stays_text(tmp_path: Path) -> None:
    from reconciler.desired import yaml_reader
    from reconciler.desired.files import SpecFile

    content = b"a: [no, 0123, 12:30:45, 2026-03-01, +8613315034487, 1_000, 1e3, yes, 0x1f, .5]\n"
    parsed, diagnostics = yaml_reader.parse(SpecFile(name="a.yaml", content=content))

    assert diagnostics == ()
    assert parsed is not None
    assert parsed.data == {
        "a": [
            "no",
            "0123",
            "12:30:45",
            "2026-03-01",
            "+8613315034487",
            "1_000",
            "1e3",
            "yes",
            "0x1f",
            ".5",
        ]
    }


def test_the_pure_python_parser_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml

    from reconciler.desired import yaml_reader
    from reconciler.desired.files import SpecFile

    file = SpecFile(name="a.yaml", content=Path("specs/acme-us/customers.yaml").read_bytes())
    with_libyaml, _ = yaml_reader.parse(file)
    monkeypatch.setattr(yaml_reader, "LOADER", yaml.SafeLoader)
    without, _ = yaml_reader.parse(file)

    assert with_libyaml is not None
    assert without is not None
    assert without.data == with_libyaml.data
    assert without.places == with_libyaml.places
