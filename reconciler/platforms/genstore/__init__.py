"""Genstore: the Admin REST API of {shop}.genmystore.com, version 202412."""
