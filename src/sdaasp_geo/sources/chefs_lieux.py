"""Chef-lieu points of the communes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from sdaasp_geo.errors import InputError
from sdaasp_geo.sources.codes import as_text, code_troubles
from sdaasp_geo.sources.facilities import without_duplicates
from sdaasp_geo.sources.layers import (
    crs_faults,
    geometry_troubles,
    read_layer,
    strays_of,
)
from sdaasp_geo.sources.names import file_names
from sdaasp_geo.tables.reading import Notes

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

    from sdaasp_geo.tables.reading import Reading


def read_chefs_lieux(
    path: str | Path, *, crs: str, columns: Mapping[str, str], layer: str | None = None
) -> Reading[gpd.GeoDataFrame]:
    """Read one point a commune.

    Parameters
    ----------
    path
        Any vector file of points.
    crs
        Projected CRS of the answer.
    columns
        ``commune`` → its name in the file.
    layer
        Needed where the file holds several.

    Returns
    -------
    Reading
        ``commune geometry`` in `crs`. Rows without a good code or point, and second
        points of a commune, are rejected: the commune then gets an interior point.

    Raises
    ------
    InputError
        If the file, layer or column is missing, there is no CRS or a wrong one, or no
        row holds a point.
    """
    path = Path(path)
    names = file_names(path.name, columns, required=["commune"])
    raw = read_layer(path, columns=names, layer=layer)
    notes = Notes(path.name)
    frame = raw.assign(commune=as_text(raw["commune"]).str.upper())
    if faults := crs_faults(frame, crs=crs, file=path.name):
        raise InputError(faults)
    frame = _sound(frame, notes, crs, names["commune"])
    frame = without_duplicates(frame, ["commune"], notes, column=names["commune"], values="commune")
    table = frame.to_crs(crs)[["commune", "geometry"]].reset_index(drop=True)
    return notes.close(table, len(raw))


def _sound(frame: gpd.GeoDataFrame, notes: Notes, crs: str, column: str) -> gpd.GeoDataFrame:
    trouble = code_troubles(frame["commune"])
    for reason, group in trouble.groupby(trouble):
        notes.reject(group.index, column, frame.loc[group.index, "commune"], str(reason))
    frame = frame[trouble.isna()]
    shape = geometry_troubles(frame, "Point")
    shape = shape.mask(
        pd.Series(strays_of(frame, crs=crs).stray, frame.index),
        f"a point outside the area of use of {crs}",
    )
    for reason, group in shape.groupby(shape):
        notes.reject(
            group.index,
            "geometry",
            frame.loc[group.index, "commune"],
            f"expected a point, found {reason}",
        )
    return frame[shape.isna()]
