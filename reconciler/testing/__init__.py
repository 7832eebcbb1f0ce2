"""The conformance suite for adapters of platforms, run against a server that you bring.

Needs the extra `testing` of this package. A test file is three lines:

    from tinyshop_server import serving

    from reconciler.testing import Subject, contract

    test_contract = contract(Subject(platform="tinyshop", serve=serving))

`serving` opens your server on loopback as a context manager; `Server` says what it must offer: its
address and token, and a way round the adapter to put customers there and to see the truth. The
platform is found by its name, so the adapter's package is installed with its entry point.

The server needs no switches for faults: between it and the adapter stands a proxy of the suite that
loses answers, breaks them off, redirects, and says 429 or 500. The checks go from easy to hard:
what every request and answer needs (`client_rules`), what each write does and leaves alone
(`footprints`), `laws` on random stores, `faults` at every kind of write, and `kills` at every line
of the journal. What the platform's table does not promise is skipped, with the reason. Nothing but
loopback is spoken to.
"""

from reconciler.testing.contract import CHECKS, contract
from reconciler.testing.subject import Person, Server, Subject

__all__ = ["CHECKS", "Person", "Server", "Subject", "contract"]
