"""Compiled sweeps with two keys a node: the nearest, and the nearest of another group.

As in :mod:`sdaasp_geo.routing.sweep_kernels`, sixteen questions side by side, over the same
plans; a row is the best keys of the questions, and their second ones. Two are enough: a
key beaten at a node by two other groups is beaten by them wherever it is handed on.

Each key has its group beside it: looked up by the label at every arc, it would be most of
the work. There are no branches either, for no processor could foretell them.

A time that does not fit is kept as it was found and handed on as it is, so that it is
nearer than none at all, and what is missing and what is too far are told apart in the
end. A time below 2**31 and an arc fit in 32 bits, and with the label in 63.

Nothing is checked here; the callers have done it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sdaasp_geo.routing.kernels import UNREACHED, KernelGraph, compiled
from sdaasp_geo.routing.sweep_kernels import BLOCK, LANES, Part

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Int32 = NDArray[np.int32]
    Int64 = NDArray[np.int64]
    UInt32 = NDArray[np.uint32]

_NUMBER_BITS = 31
_NUMBER_MASK = 2**_NUMBER_BITS - 1
# Beyond every time, also one that is too late.
_NONE = (2**32 - 1) << _NUMBER_BITS


class TwoRows(NamedTuple):
    """Best and second keys with their groups (rows, LANES), and the first that is too late."""

    best: Int64
    second: Int64
    group: Int32
    second_group: Int32
    late: int


class Starts(NamedTuple):
    """Where the questions of a batch start: number on the way up, lane, key and group."""

    start: UInt32
    lane: UInt32
    key: Int64
    group: Int32


class TwoTables(NamedTuple):
    """What a sweep fills, int32 (questions, columns)."""

    time_ms: Int32
    label: Int32
    second_time_ms: Int32
    second_label: Int32


@compiled
def new_rows(count: int, late: int) -> TwoRows:
    """Return rows that know nothing."""
    return TwoRows(
        np.full((count, LANES), _NONE, np.int64),
        np.full((count, LANES), _NONE, np.int64),
        np.full((count, LANES), -1, np.int32),
        np.full((count, LANES), -1, np.int32),
        late,
    )


@compiled
def _enter(rows: TwoRows, row: int, lane: int, key: np.int64, group: np.int32) -> None:
    """Enter a key among the two of a row's lane, which are always of distinct groups."""
    known, of_known = rows.best[row, lane], rows.group[row, lane]
    lower = key < known
    rows.best[row, lane] = key if lower else known
    rows.group[row, lane] = group if lower else of_known
    # The lesser stays; the other may be second, unless it is of the same group.
    other, of_other = (known, of_known) if lower else (key, group)
    second, of_second = rows.second[row, lane], rows.second_group[row, lane]
    better = (other < second) & (group != of_known)
    rows.second[row, lane] = other if better else second
    rows.second_group[row, lane] = of_other if better else of_second


@compiled
def _hand_on(rows: TwoRows, into: int, other: int, weight_ms: np.int32) -> None:
    """Enter what another row knows, an arc later."""
    more = np.int64(weight_ms) << _NUMBER_BITS
    for lane in range(np.uint32(LANES)):
        key, second = rows.best[other, lane], rows.second[other, lane]
        there = key + (more if key < rows.late else np.int64(0))
        _enter(rows, into, lane, there, rows.group[other, lane])
        there = second + (more if second < rows.late else np.int64(0))
        _enter(rows, into, lane, there, rows.second_group[other, lane])


@compiled
def raise_two(up: KernelGraph, reached: UInt32, row: UInt32, starts: Starts, rows: TwoRows) -> None:
    """Enter where questions start, and carry it up to all that was reached."""
    for place in range(starts.start.size):
        here, lane = row[starts.start[place]], starts.lane[place]
        _enter(rows, here, lane, starts.key[place], starts.group[place])
    for node in reached:
        for arc in range(up.indptr[node], up.indptr[node + np.uint32(1)]):
            _hand_on(rows, row[up.heads[arc]], row[node], up.weights_ms[arc])


@compiled
def sweep_two(part: Part, row: UInt32, raised: TwoRows, rows: TwoRows, tables: TwoTables) -> bool:
    """Come down, and fill the tables; whether a time that was asked for is too late.

    Parameters
    ----------
    part
        Where to.
    row, raised
        What came up: the row of each number on the way up, row 0 that of nothing.
    rows
        Memory of the way down, one row a place.
    tables
        What to fill.
    """
    late = False
    for block in range(part.block_steps.size - 1):
        for step in range(part.block_steps[block], part.block_steps[block + 1]):
            slot, below = part.slot[step], row[part.number[step]]
            for lane in range(np.uint32(LANES)):
                rows.best[slot, lane] = raised.best[below, lane]
                rows.second[slot, lane] = raised.second[below, lane]
                rows.group[slot, lane] = raised.group[below, lane]
                rows.second_group[slot, lane] = raised.second_group[below, lane]
            for arc in range(part.indptr[step], part.indptr[step + 1]):
                _hand_on(rows, slot, part.heads[arc], part.weights_ms[arc])
        for column in range(block * BLOCK, min((block + 1) * BLOCK, part.column_slot.size)):
            slot = part.column_slot[column]
            for lane in range(tables.time_ms.shape[0]):
                best, second = rows.best[slot, lane], rows.second[slot, lane]
                _write(tables.time_ms, tables.label, (lane, column), best, rows.late)
                _write(
                    tables.second_time_ms, tables.second_label, (lane, column), second, rows.late
                )
                late |= rows.late <= best < _NONE or rows.late <= second < _NONE
    return late


@compiled
def _write(time_ms: Int32, label: Int32, place: tuple[int, int], key: np.int64, late: int) -> None:
    if key < late:
        time_ms[place] = key >> _NUMBER_BITS
        label[place] = key & _NUMBER_MASK
    else:
        time_ms[place] = UNREACHED
        label[place] = -1
