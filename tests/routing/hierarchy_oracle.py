"""Slow, plain questions to a hierarchy, and to the graph it was built from."""

import heapq

import networkx as nx
import numpy as np
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from search_worlds import arcs_of, graph_of

FAR = float("inf")


def hierarchy_times(hierarchy):
    """Time from every graph node to every other: a way up from each, and a way down."""
    count = hierarchy.node.size
    up = [
        _climb(hierarchy.up_indptr, hierarchy.up_heads, hierarchy.up_weights_ms, rank)
        for rank in range(count)
    ]
    down = [
        _climb(hierarchy.down_indptr, hierarchy.down_heads, hierarchy.down_weights_ms, rank)
        for rank in range(count)
    ]
    times = np.full((count, count), FAR)
    for source in range(count):
        for target in range(count):
            met = up[source].keys() & down[target].keys()
            between = min((up[source][node] + down[target][node] for node in met), default=FAR)
            times[hierarchy.node[source], hierarchy.node[target]] = between
    return times


def _climb(indptr, heads, weights_ms, start):
    best = {}
    heap = [(0, start)]
    while heap:
        time, node = heapq.heappop(heap)
        if node in best:
            continue
        best[node] = time
        for arc in range(indptr[node], indptr[node + 1]):
            heapq.heappush(heap, (time + int(weights_ms[arc]), int(heads[arc])))
    return best


def scipy_times(graph):
    """As `hierarchy_times`; scaled so that scipy sees no arc of zero."""
    count = graph.indptr.size - 1
    scale = count + 2
    least = {}
    for tail, head, weight in arcs_of(graph):
        least[tail, head] = min(weight * scale + 1, least.get((tail, head), FAR))
    tails, heads = np.array(list(least), int).reshape(-1, 2).T
    matrix = csr_array((np.array(list(least.values()), float), (tails, heads)), (count, count))
    scaled = dijkstra(matrix)
    reached = np.isfinite(scaled)
    return np.where(reached, np.where(reached, scaled, 0) // scale, FAR)


def networkx_times(graph):
    count = graph.indptr.size - 1
    roads = nx.MultiDiGraph()
    roads.add_nodes_from(range(count))
    roads.add_weighted_edges_from(arcs_of(graph))
    times = np.full((count, count), FAR)
    for source, found in nx.all_pairs_dijkstra_path_length(roads):
        times[source, list(found)] = list(found.values())
    return times


def assert_same_arrays(one, other):
    for name, mine, theirs in zip(one._fields, one, other, strict=True):
        assert mine.dtype == theirs.dtype, name
        assert np.array_equal(mine, theirs), name


def check_form(hierarchy, node_count):
    assert sorted(hierarchy.node.tolist()) == list(range(node_count))
    assert np.array_equal(hierarchy.rank[hierarchy.node], np.arange(node_count))
    for way in ("up", "down"):
        indptr, heads, weights, middle = (
            getattr(hierarchy, f"{way}_{part}")
            for part in ("indptr", "heads", "weights_ms", "middle")
        )
        assert indptr[0] == 0
        assert indptr[-1] == heads.size == weights.size == middle.size
        assert heads.dtype == weights.dtype == middle.dtype == np.int32
        own = np.repeat(np.arange(node_count), np.diff(indptr))
        assert (heads > own).all()
        assert (middle < own).all()
        assert (weights >= 0).all()
        # Rising heads in a row, none twice.
        assert (np.diff(own * node_count + heads) > 0).all()
    assert not any(array.flags.writeable for array in hierarchy)


@st.composite
def graphs(draw, *, nodes=12, arcs=40, weights=None):
    """One-ways, zero arcs, parallel arcs, loops, islands; small weights, so that ties abound."""
    count = draw(st.integers(1, nodes))
    node = st.integers(0, count - 1)
    weight = weights or st.one_of(st.integers(0, 4), st.sampled_from([0, 1000, 70_000]))
    return graph_of(count, draw(st.lists(st.tuples(node, node, weight), max_size=arcs)))
