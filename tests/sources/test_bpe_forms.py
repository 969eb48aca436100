"""BPE detail files as dBase tables and as parquet, and the national ones."""

import struct
import zipfile

import lands
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from sdaasp_geo.errors import InputError
from sdaasp_geo.sources import dbf as dbf_module
from sdaasp_geo.sources import parquet as parquet_module
from sdaasp_geo.sources.bpe import read_bpe
from sdaasp_geo.sources.bpe_pieces import sift
from sdaasp_geo.tables.gate import schema_faults
from sdaasp_geo.tables.reading import Notes
from sdaasp_geo.tables.schemas import FACILITIES

DBF_FIELDS = {
    "reg": 2, "dep": 3, "depcom": 5, "dciris": 10, "an": 4, "typequ": 4,
    "lambert_x": 12, "lambert_y": 12, "qualite_xy": 48,
}  # fmt: skip
CSV_HEAD = "DEPCOM;AN;TYPEQU;LAMBERT_X;LAMBERT_Y;QUALITE_XY"
NOT_LOCATED = "type_équipement_non_géolocalisé_cette_année"


def read(path, **options):
    return read_bpe(path, **({"study": lands.study(), "basket": lands.BASKET} | options))


def record(east=5, north=5, **cells):
    """Cells of a pharmacy of 13001, unless told otherwise."""
    x, y = lands.xy(east, north)
    known = {
        "reg": "93", "dep": "13", "depcom": "13001", "an": "2013", "typequ": "D301",
        "lambert_x": f"{x:.2f}", "lambert_y": f"{y:.2f}", "qualite_xy": "Bonne",
    }  # fmt: skip
    return known | cells


def dbf_bytes(*records, encoding="cp850", page=0, deleted=(), fields=None):
    """Write a dBase III table: header, one block of 32 bytes a field, records of text."""
    fields = fields or DBF_FIELDS
    header, width = 32 + 32 * len(fields) + 1, 1 + sum(fields.values())
    out = struct.pack("<BBBBIHH", 3, 114, 7, 1, len(records), header, width)
    out += bytes(17) + bytes([page]) + bytes(2)
    for name, size in fields.items():
        number = name.startswith("lambert")
        out += name.encode().ljust(11, b"\0") + (b"N" if number else b"C") + bytes(4)
        out += bytes([size, 2 if number else 0]) + bytes(14)
    out += b"\r"
    for place, cells in enumerate(records):
        out += b"*" if place in deleted else b" "
        for name, size in fields.items():
            cell = cells.get(name, "").encode(encoding)
            out += cell.rjust(size) if name.startswith("lambert") else cell.ljust(size)
    return out + b"\x1a"


def written(path, payload):
    path.write_bytes(payload)
    return path


def mixed_records():
    return [
        record(2, 3),
        record(18, 5, depcom="13202", typequ="A203", qualite_xy="Acceptable"),
        record(4, 4, qualite_xy="Mauvaise"),
        record(typequ="C101"),
        record(lambert_x="", lambert_y="", qualite_xy=NOT_LOCATED),
        record(5, 400, depcom="13003"),
        record(depcom="75056", lambert_x="652000.00", lambert_y="6862000.00"),
    ]


@pytest.mark.parametrize(("encoding", "page"), [("cp850", 0), ("cp1252", 0x57), ("utf-8", 0)])
def test_a_dbase_file(tmp_path, encoding, page):
    payload = dbf_bytes(*mixed_records(), encoding=encoding, page=page)
    reading = read(written(tmp_path / "bpe_ensemble_xy.dbf", payload))
    table = reading.table
    assert schema_faults(table, FACILITIES, file="bpe") == []
    assert table["facility"].tolist() == ["D301-2", "A203-3", "D301-4", "D301-6"]
    assert table["service"].tolist() == ["pharmacie", "banque", "pharmacie", "pharmacie"]
    assert table["commune"].tolist() == ["13001", "13055", "13001", "13001"]
    assert table["position_quality"].tolist() == ["exact", "approximate", "commune", "commune"]
    assert table.geometry[0].equals(lands.point(2, 3))
    assert table.geometry[3].equals(lands.point(5, 5))
    assert set(table["vintage"]) == {"2013"}
    assert lands.rows_of(reading.rejects) == {7: "390 km from its commune 13003"}
    assert lands.rows_of(reading.flags) == {6: "no position: placed at its commune"}
    assert reading.unused[["code", "rows", "reason"]].to_numpy().tolist() == [
        ["75", 1, "outside the study area"],
        ["C101", 1, "no service of the basket has this code"],
    ]
    lands.adds_up(reading, 7)


