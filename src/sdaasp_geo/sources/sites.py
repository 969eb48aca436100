"""Lists of sites (MSAP, France Services, candidates that opened) in any table, or in the annuaire."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from sdaasp_geo.errors import InputError
from sdaasp_geo.sources.dates import without_closed
from sdaasp_geo.sources.desks import flag_doubts, placed_desks
from sdaasp_geo.sources.dila import NAMES, annuaire_list
from sdaasp_geo.sources.facilities import NO_SERVICE, vintage_text, without_duplicates
from sdaasp_geo.sources.names import file_names
from sdaasp_geo.sources.opening_hours import DAYS, weekly_hours
from sdaasp_geo.sources.operators import SEPARATORS, coordinate_faults, placed_rows
from sdaasp_geo.sources.site_table import flag_site_twins, note_hours, row_names, sites_table
from sdaasp_geo.sources.text import read_text, to_numbers
from sdaasp_geo.tables.folding import folded
from sdaasp_geo.tables.reading import Notes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import geopandas as gpd

    from sdaasp_geo.sources.study import PlaceBy, StudyArea
    from sdaasp_geo.tables.reading import Reading

# What the annuaire calls a France Services, since it was called an MSAP.
ANNUAIRE_KINDS = ("msap",)

_OPTIONAL = ("site", "format", "operators", "commune", "city", "postcode", "lon", "lat", "x", "y",
             "hours_per_week", "closed", "opened", *DAYS)  # fmt: skip
_OPERATORS_BREAK = re.compile(r"\s*[,;/|+]\s*")
_MOST_HOURS = 168.0


def read_sites(
    path: str | Path,
    *,
    study: StudyArea,
    columns: Mapping[str, str],
    separator: str | None = None,
    place_by: PlaceBy = "position",
    vintage: int | str | None = None,
) -> Reading[gpd.GeoDataFrame]:
    """Read a list of sites from any table, such as the MSAP of a département.

    Parameters
    ----------
    path
        CSV, parquet or xlsx, packed or not.
    study
        The land that sites are wanted on.
    columns
        Library's name → name in the file: ``name``; ``commune``, ``city`` (and
        ``postcode``), ``lon`` and ``lat`` or ``x`` and ``y``; ``site`` (identifier),
        ``format``, ``operators`` (several in one cell, apart by ``,`` ``;`` ``/`` ``|``
        or ``+``), ``hours_per_week`` (a number) or ``h_lundi`` … ``h_samedi``, and
        ``closed`` and ``opened`` (dates), if there are.
    separator
        Of a CSV; found out if None.
    place_by
        ``commune`` puts every site at its chef-lieu.
    vintage
        Of the file.

    Returns
    -------
    Reading
        Table `SITES` in the CRS of the study area; `operators` apart by ``, ``. Rows
        without identifier get the name of the file and their row.

    Raises
    ------
    InputError
        If the file cannot be read as such, or `columns` names an unknown one or tells
        no place.
    """
    path = Path(path)
    known = file_names(path.name, columns, required=["name"], optional=_OPTIONAL)
    if faults := coordinate_faults(path.name, known):
        raise InputError(faults)
    notes = Notes(path.name)
    text = read_text(
        path,
        notes,
        required=list(known.values()),
        separators=SEPARATORS if separator is None else (separator,),
    )
    frame = pd.DataFrame({name: text.frame[there] for name, there in known.items()})
    frame = without_closed(frame, notes, vintage=vintage, columns=known)
    numbered = row_names(path, frame.index)
    frame = frame.assign(site=frame.get("site", numbered).fillna(numbered))
    column = known.get("site", "site")
    frame = without_duplicates(frame, ["site"], notes, column=column, values="site")
    rows = placed_rows(frame, study, notes, columns=known, place_by=place_by)
    rows = rows.assign(name=rows["name"].fillna(rows["site"]), source=path.name)
    if "operators" in rows:
        rows["operators"] = rows["operators"].map(_listed, na_action="ignore").astype("str")
    hours = _hours(rows)
    rows = note_hours(rows, hours, notes, known.get("hours_per_week", "h_lundi…h_samedi"))
    flag_site_twins(rows, notes, column=column)
    rows = rows.assign(vintage=vintage_text(vintage))
    return notes.close(sites_table(rows, crs=study.places.crs), text.rows_read)


def read_annuaire_sites(
    path: str | Path,
    *,
    study: StudyArea,
    kinds: Iterable[str] = ANNUAIRE_KINDS,
    vintage: int | str | None = None,
) -> Reading[gpd.GeoDataFrame]:
    """Read the France Services and MSAP that the annuaire de l'administration lists.

    Parameters
    ----------
    path
        Any form of :func:`~sdaasp_geo.sources.dila.read_annuaire`.
    study
        The land that sites are wanted on.
    kinds
        Kinds of desk that are sites.
    vintage
        Of the file.

    Returns
    -------
    Reading
        Table `SITES` in the CRS of the study area, with hours where they are told. The
        format and the operators are missing: the annuaire tells neither. All other kinds
        are in `unused`.

    Raises
    ------
    InputError
        As :func:`~sdaasp_geo.sources.dila.read_annuaire`.
    """
    path = Path(path)
    notes = Notes(path.name)
    listed = annuaire_list(path, notes)
    rows = placed_desks(listed, study, notes, names=NAMES, place_by="position")
    wanted = {folded(kind) for kind in kinds}
    ours = rows["types"].map(lambda told: bool(wanted & {folded(kind) for kind in told}))
    ours = ours.astype(bool)
    if not ours.all():
        notes.skip(rows.loc[~ours, "types"].map("+".join), NO_SERVICE)
    rows = without_duplicates(
        rows[ours], ["facility"], notes, column=NAMES.facility, values="facility"
    )
    flag_doubts(rows, notes)
    rows = rows.rename(columns={"facility": "site"})
    rows = rows.assign(name=rows["name"].fillna(rows["site"]), source=path.name)
    rows = note_hours(rows, rows[["hours_per_week", "hours_unread"]], notes, "plage_ouverture")
    flag_site_twins(rows, notes, column=NAMES.facility)
    rows = rows.assign(vintage=vintage_text(vintage))
    return notes.close(sites_table(rows, crs=study.places.crs), listed.rows_read)


def _listed(text: str) -> str:
    return ", ".join(name for name in _OPERATORS_BREAK.split(text.strip()) if name)


def _hours(rows: pd.DataFrame) -> pd.DataFrame:
    """Hours a week, from their number or from the days."""
    if "hours_per_week" not in rows:
        return weekly_hours(rows)
    hours = to_numbers(rows["hours_per_week"])
    wrong = rows["hours_per_week"].notna() & ~hours.between(0.0, _MOST_HOURS)
    unread = rows["hours_per_week"].where(wrong)
    return pd.DataFrame({"hours_per_week": hours.mask(wrong), "hours_unread": unread})
