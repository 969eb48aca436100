"""Networks from and to networkx and osmnx."""

import dataclasses
import sys

import networkx as nx
import numpy as np
import osmnx
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import dijkstra
from shapely import LineString
from toy_roads import TOY, arc_ms, street_between, toy_network

from sdaasp_geo.errors import NetworkError
from sdaasp_geo.network.road_network import RoadNetwork

A, B, C, D = (0, 0), (100, 0), (100, 50), (0, 50)
STREETS = (
    [A, B],
    [A, (50, 5), B],
    ([B, C], {"oneway": True, "posted_kmh": 30.0}),
    ([C, D], {"road_class": "motorway", "length_factor": 1.2}),
    [D, A],
    ([B, (150, 50), (150, -50), B], {}),
)


def same_network(one, other):
    for field in dataclasses.fields(RoadNetwork):
        mine, theirs = getattr(one, field.name), getattr(other, field.name)
        pairs = zip(mine, theirs, strict=True) if hasattr(mine, "_fields") else [(mine, theirs)]
        assert all(np.array_equal(*pair) for pair in pairs), field.name


def osmnx_graph(*edges, crs="EPSG:2154"):
    graph = nx.MultiDiGraph(crs=crs)
    for name, (x, y) in {"a": A, "b": B, "c": C}.items():
        graph.add_node(name, x=float(x), y=float(y))
    for start, end, data in edges:
        graph.add_edge(start, end, **data)
    return graph


def test_there_and_back_again_nothing_changes():
    network = toy_network(*STREETS)
    same_network(RoadNetwork.from_networkx(network.to_networkx(), TOY), network)


places = st.tuples(st.integers(0, 4), st.integers(0, 4)).map(lambda p: (p[0] * 10, p[1] * 10))
streets = st.tuples(
    st.lists(places, min_size=2, max_size=4), st.fixed_dictionaries({"oneway": st.booleans()})
)


@given(st.lists(streets, min_size=1, max_size=15))
@settings(deadline=None, max_examples=40)
def test_there_and_back_again_every_arc_keeps_its_time(world):
    network = toy_network(*world)
    again = RoadNetwork.from_networkx(network.to_networkx(), TOY)
    for one, other in zip(network.outgoing, again.outgoing, strict=True):
        assert np.array_equal(one, other)
    assert again.component_nodes.tolist() == network.component_nodes.tolist()


def test_the_graph_is_what_osmnx_expects():
    network = toy_network(*STREETS)
    graph = network.to_networkx()
    assert graph.graph["crs"] == "EPSG:2154"
    assert graph.nodes[0] == {"x": network.node_x[0], "y": network.node_y[0]}
    assert graph.number_of_edges() == 2 * len(STREETS) - 1
    street = street_between(network, B, C)
    (data,) = [data for *_, data in graph.edges(data=True) if data["osmid"] == street]
    assert data["oneway"]
    assert not data["reversed"]
    assert (data["highway"], data["length"]) == ("local", 50.0)
    # 50 m at 30 × 0.8 = 24 km/h
    assert (data["time_ms"], data["travel_time"]) == (7_500, 7.5)
    nodes, edges = osmnx.graph_to_gdfs(graph)
    assert len(nodes) == network.node_x.size
    for start, end, line in zip(
        *edges.index.to_frame().to_numpy().T[:2], edges.geometry, strict=True
    ):
        assert line.coords[0] == (network.node_x[start], network.node_y[start])
        assert line.coords[-1] == (network.node_x[end], network.node_y[end])


def test_shortest_paths_of_osmnx_are_those_of_scipy():
    rng = np.random.default_rng(8)
    corners = [(x * 100, y * 100) for x in range(6) for y in range(6)]
    pairs = [(corners[i], corners[j]) for i, j in rng.integers(0, 36, (90, 2)) if i != j]
    network = toy_network(*[(list(p), {"oneway": bool(rng.random() < 0.4)}) for p in pairs])
    graph = network.to_networkx()
    arcs = network.outgoing
    matrix = sp.csr_array((arcs.weights_ms.astype(float), arcs.heads, arcs.indptr))
    times = dijkstra(matrix)
    for start, end in rng.integers(0, network.node_x.size, (40, 2)).tolist():
        if np.isinf(times[start, end]):
            continue
        route = osmnx.shortest_path(graph, start, end, weight="travel_time")
        assert nx.path_weight(graph, route, "time_ms") == times[start, end]


