"""The layers for QGIS, read back by other means than those that wrote them."""

import json
import sqlite3
from contextlib import closing
from xml.etree import ElementTree as ET

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest
import toy_diagnostic

from sdaasp_geo.report.files import commune_columns
from sdaasp_geo.report.geofiles import write_layers
from sdaasp_geo.report.palette import RAMP
from sdaasp_geo.report.tallies import CLASS_LABELS, minute_classes


@pytest.fixture(scope="module")
def layers(tmp_path_factory):
    diagnostic = toy_diagnostic.make()
    folder = tmp_path_factory.mktemp("layers")
    return diagnostic, folder, write_layers(diagnostic, folder)


def ask(path, query):
    with closing(sqlite3.connect(path)) as database:
        return database.execute(query).fetchall()


def test_layers_hold_the_columns_of_the_tables(layers):
    diagnostic, folder, paths = layers
    assert [path.name for path in paths] == ["carte.gpkg", "carte.parquet", "communes.qml"]
    names = [name for name, kind in pyogrio.list_layers(folder / "carte.gpkg") if kind]
    assert names == ["communes", "chefs_lieux", "sites"]
    both = [
        gpd.read_file(folder / "carte.gpkg", layer="communes"),
        gpd.read_parquet(folder / "carte.parquet"),
    ]
    for read in both:
        assert list(read.columns) == [*commune_columns(diagnostic), "geometry"]
        assert read.crs == diagnostic.communes.crs
        assert read["commune"].tolist() == diagnostic.communes["commune"].tolist()
        pd.testing.assert_series_equal(
            read["maternite_min"], diagnostic.communes["maternite_min"].reset_index(drop=True)
        )
        assert read.geometry.area.sum() == pytest.approx(diagnostic.communes.area.sum())
    seats = gpd.read_file(folder / "carte.gpkg", layer="chefs_lieux")
    assert seats.geometry.tolist() == diagnostic.communes["chef_lieu"].tolist()


def test_metadata_say_units_sources_and_choices(layers):
    _, folder, _ = layers
    told = pyogrio.read_info(folder / "carte.gpkg", layer="communes")["layer_metadata"]
    stored = json.loads(pq.read_schema(folder / "carte.parquet").metadata[b"sdaasp_geo"])
    assert told == stored
    assert "minutes de voiture" in told["Unités"]
    assert {"Sources", "Seuils d'éloignement", "Temps du panier"} <= set(told)


def test_styles_are_the_classes_of_the_maps(layers):
    diagnostic, folder, _ = layers
    rows = ask(
        folder / "carte.gpkg",
        "SELECT f_table_name, styleName, styleQML, useAsDefault FROM layer_styles",
    )
    assert [row[1] for row in rows if row[3]] == [
        "Panier de 4\u00a0services",
        "France Services, MSAP et autres lieux",
    ]
    assert len(rows) == 4 + 2 + 1 + 1
    default = next(row[2] for row in rows if row[3])
    assert default == (folder / "communes.qml").read_text("utf-8")
    root = ET.fromstring(default)
    rules = root.findall("renderer-v2/rules/rule")
    assert [rule.get("label") for rule in rules] == [*CLASS_LABELS, "Aucun temps connu"]
    colours = [
        prop.get("v") for prop in root.findall("renderer-v2/symbols/symbol/layer/prop[@k='color']")
    ]
    red, green, blue = (int(RAMP[0][at : at + 2], 16) for at in (1, 3, 5))
    assert colours[0] == f"{red},{green},{blue},255"
    headings = {item.get("field"): item.get("name") for item in root.findall("aliases/alias")}
    assert headings["pharmacie_min"] == "Pharmacie d'officine (min)"
    assert set(headings) <= set(commune_columns(diagnostic))


@pytest.mark.parametrize("minutes", [0.0, 4.99, 5.0, 14.9, 15.0, 29.99, 30.0, 200.0, None])
def test_a_rule_chooses_the_class_of_the_map(layers, minutes):
    _, folder, _ = layers
    root = ET.fromstring((folder / "communes.qml").read_text("utf-8"))
    # The expressions are plain SQL as well.
    value = "NULL" if minutes is None else str(minutes)
    kept = [
        number
        for number, rule in enumerate(root.findall("renderer-v2/rules/rule"))
        if ask(":memory:", f'SELECT {rule.get("filter")} FROM (SELECT {value} AS "basket_min")')[0][
            0
        ]
    ]
    rank = int(minute_classes(pd.Series([minutes], dtype="float64"))[0])
    assert kept == [rank if rank >= 0 else len(CLASS_LABELS)]


def test_same_bytes(layers, tmp_path):
    diagnostic, _, paths = layers
    again = write_layers(diagnostic, tmp_path)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in paths]


def test_whatever_a_diagnostic_holds_can_be_written(edge, tmp_path):
    write_layers(edge, tmp_path)
    read = gpd.read_file(tmp_path / "carte.gpkg", layer="communes")
    assert read["name"].fillna("").tolist() == edge.communes["name"].fillna("").tolist()
    ET.fromstring((tmp_path / "communes.qml").read_text("utf-8"))
