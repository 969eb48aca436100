"""The zones in the order, and with the marks, of both the map and the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import geopandas as gpd

REMOTE_LAYER, BASKET_LAYER = "eloignement", "panier"
LAYERS = (REMOTE_LAYER, BASKET_LAYER)
_LETTERS = 26


def ordered_zones(zones: gpd.GeoDataFrame, layer: str) -> gpd.GeoDataFrame:
    """Zones of one layer, the most populous first."""
    part = zones[zones["layer"] == layer]
    return part.sort_values(["population", "zone"], ascending=[False, True])


def zone_mark(layer: str, rank: int) -> str:
    """Mark of a zone: 1, 2, … where remote, A, B, …, Z, AA, … for the basket; rank from 0.

    Examples
    --------
    >>> zone_mark("eloignement", 9), zone_mark("panier", 0), zone_mark("panier", 27)
    ('10', 'A', 'AB')
    """
    if layer == REMOTE_LAYER:
        return str(rank + 1)
    text = ""
    left = rank + 1
    while left:
        left, letter = divmod(left - 1, _LETTERS)
        text = chr(ord("A") + letter) + text
    return text
