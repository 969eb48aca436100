"""Networks from roads: topology, times, arcs, pieces."""

import dataclasses

import networkx as nx
import numpy as np
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiLineString, Point
from toy_roads import (
    TOY,
    arc_ms,
    graph_of_arcs,
    graph_of_rows,
    node_at,
    roads_table,
    street_between,
    toy_network,
)

from sdaasp_geo.errors import InputError, NetworkError
from sdaasp_geo.network.road_network import RoadNetwork

A, B, C, D = (0, 0), (100, 0), (100, 50), (0, 50)


def test_streets_meet_at_equal_ends_and_a_one_way_street_has_one_arc():
    network = toy_network([A, B], ([B, C], {"oneway": True}), [C, D], [D, A])
    assert network.node_x.size == 4
    assert arc_ms(network, A, B) == arc_ms(network, B, A) == 10_000
    assert arc_ms(network, B, C) == 5_000
    assert arc_ms(network, C, B) is None
    street = street_between(network, B, C)
    assert (network.forward_ms[street], network.backward_ms[street]) == (5_000, -1)
    assert network.connectivity().components == 1


def test_incoming_is_outgoing_reversed():
    network = toy_network([A, B], ([B, C], {"oneway": True}), [C, D])
    out, into = (graph_of_arcs(graph) for graph in (network.outgoing, network.incoming))
    assert nx.utils.graphs_equal(out.reverse(), into)


def test_the_length_follows_the_line_and_its_factor():
    network = toy_network(([A, (50, 50), B], {"length_factor": 1.5}))
    assert network.street_length_m[0] == pytest.approx(1.5 * 2 * np.hypot(50, 50))
    assert network.forward_ms[0] == round(1.5 * 2 * np.hypot(50, 50) * 100)


@pytest.mark.parametrize(
    ("options", "time_ms"),
    [
        ({}, 10_000),  # 100 m at the 36 km/h of the class
        ({"posted_kmh": 50.0}, 9_000),  # 100 m at 50 × 0.8 = 40 km/h
        ({"posted_kmh": 50.0, "duration_min": 2.0}, 120_000),
        ({"road_class": "ferry"}, 100_000),
        ({"road_class": "motorway"}, 5_000),
        ({"road_class": "unheard of", "posted_kmh": 90.0}, 5_000),
    ],
)
def test_time_by_duration_then_posted_limit_then_class(options, time_ms):
    network = toy_network(([A, B], options))
    assert network.forward_ms.tolist() == network.backward_ms.tolist() == [time_ms]


def test_the_posted_factor_and_the_class_speeds_matter():
    streets = ([A, B], {"posted_kmh": 50.0}), ([B, C], {})
    other = dataclasses.replace(TOY, posted_speed_factor=1.0, speed_kmh={"local": 18.0})
    network = toy_network(*streets, assumptions=other)
    assert arc_ms(network, A, B) == 7_200
    assert arc_ms(network, B, C) == 10_000


def test_of_parallel_streets_the_arc_is_the_quickest_and_all_streets_stay():
    network = toy_network([A, (50, 80), B], [A, B], ([A, (50, 1), B], {"duration_min": 0.05}))
    assert network.street_from.size == 3
    assert network.outgoing.heads.size == 2
    assert arc_ms(network, A, B) == arc_ms(network, B, A) == 3_000


def test_a_street_without_length_is_an_arc_of_zero():
    network = toy_network([A, B], [B, (100.0, 0.004)], ([B, B], {}))
    assert network.node_x.size == 2
    network = toy_network([A, B], ([B, C], {"length_factor": 1e-9}))
    assert arc_ms(network, B, C) == 0
    assert network.component_nodes.tolist() == [3]


def test_a_loop_stays_a_street_and_is_no_arc():
    network = toy_network([A, B], ([B, (150, 50), (150, -50), B], {"oneway": True}))
    assert network.street_from.size == 2
    assert network.outgoing.heads.size == 2


def test_ends_join_to_the_centimetre_and_no_farther():
    near, far = (100.004, -0.004), (100.02, 0)
    assert toy_network([A, B], [near, C]).node_x.size == 3
    assert toy_network([A, B], [far, C]).node_x.size == 4


