"""Communes, chefs-lieux, arrondissements and passage, and every fault of a layer."""

import re

import geopandas as gpd
import lands
import pandas as pd
import pyogrio
import pytest
import shapely

from sdaasp_geo.errors import InputError
from sdaasp_geo.sources.arrondissements import read_arrondissements
from sdaasp_geo.sources.chefs_lieux import read_chefs_lieux
from sdaasp_geo.sources.communes import communes_from_frame, read_communes
from sdaasp_geo.sources.passage import read_passage
from sdaasp_geo.tables.gate import schema_faults
from sdaasp_geo.tables.schemas import ARRONDISSEMENTS, COMMUNES, PASSAGE

CRS, COLUMNS = lands.CRS, lands.COLUMNS


def faults_of(frame, *, columns=COLUMNS, crs=CRS):
    with pytest.raises(InputError) as caught:
        communes_from_frame(frame, crs=crs, columns=columns, source="communes.gpkg")
    return [str(fault) for fault in caught.value.faults]


def with_cell(column, row, value):
    """Layer of communes in which one cell is wrong (rows counted from 1)."""
    layer = lands.commune_layer().astype({"pop": object})
    layer.loc[row - 1, column] = value
    return layer


def with_shape(row, shape):
    layer = lands.commune_layer()
    shapes = list(layer.geometry)
    shapes[row - 1] = shape
    return layer.set_geometry(gpd.GeoSeries(shapes, crs=layer.crs))


@pytest.mark.parametrize("name", ["c.gpkg", "c.shp", "c.geojson"])
def test_any_vector_file_gives_the_same_communes(tmp_path, name):
    layer = lands.commune_layer().iloc[::-1]
    if name.endswith("geojson"):
        layer = layer.to_crs("EPSG:4326")
    layer.to_file(tmp_path / name)
    reading = read_communes(tmp_path / name, crs=CRS, columns=COLUMNS)
    table = reading.table
    assert schema_faults(table, COMMUNES, file="c") == []
    assert table.crs == CRS
    assert table["commune"].tolist() == sorted(lands.SQUARES)
    assert table["departement"].tolist() == ["13", "13", "13", "84", "84"]
    assert table["population"].tolist() == [1000.0, 2000.0, 3000.0, 4000.0, 5000.0]
    assert table["epci"].isna().all()
    assert set(table["chef_lieu_kind"]) == {"interior_point"}
    assert table.geometry.covers(table["chef_lieu"]).all()
    assert shapely.area(table.geometry.iloc[0]) == pytest.approx(1e8, rel=1e-5)
    lands.adds_up(reading, 5)


def test_mapped_columns_are_kept_and_the_frame_is_not_changed():
    layer = lands.commune_layer().assign(dep="99", siren=["200", None, "200", "", "300"], ep="CC")
    layer["insee"] = layer["insee"].where(layer["insee"] != "13001", "2a004")
    before = layer.copy()
    columns = COLUMNS | {"departement": "dep", "epci": "siren", "epci_name": "ep"}
    table = communes_from_frame(layer, crs=CRS, columns=columns).table
    assert table["departement"].tolist() == ["99"] * 5
    assert table.set_index("commune")["epci"].fillna("-").to_dict() == {
        "13003": "-", "13055": "200", "2A004": "200", "84001": "-", "84099": "300",
    }  # fmt: skip
    assert set(table["epci_name"]) == {"CC"}
    pd.testing.assert_frame_equal(pd.DataFrame(layer), pd.DataFrame(before))


def test_own_names_need_no_mapping():
    layer = lands.commune_layer().rename(columns={v: k for k, v in COLUMNS.items()})
    assert len(communes_from_frame(layer, crs=CRS).table) == 5


