"""What a platform can hold and write, as data; planning asks this table and never the platform."""

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.model.consent import Channel, ConsentState
from reconciler.model.fields import BY_NAME
from reconciler.model.identity import IdentityKind
from reconciler.model.settings import Rate
from reconciler.model.tax import TaxExemptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """What one call of a platform can change without being asked, and what we do about it."""

    call: str
    touches: tuple[str, ...]
    guard: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What is not said is the most careful: nothing can be written, and what may be sent along is.

    Where a limit is None, or not in a table of limits, the documents tell none.

    `creates` and `updates` are the fields that a create or an update can write;
    `tries` are those of them that the documents only show being read: whether a store takes them is
    seen when the record is read back.
    `why_not` says of a field why one of them cannot, after a colon.
    `told_apart` are fields that no record tells, by the question that tells them: they are unknown
    until somebody asks it.
    `lists_changes` says that the list can be asked for what changed since an instant.
    `single_contact` says that a create takes exactly one of e-mail and phone.
    `lengths` and `address_lengths` are most characters by field, `address_parts` the parts that it
    keeps, `address_needs` those that a new address must have.
    `extra_calls` are requests beyond reading, writing and reading back, by kind of step, or by name
    of a field for each of its values.
    `look_up_calls` are the requests that a look-up takes which asks in one spelling and finds
    somebody, by kind; others cannot be looked up. `ids_at_once` are read in one request, as long as
    they take no more than `ids_length` characters with the commas between them.
    `tags_are_text` says that tags come and go as one text, cut at commas.
    `keeps_with_orders` says that customers with orders cannot be deleted.
    `dates_consent` says that a consent is written with its time, in the store's zone.
    `consent_words` are the words of consents whose meaning is known, in capitals and without `_`.
    `opt_out_indistinct` are those where never asked may also stand for an opt-out, as long as the
    store has not been seen to use a word for it that the user named.
    `exempts_by_country` says that tax exemptions name each country, with some of its parts or all.
    `default_consent` is what a consent reads as that a create did not ask for.
    `records_refusal` are the channels on which *unsubscribed* is told apart from never asked.
    `resends_consent` says that an update about something else sends consents along to be safe,
    `resends` names the other fields that it sends along as they were read, `withdraws_with` those
    of them that even an opt-out alone has to send.
    """

    platform: str
    title: str
    versions: tuple[str, ...]
    default_version: str
    domains: tuple[str, ...]
    rate: Rate
    creates: frozenset[str] = frozenset()
    updates: frozenset[str] = frozenset()
    tries: frozenset[str] = frozenset()
    told_apart: tuple[frozenset[str], ...] = ()
    exempts_by_country: bool = False
    why_not: tuple[tuple[str, str], ...] = ()
    deletes: bool = False
    counts: bool = False
    lists_changes: bool = False
    look_up_calls: tuple[tuple[IdentityKind, int], ...] = ()
    ids_at_once: int = 1
    ids_length: int | None = None
    page: int = 50
    single_contact: bool = False
    consent_states: frozenset[ConsentState] = frozenset(
        {ConsentState.SUBSCRIBED, ConsentState.UNSUBSCRIBED}
    )
    records_refusal: frozenset[Channel] = frozenset()
    opt_out_indistinct: frozenset[Channel] = frozenset(Channel)
    default_consent: ConsentState = ConsentState.NOT_SUBSCRIBED
    resends_consent: bool = True
    resends: frozenset[str] = frozenset({"tags", "addresses"})
    tags_at_most: int | None = None
    tag_length: int | None = None
    tags_length: int | None = None
    addresses_at_most: int | None = None
    address_parts: frozenset[str] = frozenset()
    address_needs: tuple[str, ...] = ()
    address_lengths: tuple[tuple[str, int], ...] = ()
    lengths: tuple[tuple[str, int], ...] = ()
    footprints: tuple[Footprint, ...] = ()
    extra_calls: tuple[tuple[str, int], ...] = ()
    keeps_with_orders: bool = False
    dates_consent: bool = False
    tags_are_text: bool = False
    withdraws_with: frozenset[str] = frozenset()
    consent_words: tuple[tuple[str, ConsentState], ...] = ()
    notes: tuple[str, ...] = ()

    def meaning(self, word: str) -> ConsentState | None:
        """What a consent's word is known to say, in whatever way it is written; else None."""
        return dict(self.consent_words).get(word.upper().replace("_", ""))

    def cannot(self, doing: str, name: str) -> str:
        """That a field cannot be set or changed, and why where that is known."""
        why = dict(self.why_not).get(name)
        said = f"{self.title} cannot {doing} the {BY_NAME[name].title}"
        return f"{said}: {why}" if why else said

    def beyond_countries(self, wanted: TaxExemptions) -> Iterator[str]:
        """What of exemptions a list of countries, each with its parts, cannot say."""
        if not self.exempts_by_country:
            return
        if wanted.regions is None:
            yield f"{self.title} names each country: `tax_exempt: true` says all of them"
        if any(one.subdivisions == () for one in wanted.regions or ()):
            yield f"{self.title} has no exemption in a country and in none of its subdivisions"

    def batch(self, longest: int) -> int:
        """How many ids of this length at most are read in one request."""
        if self.ids_length is None:
            return self.ids_at_once
        return max(1, min(self.ids_at_once, (self.ids_length + 1) // (longest + 1)))

    @property
    def apart(self) -> frozenset[str]:
        """All the fields that no record tells."""
        return frozenset[str]().union(*self.told_apart)

    @property
    def shares_rereads(self) -> bool:
        """Whether customers can be read again several at once: nothing unasked is sent along."""
        return not (self.resends or self.resends_consent)

    @property
    def looks_up(self) -> frozenset[IdentityKind]:
        return frozenset(kind for kind, _ in self.look_up_calls)
