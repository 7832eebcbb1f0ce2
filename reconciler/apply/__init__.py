"""Carrying out an approved plan: read again, write, read back, and keep a record of it all."""
