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
    """Time up and down each slot, int64 (2, E), and the ranks they go by, int32 (2, E)."""

    ms: Int64
    middle: Int32


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
    ms = np.full((2, slot_count), _NEVER, np.int64)
    for arc in range(slot.size):
        if slot[arc] >= 0:
            place, way = slot[arc] >> 1, slot[arc] & 1
            ms[way, place] = min(ms[way, place], weights_ms[arc])
    return Ways(ms, np.full((2, slot_count), -1, np.int32))


@compiled
def completed(rows: Rows, ways: Ways) -> None:
    """Lower the time of each slot to that of a way by a lower rank, where it is quicker.

    A rank's slots are final when all ranks below have been the middle. The higher ends of
    a rank are joined by slots themselves: those from `near` are found by going along its
    row, which the rank below has just brought into the cache.
    """
    indptr, heads = rows
    up, down = ways.ms[0], ways.ms[1]
    place = np.zeros(indptr.size - 1, np.int64)
    for rank in range(indptr.size - 1):
        first, last = indptr[rank], indptr[rank + 1]
        _enter(rows, rank, place)
        for near in range(first, last):
            between = indptr[heads[near]]
            for _ in range(near + 1, last):
                while place[heads[between]] == 0:
                    between += 1
                far = place[heads[between]] - 1
                if down[near] + up[far] < up[between]:
                    up[between] = down[near] + up[far]
                    ways.middle[0, between] = rank
                if down[far] + up[near] < down[between]:
                    down[between] = down[far] + up[near]
                    ways.middle[1, between] = rank
                between += 1
        _clear(rows, rank, place)


@compiled
def _enter(rows: Rows, rank: int, place: Int64) -> None:
    """Note at each higher end one more than the slot that leads there."""
    indptr, heads = rows
    for slot in range(indptr[rank], indptr[rank + 1]):
        place[heads[slot]] = slot + 1


@compiled
def _clear(rows: Rows, rank: int, place: Int64) -> None:
    indptr, heads = rows
    for slot in range(indptr[rank], indptr[rank + 1]):
        place[heads[slot]] = 0


@compiled
def perfected(rows: Rows, ms: Int64) -> None:
    """Lower every slot to the shortest time of all, int64 (2, E).

    From the highest rank down, ways by two higher ranks are tried for the slots of each.
    """
    indptr, heads = rows
    up, down = ms[0], ms[1]
    place = np.zeros(indptr.size - 1, np.int64)
    for rank in range(indptr.size - 2, -1, -1):
        first, last = indptr[rank], indptr[rank + 1]
        _enter(rows, rank, place)
        for near in range(first, last):
            between = indptr[heads[near]]
            up_near, down_near = up[near], down[near]
            for _ in range(near + 1, last):
                while place[heads[between]] == 0:
                    between += 1
                far = place[heads[between]] - 1
                up_near = min(up_near, up[far] + down[between])
                down_near = min(down_near, down[far] + up[between])
                up[far] = min(up[far], up_near + up[between])
                down[far] = min(down[far], down_near + down[between])
                between += 1
            up[near], down[near] = up_near, down_near
        _clear(rows, rank, place)


def kept_ways(rows: Rows, ways: Ways) -> Flags:
    """Which slots are as quick as any way, up and down, bool (2, E).

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
    for way in range(2):
        for slot in range(kept.shape[1]):
            if kept[way, slot] and ways.ms[way, slot] >= UNREACHED:
                return True
    return False


@compiled
def directed_rows(
    rows: Rows, ways: Ways, kept: Flags, way: int
) -> tuple[Int64, Int32, Int32, Int32]:
    """Return the kept arcs of one direction: offsets, heads, times, middles."""
    indptr, heads = rows
    used = kept[way].sum()
    offsets = np.zeros(indptr.size, np.int64)
    head = np.empty(used, np.int32)
    ms = np.empty(used, np.int32)
    middle = np.empty(used, np.int32)
    end = 0
    for rank in range(indptr.size - 1):
        for slot in range(indptr[rank], indptr[rank + 1]):
            if kept[way, slot]:
                head[end] = heads[slot]
                ms[end] = ways.ms[way, slot]
                middle[end] = ways.middle[way, slot]
                end += 1
        offsets[rank + 1] = end
    return offsets, head, ms, middle
