"""Points on the network, and how traffic enters and leaves them."""

import dataclasses

import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shapely import Point
from toy_roads import TOY, graph_of_arcs, node_at, roads_table, street_between, toy_network

from sdaasp_geo.errors import NetworkError
from sdaasp_geo.network.road_network import RoadNetwork
from sdaasp_geo.network.snapping import (
    Snapped,
    along_street_ms,
    entries,
    exits,
    snap,
    usable_streets,
)

A, B, C, D = (0, 0), (100, 0), (100, 50), (0, 50)
RING = [A, B], [B, C], [C, D], [D, A]


def at(network, *places, assumptions=TOY):
    points = np.array([None if place is None else Point(place) for place in places], dtype=object)
    return snap(network, points, assumptions)


def doors_of(doors, point=0):
    mine = doors.point == point
    return sorted(zip(doors.node[mine].tolist(), doors.cost_ms[mine].tolist(), strict=True))


def test_a_point_goes_to_the_nearest_place_of_the_nearest_street():
    network = toy_network(*RING)
    found = at(network, (30, -7), (98, 20))
    streets = [street_between(network, A, B), street_between(network, B, C)]
    assert found.street.tolist() == streets
    assert found.fraction.tolist() == pytest.approx([0.3, 0.4])
    assert found.distance_m.tolist() == pytest.approx([7, 2])
    assert found.x.tolist() == pytest.approx([30, 100])
    assert found.y.tolist() == pytest.approx([0, 20])
    assert found.reason.tolist() == ["", ""]
    assert found.street.dtype == np.int32


def test_a_point_beyond_the_limit_is_unsnapped_and_the_limit_itself_is_within():
    network = toy_network(*RING)
    near = dataclasses.replace(TOY, snap_limit_m=10.0)
    found = at(network, (50, -10), (50, -10.001), assumptions=near)
    assert found.reason.tolist() == ["", "unsnapped"]
    assert found.street.tolist()[1] == -1
    assert np.isnan([found.fraction[1], found.distance_m[1], found.x[1], found.y[1]]).all()


def test_points_without_a_place_are_bad_positions():
    network = toy_network(*RING)
    points = np.array(
        [None, Point(), Point(np.nan, 1), Point(np.inf, 0), Point(5, 0)], dtype=object
    )
    before = points.copy()
    found = snap(network, points, TOY)
    assert found.reason.tolist() == ["bad_position"] * 4 + [""]
    assert found.street.tolist()[:4] == [-1] * 4
    assert (points == before).all()
    for doors in (entries(network, found), exits(network, found)):
        assert set(doors.point.tolist()) == {4}


def test_a_line_is_no_point():
    network = toy_network(*RING)
    with pytest.raises(TypeError, match="expected shapely points or None, found a LineString"):
        snap(network, network.lines, TOY)


def test_no_points():
    network = toy_network(*RING)
    found = snap(network, np.array([], dtype=object), TOY)
    assert found.street.size == entries(network, found).node.size == 0


def test_no_point_goes_to_a_car_park_off_the_network():
    car_park = [(40, 10), (60, 10)], [(60, 10), (60, 30)]
    network = toy_network(*RING, *car_park)
    large = dataclasses.replace(TOY, min_component_nodes=4)
    assert at(network, (50, 11)).distance_m.tolist() == pytest.approx([1])
    found = at(network, (50, 11), assumptions=large)
    assert found.distance_m.tolist() == pytest.approx([11])
    assert found.street.tolist() == [street_between(network, A, B)]


def test_no_point_goes_to_a_street_of_no_return():
    way_out = ([C, (100, 500)], {"oneway": True})
    network = toy_network(*RING, way_out)
    found = at(network, (100, 90))
    assert found.street.tolist()[0] in {
        street_between(network, B, C),
        street_between(network, C, D),
    }
    assert found.distance_m.tolist() == pytest.approx([40])


def test_no_point_goes_to_a_motorway_or_a_ferry():
    network = toy_network(
        *RING,
        ([A, (50, 25), C], {"road_class": "motorway"}),
        ([B, (50, 30), D], {"road_class": "ferry"}),
    )
    assert at(network, (50, 24)).distance_m.tolist() == pytest.approx([24])
    open_to_all = dataclasses.replace(TOY, no_access_classes=())
    assert at(network, (50, 24), assumptions=open_to_all).distance_m[0] < 1


