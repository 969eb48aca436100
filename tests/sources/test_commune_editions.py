"""Communes, chefs-lieux and arrondissements as each edition of their publishers spells them."""

import gzip
from pathlib import Path

import geopandas as gpd
import lands
import pandas as pd
import pytest

from real_data import real_data
from sdaasp_geo.errors import InputError
from sdaasp_geo.sources.arrondissements import read_arrondissements
from sdaasp_geo.sources.chefs_lieux import read_chefs_lieux
from sdaasp_geo.sources.communes import communes_from_frame, read_communes
from sdaasp_geo.tables.inhabitants import Inhabitants

CRS = lands.CRS
CODES = list(lands.SQUARES)
EPCI = ["200054807", "200054781/200057966", "NR", None, "248400053"]
REAL = real_data("bouches-du-rhone") or Path("absent")


def layer(**columns):
    return gpd.GeoDataFrame(columns, geometry=lands.commune_layer().geometry, crs=CRS)


def points(**columns):
    middles = [lands.box(*corners).centroid for corners in lands.SQUARES.values()]
    return gpd.GeoDataFrame(columns, geometry=middles, crs=CRS)


def old_edition(folder):
    """ADMIN EXPRESS COG 3: a shapefile a layer, the points know the identifier alone."""
    ids = [f"COMMUNE_{number}" for number in range(5)]
    communes = layer(
        ID=ids, NOM=[f"C{code}" for code in CODES], NOM_M="C", INSEE_COM=CODES, STATUT="Commune simple",
        POPULATION=[10, 20, 30, 40, 50], INSEE_CAN="01", INSEE_DEP=[c[:2] for c in CODES],
        INSEE_REG="93", SIREN_EPCI=EPCI,
    )  # fmt: skip
    communes.to_file(folder / "COMMUNE.shp")
    seats = points(ID=[f"P{number}" for number in range(5)], NOM="x", ID_COM=ids[::-1])
    seats.to_file(folder / "CHFLIEU_COMMUNE.shp")
    return folder / "COMMUNE.shp", folder / "CHFLIEU_COMMUNE.shp"


def new_edition(folder):
    """ADMIN EXPRESS COG 4 (since 2025): one GeoPackage, columns spelled out."""
    path = folder / "ADMIN-EXPRESS-COG_4-0__GPKG_LAMB93.gpkg"
    communes = layer(
        cleabs="x", nom_officiel=[f"C{code}" for code in CODES], code_insee=CODES,
        population=[10, 20, 30, 40, 50], code_insee_du_departement=[c[:2] for c in CODES],
        codes_siren_des_epci=EPCI,
    )  # fmt: skip
    communes.to_file(path, layer="commune")
    points(cleabs="x", code_insee_de_la_commune=CODES).to_file(path, layer="chef_lieu_de_commune")
    halves = lands.arrondissement_layer()
    gpd.GeoDataFrame(
        {
            "nom_officiel": ["1er", "2e"], "code_insee": halves["insee"],
            "code_insee_de_la_commune_de_rattach": "13055", "population": [16, 14],
        },
        geometry=halves.geometry, crs=CRS,
    ).to_file(path, layer="arrondissement_municipal")  # fmt: skip
    return path, path


@pytest.mark.parametrize("edition", [old_edition, new_edition])
def test_admin_express_needs_no_columns(tmp_path, edition):
    path, seats = edition(tmp_path)
    given = read_chefs_lieux(seats, crs=CRS)
    lands.adds_up(given, 5)
    table = read_communes(path, crs=CRS, chefs_lieux=given.table).table.set_index("commune")
    assert table.loc[sorted(CODES), "name"].tolist() == [f"C{code}" for code in sorted(CODES)]
    assert table["population"].sum() == 150
    assert table["departement"].to_dict() == {code: code[:2] for code in CODES}
    # The métropole goes before the établissement public territorial; NR is in none.
    assert table["epci"].fillna("-")[CODES].tolist() == [
        "200054807",
        "200054781",
        "-",
        "-",
        "248400053",
    ]
    kinds = table["chef_lieu_kind"].to_dict()
    if edition is new_edition:
        assert set(kinds.values()) == {"given"}
    else:  # the identifiers were turned round: only the middle one is near its commune
        assert kinds["13055"] == "given"
        by_id = dict(zip(CODES[::-1], points().geometry, strict=True))
        code = given.table.set_index("commune").geometry
        assert all(code[key].distance(place) < 1 for key, place in by_id.items())


