"""Numbers of facilities by commune and service, where a vintage knows no more."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SIDES = ("old", "new")
COLUMNS = (
    *("change", "service", "unit", "commune", "count", "code_old", "code_new"),
    *("which_known", "rows", "point"),
)


class Counts(NamedTuple):
    """What numbers tell: rows used up (``old new``), and one row a change."""

    rows: pd.DataFrame
    table: pd.DataFrame


class _Cell(NamedTuple):
    """One service in one commune: rows that only numbers tell apart, and how many are kept."""

    used: dict[str, list[Any]]
    kept: int
    which_known: dict[str, bool]


def compared_by_count(old: pd.DataFrame, new: pd.DataFrame) -> Counts:
    """Compare numbers in each commune of which a vintage knows no more than the number.

    Parameters
    ----------
    old, new
        ``facility source service unit commune count code by_commune point``, one row a
        facility, or so many of one commune.
    """
    cells: defaultdict[tuple[str, str], dict[str, list[Any]]]
    cells = defaultdict(lambda: {side: [] for side in SIDES})
    for side, rows in zip(SIDES, (old, new), strict=True):
        # A tuple has a method of that name.
        ordered = rows.rename(columns={"count": "count_"}).sort_values(["facility", "source"])
        for row in ordered.itertuples(name="Row"):
            cells[str(row.service), str(row.unit)][side].append(row)
    unsure = [
        _cell(rows)
        for _, rows in sorted(cells.items())
        if any(row.by_commune for part in rows.values() for row in part)
    ]
    used = {side: [row.Index for cell in unsure for row in cell.used[side]] for side in SIDES}
    changes = [row for cell in unsure for row in _changes(cell)]
    rows = pd.concat([pd.DataFrame({side: used[side]}, dtype="int64") for side in SIDES])
    return Counts(rows, pd.DataFrame(changes, columns=list(COLUMNS)))


def _number(rows: Iterable[Any]) -> int:
    return sum(int(row.count_) for row in rows)


def _cell(rows: dict[str, list[Any]]) -> _Cell:
    """Set number against number, and what is left of one against positions of the other."""
    counted = {side: [row for row in rows[side] if row.by_commune] for side in SIDES}
    number = {side: _number(counted[side]) for side in SIDES}
    more, fewer = SIDES if number["old"] > number["new"] else SIDES[::-1]
    placed = [row for row in rows[fewer] if not row.by_commune]
    same = min(number[more] - number[fewer], len(placed))
    used = {more: counted[more], fewer: counted[fewer] + (placed if same else [])}
    # Of places told one by one nobody knows which ones a number stands for.
    sure = {more: True, fewer: same in {0, len(placed)}}
    return _Cell(used, number[fewer] + same, sure)


def _changes(cell: _Cell) -> Iterator[tuple[Any, ...]]:
    code = {side: _only(cell.used[side]) for side in SIDES}
    rows = [*cell.used["old"], *cell.used["new"]]
    # The chef-lieu, rather than one of the places.
    first = next(row for row in rows if row.by_commune)
    where = first.service, first.unit, first.commune
    if cell.kept:
        renamed = all(code.values()) and code["old"] != code["new"]
        change = "recoded" if renamed else "kept"
        yield (change, *where, cell.kept, code["old"], code["new"], True, None, first.point)
    for change, side in (("closed", "old"), ("opened", "new")):
        number = _number(cell.used[side]) - cell.kept
        if number:
            codes = [code[name] if name == side else None for name in SIDES]
            gone = _last_ones(cell.used[side], number)
            yield (change, *where, number, *codes, cell.which_known[side], gone, first.point)


def _only(rows: list[Any]) -> str | None:
    codes = {row.code for row in rows if isinstance(row.code, str)}
    return codes.pop() if len(codes) == 1 else None


def _last_ones(rows: list[Any], number: int) -> dict[int, int]:
    """Take a number of facilities from rows, from the last one on: row → how many."""
    taken: dict[int, int] = {}
    for row in reversed(rows):
        if number <= 0:
            break
        taken[int(row.Index)] = min(number, int(row.count_))
        number -= int(row.count_)
    return taken
