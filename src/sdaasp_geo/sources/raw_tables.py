"""What the readers of tables of any form share: names, text cells, faults."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.names import missing_column

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# So many rows are held as read: the memory that a national file takes, against speed.
CHUNK_ROWS = 200_000
_TEXT = pd.StringDtype("pyarrow", na_value=np.nan)
FIRST_DATA_ROW = 2


@dataclass(frozen=True)
class TextTable:
    """A table, or a piece of one, read as text.

    Parameters
    ----------
    frame
        Columns asked for, under the names they were asked by, every cell as stripped text,
        missing where empty. Indexed by row: that of a spreadsheet, whose first is row 1.
    rows_read
        Data rows of the file, those that were rejected while reading included; lines
        that hold nothing at all are no rows.
    """

    frame: pd.DataFrame
    rows_read: int


def same_name(name: str) -> str:
    """Return a name as it is compared: stripped, accents in one of the two Unicode forms.

    Examples
    --------
    >>> same_name("de\u0301partement\u00a0") == "d\u00e9partement"
    True
    """
    return unicodedata.normalize("NFC", name).strip().strip("\ufeff\u200b").strip()


def refuse_absent(path: Path) -> None:
    """Raise InputError unless there is a file with something in it."""
    if not path.is_file():
        found = "a folder" if path.is_dir() else "no such file"
        cause = "a wrong path in the territory file, or a file that was not fetched"
        raise InputError([Fault(path.name, "a file", found, cause)])
    if not path.stat().st_size:
        raise InputError([no_rows(path.name, "an empty file")])


def no_rows(file: str, found: str) -> Fault:
    """Return the fault of a file without a row."""
    cause = "an interrupted download, or an export that selected nothing"
    return Fault(file, "a header and at least one row", found, cause)


def names_in_file(
    file: str, present: Sequence[str], *, required: Sequence[str], optional: Sequence[str]
) -> dict[str, str]:
    """Return the file's name of each column asked for, whatever its case.

    Raises
    ------
    InputError
        If a required column is missing; all of them are told.

    Examples
    --------
    >>> names_in_file("a.dbf", ["depcom", "an"], required=["DEPCOM"], optional=["AN", "EPSG"])
    {'DEPCOM': 'depcom', 'AN': 'an'}
    """
    by_upper = {name.upper(): name for name in reversed(present)}
    # A column of exactly the name goes before one in other case.
    by_upper |= {name: name for name in present}
    faults = [missing_column(file, name, present) for name in required if name not in by_upper]
    if faults:
        raise InputError(faults)
    return {name: by_upper[name] for name in [*required, *optional] if name in by_upper}


def text_cells(values: Any, index: pd.Index) -> pd.Series:  # noqa: ANN401 (pyarrow is untyped)
    """Turn an arrow array of any simple type into stripped text, missing where empty.

    Numbers are written with the shortest digits that give them back, whole ones without
    decimals; NaN is missing.

    Raises
    ------
    pyarrow.ArrowException
        If the type has no text (a list, a structure), or bytes are not UTF-8.

    Examples
    --------
    >>> text_cells(pa.array([13055.0, 5.37, None, float("nan")]), pd.RangeIndex(4)).tolist()
    ['13055', '5.37', nan, nan]
    """
    if pa.types.is_floating(values.type):
        values = pc.if_else(pc.is_nan(values), None, values)
    trimmed = pc.utf8_trim_whitespace(values.cast(pa.string()))
    filled = pc.if_else(pc.equal(trimmed, ""), None, trimmed)
    column = pd.Series(pd.array(filled, dtype=_TEXT), index=index)
    return _in_one_form(column, filled)


def _in_one_form(column: pd.Series, cells: Any) -> pd.Series:  # noqa: ANN401 (pyarrow is untyped)
    """Write accents as one character each: two files then spell one name alike."""
    if pc.any(pc.invert(pc.string_is_ascii(cells))).as_py():
        return column.str.normalize("NFC")
    return column
