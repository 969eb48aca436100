"""The main job on four communes, every figure by hand."""

import dataclasses
import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

import sdaasp_geo as sg
import toy_territory
from sdaasp_geo.pipeline.inputs import read_inputs
from sdaasp_geo.pipeline.steps import diagnose_inputs
from sdaasp_geo.report.tallies import partial_means


@pytest.fixture(scope="module")
def territory(tmp_path_factory):
    return sg.read_territory(toy_territory.write(tmp_path_factory.mktemp("toy")))


@pytest.fixture(scope="module")
def diagnostic(territory):
    return sg.diagnose(territory)


def column(diagnostic, name):
    return diagnostic.communes.set_index("name")[name].to_dict()


def test_times_by_hand(diagnostic):
    # Aa: 1 km² for four pharmacies, half a spacing of 500 m. The others go 10 km.
    assert column(diagnostic, "pharmacie_min") == pytest.approx({"Aa": 0.25, "Bé": 10, "Cé": 10})
    # Cé finds the pharmacy across the border nearer than Aa's.
    assert column(diagnostic, "pharmacie_facility")["Cé"] == "02001-D301"
    assert column(diagnostic, "pharmacie_kind") == {
        "Aa": "internal_estimate",
        "Bé": "routed",
        "Cé": "routed",
    }
    assert column(diagnostic, "etablissement_court_sejour_min") == pytest.approx(
        {"Aa": 30, "Bé": 20, "Cé": 10}
    )


def test_means_by_hand(diagnostic):
    summary = diagnostic.summary
    assert summary["communes"] == 3
    assert summary["population"] == 2000
    assert summary["mean_min_by_service"]["pharmacie"] == pytest.approx(5.125)
    assert summary["mean_min"]["superieure"] == pytest.approx(22.5)
    # The mean of two services in Aa: (0.25 + 10 + 30) / 3, the CAF of Bé being 10 away.
    assert column(diagnostic, "basket_min")["Aa"] == pytest.approx((0.25 + 10 + 30) / 3)
    assert "pharmacie" not in summary["services_without_facility"]
    assert len(summary["services_without_facility"]) == 26


def test_remoteness_by_hand(diagnostic):
    communes = diagnostic.communes.set_index("name")
    assert communes["remote_proximite"].to_dict() == {"Aa": False, "Bé": True, "Cé": True}
    # 20 minutes are not above 20.
    assert communes["remote_superieure"].to_dict() == {"Aa": True, "Bé": False, "Cé": False}
    assert communes["remote_gammes"].tolist() == [1, 1, 1]
    assert diagnostic.summary["remote"]["communes_by_number_of_gammes"] == {"1": 3, "2": 0, "3": 0}
    assert diagnostic.summary["remote"]["population_share"] == 1.0
    assert list(diagnostic.remote_communes["name"])[0] == "Aa"


def test_one_line_about_it(diagnostic):
    assert repr(diagnostic) == (
        "<Diagnostic Quatre communes: 3 communes, 2,000 inhabitants, 29 services, 3 remote communes>"
    )


def test_zones_epci_and_unreached(diagnostic):
    zones = diagnostic.zones
    assert zones.loc[zones["layer"] == "eloignement", "communes"].tolist() == [3]
    epci = diagnostic.epci.set_index("epci")
    assert epci["population"].to_dict() == {"200000001": 1500.0, "200000002": 500.0}
    assert epci.loc["200000001", "superieure_min"] == pytest.approx((1000 * 30 + 500 * 20) / 1500)
    assert diagnostic.summary["unreached"] == {
        "origins": 0,
        "population": 0,
        "pairs": 3 * 26,
        "by_reason": {"no_facility": 78},
    }


def test_what_was_not_used_is_told(diagnostic):
    unused = diagnostic.unused.set_index("code")["rows"].to_dict()
    assert unused["B999"] == 1
    assert unused["mairie"] == 1
    assert len(diagnostic.rejects) == 0


