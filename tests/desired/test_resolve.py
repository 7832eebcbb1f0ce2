"""Documents to the desired state, and what is wrong with it as a whole, on values."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reconciler.desired import schema_errors
from reconciler.desired.files import SpecFile
from reconciler.diagnostics import Diagnostic
from reconciler.model.consent import Channel, ConsentState
from reconciler.model.identity import IdentityKind
from reconciler.model.managed import UNMANAGED
from reconciler.model.settings import DesiredState
from reconciler.model.tags import TagIntent
from tests.builders import state_of

STORES = """
stores:
  shop: {platform: PLATFORM, shop: acme, token: {env: TOKEN}, phone_region: CN}
"""
NOW = datetime(2026, 11, 25, tzinfo=UTC)


def resolved(*texts: str, platform: str = "shopline") -> tuple[DesiredState, list[Diagnostic]]:
    found: list[Diagnostic] = []
    documents = []
    for number, text in enumerate((STORES.replace("PLATFORM", platform), *texts)):
        sound, wrong = schema_errors.read(SpecFile(name=f"{number}.yaml", content=text.encode()))
        found.extend(wrong)
        assert sound is not None
        documents.append(sound)
    state, more = state_of(documents, NOW)
    return state, [*found, *more]


def rules(*texts: str, **options: Any) -> list[str]:
    return [one.rule for one in resolved(*texts, **options)[1]]


def test_files_that_speak_of_one_customer_make_one() -> None:
    state, found = resolved(
        "customers: [{email: Ada@Example.com, first_name: Ada}]",
        "tags: [{name: vip, members: [{email: ada@example.com}]}]",
        "consents: [{customer: {email: ADA@example.com}, channel: sms, state: unsubscribed}]",
    )

    (ada,) = state.of("shop")
    assert found == []
    assert ada.creates
    assert ada.tags == TagIntent(present=("vip",))
    wanted = ada.consent(Channel.SMS)
    assert wanted is not None
    assert wanted.state is ConsentState.UNSUBSCRIBED
    assert ada.mark.file == "1.yaml"
    assert ada.addresses is UNMANAGED


def test_both_spellings_of_a_domain_and_of_a_number_are_one_customer() -> None:
    state, _ = resolved(
        "customers: [{email: ada@m\u00fcnchen.example, first_name: A}]",
        "consents: [{customer: {email: ada@xn--mnchen-3ya.example}, channel: email, state: unsubscribed}]",
        "customers: [{phone: '13800138000', last_name: B}]",
        "tags: [{name: vip, members: [{phone: '+86 138-0013-8000'}]}]",
    )

    assert len(state.of("shop")) == 2


def test_what_is_sent_is_the_normal_form() -> None:
    state, _ = resolved("customers: [{email: Ada@M\u00fcnchen.example, phone: '138 0013 8000'}]")

    (ada,) = state.of("shop")
    email, phone = ada.identity(IdentityKind.EMAIL), ada.identity(IdentityKind.PHONE)
    assert email is not None
    assert phone is not None
    assert email.value.reveal() == "Ada@xn--mnchen-3ya.example"
    assert phone.value.reveal() == "+8613800138000"


def test_two_colleagues_behind_one_number_are_told_that_extensions_do_not_count() -> None:
    _, found = resolved("""
customers:
  - {email: bob@example.com, phone: "+1 650-253-0000 ext. 124"}
  - {email: cyd@example.com, phone: "+1 650-253-0000 x125"}
""")

    assert [one.rule for one in found] == ["schema.format"] * 2
    assert all("an extension does not count" in one.message for one in found)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (
            (
                "customers: [{email: a@b.cc, first_name: A}]",
                "customers: [{email: a@b.cc, first_name: B}]",
            ),
            "section.contradiction",
        ),
        (("customers: [{email: a@b.cc}, {email: A@b.cc}]",), "identity.repeated"),
        (
            ("customers: [{email: a@b.cc, state: absent, reason: x, first_name: A}]",),
            "section.contradiction",
        ),
        (("customers: [{email: a@b.cc, phone: '2530000'}]",), "identity.phone-range"),
        (("customers: [{phone: '12'}]",), "schema.value"),
        (("customers: [{phone: '123'}]",), "identity.phone"),
        (("customers: [{email: a@b.cc, tags: [newsletter]}]",), "consent.tag-name"),
        (("customers: [{email: a@b.cc, note: call +8613800138000}]",), "personal.in-note"),
        (
            ("customers: [{phone: '+8613800138000', consent: {email: {state: subscribed}}}]",),
            "consent.no-email",
        ),
    ],
)
def test_a_complaint(texts: tuple[str, ...], expected: str) -> None:
    assert expected in rules(*texts)


def test_a_reason_of_one_file_makes_an_erasure_and_is_no_contradiction() -> None:
    state, found = resolved(
        "customers: [{email: a@b.cc, state: absent, reason: asked}]",
        "customers: [{email: a@b.cc, state: absent, reason: Erasure 418}]",
    )

    assert found == []
    assert [one.erases for one in state.of("shop")] == [True]


@pytest.mark.parametrize(
    ("platform", "entry", "expected"),
    [
        ("shoplazza", "note: hello", "capability.unsupported"),
        ("shoplazza", "state: absent", "capability.unsupported"),
        ("shoplazza", "tax_exempt: true", "capability.unsupported"),
        ("shopline", "tax_exemptions: all", "capability.unsupported"),
        (
            "genstore",
            "metafields: [{namespace: custom, key: points, type: json, value: '7'}]",
            "capability.unsupported",
        ),
        ("genstore", "consent: {email: pending}", "capability.unsupported"),
        ("genstore", "addresses: [{country: Norway}]", "capability.limit"),
        ("shoplazza", "addresses: [{province_code: IL}]", "capability.limit"),
        ("shopline", f"last_name: {'x' * 129}", "capability.limit"),
    ],
)
def test_what_a_platform_does_not_take(platform: str, entry: str, expected: str) -> None:
    found = resolved(f"customers: [{{email: a@b.cc, {entry}}}]", platform=platform)[1]

    assert [one.rule for one in found] == [expected]
    assert (found[0].severity == "error") is (expected == "capability.limit")


def test_a_grant_without_evidence_is_told_what_becomes_of_it() -> None:
    _, (warning,) = resolved("customers: [{email: a@b.cc, consent: {email: subscribed}}]")

    assert "unless the store has the person subscribed already" in warning.message


def test_an_acknowledgement_is_resolved_with_its_customer() -> None:
    until = (NOW + timedelta(days=30)).isoformat()
    state, found = resolved(
        "approvals: [{acknowledge: delete.has-orders, customer: {email: A@b.cc}, "
        f"reason: tax law, until: '{until}'}}]"
    )

    assert found == []
    (approval,) = state.approvals
    assert (approval.acknowledges, approval.release) == ("delete.has-orders", None)
    assert [one.key for one in approval.identities or ()] == ["a@b.cc"]
