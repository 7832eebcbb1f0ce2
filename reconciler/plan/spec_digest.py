"""The digest of what specs mean: a plan is for these specs and no others."""

from typing import Any

from reconciler.model.customer import Address, DesiredCustomer
from reconciler.model.managed import UNMANAGED
from reconciler.model.personal import in_clear
from reconciler.model.pseudonyms import Pseudonyms
from reconciler.model.settings import DesiredState
from reconciler.model.tags import TagIntent
from reconciler.plan.settings_change import settings_digest


def spec_digest(state: DesiredState, pseudonyms: Pseudonyms) -> str:
    """Of what the specs mean, not of how they are written: order and comments do not count."""
    return pseudonyms.digest(
        "spec",
        [
            settings_digest(state.settings, pseudonyms),
            [
                [name, sorted(_desired(one) for one in customers)]
                for name, customers in sorted(state.customers)
            ],
            sorted([name, *sorted(tags)] for name, tags in state.owned),
        ],
    )


def _desired(one: DesiredCustomer) -> str:
    """All that an entry asks for as one line of text; only ever fed to the keyed digest."""
    parts: list[Any] = [
        [[identity.kind.value, identity.key] for identity in one.identities],
        [[identity.kind.value, identity.key] for identity in one.previously],
        one.absent,
        one.erases,
        one.creates,
        [[name, in_clear(value)] for name, value in one.scalars],
        _intent(one.tags) if one.tags is not UNMANAGED else None,
        [_address(address) for address in one.addresses]
        if one.addresses is not UNMANAGED
        else None,
        [
            [channel.value, wanted.state.value, repr(wanted.evidence)]
            for channel, wanted in one.consents
        ],
    ]
    return repr(parts)


def _intent(intent: TagIntent) -> list[Any]:
    return [list(intent.present), list(intent.absent), intent.exact]


def _address(address: Address) -> list[Any]:
    return [address.default, [[name, text.reveal()] for name, text in address.texts]]
