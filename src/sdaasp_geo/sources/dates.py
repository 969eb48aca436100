"""Dates as lists write them, and the places that had closed by the time a list stands for."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from sdaasp_geo.tables.reading import Notes

CLOSED = "closed by the vintage of the file"
NOT_YET = "not open yet at the vintage of the file"
UNREADABLE = "a date that cannot be read"

_FORMS = (
    re.compile(r"(?P<y>\d{4})(?:[-/](?P<m>\d{1,2})(?:[-/](?P<d>\d{1,2}))?)?(?:[T ].*)?"),
    re.compile(r"(?:(?P<d>\d{1,2})[-/.])?(?P<m>\d{1,2})[-/.](?P<y>\d{4})"),
    re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})"),
)
_DECEMBER = 12


def last_day(text: object) -> dt.date | None:
    """Return the last day that a date, a month or a year may mean; None for another text.

    Examples
    --------
    >>> [str(last_day(text)) for text in ("2016", "2016-02", "31/12/2020", "20240801", "août")]
    ['2016-12-31', '2016-02-29', '2020-12-31', '2024-08-01', 'None']
    """
    found = next((match for form in _FORMS if (match := form.fullmatch(str(text).strip()))), None)
    if found is None:
        return None
    year, month, day = int(found["y"]), found["m"], found["d"]
    try:
        if day is not None:
            return dt.date(year, int(month), int(day))
        months = int(month) if month is not None else _DECEMBER
        following = dt.date(year + months // _DECEMBER, months % _DECEMBER + 1, 1)
        return following - dt.timedelta(days=1)
    except ValueError:
        return None


def without_closed(
    rows: pd.DataFrame, notes: Notes, *, vintage: int | str | None, columns: dict[str, str]
) -> pd.DataFrame:
    """Set aside the places that were closed, or not open yet, when the list stands for.

    Parameters
    ----------
    rows
        With text columns ``closed`` and ``opened`` where the file has them.
    notes
        Receives the rows set aside (nothing is wrong with them), and rejects those whose
        date cannot be read.
    vintage
        The last day of it counts. Without a vintage, a place with a date of closing is
        closed.
    columns
        Names of ``closed`` and ``opened`` in the file, for messages.
    """
    asked = None if vintage is None else last_day(vintage)
    for kind, reason in (("closed", CLOSED), ("opened", NOT_YET)):
        if kind not in rows:
            continue
        days = rows[kind].map(last_day, na_action="ignore")
        unread = rows[kind].notna() & days.isna()
        if unread.any():
            notes.reject(rows.index[unread], columns[kind], rows.loc[unread, kind], UNREADABLE)
        rows = rows[~unread]
        aside = pd.Series([_aside(day, kind, asked) for day in days[~unread]], rows.index, bool)
        if aside.any():
            notes.skip(rows.loc[aside, kind], reason)
        rows = rows[~aside]
    return rows


def _aside(day: object, kind: str, asked: dt.date | None) -> bool:
    if not isinstance(day, dt.date):
        return False
    if asked is None:
        return kind == "closed"
    return day <= asked if kind == "closed" else day > asked
