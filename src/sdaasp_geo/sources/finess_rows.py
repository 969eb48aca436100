"""The extraction of FINESS for data.gouv: no header, two kinds of lines."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import pandas as pd

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.containers import TABLE_ENDINGS, opened
from sdaasp_geo.sources.raw_tables import TextTable, no_rows
from sdaasp_geo.sources.text import file_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from sdaasp_geo.tables.reading import Notes

_PLACE, _POSITION = "structureet", "geolocalisation"
_ENTITY = b"structureej;"
# Places of the fields that are used, of 32 and more.
_FIELDS = {"facility": 1, "name": 3, "part": 12, "departement": 13, "category": 18}
_LONG_NAME = 4
_LEAST_FIELDS = 19
_POSITION_FIELDS = {"x": 2, "y": 3, "origin": 4}
# Either kind of line among the first ones; the very first line is a title.
_KIND = re.compile(f"^(?:\ufeff)?(?:{_PLACE}|{_POSITION});".encode(), re.MULTILINE)
_HEAD_BYTES = 1 << 14
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_COLUMNS = ("facility", "category", "name", "commune", "part", "departement", "x", "y", "origin",
            "lon", "lat", "state")  # fmt: skip


def is_etalab(path: Path) -> bool:
    """Whether a file is the extraction without a header.

    Raises
    ------
    InputError
        If an archive cannot be opened, or the file lists legal entities: one may run many
        establishments, and its address is none of theirs.
    """
    with opened(path, endings=TABLE_ENDINGS) as plain:
        if not plain.is_file():
            return False
        with plain.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
    if _ENTITY in head:
        found = "lines structureej, which are legal entities"
        cause = "the extraction cs1100501; establishments are in cs1100502 or cs1100507"
        raise InputError([Fault(path.name, "lines structureet, the establishments", found, cause)])
    return _KIND.search(head) is not None


def etalab_rows(path: Path, notes: Notes) -> tuple[TextTable, str | None]:
    """Read the establishments of an extraction, each with its position.

    Parameters
    ----------
    path
        UTF-8 or CP1252; the first line (``finess;etalab;…;date``) is row 1.
    notes
        Receives the lines that are of no kind, too short, or of no establishment.

    Returns
    -------
    rows
        Columns by their names in this library, indexed by line. `rows_read` counts the
        establishments, and the lines that belong to none.
    date
        Of the first line, if it has one.

    Raises
    ------
    InputError
        If no line is an establishment.
    """
    lines = _decoded(file_bytes(path)).split("\n")
    date = _DATE.search(lines[0])
    places: dict[int, list[str]] = {}
    positions: dict[str, tuple[int, list[str]]] = {}
    lost = _Lost(notes)
    for row, line in enumerate(lines, start=1):
        fields = [field.strip() for field in line.rstrip("\r").split(";")]
        if fields[0] == _PLACE:
            places[row] = fields
        elif fields[0] == _POSITION and len(fields) > max(_POSITION_FIELDS.values()):
            if fields[1] in positions:
                lost.add(row, fields[1], "a second position of one establishment")
            else:
                positions[fields[1]] = (row, fields)
        elif row > 1 and line.strip():
            lost.add(row, line[:40], f"neither {_PLACE} nor {_POSITION}")
    if not places:
        raise InputError([no_rows(path.name, f"no line {_PLACE}")])
    width = _width(path.name, places)
    for row in [row for row, fields in places.items() if len(fields) != width]:
        found = f"{len(places[row])} fields in the place of {width}: a ';' inside one"
        lost.add(row, ";".join(places.pop(row)[1:3]), found)
    known = {fields[1] for fields in places.values()}
    for identifier, (row, _) in positions.items():
        if identifier not in known:
            lost.add(row, identifier, "a position of no establishment of this file")
    frame = _frame(places, {key: fields for key, (_, fields) in positions.items()})
    return TextTable(frame, len(places) + lost.tell()), date.group() if date else None


class _Lost:
    """Gathers the lines left out, and tells them at once."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._lines: list[tuple[int, str, str]] = []

    def add(self, row: int, value: str, reason: str) -> None:
        self._lines.append((row, value, reason))

    def tell(self) -> int:
        if self._lines:
            rows, values, reasons = zip(*sorted(self._lines), strict=True)
            self._notes.reject(pd.Index(rows), "nofinesset", values, list(reasons))
        return len(self._lines)


def _decoded(payload: bytes) -> str:
    try:
        return payload.decode("utf-8-sig")
    except UnicodeDecodeError:
        return payload.decode("cp1252", "replace")


def _width(file: str, places: dict[int, list[str]]) -> int:
    """Fields of most lines: editions add some at the end."""
    ((width, _),) = Counter(len(fields) for fields in places.values()).most_common(1)
    if width < _LEAST_FIELDS:
        expected = f"lines {_PLACE} of 32 fields, separated by ';'"
        raise InputError([Fault(file, expected, f"{width} fields", "another extraction")])
    return width


def _frame(places: dict[int, list[str]], positions: dict[str, list[str]]) -> pd.DataFrame:
    rows = []
    for fields in places.values():
        told = {name: fields[place] or None for name, place in _FIELDS.items()}
        told["name"] = fields[_LONG_NAME] or told["name"]
        position = positions.get(fields[1], [])
        if position:
            told |= {name: position[place] or None for name, place in _POSITION_FIELDS.items()}
        rows.append(told)
    index = pd.Index(places, dtype="int64", name="row")
    return pd.DataFrame(rows, index=index, columns=list(_COLUMNS)).astype("str")
