"""What lights, left turns and roundabouts cost: by hand, against an oracle, by properties."""

import dataclasses

import networkx as nx
import numpy as np
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point
from toy_roads import TOY, graph_of_arcs, node_at, roads_table
from turn_worlds import junction_roads, junction_times

from sdaasp_geo.errors import InputError, NetworkError
from sdaasp_geo.network.road_network import RoadNetwork
from sdaasp_geo.network.snapping import Snapped, along_street_ms, entries, exits, snap
from sdaasp_geo.network.storage import network_key
from sdaasp_geo.routing.nearest import UNREACHED, Seeds, nearest
from sdaasp_geo.routing.paths import path

# At 36 km/h a metre takes 100 ms: an arm of the crossing takes ten seconds.
CENTRE, NORTH, EAST, SOUTH, WEST = (0, 0), (0, 100), (100, 0), (0, -100), (-100, 0)
ARMS = [SOUTH, CENTRE], [CENTRE, NORTH], [WEST, CENTRE], [CENTRE, EAST]
ARM_MS = 10_000
LEFT = dataclasses.replace(TOY, left_turn_cost_s=7.5)
LIGHT = dataclasses.replace(TOY, signal_cost_s=2.0)
RING = dataclasses.replace(TOY, roundabout_cost_s=3.0)


def network_of(*streets, assumptions):
    return RoadNetwork.from_roads(junction_roads(*streets), assumptions)


def times_between(network, starts, ends, assumptions):
    """Milliseconds by road from points to points, one search a destination."""
    starts, ends = ([Point(place) for place in places] for places in (starts, ends))
    return times_of(network, *(snap(network, np.array(p), assumptions) for p in (starts, ends)))


def times_of(network, left, reached):
    out, into = exits(network, left), entries(network, reached)
    seeds = [
        Seeds(into.node[mine], into.cost_ms[mine], into.point[mine])
        for mine in (into.point == number for number in range(reached.street.size))
    ]
    found = nearest(network.incoming, seeds).time_ms.astype(np.int64)
    times = np.full((left.street.size, reached.street.size), UNREACHED, dtype=np.int64)
    np.minimum.at(times, out.point, (found[:, out.node] + out.cost_ms).T)
    here, there = np.nonzero(left.street[:, None] == reached.street[None, :])
    fractions = left.fraction[here], reached.fraction[there]
    along = along_street_ms(network, left.street[here], *fractions)
    np.minimum.at(times, (here, there), np.where(along >= 0, along, UNREACHED))
    return np.minimum(times, UNREACHED)


def time_between(network, start, end, assumptions):
    return int(times_between(network, [start], [end], assumptions)[0, 0])


@pytest.mark.parametrize(
    ("end", "cost_ms"), [(NORTH, 0), (EAST, 0), (WEST, 7_500)], ids=["ahead", "right", "left"]
)
def test_a_left_turn_costs_where_a_right_one_is_free(end, cost_ms):
    network = network_of(*ARMS, assumptions=LEFT)
    assert time_between(network, SOUTH, end, LEFT) == 2 * ARM_MS + cost_ms
    # Between places amid their streets as between junctions.
    start, end = ((5 * place[0] / 10, 5 * place[1] / 10) for place in (SOUTH, end))
    assert time_between(network, start, end, LEFT) == ARM_MS + cost_ms


@pytest.mark.parametrize(
    ("degrees", "costs"),
    [(44, False), (46, True), (134, True), (170, True), (184, True), (186, False), (-46, False)],
)
def test_a_left_turn_is_45_degrees_or_more_to_the_left_or_straight_back(degrees, costs):
    bearing = np.radians(90 + degrees)
    end = (round(100 * np.cos(bearing), 2), round(100 * np.sin(bearing), 2))
    network = network_of([SOUTH, CENTRE], [CENTRE, end], [CENTRE, EAST], assumptions=LEFT)
    time_ms = time_between(network, SOUTH, end, LEFT)
    assert time_ms == pytest.approx(2 * ARM_MS + 7_500 * costs, abs=2)


def test_the_heading_is_that_of_the_first_metres():
    """A street that leaves to the right and bends to the left is a right turn."""
    bent = [CENTRE, (30, 0), (30, 50), (-100, 50)]
    network = network_of([SOUTH, CENTRE], bent, [CENTRE, NORTH], assumptions=LEFT)
    assert time_between(network, SOUTH, (-100, 50), LEFT) == ARM_MS + 21_000
    # And back: from the left it arrives as a left turn to the south.
    assert time_between(network, (-100, 50), SOUTH, LEFT) == ARM_MS + 21_000 + 7_500


