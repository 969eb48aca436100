from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import networkx as nx
import numpy as np
import pytest
from hypothesis import assume, given, settings
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
from slow_hierarchy import slow_hierarchy

from sdaasp_geo.errors import NetworkError
from sdaasp_geo.routing import restriction as planning
from sdaasp_geo.routing import sweeps as module
from sdaasp_geo.routing.hierarchy import Hierarchy, build_hierarchy
from sdaasp_geo.routing.nearest import UNREACHED, Seeds, nearest
from sdaasp_geo.routing.restriction import restriction
from sdaasp_geo.routing.sweeps import nearest_by_hierarchy

quick = settings(deadline=None, max_examples=60)

# A one-way row 0 → 1 → 2 → 3 of 10 ms arcs, a slow way back 3 → 0, an island 4.
ROW = graph_of(5, [(0, 1, 10), (1, 2, 10), (2, 3, 10), (3, 0, 100)])


def one(graph, seeds, **options):
    found = nearest_by_hierarchy(slow_hierarchy(graph), [seeds], **options)
    return found.time_ms[0].tolist(), found.label[0].tolist()


def equal(found, other):
    return all(np.array_equal(a, b) for a, b in zip(found, other, strict=True))


def town(seed=11, *, nodes=700, arcs=1900):
    rng = np.random.default_rng(seed)
    graph = random_graph(rng, nodes, arcs, largest_ms=500)
    # Arcs to near neighbours only: what is random throughout has no hierarchy.
    near = [(tail, (tail + head % 25) % nodes, ms) for tail, head, ms in arcs_of(graph)]
    counts = (3, 40, 0, 200, 1)
    return graph_of(nodes, near), [random_seeds(rng, nodes, k, facilities=50) for k in counts]


def test_times_follow_the_arcs_and_an_island_is_unreached():
    assert one(ROW, seeds_of((1, 0, 7))) == ([120, 0, 10, 20, UNREACHED], [7, 7, 7, 7, -1])
    assert one(ROW, seeds_of((0, 25, 0), (2, 0, 1))) == (
        [25, 35, 0, 10, UNREACHED],
        [0, 0, 1, 1, -1],
    )


def test_a_tie_goes_to_the_lowest_label_and_is_handed_on():
    square = graph_of(4, [(0, 1, 10), (2, 1, 10), (1, 3, 10)])
    for rows in ([(0, 0, 9), (2, 0, 4)], [(2, 0, 4), (0, 0, 9)]):
        assert one(square, seeds_of(*rows)) == ([0, 10, 0, 20], [9, 4, 4, 4])


def test_smallest_worlds():
    nothing = seeds_of()
    empty = nearest_by_hierarchy(slow_hierarchy(graph_of(0, [])), [nothing, nothing])
    assert empty.time_ms.shape == empty.label.shape == (2, 0)
    row = slow_hierarchy(ROW)
    assert nearest_by_hierarchy(row, []).time_ms.shape == (0, 5)
    assert nearest_by_hierarchy(row, [nothing], nodes=np.empty(0, int)).label.shape == (1, 0)
    assert one(graph_of(1, [(0, 0, 4)]), seeds_of((0, 3, 2))) == ([3], [2])
    assert one(graph_of(2, []), nothing) == ([UNREACHED] * 2, [-1, -1])


def test_only_the_nodes_asked_for_are_answered_in_their_order():
    seeds = seeds_of((1, 0, 7))
    assert one(ROW, seeds, nodes=np.array([3, 0, 3, 4])) == (
        [20, 120, 20, UNREACHED],
        [7, 7, 7, -1],
    )
    assert one(ROW, seeds, nodes=np.array([1, 2], np.uint8)) == ([0, 10], [7, 7])


