"""From a way in a hierarchy to the nodes of the graph that it passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sdaasp_geo.errors import NetworkError
from sdaasp_geo.routing.kernels import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sdaasp_geo.routing.hierarchy import Hierarchy

    Int32 = NDArray[np.int32]
    # Offsets, heads and middles of the arcs of one direction.
    Half = tuple[NDArray[np.int32] | NDArray[np.int64], Int32, Int32]

_NO_ARC = -2


def unpacked(hierarchy: Hierarchy, ranks: NDArray[np.int32]) -> NDArray[np.int32]:
    """Graph nodes passed on a way given by the ranks that a search went through.

    Parameters
    ----------
    hierarchy
        Whatever built it.
    ranks
        Shape (R,), integer, at least one: the ranks of a way, up, down or first up and
        then down; each two in turn joined by an arc of the hierarchy.

    Returns
    -------
    NDArray[np.int32]
        Shape (P,): nodes of the graph, each two in turn joined by an arc of the graph
        whose times add up to the way's.

    Raises
    ------
    NetworkError
        If a rank does not exist or two ranks in turn are joined by no arc.

    Examples
    --------
    >>> from sdaasp_geo.network.graph import SearchGraph
    >>> from sdaasp_geo.routing.hierarchy import build_hierarchy
    >>> row = SearchGraph(
    ...     indptr=np.array([0, 1, 2, 2], np.int32),
    ...     heads=np.array([1, 2], np.int32),
    ...     weights_ms=np.array([60_000, 60_000], np.int32),
    ... )
    >>> hierarchy = build_hierarchy(row)
    >>> unpacked(hierarchy, hierarchy.rank[[1, 2]])
    array([1, 2], dtype=int32)
    """
    way = np.asarray(ranks, np.int32)
    count = hierarchy.node.size
    if way.size == 0 or way.min() < 0 or way.max() >= count:
        message = f"expected one or more ranks from 0 to {count - 1}, found {way.tolist()}"
        raise NetworkError(message)
    up = hierarchy.up_indptr, hierarchy.up_heads, hierarchy.up_middle
    down = hierarchy.down_indptr, hierarchy.down_heads, hierarchy.down_middle
    passed, broken = _passed(up, down, way)
    if broken >= 0:
        message = (
            f"expected an arc of the hierarchy from each rank of the way to the next, found none "
            f"from {way[broken]} to {way[broken + 1]}"
        )
        raise NetworkError(message)
    return hierarchy.node[passed]


@compiled
def _middle(up: Half, down: Half, one: np.int32, other: np.int32) -> np.int32:
    """Return the middle of the arc from one rank to another; -1 if none, -2 if no arc."""
    indptr, heads, middle = up if other > one else down
    low, high = min(one, other), max(one, other)
    row = heads[indptr[low] : indptr[low + 1]]
    place = np.searchsorted(row, high)
    if place == row.size or row[place] != high:
        return np.int32(_NO_ARC)
    found: np.int32 = middle[indptr[low] + place]
    return found


@compiled
def _passed(up: Half, down: Half, way: Int32) -> tuple[Int32, int]:
    """Return the ranks passed, and the place where the way is broken or -1."""
    passed = [way[0]]
    for place in range(way.size - 1):
        # What is still to be reached, the next at the end; a shortcut is replaced by its
        # two halves until both ends are joined by an arc of the graph.
        ahead = [way[place + 1]]
        while len(ahead) > 0:
            middle = _middle(up, down, passed[-1], ahead[-1])
            if middle == _NO_ARC:
                return np.array(passed), place
            if middle >= 0:
                ahead.append(middle)
            else:
                passed.append(ahead.pop())
    return np.array(passed), -1
