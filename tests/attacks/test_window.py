"""The moment between a reading and a write: what cannot be known of it is said."""

from pathlib import Path

import pytest

from reconciler.model.settings import Release
from reconciler.report import result as report
from tests.shop import VARIANTS, consent, grant, opened, person


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_grant_says_what_its_read_back_cannot_rule_out(tmp_path: Path, variant: str) -> None:
    people = [person("a@example.com"), person("b@example.com"),
              person("c@example.com", consent={"email": consent("subscribed"), "sms": consent()})]  # fmt: skip
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
        assert "cannot be ruled out" in (shop.folder / ".reconciler" / "audit.jsonl").read_text()
