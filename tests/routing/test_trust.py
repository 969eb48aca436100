"""Every search is one function of graph and facilities: nobody can tell which one answered."""

import networkx as nx
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from search_worlds import arcs_of, graph_of, heap_nearest, scipy_nearest, seeds_of, worlds

from sdaasp_geo.routing.hierarchy import build_hierarchy
from sdaasp_geo.routing.nearest import UNREACHED, nearest, nearest_two
from sdaasp_geo.routing.sweeps import matrix, nearest_by_hierarchy
from sdaasp_geo.routing.sweeps_two import nearest_two_by_hierarchy
from sdaasp_geo.routing.topology import build_topology, customised

quick = settings(deadline=None, max_examples=25)


def networkx_times(graph, seeds):
    """Times by networkx, from one virtual node that leads to every seed."""
    roads = nx.MultiDiGraph()
    roads.add_nodes_from(range(graph.indptr.size - 1))
    roads.add_weighted_edges_from(arcs_of(graph))
    costs = zip(seeds.node.tolist(), seeds.cost_ms.tolist(), strict=True)
    roads.add_weighted_edges_from(("start", node, cost) for node, cost in costs)
    roads.add_node("start")
    found = nx.single_source_dijkstra_path_length(roads, "start")
    return [found.get(node, UNREACHED) for node in range(graph.indptr.size - 1)]


@given(worlds(services=2))
@quick
def test_hierarchy_bucket_scipy_and_networkx_agree(world):
    graph, services = world
    by_bucket = nearest(graph, services)
    slower = graph._replace(weights_ms=graph.weights_ms * 3 + 1)
    for hierarchy in (build_hierarchy(graph), customised(build_topology(slower), graph)):
        by_sweeps = nearest_by_hierarchy(hierarchy, services)
        np.testing.assert_array_equal(by_sweeps.time_ms, by_bucket.time_ms)
        np.testing.assert_array_equal(by_sweeps.label, by_bucket.label)
        # From a source that is the facilities together, a row of a matrix is their times.
        rows = matrix(hierarchy, services, np.arange(graph.indptr.size - 1))
        np.testing.assert_array_equal(rows, by_bucket.time_ms)
    for number, seeds in enumerate(services):
        times, labels = by_bucket.time_ms[number].tolist(), by_bucket.label[number].tolist()
        assert (times, labels) == scipy_nearest(graph, seeds) == heap_nearest(graph, seeds)
        assert times == networkx_times(graph, seeds)


@given(worlds(), st.lists(st.integers(0, 3), min_size=6, max_size=6), st.randoms())
@quick
def test_the_second_follows_the_same_rules(world, groups, random):
    """Doubled times, other names, one facility more and one fewer: for both answers."""
    graph, (seeds,) = world
    groups = np.array(groups, np.int32)
    by_hierarchy = nearest_two_by_hierarchy(build_hierarchy(graph), [seeds], groups)
    name = list(range(graph.indptr.size - 1))
    random.shuffle(name)
    renamed = graph_of(len(name), [(name[u], name[v], w) for u, v, w in arcs_of(graph)])
    there = seeds._replace(node=np.array([name[node] for node in seeds.node], np.int32))
    by_names = nearest_two_by_hierarchy(build_hierarchy(renamed), [there], groups)
    for one, other in zip(by_hierarchy, by_names, strict=True):
        np.testing.assert_array_equal(one, other[:, name])
    doubled = graph._replace(weights_ms=graph.weights_ms * 2)
    farther = nearest_two_by_hierarchy(
        build_hierarchy(doubled), [seeds._replace(cost_ms=seeds.cost_ms * 2)], groups
    )
    for place in (0, 2):
        before, after = by_hierarchy[place], farther[place]
        np.testing.assert_array_equal(after, np.where(before < UNREACHED, 2 * before, before))
    if seeds.node.size:
        fewer = seeds._replace(**{key: column[1:] for key, column in seeds._asdict().items()})
        closed = nearest_two_by_hierarchy(build_hierarchy(graph), [fewer], groups)
        assert (closed.time_ms >= by_hierarchy.time_ms).all()
        assert (closed.second_time_ms >= by_hierarchy.second_time_ms).all()


def test_one_node_and_its_loop():
    graph = graph_of(1, [(0, 0, 5)])
    seeds, groups = [seeds_of((0, 3, 1), (0, 4, 0))], np.array([0, 1], np.int32)
    for two in (
        nearest_two(graph, seeds, groups),
        nearest_two_by_hierarchy(build_hierarchy(graph), seeds, groups),
    ):
        assert [table.item() for table in two] == [3, 1, 4, 0]