def test_a_plan_serves_again_and_again():
    row = slow_hierarchy(ROW)
    plan = restriction(row, np.array([3, 0]))
    assert plan.nodes.tolist() == [0, 3]
    for seeds, times in ((seeds_of((1, 0, 7)), [20, 120]), (seeds_of((2, 5, 1)), [15, 115])):
        assert nearest_by_hierarchy(row, [seeds], nodes=plan).time_ms.tolist() == [times]
    # Equal is enough, as after another reading; of other weights it is not.
    again = slow_hierarchy(ROW)
    assert nearest_by_hierarchy(again, [seeds_of((1, 0, 7))], nodes=plan).label.tolist() == [[7, 7]]
    slower = slow_hierarchy(ROW._replace(weights_ms=ROW.weights_ms + np.int32(1)))
    for other in (slow_hierarchy(graph_of(1, [])), slower):
        with pytest.raises(NetworkError, match="nodes: expected a plan made on this hierarchy"):
            nearest_by_hierarchy(other, [], nodes=plan)


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        (np.array([0, 5]), "nodes: expected nodes from 0 to 4, found 0 to 5"),
        (np.array([-1]), "found -1 to -1"),
        (np.array([0.5]), "expected a 1-d array of integers, found 1-d float64"),
        ([1], "expected a 1-d array of integers, found list"),
    ],
)
def test_wrong_nodes_are_refused(nodes, message):
    with pytest.raises(NetworkError, match=message):
        nearest_by_hierarchy(slow_hierarchy(ROW), [], nodes=nodes)


def test_wrong_seeds_and_limits_are_refused_at_once():
    with pytest.raises(NetworkError, match="limit_ms: expected.*service 1: node: expected"):
        nearest_by_hierarchy(slow_hierarchy(ROW), [seeds_of(), seeds_of((9, 0, 0))], limit_ms=-1)


def test_without_labels_the_times_are_the_same():
    graph, services = town()
    hierarchy = slow_hierarchy(graph)
    found = nearest_by_hierarchy(hierarchy, services, labels=False)
    assert found.label.shape == (0, 700)
    assert np.array_equal(found.time_ms, nearest(graph, services).time_ms)


def test_inputs_are_untouched_and_read_only_ones_serve():
    graph, services = town()
    hierarchy = slow_hierarchy(graph)
    before = [values.copy() for values in (*hierarchy, *services[0])]
    found = nearest_by_hierarchy(hierarchy, services)
    for values, copy in zip((*hierarchy, *services[0]), before, strict=True):
        assert values.flags.writeable
        np.testing.assert_array_equal(values, copy)
    for values in hierarchy:
        values.setflags(write=False)
    long = hierarchy._replace(up_indptr=hierarchy.up_indptr.astype(np.int64))
    assert equal(nearest_by_hierarchy(long, services), found)
    assert [values.dtype for values in found] == [np.int32, np.int32]


@pytest.mark.parametrize("services", [1, 15, 16, 17, 33, 130])
def test_any_number_of_services(services):
    rng = np.random.default_rng(services)
    graph, _ = town()
    many = [random_seeds(rng, 700, int(rng.integers(0, 9))) for _ in range(services)]
    assert equal(nearest_by_hierarchy(slow_hierarchy(graph), many), nearest(graph, many))


def test_several_parts_blocks_and_threads(monkeypatch):
    graph, services = town()
    hierarchy, expected = slow_hierarchy(graph), nearest(graph, services)
    whole = restriction(hierarchy)
    assert len(whole.parts) == 1
    assert whole.parts[0].block_steps.size == 7
    # Rows are many, places are few.
    assert whole.parts[0].slots < 0.7 * whole.parts[0].slot.size
    monkeypatch.setattr(planning, "_PART_NODES", 150)
    monkeypatch.setattr(module, "_THREADS_FROM_NODES", 1)
    assert [part.column_slot.size for part in restriction(hierarchy).parts] == [140] * 5
    assert equal(nearest_by_hierarchy(hierarchy, services), expected)
    some = np.random.default_rng(0).integers(0, 700, 400)
    found = nearest_by_hierarchy(hierarchy, services, nodes=some)
    assert equal(found, (expected.time_ms[:, some], expected.label[:, some]))


def test_a_given_executor_changes_nothing(monkeypatch):
    graph, services = town()
    hierarchy, expected = slow_hierarchy(graph), nearest(graph, services)
    monkeypatch.setattr(planning, "_PART_NODES", 150)
    with ThreadPoolExecutor(3) as pool:
        assert equal(nearest_by_hierarchy(hierarchy, services, executor=pool), expected)
        assert pool.submit(int).result() == 0  # the caller's pool is left open
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        found = nearest_by_hierarchy(hierarchy, services * 4, executor=pool)
        assert equal(found, [np.tile(table, (4, 1)) for table in expected])
        without = nearest_by_hierarchy(hierarchy, services, labels=False, executor=pool)
        assert np.array_equal(without.time_ms, expected.time_ms)


