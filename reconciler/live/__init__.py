"""Reading the live side of a store for a plan."""
