"""Chef-lieu points of the communes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.codes import as_text, code_troubles
from sdaasp_geo.sources.facilities import without_duplicates
from sdaasp_geo.sources.layer_forms import CODE, known_columns, layer_fields
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

_LAYERS = ("chef_lieu_de_commune", "chflieu_commune", "chef_lieu", "chefs_lieux")
_ID = "ID_COM"
_CODES = ("code_insee_de_la_commune", *CODE, _ID.lower())


def read_chefs_lieux(
    path: str | Path,
    *,
    crs: str,
    columns: Mapping[str, str] | None = None,
    layer: str | None = None,
) -> Reading[gpd.GeoDataFrame]:
    """Read one point a commune.

    Parameters
    ----------
    path
        Any vector file of points.
    crs
        Projected CRS of the answer.
    columns
        ``commune`` → its name in the file. If it is not named, it is looked for as ADMIN
        EXPRESS spells it: INSEE_COM (CHEF_LIEU), code_insee_de_la_commune (since 2025), or
        ID_COM (CHFLIEU_COMMUNE), whose codes are taken from the layer COMMUNE of the same
        file or folder.
    layer
        Needed where the file holds several and none has one of these names.

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
    layer, fields = layer_fields(path, layer, _LAYERS)
    known = known_columns(columns or {}, fields, {"commune": _CODES})
    names = file_names(path.name, known, required=["commune"])
    raw = read_layer(path, columns=names, layer=layer)
    if names["commune"].upper() == _ID:
        raw["commune"] = raw["commune"].map(_codes_by_id(path))
    notes = Notes(path.name)
    frame = raw.assign(commune=as_text(raw["commune"]).str.upper())
    if faults := crs_faults(frame, crs=crs, file=path.name):
        raise InputError(faults)
    frame = _sound(frame, notes, crs, names["commune"])
    frame = without_duplicates(frame, ["commune"], notes, column=names["commune"], values="commune")
    table = frame.to_crs(crs)[["commune", "geometry"]].reset_index(drop=True)
    return notes.close(table, len(raw))


def _codes_by_id(path: Path) -> dict[str, str]:
    """Codes of the communes by IGN's identifier, from the layer that goes with the points."""
    beside = path
    if path.suffix.lower() == ".shp":
        beside = next(
            (other for other in path.parent.glob("*") if other.name.lower() == "commune.shp"), path
        )
    # In an archive of shapefiles the one of this name is meant.
    asked = "COMMUNE" if path.suffix.lower() == ".zip" else None
    layer, fields = layer_fields(beside, asked, ["commune"])
    names = known_columns({}, fields, {"id": ("id",), "commune": CODE})
    if layer is None or len(names) < 2:
        expected = "the layer COMMUNE in the same file or folder, with ID and INSEE_COM"
        cause = "points of ADMIN EXPRESS taken from where they were delivered"
        raise InputError([Fault(path.name, expected, "none", cause, column=_ID)])
    communes = read_layer(beside, columns=names, layer=layer)
    return dict(zip(communes["id"], communes["commune"], strict=True))


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
