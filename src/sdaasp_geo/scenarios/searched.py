"""The same diagnostic, its network searched in another way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sdaasp_geo.diagnostic.model import land_of

if TYPE_CHECKING:
    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.network.shelf import Way


def searched(diagnostic: Diagnostic, way: Way) -> Diagnostic:
    """Return the diagnostic with a way of searching its network; no figure depends on it.

    Raises
    ------
    ValueError
        If there is no such way, or the diagnostic has no land.
    """
    if way == "auto":
        return diagnostic
    land = land_of(diagnostic)
    return replace(diagnostic, land=land._replace(network=land.network.searched(way)))
