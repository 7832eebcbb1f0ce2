"""What the README quotes, measured; run by `make bench`, `make bench-apply`, `make bench-promises`,
`make pictures` and by name.
"""
