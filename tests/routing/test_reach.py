from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

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
    seeds_of,
    worlds,
)

from sdaasp_geo.errors import NetworkError
from sdaasp_geo.network.graph import SearchGraph
from sdaasp_geo.routing.nearest import UNREACHED, Seeds, nearest, nearest_two
from sdaasp_geo.routing.reach import facilities_within, k_nearest, within

quick = settings(deadline=None, max_examples=60)
# 0 – 1 – 2 – 3 in a row, ten milliseconds each, both ways.
ROW = graph_of(4, [(0, 1, 10), (1, 2, 10), (2, 3, 10), (3, 2, 10), (2, 1, 10), (1, 0, 10)])
ENDS = seeds_of((0, 0, 0), (3, 0, 1))


def every_pair(graph, seeds):
    """For every node, its (time, label) pairs in order: one heap search a facility."""
    alone = {}
    for label in set(seeds.label.tolist()):
        rest = set(seeds.label.tolist()) - {label}
        alone[label] = heap_nearest(graph, seeds, without=rest)[0]
    nodes = range(graph.indptr.size - 1)
    return [
        sorted((times[node], label) for label, times in alone.items() if times[node] < UNREACHED)
        for node in nodes
    ]


def slow_k(graph, seeds, count):
    rows = [
        [*pairs[:count], *[(UNREACHED, -1)] * (count - len(pairs))]
        for pairs in every_pair(graph, seeds)
    ]
    table = np.array(rows).reshape(-1, count, 2)
    return table[:, :, 0].T.tolist(), table[:, :, 1].T.tolist()


def fast_k(graph, seeds, count, **options):
    found = k_nearest(graph, [seeds], count, **options)
    return found.time_ms[0].tolist(), found.label[0].tolist()


def networkx_times(graph, seeds, label):
    """Multigraph Dijkstra from one virtual source."""
    world = nx.MultiDiGraph()
    world.add_nodes_from(range(graph.indptr.size - 1))
    world.add_weighted_edges_from(arcs_of(graph))
    rows = zip(*(column.tolist() for column in seeds), strict=True)
    world.add_weighted_edges_from(("start", node, cost) for node, cost, own in rows if own == label)
    return nx.single_source_dijkstra_path_length(world, "start")


class TestWithin:
    def test_the_limit_is_within(self):
        found = within(ROW, seeds_of((0, 0, 4)), 20)
        assert found.node.tolist() == [0, 1, 2]
        assert found.time_ms.tolist() == [0, 10, 20]
        assert found.label.tolist() == [4, 4, 4]
        assert within(ROW, seeds_of((0, 0, 4)), 19).node.tolist() == [0, 1]

    def test_one_ways_and_islands(self):
        graph = graph_of(5, [(0, 1, 10), (1, 2, 10), (3, 0, 10), (4, 4, 1)])
        assert within(graph, seeds_of((0, 0, 0)), 1000).node.tolist() == [0, 1, 2]

    def test_nothing_within(self):
        assert within(ROW, seeds_of((0, 30, 0)), 20).node.size == 0
        assert within(ROW, seeds_of(), 20).node.size == 0

    @quick
    @given(worlds(), st.integers(0, 80), st.integers(0, 80))
    def test_nested_and_equal_to_networkx(self, world, limit, more):
        graph, (seeds,) = world
        near = within(graph, seeds, limit)
        far = within(graph, seeds, limit + more)
        assert set(near.node.tolist()) <= set(far.node.tolist())
        truth = {}
        for label in set(seeds.label.tolist()):
            for node, time in networkx_times(graph, seeds, label).items():
                truth[node] = min(time, truth.get(node, UNREACHED))
        truth.pop("start", None)
        kept = {node: time for node, time in truth.items() if time <= limit}
        assert dict(zip(near.node.tolist(), near.time_ms.tolist(), strict=True)) == kept


