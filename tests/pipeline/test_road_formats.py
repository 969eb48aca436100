"""Roads and facilities of every format, through the territory file."""

import itertools

import geopandas as gpd
import networkx as nx
import osmium
import osmnx
import pytest
from osmium.osm.mutable import Node, Way
from pyproj import Transformer
from shapely import LineString

import toy_territory
from sdaasp_geo.errors import InputError, TerritoryError
from sdaasp_geo.network.road_network import RoadNetwork
from sdaasp_geo.pipeline import readers
from sdaasp_geo.pipeline.inputs import read_inputs
from sdaasp_geo.territory import read_territory

LINES = """[[roads]]
format = "lines"
path = "roads.gpkg"
layer = "roads"
columns = { road_class = "class" }
"""
# Four chefs-lieux in a row, 10 km apart.
SPOTS = [(toy_territory.X0 + 5_000 + 10_000 * n, toy_territory.Y0 + 5_000) for n in range(4)]


def toml(roads, more=""):
    assert LINES in toy_territory.TOML
    text = toy_territory.TOML.replace(LINES, roads)
    return text.replace("[assumptions]\n", f"{more}[assumptions]\n", 1)


def layer(path, **columns):
    lines = [LineString(pair) for pair in itertools.pairwise(SPOTS)]
    data = {name: [value] * 3 for name, value in columns.items()}
    gpd.GeoDataFrame(data, geometry=lines, crs="EPSG:2154").to_file(path)


def graph(path):
    roads = nx.MultiDiGraph(crs="EPSG:2154")
    for number, (x, y) in enumerate(SPOTS):
        roads.add_node(number, x=x, y=y)
    for number in range(3):
        ends = (number, number + 1)
        for start, end in (ends, ends[::-1]):
            roads.add_edge(start, end, osmid=1, highway="local", length=10_000.0)
    osmnx.save_graphml(roads, path)


def extract(path):
    degrees = Transformer.from_crs("EPSG:2154", "EPSG:4326", always_xy=True)
    tags = {"highway": "residential", "maxspeed": "75"}
    with osmium.SimpleWriter(str(path)) as writer:
        for number, spot in enumerate(SPOTS, start=1):
            told = {"amenity": "pharmacy"} if number == 3 else {}
            writer.add_node(Node(id=number, location=degrees.transform(*spot), tags=told))
        for number in (1, 2, 3):
            writer.add_way(Way(id=number, nodes=[number, number + 1], tags=tags))
        writer.add_way(Way(id=4, nodes=[1, 4], tags={"highway": "steps"}))


def bdtopo(path):
    told = {"nature": "Route à 1 chaussée", "sens_de_circulation": "Double sens"}
    layer(path, **told, vitesse_moyenne_vl=60)


def route500(path):
    layer(path, VOCATION="Liaison locale", SENS="Double sens", LONGUEUR=10.0)


@pytest.mark.parametrize(
    ("form", "name", "write", "streets"),
    [
        ("bdtopo", "troncon_de_route.gpkg", bdtopo, [600_000] * 3),
        # The class speed of a liaison locale is 40 km/h.
        ("route500", "TRONCON_ROUTE.shp", route500, [900_000] * 3),
        ("graphml", "roads.graphml", graph, [600_000] * 3),
        # A posted 75 km/h is driven at 60.
        ("osm_pbf", "roads.osm.pbf", extract, [600_000] * 3),
    ],
)
def test_every_format_makes_the_same_network(tmp_path, form, name, write, streets):
    write(tmp_path / name)
    roads = f'[[roads]]\nformat = "{form}"\npath = "{name}"\n'
    path = tmp_path / "t.toml"
    path.write_text(toml(roads), encoding="utf-8")
    territory = read_territory(path)
    table = readers.roads(territory, territory.roads[0], None).table
    network = RoadNetwork.from_roads(table, territory.assumptions)
    assert sorted(network.forward_ms.tolist()) == pytest.approx(streets, rel=1e-3)
    assert sorted(network.backward_ms.tolist()) == pytest.approx(streets, rel=1e-3)


OSM = '[[roads]]\nformat = "osm_pbf"\npath = "roads.osm.pbf"\n'


def test_walkers_and_facilities_of_one_extract(tmp_path):
    extract(tmp_path / "roads.osm.pbf")
    more = '[[facilities]]\nsource = "osm"\npath = "roads.osm.pbf"\n'
    path = toy_territory.write(tmp_path, toml=toml(OSM + 'profile = "foot"\n', more))
    inputs = read_inputs(read_territory(path))
    assert set(inputs.network.class_names) == {"foot", "foot_steps"}
    # 10 km at 5 km/h.
    assert min(inputs.network.forward_ms) == pytest.approx(7_200_000, rel=1e-3)
    found = inputs.facilities[inputs.facilities["source"] == "roads.osm.pbf"]
    told = ["facility", "service", "commune"]
    assert found[told].to_numpy().tolist() == [["node/3", "pharmacie", "01003"]]