def test_departement_of_a_code():
    codes = ["01004", "2A004", "97411", "13001", "98001"]
    layer = lands.commune_layer().assign(insee=codes)
    table = communes_from_frame(layer, crs=CRS, columns=COLUMNS).table
    assert sorted(table["departement"]) == ["01", "13", "2A", "974", "98"]


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (with_cell("insee", 2, "13001"), "row 2, column 'insee': expected each value once, found '13001'.*duplicated"),
        (with_cell("insee", 2, "1004"), "row 2, column 'insee': .*5 characters.*found '1004'.*leading zero eaten"),
        (with_cell("insee", 2, None), "row 2, column 'insee': expected a value, found nothing"),
        (with_cell("nom", 3, None), "row 3, column 'nom': expected a value"),
        (with_cell("pop", 1, -5), r"row 1, column 'pop': expected a number of inhabitants, 0 or more, found -5\.0"),
        (with_cell("pop", 4, "douze"), "row 4, column 'pop': .*found 'douze'. Likely cause: text"),
        (with_cell("pop", 4, "1,234"), "row 4, column 'pop': .*found '1,234'. Likely cause: text, a space"),
        (with_cell("pop", 4, float("inf")), "row 4, column 'pop': expected a number"),
        (with_cell("pop", 5, None), "row 5, column 'pop': expected a value, found nothing"),
        (with_shape(2, None), "row 2, column 'geometry': expected a valid polygon, found no geometry"),
        (with_shape(2, shapely.Polygon()), "row 2, .*found an empty geometry"),
        (with_shape(2, lands.point(5, 5)), "row 2, .*found a Point"),
        (
            with_shape(2, shapely.Polygon([lands.xy(0, 0), lands.xy(1, 1), lands.xy(1, 0), lands.xy(0, 1)])),
            "row 2, .*an invalid geometry .Self-intersection",
        ),
        (with_shape(3, shapely.box(5.0, 43.0, 5.1, 43.1)), r"row 3, .*area of use of EPSG:2154, found coordinates near \(5, 43\)"),
        (
            with_shape(3, shapely.box(6.25e6, 8.8e5, 6.26e6, 8.9e5)),
            "row 3, .*Likely cause: latitude and longitude .or the two projected axes. swapped",
        ),
    ],
)  # fmt: skip
def test_each_fault_of_a_row(layer, expected):
    found = [fault for fault in faults_of(layer) if re.search(expected, fault)]
    assert found, faults_of(layer)


def test_all_faults_come_at_once_and_each_once():
    layer = with_cell("pop", 1, "x")
    layer.loc[1, "pop"] = -1
    layer.loc[2, "insee"] = "84001"
    shapes = [*layer.geometry[:4], None]
    found = faults_of(layer.set_geometry(gpd.GeoSeries(shapes)).set_crs(None, allow_override=True))
    places = [fault.split(": expected")[0].removeprefix("communes.gpkg, ") for fault in found]
    assert places == [
        "column 'geometry'",
        "row 1, column 'pop'",
        "row 2, column 'pop'",
        "row 3, column 'insee'",
        "row 4, column 'insee'",
        "row 5, column 'geometry'",
    ]
    assert "geometry without CRS" in found[0]
    assert "look like Lambert-93" in found[0]


def swapped(frame):
    return frame.set_geometry(shapely.transform(frame.geometry, lambda xy: xy[:, ::-1]))


IN_DEGREES = lands.commune_layer().to_crs("EPSG:4326")


@pytest.mark.parametrize(
    ("layer", "cause"),
    [
        (IN_DEGREES.set_crs(CRS, allow_override=True), "look like longitudes and latitudes"),
        (
            lands.commune_layer().set_crs("EPSG:4326", allow_override=True),
            "another coordinate system than the declared EPSG:4326; its numbers look like Lambert-93",
        ),
        (swapped(IN_DEGREES), "latitude and longitude .* swapped"),
        (swapped(lands.commune_layer()), "two projected axes. swapped"),
    ],
)
def test_a_layer_in_the_wrong_crs_is_one_fault(layer, cause):
    (fault,) = faults_of(layer)
    assert "communes.gpkg, column 'geometry': expected geometry in the area of use" in fault
    assert re.search(cause, fault), fault


def test_communes_overseas_are_unused_under_a_metropolitan_crs():
    layer = lands.commune_layer().to_crs("EPSG:4326")
    layer.loc[0, "insee"] = "97411"
    layer.loc[0, "geometry"] = shapely.box(55.4, -20.95, 55.5, -20.85)
    reading = communes_from_frame(layer, crs=CRS, columns=COLUMNS)
    assert reading.unused["code"].tolist() == ["974"]
    assert len(reading.table) == 4
    lands.adds_up(reading, 5)


