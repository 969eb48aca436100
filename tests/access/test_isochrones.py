import itertools

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point, box
from test_times_oracle import world

import worlds
from sdaasp_geo.access.isochrones import isochrones
from sdaasp_geo.access.reach import reach
from sdaasp_geo.network.road_network import RoadNetwork
from sdaasp_geo.network.snapping import usable_streets

KM = worlds.KM
ROAD = ([(0, 0), (4, 0)], [(4, 0), (6, 0)], [(6, 0), (10, 0)])
# A way of 100 m off the road takes a minute.
SLOW = worlds.plain(access_speed_kmh=6.0)


def places(*spots):
    return worlds.facilities(
        *((f"f{i}", "bread", "v", *xy, "position") for i, xy in enumerate(spots))
    )


def drawn(spots, minutes, assumptions=SLOW, *, lines=ROAD, oneway=(), **options):
    network = worlds.network(*lines, oneway=oneway, assumptions=assumptions)
    return isochrones(network, places(*spots), minutes, assumptions, **options)


def holds(shape, x_km, y_km):
    return bool(shape.contains(Point(KM * x_km, KM * y_km)))


class TestByHand:
    def test_a_band_that_narrows_to_a_tip(self):
        # Two minutes from km 5: tips at km 3 and 7; 200 m are left at the place itself.
        (land,) = drawn([(5, 0)], [2]).geometry
        assert land.bounds == pytest.approx((3000 - 1, -200, 7000 + 1, 200), abs=2.0)
        # A rhombus 4 km long and 400 m wide, and a little where its corners are round.
        assert land.area == pytest.approx(0.8e6, rel=0.01)
        for x in (4, 6):
            assert holds(land, x, 0.095)
            assert not holds(land, x, 0.105)

    def test_land_goes_no_farther_from_the_road_than_asked(self):
        (land,) = drawn([(5, 0)], [2], off_road_m=50.0).geometry
        assert land.bounds == pytest.approx((2999, -50, 7001, 50), abs=2.0)
        # 50 m are half a minute: full width from 3.5 to 6.5, then half of it at the mean.
        assert land.area == pytest.approx(3000 * 100 + 2 * 500 * 50, rel=0.01)
        near = SLOW.__class__(**(SLOW.as_dict() | {"snap_limit_m": 30.0}))
        (land,) = drawn([(5, 0)], [2], near).geometry
        assert land.bounds[3] == pytest.approx(30, abs=1.0)

    def test_the_leg_of_the_place_counts(self):
        # 100 m from the road: a minute of the two is gone at its door.
        (land,) = drawn([(5, 0.1)], [2]).geometry
        assert land.bounds == pytest.approx((3999, -100, 6001, 100), abs=2.0)

    def test_from_and_to_along_a_one_way_street(self):
        ring = ([(0, 0), (4, 0)], [(4, 0), (4, 4)], [(4, 4), (0, 4)], [(0, 4), (0, 0)])
        options = {"lines": ring, "oneway": (0, 1, 2, 3)}
        (to,) = drawn([(2, 0)], [1], **options).geometry
        (of,) = drawn([(2, 0)], [1], direction="from", **options).geometry
        assert (holds(to, 1.5, 0), holds(to, 2.5, 0)) == (True, False)
        assert (holds(of, 1.5, 0), holds(of, 2.5, 0)) == (False, True)
        # Round the corner, and tips where the minutes end.
        (land,) = drawn([(2, 0)], [3], **options).geometry
        assert holds(land, 0, 0.95)
        assert not holds(land, 0, 1.05)

    def test_a_lake_stays_a_hole_and_far_fields_stay_out(self):
        ring = ([(0, 0), (4, 0)], [(4, 0), (4, 4)], [(4, 4), (0, 4)], [(0, 4), (0, 0)])
        (land,) = drawn([(2, 0)], [30], lines=ring, off_road_m=300.0).geometry
        (outline,) = land.geoms
        (lake,) = outline.interiors
        assert shapely.Polygon(lake).equals(box(300, 300, 3700, 3700))
        assert land.bounds == pytest.approx((-300, -300, 4300, 4300), abs=0.01)

    def test_an_island_is_not_reached(self):
        island = [(20, 0), (22, 0)]
        (land,) = drawn([(5, 0)], [60], lines=(*ROAD, island)).geometry
        assert not land.intersects(box(19_000, -1000, 23_000, 1000))

    def test_roads_that_nobody_enters_give_no_land(self):
        table = worlds.roads(*ROAD, [(10, 0), (14, 0)], road_class=["local"] * 3 + ["motorway"])
        network = RoadNetwork.from_roads(table, SLOW)
        (land,) = isochrones(network, places((5, 0)), [60], SLOW).geometry
        assert land.bounds[2] == pytest.approx(10_300, abs=0.01)

    def test_no_place_and_a_lost_place_reach_nothing(self):
        assert drawn([], [5, 10]).geometry.is_empty.tolist() == [True, True]
        far = drawn([(5, 30)], [5])
        assert far.geometry.is_empty.tolist() == [True]
        assert far.geometry.geom_type.tolist() == ["MultiPolygon"]

    def test_a_place_on_a_closed_end_is_in_its_own_land(self):
        # One way away from the place: nobody comes along that street, others do by the ring.
        ring = ([(0, 0), (4, 0)], [(4, 0), (4, 4)], [(4, 4), (0, 0)])
        for direction in ("to", "from"):
            (land,) = drawn(
                [(0, 0)], [0.5], lines=ring, oneway=(0, 1, 2), direction=direction
            ).geometry
            assert holds(land, 0, 0)


