"""The one table of customer fields: comparing, masking, capabilities and the docs all read it.

CONTRIBUTING has the list of places that a new field takes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from reconciler.model.consent import Channel
from reconciler.model.identity import IdentityKind, email_key, number_of, phone_key, tidy
from reconciler.model.metafields import from_spec as metafields_of
from reconciler.model.metafields import repeated
from reconciler.model.personal import Personal
from reconciler.model.tax import from_spec


class FieldKind(StrEnum):
    """How values are compared: whole, as a set of tags, by the consent rules, part by part."""

    SCALAR = "scalar"
    SET = "set"
    CONSENT = "consent"
    STRUCTURE = "structure"


def _text(value: object, region: str | None) -> object:  # noqa: ARG001 -- one signature for all
    """Free text: NFC, trimmed, line ends as one sign; the empty text is nothing."""
    text = value.reveal() if isinstance(value, Personal) else value
    return tidy(text).replace("\r\n", "\n") or None if isinstance(text, str) else None


def _as_it_is(value: object, region: str | None) -> object:  # noqa: ARG001
    return value


def _email(value: object, region: str | None) -> object:  # noqa: ARG001
    text = value.reveal() if isinstance(value, Personal) else value
    return email_key(text) if isinstance(text, str) else None


def _phone(value: object, region: str | None) -> object:
    """E.164 where it can be read; else the text, so that two unreadable numbers still differ."""
    if isinstance(value, Personal):
        return number_of(value, region) or tidy(value.reveal())
    return phone_key(value, region) or tidy(value) if isinstance(value, str) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Several:
    """A field of several values, each a state of its own: an entry manages those that it names, and
    where it names none nothing is said. `single` is how one of them is called; `repeated` gives the
    place of the first that another before it has named, which `rule` is about.
    """

    single: str
    rule: str
    repeated: Callable[[Any], int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSpec:
    """`normalise` takes a value and the store's phone region; it is idempotent in effect. `part` is
    the definition of the spec schema that a single value of it has to fit; `read` makes a value of
    what a spec says there, where that is no text or flag.
    """

    name: str
    kind: FieldKind
    normalise: Callable[[object, str | None], object]
    personal: bool
    title: str
    part: str = ""
    read: Callable[[Any], object] | None = None
    several: Several | None = None


FIELDS: Final = (
    FieldSpec(
        name="email",
        kind=FieldKind.SCALAR,
        normalise=_email,
        personal=True,
        title="e-mail address",
        part="email",
    ),
    FieldSpec(
        name="phone",
        kind=FieldKind.SCALAR,
        normalise=_phone,
        personal=True,
        title="phone number",
        part="phone",
    ),
    FieldSpec(
        name="first_name",
        kind=FieldKind.SCALAR,
        normalise=_text,
        personal=True,
        title="first name",
        part="name",
    ),
    FieldSpec(
        name="last_name",
        kind=FieldKind.SCALAR,
        normalise=_text,
        personal=True,
        title="last name",
        part="name",
    ),
    FieldSpec(
        name="nickname",
        kind=FieldKind.SCALAR,
        normalise=_text,
        personal=True,
        title="nickname",
        part="name",
    ),
    FieldSpec(
        name="birthday",
        kind=FieldKind.SCALAR,
        normalise=_text,
        personal=True,
        title="birthday",
        part="birthday",
    ),
    FieldSpec(
        name="gender",
        kind=FieldKind.SCALAR,
        normalise=_text,
        personal=True,
        title="gender",
        part="gender",
    ),
    FieldSpec(
        name="language",
        kind=FieldKind.SCALAR,
        normalise=_text,
        personal=False,
        title="language",
        part="language",
    ),
    FieldSpec(
        name="note",
        kind=FieldKind.SCALAR,
        normalise=_text,
        personal=True,
        title="note",
        part="note",
    ),
    FieldSpec(
        name="tax_exempt",
        kind=FieldKind.SCALAR,
        normalise=_as_it_is,
        personal=False,
        title="tax exemption",
        part="taxExempt",
    ),
    FieldSpec(
        name="tax_exemptions",
        kind=FieldKind.SCALAR,
        normalise=_as_it_is,  # made in normal form
        personal=False,
        title="tax exemptions by region",
        part="taxExemptions",
        read=from_spec,
    ),
    FieldSpec(
        name="metafields",
        kind=FieldKind.SCALAR,
        normalise=_as_it_is,  # compared one by one with those that an entry names
        personal=True,
        title="metafields",
        part="metafields",
        read=metafields_of,
        several=Several(single="metafield", rule="metafields.repeated", repeated=repeated),
    ),
    FieldSpec(name="tags", kind=FieldKind.SET, normalise=_as_it_is, personal=False, title="tags"),
    FieldSpec(
        name="addresses",
        kind=FieldKind.STRUCTURE,
        normalise=_as_it_is,
        personal=True,
        title="addresses",
    ),
    FieldSpec(
        name="consent.email",
        kind=FieldKind.CONSENT,
        normalise=_as_it_is,
        personal=False,
        title="e-mail consent",
    ),
    FieldSpec(
        name="consent.sms",
        kind=FieldKind.CONSENT,
        normalise=_as_it_is,
        personal=False,
        title="SMS consent",
    ),
)
BY_NAME: Final = {spec.name: spec for spec in FIELDS}
SCALARS: Final = tuple(spec for spec in FIELDS if spec.kind is FieldKind.SCALAR)
# What is said of a customer, and nobody is matched by.
PROFILE: Final = tuple(spec.name for spec in SCALARS if spec.name not in list(IdentityKind))


_CONSENTS: Final = {channel: f"consent.{channel}" for channel in Channel}

# What may be taken from a store into the files by its name: whom an entry means stays as written.
ADOPTABLE: Final = (*PROFILE, "tags", "addresses", *_CONSENTS.values())


def consent_field(channel: Channel) -> str:
    return _CONSENTS[channel]
