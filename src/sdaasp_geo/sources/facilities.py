"""What the readers of facility files share: services of codes, ids, the finished table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from sdaasp_geo.sources.codes import renamed
from sdaasp_geo.tables.folding import by_folded_name, folded
from sdaasp_geo.tables.schemas import FACILITIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sdaasp_geo.tables.reading import FrameT, Notes

UNDATED = "non daté"
NO_SERVICE = "no service of the basket has this code"


def vintage_text(vintage: int | str | None) -> str:
    """Vintage as it is shown to people.

    Examples
    --------
    >>> vintage_text(2023), vintage_text(None)
    ('2023', 'non daté')
    """
    return UNDATED if vintage is None else str(vintage)


def with_service(
    rows: pd.DataFrame, services: Mapping[str, str], notes: Notes, *, column: str
) -> pd.DataFrame:
    """Add the service of each row's code, and count the rows of codes that have none.

    Parameters
    ----------
    rows
        With a column `code`.
    services
        Code of the file → service id. Case and accents of a code do not matter.
    notes
        Receives the unused rows.
    column
        Name of the code in the file, for messages.
    """
    rows = notes.keep(rows, rows["code"].isna(), column, "no code of a service")
    service = renamed(rows["code"], services)
    by_name = by_folded_name(services)
    # Few codes are spelt another way: only they are folded, each once.
    spelt = {code: by_name.get(folded(code)) for code in rows["code"][service.isna()].unique()}
    service = service.fillna(renamed(rows["code"], {k: v for k, v in spelt.items() if v}))
    unused = service.isna()
    if unused.any():
        notes.skip(rows.loc[unused, "code"], NO_SERVICE)
    return rows.assign(service=service)[~unused]


def without_duplicates(
    rows: FrameT, keys: list[str], notes: Notes, *, column: str, values: str
) -> FrameT:
    """Reject every row whose keys an earlier row has (`values` names the column to show)."""
    again = rows.duplicated(keys)
    if again.any():
        shown = rows.loc[again, values]
        notes.reject(rows.index[again], column, shown, "a repetition of an earlier row")
    return rows.loc[~again]


def flag_twins(
    rows: pd.DataFrame, notes: Notes, *, column: str, whatever_name: bool = False
) -> None:
    """Flag rows that offer a service which an earlier row offers at the same place.

    They are kept: two desks of one building are two desks.

    Parameters
    ----------
    rows
        ``service unit known_by geometry facility``, and ``name`` where the file has one;
        indexed by file row.
    notes
        Receives the flags.
    column
        Name of the identifier in the file, for messages.
    whatever_name
        Whether different names at one point (to the metre) make no difference; else
        names must agree, or be missing.
    """
    rows = rows.assign(row=rows.index).reset_index(drop=True)
    points = rows["geometry"].to_numpy()
    names = rows["name"] if "name" in rows else pd.Series(None, index=rows.index, dtype="str")
    names = names.map(folded, na_action="ignore").astype("str").fillna("")
    here = pd.DataFrame(
        {
            "service": rows["service"],
            "x": np.round(shapely.get_x(points)),
            "y": np.round(shapely.get_y(points)),
            "name": "" if whatever_name else names,
        }
    )[rows["known_by"] == "position"]
    named = pd.DataFrame({"service": rows["service"], "unit": rows["unit"], "name": names})
    first = _first_alike(here, rows["row"])
    _flag_alike(rows, first, notes, column, "same service at the same place as row")
    again = _first_alike(named[names != ""], rows["row"]).drop(first.index, errors="ignore")
    _flag_alike(rows, again, notes, column, "same service and name in one commune as row")


def _first_alike(keys: pd.DataFrame, row: pd.Series) -> pd.Series:
    """Row of the first of its like, for every row but the first."""
    first = row[keys.index].groupby([keys[name] for name in keys]).transform("first")
    return first[keys.duplicated()]


def _flag_alike(
    rows: pd.DataFrame, first: pd.Series, notes: Notes, column: str, reason: str
) -> None:
    if len(first):
        told = rows.loc[first.index]
        reasons = [f"{reason} {row}: perhaps one and the same" for row in first]
        notes.flag(pd.Index(told["row"]), column, told["facility"], reasons)


def facilities_table(
    rows: pd.DataFrame, *, source: str, vintage: str | pd.Series, crs: object
) -> gpd.GeoDataFrame:
    """Make the `FACILITIES` table, in the order of the file.

    Parameters
    ----------
    rows
        ``facility service commune unit count position_quality geometry``, and ``name``
        where the file has one.
    source
        Name of the file.
    vintage
        Of the file, or of each row.
    crs
        Of the geometry.
    """
    columns = [name for name in FACILITIES.columns if name not in {"source", "vintage"}]
    extra = ["name"] if "name" in rows else []
    table = rows.assign(source=source, vintage=vintage)
    texts = dict.fromkeys(["facility", "service", "source", "vintage"], "str")
    table = table.astype({**texts, "count": "int64"})
    kept = [*columns[:-1], "source", "vintage", *extra, "geometry"]
    return gpd.GeoDataFrame(table[kept].reset_index(drop=True), geometry="geometry", crs=crs)