def test_missing_things_of_a_file(tmp_path):
    path = tmp_path / "c.gpkg"
    with pytest.raises(InputError, match=r"c.gpkg: expected a vector file, found no such file"):
        read_communes(path, crs=CRS, columns=COLUMNS)
    lands.commune_layer().to_file(path, layer="communes")
    with pytest.raises(
        InputError, match=r"'Communes': .*found the layers communes.*'communes' here"
    ):
        read_communes(path, crs=CRS, columns=COLUMNS, layer="Communes")
    wrong = {"commune": "code_insee", "name": "nom", "population": "hab"}
    with pytest.raises(InputError, match="2 faults") as caught:
        read_communes(path, crs=CRS, columns=wrong)
    assert [fault.column for fault in caught.value.faults] == ["code_insee", "hab"]
    with pytest.raises(InputError, match="did you mean 'population'"):
        read_communes(path, crs=CRS, columns=COLUMNS | {"populaton": "pop"})
    two = tmp_path / "two.gpkg"
    for name in ("villes", "arrondissements"):
        lands.arrondissement_layer().to_file(two, layer=name)
    with pytest.raises(InputError, match="the name of a layer, found the layers villes, arr"):
        read_communes(two, crs=CRS, columns=COLUMNS)
    with pytest.raises(InputError, match="this column, found the columns"):
        communes_from_frame(lands.commune_layer(), crs=CRS, columns={"commune": "x"})


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"", "an empty file. Likely cause: an interrupted download"),
        (
            b"junk" * 30,
            "expected a vector file .GeoPackage, shapefile, GeoJSON., found .*interrupted",
        ),
    ],
)
def test_a_file_that_is_no_vector_file(tmp_path, payload, expected):
    path = tmp_path / "c.gpkg"
    path.write_bytes(payload)
    with pytest.raises(InputError, match=expected):
        read_communes(path, crs=CRS, columns=COLUMNS)


@pytest.mark.parametrize("name", ["c.gpkg", "c.geojson", "c.shp"])
def test_a_file_cut_short_is_refused(tmp_path, name):
    one = lands.commune_layer()
    # Beside each other: a commune does not lie in another one.
    copies = [one.set_geometry(one.translate(xoff=-31 * lands.KM * number)) for number in range(20)]
    layer = pd.concat(copies, ignore_index=True)
    layer["insee"] = [str(13000 + number) for number in range(len(layer))]
    layer.to_file(tmp_path / name)
    assert len(read_communes(tmp_path / name, crs=CRS, columns=COLUMNS).table) == 100
    whole = (tmp_path / name).read_bytes()
    for share in (0.5, 0.97):
        (tmp_path / name).write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(InputError, match=rf"{name}.*(no geometry|a vector file)"):
            read_communes(tmp_path / name, crs=CRS, columns=COLUMNS)


def test_a_table_of_attributes_beside_the_layer_is_not_meant(tmp_path):
    path = tmp_path / "c.gpkg"
    lands.commune_layer().to_file(path, layer="communes")
    pyogrio.write_dataframe(pd.DataFrame({"a": [1]}), path, layer="about", append=True)
    assert len(read_communes(path, crs=CRS, columns=COLUMNS).table) == 5
    with pytest.raises(InputError, match="a layer with geometry, found none"):
        read_communes(path, crs=CRS, columns=dict.fromkeys(COLUMNS, "a"), layer="about")


def test_shapefiles_that_lost_a_companion(tmp_path):
    lands.commune_layer().to_file(tmp_path / "c.shp")
    (tmp_path / "c.prj").unlink()
    with pytest.raises(InputError, match=r"without CRS. Likely cause: a .prj file left behind"):
        read_communes(tmp_path / "c.shp", crs=CRS, columns=COLUMNS)
    (tmp_path / "c.shx").unlink()
    with pytest.raises(InputError, match=r"\.shx, \.dbf. was left behind"):
        read_communes(tmp_path / "c.shp", crs=CRS, columns=COLUMNS)


def test_layers_without_features_or_geometry(tmp_path):
    path = tmp_path / "c.gpkg"
    lands.commune_layer().iloc[:0].to_file(path)
    with pytest.raises(InputError, match="at least one feature, found an empty layer"):
        read_communes(path, crs=CRS, columns=COLUMNS)


def chefs_lieux(*rows):
    codes = [row[0] for row in rows]
    points = [lands.point(*row[1:]) if len(row) > 1 else None for row in rows]
    return gpd.GeoDataFrame({"code": codes}, geometry=points, crs=CRS)


def test_chefs_lieux_are_given_doubtful_lost_or_lacking(tmp_path):
    path = tmp_path / "p.gpkg"
    chefs_lieux(("13001", 1, 1), ("13003", 32, 5), ("13055", 15, 16), ("84001", 1, 11)).to_file(
        path
    )
    points = read_chefs_lieux(path, crs=CRS, columns={"commune": "code"})
    reading = communes_from_frame(
        lands.commune_layer(), crs=CRS, columns=COLUMNS, chefs_lieux=points.table
    )
    table = reading.table.set_index("commune")
    kinds = table["chef_lieu_kind"].to_dict()
    assert [code for code, kind in kinds.items() if kind == "given"] == ["13001", "13003", "84001"]
    assert table.loc["13001", "chef_lieu"].equals(lands.point(1, 1))
    assert table.loc["13055", "chef_lieu"].within(lands.box(*lands.SQUARES["13055"]))
    flags = reading.flags.set_index("value")["reason"].to_dict()
    assert flags == {
        "13003": "chef-lieu 2.0 km outside its commune",
        "13055": "chef-lieu 6.0 km outside its commune: an interior point instead",
        "84099": "no chef-lieu: an interior point instead",
    }


