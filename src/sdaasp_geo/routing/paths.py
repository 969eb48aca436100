"""The way from a node to its nearest facility."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sdaasp_geo.errors import NetworkError
from sdaasp_geo.routing.gate import checked_search
from sdaasp_geo.routing.kernels import search, unpack

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sdaasp_geo.network.graph import SearchGraph
    from sdaasp_geo.routing.gate import Seeds


class Path(NamedTuple):
    """The way from a node to its nearest facility.

    Parameters
    ----------
    nodes
        Shape (P,), int32: the nodes on the way, first the one that was asked for,
        last the one where the facility enters the network.
    time_ms
        Shape (P,), int32: time from each of them to the facility; the last is the
        cost of the seed.
    label
        The facility's number.
    """

    nodes: NDArray[np.int32]
    time_ms: NDArray[np.int32]
    label: int


def path(graph: SearchGraph, seeds: Seeds, node: int) -> Path | None:
    """Quickest way from a node to the nearest facility of one service.

    One search of the whole graph, then a walk along the arcs that gave each node its
    time, so that arcs of zero time cannot lead it in circles.

    Parameters
    ----------
    graph
        The arcs that :func:`~sdaasp_geo.routing.nearest.nearest` searches: the
        incoming ones of a network for a way to the facility.
    seeds
        Where the facilities of the service enter the graph.
    node
        Where the way begins.

    Returns
    -------
    Path or None
        None where no facility is reached. Of several ways of one time, any; time
        and label are those of ``nearest``.

    Raises
    ------
    NetworkError
        If graph or seeds are not as ``nearest`` wants them, or there is no such node.

    Examples
    --------
    >>> from sdaasp_geo.network.graph import SearchGraph
    >>> from sdaasp_geo.routing.gate import Seeds
    >>> row = SearchGraph(
    ...     indptr=np.array([0, 1, 2, 2], np.int32),
    ...     heads=np.array([1, 2], np.int32),
    ...     weights_ms=np.array([60_000, 60_000], np.int32),
    ... )
    >>> zero = np.array([0], np.int32)
    >>> path(row, Seeds(node=zero, cost_ms=zero + 5, label=zero), 2)
    Path(nodes=array([2, 1, 0], dtype=int32),
         time_ms=array([120005,  60005,      5], dtype=int32), label=0)
    """
    question = checked_search(graph, [seeds], None)
    node_count = question.graph.indptr.size - 1
    if not 0 <= node < node_count:
        message = f"expected a node from 0 to {node_count - 1}, found {node}"
        raise NetworkError(message)
    best = np.empty(node_count, np.int64)
    # A node that no arc has improved is its own predecessor: the way ends there.
    previous = np.arange(node_count, dtype=np.uint32)
    (entries,) = question.services
    search(question.graph, entries, question.ceiling_ms, question.windows, best, previous)
    time_ms, label = np.empty(node_count, np.int32), np.empty(node_count, np.int32)
    unpack(best, question.ceiling_ms, time_ms, label)
    if label[node] < 0:
        return None
    nodes = [int(node)]
    while (before := int(previous[nodes[-1]])) != nodes[-1]:
        nodes.append(before)
    way = np.array(nodes, np.int32)
    return Path(way, time_ms[way], int(label[node]))
