"""The commands simulate, locate and compare, on the territory of four communes in a row.

Aa (1,000 inhabitants), Bé (500) and Cé (500) lie 10 km, 10 minutes, from one to the next,
and Dé beyond the border; Aa has four pharmacies and Dé one.
"""

import dataclasses
import json
import sys

import geopandas as gpd
import pandas as pd
import pytest
from shapely import Point

import sdaasp_geo as sg
import toy_territory
from sdaasp_geo import cli
from sdaasp_geo.sources.candidates import read_candidates


@pytest.fixture
def territory(tmp_path):
    return toy_territory.write(tmp_path / "in")


@pytest.fixture
def run(monkeypatch, capsys):
    def command(*arguments):
        monkeypatch.setattr(sys, "argv", ["sdaasp-geo", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        said = capsys.readouterr()
        return caught.value.code, said.out + said.err

    return command


def scenario(tmp_path, text):
    path = tmp_path / "scenario.toml"
    path.write_text(f'name = "Essai"\n{text}', encoding="utf-8")
    return path


OPEN_IN_BE = '[[open]]\nname = "Guichet"\ncommune = "01002"\nservices = ["pharmacie"]\n'


def test_simulate_writes_the_gains(run, territory, tmp_path):
    path = scenario(tmp_path, OPEN_IN_BE)
    code, said = run("simulate", territory, path, "--out", tmp_path / "out", "--no-maps")
    assert code == 0, said
    summary = json.loads((tmp_path / "out" / "summary.json").read_text("utf-8"))
    # Cé drives 10 min to Bé instead of 10 min to Dé: only Bé gains.
    assert summary["inhabitants_gaining"] == 500
    assert summary["inhabitants_losing"] == 0
    assert (summary["opened"], summary["closed"]) == (1, 0)
    gains = pd.read_csv(tmp_path / "out" / "gains.csv", dtype={"commune": str})
    assert gains.set_index("commune")["gain_min"].gt(0).to_dict() == {
        "01001": False,
        "01002": True,
        "01003": False,
    }
    assert "files written" in said


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (OPEN_IN_BE.replace("pharmacie", "pharmacy"), "pharmacy"),
        (OPEN_IN_BE.replace("01002", "99999"), "99999"),
        (OPEN_IN_BE + "colour = 3\n", "colour"),
        ('[[close]]\nservice = "maternite"\ncommune = "01001"\n', "maternite"),
        ("", "at least one"),
    ],
)
def test_a_wrong_scenario_is_refused_and_nothing_is_written(run, territory, tmp_path, text, told):
    path = scenario(tmp_path, text)
    code, said = run("simulate", territory, path, "--out", tmp_path / "out", "--no-maps")
    assert code == 1
    assert told in said
    assert "Traceback" not in said
    assert not (tmp_path / "out").exists()


def test_the_scenario_may_not_lie_in_the_output_folder(run, territory, tmp_path):
    (tmp_path / "out").mkdir()
    path = scenario(tmp_path / "out", OPEN_IN_BE)
    code, said = run("simulate", territory, path, "--out", tmp_path / "out", "--no-maps")
    assert code == 1
    assert "scenario.toml in it" in said
    assert path.is_file()


def test_locate_among_the_mairies(run, territory, tmp_path):
    out = tmp_path / "out"
    options = ["--count", 1, "--service", "pharmacie", "--least-gain", 5, "--no-maps"]
    code, said = run("locate", territory, "--out", out, *options)
    assert code == 0, said
    # In Bé 500 gain 5 min or more; in Cé as many: the first of two equal sites is taken.
    sites = pd.read_csv(out / "sites.csv", dtype={"site": str, "commune": str})
    assert len(sites) == 1
    assert sites.at[0, "commune"] in {"01002", "01003"}
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    assert summary["status"] == "optimal"
    assert "optimal" in said


