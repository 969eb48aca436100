"""The command line: arguments, progress and exit codes; it holds no formula."""

from sdaasp_geo.cli.app import main

__all__ = ["main"]
