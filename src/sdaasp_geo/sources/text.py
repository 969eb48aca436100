"""Reading of text tables: every cell as text, every fault of the file named."""

from __future__ import annotations

import codecs
import csv
import io
import re
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.names import missing_column

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sdaasp_geo.tables.reading import Notes

SEPARATOR_NAMES = {";": "';'", ",": "','", "\t": "a tab", "|": "'|'"}

_ENCODINGS = ("utf-8", "cp1252")
_BYTE_ORDER_MARK = "\ufeff"
_CHUNK_BYTES = 1 << 24
_SOMETHING = re.compile(rb"\S")
_LINE = re.compile(rb"[^\r\n]*")
# Columns beyond the header that are looked at, so that a row with more fields than the
# header is seen instead of being cut.
_SURPLUS = 4
_HEADER_SHOWN = 80
_FIRST_DATA_ROW = 2
_SIGNATURES = {
    b"PK\x03\x04": "a zip archive or a spreadsheet (.xlsx, .ods)",
    b"PAR1": "a parquet file",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet (.xls)",
    b"\x1f\x8b": "a gzip archive",
    b"SQLite format 3": "a GeoPackage",
    b"\xff\xfe": "text in UTF-16",
    b"\xfe\xff": "text in UTF-16",
}


@dataclass(frozen=True)
class TextTable:
    """A text table, read.

    Parameters
    ----------
    frame
        Columns asked for, under their names in the file, every cell as stripped text,
        missing where empty. Indexed by row: the header is row 1.
    rows_read
        Data rows of the file, those that were rejected while reading included; lines
        that hold nothing at all are no rows.
    """

    frame: pd.DataFrame
    rows_read: int


@dataclass(frozen=True)
class _Layout:
    """What the first line tells."""

    encoding: str
    separator: str
    header: list[str]


def read_text(
    path: Path,
    notes: Notes,
    *,
    required: Sequence[str],
    optional: Sequence[str] = (),
    separators: Sequence[str] = (";",),
) -> TextTable:
    """Read some columns of a CSV file, or of a zip archive that holds one.

    UTF-8 (with or without a byte order mark) is tried first, then CP1252. Rows with
    more fields than the header are rejected: their cells have moved.

    Parameters
    ----------
    path
        ``.csv`` or ``.zip``.
    notes
        Receives the rejected rows.
    required, optional
        Names of columns in the file; names are stripped before they are compared.
    separators
        Those that the format allows.

    Raises
    ------
    InputError
        If the file is missing, empty, without a data row, not text, in an unknown
        encoding, cut by another separator, or lacks a required column; the message
        names file, expectation, finding and likely cause.
    """
    payload = file_bytes(path)
    layout = _layout(path.name, payload, required, separators)
    wanted = [name for name in [*required, *optional] if name in layout.header]
    positions = [layout.header.index(name) for name in dict.fromkeys(wanted)]
    cells = _cells(path.name, payload, layout, positions)
    cells = _without_blank_lines(cells, path.name, payload, layout)
    rows_read = len(cells)
    if not rows_read:
        raise InputError([_empty(path.name, "a header and nothing below it")])
    width = len(layout.header)
    surplus = cells[list(range(width, width + _SURPLUS))].notna().any(axis=1)
    if surplus.any():
        reason = f"more fields than the {width} of the header: a {layout.separator!r} inside a cell"
        notes.reject(cells.index[surplus], "", [""] * int(surplus.sum()), reason)
    frame = cells.loc[~surplus, positions]
    frame.columns = pd.Index([layout.header[position] for position in positions])
    return TextTable(frame, rows_read)


def to_numbers(texts: pd.Series) -> pd.Series:
    """Turn text into float64: a decimal comma is understood, what is no number is missing.

    Examples
    --------
    >>> to_numbers(pd.Series(["1,5", "2", "douze", None], dtype="str")).tolist()
    [1.5, 2.0, nan, nan]
    """
    dotted = texts.astype("str").str.replace(",", ".", regex=False)
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
    """Return the bytes of a file, or of the one CSV file inside a zip archive.

    Raises
    ------
    InputError
        If there is no such file, it is empty or damaged, or an archive holds no CSV
        file, or several.
    """
    if not path.is_file():
        found = "a folder" if path.is_dir() else "no such file"
        cause = "a wrong path in the territory file, or a file that was not fetched"
        raise InputError([Fault(path.name, "a file", found, cause)])
    payload = _unzipped(path) if path.suffix.lower() == ".zip" else path.read_bytes()
    if not _SOMETHING.search(payload):
        raise InputError([_empty(path.name, "an empty file")])
    return payload


def _empty(file: str, found: str) -> Fault:
    cause = "an interrupted download, or an export that selected nothing"
    return Fault(file, "a header and at least one row", found, cause)


def _unzipped(path: Path) -> bytes:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.namelist()
            tables = [name for name in members if _is_data(name)]
            if len(tables) == 1:
                return archive.read(tables[0])
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError) as error:
        fault = Fault(path.name, "a zip archive", str(error), "an interrupted download")
        raise InputError([fault]) from error
    found = ", ".join(tables or members) or "nothing"
    cause = "unpack it and name the file to read"
    raise InputError([Fault(path.name, "a zip archive that holds one CSV file", found, cause)])


