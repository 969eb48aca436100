"""Compiled searches: label-correcting, in time windows, over blocks of nodes.

A search keeps one integer for every node, the best key known so far: the time in the
high bits, the facility's number in the low 31. The least key is the least pair in
lexicographic order, and adding an arc's time to two keys keeps their order, so that keys
obey the same rules as plain times: the result is the shortest path's, ties go to the
lowest number, and neither depends on the order of processing.

The queue only makes that order a good one. Nodes are taken roughly by time, from narrow
buckets, as in Meyer and Sanders (2003), "Δ-stepping: a parallelizable shortest path
algorithm", Journal of Algorithms 49, but in one thread, last in, first out. Over some
ten arcs' time, the window, the search stays within a block of nodes before it goes on to
the next: nodes are numbered along a curve, so that a block is a small territory, and its
arrays stay in the processor's cache. What crosses into another block waits there, and may
correct what was found too early.

Nothing is checked here: :mod:`sdaasp_geo.routing.gate` has done it. All kernels stand
in this one module because numba's disk cache looks at the age of one file only, and
would keep serving a kernel whose callee, elsewhere, has changed.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeVar, cast

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Int32 = NDArray[np.int32]
    Int64 = NDArray[np.int64]
    UInt32 = NDArray[np.uint32]

_Function = TypeVar("_Function", bound="Callable[..., object]")

# Time of a node that no facility reaches; internal arrays only, never a public figure.
UNREACHED = 2**31 - 1

# Two times below 2**31 and a number below 2**31 never overflow 64 bits, so that a sum
# needs no check; what is too late is refused by comparison.
_NUMBER_BITS = 31
_NUMBER_MASK = 2**_NUMBER_BITS - 1

_NIL = np.uint32(2**32 - 1)
_FIRST_CAPACITY = 4096
# Measured on 500,000 nodes: blocks of 4,000 to 16,000 nodes and windows of 16 or 32
# buckets are equally quick. Against no blocks at all, a tenth is lost for 10 facilities
# and a fifth gained for 3,000, whose searches are everywhere at once.
_BLOCK_BITS = 13
_BUCKET_BITS = 4
BUCKETS = 2**_BUCKET_BITS
# Places in Queue.state: first spare entry, number of entries that wait, current window
# and block, and where the open block's entries stood.
_SPARE, _WAITING, _WINDOW, _BLOCK, _OPEN = range(5)


def compiled(function: _Function) -> _Function:
    """Compile without the interpreter's lock, kept on disk where a place can be written."""
    # Nobody calls kernels from C: the way in from there would be compiled for nothing.
    compiler = partial(njit, nogil=True, no_cfunc_wrapper=True)
    try:
        return cast("_Function", compiler(cache=True)(function))
    except RuntimeError:  # installed read-only, for a user without a home
        return cast("_Function", compiler()(function))


def inlined(function: _Function) -> _Function:
    """Put a part that one kernel calls, or a short one, into its caller before that is compiled.

    One function to compile in place of two; and in the innermost loops a quicker one, for
    the compiler left to itself calls it, and hands over dozens of numbers each time.
    """
    return cast("_Function", njit(nogil=True, inline="always")(function))


class KernelGraph(NamedTuple):
    """A search graph as the kernels want it.

    Indices are unsigned because numba tests every signed index for Python's counting
    from the end, which costs a quarter of a search.
    """

    indptr: UInt32
    heads: UInt32
    weights_ms: Int32


class Entries(NamedTuple):
    """Where the facilities of one service enter the graph, as the kernels want it."""

    node: UInt32
    cost_ms: Int32
    label: Int32


class Windows(NamedTuple):
    """How time is cut: buckets of ``2**shift`` ms, :data:`BUCKETS` of them a window.

    ``number`` windows, a power of two, are in use at once.
    """

    shift: int
    number: int


class Queue(NamedTuple):
    """Entries that wait: in the buckets of the open block, or with their window and block.

    An entry is a node with a key. Entries of one place form a chain, the spare ones too;
    the one freed last is used first, and is still in the cache. An entry is not removed
    when its node improves: it is recognised as stale when its turn comes.

    ``chain`` holds the first entry of each bucket, then of each block for one window
    after the other.
    """

    chain: UInt32
    node: UInt32
    key: Int64
    following: UInt32
    state: Int64
    shift: int
    blocks: int
    windows: int


@compiled
def _new_queue(windows: Windows, node_count: int, capacity: int) -> Queue:
    blocks = (node_count >> _BLOCK_BITS) + 1
    chain = np.full(BUCKETS + windows.number * blocks, _NIL, np.uint32)
    node = np.empty(capacity, np.uint32)
    key = np.empty(capacity, np.int64)
    following = np.arange(1, capacity + 1).astype(np.uint32)
    state = np.zeros(5, np.int64)
    state[_OPEN] = _NIL
    shift = windows.shift + _NUMBER_BITS
    return Queue(chain, node, key, following, state, shift, blocks, windows.number)


