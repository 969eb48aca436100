"""Which search answers: without preparation, or by a hierarchy once it pays. The answer is one.

A bucket search costs so much a node and service; a hierarchy costs its building once, or
its loading where an earlier run has kept it, and next to nothing a question from then on.
So it is taken where it is there; where one question alone is dearer than preparing; and
where questions of one service after the other have cost what preparing would have: then
the whole is never more than twice the better of the two, however many more will come.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sdaasp_geo.errors import NetworkError, StoredNetworkError
from sdaasp_geo.routing.hierarchy import build_hierarchy
from sdaasp_geo.routing.hierarchy_storage import load_hierarchy, save_hierarchy
from sdaasp_geo.routing.nearest import Nearest, NearestTwo, nearest, nearest_two
from sdaasp_geo.routing.restriction import Restriction, restriction
from sdaasp_geo.routing.sweeps import nearest_by_hierarchy
from sdaasp_geo.routing.sweeps_two import nearest_two_by_hierarchy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    from sdaasp_geo.network.road_network import RoadNetwork
    from sdaasp_geo.network.shelf import Kept, Shelf
    from sdaasp_geo.routing.gate import Seeds
    from sdaasp_geo.routing.hierarchy import Hierarchy

_LOG = logging.getLogger(__name__)

# Measured on 50,000 to 3,000,000 nodes, two threads: see docs/performance.md. A second
# search with the nearest of another group takes three to four times as long. Compiling, once
# an installation, is not counted.
_SEARCH_S_A_NODE = 30e-9
_SEARCH_TWO_S_A_NODE = 110e-9
_BUILD_S_A_NODE = 12e-6
_LOAD_S_A_NODE = 0.8e-6
# Loading what was compiled, and checking: under this, nobody would notice a gain.
_BUILD_LEAST_S, _LOAD_LEAST_S = 1.0, 0.3
# Services to ask about at once, at the least: a sweep takes sixteen as one.
LEAST_STEP = 16
# Bounds the memory of the node tables: services × nodes × tables of int32.
_CHUNK_CELLS = 60_000_000
_HIERARCHY, _PLAN = "hierarchy of incoming", "plan over incoming"
_IMPOSSIBLE = "no hierarchy of incoming"


class Finder(NamedTuple):
    """Answers for some nodes, in the way that was chosen: see :func:`finder`.

    Parameters
    ----------
    network
        What is searched, against the traffic: times from the nodes to the facilities.
    nodes
        Shape (K,): the nodes asked about.
    plan
        Of the sweeps to these nodes; None for bucket searches.
    """

    network: RoadNetwork
    nodes: NDArray[np.int32]
    plan: Restriction | None

    def nearest(self, seeds: Sequence[Seeds], *, executor: Executor | None = None) -> Nearest:
        """Find the nearest facility of every service, from every node asked about.

        As :func:`~sdaasp_geo.routing.nearest.nearest`, columns being the nodes asked about.
        """
        plan, graph = self.plan, self.network.incoming
        if plan is not None:
            return nearest_by_hierarchy(plan.hierarchy, seeds, nodes=plan, executor=executor)
        return Nearest(
            *_in_chunks(lambda some: nearest(graph, some, executor=executor), self, seeds, 2)
        )

    def nearest_two(
        self,
        seeds: Sequence[Seeds],
        groups: NDArray[np.int32],
        *,
        executor: Executor | None = None,
    ) -> NearestTwo:
        """As :meth:`nearest`, with the nearest facility of another group as well."""
        plan, graph = self.plan, self.network.incoming
        if plan is not None:
            return nearest_two_by_hierarchy(
                plan.hierarchy, seeds, groups, nodes=plan, executor=executor
            )
        return NearestTwo(
            *_in_chunks(
                lambda some: nearest_two(graph, some, groups, executor=executor), self, seeds, 4
            )
        )


def finder(
    network: RoadNetwork, nodes: NDArray[np.int32], services: int, *, two: bool = False
) -> Finder:
    """Choose how so many services are asked about at some nodes.

    Parameters
    ----------
    network
        Its :attr:`~sdaasp_geo.network.road_network.RoadNetwork.shelf` says what is there
        already, and whether the choice is free.
    nodes
        Shape (K,), integer: nodes of the search graph, in any order, also repeated.
    services
        How many will be asked about now.
    two
        Whether the nearest of another group is asked for.

    Raises
    ------
    NetworkError
        If a hierarchy is insisted upon, and the graph cannot have one.
    """
    shelf = network.shelf
    cost_s = _seconds(network, services, two=two)
    with shelf.kept.lock:
        hierarchy = _hierarchy(network, shelf, cost_s)
        if hierarchy is None:
            shelf.kept.spent_s += cost_s
            return Finder(network, nodes, None)
        return Finder(network, nodes, _plan(shelf.kept, hierarchy, nodes))


def _seconds(network: RoadNetwork, services: int, *, two: bool) -> float:
    """Tell what searches without preparation would take."""
    each_s = _SEARCH_TWO_S_A_NODE if two else _SEARCH_S_A_NODE
    return services * _nodes(network) * each_s


def _nodes(network: RoadNetwork) -> int:
    return int(network.incoming.indptr.size - 1)


def _hierarchy(network: RoadNetwork, shelf: Shelf, cost_s: float) -> Hierarchy | None:
    """Return the hierarchy if that is the way, and keep it."""
    known: Hierarchy | None = shelf.kept.things.get(_HIERARCHY)
    if shelf.way == "bucket" or known is not None:
        return None if shelf.way == "bucket" else known
    wanted, count = shelf.way == "hierarchy", _nodes(network)
    there = shelf.path is not None and shelf.path.is_file()
    found = None
    if there and (wanted or cost_s > _LOAD_LEAST_S + count * _LOAD_S_A_NODE):
        found = _loaded(network, shelf)
    worth_it = cost_s + shelf.kept.spent_s > _BUILD_LEAST_S + count * _BUILD_S_A_NODE
    if found is None and (wanted or (worth_it and _IMPOSSIBLE not in shelf.kept.things)):
        found = _built(network, shelf, wanted=wanted)
    if found is not None:
        shelf.kept.things[_HIERARCHY] = found
    return found


def _loaded(network: RoadNetwork, shelf: Shelf) -> Hierarchy | None:
    if shelf.path is None:
        return None
    try:
        return load_hierarchy(shelf.path, network.incoming)
    except StoredNetworkError as error:
        _LOG.warning("stored hierarchy %s is not usable: %s", shelf.path.name, error)
        return None


def _built(network: RoadNetwork, shelf: Shelf, *, wanted: bool) -> Hierarchy | None:
    """Build and store; a full disk costs time, not the result."""
    try:
        hierarchy = build_hierarchy(network.incoming)
    except NetworkError:
        # Two nodes weeks apart: what is asked about may be near all the same.
        if wanted:
            raise
        shelf.kept.things[_IMPOSSIBLE] = True
        return None
    if shelf.path is not None:
        try:
            save_hierarchy(shelf.path, hierarchy, network.incoming)
        except OSError as error:
            _LOG.warning("the hierarchy could not be kept in %s: %s", shelf.path.parent, error)
    return hierarchy


def _plan(kept: Kept, hierarchy: Hierarchy, nodes: NDArray[np.int32]) -> Restriction:
    """Plan the sweeps to some nodes, unless they are those asked about last."""
    known: tuple[NDArray[np.int32], Restriction] | None = kept.things.get(_PLAN)
    if known is None or not np.array_equal(known[0], nodes):
        known = nodes.copy(), restriction(hierarchy, nodes)
        kept.things[_PLAN] = known
    return known[1]


def _in_chunks(
    search: Callable[[Sequence[Seeds]], Sequence[NDArray[np.int32]]],
    asked: Finder,
    seeds: Sequence[Seeds],
    tables: int,
) -> list[NDArray[np.int32]]:
    """Search every node for some services at a time, and keep the nodes asked about."""
    found = [np.empty((len(seeds), asked.nodes.size), np.int32) for _ in range(tables)]
    step = max(1, _CHUNK_CELLS // (tables * max(1, _nodes(asked.network))))
    for first in range(0, len(seeds), step):
        rows = slice(first, first + step)
        for table, whole in zip(found, search(seeds[rows]), strict=True):
            np.take(whole, asked.nodes, axis=1, out=table[rows])
    return found
