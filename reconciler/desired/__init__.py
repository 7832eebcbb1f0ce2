"""From YAML text to the desired state; every complaint knows its place."""
