"""Contraction hierarchies: a graph prepared so that many questions are quick."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from sdaasp_geo.routing.building import contracted
from sdaasp_geo.routing.contraction import Arcs, Patience, Remaining
from sdaasp_geo.routing.gate import checked_search
from sdaasp_geo.routing.ranking import depth_first_ranks, ranked_rows, sorted_rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    from sdaasp_geo.network.graph import SearchGraph
    from sdaasp_geo.routing.kernels import KernelGraph

    Int32 = NDArray[np.int32]
    Offsets = NDArray[np.int32] | NDArray[np.int64]
    Progress = Callable[[int, int, str], None]

_Arrays = TypeVar("_Arrays", bound="tuple[NDArray[Any], ...]")

# Measured on 50,000 nodes: twice as patient, contraction takes a quarter longer and
# leaves 1 % fewer arcs.
_PATIENCE = Patience(asking=8, contracting=100)


class Hierarchy(NamedTuple):
    """Contraction hierarchy of a SearchGraph, in rank order (rank 0 is contracted first).

    For every two nodes s and t, the shortest time from s to t along the graph's arcs is
    the least sum of a way up from s and a way down to t. All ends of arcs are ranks.

    Parameters
    ----------
    node
        Shape (N,), int32: graph node of each rank.
    rank
        Shape (N,), int32: rank of each graph node.
    up_indptr, up_heads, up_weights_ms
        Arcs ``u → v`` with ``v > u``, of the graph and shortcuts, in compressed sparse
        rows by u; offsets int64 or int32 (N + 1,), heads int32 (U,) rising in each row,
        times in milliseconds int32 (U,).
    down_indptr, down_heads, down_weights_ms
        Arcs ``v → u`` with ``v > u``, stored at u: the heads hold v, so that a sweep
        from the highest rank down sets ``d[u] = min(d[u], d[v] + w)``.
    up_middle, down_middle
        Int32: rank of the node whose contraction made the shortcut, -1 for an arc of
        the graph.
    """

    node: Int32
    rank: Int32
    up_indptr: Offsets
    up_heads: Int32
    up_weights_ms: Int32
    down_indptr: Offsets
    down_heads: Int32
    down_weights_ms: Int32
    up_middle: Int32
    down_middle: Int32


def build_hierarchy(
    graph: SearchGraph,
    *,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Hierarchy:
    """Contract a graph.

    Nodes are taken out one after the other, the least important first, and shortcuts
    put in where a shortest path led through them. What is found later by going up and
    down only is exact.

    Parameters
    ----------
    graph
        The arcs, with whole milliseconds. A hierarchy serves one direction: build it on
        the arcs that are to be searched.
    executor
        Runs the parts of each round: threads (the contraction frees the interpreter's
        lock) or processes, though these are sent the graph every time. By default as
        many threads as there are cores, where the graph is large enough to gain by it.
        The hierarchy is the same, to the byte.
    progress
        Called with the nodes contracted, the nodes in all, and what is being done.

    Returns
    -------
    Hierarchy
        Read-only arrays.

    Raises
    ------
    NetworkError
        If the graph is not as described, or two connected nodes are so far apart that
        the time does not fit in 31 bits (24 days).

    Notes
    -----
    Geisberger, Sanders, Schultes and Delling (2008), "Contraction hierarchies: faster
    and simpler hierarchical routing in road networks", contracted in rounds; see
    :mod:`sdaasp_geo.routing.contraction`. The ranks are not the order of contraction:
    see :func:`sdaasp_geo.routing.ranking.depth_first_ranks`.

    Examples
    --------
    Three nodes in a row, 0 → 1 → 2, a minute each: no shortcut is needed if 1 stays
    above the others.

    >>> from sdaasp_geo.network.graph import SearchGraph
    >>> row = SearchGraph(
    ...     indptr=np.array([0, 1, 2, 2], np.int32),
    ...     heads=np.array([1, 2], np.int32),
    ...     weights_ms=np.array([60_000, 60_000], np.int32),
    ... )
    >>> hierarchy = build_hierarchy(row)
    >>> hierarchy.up_middle.tolist(), hierarchy.down_middle.tolist()
    ([-1], [-1])
    """
    kernel_graph = checked_search(graph, (), None).graph
    node_count = kernel_graph.indptr.size - 1
    arcs = arcs_of(kernel_graph)
    rows = contracted(arcs, node_count, _PATIENCE, executor=executor, progress=progress)
    return arranged(rows)


def arranged(rows: Remaining) -> Hierarchy:
    """Give the rows of a contraction their ranks.

    Parameters
    ----------
    rows
        The row of each node when it was contracted, in that order; heads and middles
        are graph nodes.
    """
    row_of = np.empty(rows.node.size, np.uint32)
    row_of[rows.node] = np.arange(rows.node.size, dtype=np.uint32)
    head = row_of[rows.head]
    order = sorted_rows(rows.indptr, head)
    rank = depth_first_ranks(rows.indptr, head[order], row_of)
    by_row = rows.indptr, head
    # No arc has the middle -1: it takes the last place of the table, which holds -1.
    middle_of = np.append(row_of.astype(np.int32), np.int32(-1))
    up = ranked_rows(by_row, rows.out_ms, middle_of[rows.out_middle], rank)
    down = ranked_rows(by_row, rows.in_ms, middle_of[rows.in_middle], rank)
    node = np.empty_like(rank)
    node[rank] = rows.node
    return read_only(Hierarchy(node, rank[row_of], *up[:3], *down[:3], up[3], down[3]))


def read_only(arrays: _Arrays) -> _Arrays:
    """Forbid writing to arrays that nobody else holds."""
    for array in arrays:
        array.setflags(write=False)
    return arrays


def arcs_of(graph: KernelGraph) -> Arcs:
    """Return the arcs of a graph one by one."""
    tail = np.repeat(np.arange(graph.indptr.size - 1, dtype=np.uint32), np.diff(graph.indptr))
    count = tail.size
    none, one = np.full(count, -1, np.int32), np.ones(count, np.int32)
    # Copies, because the kernels are compiled once, for arrays that may be written.
    return Arcs(tail, graph.heads.copy(), graph.weights_ms.copy(), none, one)
