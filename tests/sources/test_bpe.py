"""BPE detail files in their three forms."""

import zipfile

import lands
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdaasp_geo.errors import InputError
from sdaasp_geo.sources.bpe import read_bpe
from sdaasp_geo.tables.gate import schema_faults
from sdaasp_geo.tables.schemas import FACILITIES

HEAD_2018 = "REG;DEP;DEPCOM;DCIRIS;AN;TYPEQU;LAMBERT_X;LAMBERT_Y;QUALITE_XY"
HEAD_2021 = (
    "AAV2020;AN;BV2012;DEP;DEPCOM;DOM;EPCI;DCIRIS;LAMBERT_X;LAMBERT_Y;QUALITE_XY;QUALI_IRIS;"
    "QUALI_QP;QUALI_QVA;QUALI_ZFU;QUALI_ZUS;QP;QVA;REG;SDOM;TYPEQU;UU2020;ZFU;ZUS"
)
HEAD_2023 = (
    "AN;NOMRS;CNOMRS;NUMVOIE;LIBCOM;CODPOS;DEPCOM;DEP;REG;DOM;SDOM;TYPEQU;SIRET;LAMBERT_X;"
    "LAMBERT_Y;LONGITUDE;LATITUDE;QUALITE_XY;EPSG;QUALITE_GEOLOC;TR_DIST_PRECISION;DCIRIS;EPCI;DENS7"
)
EMPTY = dict.fromkeys(["LAMBERT_X", "LAMBERT_Y"], "")


def row(head, east=5, north=5, **cells):
    """Row of a BPE file: a pharmacy of 13001 unless told otherwise."""
    x, y = lands.xy(east, north)
    form = {HEAD_2018: "2018", HEAD_2021: "2021", HEAD_2023: "2023"}[head]
    known = {
        "AN": form, "DEP": "13", "DEPCOM": "13001", "TYPEQU": "D307",
        "LAMBERT_X": f"{x:.2f}", "LAMBERT_Y": f"{y:.2f}",
        "QUALITE_XY": "B" if form == "2023" else "Bonne", "EPSG": "2154", "LIBCOM": "Été",
    }  # fmt: skip
    if form == "2018":
        known |= {name: known[name].replace(".", ",") for name in ("LAMBERT_X", "LAMBERT_Y")}
    known |= cells
    return ";".join(known.get(name, "") for name in head.split(";"))


def read(path, **options):
    return read_bpe(path, **({"study": lands.study(), "basket": lands.BASKET} | options))


def bpe(tmp_path, head, *rows, encoding="utf-8"):
    return lands.table(tmp_path / "bpe.csv", head, *rows, encoding=encoding)


@pytest.mark.parametrize(
    ("head", "encoding", "vintage"),
    [(HEAD_2018, "cp1252", "2018"), (HEAD_2021, "utf-8", "2021"), (HEAD_2023, "utf-8-sig", "2023")],
)
def test_the_three_forms_give_the_same_table(tmp_path, head, encoding, vintage):
    good, fair, bad = ("B", "A", "M") if head == HEAD_2023 else ("Bonne", "Acceptable", "Mauvaise")
    rows = [
        row(head, 2, 3),
        row(head, 18, 5, DEPCOM="13202", TYPEQU="A203", QUALITE_XY=fair),
        row(head, 4, 4, QUALITE_XY=bad),
        row(head, QUALITE_XY=good, TYPEQU="C101"),
        row(head, 25, 3, DEPCOM="13003", TYPEQU="B203"),
    ]
    reading = read(bpe(tmp_path, head, *rows, encoding=encoding))
    table = reading.table
    assert schema_faults(table, FACILITIES, file="bpe") == []
    assert table["facility"].tolist() == ["D307-2", "A203-3", "D307-4", "B203-6"]
    assert table["service"].tolist() == [
        "pharmacie", "banque", "pharmacie", "boulangerie_ou_superette"
    ]  # fmt: skip
    assert table["unit"].tolist() == ["13001", "13202", "13001", "13003"]
    assert table["commune"].tolist() == ["13001", "13055", "13001", "13003"]
    assert table["position_quality"].tolist() == ["exact", "approximate", "commune", "exact"]
    assert table["known_by"].tolist() == ["position", "position", "commune", "position"]
    assert table.geometry[0].equals(lands.point(2, 3))
    assert table.geometry[2].equals(lands.point(5, 5))
    assert (table["count"] == 1).all()
    assert set(table["vintage"]) == {vintage}
    assert set(table["source"]) == {"bpe.csv"}
    assert reading.unused[["code", "rows", "reason"]].to_numpy().tolist() == [
        ["C101", 1, "no service of the basket has this code"]
    ]
    lands.adds_up(reading, 5)