@pytest.mark.parametrize(("encoding", "page"), [("cp850", 0), ("cp1252", 0x57), ("utf-8", 0)])
def test_the_text_of_a_dbase_file(tmp_path, encoding, page):
    notes = Notes("a.dbf")
    path = written(
        tmp_path / "a.dbf",
        dbf_bytes(record(qualite_xy=NOT_LOCATED), encoding=encoding, page=page),
    )
    (piece,) = dbf_module.read_dbf(path, notes, required=["QUALITE_XY"])
    assert piece.frame["QUALITE_XY"].tolist() == [NOT_LOCATED]


def test_a_zip_of_a_dbase_file_and_its_lists(tmp_path):
    with zipfile.ZipFile(tmp_path / "bpe17_ensemble_xy_dbase.zip", "w") as archive:
        archive.writestr("varlist_ensemble_xy.dbf", b"x")
        archive.writestr("VARMOD_ensemble_xy.dbf", b"x")
        archive.writestr("x/bpe17_ensemble_xy.dbf", dbf_bytes(*mixed_records()))
    reading = read(tmp_path / "bpe17_ensemble_xy_dbase.zip", vintage=2013)
    assert len(reading.table) == 4
    lands.adds_up(reading, 7)


def test_deleted_records_are_unused(tmp_path):
    path = written(tmp_path / "b.dbf", dbf_bytes(record(), record(2, 3), deleted=[0]))
    reading = read(path)
    assert reading.table["facility"].tolist() == ["D301-3"]
    assert reading.unused[["rows", "reason"]].to_numpy().tolist() == [
        [1, "a record marked as deleted"]
    ]
    lands.adds_up(reading, 2)


WHOLE = dbf_bytes(record(), record())


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (WHOLE[:-30], r"expected 2 records in \d+ bytes.*found \d+ bytes. .*interrupted download"),
        (WHOLE[:10], "expected a dBase table.*interrupted download"),
        (WHOLE[:200], "fields that do not fill the record of 101 bytes"),
        (b"DEPCOM;AN\n13001;2013\n" * 9, r"starts with b'DEPC'.*another kind of file"),
        (dbf_bytes(), "a header and nothing below it"),
        (b"", "an empty file"),
    ],
)
def test_faults_of_a_dbase_file(tmp_path, payload, expected):
    path = written(tmp_path / "b.dbf", payload)
    with pytest.raises(InputError, match=f"b.dbf: .*{expected}"):
        read(path)


def test_missing_columns_of_a_dbase_file_are_told_at_once(tmp_path):
    fields = {"depcom": 5, "typequ": 4, "nb_equip": 4}
    path = written(tmp_path / "b.dbf", dbf_bytes(record(nb_equip="1"), fields=fields))
    with pytest.raises(InputError, match="'LAMBERT_X': expected this column") as caught:
        read(path)
    assert [f.column for f in caught.value.faults] == ["LAMBERT_X", "LAMBERT_Y", "QUALITE_XY"]


def test_a_cut_archive_of_a_dbase_file(tmp_path):
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("b.dbf", WHOLE)
    payload = bytearray(path.read_bytes())
    payload[-400:-300] = b"!" * 100
    written(path, payload)
    with pytest.raises(InputError, match="b.zip: .*interrupted download"):
        read(path)


def test_several_vintages_across_pieces_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(dbf_module, "CHUNK_ROWS", 2)
    foreign = record(depcom="75056", an="2014", lambert_x="652000.00", lambert_y="6862000.00")
    path = written(tmp_path / "b.dbf", dbf_bytes(record(), record(), foreign))
    with pytest.raises(InputError, match=r"found 2013 .2 rows., 2014 .1 rows"):
        read(path)


def parquet_file(path, rows=None, **columns):
    x, y = zip(*[lands.xy(2, 3), lands.xy(18, 5), lands.xy(4, 4)], strict=True)
    known = {
        "AN": ["2024"] * 3, "DEPCOM": ["13001", "13202", "13001"],
        "TYPEQU": ["D307", "A203", "D307"], "LAMBERT_X": list(x), "LAMBERT_Y": list(y),
        "LONGITUDE": [None] * 3, "LATITUDE": pa.nulls(3), "QUALITE_XY": ["B", "A", "_U"],
        "EPSG": ["2154"] * 3, "QUALITE_GEOLOC": ["11", "12", "33"], "SIRET": ["1", "2", None],
    } | columns  # fmt: skip
    parquet.write_table(pa.table(known), path, row_group_size=rows)
    return path


