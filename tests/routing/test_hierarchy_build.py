"""A contraction hierarchy holds the times of its graph, whoever builds it."""

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

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
from sdaasp_geo.network.graph import SearchGraph
from sdaasp_geo.routing import building, contraction
from sdaasp_geo.routing.gate import checked_search
from sdaasp_geo.routing.hierarchy import arcs_of, build_hierarchy
from synthetic_graph import road_like_graph

LARGEST = 2**31 - 2


def test_a_star_needs_no_shortcut_and_its_middle_stays_on_top():
    arcs = [(0, leaf, 10 * leaf) for leaf in range(1, 6)]
    hierarchy = build_hierarchy(graph_of(6, arcs + [(head, tail, ms) for tail, head, ms in arcs]))
    assert hierarchy.node[5] == 0
    assert hierarchy.up_heads.tolist() == [5] * 5
    assert hierarchy.up_weights_ms.tolist() == [10 * leaf for leaf in hierarchy.node[:5]]
    assert hierarchy.down_weights_ms.tolist() == hierarchy.up_weights_ms.tolist()
    assert set(hierarchy.up_middle.tolist()) == {-1}


def test_a_ring_of_four_takes_shortcuts_around():
    ring = graph_of(4, [(node, (node + 1) % 4, 1) for node in range(4)])
    hierarchy = build_hierarchy(ring)
    check_form(hierarchy, 4)
    assert max(hierarchy.up_middle.max(), hierarchy.down_middle.max()) >= 0
    expected = [[(target - source) % 4 for target in range(4)] for source in range(4)]
    assert hierarchy_times(hierarchy).tolist() == expected


@pytest.mark.parametrize("between", [2, 3, 7])
def test_equal_ways_side_by_side_are_not_each_others_excuse(between):
    # Two ends, and some nodes between them that are contracted in one round: each is a way
    # around for every other, and one shortcut each way must remain, by the last of them.
    spokes = [(end, 2 + node, 5) for end in (0, 1) for node in range(between)]
    graph = graph_of(2 + between, spokes + [(head, tail, ms) for tail, head, ms in spokes])
    assert np.array_equal(hierarchy_times(build_hierarchy(graph)), scipy_times(graph))
    remaining = building._beginning(
        arcs_of(checked_search(graph, (), None).graph), 2 + between, None
    ).graph
    chosen = (np.arange(2 + between) >= 2).astype(np.uint8)
    nodes = np.flatnonzero(chosen).astype(np.uint32)
    arcs = building._all_bypasses(remaining, chosen, nodes, contraction.Patience(99, 99), None)
    assert sorted(zip(*(column.tolist() for column in arcs), strict=True)) == [
        (0, 1, 10, 1 + between, 2),
        (1, 0, 10, 1 + between, 2),
    ]


@pytest.mark.parametrize("node_count", [0, 1, 3])
def test_a_graph_without_arcs(node_count):
    hierarchy = build_hierarchy(graph_of(node_count, []))
    check_form(hierarchy, node_count)
    assert hierarchy.up_heads.size == hierarchy.down_heads.size == 0


def test_loops_are_left_out_and_of_parallel_arcs_the_quickest_is_kept():
    hierarchy = build_hierarchy(graph_of(2, [(0, 0, 1), (0, 1, 7), (0, 1, 5), (1, 1, 0)]))
    times = sorted([*hierarchy.up_weights_ms.tolist(), *hierarchy.down_weights_ms.tolist()])
    assert times == [5]


@given(graphs())
@settings(deadline=None, max_examples=150)
def test_times_up_and_down_are_those_of_scipy_and_networkx(graph):
    before = [array.copy() for array in graph]
    hierarchy = build_hierarchy(graph)
    check_form(hierarchy, graph.indptr.size - 1)
    expected = scipy_times(graph)
    assert np.array_equal(networkx_times(graph), expected)
    assert np.array_equal(hierarchy_times(hierarchy), expected)
    assert all(np.array_equal(*pair) for pair in zip(graph, before, strict=True))


@pytest.mark.parametrize("seed", range(4))
def test_larger_random_graphs(seed):
    rng = np.random.default_rng(seed)
    graph = random_graph(rng, 60, 60 * (seed + 1), largest_ms=[0, 3, 50, 9999][seed])
    assert np.array_equal(hierarchy_times(build_hierarchy(graph)), scipy_times(graph))


