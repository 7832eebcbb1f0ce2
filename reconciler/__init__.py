"""Desired customers, tags and marketing consent for Genstore, Shoplazza and SHOPLINE stores.

The command line is the supported way in; `reconciler.sandbox` may be used from tests of your own.
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