def test_a_random_point_of_the_commune_is_no_location(tmp_path):
    path = bpe(tmp_path, HEAD_2023, row(HEAD_2023, 2, 3, QUALITE_GEOLOC="33"))
    table = read(path).table
    assert table["position_quality"].tolist() == ["commune"]
    assert table.geometry[0].equals(lands.point(5, 5))


@pytest.mark.parametrize("quality", ["_Z", "_U", "", "type_équipement_non_géolocalisé_cette_année"])
def test_no_quality_is_no_location(tmp_path, quality):
    path = bpe(tmp_path, HEAD_2023, row(HEAD_2023, 2, 3, QUALITE_XY=quality))
    assert read(path).table["position_quality"].tolist() == ["commune"]


def test_degrees_serve_where_lambert_is_empty(tmp_path):
    lon, lat = lands.degrees(2, 3)
    path = bpe(tmp_path, HEAD_2023, row(HEAD_2023, **EMPTY, LONGITUDE=lon, LATITUDE=lat))
    reading = read(path)
    assert reading.table.geometry[0].distance(lands.point(2, 3)) < 0.1
    assert reading.flags.empty


@pytest.mark.parametrize("epsg", ["3035", "EPSG:3035"])
def test_the_row_tells_its_crs(tmp_path, epsg):
    there = lands.gpd.GeoSeries([lands.point(2, 3)], crs=lands.CRS).to_crs("EPSG:3035")[0]
    cells = {"LAMBERT_X": f"{there.x}", "LAMBERT_Y": f"{there.y}", "EPSG": epsg}
    rows = [row(HEAD_2023, **cells), row(HEAD_2023, 2, 3, EPSG=""), row(HEAD_2023, EPSG="abc")]
    reading = read(bpe(tmp_path, HEAD_2023, *rows))
    assert all(point.distance(lands.point(2, 3)) < 0.1 for point in reading.table.geometry[:2])
    assert lands.rows_of(reading.flags) == {
        4: "coordinates in no known system: taken as no position"
    }


def test_the_table_is_in_the_crs_of_the_study(tmp_path):
    layer = lands.places().units.to_crs("EPSG:3035")
    layer["chef_lieu"] = layer["chef_lieu"].to_crs("EPSG:3035")
    study = lands.StudyArea(lands.Places(layer, {}), "13")
    table = read(bpe(tmp_path, HEAD_2018, row(HEAD_2018, 2, 3)), study=study).table
    assert table.crs == "EPSG:3035"
    assert table.to_crs(lands.CRS).geometry[0].distance(lands.point(2, 3)) < 0.01


def test_no_coordinates_is_flagged(tmp_path):
    reading = read(bpe(tmp_path, HEAD_2021, row(HEAD_2021, **EMPTY)))
    assert lands.rows_of(reading.flags) == {2: "no position: placed at its commune"}


def test_by_commune(tmp_path):
    path = bpe(tmp_path, HEAD_2021, row(HEAD_2021, 2, 3))
    assert read(path, place_by="commune").table["known_by"].tolist() == ["commune"]


def test_hundreds_of_kilometres_away(tmp_path):
    rows = [row(HEAD_2023, 5, north) for north in (5, 5, 5, 400)]
    reading = read(bpe(tmp_path, HEAD_2023, *rows))
    assert lands.rows_of(reading.rejects) == {5: "390 km from its commune 13001"}
    lands.adds_up(reading, 4)


def test_several_vintages_in_one_file_are_refused(tmp_path):
    path = bpe(tmp_path, HEAD_2021, row(HEAD_2021), row(HEAD_2021), row(HEAD_2021, AN="2020"))
    with pytest.raises(
        InputError, match=r"column 'AN': expected one vintage, found 2020 .1 rows.*2021 .2"
    ):
        read(path)


