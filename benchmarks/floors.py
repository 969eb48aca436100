"""What the machine itself takes: memory that no search can do without."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sdaasp_geo.network.graph import SearchGraph

    Table = NDArray[Any]

# A sweep answers for so many services at a time, and reads of each arc its end and its time.
_LANES = 16
_BYTES_AN_ARC, _BYTES_A_NODE = 8, 8
# Arcs down that a hierarchy of road-like graphs has for each arc of the graph: 2.5 a node.
_ARCS_AN_ARC = 1.0


class Floor:
    """Answers that say nothing, and bytes that mean nothing."""

    def __init__(self, graph: SearchGraph, threads: int = 1) -> None:
        self.nodes, self.arcs, self.threads = graph.indptr.size - 1, graph.heads.size, threads
        self.kept: list[Table] = []
        self.bytes: Table | None = None

    def written(self, services: int) -> list[Table]:
        """Write a time and a facility for each node and service into new memory."""
        tables = [np.empty((services, self.nodes), np.int32) for _ in range(2)]
        return self._each([row for table in tables for row in table], lambda row: row.fill(1))

    def written_again(self, services: int) -> list[Table]:
        """Write them where they were written before: what of it is writing alone."""
        if not self.kept:
            self.kept = [np.zeros((services, self.nodes), np.int32) for _ in range(2)]
        return self._each([row for table in self.kept for row in table], lambda row: row.fill(1))

    def moved(self, services: int) -> list[Table]:
        """Read and write as many bytes as the sweeps of so many services do, in order."""
        batches = -(-services // _LANES)
        arcs = batches * _ARCS_AN_ARC * self.arcs * _BYTES_AN_ARC
        rows = services * self.nodes * _BYTES_A_NODE
        half = int((arcs + rows) / 2 / 8)
        if self.bytes is None:
            self.bytes = np.ones((2, half), np.int64)
        pieces = list(zip(*(np.array_split(side, 8) for side in self.bytes), strict=True))
        return self._each(pieces, lambda pair: np.copyto(pair[0], pair[1]))

    def _each(self, pieces: list[Any], act: Callable[[Any], None]) -> list[Table]:
        with ThreadPoolExecutor(self.threads) as pool:
            list(pool.map(act, pieces))
        return []
