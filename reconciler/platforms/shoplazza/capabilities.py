"""What Shoplazza can hold and write, from its API documents and its official command-line tool."""

from typing import Final

from reconciler.model.capabilities import Capabilities, Footprint
from reconciler.model.consent import Channel, ConsentState
from reconciler.model.identity import IdentityKind
from reconciler.model.settings import Rate

SHOPLAZZA: Final = Capabilities(
    platform="shoplazza",
    title="Shoplazza",
    versions=("2022-01", "2025-06", "2026-01", "2026-07"),
    default_version="2025-06",
    domains=("myshoplaza.com",),
    creates=frozenset(
        {
            "email",
            "phone",
            "first_name",
            "last_name",
            "tags",
            "addresses",
            "consent.email",
            "consent.sms",
        }
    ),
    updates=frozenset(
        {"first_name", "last_name", "tags", "addresses", "consent.email", "consent.sms"}
    ),
    why_not=(
        ("email", "a contact is fixed once the customer is created"),
        ("phone", "a contact is fixed once the customer is created"),
        ("note", "its documents list a note, and no call that takes one"),
        ("tax_exempt", "`free_tax` can only be read"),
        ("tax_exemptions", "its documents have no such field"),
        ("metafields", "its documents have no such field"),
        ("nickname", "its documents have no such field"),
        ("birthday", "its documents have no such field"),
        ("gender", "its documents have one for addresses only"),
        ("language", "its documents have no such field"),
    ),
    deletes=False,
    counts=True,
    lists_changes=True,
    extra_calls=(("addresses", 1),),
    look_up_calls=((IdentityKind.ID, 1), (IdentityKind.EMAIL, 1), (IdentityKind.PHONE, 1)),
    ids_at_once=50,
    page=250,
    single_contact=True,
    consent_states=frozenset({ConsentState.SUBSCRIBED, ConsentState.UNSUBSCRIBED}),
    records_refusal=frozenset(Channel),
    opt_out_indistinct=frozenset(),
    default_consent=ConsentState.UNSUBSCRIBED,
    resends_consent=True,
    resends=frozenset({"first_name", "last_name", "tags"}),
    tags_at_most=None,
    tag_length=None,
    tags_length=None,
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
            "country",
            "country_code",
            "zip",
            "phone",
        }
    ),
    address_needs=("country", "country_code"),
    address_lengths=(),
    addresses_at_most=None,
    lengths=(),
    rate=Rate(per_second=2, burst=40),
    footprints=(
        Footprint(
            call="create",
            touches=("consent.email", "consent.sms"),
            guard="both consents are sent as false",
        ),
        Footprint(
            call="update",
            touches=("consent.email", "consent.sms", "first_name", "last_name", "tags"),
            guard="false is sent as false, an unchanged true is left out, names and tags go back "
            "as they were read right before; a consent that is not told stops the call",
        ),
        Footprint(
            call="address calls", touches=("the default address",), guard="the default is set last"
        ),
    ),
    notes=(
        "Nobody can be deleted, and e-mail and phone cannot be changed after the create.",
        "A create takes exactly one of e-mail and phone.",
        "Creates and updates that leave a consent out may set it to true, so it is always sent "
        "as false unless it is true and stays so.",
        "Provinces of addresses are known by their names only.",
        "2022-01 has tags as one text: a tag with a comma in it cannot be told from two tags.",
    ),
)