def test_how_a_junction_is_drawn_does_not_matter():
    """A street that goes straight on for four metres and then to the left is a left turn."""
    drawn = [CENTRE, (0, 4), (-96, 4)]
    network = network_of([SOUTH, CENTRE], drawn, [CENTRE, EAST], assumptions=LEFT)
    assert time_between(network, SOUTH, (-96, 4), LEFT) == 2 * ARM_MS + 7_500


def test_a_bend_between_two_streets_is_no_turn():
    network = network_of([SOUTH, CENTRE], [CENTRE, WEST], assumptions=LEFT)
    assert time_between(network, SOUTH, WEST, LEFT) == 2 * ARM_MS


def test_a_road_that_goes_on_by_its_class_is_free_however_it_bends():
    main = {"road_class": "motorway"}
    streets = ([SOUTH, CENTRE], main), ([CENTRE, WEST], main), [CENTRE, NORTH]
    network = network_of(*streets, assumptions=LEFT)
    open_streets = dataclasses.replace(LEFT, no_access_classes=())
    assert time_between(network, SOUTH, WEST, open_streets) == ARM_MS
    # From the side road one turns right onto it; from it, left onto nothing.
    assert time_between(network, NORTH, WEST, open_streets) == ARM_MS + 5_000
    # With a second side road it is a crossing like any other.
    network = network_of(*streets, [CENTRE, EAST], assumptions=LEFT)
    assert time_between(network, SOUTH, WEST, open_streets) == ARM_MS + 7_500


def test_the_quickest_way_avoids_a_left_turn_that_costs_more_than_the_detour():
    around = [SOUTH, (-60, -100), (-100, -60), WEST]
    for cost_s, expected_ms in ((3.0, 23_000), (9.0, round(100 * (60 + 60 + np.hypot(40, 40))))):
        choices = dataclasses.replace(TOY, left_turn_cost_s=cost_s)
        lane = ([SOUTH, (0, -150)], {})
        network = network_of(*ARMS, lane, (around, {}), assumptions=choices)
        assert time_between(network, (0, -100), WEST, choices) == min(
            expected_ms, round(100 * (120 + np.hypot(40, 40)))
        )


def test_neither_a_u_turn_nor_a_dead_end_spares_a_left_turn():
    short = [CENTRE, (3, 0)]
    network = network_of(ARMS[0], ARMS[1], ARMS[2], short, assumptions=LEFT)
    # Into the dead end, about and straight on would take 0.6 s.
    assert time_between(network, SOUTH, WEST, LEFT) == 2 * ARM_MS + 7_500


def test_whoever_starts_or_ends_in_a_one_way_street_goes_round():
    ring = [WEST, SOUTH], [SOUTH, EAST], [EAST, NORTH], [NORTH, WEST]
    oneway = [(street, {"oneway": True}) for street in ring]
    network = network_of(*oneway, assumptions=LEFT)
    side = np.hypot(100, 100) * 100
    start, end = (-40, -60), (-60, -40)
    assert time_between(network, start, end, LEFT) == pytest.approx(3.8 * side, abs=4)


def test_a_light_is_paid_on_arrival_and_not_on_leaving():
    lit = [(SOUTH, CENTRE, 1.0, 0.0), (CENTRE, NORTH, 0.0, 1.0)]
    streets = [([a, b], {"signals_forward": f, "signals_backward": g}) for a, b, f, g in lit]
    network = network_of(*streets, ([NORTH, (0, 200)], {}), assumptions=LIGHT)
    for end in (NORTH, (0, 50)):
        there = time_between(network, SOUTH, end, LIGHT)
        assert there == 100 * (100 + end[1]) + 2_000
        assert time_between(network, end, SOUTH, LIGHT) == there
    # In full by those who come from amid the street, and by those who stop at the light.
    assert time_between(network, (0, -1), (0, 1), LIGHT) == 200 + 2_000
    assert time_between(network, (0, -50), CENTRE, LIGHT) == 5_000 + 2_000
    assert time_between(network, CENTRE, (0, -50), LIGHT) == 5_000
    # By nobody who does not come to it.
    assert time_between(network, (0, 150), (0, 50), LIGHT) == 10_000