def test_every_rule_reaches_the_pipeline(tmp_path):
    def pharmacy_at_aa(rule):
        toml = toy_territory.TOML.replace(
            "[assumptions]", f'[assumptions]\nsame_commune = "{rule}"'
        )
        path = toy_territory.write(tmp_path / rule, toml=toml)
        return column(sg.diagnose(sg.read_territory(path)), "pharmacie_min")["Aa"]

    assert pharmacy_at_aa("zero") == 0.0
    assert pharmacy_at_aa("routed") == 0.0  # both stand at the chef-lieu, on the road


def test_buffer_decides_what_counts_across_the_border(tmp_path):
    toml = toy_territory.TOML.replace("buffer_km = 35", "buffer_km = 1")
    diagnostic = sg.diagnose(sg.read_territory(toy_territory.write(tmp_path, toml=toml)))
    assert "etablissement_court_sejour" in diagnostic.summary["services_without_facility"]
    assert column(diagnostic, "pharmacie_min")["Cé"] == pytest.approx(20.0)


def test_cache_changes_nothing_and_a_damaged_one_is_rebuilt(tmp_path, caplog):
    toml = toy_territory.TOML + '\n[cache]\ndir = "cache"\n'
    territory = sg.read_territory(toy_territory.write(tmp_path, toml=toml))
    first = sg.diagnose(territory)
    stored = next((tmp_path / "cache").glob("*.npz"))
    stamp = stored.stat().st_mtime_ns
    second = sg.diagnose(territory)
    assert stored.stat().st_mtime_ns == stamp
    pd.testing.assert_frame_equal(first.times, second.times)
    pd.testing.assert_frame_equal(first.unused, second.unused)
    stored.write_bytes(stored.read_bytes()[:-100])
    times = next((tmp_path / "cache").glob("times-*.parquet"))
    times.write_bytes(times.read_bytes()[:-100])
    third = sg.diagnose(territory)
    assert "computed anew" in caplog.text
    assert "built anew" in caplog.text
    pd.testing.assert_frame_equal(first.times, third.times)


def test_choices_that_only_average_keep_the_stored_times(tmp_path):
    toml = toy_territory.TOML + '\n[cache]\ndir = "cache"\n'
    sg.diagnose(sg.read_territory(toy_territory.write(tmp_path, toml=toml)))
    stored = list((tmp_path / "cache").glob("times-*"))
    other = toml.replace("[assumptions]", '[assumptions]\nmissing_service = "cap:60"')
    (tmp_path / "territory.toml").write_text(other, encoding="utf-8")
    sg.diagnose(sg.read_territory(tmp_path / "territory.toml"))
    assert list((tmp_path / "cache").glob("times-*")) == stored


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("access_speed_kmh = 60", "access_speed_kmh = 30"),
        ("vintage = 2013", "vintage = 2014"),
        ("buffer_km = 35", "buffer_km = 1"),
        ("[assumptions]", '[assumptions]\nsame_commune = "zero"'),
    ],
)
def test_what_changes_times_changes_their_key(tmp_path, old, new):
    toml = toy_territory.TOML + '\n[cache]\ndir = "cache"\n'
    sg.diagnose(sg.read_territory(toy_territory.write(tmp_path, toml=toml)))
    (tmp_path / "territory.toml").write_text(toml.replace(old, new), encoding="utf-8")
    sg.diagnose(sg.read_territory(tmp_path / "territory.toml"))
    assert len(list((tmp_path / "cache").glob("times-*"))) == 2


def test_an_input_that_changes_is_read_again(tmp_path):
    toml = toy_territory.TOML + '\n[cache]\ndir = "cache"\n'
    path = toy_territory.write(tmp_path, toml=toml)
    sg.diagnose(sg.read_territory(path))
    counts = tmp_path / "counts.csv"
    counts.write_text(counts.read_text() + "01002;D301;1\n", encoding="utf-8")
    after = sg.diagnose(sg.read_territory(path))
    assert column(after, "pharmacie_min")["Bé"] < 1


