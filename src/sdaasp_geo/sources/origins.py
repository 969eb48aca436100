"""Squares of population and other points that people start from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.codes import as_text
from sdaasp_geo.sources.coordinates import locate
from sdaasp_geo.sources.facilities import without_duplicates
from sdaasp_geo.sources.layers import crs_faults, geometry_troubles, holds_layer, read_layer
from sdaasp_geo.sources.names import file_names, listing
from sdaasp_geo.sources.positions import as_points, unit_near
from sdaasp_geo.sources.text import read_text, to_counts, to_numbers
from sdaasp_geo.tables.crs import GEOGRAPHIC_CRS
from sdaasp_geo.tables.reading import Notes
from sdaasp_geo.tables.schemas import ORIGINS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sdaasp_geo.tables.places import Places
    from sdaasp_geo.tables.reading import Reading

_REQUIRED = ("population",)
_OPTIONAL = ("origin", "lon", "lat", "x", "y", "crs")
# Insee's name of a square: CRS, side and south-west corner, as in CRS3035RES200mN2471400E3775200.
_SQUARE_NAME = r"^CRS(?P<crs>\d+)RES(?P<side>\d+)mN(?P<north>\d+)E(?P<east>\d+)$"


def read_points_of_origin(
    path: str | Path,
    *,
    places: Places,
    departement: str,
    columns: Mapping[str, str],
    layer: str | None = None,
    size_m: float | None = None,
) -> Reading[gpd.GeoDataFrame]:
    """Read the squares or points that the inhabitants of a département start from.

    Parameters
    ----------
    path
        A vector file of squares or points in any CRS, or a ``.csv`` (``;`` or ``,``).
    places
        Communes and arrondissements; their CRS is that of the answer.
    departement
        Only points in its communes are origins.
    columns
        Library's name → name in the file: ``population``, and if there is ``origin``
        (identifier). For a CSV also ``lon`` and ``lat``, or ``x`` and ``y`` with
        ``crs`` (a column of the file, or a system such as ``EPSG:3035`` for all rows;
        that of `places` if absent); or nothing, if the identifiers are Insee's names of
        squares.
    layer
        Needed where a vector file holds several.
    size_m
        Side of the squares. The middle of one on the shore may lie in the sea: within
        half a diagonal, it belongs to the nearest commune.

    Returns
    -------
    Reading
        Table `ORIGINS` in the order of the file; squares are their middle points, every
        origin is known by its position, and `unit` is the arrondissement where there is
        one. Rows without a number of inhabitants or a position, and repeated
        identifiers, are rejected; those outside the département are unused.

    Raises
    ------
    InputError
        If the file cannot be read as such, tells no position, has no CRS or a wrong
        one, or holds nothing in the département.
    """
    path = Path(path)
    names = file_names(path.name, columns, required=_REQUIRED, optional=_OPTIONAL)
    notes = Notes(path.name)
    crs = str(places.crs)
    if holds_layer(path):
        frame, rows_read = _from_layer(path, notes, names, layer, crs)
    else:
        frame, rows_read = _from_text(path, notes, names, crs)
    frame = _peopled(frame, notes, names, path.stem)
    frame = _in_departement(frame, places, departement, size_m, notes)
    if frame.empty and (places.units["departement"] == departement).any():
        expected = f"at least one inhabited place in the département {departement}"
        fault = Fault(path.name, expected, f"none in {rows_read} rows", "the file of another area")
        raise InputError([fault])
    table = frame.assign(
        commune=places.commune_of(frame["unit"]).astype("str"), known_by="position"
    ).astype({"known_by": "str"})
    return notes.close(table[list(ORIGINS.columns)].reset_index(drop=True), rows_read)


def _from_layer(
    path: Path, notes: Notes, names: Mapping[str, str], layer: str | None, crs: str
) -> tuple[gpd.GeoDataFrame, int]:
    wanted = {name: names[name] for name in ("population", "origin") if name in names}
    raw = read_layer(path, columns=wanted, layer=layer)
    if faults := crs_faults(raw, crs=crs, file=path.name):
        raise InputError(faults)
    trouble = geometry_troubles(raw, "Point", "Polygon", "MultiPolygon")
    for reason, group in trouble.groupby(trouble):
        told = f"expected a square or a point, found {reason}"
        notes.reject(group.index, "geometry", [""] * len(group), told)
    frame = raw[trouble.isna()]
    texts = {name: as_text(frame[name]) for name in wanted}
    # The middle is taken in the file's own CRS, where a square is one.
    middles = gpd.GeoSeries(shapely.centroid(frame.geometry.to_numpy()), frame.index, frame.crs)
    return gpd.GeoDataFrame(texts, geometry=middles.to_crs(crs)), len(raw)


def _from_text(
    path: Path, notes: Notes, names: Mapping[str, str], crs: str
) -> tuple[gpd.GeoDataFrame, int]:
    constant = names.get("crs", crs)
    given = {n: there for n, there in names.items() if n != "crs" or ":" not in constant}
    text = read_text(path, notes, required=list(given.values()), separators=(";", ","))
    frame = pd.DataFrame({name: text.frame[there] for name, there in given.items()})
    across, up, system = _coordinates(frame, path.name, constant)
    located = locate(across, up, system, target=crs)
    points = as_points(located.x, located.y)
    geometry = gpd.GeoSeries(points, index=frame.index, crs=crs)
    whole = gpd.GeoDataFrame(frame, geometry=geometry)
    lost = geometry.isna()
    if lost.any():
        reasons = located.trouble.fillna("no position")
        shown = across.fillna("") + ", " + up.fillna("")
        for reason, group in reasons[lost].groupby(reasons[lost]):
            notes.reject(group.index, "position", shown[group.index], str(reason))
    return whole[~lost], text.rows_read


def _coordinates(
    frame: pd.DataFrame, file: str, crs: str
) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Easting, northing and CRS of each row, as text."""
    if {"lon", "lat"} <= set(frame.columns):
        return frame["lon"], frame["lat"], _everywhere(frame, GEOGRAPHIC_CRS)
    if {"x", "y"} <= set(frame.columns):
        return frame["x"], frame["y"], frame.get("crs", _everywhere(frame, crs))
    if "origin" in frame:
        square = frame["origin"].str.extract(_SQUARE_NAME)
        if square["crs"].notna().any():
            half_m = to_numbers(square["side"]) / 2
            across = (to_numbers(square["east"]) + half_m).astype("object")
            up = (to_numbers(square["north"]) + half_m).astype("object")
            system = ("EPSG:" + square["crs"]).astype("str")
            return across.astype("str"), up.astype("str"), system
    expected = "columns lon and lat, or x and y, or Insee's names of squares as origin"
    raise InputError(
        [Fault(file, expected, listing([str(name) for name in frame.columns]), column="columns")]
    )


