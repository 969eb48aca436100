"""Reading of vector layers: what must be there, and whether it lies where it says."""

from __future__ import annotations

import warnings
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, GeometryError
from pyproj import CRS, Transformer

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.codes import as_text
from sdaasp_geo.sources.containers import (
    LAYER_ENDINGS,
    TABLE_ENDINGS,
    contents,
    fitting,
    opened,
)
from sdaasp_geo.sources.geoparquet import (
    PARQUET_ENDINGS,
    geoparquet_names,
    is_geoparquet,
    read_geoparquet,
)
from sdaasp_geo.sources.names import listing, missing_column, nearest
from sdaasp_geo.sources.raw_tables import TextTable
from sdaasp_geo.tables.crs import GEOGRAPHIC_CRS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import geopandas as gpd
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]

# The sea and a neighbour's first hills still belong to a system's area of use.
_MARGIN_DEGREES = 2.0
# From this share of the features on, it is the layer that lies elsewhere, not a row.
_WHOLE_LAYER = 0.5
_WHAT = "layer (gpkg, shp, geojson, parquet)"
# Drivers tell their own queries at length.
_SHOWN = 120
_LAMBERT_93 = (0.0, 6.0e6, 1.4e6, 7.3e6)

SWAPPED = "latitude and longitude (or the two projected axes) swapped"


class Strays(NamedTuple):
    """Features that lie outside the land that a CRS is made for.

    Parameters
    ----------
    stray
        Whether each feature does; shape (N,).
    swapped
        Whether it would lie inside with its two axes swapped; shape (N,).
    """

    stray: Bools
    swapped: Bools


def read_layer(
    path: Path, *, columns: Mapping[str, str], layer: str | None = None
) -> gpd.GeoDataFrame:
    """Read some columns of one layer (GeoPackage, shapefile, GeoJSON, GeoParquet …).

    Parameters
    ----------
    path
        Any vector file that GDAL reads, or GeoParquet; one of them in a ``.gz``, or in a
        ``.zip`` that holds one such, or ``archive.zip/member.gpkg``. A shapefile needs
        the files beside it, in the archive too.
    columns
        Library's name → name in the file.
    layer
        Needed where the file holds several, or the archive several files: then the one
        of this name, without ending, is meant.

    Returns
    -------
    GeoDataFrame
        The columns under the library's names and `geometry` (2D), in the CRS of the
        file (None if it tells none), indexed by feature: the first is row 1.

    Raises
    ------
    InputError
        If there is no such file, layer or column, if the file is no vector file, or
        the layer holds no feature or no geometry; all faults at once. Or if it is in an
        archive that :func:`~sdaasp_geo.sources.containers.opened` refuses.
    """
    wanted = list(dict.fromkeys(columns.values()))
    with opened(path, endings=LAYER_ENDINGS, stem=layer, what=_WHAT) as plain:
        if plain.suffix.lower() in PARQUET_ENDINGS:
            frame = read_geoparquet(plain, columns=wanted)
        else:
            frame = _by_gdal(plain, wanted, layer)
    data = {ours: frame[theirs] for ours, theirs in columns.items()}
    renamed = frame[["geometry"]].assign(**data)
    return renamed.set_axis(pd.RangeIndex(1, len(frame) + 1, name="row"))


def layer_names(path: Path, *, layer: str | None = None) -> list[str]:
    """Return the names of the columns of a layer, its geometry not among them.

    Raises
    ------
    InputError
        As :func:`read_layer`.
    """
    with opened(path, endings=LAYER_ENDINGS, stem=layer, what=_WHAT) as plain:
        if plain.suffix.lower() in PARQUET_ENDINGS:
            return geoparquet_names(plain)
        try:
            info = pyogrio.read_info(plain, layer=_chosen_layer(plain, layer))
        except (DataSourceError, DataLayerError) as error:
            raise InputError([_unreadable(plain, error)]) from error
        return [str(field) for field in info["fields"]]


def read_attributes(
    path: Path, *, columns: list[str], layer: str | None = None
) -> Iterator[TextTable]:
    """Read some columns of a layer as text, its geometry left where it is.

    Yields
    ------
    TextTable
        One piece, indexed by feature: the first is row 1.

    Raises
    ------
    InputError
        As :func:`read_layer`.
    """
    with opened(path, endings=LAYER_ENDINGS, stem=layer, what=_WHAT) as plain:
        if plain.suffix.lower() in PARQUET_ENDINGS:
            frame = pd.DataFrame(read_geoparquet(plain, columns=columns).drop(columns="geometry"))
        else:
            frame = _by_gdal(plain, columns, layer, geometry=False)
    index = pd.RangeIndex(1, len(frame) + 1, name="row")
    texts = {name: as_text(frame[name]).set_axis(index) for name in columns}
    yield TextTable(pd.DataFrame(texts, index=index), len(frame))