def test_of_streets_at_one_distance_the_lowest_number_is_taken():
    network = toy_network(*RING)
    found = at(network, (50, 25), B)
    assert found.street[0] == min(street_between(network, A, B), street_between(network, C, D))
    assert found.street[1] == min(street_between(network, A, B), street_between(network, B, C))


def test_a_network_too_small_for_the_assumptions_says_so():
    network = toy_network(*RING)
    wanted = dataclasses.replace(TOY, min_component_nodes=50)
    with pytest.raises(NetworkError, match=r"at least 50 junctions.*found 4 in the largest"):
        at(network, A, assumptions=wanted)


def test_a_network_of_motorways_alone_says_so():
    network = toy_network(([A, B], {"road_class": "motorway"}))
    with pytest.raises(NetworkError, match=r"found none among motorway.*no_access_classes"):
        at(network, A)


def test_a_street_closed_both_ways_is_not_usable():
    network = toy_network(*RING)
    street = street_between(network, A, B)
    closed = network.forward_ms.copy()
    closed[street] = -1
    network = dataclasses.replace(network, forward_ms=closed, backward_ms=closed)
    assert not usable_streets(network, TOY)[street]


def test_two_way_street_doors_by_hand():
    network = toy_network(*RING)
    found = at(network, (30, 5))
    a, b = node_at(network, *A), node_at(network, *B)
    # 30 m from A and 70 m from B at 100 ms a metre, either way.
    assert doors_of(entries(network, found)) == sorted([(a, 3_000), (b, 7_000)])
    assert doors_of(exits(network, found)) == sorted([(a, 3_000), (b, 7_000)])


def test_one_way_street_doors_by_hand():
    network = toy_network(([A, B], {"oneway": True}), *RING[1:])
    found = at(network, (30, 5))
    assert doors_of(entries(network, found)) == [(node_at(network, *A), 3_000)]
    assert doors_of(exits(network, found)) == [(node_at(network, *B), 7_000)]


@pytest.mark.parametrize("place", [(-8, 0), (0.004, -3), A])
def test_at_the_very_end_a_point_stands_at_the_junction(place):
    network = toy_network(([A, B], {"oneway": True}), [B, C])
    one_piece = dataclasses.replace(network, component=np.zeros(3, np.int32))
    found = at(one_piece, place)
    assert found.fraction.tolist() == [0.0]
    at_a = [(node_at(network, *A), 0)]
    assert doors_of(entries(one_piece, found)) == doors_of(exits(one_piece, found)) == at_a


def test_at_the_other_end_too():
    network = toy_network(*RING)
    found = at(network, (100.0, 49.996))
    assert found.fraction[0] in {0.0, 1.0}
    assert (found.x[0], found.y[0]) == C
    at_c = [(node_at(network, *C), 0)]
    assert doors_of(entries(network, found)) == doors_of(exits(network, found)) == at_c


def test_a_street_without_length_is_one_place():
    network = toy_network(*RING, ([A, A], {}))
    everywhere = Snapped(
        street=np.array([street_between(network, A, A)], np.int32),
        fraction=np.array([0.0]),
        distance_m=np.array([0.0]),
        x=np.array([0.0]),
        y=np.array([0.0]),
        reason=np.array([""], object),
    )
    assert doors_of(entries(network, everywhere)) == [(node_at(network, *A), 0)]
    lonely = toy_network([A, A], [A, B])
    assert np.isfinite(at(lonely, A).fraction).all()


def test_along_one_street():
    network = toy_network(([A, B], {"oneway": True}), *RING[1:])
    one_way, two_way = street_between(network, A, B), street_between(network, C, D)
    street = [one_way, one_way, one_way, two_way, two_way]
    start, end = [0.2, 0.7, 0.5, 0.1, 0.9], [0.7, 0.2, 0.5, 0.4, 0.4]
    found = along_street_ms(network, street, start, end)
    assert found.tolist() == [5_000, -1, 0, 3_000, 5_000]
    assert found.dtype == np.int32


