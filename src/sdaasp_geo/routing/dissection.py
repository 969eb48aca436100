"""Compiled nested dissection: an order of elimination in which what separates comes last."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sdaasp_geo.routing.kernels import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Int64 = NDArray[np.int64]
    UInt32 = NDArray[np.uint32]
    UInt8 = NDArray[np.uint8]
    # Offsets and heads of the graph, and the piece that each node belongs to now.
    Pieces = tuple[UInt32, UInt32, Int64]

# Smaller pieces are eliminated as they stand.
_SMALLEST_PIECE = 4
# What share of a piece each of its halves holds at least.
_LEAST_SHARE = 0.25
# Sides of a piece: what is cut lies in the middle.
_LOW, _MIDDLE, _HIGH = np.uint8(0), np.uint8(1), np.uint8(2)
_NONE = np.uint32(2**32 - 1)
# Where the paths of a flow begin and end.
_EDGE = np.uint32(2**32 - 2)


class Flow(NamedTuple):
    """Paths from the low side of a piece to its high side that share no node.

    `side` tells the side of each node, uint8 (N,). `before` and `after` name the nodes
    next to it on its path, uint32 (N,): `_NONE` where it is on none. A search visits
    nodes twice, as it arrives (even) and as it leaves (odd): `seen` says in which round
    it did, int64 (2 N,), `came` from where, and `stack` what waits, uint32 (2 N,).
    """

    side: UInt8
    before: UInt32
    after: UInt32
    seen: Int64
    came: UInt32
    stack: UInt32


@compiled
def dissected(indptr: UInt32, head: UInt32) -> UInt32:
    """Order the nodes of a graph so that what separates two halves comes after both.

    A piece is cut between the nodes nearest to one far end of it and those nearest to the
    other, at the fewest that separate them, which are as many as there are paths between
    the two that share no node (Menger). George and Liu (1978), "An
    automatic nested dissection algorithm for irregular finite element problems", cut at a
    step of a search from such an end; Schild and Sommer (2015), "On balanced separators in road
    networks", at the least cut, between ends told by coordinates.
    """
    count = indptr.size - 1
    order = np.arange(count).astype(np.uint32)
    piece = np.zeros(count, np.int64)
    graph = (indptr, head, piece)
    # Zeros, for what lies behind the last search is looked at before it is written.
    found, step = np.zeros(count, np.uint32), np.full(count, -1, np.int64)
    flow = _no_flow(count)
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
        low, high = _parted(graph, own, found[:size], step, flow)
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
def _parted(graph: Pieces, own: UInt32, found: UInt32, step: Int64, flow: Flow) -> tuple[int, int]:
    """Arrange a piece: one half, the other half, what separates them; return where they end."""
    if found.size < own.size:
        _found_first(own, found, step)
        # Nothing separates what was not found from what was.
        return found.size, own.size
    if not _cut_by_flow(graph, _from_end_to_end(graph, found, step), flow):
        _cut_by_step(graph, found, step, flow.side)
    place = np.zeros(3, np.int64)
    for node in found:
        place[flow.side[node]] += 1
    low, high = place[_LOW], place[_LOW] + place[_HIGH]
    place[_LOW], place[_HIGH], place[_MIDDLE] = 0, low, high
    for node in found:
        own[place[flow.side[node]]] = node
        place[flow.side[node]] += 1
    return low, high


@compiled
def _from_end_to_end(graph: Pieces, found: UInt32, step: Int64) -> UInt32:
    """Order a piece by how much nearer a node is to where its search began than to its end.

    By the steps from one end alone, a far corner of a town would count as beyond the bridge
    that leads out of it.
    """
    own = found.copy()
    nearer = step[own]
    _by_steps(graph, own[own.size - 1], found, step)
    nearer += own.size - step[own]
    # No node is further than there are nodes: keys are few enough to be counted.
    free = np.zeros(2 * own.size + 1, np.int64)
    for key in nearer:
        free[key + 1] += 1
    for key in range(2 * own.size):
        free[key + 1] += free[key]
    ordered = np.empty(own.size, np.uint32)
    for index in range(own.size):
        ordered[free[nearer[index]]] = own[index]
        free[nearer[index]] += 1
    return ordered


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
def _cut_by_step(graph: Pieces, found: UInt32, step: Int64, side: UInt8) -> None:
    """Cut a piece along the shortest step that leaves a third or more on both sides."""
    indptr, head, piece = graph
    cut = _shortest_step(found, step)
    for node in found:
        side[node] = _LOW if step[node] <= cut else _HIGH
        if step[node] == cut:
            for arc in range(indptr[node], indptr[node + np.uint32(1)]):
                if piece[head[arc]] == piece[node] and step[head[arc]] > cut:
                    side[node] = _MIDDLE
                    break


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


@compiled
def _no_flow(count: int) -> Flow:
    side = np.full(count, _MIDDLE, np.uint8)
    before, after = np.full(count, _NONE, np.uint32), np.full(count, _NONE, np.uint32)
    seen = np.zeros(2 * count, np.int64)
    came, stack = np.empty(2 * count, np.uint32), np.empty(2 * count, np.uint32)
    return Flow(side, before, after, seen, came, stack)


@compiled
def _cut_by_flow(graph: Pieces, ordered: UInt32, flow: Flow) -> bool:
    """Cut a piece at the fewest nodes between its first and its last nodes, if any do."""
    ends = int(_LEAST_SHARE * ordered.size)
    _set_ends(ordered, ends, flow)
    low = ordered[:ends]
    if ends == 0 or _meet(graph, low, flow.side):
        return False
    round_ = 1
    while _more_paths(graph, low, flow, round_) > 0:
        round_ += 1
    for node in ordered:
        if flow.side[node] == _MIDDLE:
            # What the last search could leave lies before the cut, what it did not see behind.
            if flow.seen[2 * node + 1] == round_:
                flow.side[node] = _LOW
            elif flow.seen[2 * node] != round_:
                flow.side[node] = _HIGH
    return True


@compiled
def _set_ends(ordered: UInt32, ends: int, flow: Flow) -> None:
    """Begin with a piece: so many nodes on either side, nothing on a path, nothing seen."""
    for index in range(ordered.size):
        node = ordered[index]
        flow.before[node] = flow.after[node] = _NONE
        flow.seen[2 * node] = flow.seen[2 * node + 1] = 0
        flow.side[node] = _MIDDLE
        if index < ends:
            flow.side[node] = _LOW
        elif index >= ordered.size - ends:
            flow.side[node] = _HIGH


@compiled
def _meet(graph: Pieces, low: UInt32, side: UInt8) -> bool:
    """Whether an arc joins the two ends of a piece, so that nothing between separates them."""
    indptr, head, piece = graph
    for node in low:
        for arc in range(indptr[node], indptr[node + np.uint32(1)]):
            if piece[head[arc]] == piece[node] and side[head[arc]] == _HIGH:
                return True
    return False


@compiled
def _more_paths(graph: Pieces, starts: UInt32, flow: Flow, round_: int) -> int:
    """Lead further paths from one end of a piece to the other; return how many were found.

    What a search has visited no later search of the round visits again: a round is quick,
    and only one that finds nothing has looked everywhere.
    """
    indptr, head, piece = graph
    paths = 0
    for node in starts:
        for arc in range(indptr[node], indptr[node + np.uint32(1)]):
            first = head[arc]
            inside = piece[first] == piece[node] and flow.side[first] == _MIDDLE
            if inside and flow.seen[2 * first] != round_:
                last = _searched(graph, first, flow, round_)
                if last != _NONE:
                    _lead(last, flow)
                    paths += 1
    return paths


@compiled
def _searched(graph: Pieces, first: np.uint32, flow: Flow, round_: int) -> np.uint32:
    """Seek a way to the other end that takes no node twice; return its last state, or none.

    A node on a path can only be arrived at to send that path another way: the search goes
    on from the node before it.
    """
    indptr, head, piece = graph
    waiting = _visit(np.uint32(2 * first), _EDGE, flow, round_, 0)
    while waiting > 0:
        waiting -= 1
        state = flow.stack[waiting]
        node = np.uint32(state >> 1)
        before = flow.before[node]
        if state & 1 == 0:
            if before != _EDGE:
                left = node if before == _NONE else before
                waiting = _visit(np.uint32(2 * left + 1), state, flow, round_, waiting)
            continue
        if before != _NONE:
            waiting = _visit(np.uint32(2 * node), state, flow, round_, waiting)
        for arc in range(indptr[node], indptr[node + np.uint32(1)]):
            other = head[arc]
            if piece[other] != piece[node]:
                continue
            if flow.side[other] == _HIGH:
                return np.uint32(state)
            if flow.side[other] == _MIDDLE and other != flow.after[node]:
                waiting = _visit(np.uint32(2 * other), state, flow, round_, waiting)
    return _NONE


@compiled
def _visit(state: np.uint32, came: np.uint32, flow: Flow, round_: int, waiting: int) -> int:
    """Put a state on the stack unless the round has seen it; return how many wait."""
    if flow.seen[state] == round_:
        return waiting
    flow.seen[state] = round_
    flow.came[state] = came
    flow.stack[waiting] = state
    return waiting + 1


@compiled
def _lead(last: np.uint32, flow: Flow) -> None:
    """Lead a path along the way that a search has found, and others where it sends them."""
    length = 0
    state = last
    while state != _EDGE:
        flow.stack[length] = state
        length += 1
        state = flow.came[state]
    left = _EDGE
    for index in range(length - 1, -1, -1):
        state = flow.stack[index]
        node = np.uint32(state >> 1)
        if state & 1:
            left = node
        elif left == node:
            # Left and arrived at again: the path that led through it has been sent elsewhere.
            flow.before[node] = flow.after[node] = _NONE
        else:
            flow.before[node] = left
            if left != _EDGE:
                flow.after[left] = node
    flow.after[left] = _EDGE
