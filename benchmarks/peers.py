"""What else could answer, each asked in the way that suits it best.

A peer that is not installed is left out by name (``pip install 'sdaasp-geo[bench]'``).
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sdaasp_geo.network.graph import SearchGraph
    from sdaasp_geo.routing.nearest import Seeds

    Table = NDArray[Any]

# pandana keeps thousandths of its unit in 32 bits: given milliseconds, it overflows.
_MS = 1000.0
# How far pandana looks, and fills in where it finds nothing: its time grows with it, so
# that whoever knows the longest time had better say so.
_PANDANA_HORIZON_S = 1e6


def installed(name: str) -> bool:
    """Whether a peer can be imported."""
    return importlib.util.find_spec(name) is not None


class Scipy:
    """scipy's Dijkstra, compiled; times alone, labels are not asked of it."""

    def __init__(self, graph: SearchGraph) -> None:
        from scipy.sparse import csr_array  # noqa: PLC0415

        size = graph.indptr.size - 1
        weights = graph.weights_ms.astype(float)
        self.matrix = csr_array((weights, graph.heads, graph.indptr), (size, size))

    def nearest(self, wanted: Sequence[Seeds]) -> list[Table]:
        """Return the times of all nodes from the nearest seed of each service."""
        from scipy.sparse.csgraph import dijkstra  # noqa: PLC0415

        return [dijkstra(self.matrix, indices=seeds.node, min_only=True) for seeds in wanted]

    def table(self, sources: Table, targets: Table) -> Table:
        """Return the times from sources to targets, one search a source."""
        from scipy.sparse.csgraph import dijkstra  # noqa: PLC0415

        return np.stack([dijkstra(self.matrix, indices=node)[targets] for node in sources])


class Networkx:
    """networkx's Dijkstra, on a graph of Python objects."""

    def __init__(self, graph: SearchGraph) -> None:
        import networkx as nx  # noqa: PLC0415

        tails = np.repeat(np.arange(graph.indptr.size - 1), np.diff(graph.indptr))
        arcs = zip(tails.tolist(), graph.heads.tolist(), graph.weights_ms.tolist(), strict=True)
        self.graph = nx.DiGraph()
        self.graph.add_weighted_edges_from(arcs)

    def nearest(self, wanted: Sequence[Seeds]) -> list[Table]:
        """Return the times of all nodes from the nearest seed of each service."""
        import networkx as nx  # noqa: PLC0415

        size = self.graph.number_of_nodes()
        rows = []
        for seeds in wanted:
            found = nx.multi_source_dijkstra_path_length(self.graph, seeds.node.tolist())
            row = np.full(size, np.inf)
            row[np.fromiter(found.keys(), np.int64)] = np.fromiter(found.values(), float)
            rows.append(row)
        return rows


class Pandana:
    """pandana's contraction hierarchy (C++), threads of its own; times to a few ms.

    It asks from each node where the nearest place is, so that it is given the arcs
    reversed: the searches of this library go from the places to the nodes.
    """

    def __init__(self, graph: SearchGraph) -> None:
        import pandana  # noqa: PLC0415
        import pandas as pd  # noqa: PLC0415

        size = graph.indptr.size - 1
        tails = np.repeat(np.arange(size), np.diff(graph.indptr))
        # Positions serve to attach places to nodes only: each node is its own.
        self.x = pd.Series(np.arange(size) % 2048, dtype=float)
        self.y = pd.Series(np.arange(size) // 2048, dtype=float)
        self.network = pandana.Network(
            self.x,
            self.y,
            pd.Series(graph.heads.astype(np.int64)),
            pd.Series(tails),
            pd.DataFrame({"seconds": graph.weights_ms / _MS}),
            twoway=False,
        )

    def nearest(
        self, wanted: Sequence[Seeds], horizon_s: float = _PANDANA_HORIZON_S
    ) -> list[Table]:
        """Return the times of all nodes to the nearest place of each service."""
        rows = []
        for seeds in wanted:
            at = np.unique(seeds.node)
            self.network.set_pois("places", horizon_s, 1, self.x.iloc[at], self.y.iloc[at])
            found = self.network.nearest_pois(horizon_s, "places", num_pois=1)
            rows.append(found[1].to_numpy() * _MS)
        return rows

    def table(self, sources: Table, targets: Table) -> Table:
        """Return the times from sources to targets, all pairs in one request."""
        start, end = np.meshgrid(targets, sources)
        found = self.network.shortest_path_lengths(start.ravel(), end.ravel())
        return np.asarray(found).reshape(start.shape) * _MS
