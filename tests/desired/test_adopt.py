"""Values of spec files changed in place, shape by shape: all else stays byte for byte."""

from datetime import UTC, datetime
from typing import Any

import pytest

from reconciler.desired import schema_errors
from reconciler.desired.adopt.change import Refused
from reconciler.desired.adopt.file import Source
from reconciler.desired.adopt.statement import statements
from reconciler.desired.adopt.value import Value
from reconciler.desired.files import SpecFile
from reconciler.model.consent import ConsentState, Evidence, WantedConsent
from reconciler.model.customer import Address
from reconciler.model.personal import Personal
from reconciler.model.tags import TagIntent
from tests.builders import resolved

STORES = b"stores: {shop: {platform: shopline, shop: acme, token: {env: T}, phone_region: CN}}\n"
AT = datetime(2026, 7, 2, 8, 15, 30, tzinfo=UTC)
OUT = WantedConsent(state=ConsentState.UNSUBSCRIBED, evidence=Evidence())
DATED = WantedConsent(state=ConsentState.UNSUBSCRIBED, evidence=Evidence(at=AT))
SINCE = "withdrawn_at: 2026-07-02T08:15:30+00:00"
GIVEN = "given_at: 2026-03-01T09:12:00+00:00"


def adopted(text: str, field: str, value: Value, number: int = 0) -> str:
    """The file afterwards; raises `Refused`. What it says is checked against what was meant."""
    before = _read(text)
    desired = before.at_hand["shop"].entries[number]
    content = text.encode()
    source = Source.of("all.yaml", content)
    assert source is not None
    edits = [
        edit
        for one in statements(before.at_hand["shop"], desired, field)
        for edit in source.edits(one, value)
    ]
    assert edits
    after = source.with_edits(edits)
    assert after is not None
    told = _read(after.decode()).at_hand["shop"].entries[number]
    assert _said(told, field) == value
    return after.decode()


def _read(text: str) -> Any:
    documents = []
    for name, content in (("stores.yaml", STORES), ("all.yaml", text.encode())):
        document, wrong = schema_errors.read(SpecFile(name=name, content=content))
        assert document is not None, wrong
        documents.append(document)
    found = resolved(documents)
    assert not [one for one in found.complaints if one.severity == "error"], found.complaints
    return found


def _said(customer: Any, field: str) -> object:
    if field.startswith("consent."):
        return {f"consent.{channel}": wanted for channel, wanted in customer.consents}[field]
    if field in ("tags", "addresses"):
        return getattr(customer, field)
    return dict(customer.scalars)[field]


def entry(*lines: str) -> str:
    return "".join(f"{one}\n" for one in ("customers:", "  - email: ada@example.com", *lines))


