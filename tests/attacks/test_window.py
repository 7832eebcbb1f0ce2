"""The moment between a reading and a write: what cannot be known of it is said."""

from pathlib import Path

import pytest

from reconciler.model.settings import Release
from reconciler.report import result as report
from reconciler.sandbox import Fault, Sandbox
from tests.harness import VARIANTS, consent, grant, opened, person, states


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_grant_says_what_its_read_back_cannot_rule_out(tmp_path: Path, variant: str) -> None:
    people = [
        person("a@example.com"),
        person("b@example.com"),
        person("c@example.com", consent={"email": consent("subscribed"), "sms": consent()}),
    ]
    with opened(tmp_path, variant, people) as shop:
        shop.want(
            {"email": "a@example.com", "consent": {"email": grant()}},
            {"email": "b@example.com", "first_name": "New"},
            {"email": "c@example.com", "consent": {"email": "unsubscribed"}},
        )
        released = Release(rule="consent.undated-opt-out")
        body = shop.plan(read="full", releases=(released,))
        result = shop.apply(body)

        assert result.complete
        told = {one.step.kind.value: one.noticed for one in result.stores[0].outcomes}
        assert told.pop("grant")
        assert "cannot be ruled out" in "".join(line.text for line in report.render(result, "", ()))
        assert not any(
            "cannot be ruled out" in text for noticed in told.values() for text in noticed
        )
        assert (
            "cannot be ruled out"
            in (shop.folder / ".reconciler" / "audit" / "shop.jsonl").read_text()
        )


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("lost", [False, True])
def test_an_opt_out_under_the_opt_in_that_is_written_is_told_of(
    tmp_path: Path, variant: str, *, lost: bool
) -> None:
    """The person clicks while the opt-in is on its way: it stands, and no reading shows the click."""
    with opened(tmp_path, variant, [person("a@example.com")]) as shop:
        shop.want({"email": "a@example.com", "consent": {"email": grant()}})
        body = shop.plan(read="full", releases=(Release(rule="consent.undated-opt-out"),))

        def opt_out(box: Sandbox) -> None:
            box.person(box.customers()[0]["id"], "email", "unsubscribed")

        shop.box.fault(Fault("edit_before", method="PUT", edit=opt_out))
        if lost:
            shop.box.fault(Fault("drop_after", method="PUT"))
        result = shop.apply(body)

        if shop.live("a@example.com")["consent"]["email"]["state"] == "subscribed":
            told = [
                text
                for one in result.stores[0].outcomes
                for text in (*one.noticed, *one.collateral)
            ]
            assert told, states(result)