def test_the_vintage_given_must_be_the_file_s(tmp_path):
    path = bpe(tmp_path, HEAD_2021, row(HEAD_2021))
    assert set(read(path, vintage=2021).table["vintage"]) == {"2021"}
    with pytest.raises(InputError, match="column 'AN': expected the vintage 2023, found 2021"):
        read(path, vintage=2023)


def test_without_an_the_vintage_is_the_one_given(tmp_path):
    head = HEAD_2018.replace("AN;", "")
    line = row(HEAD_2018).split(";")
    path = lands.table(tmp_path / "b.csv", head, ";".join(line[:4] + line[5:]))
    assert set(read(path, vintage=2019).table["vintage"]) == {"2019"}
    assert set(read(path).table["vintage"]) == {"non daté"}


def test_zip_wrong_separator_and_missing_columns(tmp_path):
    text = f"{HEAD_2018}\n{row(HEAD_2018)}\n"
    with zipfile.ZipFile(tmp_path / "bpe18_csv.zip", "w") as archive:
        archive.writestr("bpe18.csv", text.encode("cp1252"))
    assert len(read(tmp_path / "bpe18_csv.zip").table) == 1
    commas = lands.write(tmp_path / "a.csv", text.replace(",", ".").replace(";", ","))
    with pytest.raises(InputError, match=r"row 1: expected columns separated by ';'.*cut by ','"):
        read(commas)
    counts = lands.table(tmp_path / "c.csv", "DEPCOM;TYPEQU;NB_EQUIP", "13001;D307;1")
    with pytest.raises(InputError, match=r"3 faults.*(?s:.*)'QUALITE_XY': expected this column"):
        read(counts)


CELLS = st.fixed_dictionaries(
    {
        "DEPCOM": st.sampled_from(
            ["13001", "13003", "13201", "13999", "84099", "75056", "1301", ""]
        ),
        "TYPEQU": st.sampled_from(["D307", "d307", "A203", "C101", "X999", ""]),
        "QUALITE_XY": st.sampled_from(["B", "A", "M", "_U", ""]),
        "QUALITE_GEOLOC": st.sampled_from(["11", "33", ""]),
        "LAMBERT_X": st.sampled_from(["885000", "885000,5", "6245000", "nan", "inf", "abc", ""]),
        "LAMBERT_Y": st.sampled_from(["6245000", "885000", "0", ""]),
        "EPSG": st.sampled_from(["2154", "5490", "", "99999"]),
    }
)


@settings(
    deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cells=st.lists(CELLS, max_size=10))
def test_every_row_is_somewhere_once(tmp_path, cells):
    home = [row(HEAD_2023)] * 40
    reading = read(bpe(tmp_path, HEAD_2023, *home, *(row(HEAD_2023, **item) for item in cells)))
    lands.adds_up(reading, 40 + len(cells))
    kept = reading.table["facility"].str.split("-").str[1].astype(int)
    assert kept.is_unique
    assert not set(kept) & set(reading.rejects["row"])
    assert schema_faults(reading.table, FACILITIES, file="bpe") == []


def test_cells_that_are_empty_in_every_row(tmp_path):
    cells = {"EPSG": "", "DEPCOM": "", "QUALITE_XY": "B", "AN": ""}
    reading = read(bpe(tmp_path, HEAD_2023, row(HEAD_2023, 2, 3, **cells)), vintage=2023)
    assert reading.table["unit"].tolist() == ["13001"]
    assert reading.table.geometry[0].equals(lands.point(2, 3))
    assert set(reading.table["vintage"]) == {"2023"}


def test_overseas_rows_without_epsg_are_in_their_departement_s_system(tmp_path):
    square = lands.shapely.box(340_000, 7_680_000, 350_000, 7_690_000)
    communes = lands.gpd.GeoDataFrame(
        {"commune": ["97411"], "name": ["A"], "departement": ["974"], "population": [1.0]},
        geometry=[square],
        crs="EPSG:2975",
    )
    communes["chef_lieu"] = communes.geometry.centroid
    study = lands.StudyArea(lands.Places.from_tables(communes), "974")
    cells = {"DEPCOM": "97411", "LAMBERT_X": "342000", "LAMBERT_Y": "7683000"}
    reading = read(bpe(tmp_path, HEAD_2021, row(HEAD_2021, **cells)), study=study)
    assert reading.table.geometry[0].equals(lands.shapely.Point(342_000, 7_683_000))
    assert reading.rejects.empty
