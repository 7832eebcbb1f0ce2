"""What is said of adoptions: counted, by place, and of nobody."""

from reconciler.plan.adoption import Adoption, Kind, Unfit
from reconciler.report import adoption
from tests.builders import desired, wanted


def one(kind: Kind = Kind.OPT_OUT, store: str = "shop", field: str = "consent.email") -> Adoption:
    from dataclasses import replace

    return Adoption(
        desired=replace(desired(), store=store),
        alias="cus_aaaaaaaaaa",
        field=field,
        kind=kind,
        value=wanted("unsubscribed"),
    )


def test_a_subject_counts_by_kind_and_names_two_stores_at_most() -> None:
    many = [one(), one(), one(Kind.FIELD, field="note"), one(Kind.OPT_IN)]

    assert adoption.subject(many[:1]) == "Adopt 1 opt-out from shop"
    assert adoption.subject(many) == "Adopt 2 opt-outs, 1 opt-in and 1 field from shop"
    stores = [one(store=name) for name in "abc"]
    assert adoption.subject(stores[:2]) == "Adopt 2 opt-outs from a and b"
    assert adoption.subject(stores) == "Adopt 3 opt-outs from 3 stores"


def test_a_message_has_a_line_for_each() -> None:
    assert adoption.message([one(), one(Kind.FIELD, field="note")]) == (
        "Adopt 1 opt-out and 1 field from shop\n"
        "\n"
        "- specs/all.yaml:3:5 cus_aaaaaaaaaa consent.email (shop)\n"
        "- specs/all.yaml:3:5 cus_aaaaaaaaaa note (shop)\n"
    )


def test_what_is_not_adopted_says_why() -> None:
    unfit = Unfit(desired=desired(), alias="cus_a", field="tags", why="nobody knows")

    told = [line.text for line in adoption.render([one(Kind.FIELD, field="note")], [unfit])]

    assert told == [
        "specs/all.yaml:3:5: cus_aaaaaaaaaa note: note: the store has another value",
        "specs/all.yaml:3:5: cus_a tags: not adopted: nobody knows",
    ]