places = st.tuples(st.integers(0, 5), st.integers(0, 5)).map(lambda p: (p[0] * 20, p[1] * 20))
streets = st.tuples(
    st.lists(places, min_size=2, max_size=4),
    st.fixed_dictionaries(
        {"oneway": st.booleans(), "road_class": st.sampled_from(["local", "ferry"])}
    ),
)
worlds = st.lists(streets, min_size=1, max_size=20)
points = st.lists(st.tuples(*[st.floats(-30, 130, width=32)] * 2), min_size=1, max_size=8)


@given(worlds, points, st.sampled_from([5.0, 25.0, 500.0]))
@settings(deadline=None, max_examples=60)
def test_snapping_is_the_brute_force_answer(world, places, limit):
    network = toy_network(*world)
    choices = dataclasses.replace(TOY, snap_limit_m=limit)
    usable = np.flatnonzero(usable_streets(network, choices))
    assume(usable.size)
    found = at(network, *places, assumptions=choices)
    for number, place in enumerate(places):
        distances = shapely.distance(network.lines[usable], Point(place))
        if distances.min() > limit:
            assert found.reason[number] == "unsnapped"
            continue
        assert found.street[number] == usable[np.argmin(distances)]
        assert found.distance_m[number] == distances.min()
        on_street = Point(found.x[number], found.y[number])
        # Within a centimetre of an end the point stands at the end.
        assert on_street.distance(Point(place)) == pytest.approx(distances.min(), abs=0.011)
        line = network.lines[found.street[number]]
        reached = line.interpolate(found.fraction[number], normalized=True)
        assert reached.distance(on_street) < 1e-6
        alone = at(network, place, assumptions=choices)
        assert alone.street[0] == found.street[number]


@given(worlds, st.tuples(*[st.integers(-5, 105)] * 2))
@settings(deadline=None, max_examples=60)
def test_doors_are_those_of_a_street_cut_at_the_point(world, place):
    """Cut the street in two at the point: leaving and arriving must take the same time."""
    network = toy_network(*world)
    assume(usable_streets(network, TOY).any())
    found = at(network, place)
    assume(0 < found.fraction[0] < 1)
    cut, point = _cut_at(network, found)
    reached = nx.single_source_dijkstra_path_length(cut, point)
    arcs = graph_of_arcs(network.outgoing)
    leaving = exits(network, found)
    _same_times(reached, arcs, zip(leaving.node.tolist(), leaving.cost_ms.tolist(), strict=True))
    arriving = entries(network, found)
    reached = nx.single_source_dijkstra_path_length(cut.reverse(), point)
    doors = zip(arriving.node.tolist(), arriving.cost_ms.tolist(), strict=True)
    _same_times(reached, arcs.reverse(), doors)


def _cut_at(network, found):
    graph = graph_of_arcs(network.outgoing)
    street, share = found.street[0], found.fraction[0]
    start, end = int(network.street_from[street]), int(network.street_to[street])
    point = "point"
    if network.forward_ms[street] >= 0:
        graph.add_edge(start, point, weight=share * network.forward_ms[street])
        graph.add_edge(point, end, weight=(1 - share) * network.forward_ms[street])
    if network.backward_ms[street] >= 0:
        _quicker(graph, end, point, (1 - share) * network.backward_ms[street])
        _quicker(graph, point, start, share * network.backward_ms[street])
    return graph, point


def _quicker(graph, start, end, time_ms):
    before = graph.get_edge_data(start, end, {"weight": np.inf})["weight"]
    graph.add_edge(start, end, weight=min(before, time_ms))


def _same_times(reached, arcs, doors):
    times = {}
    for node, cost_ms in doors:
        for end, time_ms in nx.single_source_dijkstra_path_length(arcs, node).items():
            times[end] = min(times.get(end, np.inf), cost_ms + time_ms)
    reached = {node: time_ms for node, time_ms in reached.items() if node != "point"}
    assert set(times) == set(reached)
    assert all(abs(times[node] - reached[node]) <= 0.5 for node in times)


def test_the_roads_decide_and_nothing_else():
    """A point's answer stays the same among any others."""
    network = RoadNetwork.from_roads(roads_table(*RING), TOY)
    rng = np.random.default_rng(5)
    places = rng.uniform(-20, 120, size=(50, 2))
    together = at(network, *places)
    alone = [at(network, place) for place in places]
    assert together.street.tolist() == [int(one.street[0]) for one in alone]
    assert together.fraction.tolist() == [float(one.fraction[0]) for one in alone]
