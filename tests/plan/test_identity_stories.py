"""Who is meant: renames, swaps, takeovers and two entries for one person, over a real store."""

from pathlib import Path

import pytest

from reconciler.plan.outcome import State
from tests.harness import consent, grant, opened, person, states, told, verdicts

MOVABLE = ("genstore", "shopline")


def _phone(platform: str, last: int) -> str:
    return f"1331503448{last}" if platform == "genstore" else f"00861331503448{last}"


@pytest.mark.parametrize("platform", MOVABLE)
def test_a_rename_keeps_the_person(tmp_path: Path, platform: str) -> None:
    with opened(tmp_path, platform, [person("old@example.com", note="keep")]) as shop:
        remote_id = shop.live("old@example.com")["id"]
        shop.want({"email": "new@example.com", "previously": {"email": "old@example.com"}})

        shop.converge()

        assert shop.live("new@example.com")["id"] == remote_id
        assert len(shop.box.customers()) == 1


@pytest.mark.parametrize("platform", MOVABLE)
def test_a_chain_of_renames_gives_up_before_it_claims(tmp_path: Path, platform: str) -> None:
    people = [person("b@example.com"), person("a@example.com")]
    with opened(tmp_path, platform, people) as shop:
        ids = {one["email"]: one["id"] for one in shop.box.customers()}
        shop.want(
            {"email": "b@example.com", "previously": {"email": "a@example.com"}},
            {"email": "c@example.com", "previously": {"email": "b@example.com"}},
        )

        shop.converge()

        assert shop.live("b@example.com")["id"] == ids["a@example.com"]
        assert shop.live("c@example.com")["id"] == ids["b@example.com"]


@pytest.mark.parametrize("platform", MOVABLE)
def test_a_swap_is_refused_whole(tmp_path: Path, platform: str) -> None:
    with opened(tmp_path, platform, [person("a@example.com"), person("b@example.com")]) as shop:
        ids = [one["id"] for one in shop.box.customers()]
        shop.want(
            {"email": "a@example.com", "previously": {"email": "b@example.com"}},
            {"email": "b@example.com", "previously": {"email": "a@example.com"}},
        )
        by_previously = shop.plan()
        shop.want(
            {"id": ids[0], "email": "b@example.com"}, {"id": ids[1], "email": "a@example.com"}
        )
        by_id = shop.plan()

        for body in (by_previously, by_id):
            assert body["changes"] == []
            assert verdicts(body) == [("hold", "identity.swap")] * 2


@pytest.mark.parametrize("platform", MOVABLE)
def test_an_address_that_somebody_else_has_is_not_claimed(tmp_path: Path, platform: str) -> None:
    with opened(tmp_path, platform, [person("a@example.com"), person("b@example.com")]) as shop:
        shop.want({"id": shop.live("a@example.com")["id"], "email": "b@example.com"})

        body = shop.plan()

        assert body["changes"] == []
        assert verdicts(body) == [("hold", "identity.taken")]


@pytest.mark.parametrize("platform", MOVABLE)
def test_two_candidates_are_held_and_both_get_the_opt_out(tmp_path: Path, platform: str) -> None:
    both = {"email": consent("subscribed", "2026-01-01T00:00:00+00:00"), "sms": consent()}
    people = [
        person("a@example.com", consent=both),
        person("b@example.com", phone=_phone(platform, 7), consent=both),
    ]
    with opened(tmp_path, platform, people) as shop:
        shop.want(
            {
                "email": "a@example.com",
                "phone": "+8613315034487",
                "first_name": "New",
                "consent": {"email": "unsubscribed"},
            }
        )

        body = shop.plan()
        result = shop.apply(body)

        assert ("hold", "identity.ambiguous") in verdicts(body)
        assert result.complete, told(result)
        assert {one["consent"]["email"]["state"] for one in shop.box.customers()} == {
            "unsubscribed"
        }
        assert {one["first_name"] for one in shop.box.customers()} == {"Ada"}


@pytest.mark.parametrize("platform", MOVABLE)
def test_a_phone_of_somebody_with_another_address_is_held(tmp_path: Path, platform: str) -> None:
    with opened(tmp_path, platform, [person("b@example.com", phone=_phone(platform, 7))]) as shop:
        shop.want({"email": "a@example.com", "phone": "+8613315034487"})
        held = shop.plan()
        shop.want(
            {
                "email": "a@example.com",
                "phone": "+8613315034487",
                "previously": {"email": "b@example.com"},
            }
        )
        lifted = shop.plan()

        assert verdicts(held) == [("hold", "identity.disagrees")]
        assert held["changes"] == []
        assert [one["action"] for one in lifted["changes"]] == ["update"]


def test_two_entries_for_one_person_are_held_and_the_stricter_consent_counts(
    tmp_path: Path,
) -> None:
    live = person(
        "a@example.com",
        phone="13315034487",
        consent={"email": consent("subscribed"), "sms": consent("subscribed")},
    )
    with opened(tmp_path, "genstore", [live]) as shop:
        shop.want(
            {"email": "a@example.com", "first_name": "One"},
            {"phone": "+8613315034487", "first_name": "Two", "consent": "unsubscribed"},
        )

        body = shop.plan()
        shop.apply(body)

        assert verdicts(body) == [("hold", "identity.same-person")] * 2
        now = shop.live("a@example.com")
        assert now["first_name"] == "Ada"
        assert now["consent"]["email"]["state"] == "unsubscribed"


def test_an_id_that_the_store_does_not_know_creates_nobody(tmp_path: Path) -> None:
    with opened(tmp_path, "genstore", [person()]) as shop:
        shop.want({"id": "999", "email": "new@example.com"})

        body = shop.plan()

        assert body["changes"] == []
        assert verdicts(body) == [("hold", "identity.no-such-id")]


def test_a_tag_member_whom_nobody_knows_is_only_told_of(tmp_path: Path) -> None:
    with opened(tmp_path, "genstore", [person()]) as shop:
        shop.want(
            tags=[
                {
                    "name": "vip",
                    "members": [{"email": "who@example.com"}, {"email": "ada@example.com"}],
                }
            ]
        )

        body = shop.plan()

        assert [one["fields"][0]["added"] for one in body["changes"]] == [["vip"]]
        assert verdicts(body) == [("warn", "customer.unknown")]


@pytest.mark.parametrize("platform", MOVABLE)
def test_a_subscribed_address_does_not_just_become_another(tmp_path: Path, platform: str) -> None:
    live = person(
        "old@example.com",
        consent={"email": consent("subscribed", "2026-01-01T00:00:00+00:00"), "sms": consent()},
    )
    with opened(tmp_path, platform, [live]) as shop:
        entry = {"email": "new@example.com", "previously": {"email": "old@example.com"}}
        shop.want(entry)
        silent = shop.plan()
        shop.want({**entry, "consent": {"email": grant()}})
        body = shop.plan()
        result = shop.apply(body)

        assert verdicts(silent) == [("hold", "consent.address-change")]
        assert silent["changes"] == []
        assert [one["classes"] for one in body["changes"]] == [["profile"]]
        assert states(result) == [State.DONE] * 3, told(result)
        assert shop.live("new@example.com")["consent"]["email"]["state"] == "subscribed"
        assert shop.plan()["changes"] == []
