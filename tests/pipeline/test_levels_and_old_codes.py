"""A territory whose files are of other years and other hands: codes, inhabitants, levels."""

import shutil

import geopandas as gpd
import pandas as pd
import pytest
from shapely import box

import sdaasp_geo as sg
import toy_territory
from sdaasp_geo.diagnostic.build import rebuilt
from sdaasp_geo.pipeline import inputs, readers
from sdaasp_geo.pipeline.gathering import Gathering
from sdaasp_geo.report.files import _writers
from sdaasp_geo.tables.gate import schema_faults
from sdaasp_geo.tables.origins import with_every_commune
from sdaasp_geo.tables.schemas import ORIGINS
from toy_territory import X0, Y0

MOVEMENTS = """MOD,DATE_EFF,TYPECOM_AV,COM_AV,LIBELLE_AV,TYPECOM_AP,COM_AP,LIBELLE_AP
31,2010-01-01,COM,01011,Ancienne,COM,01012,Moins ancienne
31,2010-01-01,COM,01012,Moins ancienne,COM,01012,Moins ancienne
32,2015-01-01,COM,01012,Moins ancienne,COM,01001,Aa
32,2015-01-01,COM,01001,Aa,COM,01001,Aa
41,2015-01-01,COM,03001,Dé,COM,02001,Dé
21,2014-01-01,COM,01003,Cé,COM,01003,Cé
21,2014-01-01,COM,01003,Cé,COM,01002,Bé
"""
POPULATIONS = """GEO;GEO_OBJECT;FREQ;POPREF_MEASURE;TIME_PERIOD;OBS_VALUE
01001;COM;A;PMUN;2021;900
01012;COM;A;PMUN;2021;100
01002;COM;A;PMUN;2021;500
01003;COM;A;PMUN;2021;500
02001;COM;A;PMUN;2021;300
"""
LEVELS = """CODGEO;LIBGEO;EPCI;LIBEPCI;BV2022;LIBBV2022;DENS;LIBDENS
01001;Aa;200000001;CC de l'Aa;01001;Aa;2;Urbain
01002;Bé;200000001;CC de l'Aa;01001;Aa;3;Rural
01003;Cé;200000002;CC du Cé;02001;Dé;3;Rural
02001;Dé;200000003;CC du Dé;02001;Dé;2;Urbain
"""
# An old code of Aa that only a chain of two mergers brings there, and Dé before it changed
# département.
COUNTS = "DEPCOM;TYPEQU;NB_EQUIP\n01011;D301;4\n03001;D301;1\n03001;D101;1\n01003;D301;1\n"
MORE = """
[communes.movements]
path = "v_mvt_commune_2026.csv"
[communes.populations]
path = "populations.csv"

[[levels]]
path = "levels.csv"
[[levels]]
kind = "areas"
path = "qpv.gpkg"
"""


def write(folder):
    head, tail = toy_territory.TOML.split("[[roads]]", 1)
    toml = f"{head}{MORE}\n[[roads]]{tail}".replace(', population = "pop", epci = "epci"', "")
    path = toy_territory.write(folder, toml=toml)
    for name, text in {
        "v_mvt_commune_2026.csv": MOVEMENTS,
        "populations.csv": POPULATIONS,
        "levels.csv": LEVELS,
        "counts.csv": COUNTS,
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "communes.gpkg").unlink()
    bare = toy_territory.communes()[["code", "nom", "geometry"]]
    bare.to_file(folder / "communes.gpkg", layer="communes")
    toy_territory.chefs_lieux().to_file(folder / "communes.gpkg", layer="chefs_lieux", mode="a")
    # One quarter around the chef-lieu of Bé, one in a field of Cé, one far away.
    places = [(1.4e4, 4e3), (2.0e4, 0.0), (9e4, 0.0)]
    shapes = [box(X0 + x, Y0 + y, X0 + x + 2e3, Y0 + y + 2e3) for x, y in places]
    codes = ["QN00101M", "QN00102M", "QN00103M"]
    names = ["Centre", "Champ", "Loin"]
    qpv = gpd.GeoDataFrame({"code_qp": codes, "lib_qp": names}, geometry=shapes, crs="EPSG:2154")
    qpv.to_file(folder / "qpv.gpkg")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write(tmp_path_factory.mktemp("old")).parent


@pytest.fixture(scope="module")
def diagnostic(folder):
    return sg.diagnose(sg.read_territory(folder / "territory.toml"))


def with_more(folder, tmp_path, more):
    """Return another territory file beside copies of the same files."""
    there = shutil.copytree(folder, tmp_path / "copy")
    path = there / "territory.toml"
    path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")
    return path


def test_old_codes_and_old_populations_reach_their_communes(diagnostic):
    people = diagnostic.communes.set_index("commune")["population"].to_dict()
    assert people == {"01001": 1000.0, "01002": 500.0, "01003": 500.0}
    minutes = diagnostic.communes.set_index("name")["pharmacie_min"]
    # As in the plain toy: four pharmacies in Aa, one in Dé, counted under codes of before.
    assert minutes.to_dict() == pytest.approx({"Aa": 0.25, "Bé": 10, "Cé": 10})


def test_a_commune_split_since_the_file_is_in_the_rejects(diagnostic):
    rows = diagnostic.rejects
    told = rows[rows["source"] == "counts.csv"]
    assert told["value"].tolist() == ["01003"]
    assert told["reason"].tolist() == ["a commune split since: 01002 or 01003 today"]
    assert told["row"].tolist() == [5]


