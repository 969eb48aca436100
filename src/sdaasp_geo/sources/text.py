"""Tables of any form as text: every cell as it is written, every fault of the file named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

from sdaasp_geo.errors import InputError
from sdaasp_geo.sources.containers import TABLE_ENDINGS, opened
from sdaasp_geo.sources.dbf import dbf_names, read_dbf
from sdaasp_geo.sources.parquet import parquet_names, read_parquet
from sdaasp_geo.sources.raw_tables import TextTable, refuse_absent
from sdaasp_geo.sources.text_header import SEPARATOR_NAMES, first_names
from sdaasp_geo.sources.text_rows import text_pieces
from sdaasp_geo.sources.xlsx import read_xlsx, xlsx_names

if TYPE_CHECKING:
    from collections.abc import Iterator, KeysView, Sequence
    from pathlib import Path

    from sdaasp_geo.tables.reading import Notes

__all__ = [
    "SEPARATOR_NAMES",
    "TextTable",
    "file_bytes",
    "possible_columns",
    "read_text",
    "table_pieces",
    "to_counts",
    "to_numbers",
]

_FAST_FLOAT = pd.ArrowDtype(pa.float64())
_BOOKS = (".xlsx", ".xlsm")
_WHAT = "table (csv, txt, parquet, xlsx, dbf)"
# Spaces of all kinds: plain, non-breaking, narrow non-breaking, thin.
_SPACES = "[ \u00a0\u202f\u2009]"
_THOUSANDS = rf"[+-]?\d{{1,3}}({_SPACES}\d{{3}})+(\.\d+)?"


def read_text(
    path: Path,
    notes: Notes,
    *,
    required: Sequence[str],
    optional: Sequence[str] = (),
    separators: Sequence[str] = (";",),
) -> TextTable:
    """Read some columns of a table: text, parquet, xlsx or dBase, plain, ``.gz`` or ``.zip``.

    A text table is UTF-8 (with or without a byte order mark), else CP1252; its lines end
    as they like. The header is the first of the first 30 lines that has every required
    column. Rows with more fields than the header are rejected (their cells have moved), and
    so are lines whose quotation marks never close, instead of swallowing the next ones.

    Parameters
    ----------
    path
        By its ending ``.parquet``, ``.xlsx``, ``.dbf``, or else text; one of these in a
        ``.gz``, or in a ``.zip`` that holds one such, or ``archive.zip/member.csv``.
        ``book.xlsx/sheet`` names a sheet.
    notes
        Receives the rejected rows, and as flags those that had to be mended.
    required, optional
        Names of columns in the file; spaces around them, and the Unicode form of their
        accents, do not matter (nor does their case in parquet and dBase files).
    separators
        Those that the format allows in a text table.

    Returns
    -------
    TextTable
        Cells stripped, accents composed (NFC).

    Raises
    ------
    InputError
        If the file is missing, empty, without a data row, not what its ending says, in
        an unknown encoding, cut by another separator, lacks a required column, or is in
        an archive that is damaged, a trap, or holds several tables; the message names
        file, expectation, finding and likely cause.
    """
    pieces = list(
        table_pieces(path, notes, required=required, optional=optional, separators=separators)
    )
    frames = [piece.frame for piece in pieces]
    frame = frames[0] if len(frames) == 1 else pd.concat(frames)
    return TextTable(frame, sum(piece.rows_read for piece in pieces))


def table_pieces(
    path: Path,
    notes: Notes,
    *,
    required: Sequence[str],
    optional: Sequence[str] = (),
    separators: Sequence[str] = (";",),
) -> Iterator[TextTable]:
    """Read as :func:`read_text`, a piece at a time: for files that would fill the memory.

    Yields
    ------
    TextTable
        At least one, in the order of the file; `rows_read` are those of the piece.
    """
    with opened(path, endings=TABLE_ENDINGS, what=_WHAT) as plain:
        suffix = plain.suffix.lower()
        if suffix == ".parquet":
            yield from read_parquet(plain, required=required, optional=optional)
        elif suffix == ".dbf":
            yield from read_dbf(plain, notes, required=required, optional=optional)
        elif suffix in _BOOKS or plain.parent.suffix.lower() in _BOOKS:
            yield read_xlsx(plain, required=required, optional=optional)
        else:
            yield from text_pieces(
                plain, notes, required=required, optional=optional, separators=separators
            )


def possible_columns(path: Path) -> KeysView[str]:
    """Return all that may be names of columns of a table; nothing if it cannot be opened.

    In a text table or a spreadsheet, that is the header and what stands above it: a reader
    that knows several forms looks there for the names that tell them apart.

    Returns
    -------
    keys of a dict
        A set, in the order of the file.
    """
    try:
        with opened(path, endings=TABLE_ENDINGS, what=_WHAT) as plain:
            suffix = plain.suffix.lower()
            if suffix == ".parquet":
                names = parquet_names(plain)
            elif suffix == ".dbf":
                names = dbf_names(plain)
            elif suffix in _BOOKS or plain.parent.suffix.lower() in _BOOKS:
                names = xlsx_names(plain)
            else:
                names = first_names(plain)
    except (InputError, OSError):
        names = []
    return dict.fromkeys(names).keys()


def to_numbers(texts: pd.Series) -> pd.Series:
    """Turn text into float64: a decimal comma is understood, what is no number is missing.

    So are thousands parted by spaces (``1 234,5``), breaking or not.

    Examples
    --------
    >>> to_numbers(pd.Series(["1,5", "1 234", "douze", None], dtype="str")).tolist()
    [1.5, 1234.0, nan, nan]
    """
    dotted = texts.astype("str").str.replace(",", ".", regex=False)
    try:
        # Plain numbers alone, as in a national file, take a fast way.
        return dotted.astype(_FAST_FLOAT).astype("float64")
    except (pa.ArrowInvalid, ValueError):
        pass
    grouped = dotted.str.fullmatch(_THOUSANDS).fillna(value=False).astype(bool)
    if grouped.any():
        dotted = dotted.mask(grouped, dotted.str.replace(_SPACES, "", regex=True))
    return pd.to_numeric(dotted, errors="coerce").astype("float64")


def to_counts(texts: pd.Series) -> pd.Series:
    """Turn text that counts people or places into float64, as :func:`to_numbers`.

    ``1,000`` is no number here: a thousand to some, one to others, and never to be guessed.

    Examples
    --------
    >>> to_counts(pd.Series(["1,000", "1000", "2,5"], dtype="str")).tolist()
    [nan, 1000.0, 2.5]
    """
    doubtful = texts.astype("str").str.fullmatch(r"\d{1,3}(,\d{3})+").fillna(value=False)
    return to_numbers(texts).mask(doubtful.astype(bool))


def file_bytes(path: Path) -> bytes:
    """Return the bytes of a text file, wherever it is packed.

    Raises
    ------
    InputError
        If there is no such file, or as :func:`~sdaasp_geo.sources.containers.opened`.
    """
    with opened(path, endings=TABLE_ENDINGS, what=_WHAT) as plain:
        refuse_absent(plain)
        return plain.read_bytes()
