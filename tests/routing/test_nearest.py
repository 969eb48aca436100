from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from search_worlds import (
    arcs_of,
    graph_of,
    heap_nearest,
    random_graph,
    random_seeds,
    scipy_nearest,
    seeds_of,
    worlds,
)

from sdaasp_geo.errors import NetworkError
from sdaasp_geo.network.graph import SearchGraph
from sdaasp_geo.routing import nearest as module
from sdaasp_geo.routing.nearest import UNREACHED, Nearest, Seeds, nearest

quick = settings(deadline=None, max_examples=60)


def one(graph, seeds, **options):
    found = nearest(graph, [seeds], **options)
    return found.time_ms[0].tolist(), found.label[0].tolist()


# A one-way row 0 → 1 → 2 → 3 of 10 ms arcs, a slow way back 3 → 0, an island 4.
ROW = graph_of(5, [(0, 1, 10), (1, 2, 10), (2, 3, 10), (3, 0, 100)])


def test_times_follow_the_arcs_and_an_island_is_unreached():
    assert one(ROW, seeds_of((1, 0, 7))) == ([120, 0, 10, 20, UNREACHED], [7, 7, 7, 7, -1])


def test_cost_of_entering_counts():
    # Facility 0 lies 25 ms beyond node 0, facility 1 stands at node 2.
    assert one(ROW, seeds_of((0, 25, 0), (2, 0, 1))) == (
        [25, 35, 0, 10, UNREACHED],
        [0, 0, 1, 1, -1],
    )


def test_of_two_entries_of_a_facility_the_quicker_counts():
    assert one(ROW, seeds_of((0, 50, 3), (1, 5, 3), (1, 9, 3)))[0] == [50, 5, 15, 25, UNREACHED]


def test_a_tie_goes_to_the_lowest_label_and_is_handed_on():
    # Both facilities are 10 ms from node 1; the tie is settled there and kept beyond.
    square = graph_of(4, [(0, 1, 10), (2, 1, 10), (1, 3, 10)])
    for rows in ([(0, 0, 9), (2, 0, 4)], [(2, 0, 4), (0, 0, 9)]):
        assert one(square, seeds_of(*rows)) == ([0, 10, 0, 20], [9, 4, 4, 4])


def test_a_tie_found_late_is_handed_on_through_arcs_of_zero():
    # Label 1 comes to node 3 over five arcs of zero, when label 2 has long been there.
    chain = graph_of(
        7, [(0, 3, 0), (3, 4, 0), (4, 3, 0), (1, 2, 0), (2, 5, 0), (5, 6, 0), (6, 3, 0)]
    )
    assert one(chain, seeds_of((0, 0, 2), (1, 0, 1))) == ([0] * 7, [2, 1, 1, 1, 1, 1, 1])


def test_parallel_arcs_count_by_the_least_and_loops_not_at_all():
    assert one(graph_of(2, [(0, 1, 9), (0, 1, 4), (0, 0, 0), (1, 1, 3)]), seeds_of((0, 1, 0))) == (
        [1, 5],
        [0, 0],
    )


def test_smallest_worlds():
    nothing = seeds_of()
    empty = nearest(graph_of(0, []), [nothing, nothing])
    assert empty.time_ms.shape == empty.label.shape == (2, 0)
    assert nearest(ROW, []).time_ms.shape == (0, 5)
    assert one(graph_of(1, []), seeds_of((0, 3, 2))) == ([3], [2])
    assert one(graph_of(2, []), nothing) == ([UNREACHED] * 2, [-1, -1])
    everywhere = seeds_of(*((node, 0, node) for node in range(5)))
    assert one(ROW, everywhere) == ([0] * 5, [0, 1, 2, 3, 4])


def test_services_do_not_mix():
    found = nearest(ROW, [seeds_of((0, 0, 0)), seeds_of(), seeds_of((3, 1, 5))])
    assert found.time_ms.tolist() == [
        [0, 10, 20, 30, UNREACHED],
        [UNREACHED] * 5,
        [101, 111, 121, 1, UNREACHED],
    ]
    assert found.label.tolist() == [[0, 0, 0, 0, -1], [-1] * 5, [5, 5, 5, 5, -1]]


def test_result_is_int32_and_the_inputs_are_untouched():
    graph = SearchGraph(*(values.copy() for values in ROW))
    seeds = seeds_of((2, 4, 1), (0, 0, 0))
    before = [values.copy() for values in (*graph, *seeds)]
    found = nearest(graph, [seeds])
    assert [values.dtype for values in found] == [np.int32, np.int32]
    for values, copy in zip((*graph, *seeds), before, strict=True):
        assert values.flags.writeable
        np.testing.assert_array_equal(values, copy)


