"""Compiled customisation: the times of a hierarchy's slots from those of the graph's arcs.

Times are 64 bits wide here, so that no sum of them overflows; those that do not fit in
31 bits in the end are refused by :func:`too_long`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sdaasp_geo.routing.kernels import UNREACHED, compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Int32 = NDArray[np.int32]
    Int64 = NDArray[np.int64]
    UInt32 = NDArray[np.uint32]
    Flags = NDArray[np.bool_]
    # Offsets and higher ends of the slots of each rank.
    Rows = tuple[Int64, Int32]

# Longer than any way, and twice it still fits in 64 bits.
_NEVER = 2**61


class Ways(NamedTuple):
    """Time up and down each slot, int64 (E, 2), and the ranks they go by, int32 (E, 2)."""

    ms: Int64
    middle: Int32


class Queue(NamedTuple):
    """Ranks that wait at one of their higher ends, each at one; int64 (N,).

    `slot` is the slot of each rank that leads there, `first` the first that waits at each
    rank, `following` the one that waits after each; -1 for none.
    """

    slot: Int64
    first: Int64
    following: Int64


@compiled
def slot_of_arcs(tail: UInt32, head: UInt32, rank: Int32, rows: Rows) -> Int64:
    """Return twice the slot of each arc, plus one where it leads down; -1 for none."""
    indptr, heads = rows
    slot = np.full(tail.size, -1, np.int64)
    for arc in range(tail.size):
        one, other = rank[tail[arc]], rank[head[arc]]
        low, high = min(one, other), max(one, other)
        place, last = indptr[low], indptr[low + 1]
        while place < last:
            middle = (place + last) // 2
            if heads[middle] < high:
                place = middle + 1
            else:
                last = middle
        if place < indptr[low + 1] and heads[place] == high:
            slot[arc] = 2 * place + (one > other)
    return slot


@compiled
def with_arcs(slot_count: int, slot: Int64, weights_ms: Int32) -> Ways:
    """Return the ways of single arcs: of parallel ones the quickest."""
    ms = np.full((slot_count, 2), _NEVER, np.int64)
    for arc in range(slot.size):
        if slot[arc] >= 0:
            place, way = slot[arc] >> 1, slot[arc] & 1
            ms[place, way] = min(ms[place, way], weights_ms[arc])
    return Ways(ms, np.full((slot_count, 2), -1, np.int32))


@compiled
def completed(rows: Rows, ways: Ways) -> None:
    """Lower the time of each slot to that of a way by a lower rank, where it is quicker.

    Rank by rank, all lower ranks that have a slot to it are taken as the middle: their
    slots are final by then, and what they lower lies in one row. Each lower rank waits at
    the next of its higher ends, as the rows of a sparse matrix do in its left-looking
    elimination.
    """
    indptr, heads = rows
    ms, middle = ways
    place = np.zeros(indptr.size - 1, np.int64)
    queue = _no_queue(indptr[:-1].copy())
    for rank in range(indptr.size - 1):
        _enter(rows, rank, place)
        lower = queue.first[rank]
        while lower >= 0:
            near = queue.slot[lower]
            up_near, down_near = ms[near, 0], ms[near, 1]
            for far in range(near + 1, indptr[lower + 1]):
                between = place[heads[far]]
                up, down = down_near + ms[far, 0], up_near + ms[far, 1]
                if up < ms[between, 0]:
                    ms[between, 0] = up
                    middle[between, 0] = lower
                if down < ms[between, 1]:
                    ms[between, 1] = down
                    middle[between, 1] = lower
            after = queue.following[lower]
            _wait_at(rows, lower, near + 1, queue)
            lower = after
        _wait_at(rows, rank, indptr[rank], queue)


@compiled
def perfected(rows: Rows, ms: Int64) -> None:
    """Lower every slot to the shortest time of all, int64 (E, 2).

    From the highest rank down, whose slots are the shortest by then, each rank is tried
    as a way for the lower ranks that have a slot to it. They wait at the last of their
    higher ends first.
    """
    indptr, heads = rows
    place = np.zeros(indptr.size - 1, np.int64)
    queue = _no_queue(indptr[:-1].copy())
    for rank in range(indptr.size - 1):
        _wait_at(rows, rank, indptr[rank + 1] - 1, queue)
    for rank in range(indptr.size - 2, -1, -1):
        _enter(rows, rank, place)
        lower = queue.first[rank]
        while lower >= 0:
            near = queue.slot[lower]
            up_near, down_near = ms[near, 0], ms[near, 1]
            for far in range(near + 1, indptr[lower + 1]):
                up, down = ms[place[heads[far]], 0], ms[place[heads[far]], 1]
                up_near = min(up_near, ms[far, 0] + down)
                down_near = min(down_near, ms[far, 1] + up)
                ms[far, 0] = min(ms[far, 0], up_near + up)
                ms[far, 1] = min(ms[far, 1], down_near + down)
            ms[near, 0], ms[near, 1] = up_near, down_near
            after = queue.following[lower]
            _wait_at(rows, lower, near - 1, queue)
            lower = after


@compiled
def _no_queue(slot: Int64) -> Queue:
    return Queue(slot, np.full(slot.size, -1), np.full(slot.size, -1))


@compiled
def _wait_at(rows: Rows, rank: int, slot: int, queue: Queue) -> None:
    """Let a rank wait at the higher end of one of its slots, if the slot is its own."""
    indptr, heads = rows
    if indptr[rank] <= slot < indptr[rank + 1]:
        queue.slot[rank] = slot
        queue.following[rank] = queue.first[heads[slot]]
        queue.first[heads[slot]] = rank


@compiled
def _enter(rows: Rows, rank: int, place: Int64) -> None:
    """Note at each higher end the slot that leads there."""
    indptr, heads = rows
    for slot in range(indptr[rank], indptr[rank + 1]):
        place[heads[slot]] = slot


def kept_ways(rows: Rows, ways: Ways) -> Flags:
    """Which slots are as quick as any way, up and down, bool (E, 2).

    An arc longer than the shortest way lies on none, and is left out; so is what does
    not exist.
    """
    shortest = ways.ms.copy()
    perfected(rows, shortest)
    kept: Flags = (shortest == ways.ms) & (ways.ms < _NEVER)
    return kept


@compiled
def too_long(ways: Ways, kept: Flags) -> bool:
    """Whether a time that is kept does not fit in 31 bits."""
    for slot in range(kept.shape[0]):
        for way in range(2):
            if kept[slot, way] and ways.ms[slot, way] >= UNREACHED:
                return True
    return False


@compiled
def directed_rows(
    rows: Rows, ways: Ways, kept: Flags, way: int
) -> tuple[Int64, Int32, Int32, Int32]:
    """Return the kept arcs of one direction: offsets, heads, times, middles."""
    indptr, heads = rows
    used = kept[:, way].sum()
    offsets = np.zeros(indptr.size, np.int64)
    head = np.empty(used, np.int32)
    ms = np.empty(used, np.int32)
    middle = np.empty(used, np.int32)
    end = 0
    for rank in range(indptr.size - 1):
        for slot in range(indptr[rank], indptr[rank + 1]):
            if kept[slot, way]:
                head[end] = heads[slot]
                ms[end] = ways.ms[slot, way]
                middle[end] = ways.middle[slot, way]
                end += 1
        offsets[rank + 1] = end
    return offsets, head, ms, middle
