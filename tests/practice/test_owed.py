"""An opt-out or an erasure that is asked for is carried out, or ends with 3 and stands first."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler.report import annotations, html, markdown, text
from reconciler.sandbox import Fault
from tests.harness import KEY, Shop, consent, grant, opened, person, told, verdicts
from tests.program import Done, run

Json = dict[str, Any]
YES = {"email": consent("subscribed"), "sms": consent("subscribed")}


def call(shop: Shop, *words: str) -> Done:
    env = {"TOKEN": shop.box.token, "RECONCILER_KEY": KEY.decode()}
    kept = () if words[0] == "validate" else ("--state-dir", shop.folder / ".reconciler")
    return run(*words, "--specs", shop.specs, *kept, env=env)


def until(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()  # noqa: TID251


def test_an_erasure_of_somebody_with_orders_withdraws_and_ends_with_3(tmp_path: Path) -> None:
    for variant, phone in (("genstore", "13315034487"), ("shopline", "008613315034487")):
        live = person(consent=YES, orders_count=2, phone=phone)
        with opened(tmp_path / variant, variant, [live, person("b@example.com")]) as shop:
            shop.want(
                {"email": "ada@example.com", "state": "absent", "reason": "Erasure: request 418"}
            )

            planned = call(shop, "plan")
            applied = call(shop, "apply", "--yes")
            again = call(shop, "plan")

            assert (planned.code, applied.code, again.code) == (3, 3, 3)
            assert "delete.has-orders" in planned.out
            assert planned.out.startswith("NOT PLANNED  shop:")
            assert applied.out.count("NOT CARRIED OUT") == 1
            now = shop.live("ada@example.com")["consent"]
            assert {one["state"] for one in now.values()} == {"unsubscribed"}


@pytest.mark.parametrize("reason", ["erasure request 418", "left"])
def test_where_nobody_can_be_deleted_whoever_is_to_go_is_out(tmp_path: Path, reason: str) -> None:
    with opened(tmp_path, "shoplazza", [person(consent=YES), person("b@example.com")]) as shop:
        shop.want({"email": "ada@example.com", "state": "absent", "reason": reason})

        planned = call(shop, "plan")
        refused = call(shop, "apply", "--yes")
        applied = call(shop, "apply", "--yes", "--only", "withdraw")
        again = shop.plan()

        assert (planned.code, refused.code) == (3, 3)
        assert "no way to delete a customer; all consents are withdrawn instead" in planned.out
        assert applied.code == (3 if reason.startswith("erasure") else 0), applied
        now = shop.live("ada@example.com")["consent"]
        assert {one["state"] for one in now.values()} == {"unsubscribed"}
        assert again["changes"] == []


def test_an_acknowledgement_stands_first_and_ends_with_0(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [person(orders_count=2), person("b@example.com")]) as shop:
        known = {
            "acknowledge": "delete.has-orders",
            "customer": {"email": "ada@example.com"},
            "reason": "orders are kept for tax until 2027",
            "until": until(80),
        }
        shop.want(
            {"email": "ada@example.com", "state": "absent", "reason": "erasure 1"},
            approvals=[known],
        )
        call(shop, "apply", "--yes")

        done = call(shop, "plan")

        assert done.code == 0
        assert done.out.startswith("known  shop:")


@pytest.mark.parametrize(
    ("change", "diagnostic"),
    [
        ({"until": until(91)}, "lasts at most 90 days"),
        ({"customer": None}, "is about one customer"),
        ({"acknowledge": "ceiling.delete"}, "rules that can be acknowledged"),
        ({"reason": None}, "lacks `reason`"),
    ],
)
def test_an_acknowledgement_has_an_end_a_reason_and_a_customer(
    tmp_path: Path, change: Json, diagnostic: str
) -> None:
    with opened(tmp_path, "shopline") as shop:
        known = {
            "acknowledge": "delete.has-orders",
            "customer": {"email": "ada@example.com"},
            "reason": "tax law",
            "until": until(5),
            **change,
        }
        shop.want(approvals=[{name: one for name, one in known.items() if one is not None}])

        done = call(shop, "validate")

        assert done.code == 1
        assert diagnostic in done.out


def test_an_absence_that_is_no_erasure_ends_with_0(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [person(orders_count=2), person("b@example.com")]) as shop:
        shop.want({"email": "ada@example.com", "state": "absent", "reason": "an old erasure"})

        assert call(shop, "apply", "--yes").code == 0
        assert call(shop, "plan").code == 0


@pytest.mark.parametrize(
    "reason", ["erasure", "ERASURE request", "Erasure: 4", "erasure (art. 17)"]
)
def test_any_case_of_the_word_makes_an_erasure(tmp_path: Path, reason: str) -> None:
    with opened(tmp_path, "shopline", [person(orders_count=2)]) as shop:
        shop.want({"email": "ada@example.com", "state": "absent", "reason": reason})

        assert ("hold", "erasure.not-planned") in verdicts(shop.plan())


def test_somebody_whom_a_whole_reading_does_not_show_is_gone(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [person("b@example.com")]) as shop:
        shop.want(
            {"email": "gone@example.com", "state": "absent", "reason": "erasure 1"},
            {"id": "77", "state": "absent", "reason": "erasure 2"},
            consents=[
                {
                    "customer": {"email": "x@example.com"},
                    "channel": "email",
                    "state": "unsubscribed",
                }
            ],
        )

        assert call(shop, "plan").code == 0
        assert call(shop, "plan", "--read", "lookup").code == 3
        shop.box.fault(Fault("status", path="count", status=200, body='{"count": 9}', times=99))
        assert call(shop, "plan", "--read", "full").code == 3


def test_a_store_that_hides_what_a_withdrawal_must_send_is_told(tmp_path: Path) -> None:
    people = [person("a***@example.com", consent=YES), person("b@example.com")]
    with opened(tmp_path, "genstore", people) as shop:
        number = shop.box.customers()[0]["id"]
        shop.want({"id": number, "consent": "unsubscribed"})

        done = call(shop, "plan")

        assert done.code == 3
        assert "withdraw.not-planned" not in done.out.splitlines()[0]
        assert "held by read.unreadable" in done.out.splitlines()[0]


def test_a_store_that_takes_an_opt_out_without_what_it_hides_gets_it(tmp_path: Path) -> None:
    for variant in ("shoplazza", "shoplazza-2022", "shopline"):
        live = person("a***@example.com", phone="008613315034487", first_name="A**", consent=YES)
        with opened(tmp_path / variant, variant, [live, person("b@example.com")]) as shop:
            number = shop.box.customers()[0]["id"]
            shop.want({"id": number, "consent": "unsubscribed", "tags": {"add": ["x"]}})

            result = shop.apply(shop.plan())

            assert result.complete, told(result)
            now = shop.box.customer(number)
            assert now is not None
            assert {one["state"] for one in now["consent"].values()} == {"unsubscribed"}
            assert now["first_name"] == "A**"


def test_what_is_owed_stands_first_in_every_rendering(tmp_path: Path) -> None:
    people = [person(orders_count=1), person("b@example.com")]
    with opened(tmp_path, "shopline", people) as shop:
        shop.want(
            {"email": "b@example.com", "first_name": "New"},
            {"email": "ada@example.com", "state": "absent", "reason": "erasure 1"},
        )
        plan = shop.saved()

        assert plan.verdicts[0].rule == "erasure.not-planned"
        assert next(text.render(plan, every=False, reveal={})).text.startswith("NOT PLANNED")
        first = next(annotations.of_plan(plan))
        assert (first.rule, first.level) == ("erasure.not-planned", "error")
        comment = markdown.render(plan, {})
        assert (
            comment.splitlines()[1]
            == "## Customer plan: not all opt-outs and erasures are carried out"
        )
        page = html.render(plan, {})
        assert page.index("the erasure is asked for and not carried out") < page.index(
            '<div class="cards">'
        )


def test_an_unreadable_consent_of_the_other_channel_is_told_and_released(tmp_path: Path) -> None:
    live = person(phone="13315034487", consent={"email": consent("subscribed"), "sms": None})
    with opened(tmp_path, "genstore", [live]) as shop:
        shop.want({"email": "ada@example.com", "consent": {"email": "unsubscribed"}})

        assert call(shop, "plan").code == 3
        assert call(shop, "plan", "--release", "consent.unreadable").code == 0


def test_a_blocked_customer_is_not_opted_in(tmp_path: Path) -> None:
    people = [person(extra={"state": 0}), person("b@example.com", extra={"state": 3})]
    with opened(tmp_path, "shopline", people) as shop:
        shop.want(
            {"email": "ada@example.com", "consent": {"email": grant()}},
            {"email": "b@example.com", "consent": {"email": grant()}},
        )

        body = shop.plan()

        assert ("hold", "consent.blocked-customer") in verdicts(body)
        assert len(body["changes"]) == 1


@pytest.mark.parametrize(("basis", "days"), [("implied_purchase", 740), ("implied_inquiry", 190)])
def test_an_implied_consent_that_has_run_out_grants_nothing(
    tmp_path: Path, basis: str, days: int
) -> None:
    address = [{"address1": "1 Main St", "city": "Toronto", "country_code": "CA", "default": True}]
    people = [person(addresses=address), person("b@example.com", addresses=address)]
    with opened(tmp_path, "shopline", people) as shop:
        shop.policy = {"consent": {"implied": ["CA"]}}
        shop.want(
            {
                "email": "ada@example.com",
                "consent": {"email": grant(basis=basis, given_at=until(-days))},
            },
            {
                "email": "b@example.com",
                "consent": {"email": grant(basis=basis, given_at=until(-30))},
            },
        )

        body = shop.plan()

        assert ("hold", "consent.lapsed") in verdicts(body)
        assert len(body["changes"]) == 1
        assert [one.rule for one in shop.warnings].count("consent.lapsed") == 1


@pytest.mark.parametrize(
    ("state", "held"),
    [
        ("subscribed", True),
        ("pending", True),
        (None, True),
        ("unsubscribed", False),
        ("not_subscribed", False),
    ],
)
def test_a_new_address_carries_no_consent_that_is_not_a_known_no(
    tmp_path: Path, state: str | None, held: bool
) -> None:
    had = None if state is None else consent(state)
    live = person(consent={"email": had, "sms": consent()})
    # SHOPLINE tells a state beside the consent that is not told; Genstore tells nothing then.
    with opened(tmp_path, "genstore" if state is None else "shopline", [live]) as shop:
        rename = {"email": "new@example.com", "previously": {"email": "ada@example.com"}}
        shop.want(rename)
        silent = shop.plan()
        shop.want({**rename, "consent": {"email": "unsubscribed"}})
        out = shop.plan()

        assert (("hold", "consent.address-change") in verdicts(silent)) is held
        assert any(field["field"] == "email" for one in out["changes"] for field in one["fields"])


def test_a_consent_that_moved_since_the_plan_is_told_where_the_step_writes_a_name(
    tmp_path: Path,
) -> None:
    with opened(tmp_path, "shopline", [person(consent=YES)]) as shop:
        shop.want({"email": "ada@example.com", "first_name": "New"})
        body = shop.plan()
        shop.box.person(shop.live("ada@example.com")["id"], "email", "unsubscribed")

        result = shop.apply(body)

        (outcome,) = result.stores[0].outcomes
        assert result.complete
        assert (
            "the email consent went from subscribed to unsubscribed since the plan"
            in outcome.noticed
        )
        assert body["changes"][0]["seen"] == {"email": "subscribed", "sms": "subscribed"}


def test_orders_that_came_since_the_plan_stop_a_delete(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [person(), person("b@example.com")]) as shop:
        shop.want({"email": "ada@example.com", "state": "absent", "reason": "asked"})
        body = shop.plan()
        shop.box.edit(shop.live("ada@example.com")["id"], orders_count=1)

        result = shop.apply(body)

        assert [str(one.state) for one in result.stores[0].outcomes] == ["skipped: stale"]
        assert shop.live("ada@example.com")
