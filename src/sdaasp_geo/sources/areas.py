"""Areas that cut communes: the quartiers prioritaires (QPV), or any layer of polygons."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd
import shapely

from sdaasp_geo.errors import InputError
from sdaasp_geo.sources.codes import as_text
from sdaasp_geo.sources.layer_forms import known_columns, layer_fields
from sdaasp_geo.sources.layers import crs_faults, geometry_troubles, read_layer, strays_of
from sdaasp_geo.sources.names import file_names
from sdaasp_geo.sources.study import OUTSIDE
from sdaasp_geo.sources.text import to_counts
from sdaasp_geo.tables.reading import Notes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd

    from sdaasp_geo.tables.reading import Reading

QPV = "qpv"
_SPELLINGS = {
    "code": ("code_qp", "code_quartier", "codeqp"),
    "name": ("lib_qp", "nom_qp", "nom"),
    "population": ("pop_qp",),
}
_REQUIRED, _OPTIONAL = ("code",), ("name", "population")


def read_areas(
    path: str | Path,
    *,
    crs: str,
    level: str = QPV,
    columns: Mapping[str, str] | None = None,
    layer: str | None = None,
    area: shapely.Geometry | None = None,
) -> Reading[gpd.GeoDataFrame]:
    """Read areas, such as the quartiers prioritaires de la politique de la ville.

    Parameters
    ----------
    path
        Any vector file of polygons; ANCT's ``QP2024_France_….gpkg`` (code_qp, lib_qp) and
        the older ``QP_METROPOLE_LB93.shp`` (CODE_QP, NOM_QP) need no `columns`.
    crs
        Projected CRS of the answer.
    level
        What these areas are called.
    columns
        ``code``, ``name``, ``population`` → name in the file.
    layer
        Needed where the file holds several.
    area
        Polygon in `crs` outside which no area is asked for; None for no limit.

    Returns
    -------
    Reading
        ``level code name population geometry`` in `crs`, by code; the code stands for a
        name that is not told, and `population` is missing where it is not. Areas of
        another projection's land (overseas) and those outside `area` are in `unused`, by
        the first characters of their codes; rejected are areas without a
        code, without a valid polygon, or of a code that was there already.

    Raises
    ------
    InputError
        If the file, layer or column is missing, or there is no CRS, or a wrong one.
    """
    path = Path(path)
    notes = Notes(path.name)
    where = _Where(crs, layer, area)
    frame, _, rows_read = _areas(path, notes, where, columns, required=_REQUIRED)
    people = to_counts(frame["population"]) if "population" in frame else float("nan")
    return notes.close(_table(frame.assign(population=people), level), rows_read)


def read_peopled_areas(
    path: str | Path,
    *,
    crs: str,
    columns: Mapping[str, str] | None = None,
    layer: str | None = None,
    area: shapely.Geometry | None = None,
) -> Reading[gpd.GeoDataFrame]:
    """Read areas whose inhabitants are told, to start from.

    Parameters, table and faults are as for :func:`read_areas`, with a `population` that
    every row must have: those without a number of 0 or more are rejected.
    """
    path = Path(path)
    notes = Notes(path.name)
    where = _Where(crs, layer, area)
    required = (*_REQUIRED, "population")
    frame, names, rows_read = _areas(path, notes, where, columns, required=required)
    people = to_counts(frame["population"])
    wrong = ~(people >= 0) | (people == float("inf"))
    reason = "no number of inhabitants, 0 or more"
    shown = frame.loc[wrong, "population"].fillna("")
    notes.reject(frame.index[wrong], names["population"], shown, reason)
    frame = frame.assign(population=people)[~wrong]
    return notes.close(_table(frame, QPV), rows_read)


class _Where(NamedTuple):
    crs: str
    layer: str | None
    area: shapely.Geometry | None


def _areas(
    path: Path,
    notes: Notes,
    where: _Where,
    columns: Mapping[str, str] | None,
    *,
    required: Sequence[str],
) -> tuple[gpd.GeoDataFrame, dict[str, str], int]:
    """Return the sound areas of the land asked for, their columns, and the rows of the file."""
    crs = where.crs
    layer, fields = layer_fields(path, where.layer)
    known = known_columns(columns or {}, fields, _SPELLINGS)
    names = file_names(path.name, known, required=required, optional=_OPTIONAL)
    raw = read_layer(path, columns=names, layer=layer)
    frame = raw[["geometry"]].assign(**{name: as_text(raw[name]) for name in names})
    whole = frame.crs is None or strays_of(frame, crs=crs).stray.all()
    if whole and (faults := crs_faults(frame, crs=crs, file=path.name)):
        raise InputError(faults)
    strays = strays_of(frame, crs=crs).stray
    if strays.any():
        notes.skip(frame.loc[strays, "code"].str[:4], "in the land of another projected CRS")
    frame = _sound(frame[~strays], notes, names["code"]).to_crs(crs)
    if where.area is not None:
        outside = ~shapely.intersects(frame.geometry.to_numpy(), where.area)
        if outside.any():
            notes.skip(frame.loc[outside, "code"].str[:4], OUTSIDE)
        frame = frame[~outside]
    return frame, names, len(raw)


def _table(frame: gpd.GeoDataFrame, level: str) -> gpd.GeoDataFrame:
    name = frame["name"].fillna(frame["code"]) if "name" in frame else frame["code"]
    table = frame.assign(level=level, name=name.astype("str"))
    table = table[["level", "code", "name", "population", "geometry"]]
    return table.sort_values("code", ignore_index=True)


def _sound(frame: gpd.GeoDataFrame, notes: Notes, column: str) -> gpd.GeoDataFrame:
    shapes = frame.geometry.to_numpy()
    trouble = geometry_troubles(frame, "Polygon", "MultiPolygon")
    invalid = trouble.isna() & ~shapely.is_valid(shapes)
    trouble = ("expected a polygon, found " + trouble).mask(invalid, "an invalid polygon")
    none = frame["code"].isna()
    again = frame["code"].duplicated() & ~none
    reason = pd.Series(None, index=frame.index, dtype="str")
    reason = reason.mask(trouble.notna(), trouble).mask(again, "a code that was there already")
    told = reason.mask(none, "no code").dropna()
    if len(told):
        notes.reject(told.index, column, frame.loc[told.index, "code"].fillna(""), list(told))
    return frame.drop(index=told.index)
