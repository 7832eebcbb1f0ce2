"""The switches: each fact that a platform leaves open, its readings, and the one taken by default.

The tables are data so that the documents and the command line can print them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

SECONDS = ("seconds",)
TEXT = ("text",)


@dataclass(frozen=True, slots=True)
class Switch:
    """One open question about a platform."""

    default: str
    allowed: tuple[str, ...]
    summary: str

    def accepts(self, value: str) -> bool:
        if self.allowed == TEXT:
            return True
        if self.allowed == SECONDS:
            return value.replace(".", "", 1).isdecimal()
        return value in self.allowed


_CLEAR = ("empty", "null", "both", "never")
_ORDER = ("ascending", "descending", "shuffled")
_ONOFF = ("off", "on")

_SHARED: dict[str, Switch] = {
    "list_order": Switch("ascending", _ORDER, "Order of lists by id."),
    "retry_after": Switch("off", _ONOFF, "Whether a 429 carries Retry-After."),
    "scope": Switch("write", ("write", "read"), "What the token may do; writes need `write`."),
    "clear": Switch("empty", _CLEAR, "What empties a text field; anything else leaves it."),
    "spelling": Switch(
        "case",
        ("case", "bytes", "blind"),
        "What searches are blind to: letter case, nothing, or also Unicode forms and separators.",
    ),
    "duplicates": Switch(
        "refused", ("refused", "accepted"), "What a write of somebody else's e-mail or phone does."
    ),
    "date": Switch(
        "off", ("off", "on", "ahead"), "Whether answers carry the time, or one three days ahead."
    ),
    "updated_at": Switch(
        "writes", ("writes", "no consents"), "What moves the time of change: all, or no consents."
    ),
    "precision": Switch(
        "seconds", ("seconds", "milliseconds"), "Precision of the times of customers."
    ),
}

_READ_ONLY = ("ignored", "honoured", "refused")  # of what the documents show in answers alone

_UPDATED_BOUND = Switch(
    "inclusive",
    ("inclusive", "exclusive", "ignored", "local"),
    "How updated_at_min is taken; local: as if it were the time of UTC+14 whatever its zone.",
)
_RESEND = Switch(
    "keep", ("keep", "restamp"), "What sending the consent state already held does to its time."
)

GENSTORE: dict[str, Switch] = _SHARED | {
    "resend": _RESEND,
    "put": Switch("merge", ("merge", "replace"), "Whether PUT keeps or empties omitted fields."),
    "tags_put": Switch("replace", ("replace", "append"), "What tags in a PUT do to those there."),
    "address_put": Switch(
        "replace", ("replace", "merge"), "Whether addresses left out of a PUT's list go or stay."
    ),
    "tax_put": Switch(
        "replace",
        ("replace", "merge"),
        "Whether regions left out of a PUT's tax exemptions stay.",
    ),
    "search_match": Switch(
        "exact", ("exact", "prefix", "contains"), "How a search compares the values it is given."
    ),
    "search_delay": Switch("0", SECONDS, "How long a search does not see a write."),
    "list_delay": Switch("0", SECONDS, "How long a list does not see a write."),
    "search_scope": Switch("yes", ("yes", "403"), "Whether the token may search."),
    "empty_search": Switch(
        "list", ("list", "word"), "What an empty search holds: a list, or the example's odd word."
    ),
    "duplicate_status": Switch("409", ("409", "422"), "Status for an e-mail or phone in use."),
    "unsubscribed_word": Switch(
        "UN_SUBSCRIBED",
        ("UN_SUBSCRIBED", "UNSUBSCRIBED", "NOT_SUBSCRIBED"),
        "The word taken and given for a refusal of marketing.",
    ),
    "unknown_word": Switch(
        "reject", ("reject", "ignore", "store"), "What happens to a consent word not known."
    ),
    "sms_words": Switch(
        "full", ("full", "two"), "Whether SMS knows all words or only SUBSCRIBED, NOT_SUBSCRIBED."
    ),
    "double_opt_in": Switch(
        "off", _ONOFF, "Whether a new SUBSCRIBED becomes PENDING_CONFIRMATION."
    ),
    "consent_time": Switch(
        "honoured", ("honoured", "ignored"), "Whether consentUpdateTime of a write is kept."
    ),
    "consent_needs_contact": Switch(
        "off", _ONOFF, "Whether subscribing without e-mail or phone is refused."
    ),
    "create_default": Switch(
        "NOT_SUBSCRIBED",
        ("NOT_SUBSCRIBED", "SUBSCRIBED", "null"),
        "The consent of a customer created without one.",
    ),
    "since_id": Switch("honoured", ("honoured", "ignored"), "Whether lists heed sinceId."),
    "client_id": Switch("ignored", ("ignored", "honoured"), "What an id in a create does."),
    "state_write": Switch("ignored", ("ignored", "honoured"), "What a state in a write does."),
    "protected": Switch(
        "none",
        ("none", "absent", "null", "masked"),
        "How names, contacts and addresses look without the approval for them.",
    ),
    "link_form": Switch("quirky", ("quirky", "standard"), "Form of the link header."),
    "scalars": Switch("strings", ("strings", "typed"), "Booleans and numbers as text or typed."),
    "tags": Switch("list", ("list", "string"), "Tags of answers as a list or as text holding one."),
    "written_flags": Switch(
        "typed", ("typed", "any"), "Whether a write takes booleans as text, as answers tell them."
    ),
    "subdivisions": Switch(
        "list", ("list", "string"), "Subdivisions of answers as a list or as text holding one."
    ),
    "times": Switch("zoneless", ("zoneless", "zoned"), "Whether times carry a zone."),
}

SHOPLAZZA: dict[str, Switch] = _SHARED | {
    "updated_bound": _UPDATED_BOUND,
    "update_defaults": Switch(
        "true", ("true", "keep"), "What a consent boolean left out of an update becomes."
    ),
    "omitted_names": Switch("keep", ("keep", "clear"), "What an update does to names left out."),
    "explicit_false_flag": Switch(
        "1",
        ("1", "6", "keep2"),
        "The flag an explicit false gives; keep2 leaves a customer's own opt-out at 2.",
    ),
    "create_default_address": Switch(
        "first",
        ("first", "last", "flagged"),
        "The default of a create's addresses; what flags one is refused but where that is taken.",
    ),
    "create_true_flag": Switch("3", ("3", "5"), "The flag a subscribing create gives."),
    "create_false_flag": Switch("1", ("1", "6", "0"), "The flag a create with false gives."),
    "match": Switch(
        "exact", ("exact", "fuzzy", "ignored"), "How the e-mail and contact filters compare."
    ),
    "masked": Switch(
        "none", ("none", "all", "some"), "Whose e-mail and phones are masked (some: each third)."
    ),
    "ids": Switch("uuid", ("uuid", "decimal"), "Form of new ids."),
    "two_contacts": Switch(
        "refused", ("refused", "accepted"), "What a create with e-mail and phone does."
    ),
    "create_status": Switch("200", ("200", "201"), "Status of a create."),
    "failure_status": Switch(
        "own",
        ("own", "500"),
        "Business failures from 2025-06 on: their own status, or ServerError.",
    ),
    "duplicate_status": Switch("422", ("422", "409"), "Status for an e-mail or phone in use."),
    "delete_status": Switch("405", ("404", "405"), "Status of a delete, which does not exist."),
    "list_delay": Switch("0", SECONDS, "How long a list does not see a write."),
    "has_more_end": Switch("null", ("null", "false"), "has_more on the last page."),
    "envelope_code": Switch("Success", ("Success", "success"), "Code of a good answer."),
    "tag_limit": Switch("none", TEXT, "The most tags a customer may have; `none` for no limit."),
    "offset": Switch("Z", TEXT, "Offset of times, as Z or +HH:MM."),
}

SHOPLINE: dict[str, Switch] = _SHARED | {
    "updated_bound": _UPDATED_BOUND,
    "resend": _RESEND,
    "put": Switch("merge", ("merge", "replace"), "Whether PUT keeps or empties omitted fields."),
    "tags": Switch("replace", ("replace", "append"), "What tags in a PUT do to those there."),
    "address_put": Switch(
        "replace", ("replace", "merge"), "Whether addresses left out of a PUT's list go or stay."
    ),
    "ids_limit": Switch("characters", ("characters", "entries"), "What the 64 of `ids` counts."),
    "masked": Switch(
        "none", ("none", "all", "some"), "Whose e-mail and phones are masked (some: each third)."
    ),
    "create_status": Switch("200", ("200", "201"), "Status of a create."),
    "duplicate_status": Switch("422", ("422", "409"), "Status for an e-mail or phone in use."),
    "list_delay": Switch("0", SECONDS, "How long lists, counts and searches do not see a write."),
    "offset": Switch("+08:00", TEXT, "Offset of the store's times, as Z or +HH:MM."),
    "leave_never": Switch(
        "allowed", ("allowed", "refused"), "Whether state 2 may be written after 0 or 1."
    ),
    "double_opt_in": Switch("off", _ONOFF, "Whether a new state 1 becomes 3."),
    "flags_cross": Switch(
        "lagging",
        ("lagging", "consistent"),
        "The subscribe flags while consent is pending: 2, or 3 like the state.",
    ),
    "nick_name": Switch("ignored", _READ_ONLY, "What a nick_name in a write does."),
    "language": Switch("ignored", _READ_ONLY, "What a language in a write does."),
    "gender": Switch(
        "numbers",
        ("numbers", "words", "no secret"),
        "How answers tell the gender: 0 to 3, in words, or 3, which they do not list, as 0.",
    ),
    "list_tells": Switch(
        "all", ("all", "no consents"), "Whether lists and searches tell the consents."
    ),
    "graph": Switch(
        "open",
        ("open", "403", "denied", "no data"),
        "Whether the token may use GraphQL; else the status, the error or the lack of data.",
    ),
    "graph_put": Switch(
        "merge",
        ("merge", "replace", "areas"),
        "What customerUpdate of GraphQL empties of what is left out: nothing, all, or areas only.",
    ),
    "graph_missing": Switch(
        "null", ("null", "error"), "How GraphQL tells that there is no such customer."
    ),
    "graph_unset": Switch(
        "told", ("told", "null"), "Whether GraphQL tells that nobody is exempt, or null."
    ),
    "graph_whole": Switch(
        "list", ("list", "null"), "The provinces of a whole country: none listed, or null."
    ),
    "graph_codes": Switch(
        "as written",
        ("as written", "with country", "without"),
        "How GraphQL tells provinces: as they were written, or in one form of ISO 3166-2.",
    ),
    "province_v2": Switch(
        "same",
        ("same", "with country"),
        "How a customer's page tells a province as `province_code_v2`, in the form of ISO 3166-2.",
    ),
    "graph_throttle": Switch(
        "status", ("status", "body"), "How GraphQL asks to slow down: with a 429, or in a 200."
    ),
    "graph_cost": Switch(
        "1", ("1", "8"), "How many of the bucket's requests one of GraphQL takes."
    ),
    "graph_most": Switch(
        "any", ("any", "7", "1", "0"), "How many customers a query of GraphQL may cost at most."
    ),
    "tax_exempt": Switch("honoured", _READ_ONLY, "What tax exemptions in a GraphQL write do."),
    "metafields": Switch("open", ("open", "404"), "Whether the token may use metafields."),
    "metafield_pages": Switch(
        "none",
        ("none", "fifty", "small", "silent", "since"),
        "Pages of metafields: none, of 50, of 3, or of 50 without a link; `since` heeds since_id.",
    ),
    "metafield_put": Switch(
        "page",
        ("page", "any", "alone"),
        "An update of a metafield: without its name, with it as SDKs do, or dropping all others.",
    ),
    "metafield_type": Switch(
        "taken", ("taken", "refused", "kept"), "What another type in a write of a metafield does."
    ),
    "search_token": Switch("page", ("page", "keyset"), "What a search's page_info holds."),
    "email_lookup_missing": Switch(
        "null", ("null", "404"), "The answer to query_user_by_email for an unknown e-mail."
    ),
}

SWITCHES: dict[str, dict[str, Switch]] = {
    "genstore": GENSTORE,
    "shoplazza": SHOPLAZZA,
    "shopline": SHOPLINE,
}


class Settings:
    """The readings taken by one simulator: the defaults under what was asked for."""

    def __init__(self, platform: str, chosen: Mapping[str, object] | None = None) -> None:
        table = SWITCHES[platform]
        self._values = {name: switch.default for name, switch in table.items()}
        for name, value in (chosen or {}).items():
            if name not in table:
                raise ValueError(f"{platform} has no switch {name!r}; it has {', '.join(table)}")
            text = _spell(value, table[name].allowed)
            if not table[name].accepts(text):
                allowed = ", ".join(table[name].allowed)
                raise ValueError(f"switch {name!r} of {platform} cannot be {text!r}; use {allowed}")
            self._values[name] = text

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def on(self, name: str) -> bool:
        return self._values[name] == "on"

    def seconds(self, name: str) -> float:
        return float(self._values[name])

    def as_dict(self) -> dict[str, str]:
        return dict(self._values)


def _spell(value: object, allowed: tuple[str, ...]) -> str:
    if isinstance(value, bool):
        words = ("on", "true", "yes") if value else ("off", "false")
        return next((word for word in words if word in allowed), str(value))
    return "null" if value is None else str(value)
