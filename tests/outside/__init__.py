"""A platform of a package of its own, found by its entry point."""
