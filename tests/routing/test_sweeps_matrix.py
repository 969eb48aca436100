from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from search_worlds import arcs_of, graph_of, random_graph, random_seeds, seeds_of, worlds
from slow_hierarchy import slow_hierarchy

from sdaasp_geo.errors import NetworkError
from sdaasp_geo.routing import restriction as planning
from sdaasp_geo.routing import sweep_tasks
from sdaasp_geo.routing import sweeps as module
from sdaasp_geo.routing.nearest import UNREACHED, nearest
from sdaasp_geo.routing.restriction import restriction
from sdaasp_geo.routing.sweeps import matrix, matrix_chunks

quick = settings(deadline=None, max_examples=60)

# A one-way row 0 → 1 → 2 → 3 of 10 ms arcs, a slow way back 3 → 0, an island 4.
ROW = graph_of(5, [(0, 1, 10), (1, 2, 10), (2, 3, 10), (3, 0, 100)])


def nodes(*values):
    return np.array(values, int)


def town(*, sources=100, targets=90):
    rng = np.random.default_rng(5)
    graph = random_graph(rng, 400, 1100, largest_ms=500)
    near = [(tail, (tail + head % 25) % 400, ms) for tail, head, ms in arcs_of(graph)]
    ends = rng.integers(0, 400, sources), rng.integers(0, 400, targets)
    return graph_of(400, near), *ends


def from_each(graph, sources, targets):
    return nearest(graph, [seeds_of((node, 0, 0)) for node in sources]).time_ms[:, targets]


def test_rows_are_sources_and_columns_targets():
    found = matrix(slow_hierarchy(ROW), nodes(2, 0, 4, 2), nodes(3, 4, 0))
    assert found.tolist() == [
        [10, UNREACHED, 110],
        [30, UNREACHED, 0],
        [UNREACHED, 0, UNREACHED],
        [10, UNREACHED, 110],
    ]
    assert found.dtype == np.int32


def test_a_source_may_start_at_several_nodes_or_none():
    sources = [seeds_of((0, 25, 0), (2, 0, 9)), seeds_of(), seeds_of((3, 4, 0))]
    assert matrix(slow_hierarchy(ROW), sources, nodes(1, 3)).tolist() == [
        [35, 10],
        [UNREACHED, UNREACHED],
        [114, 4],
    ]


def test_no_sources_or_no_targets():
    row = slow_hierarchy(ROW)
    assert matrix(row, nodes(), nodes(1, 2)).shape == (0, 2)
    assert matrix(row, [], nodes(1)).shape == (0, 1)
    assert matrix(row, nodes(1, 2, 3), nodes()).shape == (3, 0)
    assert matrix(slow_hierarchy(graph_of(1, [])), nodes(0), nodes(0)).tolist() == [[0]]


def test_limit_keeps_what_is_at_the_limit():
    found = matrix(slow_hierarchy(ROW), nodes(0), nodes(0, 1, 2, 3), limit_ms=20)
    assert found.tolist() == [[0, 10, 20, UNREACHED]]


def test_many_sources_equal_the_bucket_search_and_networkx(monkeypatch):
    graph, sources, targets = town()
    hierarchy, expected = slow_hierarchy(graph), from_each(graph, sources, targets)
    assert np.array_equal(matrix(hierarchy, sources, targets), expected)
    monkeypatch.setattr(planning, "_PART_NODES", 20)
    monkeypatch.setattr(module, "_THREADS_FROM_NODES", 1)
    plan = restriction(hierarchy, targets)
    assert len(plan.parts) > 2
    assert np.array_equal(matrix(hierarchy, sources, plan), expected)
    peer = nx.MultiDiGraph()
    peer.add_nodes_from(range(400))
    peer.add_weighted_edges_from(arcs_of(graph))
    for row in range(0, 100, 25):
        times = nx.single_source_dijkstra_path_length(peer, int(sources[row]))
        assert expected[row].tolist() == [times.get(int(node), UNREACHED) for node in targets]


