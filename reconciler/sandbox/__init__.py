"""Simulators of the three shop platforms: strict on the wire, with switches for what is unknown."""

from typing import TYPE_CHECKING, Any

from reconciler.sandbox.faults import Fault
from reconciler.sandbox.switches import SWITCHES, Switch

if TYPE_CHECKING:
    from reconciler.sandbox.request_log import Request
    from reconciler.sandbox.server import Sandbox, serve_forever

__all__ = ["SWITCHES", "Fault", "Request", "Sandbox", "Switch", "serve_forever"]

_HOMES = {"Sandbox": "server", "Request": "request_log", "serve_forever": "server"}


def __getattr__(name: str) -> Any:
    """Load what needs the web stack only when it is asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - only paid for when used

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
