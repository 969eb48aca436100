"""What separates a graph, against networkx, and the order that follows from it."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdaasp_geo.routing import dissection
from sdaasp_geo.routing.dissection import dissected

LOW, MIDDLE, HIGH = 0, 1, 2


def rows_of(graph):
    """Offsets and heads of an undirected graph whose nodes are 0, 1, 2 …"""
    heads = [sorted(graph[node]) for node in range(len(graph))]
    indptr = np.cumsum([0, *map(len, heads)]).astype(np.uint32)
    return indptr, np.array([head for row in heads for head in row], dtype=np.uint32)


def cut_in(graph, order):
    """Cut a graph between the first and the last nodes of an order; None where they meet."""
    count = len(graph)
    pieces = *rows_of(graph), np.zeros(count, np.int64)
    flow = dissection._no_flow(count)
    if not dissection._cut_by_flow(pieces, np.array(order, dtype=np.uint32), flow):
        return None
    return flow.side


def fewest_between(graph, low, high):
    """How many nodes networkx needs to part two sets of nodes."""
    # The ends may not be cut, and so are one node each.
    end = dict.fromkeys(low, "low") | dict.fromkeys(high, "high")
    joined = nx.Graph()
    joined.add_nodes_from(["low", "high"])
    joined.add_edges_from((end.get(a, a), end.get(b, b)) for a, b in graph.edges)
    joined.remove_edges_from(list(nx.selfloop_edges(joined)))
    return (
        len(nx.minimum_node_cut(joined, "low", "high")) if nx.has_path(joined, "low", "high") else 0
    )


@st.composite
def graphs(draw):
    count = draw(st.integers(4, 24))
    graph = nx.empty_graph(count)
    node = st.integers(0, count - 1)
    pairs = draw(st.lists(st.tuples(node, node), min_size=count, max_size=3 * count))
    graph.add_edges_from(pair for pair in pairs if pair[0] != pair[1])
    return graph, draw(st.permutations(range(count)))


@settings(deadline=None, max_examples=150)
@given(graphs())
def test_a_cut_has_as_few_nodes_as_networkx_finds(world):
    graph, order = world
    ends = len(order) // 4
    low, high = order[:ends], order[-ends:]
    side = cut_in(graph, order)
    if any(graph.has_edge(one, other) for one in low for other in high):
        assert side is None
        return
    assert set(side[low]) == {LOW}
    assert set(side[high]) == {HIGH}
    assert not any({side[a], side[b]} == {LOW, HIGH} for a, b in graph.edges)
    assert np.count_nonzero(side == MIDDLE) == fewest_between(graph, low, high)


def test_paths_that_must_give_way_are_led_elsewhere():
    """The first path found may take the node that two others need."""
    graph = nx.Graph([(0, 2), (0, 3), (1, 3), (2, 4), (3, 4), (3, 5), (4, 6), (5, 7)])
    side = cut_in(graph, [0, 1, 2, 3, 4, 5, 6, 7])
    assert np.count_nonzero(side == MIDDLE) == 2


def test_of_two_cuts_the_one_in_the_middle_is_taken():
    """Nodes 2 and 5 of a row cut it as well as 4; nothing says which but the halves."""
    side = cut_in(nx.path_graph(9), list(range(9)))
    assert np.count_nonzero(side == MIDDLE) == 1
    assert min(np.count_nonzero(side == half) for half in (LOW, HIGH)) >= 2


def test_the_bridge_between_two_towns_comes_last():
    """Or one of its ends; from a corner of a town its far corner is as far as the bridge."""
    town = nx.convert_node_labels_to_integers(nx.grid_2d_graph(9, 9))
    graph = nx.disjoint_union(town, town)
    bridge = len(graph)
    graph.add_edges_from([(40, bridge), (bridge, 81 + 40)])
    order = dissected(*rows_of(graph))
    assert order[-1] in {bridge, 40, 121}


@settings(deadline=None, max_examples=60)
@given(graphs())
def test_every_node_is_once_in_the_order(world):
    graph, _ = world
    order = dissected(*rows_of(graph))
    assert sorted(order.tolist()) == list(range(len(graph)))


@pytest.mark.parametrize("side", [8, 20])
def test_a_grid_fills_no_more_than_its_order_of_magnitude(side):
    """Nested dissection of a square grid fills 31/4 n log2 n slots at most (George, 1973)."""
    grid = nx.convert_node_labels_to_integers(nx.grid_2d_graph(side, side))
    place = np.argsort(dissected(*rows_of(grid)))
    filled = 0
    rest = nx.Graph(grid)
    for node in sorted(grid, key=lambda node: place[node]):
        near = list(rest[node])
        filled += len(near)
        rest.remove_node(node)
        rest.add_edges_from((a, b) for a in near for b in near if a < b)
    nodes = side * side
    assert filled < 31 / 4 * nodes * np.log2(side)