@pytest.mark.parametrize("seed", range(8))
def test_equals_scipy_whatever_the_order_of_contraction(seed):
    rng = np.random.default_rng(seed)
    node_count = int(rng.integers(2, 80))
    graph = random_graph(rng, node_count, 2 * node_count, largest_ms=int(rng.choice([3, 90_000])))
    seeds = random_seeds(rng, node_count, int(rng.integers(0, 30)), facilities=20)
    order = rng.permutation(node_count).tolist()
    found = nearest_by_hierarchy(slow_hierarchy(graph, order=order), [seeds])
    assert tuple(table[0].tolist() for table in found) == scipy_nearest(graph, seeds)


@pytest.mark.parametrize("seed", range(4))
def test_a_hierarchy_built_in_earnest_answers_the_same(seed):
    graph, services = town(seed, nodes=2000, arcs=5000)
    found = nearest_by_hierarchy(build_hierarchy(graph), services)
    assert equal(found, nearest(graph, services))


def test_equals_networkx():
    rng = np.random.default_rng(3)
    graph = random_graph(rng, 150, 350)
    seeds = random_seeds(rng, 150, 12)
    peer = nx.MultiDiGraph()
    peer.add_nodes_from(range(150))
    peer.add_weighted_edges_from(arcs_of(graph))
    for node, cost in zip(seeds.node.tolist(), seeds.cost_ms.tolist(), strict=True):
        peer.add_edge("door", node, weight=cost)
    times = nx.single_source_dijkstra_path_length(peer, "door")
    assert one(graph, seeds)[0] == [times.get(node, UNREACHED) for node in range(150)]


# Overflow. Contracted from its ends, a row needs no shortcuts: its arcs may be as long
# as they can be, and only sums are too long.
BIG = 2_000_000_000
LONG_ROW = graph_of(4, [(0, 1, BIG), (1, 2, BIG), (2, 3, 5)])
LONG = slow_hierarchy(LONG_ROW, order=[0, 3, 1, 2])
SHORT = [seeds_of((0, 0, 0))]


def test_longest_time_that_fits_and_the_first_that_does_not():
    last = UNREACHED - 1
    pair = slow_hierarchy(graph_of(2, [(0, 1, last)]))
    assert nearest_by_hierarchy(pair, SHORT).time_ms.tolist() == [[0, last]]
    for labels in (True, False):
        with pytest.raises(NetworkError, match=r"farther than that.*Likely cause"):
            nearest_by_hierarchy(pair, [seeds_of((0, 1, 0))], labels=labels)
        found = nearest_by_hierarchy(pair, [seeds_of((0, 1, 0))], labels=labels, limit_ms=last)
        assert found.time_ms.tolist() == [[1, UNREACHED]]


def test_too_far_on_the_way_up_or_down_is_an_error_where_it_was_asked_for():
    for hierarchy in (LONG, slow_hierarchy(LONG_ROW, order=[3, 0, 2, 1])):
        for nodes in (None, np.array([2]), np.array([3]), np.array([1, 3])):
            with pytest.raises(NetworkError, match="expected every time below 2147483647 ms"):
                nearest_by_hierarchy(hierarchy, SHORT, nodes=nodes)
        # What is too far elsewhere does not matter to the others.
        found = nearest_by_hierarchy(hierarchy, SHORT, nodes=np.array([0, 1]))
        assert found.time_ms.tolist() == [[0, BIG]]
        limited = nearest_by_hierarchy(hierarchy, SHORT, limit_ms=UNREACHED - 1)
        assert limited.time_ms.tolist() == [[0, BIG, UNREACHED, UNREACHED]]


def test_no_way_at_all_is_no_error_however_long_the_arcs():
    island = slow_hierarchy(graph_of(5, arcs_of(LONG_ROW)), order=[4, 0, 3, 1, 2])
    found = nearest_by_hierarchy(island, [seeds_of((1, 0, 3))])
    assert found.time_ms.tolist() == [[UNREACHED, 0, BIG, BIG + 5, UNREACHED]]
    assert found.label.tolist() == [[-1, 3, 3, 3, -1]]


def _swept_again(*_):
    raise AssertionError


