"""Inhabitants, groups of communes and areas, each in the exact form of its publisher."""

import gzip
import zipfile

import geopandas as gpd
import lands
import openpyxl
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from sdaasp_geo.errors import InputError
from sdaasp_geo.sources.areas import read_areas, read_peopled_areas
from sdaasp_geo.sources.communes import communes_from_frame
from sdaasp_geo.sources.levels import read_levels
from sdaasp_geo.sources.passage import read_passage
from sdaasp_geo.sources.populations import read_populations
from sdaasp_geo.tables.inhabitants import Inhabitants, inhabitants_of
from sdaasp_geo.tables.levels import shares_in, with_epci

SDMX = '"GEO";"GEO_OBJECT";"FREQ";"POPREF_MEASURE";"TIME_PERIOD";"OBS_VALUE"'
ENSEMBLE = "CODREG;REG;CODDEP;CODARR;CODCAN;CODCOM;COM;PMUN;PCAP;PTOT"


def people(reading):
    return dict(zip(reading.table["commune"], reading.table["population"], strict=True))


def test_reference_populations_in_the_form_of_2025(tmp_path):
    rows = [
        '"13001";"COM";"A";"PMUN";"2022";1200',
        '"13001";"COM";"A";"PMUN";"2021";1100',
        '"13001";"COM";"A";"PTOT";"2022";1250',
        '"13201";"ARM";"A";"PMUN";"2022";700',
        '"2A004";"COM";"A";"PMUN";"2022";50',
        '"13";"DEP";"A";"PMUN";"2022";2000000',
        '"FM";"FRANCE";"A";"PMUN";"2022";65000000',
    ]
    path = tmp_path / "DS_POPULATIONS_REFERENCE_CSV_FR.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("DS_POPULATIONS_REFERENCE_data.csv", "\n".join([SDMX, *rows]))
        archive.writestr("DS_POPULATIONS_REFERENCE_metadata.csv", "COD_VAR;COD_MOD\nGEO;1")
    reading = read_populations(path)
    assert people(reading) == {"13001": 1200.0, "13201": 700.0, "2A004": 50.0}
    assert set(reading.table["year"]) == {2022.0}
    lands.adds_up(reading, 7)
    assert set(reading.unused["reason"]) == {"no COM or ARM", "no PMUN", "another year"}
    assert people(read_populations(path, year=2021)) == {"13001": 1100.0}
    with pytest.raises(InputError, match="of 2019, found those of 2021, 2022"):
        read_populations(path, year=2019)


def test_the_older_ensemble_with_codes_in_two_halves(tmp_path):
    rows = [
        "93;PACA;13;1;04;001;Un;1 200;9;1209",
        "93;PACA;13;1;04;4;Quatre;300;9;309",
        "94;Corse;2A;1;04;004;Ajaccio;400;9;409",
        "4;Réunion;974;1;04;411;Saint-Denis;500;9;509",
        "1;Guadeloupe;971;1;04;05;Basse-Terre;600;9;609",
        "84;ARA;1;1;04;004;Ambérieu;700;9;709",
        "93;PACA;13;1;04;005;Cinq;NA;9;9",
        "93;PACA;13;1;04;001;Un;1;9;9",
    ]
    plain = lands.table(tmp_path / "donnees_communes.csv", ENSEMBLE, *rows, encoding="cp1252")
    packed = tmp_path / "donnees_communes.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    reading = read_populations(packed)
    expected = {"13001": 1200, "13004": 300, "2A004": 400, "97411": 500, "97105": 600}
    assert people(reading) == {code: float(n) for code, n in expected.items()}
    reasons = lands.rows_of(reading.rejects)
    assert "leading zero" in reasons[7]
    assert "no number of inhabitants" in reasons[8]
    assert "already" in reasons[9]
    lands.adds_up(reading, 8)


