"""What each write does, and what it leaves as it was."""

from dataclasses import replace
from typing import Any, Final

from reconciler.model.consent import Channel, ConsentState
from reconciler.model.fields import BY_NAME
from reconciler.model.metafields import from_spec as metafields_of
from reconciler.model.tax import exemptions
from reconciler.plan.outcome import State
from reconciler.testing.case import UNDATED, Case, states, told
from reconciler.testing.check import (
    ADA,
    BYSTANDER,
    EMAIL,
    GRANT,
    SUBSCRIBED,
    Check,
    apart,
    creates,
    deletes,
    is_yes,
    nothing,
    tries,
    updates,
)
from reconciler.testing.subject import Person

_POINTS: Final = {
    "namespace": "custom",
    "key": "points",
    "type": "number_integer",
    "value": "7",
}
_THEIRS: Final = {**_POINTS, "namespace": "app-loyalty", "key": "tier"}
# What is asked of a field, and what the server then holds.
_CHANGES: Final[dict[str, tuple[Any, Any]]] = {
    "first_name": ("Augusta", "Augusta"),
    "last_name": ("King", "King"),
    "nickname": ("Countess", "Countess"),
    "birthday": ("1815-12-10", "1815-12-10"),
    "gender": ("female", "female"),
    "language": ("nb", "nb"),
    "note": ("calls at noon", "calls at noon"),
    "tax_exempt": (True, True),
    "tax_exemptions": (
        [{"country": "CA", "subdivisions": ["ON", "BC"]}, {"country": "US", "subdivisions": "all"}],
        exemptions([("CA", ["BC", "ON"]), ("US", None)]),
    ),
    "metafields": ([_POINTS], metafields_of([_POINTS, _THEIRS])),
    "tags": ({"add": ["vip"], "remove": ["old"]}, ("app:x", "vip")),
}
# What somebody has of what not every platform can hold.
_HELD: Final = {
    "nickname": "Addie",
    "birthday": "1990-02-28",
    "gender": "male",
    "language": "en",
    "note": "met in Oslo",
    "tax_exemptions": exemptions([("NO", None)]),
    "metafields": metafields_of([_THEIRS]),
}
_STATES: Final = (ConsentState.SUBSCRIBED, ConsentState.UNSUBSCRIBED, ConsentState.NOT_SUBSCRIBED)


def _rest_of(case: Case) -> Person:
    """Somebody with a value in every field that the platform can hold."""
    known = case.table.creates | case.table.updates
    held: dict[str, Any] = {name: value for name, value in _HELD.items() if name in known}
    return replace(ADA, consents=SUBSCRIBED, **held)


def a_create_makes_who_was_asked_for_and_subscribes_nobody(case: Case) -> None:
    entry: dict[str, Any] = {"email": "new@example.com"}
    if "first_name" in case.table.creates:
        entry["first_name"] = "New"
    case.begin([BYSTANDER], entry)
    before = case.people()
    result = case.apply(case.plan())
    after = case.people()

    assert result.complete, told(result)
    assert set(after) == {"new@example.com", "by@example.com"}, "others are there than wanted"
    assert after["new@example.com"].first_name == entry.get("first_name"), "the name is another"
    assert not any(is_yes(held.consent(one)) for held in case.ever_held() for one in Channel), (
        "somebody was subscribed for a moment at least, and nobody asked for it"
    )
    found = apart(case.table, before["by@example.com"], after["by@example.com"])
    assert found == [], f"{', '.join(found)} of somebody else changed"
    again = case.plan()
    assert again.plan.empty, f"after a create there is more to do: {again.told()}"


def an_update_changes_its_field_and_nothing_else(case: Case) -> None:
    for name, (asked, holds) in _CHANGES.items():
        if name not in case.table.updates - case.table.tries:
            continue
        case.begin([_rest_of(case), BYSTANDER], {"email": "ada@example.com", name: asked})
        before = case.people()
        result = case.apply(case.plan())
        after = case.people()

        assert result.complete, f"{name}: {told(result)}"
        wanted = {**before, "ada@example.com": replace(before["ada@example.com"], **{name: holds})}
        for email, person in wanted.items():
            found = apart(case.table, person, after[email])
            assert found == [], f"an update of {name} left {', '.join(found)} wrong"


def what_is_only_tried_is_done_or_told(case: Case) -> None:
    """A field that the documents only show being read: the record decides, and never the answer."""
    for name in sorted(case.table.tries):
        asked, holds = _CHANGES[name]
        case.begin([_rest_of(case), BYSTANDER], {"email": "ada@example.com", name: asked})
        result = case.apply(case.plan())
        holds_now = getattr(case.people()["ada@example.com"], name)

        if holds_now == holds:
            continue
        assert not result.complete, f"{name} is {holds_now!r}: {told(result)}"
        assert set(states(result)) & {State.NOT_APPLIED, State.FAILED}, told(result)


def what_an_update_costs_is_told_and_stops_the_store(case: Case) -> None:
    """A store that empties what a write leaves out costs one customer something, and not two."""
    for name, (asked, holds) in _CHANGES.items():
        if name not in case.table.updates:
            continue
        case.begin([_rest_of(case), BYSTANDER], {"email": "ada@example.com", name: asked})
        before = case.people()
        result = case.apply(case.plan())
        after = case.people()

        wanted = replace(before["ada@example.com"], **{name: holds})
        lost = set(apart(case.table, wanted, after["ada@example.com"])) - {name, "rest"}
        if lost:
            assert not result.complete, f"an update of {name} lost {', '.join(lost)}, and says done"
            texts = " ".join(told(result).split())
            missing = [one for one in sorted(lost) if one in BY_NAME and not _named(one, texts)]
            assert missing == [], f"an update of {name} lost {', '.join(missing)} without a word"
        found = apart(case.table, before["by@example.com"], after["by@example.com"])
        assert found == [], f"{', '.join(found)} of somebody else changed"


