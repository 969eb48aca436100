"""The library's own searches, under the same names as the peers'."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sdaasp_geo.routing.hierarchy import build_hierarchy
from sdaasp_geo.routing.hierarchy_storage import hierarchy_for
from sdaasp_geo.routing.improvement import Today, Weighing, checked_today, total_improvement
from sdaasp_geo.routing.nearest import Seeds, nearest, nearest_two
from sdaasp_geo.routing.restriction import restriction
from sdaasp_geo.routing.sweeps import matrix, nearest_by_hierarchy
from sdaasp_geo.routing.sweeps_two import nearest_two_by_hierarchy
from sdaasp_geo.routing.topology import build_topology, customised
from synthetic_graph import road_like_graph

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sdaasp_geo.network.graph import SearchGraph
    from sdaasp_geo.routing.nearest import Nearest
    from sdaasp_geo.routing.restriction import Restriction
    from sdaasp_geo.routing.topology import Topology

    Table = NDArray[Any]


class Bucket:
    """The search without preparation, the facility given with each time."""

    def __init__(self, graph: SearchGraph, threads: int = 1) -> None:
        self.graph, self.threads = graph, threads
        self.today: Today | None = None

    def nearest(self, wanted: Sequence[Seeds]) -> list[Table]:
        """Return times of all nodes from the nearest seed of each service."""
        with ThreadPoolExecutor(self.threads) as pool:
            return list(nearest(self.graph, wanted, executor=pool).time_ms)

    def origins(self, wanted: Sequence[Seeds], nodes: Table) -> list[Table]:
        """Return times of some nodes; every node is searched all the same."""
        return [row[nodes] for row in self.nearest(wanted)]

    def nearest_two(self, wanted: Sequence[Seeds]) -> list[Table]:
        """Return times of all nodes, each facility a group of its own."""
        groups = np.arange(max(seeds.label.size for seeds in wanted), dtype=np.int32)
        with ThreadPoolExecutor(self.threads) as pool:
            return list(nearest_two(self.graph, wanted, groups, executor=pool).time_ms)

    def candidates(self, today_ms: Table | Today, sites: Table) -> list[Table]:
        """Return the milliseconds that all nodes together gain, by candidate."""
        checked = isinstance(today_ms, Today)
        graph = today_ms.graph if checked else self.graph
        weighing = Weighing(np.ones(graph.indptr.size - 1, np.int64))
        # As a caller would ask: on every core. To an executor's tasks sites are dealt by 32.
        pool = None if self.threads == os.cpu_count() else ThreadPoolExecutor(self.threads)
        with pool or nullcontext():
            found = total_improvement(graph, today_ms, seeds_at(sites), weighing, executor=pool)
        return list(found.gain)

    def checked(self, today_ms: Table, sites: Table) -> list[Table]:
        """Return the same; today's times are checked at the first call alone."""
        if self.today is None:
            self.today = checked_today(self.graph, today_ms)
        return self.candidates(self.today, sites)


class ByHierarchy:
    """The searches over a hierarchy, which is taken from `stored` where it is there."""

    def __init__(self, graph: SearchGraph, stored: str, threads: int = 1) -> None:
        self.graph, self.threads = graph, threads
        self.hierarchy = hierarchy_for(graph, Path(stored))
        # The order of the sweep down to every node: made once, as the hierarchy is.
        self.everywhere = restriction(self.hierarchy)
        self.plan: Restriction | None = None

    def nearest(self, wanted: Sequence[Seeds]) -> list[Table]:
        """Return times of all nodes, the facility found with each."""
        with ThreadPoolExecutor(self.threads) as pool:
            return list(self._nearest(wanted, pool).time_ms)

    def times(self, wanted: Sequence[Seeds]) -> list[Table]:
        """Return times of all nodes, and not ask which facility it is."""
        with ThreadPoolExecutor(self.threads) as pool:
            found = nearest_by_hierarchy(
                self.hierarchy, wanted, nodes=self.everywhere, labels=False, executor=pool
            )
        return list(found.time_ms)

    def nearest_two(self, wanted: Sequence[Seeds]) -> list[Table]:
        """Return times of all nodes, each facility a group of its own."""
        groups = np.arange(max(seeds.label.size for seeds in wanted), dtype=np.int32)
        with ThreadPoolExecutor(self.threads) as pool:
            found = nearest_two_by_hierarchy(
                self.hierarchy, wanted, groups, nodes=self.everywhere, executor=pool
            )
        return list(found.time_ms)

    def origins(self, wanted: Sequence[Seeds], nodes: Table | Restriction) -> list[Table]:
        """Return times of some nodes, the restriction to them made anew."""
        with ThreadPoolExecutor(self.threads) as pool:
            found = nearest_by_hierarchy(self.hierarchy, wanted, nodes=nodes, executor=pool)
        return list(found.time_ms)

    def planned(self, wanted: Sequence[Seeds], nodes: Table) -> list[Table]:
        """Return times of some nodes, asked about again and again: the plan is kept."""
        if self.plan is None:
            self.plan = restriction(self.hierarchy, nodes)
        return self.origins(wanted, self.plan)

    def candidates(self, today_ms: Table, sites: Table) -> list[Table]:
        """Return the milliseconds that all nodes together gain, by candidate."""
        with ThreadPoolExecutor(self.threads) as pool:
            found = total_improvement(
                self.graph,
                today_ms,
                seeds_at(sites),
                Weighing(np.ones(today_ms.size, np.int64)),
                hierarchy=self.everywhere,
                executor=pool,
            )
        return list(found.gain)

    def _nearest(self, wanted: Sequence[Seeds], pool: ThreadPoolExecutor) -> Nearest:
        return nearest_by_hierarchy(self.hierarchy, wanted, nodes=self.everywhere, executor=pool)

    def table(self, sources: Table, targets: Table) -> Table:
        """Return times from sources to targets."""
        with ThreadPoolExecutor(self.threads) as pool:
            return matrix(self.hierarchy, sources, targets, executor=pool)


class NewTimes:
    """Other times on the same roads."""

    def __init__(self, graph: SearchGraph) -> None:
        self.graph = graph
        small = road_like_graph(2_000)
        # Loads what was compiled.
        customised(build_topology(small), small)
        self.known: Topology | None = None

    def topology(self) -> list[Table]:
        """Prepare the graph for any times."""
        self.known = build_topology(self.graph)
        return []

    def customised(self) -> list[Table]:
        """Take times a tenth longer; the topology is made before the first turn."""
        if self.known is None:
            self.topology()
        slower = self.graph._replace(weights_ms=(self.graph.weights_ms * 11) // 10)
        customised(self.known, slower)
        return []


def seeds_at(nodes: Table) -> list[Seeds]:
    """Return one candidate at each node."""
    zero = np.zeros(1, np.int32)
    return [Seeds(np.array([node], np.int32), zero, zero) for node in nodes]


def built(graph: SearchGraph, threads: int = 1) -> None:
    """Build a hierarchy, and keep nothing."""
    with ThreadPoolExecutor(threads) as pool:
        build_hierarchy(graph, executor=pool)
