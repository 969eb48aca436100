"""What the readers of lists of sites share: hours, sites listed twice, the finished table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from sdaasp_geo.sources.facilities import flag_twins

if TYPE_CHECKING:
    from pathlib import Path

    from sdaasp_geo.tables.reading import Notes

COLUMNS = ["site", "name", "format", "type_fs", "group", "operators", "hours_per_week", "commune",
           "unit", "known_by", "position_quality", "source", "vintage", "geometry"]  # fmt: skip
_TEXTS = ("site", "name", "format", "type_fs", "group", "operators", "source", "vintage")


def row_names(path: Path, rows: pd.Index) -> pd.Series:
    """Names for sites without an identifier: of the file and the row, as lists are put together."""
    return pd.Series([f"{path.stem}-{row}" for row in rows], index=rows, dtype="str")


def note_hours(rows: pd.DataFrame, hours: pd.DataFrame, notes: Notes, column: str) -> pd.DataFrame:
    """Add the hours of a week, and flag those that cannot be read.

    Parameters
    ----------
    rows
        Sites, indexed by file row.
    hours
        ``hours_per_week hours_unread``, same index.
    notes
        Receives the flags.
    column
        Of the hours in the file, for messages.
    """
    unread = hours["hours_unread"].dropna()
    if len(unread):
        notes.flag(unread.index, column, unread, "opening hours that cannot be read")
    return rows.assign(hours_per_week=hours["hours_per_week"])


def flag_site_twins(rows: pd.DataFrame, notes: Notes, *, column: str) -> None:
    """Flag sites at the place, or of the name, of an earlier one: an antenne and its parent."""
    as_facilities = rows.rename(columns={"site": "facility"}).assign(service="site")
    flag_twins(as_facilities, notes, column=column, whatever_name=True)


def sites_table(rows: pd.DataFrame, *, crs: object) -> gpd.GeoDataFrame:
    """Make the `SITES` table, in the order of the file; a column that no row has is missing."""
    whole = rows.reindex(columns=COLUMNS).astype(dict.fromkeys(_TEXTS, "str"))
    whole = whole.astype({"hours_per_week": "float64"}).reset_index(drop=True)
    return gpd.GeoDataFrame(whole, geometry="geometry", crs=crs)