def test_nobody_sweeps_again_for_an_island(monkeypatch):
    """The longest way of the plan says that all times fit."""
    graph = graph_of(5, [(0, 1, BIG // 4), (1, 2, BIG // 4), (2, 3, 5)])
    monkeypatch.setattr(module, "refuse_overflow", _swept_again)
    nobody = [*SHORT, seeds_of()]
    found = nearest_by_hierarchy(slow_hierarchy(graph), nobody, nodes=np.array([3, 4]))
    assert found.time_ms.tolist() == [[BIG // 2 + 5, UNREACHED], [UNREACHED] * 2]
    with pytest.raises(AssertionError):
        nearest_by_hierarchy(LONG, SHORT, nodes=np.array([2]))


@st.composite
def far_worlds(draw):
    """A few nodes, arcs of up to 23 days, and some of the nodes."""
    count = draw(st.integers(1, 6))
    nodes = st.integers(0, count - 1)
    days = st.sampled_from([0, 1, BIG // 3, BIG // 2, BIG, UNREACHED - 2])
    graph = graph_of(count, draw(st.lists(st.tuples(nodes, nodes, days), max_size=12)))
    asked = draw(st.lists(nodes, min_size=1, max_size=4))
    return graph, seeds_of((draw(nodes), draw(days), 0)), np.array(asked)


@settings(deadline=None, max_examples=200)
@given(far_worlds(), st.booleans())
def test_what_does_not_fit_is_an_error_and_nothing_else_is(world, labels):
    graph, seeds, asked = world
    try:
        hierarchy = build_hierarchy(graph)
    except NetworkError:  # a bypass does not fit
        assume(False)
    times = [heap_nearest(graph, seeds)[0][node] for node in asked]
    # What the heap did not reach has that very number.
    reached = set(nx.descendants(_digraph(graph), int(seeds.node[0]))) | set(seeds.node.tolist())
    if any(node in reached and time >= UNREACHED for node, time in zip(asked, times, strict=True)):
        with pytest.raises(NetworkError, match="farther than that"):
            nearest_by_hierarchy(hierarchy, [seeds], nodes=asked, labels=labels)
    else:
        found = nearest_by_hierarchy(hierarchy, [seeds], nodes=asked, labels=labels)
        assert found.time_ms[0].tolist() == times


def _digraph(graph):
    digraph = nx.DiGraph()
    digraph.add_nodes_from(range(graph.indptr.size - 1))
    digraph.add_edges_from((tail, head) for tail, head, _ in arcs_of(graph))
    return digraph


@quick
@given(worlds(services=3))
def test_equals_the_bucket_search_and_the_heap(world):
    graph, services = world
    found = nearest_by_hierarchy(slow_hierarchy(graph), services)
    assert equal(found, nearest(graph, services))
    assert [table[0].tolist() for table in found] == list(heap_nearest(graph, services[0]))


@quick
@given(worlds(), st.integers(0, 12))
def test_limit_only_hides(world, limit_ms):
    graph, (seeds,) = world
    assert equal(
        nearest_by_hierarchy(slow_hierarchy(graph), [seeds], limit_ms=limit_ms),
        nearest(graph, [seeds], limit_ms=limit_ms),
    )


@quick
@given(worlds(), st.lists(st.integers(0, 11), max_size=15))
def test_a_result_does_not_depend_on_the_other_nodes(world, nodes):
    graph, (seeds,) = world
    asked = np.array(nodes, int) % (graph.indptr.size - 1)
    hierarchy = slow_hierarchy(graph)
    every = nearest_by_hierarchy(hierarchy, [seeds])
    some = nearest_by_hierarchy(hierarchy, [seeds], nodes=asked)
    assert equal(some, (every.time_ms[:, asked], every.label[:, asked]))


@quick
@given(worlds(), st.integers(0, 11), st.integers(0, 6))
def test_opening_never_raises_a_time_and_closing_never_lowers_one(world, node, cost_ms):
    graph, (seeds,) = world
    node %= graph.indptr.size - 1
    more = Seeds(
        *(np.append(a, np.int32(b)) for a, b in zip(seeds, (node, cost_ms, 99), strict=True))
    )
    hierarchy = slow_hierarchy(graph)
    closed, opened = nearest_by_hierarchy(hierarchy, [seeds, more]).time_ms
    assert (opened <= closed).all()
    assert opened[node] <= cost_ms


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


def test_the_slow_hierarchy_is_one():
    # The oracle's own contract: arcs lead up, and every node has its rank.
    graph, _ = town()
    hierarchy = slow_hierarchy(graph)
    assert isinstance(hierarchy, Hierarchy)
    assert hierarchy.rank[hierarchy.node].tolist() == list(range(700))
    for indptr, heads in (hierarchy[2:4], hierarchy[5:7]):
        tails = np.repeat(np.arange(700), np.diff(indptr))
        assert (heads > tails).all()
