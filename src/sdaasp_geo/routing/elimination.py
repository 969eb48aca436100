"""Compiled elimination of a graph in a given order, whatever the times of its arcs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sdaasp_geo.routing.contraction import Arcs, Remaining
from sdaasp_geo.routing.kernels import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Int32 = NDArray[np.int32]
    Int64 = NDArray[np.int64]
    UInt32 = NDArray[np.uint32]

_NONE = np.uint32(2**32 - 1)


@compiled
def all_pairs(graph: Remaining, nodes: UInt32) -> Arcs:
    """Return an arc between every two neighbours of each of some nodes."""
    room = np.int64(0)
    for node in nodes:
        degree = np.int64(graph.indptr[node + np.uint32(1)]) - np.int64(graph.indptr[node])
        room += degree * (degree - 1) // 2
    tail, head = np.empty(room, np.uint32), np.empty(room, np.uint32)
    used = 0
    for node in nodes:
        first, last = np.int64(graph.indptr[node]), np.int64(graph.indptr[node + np.uint32(1)])
        for one in range(first, last):
            for other in range(one + 1, last):
                tail[used] = graph.head[one]
                head[used] = graph.head[other]
                used += 1
    zero = np.zeros(room, np.int32)
    return Arcs(tail, head, zero, zero, zero)


@compiled
def neighbours_later(tail: UInt32, head: UInt32, place: UInt32) -> tuple[Int64, UInt32]:
    """Return, for every place in an order, the places of its neighbours that come later.

    Neighbours by an arc either way; some may stand there twice.
    """
    indptr = np.zeros(place.size + 1, np.int64)
    for arc in range(tail.size):
        if tail[arc] != head[arc]:
            indptr[min(place[tail[arc]], place[head[arc]]) + np.uint32(1)] += 1
    for row in range(place.size):
        indptr[row + 1] += indptr[row]
    later = np.empty(indptr[-1], np.uint32)
    free = indptr[:-1].copy()
    for arc in range(tail.size):
        one, other = place[tail[arc]], place[head[arc]]
        if one != other:
            later[free[min(one, other)]] = max(one, other)
            free[min(one, other)] += 1
    return indptr, later


@compiled
def eliminated(indptr: Int64, later: UInt32) -> tuple[Int64, UInt32]:
    """Return the rows of the elimination: later neighbours, those by way of earlier included.

    In no order within a row: see :func:`turned`.

    What a row hands on goes to the first of its later neighbours, which hands on the
    rest: each row is the union of its own and of those handed to it.
    """
    count = indptr.size - 1
    filled = np.zeros(count + 1, np.int64)
    rows = np.empty(2 * later.size + 16, np.uint32)
    handed = np.full(count, _NONE, np.uint32)
    following = np.full(count, _NONE, np.uint32)
    seen = np.full(count, _NONE, np.uint32)
    used = 0
    for index in range(count):
        row = np.uint32(index)
        seen[row] = row
        room = indptr[row + np.uint32(1)] - indptr[row]
        giver = handed[row]
        while giver != _NONE:
            room += filled[giver + np.uint32(1)] - filled[giver]
            giver = following[giver]
        if used + room > rows.size:
            larger = np.empty(2 * rows.size + room, np.uint32)
            for entry in range(used):
                larger[entry] = rows[entry]
            rows = larger
        start = used
        used = _take(later[indptr[row] : indptr[row + np.uint32(1)]], row, seen, rows, used)
        giver = handed[row]
        while giver != _NONE:
            theirs = rows[filled[giver] : filled[giver + np.uint32(1)]]
            used = _take(theirs, row, seen, rows, used)
            giver = following[giver]
        filled[index + 1] = used
        if used > start:
            first = rows[start]
            for entry in range(start, used):
                first = min(first, rows[entry])
            following[row] = handed[first]
            handed[first] = row
    return filled, rows[:used].copy()


@compiled
def turned(indptr: Int64, heads: UInt32) -> tuple[Int64, UInt32]:
    """Turn rows round: to each head, the rows that name it, rising. Twice, and rows are sorted."""
    offsets = np.zeros(indptr.size, np.int64)
    for head in heads:
        offsets[head + np.uint32(1)] += 1
    for row in range(indptr.size - 1):
        offsets[row + 1] += offsets[row]
    free, rows = offsets.copy(), np.empty(heads.size, np.uint32)
    for row in range(indptr.size - 1):
        for entry in range(indptr[row], indptr[row + 1]):
            rows[free[heads[entry]]] = row
            free[heads[entry]] += 1
    return offsets, rows


@compiled
def _take(more: UInt32, row: np.uint32, seen: UInt32, rows: UInt32, used: int) -> int:
    """Append those not yet seen from a row; return where it ends now."""
    for other in more:
        if seen[other] != row:
            seen[other] = row
            rows[used] = other
            used += 1
    return used