class TestKNearest:
    def test_both_ends_of_the_row(self):
        assert fast_k(ROW, ENDS, 2) == (
            [[0, 10, 10, 0], [30, 20, 20, 30]],
            [[0, 0, 1, 1], [1, 1, 0, 0]],
        )

    def test_a_facility_counts_once_at_its_least_time(self):
        seeds = seeds_of((0, 5, 3), (1, 0, 3), (3, 0, 8))
        assert fast_k(ROW, seeds, 3) == (
            [[5, 0, 10, 0], [30, 20, 10, 20], [UNREACHED] * 4],
            [[3, 3, 3, 8], [8, 8, 8, 3], [-1] * 4],
        )

    def test_ties_go_to_the_lowest_label(self):
        star = graph_of(4, [(0, 3, 0), (1, 3, 0), (2, 3, 0)])
        times, labels = fast_k(star, seeds_of((2, 5, 2), (1, 5, 1), (0, 5, 0)), 2)
        assert [row[3] for row in times] == [5, 5]
        assert [row[3] for row in labels] == [0, 1]

    def test_the_first_is_the_nearest_and_the_limit_holds(self):
        times, labels = fast_k(ROW, ENDS, 2, limit_ms=20)
        assert times == [[0, 10, 10, 0], [UNREACHED, 20, 20, UNREACHED]]
        assert labels == [[0, 0, 1, 1], [-1, 1, 0, -1]]

    def test_only_the_nodes_asked_for(self):
        found = k_nearest(ROW, [ENDS, seeds_of()], 2, nodes=np.array([3, 0, 3]))
        assert found.time_ms.tolist() == [[[0, 0, 0], [30, 30, 30]], [[UNREACHED] * 3] * 2]
        assert found.label.tolist() == [[[1, 0, 1], [0, 1, 0]], [[-1] * 3] * 2]
        assert k_nearest(ROW, [ENDS], 2, nodes=np.array([], np.int64)).label.shape == (1, 2, 0)

    def test_a_network_of_one_node(self):
        assert fast_k(graph_of(1, [(0, 0, 1)]), seeds_of((0, 2, 1), (0, 1, 0)), 2) == (
            [[1], [2]],
            [[0], [1]],
        )

    @pytest.mark.parametrize("seed", range(6))
    @pytest.mark.parametrize("count", [1, 3, 12])
    def test_equals_one_search_a_facility(self, seed, count):
        rng = np.random.default_rng(seed)
        graph = random_graph(rng, 120, 330, largest_ms=int(rng.choice([2, 50])))
        seeds = random_seeds(rng, 120, 30, facilities=10)
        assert fast_k(graph, seeds, count) == slow_k(graph, seeds, count)

    @quick
    @given(worlds(), st.integers(1, 6))
    def test_small_worlds_equal_one_search_a_facility(self, world, count):
        graph, (seeds,) = world
        before = [values.copy() for values in (*graph, *seeds)]
        assert fast_k(graph, seeds, count) == slow_k(graph, seeds, count)
        for values, kept in zip((*graph, *seeds), before, strict=True):
            np.testing.assert_array_equal(values, kept)

    @quick
    @given(worlds(), st.integers(1, 4))
    def test_the_first_row_is_the_nearest(self, world, count):
        graph, seeds = world
        found, known = k_nearest(graph, seeds, count), nearest(graph, seeds)
        np.testing.assert_array_equal(found.time_ms[:, 0], known.time_ms)
        np.testing.assert_array_equal(found.label[:, 0], known.label)

    @quick
    @given(worlds(), st.permutations(range(12)))
    def test_relabelled_nodes_change_nothing(self, world, order):
        graph, (seeds,) = world
        size = graph.indptr.size - 1
        new = np.argsort(np.argsort(np.array(order)[:size])).astype(np.int32)
        moved = graph_of(size, [(new[a], new[b], w) for a, b, w in arcs_of(graph)])
        times, _ = fast_k(graph, seeds, 3)
        renamed, _ = fast_k(moved, Seeds(new[seeds.node], seeds.cost_ms, seeds.label), 3)
        np.testing.assert_array_equal(np.array(renamed)[:, new], times)

    def test_many_facilities_make_the_queue_grow(self):
        # All of them meet in one node, and leave it by many arcs: entries in thousands.
        spokes = [(0, node, node) for node in range(1, 400)] + [(node, 0, 1) for node in range(400)]
        graph = graph_of(400, spokes)
        seeds = seeds_of(*((node, 400 - node, node) for node in range(400)))
        assert fast_k(graph, seeds, 30) == slow_k(graph, seeds, 30)


