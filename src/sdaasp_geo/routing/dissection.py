"""Compiled nested dissection: an order of elimination in which what separates comes last."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sdaasp_geo.routing.kernels import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Int64 = NDArray[np.int64]
    UInt32 = NDArray[np.uint32]
    # Offsets and heads of the graph, and the piece that each node belongs to now.
    Pieces = tuple[UInt32, UInt32, Int64]

# Smaller pieces are eliminated as they stand.
_SMALLEST_PIECE = 4


@compiled
def dissected(indptr: UInt32, head: UInt32) -> UInt32:
    """Order the nodes of a graph so that what separates two halves comes after both.

    A piece is cut along a step of a breadth-first search from an end of it, the shortest
    of those that leave a third or more on both sides, as in George and Liu (1978), "An
    automatic nested dissection algorithm for irregular finite element problems".
    """
    count = indptr.size - 1
    order = np.arange(count).astype(np.uint32)
    piece = np.zeros(count, np.int64)
    graph = (indptr, head, piece)
    # Zeros, for what lies behind the last search is looked at before it is written.
    found, step = np.zeros(count, np.uint32), np.full(count, -1, np.int64)
    pieces = 0
    # Pieces that wait, one above the other: they do not overlap, so that there is room.
    begin, end_of = np.zeros(count + 2, np.int64), np.zeros(count + 2, np.int64)
    end_of[0], waiting = count, 1
    while waiting > 0:
        waiting -= 1
        first, last = begin[waiting], end_of[waiting]
        if last - first <= _SMALLEST_PIECE:
            continue
        own = order[first:last]
        size = _by_steps(graph, own[0], found, step)
        if size == own.size:
            # Twice from the end of the last search: from one far end to the other.
            size = _by_steps(graph, found[size - 1], found, step)
            size = _by_steps(graph, found[size - 1], found, step)
        if size == own.size and step[found[size - 1]] < 2:
            continue  # everybody is somebody's neighbour: nothing to take apart
        low, high = _parted(graph, own, found[:size], step)
        for start, end in ((first, first + low), (first + low, first + high)):
            pieces += 1
            for node in order[start:end]:
                piece[node] = pieces
                step[node] = -1
            begin[waiting], end_of[waiting] = start, end
            waiting += 1
        for node in order[first + high : last]:
            piece[node] = -1
    return order


@compiled
def _by_steps(graph: Pieces, source: np.uint32, found: UInt32, step: Int64) -> int:
    """Search a piece breadth first; return how many nodes were found, in `found`.

    `step` tells how many arcs away each is; it may hold an earlier search of the piece.
    """
    indptr, head, piece = graph
    _forget(graph, source, found, step)
    step[source] = 0
    found[0] = source
    size, done = 1, 0
    while done < size:
        node = found[done]
        done += 1
        for arc in range(indptr[node], indptr[node + np.uint32(1)]):
            other = head[arc]
            if piece[other] == piece[node] and step[other] < 0:
                step[other] = step[node] + 1
                found[size] = other
                size += 1
    return size


@compiled
def _forget(graph: Pieces, source: np.uint32, found: UInt32, step: Int64) -> None:
    """Undo the last search, if it was of this piece."""
    if step[source] < 0:
        return
    _, _, piece = graph
    for node in found:
        if piece[node] != piece[source] or step[node] < 0:
            break
        step[node] = -1


@compiled
def _parted(graph: Pieces, own: UInt32, found: UInt32, step: Int64) -> tuple[int, int]:
    """Arrange a piece: one half, the other half, what separates them; return where they end."""
    if found.size < own.size:
        _found_first(own, found, step)
        # Nothing separates what was not found from what was.
        return found.size, own.size
    cut = _shortest_step(found, step)
    indptr, head, piece = graph
    low = 0
    high = own.size
    for node in found:
        if step[node] == cut:
            for arc in range(indptr[node], indptr[node + np.uint32(1)]):
                if piece[head[arc]] == piece[node] and step[head[arc]] > cut:
                    high -= 1
                    own[high] = node
                    break
            else:
                own[low] = node
                low += 1
        elif step[node] < cut:
            own[low] = node
            low += 1
    place = low
    for node in found:
        if step[node] > cut:
            own[place] = node
            place += 1
    return low, high


@compiled
def _found_first(own: UInt32, found: UInt32, step: Int64) -> None:
    """Arrange a piece: what a search has found, then the rest."""
    place = own.size
    for index in range(own.size - 1, -1, -1):
        if step[own[index]] < 0:
            place -= 1
            own[place] = own[index]
    for index in range(found.size):
        own[index] = found[index]


@compiled
def _shortest_step(found: UInt32, step: Int64) -> np.int64:
    """Return the step of fewest nodes that leaves a third on both sides, or the middle one."""
    size = np.zeros(step[found[-1]] + 1, np.int64)
    for node in found:
        size[step[node]] += 1
    best = np.int64(min(step[found[found.size // 2]], size.size - 2))
    before = 0
    for index in range(size.size):
        third = found.size // 3
        after = found.size - before - size[index]
        if before >= third and after >= third and size[index] < size[best]:
            best = np.int64(index)
        before += size[index]
    return best
