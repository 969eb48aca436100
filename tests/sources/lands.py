"""A toy land in Lambert-93, made of squares of 10 km, and writers of raw files.

The three lower squares are of département 13; the middle one is a city of two
arrondissements (west and east half). One square of 84 lies to the north, another 100 km
farther, outside the study area::

    84099            (100 km north)
    84001
    13001  13055=13201|13202  13003
"""

import functools
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely
from pyproj import Transformer

from sdaasp_geo.basket import load_basket
from sdaasp_geo.sources.study import StudyArea
from sdaasp_geo.tables.places import Places

CRS = "EPSG:2154"
WEST, SOUTH, KM = 880_000.0, 6_240_000.0, 1000.0
BASKET = load_basket("sdaasp-29")

_TO_DEGREES = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)

SQUARES = {
    "13001": (0, 0, 10, 10),
    "13003": (20, 0, 30, 10),
    "13055": (10, 0, 20, 10),
    "84001": (0, 10, 10, 20),
    "84099": (0, 110, 10, 120),
}
HALVES = {"13201": (10, 0, 15, 10), "13202": (15, 0, 20, 10)}


def box(west, south, east, north):
    """Square from corners in km from the south-west of the land."""
    corners = (WEST + west * KM, SOUTH + south * KM, WEST + east * KM, SOUTH + north * KM)
    return shapely.box(*corners)


def xy(east, north):
    return WEST + east * KM, SOUTH + north * KM


def point(east, north):
    return shapely.Point(*xy(east, north))


def lonlat(east, north):
    return _TO_DEGREES.transform(*xy(east, north))


def degrees(east, north, *, decimals=7):
    """Longitude and latitude as text."""
    return tuple(f"{value:.{decimals}f}" for value in lonlat(east, north))


def commune_layer():
    """A layer of communes as a file has it."""
    codes = list(SQUARES)
    return gpd.GeoDataFrame(
        {
            "insee": codes,
            "nom": [f"Commune {code}" for code in codes],
            "pop": [1000 * (number + 1) for number in range(len(codes))],
        },
        geometry=[box(*SQUARES[code]) for code in codes],
        crs=CRS,
    )


def arrondissement_layer():
    return gpd.GeoDataFrame(
        {
            "insee": list(HALVES),
            "ville": "13055",
            "nom": ["1er", "2e"],
            "pop": [1600, 1400],
        },
        geometry=[box(*corners) for corners in HALVES.values()],
        crs=CRS,
    )


COLUMNS = {"commune": "insee", "name": "nom", "population": "pop"}


def places(passage=(("13999", "13001"),)):
    """Places whose chefs-lieux are the middles of the squares, with one old code."""
    layer = commune_layer()
    communes = gpd.GeoDataFrame(
        {
            "commune": layer["insee"].astype("str"),
            "name": layer["nom"].astype("str"),
            "departement": layer["insee"].str[:2].astype("str"),
            "population": layer["pop"].astype(float),
            "chef_lieu": layer.geometry.centroid,
        },
        geometry=layer.geometry,
        crs=CRS,
    )
    halves = arrondissement_layer().rename(
        columns={"insee": "arrondissement", "ville": "commune", "nom": "name", "pop": "population"}
    )
    old = pd.DataFrame(list(passage), columns=["old", "commune"], dtype="str")
    return Places.from_tables(communes, halves, old)


@functools.cache
def _known():
    known = places()
    return known, known.study_area("13", 35.0)


def study(departement="13", *, bounded=True, **choices):
    """Return the study area of 13 and 35 km around, or one without bounds."""
    known, area = _known()
    return StudyArea(known, departement, area if bounded else None, **choices)


def write(path: Path, text: str, encoding="utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def table(path: Path, header: str, *rows: str, encoding="utf-8") -> Path:
    return write(path, "\n".join([header, *rows]) + "\n", encoding)


def rows_of(notes):
    """Rows of a rejects or flags table with their reasons."""
    return dict(zip(notes["row"], notes["reason"], strict=True))


def adds_up(reading, rows):
    """Whether every row of a file is in exactly one place, table rows being given."""
    rejected = list(reading.rejects["row"])
    assert len(set(rejected)) == len(rejected)
    assert reading.rows_read == rows
    assert reading.rows_kept == len(reading.table)
    assert rows == len(reading.table) + len(rejected) + int(reading.unused["rows"].sum())
