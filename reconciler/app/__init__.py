"""The use cases, each the route of data in order; what a step does stands in its own module."""

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from reconciler.app.adopting import Adopted, AdoptOptions, adopt
    from reconciler.app.applying import ApplyRequest, apply, entries
    from reconciler.app.brought_to import has_moved_on, revision_to_name
    from reconciler.app.choices import Kept, PlanOptions
    from reconciler.app.environment import (
        Environment,
        environment_of,
        open_store,
        pseudonyms_for,
        record_keys_for,
        rules_for,
        with_cache,
    )
    from reconciler.app.explaining import explain
    from reconciler.app.formatting import Formatted, formatted
    from reconciler.app.history import compared_as
    from reconciler.app.loading import load, load_or_raise, selected, settings_or_raise, spec_names
    from reconciler.app.once import over, refused_for_good
    from reconciler.app.planning import plan
    from reconciler.app.register import imported, register_folder, register_place
    from reconciler.app.usable import applied_before, check_usable, last_begun

__all__ = [
    "AdoptOptions",
    "Adopted",
    "ApplyRequest",
    "Environment",
    "Formatted",
    "Kept",
    "PlanOptions",
    "adopt",
    "applied_before",
    "apply",
    "check_usable",
    "compared_as",
    "entries",
    "environment_of",
    "explain",
    "formatted",
    "has_moved_on",
    "imported",
    "last_begun",
    "load",
    "load_or_raise",
    "open_store",
    "over",
    "plan",
    "pseudonyms_for",
    "record_keys_for",
    "refused_for_good",
    "register_folder",
    "register_place",
    "revision_to_name",
    "rules_for",
    "selected",
    "settings_or_raise",
    "spec_names",
    "with_cache",
]

_NAMES: Final = {
    "adopting": "Adopted AdoptOptions adopt",
    "applying": "ApplyRequest apply entries",
    "brought_to": "has_moved_on revision_to_name",
    "choices": "Kept PlanOptions",
    "environment": "Environment environment_of open_store pseudonyms_for record_keys_for rules_for "
    "with_cache",
    "explaining": "explain",
    "formatting": "Formatted formatted",
    "history": "compared_as",
    "loading": "load load_or_raise selected settings_or_raise spec_names",
    "once": "over refused_for_good",
    "planning": "plan",
    "register": "imported register_folder register_place",
    "usable": "applied_before check_usable last_begun",
}
_HOMES: Final = {name: home for home, names in _NAMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    """A command loads the use cases that it asks for, and none of the others."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