@pytest.mark.parametrize(("profile", "kmh"), [("drive", 25.0), ("foot", 5.0), ("bike", 15.0)])
def test_the_access_leg_is_made_as_the_journey_is(tmp_path, profile, kmh):
    text = toml(OSM + f'profile = "{profile}"\n')
    path = tmp_path / "t.toml"
    path.write_text(text.replace("access_speed_kmh = 60\n", ""), encoding="utf-8")
    assert read_territory(path).assumptions.access_speed_kmh == kmh
    assert read_territory(path).profile == profile
    path.write_text(text, encoding="utf-8")
    assert read_territory(path).assumptions.access_speed_kmh == 60


@pytest.mark.parametrize(
    ("roads", "expected"),
    [
        (LINES + 'profile = "foot"\n', "'roads[1].profile': expected a key that format = 'lines'"),
        (OSM + 'layer = "a"\n', "'roads[1].layer': expected a key that format = 'osm_pbf'"),
        (OSM + OSM + 'profile = "foot"\n', "one profile for all roads, found drive, foot"),
        (OSM + 'profile = "walk"\n', "expected 'drive', 'foot' or 'bike', found 'walk'"),
    ],
)
def test_keys_that_nobody_would_read(tmp_path, roads, expected):
    path = tmp_path / "t.toml"
    path.write_text(toml(roads), encoding="utf-8")
    with pytest.raises(TerritoryError) as caught:
        read_territory(path)
    assert expected in str(caught.value)


FOOT = OSM + 'profile = "foot"\n'


def test_walkers_do_not_take_the_roads_of_cars(tmp_path):
    path = tmp_path / "t.toml"
    path.write_text(toml(FOOT + '[[roads]]\nformat = "bdtopo"\npath = "a"\n'), encoding="utf-8")
    with pytest.raises(
        TerritoryError, match=r"roads\[2\].format.*'bdtopo', which is read for cars"
    ):
        read_territory(path)


@pytest.mark.parametrize(
    ("told", "speeds", "found"),
    [
        ({"class": "local"}, "local = 60", "local at 60 km/h"),
        ({"class": "local"}, "local = 5", None),
        ({"class": "foot"}, "local = 60", None),
        ({"class": "ferry"}, "ferry = 20", None),
        ({"class": "foot", "limit": "50"}, "local = 60", "3 roads at the limit posted for cars"),
        ({"class": "local", "kmh": "4"}, "local = 60", None),
    ],
)
def test_lines_beside_walkers_are_theirs(tmp_path, told, speeds, found):
    layer(tmp_path / "paths.gpkg", **told)
    columns = {"class": "road_class", "limit": "maxspeed", "kmh": "speed_kmh"}
    named = ", ".join(f'{columns[name]} = "{name}"' for name in told)
    lines = f'[[roads]]\nformat = "lines"\npath = "paths.gpkg"\ncolumns = {{ {named} }}\n'
    path = tmp_path / "t.toml"
    text = toml(FOOT + lines).replace("local = 60", speeds)
    path.write_text(text, encoding="utf-8")
    territory = read_territory(path)
    if found is None:
        assert len(readers.roads(territory, territory.roads[1], None).table) == 3
        return
    with pytest.raises(InputError, match=f"goes at most 8 km/h, found {found}"):
        readers.roads(territory, territory.roads[1], None)


def test_a_pharmacy_of_two_files_is_told_to_count_twice(tmp_path):
    extract(tmp_path / "roads.osm.pbf")
    (tmp_path / "more.csv").write_text("s,c\npharmacie,01003\npharmacie,01002\n")
    more = """[[facilities]]
source = "osm"
path = "roads.osm.pbf"
[[facilities]]
source = "operators"
path = "more.csv"
columns = { service = "s", commune = "c" }
"""
    path = toy_territory.write(tmp_path, toml=toml(OSM, more))
    flags = read_inputs(read_territory(path)).flags
    told = flags[flags["row"] == 0][["source", "column", "value", "reason"]].to_numpy().tolist()
    reason = "1 of 2 places may be those of counts.csv, roads.osm.pbf: they count twice"
    assert told == [["more.csv", "service", "pharmacie", reason]]


def test_two_products_of_one_land_are_flagged_also_from_the_cache(tmp_path):
    twice = f"{LINES}\n{LINES.replace('roads.gpkg', 'again.gpkg')}"
    kept = f'{toml(twice)}\n[cache]\ndir = "cache"\n'
    path = toy_territory.write(tmp_path, toml=kept)
    toy_territory.roads().to_file(tmp_path / "again.gpkg", layer="roads")
    told = [read_inputs(read_territory(path)).flags for _ in range(2)]
    for flags in told:
        line = flags[flags["source"] == "again.gpkg"].iloc[0]
        assert line["reason"].startswith("roads of the same land as roads.gpkg")
        assert line["row"] == 0
