"""Write the workbook: formats, widths, notes; the same bytes for the same diagnostic."""

from __future__ import annotations

import math
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import xlsxwriter

from sdaasp_geo.report.french import is_missing
from sdaasp_geo.report.words import territory_words
from sdaasp_geo.report.workbook.front import findings, read_me
from sdaasp_geo.report.workbook.sheets import table_sheets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.report.workbook.columns import Column, Kind
    from sdaasp_geo.report.workbook.front import Line
    from sdaasp_geo.report.workbook.sheets import Sheet
    from sdaasp_geo.scenarios.gains import Gains

# The run's own date would change the bytes.
_DATE = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)

# The format's own limit on the text of a cell.
_LONGEST = 32_767
_NUMBER_FORMATS: dict[Kind, str] = {
    "minutes": "0.0",
    "people": "#,##0",
    "count": "#,##0",
    "share": "0.0%",
    "ratio": "0.0",
}
_HEADING = {"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#E7ECF1", "bottom": 1}
_HEADING_HEIGHT = 62
_NARROWEST, _WIDEST, _MEASURED_ROWS = 10, 46, 500
_TERM_WIDTH, _TEXT_WIDTH = 40, 110
# Widths count digits; letters of bold headings are broader, and lines break at words.
_LINE_PT, _BROAD = 15.5, 0.9
_COLUMNS_A_PAGE = 15


def write_workbook(
    diagnostic: Diagnostic, path: str | Path, *, gains: Sequence[Gains] = ()
) -> Path:
    """Write a diagnostic, and scenarios tried on it, as an Excel workbook.

    Sheets: lisez-moi, synthèse, communes, services, gammes, EPCI, scénarios (and, where
    there are scenarios, their services and communes), rejets. Headings are French with
    their unit and a note that gives the definition and the column's name in the data
    files; minutes show one decimal and keep all of them; a missing figure is an empty cell.
    Text is text whatever it begins with: no cell is a formula or a link. The same tables
    give the same bytes.

    Parameters
    ----------
    diagnostic
        Finished tables; none is changed.
    path
        A file ``.xlsx``, replaced if it is there.
    gains
        Results of :func:`~sdaasp_geo.simulate` on this diagnostic.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        If the path does not end in ``.xlsx``, or a scenario was tried on another
        diagnostic.
    """
    path = Path(path)
    if path.suffix.lower() != ".xlsx":
        message = f"path: expected a file .xlsx, found {path.name!r}"
        raise ValueError(message)
    _refuse_others(diagnostic, gains)
    sheets = table_sheets(diagnostic, gains)
    with _book(path, diagnostic) as book:
        pen = _Pen(book)
        pen.lines("lisez-moi", read_me(diagnostic, sheets))
        pen.lines("synthèse", findings(diagnostic, gains))
        for sheet in sheets:
            pen.table(sheet)
    return path


def _refuse_others(diagnostic: Diagnostic, gains: Sequence[Gains]) -> None:
    other = [found.scenario.name for found in gains if found.before is not diagnostic]
    if other:
        message = (
            f"gains: expected scenarios tried on {diagnostic.name!r} as given, found others: "
            f"{', '.join(other)}. Likely cause: the diagnostic was made again since"
        )
        raise ValueError(message)


@contextmanager
def _book(path: Path, diagnostic: Diagnostic) -> Iterator[xlsxwriter.Workbook]:
    """Make a workbook beside its place, and put it there when it is whole."""
    half = path.with_name(f".{path.name}.part")
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(half, options)
    try:
        title = f"Accès aux services : {territory_words(diagnostic)}"
        book.set_properties({"title": title, "author": "sdaasp_geo", "created": _DATE})
        yield book
        book.close()
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


