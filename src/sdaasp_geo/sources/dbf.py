"""Reading of dBase tables (.dbf), a piece at a time: records of fixed width, as text."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.raw_tables import (
    CHUNK_ROWS,
    FIRST_DATA_ROW,
    TextTable,
    names_in_file,
    no_rows,
    refuse_absent,
    text_cells,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from sdaasp_geo.tables.reading import Notes

DELETED = "a record marked as deleted"

_EXPECTED = "a dBase table (.dbf)"
_BLOCK_BYTES = 32
_END_OF_FIELDS = 0x0D
_DELETED = b"*"
_FLAG = "\0deleted"
# First byte of dBase III and IV, of FoxPro, and of their forms with memo fields.
_VERSIONS = frozenset({0x02, 0x03, 0x04, 0x30, 0x31, 0x43, 0x83, 0x8B, 0xF5})
# Byte 29 names the code page; Insee's files often leave it 0, and are then of DOS.
_CODE_PAGES = {0x03: "cp1252", 0x57: "cp1252", 0x58: "cp1252", 0x01: "cp437"}
_DOS = "cp850"


class _Field(NamedTuple):
    start: int
    width: int


@dataclass(frozen=True)
class _Layout:
    """What the header tells."""

    records: int
    header_bytes: int
    record_bytes: int
    encoding: str
    fields: Mapping[str, _Field]

    @property
    def total_bytes(self) -> int:
        return self.header_bytes + self.records * self.record_bytes


def read_dbf(
    path: Path, notes: Notes, *, required: Sequence[str], optional: Sequence[str] = ()
) -> Iterator[TextTable]:
    """Read some columns of a dBase table.

    Parameters
    ----------
    path
        A plain ``.dbf``.
    notes
        Receives the records marked as deleted, as unused rows.
    required, optional
        Names of columns, whatever their case in the file.

    Yields
    ------
    TextTable
        Pieces in the order of the file, columns under the names asked for; the first
        record is row 2, as in a spreadsheet.

    Raises
    ------
    InputError
        If the file is missing, cut short, damaged, no dBase table, without a record,
        or lacks a required column.
    """
    refuse_absent(path)
    try:
        with path.open("rb") as stream:
            layout = _layout(path.name, stream)
            _refuse_cut(path.name, layout, path.stat().st_size)
            present = list(layout.fields)
            names = names_in_file(path.name, present, required=required, optional=optional)
            yield from _pieces(stream, layout, names, notes)
    except OSError as error:
        fault = Fault(path.name, _EXPECTED, str(error), "an interrupted download")
        raise InputError([fault]) from error


def dbf_names(path: Path) -> list[str]:
    """Return the names of the columns of a dBase table."""
    refuse_absent(path)
    with path.open("rb") as stream:
        return list(_layout(path.name, stream).fields)


def _layout(file: str, stream: IO[bytes]) -> _Layout:
    head = stream.read(_BLOCK_BYTES)
    if len(head) < _BLOCK_BYTES or head[0] not in _VERSIONS:
        cause = "another kind of file under this name, or an interrupted download"
        raise InputError([Fault(file, _EXPECTED, f"a file that starts with {head[:4]!r}", cause)])
    records, header_bytes, record_bytes = struct.unpack_from("<IHH", head, 4)
    blocks = stream.read(max(header_bytes - _BLOCK_BYTES, 0))
    fields = _fields(blocks)
    # Every record starts with a byte that tells whether it was deleted.
    if 1 + sum(field.width for field in fields.values()) != record_bytes:
        cause = "a damaged file, or an interrupted download"
        found = f"fields that do not fill the record of {record_bytes} bytes"
        raise InputError([Fault(file, _EXPECTED, found, cause)])
    encoding = _CODE_PAGES.get(head[29], _DOS)
    return _Layout(records, header_bytes, record_bytes, encoding, fields)


def _fields(blocks: bytes) -> dict[str, _Field]:
    fields: dict[str, _Field] = {}
    start = 1
    for place in range(0, len(blocks) - _BLOCK_BYTES + 1, _BLOCK_BYTES):
        block = blocks[place : place + _BLOCK_BYTES]
        if block[0] == _END_OF_FIELDS:
            break
        name = block[:11].split(b"\0")[0].decode("ascii", errors="replace").strip()
        # Two columns of one name would hide a gap in the record: number the second.
        name = name if name not in fields else f"{name}#{place}"
        fields[name] = _Field(start, block[16])
        start += block[16]
    return fields


def _refuse_cut(file: str, layout: _Layout, size: int) -> None:
    if size < layout.total_bytes:
        expected = f"{layout.records} records in {layout.total_bytes} bytes, as the header says"
        fault = Fault(file, expected, f"{size} bytes", "an interrupted download")
        raise InputError([fault])
    if not layout.records:
        raise InputError([no_rows(file, "a header and nothing below it")])


def _pieces(
    stream: IO[bytes], layout: _Layout, names: Mapping[str, str], notes: Notes
) -> Iterator[TextTable]:
    form = _record_form(layout, names)
    for done in range(0, layout.records, CHUNK_ROWS):
        count = min(CHUNK_ROWS, layout.records - done)
        records = np.frombuffer(stream.read(count * layout.record_bytes), dtype=form)
        first = FIRST_DATA_ROW + done
        index = pd.RangeIndex(first, first + count, name="row")
        frame = pd.DataFrame(
            {name: _cells(records[name], layout.encoding, index) for name in names}, index=index
        )
        deleted = records[_FLAG] == _DELETED
        if deleted.any():
            notes.skip(pd.Series("", index=index[deleted], dtype="str"), DELETED)
        yield TextTable(frame[~deleted], count)


def _record_form(layout: _Layout, names: Mapping[str, str]) -> np.dtype[np.void]:
    wanted = [layout.fields[name] for name in names.values()]
    return np.dtype(
        {
            "names": [_FLAG, *names],
            "formats": ["S1", *(f"S{field.width}" for field in wanted)],
            "offsets": [0, *(field.start for field in wanted)],
            "itemsize": layout.record_bytes,
        }
    )


def _cells(cells: npt.NDArray[np.bytes_], encoding: str, index: pd.Index) -> pd.Series:
    contiguous = np.ascontiguousarray(cells)
    try:
        return text_cells(pa.array(contiguous), index)
    except pa.ArrowInvalid:
        # Not plain ASCII: the words of QUALITE_XY have accents.
        decoded = np.char.decode(contiguous, encoding, "replace")
        return text_cells(pa.array(decoded.astype(object), pa.string()), index)
