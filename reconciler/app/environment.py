"""What a use case is given: the clock, the environment, a folder; and what it opens with them."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.app.watch import Watch
from reconciler.clock import Clock, system_clock
from reconciler.errors import ConfigError
from reconciler.model.customer import NOTHING_LEARNED, Learned
from reconciler.model.settings import DesiredState, Rate, Release, StoreSettings
from reconciler.platforms.limiter import RateLimiters

if TYPE_CHECKING:
    from reconciler.app.register import RegisterAtHand
    from reconciler.cache.cache import Cache
    from reconciler.model.provenance import Provenance
    from reconciler.model.pseudonyms import Pseudonyms
    from reconciler.plan.store_rules import Sibling, StoreRules
    from reconciler.platforms.base import Recall
    from reconciler.platforms.connect import Connection
    from reconciler.platforms.http import Heard
    from reconciler.platforms.trusted_hosts import TrustedHosts


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What is around a use case: the clock, variables, and where state is kept; `watch` is
    told how far things are. `cache` is what the last run has left for this one.
    """

    clock: Clock
    variables: Mapping[str, str]
    folder: Path
    rate_limiters: RateLimiters = field(default_factory=RateLimiters)
    watch: Watch = field(default_factory=Watch)
    cache: "Cache | None" = None

    @property
    def hosts(self) -> "TrustedHosts":
        from reconciler.platforms.trusted_hosts import TrustedHosts

        return TrustedHosts.of(self.variables)


def environment_of(specs: Path, state_dir: Path | None) -> Environment:
    """Raises `ConfigError` where the state folder is not what this program makes of it."""
    from reconciler.state.folder import check, folder_beside

    folder = state_dir if state_dir is not None else folder_beside(specs)
    check(folder)
    return Environment(clock=system_clock(), variables=dict(os.environ), folder=folder)


def with_cache(environment: Environment, specs: Path) -> Environment:
    """With what the last plan of these specs has left, if that is wanted and there is a key.

    It is for plans alone: they read a file again when they ask for an entry of it, and an apply may
    last until somebody has changed that.
    """
    from reconciler.cache.place import folder_of
    from reconciler.state.key import read_key

    place = folder_of(environment.variables)
    key = None if place is None else read_key(environment.folder, environment.variables)
    if place is None or key is None:
        return environment
    from reconciler.cache.cache import Cache

    name = f"{specs.absolute()}\0{environment.folder.absolute()}"
    return replace(environment, cache=Cache(place, name, key))


def pseudonyms_for(environment: Environment, state: DesiredState) -> "Pseudonyms":
    """Raises `ConfigError` where others can have the key."""
    from reconciler.model.pseudonyms import Pseudonyms
    from reconciler.repository import is_tracked
    from reconciler.state.key import key

    if environment.folder.exists() and is_tracked(environment.folder):
        raise ConfigError(
            f"files of the state folder {environment.folder} came with a commit, so they are not "
            "what this program has kept",
            hint="take them out of the repository (git rm -r --cached), and have it ignored",
        )
    regions = {one.phone_region for one in state.stores if one.phone_region}
    return Pseudonyms(key(environment.folder, environment.variables), regions)


def provenance_of(folder: str, environment: Environment) -> "Provenance":
    """What the specs at hand are, by git where it knows them, and else by what the forge says."""
    from reconciler import forge
    from reconciler.model.provenance import Provenance
    from reconciler.repository import commit_at_hand, user

    variables = environment.variables
    commit, committed = commit_at_hand(Path(folder)) or (forge.commit(variables), None)
    return Provenance(
        commit=commit,
        committed=committed,
        head=forge.head(variables),
        pull_request=forge.pull_request(variables),
        author=forge.author(variables),
        actor=forge.actor(variables) or user(),
    )


def mask_of(environment: Environment) -> Callable[[str], str]:
    """What stands for parts of paths that look personal: an alias where there is a key for it."""
    from reconciler.desired.files import masked
    from reconciler.state.key import read_key

    key = read_key(environment.folder, environment.variables)
    return masked if key is None else partial(_hidden, key)


