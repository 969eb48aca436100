"""List of the France Services (ANCT): sites that offer several services at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from sdaasp_geo.sources.facilities import vintage_text, without_duplicates
from sdaasp_geo.sources.opening_hours import DAYS, weekly_hours
from sdaasp_geo.sources.positions import place
from sdaasp_geo.sources.study import ClaimNames, claims_frame
from sdaasp_geo.sources.text import read_text
from sdaasp_geo.tables.crs import GEOGRAPHIC_CRS
from sdaasp_geo.tables.reading import Notes

if TYPE_CHECKING:
    from sdaasp_geo.sources.study import StudyArea
    from sdaasp_geo.tables.reading import Reading

_NAMES = ClaimNames("insee_com", "longitude", "latitude")
_OPTIONAL = ("format_fs", "type_fs", *DAYS)
COLUMNS = ["site", "name", "format", "type_fs", "operators", "hours_per_week", "commune", "unit",
           "known_by", "position_quality", "source", "vintage", "geometry"]  # fmt: skip


def read_france_services(
    path: str | Path, *, study: StudyArea, vintage: int | str | None = None
) -> Reading[gpd.GeoDataFrame]:
    """Read the list of the France Services that data.gouv.fr publishes.

    Parameters
    ----------
    path
        A ``.csv`` with commas, or a ``.zip`` that holds one.
    study
        The land that sites are wanted on.
    vintage
        Of the file.

    Returns
    -------
    Reading
        Table `SITES` in the CRS of the study area. `format` is the file's
        ``format_fs`` (Fixe, Multisites, Itinérante …), `type_fs` (Principal, Antenne)
        is kept beside it; both are missing where the list has no such column.
        `operators` is missing: this list does not tell them. `hours_per_week` adds up
        the days (:mod:`~sdaasp_geo.sources.opening_hours`); it is missing where the list
        tells no hours, and where a day cannot be read, which is flagged.

    Raises
    ------
    InputError
        If the file cannot be read as such, see
        :func:`~sdaasp_geo.sources.text.read_text`, or most coordinates are swapped.
    """
    path = Path(path)
    notes = Notes(path.name)
    text = read_text(
        path,
        notes,
        required=["id_fs", "lib_fs", *_NAMES],
        optional=_OPTIONAL,
        separators=(",",),
    )
    frame = text.frame.reindex(columns=["id_fs", "lib_fs", *_NAMES, *_OPTIONAL])
    frame = notes.keep(frame, frame["id_fs"].isna(), "id_fs", "no identifier")
    frame = without_duplicates(frame, ["id_fs"], notes, column="id_fs", values="id_fs")
    claims = claims_frame(frame, _NAMES, crs=GEOGRAPHIC_CRS)
    placed = place(claims, study, notes, names=_NAMES)
    hours = _hours(frame.loc[placed.index], notes)
    rows = _sites(placed, frame).assign(
        hours_per_week=hours, source=path.name, vintage=vintage_text(vintage)
    )
    table = gpd.GeoDataFrame(
        rows[COLUMNS].reset_index(drop=True), geometry="geometry", crs=study.places.crs
    )
    return notes.close(table, text.rows_read)


def _sites(placed: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    told = frame.loc[placed.index]
    return placed.assign(
        site=told["id_fs"],
        # A site without a name is known by its number.
        name=told["lib_fs"].fillna(told["id_fs"]),
        format=told["format_fs"].astype("str"),
        type_fs=told["type_fs"].astype("str"),
        operators=pd.Series(None, index=placed.index, dtype="str"),
    )


def _hours(frame: pd.DataFrame, notes: Notes) -> pd.Series:
    """Add up the opening hours of a week, and flag those that cannot be read."""
    week = weekly_hours(frame)
    unread = week["hours_unread"].dropna()
    if len(unread):
        notes.flag(unread.index, "h_lundi…h_samedi", unread, "opening hours that cannot be read")
    return week["hours_per_week"]
