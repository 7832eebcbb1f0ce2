"""Nobody's data in any output: every command, format, failure and file, in every form."""

import html
import json
import logging
import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from reconciler.model.fields import ADOPTABLE
from reconciler.model.personal import Personal
from reconciler.plan.changes import ScalarChange
from reconciler.sandbox import Fault, Sandbox
from tests.bundle.bundles import members
from tests.harness import consent, grant, person
from tests.leaks import canaries
from tests.leaks.canaries import EMAILS, PHONES, assert_clean, found_in
from tests.program import Done, run

Json = dict[str, Any]
SINCE = "2026-07-02T08:15:30+00:00"
FORMATS = ("text", "markdown", "json", "html", "github", "gitlab", "csv")

METAFIELD = {"namespace": "custom", "key": "crm_note", "type": "single_line_text_field"}


class Watch:
    """One store of canaries with its specs, and everything that any command let out of it."""

    def __init__(self, folder: Path, box: Sandbox, url: str) -> None:
        self.box = box
        self.folder = folder
        self.state = folder / "state"
        self.specs = folder / "specs"
        self.specs.mkdir()
        self._url = url
        self._out: list[tuple[str, str]] = []
        self.log = folder / "debug.log"
        self.want()

    def want(self, *more: Json, approvals: tuple[Json, ...] = ()) -> None:
        shopline = self.box.platform == "shopline"
        note = {} if self.box.platform == "shoplazza" else {"note": canaries.NOTE}
        own = (
            {
                "nickname": canaries.NICKNAME,
                "birthday": canaries.BIRTHDAY,
                "gender": "female",
                "language": "nb",
                "tax_exempt": True,
                "tax_exemptions": [{"country": "NO", "subdivisions": "all"}],
                "metafields": [{**METAFIELD, "value": canaries.NOTE}],
            }
            if shopline
            else {"tax_exemptions": [{"country": "NO", "subdivisions": "all"}]}
            if self.box.platform == "genstore"
            else {}
        )
        moves: list[Json] = (
            []
            if self.box.platform == "shoplazza"
            else [
                {"email": EMAILS[3], "previously": {"email": EMAILS[2]}},
                {"email": EMAILS[5], "state": "absent", "reason": f"{canaries.FIRST} asked"},
            ]
        )
        contact = {"phone": PHONES[0]} if shopline else {}
        document: Json = {
            "stores": {
                "shop": {
                    "platform": self.box.platform,
                    "shop": "acme",
                    "base_url": self._url,
                    "token": {"env": "TOKEN"},
                    "rate": {"per_second": 900, "burst": 900},
                    "phone_region": "CN",
                    "timezone": "UTC",
                    "tags": {"owned": ["*"]},
                    "limits": {
                        name: {"percent": 100, "at_least": 99, "at_most": 99}
                        for name in ("tag", "profile", "create", "grant", "delete")
                    },
                }
            },
            "store": "shop",
            "customers": [
                {
                    "email": EMAILS[0],
                    "first_name": canaries.FIRST,
                    "last_name": canaries.LAST,
                    **note,
                    **own,
                    "tags": ["vip", canaries.IN_TAG],
                    "addresses": [canaries.address(self.box.platform)],
                },
                {"email": EMAILS[1], "consent": {"email": "unsubscribed"}},
                {
                    "email": EMAILS[4],
                    **contact,
                    "first_name": canaries.FIRST,
                    "consent": {
                        "email": grant(source=canaries.IN_SOURCE, evidence=canaries.IN_TAG)
                    },
                },
                {"phone": PHONES[1], "last_name": canaries.LAST},
                *moves,
                *more,
            ],
            **({"approvals": list(approvals)} if approvals else {}),
        }
        text = json.dumps(document, indent=1)
        (self.specs / "all.yaml").write_text(text, encoding="utf-8")

    def reset(self) -> None:
        self.box.reset(_people(self.box.platform), _switches(self.box.platform))

    def run(self, *words: object, **env: str) -> Done:
        place = ("--specs", self.specs, "--state-dir", self.state)
        told = {
            "TOKEN": canaries.TOKEN,
            "RECONCILER_KEY": "k" * 40,
            "CI_COMMIT_SHA": "c0ffee",
            **env,
        }
        done = run(*words, *place, env=told)
        name = " ".join(str(word) for word in words if not isinstance(word, Path))
        self._out.append((f"stdout of {name}", done.out))
        self._out.append((f"stderr of {name}", done.err))
        for path in re.findall(r"/\S*reconciler-fault-\w+\.txt", done.err):
            self._out.append(("fault report", Path(path).read_text()))
        return done

    def outputs(self) -> Iterator[tuple[str, str]]:
        """Streams, the debug log, and every file that was written, keys apart."""
        yield from self._out
        for path in sorted(
            (*self.state.rglob("*"), *(self.folder / "written").rglob("*"), self.log)
        ):
            if path.is_file() and path.name != "key":
                yield f"file {path.name}", path.read_text(encoding="utf-8")
                yield f"name of {path.name}", str(path.relative_to(self.folder))


