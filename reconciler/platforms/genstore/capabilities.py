"""What Genstore can hold and write, from its API documents and the help pages of its importer."""

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
        "note",
        "tax_exempt",
        "tax_exemptions",
        "tags",
        "addresses",
        "consent.email",
        "consent.sms",
    }
)

GENSTORE: Final = Capabilities(
    platform="genstore",
    title="Genstore",
    versions=("202412",),
    default_version="202412",
    # The overview of the documents shows the second domain, every endpoint page the first.
    domains=("genmystore.com", "genmystore.ai"),
    creates=_ALL,
    updates=_ALL,
    why_not=tuple(
        (name, "its documents have no such field")
        for name in ("nickname", "birthday", "gender", "language", "metafields")
    ),
    deletes=True,
    counts=False,
    extra_calls=(("withdraw", 1),),  # what each word came to is read before the next
    look_up_calls=((IdentityKind.ID, 1), (IdentityKind.EMAIL, 1)),
    ids_at_once=50,
    page=250,
    single_contact=False,
    consent_states=frozenset({ConsentState.SUBSCRIBED, ConsentState.UNSUBSCRIBED}),
    # The import page lists UN_SUBSCRIBED for e-mail, and only (NOT_)SUBSCRIBED for SMS.
    records_refusal=frozenset({Channel.EMAIL}),
    # The documents show no word for an opt-out in the API, and for SMS not even in the admin.
    opt_out_indistinct=frozenset(Channel),
    # The documents show SUBSCRIBED; the importer says UN_SUBSCRIBED; the others are the usual ones.
    consent_words=(
        ("SUBSCRIBED", ConsentState.SUBSCRIBED),
        ("UNSUBSCRIBED", ConsentState.UNSUBSCRIBED),
        ("NOTSUBSCRIBED", ConsentState.NOT_SUBSCRIBED),
        ("NEVERSUBSCRIBED", ConsentState.NOT_SUBSCRIBED),
        ("PENDINGCONFIRMATION", ConsentState.PENDING),
        ("PENDING", ConsentState.PENDING),
        ("REDACTED", ConsentState.REDACTED),
        ("INVALID", ConsentState.INVALID),
    ),
    default_consent=ConsentState.NOT_SUBSCRIBED,
    resends_consent=True,
    resends=frozenset({"email", "phone", "first_name", "last_name", "note", "tags", "addresses"}),
    tags_at_most=120,
    tag_length=100,
    tags_length=None,
    keeps_with_orders=True,
    dates_consent=True,
    withdraws_with=frozenset(
        {"email", "phone", "first_name", "last_name", "note", "tags", "addresses"}
    ),
    address_parts=frozenset(
        {
            "first_name",
            "last_name",
            "company",
            "address1",
            "address2",
            "city",
            "province_code",
            "country_code",
            "zip",
            "phone",
        }
    ),
    address_needs=(),
    address_lengths=(
        ("first_name", 200),
        ("last_name", 200),
        ("company", 1000),
        ("address1", 1000),
        ("address2", 1000),
        ("city", 200),
        ("zip", 60),
        ("phone", 60),
    ),
    addresses_at_most=None,
    lengths=(("first_name", 200), ("last_name", 200), ("note", 1000)),
    rate=Rate(per_second=2, burst=40),
    footprints=(
        Footprint(
            call="create",
            touches=("consent.email", "consent.sms"),
            guard="the word for no is sent where it is known; whoever comes back subscribed is "
            "taken out at once",
        ),
        Footprint(
            call="update",
            touches=("every writable field",),
            guard="the whole record goes back as it was read right before, consents included; a "
            "consent that is not told stops the call",
        ),
        Footprint(call="delete", touches=("the customer",), guard="only by name in the specs"),
    ),
    notes=(
        "An update sends the whole customer, because the documents do not say whether it merges.",
        "Customers with orders cannot be deleted.",
        "There is no count and no look-up by phone: phone-only customers need a full read.",
        "Countries and provinces of addresses are known by their codes only.",
    ),
)
