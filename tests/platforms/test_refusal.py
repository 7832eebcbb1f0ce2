"""What a store says of a refusal is shown, and nothing of anybody in it."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.planfile.decode import decode
from reconciler.platforms.refusal import LONGEST, own_words
from reconciler.report import result as report
from reconciler.sandbox import Fault
from tests.harness import VARIANTS, opened, person
from tests.leaks import canaries

SENT = {
    "customer": {
        "email": "ada@example.com",
        "first_name": "Ada",
        "last_name": "lovelace",
        "tags": ["vip"],
        "phone": "+8613315034487",
    }
}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"error": "Customer has orders"}, "Customer has orders"),
        ({"errors": ["record not found"]}, "record not found"),
        (
            {"errors": ["Email is invalid", "phone has already been taken"]},
            "Email is invalid; phone has already been taken",
        ),
        (
            {
                "errors": {
                    "email": ["is invalid"],
                    "tags": ["is too long (maximum is 250 characters)"],
                }
            },
            "email is invalid; tags is too long (maximum is 250 characters)",
        ),
        (
            {"code": "InvalidParameter", "message": "the parameter 'email' is wrong"},
            "the parameter 'email' is wrong; code InvalidParameter",
        ),
        ({"errors": "Too many request"}, "Too many request"),
        ({"error": "Invalid phone: +86 133 1503 4487"}, "Invalid phone: •••"),
        ({"error": "ada@example.com is taken by Grace Hopper"}, "••• is taken by •••"),
        ({"error": "lovelace is taken"}, "••• is taken"),
        ({"error": "customer 1020000013062 has a tag vip"}, "customer ••• has a tag •••"),
        ({"error": "the name 'grace' is taken"}, "the name '•••' is taken"),
        ({"error": "客户 王小明 exists"}, "客户 ••• exists"),
        ({"error": "born 1990-01-02"}, "born •••"),
        ({"error": {"grace@example.com": "exists"}}, "••• exists"),
        ({"data": {"first_name": "Grace"}}, "first_name •••"),
        ({"error": "\u202e\x1b[31mred"}, ""),
        ({"errors": ["first_name Ada and last_name Key"]}, "first_name ••• and last_name Key"),
        ({"error": "used by grace hopper, baker street 12"}, "used by ••• street •••"),
        ({"error": "too long: lovelacelovel..."}, "too long: •••..."),
        ({"errors": {"grace hopper": ["is taken"]}}, "••• is taken"),
        ({"error": "1331, 5034, 487 invalid"}, "••• invalid"),
        ({"error": "zip 9021 of at most 5 characters"}, "zip ••• of at most 5 characters"),
        ({"code": "10012", "message": "名字太长"}, "名字太长; code 10012"),
        (
            {"errors": [{"field": ["customer", "first_name"], "message": "is too long"}]},
            "customer.first_name is too long",
        ),
        ({"first_name": ["is too long"]}, "first_name is too long"),
        ({"data": {"errors": ["State is not valid"]}}, "State is not valid"),
        (
            {"errors": "CUST0004: Insufficient scope: write_customers"},
            "CUST0004: Insufficient scope: write_customers",
        ),
        (
            {
                "errors": [
                    f"{one} is invalid"
                    for one in ("email", "phone", "note", "tags", "zip", "city", "state")
                ]
            },
            "email is invalid; phone is invalid; note is invalid; tags is invalid; zip is invalid; "
            "and 2 more",
        ),
        ({"error": "retry after 1000 ms"}, "retry after 1000 ms"),
        ({"message": "标签长度不能超过40个字符"}, "标签长度不能超过40个字符"),
        (
            {"error_description": "the phone 133 limit 150 maximum"},
            "the phone ••• limit ••• maximum",
        ),
        ({"error": "customer at AB12"}, "customer at •••"),
        ([], ""),
        ("just text", "just text"),
    ],
)
def test_the_stores_own_words_are_kept_and_values_are_not(body: Any, told: str) -> None:
    assert own_words(json.dumps(body).encode(), (SENT,)) == told


@pytest.mark.parametrize("content", [b"", b"<html>no</html>", b"[" * 100_000, b'{"error": '])
def test_what_is_no_json_says_nothing(content: bytes) -> None:
    assert own_words(content, ()) == ""


def test_a_long_story_is_cut() -> None:
    told = own_words(json.dumps({"error": "no " * 5_000}).encode(), ())

    assert len(told) <= LONGEST
    assert told.endswith("…")


_WORDS = st.sampled_from(
    ["Email", "is", "taken by", "customer", "{}", "'{}'", "({})", "{},", "{}."]
)


@given(
    st.lists(_WORDS, min_size=1, max_size=8),
    st.sampled_from([*canaries.EVERY]),
    st.sampled_from([str, str.upper, str.lower]),
)
def test_no_canary_comes_through_whether_it_was_sent_or_not(
    words: list[str], canary: str, spelling: Any
) -> None:
    said = " ".join(words).replace("{}", canary)
    body = json.dumps({"errors": {"email": [spelling(said)]}}).encode()

    assert canaries.found_in(own_words(body, (SENT, {"a": canary}))) == set()


_FIELDS = st.sampled_from(["email", "first_name", "addresses", "tags", "customer"])
# The forms of the documents, one in another: a text, a list, a map of fields, an envelope.
_NESTED = st.recursive(
    st.just("SAID"),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3),
        st.dictionaries(_FIELDS, inner, min_size=1, max_size=3),
        st.fixed_dictionaries({"message": inner, "field": st.just(["customer", "email"])}),
    ),
    max_leaves=4,
)


@given(
    _NESTED,
    st.sampled_from(["errors", "error", "message"]),
    st.booleans(),
    st.sampled_from([*canaries.EVERY]),
)
def test_every_form_of_the_documents_is_told_in_words_and_without_a_canary(
    nested: Any, key: str, enveloped: bool, canary: str
) -> None:
    body: Any = {key: nested}
    if enveloped:
        body = {"code": "InvalidParameter", **body}
    content = json.dumps(body).replace("SAID", f"is invalid: {json.dumps(canary)[1:-1]}")
    told = own_words(content.encode(), (SENT,))

    assert canaries.found_in(told) == set()
    if _depth(nested) < 5:
        assert "is invalid" in told
    assert not enveloped or "InvalidParameter" in told


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, inner), default=0)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("form", ["text", "list", "map", "nested", "code", "both"])
def test_the_report_of_an_apply_has_the_stores_words_and_nobodys_data(
    tmp_path: Path, variant: str, form: str
) -> None:
    said = "the name Quentin of quentin@example.com is not allowed here, nor is Ada"
    bodies: dict[str, Any] = {
        "text": {"error": said},
        "list": {"errors": [said]},
        "map": {"errors": {"first_name": [said]}},
        "nested": {"errors": {"addresses": [{"first_name": [said]}]}},
        "code": {"code": "InvalidParameter", "message": said},
        "both": {"code": "session_not_found", "errors": [said]},
    }
    body = bodies[form]
    with opened(tmp_path, variant, [person()]) as shop:
        shop.want({"email": "ada@example.com", "first_name": "Quentin"})
        plan = shop.plan()
        for method in ("PUT", "PATCH"):
            shop.box.fault(Fault("status", status=422, body=body, method=method, times=99))
        result = shop.apply(plan)

    told = "".join(f"{line.text}\n" for line in report.render(result, "", ()))
    assert "the name ••• of ••• is not allowed here, nor is •••" in told
    assert "uentin" not in told + repr(report.as_json(result, "", decode(plan)))


def test_what_was_sent_is_not_shown_however_much_was_read() -> None:
    read = [{"tag": f"word{n}"} for n in range(50_000)]
    body = b'{"error": "the name Max is taken"}'

    assert own_words(body, ({"first_name": "Max"}, read)) == "the name ••• is taken"


@pytest.mark.parametrize(
    ("sent", "said", "told"),
    [
        ({"last": "郑", "first": "成功"}, "客户郑成功已存在", "客户•••已存在"),
        ({"first": "和中"}, "姓名和中无效", "姓名•••无效"),
        ({"zip": "SW19 5AE"}, "zip SW19 5AE is not valid", "zip ••• is not valid"),
        ({"first": "Or", "last": "Too"}, "the customer Or Too exists", "the customer ••• exists"),
        ({"phone": "+8613315034487"}, "phone exceeds 133 limit 150", "phone exceeds ••• limit •••"),
        (
            {"note": "please call about the order before payment is due, the service was bad"},
            "the order payment service is not available",
            "the order payment service is not available",
        ),
    ],
)
def test_no_piece_of_what_was_sent_is_shown(sent: dict[str, str], said: str, told: str) -> None:
    assert own_words(json.dumps({"error": said}).encode(), (sent,)) == told
