"""Codes of older years, and the commune that each is today."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.codes import code_troubles
from sdaasp_geo.sources.names import file_names
from sdaasp_geo.sources.text import read_text
from sdaasp_geo.tables.reading import Notes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sdaasp_geo.tables.reading import Reading

_SEPARATORS = (";", ",")


def read_passage(path: str | Path, *, columns: Mapping[str, str]) -> Reading[pd.DataFrame]:
    """Read a table that brings old commune codes to those of today.

    Parameters
    ----------
    path
        A table with one row an old code, or Insee's workbook of all years (*table de
        passage annuelle*; ``table_passage_annuelle_2026.xlsx/COM`` names its sheet).
    columns
        Library's name → name in the file: ``old``, ``commune`` (``CODGEO_2013`` and
        ``CODGEO_2026``, say).

    Returns
    -------
    Reading
        Table `PASSAGE`: ``old commune``, in the order of the file. Rejected: rows without
        two good codes, and the rows of an old code that became several communes: nothing
        tells which. A row that is there again says nothing new, and is unused.

    Raises
    ------
    InputError
        If the file cannot be read as such, or no row is good.
    """
    path = Path(path)
    names = file_names(path.name, columns, required=["old", "commune"])
    notes = Notes(path.name)
    text = read_text(path, notes, required=list(names.values()), separators=_SEPARATORS)
    frame = pd.DataFrame({ours: text.frame[theirs].str.upper() for ours, theirs in names.items()})
    for ours, theirs in names.items():
        trouble = code_troubles(frame[ours]).dropna()
        notes.reject(
            trouble.index, theirs, frame.loc[trouble.index, ours].fillna(""), list(trouble)
        )
        frame = frame.drop(index=trouble.index)
    again = frame.duplicated()
    if again.any():
        notes.skip(frame.loc[again, "old"], "there already")
    frame = frame[~again]
    split = frame["old"].duplicated(keep=False)
    became = frame[split].groupby("old")["commune"].agg(lambda codes: " or ".join(sorted(codes)))
    reasons = [f"a code of several communes: {became[old]}" for old in frame.loc[split, "old"]]
    notes.reject(frame.index[split], names["old"], frame.loc[split, "old"], reasons)
    frame = frame[~split]
    if frame.empty:
        expected = "rows of an old code and the commune that it is today"
        cause = "other columns, or codes without their leading zero"
        raise InputError([Fault(path.name, expected, "none", cause, column=names["old"])])
    return notes.close(frame.reset_index(drop=True), text.rows_read)
