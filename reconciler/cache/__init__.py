"""What the last run found of specs and stores, kept sealed in the user's cache folder.

It saves work and decides nothing: without it, or with one that is damaged, foreign or old, a plan
is the same, and only takes longer.
"""
