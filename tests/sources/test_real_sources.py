"""The files of the Bouches-du-Rhône, read as their territory file says."""

import functools
import json
from pathlib import Path

import pandas as pd
import pytest

from real_data import real_data
from sdaasp_geo.sources.arrondissements import read_arrondissements
from sdaasp_geo.sources.bpe_counts import read_bpe_counts
from sdaasp_geo.sources.chefs_lieux import read_chefs_lieux
from sdaasp_geo.sources.communes import read_communes
from sdaasp_geo.sources.dila import read_annuaire
from sdaasp_geo.sources.france_services import read_france_services
from sdaasp_geo.sources.laposte import read_laposte
from sdaasp_geo.sources.lines import read_lines
from sdaasp_geo.sources.operators import OperatorForm, read_operators
from sdaasp_geo.sources.passage import read_passage
from sdaasp_geo.sources.study import StudyArea
from sdaasp_geo.tables.gate import schema_faults
from sdaasp_geo.tables.places import Places
from sdaasp_geo.tables.schemas import FACILITIES, ROADS, SITES
from sdaasp_geo.territory import read_territory

DATA = real_data("bouches-du-rhone") or Path("absent")

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not DATA.is_dir(), reason="no real data: bouches-du-rhone"),
]


@functools.cache
def territory():
    return read_territory(DATA / "territory.toml")


@functools.cache
def land():
    """Return communes, arrondissements, passage (readings) and the study area."""
    where = territory().communes
    points = read_chefs_lieux(
        DATA / where.chefs_lieux.path,
        crs=territory().crs,
        columns=where.chefs_lieux.columns,
        layer=where.chefs_lieux.layer,
    )
    communes = read_communes(
        DATA / where.path,
        crs=territory().crs,
        columns=where.columns,
        layer=where.layer,
        chefs_lieux=points.table,
    )
    parts = read_arrondissements(
        DATA / where.arrondissements.path,
        crs=territory().crs,
        columns=where.arrondissements.columns,
        layer=where.arrondissements.layer,
        communes=communes.table,
    )
    passage = read_passage(DATA / where.passage.path, columns=where.passage.columns)
    places = Places.from_tables(communes.table, parts.table, passage.table)
    area = places.study_area("13", territory().buffer_km)
    study = StudyArea(places, "13", area, territory().assumptions)
    return communes, parts, passage, study


def adds_up(reading, rows):
    rejected = len(reading.rejects)
    assert reading.rows_read == rows
    assert rows == len(reading.table) + rejected + int(reading.unused["rows"].sum())


def operators(place_by):
    section = next(item for item in territory().facilities if item.source == "operators")
    form = OperatorForm(section.columns, section.services, place_by, section.separator)
    path = DATA / section.path
    study = land()[3]
    return read_operators(path, study=study, basket=territory().basket, form=form, vintage=2016)


def test_communes_are_119_of_609():
    communes, parts, passage, study = land()
    table = communes.table
    assert len(table) == 609
    inside = table[table["departement"] == "13"]
    assert (len(inside), inside["population"].sum()) == (119, 2_024_162)
    assert set(table["chef_lieu_kind"]) == {"given"}
    assert len(parts.table) == 16
    assert passage.rows_read == 17
    # The city's arrondissements are units of their own and count nowhere twice.
    units = study.places.units
    assert (units["commune"] == "13055").sum() == 17
    assert study.places.aliases == {"34330": "34246"}


@pytest.mark.parametrize("place_by", ["position", "commune"])
def test_the_84_far_points_are_all_told(place_by):
    reading = operators(place_by)
    adds_up(reading, 1789)
    assert schema_faults(reading.table, FACILITIES, file="o") == []
    told = pd.concat([reading.rejects, reading.flags])
    far = told[told["reason"].str.contains("km from its commune")]
    assert len(far) == far["row"].nunique() == len(told) == 84
    hopeless = 10 if place_by == "position" else 0
    assert len(reading.rejects) == hopeless
    assert far["reason"].str.startswith("714 km from its commune 84001").sum() == 1


def test_far_points_against_an_independent_reckoning():
    rows = pd.read_csv(DATA / "operators.csv", dtype="str")
    study = land()[3]
    import geopandas as gpd  # noqa: PLC0415 (the oracle's own way)

    points = gpd.GeoSeries(
        gpd.points_from_xy(rows["lon"].astype(float), rows["lat"].astype(float)), crs=4326
    ).to_crs(2154)
    city = rows["code_insee"].where(~rows["code_insee"].str.startswith("132"), "13055")
    city = city.replace("34330", "34246")
    away = points.distance(study.places.units.geometry.loc[city].reset_index(drop=True))
    expected = set(rows.index[away > 1000] + 2)
    assert set(operators("commune").flags["row"]) == expected