SHAPES = {
    "a-word": (
        entry("    consent:", "      email: subscribed  # of old"),
        entry("    consent:", f"      email: {{state: unsubscribed, {SINCE}}}  # of old"),
    ),
    "a-quoted-word": (
        entry("    consent: {sms: unsubscribed, email: 'subscribed'}"),
        entry(f"    consent: {{sms: unsubscribed, email: {{state: unsubscribed, {SINCE}}}}}"),
    ),
    "brackets-on-one-line": (
        entry(
            f"    consent: {{email: {{state: subscribed, {GIVEN}, source: checkout, level: single}}}}"
        ),
        entry(f"    consent: {{email: {{state: unsubscribed, {SINCE}}}}}"),
    ),
    "brackets-with-the-source-first": (
        entry(f'    consent: {{email: {{source: "a, b", state: subscribed, {GIVEN}}}}}'),
        entry(f"    consent: {{email: {{state: unsubscribed, {SINCE}}}}}"),
    ),
    "brackets-without-a-time": (
        entry("    consent: {email: {state: subscribed, source: checkout, method: paper}}"),
        entry(f"    consent: {{email: {{state: unsubscribed, {SINCE}}}}}"),
    ),
    "brackets-with-a-state-alone": (
        entry('    consent: {email: {state: "subscribed"}, sms: unsubscribed}'),
        entry(f'    consent: {{email: {{state: "unsubscribed", {SINCE}}}, sms: unsubscribed}}'),
    ),
    "lines": (
        entry(
            "    consent:",
            "      email:",
            "        state: subscribed   # yes",
            f"        {GIVEN}",
            "        source: checkout",
            "        evidence: >-",
            "          forms/418",
            "      sms: unsubscribed",
        ),
        entry(
            "    consent:",
            "      email:",
            "        state: unsubscribed   # yes",
            f"        {SINCE}",
            "      sms: unsubscribed",
        ),
    ),
    "lines-with-comments-everywhere": (
        entry(
            "    consent:",
            "      # told at the counter",
            "      email:   # the main one",
            "        source: checkout   # which form",
            "        # the word",
            "        state: subscribed",
            "        # and when",
            f"        {GIVEN}  # by the log",
            "        level: confirmed # twice",
            "        # last",
            "    note: kept # too",
        ),
        entry(
            "    consent:",
            "      # told at the counter",
            "      email:   # the main one",
            "        # which form",
            "        # the word",
            "        state: unsubscribed",
            "        # and when",
            f"        {SINCE}  # by the log",
            "        # twice",
            "        # last",
            "    note: kept # too",
        ),
    ),
    "lines-with-a-state-alone": (
        entry("    consent:", "      email:", "        state: subscribed  # since when?"),
        entry(
            "    consent:",
            "      email:",
            "        state: unsubscribed  # since when?",
            f"        {SINCE}",
        ),
    ),
    "brackets-over-lines-with-comments": (
        entry(
            "    consent: {email: {state: subscribed,  # yes",
            f"                      {GIVEN},",
            "                      source: checkout,  # here",
            "                      level: single}}",
        ),
        entry(
            "    consent: {email: {state: unsubscribed,  # yes",
            f"                      {SINCE}  # here",
            "                      }}",
        ),
    ),
    "brackets-around-everything": (
        '{"customers": [{"email": "ada@example.com", "consent": {"email": {"state": "subscribed", '
        '"source": "x", "given_at": "2026-03-01T09:12:00Z"}}}]}',
        '{"customers": [{"email": "ada@example.com", "consent": {"email": {"state": "unsubscribed", '
        '"withdrawn_at": "2026-07-02T08:15:30+00:00"}}}]}',
    ),
    "an-entry-of-consents": (
        "consents:\n"
        "  - source: letter  # a letter\n"
        "    customer: {email: ada@example.com}\n"
        "    channel: email\n"
        "    state: subscribed\n"
        f"    {GIVEN}\n"
        "  # the next\n"
        "  - {customer: {email: bob@example.com}, channel: email, state: subscribed}\n",
        "consents:\n"
        "  - # a letter\n"
        "    customer: {email: ada@example.com}\n"
        "    channel: email\n"
        "    state: unsubscribed\n"
        f"    {SINCE}\n"
        "  # the next\n"
        "  - {customer: {email: bob@example.com}, channel: email, state: subscribed}\n",
    ),
    "two-sections": (
        "customers:\n"
        "  - {email: ada@example.com, consent: {email: subscribed}}\n"
        "consents:\n"
        f"  - {{customer: {{email: ada@example.com}}, channel: email, state: subscribed, {GIVEN}}}\n",
        "customers:\n"
        f"  - {{email: ada@example.com, consent: {{email: {{state: unsubscribed, {SINCE}}}}}}}\n"
        "consents:\n"
        f"  - {{customer: {{email: ada@example.com}}, channel: email, state: unsubscribed, {SINCE}}}\n",
    ),
    "an-alias-of-the-consent": (
        "customers:\n"
        "  - email: ada@example.com\n"
        "    consent: {email: *yes}\n"
        "  - email: bob@example.com\n"
        "    consent: {email: &yes {state: subscribed}}\n",
        "",
    ),
}


@pytest.mark.parametrize("name", [name for name, (_, after) in SHAPES.items() if after])
def test_an_opt_out_is_written_where_the_yes_stood(name: str) -> None:
    before, after = SHAPES[name]

    assert adopted(before, "consent.email", DATED) == after