def test_the_lights_of_a_street_add_up():
    options = {"signals_forward": 3.0, "signals_backward": 1.0}
    network = network_of((list(ARMS[0]), options), ARMS[1], assumptions=LIGHT)
    assert time_between(network, SOUTH, NORTH, LIGHT) == 2 * ARM_MS + 6_000
    assert time_between(network, NORTH, SOUTH, LIGHT) == 2 * ARM_MS + 2_000
    assert network.forward_ms.tolist() == [ARM_MS, ARM_MS]
    assert sorted(network.halts.forward_ms.tolist() + network.halts.backward_ms.tolist()) == [
        *(0, 0, 2_000, 6_000)
    ]


def test_along_a_street_a_light_counts_at_its_end_alone():
    options = {"signals_forward": 1.0, "oneway": True}
    network = network_of(([SOUTH, CENTRE], options), ARMS[1], assumptions=LIGHT)
    (street,) = np.flatnonzero(network.halts.forward_ms)
    starts, ends = [0.0, 0.0, 0.5, 1.0], [0.5, 1.0, 1.0, 0.5]
    assert along_street_ms(network, [street] * 4, starts, ends).tolist() == [
        *(5_000, 12_000, 7_000, -1)
    ]


RADIUS = 10
QUARTERS = (0, -RADIUS), (RADIUS, 0), (0, RADIUS), (-RADIUS, 0)
ROUNDABOUT = [
    ([QUARTERS[number], QUARTERS[(number + 1) % 4]], {"oneway": True, "roundabout": True})
    for number in range(4)
]
APPROACHES = [SOUTH, QUARTERS[0]], [QUARTERS[1], EAST], [QUARTERS[2], NORTH], [WEST, QUARTERS[3]]
CHORD_MS = round(100 * np.hypot(RADIUS, RADIUS))


@pytest.mark.parametrize(("end", "quarters"), [(EAST, 1), (NORTH, 2), (WEST, 3)])
def test_a_roundabout_costs_once_on_entering_and_its_bends_nothing(end, quarters):
    dearer = dataclasses.replace(RING, left_turn_cost_s=20.0)
    network = network_of(*ROUNDABOUT, *APPROACHES, assumptions=dearer)
    expected = 2 * 9_000 + quarters * CHORD_MS + 3_000
    assert time_between(network, SOUTH, end, dearer) == expected
    # A place amid the approach pays the whole entry.
    assert time_between(network, (0, -50), end, dearer) == expected - 5_000
    network = network_of(*ROUNDABOUT, *APPROACHES, assumptions=TOY)
    assert time_between(network, SOUTH, end, TOY) == expected - 3_000


def test_leaving_a_place_on_the_roundabout_is_no_entry():
    network = network_of(*ROUNDABOUT, *APPROACHES, assumptions=RING)
    assert time_between(network, QUARTERS[0], EAST, RING) == 9_000 + CHORD_MS


def test_places_of_one_junction_are_there_already():
    network = network_of(*ARMS, assumptions=LEFT)
    assert time_between(network, CENTRE, CENTRE, LEFT) == 0
    assert time_between(network, CENTRE, WEST, LEFT) == ARM_MS


def test_gates_tell_where_the_search_nodes_stand():
    streets = *ARMS, ([NORTH, (0, 200)], {"oneway": True})
    network = network_of(*streets, assumptions=LEFT)
    gates, simple = network.gates, network_of(*streets, assumptions=TOY).gates
    assert simple.junction.tolist() == list(range(network.node_x.size))
    assert network.outgoing.indptr.size == gates.junction.size + 1
    assert (np.diff(gates.junction) >= 0).all()
    for mine, plain in zip(gates[:4], simple[:4], strict=True):
        is_open = mine >= 0
        assert np.array_equal(gates.junction[mine[is_open]], plain[is_open])
    assert np.array_equal(gates.backward_tail < 0, network.backward_ms < 0)
    # Where two stretches of one road meet there is a node a direction.
    north = node_at(network, *NORTH)
    assert (gates.junction == north).sum() == 2
    (crossing,) = ((gates.junction == node_at(network, *CENTRE)).sum() for _ in "x")
    assert crossing == 8


def test_a_way_with_turns_is_told_by_its_junctions():
    network = network_of(*ARMS, assumptions=LEFT)
    found = snap(network, np.array([Point(*WEST), Point(*SOUTH)]), LEFT)
    into, out = entries(network, found), exits(network, found)
    goal = into.point == 0
    seeds = Seeds(into.node[goal], into.cost_ms[goal], into.point[goal])
    ways = [path(network.incoming, seeds, node) for node in out.node[out.point == 1]]
    way = min((way for way in ways if way is not None), key=lambda way: way.time_ms[0])
    junctions = network.gates.junction[way.nodes]
    assert list(dict.fromkeys(junctions.tolist())) == [
        node_at(network, *place) for place in (SOUTH, CENTRE, WEST)
    ]
    assert way.time_ms[0] == 2 * ARM_MS + 7_500


