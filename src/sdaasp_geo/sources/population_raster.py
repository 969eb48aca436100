"""A population raster (GeoTIFF): cells with inhabitants as origins, none of them lost."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from pyproj import CRS
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.windows import Window

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.cells import origins_of_cells, refuse_nothing
from sdaasp_geo.sources.containers import contents, opened
from sdaasp_geo.sources.coordinates import transformer
from sdaasp_geo.sources.raw_tables import refuse_absent
from sdaasp_geo.tables.reading import Notes

if TYPE_CHECKING:
    import numpy.typing as npt

    from sdaasp_geo.tables.places import Places
    from sdaasp_geo.tables.reading import Reading

    Floats = npt.NDArray[np.float64]

RASTER_ENDINGS = (".tif", ".tiff")

_EXPECTED = "a raster of inhabitants (GeoTIFF)"
_MOST_CELLS = 50_000_000


class _Grid(NamedTuple):
    """Cells of a window: how many live there, NaN where no data is, and where they stand."""

    people: Floats
    # From column, line and 1 to coordinates; shape (2, 3).
    transform: Floats
    crs: CRS
    # Line and column of the first cell in the file, and columns of the whole file.
    first: tuple[int, int]
    width: int


def is_raster(path: Path) -> bool:
    """Whether a file, plain or packed, is a raster by its ending."""
    return any(name.lower().endswith(RASTER_ENDINGS) for name in contents(path))


def read_population_raster(
    path: str | Path, *, places: Places, departement: str, band: int = 1, merge: int = 1
) -> Reading[gpd.GeoDataFrame]:
    """Read the inhabited cells of a département, cut where its communes meet.

    Parameters
    ----------
    path
        A GeoTIFF in any CRS whose cells count inhabitants (GHS-POP, WorldPop …; not a
        density), plain or packed.
    places
        Communes and arrondissements; their CRS is that of the answer.
    departement
        Only cells in its communes are origins.
    band
        Of the file, the first one is 1.
    merge
        So many cells a side make one: 100 m, 10 together, are origins of 1 km.

    Returns
    -------
    Reading
        Table `ORIGINS`, made by :func:`~sdaasp_geo.sources.cells.origins_of_cells`;
        `origin` is ``cell-<row>``. Only the window around the département is read, and
        its cells (once merged) are the rows, numbered line by line over the whole file.
        Cells without data, and without an inhabitant, are unused; negative and infinite
        ones are rejected, with what they are merged into.

    Raises
    ------
    InputError
        If the file is missing, no raster or damaged, has no CRS, lacks the band, is no
        grid of numbers, or holds nobody in the département.

    Notes
    -----
    Inhabitants of the window = those of the table + of cells outside + of parts of cells
    outside (flags): rasters have parts of people, which are kept as they are.
    """
    path = Path(path)
    notes = Notes(path.name)
    inside = places.units[places.units["departement"] == departement]
    with opened(path, endings=RASTER_ENDINGS, what="raster (tif)") as plain:
        refuse_absent(plain)
        grid = _read(plain, inside, band, merge)
    rows_read = grid.people.size
    cells = _cells(grid, str(places.crs), notes)
    table = origins_of_cells(cells, places, departement, notes)
    refuse_nothing(table, places, departement, path.name, rows_read)
    return notes.close(table, rows_read)


def _read(path: Path, inside: gpd.GeoDataFrame, band: int, merge: int) -> _Grid:
    try:
        with warnings.catch_warnings():
            # A raster without a place is told as a fault.
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(path) as file:
                _refuse(file, path.name, band)
                return _window(file, path.name, inside, band, merge)
    except (RasterioError, OSError) as error:
        cause = "an interrupted download, or a file of another kind"
        raise InputError([Fault(path.name, _EXPECTED, str(error)[:120], cause)]) from error


def _refuse(file: rasterio.DatasetReader, name: str, band: int) -> None:
    faults = []
    if file.crs is None:
        faults.append(Fault(name, "a coordinate system", "a raster without CRS"))
    if not 1 <= band <= file.count:
        faults.append(Fault(name, f"a band {band}", f"{file.count} of them", "another file"))
    elif np.dtype(file.dtypes[band - 1]).kind not in "iuf":
        faults.append(Fault(name, "a grid of numbers", file.dtypes[band - 1], "another file"))
    if faults:
        raise InputError(faults)


def _window(
    file: rasterio.DatasetReader, name: str, inside: gpd.GeoDataFrame, band: int, merge: int
) -> _Grid:
    crs = CRS.from_user_input(file.crs.to_wkt())
    corners = inside.to_crs(crs).total_bounds if len(inside) else np.zeros(4)
    west, south, east, north = corners
    points = np.array([(x, y, 1.0) for x in (west, east) for y in (south, north)]).T
    transform = np.array(file.transform[:6]).reshape(2, 3)
    at = (np.linalg.inv(np.vstack([transform, [0.0, 0.0, 1.0]])) @ points)[:2].T
    (left, top), (right, bottom) = np.floor(at.min(axis=0)) - 1, np.ceil(at.max(axis=0)) + 1
    # Merged cells begin at multiples, wherever the window does.
    left, top = (max(int(value) // merge * merge, 0) for value in (left, top))
    right, bottom = min(int(right), file.width), min(int(bottom), file.height)
    if right <= left or bottom <= top:
        found = f"one of {', '.join(f'{value:.7g}' for value in file.bounds)} in {crs.to_string()}"
        cause = "the raster of another area, or another coordinate system than the one declared"
        raise InputError([Fault(name, "a raster that covers the département", found, cause)])
    if (right - left) * (bottom - top) > _MOST_CELLS:
        found = f"{right - left} by {bottom - top}"
        raise InputError([Fault(name, f"at most {_MOST_CELLS} cells here", found, "finer cells")])
    window = Window(left, top, right - left, bottom - top)
    people = file.read(band, window=window).astype(np.float64)
    people[file.read_masks(band, window=window) == 0] = np.nan
    moved = transform @ [[1.0, 0.0, left], [0.0, 1.0, top], [0.0, 0.0, 1.0]]
    grid = _Grid(people, moved, crs, (top, left), file.width)
    return grid if merge == 1 else _merged(grid, merge)


def _merged(grid: _Grid, side: int) -> _Grid:
    """Sum squares of cells; a cell without data counts for none, unless all are."""
    height, width = (-(-size // side) for size in grid.people.shape)
    padded = np.full((height * side, width * side), np.nan)
    padded[: grid.people.shape[0], : grid.people.shape[1]] = grid.people
    squares = padded.reshape(height, side, width, side)
    missing = np.isnan(squares)
    wrong = np.where(missing, 0.0, squares) < 0
    people = np.where(missing, 0.0, squares).sum(axis=(1, 3))
    people[missing.all(axis=(1, 3))] = np.nan
    # A sum must not hide what is wrong in it.
    people[wrong.any(axis=(1, 3))] = -1.0
    first = grid.first[0] // side, grid.first[1] // side
    return _Grid(
        people, grid.transform * [side, side, 1.0], grid.crs, first, -(-grid.width // side)
    )


def _cells(grid: _Grid, crs: str, notes: Notes) -> gpd.GeoDataFrame:
    height, width = grid.people.shape
    lines = (np.arange(height)[:, None] + grid.first[0]) * grid.width
    rows = lines + np.arange(width)[None, :] + grid.first[1] + 1
    missing, empty = np.isnan(grid.people), grid.people == 0
    wrong = ~missing & ~(np.isfinite(grid.people) & (grid.people >= 0))
    for unused, reason in ((missing, "no data in the cell"), (empty, "no inhabitant")):
        if unused.any():
            notes.skip(pd.Series("", index=rows[unused], dtype="str"), reason)
    if wrong.any():
        reason = "expected a number of inhabitants, 0 or more"
        notes.reject(pd.Index(rows[wrong]), "", grid.people[wrong].tolist(), reason)
    top, left = np.nonzero(~missing & ~empty & ~wrong)
    to = transformer(grid.crs.to_wkt(), crs)
    corners = [
        to.transform(*(grid.transform @ [left + across, top + down, np.ones(len(left))]))
        for across, down in ((0, 0), (1, 0), (1, 1), (0, 1), (0.5, 0.5))
    ]
    ring = np.stack([np.column_stack(corner) for corner in corners[:4]], axis=1)
    index = pd.Index(rows[top, left], name="row")
    return gpd.GeoDataFrame(
        {
            "origin": pd.Series([f"cell-{row}" for row in index], index, dtype="str"),
            "population": grid.people[top, left],
            "middle": shapely.points(*corners[4]),
        },
        geometry=shapely.polygons(ring),
        crs=crs,
        index=index,
    )
