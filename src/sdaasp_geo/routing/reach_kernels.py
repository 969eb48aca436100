"""Compiled searches for several facilities a node, and for what lies near each facility.

Keys and queue are those of :mod:`sdaasp_geo.routing.kernels`: time in the high bits,
number of the facility in the low 31, so that the least key is the least pair; entries
wait in time buckets and blocks of nodes. numba's disk cache looks at the age of one file
only: whoever changes the queue there must save this file too.

Nothing is checked here: :mod:`sdaasp_geo.routing.gate` has done it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sdaasp_geo.routing.kernels import (
    BUCKETS,
    UNREACHED,
    _doubled,
    _new_queue,
    _open_next,
    _push,
    _remove_first,
    compiled,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sdaasp_geo.routing.kernels import Entries, KernelGraph, Queue, Windows

    Int32 = NDArray[np.int32]
    Int64 = NDArray[np.int64]
    UInt32 = NDArray[np.uint32]

_NUMBER_BITS = 31
_NUMBER_MASK = 2**_NUMBER_BITS - 1
_NIL = np.uint32(2**32 - 1)
_FIRST_CAPACITY = 4096
# Places in Queue.state, as in `kernels`.
_SPARE, _WAITING, _WINDOW, _BLOCK, _OPEN = range(5)


@compiled
def _enter(row: Int64, key: np.int64) -> bool:
    """Enter a key among a node's sorted keys of distinct facilities; False if it is too late.

    An empty place holds the ceiling, whose number is that of some facility: whether that
    place or the last one is taken comes to the same.
    """
    place = row.size - 1
    if key >= row[place]:
        return False
    number = key & _NUMBER_MASK
    for other in range(row.size):
        if row[other] & _NUMBER_MASK == number:
            place = other
            break
    if row[place] <= key:
        return False
    while place > 0 and row[place - 1] > key:
        row[place] = row[place - 1]
        place -= 1
    row[place] = key
    return True


@compiled
def _prune(row: Int64, group: Int32, count: int, ceiling: np.int64) -> None:
    """Keep the keys that are among the `count` best of all groups but some other one.

    Whichever group is left out, its `count` best keys are there; a key beaten by as many
    for every group left out is beaten by them at every node beyond. At most twice
    `count` remain: that many of one group, and as many of the others.
    """
    kept = 0
    for place in range(row.size):
        key = row[place]
        if key >= ceiling:
            break
        if kept < count:
            row[kept] = key
            kept += 1
            continue
        own = group[key & _NUMBER_MASK]
        # Keys before this one, less those of the group whose leaving out helps it most.
        most = 0
        for first in range(kept):
            other = group[row[first] & _NUMBER_MASK]
            if other == own:
                continue
            alike = 0
            for second in range(kept):
                alike += group[row[second] & _NUMBER_MASK] == other
            most = max(most, alike)
        if kept - most < count:
            row[kept] = key
            kept += 1
    row[kept:] = ceiling


@compiled
def _holds(row: Int64, key: np.int64) -> bool:
    for known in row:
        if known >= key:
            return bool(known == key)
    return False


@compiled
def _enter_any(
    row: Int64, key: np.int64, group: Int32 | None, count: int, ceiling: np.int64
) -> bool:
    entered = _enter(row, key)
    if group is not None and entered:
        # One place more than can remain is free before and after.
        _prune(row, group, count, ceiling)
        entered = _holds(row, key)
    return entered


@compiled
def _drain_k(
    graph: KernelGraph, queue: Queue, group: Int32 | None, ceiling: np.int64, keys: Int64
) -> bool:
    """Search the open block until its buckets are empty; False if the queue must grow first."""
    width = keys.shape[1]
    for bucket in range(np.uint32(BUCKETS)):
        while queue.chain[bucket] != _NIL:
            entry = queue.chain[bucket]
            node, key = queue.node[entry], queue.key[entry]
            first, last = graph.indptr[node], graph.indptr[node + 1]
            if queue.state[_WAITING] + last - first > queue.node.size:
                return False
            _remove_first(queue, bucket)
            if not _holds(keys[node], key):
                continue
            for arc in range(first, last):
                head = graph.heads[arc]
                there = key + (np.int64(graph.weights_ms[arc]) << _NUMBER_BITS)
                # Most arcs improve nothing: a look at the last place spares the call.
                if there < keys[head, width - 1] and _enter_any(
                    keys[head], there, group, width // 2, ceiling
                ):
                    _push(queue, head, there)
    return True


@compiled
def search_k(
    graph: KernelGraph,
    entries: Entries,
    group: Int32 | None,
    ceiling_ms: int,
    windows: Windows,
    keys: Int64,
) -> None:
    """Fill each row of `keys` with the node's least keys under the ceiling, all facilities distinct.

    Without groups a row holds as many as it is wide, k; with groups, of width 2k + 1,
    the k best whichever group is left out.
    """
    ceiling = np.int64(ceiling_ms) << _NUMBER_BITS
    keys[:] = ceiling
    queue = _new_queue(windows, keys.shape[0], entries.node.size + _FIRST_CAPACITY)
    for place in range(entries.node.size):
        node = entries.node[place]
        key = (np.int64(entries.cost_ms[place]) << _NUMBER_BITS) | entries.label[place]
        if _enter_any(keys[node], key, group, keys.shape[1] // 2, ceiling):
            _push(queue, node, key)
    while _open_next(queue):
        while not _drain_k(graph, queue, group, ceiling, keys):
            queue = _doubled(queue)


@compiled
def overflows_k(graph: KernelGraph, keys: Int64) -> bool:
    """Whether a key may be missing only because its time does not fit in 31 bits."""
    ceiling = np.int64(UNREACHED) << _NUMBER_BITS
    for node in range(keys.shape[0]):
        for key in keys[node]:
            if key >= ceiling:
                break
            for arc in range(graph.indptr[node], graph.indptr[node + 1]):
                row = keys[graph.heads[arc]]
                late = key + (np.int64(graph.weights_ms[arc]) << _NUMBER_BITS) >= ceiling
                if late and row[-1] >= ceiling and not _has_number(row, key, ceiling):
                    return True
    return False


@compiled
def _has_number(row: Int64, key: np.int64, ceiling: np.int64) -> bool:
    found = False
    for known in row:
        found |= known < ceiling and known & _NUMBER_MASK == key & _NUMBER_MASK
    return found


@compiled
def _grown(values: Int64, least: int) -> Int64:
    larger = np.empty(max(2 * values.size, least), values.dtype)
    larger[: values.size] = values
    return larger


@compiled
def _reach(time_ms: Int32, touched: Int64, count: int, node: np.uint32, there: int) -> int:
    """Note a better time of a node; return the number of nodes touched so far.

    A node that was never reached holds the ceiling with its sign turned.
    """
    if time_ms[node] < 0:
        touched[count] = node
        count += 1
    time_ms[node] = there
    return count


@compiled
def _ball(
    graph: KernelGraph, queue: Queue, time_ms: Int32, touched: Int64, count: int
) -> tuple[bool, int]:
    """Search the open block on; False if queue or list of nodes must grow first."""
    for bucket in range(np.uint32(BUCKETS)):
        while queue.chain[bucket] != _NIL:
            entry = queue.chain[bucket]
            node, time = queue.node[entry], queue.key[entry] >> _NUMBER_BITS
            first, last = graph.indptr[node], graph.indptr[node + 1]
            if queue.state[_WAITING] + last - first > queue.node.size:
                return False, count
            if count + last - first > touched.size:
                return False, count
            _remove_first(queue, bucket)
            if time != time_ms[node]:
                continue
            for arc in range(first, last):
                head = graph.heads[arc]
                there = time + graph.weights_ms[arc]
                if there < abs(time_ms[head]):
                    count = _reach(time_ms, touched, count, head, there)
                    _push(queue, head, there << _NUMBER_BITS)
    return True, count


@compiled
def _twice(values: Int64) -> Int64:
    larger = np.empty((2 * values.shape[0], *values.shape[1:]), values.dtype)
    larger[: values.shape[0]] = values
    return larger


@compiled
def pairs(
    graph: KernelGraph,
    entries: Entries,
    bounds: Int64,
    position: Int32,
    ceiling_ms: int,
    windows: Windows,
) -> Int64:
    """Every pair of an asked node and a facility under the ceiling: rows position, number, time.

    One search a facility, whose entries are those between two `bounds`; it costs what it
    reaches, whatever the size of the graph. `position` is -1 for nodes not asked for.
    """
    time_ms = np.full(position.size, -ceiling_ms, np.int32)
    most = entries.node.size + _FIRST_CAPACITY
    touched = np.empty(most, np.int64)
    found = np.empty((_FIRST_CAPACITY, 3), np.int64)
    rows = 0
    queue = _new_queue(windows, position.size, most)
    for facility in range(bounds.size - 1):
        # Every search begins at time 0, before the first block.
        queue.state[_WINDOW], queue.state[_BLOCK], queue.state[_OPEN] = 0, -1, _NIL
        count = 0
        for place in range(bounds[facility], bounds[facility + 1]):
            node, cost = entries.node[place], entries.cost_ms[place]
            if cost < abs(time_ms[node]):
                count = _reach(time_ms, touched, count, node, cost)
                _push(queue, node, np.int64(cost) << _NUMBER_BITS)
        while _open_next(queue):
            done, count = _ball(graph, queue, time_ms, touched, count)
            while not done:
                queue, touched = _doubled(queue), _twice(touched)
                done, count = _ball(graph, queue, time_ms, touched, count)
        for node in touched[:count]:
            if position[node] >= 0:
                if rows == found.shape[0]:
                    found = _twice(found)
                found[rows] = position[node], entries.label[bounds[facility]], time_ms[node]
                rows += 1
            time_ms[node] = -ceiling_ms
    return found[:rows].copy()
