"""Laws of tables: whatever stands in them, nobody is subscribed, lost or named by an import."""

import csv
import io
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reconciler import app
from reconciler.app.importing import Imported, ImportRequest, import_table
from reconciler.cli.import_ import _as_json
from reconciler.model.consent import Channel, ConsentState
from reconciler.model.identity import IdentityKind, identity
from tests.harness import VARIANTS, Shop, consent, person

Json = dict[str, Any]
GIVEN: Final = "2026-03-01T09:12:00+00:00"
STORES: Final = (
    "stores:\n  shop: {platform: shopline, shop: shop, token: {env: T}, phone_region: CN}\n"
)
MAPPING: Final = """\
columns: {Mail: email, News: consent.email, Texts: consent.sms}
words:
  consent.email: {subscribed: ["yes", "J"], unsubscribed: ["no", "j"]}
"""
HEADER: Final = (
    "Mail",
    "phone",
    "first_name",
    "tags.add",
    "News",
    "consent.email.given_at",
    "consent.email.source",
    "Texts",
)
# Few people and few words, so that rows meet; and what spreadsheets make of both.
MAILS: Final = ("ada@example.com", "ADA@example.com", "bo@example.com", "émile@example.com")
NO_MAILS: Final = ("", "nobody@", "=A1", "#N/A", "canary bird@example.com")
NUMBERS: Final = ("", "+8613315034487", "13315034487", "133 1503 4488", "8.61331E+12", "1.0", "7")
SOME: Final = ("", "Ada", "Zwitscher", "NULL", "=1+1", "a\nb", "'x", "\u202eadA")
NEWS: Final = ("", "yes", "no", "No", "YES", "J", "j", "unsubscribed", "subscribed", "maybe", "1")
TEXTS: Final = ("", "subscribed", "unsubscribed", "UNSUBSCRIBED", "Subscribed", "pending", "0")
TIMES: Final = ("", GIVEN, "03/04/2026", "2026-03-01", "2999-01-01T00:00:00Z", "45353")
SOURCES: Final = ("", "checkout", "told by canary@example.com")

rows = st.lists(
    st.tuples(
        st.sampled_from((*MAILS, *NO_MAILS)),
        st.sampled_from(NUMBERS),
        st.sampled_from(SOME),
        st.sampled_from(("", "vip", "vip,b2b", "a;b")),
        st.sampled_from(NEWS),
        st.sampled_from(TIMES),
        st.sampled_from(SOURCES),
        st.sampled_from(TEXTS),
    ),
    min_size=1,
    max_size=6,
)
OTHERS: Final = (
    "",
    "store: shop\ncustomers: [{email: ada@example.com, first_name: Ada}]\n",
    "store: shop\nconsents:\n"
    "  - {customer: {email: bo@example.com}, channel: email, state: unsubscribed}\n",
)
# With these an opt-out may be told as lost: one entry links two people, another grants.
TELLING: Final = (
    "store: shop\ncustomers: [{email: ada@example.com, phone: '+8613315034487'}]\n",
    "store: shop\nconsents:\n"
    "  - {customer: {email: bo@example.com}, channel: email, state: subscribed}\n",
)
others = st.sampled_from((*OTHERS, *TELLING))


class Folder:
    """A folder of specs into which tables are imported."""

    def __init__(self, path: Path, other: str = "") -> None:
        self.path = path
        self.specs = path / "specs"
        self.specs.mkdir()
        (self.specs / "stores.yaml").write_text(STORES)
        (path / "map.yaml").write_text(MAPPING)
        if other:
            (self.specs / "other.yaml").write_text(other)

    def imported(
        self, table: Sequence[Sequence[str]], header: Sequence[str] = HEADER, *, skip: bool = True
    ) -> Imported:
        text = io.StringIO()
        csv.writer(text).writerows((header, *table))
        (self.path / "t.csv").write_text(text.getvalue(), encoding="utf-8", newline="")
        out = self.specs / "t.yaml"
        out.unlink(missing_ok=True)
        request = ImportRequest(
            table=self.path / "t.csv",
            specs=self.specs,
            out=out,
            mapping=self.path / "map.yaml",
            skip_refused=skip,
        )
        done = import_table(request, app.environment_of(self.specs, None), [])
        if done.text is not None:
            out.write_text(done.text, encoding="utf-8")
        return done

    def wanted(self) -> dict[str, dict[Channel, ConsentState]]:
        """What is wanted of the consents of everybody, by each of their identities."""
        state, diagnostics = app.load([self.specs], app.environment_of(self.specs, None))
        assert state is not None, [str(one) for one in diagnostics]
        return {
            one.key: {channel: wanted.state for channel, wanted in customer.consents}
            for customer in state.of("shop")
            for one in customer.identities
        }


@contextmanager
def folder(other: str = "") -> Iterator[Folder]:
    with tempfile.TemporaryDirectory() as path:
        yield Folder(Path(path), other)


def key(kind: IdentityKind, text: str) -> str:
    found = identity(kind, text, "CN")
    assert found is not None
    return found.key


@given(rows, others)
def test_what_is_written_validates_beside_the_others(
    table: list[tuple[str, ...]], other: str
) -> None:
    with folder(other) as here:
        here.imported(table)

        here.wanted()


