"""Whether a record is as its entry wants it, so that nothing of it need be kept.

It says yes only where `plan_customer` surely finds nothing to do and nothing to say, whatever the
store teaches later in the same reading, and says it in a small part of the time.
"""

from reconciler.model.consent import Channel, ConsentState, Evidence
from reconciler.model.customer import DesiredCustomer, LiveCustomer
from reconciler.model.fields import BY_NAME
from reconciler.model.identity import IdentityKind, email_key, number_of
from reconciler.model.managed import UNMANAGED
from reconciler.model.settings import Policy
from reconciler.model.tags import is_as_wanted
from reconciler.plan import addresses
from reconciler.plan.consent_rules import is_proven
from reconciler.plan.store_rules import StoreRules


def asks_nothing(desired: DesiredCustomer, live: LiveCustomer, rules: StoreRules) -> bool:
    """False says nothing: then it has to be looked at closely."""
    if desired.absent or desired.departed or live.unreadable or live.hidden:
        return False
    if desired.claims and not _is_claimed(live, rules):
        return False
    region = rules.comparison.region
    return (
        _contacts_agree(desired, live, region)
        and _scalars_agree(desired, live, region)
        and _consents_agree(desired, live, rules)
        and (
            desired.tags is UNMANAGED
            or is_as_wanted(desired.tags, live.tags, rules.comparison.owned)
        )
        and (
            desired.addresses is UNMANAGED
            or addresses.agree(desired.addresses, live.addresses, region)
        )
    )


def _is_claimed(live: LiveCustomer, rules: StoreRules) -> bool:
    """Marks of others stop changes alone, and here is none."""
    ownership = rules.comparison.ownership
    return ownership.tag is None or ownership.is_ours(live.tags)


def _contacts_agree(desired: DesiredCustomer, live: LiveCustomer, region: str | None) -> bool:
    """Of a few odd numbers what is read back is another than the key: those are no plain case."""
    for one in desired.identities:
        if one.key != one.read_back:
            return False
        if one.kind is IdentityKind.EMAIL:
            if live.email is None or email_key(live.email.reveal()) != one.key:
                return False
        elif one.kind is IdentityKind.PHONE and (
            live.phone is None or number_of(live.phone, region) != one.key
        ):
            return False
    return True


def _scalars_agree(desired: DesiredCustomer, live: LiveCustomer, region: str | None) -> bool:
    for name, wanted in desired.scalars:
        had = live.scalar(name)
        if had is None and name in live.unasked:
            return False
        if had != wanted:
            normalise = BY_NAME[name].normalise
            if normalise(had, region) != normalise(wanted, region):
                return False
    return True


def _consents_agree(desired: DesiredCustomer, live: LiveCustomer, rules: StoreRules) -> bool:
    """Who acted and when decides about a change alone, and here none is wanted."""
    for channel, wanted in desired.consents:
        if live.consent(channel).state is not wanted.state:
            return False
        if wanted.state is ConsentState.SUBSCRIBED and not _is_proven(
            channel, wanted.evidence, live, rules.policy
        ):
            return False
    return True


def _is_proven(channel: Channel, evidence: Evidence, live: LiveCustomer, policy: Policy) -> bool:
    """The country is found out only where it counts."""
    counts = policy.min_level or evidence.basis is not None
    return is_proven(channel, evidence, live.country() if counts else None, policy)