class TestTable:
    def test_times_rise_and_occur_once(self):
        table = drawn([(5, 0)], [4, 2, 4.0])
        assert table["minutes"].tolist() == [2.0, 4.0]
        assert list(table.columns) == ["minutes", "geometry"]
        assert table.crs == "EPSG:2154"
        assert set(table.geom_type) == {"MultiPolygon"}

    def test_by_place(self):
        spots = [(1, 0), (9, 0)]
        network = worlds.network(*ROAD, assumptions=SLOW)
        named = places(*spots).set_index("facility")
        table = isochrones(network, named, [1, 2], SLOW, by_place=True)
        assert table["place"].tolist() == ["f0", "f0", "f1", "f1"]
        alone = isochrones(network, named.iloc[[1]], [1, 2], SLOW)
        assert table.geometry.iloc[2:].geom_equals(alone.geometry, align=False).all()
        # Together they are what the nearest of both reaches.
        both = isochrones(network, named, [2], SLOW).geometry.iloc[0]
        parts = table[table["minutes"] == 2].union_all()
        assert both.symmetric_difference(parts).area < 1.0

    def test_inputs_are_untouched_and_bytes_are_the_same(self):
        network = worlds.network(*ROAD, assumptions=SLOW)
        spots = places((1, 0.2), (7, 0))
        before = spots.copy(deep=True)
        first = isochrones(network, spots, [2, 5], SLOW)
        pd.testing.assert_frame_equal(spots, before)
        again = isochrones(network, spots.iloc[::-1], [5, 2], SLOW)
        assert first.to_wkb().equals(again.to_wkb())

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"minutes": []}, "minutes: expected numbers above 0"),
            ({"minutes": [5, 0]}, "minutes: expected numbers above 0, found"),
            ({"minutes": [float("inf")]}, "minutes: expected numbers above 0"),
            ({"off_road_m": 0.0}, "off_road_m: expected a number above 0, found 0.0"),
            ({"direction": "both"}, "direction: expected 'to' or 'from', found 'both'"),
        ],
    )
    def test_wrong_questions_are_told(self, options, message):
        with pytest.raises(ValueError, match=message):
            drawn([(5, 0)], **({"minutes": [5]} | options))

    def test_another_crs_is_refused(self):
        network = worlds.network(*ROAD, assumptions=SLOW)
        with pytest.raises(
            ValueError, match="expected the CRS of the network, EPSG:2154, found EPSG:4326"
        ):
            isochrones(network, places((5, 0)).to_crs(4326), [5], SLOW)


