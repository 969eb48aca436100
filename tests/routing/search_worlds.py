"""Random graphs and slow, plain searches to compare with."""

import heapq

import numpy as np
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from sdaasp_geo.network.graph import SearchGraph
from sdaasp_geo.routing.nearest import UNREACHED, Seeds


def graph_of(node_count, arcs):
    """Build a SearchGraph from (tail, head, weight_ms) triples."""
    table = np.array(sorted(arcs), np.int32).reshape(-1, 3)
    indptr = np.searchsorted(table[:, 0], np.arange(node_count + 1)).astype(np.int32)
    return SearchGraph(indptr, table[:, 1].copy(), table[:, 2].copy())


def seeds_of(*rows):
    """Build Seeds from (node, cost_ms, label) triples."""
    table = np.array(rows, np.int32).reshape(-1, 3)
    return Seeds(*(column.copy() for column in table.T))


def arcs_of(graph):
    tails = np.repeat(np.arange(graph.indptr.size - 1), np.diff(graph.indptr))
    return list(zip(tails.tolist(), graph.heads.tolist(), graph.weights_ms.tolist(), strict=True))


def random_graph(rng, node_count, arc_count, *, largest_ms=20):
    """One-ways, zero arcs, parallel arcs, loops, islands: whatever chance brings."""
    ends = rng.integers(0, node_count, (arc_count, 2))
    weights = rng.integers(0, largest_ms + 1, (arc_count, 1))
    return graph_of(node_count, np.hstack([ends, weights]).tolist())


def random_seeds(rng, node_count, count, *, facilities=5, largest_ms=20):
    return Seeds(
        rng.integers(0, node_count, count).astype(np.int32),
        rng.integers(0, largest_ms + 1, count).astype(np.int32),
        rng.integers(0, facilities, count).astype(np.int32),
    )


def heap_nearest(graph, seeds, *, without=()):
    """Dijkstra on pairs with a binary heap: a row of times, a row of labels."""
    node_count = graph.indptr.size - 1
    best = {}
    heap = [
        (cost, label, node)
        for node, cost, label in zip(*(column.tolist() for column in seeds), strict=True)
        if label not in without
    ]
    heapq.heapify(heap)
    while heap:
        time, label, node = heapq.heappop(heap)
        if node in best:
            continue
        best[node] = (time, label)
        for arc in range(graph.indptr[node], graph.indptr[node + 1]):
            there = time + int(graph.weights_ms[arc])
            heapq.heappush(heap, (there, label, int(graph.heads[arc])))
    pairs = [best.get(node, (UNREACHED, -1)) for node in range(node_count)]
    return [time for time, _ in pairs], [label for _, label in pairs]


def scipy_nearest(graph, seeds):
    """Scipy's Dijkstra from one virtual source a facility; the least row wins a tie.

    Scipy takes a stored zero for a missing arc and adds up parallel ones: arcs are
    scaled by more than a path has arcs, and made one longer, which changes no
    comparison and is divided away; of parallel arcs the least is kept.
    """
    node_count = graph.indptr.size - 1
    labels = np.unique(seeds.label)
    scale = node_count + 2
    least = {}
    virtual = {label: node_count + row for row, label in enumerate(labels.tolist())}
    entries = zip(*(column.tolist() for column in seeds), strict=True)
    arcs = arcs_of(graph) + [(virtual[label], node, cost) for node, cost, label in entries]
    for tail, head, weight in arcs:
        least[tail, head] = min(weight * scale + 1, least.get((tail, head), np.inf))
    tails, heads = np.array(list(least), int).reshape(-1, 2).T
    size = node_count + labels.size
    matrix = csr_array((np.array(list(least.values()), float), (tails, heads)), (size, size))
    if not labels.size:
        return [UNREACHED] * node_count, [-1] * node_count
    scaled = dijkstra(matrix, indices=list(virtual.values()))[:, :node_count]
    reached = np.isfinite(scaled).any(axis=0)
    times = np.where(np.isfinite(scaled), scaled, scale * UNREACHED) // scale
    winner = times.argmin(axis=0)
    time = times[winner, np.arange(node_count)]
    return (
        np.where(reached, time, UNREACHED).astype(int).tolist(),
        np.where(reached, labels[winner], -1).tolist(),
    )


@st.composite
def worlds(draw, *, services=1):
    """Graph of up to 12 nodes with seeds; small weights, so that ties abound."""
    node_count = draw(st.integers(1, 12))
    nodes = st.integers(0, node_count - 1)
    weights = st.one_of(st.integers(0, 4), st.sampled_from([0, 1000, 70_000]))
    arcs = draw(st.lists(st.tuples(nodes, nodes, weights), max_size=40))
    entry = st.tuples(nodes, st.integers(0, 6), st.integers(0, 5))
    rows = [draw(st.lists(entry, max_size=8)) for _ in range(services)]
    return graph_of(node_count, arcs), [seeds_of(*row) for row in rows]
