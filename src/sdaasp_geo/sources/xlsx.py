"""Reading of spreadsheets (.xlsx): the one sheet that has the columns, every cell as text."""

from __future__ import annotations

import datetime as dt
import itertools
import zipfile
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import openpyxl
import pandas as pd
from openpyxl.utils.exceptions import InvalidFileException

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.archives import archive_trouble
from sdaasp_geo.sources.containers import archive_and_member
from sdaasp_geo.sources.names import listing, missing_column
from sdaasp_geo.sources.raw_tables import TextTable, no_rows, refuse_absent, same_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from openpyxl.cell.read_only import ReadOnlyCell
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet

_EXPECTED = "a spreadsheet (.xlsx)"
_HEADER_ROWS = 30
# What a damaged book raises in openpyxl, by the part that is damaged.
_DAMAGE = (
    *(InvalidFileException, zipfile.BadZipFile, zlib.error, EOFError, OSError),
    *(KeyError, ValueError, TypeError, AttributeError, IndexError, SyntaxError, RuntimeError),
    NotImplementedError,
)


class _Header(NamedTuple):
    sheet: str
    row: int
    # Position of each column asked for.
    places: dict[str, int]


def read_xlsx(path: Path, *, required: Sequence[str], optional: Sequence[str] = ()) -> TextTable:
    """Read some columns of the sheet that has them.

    Parameters
    ----------
    path
        ``book.xlsx``, or ``book.xlsx/sheet`` where several sheets have the columns.
    required, optional
        Names of columns: the header is the first of the first 30 rows of a sheet that
        has all that are required.

    Returns
    -------
    TextTable
        Rows as the spreadsheet numbers them; rows without a cell are none. Numbers have
        the shortest digits that give them back (``01004`` where the format of the cell
        is ``00000``), dates are ISO.

    Raises
    ------
    InputError
        If the file is missing, damaged, no spreadsheet or a trap; no sheet has the
        columns, or several; there is no row; or a cell asked for holds a formula whose
        result was never stored.
    """
    outer, sheet = archive_and_member(path)
    refuse_absent(outer)
    with _book(outer, results=True) as book:
        header = _header(outer.name, book, sheet, required, optional)
        frame = _frame(book[header.sheet], header)
    if _has_formulas(outer):
        with _book(outer, results=False) as book:
            _refuse_unsolved(outer.name, _frame(book[header.sheet], header), frame)
    blank = frame.pop("").isna()
    if blank.all():
        raise InputError([no_rows(outer.name, "a header and nothing below it")])
    return TextTable(frame[~blank], int((~blank).sum()))


def xlsx_names(path: Path) -> list[str]:
    """Return what may be names of columns of the sheets asked for: their first wide rows."""
    outer, sheet = archive_and_member(path)
    refuse_absent(outer)
    names: list[str] = []
    with _book(outer, results=True) as book:
        for name in book.sheetnames:
            if sheet in {None, name} and hasattr(book[name], "iter_rows"):
                rows = [
                    [_text(cell) for cell in cells] for cells in _rows(book[name], _HEADER_ROWS)
                ]
                widths = [sum(text is not None for text in texts) for texts in rows]
                last = widths.index(max(widths)) if widths else -1
                names += [text for texts in rows[: last + 1] for text in texts if text]
    return names


@contextmanager
def _book(path: Path, *, results: bool) -> Iterator[Workbook]:
    """Open a book that is no trap; whatever is damaged in it is a fault of the file."""
    try:
        _refuse_trap(path)
        book = openpyxl.load_workbook(path, read_only=True, data_only=results, keep_links=False)
        try:
            yield book
        finally:
            book.close()
    except InputError:
        raise
    except _DAMAGE as error:
        cause = "an interrupted download, another kind of file, or a password"
        raise InputError([Fault(path.name, _EXPECTED, str(error)[:120], cause)]) from error


