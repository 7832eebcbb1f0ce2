"""The plan on disk: its JSON out and in. It holds no personal data."""