@given(rows, others)
def test_who_is_out_in_any_row_is_out_in_what_is_written_or_told_of(
    table: list[tuple[str, ...]], other: str
) -> None:
    """A row that names somebody for sure loses no opt-out, however the rest of it is; where other
    files stand against it, that is told.
    """
    with folder(other) as here:
        done = here.imported(table)

        wanted = here.wanted()
        for number, row in enumerate(table, start=2):
            out = {
                Channel.EMAIL: row[4].casefold() in ("no", "unsubscribed") or row[4] == "j",
                Channel.SMS: row[7].casefold() == "unsubscribed",
            }
            if row[0] not in MAILS or not any(out.values()):
                continue
            if number in done.opt_outs_lost and other in TELLING:
                continue
            assert number not in done.opt_outs_lost
            found = wanted[key(IdentityKind.EMAIL, row[0])]
            for channel in (channel for channel, told in out.items() if told):
                assert found[channel] is ConsentState.UNSUBSCRIBED


@given(rows, others)
def test_nobody_is_subscribed_but_by_the_words_of_the_mapping(
    table: list[tuple[str, ...]], other: str
) -> None:
    with folder(other) as here:
        here.imported(table)

        assume("subscribed" not in other.replace("unsubscribed", ""))
        mails = {
            key(IdentityKind.EMAIL, row[0])
            for row in table
            if row[4] in ("yes", "J") and row[0] in MAILS
        }
        numbers = {row[1] for row in table if row[7] == "subscribed"}
        doubted = {
            key(IdentityKind.EMAIL, row[0])
            for row in table
            if row[0] in MAILS and row[4] in ("YES", "subscribed", "maybe", "1")
        }
        for contact, states in here.wanted().items():
            if states.get(Channel.EMAIL) is ConsentState.SUBSCRIBED and "@" in contact:
                assert contact in mails
                assert contact not in doubted
            if states.get(Channel.SMS) is ConsentState.SUBSCRIBED:
                assert numbers


@given(st.text(max_size=12))
def test_a_word_that_nobody_explained_is_never_a_grant(word: str) -> None:
    with folder() as here:
        done = here.imported([("ada@example.com", word, "")], ("Mail", "News", "Texts"))

        granted = done.text is not None and ": subscribed" in done.text
        assert granted == (word.strip(" \t\r\n") in ("yes", "J"))


@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(table: list[tuple[str, ...]], chance: Any) -> None:
    other = list(table)
    chance.shuffle(other)
    with folder() as here:
        one, again = here.imported(table), None
        wanted = here.wanted()
        again = here.imported(other)

        assert here.wanted() == wanted
        assert again.totals == one.totals
        assert sorted(table[number - 2] for number in one.left_out) == sorted(
            other[number - 2] for number in again.left_out
        )


@given(rows, st.booleans())
def test_no_report_holds_what_stands_in_a_cell(table: list[tuple[str, ...]], skip: bool) -> None:
    marked = [
        (*row[:2], f"Kanarie{row[2]}", row[3] and f"{row[3]}Zwitscher", *row[4:]) for row in table
    ]
    with folder() as here:
        done = here.imported(marked, skip=skip)

        said = json.dumps(_as_json(done), ensure_ascii=False) + "".join(map(str, done.diagnostics))
        said = said.replace(done.sha256, "")
        for word in ("Kanarie", "Zwitscher", "@example", "133 1503", "checkout", "canary", "45353"):
            assert word not in said.replace("+8613315034487", "")


@given(rows)
def test_one_refused_row_and_nothing_is_written(table: list[tuple[str, ...]]) -> None:
    with folder() as here:
        strict = here.imported(table, skip=False)
        loose = here.imported(table)

        errors = [one for one in strict.diagnostics if one.severity == "error"]
        assert (strict.text is None) == (bool(errors) or not strict.totals.rows)
        assert strict.text is None or strict.text == loose.text
        assert {one.mark.line for one in errors} <= set(loose.left_out)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_table_is_planned_like_the_same_entries_by_hand(
    shops: dict[str, Shop], variant: str
) -> None:
    """Same changes, same holds, whichever way they came into the folder."""
    shop = shops[variant]
    shop.reset(
        [
            person("ada@example.com", consent={"email": consent("unsubscribed"), "sms": consent()}),
            person("bo@example.com"),
            person("cy@example.com", consent={"email": consent("subscribed"), "sms": consent()}),
        ]
    )
    shop.want()
    (shop.folder / "t.csv").write_text(
        "email,first_name,consent.email,consent.email.given_at,consent.email.source\n"
        f"ada@example.com,Ada,subscribed,{GIVEN},checkout\n"
        f"bo@example.com,Bo,subscribed,{GIVEN},checkout\n"
        "cy@example.com,Cy,unsubscribed,,\n"
        "dee@example.com,Dee,subscribed,,\n"
    )
    request = ImportRequest(table=shop.folder / "t.csv", specs=shop.specs)
    done = import_table(request, shop.environment, [])
    assert done.text is not None
    (shop.specs / "t.yaml").write_text(done.text)
    by_table = shop.plan()
    (shop.specs / "t.yaml").unlink()
    evidence = {"state": "subscribed", "given_at": GIVEN, "source": "checkout"}
    shop.want(
        {"email": "ada@example.com", "first_name": "Ada", "consent": {"email": evidence}},
        {"email": "bo@example.com", "first_name": "Bo", "consent": {"email": evidence}},
        {"email": "cy@example.com", "first_name": "Cy", "consent": {"email": "unsubscribed"}},
        {"email": "dee@example.com", "first_name": "Dee", "consent": {"email": "subscribed"}},
    )

    by_hand = shop.plan()

    assert _told(by_table) == _told(by_hand)
    assert by_table["summary"]["classes"] == by_hand["summary"]["classes"]
    assert any(one["rule"] == "consent.no-evidence" for one in by_table["verdicts"])


def _told(body: Json) -> tuple[object, ...]:
    """Without places and times."""
    changes = [(one["customer"], one["action"], one["digest"]) for one in body["changes"]]
    verdicts = [(one["rule"], one["level"], one["customer"]) for one in body["verdicts"]]
    return sorted(changes), sorted(verdicts, key=str)
