"""How many tags a plan leaves alone because they are not ours."""

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.ownership import Ownership
from reconciler.model.tags import Owned
from reconciler.plan.reading import LiveCounts
from reconciler.plan.tag_watch import TagWatch
from reconciler.planfile.decode import decode
from reconciler.planfile.encode import encode
from reconciler.planfile.saved import SavedStore
from reconciler.report import html, markdown, phrases, text
from tests.builders import live, saved_change, saved_plan, saved_store

MARKS = Ownership(tag="ours", foreign=("theirs",))
OWNED = Owned(("vip", "seg:*"), apart=MARKS)
TAGS = ("vip", "VIP", "seg:b2b", "ours", "Ours", "theirs", "app:x", "app:y")


@given(st.lists(st.lists(st.sampled_from(TAGS), unique=True).map(tuple)))
def test_what_is_neither_owned_nor_our_mark_is_counted_by_bearer(
    tags: list[tuple[str, ...]],
) -> None:
    counts = LiveCounts(watch=TagWatch(OWNED, MARKS))
    for number, one in enumerate(tags):
        counts.see(live(str(number), tags=one))

    foreign = [sum(tag in ("theirs", "app:x", "app:y") for tag in one) for one in tags]
    assert counts.foreign_tags == sum(foreign)
    assert counts.foreign_bearers == sum(map(bool, foreign))


def test_more_tags_than_are_remembered_are_counted_all_the_same() -> None:
    watch = TagWatch(OWNED, MARKS)
    many = [f"app:{number}" for number in range(70_000)]

    assert watch.foreign(many) == watch.foreign(reversed(many)) == 70_000


def _store(tags: int, customers: int) -> SavedStore:
    counts = LiveCounts()
    counts.foreign_tags, counts.foreign_bearers = tags, customers
    return saved_store(foreign_tags=counts.foreign)


def test_what_is_left_alone_is_said_where_there_is_any() -> None:
    assert phrases.left_alone(_store(0, 0)) == ""
    assert phrases.left_alone(_store(1, 1)) == ("left alone: 1 tag that is not ours, on 1 customer")
    assert phrases.left_alone(_store(5, 3)) == (
        "left alone: 5 tags that are not ours, on 3 customers"
    )


def test_every_rendering_has_it() -> None:
    plan = saved_plan(saved_change(), stores=(_store(5, 3),))
    told = "left alone: 5 tags that are not ours, on 3 customers"
    lines = text.render(plan, every=False, reveal={})

    assert any(line.text.strip() == told for line in lines)
    assert f"shop: {told}." in markdown.render(plan, {})
    assert told in html.render(plan, {})
    stores = encode(plan)["stores"]
    assert isinstance(stores, list)
    assert stores[0]["foreign_tags"] == {"tags": 5, "customers": 3}
    assert decode(encode(plan)).stores == plan.stores
