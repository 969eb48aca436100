"""What must be known of a text table before its rows are read: encoding, separator, header."""

from __future__ import annotations

import codecs
import csv
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.names import missing_column
from sdaasp_geo.sources.raw_tables import same_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SEPARATOR_NAMES = {";": "';'", ",": "','", "\t": "a tab", "|": "'|'"}

_ENCODINGS = ("utf-8", "cp1252")
_BYTE_ORDER_MARK = "\ufeff"
_CHUNK_BYTES = 1 << 24
_LINES = re.compile(rb"([^\r\n]*)(\r\n|\n|\r|\Z)")
# A title and a few words on the source come first in what was saved from a spreadsheet.
_HEADER_LINES = 30
_HEAD_BYTES = 1 << 18
_HEADER_SHOWN = 80
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
class Layout:
    """What is known of a text table.

    Parameters
    ----------
    encoding, separator
        Of the whole file.
    header
        Names of the columns, as they are compared.
    header_row
        Line that they stand on; the first one is 1.
    body
        Offset of the first byte after it.
    """

    encoding: str
    separator: str
    header: list[str]
    header_row: int
    body: int


class _Line(NamedTuple):
    text: str
    end: int


def layout_of(path: Path, *, required: Sequence[str], separators: Sequence[str]) -> Layout:
    """Tell encoding, separator and header of a text table.

    Parameters
    ----------
    path
        A plain file.
    required
        Names of columns: the first of the first 30 lines that has them all is the header.
    separators
        Those that the format allows.

    Raises
    ------
    InputError
        If the file is not text, in an unknown encoding, cut by another separator, or
        lacks a required column, or has it twice.
    """
    encoding = _encoding(path)
    lines = _first_lines(path, encoding)
    wanted = [same_name(name) for name in required]
    place, likely = _header_place(lines, wanted, SEPARATOR_NAMES | dict.fromkeys(separators, ""))
    line = lines[place].text
    headers = {sep: _split(line, sep) for sep in separators}
    scores = {sep: len(set(header) & set(wanted)) for sep, header in headers.items()}
    best = max(separators, key=lambda sep: (scores[sep], len(headers[sep])))
    if len(set(_split(line, likely)) & set(wanted)) > scores[best]:
        raise InputError([_wrong_separator(path.name, line, separators, likely, place + 1)])
    header = headers[best]
    _refuse(path.name, header, required, place + 1)
    return Layout(encoding, best, header, place + 1, lines[place].end)


def first_names(path: Path) -> list[str]:
    """Return what may be names of columns of a text table, in their order.

    They are the cells of the first of the widest lines, which a header is, and of the
    shorter ones above it.
    """
    lines = _first_lines(path, _encoding(path))
    rows = {sep: [_split(line.text, sep) for line in lines] for sep in SEPARATOR_NAMES}
    widths = {sep: max(map(len, cells)) for sep, cells in rows.items()}
    best = max(widths, key=lambda sep: widths[sep])
    last = [len(cells) for cells in rows[best]].index(widths[best])
    return [name for cells in rows[best][: last + 1] for name in cells if name]


def _header_place(
    lines: Sequence[_Line], wanted: Sequence[str], separators: dict[str, str]
) -> tuple[int, str]:
    """Line and separator under which most of the wanted names are found; the first such."""
    best, found = (0, next(iter(separators))), 0
    for place, line in enumerate(lines):
        for separator in separators:
            score = len(set(_split(line.text, separator)) & set(wanted))
            if score > found:
                best, found = (place, separator), score
    return best


def _refuse(file: str, header: list[str], required: Sequence[str], row: int) -> None:
    faults = [
        missing_column(file, name, header) for name in required if same_name(name) not in header
    ]
    faults += [
        Fault(file, "each column once", f"{name!r} {count} times", row=row, column=name)
        for name in required
        if (count := header.count(same_name(name))) > 1
    ]
    if faults:
        raise InputError(faults)


def _first_lines(path: Path, encoding: str) -> list[_Line]:
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    lines: list[_Line] = []
    place = 0
    while len(lines) < _HEADER_LINES and (place < len(head) or not lines):
        match = _LINES.match(head, place)
        if match is None:
            break
        # What is cut at the end of the head may be cut within a character.
        text = match[1].decode(encoding, "replace").removeprefix(_BYTE_ORDER_MARK)
        lines.append(_Line(text, match.end()))
        place = match.end()
    return lines


def _split(line: str, separator: str) -> list[str]:
    try:
        cells = next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        # A cell beyond the limit of the module: no header has one.
        cells = []
    return [same_name(cell) for cell in cells]


def _wrong_separator(
    file: str, line: str, separators: Sequence[str], likely: str, row: int
) -> Fault:
    names = " or ".join(SEPARATOR_NAMES.get(sep, repr(sep)) for sep in separators)
    shown = line if len(line) <= _HEADER_SHOWN else f"{line[:_HEADER_SHOWN]}…"
    return Fault(
        file,
        f"columns separated by {names}",
        f"the header {shown!r}",
        f"a wrong separator: this file is cut by {SEPARATOR_NAMES[likely]}",
        row=row,
    )


def _encoding(path: Path) -> str:
    _refuse_foreign(path)
    place = 0
    for name in _ENCODINGS:
        failure = _decoding_failure(path, name)
        if failure is None:
            return name
        place = failure
    raise InputError([_undecodable(path, place)])


def _decoding_failure(path: Path, encoding: str) -> int | None:
    """Return the place of the first byte that the encoding cannot read, if any."""
    # Piece by piece: national files pass a gigabyte.
    decoder = codecs.getincrementaldecoder(encoding)()
    start, final = 0, False
    with path.open("rb") as stream:
        while not final:
            block = stream.read(_CHUNK_BYTES)
            final = not block
            waiting = len(decoder.getstate()[0])
            # ASCII, checked much faster, is the same in every encoding known here.
            if waiting or not block.isascii():
                try:
                    decoder.decode(block, final=final)
                except UnicodeDecodeError as error:
                    return start - waiting + error.start
            start += len(block)
    return None


def _refuse_foreign(path: Path) -> None:
    expected = "text in UTF-8 or CP1252"
    start = 0
    with path.open("rb") as stream:
        while block := stream.read(_CHUNK_BYTES):
            for signature, found in _SIGNATURES.items() if start == 0 else ():
                if block.startswith(signature):
                    cause = "a wrong encoding or a wrong file: export it as CSV in UTF-8"
                    raise InputError([Fault(path.name, expected, found, cause)])
            if (place := block.find(b"\0")) >= 0:
                cause = "a damaged file, or not a text file"
                row = _row_at(path, start + place)
                raise InputError([Fault(path.name, expected, "a NUL byte", cause, row=row)])
            start += len(block)


def _undecodable(path: Path, place: int) -> Fault:
    with path.open("rb") as stream:
        stream.seek(place)
        octet = stream.read(1)
    found = f"the byte 0x{octet.hex()}, which neither has"
    cause = "a wrong encoding: export the file again in UTF-8"
    expected = "text in UTF-8 or CP1252"
    return Fault(path.name, expected, found, cause, row=_row_at(path, place))


def _row_at(path: Path, place: int) -> int:
    row = 1
    with path.open("rb") as stream:
        while place > 0 and (block := stream.read(min(place, _CHUNK_BYTES))):
            row += block.count(b"\n")
            place -= len(block)
    return row