@pytest.mark.parametrize("name", [name for name, (_, after) in SHAPES.items() if after])
def test_line_ends_and_a_byte_order_mark_stay(name: str) -> None:
    before, after = (one.replace("\n", "\r\n") for one in SHAPES[name])

    assert adopted(before, "consent.email", DATED) == after
    assert adopted(f"\ufeff{before}", "consent.email", DATED) == f"\ufeff{after}"


@pytest.mark.parametrize("name", [name for name, (_, after) in SHAPES.items() if after])
def test_an_opt_out_without_an_instant_is_the_word_alone(name: str) -> None:
    before, after = SHAPES[name]

    found = adopted(before, "consent.email", OUT)

    assert "withdrawn_at" not in found
    assert "given_at" not in found
    assert found.count("unsubscribed") == after.count("unsubscribed")


ALIASED = """\
customers:
  - email: bob@example.com
    first_name: &name Bob
    consent: &both
      email: &yes {state: subscribed, source: checkout}
      sms: unsubscribed
    tags: &tags [vip, trade]
  - email: ada@example.com
    first_name: *name
    consent: {email: *yes}  # as Bob
    tags: *tags
  - {email: eve@example.com, consent: *both}
"""


def test_an_alias_gives_place_to_the_value() -> None:
    after = adopted(ALIASED, "consent.email", DATED, 1)

    assert after == ALIASED.replace("*yes}  #", f"{{state: unsubscribed, {SINCE}}}}}  #")


def test_an_alias_around_the_value_is_written_out() -> None:
    after = adopted(ALIASED, "consent.email", DATED, 2)

    both = f"{{email: {{state: unsubscribed, {SINCE}}}, sms: unsubscribed}}"
    assert after == ALIASED.replace("consent: *both", f"consent: {both}")


def test_an_alias_of_tags_and_of_a_text_is_written_out() -> None:
    tags = TagIntent(present=("trade",), exact=True)

    assert adopted(ALIASED, "tags", tags, 1) == ALIASED.replace("*tags", "[trade]")
    named = adopted(ALIASED, "first_name", Personal("Ada"), 1)
    assert named == ALIASED.replace("*name", "Ada")


@pytest.mark.parametrize(
    ("field", "value", "place"),
    [
        ("consent.email", DATED, "all.yaml:4:14"),
        ("first_name", Personal("B"), "all.yaml:3:17"),
        ("tags", TagIntent(present=("vip",), exact=True), "all.yaml:7:11"),
    ],
)
def test_what_aliases_stand_for_is_refused_with_its_place(
    field: str, value: Value, place: str
) -> None:
    with pytest.raises(Refused) as refused:
        adopted(ALIASED, field, value)

    assert refused.value.diagnostic.rule == "adopt.anchor"
    assert str(refused.value.diagnostic.mark) == place


HOSTILE = (
    "# no comment",
    "- dash",
    "a: b",
    "!!python/object/apply:os.system [ls]",
    "{{ x }}",
    "*alias",
    "&anchor",
    "null",
    "no",
    "0123",
    "12:30:45",
    " leading",
    "'single' \"double\" \\back",
    "Zoë 😀",
    "%TAG",
    "x" * 250,
    "a, b]}",
    "ends with:",
    "@at `tick`",
)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    "line",
    ["    note: old  # c", "    note: 'old'", "    note: |\n      old\n      lines", "    note:"],
)
def test_whatever_a_store_holds_is_one_text(text: str, line: str) -> None:
    after = adopted(entry(line), "note", Personal(text))

    if line.endswith("# c"):
        assert after.endswith("  # c\n")


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_a_store_holds_is_one_text_between_brackets(text: str) -> None:
    adopted('{"customers": [{"email": "ada@example.com", "note": "old"}]}', "note", Personal(text))


def test_quotes_stay_those_that_somebody_chose() -> None:
    before = entry("    first_name: 'Ada'", '    last_name: "Byron"')

    assert adopted(before, "first_name", Personal("Zoë")).count("'Zoë'") == 1
    assert adopted(before, "last_name", Personal("O'Hara")).count('"O\'Hara"') == 1
    assert adopted(before, "first_name", Personal("O'Hara")).count(": O'Hara\n") == 1


