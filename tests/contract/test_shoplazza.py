"""Shoplazza passes the suite that every adapter must pass, in both of its dialects."""

from reconciler.testing import contract
from tests.contract.box import simulated

test_contract = contract(simulated("shoplazza"))
test_contract_of_2022 = contract(simulated("shoplazza", api_version="2022-01"))
