"""What people read of some situations stays as it was looked at."""

import pytest

from tests.golden.stories import FOLDER, NAMES, told


@pytest.mark.parametrize("name", NAMES)
def test_a_story_is_told_as_before(name: str) -> None:
    for file, content in told(name):
        assert content == (FOLDER / name / file).read_text(encoding="utf-8"), (
            f"{name}/{file} differs: look at it, then `make golden`"
        )


def test_there_are_stories_for_what_is_asked() -> None:
    assert len(NAMES) >= 12
