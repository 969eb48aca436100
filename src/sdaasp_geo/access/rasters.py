"""Access times on a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from sdaasp_geo.access.candidates import attach
from sdaasp_geo.access.reach import reach

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd
    import numpy.typing as npt

    from sdaasp_geo.access.reach import Direction
    from sdaasp_geo.assumptions import Assumptions
    from sdaasp_geo.network.road_network import RoadNetwork

# Cells that are attached at once: some hundred bytes each.
_CELLS_AT_ONCE = 500_000


class Grid(NamedTuple):
    """Square cells, rows from north to south.

    Parameters
    ----------
    west, north
        Corner of the first cell, metres.
    cell_m
        Side of a cell.
    width, height
        Number of columns and of rows.
    """

    west: float
    north: float
    cell_m: float
    width: int
    height: int

    @property
    def transform(self) -> tuple[float, float, float, float, float, float]:
        """Affine transform from (column, row) to (x, y), as rasterio orders it."""
        return (self.cell_m, 0.0, self.west, 0.0, -self.cell_m, self.north)

    def centres(self, rows: slice) -> npt.NDArray[np.object_]:
        """Points at the centres of some rows of cells, row by row, object (cells,)."""
        x = self.west + (np.arange(self.width) + 0.5) * self.cell_m
        y = self.north - (np.arange(self.height)[rows] + 0.5) * self.cell_m
        return np.asarray(shapely.points(np.tile(x, y.size), np.repeat(y, self.width)))


class AccessRaster(NamedTuple):
    """Minutes on a grid.

    Parameters
    ----------
    time_min
        float32 (height, width), NaN where there is no time.
    grid
        Where the cells lie.
    crs
        CRS of the grid.
    """

    time_min: npt.NDArray[np.float32]
    grid: Grid
    crs: str


def grid_over(extent: Sequence[float], cell_m: float) -> Grid:
    """Lay a grid over an extent; its lines are multiples of the cell, so that grids align.

    Parameters
    ----------
    extent
        West, south, east, north, metres, as ``total_bounds`` gives them.
    cell_m
        Side of a cell.

    Raises
    ------
    ValueError
        If the extent is empty or endless, or the cell not above 0.

    Examples
    --------
    >>> grid_over((150.0, 0.0, 420.0, 190.0), 100.0)
    Grid(west=100.0, north=200.0, cell_m=100.0, width=4, height=2)
    """
    bounds = np.asarray(extent, dtype=np.float64)
    west, south, east, north = bounds
    if not (np.isfinite(bounds).all() and west < east and south < north):
        message = f"extent: expected west < east and south < north, found {bounds.tolist()}"
        raise ValueError(message)
    if not 0 < cell_m < np.inf:
        message = f"cell_m: expected a number above 0, found {cell_m!r}"
        raise ValueError(message)
    first, last = np.floor(bounds[:2] / cell_m), np.ceil(bounds[2:] / cell_m)
    width, height = (last - first).astype(int).tolist()
    return Grid(float(first[0] * cell_m), float(last[1] * cell_m), float(cell_m), width, height)


def access_raster(
    network: RoadNetwork,
    places: gpd.GeoDataFrame,
    grid: Grid,
    assumptions: Assumptions,
    *,
    direction: Direction = "to",
    limit_min: float | None = None,
) -> AccessRaster:
    """Minutes between the centre of each cell of a grid and the nearest place.

    The value of a cell is what :func:`~sdaasp_geo.access.times.nearest_times` gives for
    a point at its centre known by its position: access leg, road, access leg.

    Parameters
    ----------
    network, places, assumptions, direction
        As in :func:`reach`.
    grid
        Cells, see :func:`grid_over`.
    limit_min
        Times above it are missing; the limit of the assumptions if None.
    """
    return access_rasters(
        network,
        {"": places},
        grid,
        assumptions,
        direction=direction,
        limit_min=limit_min,
    )[""]


def access_rasters(
    network: RoadNetwork,
    places: Mapping[str, gpd.GeoDataFrame],
    grid: Grid,
    assumptions: Assumptions,
    *,
    direction: Direction = "to",
    limit_min: float | None = None,
) -> dict[str, AccessRaster]:
    """Minutes to the nearest place of each of several sets, such as services.

    Cells are attached to the roads once for all sets, which takes longer than a search.

    Parameters
    ----------
    network, grid, assumptions, direction, limit_min
        As in :func:`access_raster`.
    places
        Places of each set, by name.

    Returns
    -------
    dict
        Grid of each set, as :func:`access_raster` gives it, by name.
    """
    limit = assumptions.time_limit_min if limit_min is None else limit_min
    found = {
        name: reach(network, some, assumptions, direction=direction, limit_min=limit)
        for name, some in places.items()
    }
    tables = {name: np.empty((grid.height, grid.width), np.float32) for name in places}
    step = max(1, _CELLS_AT_ONCE // grid.width)
    for start in range(0, grid.height, step):
        rows = slice(start, start + step)
        cells = attach(network, grid.centres(rows), assumptions)
        for name, searched in found.items():
            times = searched.time_min_at(cells, limit)
            tables[name][rows] = times.reshape(-1, grid.width)
    return {name: AccessRaster(table, grid, network.crs) for name, table in tables.items()}
