"""Which codes became which service: on readings of BPE files of several vintages."""

import functools
from pathlib import Path

import lands
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from real_data import real_data
from sdaasp_geo.basket import Basket, Gamme, Service, load_basket
from sdaasp_geo.basket.mapping import (
    NO_CODE,
    NOT_HERE,
    codes_of_facilities,
    explain_mapping,
)
from sdaasp_geo.sources.bpe import read_bpe
from sdaasp_geo.sources.bpe_counts import read_bpe_counts
from sdaasp_geo.sources.communes import read_communes
from sdaasp_geo.sources.study import StudyArea
from sdaasp_geo.tables.places import Places

DATA = real_data("bouches-du-rhone") or Path("absent")
HEAD = "DEPCOM;AN;TYPEQU;LAMBERT_X;LAMBERT_Y;QUALITE_XY"

BASKET = Basket(
    name="essai",
    label="Essai",
    source="",
    gammes=(Gamme("g", "G"),),
    services=(
        Service("pharmacie", "Pharmacie", "g", ("D301", "D307")),
        Service("banque", "Banque", "g", ("A203",)),
        Service("orthophoniste", "Orthophoniste", "g", ("D235", "D282"), ("D282",)),
        Service("caf", "CAF", "g"),
        Service("msa", "MSA", "g"),
    ),
)


def detail(path, *codes):
    rows = [f"13001;2023;{code};{lands.xy(5, 5)[0]};{lands.xy(5, 5)[1]};Bonne" for code in codes]
    return read_bpe(lands.table(path, HEAD, *rows), study=lands.study(), basket=BASKET)


def test_what_matched_what_did_not_and_what_nobody_uses(tmp_path):
    reading = detail(tmp_path / "a.csv", "D307", "D307", "D282", "B101", "F101", "F101")
    mapping = explain_mapping(reading, BASKET)
    assert mapping.codes[["service", "code", "verified", "rows"]].to_numpy().tolist() == [
        ["pharmacie", "D301", True, 0],
        ["pharmacie", "D307", True, 2],
        ["banque", "A203", True, 0],
        ["orthophoniste", "D235", True, 0],
        ["orthophoniste", "D282", False, 1],
    ]
    services = mapping.services.set_index("service")
    assert services["codes_matched"].to_dict() == {
        "pharmacie": "D307", "banque": "", "orthophoniste": "D282", "caf": "", "msa": "",
    }  # fmt: skip
    assert services.loc["pharmacie", "codes_absent"] == "D301"
    assert services["cause"].dropna().to_dict() == {
        "banque": NOT_HERE, "caf": NO_CODE, "msa": NO_CODE,
    }  # fmt: skip
    assert mapping.without_facility == ["banque", "caf", "msa"]
    assert mapping.unverified == ["D282"]
    assert mapping.unused.to_numpy().tolist() == [["F101", 2], ["B101", 1]]


def test_counts_are_added_and_zones_elsewhere_are_no_codes(tmp_path):
    path = lands.table(
        tmp_path / "a.csv",
        "DEPCOM;TYPEQU;NB_EQUIP;DCIRIS",
        "13001;D301;4;13001_0101",
        "13001;D301;2;13001_0102",
        "13003;D307;5;",
        "13003;A203;0;",
        "13003;B101;7;",
        "75101;D301;9;",
    )
    reading = read_bpe_counts(path, study=lands.study(), basket=BASKET)
    mapping = explain_mapping(reading, BASKET)
    assert mapping.matched[["code", "rows", "facilities"]].to_numpy().tolist() == [
        ["D301", 2, 6],
        ["D307", 1, 5],
    ]
    # A count of 0 of a code that the basket has, and a département elsewhere, are not unused codes.
    assert mapping.unused.to_numpy().tolist() == [["B101", 1]]


def test_other_files_are_counted_apart():
    table = pd.DataFrame(
        {
            "facility": ["caf-D307-1", "D307-1", "D301", "x", "D301-9"],
            "service": ["caf", "pharmacie", "pharmacie", "caf", "banque"],
            "count": [1, 1, 3, 2, 1],
        },
        index=[7, 7, 8, 9, 10],
    )
    before = table.copy(deep=True)
    assert codes_of_facilities(table, BASKET).fillna("").tolist() == ["", "D307", "D301", "", ""]
    mapping = explain_mapping(table, BASKET)
    pd.testing.assert_frame_equal(table, before)
    services = mapping.services.set_index("service")
    assert services["facilities_of_other_files"].to_dict() == {
        "pharmacie": 0, "banque": 1, "orthophoniste": 0, "caf": 3, "msa": 0,
    }  # fmt: skip
    assert services["facilities_of_codes"].sum() == 4
    assert mapping.unused is None
    assert mapping.without_facility == ["orthophoniste", "msa"]


def test_a_table_of_another_basket_is_refused():
    table = pd.DataFrame({"facility": ["B101-2"], "service": ["supermarche"], "count": [1]})
    with pytest.raises(ValueError, match="services of the basket 'essai', found supermarche"):
        explain_mapping(table, BASKET)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(codes=st.lists(st.sampled_from(["D301", "d307", "A203", "D282", "B101", "E9"]), min_size=1))
def test_every_row_read_is_in_one_table(tmp_path, codes):
    reading = detail(tmp_path / "a.csv", *codes)
    mapping = explain_mapping(reading, BASKET)
    assert mapping.codes["rows"].sum() == len(reading.table)
    assert mapping.codes["rows"].sum() + mapping.unused["rows"].sum() == len(codes)
    for line in mapping.codes.itertuples():
        assert line.rows == sum(code.upper() == line.code for code in codes)


@functools.cache
def real_places():
    columns = {
        "commune": "code_insee",
        "name": "nom",
        "departement": "dep",
        "population": "population",
    }
    reading = read_communes(
        DATA / "communes.gpkg", crs=lands.CRS, columns=columns, layer="communes", chefs_lieux=None
    )
    return Places.from_tables(reading.table)


@pytest.mark.real
@pytest.mark.skipif(not DATA.is_dir(), reason="no real data: bouches-du-rhone")
@pytest.mark.parametrize("name", ["education", "soins-premiers", "vie-courante"])
def test_the_bpe_of_2013(name):
    basket, path = load_basket(name), DATA / "bpe2013_communes.csv"
    reading = read_bpe_counts(path, study=StudyArea(real_places(), "13"), basket=basket)
    mapping = explain_mapping(reading, basket)
    raw = pd.read_csv(path, sep=";", dtype={"DEPCOM": str})
    known = raw[raw["DEPCOM"].isin(real_places().units.index)]
    expected = known.groupby("TYPEQU")["NB_EQUIP"].sum()
    for line in mapping.codes.itertuples():
        assert line.facilities == expected.get(line.code, 0)
    # In 2013 every service of these baskets has a code; none of the codes of 2020 and after is there.
    assert mapping.without_facility == []
    assert not {"C107", "D307", "D265", "B207", "C103"} & set(mapping.matched["code"])
    assert mapping.unused is not None
    assert not set(mapping.unused["code"]) & set(basket.service_of_code)
