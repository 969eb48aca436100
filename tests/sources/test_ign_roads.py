"""BD TOPO and ROUTE 500, written here as IGN writes them."""

import zipfile

import geopandas as gpd
import lands
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString

from sdaasp_geo.assumptions import Assumptions
from sdaasp_geo.errors import InputError
from sdaasp_geo.network.road_network import RoadNetwork
from sdaasp_geo.sources.bdtopo import read_bdtopo
from sdaasp_geo.sources.route500 import read_route500
from sdaasp_geo.tables.gate import schema_faults
from sdaasp_geo.tables.schemas import ROAD_JUNCTIONS, ROADS

# The names of the GeoPackage and the WFS, and those of the shapefiles.
LONG = {
    "id": "cleabs",
    "nature": "nature",
    "importance": "importance",
    "ground": "position_par_rapport_au_sol",
    "state": "etat_de_l_objet",
    "oneway": "sens_de_circulation",
    "speed": "vitesse_moyenne_vl",
    "access": "acces_vehicule_leger",
}
SHORT = {
    "id": "ID",
    "nature": "NATURE",
    "importance": "IMPORTANCE",
    "ground": "POS_SOL",
    "state": "ETAT",
    "oneway": "SENS",
    "speed": "VIT_MOY_VL",
    "access": "ACCES_VL",
}
ROAD = {
    "id": "TRONROUT0000000001",
    "nature": "Route à 1 chaussée",
    "importance": "3",
    "ground": "0",
    "state": "En service",
    "oneway": "Double sens",
    "speed": 60,
    "access": "Libre",
}


def line(*places):
    """A line with altitudes, as IGN's are."""
    return LineString([(*lands.xy(*place), 12.5) for place in places])


def bdtopo(path, *rows, names=LONG, layer="troncon_de_route"):
    """Write rows (line, changes to ROAD)."""
    told = [ROAD | changes for _, changes in rows]
    data = {theirs: [row[ours] for row in told] for ours, theirs in names.items()}
    frame = gpd.GeoDataFrame(data, geometry=[row[0] for row in rows], crs=lands.CRS)
    frame.to_file(path, **({"layer": layer} if path.suffix == ".gpkg" else {}))
    return path


def read(path, reader=read_bdtopo, **options):
    reading = reader(path, crs=lands.CRS, **options)
    out = len(reading.rejects) + int(reading.unused["rows"].sum())
    assert reading.rows_read == reading.rows_kept + out
    assert schema_faults(reading.table, ROADS, file="ign") == []
    return reading


@pytest.mark.parametrize(
    ("name", "names"), [("b.gpkg", LONG), ("TRONCON_DE_ROUTE.shp", SHORT), ("b.geojson", LONG)]
)
def test_both_spellings_by_hand(tmp_path, name, names):
    rows = [
        (line((0, 0), (1, 0)), {}),
        (line((1, 0), (1, 1)), {"oneway": "Sens direct", "speed": 30}),
        (line((2, 0), (1, 0)), {"oneway": "Sens inverse", "nature": "Type autoroutier"}),
    ]
    table = read(bdtopo(tmp_path / name, *rows, names=names)).table
    # 1 km at 60 and at 30 km/h.
    assert table["duration_min"].tolist() == pytest.approx([1, 2, 1], rel=1e-4)
    assert table["oneway"].tolist() == [False, True, True]
    assert table["road_class"].tolist() == ["secondary", "secondary", "motorway"]
    assert not shapely.has_z(table.geometry.to_numpy()).any()
    start = shapely.get_coordinates(table.geometry[2])[0]
    assert start == pytest.approx(lands.xy(1, 0), abs=0.01)


def test_a_zip_of_shapefiles_is_read_in_place(tmp_path):
    roads = bdtopo(tmp_path / "TRONCON_DE_ROUTE.shp", (line((0, 0), (1, 0)), {}), names=SHORT)
    other = bdtopo(tmp_path / "COURS_D_EAU.shp", (line((0, 0), (1, 0)), {}), names=SHORT)
    with zipfile.ZipFile(tmp_path / "BDT_3-0_SHP.zip", "w") as archive:
        for layer in (roads, other):
            for part in layer.parent.glob(f"{layer.stem}.*"):
                archive.write(part, f"TRANSPORT/{part.name}")
    assert len(read(tmp_path / "BDT_3-0_SHP.zip").table) == 1


def test_the_layer_is_found_among_others(tmp_path):
    path = bdtopo(tmp_path / "b.gpkg", (line((0, 0), (1, 0)), {"speed": 30}))
    bdtopo(path, (line((0, 0), (1, 0)), {}), layer="cours_d_eau")
    assert read(path).table["duration_min"].tolist() == pytest.approx([2])