def test_the_cache_is_keyed_by_speeds(tmp_path):
    toml = toy_territory.TOML + '\n[cache]\ndir = "cache"\n'
    slow = toml.replace("local = 60", "local = 30")
    quick = sg.diagnose(sg.read_territory(toy_territory.write(tmp_path, toml=toml)))
    (tmp_path / "territory.toml").write_text(slow, encoding="utf-8")
    slower = sg.diagnose(sg.read_territory(tmp_path / "territory.toml"))
    assert column(slower, "pharmacie_min")["Bé"] == 2 * column(quick, "pharmacie_min")["Bé"]


def test_squares_as_origins(tmp_path):
    path = toy_territory.write(tmp_path)
    x, y = toy_territory.X0, toy_territory.Y0
    squares = pd.DataFrame(
        {"id": ["a", "b"], "ind": [30.0, 10.0], "x": [x + 2e3, x + 8e3], "y": [y + 6e3, y + 5e3]}
    )
    squares.to_csv(tmp_path / "squares.csv", index=False)
    toml = toy_territory.TOML + (
        '\n[origins]\nkind = "points"\npath = "squares.csv"\n'
        'columns = { origin = "id", population = "ind", x = "x", y = "y" }\n'
    )
    path.write_text(toml, encoding="utf-8")
    diagnostic = sg.diagnose(sg.read_territory(path))
    people = diagnostic.origins.set_index("origin")["population"].to_dict()
    # Aa's thousand inhabitants, 3 to 1; communes without a point keep their chef-lieu.
    assert people == pytest.approx({"a": 750.0, "b": 250.0, "01002": 500.0, "01003": 500.0})
    assert diagnostic.summary["population"] == 2000
    hospital = diagnostic.times.set_index(["origin", "service"])["time_min"]
    assert hospital["a", "etablissement_court_sejour"] == pytest.approx(1 + 33)
    assert hospital["b", "etablissement_court_sejour"] == pytest.approx(27)


def test_a_commune_that_is_partly_left_out_says_so(tmp_path):
    """Ten of Aa's hundred live by the road, ninety too far from it to be attached."""
    path = toy_territory.write(tmp_path)
    x, y = toy_territory.X0, toy_territory.Y0
    squares = pd.DataFrame(
        {"id": ["a", "b"], "ind": [10.0, 90.0], "x": [x + 5e3, x + 5e3], "y": [y + 5e3, y + 9.9e3]}
    )
    squares.to_csv(tmp_path / "squares.csv", index=False)
    text = toy_territory.TOML.replace("[assumptions]", "[assumptions]\nsnap_limit_m = 1000")
    origins = (
        '\n[origins]\nkind = "points"\npath = "squares.csv"\n'
        'columns = { origin = "id", population = "ind", x = "x", y = "y" }\n'
    )
    path.write_text(text + origins, encoding="utf-8")
    diagnostic = sg.diagnose(sg.read_territory(path))
    aa = diagnostic.communes.set_index("name").loc["Aa"]
    assert aa["superieure_reached"] < aa["superieure_expected"]
    assert aa["services_reached"] < aa["services_expected"]
    assert partial_means(diagnostic, "basket").tolist() == [True, False, False]
    assert diagnostic.summary["unreached"]["population"] == 900


def test_inhabitants_without_an_inhabited_origin_are_spread(tmp_path):
    path = toy_territory.write(tmp_path)
    x, y = toy_territory.X0, toy_territory.Y0
    empty = pd.DataFrame({"id": ["a"], "ind": [0.0], "x": [x + 5e3], "y": [y + 5e3]})
    empty.to_csv(tmp_path / "squares.csv", index=False)
    origins = (
        '\n[origins]\nkind = "points"\npath = "squares.csv"\n'
        'columns = { origin = "id", population = "ind", x = "x", y = "y" }\n'
    )
    path.write_text(toy_territory.TOML + origins, encoding="utf-8")
    diagnostic = sg.diagnose(sg.read_territory(path))
    assert diagnostic.origins["population"].sum() == 2000


