"""Zones: remote communes that touch each other, with their inhabitants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from sdaasp_geo.indicators.means import overall_mean

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

_NAMES_SHOWN = 3


def contiguous_zones(
    communes: gpd.GeoDataFrame, flagged: pd.Series, *, minutes: str, tolerance_m: float = 50.0
) -> gpd.GeoDataFrame:
    """Group flagged communes that touch into zones.

    Parameters
    ----------
    communes
        ``commune name population``, the column named by `minutes`, and polygons in a
        metric CRS.
    flagged
        Which communes count, same index; missing counts as not.
    minutes
        Column averaged over the inhabitants of each zone into ``mean_min``.
    tolerance_m
        Two polygons nearer than this touch: generalised outlines leave slivers.

    Returns
    -------
    GeoDataFrame
        ``zone`` (1 is the most populated) ``name`` (its most populated communes)
        ``communes`` (number) ``population mean_min geometry``.
    """
    chosen = communes[flagged.fillna(value=False).astype(bool)]
    labels = _groups(np.asarray(chosen.geometry), tolerance_m)
    rows = [_zone(chosen[labels == label], minutes) for label in np.unique(labels)]
    columns = ["name", "communes", "population", "mean_min", "geometry"]
    table = gpd.GeoDataFrame(rows, columns=columns, geometry="geometry", crs=communes.crs)
    table = table.astype({"name": "str", "communes": "int64", "population": float})
    table = table.astype({"mean_min": float})
    table = table.sort_values(["population", "name"], ascending=[False, True], ignore_index=True)
    table.insert(0, "zone", np.arange(1, len(table) + 1))
    return table


def _groups(polygons: npt.NDArray[np.object_], tolerance_m: float) -> npt.NDArray[np.int64]:
    if polygons.size == 0:
        return np.empty(0, np.int64)
    tree = shapely.STRtree(polygons)
    left, right = tree.query(polygons, predicate="dwithin", distance=tolerance_m)
    # Each takes the lowest number among those it touches, until nothing changes. (scipy
    # has a function for this, whose import takes longer than the rest of the indicators.)
    label = np.arange(polygons.size)
    while True:
        lowest = label.copy()
        np.minimum.at(lowest, left, label[right])
        if (lowest == label).all():
            return label
        label = lowest[lowest]


def _zone(members: gpd.GeoDataFrame, minutes: str) -> dict[str, object]:
    largest = members.sort_values(["population", "commune"], ascending=[False, True])
    return {
        "name": ", ".join(largest["name"].head(_NAMES_SHOWN)),
        "communes": len(members),
        "population": float(members["population"].sum()),
        "mean_min": overall_mean(members[minutes], members["population"]),
        "geometry": shapely.union_all(np.asarray(members.geometry)),
    }