def random_world(seed):
    """A lattice with one-ways, its network and some places; None where nothing is usable."""
    lines, oneway, _, facilities = world(seed)
    rng = np.random.default_rng(seed)
    speed = float(rng.choice([6.0, 30.0, 60.0]))
    assumptions = worlds.plain(access_speed_kmh=speed)
    network = RoadNetwork.from_roads(worlds.roads(*lines, oneway=oneway), assumptions)
    if network.component_nodes.max() < 2:
        return None
    return network, facilities, assumptions


def street_samples(network, assumptions, step_m):
    """Points along every usable street, every few metres."""
    lines = network.lines[usable_streets(network, assumptions)]
    shares = np.linspace(0, 1, int(KM / step_m) + 1)
    points = shapely.line_interpolate_point(lines[:, None], shares[None, :], normalized=True)
    return points.ravel()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["to", "from"]), st.sampled_from([40.0, 300.0]))
def test_land_is_what_brute_force_finds(seed, direction, off_road_m):
    made = random_world(seed)
    if made is None:
        return
    network, spots, assumptions = made
    table = isochrones(
        network, spots, [0.7, 2.0], assumptions, direction=direction, off_road_m=off_road_m
    )
    found = reach(network, spots, assumptions, direction=direction)
    samples = street_samples(network, assumptions, 10.0)
    time_min = np.nan_to_num(found.time_min(samples), nan=np.inf)
    rng = np.random.default_rng(seed)
    west, south, east, north = shapely.total_bounds(shapely.buffer(samples, 400.0))
    points = shapely.points(rng.uniform(west, east, 300), rng.uniform(south, north, 300))
    distance = shapely.distance(points[:, None], samples[None, :])
    whole = np.where(
        distance <= off_road_m, time_min + distance * assumptions.access_min_per_m, np.inf
    ).min(axis=1)
    for limit, land in zip(table["minutes"], table.geometry, strict=True):
        inside = shapely.contains(land, points)
        # Circles have corners, samples have gaps: a few metres are not decided here.
        at_edge = shapely.distance(land.boundary, points) < 10 + 0.02 * off_road_m
        assert (inside == (whole <= limit))[~at_edge].all()
        reached = samples[time_min <= limit]
        assert shapely.covers(land, reached).all()


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 10**6),
    st.lists(st.floats(0.1, 6.0), min_size=2, max_size=5, unique=True),
    st.sampled_from([30.0, 300.0, 2000.0]),
)
def test_each_lies_in_the_next_exactly(seed, minutes, off_road_m):
    made = random_world(seed)
    if made is None:
        return
    network, spots, assumptions = made
    table = isochrones(network, spots, minutes, assumptions, off_road_m=off_road_m)
    shapes = table.geometry.to_numpy()
    assert shapely.is_valid(shapes).all()
    for near, far in itertools.pairwise(shapes):
        assert near.is_empty or shapely.covers(far, near)
        assert shapely.difference(near, far).is_empty
    alone = isochrones(network, spots, minutes[:1], assumptions, off_road_m=off_road_m)
    row = table["minutes"].tolist().index(minutes[0])
    # The other times asked for change nothing but roundings of a centimetre.
    assert alone.geometry[0].symmetric_difference(shapes[row]).area < 50.0


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6))
def test_one_more_place_never_takes_land_away(seed):
    made = random_world(seed)
    if made is None:
        return
    network, spots, assumptions = made
    more = isochrones(network, spots, [2.0], assumptions).geometry[0]
    fewer = isochrones(network, spots.iloc[1:], [2.0], assumptions).geometry[0]
    # Circles have corners: within a hundredth of their radius nothing is decided.
    assert fewer.buffer(-3.0).difference(more).area < 0.01


def test_a_street_without_time_and_a_street_without_length():
    table = worlds.roads([(0, 0), (1, 0)], [(1, 0), (2, 0)])
    table["duration_min"] = [1e-9, np.nan]
    network = RoadNetwork.from_roads(table, SLOW)
    (land,) = isochrones(network, places((0, 0)), [0.5], SLOW).geometry
    assert land.bounds == pytest.approx((-50, -50, 1501, 50), abs=1.0)
