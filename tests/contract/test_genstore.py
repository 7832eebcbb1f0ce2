"""Genstore passes the suite that every adapter must pass."""

from reconciler.testing import contract
from tests.contract.box import simulated

test_contract = contract(simulated("genstore"))