def test_read_only_long_and_strided_arrays_serve_as_well():
    long = SearchGraph(ROW.indptr.astype(np.int64), ROW.heads, ROW.weights_ms)
    for values in long:
        values.setflags(write=False)
    table = np.array([[1, 0, 7], [1, 0, 8]], np.int64)
    strided = Seeds(*table.T)
    assert one(long, strided) == one(ROW, seeds_of((1, 0, 7)))
    for values in ROW:
        values.setflags(write=True)


def test_limit_keeps_what_is_at_the_limit():
    seeds = seeds_of((1, 0, 7), (4, 11, 3))
    assert one(ROW, seeds, limit_ms=10) == (
        [UNREACHED, 0, 10, UNREACHED, UNREACHED],
        [-1, 7, 7, -1, -1],
    )
    assert one(ROW, seeds, limit_ms=11)[1] == [-1, 7, 7, -1, 3]
    assert one(ROW, seeds, limit_ms=0)[1] == [-1, 7, -1, -1, -1]


def test_more_entries_wait_than_the_queue_first_holds():
    # One hub of 20,000 leaves, each of which hands on to the hub of a second star.
    leaves = 20_000
    arcs = [(0, leaf, leaf) for leaf in range(1, leaves + 1)]
    arcs += [(leaf, leaves + 1, 2 * leaves - leaf) for leaf in range(1, leaves + 1)]
    time, _ = one(graph_of(leaves + 2, arcs), seeds_of((0, 0, 0)))
    assert time == [*range(leaves + 1), 2 * leaves]


def test_longest_time_that_fits_and_the_first_that_does_not():
    last = UNREACHED - 1
    assert one(graph_of(2, [(0, 1, last)]), seeds_of((0, 0, 0)))[0] == [0, last]
    for graph, cost in [(graph_of(2, [(0, 1, last)]), 1), (graph_of(2, [(0, 1, UNREACHED)]), 0)]:
        with pytest.raises(
            NetworkError, match=r"farther than that.*Likely cause: a speed near zero"
        ):
            nearest(graph, [seeds_of((0, cost, 0))])
        assert one(graph, seeds_of((0, cost, 0)), limit_ms=last)[1] == [0, -1]


def test_a_sum_beyond_32_bits_does_not_wrap_and_is_no_error_where_a_shorter_way_exists():
    big = 2_000_000_000
    detour = graph_of(3, [(0, 1, big), (1, 2, big), (0, 2, 5), (2, 1, 5)])
    assert one(detour, seeds_of((0, 0, 0)))[0] == [0, 10, 5]
    with pytest.raises(NetworkError, match="found a node farther"):
        nearest(graph_of(4, [(0, 1, big), (1, 2, big), (0, 3, 1)]), [seeds_of((0, 0, 0))])


def test_wide_buckets_for_an_arc_of_days_do_not_change_the_result():
    rng = np.random.default_rng(5)
    graph = random_graph(rng, 60, 150, largest_ms=30)
    arcs = [*arcs_of(graph), (0, 59, 2_000_000_000)]
    seeds = random_seeds(rng, 60, 4)
    with_ferry = graph_of(60, arcs)
    assert one(with_ferry, seeds, limit_ms=UNREACHED - 1) == tuple(heap_nearest(with_ferry, seeds))


@pytest.mark.parametrize("seed", range(12))
def test_equals_scipy_to_the_bit(seed):
    rng = np.random.default_rng(seed)
    node_count = int(rng.integers(2, 300))
    graph = random_graph(
        rng,
        node_count,
        int(rng.integers(0, 4 * node_count)),
        largest_ms=int(rng.choice([3, 60, 90_000])),
    )
    seeds = random_seeds(rng, node_count, int(rng.integers(0, 30)), facilities=20)
    assert one(graph, seeds) == scipy_nearest(graph, seeds) == tuple(heap_nearest(graph, seeds))


def test_equals_networkx_to_the_bit():
    rng = np.random.default_rng(3)
    graph = random_graph(rng, 200, 500)
    seeds = random_seeds(rng, 200, 12)
    peer = nx.MultiDiGraph()
    peer.add_nodes_from(range(200))
    peer.add_weighted_edges_from(arcs_of(graph))
    for node, cost in zip(seeds.node.tolist(), seeds.cost_ms.tolist(), strict=True):
        peer.add_edge("door", node, weight=cost)
    times = nx.single_source_dijkstra_path_length(peer, "door")
    assert one(graph, seeds)[0] == [times.get(node, UNREACHED) for node in range(200)]