def test_lines_that_cross_without_a_common_end_do_not_meet():
    network = toy_network([(0, 0), (10, 10)], [(0, 10), (10, 0)])
    assert network.component_nodes.tolist() == [2, 2]


def test_components_are_strong_and_the_largest_comes_first():
    ring = [A, B], [B, C], [C, D]
    dead_end = ([D, (0, 500)], {"oneway": True})
    island = [(900, 900), (950, 900)]
    network = toy_network(island, *ring, dead_end)
    assert network.component_nodes.tolist() == [4, 2, 1]
    assert network.component[node_at(network, *A)] == 0
    assert network.component[node_at(network, 0, 500)] == 2
    found = network.connectivity(min_component_nodes=2)
    assert found == (7, 5, 3, 2, 4)
    assert found.largest_share == pytest.approx(4 / 7)


def test_nodes_follow_a_hilbert_curve():
    places = [(x * 100.0, y * 100.0) for x in range(16) for y in range(16)]
    streets = [[(x, y), (x + 100, y)] for x, y in places if x < 1500]
    streets += [[(x, y), (x, y + 100)] for x, y in places if y < 1500]
    network = toy_network(*streets)
    steps = np.hypot(np.diff(network.node_x), np.diff(network.node_y))
    # Row by row the mean step would be near 194 m; along the curve it is one mesh.
    assert steps.mean() < 115
    assert sorted(zip(network.node_x, network.node_y, strict=True)) == places


def test_arrays_are_read_only_and_typed_and_the_roads_are_untouched():
    roads = roads_table([A, B], ([B, C], {"oneway": True}))
    before = roads.copy(deep=True)
    network = RoadNetwork.from_roads(roads, TOY)
    assert_geodataframe_equal(roads, before)
    for array in (network.node_x, network.forward_ms, network.outgoing.weights_ms):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    for name in ("street_from", "street_to", "forward_ms", "backward_ms", "component"):
        assert getattr(network, name).dtype == np.int32
    assert network.outgoing.heads.dtype == network.incoming.weights_ms.dtype == np.int32
    assert network.street_class.dtype == np.int16
    mine = network.node_x.copy()
    dataclasses.replace(network, node_x=mine)
    mine[0] = 1.0


def test_lines_are_the_roads_from_start_to_end():
    network = toy_network([A, (50, 10), B], [B, C])
    for street, line in enumerate(network.lines):
        places = (network.street_from[street], network.street_to[street])
        ends = [(network.node_x[node], network.node_y[node]) for node in places]
        assert [line.coords[0], line.coords[-1]] == ends
    assert sorted(line.length for line in network.lines) == [
        50,
        pytest.approx(2 * np.hypot(50, 10)),
    ]


def test_no_roads():
    with pytest.raises(NetworkError, match="expected at least one road, found none"):
        RoadNetwork.from_roads(roads_table([A, B]).iloc[:0], TOY)


def test_longitude_and_latitude():
    with pytest.raises(NetworkError, match=r"projected CRS in metres.*to_crs"):
        RoadNetwork.from_roads(roads_table([(5, 43), (5, 44)], crs="EPSG:4326"), TOY)


def test_classes_without_a_speed_are_named_with_the_known_ones():
    roads = roads_table(([A, B], {"road_class": "piste"}), ([B, C], {"road_class": "sentier"}))
    with pytest.raises(NetworkError, match=r"'piste', 'sentier' .*local, motorway, ferry"):
        RoadNetwork.from_roads(roads, TOY)


@pytest.mark.parametrize(
    ("geometry", "found"),
    [
        (MultiLineString([[A, B], [C, D]]), "MultiLineString on 1 of 2"),
        (Point(0, 0), "Point on 1 of 2"),
        (LineString(), "empty LineString on 1 of 2"),
    ],
)
def test_geometries_that_are_no_line(geometry, found):
    roads = roads_table([A, B], [B, C])
    roads.loc[1, "geometry"] = geometry
    with pytest.raises(NetworkError, match=f"expected a LineString on every row, found {found}"):
        RoadNetwork.from_roads(roads, TOY)


