"""Law: a store that has another name in the files by now forgets nobody who opted out there."""

from pathlib import Path
from typing import Any

import pytest

from tests.company import Company, company
from tests.harness import KEY, consent, grant, person, verdicts
from tests.program import run

Json = dict[str, Any]
ADA = "ada@example.com"
BO = "bo@example.com"
OUT = {"email": consent("unsubscribed", "2026-07-01T00:00:00+00:00", "person"), "sms": consent()}
NEWER = "2026-08-01T00:00:00+00:00"


def _renames(both: Company, controller: str | None = None) -> None:
    """Ada was out in eu, and her record went; by now the files call the shop europe."""
    both.apply(both.plan())
    (both.specs / "eu.yaml").unlink()
    box, url = both.stores.pop("eu")
    box.remove(next(one["id"] for one in box.customers() if one["email"] == ADA))
    both.wanted = {"europe": [{"email": ADA, "consent": {"email": grant()}}], "us": []}
    both.stores["europe"] = (box, url)
    both.controllers["europe"] = controller
    both.want()


def _register(both: Company, *words: object) -> Any:
    folder = both.state_folder
    env = {"RECONCILER_KEY": KEY.decode(), **both.told}
    return run("register", *words, "--specs", both.specs, "--state-dir", folder, env=env)


def _subscribed(both: Company) -> list[str]:
    every = both.stores["europe"][0].customers()
    return [one["email"] for one in every if one["consent"]["email"]["state"] == "subscribed"]


@pytest.mark.parametrize("required", [False, True])
@pytest.mark.parametrize("before", [None, "acme"])
@pytest.mark.parametrize("now", [None, "other"])
def test_a_renamed_store_forgets_nobody(
    tmp_path: Path, before: str | None, now: str | None, required: bool
) -> None:
    there = {"eu": [person(ADA, consent=OUT), person(BO)]}
    with company(tmp_path, {"us": "shopline", "eu": "genstore"}, there) as both:
        both.controllers = {"us": None, "eu": before}
        if required:
            both.policy = {"register": "required"}
            (tmp_path / "none.csv").write_text("email,date\n")
            assert _register(both, "import", tmp_path / "none.csv", "--store", "eu").code == 0
        both.want(eu=[{"email": ADA}, {"email": BO}], us=[])
        _renames(both, now)
        body = both.plan(stores=("europe",))
        assert ("warn", "register.left-behind") in verdicts(body)
        if not required:
            both.apply(body)
        assert _subscribed(both) == []

        if required:
            assert _register(both, "import", tmp_path / "none.csv", "--store", "europe").code == 0
            both.apply(both.plan(stores=("europe",)))
            assert _subscribed(both) == []
        both.want(europe=[{"email": ADA, "consent": {"email": grant(given_at=NEWER)}}])
        both.apply(both.plan(stores=("europe",)))
        assert _subscribed(both) == [ADA]


def test_a_register_of_a_company_that_goes_on_is_not_left_behind(tmp_path: Path) -> None:
    """Its lines count by the controller as before, and in no other company."""
    there = {"eu": [person(ADA, consent=OUT)], "us": [person(ADA)], "de": [person(ADA)]}
    platforms = dict.fromkeys(there, "genstore")
    with company(tmp_path, platforms, there) as both:
        both.controllers = {"us": None, "eu": "acme", "de": "acme"}
        both.want(eu=[{"email": ADA}], us=[], de=[])
        both.apply(both.plan())
        (both.specs / "eu.yaml").unlink()
        both.stores.pop("eu")
        asked = {"email": ADA, "consent": {"email": grant()}}
        both.wanted = {"us": [asked], "de": [asked]}
        both.want()
        body = both.plan()
        found = [(one["rule"], one["store"]) for one in body["verdicts"]]
        assert found == [("register.opted-out", "de")]
        both.apply(body)
        assert both.consent("us", ADA) == "subscribed"


def test_a_folder_that_others_share_is_not_asked_for_theirs(tmp_path: Path) -> None:
    """What stands there and this state folder never had is another company's."""
    shared = {"RECONCILER_REGISTER": str(tmp_path / "shared")}
    with (
        company(tmp_path / "a", {"eu": "genstore"}, {"eu": [person(ADA, consent=OUT)]}) as first,
        company(tmp_path / "b", {"us": "genstore"}, {"us": [person(ADA)]}) as second,
    ):
        first.controllers, second.controllers = {"eu": None}, {"us": None}
        first.told = second.told = shared
        first.want(eu=[{"email": ADA}])
        first.apply(first.plan())
        second.want(us=[{"email": ADA, "consent": {"email": grant()}}])
        body = second.plan()
        assert verdicts(body) == []
        second.apply(body)
        assert second.consent("us", ADA) == "subscribed"