def _switches(platform: str) -> dict[str, str]:
    """So that everything which the specs ask for can be done."""
    return {"nick_name": "honoured", "language": "honoured"} if platform == "shopline" else {}


def _exemptions_of_somebody() -> Json:
    """Where codes of regions are due, as somebody may have typed it into the store."""
    region = {"country": canaries.LAST, "subdivisions": [canaries.STREET]}
    return {"applyToAllRegion": False, "taxExemptionRegions": [region]}


def _of_shopline() -> Json:
    """A metafield may hold anything, and be called and typed like anybody."""
    theirs = {"namespace": canaries.FIRST, "key": canaries.LAST, "value": canaries.NOTE}
    return {
        "birthday": canaries.OLD_BIRTHDAY,
        "metafields": [
            {**METAFIELD, "value": canaries.STREET, "type": canaries.IN_TAG},
            {**METAFIELD, **theirs},
        ],
    }


def _people(platform: str) -> list[Json]:
    phones = {
        "genstore": [one[3:] for one in PHONES],
        "shopline": [f"00{one[1:]}" for one in PHONES],
    }
    phone = phones.get(platform, list(PHONES))
    yes = {"email": {**consent("subscribed"), "source": canaries.IN_SOURCE}, "sms": consent()}
    return [
        person(
            EMAILS[0],
            phone=phone[2],
            tags=[canaries.IN_TAG, "app:x"],
            extra=_of_shopline() if platform == "shopline" else {},
        ),
        person(
            EMAILS[1],
            first_name=canaries.FIRST,
            last_name=canaries.LAST,
            consent=yes,
            addresses=[canaries.address(platform)],
            note=canaries.NOTE,
        ),
        person(
            EMAILS[2],
            first_name=canaries.FIRST,
            tax_exemptions=None if platform == "shoplazza" else _exemptions_of_somebody(),
        ),
        person(EMAILS[5], last_name=canaries.LAST),
        person(None, phone=phone[1], first_name=canaries.FIRST),
    ]


@pytest.fixture(params=["genstore", "shoplazza", "shopline"])
def watch(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Watch]:
    box = Sandbox(request.param, token=canaries.TOKEN, rate="off")
    box.reset(_people(request.param), _switches(request.param))
    (tmp_path / "written").mkdir()
    with box.serving() as url:
        yield Watch(tmp_path, box, url)


@contextmanager
def _debugging(watch: Watch) -> Iterator[None]:
    """Everything that any library says at its most talkative."""
    root = logging.getLogger()
    handler = logging.FileHandler(watch.log)
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
        handler.close()


def test_planning_applying_and_telling_of_it_let_nothing_out(watch: Watch) -> None:
    plan = watch.folder / "written" / "plan.json"
    with _debugging(watch):
        assert watch.run("plan", "--out", plan).code == 0
        for form in FORMATS:
            watch.run("plan", "--format", form, "-v", "--read", "lookup")
            watch.run("show", plan, "--format", form, "-v")
            watch.run("plan", "--format", form, "--output", watch.folder / "written" / form)
        watch.run("show", plan, "--steps")
        for name in (EMAILS[0], EMAILS[1], PHONES[1]):
            watch.run("explain", name)
        watch.run("plan", "--show-personal")
        watch.run("explain", EMAILS[0], "--show-personal")
        watch.run("apply", plan, "-v")
        watch.run("apply", plan)
        watch.run("apply", "--yes", "--format", "json")
        watch.run("audit", "log")
        watch.run("audit", "verify")
        watch.run("stores")
        written = watch.folder / "export.yaml"
        assert "wrote" not in watch.run("export", "--store", "shop", "--out", written).out

    assert_clean(watch.outputs())


ODD: tuple[Json, ...] = (
    {
        "email": "ÜnÏcode.Ünlike@Feder-Ümlaut.example",
        "first_name": "Zoe\u0308-Odile",
        "phone": None,
    },
    {"email": "o'brien.odd@feather7.example", "last_name": "O\u2019Brien\u200d-Odd", "phone": None},
    {"email": "ODD+Tag@FEATHER7.EXAMPLE", "note": "\uff2f\uff44\uff44 note,\r\nof two lines"},
    {"email": "plain.odd@feather7.example", "first_name": '=HYPERLINK("odd")', "phone": None},
)


