"""Outlines of land along streets, and polygons that lie within each other."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import shapely

from sdaasp_geo.routing.parallel import in_turn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from sdaasp_geo.access.profiles import Stretch
    from sdaasp_geo.network.road_network import RoadNetwork

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

# Sides of a quarter of a circle: the corners of 24 sides stand within a hundredth of
# the radius of the circle.
_QUARTER = 6
# Land is drawn this far from what is reached even where no time is left, which covers
# the road itself.
STREET_M = 1.0
_GRID_M = 0.01
_SHAPES_A_TASK = 512


def bands(network: RoadNetwork, stretch: Stretch, width_m: float) -> npt.NDArray[np.object_]:
    """Land within a distance of parts of streets; neighbouring parts in one shape."""
    whole = (stretch.start == 0.0) & (stretch.end == 1.0)
    lines = np.concatenate([network.lines[stretch.street[whole]], _cut(network, stretch, ~whole)])
    return _by_task(partial(_band, max(width_m, STREET_M)), lines)


def _by_task(
    task: Callable[[npt.NDArray[np.object_]], shapely.Geometry], shapes: npt.NDArray[np.object_]
) -> npt.NDArray[np.object_]:
    """Make one shape of every so many, on all cores.

    Streets are numbered along a curve, so that those of one task overlap, and leave
    little to the union of all.
    """
    starts = range(0, shapes.size, _SHAPES_A_TASK)
    jobs = [shapes[start : start + _SHAPES_A_TASK] for start in starts]
    return np.array(list(in_turn(task, jobs, executor=None, threads=True)), dtype=object)


def _band(width_m: float, lines: npt.NDArray[np.object_]) -> shapely.Geometry:
    return shapely.union_all(shapely.buffer(lines, width_m, quad_segs=_QUARTER))


def tapers(network: RoadNetwork, stretch: Stretch, ends_m: Floats) -> npt.NDArray[np.object_]:
    """Land along parts of streets within a distance that changes from start to end.

    Parameters
    ----------
    network
        Roads.
    stretch
        T parts of streets.
    ends_m
        Distance at start and end, float64 (T, 2); between them it changes with the
        length.

    Returns
    -------
    ndarray
        Polygons, neighbouring parts in one.
    """
    part, share, xy = _vertices(network, stretch)
    first, last = ends_m[part].T
    radius = np.maximum(first + share * (last - first), STREET_M)
    turn = np.linspace(0.0, 2.0 * np.pi, 4 * _QUARTER, endpoint=False)
    circle = np.column_stack([np.cos(turn), np.sin(turn)])
    round_each = xy[:, None, :] + radius[:, None, None] * circle[None, :, :]
    here = np.flatnonzero(np.diff(part) == 0)
    both = np.concatenate([round_each[here], round_each[here + 1]], axis=1)
    hulls = np.asarray(shapely.convex_hull(shapely.multipoints(both)))
    return _by_task(shapely.union_all, hulls)


def nested(land: Sequence[shapely.Geometry]) -> list[shapely.MultiPolygon]:
    """Make polygons of which each covers the one before, to the last bit.

    All outlines are noded together on a grid of a centimetre; the faces between them
    belong to the first polygon that holds them, and to all after it. Polygons made of the
    same faces share their corners, so that no rounding can part them.
    """
    outlines = shapely.union_all(shapely.boundary(np.asarray(land)), grid_size=_GRID_M)
    faces = shapely.get_parts(shapely.polygonize([outlines]))
    inside = shapely.point_on_surface(faces)
    held = np.zeros(faces.size, dtype=bool)
    polygons: list[shapely.MultiPolygon] = []
    for shape in land:
        shapely.prepare(shape)
        held |= shapely.contains(shape, inside)
        parts = shapely.get_parts(shapely.coverage_union_all(faces[held]))
        polygons.append(shapely.MultiPolygon(parts.tolist()))
    return polygons


def _cut(
    network: RoadNetwork, stretch: Stretch, chosen: npt.NDArray[np.bool_]
) -> npt.NDArray[np.object_]:
    """Lines of parts of streets; points where a part has no length."""
    part, _, xy = _vertices(network, stretch.only(chosen))
    return np.asarray(shapely.linestrings(xy, indices=part))


def _vertices(network: RoadNetwork, stretch: Stretch) -> tuple[Ints, Floats, Floats]:
    """Vertices of parts of streets from start to end: part, share of the part, place.

    A part runs forward or backward along its street.
    """
    count = stretch.street.size
    lines = network.lines[stretch.street]
    length_m = shapely.length(lines)
    span = np.stack([stretch.start, stretch.end])
    ends = shapely.get_coordinates(shapely.line_interpolate_point(lines, span * length_m))
    xy, owner = shapely.get_coordinates(lines, return_index=True)
    steps = np.hypot(*np.diff(xy, axis=0, prepend=xy[:1]).T)
    steps[np.flatnonzero(np.diff(owner, prepend=-1))] = 0.0
    along = np.cumsum(steps)
    along -= along[np.flatnonzero(np.diff(owner, prepend=-1))][owner]
    with np.errstate(divide="ignore", invalid="ignore"):
        fraction = along / length_m[owner]
        share = (fraction - stretch.start[owner]) / (stretch.end - stretch.start)[owner]
    between = (share > 0.0) & (share < 1.0)
    part = np.concatenate([np.arange(count), owner[between], np.arange(count)])
    shares = np.concatenate([np.zeros(count), share[between], np.ones(count)])
    places = np.concatenate([ends[:count], xy[between], ends[count:]])
    order = np.lexsort((shares, part))
    return part[order], shares[order], places[order]
