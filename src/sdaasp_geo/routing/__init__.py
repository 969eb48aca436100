"""Searches on a road network: the nearest facilities of every node, and the way to them."""
