"""The example territory: same bytes, the promised counts, every kind of thing in it."""

import csv
import json
import re
import tomllib
from collections import Counter
from pathlib import Path

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import pyogrio
import pytest

import sdaasp_geo as sg
from sdaasp_geo.example.world import make_world
from sdaasp_geo.example.write import write_example, writer_versions

ROOT = Path(__file__).parents[2]
DATA = "../data/raw/exemple"
COMMITTED = ROOT / "data/raw/exemple"
MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The copy that the project keeps, written anew elsewhere."""
    root = tmp_path_factory.mktemp("project")
    paths = write_example(root / "territories", data=DATA, cache="../data/processed/cache")
    assert all(path.is_file() for path in paths)
    return root


@pytest.fixture(scope="module")
def data(project):
    return project / "data/raw/exemple"


@pytest.fixture(scope="module")
def ways(data):
    return [
        dict(way.tags) for way in osmium.FileProcessor(str(data / "routes.osm.pbf")) if way.is_way()
    ]


@pytest.fixture(scope="module")
def territory(project):
    return sg.read_territory(project / "territories/exemple.toml")


@pytest.fixture(scope="module")
def inputs(territory):
    return sg.check(territory)


@pytest.fixture(scope="module")
def diagnostic(territory):
    return sg.diagnose(territory)


def files(folder):
    return sorted(path for path in folder.iterdir() if path.is_file())


def contents(path):
    """What a file says, whoever wrote its bytes."""
    if path.suffix == ".gpkg":
        layers = {name: gpd.read_file(path, layer=name) for name, _ in pyogrio.list_layers(path)}
        return {
            name: (
                layer.shape,
                sorted(layer.columns),
                layer.select_dtypes("number").sum().to_dict(),
            )
            for name, layer in layers.items()
        }
    if path.suffix == ".csv":
        lines = path.read_text("utf-8").splitlines()
        rows = list(csv.reader(lines, delimiter=max(";,", key=lines[0].count)))
        return rows[0], len(rows)
    if path.suffix == ".pbf":
        return Counter(type(item).__name__ for item in osmium.FileProcessor(str(path)))
    return None


def test_the_committed_files_are_what_the_code_writes(project, data):
    assert [path.name for path in files(data)] == [path.name for path in files(COMMITTED)]
    for name in ("exemple.toml", "exemple-carreaux.toml"):
        assert (project / "territories" / name).read_bytes() == (
            ROOT / "territories" / name
        ).read_bytes()
    written_by = json.loads((COMMITTED / "versions.json").read_text("utf-8"))
    for path in files(data):
        if written_by == writer_versions():
            assert path.read_bytes() == (COMMITTED / path.name).read_bytes(), path.name
        else:
            assert contents(path) == contents(COMMITTED / path.name), path.name


def test_two_runs_write_the_same_bytes(data, tmp_path):
    paths = write_example(tmp_path)
    assert paths[0] == tmp_path / "exemple.toml"
    assert sg.read_territory(paths[0]).resolve("bpe23.csv").parent == tmp_path.resolve()
    for path in files(data):
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


def test_another_seed_is_another_territory(data):
    other = make_world(1)
    written = gpd.read_file(data / "communes.gpkg", layer="communes")
    assert other.communes.shape == written.shape
    assert other.communes["population"].tolist() != written["population"].tolist()
    bpe = pd.read_csv(data / "bpe23.csv", sep=";", dtype="str")
    assert other.bpe["LAMBERT_X"].tolist() != bpe["LAMBERT_X"].tolist()


def test_no_file_is_large(data):
    sizes = [path.stat().st_size for path in files(data)]
    assert max(sizes) < 2 * MEGABYTE
    assert sum(sizes) < 8 * MEGABYTE


def test_counts_of_places(data):
    communes = gpd.read_file(data / "communes.gpkg", layer="communes")
    here = communes[communes["dep"] == "99"]
    assert len(here) == 120
    assert here["siren_epci"].nunique() == 5
    assert (communes["dep"] == "98").sum() == 25
    assert abs(here["population"].sum() - 600_000) < 50
    assert communes["nom"].is_unique
    assert communes.crs.to_epsg() == 2154
    assert communes.geometry.is_valid.all()
    # Borders are shared to the metre: nothing overlaps.
    area = communes.geometry.area
    assert communes.geometry.union_all().area == pytest.approx(area.sum(), rel=1e-9)
    arrondissements = gpd.read_file(data / "communes.gpkg", layer="arrondissements")
    city = communes.set_index("code_insee").loc[arrondissements["code_commune"].iloc[0]]
    assert len(arrondissements) == 9
    assert arrondissements["population"].sum() == city["population"]
    seats = gpd.read_file(data / "communes.gpkg", layer="chefs_lieux")
    assert len(communes) - len(seats) == 2


def test_the_readme_tells_the_true_counts(data):
    text = re.sub(r"\s", "", (data / "README.md").read_text("utf-8"))
    communes = gpd.read_file(data / "communes.gpkg", layer="communes")
    population = int(communes.loc[communes["dep"] == "99", "population"].sum())
    nodes = contents(data / "routes.osm.pbf")["Node"]
    bpe_rows = contents(data / "bpe23.csv")[1] - 1
    assert f"{population}habitants" in text
    assert f"{nodes}nœuds" in text
    assert f"{bpe_rows}lignes" in text
    assert "n'existentpas" in text


def test_everything_says_that_it_is_fictional(project, data):
    raw = tomllib.loads((project / "territories/exemple.toml").read_text("utf-8"))
    assert raw["fictional"] is True
    assert "fictif" in raw["name"]
    bpe = pd.read_csv(data / "bpe23.csv", sep=";", dtype="str")
    assert (bpe["NOMRS"] == "FICTIF").all()
    for name, column in (("operateurs.csv", "nom"), ("france_services.csv", "lib_fs")):
        assert pd.read_csv(data / name)[column].str.contains("fictif").all()
    info = pyogrio.read_info(data / "communes.gpkg", layer="communes")
    assert "fictif" in info["layer_metadata"]["DESCRIPTION"]
    header = osmium.io.Reader(str(data / "routes.osm.pbf")).header()
    assert "fictional" in header.get("generator")


def test_roads_have_every_kind_of_tag(data, ways):
    assert contents(data / "routes.osm.pbf")["Node"] >= 40_000
    classes = {way["highway"] for way in ways if "highway" in way}
    assert classes >= {
        *("motorway", "motorway_link", "trunk", "primary", "secondary", "tertiary"),
        *("unclassified", "residential", "living_street", "service", "track"),
    }
    limits = {way.get("maxspeed") for way in ways}
    assert limits >= {"130", "80", "50", "30", "FR:urban", "FR:rural", None}
    for key, value in (
        ("oneway", "yes"),
        ("access", "private"),
        ("junction", "roundabout"),
        ("service", "parking_aisle"),
        ("zone:maxspeed", "FR:30"),
    ):
        assert any(way.get(key) == value for way in ways), key
    assert [way["duration"] for way in ways if way.get("route") == "ferry"] == ["00:12"]


def test_roads_make_a_mainland_an_island_and_car_parks(inputs):
    pieces = np.sort(inputs.network.component_nodes)[::-1]
    assert pieces[0] > 10_000
    assert 60 <= pieces[1] < 1_000
    assert len(pieces) == 5
    assert (pieces[2:] < 10).all()


def test_planted_faults_are_found_and_no_other(inputs):
    reasons = inputs.rejects["reason"].str.replace(r"^\d+ km", "far", regex=True)
    assert reasons.str.startswith("far").all()
    assert len(reasons) == 5
    assert reasons.str.contains("swapped").sum() == 2
    flags = Counter(re.sub(r"^[\d.]+ km .*", "far", text) for text in inputs.flags["reason"])
    # Three of the four points that were moved by 7.5 km lie more than 1 km off their commune.
    assert 1 <= flags.pop("far") <= 4
    assert flags == {
        "no position: placed at its commune": 10,
        "unknown commune code: placed by its position": 2,
        "no chef-lieu: an interior point instead": 2,
        "itinerant: it stands at its seat, not at its stops": 6,
    }
    assert {"A128", "A301", "A504", "C109", "C201", "access=private"} <= set(inputs.unused["code"])
    # No code of a merged commune is left unread.
    passage = {"99017", "99064", "99101"}
    assert not passage & set(inputs.facilities["commune"])


def test_old_codes_are_used(data):
    passage = {"99017", "99064", "99101"}
    bpe = pd.read_csv(data / "bpe23.csv", sep=";", dtype="str")
    assert passage <= set(bpe["DEPCOM"])
    operators = pd.read_csv(data / "operateurs.csv", dtype="str")
    assert passage & set(operators["code_insee"])


def test_every_service_has_a_facility(inputs):
    services = set(sg.load_basket("sdaasp-29").service_ids)
    assert set(inputs.facilities["service"]) == services
    assert len(inputs.sites) >= 20
    assert {"Fixe", "Multisites", "Itinérante", "Bus_équivalent"} <= set(inputs.sites["format"])


def test_squares_hold_the_inhabitants(project, data, inputs):
    squares = gpd.read_file(data / "carreaux_1km.gpkg")
    assert list(squares.columns) == ["idcar_1km", "ind", "i_est_1km", "geometry"]
    assert squares.crs.to_epsg() == 3035
    assert squares["idcar_1km"].is_unique
    communes = gpd.read_file(data / "communes.gpkg", layer="communes")
    assert squares["ind"].sum() == communes["population"].sum()
    squared = sg.check(sg.read_territory(project / "territories/exemple-carreaux.toml"))
    shared = squared.origins.groupby("commune")["population"].sum()
    told = inputs.origins.groupby("commune")["population"].sum()
    # Squares on a border belong to one side only.
    assert (shared - told).abs().sum() < 0.1 * told.sum()


def test_the_diagnostic_looks_like_one(diagnostic):
    summary = diagnostic.summary
    assert summary["services_without_facility"] == []
    mean = summary["mean_min"]
    assert 1 < mean["proximite"] < 5 < mean["intermediaire"] < 10 < mean["superieure"] < 25
    assert 0.05 <= summary["remote"]["population_share"] <= 0.2
    assert set(summary["unreached"]["by_reason"]) == {"other_component"}


def test_only_the_island_is_cut_off(diagnostic):
    lost = diagnostic.times[diagnostic.times["reason"].notna()]
    codes = diagnostic.communes.set_index("name")["commune"]
    assert set(lost["origin"]) == {codes["L'Île-Fauve"], codes["Port-Escharlin"]}
    # It has a doctor of its own, and no bank.
    assert "medecin_generaliste" not in set(lost["service"])
    assert "banque" in set(lost["service"])


def test_massif_and_delta_are_remote(diagnostic):
    communes = diagnostic.communes.set_index("name")
    assert communes.loc["Saintes-Graves-de-la-Mer", "superieure_min"] > 30
    massif = communes[communes["epci"] == "249900049"]
    assert (massif["remote_gammes"] == 3).sum() >= 5


def test_the_neighbour_serves_communes_of_the_border(diagnostic):
    nearest = diagnostic.communes["maternite_facility"].dropna()
    rows = nearest.str.split("-").str[1].astype("int64") - 2
    bpe = pd.read_csv(COMMITTED / "bpe23.csv", sep=";", dtype="str")
    across = bpe["DEPCOM"].iloc[rows].str.startswith("98")
    assert 5 <= across.sum() <= 50


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    with pytest.raises(sg.OutputError, match="expected a folder that can be written"):
        write_example(tmp_path / "file" / "exemple")
