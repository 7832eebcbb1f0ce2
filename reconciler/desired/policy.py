"""The `policy` of the specs."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from reconciler.desired.document import Document
from reconciler.model.consent import Channel
from reconciler.model.settings import Policy
from reconciler.model.tags import tag_key


def policy_of(document: Document, item: Mapping[str, Any]) -> Policy:
    return replace(_policy(item), mark=document.key_mark(("policy",)))


def _policy(item: Mapping[str, Any]) -> Policy:
    consent = item.get("consent") or {}
    default = Policy()
    required = dict(default.required)
    required.update(
        {Channel(name): tuple(fields) for name, fields in (consent.get("require") or {}).items()}
    )
    return Policy(
        required=tuple(sorted(required.items())),
        min_level=tuple(sorted((consent.get("min_level") or {}).items())),
        bearing_tags=tuple(
            sorted(
                (tag_key(tag), Channel(channel))
                for tag, channel in (consent.get("bearing_tags") or {}).items()
            )
        ),
        implied=tuple(sorted(consent.get("implied") or ())),
        register_required=item.get("register") == "required",
        opt_out_max_age=_hours(consent.get("opt_out_max_age")) or default.opt_out_max_age,
    )


def _hours(text: str | None) -> timedelta | None:
    return None if text is None else timedelta(hours=int(text.removesuffix("h")))
