"""Walkers and cyclists on an OpenStreetMap extract."""

import extracts
import lands
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from sdaasp_geo.assumptions import CLASS_SPEED_KMH, Assumptions
from sdaasp_geo.errors import InputError
from sdaasp_geo.network.road_network import RoadNetwork
from sdaasp_geo.sources import osm_profiles
from sdaasp_geo.sources.osm_pbf import read_osm_pbf
from sdaasp_geo.sources.osm_tags import limit_text
from sdaasp_geo.tables.gate import schema_faults
from sdaasp_geo.tables.schemas import ROADS


@pytest.mark.parametrize(
    ("tags", "foot", "bike"),
    [
        ({"highway": "residential"}, "foot", "bike"),
        ({"highway": "motorway"}, None, None),
        ({"highway": "motorway_link", "foot": "yes"}, None, None),
        ({"highway": "trunk"}, None, None),
        ({"highway": "trunk", "foot": "yes", "bicycle": "designated"}, "foot", "bike"),
        ({"highway": "footway"}, "foot", "bike_pushed"),
        ({"highway": "footway", "bicycle": "designated"}, "foot", "bike"),
        ({"highway": "pedestrian", "area": "yes"}, "foot", "bike_pushed"),
        ({"highway": "steps"}, "foot_steps", "bike_steps"),
        ({"highway": "steps", "bicycle": "dismount"}, "foot_steps", "bike_steps"),
        ({"highway": "cycleway"}, None, "bike"),
        ({"highway": "cycleway", "foot": "designated"}, "foot", "bike"),
        ({"highway": "track"}, "foot", "bike_track"),
        ({"highway": "path"}, "foot", "bike_path"),
        ({"highway": "path", "bicycle": "dismount"}, "foot", "bike_pushed"),
        ({"highway": "bridleway"}, None, None),
        ({"highway": "construction"}, None, None),
        ({"route": "ferry"}, "ferry", "ferry"),
    ],
)
def test_classes(tags, foot, bike):
    assert (osm_profiles.foot_class(tags), osm_profiles.bike_class(tags)) == (foot, bike)
    assert {foot, bike} - {None} <= CLASS_SPEED_KMH.keys()


@pytest.mark.parametrize(
    ("tags", "foot", "bike"),
    [
        ({}, None, None),
        ({"access": "private"}, "access=private", "access=private"),
        ({"access": "no", "foot": "yes"}, None, "access=no"),
        ({"access": "no", "bicycle": "permissive"}, "access=no", None),
        ({"vehicle": "no"}, None, "vehicle=no"),
        ({"motor_vehicle": "no"}, None, None),
        ({"access": "bus"}, "access=bus", "access=bus"),
        (
            {"foot": "use_sidepath", "bicycle": "use_sidepath"},
            "foot=use_sidepath",
            "bicycle=use_sidepath",
        ),
        ({"bicycle": "dismount"}, None, None),
        ({"access": "destination"}, None, None),
        ({"motorroad": "yes", "access": "yes"}, "motorroad=yes", "motorroad=yes"),
        ({"motorroad": "yes", "bicycle": "yes"}, "motorroad=yes", None),
    ],
)
def test_refusals(tags, foot, bike):
    assert (osm_profiles.foot_refusal(tags), osm_profiles.bike_refusal(tags)) == (foot, bike)


@pytest.mark.parametrize(
    ("tags", "foot", "bike"),
    [
        ({"oneway": "yes"}, 0, 1),
        ({"oneway": "-1"}, 0, -1),
        ({"oneway:foot": "-1"}, -1, 0),
        ({"oneway": "yes", "oneway:bicycle": "no"}, 0, 0),
        ({"oneway:bicycle": "yes"}, 0, 1),
        ({"oneway": "yes", "oneway:bicycle": "-1"}, 0, -1),
        ({"oneway": "yes", "cycleway": "opposite_lane"}, 0, 0),
        ({"oneway": "-1", "cycleway:left": "opposite"}, 0, 0),
        ({"oneway": "yes", "cycleway:left": "lane", "cycleway:left:oneway": "-1"}, 0, 0),
        ({"oneway": "yes", "cycleway:right": "lane"}, 0, 1),
        ({"junction": "roundabout"}, 0, 1),
        ({"junction": "circular", "oneway": "no"}, 0, 0),
        ({"oneway": "reversible"}, 0, 0),
    ],
)
def test_directions(tags, foot, bike):
    assert (osm_profiles.foot_direction(tags), osm_profiles.bike_direction(tags)) == (foot, bike)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"oneway": "yes", "maxspeed": "80", "maxspeed:forward": "70"}, "70"),
        ({"oneway": "-1", "maxspeed:forward": "70", "maxspeed:backward": "50"}, "50"),
        ({"oneway": "yes", "maxspeed:backward": "50"}, ""),
        ({"maxspeed:forward": "70", "maxspeed:backward": "50"}, "70;50"),
        ({"maxspeed": "80", "maxspeed:forward": "70"}, "80"),
        ({"highway": "residential", "zone:traffic": "FR:urban"}, "FR:urban"),
        ({"highway": "living_street", "zone:traffic": "FR:urban"}, ""),
        ({"highway": "motorway", "zone:traffic": "FR:urban"}, ""),
        ({"zone:maxspeed": "FR:30", "zone:traffic": "FR:urban"}, "FR:30"),
    ],
)
def test_limits_by_direction_and_zone(tags, expected):
    assert limit_text(tags) == expected


