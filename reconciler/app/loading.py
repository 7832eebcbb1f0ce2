"""Files to the desired state, with every complaint."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from reconciler.app.collecting import seldom
from reconciler.app.digest import NO_DIGESTS, Digests, digests_for
from reconciler.app.environment import Environment, mask_of
from reconciler.app.history import APPLIED, AsRead, Compared, compared, with_history
from reconciler.app.remembering import known_entries, known_specs
from reconciler.app.watch import Watch
from reconciler.diagnostics import Diagnostic, Severity, has_errors, sort_by_place
from reconciler.errors import ConfigError, SpecError
from reconciler.model.settings import DesiredState, Settings, StoreSettings
from reconciler.platforms.registry import CHECKS, TABLES

if TYPE_CHECKING:
    from reconciler.cache.specs import Specs
    from reconciler.desired.document import Document
    from reconciler.desired.files import FoundFile, SpecFile
    from reconciler.desired.past import AtHand
    from reconciler.desired.resolve import Resolved
    from reconciler.desired.sources import FromRevision
    from reconciler.model.customer import DesiredCustomer

# `store` says which stores the approvals of a file are for.
_SETTINGS: Final = ("stores", "policy", "approvals")
# Whatever has none of these in it has no such section; the last may spell one out otherwise.
_TRACES: Final = (*(name.encode() for name in _SETTINGS), b"\\")


_COMPARING: Final = "comparing specs with each other"
_OFTEN: Final = 1024  # customers between two looks at how far it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """`state` is what the files say under their own settings; None where they have errors."""

    state: DesiredState | None
    diagnostics: tuple[Diagnostic, ...]
    documents: "tuple[Read, ...]"
    folder: str
    at_hand: "Mapping[str, AtHand]"
    known: "Specs | None"


class AsWritten(NamedTuple):
    """What is wanted, with the entries that say so, by store."""

    state: DesiredState
    at_hand: "Mapping[str, AtHand]"


class Read(NamedTuple):
    """What a file said, and what git would call it where that will be asked."""

    document: "Document"
    blobs: tuple[str, ...]


def load(
    paths: Sequence[Path], environment: Environment
) -> tuple[DesiredState | None, tuple[Diagnostic, ...]]:
    """Specs to the desired state, with every complaint; None where there are errors.

    It is for reading: a state that is planned comes of `load_or_raise`.
    """
    loaded = _load(paths, environment, NO_DIGESTS)
    return loaded.state, loaded.diagnostics


def spec_names(paths: Sequence[Path], environment: Environment) -> tuple[str, ...]:
    """The spec files, as complaints name them."""
    from reconciler.desired import files

    return tuple(one.name for one in files.find(paths, mask_of(environment))[0])


def load_or_raise(
    specs: Path,
    environment: Environment,
    warn: Callable[[Diagnostic], None],
    base: str | None = None,
    chosen: Compared | None = None,
) -> DesiredState:
    """The desired state; warnings go to `warn`, errors are raised together as `SpecError`.

    With a `base`, stores, policy and approvals are those of that revision of the folder. The files
    are compared with it, and with what was last applied, or with what is `chosen`.
    """
    return as_written(specs, environment, warn, base, chosen).state


def as_written(
    specs: Path,
    environment: Environment,
    warn: Callable[[Diagnostic], None],
    base: str | None = None,
    chosen: Compared | None = None,
    instead: "Mapping[str, bytes] | None" = None,
) -> AsWritten:
    """The same with the entries. Some files, by the names that they are shown by, may be read as if
    they held something else.
    """
    if chosen is None:
        chosen = compared(specs, base, environment)
    under = None if base == APPLIED else base
    digests = digests_for(environment, compares=under is not None or bool(chosen))
    loaded = _load([specs], environment, digests, instead)
    state = _sound(loaded.state, loaded.diagnostics, warn)
    _refuse_no_store(state.at_hand, specs)
    at_hand = loaded.at_hand
    if under is not None:
        state, at_hand = _under(loaded, state, specs, under, environment)
    if not chosen:
        return AsWritten(state, at_hand)
    read = AsRead(
        blobs={one.document.file: one.blobs for one in loaded.documents},
        at_hand=at_hand,
    )
    return AsWritten(with_history(state, read, chosen, specs, environment), at_hand)


def settings_or_raise(
    specs: Path, environment: Environment, base: str | None = None
) -> DesiredState:
    """The stores without their customers: files that define none are not looked at.

    Raises `SpecError` and `ConfigError` for what is wrong with the settings themselves.
    """
    from reconciler.desired import files
    from reconciler.desired.sources import FromRevision
    from reconciler.repository import revision

    found, diagnostics = files.find([specs], mask_of(environment))
    unread: list[Diagnostic] = []
    declared, wrong = _declared(_near(found, unread))
    errors = [one for one in (*diagnostics, *unread, *wrong) if one.severity is Severity.ERROR]
    if errors:
        raise SpecError(sort_by_place(errors))
    _refuse_no_store(declared, specs)
    state = resolved((), declared, str(specs), environment, NO_DIGESTS.customer).state
    if base is None or base == APPLIED:
        return state
    chosen = revision(specs, base)
    at_base = _settings_of(FromRevision(specs, chosen, mask_of(environment)), ())
    return replace(
        state,
        stores=at_base.stores,
        policy=at_base.policy,
        approvals=at_base.approvals,
        base=chosen.commit,
    )


def _near(
    found: "Iterable[FoundFile]", unread: list[Diagnostic]
) -> "Iterator[Document | SpecFile]":
    """Those in which a setting may stand; why others cannot be read goes to `unread`."""
    for one in found:
        file = one.read()
        if isinstance(file, Diagnostic):
            unread.append(file)
        elif any(trace in file.content for trace in _TRACES):
            yield file


def _refuse_no_store(settings: Settings, specs: Path) -> None:
    if not settings.stores:
        raise ConfigError(
            f"no store is defined below {specs}",
            hint="add a section `stores` to a file there",
        )


def _sound(
    state: DesiredState | None,
    diagnostics: Iterable[Diagnostic],
    warn: Callable[[Diagnostic], None],
) -> DesiredState:
    diagnostics = tuple(diagnostics)
    for one in diagnostics:
        if one.severity is Severity.WARNING:
            warn(one)
    if state is None:
        raise SpecError(one for one in diagnostics if one.severity is Severity.ERROR)
    return state


@seldom()
def _load(
    paths: Sequence[Path],
    environment: Environment,
    digests: Digests,
    instead: "Mapping[str, bytes] | None" = None,
) -> Loaded:
    from reconciler.desired import files, settings

    watch = environment.watch
    watch.at("finding specs")
    found, diagnostics = files.find(paths, mask_of(environment))
    watch.ended("finding specs")
    found = tuple(one.holding((instead or {}).get(one.name)) for one in found)
    gathered = list(diagnostics)
    known = None if digests is NO_DIGESTS else known_specs(environment)
    read = tuple(_parsed(found, gathered, watch, digests.file, known))
    documents = [one.document for one in read]
    broken_files = has_errors(gathered)
    declared, wrong = settings.declare(documents, TABLES, CHECKS)
    gathered.extend(wrong)
    state, wrong, at_hand = resolved(
        documents, declared, str(paths[0]), environment, digests.customer, known
    )
    # What a refused part held cannot be missed: stores and tags may be defined in it.
    hidden = ("store.", "tags.not-owned") if broken_files else ()
    gathered.extend(one for one in wrong if not one.rule.startswith(hidden))
    ordered = sort_by_place(gathered)
    return Loaded(
        state=None if has_errors(ordered) else state,
        diagnostics=ordered,
        documents=read,
        folder=str(paths[0]),
        at_hand=at_hand,
        known=known,
    )


def _parsed(
    found: "Sequence[FoundFile]",
    diagnostics: list[Diagnostic],
    watch: Watch,
    named: Callable[[bytes], tuple[str, ...]],
    known: "Specs | None",
) -> Iterator[Read]:
    from reconciler.desired import schema_errors

    for number, one in enumerate(found):
        watch.at("checking specs", "files", number, len(found))
        file = one.read()
        if isinstance(file, Diagnostic):
            diagnostics.append(file)
            continue
        sound = None if known is None else known.document(one, file)
        if sound is None:
            sound, wrong = schema_errors.read(file)
            diagnostics.extend(wrong)
            if sound is not None and not wrong and known is not None:
                sound = known.learnt(file, sound)
        if sound is not None:
            yield Read(document=sound, blobs=named(file.content))
    watch.ended("checking specs")


def resolved(
    documents: "Sequence[Document]",
    settings: Settings,
    folder: str,
    environment: Environment,
    digest: "Callable[[DesiredCustomer], bytes]",
    known: "Specs | None" = None,
) -> "Resolved":
    from reconciler.desired import lint, resolve

    now, watch = environment.clock.now(), environment.watch
    done = count(1)

    def seen(customer: "DesiredCustomer") -> bytes:
        if (number := next(done)) % _OFTEN == 0:
            watch.at(_COMPARING, "customers", number)
        return digest(customer)

    watch.at(_COMPARING)
    found = resolve.resolve(
        documents,
        settings,
        folder,
        lambda store: lint.Lint.of(store, settings.policy, now, TABLES[store.platform]),
        seen,
        now,
        lambda store: known_entries(known, store, settings.policy),
    )
    watch.ended(_COMPARING)
    wrong = (*found.complaints, *lint.approvals(settings, now))
    state = replace(found.state, keyed=known is not None)
    return found._replace(state=state, complaints=wrong)


def _under(
    loaded: Loaded, state: DesiredState, specs: Path, base: str, environment: Environment
) -> "tuple[DesiredState, Mapping[str, AtHand]]":
    """The same files under the settings of a revision of their folder.

    A store that is new is resolved by its own settings, and then left out: nobody contacts it.
    """
    from reconciler.desired.sources import FromRevision
    from reconciler.repository import revision

    chosen = revision(specs, base)
    source = FromRevision(specs, chosen, mask_of(environment))
    settings = _settings_of(source, loaded.documents)
    if settings == state.at_hand:
        return replace(state, base=chosen.commit), loaded.at_hand
    known = {store.name for store in settings.stores}
    new = tuple(store for store in state.at_hand.stores if store.name not in known)
    both = replace(settings, stores=(*settings.stores, *new))
    made, wrong, at_hand = resolved(
        [one.document for one in loaded.documents],
        both,
        loaded.folder,
        environment,
        digests_for(environment, compares=False).customer,
        loaded.known,
    )
    errors = [one for one in sort_by_place(wrong) if one.severity is Severity.ERROR]
    if errors:
        raise SpecError(_under_base(one, chosen.commit) for one in errors)
    made = replace(made, stores=settings.stores, at_hand=state.at_hand, base=chosen.commit)
    return made, at_hand


def _settings_of(source: "FromRevision", known: Iterable[Read]) -> Settings:
    """What a revision says of stores, policy and approvals; its customers are not looked at.

    Files that are the same at hand, the `known`, are not read again. Raises `SpecError`: of
    settings that cannot be read, none may be missed.
    """
    chosen, diagnostics = source.find()
    documents = {(one.document.file, blob): one.document for one in known for blob in one.blobs}
    same = {name: documents.get((name, blob)) for name, blob in chosen.items()}
    others = {name: blob for name, blob in chosen.items() if same[name] is None}
    read = {one.name: one for one in source.read_all(others)}
    declared, wrong = _declared(same[name] or read[name] for name in chosen)
    errors = [one for one in (*diagnostics, *wrong) if one.severity is Severity.ERROR]
    if errors:
        raise SpecError(
            (_at_base(one, source.revision.commit) for one in sort_by_place(errors)),
            hint="settings that cannot be read are in force nowhere: merge the repair first, then "
            "plan on the protected branch with --base none",
        )
    return declared


def _declared(
    found: "Iterable[Document | SpecFile]",
) -> tuple[Settings, tuple[Diagnostic, ...]]:
    """What files say of stores, policy and approvals."""
    from reconciler.desired import schema_errors, settings
    from reconciler.desired.files import SpecFile

    gathered: list[Diagnostic] = []
    documents = []
    for file in found:
        if not isinstance(file, SpecFile):
            documents.append(file)
            continue
        sound, wrong = schema_errors.read_sections(file, (*_SETTINGS, "store"))
        gathered.extend(wrong)
        if sound is not None:
            documents.append(sound)
    declared, wrong = settings.declare(documents, TABLES, CHECKS)
    return declared, (*gathered, *wrong)


def _at_base(one: Diagnostic, commit: str) -> Diagnostic:
    return replace(one, message=f"at the base {commit[:12]}: {one.message}")


def _under_base(one: Diagnostic, commit: str) -> Diagnostic:
    return replace(one, message=f"under the settings of the base {commit[:12]}: {one.message}")


def selected(state: DesiredState, names: Sequence[str]) -> tuple[StoreSettings, ...]:
    """The stores to work on: those named, or all."""
    known = {store.name: store for store in state.stores}
    for name in names:
        if name in state.unmerged:
            raise ConfigError(
                f"the store {name!r} is not at the base, so nobody contacts it yet",
                hint="it is planned once merged",
            )
        if name not in known:
            raise ConfigError(
                f"there is no store {name!r} in the specs",
                hint=f"defined are {', '.join(sorted(known))}",
            )
    return tuple(known[name] for name in sorted(set(names))) if names else state.stores