def test_a_parquet_file(tmp_path):
    reading = read(parquet_file(tmp_path / "BPE24.parquet"))
    table = reading.table
    assert schema_faults(table, FACILITIES, file="bpe") == []
    assert table["facility"].tolist() == ["D307-2", "A203-3", "D307-4"]
    assert table["service"].tolist() == ["pharmacie", "banque", "pharmacie"]
    assert table["position_quality"].tolist() == ["exact", "approximate", "commune"]
    assert table.geometry[0].equals(lands.point(2, 3))
    assert table.geometry[2].equals(lands.point(5, 5))
    assert set(table["vintage"]) == {"2024"}
    lands.adds_up(reading, 3)


@pytest.mark.parametrize("nothing", [None, float("nan")])
def test_parquet_cells_of_other_types(tmp_path, nothing):
    lon, lat = lands.lonlat(2, 3)
    x, y = lands.xy(25, 3)
    path = parquet_file(
        tmp_path / "b.parquet",
        AN=pa.array([2025, 2025, 2025]),
        DEPCOM=pa.array(["13001", "13003", "13001"]).dictionary_encode(),
        EPSG=pa.array([2154.0, 2154.0, None]),
        LAMBERT_X=pa.array([nothing, x, nothing], pa.float64()),
        LAMBERT_Y=pa.array([nothing, y, nothing], pa.float64()),
        LONGITUDE=pa.array([lon, nothing, nothing], pa.float64()),
        LATITUDE=pa.array([lat, nothing, nothing], pa.float64()),
        QUALITE_XY=["B", "B", "B"],
        QUALITE_GEOLOC=pa.array([11, 11, 11]),
    )
    reading = read(path, vintage=2025)
    assert reading.table.geometry[0].distance(lands.point(2, 3)) < 1e-3
    assert reading.table.geometry[1].equals(lands.point(25, 3))
    assert lands.rows_of(reading.flags) == {4: "no position: placed at its commune"}
    assert set(reading.table["vintage"]) == {"2025"}


def test_numbers_of_geoloc_and_random_points(tmp_path):
    path = parquet_file(tmp_path / "b.parquet", QUALITE_GEOLOC=pa.array([33, 11, 11]))
    assert read(path).table["position_quality"].tolist() == ["commune", "approximate", "commune"]


def cut_parquet(path, kind):
    payload = parquet_file(path).read_bytes()
    payloads = {
        "cut": payload[: len(payload) // 2],
        "csv": b"DEPCOM;AN\n13001;2013\n",
        "damaged": payload[:4] + b"\xff" * (len(payload) - 12) + payload[-8:],
        "short": b"PA",
    }
    return written(path, payloads[kind])


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("cut", "whose end is missing. Likely cause: an interrupted download"),
        ("csv", "starts with b'DEPC'. Likely cause: another kind of file"),
        ("damaged", "Likely cause: a damaged file"),
        ("short", "starts with b'PA'"),
    ],
)
def test_faults_of_a_parquet_file(tmp_path, kind, expected):
    path = cut_parquet(tmp_path / "b.parquet", kind)
    with pytest.raises(InputError, match=f"b.parquet: expected a parquet file, (?s:.*){expected}"):
        read(path)


def test_parquet_without_rows_columns_or_cells(tmp_path):
    path = tmp_path / "b.parquet"
    parquet_file(path)
    table = parquet.read_table(path)
    parquet.write_table(table.slice(0, 0), path)
    with pytest.raises(InputError, match="found columns and no row"):
        read(path)
    parquet.write_table(table.drop_columns(["DEPCOM", "QUALITE_XY"]), path)
    with pytest.raises(InputError, match=r"2 faults.*(?s:.*)'QUALITE_XY': expected this column"):
        read(path)
    parquet_file(path, DEPCOM=[["13001"], ["13001"], []])
    with pytest.raises(InputError, match="expected a parquet file, (?s:.*)cast"):
        read(path)
    with pytest.raises(InputError, match="expected a file, found no such file"):
        read(tmp_path / "none.parquet")
    with pytest.raises(InputError, match="expected a file, found a folder"):
        read_in_folder(tmp_path)


def read_in_folder(tmp_path):
    (tmp_path / "c.dbf").mkdir()
    return read(tmp_path / "c.dbf")


CELLS = st.fixed_dictionaries(
    {
        "depcom": st.sampled_from(
            ["13001", "13003", "13201", "13999", "84099", "75056", "2A004", "97411", "1301", ""]
        ),
        "typequ": st.sampled_from(["D307", "d307", "A203", "C101", ""]),
        "qualite_xy": st.sampled_from(["Bonne", "Acceptable", "Mauvaise", NOT_LOCATED, ""]),
        "lambert_x": st.sampled_from(["885000.00", "880000.5", "6245000", "abc", ""]),
        "lambert_y": st.sampled_from(["6245000.00", "6242000", "0", ""]),
    }
)


