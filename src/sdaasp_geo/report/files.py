"""The tables of a diagnostic as files: CSV for spreadsheets, Parquet and GeoPackage for tools."""

from __future__ import annotations

import json
import math
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from sdaasp_geo.diagnostic.by_level import by_level
from sdaasp_geo.report.words import BASKET
from sdaasp_geo.report.zonelist import LAYERS
from sdaasp_geo.tables.levels import EPCI

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from sdaasp_geo.diagnostic.model import Diagnostic

_IDENTITY = ["commune", "name", "departement", "epci", "population"]

# A cell that starts like this is run as a formula by spreadsheets.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_MINUTE_DECIMALS = 2
_SHARE_DECIMALS = 4

# GeoPackage wants a date of last change; the run's own would change the bytes.
_GPKG_DATE = "2000-01-01T00:00:00.000Z"


def write_tables(
    diagnostic: Diagnostic,
    folder: Path,
    *,
    progress: Callable[[int, int, str], None] | None = None,
) -> list[Path]:
    """Write every table of a diagnostic.

    CSV files are UTF-8 with commas, minutes to 2 decimals and shares to 4, and text
    that a spreadsheet would run as a formula gets a leading apostrophe. Parquet files
    keep every digit. The same diagnostic gives the same bytes.

    Parameters
    ----------
    diagnostic
        Finished tables; none is changed.
    folder
        Made if it does not exist; files of the same names are replaced.
    progress
        Called with (done, total, file name) after each file.

    Returns
    -------
    list of Path
        The files, in the order written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    writers = _writers(diagnostic)
    written = []
    for done, (name, write) in enumerate(writers.items(), start=1):
        path = folder / name
        write(path)
        written.append(path)
        if progress is not None:
            progress(done, len(writers), name)
    return written


def commune_columns(diagnostic: Diagnostic) -> list[str]:
    """Columns of ``communes.parquet`` and ``.csv``, in their order."""
    basket = diagnostic.basket
    services = [
        f"{service}_{what}"
        for service in basket.service_ids
        for what in ("min", "facility", "kind")
    ]
    gammes = [f"{gamme}_min" for gamme in basket.gamme_ids]
    remote = [f"remote_{gamme}" for gamme in basket.gamme_ids]
    return [*_IDENTITY, *services, *gammes, f"{BASKET}_min", *remote, "remote_gammes"]


def spreadsheet_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Make a table fit for a CSV file: rounded numbers, harmless text; the input is untouched.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"name": ["=1+1"], "t_min": [1.2345], "population": [10.0]})
    >>> print(spreadsheet_frame(frame).to_csv(index=False).splitlines()[1])
    '=1+1,1.23,10
    """
    return pd.DataFrame({name: _cells(frame[name]) for name in frame.columns}, index=frame.index)