def test_the_series_by_year_and_any_table(tmp_path):
    path = tmp_path / "base-pop-historiques-1876-2021.xlsx"
    book = openpyxl.Workbook()
    book.active.title = "pop_1876_2021"
    for row in [["Populations"], [], ["CODGEO", "REG", "PMUN2021", "PMUN2020", "PTOT1876"],
                ["13001", "93", 12, 11, 9]]:  # fmt: skip
        book.active.append(row)
    book.save(path)
    assert people(read_populations(path)) == {"13001": 12.0}
    assert people(read_populations(path, year=2020)) == {"13001": 11.0}
    with pytest.raises(InputError, match="of 1999, found those of 2020, 2021"):
        read_populations(path, year=1999)
    own = lands.table(tmp_path / "p.csv", "insee,hab", "13001,5")
    columns = {"commune": "insee", "population": "hab"}
    assert people(read_populations(own, columns=columns)) == {"13001": 5.0}
    with pytest.raises(InputError, match="expected this column"):
        read_populations(own)


def test_people_are_brought_to_the_communes_of_the_layer():
    table = pd.DataFrame(
        {
            "commune": ["13003", "13004", "13001", "13201", "13202", "13009"],
            "year": 2010.0,
            "population": [30.0, 4.0, 10.0, 5.0, 6.0, 9.0],
        }
    )
    events = [("2016-01-01", "32", "13003", "13003"), ("2016-01-01", "32", "13004", "13003"),
              ("2014-01-01", "21", "13001", "13001"), ("2014-01-01", "21", "13001", "13002"),
              ]  # fmt: skip
    movements = pd.DataFrame(events, columns=["date", "event", "before", "after"]).assign(
        type_before="COM", type_after="COM"
    )
    wanted = ["13001", "13002", "13003", "13055", "13009"]
    found = inhabitants_of(wanted, Inhabitants(table, movements))
    # 13001 was split since: how many live in each half is not told.
    expected = {"13003": 34.0, "13055": 11.0, "13009": 9.0}
    assert found.dropna().to_dict() == expected
    # A file that lists both halves is of after the split, whatever the year of its census.
    both = pd.concat([table, table.iloc[[2]].assign(commune="13002", population=1.0)])
    found = inhabitants_of(wanted, Inhabitants(both, movements))
    assert found.dropna().to_dict() == expected | {"13001": 10.0, "13002": 1.0}
    assert inhabitants_of(wanted, Inhabitants(table)).dropna().to_dict() == {
        "13001": 10.0, "13003": 30.0, "13055": 11.0, "13009": 9.0,
    }  # fmt: skip