def test_the_graph_for_networkx_has_halts_and_no_turns():
    choices = dataclasses.replace(LEFT, signal_cost_s=2.0)
    streets = ([SOUTH, CENTRE], {"signals_forward": 1.0}), *ARMS[1:]
    graph = network_of(*streets, assumptions=choices).to_networkx()
    at = {(data["x"], data["y"]): node for node, data in graph.nodes(data=True)}
    time_ms = nx.shortest_path_length(graph, at[SOUTH], at[WEST], weight="time_ms")
    assert time_ms == 2 * ARM_MS + 2_000
    assert nx.shortest_path_length(graph, at[SOUTH], at[WEST], weight="travel_time") == 22.0


def test_an_osmnx_graph_tells_its_lights_and_roundabouts():
    graph = nx.MultiDiGraph(crs="EPSG:2154")
    nodes = {"a": SOUTH, "b": CENTRE, "c": NORTH, "d": (0, 200)}
    for name, (x, y) in nodes.items():
        graph.add_node(name, x=x, y=y, **({"highway": "traffic_signals"} if name == "b" else {}))
    for start, end in ("ab", "ba", "bc", "cb"):
        graph.add_edge(start, end, highway="local")
    graph.add_edge("c", "d", highway="local", junction=["roundabout", "x"], oneway=True)
    choices = dataclasses.replace(LIGHT, roundabout_cost_s=3.0)
    network = RoadNetwork.from_networkx(graph, choices)
    assert time_between(network, SOUTH, NORTH, choices) == 2 * ARM_MS + 2_000 + 3_000
    assert time_between(network, NORTH, SOUTH, choices) == 2 * ARM_MS + 2_000
    assert time_between(network, CENTRE, (0, 50), choices) == 5_000
    assert time_between(network, (0, -50), CENTRE, choices) == 5_000 + 2_000
    assert RoadNetwork.from_networkx(graph, TOY).halts is None


def test_columns_are_asked_for_where_they_count():
    bare = roads_table(*ARMS)
    RoadNetwork.from_roads(bare, TOY)
    for choices, columns in (
        (LIGHT, {"signals_forward", "signals_backward"}),
        (RING, {"roundabout"}),
        (LEFT, {"roundabout"}),
    ):
        with pytest.raises(InputError, match="roads read without junctions=True") as caught:
            RoadNetwork.from_roads(bare, choices)
        assert {fault.column for fault in caught.value.faults} == columns
    wrong = junction_roads(*ARMS).assign(signals_forward=[0.0, -1.0, np.nan, 0.0])
    with pytest.raises(InputError) as caught:
        RoadNetwork.from_roads(wrong, LIGHT)
    assert {(fault.column, fault.row) for fault in caught.value.faults} == {
        ("signals_forward", 1),
        ("signals_forward", 2),
    }
    RoadNetwork.from_roads(wrong, RING)


def test_whole_numbers_of_lights_will_do_and_roads_are_untouched():
    roads = junction_roads(*ARMS).assign(signals_forward=[1, 0, 0, 0])
    before = roads.copy(deep=True)
    network = RoadNetwork.from_roads(roads, LIGHT)
    assert_geodataframe_equal(roads, before)
    assert time_between(network, SOUTH, NORTH, LIGHT) == 2 * ARM_MS + 2_000


@pytest.mark.parametrize("name", ["signal_cost_s", "left_turn_cost_s", "roundabout_cost_s"])
@pytest.mark.parametrize("value", [-1.0, float("inf"), float("nan")])
def test_impossible_costs_are_refused(name, value):
    with pytest.raises(ValueError, match=f"{name}: expected a number of seconds, 0 or more"):
        dataclasses.replace(TOY, **{name: value})


@pytest.mark.parametrize("name", ["signal_cost_s", "left_turn_cost_s", "roundabout_cost_s"])
def test_a_cost_beyond_32_bits_is_an_error(name):
    streets = *ARMS, ([EAST, (200, 0)], {"roundabout": True, "signals_forward": 1.0})
    for cost in (2_200_000.0, 1e300):
        with pytest.raises(NetworkError, match="24.9 days.*cost of junctions far too high"):
            network_of(*streets, assumptions=dataclasses.replace(TOY, **{name: cost}))


