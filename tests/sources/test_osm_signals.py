"""Traffic lights and roundabouts of OpenStreetMap extracts and of layers of lines."""

import geopandas as gpd
import numpy as np
import osmium
import pytest
from osmium.osm.mutable import Node, Way
from shapely import LineString, MultiLineString

from real_data import real_data
from sdaasp_geo.assumptions import Assumptions
from sdaasp_geo.network.road_network import RoadNetwork
from sdaasp_geo.sources.lines import read_lines
from sdaasp_geo.sources.osm_pbf import read_osm_pbf
from sdaasp_geo.tables.gate import schema_faults
from sdaasp_geo.tables.schemas import ROAD_JUNCTIONS, ROADS

CRS = "EPSG:2154"
LIGHT = {"highway": "traffic_signals"}
COLUMNS = ["signals_forward", "signals_backward", "roundabout"]


@pytest.fixture
def extract(tmp_path):
    def write(*ways, lights=(), other=()):
        """Ways as (nodes, tags); nodes 1, 2, 3 … stand in a row from west to east."""
        path = tmp_path / "extrait.osm.pbf"
        tags = dict(other) | {node: LIGHT | more for node, more in dict(lights).items()}
        with osmium.SimpleWriter(str(path), overwrite=True) as writer:
            for node in sorted({node for refs, _ in ways for node in refs} | {*tags}):
                place = 3.0 + node / 1000, 43.0 + (node // 10) / 1000
                writer.add_node(Node(id=node, location=place, tags=tags.get(node, {})))
            for number, (refs, more) in enumerate(ways, start=1):
                way_tags = {"highway": "residential"} | more
                writer.add_way(Way(id=number, nodes=refs, tags=way_tags))
        return path

    return write


def read(path, **options):
    reading = read_osm_pbf(path, crs=CRS, junctions=True, **options)
    assert schema_faults(reading.table, ROADS, file="r") == []
    assert schema_faults(reading.table, ROAD_JUNCTIONS, file="r") == []
    assert list(reading.table.columns) == [*ROADS.columns, *COLUMNS]
    return reading


def lights(path):
    return read(path).table[COLUMNS[:2]].to_numpy().tolist()


def test_a_light_at_a_junction_counts_for_those_who_arrive(extract):
    path = extract(([1, 2, 3], {}), ([2, 11], {}), lights={2: {}})
    # 1–2 and 2–3 along the way, 2–11 away from it.
    assert lights(path) == [[1, 0], [0, 1], [0, 1]]


def test_lights_amid_a_stretch_count_both_ways(extract):
    assert lights(extract(([1, 2, 3, 4], {}), lights={2: {}, 3: {}})) == [[2, 2]]


@pytest.mark.parametrize(
    ("said", "expected"),
    [("forward", [1, 0]), ("backward", [0, 1]), ("both", [1, 1]), ("nonsense", [1, 1])],
)
def test_a_light_may_be_for_one_direction(extract, said, expected):
    path = extract(([1, 2, 3], {}), lights={2: {"traffic_signals:direction": said}})
    assert lights(path) == [expected]


def test_a_street_turned_round_takes_its_lights_along(extract):
    path = extract(
        ([1, 2, 3], {"oneway": "-1"}), lights={2: {"traffic_signals:direction": "backward"}, 1: {}}
    )
    table = read(path).table
    # Traffic goes from 3 to 1 and meets the light at 2, which faces it, and the one at 1.
    assert table[COLUMNS[:2]].to_numpy().tolist() == [[2, 0]]
    assert table["oneway"].tolist() == [True]


def test_what_is_no_light_and_no_road(extract):
    crossing = {"highway": "crossing", "crossing": "traffic_signals"}
    path = extract(
        ([1, 2, 3], {}),
        ([2, 12], {"highway": "footway"}),
        lights={12: {}, 99: {}},
        other={2: crossing},
    )
    reading = read(path)
    assert reading.table[COLUMNS].to_numpy().tolist() == [[0, 0, False]]
    # Nodes are no rows of the file.
    assert reading.rows_read == 2


def test_roundabouts_are_told(extract):
    path = extract(
        ([1, 2, 12, 11, 1], {"junction": "roundabout"}),
        ([2, 3], {"junction": "circular"}),
        ([3, 4], {"junction": "jughandle"}),
    )
    table = read(path).table
    assert table["roundabout"].tolist() == [True, True, True, False]
    assert table["oneway"].tolist() == [True, True, True, False]


def test_roads_outside_the_area_take_their_lights_with_them(extract):
    path = extract(([1, 2], {}), ([3, 4], {}), lights={4: {}})
    east = read(path).table.geometry.iloc[1].buffer(1.0)
    table = read(path, area=east).table
    assert table[COLUMNS[:2]].to_numpy().tolist() == [[1, 0]]


def test_the_table_is_the_same_but_for_the_columns(extract):
    path = extract(([1, 2, 3], {"maxspeed": "50"}), ([2, 11], {}), lights={2: {}})
    plain = read_osm_pbf(path, crs=CRS)
    assert list(plain.table.columns) == list(ROADS.columns)
    assert plain.table.equals(read(path).table[list(ROADS.columns)])


def test_a_light_costs_time_on_the_way_and_not_at_its_beginning(extract):
    path = extract(([1, 2, 3], {}), ([2, 11], {}), lights={2: {}})
    table = read(path).table
    plain = RoadNetwork.from_roads(table, Assumptions())
    network = RoadNetwork.from_roads(table, Assumptions(signal_cost_s=2.0))
    assert network.forward_ms.tolist() == plain.forward_ms.tolist()
    more = network.outgoing.weights_ms - plain.outgoing.weights_ms
    centre = np.argmax(np.diff(network.outgoing.indptr))
    assert more.tolist() == (2_000 * (network.outgoing.heads == centre)).tolist()


def layer(path, geometries, **columns):
    frame = gpd.GeoDataFrame({"kind": ["local"] * len(geometries), **columns}, geometry=geometries)
    frame.set_crs(CRS).to_file(path)
    return path


X, Y = 700_000, 6_600_000
STREET = LineString([(X, Y), (X + 100, Y)])
NAMES = {"road_class": "kind", "signals": "feux", "roundabout": "nature"}


def test_lights_and_roundabouts_of_a_layer(tmp_path):
    path = layer(
        tmp_path / "r.gpkg",
        [STREET] * 5,
        feux=["2", None, "-1", "x", "0"],
        nature=["Rond-point", "Route à 1 chaussée", None, "roundabout", "oui"],
    )
    reading = read_lines(path, crs=CRS, columns=NAMES, junctions=True)
    table = reading.table
    assert schema_faults(table, ROAD_JUNCTIONS, file="r") == []
    assert (
        table["signals_forward"].tolist() == table["signals_backward"].tolist() == [2, 0, 0, 0, 0]
    )
    assert table["roundabout"].tolist() == [True, False, False, True, True]
    assert reading.flags[["row", "column", "value"]].to_numpy().tolist() == [
        [3, "feux", "-1"],
        [4, "feux", "x"],
    ]


def test_the_lights_of_a_multiline_are_met_once(tmp_path):
    parts = MultiLineString([[(X, Y), (X + 9, Y)], [(X + 9, Y), (X + 20, Y)]])
    path = layer(tmp_path / "r.gpkg", [parts, STREET], feux=[3, 1], nature=["oui", ""])
    table = read_lines(path, crs=CRS, columns=NAMES, junctions=True).table
    assert table["signals_forward"].tolist() == [3, 0, 1]
    assert table["roundabout"].tolist() == [True, True, False]


def test_a_layer_without_such_columns_has_none(tmp_path):
    path = layer(tmp_path / "r.gpkg", [STREET])
    reading = read_lines(path, crs=CRS, columns={"road_class": "kind"}, junctions=True)
    assert reading.table[COLUMNS].to_numpy().tolist() == [[0, 0, False]]
    plain = read_lines(path, crs=CRS, columns={"road_class": "kind"})
    assert list(plain.table.columns) == list(ROADS.columns)


@pytest.mark.real
def test_the_lights_of_the_real_extract_are_those_of_its_nodes():
    folder = real_data("osm")
    if folder is None:
        pytest.skip("no real data: osm")
    path = folder / "andorra.osm.pbf"
    nodes = osmium.FileProcessor(str(path), osmium.osm.NODE)
    lit = {node.id for node in nodes if node.tags.get("highway") == "traffic_signals"}
    table = read(path).table
    assert 0 < table["signals_forward"].sum() < 3 * len(lit)
    choices = Assumptions(signal_cost_s=2.0, left_turn_cost_s=7.5, roundabout_cost_s=3.0)
    plain, network = (RoadNetwork.from_roads(table, each) for each in (Assumptions(), choices))
    assert network.component_nodes.tolist() == plain.component_nodes.tolist()
    halts = np.concatenate(network.halts)
    assert set(np.unique(halts % 1_000)) == {0}
    assert table["roundabout"].sum() > 50
