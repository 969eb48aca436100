"""Compiled searches of what a new facility changes: only where it improves on today.

Today's times never rise by more than an arc's time along the arc. Where a candidate does
not improve on them, it improves on nothing behind: the search stops there, and costs
what the candidate changes, not what the graph holds. The queue is that of
:mod:`sdaasp_geo.routing.kernels` without its blocks, which such a search stays within:
narrow buckets of time in a circle, last in, first out.

Sums are of integers, so that no order of summing can change them; see `Weights`.

Nothing is checked here: :mod:`sdaasp_geo.routing.improvement_gate` has done it. Kernels
that call each other stand in one module because numba's disk cache looks at the age of
one file only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sdaasp_geo.routing.kernels import UNREACHED, KernelGraph, compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Int32 = NDArray[np.int32]
    Int64 = NDArray[np.int64]
    UInt32 = NDArray[np.uint32]

_NIL = np.uint32(2**32 - 1)
# Places in Queue.state: first spare entry, number of entries that wait, number of nodes
# improved, and the bucket being searched.
_SPARE, _WAITING, _COUNT, _BUCKET = range(4)
_FIRST_CAPACITY = 4096
FAULT = -1
_TIME_BITS = 31


class Doors(NamedTuple):
    """Where origins leave the graph: doors ``indptr[v]:indptr[v + 1]`` are at node ``v``.

    Without origins, `indptr` is empty and every node counts for itself.
    """

    indptr: UInt32
    origin: UInt32
    cost_ms: Int32


class Sites(NamedTuple):
    """Where candidates enter: entries ``indptr[c]:indptr[c + 1]`` are those of ``c``."""

    indptr: UInt32
    node: UInt32
    cost_ms: Int32


class Weights(NamedTuple):
    """What each origin, or node, counts for, as whole shares of a common unit.

    All shares together stay below 2**46: with a gain in two halves of 16 and 15 bits,
    every sum fits in 63.
    """

    share: Int64
    thresholds_ms: Int64


class Sums(NamedTuple):
    """What the candidates change, one row each; shares as in `Weights`.

    ``gain`` holds the high and low halves of share × milliseconds gained; ``number`` and
    ``share`` those that gain, then those reached for the first time; ``gaining`` the
    shares that gain at least each threshold.
    """

    gain: Int64
    number: Int64
    share: Int64
    gaining: Int64


class Kept(NamedTuple):
    """What candidates change, from the candidate ``first`` on.

    The keys of candidate ``c`` are ``keys[indptr[c]:indptr[c + 1]]``, in no order: the
    node or origin in the high bits, its new time in the low 31. ``most`` is the room
    that one candidate may need, ``longest_ms`` the longest arc.
    """

    first: int
    indptr: Int64
    keys: Int64
    most: int
    longest_ms: int


class Times(NamedTuple):
    """Times as they are, and as they become: alike between two candidates.

    ``touched`` lists where they differ meanwhile.
    """

    today_ms: Int32
    work_ms: Int32
    touched: UInt32


class Sizes(NamedTuple):
    """How time is cut, in buckets of ``2**shift`` ms, and the longest arc or entry.

    ``buckets``, a power of two, span it at least.
    """

    shift: int
    buckets: int
    longest_ms: int


class Queue(NamedTuple):
    """Entries that wait, a chain for each bucket.

    An entry is not removed when its node improves: it is stale when its turn comes.
    """

    chain: UInt32
    node: UInt32
    time_ms: Int32
    following: UInt32
    state: Int64
    shift: int


@compiled
def new_times(today_ms: Int32) -> Times:
    """Make times to work on."""
    return Times(today_ms, today_ms.copy(), np.empty(today_ms.size, np.uint32))


@compiled
def new_queue(sizes: Sizes) -> Queue:
    """Make an empty queue."""
    return Queue(
        np.full(sizes.buckets, _NIL, np.uint32),
        np.empty(_FIRST_CAPACITY, np.uint32),
        np.empty(_FIRST_CAPACITY, np.int32),
        np.arange(1, _FIRST_CAPACITY + 1).astype(np.uint32),
        np.zeros(4, np.int64),
        sizes.shift,
    )


@compiled
def _doubled(queue: Queue) -> Queue:
    chain, old_node, old_time_ms, old_following, state, shift = queue
    old = old_node.size
    node = np.empty(2 * old, np.uint32)
    time_ms = np.empty(2 * old, np.int32)
    # The last spare entry names the one beyond the old end: the new ones follow it.
    following = np.arange(1, 2 * old + 1).astype(np.uint32)
    # Not by slices, whose errors take long to compile.
    for entry in range(old):
        node[entry] = old_node[entry]
        time_ms[entry] = old_time_ms[entry]
        following[entry] = old_following[entry]
    return Queue(chain, node, time_ms, following, state, shift)


@compiled
def _lower(times: Times, count: int, place: np.uint32, time_ms: np.int64) -> int:
    """Take a shorter time; return how many places differ from today."""
    if times.work_ms[place] == times.today_ms[place]:
        times.touched[count] = place
        count += 1
    times.work_ms[place] = time_ms
    return count


@compiled
def _enter(sites: Sites, candidate: int, times: Times, queue: Queue) -> int:
    """Enter a candidate where it improves; return the number of nodes it does."""
    count = 0
    for place in range(sites.indptr[candidate], sites.indptr[candidate + 1]):
        node, cost_ms = sites.node[place], sites.cost_ms[place]
        if cost_ms < times.work_ms[node]:
            count = _lower(times, count, node, np.int64(cost_ms))
            entry = np.uint32(queue.state[_SPARE])
            bucket = np.uint32(cost_ms >> queue.shift) & np.uint32(queue.chain.size - 1)
            queue.state[_SPARE] = queue.following[entry]
            queue.state[_WAITING] += 1
            queue.node[entry] = node
            queue.time_ms[entry] = cost_ms
            queue.following[entry] = queue.chain[bucket]
            queue.chain[bucket] = entry
    return count


@compiled
def _drain(graph: KernelGraph, times: Times, queue: Queue) -> bool:
    """Search until nothing waits; False if the queue must grow first.

    Everything is in local names, and stays in the processor's registers: passed on to
    smaller functions, it costs twice the time.
    """
    today_ms, work_ms, touched = times
    chain, queue_node, queue_time_ms, following, state, shift = queue
    spare = np.uint32(state[_SPARE])
    waiting, count = state[_WAITING], state[_COUNT]
    bucket, mask = np.uint32(state[_BUCKET]), np.uint32(chain.size - 1)
    room = True
    while room and waiting > 0:
        while chain[bucket] != _NIL:
            entry = chain[bucket]
            node, time_ms = queue_node[entry], queue_time_ms[entry]
            first, last = graph.indptr[node], graph.indptr[node + np.uint32(1)]
            # An arc adds one entry at most, so here is the one place to look for room.
            room = waiting + last - first <= queue_node.size
            if not room:
                break
            chain[bucket] = following[entry]
            following[entry] = spare
            spare = entry
            waiting -= 1
            if time_ms != work_ms[node]:
                continue
            for arc in range(first, last):
                head = graph.heads[arc]
                there = np.int64(time_ms) + graph.weights_ms[arc]
                if there < work_ms[head]:
                    if work_ms[head] == today_ms[head]:
                        touched[count] = head
                        count += 1
                    work_ms[head] = there
                    place = np.uint32(there >> shift) & mask
                    entry = spare
                    spare = following[entry]
                    queue_node[entry] = head
                    queue_time_ms[entry] = there
                    following[entry] = chain[place]
                    chain[place] = entry
                    waiting += 1
        bucket = (bucket + np.uint32(room)) & mask
    state[_SPARE], state[_WAITING], state[_COUNT], state[_BUCKET] = spare, waiting, count, bucket
    return room


@compiled
def _spread(
    graph: KernelGraph, sites: Sites, candidate: int, times: Times, queue: Queue
) -> tuple[int, Queue]:
    """Search from a candidate as far as it improves; return how many nodes it does."""
    while queue.node.size < sites.indptr[candidate + 1] - sites.indptr[candidate]:
        queue = _doubled(queue)
    queue.state[_COUNT] = _enter(sites, candidate, times, queue)
    queue.state[_BUCKET] = 0
    while not _drain(graph, times, queue):
        queue = _doubled(queue)
    return queue.state[_COUNT], queue


@compiled
def _at_doors(doors: Doors, nodes: Times, count: int, origins: Times) -> int:
    """Take what changed at the nodes to the origins; return how many it changes, -1 too far."""
    found = 0
    too_far = False
    for place in range(count):
        node = nodes.touched[place]
        for door in range(doors.indptr[node], doors.indptr[node + np.uint32(1)]):
            origin = doors.origin[door]
            there = np.int64(nodes.work_ms[node]) + doors.cost_ms[door]
            if there < origins.work_ms[origin]:
                found = _lower(origins, found, origin, there)
            too_far |= there >= UNREACHED
    if too_far and _some_unreached(doors, nodes, count, origins):
        return FAULT
    return found


@compiled
def _some_unreached(doors: Doors, nodes: Times, count: int, origins: Times) -> bool:
    """Whether an origin has a door at a node that was reached, and is not reached."""
    for place in range(count):
        node = nodes.touched[place]
        for door in range(doors.indptr[node], doors.indptr[node + np.uint32(1)]):
            if origins.work_ms[doors.origin[door]] == UNREACHED:
                return True
    return False


@compiled
def _overflows(graph: KernelGraph, times: Times, count: int, longest_ms: int) -> bool:
    """Whether a node stays unreached only because its time does not fit in 31 bits."""
    for place in range(count):
        node = times.touched[place]
        if times.work_ms[node] < UNREACHED - longest_ms:
            continue
        for arc in range(graph.indptr[node], graph.indptr[node + np.uint32(1)]):
            if times.work_ms[graph.heads[arc]] == UNREACHED:
                return True
    return False


@compiled
def _restore(times: Times, count: int) -> None:
    for place in range(count):
        times.work_ms[times.touched[place]] = times.today_ms[times.touched[place]]


@compiled
def _taken(nodes: UInt32, then_ms: Int32, times: Times) -> int:
    """Take times found elsewhere, where they improve; return how many nodes they do."""
    count = 0
    for place in range(np.uint32(nodes.size)):
        node = nodes[place]
        if then_ms[place] < times.work_ms[node]:
            count = _lower(times, count, node, np.int64(then_ms[place]))
    return count


@compiled
def _found(doors: Doors, times: tuple[Times, Times], count: int) -> int:
    """How many origins, or nodes where nobody has a door, are improved; -1 too far."""
    if doors.indptr.size > 0:
        return _at_doors(doors, times[0], count, times[1])
    return count


@compiled
def _keep_and_restore(
    doors: Doors, times: tuple[Times, Times], counts: tuple[int, int], keys: Int64, begin: int
) -> int:
    """Write down what a candidate changes, then forget it; return where its keys end."""
    count, found = counts
    counted = times[1] if doors.indptr.size > 0 else times[0]
    for place in range(found):
        changed = counted.touched[place]
        keys[begin + place] = (np.int64(changed) << _TIME_BITS) | counted.work_ms[changed]
    _restore(times[0], count)
    if doors.indptr.size > 0:
        _restore(times[1], found)
    return begin + found


@compiled
def searched(
    graph: KernelGraph,
    sites: Sites,
    doors: Doors,
    times: tuple[Times, Times],
    queue: Queue,
    kept: Kept,
) -> tuple[int, Queue]:
    """Search from one candidate after the other while there is room for what they change.

    Returns the first candidate that is left, or -1 where a time does not fit in 31 bits.
    """
    row = kept.first
    kept.indptr[row] = 0
    while row < sites.indptr.size - 1 and kept.indptr[row] + kept.most <= kept.keys.size:
        count, queue = _spread(graph, sites, row, times[0], queue)
        found = _found(doors, times, count)
        if found == FAULT or _overflows(graph, times[0], count, kept.longest_ms):
            return FAULT, queue
        end = _keep_and_restore(doors, times, (count, found), kept.keys, kept.indptr[row])
        row += 1
        kept.indptr[row] = end
    return row, queue


@compiled
def swept(
    nodes: UInt32, then_ms: Int32, doors: Doors, times: tuple[Times, Times], kept: Kept
) -> int:
    """As `searched`, from times found elsewhere: ``then_ms[c]`` at the nodes."""
    row = kept.first
    kept.indptr[row] = 0
    while row < then_ms.shape[0] and kept.indptr[row] + kept.most <= kept.keys.size:
        count = _taken(nodes, then_ms[row], times[0])
        found = _found(doors, times, count)
        if found == FAULT:
            return FAULT
        end = _keep_and_restore(doors, times, (count, found), kept.keys, kept.indptr[row])
        row += 1
        kept.indptr[row] = end
    return row
