"""Files to the desired state, with every complaint."""

from collections.abc import Callable, Sequence
from pathlib import Path

from reconciler.clock import Clock
from reconciler.diagnostics import Diagnostic, Severity, has_errors, sort_by_place
from reconciler.errors import ConfigError, SpecError
from reconciler.model.settings import DesiredState, StoreSettings
from reconciler.platforms.tables import TABLES


def load(paths: Sequence[Path], clock: Clock) -> tuple[DesiredState | None, tuple[Diagnostic, ...]]:
    """Specs to the desired state, with every complaint; None where there are errors."""
    from reconciler.spec import document, files, lint, resolve, schema, settings

    found, complaints = files.read(paths)
    gathered = list(complaints)
    documents = []
    for file in found:
        parsed, broken = document.parse(file)
        gathered.extend(broken)
        if parsed is not None:
            sound, wrong = schema.check(parsed)
            gathered.extend(wrong)
            if sound.data is not None:
                documents.append(sound)
    broken_files = has_errors(gathered)
    declared, wrong = settings.declare(documents, TABLES)
    gathered.extend(wrong)
    state, wrong = resolve.resolve(documents, declared, str(paths[0]))
    # What a refused part held cannot be missed: stores and tags may be defined in it.
    hidden = ("store.", "tags.not-owned") if broken_files else ()
    further = (*wrong, *lint.lint(state, clock.now(), TABLES))
    gathered.extend(one for one in further if not one.rule.startswith(hidden))
    ordered = sort_by_place(gathered)
    return (None if has_errors(ordered) else state), ordered


def load_or_raise(specs: Path, clock: Clock, warn: Callable[[Diagnostic], None]) -> DesiredState:
    """The desired state; warnings go to `warn`, errors are raised together as `SpecError`."""
    state, diagnostics = load([specs], clock)
    for one in diagnostics:
        if one.severity is Severity.WARNING:
            warn(one)
    if state is None:
        raise SpecError(one for one in diagnostics if one.severity is Severity.ERROR)
    if not state.stores:
        raise ConfigError(
            f"no store is defined below {specs}",
            hint="add a section `stores` to a file there",
        )
    return state


def selected(state: DesiredState, names: Sequence[str]) -> tuple[StoreSettings, ...]:
    """The stores to work on: those named, or all."""
    known = {store.name: store for store in state.stores}
    for name in names:
        if name not in known:
            raise ConfigError(
                f"there is no store {name!r} in the specs",
                hint=f"defined are {', '.join(sorted(known))}",
            )
    return tuple(known[name] for name in sorted(set(names))) if names else state.stores
