"""Graphs as osmnx saves them."""

import gzip
import sys

import lands
import networkx as nx
import numpy as np
import osmnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString

from sdaasp_geo.assumptions import Assumptions
from sdaasp_geo.errors import InputError, MissingExtraError
from sdaasp_geo.network.road_network import RoadNetwork
from sdaasp_geo.sources.graphml import read_graphml
from sdaasp_geo.tables.gate import schema_faults
from sdaasp_geo.tables.schemas import ROAD_JUNCTIONS, ROADS

A, B, C = (0, 0), (1, 0), (1, 1)


def graph_of(*edges, crs=lands.CRS, places=None, lit=()):
    """A graph of nodes a, b, c (km east and north) and of edges (start, end, data)."""
    graph = nx.MultiDiGraph(crs=crs)
    for name, place in (places or {"a": A, "b": B, "c": C}).items():
        x, y = lands.xy(*place) if crs == lands.CRS else lands.lonlat(*place)
        signals = {"highway": "traffic_signals"} if name in lit else {}
        graph.add_node(name, x=x, y=y, **signals)
    for start, end, data in edges:
        graph.add_edge(start, end, **{"osmid": 1, "highway": "residential"} | data)
    return graph


def saved(path, *edges, **options):
    osmnx.save_graphml(graph_of(*edges, **options), path)
    return path


def read(path, **options):
    reading = read_graphml(path, crs=lands.CRS, **options)
    out = len(reading.rejects) + int(reading.unused["rows"].sum())
    assert reading.rows_read == reading.rows_kept + out
    assert schema_faults(reading.table, ROADS, file="graph") == []
    return reading


BEND = LineString([lands.xy(*A), lands.xy(0.5, 0.5), lands.xy(*B)])
THERE = ("a", "b", {"length": 1500.0, "geometry": BEND, "reversed": False, "maxspeed": "30"})
BACK = (
    "b",
    "a",
    {"length": 1500.0, "geometry": BEND.reverse(), "reversed": True, "maxspeed": "30"},
)


def test_two_directions_are_one_street(tmp_path):
    once = ("b", "c", {"length": 1000.0, "oneway": True, "highway": ["tertiary", "service"]})
    reading = read(saved(tmp_path / "g.graphml", BACK, once, THERE))
    table = reading.table
    assert sorted(table["road_class"]) == ["residential", "tertiary"]
    street = table[table["road_class"] == "residential"].iloc[0]
    assert (street["oneway"], street["posted_kmh"]) == (False, 30.0)
    assert list(street.geometry.coords) == list(BEND.coords)
    assert street.geometry.length * street["length_factor"] == pytest.approx(1500)
    assert table.loc[table["road_class"] == "tertiary", "oneway"].tolist() == [True]
    assert (reading.rows_read, reading.rows_kept) == (3, 3)


def test_two_directions_of_other_times_stay_two(tmp_path):
    slow = ("b", "a", BACK[2] | {"travel_time": 240.0})
    table = read(saved(tmp_path / "g.graphml", THERE, slow)).table
    assert table["oneway"].tolist() == [True, True]
    assert table["duration_min"].fillna(0).tolist() == [0, 4]


def test_times_of_osmnx_are_taken_as_they_are(tmp_path):
    graph = graph_of(
        ("a", "b", {"length": 1000.0, "maxspeed": "50"}), ("b", "c", {"length": 500.0})
    )
    timed = osmnx.add_edge_travel_times(osmnx.add_edge_speeds(graph, fallback=20))
    del timed.edges["b", "c", 0]["travel_time"]
    osmnx.save_graphml(timed, tmp_path / "g.graphml")
    table = read(tmp_path / "g.graphml").table
    # 1 km at 50 km/h; 500 m at the speed that osmnx imputes, the mean of the class.
    assert table["duration_min"].tolist() == pytest.approx([1.2, 0.6])


def test_degrees_are_projected_and_compressed_files_read(tmp_path):
    plain = saved(tmp_path / "g.graphml", ("a", "b", {"length": 1000.0}), crs="EPSG:4326")
    packed = tmp_path / "g.graphml.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    table = read(packed).table
    assert table.crs == lands.CRS
    assert list(table.geometry[0].coords)[1] == pytest.approx(lands.xy(*B), abs=0.01)


def test_edges_that_cannot_be_roads(tmp_path):
    graph = graph_of(
        THERE,
        ("a", "c", {"highway": ""}),
        ("a", "d", {}),
        ("b", "c", {"length": 1.0, "maxspeed": ["fast", "50"]}),
    )
    graph.nodes["c"]["x"] = float("nan")
    osmnx.save_graphml(graph, tmp_path / "g.graphml")
    reading = read(tmp_path / "g.graphml")
    assert (reading.rows_read, len(reading.table)) == (4, 1)
    assert sorted(reading.rejects["value"]) == ["a → c", "a → d", "b → c"]
    missing = "expected a line, or x and y on both nodes, found none"
    assert set(reading.rejects["reason"]) == {missing}


def test_limits_and_lengths_that_cannot_be(tmp_path):
    path = saved(
        tmp_path / "g.graphml",
        ("a", "b", {"length": 1.0, "maxspeed": ["fast", "50"]}),
        ("b", "c", {"maxspeed": ["50", "30"]}),
        ("c", "a", {"highway": ""}),
    )
    reading = read(path, length_factor=1.3)
    assert reading.table["posted_kmh"].fillna(0).tolist() == [0, 30]
    assert reading.table["length_factor"].tolist() == [1.3, 1.3]
    assert sorted(reading.flags["reason"]) == [
        "told length does not fit the line, which is measured instead",
        "unreadable speed limit: the speed of the class instead",
    ]
    assert lands.rows_of(reading.rejects) == {3: "no road class"}


