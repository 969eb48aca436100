"""Two keys a node by sweeps: what the bucket search finds, and what is refused."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from search_worlds import graph_of, random_graph, random_seeds, seeds_of, worlds

from sdaasp_geo.errors import NetworkError
from sdaasp_geo.routing import restriction as planning
from sdaasp_geo.routing.hierarchy import build_hierarchy
from sdaasp_geo.routing.nearest import UNREACHED, nearest_two
from sdaasp_geo.routing.restriction import restriction
from sdaasp_geo.routing.sweeps_two import nearest_two_by_hierarchy

ROW = graph_of(4, [(0, 1, 5), (1, 2, 5), (2, 1, 5), (3, 2, 1)])


def assert_equal(found, expected, nodes=None):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other if nodes is None else other[:, nodes])
        assert one.dtype == np.int32


def test_the_second_is_of_another_group():
    seeds = [seeds_of((0, 0, 0), (0, 1, 1), (2, 0, 2))]
    groups = np.array([7, 7, 9], np.int32)
    found = nearest_two_by_hierarchy(build_hierarchy(ROW), seeds, groups)
    assert found.time_ms.tolist() == [[0, 5, 0, UNREACHED]]
    assert found.label.tolist() == [[0, 0, 2, -1]]
    assert found.second_time_ms.tolist() == [[UNREACHED, 5, 10, UNREACHED]]
    assert found.second_label.tolist() == [[-1, 2, 0, -1]]


@given(worlds(services=3), st.lists(st.integers(0, 3), min_size=6, max_size=6), st.data())
def test_equals_the_bucket_search(world, groups, data):
    graph, seeds = world
    groups = np.array(groups, np.int32)
    last = graph.indptr.size - 2
    nodes = np.array(data.draw(st.lists(st.integers(0, last), max_size=15)), np.int32)
    limit_ms = data.draw(st.integers(0, 12) | st.none())
    hierarchy = build_hierarchy(graph)
    expected = nearest_two(graph, seeds, groups, limit_ms=limit_ms)
    found = nearest_two_by_hierarchy(hierarchy, seeds, groups, limit_ms=limit_ms)
    assert_equal(found, expected)
    some = nearest_two_by_hierarchy(hierarchy, seeds, groups, nodes=nodes, limit_ms=limit_ms)
    assert_equal(some, expected, nodes)


@pytest.mark.parametrize("services", [1, 16, 17, 35])
def test_any_number_of_services_parts_and_executors(services, monkeypatch):
    rng = np.random.default_rng(services)
    graph = random_graph(rng, 700, 2000)
    seeds = [random_seeds(rng, 700, 12, facilities=9) for _ in range(services)]
    groups = rng.integers(0, 4, 9).astype(np.int32)
    expected = nearest_two(graph, seeds, groups)
    monkeypatch.setattr(planning, "_PART_NODES", 90)
    plan = restriction(build_hierarchy(graph))
    assert len(plan.parts) > 5
    before = [column.copy() for one in seeds for column in one]
    assert_equal(nearest_two_by_hierarchy(plan.hierarchy, seeds, groups, nodes=plan), expected)
    with ThreadPoolExecutor(3) as pool:
        shared = nearest_two_by_hierarchy(plan.hierarchy, seeds, groups, nodes=plan, executor=pool)
    assert_equal(shared, expected)
    for column, copy in zip([c for one in seeds for c in one], before, strict=True):
        np.testing.assert_array_equal(column, copy)


def test_no_services_no_nodes_no_seeds():
    hierarchy, groups = build_hierarchy(ROW), np.zeros(0, np.int32)
    assert nearest_two_by_hierarchy(hierarchy, [], groups).label.shape == (0, 4)
    nobody = nearest_two_by_hierarchy(hierarchy, [seeds_of()], groups, nodes=np.array([2, 2]))
    assert nobody.second_label.tolist() == [[-1, -1]]
    nowhere = nearest_two_by_hierarchy(hierarchy, [seeds_of()], groups, nodes=np.zeros(0, int))
    assert nowhere.label.shape == (1, 0)


def test_a_second_beyond_32_bits_is_an_error_where_it_was_asked_for():
    most = UNREACHED - 1
    graph = graph_of(3, [(0, 1, most), (1, 2, 1)])
    hierarchy = build_hierarchy(graph_of(3, [(0, 1, most - 1), (1, 2, 1)]))
    groups = np.arange(2, dtype=np.int32)
    # From 0, node 1 is reached in time, node 2 as well; a millisecond more and it is not.
    fits = nearest_two_by_hierarchy(hierarchy, [seeds_of((0, 0, 0), (2, 0, 1))], groups)
    assert fits.second_time_ms.tolist() == [[UNREACHED, UNREACHED, most]]
    late = [seeds_of((0, 1, 0), (2, 0, 1))]
    with pytest.raises(NetworkError, match="farther than that"):
        nearest_two_by_hierarchy(hierarchy, late, groups)
    with pytest.raises(NetworkError, match="farther than that"):
        nearest_two(graph, [seeds_of((0, 0, 0), (2, 0, 1))], groups)
    near = nearest_two_by_hierarchy(hierarchy, late, groups, nodes=np.array([1]))
    assert near.time_ms.tolist() == [[most]]
    hidden = nearest_two_by_hierarchy(hierarchy, late, groups, limit_ms=most)
    assert hidden.second_label.tolist() == [[-1, -1, -1]]


def test_too_late_a_way_of_the_nearest_own_group_is_no_second():
    graph = graph_of(2, [(0, 1, UNREACHED - 2)])
    seeds = [seeds_of((0, 5, 0), (1, 0, 1))]
    alike = nearest_two_by_hierarchy(build_hierarchy(graph), seeds, np.zeros(2, np.int32))
    assert alike.second_label.tolist() == [[-1, -1]]


def test_groups_are_checked():
    with pytest.raises(NetworkError, match="a group for every facility"):
        nearest_two_by_hierarchy(build_hierarchy(ROW), [seeds_of((0, 0, 3))], np.zeros(2, np.int32))
