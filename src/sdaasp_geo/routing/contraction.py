"""Compiled rounds of a contraction: whom to contract, what must bypass them, what remains.

A node is contracted by taking it out of the graph and adding a *bypass* from each of its
predecessors to each of its successors, unless a way around it, a *witness*, is as short.
A round contracts every node whose key is the least among its neighbours' (Vetter 2009,
"Parallel time-dependent contraction hierarchies", on Geisberger et al. 2008,
"Contraction hierarchies"): no two of them are neighbours, so that each can be looked at
alone, by any thread, and the result is the same.

Two nodes of one round could be each other's witness; within a round the order is that
of the numbers, and a witness may not pass through a node contracted before.

Every kernel returns arrays for a stretch of nodes and changes none that it was given;
stretches laid end to end are the whole. Numbers begin as ``np.int64(0)``, because numba
takes a plain 0 for a type of its own and compiles everything twice. All stand in this one module because numba's disk
cache looks at the age of one file only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sdaasp_geo.routing.kernels import UNREACHED, compiled, inlined

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Int32 = NDArray[np.int32]
    Int64 = NDArray[np.int64]
    UInt32 = NDArray[np.uint32]
    Flags = NDArray[np.uint8]
    Whole = int | np.int64

_NODE_BITS = 32
_NODE_MASK = 2**_NODE_BITS - 1
# Above every priority, and still room for a level's weight.
_LAST = 2**29


class Remaining(NamedTuple):
    """The graph that is not contracted yet: neighbours, with the arcs to and from each.

    `node` is the graph's own number of each node. `ms` is :data:`UNREACHED` where there
    is no arc that way, `middle` the graph node that an arc bypasses or -1, `hops` how
    many arcs of the graph it stands for.
    """

    node: Int32
    indptr: UInt32
    head: UInt32
    out_ms: Int32
    in_ms: Int32
    out_middle: Int32
    in_middle: Int32
    out_hops: Int32
    in_hops: Int32


class Arcs(NamedTuple):
    """Arcs to add to a graph, between its nodes as it numbers them."""

    tail: UInt32
    head: UInt32
    ms: Int32
    middle: Int32
    hops: Int32


class Patience(NamedTuple):
    """How many nodes a witness search settles before it gives up and a bypass is made.

    That bypass is superfluous, never wrong. `asking` is for the priorities.
    """

    asking: int
    contracting: int


class Scratch(NamedTuple):
    """Memory of the witness searches.

    `early` is by how much a node is reached earlier than never, `aim` the same of the
    time by which a target must be reached: zero everywhere between two searches. The
    search also gives up when `heap` or `touched` is full.
    """

    early: Int32
    aim: Int32
    heap: Int64
    touched: UInt32


@inlined
def _push(heap: Int64, size: int, key: np.int64) -> None:
    place = size
    while place > 0:
        above = (place - 1) >> 2
        if heap[above] <= key:
            break
        heap[place] = heap[above]
        place = above
    heap[place] = key


@inlined
def _sink_last(heap: Int64, size: int) -> None:
    """Remove the first key of a four-way heap; the one at `size` takes its place."""
    key = heap[size]
    place = 0
    while True:
        child = 4 * place + 1
        if child >= size:
            break
        least = child
        for other in range(child + 1, min(child + 4, size)):
            if heap[other] < heap[least]:
                least = other
        if heap[least] >= key:
            break
        heap[place] = heap[least]
        place = least
    heap[place] = key


@inlined
def _seek(
    graph: Remaining,
    gone: Flags,
    scratch: Scratch,
    ends: tuple[np.uint32, np.uint32],
    span: tuple[Whole, Whole, int],
) -> int:
    """Search from a source around a node until every aim is met; return nodes touched."""
    source, around = ends
    farthest_ms, missing, patience = span
    early, aim, heap, touched = scratch
    early[source] = UNREACHED
    touched[0] = source
    reached, size = 1, 1
    heap[0] = np.int64(source)
    while size > 0 and patience > 0:
        key = heap[0]
        size -= 1
        _sink_last(heap, size)
        node = np.uint32(key & _NODE_MASK)
        time = key >> _NODE_BITS
        if time != UNREACHED - early[node]:
            continue
        patience -= 1
        for arc in range(graph.indptr[node], graph.indptr[node + np.uint32(1)]):
            there = time + graph.out_ms[arc]
            if there > farthest_ms:
                continue
            head = graph.head[arc]
            gain = UNREACHED - there
            if gain <= early[head] or head == around or (gone[head] and head < around):
                continue
            if early[head] == 0:
                if reached == touched.size:
                    return reached
                touched[reached] = head
                reached += 1
            if early[head] < aim[head] <= gain:
                missing -= 1
            early[head] = gain
            if missing == 0 or size == heap.size:
                return reached
            _push(heap, size, (there << _NODE_BITS) | np.int64(head))
            size += 1
    return reached


@inlined
def _bypass_from(
    graph: Remaining,
    gone: Flags,
    scratch: Scratch,
    place: tuple[np.uint32, int, int],
    out: tuple[Arcs, Whole],
) -> Whole:
    """Write the bypasses needed from one predecessor of a node; return how many there are now.

    -1 if one would be longer than 31 bits.
    """
    node, entry, patience = place
    arcs, count = out
    early, aim = scratch.early, scratch.aim
    first, last = graph.indptr[node], graph.indptr[node + np.uint32(1)]
    before_ms = np.int64(graph.in_ms[entry])
    source = graph.head[entry]
    farthest_ms = np.int64(-1)
    missing: Whole = np.int64(0)
    for arc in range(first, last):
        if graph.out_ms[arc] != UNREACHED and graph.head[arc] != source:
            there = before_ms + graph.out_ms[arc]
            # Too long for an aim: found below, where no witness is shorter.
            aim[graph.head[arc]] = max(UNREACHED - there, 1)
            farthest_ms = max(farthest_ms, min(there, np.int64(UNREACHED - 1)))
            missing += 1
    if missing == 0:
        return count
    span = (farthest_ms, missing, patience)
    reached = _seek(graph, gone, scratch, (source, node), span)
    for arc in range(first, last):
        head = graph.head[arc]
        if aim[head] == 0 or head == source:
            continue
        if early[head] < aim[head] and count >= 0:
            there = before_ms + graph.out_ms[arc]
            if there >= UNREACHED:
                count = -1
            else:
                arcs.tail[count] = source
                arcs.head[count] = head
                arcs.ms[count] = there
                arcs.middle[count] = graph.node[node]
                arcs.hops[count] = graph.in_hops[entry] + graph.out_hops[arc]
                count += 1
        aim[head] = 0
    for index in range(reached):
        early[scratch.touched[index]] = 0
    return count


@compiled
def _bypasses(
    graph: Remaining,
    gone: Flags,
    scratch: Scratch,
    place: tuple[np.uint32, int],
    out: tuple[Arcs, Whole],
) -> Whole:
    """As `_bypass_from`, from every predecessor."""
    node, patience = place
    arcs, count = out
    for entry in range(graph.indptr[node], graph.indptr[node + np.uint32(1)]):
        if graph.in_ms[entry] != UNREACHED:
            count = _bypass_from(graph, gone, scratch, (node, entry, patience), (arcs, count))
            if count < 0:
                break
    return count


@compiled
def _room(arcs: Arcs, used: Whole, degree: Whole) -> Arcs:
    """Return arcs with room for all bypasses of a node: the same, or copies twice as long."""
    size: Whole = arcs.tail.size
    if used + degree * degree <= size:
        return arcs
    size = 2 * size + degree * degree
    larger = _new_arcs(size)
    for arc in range(used):
        larger.tail[arc] = arcs.tail[arc]
        larger.head[arc] = arcs.head[arc]
        larger.ms[arc] = arcs.ms[arc]
        larger.middle[arc] = arcs.middle[arc]
        larger.hops[arc] = arcs.hops[arc]
    return larger


@compiled
def _new_arcs(size: Whole) -> Arcs:
    return Arcs(
        np.empty(size, np.uint32),
        np.empty(size, np.uint32),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
    )


@inlined
def _priority(graph: Remaining, node: np.uint32, arcs: Arcs, added: Whole) -> Whole:
    """Low for what is cheap to contract: few bypasses of few hops for the arcs taken out."""
    removed, removed_hops, added_hops = 0, 0, 0
    for arc in range(graph.indptr[node], graph.indptr[node + np.uint32(1)]):
        if graph.out_ms[arc] != UNREACHED:
            removed += 1
            removed_hops += graph.out_hops[arc]
        if graph.in_ms[arc] != UNREACHED:
            removed += 1
            removed_hops += graph.in_hops[arc]
    for index in range(added):
        added_hops += arcs.hops[index]
    if removed == 0:
        return 0
    return min(1000 * added // removed + 1000 * added_hops // removed_hops, _LAST)


@compiled
def priorities_of(graph: Remaining, nodes: UInt32, scratch: Scratch, patience: int) -> Int32:
    """Return the priority of each of some nodes, their levels left aside."""
    nobody = np.zeros(graph.node.size, np.uint8)
    priority = np.empty(nodes.size, np.int32)
    arcs, none = _new_arcs(np.int64(64)), np.int64(0)
    for index in range(nodes.size):
        node = nodes[index]
        arcs = _room(arcs, none, _degree(graph, node))
        added = _bypasses(graph, nobody, scratch, (node, patience), (arcs, none))
        # Too long a bypass: last of all, when there may be a way around.
        late = added < 0
        priority[index] = _LAST if late else _priority(graph, node, arcs, added)
    return priority


@compiled
def _degree(graph: Remaining, node: np.uint32) -> np.int64:
    return np.int64(graph.indptr[node + np.uint32(1)]) - np.int64(graph.indptr[node])


@compiled
def least_among_neighbours(graph: Remaining, key: Int64, stretch: tuple[int, int]) -> Flags:
    """Return which nodes of a stretch have a lesser key than all of their neighbours."""
    first, last = stretch
    least = np.empty(last - first, np.uint8)
    for index in range(last - first):
        least[index] = 1
        node = np.uint32(first + index)
        for arc in range(graph.indptr[node], graph.indptr[node + np.uint32(1)]):
            if key[graph.head[arc]] < key[node]:
                least[index] = 0
                break
    return least


@compiled
def bypasses_of(
    graph: Remaining, chosen: Flags, nodes: UInt32, scratch: Scratch, patience: int
) -> tuple[Arcs, Whole]:
    """Return the bypasses of some chosen nodes, and how many; -1 if one is too long."""
    arcs = _new_arcs(4 * nodes.size + 64)
    count: Whole = np.int64(0)
    for node in nodes:
        arcs = _room(arcs, count, _degree(graph, node))
        count = _bypasses(graph, chosen, scratch, (node, patience), (arcs, count))
        if count < 0:
            break
    return arcs, count
