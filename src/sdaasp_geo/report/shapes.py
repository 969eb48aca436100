"""The geometry of a territory as matplotlib draws it, prepared once for all its maps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import shapely
from matplotlib.path import Path
from pyproj import CRS, Transformer

from sdaasp_geo.report.blocks import blocks_of
from sdaasp_geo.tables.crs import scale_at

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd
    import numpy.typing as npt

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.report.blocks import Block

Extent = tuple[float, float, float, float]

# Finer detail than this share of the territory's diagonal is less than half a pixel.
_DETAIL = 1 / 4000
# Outlines of unions keep slivers where neighbours do not quite meet: not worth a line.
_SLIVER_SHARE = 1e-5
# Where the neighbours reach less far than this, the coast still shows some sea.
_LEAST_REACH = 0.05
# A line as thick as a road's pen would fill an islet: those keep their commune's thin line.
_ISLET_SHARE = 2e-4


@dataclass(frozen=True)
class Town:
    """A commune by its chef-lieu, a candidate for a name on the map; `row` in the table."""

    name: str
    x: float
    y: float
    row: int = -1


@dataclass(frozen=True)
class Backdrop:
    """Everything of a map that does not depend on what it shows.

    Parameters
    ----------
    extent
        ``(xmin, ymin, xmax, ymax)`` of the communes, in metres of `crs`.
    rows, communes
        Positions in the table, and one path each.
    land, neighbours
        Filled grounds.
    known, neighbour_land
        As far as the neighbours reach (sea included), and their land; None where there
        are none.
    epci, departement
        Outlines.
    towns
        All communes, the most populous first.
    crs, home
        Of everything here, and of the diagnostic's tables.
    scale
        Metres that `crs` shows for one metre of ground.
    title
        What an inset shows.
    insets
        What lies too far to be in the same frame, each in a CRS that suits it.
    """

    extent: Extent
    rows: npt.NDArray[np.int64]
    communes: list[Path]
    land: list[Path]
    neighbours: list[Path]
    known: shapely.Geometry | None
    neighbour_land: shapely.Geometry | None
    epci: list[npt.NDArray[np.float64]]
    departement: list[npt.NDArray[np.float64]]
    towns: list[Town]
    crs: CRS
    home: CRS
    scale: float = 1.0
    title: str = ""
    insets: tuple[Backdrop, ...] = ()

    def moved(self, shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
        """Take shapes of the diagnostic's tables into the CRS of this frame."""
        return into(shapes, self.home, self.crs)


def make_backdrop(diagnostic: Diagnostic) -> Backdrop:
    """Prepare the geometry of a diagnostic's maps; its tables are untouched."""
    blocks = blocks_of(diagnostic.communes)
    around = _nearest_block(diagnostic, blocks)
    views = [
        _backdrop(diagnostic, block, neighbours)
        for block, neighbours in zip(blocks, around, strict=True)
    ]
    return replace(views[0], insets=tuple(views[1:]))


def _backdrop(diagnostic: Diagnostic, block: Block, neighbours: gpd.GeoDataFrame) -> Backdrop:
    communes = diagnostic.communes.iloc[block.rows].set_geometry(block.shapes, crs=block.crs)
    xmin, ymin, xmax, ymax = (float(edge) for edge in communes.total_bounds)
    diagonal = float(np.hypot(xmax - xmin, ymax - ymin))
    shapes = _simpler(communes.geometry, diagonal)
    whole = _joined(communes.geometry, diagonal)
    around = _by_group(neighbours, "departement", diagonal)
    # A territory that is but an islet keeps its outline.
    least = min(_ISLET_SHARE * diagonal**2, float(shapely.area(whole)) / 2)
    home = CRS.from_user_input(diagnostic.communes.crs)
    towns = _towns(communes, block.rows, home)
    return Backdrop(
        extent=(xmin, ymin, xmax, ymax),
        rows=block.rows,
        communes=[polygon_path(shape) for shape in shapes],
        land=[polygon_path(whole)],
        neighbours=[polygon_path(shape) for shape in around],
        known=_known(whole, neighbours, around, diagonal),
        neighbour_land=shapely.union_all(around) if around else None,
        epci=outlines(_by_group(communes, "epci", diagonal), least_m2=least),
        departement=outlines(
            _by_group(communes, "departement", diagonal) or [whole], least_m2=least
        ),
        towns=towns,
        crs=block.crs,
        home=home,
        scale=scale_at(block.crs, (xmin + xmax) / 2, (ymin + ymax) / 2),
        title=block.title or towns[0].name,
    )


def _nearest_block(diagnostic: Diagnostic, blocks: list[Block]) -> list[gpd.GeoDataFrame]:
    """Neighbours of each block, in its CRS."""
    neighbours = diagnostic.neighbours
    if len(blocks) == 1 or neighbours.empty:
        return [neighbours.to_crs(block.crs) for block in blocks]
    ground = [
        shapely.union_all(np.asarray(diagnostic.communes.geometry.iloc[block.rows], dtype=object))
        for block in blocks
    ]
    shapes = np.asarray(neighbours.geometry, dtype=object)
    away = np.array([shapely.distance(shapes, whole) for whole in ground])
    nearest = np.nan_to_num(away, nan=np.inf).argmin(axis=0)
    return [neighbours[nearest == number].to_crs(block.crs) for number, block in enumerate(blocks)]


