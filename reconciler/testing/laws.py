"""Laws of the whole way, on random people and specs, of as many examples as the subject says."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from reconciler.app.exporting import Export
from reconciler.model.capabilities import Capabilities
from reconciler.model.consent import Channel, ConsentState
from reconciler.testing.case import Case, Entry, told
from reconciler.testing.check import EMAIL, GRANT, Check, apart, is_yes, nothing, updates
from reconciler.testing.subject import Person

_EMAILS: Final = tuple(f"{name}@example.com" for name in ("ada", "bo", "chen", "dina"))
_NAMES: Final = ("Ada", "伟", "O'Neil", "Zoë", "=1+1")
_TAGS: Final = ("vip", "B2B", "trial")
_FOREIGN: Final = ("app:loyalty", "birthday")
_STATES: Final = (ConsentState.SUBSCRIBED, ConsentState.UNSUBSCRIBED, ConsentState.NOT_SUBSCRIBED)


@dataclass(frozen=True, slots=True)
class Scene:
    """A store's people, and the entries of its specs."""

    people: tuple[Person, ...]
    entries: tuple[Entry, ...]

    def entry(self, email: str) -> Entry | None:
        return next((one for one in self.entries if one["email"] == email), None)


def _people() -> st.SearchStrategy[tuple[Person, ...]]:
    person = st.builds(
        Person,
        email=st.sampled_from(_EMAILS),
        first_name=st.sampled_from(_NAMES),
        last_name=st.sampled_from(_NAMES),
        tags=st.lists(st.sampled_from(_TAGS + _FOREIGN), unique=True, max_size=4).map(tuple),
        consents=st.sampled_from(_STATES).map(lambda state: ((Channel.EMAIL, state),)),
    )
    return st.lists(person, max_size=4, unique_by=lambda one: one.email).map(tuple)


def _entries(table: Capabilities) -> st.SearchStrategy[tuple[Entry, ...]]:
    writable = table.creates & table.updates
    tags = st.tuples(
        st.lists(st.sampled_from(_TAGS), unique=True, max_size=2),
        st.lists(st.sampled_from(_TAGS), unique=True, max_size=2),
    ).filter(lambda pair: not set(pair[0]) & set(pair[1]))
    fields: dict[str, st.SearchStrategy[Any]] = {
        "first_name": st.sampled_from(_NAMES),
        "last_name": st.sampled_from(_NAMES),
        "tags": tags.map(lambda pair: {"add": pair[0], "remove": pair[1]}),
    }
    optional = {name: one for name, one in fields.items() if name in writable}
    if EMAIL in writable:
        optional["consent"] = st.sampled_from(("unsubscribed", GRANT)).map(
            lambda wanted: {"email": wanted}
        )
    entry = st.fixed_dictionaries({"email": st.sampled_from(_EMAILS)}, optional=optional)
    return st.lists(entry, max_size=4, unique_by=lambda one: str(one["email"])).map(tuple)


def _on_any_store(case: Case, law: Callable[[Scene], None]) -> None:
    """The same examples every time: a suite of others' must not fail now and then."""

    @settings(
        max_examples=case.examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=(Phase.explicit, Phase.generate),  # the scenes are small, and shrinking takes long
        suppress_health_check=list(HealthCheck),
    )
    @given(scene=st.builds(Scene, _people(), _entries(case.table)))
    def run(scene: Scene) -> None:
        case.begin(scene.people, *scene.entries)
        law(scene)

    run()


def what_was_planned_is_done_and_the_next_plan_is_empty(case: Case) -> None:
    def law(_: Scene) -> None:
        planned = case.plan()
        assert not planned.store.error, planned.told()
        result = case.apply(planned)
        assert result.complete, told(result)
        again = case.plan()
        assert again.plan.empty, f"after a whole apply there is more to do: {again.told()}"

    _on_any_store(case, law)


def nobody_and_nothing_else_is_touched(case: Case) -> None:
    def law(scene: Scene) -> None:
        before = case.people()
        case.apply(case.plan())
        after = case.people()
        for email, had in before.items():
            entry = scene.entry(email) or {}
            has = after[email]
            managed = {"consents" if name == "consent" else name for name in entry} - {
                "email",
                "tags",
            }
            expected = replace(had, **{name: getattr(has, name) for name in managed})
            if "tags" in entry:
                foreign = sorted(set(had.tags) & set(_FOREIGN))
                assert sorted(set(has.tags) & set(_FOREIGN)) == foreign, "a foreign tag is lost"
                expected = replace(expected, tags=has.tags)
            found = apart(case.table, expected, has)
            assert found == [], f"nobody asked to change {', '.join(found)}"
        expected_people = set(before) | {str(one["email"]) for one in scene.entries}
        assert set(after) == expected_people, "there are others than were wanted"

    _on_any_store(case, law)


def consent_never_rises_by_itself(case: Case) -> None:
    def law(scene: Scene) -> None:
        before = case.people()
        case.apply(case.plan())
        for has in case.ever_held():
            email = has.email or ""
            had = before.get(email)
            for channel in Channel:
                if not is_yes(has.consent(channel)):
                    continue
                if had is not None and is_yes(had.consent(channel)):
                    continue
                wanted = (scene.entry(email) or {}).get("consent", {}).get(channel.value)
                assert wanted == GRANT, f"{channel} of somebody rose and nobody asked for it"

    _on_any_store(case, law)


def every_opt_out_goes_out(case: Case) -> None:
    def law(scene: Scene) -> None:
        case.apply(case.plan())
        after = case.people()
        for entry in scene.entries:
            if entry.get("consent") == {"email": "unsubscribed"}:
                state = after[entry["email"]].consent(Channel.EMAIL)
                assert not is_yes(state), f"who asked to be left alone is {state}"

    _on_any_store(case, law)


def the_order_of_entries_changes_nothing(case: Case) -> None:
    def law(scene: Scene) -> None:
        first = {one.alias: str(one.fields) for one in case.plan().store.changes}
        shuffled = list(scene.entries)
        random.Random(len(shuffled)).shuffle(shuffled)  # noqa: S311 -- an order, no secret
        case.want(*shuffled)
        again = {one.alias: str(one.fields) for one in case.plan().store.changes}
        assert again == first, "the same entries in another order plan something else"

    _on_any_store(case, law)


def what_was_exported_plans_empty(case: Case) -> None:
    def law(_: Scene) -> None:
        store = case.state().stores[0]
        case.want()
        with case.client() as client:
            export = Export(client=client, store=store)
            text = "".join(export.pieces())
        assert export.complete, "the store has shown others than it counts"
        case.write("exported.yaml", text)
        planned = case.plan()
        case.write("exported.yaml", "")
        assert not planned.store.error, planned.told()
        assert planned.plan.empty, f"an export differs from its store: {planned.told()}"

    _on_any_store(case, law)


CHECKS: Final = (
    Check(what_was_planned_is_done_and_the_next_plan_is_empty, nothing),
    Check(nobody_and_nothing_else_is_touched, nothing),
    Check(consent_never_rises_by_itself, nothing),
    Check(every_opt_out_goes_out, updates(EMAIL)),
    Check(the_order_of_entries_changes_nothing, nothing),
    Check(what_was_exported_plans_empty, nothing),
)
