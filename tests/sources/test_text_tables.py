import csv
import re
import zipfile

import lands
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdaasp_geo.errors import InputError
from sdaasp_geo.sources import text_rows
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
    assert "holds one table (csv, txt, parquet, xlsx, dbf), found a.csv, b.csv" in str(
        fault_of(several)
    )
    broken = tmp_path / "b.zip"
    broken.write_bytes(several.read_bytes()[:60])
    assert "an interrupted download" in str(fault_of(broken))


def test_numbers_with_either_decimal_sign():
    texts = pd.Series(["1,5", "-2.25", "1e3", "x", "", None, "12 34", "1 2345"], dtype="str")
    assert to_numbers(texts)[:3].tolist() == [1.5, -2.25, 1000.0]
    assert to_numbers(texts)[3:].isna().all()
    assert texts[0] == "1,5"


def test_unknown_keys_of_a_mapping_are_told_with_the_nearest_name():
    with pytest.raises(InputError, match=r"columns.popluation.*did you mean 'population'"):
        file_names("a.gpkg", {"popluation": "p"}, required=["commune"], optional=["population"])
    names = file_names("a", {"population": "p"}, required=["commune"], optional=["population"])
    assert names == {"commune": "commune", "population": "p"}


def both(path, **options):
    """Read a file in one piece, and in pieces of a few bytes: the same, and nothing lost."""
    readings = []
    for size in (1 << 24, 23):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(text_rows, "_PIECE_BYTES", size)
            notes = Notes(path.name)
            found = read_text(path, notes, **({"required": NAMES} | options))
            readings.append(notes.close(found.frame, found.rows_read))
    whole, pieces = readings
    pd.testing.assert_frame_equal(whole.table, pieces.table)
    assert whole.rows_read == pieces.rows_read == len(whole.table) + len(whole.rejects)
    for part in ("rejects", "flags"):
        again = getattr(pieces, part).sort_values("row", ignore_index=True)
        pd.testing.assert_frame_equal(getattr(whole, part), again)
    return whole


@pytest.mark.parametrize("title", ["Titre\n\n", '"Population, 2021";\nSource : Insee;;\n'])
def test_a_header_on_line_3_keeps_the_numbers_of_its_lines(tmp_path, title):
    reading = both(lands.write(tmp_path / "a.csv", f"{title}nom;code\na;1\nb;2\n"))
    assert reading.table["nom"].to_dict() == {4: "a", 5: "b"}
    fault = fault_of(lands.write(tmp_path / "a.csv", f"{title}nom;cod\na;1\n"))
    assert "'code': expected this column, found the columns nom, cod" in str(fault)
    fault = fault_of(lands.write(tmp_path / "a.csv", f"{title}nom,code\na,1\n"))
    assert fault.row == 3


def test_line_ends_marks_spaces_and_accents_of_all_kinds(tmp_path):
    payload = (
        "\ufeffcode;de\u0301partement\u00a0;nom\r\n"
        "1;E\u0301vry\u202f;x\r2;\u00c9vry;y\n3;\u00a0;z\r\n\x1a"
    )
    reading = both(lands.write(tmp_path / "a.csv", payload), required=["code", "d\u00e9partement"])
    assert reading.table["d\u00e9partement"].fillna("-").tolist() == ["\u00c9vry", "\u00c9vry", "-"]
    assert list(reading.table.index) == [2, 3, 4]


@pytest.mark.parametrize(
    ("rows", "kept", "broken", "flagged"),
    [
        # A mark that never closes swallows nothing.
        (['1;"a', "2;b", "3;c"], {3: "b", 4: "c"}, [2], []),
        # Nor does one that would close many lines below.
        (['1;"a', "2;b", '3;"c";', "4;d"], {3: "b", 4: "c", 5: "d"}, [2], []),
        # Marks inside a cell that are not doubled are read as they stand.
        (['1;"le "Bar""', "2;b"], {2: 'le "Bar"', 3: "b"}, [], [2]),
        (['1;le "Bar"', '2;5" de large'], {2: 'le "Bar"', 3: '5" de large'}, [], []),
        (['1;"a";', '2;"b""c"'], {2: "a", 3: 'b"c'}, [], []),
        # A cell may have several lines, and separators.
        (['1;"a', 'b;c"', "2;d"], {2: "a\nb;c", 3: "d"}, [], [2]),
        (['1;"a', 'b"', "2;d"], {2: "a\nb", 3: "d"}, [], []),
        (['1;"a"b', "2;c"], {3: "c"}, [2], []),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_quotation_marks(tmp_path, rows, kept, broken, flagged, end):
    path = lands.write(tmp_path / "a.csv", end.join(["code;nom", *rows, ""]))
    reading = both(path)
    assert reading.table["nom"].to_dict() == kept
    assert reading.rejects["row"].tolist() == broken
    assert set(reading.rejects["reason"]) <= {text_rows.BROKEN}
    assert reading.flags["row"].tolist() == flagged


def test_rows_swallowed_between_two_marks_are_found(tmp_path):
    rows = ['1;"Bar;x', "2;b;y", '3;Pub";z', "4;d;w"]
    reading = both(lands.table(tmp_path / "a.csv", "code;nom;x", *rows))
    # Each of the lines is a row of its own; the first is not to be trusted.
    assert reading.table["nom"].to_dict() == {3: "b", 4: 'Pub"', 5: "d"}
    assert reading.rejects[["row", "value"]].to_numpy().tolist() == [[2, '1;"Bar;x']]


CELL = st.text(st.sampled_from('aé";\n,  0b'), max_size=6)


@settings(
    deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(st.tuples(CELL, CELL, CELL, CELL), min_size=1, max_size=6),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_what_the_csv_module_writes_is_read_back(tmp_path, rows, quoting):
    """The oracle is Python's own writer: what it quotes must come back."""
    names = ["code", "nom", "x", "y"]
    path = tmp_path / "a.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=";", quoting=quoting)
        # One row that is no blank.
        writer.writerows([names, *rows, ["end"] * 4])
    reading = both(path, required=names)
    expected = [tuple(cell.strip() or None for cell in row) for row in [*rows, ("end",) * 4]]
    found = reading.table.astype(object).where(reading.table.notna(), None)
    # A cell whose lines each look like a whole row is not trusted: it is told.
    if reading.rejects.empty:
        assert reading.rows_read == sum(any(row) for row in expected)
        told = [tuple(row) for row in found.to_numpy().tolist()]
        assert told == [row for row in expected if any(row)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1 234", 1234.0),
        ("1\u00a0234\u202f567,5", 1234567.5),
        ("-1\u2009234", -1234.0),
        ("12 34", None),
        ("1234 567", None),
        ("NA", None),
        ("1_000", None),
        ("0x10", None),
    ],
)
def test_thousands_parted_by_spaces_are_numbers(text, number):
    found = to_numbers(pd.Series([text], dtype="str")).tolist()[0]
    assert found == number if number is not None else pd.isna(found)