def test_rules_follow_the_assumption(tmp_path):
    path = saved(tmp_path / "g.graphml", ("a", "b", {"maxspeed": "FR:rural"}))
    assert read(path).table["posted_kmh"].tolist() == [80]
    assert read(path, implicit_limit_kmh={"FR:rural": 90.0}).table["posted_kmh"].tolist() == [90]


def test_the_area(tmp_path):
    path = saved(tmp_path / "g.graphml", ("a", "b", {}), ("b", "c", {}))
    reading = read(path, area=lands.box(-1, -1, 0.5, 0.5))
    assert len(reading.table) == 1
    assert reading.unused[["code", "rows", "reason"]].to_numpy().tolist() == [
        ["residential", 1, "outside the study area"]
    ]
    with pytest.raises(InputError, match="its 2 edges all lie elsewhere"):
        read(path, area=lands.box(50, 50, 51, 51))


def test_lights_and_roundabouts_where_they_cost_something(tmp_path):
    path = saved(
        tmp_path / "g.graphml", ("a", "b", {"junction": "roundabout"}), ("b", "c", {}), lit=["b"]
    )
    table = read(path, junctions=True).table
    assert schema_faults(table, ROAD_JUNCTIONS, file="graph") == []
    assert table["roundabout"].tolist() == [True, False]
    assert table["signals_forward"].tolist() == [1, 0]
    assert table["signals_backward"].tolist() == [0, 1]


def test_an_undirected_graph_is_open_both_ways(tmp_path):
    graph = nx.Graph(graph_of(("a", "b", {"length": 1000.0})))
    nx.write_graphml(graph, tmp_path / "g.graphml")
    assert read(tmp_path / "g.graphml").table["oneway"].tolist() == [False]


def fault_of(path):
    with pytest.raises(InputError) as caught:
        read(path)
    return str(caught.value)


def test_wrong_files(tmp_path):
    assert "no such file" in fault_of(tmp_path / "no.graphml")
    page = tmp_path / "page.graphml"
    page.write_text("<html><body>404</body>")
    assert "expected a graph in GraphML" in fault_of(page)
    page.write_text('<?xml version="1.0" encoding="utf-88"?><graphml/>')
    assert "expected a graph in GraphML" in fault_of(page)
    page.write_text("<html><body>404</body></html>")
    assert "expected a graph in GraphML" in fault_of(page)
    assert "at least one edge, found none" in fault_of(saved(tmp_path / "e.graphml"))
    graph = graph_of(("a", "b", {}))
    for crs, expected in {"EPSG:1": "a coordinate system", None: "geometry without CRS"}.items():
        graph.graph = {} if crs is None else {"crs": crs}
        nx.write_graphml(graph, tmp_path / "c.graphml")
        assert expected in fault_of(tmp_path / "c.graphml")


def test_networkx_is_an_extra(tmp_path, monkeypatch):
    path = saved(tmp_path / "g.graphml", ("a", "b", {}))
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(MissingExtraError, match=r"sdaasp-geo\[osm\]"):
        read_graphml(path, crs=lands.CRS)


nodes = st.integers(0, 4)
some_edges = st.lists(
    st.tuples(nodes, nodes, st.sampled_from(["residential", "primary"]), st.sampled_from([0, 50])),
    min_size=1,
    max_size=12,
)


@given(some_edges)
@settings(deadline=None, max_examples=15)
def test_the_network_is_that_of_the_graph_itself(tmp_path_factory, edges):
    """The file gives the arcs that the graph gives when it is in memory."""
    named = "abcde"
    spots = {name: (n % 3, n // 3 + n / 10) for n, name in enumerate(named)}
    told = [
        (named[u], named[v], {"highway": kind} | ({"maxspeed": str(kmh)} if kmh else {}))
        for u, v, kind, kmh in edges
        if u != v
    ]
    graph = graph_of(("a", "b", {}), *told, places=spots)
    path = tmp_path_factory.getbasetemp() / "some.graphml"
    osmnx.save_graphml(graph, path)
    reading = read(path)
    assert reading.rows_read == graph.number_of_edges() == reading.rows_kept
    ours = RoadNetwork.from_roads(reading.table, Assumptions())
    graph.remove_nodes_from(list(nx.isolates(graph)))
    theirs = RoadNetwork.from_networkx(graph, Assumptions())
    assert np.array_equal(ours.outgoing.indptr, theirs.outgoing.indptr)
    assert np.array_equal(ours.outgoing.heads, theirs.outgoing.heads)
    # The junctions of a table stand on whole centimetres.
    assert ours.outgoing.weights_ms == pytest.approx(theirs.outgoing.weights_ms, abs=5)


def test_directions_that_an_undirected_graph_lost_are_flagged(tmp_path):
    once, both = ("a", "b", {"oneway": True}), ("b", "c", {"oneway": False})
    path = tmp_path / "g.graphml"
    osmnx.save_graphml(graph_of(once, both).to_undirected(), path)
    reading = read(path)
    assert reading.table["oneway"].tolist() == [False, False]
    told = lands.rows_of(reading.flags)
    assert told == {1: "one-way in an undirected graph: taken as both ways"}


def test_a_node_beyond_the_earth_has_no_place(tmp_path):
    graph = graph_of(("a", "b", {}), ("b", "c", {}))
    graph.nodes["c"]["x"] = 1e300
    osmnx.save_graphml(graph, tmp_path / "g.graphml")
    reading = read(tmp_path / "g.graphml")
    assert list(lands.rows_of(reading.rejects)) == [2]