def _hidden(key: bytes, part: str) -> str:
    from reconciler.model.pseudonyms import Pseudonyms

    return Pseudonyms(key).hidden(part)


def record_keys_for(environment: Environment) -> "tuple[Pseudonyms, ...]":
    """What seals the trail, the key for new lines first; empty where no key is at hand."""
    from reconciler.model.pseudonyms import Pseudonyms
    from reconciler.state.key import record_keys

    return tuple(Pseudonyms(one) for one in record_keys(environment.folder, environment.variables))


def open_store(
    store: StoreSettings,
    environment: Environment,
    learned: Learned = NOTHING_LEARNED,
    heard: "Heard | None" = None,
    recall: "Recall | None" = None,
) -> "Connection":
    """`learned` is what an earlier reading of the store found; `heard` gets headers of answers;
    `recall` is what is remembered of its records.
    """
    from reconciler.platforms.connect import connect
    from reconciler.platforms.credentials import token
    from reconciler.platforms.http import unheard
    from reconciler.platforms.registry import TABLES
    from reconciler.platforms.trusted_hosts import base_url
    from reconciler.state.key import read_key

    base = base_url(store, TABLES[store.platform], environment.hosts)
    secret = token(
        store, environment.variables, read_key(environment.folder, environment.variables)
    )
    rate = store.rate or Rate(per_second=1, burst=1)
    limiter = environment.rate_limiters.of(base, secret, rate, environment.clock)
    return connect(
        store,
        base=base,
        token=secret,
        limiter=limiter,
        learned=learned,
        heard=heard or unheard,
        recall=recall,
    )


def shop_of(store: StoreSettings, environment: Environment) -> str:
    """Which shop a store is, whatever the specs call it. Raises `ConfigError`."""
    from urllib.parse import urlsplit

    from reconciler.platforms.registry import TABLES
    from reconciler.platforms.trusted_hosts import base_url

    base = urlsplit(base_url(store, TABLES[store.platform], environment.hosts))
    port = base.port or {"https": 443, "http": 80}[base.scheme]
    return f"{store.platform} {base.hostname} {port} {store.shop}"


def siblings(store: StoreSettings, state: DesiredState) -> "tuple[Sibling, ...]":
    """The other stores of the same controller."""
    from reconciler.plan.store_rules import Sibling

    if store.controller is None:
        return ()
    return tuple(
        Sibling(name=one.name, entries=state.of(one.name))
        for one in state.stores
        if one.controller == store.controller and one.name != store.name
    )


def rules_for(
    state: DesiredState,
    store: StoreSettings,
    releases: tuple[Release, ...],
    environment: Environment,
    pseudonyms: "Pseudonyms",
    acknowledged: tuple[Release, ...] = (),
    learned: Learned = NOTHING_LEARNED,
    *,
    register: "RegisterAtHand",
) -> "StoreRules":
    from reconciler.model.redaction import NOBODY
    from reconciler.model.tags import Owned
    from reconciler.plan.compare import ComparisonSettings
    from reconciler.plan.reason import everybody, names_in
    from reconciler.plan.store_rules import StoreRules
    from reconciler.platforms.registry import TABLES

    return StoreRules(
        store=store,
        table=TABLES[store.platform],
        policy=state.policy,
        comparison=ComparisonSettings(
            region=store.phone_region,
            owned=Owned(state.owned_by(store.name), apart=store.ownership),
            bearing=state.policy.bearing_tags,
            ownership=store.ownership,
        ),
        releases=releases,
        pseudonyms=pseudonyms,
        now=environment.clock.now(),
        learned=learned,
        acknowledged=acknowledged,
        register=register.file.known,
        access=register.access,
        siblings=siblings(store, state),
        names=names_in(everybody(state))
        if store.name in state.reasoned or store.frozen
        else NOBODY,
        before=state.before(store.name),
        whole_tags=state.whole_tags_of(store.name),
        entries=state.of(store.name),
    )
