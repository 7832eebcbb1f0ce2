"""What judging the customers of one store rests on: its settings, tables, policy and releases."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from reconciler.model.access import Access
from reconciler.model.capabilities import Capabilities
from reconciler.model.consent import Channel, ConsentState, LiveConsent
from reconciler.model.customer import NOTHING_LEARNED, Learned
from reconciler.model.entries import NO_ENTRIES, Entries
from reconciler.model.former import NOTHING_BEFORE, Before
from reconciler.model.pseudonyms import Pseudonyms
from reconciler.model.redaction import NOBODY, Names
from reconciler.model.register import NOBODY_KNOWN, Register
from reconciler.model.settings import Policy, Release, StoreSettings
from reconciler.model.tags import TagSet
from reconciler.model.whole_tag import WholeTag
from reconciler.plan.compare import ComparisonSettings

Lifted: TypeAlias = frozenset[tuple[str, str | None]]
"""Rules, each with the alias of whom it is lifted for, None for everybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sibling:
    """Another store of the same controller, with what the files say of its customers."""

    name: str
    entries: Entries


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreRules:
    """Everything that examining one customer needs and that is the same for all of a store.

    `register` knows who opted out before, and that an opt-out was the person's own before we wrote;
    `access` says whether it can be asked;
    `learned` is what the reading found of the store. `acknowledged` names, like a release, opt-outs
    and erasures that are known to be left undone. `names` are words that people of the specs are
    called by, which texts about others may hold. `whole_tags` are tags that nobody is to bear whom
    none of the `entries` gives them.
    """

    store: StoreSettings
    table: Capabilities
    policy: Policy
    comparison: ComparisonSettings
    releases: tuple[Release, ...]
    pseudonyms: Pseudonyms
    now: datetime
    learned: Learned = NOTHING_LEARNED
    acknowledged: tuple[Release, ...] = ()
    register: Register = field(default=NOBODY_KNOWN, repr=False, compare=False)
    access: Access = Access.ASKED
    siblings: tuple[Sibling, ...] = ()
    names: Names = NOBODY
    before: Before = NOTHING_BEFORE
    whole_tags: tuple[WholeTag, ...] = ()
    entries: Entries = field(default=NO_ENTRIES, repr=False, compare=False)
    tag_sets: tuple[TagSet, ...] = field(init=False, repr=False, compare=False)
    _released: Lifted = field(init=False, repr=False, compare=False)
    _acknowledged: Lifted = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tag_sets", TagSet.of(one.name for one in self.whole_tags))
        object.__setattr__(self, "_released", self._here(self.releases))
        object.__setattr__(self, "_acknowledged", self._here(self.acknowledged))

    def _here(self, releases: Iterable[Release]) -> Lifted:
        stores = (None, self.store.name)
        return frozenset((one.rule, one.alias) for one in releases if one.store in stores)

    def about_everybody(self) -> str:
        """Why the whole store has to be read, whomever the specs name; empty where it need not."""
        if self.whole_tags:
            return "a tag document is about the whole store"
        if self.store.controller is not None:
            return "the stores of a controller share the opt-outs of everybody"
        return ""

    def names_opt_outs(self, channel: Channel) -> bool:
        """Whether the user named the store's word for an opt-out, and the store was seen to use it.

        Then never asked is never asked; a word that was only named proves nothing.
        """
        return any(
            (channel, ConsentState.UNSUBSCRIBED, one.word) in self.learned.words
            for one in self.store.consent_words
            if one.channel is channel and one.state is ConsentState.UNSUBSCRIBED
        )

    def awaits_a_word(self) -> bool:
        """Whether a word for opt-outs is named that was not seen in the store yet."""
        return any(
            not self.names_opt_outs(one.channel)
            for one in self.store.consent_words
            if one.state is ConsentState.UNSUBSCRIBED
        )

    def is_word_alone(self, channel: Channel, live: LiveConsent) -> bool:
        """Whether nothing but the user's own naming says that this is no opt-out."""
        return (
            live.state is ConsentState.NOT_SUBSCRIBED
            and self.table.meaning(live.code) is None
            and any(
                one.channel is channel and one.word == live.code for one in self.store.consent_words
            )
        )

    def blurs(self, channel: Channel, live: LiveConsent | None) -> bool:
        """Whether never asked may stand for an opt-out; `live` None is a customer to be made."""
        indistinct = channel in self.table.opt_out_indistinct and not self.names_opt_outs(channel)
        return indistinct or (live is not None and self.is_word_alone(channel, live))

    def released(self, rule_id: str, *aliases: str) -> bool:
        """Whether a person has lifted this rule for this customer (or for all)."""
        return any((rule_id, alias) in self._released for alias in (None, *aliases))

    def is_acknowledged(self, rule_ids: Collection[str], *aliases: str) -> bool:
        """Whether somebody knows of what one of these rules keeps from being carried out."""
        return any(
            (rule_id, alias) in self._acknowledged
            for rule_id in rule_ids
            for alias in (None, *aliases)
        )