def test_bpe_counts_of_marseille_are_by_arrondissement():
    path = DATA / "bpe2013_communes.csv"
    study = land()[3]
    reading = read_bpe_counts(path, study=study, basket=territory().basket, vintage=2013)
    adds_up(reading, 25_282)
    table = reading.table
    assert schema_faults(table, FACILITIES, file="b") == []
    assert reading.rejects.empty
    raw = pd.read_csv(path, sep=";", dtype={"DEPCOM": "str"})
    pharmacies = raw[(raw["TYPEQU"] == "D301") & raw["DEPCOM"].str.startswith("132")]
    found = table[(table["service"] == "pharmacie") & (table["commune"] == "13055")]
    assert found["count"].sum() == pharmacies["NB_EQUIP"].sum()
    assert found["unit"].tolist() == sorted(pharmacies["DEPCOM"])
    merged = table[table["unit"] == "34246"]
    assert merged.empty or merged["facility"].str[:5].isin(["34246", "34330"]).all()


def test_laposte_and_france_services():
    study = land()[3]
    post = read_laposte(DATA / "laposte_points.csv", study=study, basket=territory().basket)
    adds_up(post, 697)
    assert post.rejects.empty
    assert (post.flags["reason"] == "no position: placed at its commune").sum() == 1
    sites = read_france_services(DATA / "france_services.csv", study=study, vintage=2024)
    adds_up(sites, 115)
    assert schema_faults(sites.table, SITES, file="f") == []
    assert (sites.table["commune"].str[:2] == "13").sum() == 34


def test_points_that_only_know_their_commune_stand_at_its_chef_lieu():
    study = land()[3]
    post = read_laposte(DATA / "laposte_points.csv", study=study, basket=territory().basket)
    raw = pd.read_csv(DATA / "laposte_points.csv", sep=";", encoding="utf-8-sig", dtype="str")
    vague = raw[raw["Précision_du_géocodage"] == "Géocodé au centre de la commune"]
    told = post.table.set_index("facility")["position_quality"]
    vague = vague[vague["#Identifiant_du_site"].isin(told.index)]
    assert len(vague) > 50
    assert (told[vague["#Identifiant_du_site"]] == "commune").sum() >= len(vague) - 1
    # An antenne stands beside the bus that it belongs to: both are kept, and it is told.
    sites = read_france_services(DATA / "france_services.csv", study=study, vintage=2024)
    twins = sites.flags[sites.flags["reason"].str.startswith("same service")]
    assert twins["row"].tolist() == [116]
    moving = sites.flags["reason"].str.startswith("itinerant").sum()
    assert moving == sites.table["format"].isin(["Bus_équivalent", "Itinérante"]).sum() == 8


def test_the_annuaire_in_two_forms_gives_the_same_desks(tmp_path):
    rows = pd.read_csv(DATA / "operators.csv", dtype="str").to_dict("records")
    entries = [
        {
            "id": row["id"],
            "nom": row["nom"],
            "pivot": [{"type_service_local": row["service"], "code_insee_commune": [row["code_insee"]]}],
            "adresse": [{"type_adresse": "Adresse", "longitude": row["lon"], "latitude": row["lat"]}],
        }
        for row in rows
    ]  # fmt: skip
    path = tmp_path / "annuaire.json"
    path.write_text(json.dumps({"service": entries}), encoding="utf-8")
    basket = territory().basket
    annuaire = read_annuaire(
        path, study=land()[3], basket=basket, services={"pmi": "maison_de_la_solidarite"}
    )
    adds_up(annuaire, 1789)
    section = next(item for item in territory().facilities if item.source == "operators")
    kinds = {kind: service.id for service in basket.services for kind in service.annuaire}
    form = OperatorForm(section.columns, kinds | section.services)
    table = read_operators(
        DATA / section.path, study=land()[3], basket=basket, form=form, vintage=2016
    ).table
    keys = ["facility", "service", "unit", "position_quality"]
    expected = table[keys].sort_values(keys, ignore_index=True)
    assert annuaire.table[keys].sort_values(keys, ignore_index=True).equals(expected)


@pytest.mark.parametrize(("file", "rows"), [("roads", 6245), ("local_links", 3530)])
def test_roads(file, rows):
    area = land()[3].area
    reading = read_lines(
        DATA / f"{file}.gpkg",
        crs="EPSG:2154",
        columns={"road_class": "road_class", "oneway": "oneway"},
        length_factor=1.08,
        area=area,
    )
    adds_up(reading, rows)
    assert schema_faults(reading.table, ROADS, file="r") == []
    assert not reading.table["oneway"].any()