def _named(field: str, texts: str) -> bool:
    words = {"tags": "tags were lost", "addresses": "addresses were lost"}
    channel = field.removeprefix("consent.")
    other = f"the {channel} consent went" if channel != field else f"the {BY_NAME[field].title} was"
    return words.get(field, other) in texts


def an_update_leaves_both_consents(case: Case) -> None:
    for state in _STATES:
        live = replace(
            ADA, phone="+4722334455", consents=tuple((channel, state) for channel in Channel)
        )
        case.begin([live], {"email": "ada@example.com", "first_name": "Augusta"})
        before = case.people()["ada@example.com"]
        case.apply(case.plan())
        after = case.people()["ada@example.com"]

        for channel in Channel:
            had, has = before.consent(channel), after.consent(channel)
            assert is_yes(had) is is_yes(has), f"an update of a name made {had} {has} ({channel})"


def an_opt_out_goes_out_from_every_state(case: Case) -> None:
    states_here = [ConsentState.SUBSCRIBED, ConsentState.NOT_SUBSCRIBED]
    if ConsentState.PENDING in case.table.consent_states:
        states_here.append(ConsentState.PENDING)
    for state in states_here:
        live = replace(_rest_of(case), consents=((Channel.EMAIL, state),))
        case.begin([live], {"email": "ada@example.com", "consent": {"email": "unsubscribed"}})
        before = case.people()["ada@example.com"]
        result = case.apply(case.plan())
        after = case.people()["ada@example.com"]

        assert result.complete, f"from {state}: {told(result)}"
        assert not is_yes(after.consent(Channel.EMAIL)), f"still {after.consent(Channel.EMAIL)}"
        kept = replace(after, consents=before.consents)
        assert apart(case.table, before, kept) == [], "an opt-out changed another field"


def a_grant_subscribes_and_an_opt_out_without_newer_evidence_stands(case: Case) -> None:
    case.begin([ADA], {"email": "ada@example.com", "consent": {"email": GRANT}})
    result = case.apply(case.plan(releases=UNDATED))
    assert result.complete, told(result)
    granted = case.people()["ada@example.com"].consent(Channel.EMAIL)
    assert is_yes(granted), f"after a grant the consent is {granted}"

    old = {**GRANT, "given_at": "2000-06-01T10:00:00+00:00"}
    out = replace(ADA, consents=((Channel.EMAIL, ConsentState.UNSUBSCRIBED),))
    case.begin([out], {"email": "ada@example.com", "consent": {"email": old}})
    case.apply(case.plan())
    assert not is_yes(case.people()["ada@example.com"].consent(Channel.EMAIL)), (
        "an opt-out was overturned by older evidence"
    )


def a_delete_takes_who_is_meant(case: Case) -> None:
    gone = {"email": "ada@example.com", "state": "absent", "reason": "asked for"}
    case.begin([ADA, BYSTANDER], gone)
    before = case.people()
    result = case.apply(case.plan())
    after = case.people()

    assert result.complete, told(result)
    assert set(after) == {"by@example.com"}, "not the one who was meant is gone"
    found = apart(case.table, before["by@example.com"], after["by@example.com"])
    assert found == [], f"{', '.join(found)} of somebody else changed"


def whoever_was_edited_since_the_plan_is_left(case: Case) -> None:
    case.begin(
        [ADA, BYSTANDER],
        {"email": "ada@example.com", "first_name": "New"},
        {"email": "by@example.com", "first_name": "New"},
    )
    planned = case.plan()
    case.server.edit(replace(case.people()["ada@example.com"], first_name="Theirs"))
    result = case.apply(planned)

    assert sorted(states(result)) == sorted([State.DONE, State.STALE]), told(result)
    after = case.people()
    assert after["ada@example.com"].first_name == "Theirs", "somebody's edit is overwritten"
    assert after["by@example.com"].first_name == "New", "nobody edited this one"


def what_may_be_sent_along_is_told(case: Case) -> None:
    """The table says what each write may touch beside what is asked of it, and how that is met."""
    table = case.table
    if table.updates and (table.resends or table.resends_consent):
        assert table.footprints, "writes send more than is asked, and the table tells no footprints"
    for one in table.footprints:
        assert one.call, "a footprint names no call"
        assert one.guard, f"the footprint of {one.call} has no guard"


CHECKS: Final = (
    Check(what_may_be_sent_along_is_told, nothing),
    Check(a_create_makes_who_was_asked_for_and_subscribes_nobody, creates),
    Check(an_update_changes_its_field_and_nothing_else, updates("tags")),
    Check(what_is_only_tried_is_done_or_told, tries),
    Check(what_an_update_costs_is_told_and_stops_the_store, updates("first_name")),
    Check(an_update_leaves_both_consents, updates("first_name")),
    Check(an_opt_out_goes_out_from_every_state, updates(EMAIL)),
    Check(a_grant_subscribes_and_an_opt_out_without_newer_evidence_stands, updates(EMAIL)),
    Check(whoever_was_edited_since_the_plan_is_left, updates("first_name")),
    Check(a_delete_takes_who_is_meant, deletes),
)
