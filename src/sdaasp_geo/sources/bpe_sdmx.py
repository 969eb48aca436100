"""BPE counts in the form of 2023 and after: one observation a row, as SDMX has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.text import TextTable, possible_columns, read_text

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from sdaasp_geo.tables.reading import Notes

NOT_COMMUNE = "counted for another zone than a commune"
TOTAL = "a total over several types of facility"

_REQUIRED = ("GEO", "GEO_OBJECT", "FACILITY_TYPE", "TIME_PERIOD", "OBS_VALUE")
_OPTIONAL = ("BPE_MEASURE",)
# What tells this form from the older one, in the header.
_MARKS = {"OBS_VALUE", "FACILITY_TYPE"}
_OLD_NAMES = {"GEO": "DEPCOM", "FACILITY_TYPE": "TYPEQU", "OBS_VALUE": "NB_EQUIP"} | {
    "TIME_PERIOD": "AN"
}
_COMMUNE = "COM"
_TOTAL = "_T"


def is_sdmx(path: Path) -> bool:
    """Whether a table, of any form and in any archive, has the columns of this form.

    What cannot be opened has not: the reader of the older form then says what is wrong.
    """
    return bool(_MARKS & possible_columns(path))


def read_sdmx(path: Path, notes: Notes) -> TextTable:
    """Read the counts by commune under the names of the older form.

    Parameters
    ----------
    path
        ``DS_BPE_…_data.csv``, or the zip archive that holds it beside its metadata.
    notes
        Receives rejected rows, and as unused the zones that are no commune (GEO_OBJECT
        other than COM) and the totals over types (FACILITY_TYPE ``_T``).

    Returns
    -------
    TextTable
        ``DEPCOM TYPEQU NB_EQUIP AN``; `rows_read` counts the whole file.

    Raises
    ------
    InputError
        As :func:`~sdaasp_geo.sources.text.read_text`, or if the counts of communes are
        of several measures (BPE_MEASURE).
    """
    text = read_text(path, notes, required=_REQUIRED, optional=_OPTIONAL)
    frame = text.frame
    zone = frame["GEO_OBJECT"].str.upper()
    # A zone that is not told may be any: it is none of the communes.
    frame = _without(frame, zone != _COMMUNE, zone, notes, NOT_COMMUNE)
    kind = frame["FACILITY_TYPE"].str.upper()
    frame = _without(frame, kind == _TOTAL, kind, notes, TOTAL)
    _refuse_measures(path.name, frame)
    named = frame.rename(columns=_OLD_NAMES)[list(_OLD_NAMES.values())]
    return TextTable(named, text.rows_read)


def _without(
    frame: pd.DataFrame, unused: pd.Series, codes: pd.Series, notes: Notes, reason: str
) -> pd.DataFrame:
    if unused.any():
        notes.skip(codes[unused], reason)
    return frame[~unused]


def _refuse_measures(file: str, frame: pd.DataFrame) -> None:
    if "BPE_MEASURE" not in frame:
        return
    measures = frame["BPE_MEASURE"].value_counts().sort_index()
    if len(measures) > 1:
        found = ", ".join(f"{name} ({rows} rows)" for name, rows in measures.items())
        cause = "values that are no number of facilities: export one measure only"
        raise InputError([Fault(file, "one measure", found, cause, column="BPE_MEASURE")])
