"""Personal values stand in the clear at a terminal where somebody asked for them, and only there."""

from pathlib import Path

import pytest

from tests.harness import KEY, opened, person
from tests.terminal import at_terminal


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("plan",), ("first name Ada → Mei", "note (empty) → calls at noon")),
        (("explain", "ada@example.com"), ("Mei", "calls at noon")),
    ],
    ids=["plan", "explain"],
)
def test_values_are_shown_at_a_terminal_where_they_are_asked_for(
    tmp_path: Path, words: tuple[str, ...], told: tuple[str, ...]
) -> None:
    with opened(tmp_path, "genstore", [person(note=None)]) as shop:
        shop.want({"email": "ada@example.com", "first_name": "Mei", "note": "calls at noon"})
        env = {"TOKEN": shop.box.token, "RECONCILER_KEY": KEY.decode(), "NO_COLOR": "1"}
        place = ("--specs", shop.specs, "--state-dir", tmp_path / "state")
        masked, _ = at_terminal(*words, *place, columns=120, env=env)
        shown, code = at_terminal(*words, *place, "--show-personal", columns=120, env=env)

    assert code == 0, shown
    for one in told:
        assert one in shown
        assert one not in masked
