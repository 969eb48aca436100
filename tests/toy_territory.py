"""A territory of four communes in a row, written as files, every answer known by hand.

Squares of 10 km, a chef-lieu in the middle of each, one straight road through all:

    Aa (01001)  Bé (01002)  Cé (01003) | Dé (02001, the next département)
       1000        500         500     |    300 inhabitants

A kilometre takes a minute. Aa has four pharmacies and Dé one; only Dé has a hospital.
"""

import itertools
from pathlib import Path

import geopandas as gpd
from shapely import LineString, Point, box

X0, Y0 = 800_000.0, 6_500_000.0
CODES = ["01001", "01002", "01003", "02001"]
NAMES = ["Aa", "Bé", "Cé", "Dé"]

TOML = """
name = "Quatre communes"
departement = "01"
buffer_km = 35

[communes]
path = "communes.gpkg"
layer = "communes"
columns = { commune = "code", name = "nom", population = "pop", epci = "epci" }
[communes.chefs_lieux]
path = "communes.gpkg"
layer = "chefs_lieux"
columns = { commune = "code" }

[[roads]]
format = "lines"
path = "roads.gpkg"
layer = "roads"
columns = { road_class = "class" }

[[facilities]]
source = "bpe_counts"
path = "counts.csv"
vintage = 2013

[[facilities]]
source = "operators"
path = "operators.csv"
columns = { service = "service", facility = "id", commune = "code_insee", lon = "lon", lat = "lat" }
services = { caf = "point_accueil_caf" }
vintage = 2016

[assumptions]
speed_kmh = { local = 60 }
access_speed_kmh = 60
access_length_factor = 1.0
inhabited_density_per_km2 = 1000
min_component_nodes = 2

[thresholds]
proximite_min = 4
intermediaire_min = 10
superieure_min = 20
"""


def communes():
    return gpd.GeoDataFrame(
        {
            "code": CODES,
            "nom": NAMES,
            "pop": [1000, 500, 500, 300],
            "epci": ["200000001", "200000001", "200000002", "200000003"],
        },
        geometry=[box(X0 + 1e4 * i, Y0, X0 + 1e4 * (i + 1), Y0 + 1e4) for i in range(4)],
        crs="EPSG:2154",
    )


def chefs_lieux():
    points = [Point(X0 + 1e4 * i + 5e3, Y0 + 5e3) for i in range(4)]
    return gpd.GeoDataFrame({"code": CODES}, geometry=points, crs="EPSG:2154")


def roads():
    stops = [X0 + 5e3 * i for i in range(9)]
    lines = [LineString([(a, Y0 + 5e3), (b, Y0 + 5e3)]) for a, b in itertools.pairwise(stops)]
    return gpd.GeoDataFrame({"class": ["local"] * 8}, geometry=lines, crs="EPSG:2154")


def write(folder: Path, *, toml: str = TOML) -> Path:
    """Write every file and return the territory file."""
    folder.mkdir(parents=True, exist_ok=True)
    communes().to_file(folder / "communes.gpkg", layer="communes")
    chefs_lieux().to_file(folder / "communes.gpkg", layer="chefs_lieux", mode="a")
    roads().to_file(folder / "roads.gpkg", layer="roads")
    (folder / "counts.csv").write_text(
        "DEPCOM;TYPEQU;NB_EQUIP\n01001;D301;4\n02001;D301;1\n02001;D101;1\n01001;B999;3\n",
        encoding="utf-8",
    )
    at_b = gpd.GeoSeries([Point(X0 + 1.5e4, Y0 + 5e3)], crs="EPSG:2154").to_crs(4326)[0]
    (folder / "operators.csv").write_text(
        "service,id,code_insee,lon,lat\n"
        f"caf,caf-1,01002,{at_b.x:.7f},{at_b.y:.7f}\n"
        f"mairie,mairie-1,01002,{at_b.x:.7f},{at_b.y:.7f}\n",
        encoding="utf-8",
    )
    path = folder / "territory.toml"
    path.write_text(toml, encoding="utf-8")
    return path
