"""Desired and live to a plan: pure values and functions, no I/O, no clock."""
