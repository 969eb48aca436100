"""From a roads table to streets that share junctions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from sdaasp_geo.errors import InputError, NetworkError
from sdaasp_geo.network.assembly import NOT_ALLOWED, Streets
from sdaasp_geo.network.junctions import junction_costs, met_on_roads
from sdaasp_geo.network.speeds import street_times_ms
from sdaasp_geo.tables.crs import is_metric
from sdaasp_geo.tables.gate import schema_faults
from sdaasp_geo.tables.schemas import ROADS

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy.typing as npt

    from sdaasp_geo.assumptions import Assumptions

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]

# Files written by different tools differ below the centimetre.
_STEPS_PER_M = 100.0
# Two coordinates in centimetres share one int64 key; no metric CRS goes farther.
_FARTHEST_M = 2**31 / _STEPS_PER_M
_LINESTRING = 1


def streets_from_roads(roads: gpd.GeoDataFrame, assumptions: Assumptions) -> Streets:
    """Give every road its junctions and its times.

    See :meth:`~sdaasp_geo.network.road_network.RoadNetwork.from_roads`.
    """
    _check(roads)
    lines = np.asarray(roads.geometry.array)
    _check_lines(lines)
    xy = shapely.get_coordinates(lines)
    _check_coordinates(xy)
    offsets = np.concatenate([[0], np.cumsum(shapely.get_num_coordinates(lines))])
    node_x, node_y, start, end = _junctions(xy[offsets[:-1]], xy[offsets[1:] - 1])
    codes, names = pd.factorize(roads["road_class"].astype(str), sort=True)
    length_m = shapely.length(lines) * roads["length_factor"].to_numpy(dtype=np.float64)
    duration = roads["duration_min"].to_numpy(dtype=np.float64)
    posted = roads["posted_kmh"].to_numpy(dtype=np.float64)
    class_names = tuple(names.tolist())
    time_ms = street_times_ms(length_m, duration, posted, codes, class_names, assumptions)
    oneway = roads["oneway"].to_numpy(dtype=bool)
    met = met_on_roads(roads, assumptions)
    return Streets(
        crs=roads.crs.to_string(),
        node_x=node_x,
        node_y=node_y,
        start=start,
        end=end,
        length_m=length_m,
        forward_ms=time_ms,
        backward_ms=np.where(oneway, NOT_ALLOWED, time_ms),
        road_class=codes.astype(np.int64),
        class_names=class_names,
        shape_xy=xy,
        shape_offsets=offsets.astype(np.int64),
        costs=junction_costs(met, start, end, assumptions),
    )


def _junctions(first: Floats, last: Floats) -> tuple[Floats, Floats, Ints, Ints]:
    """Give one number to the street ends that are equal to the centimetre.

    A junction stands at the rounded place, which no order of the roads can change.
    """
    steps = np.rint(np.concatenate([first, last]) * _STEPS_PER_M).astype(np.int64)
    # x in the high half, y, made positive, in the low half.
    key = (steps[:, 0] << 32) + (steps[:, 1] + 2**31)
    keys, number = np.unique(key, return_inverse=True)
    node_x = (keys >> 32) / _STEPS_PER_M
    node_y = ((keys & (2**32 - 1)) - 2**31) / _STEPS_PER_M
    start, end = np.split(number.astype(np.int64), 2)
    return node_x, node_y, start, end


def _check(roads: gpd.GeoDataFrame) -> None:
    if roads.empty:
        message = (
            "roads: expected at least one road, found none. Likely cause: files of roads that "
            "lie outside the study area"
        )
        raise NetworkError(message)
    if not is_metric(roads.crs):
        message = (
            f"roads: expected a projected CRS in metres, found {roads.crs}. Likely cause: "
            "longitude and latitude; reproject with roads.to_crs('EPSG:2154')"
        )
        raise NetworkError(message)
    if faults := schema_faults(roads, ROADS, file="roads"):
        raise InputError(faults)


def _check_lines(lines: npt.NDArray[np.object_]) -> None:
    good = (shapely.get_type_id(lines) == _LINESTRING) & (shapely.get_num_coordinates(lines) > 1)
    if not good.all():
        kinds = sorted({("empty " * line.is_empty) + line.geom_type for line in lines[~good]})
        message = (
            f"roads: expected a LineString on every row, found {', '.join(kinds)} on "
            f"{int((~good).sum())} of {good.size}. Likely cause: multipart lines not exploded "
            "(roads.explode())"
        )
        raise NetworkError(message)


def _check_coordinates(xy: Floats) -> None:
    good = (np.abs(xy) < _FARTHEST_M).all(axis=1)
    if not good.all():
        worst = xy[np.flatnonzero(~good)[0]]
        message = (
            f"roads: expected coordinates in metres, found ({worst[0]:g}, {worst[1]:g}). Likely "
            "cause: a failed reprojection, or coordinates in another unit"
        )
        raise NetworkError(message)