def test_an_osmnx_graph_by_hand():
    bend = LineString([A, (50, 20), B])
    graph = osmnx_graph(
        ("a", "b", {"highway": "local", "length": 120.0, "reversed": False, "geometry": bend}),
        (
            "b",
            "a",
            {"highway": "local", "length": 120.0, "reversed": True, "geometry": bend.reverse()},
        ),
        ("b", "c", {"highway": ["local", "ferry"], "maxspeed": ["50", "30"], "oneway": True}),
    )
    before = graph.copy()
    network = RoadNetwork.from_networkx(graph, TOY)
    assert nx.utils.graphs_equal(graph, before)
    assert network.street_from.size == 2
    assert arc_ms(network, A, B) == arc_ms(network, B, A) == 12_000
    # 50 m between the nodes at 30 × 0.8 = 24 km/h
    assert arc_ms(network, B, C) == 7_500
    assert arc_ms(network, C, B) is None
    street = street_between(network, A, B)
    assert network.lines[street].equals(bend)
    assert network.class_names == ("local",)


def test_times_that_the_graph_tells_are_taken_as_they_are():
    graph = osmnx_graph(
        ("a", "b", {"highway": "local", "travel_time": 3.25}),
        ("b", "c", {"highway": "local", "travel_time": 9.0, "time_ms": 1_234}),
        ("c", "b", {"highway": "unknown", "travel_time": 2.0}),
    )
    network = RoadNetwork.from_networkx(graph, TOY)
    assert (arc_ms(network, A, B), arc_ms(network, B, C), arc_ms(network, C, B)) == (
        3_250,
        1_234,
        2_000,
    )


def test_two_directions_of_different_course_stay_two_streets():
    there, back = LineString([A, (50, 20), B]), LineString([B, (50, -20), A])
    graph = osmnx_graph(
        ("a", "b", {"highway": "local", "geometry": there}),
        ("b", "a", {"highway": "local", "geometry": back}),
    )
    network = RoadNetwork.from_networkx(graph, TOY)
    assert network.street_from.size == 2
    assert (network.backward_ms == -1).all()


def test_two_directions_of_different_class_stay_two_streets():
    graph = osmnx_graph(("a", "b", {"highway": "local"}), ("b", "a", {"highway": "ferry"}))
    network = RoadNetwork.from_networkx(graph, TOY)
    assert network.street_from.size == 2
    assert (arc_ms(network, A, B), arc_ms(network, B, A)) == (10_000, 100_000)


def test_an_unreadable_limit_leaves_the_speed_of_the_class():
    graph = osmnx_graph(("a", "b", {"highway": "local", "maxspeed": "slow"}))
    assert arc_ms(RoadNetwork.from_networkx(graph, TOY), A, B) == 10_000


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (osmnx_graph(), "at least one edge"),
        (osmnx_graph(("a", "b", {}), crs="EPSG:4326"), r"osmnx\.project_graph"),
        (osmnx_graph(("a", "b", {"highway": "piste"})), "found none for 'piste'"),
        (osmnx_graph(("a", "z", {"highway": "local"})), "x and y on every node, found none on 'z'"),
        (nx.MultiGraph(), "expected a directed graph"),
    ],
)
def test_graphs_that_are_no_network(graph, message):
    with pytest.raises(NetworkError, match=message):
        RoadNetwork.from_networkx(graph, TOY)


def test_without_networkx_a_word_on_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(ImportError, match=r'pip install "sdaasp-geo\[osm\]"'):
        toy_network([A, B]).to_networkx()