def plain_json(value: object) -> Any:  # noqa: ANN401 - JSON is of any shape
    """Bring a value to what JSON knows: NaN and NA to null, arrays to lists, keys to text.

    Examples
    --------
    >>> plain_json({5: float("nan"), "b": (1, 2)})
    {'5': None, 'b': [1, 2]}
    """
    if isinstance(value, dict):
        return {str(key): plain_json(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | pd.Series | pd.Index):
        return [plain_json(item) for item in value.tolist()]
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        return [plain_json(item) for item in items]
    if isinstance(value, np.generic):
        return plain_json(value.item())
    if value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value if isinstance(value, bool | int | float | str | None) else str(value)


def _writers(diagnostic: Diagnostic) -> dict[str, Callable[[Path], None]]:
    communes = pd.DataFrame(diagnostic.communes[commune_columns(diagnostic)])
    return {
        "communes.parquet": lambda path: write_parquet(communes, path),
        "communes.csv": lambda path: write_csv(communes, path),
        "services.csv": lambda path: write_csv(diagnostic.services, path),
        "gammes.csv": lambda path: write_csv(diagnostic.gammes, path),
        "epci.csv": lambda path: write_csv(diagnostic.epci, path),
        **_level_writers(diagnostic),
        "zones.gpkg": lambda path: _write_zones(diagnostic.zones, path),
        "remote_against_others.csv": lambda path: write_csv(diagnostic.remote_against_others, path),
        "access_times.parquet": lambda path: write_parquet(diagnostic.times, path),
        "rejects.csv": lambda path: write_csv(diagnostic.rejects, path),
        "flags.csv": lambda path: write_csv(diagnostic.flags, path),
        "unused.csv": lambda path: write_csv(diagnostic.unused, path),
        "summary.json": lambda path: write_json(diagnostic.summary, path),
        "provenance.json": lambda path: write_json(diagnostic.provenance, path),
    }


def _level_writers(diagnostic: Diagnostic) -> dict[str, Callable[[Path], None]]:
    """One table for each level that the territory file names; EPCI have theirs."""
    names = [] if diagnostic.levels is None else diagnostic.levels.names
    return {f"level_{name}.csv": _level_writer(diagnostic, name) for name in names if name != EPCI}


def _level_writer(diagnostic: Diagnostic, level: str) -> Callable[[Path], None]:
    return lambda path: write_csv(by_level(diagnostic, level), path)


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a table for spreadsheets (see :func:`spreadsheet_frame`)."""
    text = spreadsheet_frame(frame).to_csv(index=False, lineterminator="\n")
    path.write_bytes(text.encode("utf-8"))


def write_parquet(frame: pd.DataFrame, path: Path) -> None:
    """Write a table with every digit."""
    frame.reset_index(drop=True).to_parquet(path, index=False)


def write_json(content: dict[str, Any], path: Path) -> None:
    """Write figures as JSON (see :func:`plain_json`)."""
    text = json.dumps(plain_json(content), ensure_ascii=False, indent=2, allow_nan=False)
    path.write_bytes(f"{text}\n".encode())


def _cells(column: pd.Series) -> pd.Series:
    if pd.api.types.is_bool_dtype(column):
        return column
    if pd.api.types.is_float_dtype(column):
        return _rounded(column)
    if pd.api.types.is_numeric_dtype(column):
        return column
    return column.map(_harmless, na_action="ignore")


def _rounded(column: pd.Series) -> pd.Series:
    name = str(column.name)
    shares = "share" in name or name.startswith("within_")
    rounded = column.round(_SHARE_DECIMALS if shares else _MINUTE_DECIMALS)
    whole = column.isna() | (column == column.round())
    # Inhabitants are stored as floats (squares hold parts of people); whole ones read
    # better without a decimal point.
    if name.endswith("population") and whole.all():
        return rounded.astype("Int64")
    return rounded


def _harmless(value: object) -> object:
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else value


def _write_zones(zones: gpd.GeoDataFrame, path: Path) -> None:
    # An old file would be updated in place, and keep traces of what it was.
    path.unlink(missing_ok=True)
    for layer in LAYERS:
        part = zones[zones["layer"] == layer].reset_index(drop=True)
        multi = part.set_geometry(as_multipolygons(part), crs=zones.crs)
        multi.to_file(
            path, layer=layer, driver="GPKG", engine="pyogrio", geometry_type="MultiPolygon"
        )
    fix_dates(path)


def as_multipolygons(zones: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Make every outline one of many parts: a layer holds one kind of geometry."""
    whole = [
        shapely.MultiPolygon([shape]) if isinstance(shape, shapely.Polygon) else shape
        for shape in zones.geometry
    ]
    return gpd.GeoSeries(cast("Iterable[Any]", whole), index=zones.index, crs=zones.crs)


def fix_dates(path: Path) -> None:
    """Set the dates that a GeoPackage wants to one that every run has."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE gpkg_contents SET last_change = ?", (_GPKG_DATE,))
        known = "SELECT 1 FROM sqlite_master WHERE name = 'gpkg_metadata_reference'"
        if database.execute(known).fetchone():
            database.execute("UPDATE gpkg_metadata_reference SET timestamp = ?", (_GPKG_DATE,))
