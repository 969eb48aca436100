"""Reading of plain parquet tables, a piece at a time, every cell as text."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.containers import opened
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
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_MAGIC = b"PAR1"
_EXPECTED = "a parquet file"


class ParquetPiece(NamedTuple):
    """Some rows of a parquet file.

    Parameters
    ----------
    batch
        The columns asked for, as pyarrow reads them (a `pyarrow.RecordBatch`).
    names
        Name asked for → name in the file, of the columns that there are.
    rows
        Rows of the file: the first one is row 2, as in a spreadsheet.
    """

    batch: Any
    names: dict[str, str]
    rows: pd.RangeIndex

    def column(self, name: str) -> Any:  # noqa: ANN401 (pyarrow is untyped)
        """Return a column under the name asked for."""
        return self.batch.column(self.names[name])


def read_parquet(
    path: Path, *, required: Sequence[str], optional: Sequence[str] = ()
) -> Iterator[TextTable]:
    """Read some columns of a parquet file without geometry.

    Parameters
    ----------
    path
        The file, which may be in a ``.zip`` or ``.gz``.
    required, optional
        Names of columns, whatever their case in the file.

    Yields
    ------
    TextTable
        Pieces in the order of the file, columns under the names asked for, numbers as
        text; the first row is row 2, as in a spreadsheet.

    Raises
    ------
    InputError
        If the file is missing, cut short, damaged, no parquet file, without a row,
        lacks a required column or has a list where a cell should be.
    """
    for piece in parquet_pieces(path, required=required, optional=optional):
        with arrow_faults(path.name):
            cells = {ours: text_cells(piece.column(ours), piece.rows) for ours in piece.names}
        yield TextTable(pd.DataFrame(cells, index=piece.rows), len(piece.rows))


def parquet_pieces(
    path: Path, *, required: Sequence[str], optional: Sequence[str] = ()
) -> Iterator[ParquetPiece]:
    """Read some columns of a parquet file without geometry, as they are stored.

    What is asked and raised is as in :func:`read_parquet`; types are the user's matter.
    """
    with opened(path, endings=(".parquet",), what="parquet file") as plain:
        refuse_absent(plain)
        refuse_foreign_parquet(plain)
        # Without buffering ahead, one group of rows at a time is held.
        with arrow_faults(plain.name), parquet.ParquetFile(plain, pre_buffer=False) as file:
            present = list(file.schema_arrow.names)
            names = names_in_file(plain.name, present, required=required, optional=optional)
            if not file.metadata.num_rows:
                raise InputError([no_rows(plain.name, "columns and no row")])
            yield from _pieces(file, names)


def parquet_names(path: Path) -> list[str]:
    """Return the names of the columns of a plain parquet file, geometry included."""
    refuse_absent(path)
    refuse_foreign_parquet(path)
    with arrow_faults(path.name):
        return [str(name) for name in parquet.read_schema(path).names]


@contextmanager
def arrow_faults(file: str) -> Iterator[None]:
    """Tell what pyarrow cannot read as a fault of the file."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        cause = "a damaged file: download it again"
        raise InputError([Fault(file, _EXPECTED, str(error), cause)]) from error


def refuse_foreign_parquet(path: Path) -> None:
    """Raise InputError unless a plain file begins and ends as a parquet file does."""
    with path.open("rb") as stream:
        start = stream.read(len(_MAGIC))
        stream.seek(-min(len(_MAGIC), path.stat().st_size), 2)
        end = stream.read()
    if start != _MAGIC:
        cause = "another kind of file under this name"
        found = f"a file that starts with {start!r}"
        raise InputError([Fault(path.name, _EXPECTED, found, cause)])
    if end != _MAGIC:
        found = "a parquet file whose end is missing"
        raise InputError([Fault(path.name, _EXPECTED, found, "an interrupted download")])


def _pieces(file: Any, names: dict[str, str]) -> Iterator[ParquetPiece]:  # noqa: ANN401 (untyped)
    first = FIRST_DATA_ROW
    for batch in file.iter_batches(batch_size=CHUNK_ROWS, columns=list(names.values())):
        index = pd.RangeIndex(first, first + batch.num_rows, name="row")
        yield ParquetPiece(batch, names, index)
        first += batch.num_rows
