"""The conformance suite for adapters of platforms, run against a server that you bring.

Needs `pip install reconciler[testing]`. A test file is a few lines:

    from collections.abc import Iterator
    from contextlib import contextmanager

    from my_server import TinyServer  # a server on loopback; see `Server` for what it must offer
    from reconciler.testing import Subject, contract

    @contextmanager
    def serve() -> Iterator[TinyServer]:
        with TinyServer() as server:
            yield server

    test_contract = contract(Subject(platform="tinyshop", serve=serve))

The platform is found by its name, so the adapter's package must be installed with its entry point.
Your server needs no switches for faults: between it and the adapter stands a proxy of the suite
that loses answers, breaks them off, redirects and says 429. The checks go from easy to hard, and
what the platform's table does not promise is skipped. Nothing but loopback is spoken to.
"""

from reconciler.testing.contract import CHECKS, contract
from reconciler.testing.subject import Person, Server, Subject

__all__ = ["CHECKS", "Person", "Server", "Subject", "contract"]