def test_locate_refuses_what_cannot_be(run, territory, tmp_path):
    out = tmp_path / "out"
    code, said = run("locate", territory, "--out", out, "--count", 9, "--service", "pharmacie")
    assert code == 1
    assert "9" in said
    code, said = run("locate", territory, "--out", out, "--count", 1, "--service", "pharmaci")
    assert code == 1
    assert "pharmacie" in said
    assert not out.exists()


def test_compare_a_territory_with_itself_changes_nothing(run, territory, tmp_path):
    code, said = run("compare", territory, territory, "--out", tmp_path / "out", "--no-maps")
    assert code == 0, said
    assert "0 opened" in said
    assert "0 closed" in said


def test_several_territories_side_by_side(run, territory, tmp_path):
    other = toy_territory.write(tmp_path / "other").rename(tmp_path / "other" / "second.toml")
    out = tmp_path / "out"
    code, said = run("diagnose", territory, other, "--out", out, "--no-maps")
    assert code == 0, said
    assert {path.name for path in out.iterdir()} == {territory.stem, "second"}
    assert (out / "second" / "communes.csv").is_file()


def test_candidates_from_a_table_and_from_a_layer(run, territory, tmp_path):
    table = tmp_path / "lieux.csv"
    table.write_text("name;commune;autre\nPoste de Cé;01003;x\nMairie de Bé;01002;y\n", "utf-8")
    frame = read_candidates(table)
    assert frame["name"].tolist() == ["Poste de Cé", "Mairie de Bé"]
    assert frame["commune"].tolist() == ["01003", "01002"]
    assert frame.geometry.isna().all()
    options = ["--count", 1, "--service", "pharmacie", "--no-maps", "--candidates", table]
    code, said = run("locate", territory, "--out", tmp_path / "out", *options)
    assert code == 0, said
    layer = tmp_path / "lieux.gpkg"
    points = gpd.GeoDataFrame({"site": ["a"]}, geometry=[Point(5.0, 46.0)], crs="EPSG:4326")
    points.to_file(layer)
    assert read_candidates(layer)["site"].tolist() == ["a"]
    assert read_candidates(layer).crs == points.crs


def test_every_fault_of_a_table_of_candidates_is_told(tmp_path):
    path = tmp_path / "lieux.csv"
    path.write_text("name,lon,lat\nA,5.1,46\nB,cinq,46\nC,5.2,nord\n", "utf-8")
    with pytest.raises(sg.InputError) as caught:
        read_candidates(path)
    assert [(fault.row, fault.column) for fault in caught.value.faults] == [(3, "lon"), (4, "lat")]
    for text, told in (
        ("nom,lon,lat\nA,5,46\n", "name"),
        ("name,x\nA,5\n", "commune"),
        ("", "lieux.csv"),
    ):
        path.write_text(text, "utf-8")
        with pytest.raises(sg.InputError, match=told):
            read_candidates(path)
    with pytest.raises(sg.InputError, match="no such file"):
        read_candidates(tmp_path / "absent.gpkg")


def test_a_layer_without_names_or_that_is_none(tmp_path):
    path = tmp_path / "lieux.geojson"
    gpd.GeoDataFrame({"nom": ["a"]}, geometry=[Point(5.0, 46.0)], crs="EPSG:4326").to_file(path)
    with pytest.raises(sg.InputError, match="'site' or 'name'"):
        read_candidates(path)
    path.write_text("bonjour", "utf-8")
    with pytest.raises(sg.InputError, match="a vector"):
        read_candidates(path)


def test_mairies_are_the_chefs_lieux_of_the_departement(territory):
    places = sg.mairies(sg.diagnose(sg.read_territory(territory)))
    assert places["site"].tolist() == ["01001", "01002", "01003"]
    assert places["known_by"].eq("commune").all()


def test_a_diagnostic_of_tables_alone_can_not_be_tried(territory):
    bare = dataclasses.replace(sg.diagnose(sg.read_territory(territory)), land=None)
    for attempt in (sg.mairies, sg.criticality):
        with pytest.raises((ValueError, sg.InputError), match="land"):
            attempt(bare)
