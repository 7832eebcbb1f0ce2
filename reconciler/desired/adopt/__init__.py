"""Single values of spec files changed in place: every other byte stays as somebody wrote it."""
