"""Ways in which adopting, or the asking of sibling stores, went wrong, that an attack found."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox.faults import Fault
from reconciler.state import disk
from tests.cli.test_adopt import STORES, out
from tests.company import Company, company
from tests.harness import KEY, Shop, consent, grant, opened, person
from tests.program import Done, run

Json = dict[str, Any]
ADA = "ada@example.com"
N1, N2 = "+8613800000001", "+8613800000002"
K1, K2 = "k1-" + "x" * 40, "k2-" + "y" * 40
LATER = consent("subscribed", "2026-08-01T00:00:00+00:00", "person")
NO = {"state": "unsubscribed", "withdrawn_at": "2026-07-01T00:00:00+00:00"}
LAST_NO = {"state": "unsubscribed", "withdrawn_at": "2026-09-01T00:00:00+00:00"}
UNDATED = {"email": consent("unsubscribed", None, "person"), "sms": consent()}
IN = ("--write", "--field", "consent.email", "--field", "consent.sms")


def _files(shop: Shop, **texts: str) -> None:
    (shop.specs / "all.yaml").unlink(missing_ok=True)
    told = STORES.format(platform=shop.box.platform, shop=shop.box.shop, url=shop.url)
    (shop.specs / "stores.yaml").write_text(told)
    for name, text in texts.items():
        (shop.specs / f"{name}.yaml").write_text(text)


def _do(shop: Shop, command: str, *words: object) -> Done:
    env = {"TOKEN": shop.box.token, "RECONCILER_KEY": KEY.decode()}
    return run(command, "--specs", shop.specs, *words, env=env)


def _adopt(both: Company, *words: object, **env: str) -> Done:
    state = both.folder / ".reconciler"
    known = {**both.environment.variables, **env}
    return run("adopt", "--specs", both.specs, "--state-dir", state, *words, env=known)


def _said(both: Company, store: str) -> str:
    (entry,) = json.loads((both.specs / f"{store}.yaml").read_text())["customers"]
    return str(entry["consent"]["email"]["state"])


# 1. critical: an opt-in adopted over a later no that the files tell


def test_the_latest_no_of_all_statements_counts(tmp_path: Path) -> None:
    live = person(consent={"email": LATER, "sms": consent()})
    with opened(tmp_path, "shopline", [live]) as shop:
        one = {"customers": [{"email": ADA, "consent": {"email": NO}}]}
        other = {"consents": [{"customer": {"email": ADA}, "channel": "email", **LAST_NO}]}
        _files(shop, a=json.dumps(one), b=json.dumps(other))
        _do(shop, "adopt", *IN)

        assert '"subscribed"' not in (shop.specs / "b.yaml").read_text()


# 2. critical: of another contact


def test_an_opt_in_of_another_number_is_not_adopted(tmp_path: Path) -> None:
    live = person(phone=N2, consent={"email": consent(), "sms": LATER})
    with opened(tmp_path, "shopline", [live]) as shop:
        wanted = {"customers": [{"email": ADA, "phone": N1, "consent": {"sms": NO}}]}
        _files(shop, a=json.dumps(wanted))
        _do(shop, "adopt", *IN)

        assert '"subscribed"' not in (shop.specs / "a.yaml").read_text()


def test_an_opt_in_of_the_address_before_is_not_adopted(tmp_path: Path) -> None:
    live = person("zoe@example.com", consent={"email": LATER, "sms": consent()})
    with opened(tmp_path, "shopline", [live]) as shop:
        entry = {"email": ADA, "previously": {"email": "zoe@example.com"}, "consent": {"email": NO}}
        _files(shop, a=json.dumps({"customers": [entry]}))
        _do(shop, "adopt", *IN)

        assert '"subscribed"' not in (shop.specs / "a.yaml").read_text()


# 3. critical: where nobody asked who else says no


@pytest.mark.parametrize("how", ["--store", "the other store is down"])
def test_no_opt_in_is_adopted_without_the_other_stores(tmp_path: Path, how: str) -> None:
    gone = consent("unsubscribed", "2026-09-01T00:00:00+00:00", "person")
    there = {
        "us": [person(consent={"email": gone, "sms": consent()})],
        "eu": [person(consent={"email": LATER, "sms": consent()})],
    }
    with company(tmp_path, {"us": "shopline", "eu": "shopline"}, there) as both:
        both.want(
            us=[{"email": ADA, "consent": {"email": LAST_NO}}],
            eu=[{"email": ADA, "consent": {"email": NO}}],
        )
        if how != "--store":
            box, _ = both.stores["us"]
            box.fault(Fault(kind="status", status=401, times=1000))
        _adopt(both, *IN, *(("--store", "eu") if how == "--store" else ()))

        assert _said(both, "eu") == "unsubscribed"


@pytest.mark.parametrize("how", ["its key is missing", "it is lost, and required"])
def test_no_opt_in_is_adopted_where_the_register_was_not_asked(tmp_path: Path, how: str) -> None:
    there = {"eu": [person(consent={"email": LATER, "sms": consent()})]}
    with company(tmp_path, {"eu": "shopline"}, there) as one:
        one.policy = {"register": "required"}
        one.want(eu=[{"email": ADA, "consent": {"email": NO}}])
        table = tmp_path / "table.csv"
        table.write_text(f"email,date\n{ADA},2026-09-01T00:00:00+00:00\n")
        state = one.folder / ".reconciler"
        env = {**one.environment.variables, "RECONCILER_REGISTER_KEY": K1}
        words = ("register", "import", table, "--specs", one.specs, "--state-dir", state)
        assert run(*words, "--store", "eu", env=env).code == 0
        if how == "its key is missing":
            _adopt(one, *IN, RECONCILER_REGISTER_KEY=K2)
        else:
            shutil.rmtree(state)
            _adopt(one, *IN, RECONCILER_REGISTER_KEY=K1)

        assert _said(one, "eu") == "unsubscribed"


# 4. critical: a sibling that hides, or that compares letter by letter, is taken for one without a no


@pytest.mark.parametrize(
    ("platform", "switches", "email"),
    [
        ("shopline", {"masked": "all"}, ADA),
        ("shoplazza", {"masked": "all"}, ADA),
        ("genstore", {"protected": "masked"}, ADA),
        ("genstore", {"protected": "absent"}, ADA),
    ],
)
def test_who_is_out_in_a_store_that_hides_contacts_is_not_opted_in(
    tmp_path: Path, platform: str, switches: Json, email: str
) -> None:
    with company(tmp_path, {"us": platform, "eu": "shopline"}, {"eu": [person()]}) as both:
        both.stores["us"][0].reset([person(email, consent=UNDATED)], switches)
        both.want(eu=[{"email": ADA, "consent": {"email": grant()}}])
        both.apply(both.plan())

        assert both.consent("eu", ADA) != "subscribed"


@pytest.mark.parametrize("platform", ["genstore", "shopline", "shoplazza"])
def test_another_case_is_no_other_person_where_a_search_is_not_blind_to_it(
    tmp_path: Path, platform: str
) -> None:
    with company(tmp_path, {"us": platform, "eu": "shopline"}, {"eu": [person()]}) as both:
        box = both.stores["us"][0]
        box.reset([], {"spelling": "bytes"})
        both.want(eu=[{"email": ADA, "consent": {"email": grant()}}])
        body = both.plan()
        box.seed([person("ADA@example.com", consent=UNDATED)])
        both.apply(body)

        assert both.consent("eu", ADA) != "subscribed"


@pytest.mark.parametrize("platform", ["shopline", "shoplazza"])
def test_a_number_with_spaces_is_the_same_number(tmp_path: Path, platform: str) -> None:
    gone = {"email": consent(), "sms": consent("unsubscribed", None, "person")}
    there = {"eu": [person(phone=N1)]}
    with company(tmp_path, {"us": platform, "eu": "shopline"}, there) as both:
        yes = grant(method="paper")
        both.want(eu=[{"email": ADA, "phone": N1, "consent": {"sms": yes}}])
        body = both.plan()
        other = person("bo@example.com", phone="138 0000 0001", consent=gone)
        both.stores["us"][0].seed([other])
        both.apply(body)

        assert both.consent("eu", ADA, "sms") != "subscribed"


# 5. high: a personal value in the output


def test_a_value_does_not_become_a_key_that_is_told(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [person(first_name="Augusta")]) as shop:
        _files(shop, a=f"customers:\n  - {{email: {ADA}, first_name}}\n")
        done = _do(shop, "adopt", "--write", "--field", "first_name")

        assert "Augusta" not in done.everything


# 6. high: SMS opt-ins beside a Genstore are never carried out


def test_a_text_message_opt_in_is_carried_out_beside_a_genstore(tmp_path: Path) -> None:
    there = {"eu": [person(phone=N1)]}
    with company(tmp_path, {"us": "genstore", "eu": "shopline"}, there) as both:
        yes = grant(method="paper")
        both.want(eu=[{"email": ADA, "phone": N1, "consent": {"sms": yes}}])
        both.apply(both.plan())

        assert both.consent("eu", ADA, "sms") == "subscribed"


# 7. high: one field in two files, and only one of them is written


def test_a_field_that_two_files_tell_is_written_in_both_or_in_none(tmp_path: Path) -> None:
    whole = disk.write_whole

    def full(place: Path, *rest: Any) -> None:
        if place.name == "b.yaml":
            raise OSError(28, "No space left on device")
        whole(place, *rest)

    with opened(tmp_path, "shopline", [out()]) as shop:
        yes = "state: subscribed, source: x"
        _files(
            shop,
            a=f"customers: [{{email: {ADA}, consent: {{email: {{{yes}}}}}}}]\n",
            b=f"consents: [{{customer: {{email: {ADA}}}, channel: email, {yes}}}]\n",
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(disk, "write_whole", full)
            _do(shop, "adopt", "--write")

        assert _do(shop, "validate").code == 0
        assert _do(shop, "adopt", "--write").code == 0


# 8. high: one entry ends the whole run with 70


def test_a_question_mark_before_a_key_is_told_and_the_others_are_adopted(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [out()]) as shop:
        _files(
            shop,
            a=f"customers:\n  - email: {ADA}\n    consent:\n      email:\n"
            "        ? state\n        : subscribed\n",
        )

        assert _do(shop, "adopt").code in (1, 2)


@pytest.mark.parametrize("text", ["a\x7fb", "\ufffe"])
def test_a_text_that_yaml_may_not_hold_ends_nothing_in_json(tmp_path: Path, text: str) -> None:
    with opened(tmp_path, "shopline", [person(note=text)]) as shop:
        _files(shop, a=json.dumps({"customers": [{"email": ADA, "note": "A"}]}))

        assert _do(shop, "adopt", "--write", "--field", "note").code in (0, 1)


# 9. medium: a sibling that is down is tried anew, with all retries, for each person


def test_a_sibling_that_is_down_costs_its_retries_once(tmp_path: Path) -> None:
    people = [f"p{number}@example.com" for number in range(4)]
    there = {"eu": [person(one) for one in people]}
    with company(tmp_path, {"us": "genstore", "eu": "shopline"}, there) as both:
        both.want(eu=[{"email": one, "consent": {"email": grant()}} for one in people])
        body = both.plan()
        box = both.stores["us"][0]
        box.forget_requests()
        box.fault(Fault(kind="status", status=503, times=1000))
        both.apply(body)

        assert len(box.requests) <= 10


# 11. low: the message file


def test_a_message_that_cannot_be_written_is_told_before_the_files_change(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [out()]) as shop:
        text = f"customers:\n  - {{email: {ADA}, consent: {{email: subscribed}}}}\n"
        _files(shop, a=text)
        done = _do(shop, "adopt", "--write", "--message-file", tmp_path / "none" / "message.txt")

        assert done.code != 0
        assert (shop.specs / "a.yaml").read_text() == text


def test_the_message_does_not_replace_a_spec(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [out()]) as shop:
        _files(shop, a=f"customers:\n  - {{email: {ADA}, consent: {{email: subscribed}}}}\n")
        _do(shop, "adopt", "--write", "--message-file", shop.specs / "a.yaml")

        assert (shop.specs / "a.yaml").read_text().startswith("customers:\n")


# 12. medium: an instant that the controller's other store tells is lost with the adoption


@pytest.mark.parametrize("together", [False, True])
def test_an_opt_out_of_another_store_keeps_its_age_when_it_is_adopted(
    tmp_path: Path, together: bool
) -> None:
    gone = consent("unsubscribed", "2026-07-02T08:15:30+00:00", "person")
    yes = consent("subscribed", "2026-06-01T00:00:00+00:00", "person")
    there = {
        "us": [person(consent={"email": gone, "sms": consent()})],
        "eu": [person(consent={"email": yes, "sms": consent()})],
    }
    with company(tmp_path, {"us": "genstore", "eu": "shopline"}, there) as both:
        entry = {"email": ADA, "consent": {"email": grant(given_at="2026-05-01T00:00:00+00:00")}}
        both.want(eu=[entry])
        if together:
            (both.specs / "us.yaml").unlink()
            told = {"store": ["us", "eu"], "customers": [entry]}
            (both.specs / "eu.yaml").write_text(json.dumps(told))
        before = next(one for one in both.plan()["stores"] if one["name"] == "eu")["waiting"]
        assert _adopt(both, "--write").code == 0
        after = next(one for one in both.plan()["stores"] if one["name"] == "eu")["waiting"]

        assert after == before