def workbook(path, sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in [["Insee"], ["Champ : France"], [], [], ["Code géographique"], *rows]:
            sheet.append(row)
    book.save(path)
    return path


def levels_of(reading, level):
    rows = reading.table[reading.table["level"] == level]
    return {
        row.commune: (row.code, row.name_)
        for row in rows.rename(columns={"name": "name_"}).itertuples()
    }


def test_epci_of_insee_with_their_names(tmp_path):
    path = workbook(
        tmp_path / "epci_au_01-01-2025.xlsx",
        {
            "EPCI": [["EPCI", "LIBEPCI", "NATURE_EPCI"], ["200054807", "Métropole", "ME"]],
            "Composition_communale": [
                ["CODGEO", "LIBGEO", "EPCI", "LIBEPCI", "DEP", "REG"],
                ["13001", "Un", "200054807", "Métropole", "13", "93"],
                ["13003", "Trois", "241300177", "CC", "13", "93"],
                ["13055", "Ville", "ZZZZZZZZZ", "Sans objet", "13", "93"],
                ["75056", "Paris", "200054781", "MGP", "75", "11"],
                [1004, "Ambérieu", "240100883", "CC", "01", "84"],
            ],
        },
    )
    reading = read_levels(path, places=lands.places())
    assert levels_of(reading, "epci") == {
        "13001": ("200054807", "Métropole"),
        "13003": ("241300177", "CC"),
    }
    assert "leading zero" in next(iter(lands.rows_of(reading.rejects).values()))
    assert dict(zip(reading.unused["code"], reading.unused["reason"], strict=True)) == {
        "75": "not among the communes of the territory",
        "13": "in none of the levels",
    }
    assert reading.rows_kept == 2
    communes = gpd.GeoDataFrame(
        {"commune": ["13001", "13003", "13055"], "epci": [None, "241300177", None]}
    ).astype({"epci": "str"})
    named = with_epci(communes, reading.table)
    assert named["epci"].fillna("-").tolist() == ["200054807", "241300177", "-"]
    assert named["epci_name"].fillna("-").tolist() == ["Métropole", "CC", "-"]
    # The table goes before the layer, and the layer speaks where the table is silent.
    older = communes.assign(epci=["1", "2", "3"], epci_name=["un", "deux", "trois"])
    named = with_epci(older, reading.table)
    assert named["epci"].tolist() == ["200054807", "241300177", "3"]
    assert named["epci_name"].tolist() == ["Métropole", "CC", "trois"]
    assert older["epci"].tolist() == ["1", "2", "3"]


def test_the_table_d_appartenance_gives_all_levels_and_their_names(tmp_path):
    path = workbook(
        tmp_path / "table-appartenance-geo-communes-2026.xlsx",
        {
            "COM": [
                ["CODGEO", "LIBGEO", "DEP", "EPCI", "CV", "BV2022", "UU2020"],
                ["13001", "Un", "13", "200054807", "1312", "13001", "00759"],
                ["13003", "Trois", "13", "200054807", "1313", "13001", "13000"],
            ],
            "ARM": [["CODGEO", "LIBGEO", "DEP", "EPCI", "CV", "BV2022", "UU2020"],
                    ["13201", "1er", "13", "200054807", "13ZZ", "13001", "00759"]],
            "Zones_supra_communales": [
                ["NIVGEO", "CODGEO", "LIBGEO"],
                ["BV2022", "13001", "Bassin"], ["EPCI", "200054807", "Métropole"],
            ],
        },
    )  # fmt: skip
    reading = read_levels(path)
    assert levels_of(reading, "bassin_de_vie") == {
        "13001": ("13001", "Bassin"), "13003": ("13001", "Bassin"),
    }  # fmt: skip
    assert levels_of(reading, "epci")["13003"] == ("200054807", "Métropole")
    assert levels_of(reading, "canton")["13003"] == ("1313", "1313")
    assert set(read_levels(path, level="canton").table["level"]) == {"canton"}
    with pytest.raises(InputError, match="did you mean 'canton'"):
        read_levels(path, level="cantons")


def test_density_bassins_and_named_columns_in_text(tmp_path):
    dense = lands.table(
        tmp_path / "grille.csv", "CODGEO;LIBGEO;DENS;LIBDENS", "13001;Un;5;Bourgs ruraux"
    )
    assert levels_of(read_levels(dense), "densite") == {"13001": ("5", "Bourgs ruraux")}
    old = lands.table(tmp_path / "bv.csv", "CODGEO,BV2012,LIBBV2012", "13001,13001,Un")
    assert levels_of(read_levels(old), "bassin_de_vie") == {"13001": ("13001", "Un")}
    own = lands.table(tmp_path / "own.csv", "insee;pays;nom", "13001;p1;Pays d'Un")
    columns = {"commune": "insee", "code": "pays", "name": "nom"}
    reading = read_levels(own, level="pays", columns=columns)
    assert levels_of(reading, "pays") == {"13001": ("p1", "Pays d'Un")}
    with pytest.raises(InputError, match="the name of the level"):
        read_levels(own, columns=columns)
    with pytest.raises(InputError, match="found none.*name its columns"):
        read_levels(own)
    layer = lands.commune_layer().assign(canton="1301")
    layer.to_file(tmp_path / "c.gpkg")
    columns = {"commune": "insee", "code": "canton"}
    reading = read_levels(tmp_path / "c.gpkg", level="canton", columns=columns)
    assert levels_of(reading, "canton")["84001"] == ("1301", "1301")


def test_merged_communes_keep_the_group_of_the_code_that_stayed(tmp_path):
    places = lands.places([("13101", "13001"), ("13102", "13001"), ("13103", "13003")])
    rows = ["13101;A;Aa", "13001;B;Bé", "13102;B;Bé", "13103;C;Cé", "13001;B;Bé"]
    path = lands.table(tmp_path / "e.csv", "CODGEO;EPCI;LIBEPCI", *rows)
    reading = read_levels(path, places=places)
    assert levels_of(reading, "epci") == {"13001": ("B", "Bé"), "13003": ("C", "Cé")}
    reasons = lands.rows_of(reading.rejects)
    assert set(reasons) == {2, 6}
    assert "merged since into 13001" in reasons[2]
    assert "already" in reasons[6]


def qpv_layer():
    shapes = [lands.box(1, 1, 2, 2), lands.box(9, 1, 11, 2), lands.box(200, 1, 201, 2)]
    return gpd.GeoDataFrame(
        {"code_qp": ["QN01301M", "QN01302M", "QN08401M"], "lib_qp": ["Un", "Deux", "Loin"]},
        geometry=shapes,
        crs=lands.CRS,
    )


@pytest.mark.parametrize("name", ["QP2024.gpkg", "QP2024.geojson", "QP_METROPOLE_LB93.shp"])
def test_qpv_of_both_editions(tmp_path, name):
    layer = qpv_layer()
    if name.endswith("shp"):
        layer = layer.rename(columns={"code_qp": "CODE_QP", "lib_qp": "NOM_QP"})
    if name.endswith("geojson"):
        layer = layer.to_crs("EPSG:4326")
    layer.to_file(tmp_path / name)
    reading = read_areas(tmp_path / name, crs=lands.CRS, area=lands.box(0, 0, 30, 10))
    assert reading.table["code"].tolist() == ["QN01301M", "QN01302M"]
    assert reading.table["name"].tolist() == ["Un", "Deux"]
    assert set(reading.table["level"]) == {"qpv"}
    assert reading.table["population"].isna().all()
    assert reading.unused["code"].tolist() == ["QN08"]
    lands.adds_up(reading, 3)


def test_areas_that_are_none_are_rejected(tmp_path):
    layer = qpv_layer()
    bow = shapely.Polygon([lands.xy(0, 0), lands.xy(1, 1), lands.xy(1, 0), lands.xy(0, 1)])
    wrong = gpd.GeoDataFrame(
        {"code_qp": [None, "QN01301M", "QN9", "QN8"], "lib_qp": "x"},
        geometry=[lands.box(0, 0, 1, 1), lands.box(0, 0, 1, 1), bow, None],
        crs=lands.CRS,
    )
    pd.concat([layer, wrong], ignore_index=True).to_file(tmp_path / "q.gpkg")
    reading = read_areas(tmp_path / "q.gpkg", crs=lands.CRS)
    reasons = lands.rows_of(reading.rejects)
    assert reasons == {
        4: "no code",
        5: "a code that was there already",
        6: "an invalid polygon",
        7: "expected a polygon, found no geometry",
    }
    lands.adds_up(reading, 7)


def squares():
    """Two squares of 1 km in the European grid, and a place known by its commune."""
    middle = gpd.GeoSeries([lands.point(5, 5)], crs=lands.CRS).to_crs("EPSG:3035").iloc[0]
    centres = [shapely.Point(middle.x, middle.y), shapely.Point(middle.x + 1000, middle.y)]
    grid = gpd.GeoSeries(centres, crs="EPSG:3035").to_crs(lands.CRS)
    return gpd.GeoDataFrame(
        {
            "origin": ["a", "b", "13003"],
            "commune": ["13001", "13001", "13003"],
            "unit": ["13001", "13001", "13003"],
            "known_by": ["position", "position", "commune"],
            "population": [100.0, 50.0, 10.0],
        },
        geometry=[*grid, lands.point(25, 5)],
        crs=lands.CRS,
    )


def test_shares_of_squares_add_up_and_points_are_whole():
    origins = squares()
    before = origins.copy()
    x = origins.geometry.iloc[0].x
    south, north = lands.xy(0, 0)[1], lands.xy(0, 10)[1]
    halves = [shapely.box(x - 5000, south, x, north), shapely.box(x, south, x + 25_000, north)]
    areas = gpd.GeoDataFrame(
        {"level": "qpv", "code": ["w", "e", "far"], "name": ["W", "E", "Far"]},
        geometry=[*halves, lands.box(40, 0, 41, 1)],
        crs=lands.CRS,
    )
    shares = shares_in(origins, areas, size_m=1000.0)
    by = shares.dropna(subset=["origin"]).set_index(["origin", "code"])["share"]
    assert by["a"].sum() == pytest.approx(1.0)
    assert by["a"].min() == pytest.approx(0.5, abs=0.01)
    assert by["b"].to_dict() == pytest.approx({"e": 1.0})
    assert by["13003"].to_dict() == {"e": 1.0}
    empty = shares[shares["origin"].isna()]
    assert empty["code"].tolist() == ["far"]
    assert empty["share"].tolist() == [0.0]
    points = shares_in(origins.iloc[1:], areas)
    assert set(points["share"]) == {0.0, 1.0}
    pd.testing.assert_frame_equal(pd.DataFrame(origins), pd.DataFrame(before))


CELL = st.sampled_from(
    ["13001", "1004", "2A004", "13055", "75101", "", "PMUN", "COM", "2021", "7", "-1", "NA", "é"]
)


@settings(deadline=None, max_examples=6)
@given(st.lists(st.tuples(*[CELL] * 5).filter(any), min_size=1, max_size=8))
def test_no_row_is_lost(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("r")
    lines = [";".join(row) for row in rows]
    path = lands.table(
        folder / "p.csv", "GEO;GEO_OBJECT;POPREF_MEASURE;TIME_PERIOD;OBS_VALUE", *lines
    )
    try:
        reading = read_populations(path)
    except InputError as error:
        assert "population municipale" in str(error)  # noqa: PT017
    else:
        lands.adds_up(reading, len(rows))
    path = lands.table(folder / "l.csv", "CODGEO;EPCI;LIBEPCI;BV2022;LIBBV2022", *lines)
    reading = read_levels(path, places=lands.places([("13101", "13001")]))
    rejected = list(reading.rejects["row"])
    assert len(set(rejected)) == len(rejected)
    assert reading.rows_read == len(rows)
    assert reading.rows_kept >= reading.table["commune"].nunique()
    assert bool(reading.rows_kept) == bool(len(reading.table))


@settings(deadline=None, max_examples=10)
@given(st.lists(st.tuples(CELL, CELL).filter(any), min_size=1, max_size=8))
def test_no_row_of_a_passage_is_lost(tmp_path_factory, rows):
    path = lands.table(tmp_path_factory.mktemp("p") / "p.csv", "a;b", *map(";".join, rows))
    try:
        reading = read_passage(path, columns={"old": "a", "commune": "b"})
    except InputError as error:
        assert "expected rows of an old code" in str(error)  # noqa: PT017
    else:
        lands.adds_up(reading, len(rows))
        assert reading.table["old"].is_unique


SHAPES = [
    *(lands.box(0, 0, 1, 1), lands.box(5, 5, 6, 6), lands.box(200, 0, 201, 1)),
    *(lands.point(1, 1), None, shapely.Polygon()),
    shapely.Polygon([lands.xy(0, 0), lands.xy(1, 1), lands.xy(1, 0), lands.xy(0, 1)]),
]
AREA = st.tuples(
    st.sampled_from(["QN1", "QN2", "", None]),
    st.sampled_from(SHAPES),
    st.sampled_from(["12", "-1", "NA", "", None]),
)


@settings(deadline=None, max_examples=6)
@given(st.lists(AREA, min_size=1, max_size=6), st.booleans())
def test_no_area_is_lost(tmp_path_factory, rows, peopled):
    codes, shapes, people = zip(*[*rows, ("QN0", SHAPES[0], "7")], strict=True)
    frame = gpd.GeoDataFrame({"code_qp": codes, "hab": people}, geometry=[*shapes], crs=lands.CRS)
    path = tmp_path_factory.mktemp("a") / "a.gpkg"
    frame.to_file(path)
    options = {"crs": lands.CRS, "columns": {"population": "hab"}, "area": lands.box(0, 0, 30, 10)}
    reading = read_peopled_areas(path, **options) if peopled else read_areas(path, **options)
    lands.adds_up(reading, len(rows) + 1)
    assert reading.table["code"].is_unique
    assert reading.table.geometry.geom_type.isin(["Polygon", "MultiPolygon"]).all()
    assert not peopled or (reading.table["population"] >= 0).all()


def test_a_column_com_may_hold_the_names(tmp_path):
    path = lands.table(tmp_path / "p.csv", "DEPCOM;COM;PMUN", "13001;Aix;1200", "2A004;Ajaccio;5")
    assert people(read_populations(path)) == {"13001": 1200.0, "2A004": 5.0}
    path = lands.table(tmp_path / "q.csv", "COM;PMUN", "13001;1200")
    assert people(read_populations(path)) == {"13001": 1200.0}
    path = lands.table(tmp_path / "r.csv", "COM;PMUN", "Aix;1200")
    with pytest.raises(InputError, match=r"a commune with its inhabitants, found none in 1 rows"):
        read_populations(path)


def test_years_of_two_digits_and_points_between_thousands(tmp_path):
    rows = ["13001;A;1000;1100", "13003;B;1.234;1.235"]
    path = lands.table(tmp_path / "p.csv", "CODGEO;LIBGEO;PMUN21;PMUN22", *rows)
    reading = read_populations(path)
    assert people(reading) == {"13001": 1100.0}
    assert set(reading.table["year"]) == {2022.0}
    # A thousand to some, one to others.
    assert list(lands.rows_of(reading.rejects)) == [3]
    assert people(read_populations(path, year=2021)) == {"13001": 1000.0}
    both = lands.table(tmp_path / "q.csv", "CODGEO;PMUN22;PMUN2022", "13001;1;2")
    assert people(read_populations(both)) == {"13001": 2.0}


def test_inhabitants_of_communes_that_the_layer_no_longer_has_are_told(tmp_path):
    """13002 merged into 13001 between the census and the layer."""
    table = pd.DataFrame(
        {
            "commune": ["13001", "13002", "13003", "13201", "13202", "84001", "84099", "2A004"],
            "year": 2017.0,
            "population": [10.0, 5.0, 7.0, 30.0, 20.0, 4.0, 3.0, 9.0],
        }
    )
    layer, columns = lands.commune_layer(), {"commune": "insee", "name": "nom"}
    made = {"crs": lands.CRS, "columns": columns}
    reading = communes_from_frame(layer, **made, inhabitants=Inhabitants(table))
    assert reading.table["population"].tolist() == [10.0, 7.0, 50.0, 4.0, 3.0]
    ((row, value, reason),) = reading.flags[["row", "value", "reason"]].to_numpy().tolist()
    assert (row, value) == (0, "13002")
    assert reason.startswith("5 inhabitants of the file of populations are of no commune here")
    movements = pd.DataFrame(
        [["2019-01-01", "32", "COM", old, "x", "COM", "13001", "y"] for old in ("13001", "13002")],
        columns=["date", "event", "type_before", "before", "name_before",
                 "type_after", "after", "name_after"],
    )  # fmt: skip
    reading = communes_from_frame(layer, **made, inhabitants=Inhabitants(table, movements))
    assert reading.table["population"].tolist() == [15.0, 7.0, 50.0, 4.0, 3.0]
    assert reading.flags.empty
