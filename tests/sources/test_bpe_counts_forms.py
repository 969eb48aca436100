"""BPE counts as Insee publishes them: by IRIS with many columns, and as SDMX."""

import zipfile

import lands
import pytest

from sdaasp_geo.errors import InputError
from sdaasp_geo.sources.bpe_counts import read_bpe_counts
from sdaasp_geo.tables.gate import schema_faults
from sdaasp_geo.tables.schemas import FACILITIES

HEAD_2021 = "AAV2020;AN;BV2012;DCIRIS;DEP;DEPCOM;DOM;EPCI;NB_EQUIP;REG;SDOM;TYPEQU;UU2020"
SDMX_NAMES = [
    "BPE_MEASURE", "FACILITY_DOM", "FACILITY_SDOM", "FACILITY_TYPE", "GEO", "GEO_OBJECT",
    "TIME_PERIOD", "OBS_VALUE",
]  # fmt: skip
SDMX_HEAD = ";".join(f'"{name}"' for name in SDMX_NAMES)
WHOLE = "expected a whole number of facilities, 0 or more"


def read(path, **options):
    return read_bpe_counts(path, **({"study": lands.study(), "basket": lands.BASKET} | options))


def row_2021(code="13001", iris="130010000", kind="D301", count="1", year="2021"):
    return f"001;{year};13001;{iris};13;{code};{kind[:1]};200054807;{count};93;{kind[:2]};{kind};00"


