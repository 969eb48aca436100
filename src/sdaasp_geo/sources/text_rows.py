"""Rows of a text table, a piece at a time, every cell as text and none lost."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv as arrow_csv

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.raw_tables import TextTable, no_rows, refuse_absent, same_name, text_cells
from sdaasp_geo.sources.text_header import layout_of
from sdaasp_geo.sources.text_quotes import whole_records

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import IO

    import numpy.typing as npt

    from sdaasp_geo.sources.text_header import Layout
    from sdaasp_geo.sources.text_quotes import Records
    from sdaasp_geo.tables.reading import Notes

    Bools = npt.NDArray[np.bool_]

BROKEN = "a quotation mark that never closes, or closes in the middle of a cell"
MENDED = "quotation marks inside a cell that are not doubled: read as they stand"
SPANNING = "a cell over several lines, each of which looks like a row"

# So much is held as read: the memory that a national file takes, against speed.
_PIECE_BYTES = 1 << 24
# Columns beyond the header that are looked at, so that a row with more fields than the
# header is seen instead of being cut.
_SURPLUS = 4
_SHOWN = 60
# DOS ended its texts with this.
_END_OF_TEXT = b"\x1a"


class _Cells(NamedTuple):
    """Columns by their position, and whether each row has more fields than the header."""

    frame: pd.DataFrame
    surplus: Bools


def text_pieces(
    path: Path,
    notes: Notes,
    *,
    required: Sequence[str],
    optional: Sequence[str] = (),
    separators: Sequence[str] = (";",),
) -> Iterator[TextTable]:
    """Read some columns of a plain text table; see :func:`~sdaasp_geo.sources.text.read_text`.

    Yields
    ------
    TextTable
        Pieces in the order of the file.
    """
    refuse_absent(path)
    _refuse_blank(path)
    layout = layout_of(path, required=required, separators=separators)
    wanted = {
        name: layout.header.index(same_name(name))
        for name in dict.fromkeys([*required, *optional])
        if same_name(name) in layout.header
    }
    rows_read, row = 0, layout.header_row + 1
    with path.open("rb") as stream:
        stream.seek(layout.body)
        for records in _records(stream, layout):
            cells = _cells(path.name, records.payload, layout, list(wanted.values()))
            frame = cells.frame.set_axis(list(wanted), axis=1)
            frame.index = pd.RangeIndex(row, row + len(frame), name="row")
            row += len(frame)
            kept = _kept(_Piece(path.name, records, layout), frame, cells.surplus, notes)
            rows_read += kept.rows_read
            yield kept
    if not rows_read:
        raise InputError([no_rows(path.name, "a header and nothing below it")])


def _refuse_blank(path: Path) -> None:
    with path.open("rb") as stream:
        if not stream.read(_PIECE_BYTES).strip():
            raise InputError([no_rows(path.name, "an empty file")])


def _records(stream: IO[bytes], layout: Layout) -> Iterator[Records]:
    rest, final = b"", False
    while not final:
        block = stream.read(_PIECE_BYTES)
        final = not block
        data = rest + block
        # A carriage return at the end may be half a line end.
        held = b"\r" if data.endswith(b"\r") and not final else b""
        data = data.removesuffix(held) if held else data
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        data = data.rstrip(_END_OF_TEXT) if final else data
        separator, width = layout.separator.encode(), len(layout.header)
        records = whole_records(data, separator=separator, width=width, final=final)
        rest = records.rest + held
        if records.payload:
            yield records


class _Piece(NamedTuple):
    file: str
    records: Records
    layout: Layout


def _kept(piece: _Piece, frame: pd.DataFrame, surplus: Bools, notes: Notes) -> TextTable:
    """Leave out lines with nothing in them, and rows whose cells have moved."""
    lost = np.zeros(len(frame), dtype=bool)
    lost[[place for place, _ in piece.records.broken]] = True
    blank = frame.isna().all(axis=1).to_numpy() & ~lost & ~surplus
    if blank.any():
        # Only the whole line tells whether nothing is there, or only nothing that was asked for.
        positions = list(range(len(piece.layout.header)))
        everything = _cells(piece.file, piece.records.payload, piece.layout, positions).frame
        blank = blank & everything.isna().all(axis=1).to_numpy()
    rows_read = int((~blank).sum())
    for told, note, reason in (
        (piece.records.broken, notes.reject, BROKEN),
        (piece.records.mended, notes.flag, MENDED),
        (piece.records.spanning, notes.flag, SPANNING),
    ):
        if told:
            values = [_shown(line, piece.layout.encoding) for _, line in told]
            note(frame.index[[place for place, _ in told]], "", values, reason)
    moved = surplus & ~lost
    if moved.any():
        width, separator = len(piece.layout.header), piece.layout.separator
        reason = f"more fields than the {width} of the header: a {separator!r} inside a cell"
        notes.reject(frame.index[moved], "", [""] * int(moved.sum()), reason)
    return TextTable(frame[~(blank | lost | moved)], rows_read)


def _shown(line: bytes, encoding: str) -> str:
    text = line.decode(encoding, "replace")
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _cells(file: str, payload: bytes, layout: Layout, positions: list[int]) -> _Cells:
    if layout.encoding != "utf-8":
        payload = payload.decode(layout.encoding).encode()
    # The fast parser wants as many fields in every row as the header has.
    found = _by_arrow(payload, layout, positions)
    return found if found is not None else _by_pandas(file, payload, layout, positions)


def _by_arrow(payload: bytes, layout: Layout, positions: list[int]) -> _Cells | None:
    names = [str(place) for place in range(len(layout.header))]
    wanted = [names[place] for place in positions]
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(payload),
            read_options=arrow_csv.ReadOptions(column_names=names),
            parse_options=arrow_csv.ParseOptions(
                delimiter=layout.separator,
                newlines_in_values=b'"' in payload,
                ignore_empty_lines=False,
            ),
            convert_options=arrow_csv.ConvertOptions(
                include_columns=wanted,
                column_types=dict.fromkeys(wanted, pa.string()),
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid:
        return None
    index = pd.RangeIndex(table.num_rows)
    columns = {
        place: text_cells(table.column(name).combine_chunks(), index)
        for place, name in zip(positions, wanted, strict=True)
    }
    return _Cells(pd.DataFrame(columns, index=index), np.zeros(table.num_rows, dtype=bool))


def _by_pandas(file: str, payload: bytes, layout: Layout, positions: list[int]) -> _Cells:
    width = len(layout.header)
    # A header of our own, a little wider than the file's, shows the rows that are too long.
    numbers = range(width + _SURPLUS)
    header = layout.separator.join(map(str, numbers)).encode() + b"\n"
    try:
        cells = pd.read_csv(
            io.BytesIO(header + payload),
            sep=layout.separator,
            usecols=[*positions, *numbers[width:]],
            names=list(numbers),
            header=0,
            index_col=False,
            dtype="str",
            keep_default_na=False,
            na_values=[""],
            skip_blank_lines=False,
        )
    except (pd.errors.ParserError, ValueError) as error:
        cause = "a quotation mark that never closes, or a separator inside a cell"
        fault = Fault(file, f"rows of {width} fields", str(error).strip(), cause)
        raise InputError([fault]) from error
    texts = {place: text_cells(pa.array(cells[place]), cells.index) for place in positions}
    surplus = cells[list(numbers[width:])].apply(lambda column: column.str.strip().ne(""))
    there = cells[list(numbers[width:])].notna() & surplus
    return _Cells(pd.DataFrame(texts, index=cells.index), there.any(axis=1).to_numpy())