CLASSES = [
    ({"nature": "Type autoroutier", "importance": "1"}, "motorway"),
    ({"nature": "Route à 2 chaussées", "importance": "1"}, "trunk"),
    ({"nature": "Route à 2 chaussées", "importance": "4"}, "secondary"),
    ({"importance": "1"}, "primary"),
    ({"importance": "4"}, "tertiary"),
    ({"importance": "5"}, "unclassified"),
    ({"importance": "6"}, "service"),
    ({"importance": None}, "service"),
    ({"nature": "Rond-point", "importance": "2"}, "primary"),
    ({"nature": "Bretelle", "importance": "2"}, "motorway_link"),
    ({"nature": "Bretelle", "importance": "5"}, "tertiary_link"),
    ({"nature": "Route empierrée"}, "service"),
    ({"nature": "Bac ou liaison maritime", "speed": None}, "ferry"),
]


def test_classes_and_the_speed_of_a_class(tmp_path):
    """Each kind of road with a speed, and again without one."""
    changed = [change | speed for change, _ in CLASSES for speed in ({}, {"speed": None})]
    rows = [(line((n, 0), (n + 1, 0)), change) for n, change in enumerate(changed)]
    table = read(bdtopo(tmp_path / "b.gpkg", *rows)).table
    assert table["road_class"].tolist()[::2] == [expected for _, expected in CLASSES]
    assert table["road_class"].tolist()[1::2] == [expected for _, expected in CLASSES]
    assert table["duration_min"].isna().tolist() == [row["speed"] is None for row in told(changed)]
    assert set(table["road_class"]) <= Assumptions().speed_kmh.keys()


def told(changed):
    return [ROAD | change for change in changed]


def test_roads_that_no_inhabitant_drives_are_counted(tmp_path):
    changes = [
        {},
        {"nature": "Chemin"},
        {"nature": "Escalier"},
        {"nature": "Piste cyclable", "speed": 0},
        {"access": "Physiquement impossible", "speed": 0},
        {"access": "Restreint aux ayants droit"},
        {"access": "A péage"},
        {"state": "En construction", "speed": 0},
        {"speed": 0},
        {"nature": "Téléphérique"},
        {"oneway": "Sens dessus dessous"},
    ]
    rows = [(line((n, 0), (n + 1, 0)), change) for n, change in enumerate(changes)]
    reading = read(bdtopo(tmp_path / "b.gpkg", *rows))
    assert len(reading.table) == 3
    told = reading.unused[["code", "reason"]].to_numpy().tolist()
    assert sorted(map(tuple, told)) == [
        ("0", "closed to cars: average speed 0"),
        ("Chemin", "not made for cars"),
        ("En construction", "not in service"),
        ("Escalier", "not made for cars"),
        ("Physiquement impossible", "closed to inhabitants' cars"),
        ("Piste cyclable", "not made for cars"),
        ("Restreint aux ayants droit", "closed to inhabitants' cars"),
    ]
    assert reading.rejects[["row", "value", "reason"]].to_numpy().tolist() == [
        [10, "Téléphérique", "no road class"]
    ]
    assert lands.rows_of(reading.flags) == {11: "unknown direction of traffic: taken as both ways"}


def test_a_bridge_does_not_meet_the_road_below(tmp_path):
    rows = [
        (line((0, 1), (2, 1)), {"ground": "1"}),
        (line((1, 0), (1, 2)), {}),
        (line((1, 2), (2, 1)), {}),
    ]
    network = RoadNetwork.from_roads(read(bdtopo(tmp_path / "b.gpkg", *rows)).table, Assumptions())
    # Five ends make four junctions; the crossing at (1, 1) is none.
    assert sorted(zip(network.node_x, network.node_y, strict=True)) == [
        pytest.approx(lands.xy(*place)) for place in [(0, 1), (1, 0), (1, 2), (2, 1)]
    ]


def test_roundabouts_where_junctions_cost_something(tmp_path):
    rows = [(line((0, 0), (1, 0)), {"nature": "Rond-point"}), (line((1, 0), (2, 0)), {})]
    table = read(bdtopo(tmp_path / "b.gpkg", *rows), junctions=True).table
    assert table["roundabout"].tolist() == [True, False]
    assert table[["signals_forward", "signals_backward"]].to_numpy().tolist() == [[0, 0], [0, 0]]
    assert schema_faults(table, ROAD_JUNCTIONS, file="ign") == []


def test_what_is_asked_of_the_lines_matters(tmp_path):
    rows = [(line((0, 0), (1, 0)), {}), (line((5, 0), (6, 0)), {})]
    path = bdtopo(tmp_path / "b.gpkg", *rows)
    reading = read(path, area=lands.box(-1, -1, 2, 2), length_factor=1.5)
    assert reading.table["duration_min"].tolist() == pytest.approx([1.5])
    assert reading.unused["reason"].tolist() == ["outside the study area"]


def fault_of(path, reader=read_bdtopo):
    with pytest.raises(InputError) as caught:
        reader(path, crs=lands.CRS)
    return str(caught.value)


def test_wrong_files(tmp_path):
    assert "no such file" in fault_of(tmp_path / "no.gpkg")
    none = bdtopo(tmp_path / "n.gpkg", (line((0, 0), (1, 0)), {"nature": "Sentier"}))
    assert "expected roads open to cars, found none among 1 features" in fault_of(none)
    other = bdtopo(tmp_path / "o.gpkg", (line((0, 0), (1, 0)), {}), names={"id": "cleabs"})
    message = fault_of(other)
    assert "column 'nature'" in message
    assert "column 'sens_de_circulation'" in message
    assert "column 'vocation'" in fault_of(other, read_route500)