def holds_layer(path: Path) -> bool:
    """Whether a file, or an archive, holds features rather than a table.

    It does where nothing in it is a table; a parquet file is one without geometry.
    """
    names = fitting(contents(path), (*LAYER_ENDINGS, *TABLE_ENDINGS))
    endings = {PurePosixPath(name).suffix.lower() for name in names}
    if endings and endings <= set(PARQUET_ENDINGS):
        with opened(path, endings=PARQUET_ENDINGS, what="parquet file") as plain:
            return is_geoparquet(plain)
    return not endings & set(TABLE_ENDINGS) or bool(endings & set(LAYER_ENDINGS))


def _by_gdal(
    path: Path, columns: list[str], layer: str | None, *, geometry: bool = True
) -> gpd.GeoDataFrame:
    try:
        name = _chosen_layer(path, layer)
        _refuse(_layer_faults(path, name, columns))
        return _features(path, name, columns, geometry=geometry)
    except (DataSourceError, DataLayerError, FeatureError, GeometryError) as error:
        raise InputError([_unreadable(path, error)]) from error


def _features(path: Path, layer: str, columns: list[str], *, geometry: bool) -> gpd.GeoDataFrame:
    with warnings.catch_warnings():
        # GDAL mends or drops what is not well-formed; the geometry checks then tell.
        warnings.simplefilter("ignore", RuntimeWarning)
        return pyogrio.read_dataframe(
            path,
            layer=layer,
            columns=columns,
            read_geometry=geometry,
            force_2d=True,
            on_invalid="ignore",
            use_arrow=True,
        )


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise InputError(faults)


def crs_faults(frame: gpd.GeoDataFrame, *, crs: str, file: str) -> list[Fault]:
    """Return the faults of a layer whose CRS is missing or not what its coordinates show.

    Parameters
    ----------
    frame
        Features in the CRS of their file.
    crs
        Projected CRS of the territory: features must lie in its area of use.
    file
        The file as the reader of the message knows it.
    """
    if frame.crs is None:
        expected = "a coordinate system"
        cause = f"a .prj file left behind, or an export without it; {_guess(frame)}"
        return [Fault(file, expected, "geometry without CRS", cause, column="geometry")]
    strays = strays_of(frame, crs=crs)
    if strays.stray.sum() > _WHOLE_LAYER * len(frame):
        return [_elsewhere(frame, strays, crs, file)]
    return []


def stray_faults(frame: gpd.GeoDataFrame, strays: Strays, *, crs: str, file: str) -> list[Fault]:
    """Return one fault for each feature that lies outside the area of use of a CRS."""
    rows = np.flatnonzero(strays.stray)
    bounds = frame.geometry.bounds.to_numpy()
    return [
        Fault(
            file,
            _expectation(crs),
            f"coordinates near {_corner(bounds[row])}",
            SWAPPED if strays.swapped[row] else "a feature in another coordinate system",
            row=int(frame.index[row]),
            column="geometry",
        )
        for row in rows
    ]


