"""The tables of a diagnostic as files."""

import json
import sqlite3
from contextlib import closing

import geopandas as gpd
import pandas as pd
import pytest
import toy_diagnostic

from sdaasp_geo.report.files import plain_json, spreadsheet_frame, write_tables

NAMES = [
    "communes.parquet",
    "communes.csv",
    "services.csv",
    "gammes.csv",
    "epci.csv",
    "zones.gpkg",
    "remote_against_others.csv",
    "access_times.parquet",
    "rejects.csv",
    "flags.csv",
    "unused.csv",
    "summary.json",
    "provenance.json",
]


def contents(paths):
    return {path.name: path.read_bytes() for path in paths}


def test_every_file_once_and_told(frozen_toy, tmp_path):
    told = []
    paths = write_tables(frozen_toy, tmp_path / "new" / "out", progress=lambda *x: told.append(x))
    assert [path.name for path in paths] == NAMES
    assert all(path.is_file() for path in paths)
    assert told == [(done, len(NAMES), name) for done, name in enumerate(NAMES, start=1)]


def test_columns_of_communes(toy, tmp_path):
    write_tables(toy, tmp_path)
    header = (tmp_path / "communes.csv").read_text("utf-8").splitlines()[0].split(",")
    assert header[:8] == [
        *("commune", "name", "departement", "epci", "population"),
        *("boulangerie_min", "boulangerie_facility", "boulangerie_kind"),
    ]
    assert header[-6:] == [
        *("proximite_min", "superieure_min", "basket_min"),
        *("remote_proximite", "remote_superieure", "remote_gammes"),
    ]
    assert len(header) == 5 + 4 * 3 + 6
    assert list(pd.read_parquet(tmp_path / "communes.parquet").columns) == header


def test_figures_of_a_commune(toy, tmp_path):
    write_tables(toy, tmp_path)
    table = pd.read_csv(tmp_path / "communes.csv", dtype={"commune": "str"}).set_index("commune")
    # The eighth: column 3, row 1: 5 and 6 min, 40 min.
    line = table.loc["99008"]
    assert line["population"] == 800
    assert line["proximite_min"] == 5.5
    assert line["basket_min"] == 17.0
    assert line["remote_gammes"] == 2
    assert pd.isna(line["urgences_min"])
    assert pd.isna(table.loc["99012", "remote_superieure"])


def test_parquet_keeps_digits_that_csv_rounds(tmp_path):
    frame = toy_diagnostic.communes().assign(boulangerie_min=1 / 3)
    write_tables(toy_diagnostic.make(frame), tmp_path)
    assert pd.read_parquet(tmp_path / "communes.parquet")["boulangerie_min"].iloc[0] == 1 / 3
    assert pd.read_csv(tmp_path / "communes.csv")["boulangerie_min"].iloc[0] == 0.33
    assert pd.read_csv(tmp_path / "services.csv")["within_5_min"].iloc[0] == 1.0


def test_missing_kinds_stay_missing(toy, tmp_path):
    write_tables(toy, tmp_path)
    kinds = pd.read_parquet(tmp_path / "communes.parquet")["urgences_kind"]
    assert kinds.isna().all()
    assert "nan" not in (tmp_path / "communes.csv").read_text("utf-8").lower()


def test_formulas_are_harmless_in_text_only(tmp_path):
    toy = toy_diagnostic.make(toy_diagnostic.huge("=HYPERLINK(1)"))
    write_tables(toy, tmp_path)
    assert "'=HYPERLINK(1)" in (tmp_path / "communes.csv").read_text("utf-8")
    assert pd.read_parquet(tmp_path / "communes.parquet")["name"].iloc[0] == "=HYPERLINK(1)"
    numbers = pd.DataFrame({"extra_min": [-1.5], "name": ["-x"], "at": ["@x"], "tab": ["\tx"]})
    assert spreadsheet_frame(numbers).iloc[0].tolist() == [-1.5, "'-x", "'@x", "'\tx"]
    assert numbers["name"].tolist() == ["-x"]


def test_json_has_no_nan_and_keeps_its_order(toy, tmp_path):
    write_tables(toy, tmp_path)

    def refuse(name):
        raise AssertionError(name)

    found = json.loads((tmp_path / "summary.json").read_text("utf-8"), parse_constant=refuse)
    assert list(found) == list(toy.summary)
    assert found["odd"] is None
    assert found["population"] == 7800


def test_json_of_anything():
    assert plain_json(
        {"a": {3, 1}, 2: pd.Series([1.0, None]), "c": pd.NA, "d": pd.Timestamp(0)}
    ) == {
        "a": [1, 3],
        "2": [1.0, None],
        "c": None,
        "d": "1970-01-01 00:00:00",
    }


def test_zones(toy, tmp_path):
    write_tables(toy, tmp_path)
    for layer in ("eloignement", "panier"):
        zones = gpd.read_file(tmp_path / "zones.gpkg", layer=layer)
        expected = toy.zones[toy.zones["layer"] == layer]
        assert len(zones) == len(expected) > 0
        assert zones.crs == toy.zones.crs
        assert zones.area.sum() == pytest.approx(expected.area.sum())
        assert set(zones.geom_type) == {"MultiPolygon"}


def test_zones_without_any_are_valid_layers(tmp_path):
    write_tables(toy_diagnostic.make(toy_diagnostic.near()), tmp_path)
    for layer in ("eloignement", "panier"):
        zones = gpd.read_file(tmp_path / "zones.gpkg", layer=layer)
        assert zones.empty
        assert zones.crs.to_epsg() == 2154


def test_same_bytes_even_over_older_files(toy, tmp_path):
    first = contents(write_tables(toy, tmp_path / "a"))
    write_tables(toy_diagnostic.make(toy_diagnostic.near()), tmp_path / "b")
    assert contents(write_tables(toy, tmp_path / "b")) == first
    with closing(sqlite3.connect(tmp_path / "a" / "zones.gpkg")) as database:
        dates = database.execute("SELECT DISTINCT last_change FROM gpkg_contents").fetchall()
    assert dates == [("2000-01-01T00:00:00.000Z",)]


def test_every_edge_is_written(edge, tmp_path):
    assert [path.name for path in write_tables(edge, tmp_path)] == NAMES
    table = pd.read_csv(tmp_path / "communes.csv")
    assert len(table) == len(edge.communes)
