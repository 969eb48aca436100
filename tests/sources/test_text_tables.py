import re
import zipfile

import lands
import pandas as pd
import pytest

from sdaasp_geo.errors import InputError
from sdaasp_geo.sources.names import file_names
from sdaasp_geo.sources.text import read_text, to_numbers
from sdaasp_geo.tables.reading import Notes

NAMES = ["code", "nom"]


def read(path, **options):
    return read_text(path, Notes(path.name), **({"required": NAMES} | options))


def fault_of(path, **options):
    with pytest.raises(InputError) as caught:
        read(path, **options)
    (fault,) = caught.value.faults
    return fault


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_cells_are_text_under_stripped_names(tmp_path, encoding, end):
    lines = [" code ;x; nom", "01004;;Ambérieu ", "13055;1;NA", '"2A004";2;"Ajaccio;Sud"']
    path = lands.write(tmp_path / "a.csv", end.join(lines) + end, encoding)
    found = read(path, optional=["absent"])
    expected = pd.DataFrame(
        {"code": ["01004", "13055", "2A004"], "nom": ["Ambérieu", "NA", "Ajaccio;Sud"]},
        index=pd.RangeIndex(2, 5, name="row"),
        dtype="str",
    )
    pd.testing.assert_frame_equal(found.frame, expected)
    assert found.rows_read == 3


def test_empty_cells_are_missing_and_empty_lines_are_no_rows(tmp_path):
    path = lands.table(tmp_path / "a.csv", "code;x;nom", "1;;a", ";9;", "", ";;", "2; ;b", "")
    found = read(path)
    # Row 3 holds nothing that was asked for, and is a row all the same.
    assert list(found.frame.index) == [2, 3, 6]
    assert found.frame.loc[3].isna().all()
    assert found.rows_read == 3


def test_a_row_whose_cells_have_moved_is_rejected(tmp_path):
    path = lands.table(tmp_path / "a.csv", "code;nom", "1;a", "2;b;c", "3;c;", "4")
    notes = Notes("a.csv")
    found = read_text(path, notes, required=NAMES)
    reading = notes.close(found.frame, found.rows_read)
    assert lands.rows_of(reading.rejects) == {
        3: "more fields than the 2 of the header: a ';' inside a cell"
    }
    # A separator at the end of a line moves nothing.
    assert list(found.frame.index) == [2, 4, 5]
    assert found.frame["nom"].isna().tolist() == [False, False, True]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("code,nom\n1,a\n", "columns separated by ';', found the header 'code,nom'.*cut by ','"),
        ("code\tnom\n1\ta\n", "cut by a tab"),
        ("code;name\n1;a\n", "'nom': expected this column, found the columns code, name"),
        ("Code;nom\n1;a\n", "'code': .* the column is called 'Code' here"),
        ("code;nom;code\n1;a;2\n", "row 1, column 'code': expected each column once"),
        ("", "an empty file"),
        (" \n", "an empty file"),
        ("code;nom\n", "at least one row, found a header and nothing below it"),
        ("code;nom\n\n;\n", "a header and nothing below it"),
        ('code;nom\n1;"a\n2;b\n', "a quotation mark that never closes"),
        ("code;nom\n1;a\n2;\0b\n", "row 3: expected text in UTF-8 or CP1252, found a NUL byte"),
    ],
)
def test_faults_of_the_text(tmp_path, text, expected):
    fault = fault_of(lands.write(tmp_path / "a.csv", text))
    assert fault.file == "a.csv"
    assert re.search(expected, str(fault)), str(fault)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ("code;nom\n1;a\n".encode("utf-16"), "found text in UTF-16"),
        (b"PK\x03\x04" + b"x" * 50, "a zip archive or a spreadsheet"),
        (b"PAR1" + b"x" * 50, "a parquet file"),
        (b"code;nom\n1;a\n2;\x81\n", "row 3: .*found the byte 0x81"),
    ],
)
def test_faults_of_the_encoding(tmp_path, payload, expected):
    path = tmp_path / "a.csv"
    path.write_bytes(payload)
    assert re.search(expected, str(fault_of(path)))


def test_missing_file_and_folder(tmp_path):
    assert "a.csv: expected a file, found no such file" in str(fault_of(tmp_path / "a.csv"))
    assert "found a folder" in str(fault_of(tmp_path))


def test_every_missing_column_is_told_at_once(tmp_path):
    path = lands.table(tmp_path / "a.csv", "x;y", "1;2")
    with pytest.raises(InputError, match="2 faults") as caught:
        read(path)
    assert [fault.column for fault in caught.value.faults] == NAMES


def test_either_separator_may_be_allowed(tmp_path):
    path = lands.table(tmp_path / "a.csv", "code,nom", "1,a")
    assert read(path, separators=(";", ",")).frame["nom"].tolist() == ["a"]


def zipped(path, **members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(name.replace("_csv", ".csv"), text)
    return path


def test_a_zip_is_read_in_place(tmp_path):
    path = zipped(tmp_path / "a.zip", data_csv="code;nom\n1;é\n", varmod_data_csv="x;y\n")
    assert read(path).frame["nom"].tolist() == ["é"]


def test_faults_of_a_zip(tmp_path):
    several = zipped(tmp_path / "a.zip", a_csv="x", b_csv="y")
    assert "holds one CSV file, found a.csv, b.csv" in str(fault_of(several))
    broken = tmp_path / "b.zip"
    broken.write_bytes(several.read_bytes()[:60])
    assert "an interrupted download" in str(fault_of(broken))


def test_numbers_with_either_decimal_sign():
    texts = pd.Series(["1,5", "-2.25", "1e3", "1 234", "x", "", None], dtype="str")
    assert to_numbers(texts)[:3].tolist() == [1.5, -2.25, 1000.0]
    assert to_numbers(texts)[3:].isna().all()
    assert texts[0] == "1,5"


def test_unknown_keys_of_a_mapping_are_told_with_the_nearest_name():
    with pytest.raises(InputError, match=r"columns.popluation.*did you mean 'population'"):
        file_names("a.gpkg", {"popluation": "p"}, required=["commune"], optional=["population"])
    names = file_names("a", {"population": "p"}, required=["commune"], optional=["population"])
    assert names == {"commune": "commune", "population": "p"}
