"""The vintage of a file of the Base permanente des équipements."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.facilities import vintage_text

if TYPE_CHECKING:
    from collections.abc import Iterable


def years_of(frame: pd.DataFrame, column: str) -> pd.Series:
    """Count the rows of each year that a column tells; empty where there is no such column."""
    years = frame[column] if column in frame else pd.Series(dtype="str")
    return pd.Series(years.value_counts())


def years_together(counts: Iterable[pd.Series]) -> pd.Series:
    """Add the counts of the pieces of a file.

    Examples
    --------
    >>> first, second = pd.Series({"2021": 2}), pd.Series({"2020": 1, "2021": 3})
    >>> years_together([first, second]).to_dict()
    {'2020': 1, '2021': 5}
    """
    return pd.Series(pd.concat(list(counts)).groupby(level=0).sum())


def file_vintage(file: str, years: pd.Series, given: int | str | None, *, column: str) -> str:
    """Tell the vintage of a file, as it is shown to people.

    Parameters
    ----------
    file
        The file as the reader of the message knows it.
    years
        Rows of each year, by year as text.
    given
        What the territory file says; it serves where the file tells no year.
    column
        Name of the column of years, for messages.

    Raises
    ------
    InputError
        If there are several years, or another one than the one given.
    """
    counts = years.sort_index()
    if len(counts) > 1:
        found = ", ".join(f"{year} ({rows} rows)" for year, rows in counts.items())
        fault = Fault(file, "one vintage", found, "several vintages in one file", column=column)
        raise InputError([fault])
    if counts.empty:
        return vintage_text(given)
    year = str(counts.index[0])
    if given is not None and str(given) != year:
        cause = "another file than the one meant, or a wrong vintage in the territory file"
        raise InputError([Fault(file, f"the vintage {given}", year, cause, column=column)])
    return year