@pytest.fixture
def town(tmp_path):
    """A street along the south, a one-way one with a contraflow, steps back, and a motorway.

    Nodes stand a kilometre apart: 1 - 2 - 3 to the east, 4 north of 1.
    """
    nodes = [(1, (0, 0), {}), (2, (1, 0), {}), (3, (2, 0), {}), (4, (0, 1), {})]
    ways = [
        (11, [1, 2], {"highway": "primary", "maxspeed": "50"}),
        (12, [2, 3], {"highway": "residential", "oneway": "yes", "oneway:bicycle": "no"}),
        (13, [1, 4], {"highway": "steps"}),
        (14, [1, 3], {"highway": "motorway"}),
        (15, [4, 2], {"highway": "path", "bicycle": "no"}),
    ]
    return extracts.write_extract(tmp_path / "town.osm.pbf", nodes, ways)


def minutes(path, profile):
    """Minutes between nodes 1 … 4, by scipy on the network of a profile."""
    reading = read_osm_pbf(path, crs=lands.CRS, profile=profile)
    lands.adds_up(reading, 5)
    assert schema_faults(reading.table, ROADS, file="town") == []
    network = RoadNetwork.from_roads(reading.table, Assumptions())
    arcs = network.outgoing
    matrix = csr_array((arcs.weights_ms / 60_000, arcs.heads, arcs.indptr))
    places = [lands.xy(*place) for place in ((0, 0), (1, 0), (2, 0), (0, 1))]
    order = [np.hypot(network.node_x - x, network.node_y - y).argmin() for x, y in places]
    return reading, dijkstra(matrix)[np.ix_(order, order)]


def test_a_walker_goes_both_ways_and_up_the_steps(town):
    reading, times = minutes(town, "foot")
    # 1 km at 5 km/h; the limit of the street is not a walker's.
    assert times[0] == pytest.approx([0, 12, 24, 12], rel=1e-4)
    assert times[2, 0] == pytest.approx(24, rel=1e-4)
    assert reading.table["posted_kmh"].isna().all()
    assert reading.unused[["code", "reason"]].to_numpy().tolist() == [
        ["highway=motorway", "not made for walkers"]
    ]


def test_a_cyclist_rides_against_the_one_way_street_where_it_is_allowed(town):
    reading, times = minutes(town, "bike")
    # 1 km at 15 km/h is 4 min; the steps are climbed at 2 km/h.
    assert times[0] == pytest.approx([0, 4, 8, 30], rel=1e-4)
    assert times[2, 0] == pytest.approx(8, rel=1e-4)
    assert dict(zip(reading.unused["code"], reading.unused["reason"], strict=True)) == {
        "highway=motorway": "not made for cyclists",
        "bicycle=no": "closed to cyclists",
    }


def test_an_unknown_profile_is_told_with_the_rest(tmp_path):
    with pytest.raises(InputError, match="one of drive, foot, bike, found 'walk'") as caught:
        read_osm_pbf(tmp_path / "no.pbf", crs="EPSG:4326", profile="walk")
    assert [fault.column for fault in caught.value.faults] == ["crs", "profile", None]


def test_an_extract_without_ways_for_walkers(tmp_path):
    nodes = [(1, (0, 0), {}), (2, (1, 0), {})]
    path = extracts.write_extract(tmp_path / "m.pbf", nodes, [(9, [1, 2], {"highway": "motorway"})])
    with pytest.raises(InputError, match="none that walkers may use among 1 ways"):
        read_osm_pbf(path, crs=lands.CRS, profile="foot")


WORDS = {
    "highway": ["residential", "motorway", "footway", "steps", "cycleway", "track", "trunk", "x"],
    "route": ["ferry", "bus"],
    "access": ["no", "private", "yes", "destination;no"],
    "foot": ["yes", "no", "use_sidepath"],
    "bicycle": ["yes", "no", "dismount"],
    "oneway": ["yes", "-1", "reversible", "no"],
    "maxspeed": ["50", "fast", "FR:urban"],
    "area": ["yes"],
    "motorroad": ["yes"],
}
tags = st.fixed_dictionaries({}, optional={k: st.sampled_from(v) for k, v in WORDS.items()})
some_ways = st.lists(
    st.tuples(st.lists(st.integers(1, 7), min_size=2, max_size=4), tags), max_size=8
)


@given(some_ways, st.sampled_from(["drive", "foot", "bike"]))
@settings(deadline=None, max_examples=15)
def test_every_way_is_in_one_place_for_every_profile(tmp_path_factory, ways, profile):
    # Node 7 is not in the file.
    nodes = [(number, (number, number % 3), {}) for number in range(1, 7)]
    numbered = [(n, refs, said) for n, (refs, said) in enumerate(ways, start=1)]
    path = tmp_path_factory.getbasetemp() / "some.osm.pbf"
    extracts.write_extract(path, nodes, [*numbered, (99, [1, 2], {"highway": "service"})])
    reading = read_osm_pbf(path, crs=lands.CRS, profile=profile)
    roads = sum("highway" in said or said.get("route") == "ferry" for _, said in ways) + 1
    assert reading.rows_read == roads
    assert reading.rows_kept == roads - len(reading.rejects) - reading.unused["rows"].sum()
    assert schema_faults(reading.table, ROADS, file="some") == []
    assert reading.rejects["row"].is_unique
