"""Laws of adopting: the next plan is quiet, nobody is opted in, and every other byte stays."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reconciler import app
from reconciler.model.consent import ConsentState, WantedConsent
from reconciler.model.fields import ADOPTABLE
from reconciler.plan.adoption import Kind
from tests.desired.test_adopt import DATED, OUT, adopted
from tests.harness import VARIANTS, Shop
from tests.strategies import desired, records

Json = dict[str, Any]
_SCENE = st.sampled_from(VARIANTS).flatmap(
    lambda variant: st.tuples(
        st.just(variant),
        *(make(variant.partition("-")[0]) for make in (records, desired)),
        st.sets(st.sampled_from(ADOPTABLE)),
    )
)


def _adopted(shop: Shop, fields: set[str]) -> app.Adopted:
    chosen = app.AdoptOptions(fields=tuple(sorted(fields)))
    return app.adopt(shop.specs, shop.environment, chosen, lambda _: None)


@given(scene=_SCENE)
def test_what_is_adopted_is_quiet_and_raises_nobody(
    shops: dict[str, Shop], scene: tuple[str, list[Json], list[Json], set[str]]
) -> None:
    variant, live, wanted, fields = scene
    shop = shops[variant]
    shop.reset(live)
    shop.want(*wanted)
    before = {
        (one.mark.file, number): dict(one.consents)
        for number, one in enumerate(shop.state().of("shop"))
    }

    made = _adopted(shop, fields)
    assert made.write() == ()

    assert made.failed == ()
    if not made.units:
        return
    kinds = {unit.first.kind for unit in made.units}
    after = dict(enumerate(shop.state().of("shop")))
    for (_, number), had in before.items():
        for channel, consent in after[number].consents:
            rises = (
                consent.state is not ConsentState.UNSUBSCRIBED
                and had[channel].state is ConsentState.UNSUBSCRIBED
            )
            assert not rises or (Kind.OPT_IN in kinds and f"consent.{channel}" in fields)
    again = _adopted(shop, fields)
    assert again.units == ()
    body = shop.plan()
    assert not [one for one in body["verdicts"] if "`reconciler adopt`" in one["message"]]
    adopted_here = {(unit.first.alias, unit.first.field) for unit in made.units}
    changing = {
        (change["customer"], field["field"])
        for change in body["changes"]
        for field in change["fields"]
        if change["action"] == "update"
    }
    assert adopted_here & changing == set()


_WORDS = ("# a", "#b: c", "# 'd", "# - e", "# {f", "# é😀")
_PAIRS = (
    ("state", "subscribed"),
    ("given_at", "2026-03-01T09:12:00+00:00"),
    ("source", "'a, # b'"),
    ("method", "paper"),
    ("level", "confirmed"),
    ("evidence", '"f: {1}"'),
)


@st.composite
def _layouts(draw: st.DrawFn) -> tuple[str, list[str], list[str]]:
    """A spec with comments anywhere, with its comments, and the lines that nobody may touch."""
    comments: list[str] = []

    def maybe(before: str = " ") -> str:
        if draw(st.integers(0, 2)):
            return ""
        comments.append(f"{draw(st.sampled_from(_WORDS))} {len(comments)}")
        return before + comments[-1]

    def alone(indent: str) -> list[str]:
        told = maybe("")
        return [indent + told] if told else []

    extra = draw(st.sets(st.sampled_from(_PAIRS[1:])))
    pairs = draw(st.permutations([_PAIRS[0], *sorted(extra)]))
    kept = ["customers:", "  - {email: bo@example.com, consent: {email: subscribed}}  # bo"]
    lines = [*kept, *alone("  "), "  - email: ada@example.com" + maybe(), *alone("    ")]
    lines.append("    consent:" + maybe())
    lines += alone("      ")
    if draw(st.booleans()):
        lines.append("      email:" + maybe())
        for name, value in pairs:
            lines += alone("        ")
            lines.append(f"        {name}: {value}{maybe()}")
    elif draw(st.booleans()):
        inner = [f"{name}: {value}" for name, value in pairs]
        lines.append(f"      email: {{{', '.join(inner)}}}{maybe()}")
    else:
        lines.append("      email: {" + maybe())
        for name, value in pairs:
            lines += alone("         ")
            lines.append(f"         {name}: {value},{maybe()}")
        lines.append("         }" + maybe())
    end = draw(st.sampled_from([["    note: 'kept # here'"], ["    tags:", "      - vip"], []]))
    lines += [*alone("    "), *end, *alone("")]
    kept.append("# bo")
    return "\n".join(lines) + "\n", comments, [*kept[:2], *end]


@given(
    layout=_layouts(),
    value=st.sampled_from([DATED, OUT]),
    ending=st.sampled_from(["\n", "\r\n"]),
    mark=st.sampled_from(["", "\ufeff"]),
)
def test_comments_and_everybody_elses_lines_stay_in_their_order(
    layout: tuple[str, list[str], list[str]], value: WantedConsent, ending: str, mark: str
) -> None:
    text, comments, kept = layout

    after = adopted(mark + text.replace("\n", ending), "consent.email", value, 1)

    assert after.startswith(mark)
    assert after.count("\n") == after.count(ending)
    at = 0
    for one in comments:
        at = after.index(one, at)
    lines = after.removeprefix(mark).split(ending)
    assert [one for one in lines if one in kept] == kept
    assert "given_at" not in after
    assert "checkout" not in after
