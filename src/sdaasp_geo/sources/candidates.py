"""Places where a site could open: a layer of points, or a table of places."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.containers import archive_and_member
from sdaasp_geo.sources.layers import holds_layer, layer_names, read_layer
from sdaasp_geo.sources.text import read_text, to_numbers
from sdaasp_geo.tables.crs import GEOGRAPHIC_CRS
from sdaasp_geo.tables.reading import Notes

_NAMES = ("site", "name")
_PLACE = ("commune", "lon", "lat")


def read_candidates(path: str | Path) -> gpd.GeoDataFrame:
    """Read the places among which sites are to be chosen.

    Parameters
    ----------
    path
        A vector layer of points with ``site`` or ``name``, or both, and perhaps
        ``commune``; or a table (csv with ``;`` or ``,``, parquet, xlsx) with ``name``, perhaps
        ``site``, and ``lon`` and ``lat`` (WGS 84, degrees) or ``commune`` (INSEE code).

    Returns
    -------
    GeoDataFrame
        ``site name commune`` where the file has them, and points; every row of the file.
        Rows without a place are told by whoever places them.

    Raises
    ------
    InputError
        If the file cannot be read as such, lacks the columns, or has coordinates that
        are no numbers; all faults at once.
    """
    path = Path(path)
    if not holds_layer(path):
        return _table(path)
    return _layer(path)


def _layer(path: Path) -> gpd.GeoDataFrame:
    if not archive_and_member(path)[0].is_file():
        raise InputError([Fault(str(path), "a file of candidates", "no such file")])
    there = set(layer_names(path))
    if not set(_NAMES) & there:
        found = ", ".join(sorted(there)) or "none"
        raise InputError([Fault(path.name, "a column 'site' or 'name'", found)])
    kept = [name for name in (*_NAMES, "commune") if name in there]
    return read_layer(path, columns={name: name for name in kept})


def _table(path: Path) -> gpd.GeoDataFrame:
    notes = Notes(path.name)
    optional = ["site", *_PLACE]
    text = read_text(path, notes, required=["name"], optional=optional, separators=(";", ","))
    frame = text.frame
    if "commune" not in frame and not {"lon", "lat"} <= set(frame.columns):
        found = ", ".join(map(str, frame.columns))
        raise InputError([Fault(path.name, "a column 'commune', or 'lon' and 'lat'", found)])
    # A reader of facilities would set such rows aside: here every row is meant.
    set_aside = notes.close(frame, text.rows_read).rejects
    faults = [
        Fault(path.name, "a row of the table", reason, "", row)
        for row, reason in zip(set_aside["row"].tolist(), set_aside["reason"], strict=True)
    ]
    points = pd.Series(None, index=frame.index, dtype=object)
    if {"lon", "lat"} <= set(frame.columns):
        numbers = {axis: to_numbers(frame[axis]) for axis in ("lon", "lat")}
        for axis, values in numbers.items():
            wrong = frame[axis].notna() & values.isna()
            faults += [
                Fault(path.name, "degrees", repr(frame.at[row, axis]), "", row, axis)
                for row in frame.index[wrong].tolist()
            ]
        known = numbers["lon"].notna() & numbers["lat"].notna()
        points[known] = shapely.points(numbers["lon"][known], numbers["lat"][known])
    if faults:
        raise InputError(faults)
    kept = frame[[name for name in (*_NAMES, "commune") if name in frame]]
    return gpd.GeoDataFrame(kept, geometry=points.to_numpy(), crs=GEOGRAPHIC_CRS)