class TestGroups:
    """The k nearest of what remains, whichever group is left out."""

    def remaining(self, found, node, groups, out, count):
        rows = zip(
            found.time_ms[0][:, node].tolist(), found.label[0][:, node].tolist(), strict=True
        )
        return [(t, n) for t, n in rows if n >= 0 and groups[n] != out][:count]

    @quick
    @given(worlds(), st.lists(st.integers(0, 2), min_size=6, max_size=6), st.integers(1, 3))
    def test_without_any_one_group(self, world, groups, count):
        graph, (seeds,) = world
        table = np.array(groups, np.int32)
        found = k_nearest(graph, [seeds], count, groups=table)
        assert found.label.shape[1] == 2 * count
        for node, pairs in enumerate(every_pair(graph, seeds)):
            for out in (0, 1, 2, 9):
                truth = [(time, n) for time, n in pairs if groups[n] != out][:count]
                assert self.remaining(found, node, groups, out, count) == truth

    @quick
    @given(worlds(), st.lists(st.integers(0, 3), min_size=6, max_size=6))
    def test_one_of_each_is_the_nearest_two(self, world, groups):
        graph, (seeds,) = world
        table = np.array(groups, np.int32)
        found, two = k_nearest(graph, [seeds], 1, groups=table), nearest_two(graph, [seeds], table)
        np.testing.assert_array_equal(found.time_ms[:, 0], two.time_ms)
        np.testing.assert_array_equal(found.time_ms[:, 1], two.second_time_ms)
        np.testing.assert_array_equal(found.label[:, 0], two.label)
        np.testing.assert_array_equal(found.label[:, 1], two.second_label)

    def test_each_label_has_a_group(self):
        with pytest.raises(NetworkError, match="expected a group for every facility"):
            k_nearest(ROW, [ENDS], 1, groups=np.array([0], np.int32))


