"""A fictional département with all its files, made from a seed."""

from sdaasp_geo.example.write import write_example

__all__ = ["write_example"]
