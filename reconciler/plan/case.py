"""One customer while its fields are looked at: what is found, and what is left of it in the end."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from reconciler.model.act import Said, Standing
from reconciler.model.consent import (
    Channel,
    ConsentState,
    LiveConsent,
    WantedConsent,
)
from reconciler.model.customer import CONTACT_OF, DesiredCustomer, LiveCustomer
from reconciler.model.field_path import CUSTOMER, FieldPath
from reconciler.model.rules import by_release
from reconciler.model.settings import RiskClass
from reconciler.model.tags import tag_key
from reconciler.plan.changes import Action, Change, ConsentChange, FieldChange, Presence, TagChange
from reconciler.plan.compare import moves_address
from reconciler.plan.consent_rules import ERASED, WORDS, ConsentDecision, ConsentFacts, decide
from reconciler.plan.controller import Carried, conflict
from reconciler.plan.held_back import contact_of, is_withdrawal, sent_blindly, without
from reconciler.plan.ownership import FOREIGN, marked_by_others
from reconciler.plan.reason import reason_of
from reconciler.plan.standing import is_newly_related, known_consent, standing_of
from reconciler.plan.store_rules import StoreRules
from reconciler.plan.support import unsupported
from reconciler.plan.untold import untold
from reconciler.plan.verdicts import Level, Verdict

CONFLICT: Final = "controller.conflict"
OPTED_OUT: Final = "controller.opted-out"
UNSUPPORTED: Final = "capability.unsupported"
_INSTEAD: Final = "; all consents are withdrawn instead"


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerPlan:
    """`change` is None where nothing is left to do; verdicts of what was taken out stay."""

    change: Change | None
    verdicts: tuple[Verdict, ...]


class Case:
    """Gathers the verdicts of one customer while its fields are looked at."""

    def __init__(
        self, found: Carried, live: LiveCustomer | None, action: Action, rules: StoreRules
    ) -> None:
        self.desired = found.desired
        self.carried = found
        self.live = live
        self.action = action
        self.rules = rules
        self.verdicts: list[Verdict] = []

    # Most customers are as they shall be, and nobody asks for their aliases.
    @cached_property
    def entry(self) -> str:
        return self.rules.pseudonyms.entry_alias(self.desired)

    @cached_property
    def alias(self) -> str:
        if self.live is None:
            return self.entry
        return self.rules.pseudonyms.live_alias(self.rules.store.name, self.live)

    def _known(self, channel: Channel, live: LiveCustomer) -> LiveConsent:
        return known_consent(channel, live, lambda: self.alias, self.rules)

    def consent(self, channel: Channel, wanted: WantedConsent) -> ConsentChange | None:
        live = self.live
        comparison = self.rules.comparison
        moving = live is not None and moves_address(self.desired, live, channel, comparison)
        out = wanted.state is ConsentState.UNSUBSCRIBED
        if live is not None and moving and not out:
            had = live.consent(channel).state
            if had is not ConsentState.SUBSCRIBED:
                self._hold_address(channel, f"its consent is {had}, which is no known no")
                return None
        if not out and self._conflicts(channel):
            return None
        ground = None
        if live is not None:
            ground = self._known(channel, live)
        if moving and not out:
            ground = LiveConsent(state=ConsentState.NOT_SUBSCRIBED)
        decision = decide(channel, ground, wanted, self._ground(channel))
        field = FieldPath.of_consent(channel)
        if decision.rule:
            self._note(decision, field)
        if not decision.changes:
            if moving and decision.holds:
                self._hold_address(channel, decision.message)
            return None
        moves = moving and wanted.state is ConsentState.SUBSCRIBED
        return ConsentChange(
            channel=channel,
            risk=self._risk(wanted, moves=moves),
            before=live.consent(channel) if live is not None else None,
            wanted=wanted,
            moves=moves,
            elsewhere=self.carried.of(channel),
        )

    def _risk(self, wanted: WantedConsent, *, moves: bool) -> RiskClass:
        if moves:
            return RiskClass.PROFILE
        if wanted.state is not ConsentState.UNSUBSCRIBED:
            return RiskClass.GRANT
        return RiskClass.CREATE if self.live is None else RiskClass.WITHDRAW

    def _ground(self, channel: Channel) -> ConsentFacts:
        kind = CONTACT_OF[channel]
        named = self.desired.identity(kind) is not None
        live = self.live
        has = named or (live is not None and live.contact(channel) is not None)
        return ConsentFacts(
            country=live.country() if live else self.desired.country(),
            has_contact=has,
            blurred=self.rules.blurs(channel, live.consent(channel) if live else None),
            blocked=live is not None and live.blocked,
            account=None if live is None else live.account,
            now=self.rules.now,
            policy=self.rules.policy,
            table=self.rules.table,
            register=lambda: self._standing(channel),
        )

    def _standing(self, channel: Channel) -> Standing | None:
        return standing_of(channel, self.desired, self.live, self.rules)

    def out_of_date(self, asked: DesiredCustomer) -> None:
        """Where the files say otherwise than what another store shows, it is they that are late."""
        for channel, known in self.carried.elsewhere:
            if asked.consent(channel) is not None:
                self.add(
                    OPTED_OUT,
                    Level.WARN,
                    f"the person is out of {WORDS[channel]} in store {known.store} of the same "
                    "controller, which counts here too: the file is out of date",
                    (FieldPath.of_consent(channel),),
                    "the opt-out in the files (`reconciler adopt --write`), or a newer consent of "
                    "the person",
                )
                self.verdicts[-1] = replace(self.verdicts[-1], out_of_date=True)

    def erased(self, fields: list[FieldChange]) -> None:
        """Erased stays erased: nobody who was is made again, or put in the place of another."""
        for channel in Channel:
            known = self._standing(channel)
            if known is None or known.said is not Said.ERASED:
                continue
            path = contact_of(channel)
            claims = any(one.path == path for one in fields)
            if self.live is not None and not claims:
                continue
            related = is_newly_related(self.desired, known)
            self.add(
                ERASED,
                Level.HOLD,
                "this person was erased, and is made a customer again by a new relation alone",
                () if self.live is None else (path,),
                by_release(ERASED) if related else "evidence of a new relation, and a release",
            )

    def _conflicts(self, channel: Channel, path: FieldPath | None = None) -> bool:
        """Whether the files want the same person out in another store of the controller: then that
        wish counts in all of them. Of somebody who is in already nothing is to be held.
        """
        live = self.live
        if live is not None and live.consent(channel).state is ConsentState.SUBSCRIBED:
            return False
        told = conflict(self.desired, live, channel, self.rules)
        if told:
            field = path or FieldPath.of_consent(channel)
            self.add(CONFLICT, Level.HOLD, told, (field,), "the same wish in both places")
        return bool(told)

    def _note(self, decision: ConsentDecision, field: FieldPath) -> None:
        level = Level.HOLD if decision.holds else Level.WARN
        self.add(decision.rule, level, decision.message, (field,), decision.lifted_by)
        if decision.out_of_date:
            self.verdicts[-1] = replace(self.verdicts[-1], out_of_date=True)

    def bearing_tags(self, fields: list[FieldChange]) -> None:
        """A tag that feeds an audience is a grant, so it needs what a grant needs."""
        for one in fields:
            if not isinstance(one, TagChange) or one.channel is None or one.delta.removed:
                continue
            wanted = self.desired.consent(one.channel)
            live = None
            if self.live is not None:
                live = self._known(one.channel, self.live)
            subscribed = live is not None and live.state is ConsentState.SUBSCRIBED
            if subscribed and (wanted is None or wanted.state is ConsentState.SUBSCRIBED):
                continue
            if wanted is None or wanted.state is not ConsentState.SUBSCRIBED:
                self.add(
                    "consent.no-evidence",
                    Level.HOLD,
                    f"this tag feeds the {one.channel} audience, and the specs give no consent",
                    (one.path,),
                    "give the customer a consent with evidence",
                )
                continue
            if self._conflicts(one.channel, one.path):
                continue
            decision = decide(one.channel, live, wanted, self._ground(one.channel))
            if decision.holds:
                self._note(decision, one.path)

    def address_changes(self, fields: list[FieldChange]) -> None:
        """Consent belongs to the address: a subscribed address does not just become another."""
        if self.live is None:
            return
        for channel in Channel:
            if not moves_address(self.desired, self.live, channel, self.rules.comparison):
                continue
            if self.desired.consent(channel) is None and any(
                one.path == contact_of(channel) for one in fields
            ):
                self._hold_address(channel, "the specs are silent about the new address")

    def _hold_address(self, channel: Channel, why: str) -> None:
        self.add(
            "consent.address-change",
            Level.HOLD,
            f"a consent does not pass from one address to another: {why}",
            (contact_of(channel),),
            f"say in the specs what the {channel} consent of the new address is",
        )

    def unreadable(self, live: LiveCustomer) -> None:
        """A managed field that the store hides or garbles is told of, and left alone."""
        if live.unreadable or live.unasked:
            for name, said in untold(live, self.desired.managed):
                self.add("read.unreadable", Level.HOLD, said, (FieldPath(name),))

    def has_orders(self, live: LiveCustomer) -> bool:
        """Tells of a customer whom the platform will not delete."""
        if not self.rules.table.keeps_with_orders or not live.orders:
            return False
        self.add(
            "delete.has-orders",
            Level.HOLD,
            f"{self.rules.table.title} deletes nobody with orders, and this customer has some"
            f"{_INSTEAD}{self._because()}",
            (CUSTOMER,),
        )
        return True

    def departed_with_orders(self, live: LiveCustomer) -> None:
        """Nobody asked for this customer to go, so orders are reason enough to stay."""
        if live.orders:
            self.add(
                "departed.has-orders",
                Level.HOLD,
                "the customer has left the files, and is not deleted because of orders",
                (CUSTOMER,),
                "`state: absent` with a reason in the files",
            )

    def blind_resends(self, live: LiveCustomer, fields: list[FieldChange]) -> None:
        """A call that has to send along what is not told is not made.

        An opt-out goes out all the same where the platform takes one without what is hidden.
        """
        table = self.rules.table
        if not table.resends_consent or not fields:
            return
        hidden = live.unreadable & table.resends
        if hidden:
            passes = not hidden & table.withdraws_with
            stopped = [one for one in fields if not (passes and is_withdrawal(one))]
            if stopped:
                self.add(
                    "read.unreadable",
                    Level.HOLD,
                    "the store hides part of this record that an update here sends along",
                    tuple(one.path for one in stopped) if passes else (),
                )
            if len(stopped) == len(fields):
                return
        blind = sent_blindly(fields, live)
        if blind:
            self.add(
                "consent.unreadable",
                Level.HOLD,
                f"the store does not tell the {' and '.join(blind)} consent, which every "
                "update here sends along",
                (),
                by_release("consent.unreadable"),
            )

    def marks_of_others(self, live: LiveCustomer, fields: list[FieldChange]) -> None:
        found = marked_by_others(live, fields, self.rules)
        if found is not None:
            self.add(FOREIGN, Level.HOLD, found.message, found.fields, by_release(FOREIGN))

    def unsupported(self, fields: list[FieldChange]) -> None:
        found: dict[tuple[str, str], list[FieldPath]] = {}
        for field, why in dict(
            unsupported(self.action, self.live, tuple(fields), self.rules.table)
        ).items():
            found.setdefault((field.table, why), []).append(field)
        for (_, why), paths in found.items():
            told = why
            if CUSTOMER in paths:
                told += f"{'' if self.desired.departed else _INSTEAD}{self._because()}"
            self.add(UNSUPPORTED, Level.BLOCK, told, tuple(paths), by_release(UNSUPPORTED))

    def _because(self) -> str:
        """Why somebody is to go, for what says that nobody does."""
        reason = self._reason()
        return "" if reason is None else f" (reason: {self.rules.pseudonyms.text(reason)})"

    def add(
        self,
        rule_id: str,
        level: Level,
        message: str,
        fields: tuple[FieldPath, ...],
        lifted_by: str | None = None,
    ) -> None:
        mark = self.desired.mark_of(fields[0].table) if fields else self.desired.mark
        self.verdicts.append(
            Verdict(
                rule=rule_id,
                level=level,
                store=self.rules.store.name,
                message=message,
                alias=self.alias,
                mark=mark,
                lifted_by=lifted_by,
                released=level is not Level.WARN
                and lifted_by == by_release(rule_id) is not None
                and self.rules.released(rule_id, self.alias, self.entry),
                fields=fields,
                remote_ids=(self.live.remote_id,) if self.live is not None else (),
            )
        )

    def finish(self, fields: Iterable[FieldChange]) -> CustomerPlan:
        """Takes out what is held or does not fit. What does not fit stays out even if released.

        What keeps a customer from being made or deleted does not keep an opt-out from being sent.
        """
        out: set[FieldPath] = set()
        everything = False
        for verdict in self.verdicts:
            if verdict.rule == UNSUPPORTED or verdict.in_force:
                out |= set(verdict.fields)
                everything |= not verdict.fields
        kept = () if everything else tuple(without(out, fields))
        if CUSTOMER in out:
            kept = tuple(one for one in kept if is_withdrawal(one))
        if not kept:
            return CustomerPlan(change=None, verdicts=tuple(self.verdicts))
        deletes = any(isinstance(one, Presence) for one in kept)
        stays = self.action is Action.DELETE and not deletes
        change = Change(
            store=self.rules.store.name,
            action=Action.UPDATE if stays else self.action,
            alias=self.alias,
            entry=self.entry,
            remote_id=self.live.remote_id if self.live is not None else None,
            mark=self.desired.mark,
            fields=tuple(sorted(kept, key=lambda one: one.path)),
            subscribed=self._subscribed(),
            marks=self.desired.marks,
            seen=()
            if self.live is None
            else tuple((channel, one.state) for channel, one in self.live.consents),
            reason=self._reason(),
            departed=self.desired.departed
            or any(isinstance(one, TagChange) and self._left(one) for one in kept),
        )
        return CustomerPlan(change=change, verdicts=tuple(self.verdicts))

    def _left(self, change: TagChange) -> bool:
        """Whether a tag is taken off that the specs gave once."""
        left = {tag_key(tag) for tag in self.desired.left_tags}
        return any(tag_key(tag) in left for tag in change.delta.removed)

    def _reason(self) -> str | None:
        if not self.desired.absent:
            return None
        return reason_of(self.desired, self.live, self.rules.names)

    def _subscribed(self) -> frozenset[Channel]:
        if self.live is None:
            return frozenset()
        subscribed = ConsentState.SUBSCRIBED
        return frozenset(name for name, one in self.live.consents if one.state is subscribed)
