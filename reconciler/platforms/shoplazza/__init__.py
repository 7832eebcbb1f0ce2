"""Shoplazza: the Open API of {shop}.myshoplaza.com, in its 2022-01 and its 2025-06 dialect."""
