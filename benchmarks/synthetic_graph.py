"""A seeded road-like graph: planar, directed, of whole milliseconds, in one piece."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from sdaasp_geo.network.graph import SearchGraph
from sdaasp_geo.routing.nearest import Seeds

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CELL_M = 200.0
# Local, arterial and express lines of the lattice: every so many lines, the share of
# their stretches that exists, and the speeds met on them.
_EVERY = (1, 12, 96)
_KEPT = np.array([0.64, 0.97, 0.99])
_SPEEDS_KMH = np.array([[30.0, 40.0, 50.0], [60.0, 70.0, 80.0], [100.0, 110.0, 120.0]])
_ONE_WAY_SHARE = 0.10
# About so many nodes hang on the rest by no two-way connection, and are cut away.
_LOST_SHARE = 0.04

FACILITIES = np.rint(np.geomspace(10, 3000, 29)).astype(int)


def road_like_graph(nodes: int, *, seed: int = 1) -> SearchGraph:
    """Make a graph of about `nodes` nodes, numbered along a Hilbert curve.

    A lattice of shaken points, of whose stretches a part is missing, with quicker
    lines at intervals, one-way stretches, and times that differ by direction; only
    the largest strongly connected component is kept.
    """
    rng = np.random.default_rng(seed)
    side = round((nodes / (1 - _LOST_SHARE)) ** 0.5)
    grid = np.arange(side)
    shaken = (grid + rng.uniform(-0.35, 0.35, (side, side))) * _CELL_M
    x = shaken.ravel()
    y = ((grid + rng.uniform(-0.35, 0.35, (side, side))).T * _CELL_M).ravel()
    ends, line_class = _stretches(side, rng)
    length_m = np.hypot(*(axis[ends[0]] - axis[ends[1]] for axis in (x, y)))
    length_m *= rng.uniform(1.0, 1.35, length_m.size)
    speed_kmh = _SPEEDS_KMH[line_class, rng.integers(0, 3, line_class.size)]
    seconds = length_m * 3.6 / speed_kmh
    two_way = rng.random(seconds.size) >= _ONE_WAY_SHARE
    ends = np.where(rng.random(seconds.size) < 0.5, ends, ends[::-1])
    back = seconds[two_way] * rng.uniform(0.95, 1.1, int(two_way.sum()))
    tails = np.concatenate([ends[0], ends[1][two_way]])
    heads = np.concatenate([ends[1], ends[0][two_way]])
    weights_ms = np.maximum(np.rint(np.concatenate([seconds, back]) * 1000), 1)
    matrix = csr_array((weights_ms, (tails, heads)), shape=(side * side, side * side))
    return _in_one_piece(matrix, x, y)


def services(node_count: int, *, seed: int = 2) -> list[Seeds]:
    """29 services of 10 to 3,000 facilities at nodes drawn without replacement."""
    rng = np.random.default_rng(seed)
    drawn = [rng.choice(node_count, count, replace=False) for count in FACILITIES]
    return [
        Seeds(
            np.sort(nodes).astype(np.int32),
            np.zeros(nodes.size, np.int32),
            np.arange(nodes.size, dtype=np.int32),
        )
        for nodes in drawn
    ]


def _stretches(side: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    number = np.arange(side * side).reshape(side, side)
    of_line = sum((np.arange(side) % every == 0).astype(int) for every in _EVERY) - 1
    along = np.stack([number[:, :-1].ravel(), number[:, 1:].ravel()])
    across = np.stack([number[:-1].ravel(), number[1:].ravel()])
    ends = np.concatenate([along, across], axis=1)
    line_class = np.concatenate([np.repeat(of_line, side - 1), np.tile(of_line, side - 1)])
    kept = rng.random(line_class.size) < _KEPT[line_class]
    return ends[:, kept], line_class[kept]


def _in_one_piece(matrix: csr_array, x: NDArray[np.float64], y: NDArray[np.float64]) -> SearchGraph:
    _, piece = connected_components(matrix, directed=True, connection="strong")
    kept = np.flatnonzero(piece == np.bincount(piece).argmax())
    points = gpd.GeoSeries.from_xy(x[kept], y[kept])
    order = kept[np.argsort(points.hilbert_distance(level=16).to_numpy(), kind="stable")]
    ordered = csr_array(matrix[order][:, order])
    ordered.sort_indices()
    return SearchGraph(
        ordered.indptr.astype(np.int32),
        ordered.indices.astype(np.int32),
        ordered.data.astype(np.int32),
    )