@quick
@given(worlds())
def test_equals_the_heap(world):
    graph, (seeds,) = world
    assert one(graph, seeds) == tuple(heap_nearest(graph, seeds))


@quick
@given(worlds(), st.integers(0, 12))
def test_limit_only_hides(world, limit_ms):
    graph, (seeds,) = world
    time, label = one(graph, seeds)
    near = [value <= limit_ms for value in time]
    assert one(graph, seeds, limit_ms=limit_ms) == (
        [value if kept else UNREACHED for value, kept in zip(time, near, strict=True)],
        [value if kept else -1 for value, kept in zip(label, near, strict=True)],
    )


@quick
@given(worlds(), st.integers(0, 11), st.integers(0, 6))
def test_one_more_facility_never_raises_a_time(world, node, cost_ms):
    graph, (seeds,) = world
    node %= graph.indptr.size - 1
    more = Seeds(
        *(np.append(a, np.int32(b)) for a, b in zip(seeds, (node, cost_ms, 99), strict=True))
    )
    before, after = (nearest(graph, [entries]).time_ms for entries in (seeds, more))
    assert (after <= before).all()
    assert after[0, node] <= cost_ms


@quick
@given(worlds(), st.randoms(use_true_random=False))
def test_names_of_nodes_and_order_of_seeds_change_nothing(world, random):
    graph, (seeds,) = world
    new_name = list(range(graph.indptr.size - 1))
    random.shuffle(new_name)
    renamed = graph_of(len(new_name), [(new_name[a], new_name[b], w) for a, b, w in arcs_of(graph)])
    rows = [(new_name[node], cost, label) for node, cost, label in zip(*seeds, strict=True)]
    random.shuffle(rows)
    time, label = one(renamed, seeds_of(*rows))
    assert ([time[name] for name in new_name], [label[name] for name in new_name]) == one(
        graph, seeds
    )


@quick
@given(worlds())
def test_doubled_weights_double_the_times(world):
    graph, (seeds,) = world
    time, label = one(graph, seeds)
    double = graph._replace(weights_ms=graph.weights_ms * np.int32(2))
    doubled = one(double, seeds._replace(cost_ms=seeds.cost_ms * np.int32(2)))
    assert doubled == ([t if t == UNREACHED else 2 * t for t in time], label)


def big_question():
    rng = np.random.default_rng(11)
    graph = random_graph(rng, 12_000, 40_000, largest_ms=500)
    return graph, [random_seeds(rng, 12_000, count, facilities=50) for count in (3, 40, 0, 200, 1)]


def test_several_blocks_and_windows_equal_the_heap():
    # Arcs lead from anywhere to anywhere, so that blocks correct each other all the time.
    graph, services = big_question()
    found = nearest(graph, services)
    for row, seeds in enumerate(services):
        time, label = heap_nearest(graph, seeds)
        assert found.time_ms[row].tolist() == time
        assert found.label[row].tolist() == label


def equal(one_found: Nearest, other: Nearest):
    return all(np.array_equal(a, b) for a, b in zip(one_found, other, strict=True))


def test_threads_and_a_given_executor_change_nothing(monkeypatch):
    graph, services = big_question()
    by_default = nearest(graph, services)
    with ThreadPoolExecutor(3) as pool:
        assert equal(nearest(graph, services, executor=pool), by_default)
        assert pool.submit(int).result() == 0  # the caller's pool is left open
    monkeypatch.setattr(module, "_THREADS_FROM_NODES", 10**9)
    assert equal(nearest(graph, services), by_default)
    for row, seeds in enumerate(services[:2]):
        assert one(graph, seeds) == (
            by_default.time_ms[row].tolist(),
            by_default.label[row].tolist(),
        )


def test_the_given_executor_is_used_and_large_graphs_get_threads(monkeypatch):
    graph, services = big_question()

    class Counting(ThreadPoolExecutor):
        started = 0

        def submit(self, *args, **options):
            Counting.started += 1
            return super().submit(*args, **options)

    with Counting(1) as pool:
        nearest(ROW, [seeds_of((0, 0, 0))] * 3, executor=pool)
    assert Counting.started == 3
    monkeypatch.setattr("sdaasp_geo.routing.parallel.ThreadPoolExecutor", Counting)
    nearest(graph, services)
    assert Counting.started == 3 + len(services)
    nearest(ROW, [seeds_of((0, 0, 0))] * 3)
    assert Counting.started == 3 + len(services)


def test_other_processes_serve_as_executor():
    services = [seeds_of((0, 0, 0)), seeds_of((3, 1, 5))]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert equal(nearest(ROW, services, executor=pool), nearest(ROW, services))