def _is_data(member: str) -> bool:
    # Insee's archives hold the list of the modalities (varmod_…, …_metadata) beside the data.
    name = member.rsplit("/", maxsplit=1)[-1].lower()
    described = name.startswith(("varmod", "meta", ".")) or name.endswith("_metadata.csv")
    return name.endswith((".csv", ".txt")) and not described


def _layout(
    file: str, payload: bytes, required: Sequence[str], separators: Sequence[str]
) -> _Layout:
    encoding = _encoding(file, payload)
    line = _first_line(payload).decode(encoding).removeprefix(_BYTE_ORDER_MARK)
    headers = {sep: _split(line, sep) for sep in SEPARATOR_NAMES | dict.fromkeys(separators, "")}
    scores = {sep: len(set(header) & set(required)) for sep, header in headers.items()}
    best = max(separators, key=lambda sep: (scores[sep], len(headers[sep])))
    likely = max(scores, key=lambda sep: scores[sep])
    if scores[likely] > scores[best]:
        raise InputError([_wrong_separator(file, line, separators, likely)])
    header = headers[best]
    faults = [missing_column(file, name, header) for name in required if name not in header]
    faults += [
        Fault(file, "each column once", f"{name!r} {header.count(name)} times", row=1, column=name)
        for name in required
        if header.count(name) > 1
    ]
    if faults:
        raise InputError(faults)
    return _Layout(encoding, best, header)


def _first_line(payload: bytes) -> bytes:
    match = _LINE.match(payload)
    return match.group() if match else b""


def _split(line: str, separator: str) -> list[str]:
    cells = next(csv.reader([line], delimiter=separator), [])
    return [cell.strip() for cell in cells]


def _wrong_separator(file: str, line: str, separators: Sequence[str], likely: str) -> Fault:
    names = " or ".join(SEPARATOR_NAMES.get(sep, repr(sep)) for sep in separators)
    shown = line if len(line) <= _HEADER_SHOWN else f"{line[:_HEADER_SHOWN]}…"
    return Fault(
        file,
        f"columns separated by {names}",
        f"the header {shown!r}",
        f"a wrong separator: this file is cut by {SEPARATOR_NAMES[likely]}",
        row=1,
    )


def _encoding(file: str, payload: bytes) -> str:
    expected = "text in UTF-8 or CP1252"
    for signature, found in _SIGNATURES.items():
        if payload.startswith(signature):
            cause = "a wrong encoding or a wrong file: export it as CSV in UTF-8"
            raise InputError([Fault(file, expected, found, cause)])
    if (place := payload.find(b"\0")) >= 0:
        row = payload.count(b"\n", 0, place) + 1
        cause = "a damaged file, or not a text file"
        raise InputError([Fault(file, expected, "a NUL byte", cause, row=row)])
    failure = None
    for encoding in _ENCODINGS:
        failure = _decoding_failure(payload, encoding)
        if failure is None:
            return encoding
    row = payload.count(b"\n", 0, failure or 0) + 1
    found = f"the byte 0x{payload[failure or 0]:02x}, which neither has"
    cause = "a wrong encoding: export the file again in UTF-8"
    raise InputError([Fault(file, expected, found, cause, row=row)])


def _decoding_failure(payload: bytes, encoding: str) -> int | None:
    """Return the place of the first byte that the encoding cannot read, if any."""
    # Piece by piece: national files pass a gigabyte.
    decoder = codecs.getincrementaldecoder(encoding)()
    view = memoryview(payload)
    for start in range(0, len(view), _CHUNK_BYTES):
        try:
            decoder.decode(view[start : start + _CHUNK_BYTES], start + _CHUNK_BYTES >= len(view))
        except UnicodeDecodeError as error:
            return min(start + error.start, len(view) - 1)
    return None


def _cells(file: str, payload: bytes, layout: _Layout, positions: list[int]) -> pd.DataFrame:
    width = len(layout.header)
    # A header of our own, a little wider than the file's, shows the rows that are too long.
    numbers = range(width + _SURPLUS)
    header = layout.separator.join(map(str, numbers)).encode()
    try:
        cells = pd.read_csv(
            io.BytesIO(header + payload[len(_first_line(payload)) :]),
            sep=layout.separator,
            usecols=[*positions, *numbers[width:]],
            names=list(numbers),
            header=0,
            index_col=False,
            dtype="str",
            keep_default_na=False,
            na_values=[""],
            skip_blank_lines=False,
            encoding=layout.encoding,
        )
    except (pd.errors.ParserError, ValueError) as error:
        cause = "a quotation mark that never closes, or a separator inside a cell"
        fault = Fault(file, f"rows of {width} fields", str(error).strip(), cause)
        raise InputError([fault]) from error
    stripped = cells.apply(lambda column: column.str.strip().replace("", None))
    return pd.DataFrame(stripped).set_axis(
        pd.RangeIndex(_FIRST_DATA_ROW, _FIRST_DATA_ROW + len(cells), name="row")
    )


def _without_blank_lines(
    cells: pd.DataFrame, file: str, payload: bytes, layout: _Layout
) -> pd.DataFrame:
    blank = cells.isna().all(axis=1)
    if not blank.any():
        return cells
    # Only the whole line tells whether nothing is there, or only nothing that was asked for.
    everything = _cells(file, payload, layout, list(range(len(layout.header))))
    return cells[~(blank & everything.isna().all(axis=1))]
