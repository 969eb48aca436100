"""Quotation marks of text tables: records told apart, stray marks mended or told.

A mark that never closes makes parsers swallow all lines up to the next one, in silence.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

_QUOTE, _LINE = 0x22, 0x0A
# A record that is longer has a mark that never closes.
_LONGEST_BYTES = 1 << 16
# In so many columns, a cell of several lines does not look like rows by chance.
_TELLING_WIDTH = 3


class Records(NamedTuple):
    """Whole records of a text table.

    Parameters
    ----------
    payload
        The records, stray marks made harmless.
    rest
        Beginning of a record whose end is not there yet.
    broken
        Place among the records, and text, of lines whose cells cannot be told apart.
    mended
        The same of lines that hold undoubled marks, and could be mended.
    spanning
        The same of records over several lines that may as well be several rows.
    """

    payload: bytes
    rest: bytes
    broken: list[tuple[int, bytes]]
    mended: list[tuple[int, bytes]]
    spanning: list[tuple[int, bytes]]


def whole_records(data: bytes, *, separator: bytes, width: int, final: bool) -> Records:
    r"""Cut a piece of a text table after its last whole record.

    Parameters
    ----------
    data
        Lines that end with a line feed alone, from the beginning of a record on.
    separator
        One character.
    width
        Number of fields of a record.
    final
        Whether the table ends with this piece.

    Notes
    -----
    A cell in marks may hold line feeds, separators and doubled marks (RFC 4180). Refused
    are a mark that does not close before `64 KiB`, one that closes in the middle of a
    cell, a record over several lines without `width` fields, and one whose first and last
    line would each make a whole row: two marks missing a partner far apart. In a table of
    two columns that may be chance, and such a record is only told.

    Examples
    --------
    >>> found = whole_records(b'1;"a\n2;b\n', separator=b";", width=2, final=True)
    >>> found.payload, found.broken
    (b"1;'a\n2;b\n", [(0, b'1;"a')])
    """
    if _is_sound(data, separator[0], final=final):
        end = len(data) if final else data.rfind(b"\n") + 1
        return Records(data[:end], data[end:], [], [], [])
    return _Scan(data, separator, width, final).records()


def _is_sound(data: bytes, separator: int, *, final: bool) -> bool:
    """Tell whether every mark stands where one opens or closes, all on one line."""
    if b'"' not in data:
        return True
    octets = np.frombuffer(data, np.uint8)
    quotes = np.flatnonzero(octets == _QUOTE)
    lines = np.flatnonzero(octets == _LINE)
    around = np.concatenate([[_LINE], octets, [_LINE]]).astype(np.uint8)
    neighbours = np.array([separator, _LINE, _QUOTE], np.uint8)
    opens, closes = around[quotes[0::2]], around[quotes[1::2] + 2]
    within = np.searchsorted(quotes, lines) % 2
    balanced = not len(quotes) % 2 or not final
    there = np.isin(opens, neighbours).all() and np.isin(closes, neighbours).all()
    # An end of the piece inside a cell leaves the last line open: the next piece tells.
    return bool(balanced and there and not within.any())


@dataclass
class _Scan:
    """A walk over the lines that hold marks, one record after the other."""

    data: bytes
    separator: bytes
    width: int
    final: bool
    parts: list[bytes] = field(default_factory=list)
    broken: list[tuple[int, bytes]] = field(default_factory=list)
    mended: list[tuple[int, bytes]] = field(default_factory=list)
    spanning: list[tuple[int, bytes]] = field(default_factory=list)
    row: int = 0

    def records(self) -> Records:
        place = 0
        while (quote := self.data.find(b'"', place)) >= 0:
            start = self.data.rfind(b"\n", place, quote) + 1 or place
            self._plain(place, start)
            end = self._record(start)
            if end is None:
                return self._cut(start)
            place = end
        end = len(self.data) if self.final else self.data.rfind(b"\n", place) + 1 or place
        self._plain(place, end)
        return self._cut(end)

    def _cut(self, end: int) -> Records:
        notes = self.broken, self.mended, self.spanning
        return Records(b"".join(self.parts), self.data[end:], *notes)

    def _plain(self, start: int, end: int) -> None:
        self.parts.append(self.data[start:end])
        self.row += self.data.count(b"\n", start, end)

    def _record(self, start: int) -> int | None:
        """Take the record that begins here, and return where the next one does."""
        line_end = self.data.find(b"\n", start)
        if line_end < 0:
            if not self.final:
                return None
            line_end = len(self.data)
        end, fields, waiting = self._walk(start)
        if waiting:
            return None
        if end is not None and (end == line_end or self._is_one(start, end, fields)):
            self.parts.append(self.data[start : end + 1])
        else:
            end = line_end
            self._repair(self.data[start:end], self.data[end : end + 1])
        self.row += 1
        return end + 1

    def _walk(self, start: int) -> tuple[int | None, int, bool]:
        """Return the end of a well-formed record (None if it is none), its fields, if cut."""
        limit = min(start + _LONGEST_BYTES, len(self.data))
        cut = limit == len(self.data) and not self.final
        cell = _cell(self.separator)
        place, fields = start, 0
        while True:
            match = cell.match(self.data, place, limit)
            place = match.end() if match else place
            fields += 1
            if place == limit:
                return (place if place == len(self.data) and self.final else None), fields, cut
            mark = self.data[place : place + 1]
            if mark == b"\n":
                return place, fields, False
            if mark != self.separator:
                # Either text after a closing mark, or a mark that has not closed so far.
                unclosed = _UNCLOSED.match(self.data, place, limit)
                return None, fields, cut and bool(unclosed and unclosed.end() == limit)
            place += 1

    def _is_one(self, start: int, end: int, fields: int) -> bool:
        """Tell whether several lines are one record, and not rows swallowed by a mark."""
        lines = self.data[start:end].split(b"\n")
        ends = {lines[place].count(self.separator) + 1 for place in (0, -1)}
        if fields != self.width or (ends == {self.width} and self.width >= _TELLING_WIDTH):
            return False
        if ends == {self.width} and self.width > 1:
            self.spanning.append((self.row, self.data[start:end]))
        return True

    def _repair(self, line: bytes, end: bytes) -> None:
        cells = _lenient(line, self.separator)
        if len(cells) == self.width:
            quoted = (b'"' + cell.replace(b'"', b'""') + b'"' for cell in cells)
            self.parts.append(self.separator.join(quoted) + end)
            self.mended.append((self.row, line))
        else:
            self.parts.append(line.replace(b'"', b"'") + end)
            self.broken.append((self.row, line))


_UNCLOSED = re.compile(rb'"(?:[^"]++|"")*+')


@functools.cache
def _cell(separator: bytes) -> re.Pattern[bytes]:
    other = rb"[^\n" + re.escape(separator) + rb"]"
    return re.compile(rb'"(?:[^"]++|"")*+"|(?!")' + other + rb"*+")


def _lenient(line: bytes, separator: bytes) -> list[bytes]:
    """Split a line where a closing mark is one before a separator; empty if none is there."""
    cells: list[bytes] = []
    place = 0
    closing_mark = re.compile(rb'"(?=' + re.escape(separator) + rb"|\Z)")
    while place <= len(line):
        if line[place : place + 1] == b'"':
            closing = closing_mark.search(line, place + 1)
            if closing is None:
                return []
            cells.append(line[place + 1 : closing.start()])
            place = closing.end() + 1
        else:
            end = line.find(separator, place)
            end = len(line) if end < 0 else end
            cells.append(line[place:end])
            place = end + 1
    return cells