def test_a_stored_network_keeps_its_costs(tmp_path):
    choices = dataclasses.replace(LEFT, signal_cost_s=2.0)
    network = network_of((ARMS[0], {"signals_forward": 1.0}), *ARMS[1:], assumptions=choices)
    network.save(tmp_path / "network.npz")
    loaded = RoadNetwork.load(tmp_path / "network.npz")
    for name in ("halts", "turn_gates", "outgoing", "incoming"):
        for mine, theirs in zip(getattr(network, name), getattr(loaded, name), strict=True):
            assert np.array_equal(mine, theirs)
            assert mine.dtype == theirs.dtype
            assert not theirs.flags.writeable
    network_of(*ARMS, assumptions=TOY).save(tmp_path / "plain.npz")
    plain = RoadNetwork.load(tmp_path / "plain.npz")
    assert plain.halts is None
    assert plain.turn_gates is None


def test_the_key_of_a_stored_network_tells_the_costs():
    keys = {network_key([("a", "b")], choices) for choices in (TOY, LEFT, LIGHT, RING)}
    assert len(keys) == 4


places = st.tuples(st.integers(0, 3), st.integers(0, 3)).map(lambda p: (p[0] * 20, p[1] * 20))
streets = st.tuples(
    st.lists(places, min_size=2, max_size=3),
    st.fixed_dictionaries(
        {
            "oneway": st.booleans(),
            "length_factor": st.sampled_from([1e-9, 1.0, 1.25]),
            "signals_forward": st.sampled_from([0.0, 0.0, 1.0, 2.0]),
            "signals_backward": st.sampled_from([0.0, 0.0, 1.0]),
            "roundabout": st.sampled_from([False, False, False, True]),
            "road_class": st.sampled_from(["local", "main"]),
        }
    ),
)
worlds = st.lists(streets, min_size=1, max_size=14)
costs = st.fixed_dictionaries(
    {
        "signal_cost_s": st.sampled_from([0.0, 0.7, 5.0]),
        "left_turn_cost_s": st.sampled_from([0.0, 0.3, 1.5, 60.0]),
        "roundabout_cost_s": st.sampled_from([0.0, 2.0]),
    }
)
PLAIN = dataclasses.replace(TOY, speed_kmh={"local": 36.0, "main": 36.0}, min_component_nodes=1)


def standing_at(network, choices):
    """Times between all junctions, by doors of points that stand there."""
    gates = network.gates
    heads = np.unique(np.concatenate([gates.forward_head, gates.backward_head]))
    heads = heads[heads >= 0]
    graph = graph_of_arcs(network.outgoing)
    number = [(float(x), float(y)) for x, y in zip(network.node_x, network.node_y, strict=True)]
    times = {}
    for node, place in enumerate(number):
        begun = [int(n) for n in np.flatnonzero(gates.junction == node)]
        found = nx.multi_source_dijkstra_path_length(graph, begun)
        for head in heads[np.isin(heads, list(found))].tolist():
            pair = place, number[gates.junction[head]]
            times[pair] = min(found[head], times.get(pair, found[head]))
    return times


@given(worlds, costs)
@settings(deadline=None, max_examples=60)
def test_every_time_is_that_of_a_graph_of_turns_built_another_way(world, cost):
    choices = dataclasses.replace(PLAIN, **cost)
    roads = junction_roads(*world)
    network = RoadNetwork.from_roads(roads, choices)
    found, expected = standing_at(network, choices), junction_times(roads, choices)
    # A junction that nobody reaches has no node to end at.
    reached = {end for start, end in found}
    assert found == {pair: ms for pair, ms in expected.items() if pair[1] in reached}
    assert {end for start, end in expected if start != end} <= reached


grid = [
    *([(x, y), (x + 20, y)] for x in (0, 20, 40) for y in (0, 20, 40, 60)),
    *([(x, y), (x, y + 20)] for x in (0, 20, 40, 60) for y in (0, 20, 40)),
]
edges = st.tuples(st.sampled_from(grid), streets.map(lambda street: street[1]))
grids = st.lists(edges, min_size=2, max_size=12, unique_by=lambda edge: tuple(edge[0]))


def cut_in_half(course, options):
    """Two streets that are the one: lights stand at the far end in either direction."""
    middle = tuple(np.mean(course, axis=0).tolist())
    return (
        ([course[0], middle], options | {"signals_forward": 0.0}),
        ([middle, course[1]], options | {"signals_backward": 0.0}),
    )