def keep_all(frame, study, claims_of):
    return pd.Series(data=False, index=frame.index)


@settings(
    deadline=None, max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cells=st.lists(CELLS, max_size=10), size=st.sampled_from([9, 20]), bounded=st.booleans())
def test_every_form_gives_what_the_csv_gives(tmp_path, monkeypatch, cells, size, bounded):
    """The oracle is the text table, read whole by another reader, of which nothing is dropped."""
    records = [record()] * 40 + [record(**item) for item in cells]
    frame = pd.DataFrame(records).rename(columns=str.upper)
    names = CSV_HEAD.split(";")
    study = lands.study(bounded=bounded)
    lands.table(tmp_path / "a.csv", CSV_HEAD, *frame[names].agg(";".join, axis=1))
    written(tmp_path / "a.dbf", dbf_bytes(*records))
    parquet.write_table(
        pa.table({name: frame[name].tolist() for name in names}), tmp_path / "a.parquet"
    )
    monkeypatch.setattr(dbf_module, "CHUNK_ROWS", size)
    monkeypatch.setattr(parquet_module, "CHUNK_ROWS", size)
    with monkeypatch.context() as patch:
        patch.setattr("sdaasp_geo.sources.bpe_pieces._elsewhere", keep_all)
        whole = read(tmp_path / "a.csv", study=study)
    lands.adds_up(whole, 40 + len(cells))
    for name in ("a.csv", "a.dbf", "a.parquet"):
        reading = read(tmp_path / name, study=study)
        assert reading.rows_read == whole.rows_read
        for part in ("table", "rejects", "flags", "unused"):
            expected = getattr(whole, part).assign(source=name)
            pd.testing.assert_frame_equal(getattr(reading, part), expected)


def test_rows_of_elsewhere_are_dropped_piece_by_piece(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_module, "CHUNK_ROWS", 4)
    x, y = lands.xy(2, 3)
    columns = {
        "DEPCOM": ["75056", "13001", "75056", "2A004"] * 5,
        "AN": ["2024"] * 20,
        "TYPEQU": ["D307"] * 20,
        # The third of four says Paris, and lies in the study area.
        "LAMBERT_X": [652000.0, x, x, 1_170_000.0] * 5,
        "LAMBERT_Y": [6_862_000.0, y, y, 6_110_000.0] * 5,
        "QUALITE_XY": ["B"] * 20,
    }
    path = tmp_path / "b.parquet"
    parquet.write_table(pa.table(columns), path)
    seen = []

    def spied(pieces, study, claims_of):
        found = sift(pieces, study, claims_of)
        seen.append(len(found.frame))
        return found

    monkeypatch.setattr("sdaasp_geo.sources.bpe.sift", spied)
    reading = read(path)
    assert seen == [10]
    assert len(reading.table) == 5
    assert reading.unused[["code", "rows", "reason"]].to_numpy().tolist() == [
        ["2A", 5, "outside the study area"],
        ["75", 5, "outside the study area"],
        ["75", 5, "in the study area, but its commune is not in the communes file"],
    ]
    assert reading.table["facility"].tolist() == [f"D307-{row}" for row in np.arange(3, 23, 4)]
    lands.adds_up(reading, 20)


def test_a_file_of_elsewhere_alone(tmp_path):
    rows = {name: [cell] * 3 for name, cell in record(depcom="75056", an="2016").items()}
    far = {"lambert_x": ["652000"] * 3, "lambert_y": ["6862000"] * 3}
    parquet.write_table(pa.table(rows | far), tmp_path / "b.parquet")
    reading = read(tmp_path / "b.parquet")
    assert reading.table.empty
    assert reading.unused["rows"].tolist() == [3]
    lands.adds_up(reading, 3)


@pytest.mark.parametrize("year", ["2019", "2020"])
def test_a_zip_of_csv_with_its_modalities(tmp_path, year):
    row = ["13001", year, "D301", "882000.00", "6243000.00", "Bonne"]
    with zipfile.ZipFile(tmp_path / "bpe.zip", "w") as archive:
        archive.writestr("bpe_ensemble_xy.csv", f"{CSV_HEAD}\n{';'.join(row)}\n")
        archive.writestr(f"Varmod_ensemble_xy_{year}.csv", "COD_VAR;LIB_VAR\n")
    table = read(tmp_path / "bpe.zip").table
    assert set(table["vintage"]) == {year}
    assert table.geometry[0].equals(lands.point(2, 3))