def test_json_stays_json() -> None:
    import json

    told: dict[str, Any] = {
        "customers": [
            {
                "email": "ada@example.com",
                "note": "old",
                "tags": ["a"],
                "consent": {"email": "subscribed"},
                "addresses": [{"city": "Oslo"}],
            }
        ]
    }
    for indent, separators in ((1, None), (None, (",", ":"))):
        text = json.dumps(told, indent=indent, separators=separators)
        text = adopted(text, "note", Personal('new: "quoted", # and\nmore 😀'))
        text = adopted(text, "tags", TagIntent(present=("b",), exact=True))
        text = adopted(text, "tags", TagIntent(present=("b", "c d"), exact=True))
        text = adopted(text, "addresses", (Address(texts=(("city", Personal("Rome")),)),))
        text = adopted(text, "consent.email", DATED)
        entry_now = json.loads(text)["customers"][0]
        assert entry_now["consent"]["email"]["state"] == "unsubscribed"
        assert entry_now["addresses"] == [{"city": "Rome"}]


def test_lines_of_a_note_stay_lines() -> None:
    adopted(entry("    note: old"), "note", Personal("one\ntwo: # x\n\nthree\n"))


def test_a_field_that_is_emptied_in_the_store_is_null() -> None:
    assert adopted(entry("    note: old # c"), "note", None) == entry("    note: null # c")


def test_a_field_of_the_defaults_is_written_at_the_entry() -> None:
    before = "defaults: {note: usual, tags: [a]}\ncustomers:\n  - {email: ada@example.com}\n"

    after = adopted(before, "note", Personal("new"))

    assert after == before.replace("ada@example.com}", "ada@example.com, note: new}")
    tagged = adopted(before, "tags", TagIntent(present=("b",), exact=True))
    assert tagged == before.replace("ada@example.com}", "ada@example.com, tags: [b]}")
    lines = before.replace("{email: ada@example.com}", "email: ada@example.com  # c")
    assert adopted(lines, "note", Personal("new")) == f"{lines}    note: new\n"


TAGS = {
    "brackets": ("    tags: [vip, trade, old]  # c", ["    tags: [vip, old, new]  # c"]),
    "lines": (
        "    tags:\n      # first\n      - vip\n      - trade  # bought\n      # more\n      - old",
        [
            "    tags:",
            "      # first",
            "      - vip",
            "      # bought",
            "      # more",
            "      - old",
            "      - new",
        ],
    ),
    "lines-at-the-key": (
        "    tags:\n    - trade\n    - vip\n    - old",
        ["    tags:", "    - vip", "    - old", "    - new"],
    ),
}


@pytest.mark.parametrize("name", TAGS)
def test_tags_come_and_go_one_by_one(name: str) -> None:
    before, after = TAGS[name]
    wanted = TagIntent(present=("new", "old", "vip"), exact=True)

    assert adopted(entry(before), "tags", wanted) == entry(*after)


@pytest.mark.parametrize("name", TAGS)
def test_no_tag_may_be_left(name: str) -> None:
    before = TAGS[name][0].replace("# bought", "").replace("# more", "").replace("# first", "")

    assert adopted(entry(before), "tags", TagIntent(exact=True)).count("[]") == 1
    assert "[new]" in adopted(entry(before), "tags", TagIntent(present=("new",), exact=True))


def test_tags_that_are_added_and_removed_leave_their_lists() -> None:
    before = entry("    tags: {add: [a, b], remove: [c]}")

    after = adopted(before, "tags", TagIntent(present=("b",)))

    assert after == entry("    tags: {add: [b], remove: []}")


def test_addresses_are_written_as_a_whole() -> None:
    before = entry("    addresses:", "      - city: Old", "        zip: '1'", "    note: kept")
    new = Address(
        texts=(("address1", Personal("1, Main St: #2")), ("city", Personal("New"))), default=True
    )

    after = adopted(before, "addresses", (new,))

    line = '    addresses: [{address1: "1, Main St: #2", city: New, default: true}]'
    assert after == entry(line, "    note: kept")


def test_addresses_with_comments_inside_are_left_alone() -> None:
    before = entry("    addresses:", "      - city: Old  # moved", "        zip: '1'")

    with pytest.raises(Refused) as refused:
        adopted(before, "addresses", ())

    assert refused.value.diagnostic.rule == "adopt.unclear"
