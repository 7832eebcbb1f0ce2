"""The digest of what specs mean: a plan is for these specs and no others."""

from hashlib import sha256

from reconciler.model.pseudonyms import Pseudonyms
from reconciler.model.settings import MEANING, DesiredState
from reconciler.plan.settings_change import settings_digest


def spec_digest(state: DesiredState, pseudonyms: Pseudonyms) -> str:
    """Of what the specs mean, not of how they are written: order and comments do not count."""
    meanings = [
        (name, every if state.keyed else _keyed(every, pseudonyms))
        for name, every in state.meanings
    ]
    return pseudonyms.digest(
        "spec",
        [
            settings_digest(state.settings, pseudonyms),
            sorted([name, sha256(every).hexdigest()] for name, every in meanings),
            sorted([name, *sorted(tags)] for name, tags in state.owned),
            sorted(
                [name, one.key, one.retired] for name, every in state.whole_tags for one in every
            ),
        ],
    )


def _keyed(every: bytes, pseudonyms: Pseudonyms) -> bytes:
    each = (every[at : at + MEANING] for at in range(0, len(every), MEANING))
    return b"".join(sorted(map(pseudonyms.meaning, each)))