def test_a_bundle_for_an_auditor_lets_nothing_out(watch: Watch) -> None:
    spelt = [
        person(
            one["email"], **{name: text for name, text in one.items() if name != "email" and text}
        )
        for one in ODD
    ]
    watch.box.reset([*_people(watch.box.platform), *spelt])
    watch.want(*({"email": one["email"], "tags": {"add": ["seen"]}} for one in ODD))
    bundle = watch.folder / "written" / "applies.tar"
    assert watch.run("apply", "--yes").code == 0
    assert watch.run("audit", "export", "--out", bundle).code == 0
    assert watch.run("audit", "verify", bundle).code == 0

    parts = members(bundle.read_bytes())
    assert {name.partition("/")[0] for name in parts} >= {"audit", "opt-outs", "plans", "pages"}
    assert_clean(watch.outputs())
    text = "".join(one.decode() for one in parts.values())
    whole = (text, text.casefold(), json.dumps(text, ensure_ascii=False), html.unescape(text))
    for value in (value for one in ODD for value in one.values() if value):
        for form in ("NFC", "NFD", "NFKC"):
            spelling = unicodedata.normalize(form, value)
            coded = json.dumps(spelling)[1:-1]
            assert not any(
                one in each for each in whole for one in (spelling, spelling.casefold(), coded)
            )


def test_adopting_lets_nothing_out_but_into_the_files(watch: Watch) -> None:
    no = consent("unsubscribed", None if watch.box.platform == "shoplazza" else SINCE, "person")
    people = _people(watch.box.platform)
    people[0] |= {"first_name": canaries.LAST, "consent": {"email": no, "sms": consent()}}
    watch.box.reset(people)
    text = (watch.specs / "all.yaml").read_text(encoding="utf-8")
    with_consent = text.replace(
        f'"email": "{EMAILS[0]}",', f'"email": "{EMAILS[0]}", "consent": {{"email": "subscribed"}},'
    )
    (watch.specs / "all.yaml").write_text(with_consent, encoding="utf-8")
    told = watch.folder / "written" / "message.txt"
    fields = [f"--field={one}" for one in ADOPTABLE]
    with _debugging(watch):
        assert watch.run("adopt").code == 2
        assert watch.run("adopt", *fields).code in (1, 2)
        assert watch.run("adopt", *fields, "--write", "--message-file", told).code in (0, 1)
        watch.run("adopt", *fields, "--write")

    assert told.read_text().startswith("Adopt 1 opt-out and ")
    written = (watch.specs / "all.yaml").read_text(encoding="utf-8")
    assert f'"first_name": "{canaries.LAST}"' in written
    assert_clean(watch.outputs())