@pytest.mark.parametrize("chunk", [1, 7, 16, 99, 100, 1000, None])
def test_chunks_come_in_order_and_make_up_the_matrix(chunk):
    graph, sources, targets = town()
    hierarchy = slow_hierarchy(graph)
    chunks = list(matrix_chunks(hierarchy, sources, targets, chunk=chunk))
    assert all(block.shape[0] == min(chunk or 1000, 100) for block in chunks[:-1])
    assert np.array_equal(np.vstack(chunks), from_each(graph, sources, targets))


def test_a_chunk_is_bounded_by_default(monkeypatch):
    graph, sources, targets = town()
    monkeypatch.setattr(module, "_CHUNK_BYTES", 4 * targets.size * 40)
    width = np.unique(targets).size
    chunks = list(matrix_chunks(slow_hierarchy(graph), sources, targets))
    assert chunks[0].shape == (40 * targets.size // width, targets.size)
    assert sum(block.shape[0] for block in chunks) == 100


def test_wrong_questions_are_refused_before_the_first_chunk_is_asked_for():
    row = slow_hierarchy(ROW)
    for arguments, options, message in [
        ((nodes(5), nodes(0)), {}, "sources: expected nodes from 0 to 4, found 5 to 5"),
        ((nodes(0), nodes(-1)), {}, "found -1 to -1"),
        (([seeds_of((7, 0, 0))], nodes(0)), {}, "service 0: node: expected nodes below 5"),
        ((nodes(0), nodes(0)), {"chunk": 0}, "chunk: expected 1 or more, found 0"),
        ((nodes(0), nodes(0)), {"limit_ms": -3}, "limit_ms: expected a whole number"),
    ]:
        with pytest.raises(NetworkError, match=message):
            matrix_chunks(row, *arguments, **options)


def test_too_far_is_an_error_for_that_pair_alone():
    big = 2_000_000_000
    long = slow_hierarchy(graph_of(3, [(0, 1, big), (1, 2, big)]), order=[0, 2, 1])
    assert matrix(long, nodes(0, 1, 2), nodes(1)).tolist() == [[big], [0], [UNREACHED]]
    with pytest.raises(NetworkError, match="farther than that"):
        matrix(long, nodes(1, 0), nodes(1, 2))
    limited = matrix(long, nodes(0), nodes(1, 2), limit_ms=UNREACHED - 1)
    assert limited.tolist() == [[big, UNREACHED]]


def test_nobody_sweeps_again_for_an_island(monkeypatch):
    def swept_again(*_):
        raise AssertionError

    monkeypatch.setattr(sweep_tasks, "refuse_overflow", swept_again)
    assert matrix(slow_hierarchy(ROW), nodes(0, 4), nodes(4, 1))[0, 0] == UNREACHED


def test_executors_change_nothing():
    graph, sources, targets = town(sources=150)
    hierarchy, expected = slow_hierarchy(graph), from_each(graph, sources, targets)
    with ThreadPoolExecutor(3) as pool:
        assert np.array_equal(matrix(hierarchy, sources, targets, executor=pool), expected)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert np.array_equal(matrix(hierarchy, sources, targets, executor=pool), expected)


@quick
@given(worlds())
def test_the_way_through_a_third_place_is_never_shorter(world):
    graph, _ = world
    every = np.arange(graph.indptr.size - 1)
    times = matrix(slow_hierarchy(graph), every, every).astype(np.int64)
    assert (times.diagonal() == 0).all()
    times[times == UNREACHED] = 2**40
    assert (times[:, None, :] <= times[:, :, None] + times[None, :, :]).all()


@quick
@given(worlds(services=3))
def test_rows_equal_the_nearest_times_and_do_not_depend_on_each_other(world):
    graph, services = world
    every = np.arange(graph.indptr.size - 1)
    hierarchy = slow_hierarchy(graph)
    found = matrix(hierarchy, services, every)
    assert np.array_equal(found, nearest(graph, services).time_ms)
    for row, seeds in enumerate(services):
        assert np.array_equal(matrix(hierarchy, [seeds], every)[0], found[row])


def test_sources_with_the_same_first_node_keep_their_rows():
    rng = np.random.default_rng(1)
    graph, _, targets = town()
    sources = [random_seeds(rng, 3, int(rng.integers(0, 4))) for _ in range(40)]
    expected = nearest(graph, sources).time_ms[:, targets]
    assert np.array_equal(matrix(slow_hierarchy(graph), sources, targets), expected)
