"""The simulator as an object: seeding, truth, edits, switches, rate, files and control."""

import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.sandbox import SWITCHES, Sandbox
from reconciler.sandbox.bucket import Bucket, Rate

CUSTOMERS = "/api/202412/customers"
PATHS = {
    "genstore": CUSTOMERS,
    "shoplazza": "/openapi/2025-06/customers",
    "shopline": "/admin/openapi/v20260301/v2/customers.json",
}


def test_a_bucket_takes_a_burst_and_then_leaks() -> None:
    now = [0.0]
    bucket = Bucket(Rate(per_second=2.0, burst=3), lambda: now[0])
    waits = [bucket.take() for _ in range(4)]
    now[0] = 0.5

    assert waits == [0, 0, 0, 0.5]
    assert (bucket.take(), bucket.take()) == (0, 0.5)


@pytest.mark.parametrize("platform", list(SWITCHES))
def test_the_documented_bucket_holds_40(shop: Any, platform: str) -> None:
    with shop(platform, rate=None) as (_, client):
        statuses = [client.get(PATHS[platform]).status_code for _ in range(48)]

    assert statuses[:40] == [200] * 40
    assert 429 in statuses[40:]


def test_a_full_bucket_answers_429_with_retry_after_by_switch(shop: Any) -> None:
    with shop("shopline", rate=(0.01, 1)) as (box, client):
        client.get(PATHS["shopline"])
        bare = client.get(PATHS["shopline"])
        box.reset(switches={"retry_after": "on"})
        client.get(PATHS["shopline"])
        told = client.get(PATHS["shopline"])

    assert (bare.status_code, bare.json()) == (429, {"errors": "Too many request"})
    assert "retry-after" not in bare.headers
    assert int(told.headers["retry-after"]) >= 99


@pytest.mark.parametrize(
    ("platform", "first"),
    [("genstore", "1020000013063"), ("shopline", "4200000002")],
)
def test_ids_have_the_platforms_length(platform: str, first: str) -> None:
    assert Sandbox(platform).seed([{"email": "a@b.co"}]) == [first]


def test_shoplazza_ids_are_uuids_or_decimals() -> None:
    assert len(Sandbox("shoplazza").seed([{}])[0]) == 36
    assert Sandbox("shoplazza", switches={"ids": "decimal"}).seed([{}]) == ["1001"]


def test_the_truth_is_a_copy_in_neutral_form() -> None:
    box = Sandbox("genstore", now=lambda: datetime(2026, 3, 31, tzinfo=UTC))
    (customer_id,) = box.seed([{"email": "a@b.co", "tags": ["x"]}])
    record = box.customers()[0]
    record["tags"].append("y")

    assert box.customer(customer_id) == {
        "id": customer_id,
        "email": "a@b.co",
        "phone": None,
        "first_name": None,
        "last_name": None,
        "note": None,
        "tags": ["x"],
        "consent": {
            "email": {"state": "not_subscribed", "at": None, "actor": None},
            "sms": {"state": "not_subscribed", "at": None, "actor": None},
        },
        "addresses": [],
        "tax_exempt": False,
        "tax_exemptions": None,
        "orders_count": 0,
        "created_at": "2026-03-01T00:00:00+00:00",
        "updated_at": "2026-03-01T00:00:00+00:00",
        "extra": {},
    }
    assert box.customer("nobody") is None


def test_staff_and_the_person_edit_at_the_clocks_time() -> None:
    box = Sandbox("shopline", now=lambda: datetime(2026, 3, 31, tzinfo=UTC))
    (customer_id,) = box.seed([{"email": "a@b.co", "extra": {"nick_name": "A"}}])
    box.edit(customer_id, note="n", extra={"gender": 1}, consent={"sms": {"state": "pending"}})
    box.person(customer_id, "email", "unsubscribed")
    record = box.customer(customer_id)

    assert record is not None
    at = "2026-03-31T00:00:00+00:00"
    assert (record["note"], record["updated_at"]) == ("n", at)
    assert record["extra"] == {"nick_name": "A", "gender": 1}
    assert record["consent"] == {
        "email": {"state": "unsubscribed", "at": at, "actor": "person"},
        "sms": {"state": "pending", "at": at, "actor": "staff"},
    }


def test_a_reset_forgets_everything_and_keeps_serving(shop: Any) -> None:
    with shop("genstore", {"email": "a@b.co"}) as (box, client):
        client.get(CUSTOMERS)
        ids = box.reset([{"email": "c@d.co"}], {"scalars": "typed"})

        assert (box.requests, box.writes, ids) == ([], 0, ["1020000013063"])
        body = client.get(CUSTOMERS).json()["customers"]
        assert [(one["email"], one["taxExempt"]) for one in body] == [("c@d.co", False)]