@pytest.mark.parametrize(
    "fault",
    [
        Fault(
            "status", status=422, times=99, body={"errors": [f"{EMAILS[0]} {PHONES[0]} is taken"]}
        ),
        Fault("status", status=500, times=99, body=f"<p>{canaries.FIRST} {canaries.STREET}</p>"),
        Fault(
            "status", status=401, times=99, body={"error": f"no {canaries.TOKEN} for {EMAILS[1]}"}
        ),
        Fault("status", status=429, times=99, body={"errors": EMAILS[2]}),
        Fault("status", status=200, times=99, body=f'{{"customers": "{EMAILS[2]}"}}'),
        Fault("truncate", times=99),
        Fault("drop_before", times=99),
        Fault("redirect", times=99, body=f"http://127.0.0.1:9/?email={EMAILS[0]}"),
    ],
    ids=lambda fault: f"{fault.kind} {fault.status}",
)
def test_failures_let_nothing_out(watch: Watch, fault: Fault) -> None:
    plan = watch.folder / "written" / "plan.json"
    with _debugging(watch):
        watch.run("plan", "--out", plan)
        watch.box.fault(fault)
        watch.run("plan", "-v")
        watch.run("apply", plan, "-v")
        watch.run("explain", EMAILS[1])
        watch.box.clear_faults()
        watch.run("apply", plan, "--resume", "--format", "json")

    assert_clean(watch.outputs())


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ("httpx.Client.send", 1),
        ("reconciler.app.planning.plan_store", 70),
        ("reconciler.app.plan", 70),
    ],
)
def test_a_fault_of_ours_lets_nothing_out(
    watch: Watch, monkeypatch: pytest.MonkeyPatch, place: str, code: int
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError(f"{EMAILS[0]} {canaries.NOTE}")

    monkeypatch.setattr(place, broken)
    with _debugging(watch):
        assert watch.run("plan", "-v").code == code
        assert code == 1 or any(name == "fault report" for name, _ in watch.outputs())

    assert_clean(watch.outputs())


BROKEN = {
    "not YAML": f"customers: [{{email: {EMAILS[0]}\n",
    "a tab": f"customers:\n\t- email: {EMAILS[0]}\n",
    "an unknown key": f"customers:\n  - {{email: {EMAILS[0]}, '{EMAILS[1]}': x}}\n",
    "a wrong type": f"customers:\n  - {{email: {EMAILS[0]}, tags: '{canaries.NOTE}'}}\n",
    "no e-mail": f"customers:\n  - email: '{canaries.STREET}'\n",
    "no phone": f"customers:\n  - phone: '{canaries.STREET}'\n",
    "twice": f"customers:\n  - email: {EMAILS[0]}\n  - email: {EMAILS[0].upper()}\n",
    "a repeated key": f"customers:\n  - {{email: {EMAILS[0]}, email: {EMAILS[1]}}}\n",
    "an anchor": f"customers: &x\n  - email: {EMAILS[0]}\n  - *x\n",
    "a literal token": f"stores: {{shop: {{platform: genstore, shop: a, token: {canaries.TOKEN}}}}}\n",
    "a bad date": f"consents:\n  - {{customer: {{email: {EMAILS[0]}}}, channel: email, state: "
    f"subscribed, given_at: '{canaries.NOTE}'}}\n",
    "a personal store": f"stores: {{'{EMAILS[0]}': {{platform: x}}}}\nstore: {EMAILS[1]}\n",
    "a personal channel": f"consents:\n  - {{customer: {{phone: '{PHONES[0]}'}}, channel: '{EMAILS[2]}', "
    "state: unsubscribed}\n",
}


@pytest.mark.parametrize("name", BROKEN)
def test_complaints_about_specs_let_nothing_out(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.yaml").write_text(BROKEN[name], encoding="utf-8")
    outputs = []
    for form in ("text", "json", "github", "sarif"):
        done = run("validate", tmp_path, "--format", form)
        assert done.code == 1
        outputs.append((form, done.everything))
    outputs.append(("plan", run("plan", "--specs", tmp_path).everything))

    assert_clean(outputs)


# -- the test itself is tested ------------------------------------------------------------------


def test_personal_values_cannot_be_formatted_by_accident() -> None:
    value = Personal(EMAILS[0])
    tries = [
        str(value),
        repr(value),
        f"{value}",
        f"{value!r:>40}",
        f"{value}",
        f"{value}",
    ]
    careless: tuple[Callable[[Any], object], ...] = (json.dumps, bytes, list, "".join)
    for attempt in careless:
        with pytest.raises(TypeError):
            tries.append(str(attempt(value)))

    assert_clean([("tries", " ".join(tries))])


@pytest.mark.parametrize("form", sorted({name for name, _ in canaries.forms(EMAILS[0])}))
def test_every_form_of_a_planted_leak_is_found(form: str) -> None:
    text = next(text for name, text in canaries.forms(EMAILS[0]) if name == form)

    assert (EMAILS[0], form) in found_in(f"so it is said: {text}, is it not?")
    with pytest.raises(AssertionError):
        assert_clean([("planted", f"x{text}y")])


def test_a_renderer_that_leaks_is_found(tmp_path: Path) -> None:
    """The plan of the canaries, told by somebody who reveals what he should not."""
    from reconciler import app
    from reconciler.clock import system_clock

    box = Sandbox("genstore", token=canaries.TOKEN, rate="off")
    box.seed(_people("genstore"))
    with box.serving() as url:
        watch = Watch(tmp_path, box, url)
        variables = {"TOKEN": canaries.TOKEN, "RECONCILER_KEY": "k" * 40}
        environment = app.Environment(clock=system_clock(), variables=variables, folder=watch.state)
        state = app.load_or_raise(watch.specs, environment, lambda _: None)
        made = app.plan(
            state, app.PlanOptions(), environment, app.pseudonyms_for(environment, state)
        )
    leaking = " ".join(
        one.after.reveal()
        for store in made.stores
        for change in store.changes
        for one in change.fields
        if isinstance(one, ScalarChange) and isinstance(one.after, Personal)
    )

    with pytest.raises(AssertionError):
        assert_clean([("a leaking renderer", leaking)])