def test_a_road_without_geometry():
    roads = roads_table([A, B], [B, C])
    roads.loc[1, "geometry"] = None
    with pytest.raises(InputError, match="roads, row 1, column 'geometry': expected a value"):
        RoadNetwork.from_roads(roads, TOY)


def test_coordinates_that_are_no_metres():
    with pytest.raises(NetworkError, match=r"expected coordinates in metres, found \(0, inf\)"):
        toy_network([(0, np.inf), (0, 1)])
    with pytest.raises(NetworkError, match="failed reprojection"):
        toy_network([(0, 0), (3e7, 1)])


def test_every_fault_of_the_columns_is_told():
    roads = roads_table(([A, B], {"posted_kmh": -1.0}), ([B, C], {"length_factor": 0.0}))
    with pytest.raises(InputError) as caught:
        RoadNetwork.from_roads(roads.drop(columns="oneway"), TOY)
    told = {fault.column for fault in caught.value.faults}
    assert told == {"posted_kmh", "length_factor", "oneway"}


@pytest.mark.parametrize("minutes", [40_000.0, 1e300])
def test_a_street_too_long_for_the_searches_is_an_error(minutes):
    with pytest.raises(NetworkError, match=r"at most 24.9 days, found 1 longer.*near \(0, 0\)"):
        toy_network(([A, B], {"duration_min": minutes}), [B, C])


def test_a_column_of_names_taken_for_classes():
    roads = roads_table([A, B]).loc[np.zeros(40_000, dtype=int)].reset_index(drop=True)
    roads["road_class"] = [f"rue {number}" for number in range(40_000)]
    roads["posted_kmh"] = 50.0
    with pytest.raises(NetworkError, match="handful of road classes, found 40000"):
        RoadNetwork.from_roads(roads, TOY)


places = st.tuples(st.integers(0, 4), st.integers(0, 4)).map(lambda p: (p[0] * 10, p[1] * 10))
streets = st.tuples(
    st.tuples(places, places).map(list),
    st.fixed_dictionaries(
        {"oneway": st.booleans(), "length_factor": st.sampled_from([1e-9, 1.0, 1.25])}
    ),
)
worlds = st.lists(streets, min_size=1, max_size=25)


@given(worlds)
@settings(deadline=None, max_examples=60)
def test_every_shortest_time_is_that_of_the_roads(world):
    roads = roads_table(*world)
    network = RoadNetwork.from_roads(roads, TOY)
    oracle = graph_of_rows(roads)
    arcs = graph_of_arcs(network.outgoing)
    number = {
        (x, y): i for i, (x, y) in enumerate(zip(network.node_x, network.node_y, strict=True))
    }
    assert set(number) == set(oracle.nodes)
    for place, node in number.items():
        expected = nx.single_source_dijkstra_path_length(oracle, place, weight="time_ms")
        found = nx.single_source_dijkstra_path_length(arcs, node)
        assert found == {number[end]: time_ms for end, time_ms in expected.items()}
    pieces = sorted(map(len, nx.strongly_connected_components(oracle)), reverse=True)
    assert network.component_nodes.tolist() == pieces
    for piece in nx.strongly_connected_components(oracle):
        assert len({network.component[number[place]] for place in piece}) == 1


@given(worlds, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=40)
def test_the_order_of_the_roads_changes_nothing(world, random):
    shuffled = random.sample(world, len(world))
    one, other = toy_network(*world), toy_network(*shuffled)
    for field in dataclasses.fields(RoadNetwork):
        mine, yours = getattr(one, field.name), getattr(other, field.name)
        same = (
            all(map(np.array_equal, mine, yours))
            if field.name in {"outgoing", "incoming"}
            else (np.array_equal(mine, yours))
        )
        assert same, field.name


def test_parallel_streets_of_one_length_keep_one_order():
    arches = [A, (50, 40), B], [A, (50, -40), B]
    one, other = toy_network(*arches), toy_network(*arches[::-1])
    assert shapely.equals_exact(one.lines, other.lines).all()
