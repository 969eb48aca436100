"""Scenarios: sites opened, closed, moved; where the next ones should go; what changed."""
