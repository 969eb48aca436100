"""Facilities from OpenStreetMap tags."""

import dataclasses

import extracts
import lands
import osmium
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from osmium.osm.mutable import Node, Way

from real_data import real_data
from sdaasp_geo.basket import load_basket
from sdaasp_geo.basket.tag_conditions import tag_condition
from sdaasp_geo.errors import InputError
from sdaasp_geo.sources.osm_facilities import read_osm_facilities
from sdaasp_geo.sources.osm_pbf import read_osm_pbf
from sdaasp_geo.sources.study import StudyArea
from sdaasp_geo.tables.gate import schema_faults
from sdaasp_geo.tables.places import Places
from sdaasp_geo.tables.schemas import FACILITIES

PHARMACY = {"amenity": "pharmacy", "name": "Pharmacie du Port"}
SCHOOLS = load_basket("education")


def read(path, *, basket=lands.BASKET, study=None, **options):
    reading = read_osm_facilities(path, study=study or lands.study(), basket=basket, **options)
    out = len(reading.rejects) + int(reading.unused["rows"].sum())
    assert reading.rows_read == reading.rows_kept + out
    assert schema_faults(reading.table, FACILITIES, file="osm") == []
    return reading


def unused(reading):
    columns = reading.unused[["code", "rows", "reason"]].to_numpy().tolist()
    return {(code, reason): rows for code, rows, reason in columns}


@pytest.fixture
def world(tmp_path):
    """A node, a building, and a site of two buildings with a courtyard."""
    corners, ring = extracts.square(10, 5, 5)
    west, ring_west = extracts.square(20, 22, 5)
    east, ring_east = extracts.square(30, 23, 5)
    nodes = [
        (1, (2, 2), PHARMACY),
        (2, (12, 3), {"amenity": "bench"}),
        (3, (3, 3), {"shop": "bakery;convenience", "amenity": "post_office"}),
        *corners,
        *west,
        *east,
    ]
    ways = [
        (100, ring, {"amenity": "bank", "building": "yes"}),
        (101, ring_west, {"building": "yes"}),
        (102, ring_east, {}),
    ]
    members = [("w", 101, "outer"), ("w", 102, ""), ("n", 1, "admin_centre")]
    relations = [
        (200, members, {"type": "multipolygon", "amenity": "hospital", "emergency": "yes"})
    ]
    path = tmp_path / "osm.pbf"
    return extracts.write_extract(path, nodes, ways, relations, moment="2024-03-01T20:21:22Z")


def test_points_buildings_and_sites_by_hand(world):
    reading = read(world)
    table = reading.table.set_index(["facility", "service"]).sort_index()
    assert table["commune"].to_dict() == {
        ("node/1", "pharmacie"): "13001",
        ("node/3", "boulangerie_ou_superette"): "13001",
        ("node/3", "bureau_de_poste"): "13001",
        ("relation/200", "etablissement_court_sejour"): "13003",
        ("relation/200", "urgences"): "13003",
        ("way/100", "banque"): "13001",
    }
    assert set(table["position_quality"]) == {"exact"}
    assert set(table["known_by"]) == {"position"}
    assert set(table["vintage"]) == {"2024-03-01"}
    assert table.loc[("node/1", "pharmacie"), "name"] == "Pharmacie du Port"
    # Centres: of a square of 100 m, and of two squares of 100 m a kilometre apart.
    for name, service, place in [
        ("node/1", "pharmacie", (2, 2)),
        ("way/100", "banque", (5.05, 5.05)),
        ("relation/200", "urgences", (22.55, 5.05)),
    ]:
        assert table.loc[(name, service), "geometry"].distance(lands.point(*place)) < 0.1
    assert (reading.rows_read, reading.rows_kept) == (5, 4)
    assert unused(reading) == {("amenity=bench", "no service of the basket has this code"): 1}
    assert reading.flags.empty


def test_the_vintage_that_is_given_holds(world):
    assert set(read(world, vintage=2023).table["vintage"]) == {"2023"}


def test_an_extract_without_a_day_is_undated(tmp_path):
    path = extracts.write_extract(tmp_path / "a.pbf", [(1, (2, 2), PHARMACY)])
    assert set(read(path).table["vintage"]) == {"non daté"}


def test_a_city_of_arrondissements(tmp_path):
    path = extracts.write_extract(tmp_path / "a.pbf", [(1, (16, 2), PHARMACY)])
    (row,) = read(path).table.to_dict("records")
    assert (row["commune"], row["unit"]) == ("13055", "13202")


def test_what_lies_elsewhere_or_is_closed_for_good_is_counted(tmp_path):
    nodes = [
        (1, (2, 2), PHARMACY),
        (2, (5, 115), PHARMACY),
        (3, (5, 300), PHARMACY),
        (4, (15, 15), PHARMACY),
        (5, (2, 3), PHARMACY | {"disused": "yes"}),
        (6, (2, 4), PHARMACY | {"opening_hours": "closed"}),
        (7, (2, 5), {"disused:amenity": "pharmacy"}),
    ]
    reading = read(extracts.write_extract(tmp_path / "a.pbf", nodes))
    assert reading.table["facility"].tolist() == ["node/1"]
    assert reading.rows_read == 6
    assert unused(reading) == {
        ("amenity=pharmacy", "closed for good"): 2,
        ("amenity=pharmacy", "outside the study area"): 1,
        ("84", "outside the study area"): 1,
        ("amenity=pharmacy", "in the study area, but its commune is not in the communes file"): 1,
    }