class _Pen:
    """Writes sheets into a book, with the formats that they share."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self.book = book
        self.heading = book.add_format(_HEADING)
        self.title = book.add_format({"bold": True, "font_size": 13, "top": 0})
        self.term = book.add_format({"bold": True, "valign": "top", "text_wrap": True})
        self.prose = book.add_format({"text_wrap": True, "valign": "top"})
        self.numbers = {
            kind: book.add_format({"num_format": code}) for kind, code in _NUMBER_FORMATS.items()
        }

    def lines(self, title: str, lines: Sequence[Line]) -> None:
        """Write a sheet of two columns, term and text; a term alone heads what follows."""
        page = self.book.add_worksheet(title)
        page.hide_gridlines(2)
        page.set_column(0, 0, _TERM_WIDTH)
        page.set_column(1, 1, _TEXT_WIDTH)
        _printable(page, title, across=1)
        row = 0
        for term, text in lines:
            row += 1 if row and not text else 0  # some air above a heading
            page.set_row(row, _height(term, text))
            page.write_string(row, 0, _fit(term), self.term if text else self.title)
            if text:
                page.write_string(row, 1, _fit(text), self.prose)
            row += 1

    def table(self, sheet: Sheet) -> None:
        """Write a table under frozen headings that filter and explain themselves."""
        page = self.book.add_worksheet(sheet.title)
        page.set_row(0, _HEADING_HEIGHT)
        for place, column in enumerate(sheet.columns):
            page.write_string(0, place, column.heading, self.heading)
            page.write_comment(0, place, _note(column), {"x_scale": 2})
            values = sheet.table[column.name]
            page.set_column(place, place, _width(column, values))
            self._cells(page, place, column, values)
        frozen = _frozen(sheet)
        page.freeze_panes(1, frozen)
        if len(sheet.table):
            page.autofilter(0, 0, len(sheet.table), len(sheet.columns) - 1)
        _printable(page, sheet.title, across=math.ceil(len(sheet.columns) / _COLUMNS_A_PAGE))
        page.repeat_rows(0)
        page.repeat_columns(0, frozen - 1)

    def _cells(self, page: Worksheet, place: int, column: Column, values: pd.Series) -> None:
        style = self.numbers.get(column.kind)
        for row, value in enumerate(values.tolist(), start=1):
            if is_missing(value):
                continue
            if style is None:
                page.write_string(row, place, _text(column, value))
            else:
                _number(page, (row, place), value, style)


def _number(page: Worksheet, cell: tuple[int, int], value: object, style: Format) -> None:
    """Write a figure; what is no finite number is shown as it is."""
    found = float(str(value)) if not isinstance(value, int | float) else value
    if math.isfinite(found):
        page.write_number(*cell, found, style)
    else:
        page.write_string(*cell, str(value))


def _text(column: Column, value: object) -> str:
    if column.kind == "flag":
        return "oui" if value else "non"
    return _fit(str(value))


def _fit(text: str) -> str:
    """Cut what the format cannot hold, visibly; lone surrogates cannot be written at all."""
    clean = text.encode("utf-8", "replace").decode("utf-8")
    return clean if len(clean) <= _LONGEST else f"{clean[: _LONGEST - 1]}…"


def _note(column: Column) -> str:
    told = f"{column.note[:1].upper()}{column.note[1:]}.\n" if column.note else ""
    return f"{told}Colonne « {column.name} » des fichiers de données."


def _width(column: Column, values: pd.Series) -> float:
    if column.kind != "text":
        return _NARROWEST + 2
    longest = max((len(str(value)) for value in values.head(_MEASURED_ROWS)), default=0)
    return min(max(longest + 2, _NARROWEST), _WIDEST)


def _frozen(sheet: Sheet) -> int:
    """Columns that stay in sight: up to the name of what a line is about."""
    names = [column.name for column in sheet.columns]
    naming = ("name", "label", "epci_name")
    return next((names.index(name) + 1 for name in naming if name in names), 1)


def _height(term: str, text: str) -> float:
    """Points that a wrapped line needs; spreadsheets do not all find it themselves."""
    wrapped = (len(term) / _TERM_WIDTH if text else 1.0, len(text) / _TEXT_WIDTH)
    return _LINE_PT * max(1, *(math.ceil(lines * _BROAD) for lines in wrapped))


def _printable(page: Worksheet, title: str, *, across: int) -> None:
    page.set_landscape()
    page.set_paper(9)  # A4
    page.fit_to_pages(across, 0)
    page.set_footer(f"&L{title}&RPage &P / &N")
