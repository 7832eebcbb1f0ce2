"""Fields of several values, each a state of its own, as the field table has them."""

from reconciler.model.fields import FIELDS
from reconciler.model.rules import RULES


def test_each_has_its_rule_and_knows_what_stands_twice() -> None:
    found = [one for one in FIELDS if one.several is not None]
    assert [one.name for one in found] == ["metafields"]
    for spec in found:
        assert spec.several is not None
        assert f"{spec.name}.repeated" in RULES
    rows = [{"namespace": "custom", "key": key} for key in ("points", "label", "points")]
    assert found[0].several is not None
    assert found[0].several.repeated(rows) == 2
    assert found[0].several.repeated(rows[:2]) is None