def test_what_stands_nowhere_is_rejected(tmp_path):
    ways = [(100, [8, 9, 8], {"amenity": "bank"})]
    relations = [
        (200, [("n", 1, "")], {"type": "site", "amenity": "hospital"}),
        (201, [("w", 999, "outer")], {"type": "multipolygon", "amenity": "hospital"}),
    ]
    path = extracts.write_extract(tmp_path / "a.pbf", [(1, (2, 2), PHARMACY)], ways, relations)
    reading = read(path)
    assert reading.rejects[["row", "value"]].to_numpy().tolist() == [
        [2, "way/100"],
        [3, "relation/200"],
        [4, "relation/201"],
    ]
    assert reading.rows_kept == 1


def test_part_of_an_outline_is_enough(tmp_path):
    nodes = [(1, (2, 2), {}), (2, (2.1, 2), {})]
    ways = [(100, [1, 2, 3, 4, 1], {"amenity": "bank"}), (101, [2, 5], {"amenity": "bank"})]
    table = read(extracts.write_extract(tmp_path / "a.pbf", nodes, ways)).table
    assert table.geometry[0].distance(lands.point(2.05, 2)) < 0.1
    assert table.geometry[1].distance(lands.point(2.1, 2)) < 0.1


@pytest.mark.parametrize(
    ("name", "of_building", "east", "flagged"),
    [
        ("Pharmacie", "Pharmacie", 5.05, True),
        ("Pharmacie", None, 5.05, True),
        (None, "Pharmacie", 5.105, True),
        (None, None, 5.2, False),
        ("Pharmacie du Nord", "Pharmacie du Sud", 5.05, False),
    ],
)
def test_a_point_in_a_building_of_the_same_service_is_flagged(
    tmp_path, name, of_building, east, flagged
):
    corners, ring = extracts.square(10, 5, 5)
    named = [{"amenity": "pharmacy"} | ({"name": n} if n else {}) for n in (name, of_building)]
    nodes = [(1, (east, 5.05), named[0]), (2, (5.05, 5.06), {"amenity": "bank"}), *corners]
    path = extracts.write_extract(tmp_path / "a.pbf", nodes, [(100, ring, named[1])])
    reading = read(path)
    assert len(reading.table) == 3
    told = lands.rows_of(reading.flags)
    assert told == ({1: "maybe the same place as way/100"} if flagged else {})


def test_two_doctors_at_one_door_are_two(tmp_path):
    doctor = {"amenity": "doctors"}
    nodes = [(1, (2, 2), doctor), (2, (2, 2), doctor | {"healthcare:speciality": "dermatology"})]
    nodes.append((3, (2, 2), doctor | {"healthcare:speciality": "general"}))
    reading = read(extracts.write_extract(tmp_path / "a.pbf", nodes))
    assert reading.table["facility"].tolist() == ["node/1", "node/3"]
    assert reading.flags.empty


def test_schools_by_their_french_kind(tmp_path):
    school = {"amenity": "school"}
    nodes = [
        (1, (2, 2), school | {"school:FR": "élémentaire"}),
        (2, (2, 3), school | {"school:FR": "colle\u0300ge"}),
        (3, (2, 4), school | {"school:FR": "secondaire"}),
        (4, (2, 5), school),
    ]
    reading = read(extracts.write_extract(tmp_path / "a.pbf", nodes), basket=SCHOOLS)
    pairs = zip(reading.table["facility"], reading.table["service"], strict=True)
    assert set(pairs) == {
        ("node/1", "ecole"),
        ("node/2", "college"),
        ("node/3", "college"),
        ("node/3", "lycee"),
    }
    assert unused(reading) == {("amenity=school", "no service of the basket has this code"): 1}


def test_own_tags_take_the_place_of_the_basket_s(tmp_path):
    nodes = [
        (1, (2, 2), PHARMACY),
        (2, (2, 3), {"office": "government", "name": "Maison de la solidarité"}),
        (3, (2, 4), {"healthcare": "pharmacy"}),
    ]
    path = extracts.write_extract(tmp_path / "a.pbf", nodes)
    told = {
        "office=government+name=maison de la solidarite": "maison_de_la_solidarite",
        "healthcare=pharmacy": "pharmacie",
    }
    table = read(path, services=told).table
    assert dict(zip(table["facility"], table["service"], strict=True)) == {
        "node/2": "maison_de_la_solidarite",
        "node/3": "pharmacie",
    }


def fault_of(path, **options):
    with pytest.raises(InputError) as caught:
        read(path, **options)
    return str(caught.value)


