"""The record of applies as one file for an auditor, and whether what such a file says holds.

It is made of what the state folder keeps. Nothing here asks a store, and nothing needs a key to be
read: what cannot be proven without one is told.
"""
