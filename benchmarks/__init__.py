"""What the README quotes, measured; run by `make bench`, `make pictures` and by name."""