def test_wrong_files_and_wrong_services(tmp_path, world):
    assert "no such file" in fault_of(tmp_path / "no.pbf")
    cut = tmp_path / "cut.pbf"
    cut.write_bytes(world.read_bytes()[:-40])
    assert "interrupted download" in fault_of(cut)
    message = fault_of(tmp_path / "no.pbf", services={"amenity": "pharmacy", "shop=*": "pharmacie"})
    assert "did you mean 'pharmacie'?), found 'pharmacy'" in message
    assert "expected a condition on tags such as" in message
    bare = tuple(dataclasses.replace(service, osm=()) for service in SCHOOLS.services)
    basket = dataclasses.replace(SCHOOLS, services=bare)
    assert "a condition on tags for some service of 'education', found none" in fault_of(
        world, basket=basket
    )


@pytest.mark.parametrize("reader", [read, lambda path: read_osm_pbf(path, crs=lands.CRS)])
def test_texts_that_are_no_utf_8(tmp_path, reader):
    path = tmp_path / "t.pbf"
    tags = {"amenity": "pharmacy", "highway": "service", "name": "ZZZZ"}
    with osmium.SimpleWriter(osmium.io.File(str(path), "pbf,pbf_compression=none")) as writer:
        writer.add_node(Node(id=1, location=lands.lonlat(2, 2), tags=tags))
        writer.add_way(Way(id=1, nodes=[1, 1], tags=tags))
    path.write_bytes(path.read_bytes().replace(b"ZZZZ", b"\xff" * 4))
    with pytest.raises(InputError, match="a whole OpenStreetMap extract"):
        reader(path)


@pytest.mark.parametrize("text", ["amenity", "!amenity", "", "amenity=", "=x", "a=b+", "a=b+!c=d"])
def test_what_is_no_condition(text):
    with pytest.raises(ValueError, match="expected a condition on tags such as"):
        tag_condition(text)


def test_conditions():
    assert tag_condition("shop=*").holds({"shop": "yes"})
    assert not tag_condition("shop=*").holds({"amenity": "x"})
    assert not tag_condition("shop=*+!name").holds({"shop": "yes", "name": "A"})
    assert tag_condition("operator=Pôle emploi").holds({"operator": "POLE EMPLOI"})


KEYS = {
    "amenity": ["pharmacy", "bank", "bench", "doctors;pharmacy"],
    "shop": ["bakery", "shoes"],
    "disused": ["yes"],
    "name": ["A", "B"],
    "opening_hours": ["off", "24/7"],
}
tags = st.fixed_dictionaries({}, optional={k: st.sampled_from(v) for k, v in KEYS.items()})
spots = st.tuples(st.integers(-3, 40), st.integers(-3, 130))
refs = st.lists(st.integers(1, 9), min_size=2, max_size=5)


@given(
    st.lists(st.tuples(spots, tags), max_size=6),
    st.lists(st.tuples(refs, tags), max_size=4),
    st.lists(st.tuples(st.sampled_from(["multipolygon", "site"]), tags), max_size=2),
)
@settings(deadline=None, max_examples=12)
def test_every_object_is_in_one_place(tmp_path_factory, nodes, ways, relations):
    path = tmp_path_factory.getbasetemp() / "places.osm.pbf"
    written = extracts.write_extract(
        path,
        [(n, spot, said) for n, (spot, said) in enumerate(nodes, start=1)],
        [(n, course, said) for n, (course, said) in enumerate(ways, start=1)],
        [
            (n, [("w", 1, "outer"), ("w", 2, "outer")], said | {"type": kind})
            for n, (kind, said) in enumerate(relations, start=1)
        ],
    )
    reading = read(written)
    counted = sum(
        bool({"amenity", "shop"} & said.keys()) for _, said in [*nodes, *ways, *relations]
    )
    assert reading.rows_read == counted
    assert reading.rows_kept == reading.table["facility"].nunique()
    assert reading.rejects["row"].is_unique
    assert all(lands.study().area.covers(point) for point in reading.table.geometry)


@pytest.mark.real
def test_the_real_extract():
    """As many pharmacies and post offices as osmium counts, each in its commune and dated."""
    folder = real_data("osm")
    if folder is None:
        pytest.skip("no real data: osm")
    path = folder / "andorra.osm.pbf"
    land = lands.commune_layer().iloc[:1].to_crs("EPSG:2154")
    land = land.set_geometry([shapely.box(560_000, 6_130_000, 620_000, 6_190_000)])
    table = land.rename(columns=dict(zip(lands.COLUMNS.values(), lands.COLUMNS, strict=True)))
    table = table.assign(departement="13", chef_lieu=table.geometry.centroid)
    study = StudyArea(Places.from_tables(table, None, None), "13")
    reading = read(path, study=study)
    filtered = osmium.FileProcessor(str(path)).with_filter(
        osmium.filter.TagFilter(("amenity", "pharmacy"), ("amenity", "post_office"))
    )
    expected = {f"{'way' if thing.is_way() else 'node'}/{thing.id}" for thing in filtered}
    wanted = reading.table["service"].isin(["pharmacie", "bureau_de_poste"])
    assert set(reading.table.loc[wanted, "facility"]) == expected
    assert len(expected) >= 4
    assert set(reading.table["vintage"]) == {"2013-05-28"}