def test_unknown_platforms_switches_and_fields_are_told() -> None:
    with pytest.raises(ValueError, match="platform 'magento' is not simulated"):
        Sandbox("magento")
    with pytest.raises(ValueError, match="genstore has no switch 'pu'"):
        Sandbox("genstore", switches={"pu": "merge"})
    with pytest.raises(ValueError, match="switch 'put' of genstore cannot be 'patch'"):
        Sandbox("genstore", switches={"put": "patch"})
    with pytest.raises(ValueError, match="a record has no field 'nick_name'"):
        Sandbox("genstore").seed([{"nick_name": "A"}])


@pytest.mark.parametrize("platform", list(SWITCHES))
def test_every_reading_of_every_switch_serves_a_list(shop: Any, platform: str) -> None:
    seed = {"email": "a@b.co", "phone": "0047900000", "addresses": [{"city": "Oslo"}]}
    with shop(platform) as (box, client):
        for name, switch in SWITCHES[platform].items():
            assert switch.accepts(switch.default)
            assert switch.summary.endswith(".")
            for value in switch.allowed:
                if value not in {"seconds", "text"}:
                    box.reset([seed], {name: value})
                    assert client.get(PATHS[platform]).status_code == 200, (name, value)


def test_a_read_token_cannot_write(shop: Any) -> None:
    with shop("genstore", {"id": "1", "email": "a@b.co"}, switches={"scope": "read"}) as (
        _,
        client,
    ):
        assert client.delete(f"{CUSTOMERS}/1").status_code == 403
        assert client.get(f"{CUSTOMERS}/1").status_code == 200


def test_a_file_keeps_the_customers(tmp_path: Path) -> None:
    path = tmp_path / "shop.sqlite"
    first = Sandbox("genstore", path=path)
    first.seed([{"id": "1", "email": "a@b.co", "addresses": [{"city": "Oslo"}]}, {"id": "2"}])
    first.edit("1", note="n")
    first.remove("2")
    truth = first.customers()
    first.close()
    second = Sandbox("genstore", path=path)

    assert second.customers() == truth
    assert len(truth) == 1
    second.close()


def test_it_may_be_served_again_and_by_several_threads_at_once() -> None:
    box = Sandbox("genstore", rate="off")
    headers = {"X-Genstore-Access-Token": "t0ken"}
    with box.serving():
        pass
    with box.serving() as url:

        def create(start: int) -> None:
            with httpx.Client(base_url=url, headers=headers) as client:
                for number in range(start, start + 10):
                    body = {"customer": {"email": f"u{number}@example.com"}}
                    client.post(CUSTOMERS, json=body).raise_for_status()

        threads = [threading.Thread(target=create, args=(10 * index,)) for index in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len({one["id"] for one in box.customers()}) == box.writes == 40


def test_other_processes_steer_it_over_the_same_port(shop: Any) -> None:
    with shop("genstore", rate=(1, 1)) as (box, client):
        bare = httpx.Client(base_url=str(client.base_url), trust_env=False)
        with bare:
            made = bare.post("/_sandbox/reset", json={"records": [{"email": "a@b.co"}]}).json()
            customer_id = made["ids"][0]
            bare.post("/_sandbox/edit", json={"id": customer_id, "note": "n"})
            yes = {"id": customer_id, "channel": "email", "state": "subscribed"}
            bare.post("/_sandbox/person", json=yes)
            seen = bare.get("/_sandbox/customers").json()["customers"]
            fault = {"kind": "status", "status": 418}
            bare.post("/_sandbox/faults", json=[fault]).raise_for_status()
            teapot = client.get(CUSTOMERS).status_code
            log = bare.get("/_sandbox/requests").json()["requests"]
            wrong = bare.post("/_sandbox/person", json={**yes, "channel": "fax"})

        assert seen == box.customers()
        assert (seen[0]["note"], seen[0]["consent"]["email"]["actor"]) == ("n", "person")
        assert teapot == 418
        assert [(one["path"], one["status"]) for one in log] == [(CUSTOMERS, 418)]
        assert (wrong.status_code, "fax" in wrong.json()["error"]) == (400, True)


def test_several_shops_are_served_until_a_signal_ends_them() -> None:
    program = (
        "from reconciler.sandbox import Sandbox, serve_forever\n"
        "boxes = [(Sandbox('genstore', 'north'), 0), (Sandbox('shopline', 'south'), 0)]\n"
        "serve_forever(boxes, lambda line: print(line, flush=True))\n"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(2)]
        url = lines[0].split()[-1]
        status = httpx.get(f"{url}/_sandbox/customers", trust_env=False).status_code
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=5)

    assert (status, code) == (200, 0)
    assert [line.split(" at ")[0] for line in lines] == [
        "genstore shop north",
        "shopline shop south",
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_comes_before_all_are_served_ends_them_too(number: int) -> None:
    program = (
        "import os\n"
        "from reconciler.sandbox import Sandbox, serve_forever\n"
        f"ask = lambda line: os.kill(os.getpid(), {int(number)})\n"
        "serve_forever([(Sandbox('genstore', 'north'), 0)], ask)\n"
        "print('ended')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=20, check=False
    )
    assert (done.returncode, done.stdout) == (0, "ended\n")