def test_arrondissements_of_the_new_edition(tmp_path):
    path, _ = new_edition(tmp_path)
    table = read_arrondissements(path, crs=CRS).table
    assert table["arrondissement"].tolist() == ["13201", "13202"]
    assert table["commune"].tolist() == ["13055", "13055"]
    bare = gpd.read_file(path, layer="arrondissement_municipal").drop(columns="population")
    bare.to_file(tmp_path / "bare.gpkg", layer="arrondissement_municipal")
    people = pd.DataFrame({"commune": ["13201", "13202"], "year": 2021.0, "population": [7.0, 8.0]})
    table = read_arrondissements(
        tmp_path / "bare.gpkg", crs=CRS, inhabitants=Inhabitants(people)
    ).table
    assert table["population"].tolist() == [7.0, 8.0]


def test_points_without_the_layer_that_goes_with_them_are_refused(tmp_path):
    _, seats = old_edition(tmp_path)
    for part in tmp_path.glob("COMMUNE.*"):
        part.unlink()
    with pytest.raises(InputError, match="the layer COMMUNE in the same file or folder"):
        read_chefs_lieux(seats, crs=CRS)


def test_etalab_contours_have_no_inhabitants(tmp_path):
    contours = layer(
        code=CODES, nom="C", departement=[code[:2] for code in CODES], region="93", epci=EPCI
    ).to_crs("EPSG:4326")
    plain = tmp_path / "communes-100m.geojson"
    contours.to_file(plain)
    path = tmp_path / "communes-100m.geojson.gz"
    path.write_bytes(gzip.compress(plain.read_bytes()))
    with pytest.raises(InputError, match="column 'population'"):
        read_communes(path, crs=CRS)
    people = pd.DataFrame({"commune": [*CODES[:4], "13202", "13201"], "year": 2021.0,
                           "population": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]})  # fmt: skip
    with pytest.raises(InputError, match="row 5, column 'population': expected a value"):
        read_communes(path, crs=CRS, inhabitants=Inhabitants(people))
    whole = pd.concat(
        [people, pd.DataFrame({"commune": ["84099"], "year": 2021.0, "population": 9.0})]
    )
    before = whole.copy()
    table = read_communes(path, crs=CRS, inhabitants=Inhabitants(whole)).table
    assert table.set_index("commune")["population"].to_dict() == {
        "13001": 1.0, "13003": 2.0, "13055": 3.0, "84001": 4.0, "84099": 9.0,
    }  # fmt: skip
    pd.testing.assert_frame_equal(whole, before)


def test_a_file_of_inhabitants_goes_before_the_layer_and_says_where_it_is_silent():
    people = pd.DataFrame({"commune": ["13001"], "year": 2021.0, "population": [7.0]})
    frame = lands.commune_layer()
    reading = communes_from_frame(
        frame, crs=CRS, columns=lands.COLUMNS, inhabitants=Inhabitants(people)
    )
    assert reading.table["population"].tolist() == [7.0, 2000.0, 3000.0, 4000.0, 5000.0]
    assert len(reading.flags) == 4
    assert "the layer's own instead" in reading.flags["reason"].iloc[0]


@pytest.mark.real
@pytest.mark.skipif(not REAL.is_dir(), reason="no real data: bouches-du-rhone")
def test_the_real_layers_need_no_columns():
    path = REAL / "communes.gpkg"
    seats = read_chefs_lieux(path, crs=CRS, layer="chefs_lieux")
    reading = read_communes(path, crs=CRS, chefs_lieux=seats.table)
    table = reading.table
    assert len(table) == 609
    assert (table["departement"] == "13").sum() == 119
    assert table.loc[table["departement"] == "13", "population"].sum() == 2_024_162
    assert table["epci_name"].notna().all()
    assert len(read_arrondissements(path, crs=CRS, layer="arrondissements").table) == 16