def polygon_path(shape: shapely.Geometry) -> Path:
    """Make one path of a polygon or multipolygon, holes included.

    Examples
    --------
    >>> import shapely
    >>> len(polygon_path(shapely.box(0, 0, 1, 1)))
    5
    """
    rings = [
        shapely.get_coordinates(ring)
        for part in shapely.get_parts(shapely.orient_polygons(shape))
        for ring in shapely.get_rings(part)
    ]
    if not rings:
        return Path(np.empty((0, 2)))
    return Path.make_compound_path(*(Path(ring, closed=True) for ring in rings))


def outlines(
    shapes: Iterable[shapely.Geometry], *, least_m2: float = 0.0
) -> list[npt.NDArray[np.float64]]:
    """Rings of polygons as arrays of coordinates (n × 2, metres), in a fixed order.

    Parts of less than `least_m2` have none.
    """
    return [
        shapely.get_coordinates(ring)
        for shape in shapes
        for part in shapely.get_parts(shape)
        if part.area >= least_m2
        for ring in shapely.get_rings(part)
    ]


def into(shapes: npt.NDArray[np.object_], home: CRS, crs: CRS) -> npt.NDArray[np.object_]:
    """Take shapes from one CRS into another; the missing stay missing."""
    if home == crs:
        return shapes
    change = _change(home, crs)
    moved = shapely.transform(
        shapes, lambda points: np.column_stack(change.transform(points[:, 0], points[:, 1]))
    )
    return np.asarray(moved, dtype=object)


@lru_cache(maxsize=16)  # making one takes longer than all that it changes
def _change(home: CRS, crs: CRS) -> Transformer:
    return Transformer.from_crs(home, crs, always_xy=True)


def unknown_land(backdrop: Backdrop, frame: Extent) -> list[Path]:
    """Pieces of a frame beyond what is known that go on from land rather than from sea.

    Nothing tells what they are: they take the pale ground that they touch the most, so
    that a frame wider than the data shows no white corner and no invented coast.
    """
    if backdrop.known is None or backdrop.neighbour_land is None:
        return []
    box = shapely.box(*frame)
    shapely.prepare(backdrop.neighbour_land)
    land = []
    for part in shapely.get_parts(shapely.difference(box, backdrop.known)):
        inner = shapely.difference(part.boundary, box.boundary)
        middles = shapely.line_interpolate_point(inner, np.linspace(0, 1, 101), normalized=True)
        # Points of the shared line lie on the land's edge: a hair's breadth decides.
        on_land = shapely.dwithin(middles, backdrop.neighbour_land, np.sqrt(part.area) * 1e-3)
        if np.mean(on_land) > 0.5:
            land.append(polygon_path(part))
    return land


def _simpler(
    shapes: gpd.GeoSeries | npt.NDArray[np.object_], diagonal: float
) -> npt.NDArray[np.object_]:
    simple: npt.NDArray[np.object_] = np.asarray(
        shapely.simplify(np.asarray(shapes, dtype=object), diagonal * _DETAIL)
    )
    return simple


def _joined(shapes: gpd.GeoSeries, diagonal: float) -> shapely.Geometry:
    union = shapely.union_all(np.asarray(shapes, dtype=object))
    simple = shapely.simplify(union, diagonal * _DETAIL)
    least = _SLIVER_SHARE * diagonal**2
    parts = [
        shapely.Polygon(
            part.exterior, [hole for hole in part.interiors if shapely.Polygon(hole).area >= least]
        )
        for part in shapely.get_parts(simple)
        if isinstance(part, shapely.Polygon)
    ]
    return shapely.MultiPolygon(parts)


def _by_group(frame: gpd.GeoDataFrame, column: str, diagonal: float) -> list[shapely.Geometry]:
    known = frame[frame[column].notna()]
    groups = known.geometry.groupby(known[column].astype("str"), sort=True)
    return [_joined(group, diagonal) for _, group in groups]


def _known(
    whole: shapely.Geometry,
    neighbours: gpd.GeoDataFrame,
    around: list[shapely.Geometry],
    diagonal: float,
) -> shapely.Geometry | None:
    if not around:
        return None
    # The neighbours are all that touches the study area's buffer: the farthest tells
    # how wide it is, and within it whatever is no commune is sea.
    distances = shapely.distance(whole, np.asarray(neighbours.geometry, dtype=object))
    reach = max(float(np.nanmax(distances)), diagonal * _LEAST_REACH)
    buffered = shapely.buffer(shapely.simplify(whole, diagonal / 500), reach, quad_segs=16)
    return shapely.union_all([buffered, *around])


def _towns(communes: gpd.GeoDataFrame, rows: npt.NDArray[np.int64], home: CRS) -> list[Town]:
    given = into(np.asarray(communes["chef_lieu"], dtype=object), home, communes.crs)
    points = _chefs_lieux(given, communes.geometry)
    order = np.argsort(-communes["population"].to_numpy(dtype=np.float64), kind="stable")
    names = communes["name"].to_numpy()
    return [
        Town(
            str(names[place]),
            float(shapely.get_x(points[place])),
            float(shapely.get_y(points[place])),
            int(rows[place]),
        )
        for place in order
    ]


def _chefs_lieux(known: npt.NDArray[np.object_], shapes: gpd.GeoSeries) -> npt.NDArray[np.object_]:
    inside = np.asarray(shapes.representative_point(), dtype=object)
    return np.where(shapely.is_missing(known) | shapely.is_empty(known), inside, known)
