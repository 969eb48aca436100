"""Base permanente des équipements, counts by commune (and IRIS), in both forms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sdaasp_geo.sources.bpe_sdmx import is_sdmx, read_sdmx
from sdaasp_geo.sources.bpe_vintage import file_vintage, years_of
from sdaasp_geo.sources.facilities import facilities_table, with_service, without_duplicates
from sdaasp_geo.sources.positions import place
from sdaasp_geo.sources.study import ClaimNames, claims_frame
from sdaasp_geo.sources.text import read_text, to_counts
from sdaasp_geo.tables.reading import Notes

if TYPE_CHECKING:
    import geopandas as gpd

    from sdaasp_geo.basket import Basket
    from sdaasp_geo.sources.study import StudyArea
    from sdaasp_geo.tables.reading import Reading

_REQUIRED = ("DEPCOM", "TYPEQU", "NB_EQUIP")
_OPTIONAL = ("DCIRIS", "AN")


def read_bpe_counts(
    path: str | Path, *, study: StudyArea, basket: Basket, vintage: int | str | None = None
) -> Reading[gpd.GeoDataFrame]:
    """Read the facilities of a BPE file of counts by commune.

    Parameters
    ----------
    path
        A ``.csv`` with ``;``, another table, or a ``.zip`` that holds one: the form
        until 2021 (DEPCOM TYPEQU NB_EQUIP, and maybe DCIRIS, AN and others), or that of
        2023 and after (GEO GEO_OBJECT FACILITY_TYPE TIME_PERIOD OBS_VALUE …).
    study
        The land that facilities are wanted on.
    basket
        Whose codes tell the services.
    vintage
        Of the file; read from its column AN or TIME_PERIOD where not given.

    Returns
    -------
    Reading
        Table `FACILITIES` in the CRS of the study area: one row for each commune (or
        arrondissement) and code, at its chef-lieu, ``position_quality`` ``commune``,
        `count` as in the file and `facility` ``<DEPCOM>-<TYPEQU>``; where the file
        counts by IRIS, one row for each of them and ``<DEPCOM>-<TYPEQU>-<DCIRIS>``.
        Counts of 0, codes of no service, other zones than communes (GEO_OBJECT) and
        totals over types are in `unused`; counts that are no whole number of 0 or more,
        and repetitions of a commune (and IRIS) and code, are rejected.

    Raises
    ------
    InputError
        If the file cannot be read as such, see
        :func:`~sdaasp_geo.sources.text.read_text`, holds several vintages or measures,
        or another vintage than `vintage`.
    """
    path = Path(path)
    notes = Notes(path.name)
    if is_sdmx(path):
        text, dating = read_sdmx(path, notes), "TIME_PERIOD"
    else:
        text, dating = read_text(path, notes, required=_REQUIRED, optional=_OPTIONAL), "AN"
    dated = file_vintage(path.name, years_of(text.frame, "AN"), vintage, column=dating)
    rows = _counted(text.frame, notes)
    names = ClaimNames("DEPCOM")
    claims = claims_frame(rows, names, crs=study.crs)
    placed = place(claims, study, notes, names=names, place_by="commune")
    rows = placed.join(rows)
    rows = with_service(rows, basket.service_of_code, notes, column="TYPEQU")
    rows = rows.assign(facility=rows["DEPCOM"] + "-" + rows["code"] + rows["part"])
    table = facilities_table(rows, source=path.name, vintage=dated, crs=study.places.crs)
    return notes.close(table, text.rows_read)


def _counted(frame: pd.DataFrame, notes: Notes) -> pd.DataFrame:
    part = "-" + frame["DCIRIS"] if "DCIRIS" in frame else pd.Series(dtype="str")
    rows = frame.assign(
        code=frame["TYPEQU"].str.upper(),
        count=to_counts(frame["NB_EQUIP"]),
        part=part.reindex(frame.index).fillna(""),
    )
    whole = np.isfinite(rows["count"]) & (rows["count"] >= 0) & (rows["count"] % 1 == 0)
    reason = "expected a whole number of facilities, 0 or more"
    rows = notes.keep(rows, ~whole, "NB_EQUIP", reason)
    rows = without_duplicates(
        rows, ["DEPCOM", "part", "code"], notes, column="TYPEQU", values="code"
    )
    empty = rows["count"] == 0
    if empty.any():
        notes.skip(rows.loc[empty, "code"], "a count of 0")
    return rows[~empty]