def test_an_impatient_search_for_witnesses_costs_arcs_and_nothing_else(monkeypatch):
    graph = road_like_graph(200)
    patient = build_hierarchy(graph)
    monkeypatch.setattr("sdaasp_geo.routing.hierarchy._PATIENCE", contraction.Patience(1, 1))
    impatient = build_hierarchy(graph)
    assert impatient.up_heads.size > patient.up_heads.size
    assert np.array_equal(hierarchy_times(impatient), scipy_times(graph))
    assert np.array_equal(hierarchy_times(patient), scipy_times(graph))


@given(graphs(nodes=8), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=40)
def test_another_numbering_of_the_nodes_changes_no_time(graph, random):
    count = graph.indptr.size - 1
    number = np.array(random.sample(range(count), count))
    tails = np.repeat(np.arange(count), np.diff(graph.indptr))
    arcs = np.stack([number[tails], number[graph.heads], graph.weights_ms], axis=1)
    renumbered = hierarchy_times(build_hierarchy(graph_of(count, arcs.tolist())))
    assert np.array_equal(
        renumbered[np.ix_(number, number)], hierarchy_times(build_hierarchy(graph))
    )


@pytest.fixture
def small_stretches(monkeypatch):
    monkeypatch.setattr(building, "_LEAST_MERGED", 50)
    monkeypatch.setattr(building, "_LEAST_SEARCHED", 10)


def test_threads_and_processes_build_the_same_bytes(small_stretches):
    graph = road_like_graph(2000)
    alone = build_hierarchy(graph)
    for threads in (1, 2, 5):
        with ThreadPoolExecutor(threads) as pool:
            assert_same_arrays(build_hierarchy(graph, executor=pool), alone)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        assert_same_arrays(build_hierarchy(graph, executor=pool), alone)


def test_the_stretches_of_a_round_change_nothing(monkeypatch):
    graph = road_like_graph(2000)
    whole = build_hierarchy(graph)
    monkeypatch.setattr(building, "_LEAST_MERGED", 7)
    monkeypatch.setattr(building, "_LEAST_SEARCHED", 3)
    with ThreadPoolExecutor(2) as pool:
        assert_same_arrays(build_hierarchy(graph, executor=pool), whole)


def test_the_default_threads_build_what_one_thread_builds(monkeypatch):
    graph = road_like_graph(2000)
    alone = build_hierarchy(graph)
    monkeypatch.setattr(building, "_THREADS_FROM_NODES", 100)
    assert_same_arrays(build_hierarchy(graph), alone)


def test_the_type_of_the_offsets_changes_nothing():
    graph = road_like_graph(300)
    wide = SearchGraph(graph.indptr.astype(np.int64), graph.heads, graph.weights_ms)
    assert_same_arrays(build_hierarchy(wide), build_hierarchy(graph))


def test_progress_is_told_round_by_round():
    told = []
    build_hierarchy(road_like_graph(300), progress=lambda *step: told.append(step))
    done = [step[0] for step in told]
    assert done[0] == 0
    assert done == sorted(set(done))
    assert {step[1:] for step in told} == {(told[0][1], "contracting the road network")}


def test_the_longest_time_that_fits_and_the_first_that_does_not():
    half = LARGEST // 2
    # The middle of a row of three may stay on top; four in a ring need a shortcut.
    ring = [(0, 1, half), (1, 2, half), (2, 3, 0), (3, 0, 0)]
    times = hierarchy_times(build_hierarchy(graph_of(4, ring)))
    assert times[0, 2] == 2 * half
    longer = [(node, (node + 1) % 6, half) for node in range(6)]
    with pytest.raises(NetworkError, match=r"2147483647 ms \(24 days\) apart.*found some farther"):
        build_hierarchy(graph_of(6, longer))


def test_a_long_way_that_nobody_takes_is_no_overflow(monkeypatch):
    # Each step of the ring is long, and doubled by a quick chain that an impatient search
    # does not find at once.
    ring = [(node, (node + 1) % 6, LARGEST) for node in range(6)]
    chain = [(node, (node + 1) % 6, 1) for node in range(6)]
    monkeypatch.setattr("sdaasp_geo.routing.hierarchy._PATIENCE", contraction.Patience(1, 1))
    graph = graph_of(6, ring + chain + [(0, 3, LARGEST), (3, 1, LARGEST)])
    assert np.array_equal(hierarchy_times(build_hierarchy(graph)), scipy_times(graph))


def test_a_wrong_graph_is_refused():
    good = graph_of(2, [(0, 1, 5)])
    with pytest.raises(NetworkError, match="expected 0 or more, found -5"):
        build_hierarchy(good._replace(weights_ms=-good.weights_ms))
    with pytest.raises(NetworkError, match="nodes below 2, found 2"):
        build_hierarchy(good._replace(heads=good.heads + 1))