@compiled
def _doubled(queue: Queue) -> Queue:
    chain, old_node, old_key, old_following, state, shift, blocks, windows = queue
    old = old_node.size
    node = np.empty(2 * old, np.uint32)
    key = np.empty(2 * old, np.int64)
    # The last spare entry names the one beyond the old end: the new ones follow it.
    following = np.arange(1, 2 * old + 1).astype(np.uint32)
    # One by one: numba takes two seconds to compile the errors of three slices.
    for entry in range(old):
        node[entry] = old_node[entry]
        key[entry] = old_key[entry]
        following[entry] = old_following[entry]
    return Queue(chain, node, key, following, state, shift, blocks, windows)


@compiled
def _bucket(queue: Queue, key: np.int64) -> np.uint32:
    return np.uint32((key >> queue.shift) & (BUCKETS - 1))


@compiled
def _push(queue: Queue, node: np.uint32, key: np.int64) -> None:
    """Add an entry; the caller has made sure that one is spare."""
    state = queue.state
    entry = np.uint32(state[_SPARE])
    state[_SPARE] = queue.following[entry]
    state[_WAITING] += 1
    window = (key >> (queue.shift + _BUCKET_BITS)) & (queue.windows - 1)
    place = np.uint32(BUCKETS + window * queue.blocks + (node >> _BLOCK_BITS))
    if place == state[_OPEN]:
        place = _bucket(queue, key)
    queue.node[entry] = node
    queue.key[entry] = key
    queue.following[entry] = queue.chain[place]
    queue.chain[place] = entry


@compiled
def _remove_first(queue: Queue, bucket: int) -> None:
    """Take the first entry out of a bucket that has one."""
    state = queue.state
    entry = queue.chain[bucket]
    queue.chain[bucket] = queue.following[entry]
    queue.following[entry] = state[_SPARE]
    state[_SPARE] = entry
    state[_WAITING] -= 1


@compiled
def _open_next(queue: Queue) -> bool:
    """Go on to the next block with entries in this window, or to the next window.

    False when nothing waits any more. An arc is shorter than all windows but one
    together, so that entries never wait in a window that has been left.
    """
    state = queue.state
    while state[_WAITING] > 0:
        for _ in range(queue.blocks):
            state[_BLOCK] += 1
            if state[_BLOCK] == queue.blocks:
                state[_BLOCK] = 0
            state[_OPEN] = BUCKETS + state[_WINDOW] * queue.blocks + state[_BLOCK]
            if queue.chain[state[_OPEN]] != _NIL:
                _spread(queue)
                return True
        state[_WINDOW] = (state[_WINDOW] + 1) & (queue.windows - 1)
    return False


@compiled
def _spread(queue: Queue) -> None:
    """Move the entries of the open block into the buckets."""
    place = queue.state[_OPEN]
    entry = queue.chain[place]
    queue.chain[place] = _NIL
    while entry != _NIL:
        following = queue.following[entry]
        bucket = _bucket(queue, queue.key[entry])
        queue.following[entry] = queue.chain[bucket]
        queue.chain[bucket] = entry
        entry = following


@compiled
def _key(time_ms: int, number: int) -> np.int64:
    return (np.int64(time_ms) << _NUMBER_BITS) | np.int64(number)


@compiled
def _drain(graph: KernelGraph, queue: Queue, best: Int64, previous: UInt32 | None) -> bool:
    """Search the open block until its buckets are empty; False if the queue must grow first."""
    for bucket in range(np.uint32(BUCKETS)):
        while queue.chain[bucket] != _NIL:
            entry = queue.chain[bucket]
            node, key = queue.node[entry], queue.key[entry]
            first, last = graph.indptr[node], graph.indptr[node + 1]
            # An arc adds one entry at most, so here is the one place to look for room.
            if queue.state[_WAITING] + last - first > queue.node.size:
                return False
            _remove_first(queue, bucket)
            if key != best[node]:
                continue
            for arc in range(first, last):
                head = graph.heads[arc]
                there = key + (np.int64(graph.weights_ms[arc]) << _NUMBER_BITS)
                if there < best[head]:
                    best[head] = there
                    if previous is not None:
                        previous[head] = node
                    _push(queue, head, there)
    return True


