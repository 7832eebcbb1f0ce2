"""Shoplazza as its documents tell it, with a switch for what they leave open."""
