"""The diagnostic: finished tables, how they are assembled, and how a scenario rebuilds them."""
