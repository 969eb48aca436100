"""Addresses for facilities: points by a street, denser near the seat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from pyproj import Transformer

from sdaasp_geo.example.geography import CRS

if TYPE_CHECKING:
    from sdaasp_geo.example.geography import Floats
    from sdaasp_geo.example.roads import Roads

# A front door stands so far from the middle of the street, at most.
DOOR_M: Final = 18.0
# Half the facilities of a place stand within this share of its breadth.
CORE_SHARE: Final = 0.6


@dataclass(frozen=True)
class Spots:
    """Where facilities stand.

    Parameters
    ----------
    x_m, y_m
        EPSG:2154, to the decimetre.
    lon, lat
        Degrees, six decimals.
    """

    x_m: Floats
    y_m: Floats
    lon: Floats
    lat: Floats


def draw_spots(rng: np.random.Generator, roads: Roads, seats: list[int]) -> Spots:
    """Draw one point for each seat of the list."""
    points = np.array([_spot(rng, roads, seat) for seat in seats])
    return spots_at(points)


def spots_at(points: Floats) -> Spots:
    """Give both forms of coordinates of points in EPSG:2154, shape (n, 2)."""
    x, y = np.round(points, 1).T
    lon, lat = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform(x, y)
    return Spots(x, y, np.round(lon, 6), np.round(lat, 6))


def _spot(rng: np.random.Generator, roads: Roads, seat: int) -> Floats:
    nodes = roads.towns[seat]
    places = roads.points[nodes]
    away = np.hypot(*(places - places[0]).T)
    breadth = max(float(away.max()), 1.0)
    # Nodes grow in number with the distance: weighing by a bell keeps the centre dense.
    weight = np.exp(-((away / (CORE_SHARE * breadth)) ** 2))
    chosen = rng.choice(len(nodes), p=weight / weight.sum())
    spot: Floats = places[chosen] + rng.uniform(-DOOR_M, DOOR_M, 2)
    return spot
