"""The communes as paths of a vector drawing: simplified together, on a grid of whole numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd
    import numpy.typing as npt
    import pandas as pd

    from sdaasp_geo.diagnostic.model import Diagnostic

    Shapes = npt.NDArray[np.object_]

# The longest side of the drawing, in its own units: half a pixel when zoomed eight times.
_UNITS = 6000
# Triangles of less than this share of the diagonal, squared, are not worth a corner.
_DETAIL = 1 / 1500
_MARGIN = 0.02
# Unions keep slivers where neighbours do not quite meet: not worth a line.
_SLIVER_UNITS2 = 30.0
_RING_CORNERS = 3


@dataclass(frozen=True)
class Frame:
    """From metres to units of the drawing."""

    left_m: float
    top_m: float
    unit_m: float
    width: int
    height: int

    def place(self, coordinates: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        """Return whole units (n × 2), y downwards, of coordinates in metres (n × 2)."""
        flipped = (coordinates - (self.left_m, self.top_m)) / self.unit_m * (1.0, -1.0)
        whole: npt.NDArray[np.int64] = np.rint(flipped).astype(np.int64)
        return whole

    def spot(self, point: shapely.Geometry) -> list[int]:
        """Return the place of a point, in whole units."""
        x, y = self.place(shapely.get_coordinates(point))[0].tolist()
        return [x, y]


@dataclass(frozen=True)
class Drawing:
    """A territory as a page draws it, y downwards.

    Parameters
    ----------
    frame
        Its size, and where a point of the territory is on it.
    communes
        One path (SVG ``d``) a commune, in the order of the table; empty where it has no
        polygon, or one too small to be drawn.
    spots
        Chef-lieu of each commune, or a point inside it; None where neither is known.
    boxes
        ``[x0, y0, x1, y1]`` of each commune; None where it has no place.
    epci, outline, neighbours
        Paths of the EPCI's limits, of the territory's and of the land around.
    """

    frame: Frame
    communes: list[str]
    spots: list[list[int] | None]
    boxes: list[list[int] | None]
    epci: str
    outline: str
    neighbours: str


def draw(diagnostic: Diagnostic) -> Drawing:
    """Draw the communes of a diagnostic; its tables are untouched.

    Common borders stay common: the polygons are simplified as a coverage.
    """
    communes, around = diagnostic.communes, diagnostic.neighbours
    shapes = np.concatenate([_polygons(communes.geometry), _polygons(around.geometry)])
    spots = _spots(communes["chef_lieu"], shapes[: len(communes)])
    frame = _frame(shapes[: len(communes)], spots)
    shapes = _simplified(shapes, frame)
    own, others = shapes[: len(communes)], shapes[len(communes) :]
    paths = [path(shape, frame) for shape in own]
    places = [None if spot is None else frame.spot(spot) for spot in spots]
    return Drawing(
        frame=frame,
        communes=paths,
        spots=places,
        boxes=[_box(*both, frame) for both in zip(own, places, strict=True)],
        epci="".join(_limits(own, communes["epci"], frame)),
        outline=_united(own, frame),
        neighbours=_united(_near(others, frame), frame),
    )


def path(shape: shapely.Geometry | None, frame: Frame) -> str:
    """Path of a polygon or multipolygon on the grid; rings that vanish on it are left out.

    Examples
    --------
    >>> path(shapely.box(0, 0, 10, 20), Frame(0.0, 20.0, 1.0, 10, 20))
    'M10 20v-20h-10v20z'
    """
    if shape is None:
        return ""
    rings = (
        frame.place(shapely.get_coordinates(ring))
        for part in shapely.get_parts(shape)
        for ring in shapely.get_rings(part)
    )
    return "".join(_ring(points) for points in rings)


def _ring(points: npt.NDArray[np.int64]) -> str:
    """Path of a closed ring of whole coordinates, by steps; empty if it has no inside."""
    moved = np.any(points[1:] != points[:-1], axis=1)
    corners = points[np.append(True, moved)]
    # The last corner is the first: closing draws that side.
    steps = np.diff(corners[:-1], axis=0)
    if len(steps) + 1 < _RING_CORNERS:
        return ""
    parts = [f"M{corners[0, 0]} {corners[0, 1]}"]
    parts += [_step(x, y) for x, y in steps.tolist()]
    return "".join([*parts, "z"])


def _step(x: int, y: int) -> str:
    if x == 0:
        return f"v{y}"
    if y == 0:
        return f"h{x}"
    return f"l{x} {y}" if y > 0 else f"l{x}{y}"


def _polygons(shapes: gpd.GeoSeries) -> Shapes:
    """Polygons as an array; None for what is none."""
    known: Shapes = np.asarray(shapes, dtype=object).copy()
    dimension = np.where(shapely.is_missing(known), -1, shapely.get_dimensions(known))
    known[(dimension < 2) | shapely.is_empty(known)] = None
    return known


def _spots(points: pd.Series, shapes: Shapes) -> list[shapely.Geometry | None]:
    known = np.asarray(points, dtype=object)
    lacking = shapely.is_missing(known) | shapely.is_empty(known)
    inside = shapely.point_on_surface(shapes)
    return [
        other if lacks else own for own, other, lacks in zip(known, inside, lacking, strict=True)
    ]


def _frame(shapes: Shapes, spots: list[shapely.Geometry | None]) -> Frame:
    known = [*shapes[~shapely.is_missing(shapes)], *(spot for spot in spots if spot is not None)]
    bounds = shapely.total_bounds(np.asarray(known, dtype=object)) if known else np.zeros(4)
    left, low, right, top = (float(edge) for edge in bounds)
    # A single point has no size: a kilometre around it.
    margin = _MARGIN * max(right - left, top - low) or 1000.0
    size = np.asarray([right - left, top - low]) + 2 * margin
    unit = float(size.max()) / _UNITS
    width, height = (max(1, round(side / unit)) for side in size.tolist())
    return Frame(left - margin, top + margin, unit, width, height)


def _simplified(shapes: Shapes, frame: Frame) -> Shapes:
    known = ~shapely.is_missing(shapes)
    diagonal = float(np.hypot(frame.width, frame.height)) * frame.unit_m
    simple = shapes.copy()
    if known.any():
        simple[known] = shapely.coverage_simplify(shapes[known], diagonal * _DETAIL)
    return simple


def _near(shapes: Shapes, frame: Frame) -> Shapes:
    """Land around, no farther than a window of another shape than the territory shows."""
    width, height = frame.width * frame.unit_m, frame.height * frame.unit_m
    reach = max(width, height)
    middle_x, middle_y = frame.left_m + width / 2, frame.top_m - height / 2
    window = shapely.box(middle_x - reach, middle_y - reach, middle_x + reach, middle_y + reach)
    known = shapes[~shapely.is_missing(shapes)]
    near: Shapes = shapely.intersection(shapely.make_valid(known), window)
    return near


def _united(shapes: Iterable[shapely.Geometry | None], frame: Frame) -> str:
    """Outline of polygons that touch, without the slivers between them."""
    known = [shape for shape in shapes if shape is not None and not shapely.is_empty(shape)]
    if not known:
        return ""
    union = shapely.union_all(shapely.make_valid(np.asarray(known, dtype=object)))
    least = _SLIVER_UNITS2 * frame.unit_m**2
    parts = [
        shapely.Polygon(
            part.exterior, [hole for hole in part.interiors if shapely.Polygon(hole).area >= least]
        )
        for part in shapely.get_parts(union)
        if isinstance(part, shapely.Polygon)
    ]
    return path(shapely.MultiPolygon(parts), frame)


def _limits(shapes: Shapes, epci: pd.Series, frame: Frame) -> list[str]:
    codes = epci.astype("str").where(epci.notna())
    return [
        _united(shapes[(codes == code).to_numpy(dtype=bool)], frame)
        for code in sorted(codes.dropna().unique())
    ]


def _box(shape: shapely.Geometry | None, spot: list[int] | None, frame: Frame) -> list[int] | None:
    if shape is not None and not shapely.is_empty(shape):
        left, low, right, top = shapely.bounds(shape)
        corners = frame.place(np.asarray([[left, top], [right, low]], dtype=np.float64))
        return [int(value) for value in corners.ravel()]
    return None if spot is None else [*spot, *spot]
