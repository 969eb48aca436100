"""Another set of times on the same roads gives the hierarchy of those times."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hierarchy_oracle import (
    assert_same_arrays,
    check_form,
    graphs,
    hierarchy_times,
    networkx_times,
    scipy_times,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from search_worlds import graph_of, random_graph

from sdaasp_geo.errors import NetworkError
from sdaasp_geo.routing import building, dissection, topology
from sdaasp_geo.routing.hierarchy import build_hierarchy
from sdaasp_geo.routing.topology import build_topology, customised
from synthetic_graph import road_like_graph

LARGEST = 2**31 - 2


def with_times(graph, rng, largest_ms):
    return graph._replace(
        weights_ms=rng.integers(0, largest_ms + 1, graph.heads.size).astype(np.int32)
    )


def test_a_triangle_whose_long_side_becomes_the_short_one():
    sides = graph_of(3, [(0, 1, 5), (1, 2, 5), (0, 2, 3)])
    known = build_topology(sides)
    # All three are joined already, and nothing needs to be added.
    assert known.heads.size == 3
    assert hierarchy_times(customised(known, sides))[0].tolist() == [0, 5, 3]
    slow = sides._replace(weights_ms=np.array([5, 30, 5], np.int32))
    assert sides.heads.tolist() == [1, 2, 2]
    quickest = customised(known, slow)
    assert hierarchy_times(quickest)[0].tolist() == [0, 5, 10]
    # The side of 30 lies on no shortest way any more.
    assert sorted([*quickest.up_weights_ms, *quickest.down_weights_ms]).count(30) == 0


@given(graphs(), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=150)
def test_times_are_those_of_scipy_and_networkx_before_and_after(graph, seed):
    known = build_topology(graph)
    before = [array.copy() for array in known]
    rng = np.random.default_rng(seed)
    for timed in (graph, with_times(graph, rng, 6), with_times(graph, rng, 100_000)):
        hierarchy = customised(known, timed)
        check_form(hierarchy, graph.indptr.size - 1)
        expected = scipy_times(timed)
        assert np.array_equal(networkx_times(timed), expected)
        assert np.array_equal(hierarchy_times(hierarchy), expected)
    assert all(np.array_equal(*pair) for pair in zip(known, before, strict=True))


@pytest.mark.parametrize("dense", [0.0, 3.0, 20.0, 1e9])
def test_the_order_of_elimination_changes_no_time(monkeypatch, dense):
    monkeypatch.setattr(topology, "_DENSE", dense)
    rng = np.random.default_rng(5)
    for graph in (road_like_graph(150), random_graph(rng, 60, 90), random_graph(rng, 40, 400)):
        known = build_topology(graph)
        assert sorted(known.node.tolist()) == list(range(graph.indptr.size - 1))
        timed = with_times(graph, rng, 50)
        assert np.array_equal(hierarchy_times(customised(known, timed)), scipy_times(timed))


def test_a_dissection_reads_nothing_that_was_not_written(monkeypatch):
    """A small piece first, a larger one after, in plain Python and on memory full of dirt."""
    for name in ("_by_steps", "_forget", "_parted", "_shortest_step"):
        monkeypatch.setattr(dissection, name, getattr(dissection, name).py_func)
    dirt = np.iinfo(np.uint32).max
    monkeypatch.setattr(np, "empty", lambda size, dtype: np.full(size, dirt, dtype))
    ends = [(0, 1), (1, 2), (2, 3), (3, 4), *((n, n + 1) for n in range(5, 29))]
    both = sorted([*ends, *(end[::-1] for end in ends)])
    indptr = np.searchsorted([tail for tail, _ in both], np.arange(31)).astype(np.uint32)
    head = np.array([head for _, head in both], np.uint32)
    order = dissection.dissected.py_func(indptr, head)
    assert sorted(order.tolist()) == list(range(30))


def test_every_arc_kept_is_a_shortest_way():
    graph = road_like_graph(200)
    hierarchy = customised(build_topology(graph), graph)
    times = scipy_times(graph)[np.ix_(hierarchy.node, hierarchy.node)]
    own = np.repeat(np.arange(hierarchy.node.size), np.diff(hierarchy.up_indptr))
    assert np.array_equal(times[own, hierarchy.up_heads], hierarchy.up_weights_ms)
    own = np.repeat(np.arange(hierarchy.node.size), np.diff(hierarchy.down_indptr))
    assert np.array_equal(times[hierarchy.down_heads, own], hierarchy.down_weights_ms)


def test_the_times_do_not_change_the_topology_nor_do_threads(monkeypatch):
    graph = road_like_graph(2000)
    known = build_topology(graph)
    other = with_times(graph, np.random.default_rng(1), 10**6)
    assert_same_arrays(build_topology(other), known)
    monkeypatch.setattr(building, "_LEAST_MERGED", 50)
    for threads in (1, 3):
        with ThreadPoolExecutor(threads) as pool:
            assert_same_arrays(build_topology(graph, executor=pool), known)
    assert_same_arrays(customised(known, graph), customised(known, graph))
    assert not any(array.flags.writeable for array in known)


@pytest.mark.parametrize("node_count", [0, 1, 3])
def test_a_graph_without_arcs(node_count):
    graph = graph_of(node_count, [])
    hierarchy = customised(build_topology(graph), graph)
    check_form(hierarchy, node_count)
    assert hierarchy.up_heads.size == hierarchy.down_heads.size == 0


def test_a_topology_of_other_arcs_is_refused():
    known = build_topology(graph_of(3, [(0, 1, 5), (1, 2, 5)]))
    for other in (
        graph_of(3, [(0, 1, 5)]),
        graph_of(3, [(0, 1, 5), (2, 1, 5)]),
        graph_of(4, [(0, 1, 5), (1, 2, 5)]),
        graph_of(3, [(0, 1, 5), (0, 2, 5)]),
    ):
        with pytest.raises(NetworkError, match="expected the 2 arcs between 3 nodes"):
            customised(known, other)


def test_times_near_the_limit_and_beyond():
    ring = [(node, (node + 1) % 6, LARGEST // 5) for node in range(6)]
    graph = graph_of(6, ring)
    known = build_topology(graph)
    times = hierarchy_times(customised(known, graph))
    assert np.array_equal(times, scipy_times(graph))
    assert np.array_equal(times, hierarchy_times(build_hierarchy(graph)))
    with pytest.raises(NetworkError, match=r"2147483647 ms \(24 days\) apart"):
        customised(known, graph._replace(weights_ms=graph.weights_ms * 2))


def test_a_long_way_that_nobody_takes_is_no_overflow():
    ring = [(node, (node + 1) % 6, LARGEST) for node in range(6)]
    chain = [(node, (node + 1) % 6, 1) for node in range(6)]
    graph = graph_of(6, ring + chain)
    times = hierarchy_times(customised(build_topology(graph), graph))
    assert np.array_equal(times, scipy_times(graph))
