"""What SHOPLINE can hold and write, from its API documents and its official Go client."""

from typing import Final

from reconciler.model.capabilities import Capabilities, Footprint
from reconciler.model.consent import Channel, ConsentState
from reconciler.model.identity import IdentityKind
from reconciler.model.settings import Rate

_ALL: Final = frozenset(
    {
        "email",
        "phone",
        "first_name",
        "last_name",
        "nickname",
        "birthday",
        "gender",
        "language",
        "note",
        "tax_exempt",
        "tax_exemptions",
        "metafields",
        "tags",
        "addresses",
        "consent.email",
        "consent.sms",
    }
)

SHOPLINE: Final = Capabilities(
    platform="shopline",
    title="SHOPLINE",
    versions=("v20250601", "v20251201", "v20260301", "v20260601"),
    default_version="v20260301",
    domains=("myshopline.com",),
    creates=_ALL,
    updates=_ALL,
    # Both are in answers only: neither the page of a create nor that of an update lists them.
    tries=frozenset({"nickname", "language"}),
    told_apart=(frozenset({"tax_exempt", "tax_exemptions"}), frozenset({"metafields"})),
    exempts_by_country=True,
    deletes=True,
    counts=True,
    lists_changes=True,
    # A mutation for each; that they are asked for before and after goes by `told_apart`.
    extra_calls=(("addresses", 1), ("tax_exempt", 1), ("tax_exemptions", 1), ("metafields", 1)),
    # A search and a reading by id.
    look_up_calls=((IdentityKind.ID, 1), (IdentityKind.EMAIL, 2), (IdentityKind.PHONE, 2)),
    # "Maximum length: 64" of the `ids` filter may mean characters or entries; five ids fit both.
    ids_at_once=5,
    ids_length=64,
    page=250,
    single_contact=False,
    consent_states=frozenset(
        {ConsentState.SUBSCRIBED, ConsentState.UNSUBSCRIBED, ConsentState.PENDING}
    ),
    records_refusal=frozenset(Channel),
    opt_out_indistinct=frozenset(),
    default_consent=ConsentState.NOT_SUBSCRIBED,
    resends_consent=False,
    resends=frozenset(),
    tags_at_most=100,
    tag_length=128,
    tags_length=1000,
    keeps_with_orders=True,
    tags_are_text=True,
    address_parts=frozenset(
        {
            "first_name",
            "last_name",
            "company",
            "address1",
            "address2",
            "city",
            "province",
            "province_code",
            "country",
            "country_code",
            "zip",
            "phone",
        }
    ),
    address_needs=(),
    address_lengths=(
        # The address endpoints are stricter than the customer's own page: these are theirs.
        ("company", 255),
        ("address1", 255),
        ("address2", 255),
        ("city", 64),
        ("province", 64),
        ("country", 64),
        ("zip", 10),
        ("phone", 16),
    ),
    addresses_at_most=50,
    lengths=(("email", 50), ("phone", 20), ("first_name", 128), ("last_name", 128), ("note", 1000)),
    rate=Rate(per_second=4, burst=40),
    footprints=(
        Footprint(
            call="create",
            touches=("consent.email", "consent.sms"),
            guard="a consent that is not asked for is sent as not subscribed",
        ),
        Footprint(
            call="update",
            touches=("every field left out, where a store replaces instead of merging",),
            guard="only what changes is sent; the first read-back finds such a store, and stops it",
        ),
        Footprint(
            call="create and update with a nickname or a language",
            touches=("nothing, or the whole call, where a store does not take them",),
            guard="a call that is refused goes again without them; they are read back, and not "
            "applied where they did not take",
        ),
        Footprint(
            call="address calls", touches=("the default address",), guard="the default is set last"
        ),
        Footprint(
            call="customerUpdate of GraphQL, with a tax exemption",
            touches=("every field left out, where a store replaces instead of merging",),
            guard="the whole record is read before and after; such a store is stopped",
        ),
        Footprint(
            call="customerReplaceTaxExemptions of GraphQL",
            touches=("the other regions of the customer",),
            guard="all regions that are wanted are sent; who has others since is left alone",
        ),
        Footprint(
            call="metafield calls",
            touches=("the metafield that they name",),
            guard="one that the specs do not name is in no call; all are read before and after",
        ),
        Footprint(call="delete", touches=("the customer",), guard="only by name in the specs"),
    ),
    notes=(
        "Tax exemption, by region too, is told by GraphQL alone, and asked for where it is "
        "managed; a country without provinces is exempt as a whole.",
        "Metafields have calls of their own, one a customer to read them, where they are managed; "
        "a list that may go on unseen is not believed. Each that is named is a change of its "
        "own: one that somebody else has set since the plan is left, and the others are written.",
        "Nickname and language are documented in answers only: what does not take is told alone.",
        "Customers with orders cannot be deleted; deleting an unknown id is answered like success.",
        "Tags may only grow in some stores; what could not be removed is reported.",
        "Tags are one text: a tag with a comma in it cannot be told from two tags.",
        "Customers whom the store has blocked are not opted in.",
        "Subscriptions by LINE and Messenger are shown by `explain`, and never written.",
    ),
)
