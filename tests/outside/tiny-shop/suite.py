"""TinyShop passes the suite that every adapter must pass."""

from tinyshop_server import serving

from reconciler.testing import Subject, contract

test_contract = contract(Subject(platform="tinyshop", serve=serving))
