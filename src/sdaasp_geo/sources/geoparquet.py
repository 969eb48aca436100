"""Reading of GeoParquet: a parquet file that says which of its columns is the geometry."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import shapely
from pyarrow import parquet
from pyproj import CRS
from pyproj.exceptions import CRSError

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.names import missing_column
from sdaasp_geo.sources.parquet import arrow_faults, refuse_foreign_parquet
from sdaasp_geo.sources.raw_tables import refuse_absent
from sdaasp_geo.tables.crs import GEOGRAPHIC_CRS

if TYPE_CHECKING:
    from pathlib import Path

PARQUET_ENDINGS = (".parquet", ".geoparquet")

_KEY = b"geo"
_EXPECTED = "a GeoParquet file"
_WKB = "WKB"


def is_geoparquet(path: Path) -> bool:
    """Whether a plain file is a parquet file with a geometry; False if it cannot be read."""
    try:
        return _KEY in (parquet.read_schema(path).metadata or {})
    except (pa.ArrowException, OSError):
        return False


def geoparquet_names(path: Path) -> list[str]:
    """Return the names of the columns but for the geometry; InputError as for reading."""
    schema, geometry, _ = _described(path)
    return [str(name) for name in schema.names if name != geometry]


def read_geoparquet(path: Path, *, columns: list[str]) -> gpd.GeoDataFrame:
    """Read some columns and the primary geometry of a plain GeoParquet file.

    Parameters
    ----------
    path
        GeoParquet 0.4 or later, geometry as WKB.
    columns
        Names in the file.

    Returns
    -------
    GeoDataFrame
        The columns and `geometry` (2D), in the CRS of the file: EPSG:4326 where it names
        none, as the format has it, and None where it says that none is known.

    Raises
    ------
    InputError
        If the file is missing, cut short, damaged, without geometry or feature, in
        another encoding of geometries, or lacks a column; all faults at once.
    """
    schema, geometry, crs = _described(path)
    present = [str(name) for name in schema.names]
    faults = [missing_column(path.name, name, present) for name in columns if name not in present]
    with arrow_faults(path.name):
        if not parquet.read_metadata(path).num_rows:
            cause = "an export that selected nothing"
            faults.append(Fault(path.name, "at least one feature", "an empty layer", cause))
        if faults:
            raise InputError(faults)
        table = parquet.read_table(path, columns=[*columns, geometry])
        frame = table.select(columns).to_pandas()
        shapes = table.column(geometry).to_numpy(zero_copy_only=False)
    return gpd.GeoDataFrame(frame, geometry=_shapes(path, shapes), crs=crs)


def _described(path: Path) -> tuple[Any, str, CRS | None]:
    """Tell the schema, the name of the geometry, and its CRS."""
    refuse_absent(path)
    refuse_foreign_parquet(path)
    with arrow_faults(path.name):
        schema = parquet.read_schema(path)
    described = (schema.metadata or {}).get(_KEY)
    if described is None:
        cause = "a table of attributes without its outlines"
        raise InputError([Fault(path.name, _EXPECTED, "a parquet file without geometry", cause)])
    try:
        geo = json.loads(described)
        name = str(geo["primary_column"])
        column = geo["columns"][name]
        encoding, crs = str(column["encoding"]), column.get("crs", GEOGRAPHIC_CRS)
        system = None if crs is None else CRS.from_user_input(crs)
    except (ValueError, KeyError, TypeError, AttributeError, CRSError) as error:
        found = f"a description that cannot be read ({type(error).__name__}: {error})"
        raise InputError([Fault(path.name, _EXPECTED, found, "a damaged file")]) from error
    if encoding.upper() != _WKB or name not in schema.names:
        cause = "an export in another encoding: choose WKB"
        raise InputError([Fault(path.name, "geometries as WKB", f"{encoding} in {name!r}", cause)])
    return schema, name, system


def _shapes(path: Path, binary: Any) -> Any:  # noqa: ANN401 (an array of objects either way)
    try:
        return shapely.force_2d(shapely.from_wkb(np.asarray(binary, dtype=object)))
    except (shapely.errors.GEOSException, TypeError) as error:
        fault = Fault(path.name, "geometries as WKB", str(error), "a damaged file")
        raise InputError([fault]) from error