@compiled
def search(
    graph: KernelGraph,
    entries: Entries,
    ceiling_ms: int,
    windows: Windows,
    best: Int64,
    previous: UInt32 | None,
) -> None:
    """Fill `best` with every node's least key, for times under the ceiling.

    Starting every node at the ceiling refuses, at no cost in the loop, whatever
    arrives at the ceiling or later.
    """
    best[:] = _key(ceiling_ms, 0)
    queue = _new_queue(windows, best.size, entries.node.size + _FIRST_CAPACITY)
    for place in range(entries.node.size):
        node = entries.node[place]
        key = _key(entries.cost_ms[place], entries.label[place])
        if key < best[node]:
            best[node] = key
            _push(queue, node, key)
    while _open_next(queue):
        while not _drain(graph, queue, best, previous):
            queue = _doubled(queue)


@compiled
def unpack(best: Int64, ceiling_ms: int, time_ms: Int32, label: Int32) -> int:
    """Part keys into times and numbers; return the longest time found, 0 if none."""
    longest = 0
    for node in range(best.size):
        time = best[node] >> _NUMBER_BITS
        if time < ceiling_ms:
            time_ms[node] = time
            label[node] = best[node] & _NUMBER_MASK
            longest = max(longest, time)
        else:
            time_ms[node] = UNREACHED
            label[node] = -1
    return longest


@compiled
def _improve_two(best: Int64, second: Int64, group: Int32, node: int, key: np.int64) -> bool:
    """Enter a key among a node's two, which are always of distinct groups.

    A node without a key holds the ceiling, whose number is that of some facility: the
    two ways of entering a first key come to the same.
    """
    if key >= second[node]:
        return False
    known = best[node]
    if group[known & _NUMBER_MASK] == group[key & _NUMBER_MASK]:
        if key >= known:
            return False
        best[node] = key
    elif key < known:
        second[node] = known
        best[node] = key
    else:
        second[node] = key
    return True


@compiled
def _drain_two(graph: KernelGraph, queue: Queue, best: Int64, second: Int64, group: Int32) -> bool:
    """As `_drain`, with two keys a node.

    Two are enough: a key beaten at a node by two other groups is beaten by them at
    every node beyond, one of the two being of another group than the winner there.
    """
    for bucket in range(np.uint32(BUCKETS)):
        while queue.chain[bucket] != _NIL:
            entry = queue.chain[bucket]
            node, key = queue.node[entry], queue.key[entry]
            first, last = graph.indptr[node], graph.indptr[node + 1]
            if queue.state[_WAITING] + last - first > queue.node.size:
                return False
            _remove_first(queue, bucket)
            if key not in (best[node], second[node]):
                continue
            for arc in range(first, last):
                head = graph.heads[arc]
                there = key + (np.int64(graph.weights_ms[arc]) << _NUMBER_BITS)
                if _improve_two(best, second, group, head, there):
                    _push(queue, head, there)
    return True


@compiled
def search_two(
    graph: KernelGraph,
    entries: Entries,
    group: Int32,
    ceiling_ms: int,
    windows: Windows,
    keys: Int64,
) -> None:
    """Fill ``keys[0]`` and ``keys[1]`` with every node's two least keys under the ceiling."""
    best, second = keys[0], keys[1]
    keys[:] = _key(ceiling_ms, 0)
    queue = _new_queue(windows, best.size, entries.node.size + _FIRST_CAPACITY)
    for place in range(entries.node.size):
        node = entries.node[place]
        key = _key(entries.cost_ms[place], entries.label[place])
        if _improve_two(best, second, group, node, key):
            _push(queue, node, key)
    while _open_next(queue):
        while not _drain_two(graph, queue, best, second, group):
            queue = _doubled(queue)


@compiled
def overflows(graph: KernelGraph, best: Int64) -> bool:
    """Whether a node stayed unreached only because its time does not fit in 31 bits."""
    ceiling = _key(UNREACHED, 0)
    for node in range(best.size):
        if best[node] >= ceiling:
            continue
        for arc in range(graph.indptr[node], graph.indptr[node + 1]):
            if best[graph.heads[arc]] >= ceiling:
                return True
    return False


@compiled
def overflows_two(graph: KernelGraph, keys: Int64, group: Int32) -> bool:
    """As `overflows`, for the second keys too: is one missing that could have been there."""
    ceiling = _key(UNREACHED, 0)
    best, second = keys[0], keys[1]
    for node in range(best.size):
        for key in (best[node], second[node]):
            if key >= ceiling:
                continue
            for arc in range(graph.indptr[node], graph.indptr[node + 1]):
                head = graph.heads[arc]
                if best[head] >= ceiling:
                    return True
                other = group[best[head] & _NUMBER_MASK] != group[key & _NUMBER_MASK]
                if other and second[head] >= ceiling:
                    return True
    return False
