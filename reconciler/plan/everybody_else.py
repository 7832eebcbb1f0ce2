"""Those whom no entry names, and who bear a tag that nobody else is to bear.

They lose that tag and nothing else, and only where the whole store was read: whoever may be one of
those whom the specs name is left alone.
"""

from collections.abc import Iterator
from dataclasses import replace

from reconciler.model.customer import DesiredCustomer, LiveCustomer, ReadReceipt
from reconciler.model.entries import Key
from reconciler.model.identity import Identity, IdentityKind
from reconciler.model.managed import UNMANAGED
from reconciler.model.personal import Personal
from reconciler.model.tags import TagIntent, tag_key
from reconciler.model.whole_tag import WholeTag
from reconciler.plan.case import CustomerPlan
from reconciler.plan.contact import doubts_of, keys_of
from reconciler.plan.customer import plan_customer
from reconciler.plan.proof import WHOLE
from reconciler.plan.store_rules import StoreRules
from reconciler.plan.tag_watch import Bearers
from reconciler.plan.verdicts import Level, Verdict


def entry_for(remote_id: str, rules: StoreRules) -> DesiredCustomer | None:
    """What is asked of somebody whom no entry names: by documents, and by the opt-outs of the
    controller's other stores. None where nothing can be.

    It is the same for everybody, so that an apply finds it again by the number alone.
    """
    if not rules.whole_tags and rules.store.controller is None:
        return None
    number = Personal(remote_id)
    known = Identity(
        kind=IdentityKind.ID, value=number, key=remote_id, written=number, read_back=remote_id
    )
    return DesiredCustomer(
        store=rules.store.name,
        identities=(known,),
        mark=rules.whole_tags[0].mark if rules.whole_tags else rules.store.mark,
        unnamed=True,
        tags=TagIntent(sets=rules.tag_sets) if rules.tag_sets else UNMANAGED,
    )


def is_left_out(live: LiveCustomer, rules: StoreRules) -> bool:
    """Whether a record is, or may be, one that an entry speaks of: then no document alone does."""
    region = rules.comparison.region
    sure = keys_of(live, region)
    if any(rules.entries.naming(sure)):
        return True
    return any(_is_in_doubt(key, rules) for key in doubts_of(live, region)) or _hides(live, rules)


def _is_in_doubt(key: Key, rules: StoreRules) -> bool:
    entries = rules.entries
    dialled = rules.comparison.region is None and key[0] is IdentityKind.PHONE
    return bool(entries.now(key) or entries.before(key) or (dialled and entries.dialled(key[1])))


def _hides(live: LiveCustomer, rules: StoreRules) -> bool:
    """Whether somebody bears a tag that has members, and hides who they are."""
    if not (live.hidden or live.unreadable & {"email", "phone"}):
        return False
    exact = {one.key for one in rules.whole_tags if not one.retired}
    return any(tag_key(tag) in exact for tag in live.tags)


def plan_everybody_else(
    bearers: Bearers, receipt: ReadReceipt, rules: StoreRules
) -> Iterator[CustomerPlan]:
    """What is taken off whom, and what is held of it."""
    if not rules.whole_tags:
        return
    if not receipt.proves_absence:
        unproven = (_held(one, *_unproven(receipt), rules) for one in rules.whole_tags)
        yield CustomerPlan(change=None, verdicts=tuple(unproven))
        return
    if bearers.untold:
        people = "1 customer" if bearers.untold == 1 else f"{bearers.untold} customers"
        text = f"the store does not tell the tags of {people}, and this may be one of them"
        hidden = (_held(one, "read.unreadable", text, None, rules) for one in rules.whole_tags)
        yield CustomerPlan(change=None, verdicts=tuple(hidden))
    for live in bearers.found:
        entry = _placed(live, rules)
        if entry is None:
            continue
        if _hides(live, rules):
            yield CustomerPlan(change=None, verdicts=(_masked(entry, live, rules),))
        else:
            yield plan_customer(entry, live, rules)


def _placed(live: LiveCustomer, rules: StoreRules) -> DesiredCustomer | None:
    """The entry, at the document of the first tag that the customer bears."""
    entry = entry_for(live.remote_id, rules)
    borne = {tag_key(tag) for tag in live.tags}
    mark = next((one.mark for one in rules.whole_tags if one.key in borne), None)
    return None if entry is None or mark is None else replace(entry, mark=mark)


def _unproven(receipt: ReadReceipt) -> tuple[str, str, str | None]:
    if receipt.is_partial:
        text = "look-ups do not show who else of the store bears this tag"
        return "read.unproven-absence", text, WHOLE
    return "read.incomplete", "the store was not read completely, so nobody else loses it", None


def _held(tag: WholeTag, rule: str, message: str, lift: str | None, rules: StoreRules) -> Verdict:
    return Verdict(
        rule=rule,
        level=Level.HOLD,
        store=rules.store.name,
        message=f"{rules.pseudonyms.text(tag.name)}: {message}",
        alias=None,
        mark=tag.mark,
        lifted_by=lift,
    )


def _masked(entry: DesiredCustomer, live: LiveCustomer, rules: StoreRules) -> Verdict:
    return Verdict(
        rule="read.masked",
        level=Level.HOLD,
        store=rules.store.name,
        message="this customer hides their contacts, and may be a member of a tag that is exact",
        alias=rules.pseudonyms.live_alias(rules.store.name, live),
        mark=entry.mark,
        lifted_by="a token that may see personal data",
        remote_ids=(live.remote_id,),
    )