STRETCH = {
    "ID_RTE500": "1",
    "VOCATION": "Liaison locale",
    "NB_CHAUSSE": "1 chaussée",
    "NB_VOIES": "2 voies larges",
    "ETAT": "Revêtu",
    "ACCES": "Libre",
    "RES_VERT": "Appartient",
    "SENS": "Double sens",
    "NUM_ROUTE": "D17",
    "LONGUEUR": 1.1,
    "CLASS_ADM": "Départementale",
}


def route500(path, *rows):
    told = [STRETCH | changes for _, changes in rows]
    data = {name: [row[name] for row in told] for name in STRETCH}
    gpd.GeoDataFrame(data, geometry=[row[0] for row in rows], crs=lands.CRS).to_file(path)
    return path


def test_route_500_by_hand(tmp_path):
    changes = [
        {},
        {"VOCATION": "Type autoroutier", "NB_CHAUSSE": "2 chaussées", "SENS": "Sens unique"},
        {"VOCATION": "Liaison principale", "NB_CHAUSSE": "2 chaussées", "SENS": "Sens inverse"},
        {"VOCATION": "Liaison principale", "SENS": "Sens direct"},
        {"VOCATION": "Liaison régionale", "LONGUEUR": 0.4},
        {"VOCATION": "Bretelle", "LONGUEUR": None},
    ]
    rows = [(line((n, 0), (n + 1, 0)), change) for n, change in enumerate(changes)]
    reading = read(
        route500(tmp_path / "TRONCON_ROUTE.shp", *rows), read_route500, length_factor=1.2
    )
    table = reading.table
    classes = ["tertiary", "motorway", "trunk", "primary", "secondary", "motorway_link"]
    assert table["road_class"].tolist() == classes
    assert table["oneway"].tolist() == [False, True, True, True, False, False]
    # Lengths of a kilometre and more are told well enough; the others follow the option.
    assert table["length_factor"].tolist() == pytest.approx([1.1] * 4 + [1.2] * 2, rel=1e-4)
    assert table[["posted_kmh", "duration_min"]].isna().all(axis=None)
    start = shapely.get_coordinates(table.geometry[2])[0]
    assert start == pytest.approx(lands.xy(3, 0), abs=0.01)
    lands.adds_up(reading, 6)
    assert reading.flags.empty


def test_route_500_closed_seasonal_and_strange(tmp_path):
    changes = [
        {"ACCES": "Saisonnier"},
        {"ACCES": "Interdit au public"},
        {"ETAT": "En construction"},
        {"LONGUEUR": 1100.0},
        {"VOCATION": "Chemin de halage"},
    ]
    rows = [(line((n, 0), (n + 1, 0)), change) for n, change in enumerate(changes)]
    reading = read(route500(tmp_path / "TRONCON_ROUTE.shp", *rows), read_route500)
    lands.adds_up(reading, 5)
    assert lands.rows_of(reading.flags) == {
        1: "closed in one season: taken as open",
        4: "told length does not fit the line: the length factor of the file instead",
    }
    assert reading.table["length_factor"].tolist() == pytest.approx([1.1, 1.0])
    assert sorted(reading.unused["reason"]) == ["closed to inhabitants' cars", "not in service"]
    assert lands.rows_of(reading.rejects) == {5: "no road class"}


places = st.tuples(st.integers(0, 3), st.integers(0, 3))
geometries = st.none() | st.lists(places, min_size=2, max_size=3).map(lambda p: line(*p))
words = {
    "nature": ["Route à 1 chaussée", "Chemin", "Bretelle", "?", None],
    "oneway": ["Double sens", "Sens direct", "Sens inverse", "Sans objet", "?", None],
    "speed": [50, 0, -5, None],
    "access": ["Libre", "Physiquement impossible", None],
    "state": ["En service", "En projet", None],
    "importance": ["1", "6", "9", "x", None],
}
changes = st.fixed_dictionaries({}, optional={k: st.sampled_from(v) for k, v in words.items()})


@given(st.lists(st.tuples(geometries, changes), max_size=6))
@settings(deadline=None, max_examples=8)
def test_every_stretch_is_in_one_place(tmp_path_factory, rows):
    path = tmp_path_factory.getbasetemp() / "some.gpkg"
    path.unlink(missing_ok=True)
    rows = [(line((0, 0), (1, 0)), {}), *rows]
    reading = read(bdtopo(path, *rows))
    assert reading.rows_read == len(rows)
    assert reading.rows_kept == len(reading.table)
    assert reading.rejects["row"].is_unique


def test_a_direction_that_is_not_told_is_flagged(tmp_path):
    path = bdtopo(tmp_path / "r.gpkg", (line((0, 0), (1, 0)), {"oneway": None}))
    reading = read(path)
    assert reading.table["oneway"].tolist() == [False]
    assert lands.rows_of(reading.flags) == {1: "unknown direction of traffic: taken as both ways"}
