"""What a write really did: the whole record before and after, managed or not. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from reconciler.model.consent import SAID_NO, Actor, Channel, ConsentState, LiveConsent
from reconciler.model.customer import DesiredCustomer, LiveCustomer
from reconciler.model.field_path import FieldPath
from reconciler.model.fields import BY_NAME, SCALARS
from reconciler.model.managed import UNMANAGED
from reconciler.model.metafields import Metafields
from reconciler.model.personal import Personal
from reconciler.model.tags import tag_key
from reconciler.plan import addresses
from reconciler.plan.changes import (
    AddressChange,
    ConsentChange,
    FieldChange,
    ScalarChange,
    TagChange,
)
from reconciler.plan.compare import held_of
from reconciler.plan.outcome import State
from reconciler.plan.steps import StepKind
from reconciler.plan.store_rules import StoreRules
from reconciler.plan.untold import untold


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBack:
    """`collateral` are losses that our write caused; `noticed` what others changed.

    `resubscribed` are consents that the store raised in answer to our write; they are taken out.
    """

    fields: tuple[tuple[FieldPath, State], ...]
    collateral: tuple[str, ...]
    noticed: tuple[str, ...]
    resubscribed: tuple[Channel, ...]

    @property
    def took(self) -> bool:
        return all(state.good for _, state in self.fields)


def compare(
    ground: LiveCustomer,
    back: LiveCustomer,
    written: Iterable[FieldChange],
    desired: DesiredCustomer,
    rules: StoreRules,
    kind: StepKind,
) -> ReadBack:
    """`ground` is the record our write was made from, `back` the record read after it."""
    written = tuple(written)
    collateral: list[str] = []
    noticed: list[str] = []
    for lost, text in _others(ground, back, written, rules):
        (collateral if lost else noticed).append(text)
    return ReadBack(
        fields=tuple(
            (rules.pseudonyms.path(one.path), taken(one, ground, back, desired, rules, kind))
            for one in written
        ),
        collateral=tuple(collateral),
        noticed=tuple(noticed),
        resubscribed=tuple(_resubscribed(ground, back, written)),
    )


_NOT_TOLD: Final = (ConsentState.UNKNOWN, ConsentState.MASKED)


def _resubscribed(
    ground: LiveCustomer, back: LiveCustomer, written: tuple[FieldChange, ...]
) -> Iterator[Channel]:
    """Channels that say subscribed now, said otherwise before, and were not asked to.

    What was not told before may have been a yes all the time.
    """
    asked = {one.channel for one in written if isinstance(one, ConsentChange)}
    for channel in Channel:
        had, has = ground.consent(channel), back.consent(channel)
        rose = has.state is ConsentState.SUBSCRIBED and had.state in SAID_NO
        if channel not in asked and rose and has.actor is not Actor.PERSON:
            yield channel


def taken(
    change: FieldChange,
    ground: LiveCustomer | None,
    back: LiveCustomer,
    desired: DesiredCustomer,
    rules: StoreRules,
    kind: StepKind,
) -> State:
    """Whether a change took, as the record read back shows it."""
    region = rules.comparison.region
    match change:
        case ScalarChange() if not back.tells(change.path.name):
            return State.UNVERIFIED
        case ScalarChange():
            normalise = BY_NAME[change.path.name].normalise
            now = normalise(held_of(back.scalar(change.path.name), change.after), region)
            wanted = normalise(change.after, region)
            return State.DONE if now == wanted else State.NOT_APPLIED
        case TagChange():
            keys = {tag_key(tag) for tag in back.tags}
            good = all(tag_key(tag) in keys for tag in change.delta.added) and not any(
                tag_key(tag) in keys for tag in change.delta.removed
            )
            return State.DONE if good else State.NOT_APPLIED
        case AddressChange():
            if desired.addresses is UNMANAGED:
                return State.DONE
            _, paths = addresses.merged(desired.addresses, back.addresses, region)
            return State.NOT_APPLIED if paths else State.DONE
        case ConsentChange():
            out = kind is StepKind.WITHDRAW or change.withdraws
            wanted_state = ConsentState.UNSUBSCRIBED if out else change.wanted.state
            before = ground.consent(change.channel) if ground is not None else None
            return _consent(
                wanted_state, before, back.consent(change.channel), rules, change.channel
            )
        case _:
            return State.DONE


def _consent(
    wanted: ConsentState,
    before: LiveConsent | None,
    now: LiveConsent,
    rules: StoreRules,
    channel: Channel,
) -> State:
    if now.state is wanted:
        return State.DONE
    if wanted is ConsentState.SUBSCRIBED and now.state is ConsentState.PENDING:
        return State.PENDING
    if wanted is ConsentState.UNSUBSCRIBED and now.state is ConsentState.NOT_SUBSCRIBED:
        was_never = before is None or before.state is ConsentState.NOT_SUBSCRIBED
        recorded = channel in rules.table.records_refusal
        return State.NOT_APPLIED if was_never and recorded else State.DONE
    if before is not None and now.state is before.state:
        return State.NOT_APPLIED
    return State.UNVERIFIED


def _metafields(
    ground: LiveCustomer, back: LiveCustomer, written: tuple[FieldChange, ...]
) -> Iterator[tuple[bool, str]]:
    """Of those that a write did not name."""
    wanted = [one.after for one in written if isinstance(one, ScalarChange)]
    named = {one.name for each in wanted if isinstance(each, Metafields) for one in each.every}
    if not named or ground.metafields is None or back.metafields is None:
        return
    others = [one for one in ground.metafields.every if one.name not in named]
    now = [back.metafields.of(one.name) for one in others]
    if None in now:
        yield True, "metafields of others were emptied"
    elif not all(one.means(has) for one, has in zip(others, now, strict=True) if has):
        yield False, "metafields of others were changed"


def _others(
    ground: LiveCustomer, back: LiveCustomer, written: tuple[FieldChange, ...], rules: StoreRules
) -> Iterator[tuple[bool, str]]:
    """Differences in what we did not write: (whether it is a loss, what in words)."""
    names = {one.path.table for one in written}
    region = rules.comparison.region
    for spec in SCALARS:
        if spec.name in names or not (ground.tells(spec.name) and back.tells(spec.name)):
            continue
        had, has = (spec.normalise(one.scalar(spec.name), region) for one in (ground, back))
        if had != has:
            emptied = had is not None and has is None
            yield emptied, f"the {spec.title} was {'emptied' if emptied else 'changed'}"
    yield from _metafields(ground, back, written)
    yield from _tags(ground, back, written, rules)
    if "addresses" not in names and not {"addresses"} & (ground.unreadable | back.unreadable):
        yield from _addresses(ground, back)
    yield from _unmodelled(ground, back)
    for channel in Channel:
        if any(isinstance(one, ConsentChange) and one.channel is channel for one in written):
            continue
        yield from _moved(channel, ground.consent(channel), back.consent(channel))


def _tags(
    ground: LiveCustomer, back: LiveCustomer, written: tuple[FieldChange, ...], rules: StoreRules
) -> Iterator[tuple[bool, str]]:
    if "tags" in ground.unreadable | back.unreadable:
        return
    deltas = [one.delta for one in written if isinstance(one, TagChange)]
    removed = {tag_key(tag) for delta in deltas for tag in delta.removed}
    added = {tag_key(tag) for delta in deltas for tag in delta.added}
    has = {tag_key(tag) for tag in back.tags}
    had = {tag_key(tag) for tag in ground.tags}
    lost = [tag for tag in ground.tags if tag_key(tag) not in has | removed]
    if lost:
        names = ", ".join(rules.pseudonyms.text(tag) for tag in lost[:5])
        yield True, f"{len(lost)} tags were lost: {names}"
    if has - had - added:
        yield False, "tags were added"


def _addresses(ground: LiveCustomer, back: LiveCustomer) -> Iterator[tuple[bool, str]]:
    if len(back.addresses) < len(ground.addresses):
        yield True, f"{len(ground.addresses) - len(back.addresses)} addresses were lost"
        return
    had = {one.remote_id: dict(one.texts) for one in ground.addresses}
    has = {one.remote_id: dict(one.texts) for one in back.addresses}
    for remote_id, texts in had.items():
        emptied = set(texts) - set(has.get(remote_id, texts))
        if emptied:
            yield True, f"an address lost its {', '.join(sorted(emptied))}"
    if had != has:
        yield False, "addresses were changed"


def _unmodelled(ground: LiveCustomer, back: LiveCustomer) -> Iterator[tuple[bool, str]]:
    had, has = dict(ground.other), dict(back.other)
    for name, value in had.items():
        if name not in has:
            yield value != Personal("false"), f"`{name}` was emptied"
        elif has[name] != value:
            yield False, f"`{name}` was changed"


def _given_anew(had: LiveConsent, has: LiveConsent) -> bool:
    """Another time or another who acted, where both were told before."""
    if had.at is not None and has.at is not None and had.at != has.at:
        return True
    return had.actor is not Actor.NOT_TOLD and had.actor is not has.actor


def _moved(channel: Channel, had: LiveConsent, has: LiveConsent) -> Iterator[tuple[bool, str]]:
    """A consent that we did not write and that says something else now.

    The person's own act, where the platform tells so, is an edit and no loss. A yes with
    another time or another who acted may have been a no for a moment.
    """
    if had.state in _NOT_TOLD:
        return
    if had.state is has.state:
        if has.state is ConsentState.SUBSCRIBED and _given_anew(had, has):
            yield (
                False,
                f"the {channel} consent was given anew: if somebody opted out while we wrote, "
                "that may have been overwritten",
            )
        return
    yield (
        has.actor is not Actor.PERSON,
        f"the {channel} consent went from {had.state} to {has.state}",
    )


_BAD_FIRST: Final = (
    State.UNKNOWN,
    State.FAILED,
    State.UNVERIFIED,
    State.NOT_APPLIED,
    State.OPTED_OUT,
    State.OUT_BEFORE,
    State.STALE,
    State.NOT_ASKED,
    State.NOT_REACHED,
    State.PENDING,
    State.DONE,
    State.ALREADY,
)


def worst(fields: Iterable[tuple[FieldPath, State]]) -> State:
    return min((state for _, state in fields), key=_BAD_FIRST.index, default=State.DONE)


def told(
    fields: Iterable[tuple[FieldPath, State]],
    collateral: tuple[str, ...],
    *records: LiveCustomer,
) -> str:
    """In words: which fields did not take, and what our write cost; and which of them the records
    do not tell.
    """
    fields = tuple(fields)
    parts = [f"{name}: {state}" for name, state in fields if not state.good]
    if collateral:
        parts.append(f"lost by our write: {'; '.join(collateral)}")
    return "; ".join([", ".join(parts), *unknown(fields, *records)])


def unknown(fields: Iterable[tuple[FieldPath, State]], *records: LiveCustomer) -> tuple[str, ...]:
    """In sentences: which of the fields that are not as approved the records do not tell."""
    names = {path.table for path, state in fields if not state.good} & BY_NAME.keys()
    return tuple(dict.fromkeys(text for live in records for _, text in untold(live, names)))
