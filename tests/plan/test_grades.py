"""Who acted, and how good the store's record of it is: shown beside every consent state."""

from pathlib import Path

import pytest

from reconciler.report import text
from reconciler.sandbox import Fault
from tests.harness import Shop, consent, grant, opened, person, verdicts


def shown(shop: Shop) -> str:
    return "\n".join(line.text for line in text.render(shop.saved(), every=True, reveal={}))


@pytest.mark.parametrize(
    ("channel", "told"),
    [
        (0, "by the person, 2026-01-02, grade B"),
        (1, "by the person, 2026-01-02, grade B"),
        (2, "2026-01-02, grade C"),
        (3, "by staff, 2026-01-02, grade D"),
        (5, "by the person, 2026-01-02, grade B"),
        (7, "by staff, 2026-01-02, grade D"),
        (99, "2026-01-02, grade E"),
    ],
)
def test_shopline_tells_by_the_channel_of_the_subscription(
    tmp_path: Path, channel: int, told: str
) -> None:
    live = {**consent("subscribed", "2026-01-02T12:00:00+08:00"), "code": channel}
    with opened(tmp_path, "shopline", [person(consent={"email": live})]) as shop:
        shop.want({"email": "ada@example.com", "consent": {"email": "unsubscribed"}})

        assert f"subscribed ({told}) → unsubscribed" in shown(shop)


@pytest.mark.parametrize(
    ("actor", "rule"), [("person", "consent.opted-out"), ("staff", "consent.undated-opt-out")]
)
def test_an_undated_opt_out_that_shopline_knows_to_be_the_persons_is_final(
    tmp_path: Path, actor: str, rule: str
) -> None:
    live = consent("unsubscribed", None, actor)
    with opened(tmp_path, "shopline", [person(consent={"email": live})]) as shop:
        shop.want({"email": "ada@example.com", "consent": {"email": grant()}})

        assert verdicts(shop.plan()) == [("hold", rule)]


def test_a_grant_over_the_persons_dated_opt_out_is_applied_as_approved(tmp_path: Path) -> None:
    live = consent("unsubscribed", "2026-01-02T00:00:00+00:00", "person")
    with opened(tmp_path, "shopline", [person(consent={"email": live})]) as shop:
        shop.want({"email": "ada@example.com", "consent": {"email": grant()}})

        shop.converge()


def test_a_store_that_does_not_tell_who_acted_is_planned_all_the_same(tmp_path: Path) -> None:
    live = consent("subscribed", "2026-01-02T12:00:00+08:00", "person")
    with opened(tmp_path, "shopline", [person(consent={"email": live})]) as shop:
        shop.want({"email": "ada@example.com", "consent": {"email": "unsubscribed"}})
        shop.box.fault(Fault("status", path="subscribe.json", status=404, times=9))

        told = shown(shop)

        assert "subscribed (2026-01-02, grade E) → unsubscribed" in told
        assert "did not tell who subscribed or unsubscribed" in told


def test_only_consents_that_would_change_are_asked_for(tmp_path: Path) -> None:
    people = [
        person(f"c{n}@example.com", consent={"email": consent("unsubscribed", None)})
        for n in range(9)
    ]
    with opened(tmp_path, "shopline", people) as shop:
        shop.want(
            *(
                {"email": f"c{n}@example.com", "consent": {"email": "unsubscribed"}}
                for n in range(9)
            )
        )
        shop.plan(read="full")

        assert not [one for one in shop.box.requests if "subscribe.json" in one.path]


@pytest.mark.parametrize(
    ("flag", "told"), [(3, "by staff, grade D"), (4, "by the person, grade B"), (5, "grade E")]
)
def test_shoplazza_tells_by_its_flags(tmp_path: Path, flag: int, told: str) -> None:
    live = {**consent("subscribed"), "code": flag}
    with opened(tmp_path, "shoplazza", [person(consent={"email": live})]) as shop:
        shop.want({"email": "ada@example.com", "consent": {"email": "unsubscribed"}})

        assert f"subscribed ({told}) → unsubscribed" in shown(shop)


def test_genstore_tells_nothing_of_it(tmp_path: Path) -> None:
    live = consent("subscribed", "2026-01-02T00:00:00+00:00")
    with opened(tmp_path, "genstore", [person(consent={"email": live})]) as shop:
        shop.want({"email": "ada@example.com", "consent": {"email": "unsubscribed"}})

        assert "subscribed (2026-01-02, grade E) → unsubscribed" in shown(shop)


def test_a_plan_counts_the_messages_that_it_will_send(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [person()]) as shop:
        shop.want({"email": "ada@example.com", "consent": {"email": "pending"}})
        assert shop.plan()["summary"]["messages"] == 0

        from reconciler.model.settings import Release

        released = shop.saved(releases=(Release(rule="consent.pending-message"),))

        assert released.summary.messages == 1
        lines = [line.text for line in text.render(released, every=False, reveal={})]
        assert "messages this will send: 1 request to confirm" in lines


@pytest.mark.parametrize(
    ("flag", "rule"),
    [
        (0, "consent.undated-opt-out"),
        (1, "consent.undated-opt-out"),
        (2, "consent.opted-out"),
        (6, "consent.undated-opt-out"),
    ],
)
def test_a_grant_over_shoplazzas_flags_of_no(tmp_path: Path, flag: int, rule: str) -> None:
    live = {**consent("unsubscribed"), "code": flag}
    with opened(tmp_path, "shoplazza", [person(consent={"email": live})]) as shop:
        shop.want({"email": "ada@example.com", "consent": {"email": grant()}})

        assert verdicts(shop.plan()) == [("hold", rule)]


@pytest.mark.parametrize("blurs_to", ["1", "6"])
def test_our_own_write_that_washes_out_who_acted_opens_no_way_back_in(
    tmp_path: Path, blurs_to: str
) -> None:
    """A tag update has to send the person's no along, which may turn it into anybody's."""
    from reconciler.model.settings import Release

    live = consent("unsubscribed", None, "person")
    switches = {"explicit_false_flag": blurs_to}
    with opened(tmp_path, "shoplazza", [person(consent={"email": live})], switches) as shop:
        shop.want({"email": "ada@example.com", "tags": {"add": ["vip"]}})
        shop.converge()
        shop.want({"email": "ada@example.com", "consent": {"email": grant()}})

        body = shop.plan(releases=(Release(rule="consent.undated-opt-out"),))

        assert verdicts(body) == [("hold", "consent.opted-out")]
        assert body["changes"] == []
