"""Customers of a CSV as entries of a spec, cell by cell and row by row, with the places of all."""
