"""Isochrones: the land within some minutes of places, as polygons.

A point of a street is reached within t minutes or not; where it is, the time that is
left goes into the access leg, so that the land within reach is a band along the street
whose half-width falls with the time left, and ends in a tip where none is left. The
union of the bands is the isochrone: a field or a lake far from every reached street
stays outside, and so do the holes of the network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from sdaasp_geo.access.outlines import bands, nested, tapers
from sdaasp_geo.access.profiles import Parts, Profile, profile, reached_parts
from sdaasp_geo.access.reach import reach

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from sdaasp_geo.access.reach import Direction, Reach
    from sdaasp_geo.assumptions import Assumptions
    from sdaasp_geo.network.road_network import RoadNetwork

OFF_ROAD_M = 300.0
"""Default of the farthest from a street that an isochrone goes."""

_MS_PER_MIN = 60_000.0


def isochrones(  # noqa: PLR0913 (as reach, with what is drawn)
    network: RoadNetwork,
    places: gpd.GeoDataFrame,
    minutes: Sequence[float],
    assumptions: Assumptions,
    *,
    direction: Direction = "to",
    by_place: bool = False,
    off_road_m: float = OFF_ROAD_M,
) -> gpd.GeoDataFrame:
    """Land within some minutes of places, as polygons that lie within each other.

    Time = access leg + road + access leg, as in
    :func:`~sdaasp_geo.access.times.nearest_times`; the leg of the land is straight to
    the street, at most `off_road_m` of it.

    Parameters
    ----------
    network
        Roads.
    places
        Points in the CRS of the network; those that cannot be attached reach nothing.
    minutes
        Times, above 0, in any order.
    assumptions
        Access legs and snapping. The same-commune rule does not apply.
    direction
        ``to`` the nearest place, or ``from`` it.
    by_place
        One set of polygons a place, instead of one for the nearest of all.
    off_road_m
        Land farther than this from every reached street is outside; `snap_limit_m`
        where that is less.

    Returns
    -------
    GeoDataFrame
        ``minutes geometry``, after ``place`` (the index of `places`) where `by_place`;
        times rising. MultiPolygons, empty where nothing is reached, with coordinates in
        whole centimetres; each covers those of lesser times exactly.

    Raises
    ------
    ValueError
        If a time or `off_road_m` is not above 0, or the places are in another CRS.

    Notes
    -----
    Streets where points are never attached (motorways, ferries, isolated pieces) carry
    the search and give no land. A polygon is the union over streets, whereas a point
    given to ``nearest_times`` is attached to its nearest street alone: near a street that
    cannot be reached, the polygon is the more generous.
    """
    limits = _checked_minutes(minutes)
    if not 0 < off_road_m < np.inf:
        message = f"off_road_m: expected a number above 0, found {off_road_m!r}"
        raise ValueError(message)
    cap_m = min(off_road_m, assumptions.snap_limit_m)
    groups = [places.iloc[[row]] for row in range(len(places))] if by_place else [places]
    shapes = []
    for group in groups:
        found = reach(network, group, assumptions, direction=direction, limit_min=limits[-1])
        shapes += reach_polygons(found, limits, cap_m)
    table: dict[str, object] = {"minutes": np.tile(limits, len(groups))}
    if by_place:
        table = {"place": np.repeat(places.index.to_numpy(), len(limits)), **table}
    return gpd.GeoDataFrame(pd.DataFrame(table), geometry=shapes, crs=network.crs)


def reach_polygons(
    found: Reach, minutes: Sequence[float], cap_m: float
) -> list[shapely.MultiPolygon]:
    """Draw the land within rising times of a search that is done.

    Parameters
    ----------
    found
        The search, with no limit below the last time.
    minutes
        Times, rising.
    cap_m
        Farthest from a street.

    Returns
    -------
    list of MultiPolygon
        One a time, each covering the one before.
    """
    streets = profile(found)
    ms_per_m = found.assumptions.access_min_per_m * _MS_PER_MIN
    land: list[shapely.Geometry] = []
    drawn = np.zeros(streets.street.size, dtype=bool)
    for limit in minutes:
        parts = reached_parts(streets, limit * _MS_PER_MIN, cap_m * ms_per_m)
        # Streets that stand in the land at full width already add nothing.
        shapes = _shapes(found.network, streets, parts.without(drawn), (cap_m, ms_per_m))
        before = land[-1:] if land else []
        land.append(shapely.union_all([*before, *shapes]))
        drawn |= parts.whole
    return nested(land)


def _shapes(
    network: RoadNetwork, streets: Profile, parts: Parts, widths: tuple[float, float]
) -> npt.NDArray[np.object_]:
    """Land along parts of streets."""
    cap_m, ms_per_m = widths
    ends_m = np.minimum(parts.left_ms / ms_per_m, cap_m)
    points_m = np.minimum(parts.point_left_ms / ms_per_m, cap_m)
    spots = shapely.points(streets.point_x[parts.point], streets.point_y[parts.point])
    return np.concatenate(
        [
            bands(network, parts.full, cap_m),
            tapers(network, parts.tapered, ends_m),
            shapely.buffer(spots, np.maximum(points_m, 1.0)),
        ]
    )


def _checked_minutes(minutes: Sequence[float]) -> list[float]:
    limits = sorted({float(limit) for limit in minutes})
    if not limits or not all(0 < limit < np.inf for limit in limits):
        message = f"minutes: expected numbers above 0, found {list(minutes)!r}"
        raise ValueError(message)
    return limits