@given(grids, costs)
@settings(deadline=None, max_examples=25)
def test_times_from_the_middle_of_streets_are_those_of_streets_cut_there(world, cost):
    choices = dataclasses.replace(PLAIN, **cost)
    # With a whole number of milliseconds in every half nothing is rounded.
    world = [(course, options | {"length_factor": 1.0}) for course, options in world]
    network = RoadNetwork.from_roads(junction_roads(*world), choices)
    cut = junction_roads(*(half for street in world for half in cut_in_half(*street)))
    expected = junction_times(cut, choices)
    spots = [tuple(np.mean(course, axis=0).tolist()) for course, _ in world]
    snapped = snap_anywhere(network, spots)
    found = times_of(network, snapped, snapped)
    for i, start in enumerate(spots):
        for j, end in enumerate(spots):
            assert found[i, j] == expected.get((start, end), UNREACHED)


def snap_anywhere(network, spots):
    """Middles of streets, on streets that no strong component holds as well."""
    middles = shapely.line_interpolate_point(network.lines, 0.5, normalized=True)
    at = {tuple(xy): n for n, xy in enumerate(shapely.get_coordinates(middles).tolist())}
    x, y = np.array(spots).T
    street = np.array([at[spot] for spot in spots], dtype=np.int32)
    nothing = np.full(street.size, "", dtype=object)
    return Snapped(street, np.full(street.size, 0.5), np.zeros(street.size), x, y, nothing)


@given(worlds)
@settings(deadline=None, max_examples=40)
def test_without_costs_nothing_changes(world):
    plain = [
        (course, {k: o[k] for k in ("oneway", "length_factor", "road_class")})
        for course, o in world
    ]
    today = RoadNetwork.from_roads(roads_table(*plain), PLAIN)
    network = RoadNetwork.from_roads(junction_roads(*world), PLAIN)
    for field in dataclasses.fields(RoadNetwork):
        mine, theirs = getattr(network, field.name), getattr(today, field.name)
        pairs = zip(mine, theirs, strict=True) if hasattr(mine, "_fields") else [(mine, theirs)]
        assert all(np.array_equal(*pair) for pair in pairs), field.name
    assert network.halts is network.turn_gates is None


@given(
    worlds,
    costs,
    costs,
    st.lists(st.tuples(st.floats(0, 60), st.floats(0, 60)), min_size=2, max_size=4),
)
@settings(deadline=None, max_examples=60)
def test_a_higher_cost_lowers_no_time_and_parts_nobody(world, one, other, spots):
    low = {name: min(one[name], other[name]) for name in one}
    high = {name: max(one[name], other[name]) for name in one}
    times = []
    for cost in (low, high):
        choices = dataclasses.replace(PLAIN, **cost)
        network = RoadNetwork.from_roads(junction_roads(*world), choices)
        if not _has_street(network):
            return
        times.append(times_between(network, spots, spots, choices))
    assert (times[0] <= times[1]).all()
    assert np.array_equal(times[0] == UNREACHED, times[1] == UNREACHED)


@given(
    worlds, costs, st.lists(st.tuples(st.floats(0, 60), st.floats(0, 60)), min_size=2, max_size=4)
)
@settings(deadline=None, max_examples=30)
def test_an_origins_time_does_not_depend_on_the_others(world, cost, spots):
    choices = dataclasses.replace(PLAIN, **cost)
    network = RoadNetwork.from_roads(junction_roads(*world), choices)
    if not _has_street(network):
        return
    together = times_between(network, spots, spots, choices)
    alone = [times_between(network, [spot], spots, choices)[0] for spot in spots]
    assert np.array_equal(together, alone)


@given(worlds, costs, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=30)
def test_the_order_of_the_roads_changes_no_cost(world, cost, random):
    choices = dataclasses.replace(PLAIN, **cost)
    one, other = (
        network_of(*streets, assumptions=choices)
        for streets in (world, random.sample(world, len(world)))
    )
    assert standing_at(one, choices) == standing_at(other, choices)


def test_streets_alike_in_all_but_their_lights_keep_one_order():
    twins = [(ARMS[0], {"signals_forward": lights}) for lights in (0.0, 1.0)]
    one, other = (network_of(*pair, assumptions=LIGHT) for pair in (twins, twins[::-1]))
    assert one.halts.forward_ms.tolist() == other.halts.forward_ms.tolist()


def _has_street(network):
    piece = network.component
    return bool((piece[network.street_from] == piece[network.street_to]).any())
