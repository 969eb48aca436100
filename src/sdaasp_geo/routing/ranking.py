"""Compiled arrangement of a hierarchy: the order of its ranks, and its rows in that order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sdaasp_geo.routing.kernels import UNREACHED, compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Int32 = NDArray[np.int32]
    Int64 = NDArray[np.int64]
    UInt32 = NDArray[np.uint32]


@compiled
def depth_first_ranks(indptr: UInt32 | Int64, head: UInt32, start: UInt32) -> Int32:
    """Rank the rows of a contraction for sweeps that stay in the cache; rank of each row.

    Any order will do in which every row comes below the rows of its heads. Here a sweep
    down goes through the graph's nodes one after the other, and does before each what it
    still needs from above: neighbours share nearly all of that, so that what is read was
    written a moment ago, or is one of the few rows at the top that everybody reads.

    Parameters
    ----------
    indptr, head
        Rows of the contraction; heads are rows, all later than their own.
    start
        Row of each graph node.
    """
    count = start.size
    rank, place = np.empty(count, np.int32), np.empty(count, indptr.dtype)
    for row in range(count):
        rank[row], place[row] = -1, indptr[row]
    stack = np.empty(count, np.uint32)
    free = count
    for first in start:
        if rank[first] >= 0:
            continue
        stack[0] = first
        height = 1
        while height > 0:
            row = stack[height - 1]
            if place[row] < indptr[row + np.uint32(1)]:
                above = head[place[row]]
                place[row] += np.uint32(1)
                # A row below the top of the stack cannot be met: heads are later rows.
                if rank[above] < 0:
                    stack[height] = above
                    height += 1
            else:
                free -= 1
                rank[row] = free
                height -= 1
    return rank


@compiled
def sorted_rows(indptr: UInt32, head: UInt32) -> UInt32:
    """Return the entries of each row by rising head, as places in the rows given."""
    order = np.empty(head.size, np.uint32)
    for row in range(indptr.size - 1):
        first, last = np.int64(indptr[row]), np.int64(indptr[row + 1])
        for entry in range(first, last):
            place = entry
            while place > first and head[order[place - 1]] > head[entry]:
                order[place] = order[place - 1]
                place -= 1
            order[place] = entry
    return order


@compiled
def ranked_rows(
    rows: tuple[UInt32, UInt32], ms: Int32, middle: Int32, rank: Int32
) -> tuple[Int64, Int32, Int32, Int32]:
    """Return the arcs of one direction in rank order: offsets, heads, times, middles.

    Entries without an arc that way are left out. Rows, heads and middles are rows of the
    contraction; a row's entries come out by rising rank of their heads.
    """
    indptr, head = rows
    row_of = np.empty(rank.size, np.int32)
    for row in range(rank.size):
        row_of[rank[row]] = row
    offsets = np.empty(rank.size + 1, np.int64)
    offsets[0] = 0
    used = 0
    for time_ms in ms:
        used += time_ms < UNREACHED
    heads = np.empty(used, np.int32)
    times = np.empty(used, np.int32)
    middles = np.empty(used, np.int32)
    end = 0
    for own in range(rank.size):
        row = row_of[own]
        first = end
        for entry in range(indptr[row], indptr[row + 1]):
            if ms[entry] >= UNREACHED:
                continue
            above = rank[head[entry]]
            place = end
            while place > first and heads[place - 1] > above:
                heads[place] = heads[place - 1]
                times[place] = times[place - 1]
                middles[place] = middles[place - 1]
                place -= 1
            heads[place] = above
            times[place] = ms[entry]
            middles[place] = rank[middle[entry]] if middle[entry] >= 0 else -1
            end += 1
        offsets[own + 1] = end
    return offsets, heads, times, middles
