"""What the readers of facility files share: services of codes, ids, the finished table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd

from sdaasp_geo.sources.codes import renamed
from sdaasp_geo.tables.schemas import FACILITIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

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
        Code of the file → service id.
    notes
        Receives the unused rows.
    column
        Name of the code in the file, for messages.
    """
    rows = notes.keep(rows, rows["code"].isna(), column, "no code of a service")
    service = renamed(rows["code"], services)
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
