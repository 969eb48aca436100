import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from search_worlds import arcs_of, graph_of, seeds_of, worlds

from sdaasp_geo.errors import NetworkError
from sdaasp_geo.routing.nearest import nearest
from sdaasp_geo.routing.paths import path

ROW = graph_of(4, [(0, 1, 10), (1, 2, 10), (0, 2, 25)])


def test_the_way_goes_from_the_node_to_the_facility():
    way = path(ROW, seeds_of((0, 3, 8)), 2)
    assert way.nodes.tolist() == [2, 1, 0]
    assert way.time_ms.tolist() == [23, 13, 3]
    assert way.label == 8


def test_a_seed_beaten_by_another_is_passed_through():
    assert path(ROW, seeds_of((0, 0, 0), (1, 50, 1)), 2).nodes.tolist() == [2, 1, 0]
    assert path(ROW, seeds_of((0, 0, 0), (1, 5, 1)), 2).nodes.tolist() == [2, 1]


def test_no_facility_no_way_and_no_node_an_error():
    assert path(ROW, seeds_of((0, 0, 0)), 3) is None
    with pytest.raises(NetworkError, match="expected a node from 0 to 3, found 4"):
        path(ROW, seeds_of((0, 0, 0)), 4)


@settings(deadline=None, max_examples=80)
@given(worlds(), st.integers(0, 11))
def test_the_arcs_of_the_way_sum_to_the_time(world, node):
    graph, (seeds,) = world
    node %= graph.indptr.size - 1
    found = nearest(graph, [seeds])
    way = path(graph, seeds, node)
    if found.label[0, node] < 0:
        assert way is None
        return
    assert way.label == found.label[0, node]
    assert way.nodes[0] == node
    assert np.unique(way.nodes).size == way.nodes.size
    np.testing.assert_array_equal(way.time_ms, found.time_ms[0, way.nodes])
    arcs = set(arcs_of(graph))
    steps = -np.diff(way.time_ms)
    for before, after, step in zip(way.nodes[1:], way.nodes[:-1], steps, strict=True):
        assert (before, after, step) in arcs
    entries = set(zip(*(column.tolist() for column in seeds), strict=True))
    assert (way.nodes[-1], way.time_ms[-1], way.label) in entries
