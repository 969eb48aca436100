"""Base permanente des équipements, detail files with coordinates (2009 to 2025)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from sdaasp_geo.sources.bpe_pieces import sift
from sdaasp_geo.sources.bpe_vintage import file_vintage
from sdaasp_geo.sources.codes import departement_of, for_each_value, renamed
from sdaasp_geo.sources.facilities import facilities_table, with_service
from sdaasp_geo.sources.positions import place
from sdaasp_geo.sources.study import OUTSIDE, ClaimNames, claims_frame
from sdaasp_geo.sources.text import table_pieces
from sdaasp_geo.tables.crs import GEOGRAPHIC_CRS, departement_crs
from sdaasp_geo.tables.reading import Notes

if TYPE_CHECKING:
    import geopandas as gpd

    from sdaasp_geo.basket import Basket
    from sdaasp_geo.sources.study import PlaceBy, StudyArea
    from sdaasp_geo.tables.reading import Reading

_REQUIRED = ("DEPCOM", "TYPEQU", "LAMBERT_X", "LAMBERT_Y", "QUALITE_XY")
_OPTIONAL = ("AN", "LONGITUDE", "LATITUDE", "EPSG", "QUALITE_GEOLOC")
_NAMES = ClaimNames("DEPCOM", "LAMBERT_X", "LAMBERT_Y")

# Insee writes words until 2022 and letters since; every other value (Mauvaise, M, _Z, _U,
# a type that was not located that year) says that the point is not a location.
_GOOD_QUALITY = {"bonne": "exact", "b": "exact", "acceptable": "approximate", "a": "approximate"}
# QUALITE_GEOLOC 33: a point drawn at random in the commune.
_RANDOM_POINT = "33"


def read_bpe(
    path: str | Path,
    *,
    study: StudyArea,
    basket: Basket,
    vintage: int | str | None = None,
    place_by: PlaceBy = "position",
) -> Reading[gpd.GeoDataFrame]:
    """Read the facilities of a BPE detail file, in the forms of 2009 to 2025.

    Parameters
    ----------
    path
        By its ending: a ``.dbf`` (2009-2017), a ``.csv`` with ``;`` (2018-2023), a plain
        ``.parquet`` (2024, 2025), a ``.xlsx``; plain, or in the ``.zip`` in which Insee
        publishes it, or ``.gz``.
    study
        The land that facilities are wanted on.
    basket
        Whose codes tell the services.
    vintage
        Of the file; read from its column AN where not given.
    place_by
        ``commune`` puts every facility at its chef-lieu.

    Returns
    -------
    Reading
        Table `FACILITIES` in the CRS of the study area, one row an establishment.
        `facility` is ``<TYPEQU>-<row>``: SIRET numbers are neither unique nor always
        there. QUALITE_XY Bonne or B is ``exact``, Acceptable or A ``approximate``;
        anything else, and a random point (QUALITE_GEOLOC 33), stands at the chef-lieu
        as ``commune``. Codes of no service are in `unused`.

    Raises
    ------
    InputError
        If the file cannot be read as such (see :func:`~sdaasp_geo.sources.text.read_text`), holds several vintages, or
        another one than `vintage`.

    Notes
    -----
    Columns are found by name (in dBase and parquet files whatever its case); others are
    ignored. Rows are numbered as in a spreadsheet, the first one 2. Records that a dBase
    file marks as deleted are in `unused`. But for a spreadsheet, a file is read a piece at
    a time, and of the départements that the study area does not know only the rows that
    lie in it are kept: the memory used is that of a piece and of the rows wanted. Coordinates are in the CRS of the
    row's own EPSG column (since 2023), else in the official one of its département;
    LONGITUDE and LATITUDE serve where LAMBERT_X and LAMBERT_Y are empty.
    """
    path = Path(path)
    notes = Notes(path.name)
    pieces = table_pieces(path, notes, required=_REQUIRED, optional=_OPTIONAL)
    frame, outside, years, rows_read = sift(pieces, study, _positions)
    dated = file_vintage(path.name, years, vintage, column="AN")
    if len(outside):
        notes.skip(outside, OUTSIDE)
    placed = place(_claims(frame), study, notes, names=_NAMES, place_by=place_by)
    rows = placed.assign(code=frame.loc[placed.index, "TYPEQU"].str.upper(), count=1)
    rows = with_service(rows, basket.service_of_code, notes, column="TYPEQU")
    rows = rows.assign(facility=rows["code"] + "-" + rows.index.astype("str"))
    table = facilities_table(rows, source=path.name, vintage=dated, crs=study.places.crs)
    return notes.close(table, rows_read)


def _claims(frame: pd.DataFrame) -> pd.DataFrame:
    positions = _positions(frame)
    claims = claims_frame(frame, _NAMES, crs=positions["crs"])
    claims = claims.assign(across=positions["across"], up=positions["up"])
    quality = for_each_value(frame["QUALITE_XY"], _quality).fillna("commune")
    if "QUALITE_GEOLOC" in frame:
        quality = quality.mask(frame["QUALITE_GEOLOC"] == _RANDOM_POINT, "commune")
    return claims.assign(quality=quality)


def _quality(texts: pd.Series) -> pd.Series:
    return renamed(texts.str.casefold(), _GOOD_QUALITY)


def _positions(frame: pd.DataFrame) -> pd.DataFrame:
    """Coordinates of each row as text, and their CRS."""
    said = frame[["LAMBERT_X", "LAMBERT_Y"]].set_axis(["across", "up"], axis=1)
    said = said.astype("str").assign(crs=_row_crs(frame))
    if {"LONGITUDE", "LATITUDE"} <= set(frame.columns):
        empty = said["across"].isna() & said["up"].isna()
        empty &= frame["LONGITUDE"].notna() & frame["LATITUDE"].notna()
        if empty.any():
            said["across"] = said["across"].mask(empty, frame["LONGITUDE"])
            said["up"] = said["up"].mask(empty, frame["LATITUDE"])
            said["crs"] = said["crs"].mask(empty, GEOGRAPHIC_CRS)
    return said


def _row_crs(frame: pd.DataFrame) -> pd.Series:
    said = frame["EPSG"] if "EPSG" in frame else pd.Series(None, frame.index, dtype="str")
    told = {text: _system(str(text)) for text in said.dropna().unique()}
    crs = renamed(said, told)
    if crs.notna().all():
        return crs
    departements = departement_of(frame["DEPCOM"])
    official = {name: departement_crs(str(name)) for name in departements.dropna().unique()}
    return crs.fillna(renamed(departements, official)).fillna(departement_crs(""))


def _system(text: str) -> str:
    """Name the CRS of an EPSG cell; what is no number stays, and is flagged as unknown."""
    number = text.upper().removeprefix("EPSG:").removesuffix(".0")
    return f"EPSG:{number}" if number.isdigit() else text