def strays_of(frame: gpd.GeoDataFrame, *, crs: str) -> Strays:
    """Find the features whose middle lies outside the area of use of the territory's CRS."""
    bounds = frame.geometry.bounds.to_numpy(dtype=np.float64)
    x, y = (bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2
    there = np.isfinite(x) & np.isfinite(y)
    inside = _in_area_of_use(x, y, frame.crs, crs)
    stray = there & ~inside
    swapped = stray & _in_area_of_use(y, x, frame.crs, crs)
    return Strays(stray, swapped)


def geometry_troubles(frame: gpd.GeoDataFrame, *types: str) -> pd.Series:
    """Say what is wrong with each geometry; missing where it is there and of these types.

    Parameters
    ----------
    frame
        Features.
    types
        Names of the types wanted, ``Polygon``, ``MultiPolygon`` …
    """
    shapes = frame.geometry.to_numpy()
    trouble = pd.Series(None, index=frame.index, dtype="str")
    missing = shapely.is_missing(shapes)
    empty = shapely.is_empty(shapes)
    kinds = frame.geometry.geom_type
    other = ~missing & ~empty & ~kinds.isin(types).to_numpy()
    bounds = frame.geometry.bounds.to_numpy(dtype=np.float64)
    endless = ~missing & ~empty & ~other & ~np.isfinite(bounds).all(axis=1)
    trouble = trouble.mask(missing, "no geometry").mask(empty, "an empty geometry")
    trouble = trouble.mask(other, "a " + kinds.astype("str"))
    return trouble.mask(endless, "coordinates that are not numbers")


def _chosen_layer(path: Path, layer: str | None) -> str:
    if not path.exists():
        cause = "a wrong path in the territory file, or a file that was not fetched"
        raise InputError([Fault(path.name, "a vector file", "no such file", cause)])
    layers = {str(name): kind for name, kind in pyogrio.list_layers(path)}
    names = list(layers)
    # Tables of attributes beside the one layer with outlines are not meant.
    spatial = [name for name, kind in layers.items() if kind is not None] or names
    if layer is None and len(spatial) == 1:
        return spatial[0]
    if layer in names:
        return str(layer)
    found = listing(names, "layers")
    if layer is None:
        fault = Fault(path.name, "the name of a layer", found, "a file of several layers")
    else:
        near = nearest(layer, names)
        cause = f"the layer is called {near!r} here" if near else "another file"
        fault = Fault(path.name, f"a layer {layer!r}", found, cause, column=layer)
    raise InputError([fault])


def _unreadable(path: Path, error: Exception) -> Fault:
    expected = "a vector file (GeoPackage, shapefile, GeoJSON)"
    if path.is_file() and not path.stat().st_size:
        return Fault(path.name, expected, "an empty file", "an interrupted download")
    cause = "an interrupted download, or a file of another kind"
    if path.suffix.lower() == ".shp":
        cause = "a file that goes with it (.shx, .dbf) was left behind"
    return Fault(path.name, expected, str(error).split(";")[0][:_SHOWN], cause)


def _layer_faults(path: Path, layer: str, columns: list[str]) -> list[Fault]:
    info = pyogrio.read_info(path, layer=layer)
    fields = [str(field) for field in info["fields"]]
    faults = [missing_column(path.name, name, fields) for name in columns if name not in fields]
    if not info["features"]:
        cause = "an export that selected nothing"
        faults.append(
            Fault(path.name, "at least one feature", "an empty layer", cause, column=layer)
        )
    if info["geometry_type"] is None:
        cause = "a table of attributes without its outlines"
        faults.append(Fault(path.name, "a layer with geometry", "none", cause, column=layer))
    return faults


def _in_area_of_use(x: Floats, y: Floats, source: CRS, target: str) -> Bools:
    area = CRS.from_user_input(target).area_of_use
    if area is None:
        return np.isfinite(x) & np.isfinite(y)
    transformer = Transformer.from_crs(source, GEOGRAPHIC_CRS, always_xy=True)
    lon, lat = transformer.transform(x, y)
    west, east = area.west - _MARGIN_DEGREES, area.east + _MARGIN_DEGREES
    south, north = area.south - _MARGIN_DEGREES, area.north + _MARGIN_DEGREES
    return np.asarray((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north))


def _elsewhere(frame: gpd.GeoDataFrame, strays: Strays, crs: str, file: str) -> Fault:
    declared = frame.crs.to_string()
    bounds = frame.geometry.bounds.to_numpy(dtype=np.float64)
    cause = f"another coordinate system than the declared {declared}; {_guess(frame)}"
    if strays.swapped.sum() > _WHOLE_LAYER * strays.stray.sum():
        cause = SWAPPED
    first = bounds[np.flatnonzero(strays.stray)[0]]
    found = f"coordinates near {_corner(first)} declared as {declared}"
    return Fault(file, _expectation(crs), found, cause, column="geometry")


def _expectation(crs: str) -> str:
    return f"geometry in the area of use of {CRS.from_user_input(crs).to_string()}"


def _corner(bounds: Floats) -> str:
    return f"({bounds[0]:.7g}, {bounds[1]:.7g})"


def _guess(frame: gpd.GeoDataFrame) -> str:
    """Say what the numbers look like."""
    west, south, east, north = frame.total_bounds
    if west >= -180 and east <= 180 and south >= -90 and north <= 90:
        return "its numbers look like longitudes and latitudes (EPSG:4326)"
    left, low, right, high = _LAMBERT_93
    if west >= left and east <= right and south >= low and north <= high:
        return "its numbers look like Lambert-93 metres (EPSG:2154)"
    return "its numbers look like metres of some projection"