def zipped(path, **members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(f"{name}.csv", text)
    return path


def lines(head, *rows):
    return "\n".join([head, *rows]) + "\n"


def test_counts_by_iris_are_all_kept(tmp_path):
    rows = [
        row_2021(iris="130010101", count="2"),
        row_2021(iris="130010102", count="3"),
        row_2021(iris="130010102", count="3"),
        row_2021(iris="", kind="A203"),
        row_2021("13202", "132020101"),
        row_2021("75101", "751010101"),
    ]
    members = {"bpe21_ensemble": lines(HEAD_2021, *rows), "Varmod_ensemble_2021": "COD_VAR\n"}
    reading = read(zipped(tmp_path / "bpe21_ensemble_csv.zip", **members))
    table = reading.table
    assert schema_faults(table, FACILITIES, file="c") == []
    assert table["facility"].tolist() == [
        "13001-D301-130010101", "13001-D301-130010102", "13001-A203", "13202-D301-132020101"
    ]  # fmt: skip
    assert table["count"].tolist() == [2, 3, 1, 1]
    assert table["unit"].tolist() == ["13001", "13001", "13001", "13202"]
    assert table.geometry[1].equals(lands.point(5, 5))
    assert set(table["vintage"]) == {"2021"}
    assert lands.rows_of(reading.rejects) == {4: "a repetition of an earlier row"}
    lands.adds_up(reading, 6)


def test_vintages_of_counts(tmp_path):
    path = lands.table(tmp_path / "c.csv", HEAD_2021, row_2021(), row_2021(kind="A203"))
    assert set(read(path, vintage=2021).table["vintage"]) == {"2021"}
    with pytest.raises(InputError, match="column 'AN': expected the vintage 2020, found 2021"):
        read(path, vintage=2020)
    both = lands.table(tmp_path / "b.csv", HEAD_2021, row_2021(), row_2021(year="2020"))
    with pytest.raises(InputError, match=r"'AN': expected one vintage, found 2020 .1 rows., 2021"):
        read(both)


def observation(code="13001", kind="D307", value="1", **cells):
    known = {
        "BPE_MEASURE": "FACILITIES", "FACILITY_DOM": kind[:1], "FACILITY_SDOM": kind[:2],
        "FACILITY_TYPE": kind, "GEO": code, "GEO_OBJECT": "COM", "TIME_PERIOD": "2023",
        "OBS_VALUE": value,
    } | cells  # fmt: skip
    return ";".join(f'"{known[name]}"' for name in SDMX_NAMES)


def observations():
    return [
        observation(value="4"),
        observation("13202", "A203", "3.0"),
        observation("13", "D307", "400", GEO_OBJECT="DEP"),
        observation("200054807", "D307", "40", GEO_OBJECT="EPCI"),
        observation(kind="_T", value="99", FACILITY_DOM="_T", FACILITY_SDOM="_T"),
        observation(kind="_T", value="9", FACILITY_DOM="A", FACILITY_SDOM="_T"),
        observation("13003", value="0"),
        observation("13003", "A203", "deux"),
        observation(kind="C101"),
        observation(),
        observation("75056"),
    ]


@pytest.mark.parametrize("form", ["csv", "zip"])
def test_observations(tmp_path, form):
    if form == "csv":
        path = lands.table(tmp_path / "DS_BPE_2023_data.csv", SDMX_HEAD, *observations())
    else:
        members = {
            "DS_BPE_2023_data": lines(SDMX_HEAD, *observations()),
            "DS_BPE_2023_metadata": lines('"COD_VAR";"COD_MOD"', '"GEO_OBJECT";"COM"'),
        }
        path = zipped(tmp_path / "DS_BPE_CSV_FR.zip", **members)
    reading = read(path)
    table = reading.table
    assert schema_faults(table, FACILITIES, file="c") == []
    assert table["facility"].tolist() == ["13001-D307", "13202-A203"]
    assert table["count"].tolist() == [4, 3]
    assert set(table["position_quality"]) == {"commune"}
    assert set(table["vintage"]) == {"2023"}
    assert lands.rows_of(reading.rejects) == {9: WHOLE, 11: "a repetition of an earlier row"}
    assert reading.unused[["code", "rows", "reason"]].to_numpy().tolist() == [
        ["DEP", 1, "counted for another zone than a commune"],
        ["EPCI", 1, "counted for another zone than a commune"],
        ["_T", 2, "a total over several types of facility"],
        ["D307", 1, "a count of 0"],
        ["75", 1, "outside the study area"],
        ["C101", 1, "no service of the basket has this code"],
    ]
    lands.adds_up(reading, 11)


@pytest.mark.parametrize(
    ("cells", "options", "expected"),
    [
        ({"TIME_PERIOD": "2024"}, {}, "'TIME_PERIOD': expected one vintage, found 2023 .*2024"),
        ({}, {"vintage": 2024}, "'TIME_PERIOD': expected the vintage 2024, found 2023"),
        (
            {"BPE_MEASURE": "RATE"},
            {},
            r"'BPE_MEASURE': expected one measure, found FACILITIES .1 rows., RATE .1 rows",
        ),
    ],
)
def test_mixed_observations_are_refused(tmp_path, cells, options, expected):
    rows = [observation(), observation(kind="A203", **cells)]
    path = lands.table(tmp_path / "d.csv", SDMX_HEAD, *rows)
    with pytest.raises(InputError, match=expected):
        read(path, **options)


def test_other_years_and_measures_of_other_zones_do_not_matter(tmp_path):
    other = observation("13", GEO_OBJECT="DEP", TIME_PERIOD="2022", BPE_MEASURE="RATE")
    path = lands.table(tmp_path / "d.csv", SDMX_HEAD, observation(), other)
    assert len(read(path).table) == 1


def test_observations_without_their_columns(tmp_path):
    head = SDMX_HEAD.replace("GEO_OBJECT", "OBJECT")
    path = lands.table(tmp_path / "d.csv", head, observation())
    with pytest.raises(InputError, match="'GEO_OBJECT': expected this column"):
        read(path)
    commas = lands.write(tmp_path / "e.csv", lines(SDMX_HEAD, observation()).replace(";", ","))
    with pytest.raises(InputError, match="cut by ','"):
        read(commas)


def test_what_cannot_be_opened_is_told_as_before(tmp_path):
    with pytest.raises(InputError, match="found no such file"):
        read(tmp_path / "none.csv")
    broken = tmp_path / "b.zip"
    broken.write_bytes(b"PK\x03\x04" + b"x" * 60)
    with pytest.raises(InputError, match="an interrupted download"):
        read(broken)