class TestFacilitiesWithin:
    def test_rows_by_node_then_time(self):
        found = facilities_within(ROW, ENDS, np.array([2, 0]), 20)
        assert found.node.tolist() == [2, 2, 0]
        assert found.label.tolist() == [1, 0, 0]
        assert found.time_ms.tolist() == [10, 20, 0]

    def test_a_node_named_twice_is_answered_once(self):
        assert facilities_within(ROW, ENDS, np.array([0, 0]), 5).node.tolist() == [0]

    def test_nothing_asked_or_nothing_there(self):
        assert facilities_within(ROW, ENDS, np.array([], np.int64), 20).node.size == 0
        assert facilities_within(ROW, seeds_of(), np.array([1]), 20).node.size == 0
        assert facilities_within(ROW, seeds_of((0, 21, 0)), np.arange(4), 20).node.size == 0

    @quick
    @given(worlds(), st.integers(0, 1200), st.randoms())
    def test_small_worlds_equal_one_search_a_facility(self, world, limit, chance):
        graph, (seeds,) = world
        nodes = list(range(graph.indptr.size - 1))
        chance.shuffle(nodes)
        asked = nodes[: len(nodes) // 2 + 1]
        found = facilities_within(graph, seeds, np.array(asked), limit)
        every = every_pair(graph, seeds)
        truth = [(n, label, t) for n in asked for t, label in every[n] if t <= limit]
        assert list(zip(*(column.tolist() for column in found), strict=True)) == truth

    def test_more_facilities_and_pairs_than_one_table_holds(self):
        rng = np.random.default_rng(4)
        graph = random_graph(rng, 300, 1200)
        seeds = random_seeds(rng, 300, 400, facilities=200)
        found = facilities_within(graph, seeds, np.arange(300), 60)
        every = every_pair(graph, seeds)
        truth = [(n, label, t) for n in range(300) for t, label in every[n] if t <= 60]
        assert len(truth) > 5000
        assert list(zip(*(column.tolist() for column in found), strict=True)) == truth


def test_neither_threads_nor_processes_change_a_result():
    rng = np.random.default_rng(2)
    graph = random_graph(rng, 200, 700)
    services = [random_seeds(rng, 200, 80, facilities=70) for _ in range(3)]
    near = k_nearest(graph, services, 3)
    pairs = facilities_within(graph, services[0], np.arange(200), 30)
    for kind in (ThreadPoolExecutor, ProcessPoolExecutor):
        with kind(2) as executor:
            again = k_nearest(graph, services, 3, executor=executor)
            np.testing.assert_array_equal(again.time_ms, near.time_ms)
            np.testing.assert_array_equal(again.label, near.label)
            others = facilities_within(graph, services[0], np.arange(200), 30, executor=executor)
            for column, known in zip(others, pairs, strict=True):
                np.testing.assert_array_equal(column, known)


@quick
@given(worlds(), st.tuples(st.integers(0, 11), st.integers(0, 6)))
def test_one_more_facility_never_raises_a_time(world, place):
    graph, (seeds,) = world
    node, cost = place[0] % (graph.indptr.size - 1), place[1]
    more = Seeds(
        *(
            np.append(old, new).astype(np.int32)
            for old, new in zip(seeds, (node, cost, 6), strict=True)
        )
    )
    fewer, richer = (np.array(fast_k(graph, some, 3)[0]) for some in (seeds, more))
    assert (richer <= fewer).all()
    twice = SearchGraph(graph.indptr, graph.heads, 2 * graph.weights_ms)
    doubled = np.array(fast_k(twice, seeds._replace(cost_ms=2 * seeds.cost_ms), 3)[0])
    reached = fewer < UNREACHED
    np.testing.assert_array_equal(doubled[reached], 2 * fewer[reached])


def test_a_time_that_does_not_fit_is_an_error_and_a_limit_leaves_it_out():
    long = graph_of(3, [(0, 1, 2**30), (1, 2, 2**30)])
    with pytest.raises(NetworkError, match="24 days"):
        k_nearest(long, [seeds_of((0, 0, 0))], 2)
    times, _ = fast_k(long, seeds_of((0, 0, 0)), 2, limit_ms=2**31 - 2)
    assert times == [[0, 2**30, UNREACHED], [UNREACHED] * 3]
    # Where nearer facilities fill the places, the far one is no loss.
    near = seeds_of((0, 0, 0), (1, 1, 1), (2, 1, 2))
    assert fast_k(long, near, 1)[0] == [[0, 1, 1]]


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: k_nearest(ROW, [ENDS], 0), "expected at least 1 facility a node, found count=0"),
        (lambda: k_nearest(ROW, [ENDS], 1, nodes=np.array([4])), "nodes from 0 to 3, found 4 to 4"),
        (lambda: k_nearest(ROW, [ENDS], 1, nodes=np.array([0.5])), "integers, found 1-d float64"),
        (lambda: facilities_within(ROW, ENDS, np.array([-1]), 5), "found -1 to -1"),
        (lambda: facilities_within(ROW, ENDS, np.array([1]), -5), "limit_ms: expected"),
        (lambda: within(ROW, seeds_of((9, 0, 0)), 5), "node: expected nodes below 4, found 9"),
    ],
)
def test_wrong_questions_are_told(ask, message):
    with pytest.raises(NetworkError, match=message):
        ask()