def _everywhere(frame: pd.DataFrame, value: str) -> pd.Series:
    return pd.Series(value, index=frame.index, dtype="str")


def _peopled(
    frame: gpd.GeoDataFrame, notes: Notes, names: Mapping[str, str], stem: str
) -> gpd.GeoDataFrame:
    """Make numbers of the inhabitants, and an identifier of each row."""
    people = to_counts(frame["population"])
    bad = ~(np.isfinite(people) & (people >= 0))
    reason = "expected a number of inhabitants, 0 or more"
    shown = frame.assign(**{names["population"]: frame["population"].fillna("")})
    notes.keep(shown, bad, names["population"], reason)
    frame = frame.assign(population=people)[~bad]
    numbered = pd.Series([f"{stem}-{row}" for row in frame.index], frame.index, dtype="str")
    given = frame["origin"].astype("str") if "origin" in frame else numbered
    frame = frame.assign(origin=given.fillna(numbered))
    column = names.get("origin", "origin")
    return without_duplicates(frame, ["origin"], notes, column=column, values="origin")


def _in_departement(
    frame: gpd.GeoDataFrame,
    places: Places,
    departement: str,
    size_m: float | None,
    notes: Notes,
) -> gpd.GeoDataFrame:
    reach_m = (size_m or 0.0) / np.sqrt(2.0)
    unit = unit_near(frame.geometry.to_numpy(), places, reach_m).set_axis(frame.index)
    where = unit.map(places.units["departement"])
    inside = where == departement
    nowhere, elsewhere = unit.isna(), unit.notna() & ~inside
    if nowhere.any():
        notes.skip(where[nowhere], "in no known commune")
    if elsewhere.any():
        notes.skip(where[elsewhere], f"outside the département {departement}")
    return frame.assign(unit=unit.astype("str"))[inside]
