"""Codes of older years, and the commune that each is today."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from sdaasp_geo.errors import InputError
from sdaasp_geo.sources.names import file_names
from sdaasp_geo.sources.text import read_text
from sdaasp_geo.tables.gate import schema_faults
from sdaasp_geo.tables.reading import Notes
from sdaasp_geo.tables.schemas import PASSAGE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sdaasp_geo.tables.reading import Reading

_SEPARATORS = (";", ",")


def read_passage(path: str | Path, *, columns: Mapping[str, str]) -> Reading[pd.DataFrame]:
    """Read a table that brings old commune codes to those of today.

    Parameters
    ----------
    path
        A ``.csv`` with ``;`` or ``,``, or a ``.zip`` that holds one.
    columns
        Library's name → name in the file: ``old``, ``commune``.

    Returns
    -------
    Reading
        Table `PASSAGE`: ``old commune``, in the order of the file.

    Raises
    ------
    InputError
        If the file cannot be read as such, a code is missing or ill-formed, or an old
        code is there twice; all faults at once.
    """
    path = Path(path)
    names = file_names(path.name, columns, required=["old", "commune"])
    notes = Notes(path.name)
    text = read_text(path, notes, required=list(names.values()), separators=_SEPARATORS)
    frame = pd.DataFrame({ours: text.frame[theirs].str.upper() for ours, theirs in names.items()})
    if faults := schema_faults(frame, PASSAGE, file=path.name, file_columns=names):
        raise InputError(faults)
    return notes.close(frame.reset_index(drop=True), text.rows_read)