def test_epci_have_the_names_of_the_table(diagnostic):
    assert diagnostic.epci["name"].tolist() == ["CC de l'Aa", "CC du Cé"]
    pd.testing.assert_frame_equal(
        sg.by_level(diagnostic, "epci").rename(columns={"code": "epci"}), diagnostic.epci
    )


def test_levels_by_hand(diagnostic):
    assert set(diagnostic.levels.names) == {"epci", "bassin_de_vie", "densite", "qpv"}
    basins = sg.by_level(diagnostic, "bassin_de_vie").set_index("name")
    assert basins["communes"].to_dict() == {"Aa": 2, "Dé": 1}
    assert basins["population"].to_dict() == {"Aa": 1500.0, "Dé": 500.0}
    commune = diagnostic.communes.set_index("commune")["basket_min"]
    assert basins["basket_min"]["Aa"] == pytest.approx(
        (1000 * commune["01001"] + 500 * commune["01002"]) / 1500
    )
    assert basins["basket_min"]["Dé"] == pytest.approx(commune["01003"])
    whole = sg.by_level(diagnostic, "departement")
    assert whole["population"].tolist() == [2000.0]
    summary = diagnostic.summary["mean_min"]["basket"]
    assert whole["basket_min"].tolist() == pytest.approx([summary])
    dense = sg.by_level(diagnostic, "densite")
    assert dense["remote_population"].sum() == diagnostic.summary["remote"]["population"]


def test_areas_hold_the_people_who_start_in_them(diagnostic):
    quarters = sg.by_level(diagnostic, "qpv").set_index("name")
    assert quarters["population"].to_dict() == {"Centre": 500.0, "Champ": 0.0}
    assert quarters["communes"].to_dict() == {"Centre": 1, "Champ": 0}
    commune = diagnostic.communes.set_index("commune")["basket_min"]
    assert quarters["basket_min"]["Centre"] == pytest.approx(commune["01002"])
    assert pd.isna(quarters["basket_min"]["Champ"])
    unused = diagnostic.unused[diagnostic.unused["source"] == "qpv.gpkg"]
    assert unused["rows"].tolist() == [1]


def test_an_unknown_level_is_told(diagnostic):
    with pytest.raises(
        ValueError, match=r"departement \(did you mean 'densite'\?\), found 'densit'"
    ):
        sg.by_level(diagnostic, "densit")


def test_one_table_a_level_is_written_and_the_files_are_in_the_provenance(diagnostic, tmp_path):
    writers = {name: write for name, write in _writers(diagnostic).items() if "level" in name}
    assert list(writers) == ["level_bassin_de_vie.csv", "level_densite.csv", "level_qpv.csv"]
    for name, write_one in writers.items():
        write_one(tmp_path / name)
    assert pd.read_csv(tmp_path / "level_qpv.csv")["code"].tolist() == ["QN00101M", "QN00102M"]
    assert len(pd.read_csv(tmp_path / "level_densite.csv")) == 2
    records = diagnostic.provenance["inputs"]
    roles = {item["role"]: item["path"] for item in records}
    assert roles["movements"] == "v_mvt_commune_2026.csv"
    assert roles["populations"] == "populations.csv"
    levels = [item["path"] for item in records if item["role"] == "levels"]
    assert levels == ["levels.csv", "qpv.gpkg"]


def test_levels_stay_when_a_scenario_rebuilds(diagnostic):
    after = rebuilt(diagnostic, diagnostic.times, diagnostic.land.facilities)
    assert after.levels is diagnostic.levels


def test_people_start_from_their_quarter_and_the_others_from_the_chef_lieu(
    diagnostic, folder, tmp_path
):
    section = """
[origins]
kind = "areas"
path = "peopled.gpkg"
columns = { population = "hab" }
"""
    path = with_more(folder, tmp_path, section)
    # In Aa 300 people; across Bé and Cé, half and half, 100; in Cé more than there are.
    places = [(1e3, 1e3), (1.9e4, 4e3), (2.5e4, 1e3)]
    shapes = [box(X0 + x, Y0 + y, X0 + x + 2e3, Y0 + y + 2e3) for x, y in places]
    quarters = gpd.GeoDataFrame(
        {"code_qp": ["QN1", "QN2", "QN3"], "hab": ["300", "100", "950"]},
        geometry=shapes,
        crs="EPSG:2154",
    )
    quarters.to_file(path.parent / "peopled.gpkg")
    places = diagnostic.land.places
    reading = readers.origins(sg.read_territory(path), places)
    origins = with_every_commune(reading.table, places, "01")
    assert schema_faults(origins, ORIGINS, file="o") == []
    people = origins.set_index("origin")["population"]
    assert people.to_dict() == pytest.approx(
        {
            "QN1": 300, "01001": 700,
            "QN2-01002": 50, "01002": 450,
            "QN2-01003": 25, "QN3": 475, "01003": 0,
        }
    )  # fmt: skip


def test_a_level_told_twice_is_refused(diagnostic, folder, tmp_path):
    path = with_more(folder, tmp_path, '[[levels]]\npath = "levels.csv"\nlevel = "epci"\n')
    gathering = Gathering()
    inputs._groups_and_areas(sg.read_territory(path), diagnostic.land.places, gathering)
    with pytest.raises(sg.InputError, match="1 fault.*\n.*each level once, found epci"):
        gathering.close()


def test_a_bad_file_of_people_does_not_make_every_commune_wrong(folder, tmp_path):
    path = with_more(folder, tmp_path, "")
    (path.parent / "populations.csv").write_text("a;b\n1;2\n", encoding="utf-8")
    gathering = Gathering()
    assert inputs._communes(sg.read_territory(path), gathering)[0] is None
    assert {fault.file for fault in gathering.faults} == {"populations.csv"}
