"""Inhabited squares of 1 km, in the layout of the Filosofi files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

from sdaasp_geo.example.geography import CRS

if TYPE_CHECKING:
    from sdaasp_geo.example.roads import Roads
    from sdaasp_geo.example.settlements import Settlements

SQUARE_CRS: Final = "EPSG:3035"
SIDE_M: Final = 1_000
# Most people live where the streets are, some along the lanes.
HAMLET_WEIGHT: Final = 0.35
# Below so many inhabitants Insee imputes what it says of a square.
SECRET_BELOW: Final = 11
INHABITED: Final = frozenset({"residential", "living_street", "unclassified", "tertiary"})


def make_squares(
    settlements: Settlements, polygons: list[shapely.MultiPolygon], roads: Roads
) -> gpd.GeoDataFrame:
    """Share the inhabitants of each seat out among the squares where its streets are.

    Returns
    -------
    GeoDataFrame
        ``idcar_1km ind i_est_1km`` and squares in EPSG:3035; a seat's inhabitants add up
        to its own, but for the squares that several share.
    """
    homes = _homes(roads)
    where, home = shapely.STRtree(np.asarray(shapely.points(homes["x"], homes["y"]))).query(
        np.array(polygons, dtype=object), predicate="contains"
    )
    found = homes.iloc[home].assign(seat=where)
    shares = found.groupby(["seat", "east", "north"], as_index=False)["weight"].sum()
    whole = shares.groupby("seat")["weight"].transform("sum")
    shares["ind"] = shares["weight"] / whole * settlements.population[shares["seat"]]
    shares["ind"] = shares.groupby("seat")["ind"].transform(_rounded)
    squares = shares.groupby(["north", "east"], as_index=False)["ind"].sum()
    return _layer(squares[squares["ind"] > 0])


def _homes(roads: Roads) -> pd.DataFrame:
    """Points where people live, with their weight and their square."""
    weight = np.zeros(len(roads.points))
    for way in roads.ways:
        if way.tags.get("highway") in INHABITED:
            weight[way.nodes] = HAMLET_WEIGHT
    for town in roads.towns:
        weight[town] = 1.0
    kept = weight > 0
    x, y = roads.points[kept].T
    east, north = Transformer.from_crs(CRS, SQUARE_CRS, always_xy=True).transform(x, y)
    corner = [np.floor(axis / SIDE_M).astype(np.int64) * SIDE_M for axis in (east, north)]
    columns = {"x": x, "y": y, "weight": weight[kept], "east": corner[0], "north": corner[1]}
    return pd.DataFrame(columns)


def _rounded(shares: pd.Series) -> pd.Series:
    """Round so that the total stays: what is left goes to the largest remainders."""
    total = round(float(shares.sum()))
    floor = np.floor(shares.to_numpy())
    left = total - int(floor.sum())
    order = np.argsort(floor - shares.to_numpy(), kind="stable")
    floor[order[:left]] += 1
    return pd.Series(floor, index=shares.index)


def _layer(squares: pd.DataFrame) -> gpd.GeoDataFrame:
    east, north = squares["east"].to_numpy(), squares["north"].to_numpy()
    return gpd.GeoDataFrame(
        {
            "idcar_1km": [f"CRS3035RES{SIDE_M}mN{n}E{e}" for n, e in zip(north, east, strict=True)],
            "ind": squares["ind"].astype("int64").to_numpy(),
            "i_est_1km": (squares["ind"] < SECRET_BELOW).astype("int64").to_numpy(),
        },
        geometry=shapely.box(east, north, east + SIDE_M, north + SIDE_M),
        crs=SQUARE_CRS,
    )
