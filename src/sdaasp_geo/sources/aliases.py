"""Columns that have had several names over the years: which of them a file has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sdaasp_geo.errors import InputError
from sdaasp_geo.sources.names import missing_column
from sdaasp_geo.sources.text import possible_columns
from sdaasp_geo.tables.folding import folded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import pandas as pd


def alias_names(
    path: Path, aliases: Mapping[str, Sequence[str]], *, required: Iterable[str]
) -> dict[str, str]:
    """Return the file's own name of each column that it has.

    Parameters
    ----------
    path
        A table of any form.
    aliases
        Library's name → names in files, the preferred ones first. Their case and accents
        do not matter.
    required
        Library's names of which one alias must be there.

    Returns
    -------
    dict
        Library's name → name in the file; a file that cannot be opened gets the first
        names, so that whoever reads it tells what is wrong.

    Raises
    ------
    InputError
        If a required column has none of its names; all of them are told.
    """
    present = possible_columns(path)
    if not present:
        return {name: aliases[name][0] for name in required}
    chosen = {
        name: found
        for name, names in aliases.items()
        if (found := first_of(names, present)) is not None
    }
    listed = list(present)
    faults = [
        missing_column(path.name, aliases[name][0], listed)
        for name in required
        if name not in chosen
    ]
    if faults:
        raise InputError(faults)
    return chosen


def under_known_names(
    frame: pd.DataFrame, names: Mapping[str, str]
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Bring a table to the library's names, and tell which of them it has.

    What looked like a column before the header was known may have been a cell.
    """
    there = {known: own for known, own in names.items() if own in frame}
    return frame[list(there.values())].set_axis(list(there), axis=1), there


def first_of(names: Sequence[str], present: Iterable[str]) -> str | None:
    """Return the first of several names that is there, in the spelling that is there.

    Examples
    --------
    >>> first_of(["latitude", "lat"], ["Lat", "LATITUDE"]), first_of(["x"], ["y"])
    ('LATITUDE', None)
    """
    listed = sorted(present)
    spelt = {folded(name): name for name in reversed(listed)}
    for name in names:
        if name in listed:
            return name
        if folded(name) in spelt:
            return spelt[folded(name)]
    return None