def _refuse_trap(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        trouble = archive_trouble(archive)
    if trouble is not None:
        raise InputError([Fault(path.name, *trouble)])


def _header(
    file: str, book: Workbook, sheet: str | None, required: Sequence[str], optional: Sequence[str]
) -> _Header:
    names = [name for name in book.sheetnames if hasattr(book[name], "iter_rows")]
    if sheet is not None:
        if sheet not in names:
            raise InputError([Fault(file, f"a sheet {sheet!r}", listing(names, "sheets"))])
        names = [sheet]
    found = {name: _sheet_header(book[name], name, required, optional) for name in names}
    whole = [header for header in found.values() if set(required) <= set(header.places)]
    if len(whole) == 1:
        return whole[0]
    if whole:
        shown = ", ".join(header.sheet for header in whole)
        cause = f"name the one to read, as in {file}/{whole[0].sheet}"
        raise InputError([Fault(file, "one sheet with the columns", shown, cause)])
    if not found:
        raise InputError([Fault(file, "a sheet with rows", "none")])
    best = max(found.values(), key=lambda header: len(header.places))
    present = [text for text in _texts_of_row(book[best.sheet], best.row) if text]
    raise InputError(
        [missing_column(file, name, present) for name in required if name not in best.places]
    )


def _sheet_header(
    sheet: ReadOnlyWorksheet,
    name: str,
    required: Sequence[str],
    optional: Sequence[str],
) -> _Header:
    best = _Header(name, 1, {})
    for row, cells in enumerate(_rows(sheet, _HEADER_ROWS), start=1):
        texts = [same_name(_text(cell) or "") for cell in cells]
        places = {
            wanted: texts.index(same_name(wanted))
            for wanted in [*required, *optional]
            if same_name(wanted) in texts
        }
        if len(set(required) & set(places)) > len(set(required) & set(best.places)):
            best = _Header(name, row, places)
    return best


def _texts_of_row(sheet: ReadOnlyWorksheet, row: int) -> list[str]:
    for cells in itertools.islice(_rows(sheet, row), row - 1, None):
        return [same_name(_text(cell) or "") for cell in cells]
    return []


def _rows(sheet: ReadOnlyWorksheet, last: int | None = None) -> Iterator[tuple[ReadOnlyCell, ...]]:
    # Some programs write a size that is not the sheet's.
    sheet.reset_dimensions()
    return iter(sheet.iter_rows(max_row=last))


def _frame(sheet: ReadOnlyWorksheet, header: _Header) -> pd.DataFrame:
    """Columns asked for, and under no name whether anything at all is in the row."""
    columns: dict[str, list[str | None]] = {name: [] for name in ["", *header.places]}
    for cells in itertools.islice(_rows(sheet), header.row, None):
        columns[""].append("x" if any(_text(cell) for cell in cells) else None)
        for name, place in header.places.items():
            columns[name].append(_text(cells[place]) if place < len(cells) else None)
    first = header.row + 1
    index = pd.RangeIndex(first, first + len(columns[""]), name="row")
    return pd.DataFrame(columns, index=index, dtype="str")


def _text(cell: ReadOnlyCell) -> str | None:  # noqa: PLR0911 (one return for each type)
    value = cell.value
    if value is None:
        return None
    if isinstance(value, str):
        return same_name(value) or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number(value, str(cell.number_format))
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time()
        return value.date().isoformat() if midnight else value.isoformat(" ")
    if isinstance(value, dt.time):
        return value.isoformat("minutes")
    return same_name(str(value)) or None


def _number(value: float, form: str) -> str | None:
    if value != value:  # noqa: PLR0124 (NaN)
        return None
    text = str(int(value)) if float(value).is_integer() else repr(value)
    # A code shown with its zeros is meant with them.
    return text.zfill(len(form)) if form and not form.strip("0") and value >= 0 else text


def _has_formulas(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
        return any(b"<f>" in archive.read(name) or b"<f " in archive.read(name) for name in names)


def _refuse_unsolved(file: str, raw: pd.DataFrame, results: pd.DataFrame) -> None:
    cause = "a book that no spreadsheet has opened: open it and save it"
    faults = [
        Fault(file, "the result of a formula", str(raw.at[row, name]), cause, int(row), name)
        for name in raw.columns.drop("")
        for row in raw.index[
            raw[name].str.startswith("=").fillna(value=False) & results[name].isna()
        ]
    ]
    if faults:
        raise InputError(faults)
