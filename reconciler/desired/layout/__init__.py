"""The one way to write a spec file: order of keys, indent, quotes; with the comments it had."""
