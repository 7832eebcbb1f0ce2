"""Faults on demand."""

import time
from typing import Any

import httpx
import pytest

from reconciler.sandbox import Fault

CUSTOMERS = "/api/202412/customers"
LISTS = "/admin/openapi/v20260301/v2/customers.json"
NEW = {"customer": {"email": "new@example.com"}}


def test_a_status_comes_instead_of_the_work(shop: Any) -> None:
    with shop("genstore") as (box, client):
        box.fault(Fault("status", method="POST", status=503, retry_after=2, body={"error": "busy"}))
        untouched = client.get(CUSTOMERS).status_code
        response = client.post(CUSTOMERS, json=NEW)
        again = client.post(CUSTOMERS, json=NEW)

    assert (untouched, response.status_code, again.status_code) == (200, 503, 200)
    assert (response.json(), response.headers["retry-after"]) == ({"error": "busy"}, "2")
    assert box.writes == 1


def test_a_status_after_hides_work_that_was_done(shop: Any) -> None:
    with shop("genstore") as (box, client):
        box.fault(Fault("status_after", status=500))
        response = client.post(CUSTOMERS, json=NEW)

        assert (response.status_code, len(box.customers()), box.writes) == (500, 1, 1)


@pytest.mark.parametrize(
    ("kind", "done"), [("drop_before", 0), ("drop_after", 1), ("truncate", 1), ("hang", 0)]
)
def test_a_cut_connection_leaves_the_client_without_an_answer(
    shop: Any, kind: Any, done: int
) -> None:
    with shop("genstore") as (box, client):
        box.fault(Fault(kind, seconds=0.02))
        with pytest.raises(httpx.RemoteProtocolError):
            client.post(CUSTOMERS, json=NEW)

        assert len(box.customers()) == done
        assert client.get(CUSTOMERS).status_code == 200


def test_a_dropped_request_is_logged_with_status_0(shop: Any) -> None:
    with shop("genstore") as (box, client):
        box.fault(Fault("drop_after"))
        with pytest.raises(httpx.RemoteProtocolError):
            client.post(CUSTOMERS, json=NEW)
        client.get(CUSTOMERS, params={"limit": 1})

        assert [(one.method, one.path, one.query, one.status) for one in box.requests] == [
            ("POST", CUSTOMERS, "", 0),
            ("GET", CUSTOMERS, "limit=1", 200),
        ]


def test_a_client_that_gives_up_on_a_hanging_request_is_logged_with_status_0(shop: Any) -> None:
    with shop("genstore") as (box, client):
        box.fault(Fault("hang", seconds=30))
        with pytest.raises(httpx.ReadTimeout):
            client.get(CUSTOMERS, timeout=0.05)

        assert [one.status for one in box.requests] == [0]


def test_a_slow_answer_is_a_whole_answer(shop: Any) -> None:
    with shop("genstore") as (box, client):
        box.fault(Fault("slow", seconds=0.05))
        started = time.monotonic()

        assert client.get(CUSTOMERS).json() == {"customers": []}
        assert time.monotonic() - started >= 0.05


def test_a_proxy_page_and_a_redirect_do_no_work(shop: Any) -> None:
    with shop("genstore") as (box, client):
        box.fault(Fault("html"))
        page = client.post(CUSTOMERS, json=NEW)
        box.fault(Fault("redirect", body="https://elsewhere.invalid/x"))
        moved = client.post(CUSTOMERS, json=NEW)

        assert (page.status_code, page.headers["content-type"]) == (502, "text/html")
        assert (moved.status_code, moved.headers["location"]) == (
            302,
            "https://elsewhere.invalid/x",
        )
        assert box.writes == 0


@pytest.mark.parametrize(("platform", "path"), [("genstore", CUSTOMERS), ("shopline", LISTS)])
def test_a_link_may_point_to_a_foreign_host(shop: Any, platform: str, path: str) -> None:
    with shop(platform, {"email": "a@b.co"}, {"email": "c@d.co"}) as (box, client):
        box.fault(Fault("link", body="https://elsewhere.invalid", times=2))
        held = client.get(path, params={"limit": 1}).headers["link"]
        fresh = client.get(path).headers["link"]

    assert f"https://elsewhere.invalid{path}?" in held
    assert "127.0.0.1" not in held
    assert fresh.startswith("<https://elsewhere.invalid/")


def test_a_late_write_is_seen_by_id_before_it_is_seen_in_lists(shop: Any) -> None:
    with shop("genstore", {"id": "1", "email": "old@example.com"}) as (box, client):
        box.fault(Fault("late", seconds=0.15, times=3))
        created = client.post(CUSTOMERS, json=NEW).json()["customer"]["id"]
        client.put(f"{CUSTOMERS}/1", json={"customer": {"notes": "n"}})
        early = client.get(CUSTOMERS).json()["customers"]
        by_id = client.get(f"{CUSTOMERS}/{created}").status_code
        time.sleep(0.2)  # noqa: TID251 - the delay is real time
        late = client.get(CUSTOMERS).json()["customers"]

    assert [(one["id"], one["notes"]) for one in early] == [("1", None)]
    assert by_id == 200
    assert [(one["id"], one["notes"]) for one in late] == [("1", "n"), (created, None)]


def test_a_late_delete_still_lists_the_customer(shop: Any) -> None:
    with shop("genstore", {"id": "1", "email": "a@b.co"}) as (box, client):
        box.fault(Fault("late", seconds=30))
        client.delete(f"{CUSTOMERS}/1")

        assert len(client.get(CUSTOMERS).json()["customers"]) == 1
        assert client.get(f"{CUSTOMERS}/1").status_code == 404


def test_somebody_else_edits_before_the_work_or_after_it(shop: Any) -> None:
    with shop("genstore", {"id": "1", "email": "a@b.co"}) as (box, client):
        box.fault(Fault("edit_before", edit=lambda box: box.edit("1", note="before")))
        first = client.get(f"{CUSTOMERS}/1").json()["customer"]["notes"]
        box.fault(Fault("edit_after", edit={"id": "1", "note": "after"}))
        second = client.get(f"{CUSTOMERS}/1").json()["customer"]["notes"]

        assert (first, second, box.customer("1")["note"]) == ("before", "before", "after")
        assert box.writes == 0


def test_a_fault_hits_from_its_nth_request_on(shop: Any) -> None:
    with shop("genstore") as (box, client):
        box.fault(Fault("status", path=r"/customers$", nth=2, times=2, status=500))
        statuses = [client.get(CUSTOMERS).status_code for _ in range(4)]
        box.fault(Fault("status", times=9))
        box.clear_faults()

        assert statuses == [200, 500, 500, 200]
        assert client.get(CUSTOMERS).status_code == 200


def test_an_unknown_kind_or_a_missing_edit_is_told() -> None:
    with pytest.raises(ValueError, match="fault kind 'explode' is not known"):
        Fault("explode")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="has no edit"):
        Fault("edit_before")
