"""A way in a hierarchy, unpacked, is a way in the graph of the same time."""

import heapq
from itertools import pairwise

import numpy as np
import pytest
from hierarchy_oracle import FAR, graphs, networkx_times
from hypothesis import given, settings
from search_worlds import arcs_of, graph_of

from sdaasp_geo.errors import NetworkError
from sdaasp_geo.routing.hierarchy import build_hierarchy
from sdaasp_geo.routing.topology import build_topology, customised
from sdaasp_geo.routing.unpacking import unpacked
from synthetic_graph import road_like_graph


def climbed(indptr, heads, weights_ms, start):
    """Time to every rank above, and the way there."""
    best, heap = {}, [(0, start, (start,))]
    while heap:
        time, rank, way = heapq.heappop(heap)
        if rank in best:
            continue
        best[rank] = time, way
        for arc in range(indptr[rank], indptr[rank + 1]):
            head = int(heads[arc])
            heapq.heappush(heap, (time + int(weights_ms[arc]), head, (*way, head)))
    return best


def all_ways(hierarchy):
    """The ranks of a quickest way for each pair of graph nodes, None where there is none."""
    ranks = hierarchy.rank.tolist()
    up = [climbed(*hierarchy[2:5], rank) for rank in ranks]
    down = [climbed(*hierarchy[5:8], rank) for rank in ranks]
    for source, ups in enumerate(up):
        for target, downs in enumerate(down):
            met = [
                (ups[top][0] + downs[top][0], (*ups[top][1], *downs[top][1][-2::-1]))
                for top in ups.keys() & downs.keys()
            ]
            yield source, target, min(met)[1] if met else None


def check_all_ways(hierarchy, graph):
    least = {}
    for tail, head, weight in arcs_of(graph):
        least[tail, head] = min(weight, least.get((tail, head), FAR))
    times = networkx_times(graph)
    for source, target, ranks in all_ways(hierarchy):
        if ranks is None:
            assert times[source, target] == FAR
            continue
        nodes = unpacked(hierarchy, np.array(ranks, np.int32)).tolist()
        assert (nodes[0], nodes[-1]) == (source, target)
        assert sum(least[step] for step in pairwise(nodes)) == (times[source, target])


@given(graphs(nodes=9, arcs=30))
@settings(deadline=None, max_examples=80)
def test_all_ways_of_random_graphs(graph):
    check_all_ways(build_hierarchy(graph), graph)
    check_all_ways(customised(build_topology(graph), graph), graph)


def test_all_ways_of_a_small_town():
    town = road_like_graph(80)
    check_all_ways(build_hierarchy(town), town)
    check_all_ways(customised(build_topology(town), town), town)


ROW = graph_of(3, [(0, 1, 5), (1, 2, 5)])


def test_a_single_rank_is_a_way():
    hierarchy = build_hierarchy(ROW)
    assert unpacked(hierarchy, hierarchy.rank[[2]]).tolist() == [2]


def test_ways_that_do_not_exist():
    hierarchy = build_hierarchy(ROW)
    backwards = hierarchy.rank[[1, 0]]
    with pytest.raises(NetworkError, match=f"none from {backwards[0]} to {backwards[1]}"):
        unpacked(hierarchy, backwards)
    for ranks in ([], [-1], [0, 3]):
        with pytest.raises(NetworkError, match="one or more ranks from 0 to 2, found"):
            unpacked(hierarchy, np.array(ranks, np.int32))