def test_inputs_changed_by_hand_do_not_meet_the_cache(tmp_path):
    toml = toy_territory.TOML + '\n[cache]\ndir = "cache"\n'
    territory = sg.read_territory(toy_territory.write(tmp_path, toml=toml))
    whole = sg.diagnose(territory)
    inputs = read_inputs(territory)
    facilities = inputs.facilities[inputs.facilities["service"] != "etablissement_court_sejour"]
    fewer = diagnose_inputs(territory, dataclasses.replace(inputs, facilities=facilities))
    assert "etablissement_court_sejour" in fewer.summary["services_without_facility"]
    pd.testing.assert_frame_equal(sg.diagnose(territory).times, whole.times)


def test_two_files_of_one_name_are_told_apart(tmp_path):
    other = tmp_path / "more"
    other.mkdir()
    (other / "counts.csv").write_text("DEPCOM;TYPEQU;NB_EQUIP\n01001;D301;4\n", encoding="utf-8")
    toml = toy_territory.TOML + (
        '\n[[facilities]]\nsource = "bpe_counts"\npath = "more/counts.csv"\nvintage = 2013\n'
    )
    diagnostic = sg.diagnose(sg.read_territory(toy_territory.write(tmp_path, toml=toml)))
    pharmacies = diagnostic.services.set_index("service").at["pharmacie", "facilities"]
    assert pharmacies == 4 + 4 + 1
    assert {"counts.csv"} & set(diagnostic.unused["source"])


def test_a_cap_lets_every_commune_be_judged(tmp_path):
    roads = toy_territory.roads().iloc[:3]  # Bé is reached, Cé is not
    path = toy_territory.write(
        tmp_path,
        toml=toy_territory.TOML.replace(
            "[assumptions]", '[assumptions]\nmissing_service = "cap:60"'
        ),
    )
    (tmp_path / "roads.gpkg").unlink()
    roads.to_file(tmp_path / "roads.gpkg", layer="roads")
    communes = sg.diagnose(sg.read_territory(path)).communes
    assert communes["remote_superieure"].notna().all()


def test_written_files(diagnostic, tmp_path):
    files = sg.write_diagnostic(diagnostic, tmp_path / "out", maps=False)
    names = {path.name for path in files}
    assert {
        "communes.parquet",
        "communes.csv",
        "services.csv",
        "gammes.csv",
        "epci.csv",
        "zones.gpkg",
        "rejects.csv",
        "summary.json",
        "provenance.json",
    } <= names
    assert all(path.is_file() for path in files)
    table = pd.read_parquet(tmp_path / "out" / "communes.parquet")
    assert list(table.columns[:8]) == [
        "commune",
        "name",
        "departement",
        "epci",
        "population",
        "bureau_de_poste_min",
        "bureau_de_poste_facility",
        "bureau_de_poste_kind",
    ]
    assert list(table.columns[-8:]) == [
        "proximite_min",
        "intermediaire_min",
        "superieure_min",
        "basket_min",
        "remote_proximite",
        "remote_intermediaire",
        "remote_superieure",
        "remote_gammes",
    ]
    assert np.isclose(table.set_index("name").loc["Aa", "pharmacie_min"], 0.25)
    assert len(gpd.read_file(tmp_path / "out" / "zones.gpkg", layer="eloignement")) == 1
    summary = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert summary["mean_min_by_service"]["infirmier"] is None
    assert {record["path"] for record in summary["provenance"]["inputs"]} == {
        "communes.gpkg",
        "roads.gpkg",
        "counts.csv",
        "operators.csv",
    }
    assert summary["provenance"]["assumptions"]["same_commune"] == "internal_estimate"