def test_rejected_chefs_lieux(tmp_path):
    path = tmp_path / "p.gpkg"
    rows = [("13001", 1, 1), ("13001", 2, 2), ("1300", 3, 3), ("13003",), ("84001", 1, 11)]
    chefs_lieux(*rows).to_file(path)
    reading = read_chefs_lieux(path, crs=CRS, columns={"commune": "code"})
    assert reading.table["commune"].tolist() == ["13001", "84001"]
    assert lands.rows_of(reading.rejects) == {
        2: "a repetition of an earlier row",
        3: "not an INSEE commune code of 5 characters: a leading zero eaten by a spreadsheet",
        4: "expected a point, found no geometry",
    }
    lands.adds_up(reading, 5)


ARRONDISSEMENT_COLUMNS = {
    "arrondissement": "insee", "commune": "ville", "name": "nom", "population": "pop"
}  # fmt: skip


def test_arrondissements(tmp_path):
    path = tmp_path / "a.gpkg"
    lands.arrondissement_layer().to_file(path)
    communes = communes_from_frame(lands.commune_layer(), crs=CRS, columns=COLUMNS).table
    columns = ARRONDISSEMENT_COLUMNS
    reading = read_arrondissements(path, crs=CRS, columns=columns, communes=communes)
    assert schema_faults(reading.table, ARRONDISSEMENTS, file="a") == []
    assert reading.table["arrondissement"].tolist() == ["13201", "13202"]
    assert reading.table["population"].sum() == 3000
    lands.adds_up(reading, 2)
    others = communes[communes["commune"] != "13055"]
    with pytest.raises(InputError, match=r"row 1, column 'ville': expected a commune of.*'13055'"):
        read_arrondissements(path, crs=CRS, columns=columns, communes=others)


@pytest.mark.parametrize("separator", [";", ","])
def test_passage(tmp_path, separator):
    lines = ["ancien;actuel;methode", "13999;13001;fusion", "13998;13001;fusion"]
    path = lands.table(tmp_path / "p.csv", *(line.replace(";", separator) for line in lines))
    reading = read_passage(path, columns={"old": "ancien", "commune": "actuel"})
    assert schema_faults(reading.table, PASSAGE, file="p") == []
    assert reading.table.to_numpy().tolist() == [["13999", "13001"], ["13998", "13001"]]
    lands.adds_up(reading, 2)


def test_faults_of_a_passage(tmp_path):
    rows = ["13999;13001", "13999;13003", "1399;", "x;13001", "13998;13001", "13998;13001"]
    path = lands.table(tmp_path / "p.csv", "a;b", *rows)
    reading = read_passage(path, columns={"old": "a", "commune": "b"})
    assert reading.table.to_numpy().tolist() == [["13998", "13001"]]
    reasons = lands.rows_of(reading.rejects)
    assert reasons[2] == reasons[3] == "a code of several communes: 13001 or 13003"
    assert "leading zero" in reasons[4]
    assert "not an INSEE commune code" in reasons[5]
    assert reading.unused["rows"].tolist() == [1]
    lands.adds_up(reading, 6)
    lands.table(path, "a;b", "999;13001")
    with pytest.raises(InputError, match="column 'a': expected rows of an old code"):
        read_passage(path, columns={"old": "a", "commune": "b"})


def test_arrondissements_beside_their_city_would_count_their_people_twice(tmp_path):
    both = lands.commune_layer()
    parts = lands.arrondissement_layer().drop(columns="ville")
    pd.concat([both, parts], ignore_index=True).to_file(tmp_path / "c.gpkg")
    with pytest.raises(InputError) as caught:
        read_communes(tmp_path / "c.gpkg", crs=CRS, columns=COLUMNS)
    told = [(fault.row, fault.column, fault.found) for fault in caught.value.faults]
    assert told == [(6, "insee", "13201 inside 13055"), (7, "insee", "13202 inside 13055")]
    assert "communes.arrondissements" in str(caught.value)


def test_a_commune_around_another_and_one_with_an_enclave(tmp_path):
    layer = lands.commune_layer().iloc[:2]
    ring, hole = lands.box(0, 0, 10, 10), lands.box(4, 4, 6, 6)
    layer = layer.set_geometry([ring.difference(hole), hole])
    assert len(communes_from_frame(layer, crs=CRS, columns=COLUMNS).table) == 2
    # One outline twice is told once, by the later row.
    with pytest.raises(InputError, match="row 2, .* 13003 inside 13001"):
        communes_from_frame(layer.set_geometry([hole, hole]), crs=CRS, columns=COLUMNS)
