"""Twice as many of anything in the specs take twice the work."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from reconciler.desired import schema_errors
from reconciler.desired.files import SpecFile
from tests.builders import state_of
from tests.growth import MOST, growth

pytestmark = pytest.mark.no_cover  # the work is counted here

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
HEAD = "stores: {a: {platform: genstore, shop: a, token: {env: T}, phone_region: CN}}\n"


def _entries(text: Callable[[int], str]) -> Callable[[int], str]:
    return lambda size: f"{HEAD}customers:\n" + "".join(map(text, range(size)))


def _people(size: int) -> str:
    return _entries(lambda one: f"- {{email: c{one}@example.com}}\n")(size)


TEXTS: dict[str, Callable[[int], str]] = {
    "customers": _entries(lambda one: f"- {{email: c{one}@example.com, tags: [a, b]}}\n"),
    "refused entries": _entries(lambda one: f"- {{email: c{one}}}\n"),
    "unknown keys": _entries(lambda one: f"- {{email: c{one}@example.com, frist_name: x}}\n"),
    "entries that stand twice": _entries(lambda one: f"- {{email: c{one // 2}@example.com}}\n"),
    "stores": lambda size: (
        "stores:\n"
        + "".join(
            f"  s{one}: {{platform: genstore, shop: x{one}, token: {{env: T}}}}\n"
            for one in range(size)
        )
    ),
    "members": lambda size: (
        _people(size)
        + "tags:\n- name: vip\n  members:\n"
        + "".join(f"  - {{email: c{one}@example.com}}\n" for one in range(size))
    ),
    "tags of one customer": lambda size: (
        _people(1)
        + "tags:\n"
        + "".join(
            f"- {{name: t{one}, members: [{{email: c0@example.com}}]}}\n" for one in range(size)
        )
    ),
    "tags of one customer that are retired": lambda size: (
        f"{HEAD}customers:\n- email: a@example.com\n"
        f"  tags: [{', '.join(f't{one}' for one in range(size))}]\ntags:\n"
        + "".join(f"- {{name: t{one}, state: absent}}\n" for one in range(size))
    ),
    "pairs of one customer of which one tag is to be": lambda size: (
        f"{HEAD}customers:\n- email: a@example.com\n"
        f"  tags: [{', '.join(f'a{one}, b{one}' for one in range(size))}]\ntags:\n"
        + "".join(f"- {{one_of: [a{one}, b{one}]}}\n" for one in range(size))
    ),
    "customers and pairs of tags": lambda size: (
        f"{HEAD}customers:\n"
        + "".join(f"- {{email: c{one}@example.com, tags: [a{one}]}}\n" for one in range(size))
        + "tags:\n"
        + "".join(f"- {{one_of: [a{one}, b{one}]}}\n" for one in range(size))
    ),
    "entries that take a tag off whom the last one gives it": lambda size: (
        f"{HEAD}customers:\n"
        + "- {email: a@example.com, tags: {remove: [vip]}}\n" * size
        + "- {email: a@example.com, tags: {add: [vip]}}\n"
    ),
    "tags to add and to remove": lambda size: (
        f"{HEAD}customers:\n- email: a@example.com\n  tags:\n"
        f"    add: [{', '.join(f't{one}' for one in range(size))}]\n"
        f"    remove: [{', '.join(f'r{one}' for one in range(size))}]\n"
    ),
    "people and tags that are retired": lambda size: (
        _people(size)
        + "tags:\n"
        + "".join(f"- {{name: t{one}, state: absent}}\n" for one in range(size))
    ),
    "people and tags that are theirs alone": lambda size: (
        _people(size)
        + "tags:\n"
        + "".join(
            f"- {{name: t{one}, exact: true, members: [{{email: c{one}@example.com}}]}}\n"
            for one in range(size)
        )
    ),
    "people and a group of tags": lambda size: (
        _people(size)
        + f"tags:\n- one_of: [{', '.join(f't{one}' for one in range(size))}]\n"
        + "".join(
            f"- {{name: t{one}, members: [{{email: c{one}@example.com}}]}}\n" for one in range(size)
        )
    ),
    "consents": lambda size: (
        _people(size)
        + "consents:\n"
        + "".join(
            f"- {{customer: {{email: c{one}@example.com}}, channel: email, state: unsubscribed}}\n"
            for one in range(size)
        )
    ),
    "repeated keys": lambda size: "policy:\n" + "  a: 1\n" * size,
    "pairs of keys": lambda size: (
        "policy:\n" + "".join(f"  a{one}: 1\n  a{one}: 2\n" for one in range(size))
    ),
    "lone carriage returns": lambda size: f"# {'x' + chr(13)}" * size,
}


@pytest.mark.parametrize("kind", TEXTS)
def test_twice_as_many_take_twice_the_work(kind: str) -> None:
    def work(size: int) -> Callable[[], object]:
        file = SpecFile(name="f", content=TEXTS[kind](size).encode())
        return lambda: _checked(file)

    assert growth(work, 400) <= MOST


def _checked(file: SpecFile) -> None:
    sound, _ = schema_errors.read(file)
    if sound is None:
        return
    state_of([sound])
