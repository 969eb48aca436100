"""What a hierarchy keeps when every time changes: its order, and where arcs may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sdaasp_geo.errors import NetworkError
from sdaasp_geo.routing.building import sparse_first, too_far_apart
from sdaasp_geo.routing.customisation import (
    completed,
    directed_rows,
    kept_ways,
    slot_of_arcs,
    too_long,
    with_arcs,
)
from sdaasp_geo.routing.dissection import dissected
from sdaasp_geo.routing.elimination import eliminated, neighbours_later, turned
from sdaasp_geo.routing.gate import checked_search
from sdaasp_geo.routing.hierarchy import Hierarchy, arcs_of, read_only
from sdaasp_geo.routing.ranking import depth_first_ranks

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    from sdaasp_geo.network.graph import SearchGraph
    from sdaasp_geo.routing.contraction import Arcs

# Nodes of few neighbours are eliminated first, by their number; when those that remain
# have so many on average, they are few enough to be taken apart as a whole. Measured on
# 500,000 nodes: with 12 new times take a quarter more work, with 4 a tenth less and the
# topology a fifth longer.
_DENSE = 6.0


class Topology(NamedTuple):
    """The order and the places for arcs of a hierarchy, for any times of one graph's arcs.

    Every two nodes joined by a way through lower ranks have a slot, up and down.

    Parameters
    ----------
    node, rank
        As in :class:`~sdaasp_geo.routing.hierarchy.Hierarchy`.
    indptr
        Shape (N + 1,), int64: slots of each rank.
    heads
        Shape (E,), int32: the higher rank of each slot, rising in each row.
    slot
        Shape (A,), int64: twice the slot of each of the graph's arcs, plus one where the
        arc leads down; -1 for a loop.
    """

    node: NDArray[np.int32]
    rank: NDArray[np.int32]
    indptr: NDArray[np.int64]
    heads: NDArray[np.int32]
    slot: NDArray[np.int64]


def build_topology(graph: SearchGraph, *, executor: Executor | None = None) -> Topology:
    """Prepare a graph for hierarchies of any times on its arcs.

    Parameters
    ----------
    graph
        The arcs; their times do not matter.
    executor
        As in :func:`~sdaasp_geo.routing.hierarchy.build_hierarchy`.

    Returns
    -------
    Topology
        Read-only arrays; the same to the byte whatever the executor.

    Raises
    ------
    NetworkError
        If the graph is not as described.

    Notes
    -----
    Dibbelt, Strasser and Wagner (2016), "Customizable contraction hierarchies", ACM
    Journal of Experimental Algorithmics 21: no witness is looked for, so that the
    shortcuts do not depend on the times. The order is that of least degree where the
    graph is sparse, and nested dissection by least cuts above.
    """
    kernel_graph = checked_search(graph, (), None).graph
    node_count = kernel_graph.indptr.size - 1
    arcs = arcs_of(kernel_graph)
    place = _elimination_place(arcs, node_count, executor)
    indptr, rows = _eliminated(arcs, place)
    # The same elimination in another order, one for sweeps: it takes the same slots.
    rank_of_place = depth_first_ranks(indptr, rows, place)
    rank = rank_of_place[place]
    indptr, rows = _eliminated(arcs, rank.astype(np.uint32))
    heads = rows.astype(np.int32)
    node = np.empty_like(rank)
    node[rank] = np.arange(node_count, dtype=np.int32)
    slot = slot_of_arcs(arcs.tail, arcs.head, rank, (indptr, heads))
    return read_only(Topology(node, rank, indptr, heads, slot))


def _eliminated(
    arcs: Arcs, place: NDArray[np.uint32]
) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
    """Eliminate in the order of the places; later neighbours of each, rising."""
    indptr, rows = eliminated(*neighbours_later(arcs.tail, arcs.head, place))
    return turned(*turned(indptr, rows))


def customised(topology: Topology, graph: SearchGraph) -> Hierarchy:
    """Return the hierarchy of a graph of known topology, for the times that its arcs have.

    Parameters
    ----------
    topology
        From :func:`build_topology`.
    graph
        The same arcs in the same order; only their times may differ.

    Returns
    -------
    Hierarchy
        With the arcs alone that lie on a shortest path; it answers as one built by
        :func:`~sdaasp_geo.routing.hierarchy.build_hierarchy` would.

    Raises
    ------
    NetworkError
        If the arcs are others than those of the topology, or two connected nodes are so
        far apart that the time does not fit in 31 bits (24 days).

    Examples
    --------
    >>> from sdaasp_geo.network.graph import SearchGraph
    >>> row = SearchGraph(
    ...     indptr=np.array([0, 1, 2, 2], np.int32),
    ...     heads=np.array([1, 2], np.int32),
    ...     weights_ms=np.array([60_000, 60_000], np.int32),
    ... )
    >>> topology = build_topology(row)
    >>> slower = customised(topology, row._replace(weights_ms=row.weights_ms * 2))
    >>> sorted([*slower.up_weights_ms.tolist(), *slower.down_weights_ms.tolist()])
    [120000, 120000]
    """
    arcs = arcs_of(checked_search(graph, (), None).graph)
    _check_same_arcs(topology, arcs, graph.indptr.size - 1)
    rows = topology.indptr, topology.heads
    ways = with_arcs(topology.heads.size, topology.slot, arcs.ms)
    completed(rows, ways)
    kept = kept_ways(rows, ways)
    if too_long(ways, kept):
        raise too_far_apart()
    up, down = (directed_rows(rows, ways, kept, way) for way in (0, 1))
    return read_only(
        Hierarchy(topology.node.copy(), topology.rank.copy(), *up[:3], *down[:3], up[3], down[3])
    )


def _elimination_place(
    arcs: Arcs, node_count: int, executor: Executor | None
) -> NDArray[np.uint32]:
    first, rest = sparse_first(arcs, node_count, _DENSE, executor=executor)
    order = np.concatenate([first, rest.node[dissected(rest.indptr, rest.head)]])
    place = np.empty(node_count, np.uint32)
    place[order] = np.arange(node_count, dtype=np.uint32)
    return place


def _check_same_arcs(topology: Topology, arcs: Arcs, node_count: int) -> None:
    same = topology.node.size == node_count and topology.slot.size == arcs.tail.size
    if same:
        rows = topology.indptr, topology.heads
        slot = slot_of_arcs(arcs.tail, arcs.head, topology.rank, rows)
        same = np.array_equal(slot, topology.slot)
    if not same:
        message = (
            f"expected the {topology.slot.size} arcs between {topology.node.size} nodes that the "
            f"topology was built from, found others ({arcs.tail.size} between {node_count}). "
            "Likely cause: a topology of another network"
        )
        raise NetworkError(message)
