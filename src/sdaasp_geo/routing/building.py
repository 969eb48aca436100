"""The rounds of a contraction, each split over threads, and the same whatever their number."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from itertools import pairwise
from os import cpu_count
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from sdaasp_geo.errors import NetworkError
from sdaasp_geo.routing.contraction import (
    Arcs,
    Patience,
    Remaining,
    Scratch,
    bypasses_of,
    least_among_neighbours,
    priorities_of,
)
from sdaasp_geo.routing.elimination import all_pairs
from sdaasp_geo.routing.kernels import UNREACHED
from sdaasp_geo.routing.parallel import in_turn
from sdaasp_geo.routing.remaining import (
    Added,
    halves_by_node,
    mark_neighbours,
    merged_rows,
    new_rows,
    set_aside,
    trimmed,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Executor
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

    Flags = NDArray[np.uint8]
    Progress = Callable[[int, int, str], None]

_Result = TypeVar("_Result")

# A round's work is cut into so many stretches at most, and none shorter than so many
# nodes: a few for every thread, so that none waits long for another.
_STRETCHES = 8
_LEAST_MERGED = 4096
_LEAST_SEARCHED = 256
# Below this many nodes all is over before a thread has started.
_THREADS_FROM_NODES = 10_000
# What a level weighs in thousandths, beside the quotients of the priority. Measured on
# 50,000 nodes: with 1,000 there are 3 % more arcs in the end, with 2,000 9 %.
_LEVEL_WEIGHT = 250
_PRIORITY_BITS = 32
# Odd, so that products modulo 2**32 are all different: nodes of equal priority are told
# apart without long runs of neighbours that must wait for one another.
_SPREAD = 2654435769
_ROOM = 4096
_CONTRACTING = "contracting the road network"


class Standing(NamedTuple):
    """The nodes that remain, and what is known of each.

    A priority is `stale` when a neighbour has been contracted since it was computed,
    and `shrunk` says that its neighbours have become no more: it may now be lower.
    """

    graph: Remaining
    level: NDArray[np.int32]
    priority: NDArray[np.int32]
    stale: Flags
    shrunk: Flags


def contracted(
    arcs: Arcs,
    node_count: int,
    patience: Patience,
    *,
    executor: Executor | None,
    progress: Progress | None,
) -> Remaining:
    """Contract every node; return, in the order of contraction, its row at that moment.

    Raises
    ------
    NetworkError
        If a bypass that no way around replaces does not fit in 31 bits.
    """
    rows = []
    done = 0
    with _pool_for(executor, node_count) as pool:
        standing = _beginning(arcs, node_count, pool)
        while standing.graph.node.size:
            if progress is not None:
                progress(done, node_count, _CONTRACTING)
            standing, row = _next_round(standing, patience, pool)
            rows.append(row)
            done += row.node.size
    return _joined(rows) if rows else new_rows(0, 0)


def sparse_first(
    arcs: Arcs, node_count: int, degree: float, *, executor: Executor | None
) -> tuple[NDArray[np.int32], Remaining]:
    """Eliminate nodes of few neighbours, whatever the times, until the rest is dense.

    Returns the nodes in the order of elimination, and what remains when a node has more
    than `degree` neighbours on average.
    """
    done = [np.empty(0, np.int32)]
    with _pool_for(executor, node_count) as pool:
        standing = _beginning(arcs, node_count, pool)
        graph = standing.graph
        while 0 < graph.head.size <= degree * graph.node.size:
            standing = standing._replace(priority=(1000 * _degree(graph)).astype(np.int32))
            gone = _chosen(standing, pool)
            nodes = np.flatnonzero(gone).astype(np.uint32)
            done.append(graph.node[nodes])
            level = standing.level.copy()
            mark_neighbours(graph, nodes, level, standing.stale.copy())
            graph = _merged(graph, gone, all_pairs(graph, nodes), pool)
            standing = standing._replace(graph=graph, level=level[gone == 0], stale=gone[gone == 0])
    return np.concatenate(done), graph


def _pool_for(
    executor: Executor | None, node_count: int
) -> AbstractContextManager[Executor | None]:
    if executor is None and node_count > _THREADS_FROM_NODES:
        return ThreadPoolExecutor(cpu_count())
    return nullcontext(executor)


def _beginning(arcs: Arcs, node_count: int, pool: Executor | None) -> Standing:
    bare = new_rows(node_count, 0)
    bare.node[:] = np.arange(node_count)
    ones = np.ones(node_count, np.uint8)
    zeros = np.zeros(node_count, np.int32)
    return Standing(_merged(bare, ones - ones, arcs, pool), zeros, zeros, ones, ones)


def _next_round(
    standing: Standing, patience: Patience, pool: Executor | None
) -> tuple[Standing, Remaining]:
    graph, level, _, stale, shrunk = standing
    # A stale priority is computed anew when its turn seems to have come, or when it may
    # have fallen. On 50,000 nodes, computing all of the stale ones takes a quarter longer
    # for the same number of arcs; none but those whose turn has come, 13 % more arcs.
    asked = np.flatnonzero(stale & (shrunk | _chosen(standing, pool))).astype(np.uint32)
    standing = standing._replace(priority=_updated(standing, asked, patience, pool))
    stale = stale.copy()
    stale[asked] = 0
    gone = _chosen(standing, pool) & (1 - stale)
    nodes = np.flatnonzero(gone).astype(np.uint32)
    arcs = _all_bypasses(graph, gone, nodes, patience, pool)
    level = level.copy()
    mark_neighbours(graph, nodes, level, stale)
    kept = np.flatnonzero(gone == 0)
    merged = _merged(graph, gone, arcs, pool)
    shrunk = (_degree(merged) <= _degree(graph)[kept]).astype(np.uint8)
    after = Standing(merged, level[kept], standing.priority[kept], stale[kept], shrunk)
    rows = new_rows(nodes.size, int(_degree(graph)[nodes].sum(dtype=np.int64)))
    set_aside(graph, nodes, rows)
    return after, rows


def _degree(graph: Remaining) -> NDArray[np.uint32]:
    return np.diff(graph.indptr)


def _chosen(standing: Standing, pool: Executor | None) -> Flags:
    """Return which nodes come before all of their neighbours."""
    graph, level, priority, _, _ = standing
    number = (graph.node.astype(np.int64) * _SPREAD) & (2**_PRIORITY_BITS - 1)
    key = ((priority + np.int64(_LEVEL_WEIGHT) * level) << _PRIORITY_BITS) | number
    task = partial(_least, graph, key)
    return np.concatenate(_split(task, graph.node.size, _LEAST_MERGED, pool))


def _updated(
    standing: Standing, nodes: NDArray[np.uint32], patience: Patience, pool: Executor | None
) -> NDArray[np.int32]:
    task = partial(_priorities, standing.graph, nodes, patience)
    priority = standing.priority.copy()
    if nodes.size:
        priority[nodes] = np.concatenate(_split(task, nodes.size, _LEAST_SEARCHED, pool))
    return priority


def _all_bypasses(
    graph: Remaining,
    gone: Flags,
    nodes: NDArray[np.uint32],
    patience: Patience,
    pool: Executor | None,
) -> Arcs:
    task = partial(_bypasses, graph, gone, nodes, patience)
    parts = _split(task, nodes.size, _LEAST_SEARCHED, pool)
    return Arcs(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _merged(graph: Remaining, gone: Flags, arcs: Arcs, pool: Executor | None) -> Remaining:
    added = halves_by_node(arcs, graph.node.size)
    number = (np.cumsum(gone == 0) - 1).astype(np.uint32)
    task = partial(_rows, graph, gone, added, number)
    return _joined(_split(task, graph.node.size, _LEAST_MERGED, pool))


def _split(
    task: Callable[[tuple[int, int]], _Result], count: int, least: int, pool: Executor | None
) -> list[_Result]:
    """Do a task on a few stretches that make up the whole."""
    cuts = np.linspace(0, count, max(1, min(count // least, _STRETCHES)) + 1).astype(int).tolist()
    stretches = list(pairwise(cuts))
    return list(in_turn(task, stretches, executor=pool if len(cuts) > 2 else None, threads=False))


def too_far_apart() -> NetworkError:
    """Return the error of a graph with times beyond 31 bits."""
    return NetworkError(
        f"expected every two connected nodes to be less than {UNREACHED} ms (24 days) apart, "
        "found some farther: a hierarchy cannot hold them. Likely cause: a speed near zero, "
        "or times not in milliseconds"
    )


# The tasks: functions of a module, that other processes can find by name.


def _least(graph: Remaining, key: NDArray[np.int64], stretch: tuple[int, int]) -> Flags:
    return least_among_neighbours(graph, key, stretch)


def _priorities(
    graph: Remaining, nodes: NDArray[np.uint32], patience: Patience, stretch: tuple[int, int]
) -> NDArray[np.int32]:
    scratch = _scratch(graph.node.size, _ROOM)
    return priorities_of(graph, nodes[slice(*stretch)], scratch, patience.asking)


def _bypasses(
    graph: Remaining,
    gone: Flags,
    nodes: NDArray[np.uint32],
    patience: Patience,
    stretch: tuple[int, int],
) -> Arcs:
    some = nodes[slice(*stretch)]
    count = graph.node.size
    arcs, used = bypasses_of(graph, gone, some, _scratch(count, _ROOM), patience.contracting)
    if used < 0:
        # Too long a bypass may only mean that the search for a way around gave up.
        all_of_it = _scratch(count, graph.head.size + 1)
        arcs, used = bypasses_of(graph, gone, some, all_of_it, UNREACHED)
    if used < 0:
        raise too_far_apart()
    tail, head, ms, middle, hops = arcs
    return Arcs(tail[:used], head[:used], ms[:used], middle[:used], hops[:used])


def _rows(
    graph: Remaining,
    gone: Flags,
    added: Added,
    number: NDArray[np.uint32],
    stretch: tuple[int, int],
) -> Remaining:
    place_of = np.zeros(graph.node.size, np.uint32)
    first, last = stretch
    room = sum(int(rows.indptr[last]) - int(rows.indptr[first]) for rows in (graph, added))
    rows = new_rows(last - first, room)
    kept, used = merged_rows(graph, gone, added, (number, place_of), stretch, rows)
    return trimmed(rows, kept, used)


def _scratch(node_count: int, room: int) -> Scratch:
    # Zeros from the operating system, which hands out only the pages that are touched.
    early, aim = np.zeros(node_count, np.int32), np.zeros(node_count, np.int32)
    return Scratch(early, aim, np.empty(room, np.int64), np.empty(room, np.uint32))


def _joined(parts: Sequence[Remaining]) -> Remaining:
    """Lay rows end to end."""
    if len(parts) == 1:
        return parts[0]
    columns = dict(zip(Remaining._fields, zip(*parts, strict=True), strict=True))
    columns["indptr"] = tuple(_shifted(columns["indptr"]))
    return Remaining(**{name: np.concatenate(column) for name, column in columns.items()})


def _shifted(offsets: Sequence[NDArray[np.uint32]]) -> Iterator[NDArray[np.uint32]]:
    before = np.uint32(0)
    yield np.zeros(1, np.uint32)
    for part in offsets:
        yield part[1:] + before
        before += part[-1]
