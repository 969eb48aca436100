"""Every table and layer, plain, gzipped, zipped: the same rows; and archives that are traps."""

import gzip
import io
import shutil
import tempfile
import zipfile

import geopandas as gpd
import lands
import openpyxl
import pandas as pd
import pyarrow as pa
import pytest
import shapely
from pyarrow import parquet
from test_bpe_forms import dbf_bytes

from sdaasp_geo.errors import InputError
from sdaasp_geo.sources.containers import opened
from sdaasp_geo.sources.layers import holds_layer, layer_names, read_layer
from sdaasp_geo.sources.text import possible_columns, read_text
from sdaasp_geo.tables.reading import Notes

ROWS = [["01004", "Ambérieu", "1.5"], ["2A004", "Ajaccio;Sud", None], ["13055", "NA", "7"]]
NAMES = ["code", "nom", "valeur"]


def read(path, **options):
    options = {"required": NAMES, "separators": (";", ",")} | options
    return read_text(path, Notes(path.name), **options)


def xlsx_bytes(*rows, title=(), others=(), form=None):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Données"
    for row in [*title, *rows]:
        sheet.append(row)
    if form:
        for cell in next(sheet.iter_cols(max_col=1)):
            cell.number_format = form
    for name, content in others:
        other = book.create_sheet(name)
        for row in content:
            other.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def parquet_bytes(*rows):
    out = io.BytesIO()
    columns = dict(zip(NAMES, zip(*rows, strict=True), strict=True))
    parquet.write_table(pa.table({name: list(cells) for name, cells in columns.items()}), out)
    return out.getvalue()


FORMS = {
    "csv": pd.DataFrame(ROWS, columns=NAMES).to_csv(index=False, sep=";").encode(),
    "txt": pd.DataFrame(ROWS, columns=NAMES).to_csv(index=False).encode(),
    "parquet": parquet_bytes(*ROWS),
    "xlsx": xlsx_bytes(NAMES, *ROWS),
    "dbf": dbf_bytes(
        *[dict(zip(NAMES, [cell or "" for cell in row], strict=True)) for row in ROWS],
        fields={"code": 5, "nom": 12, "valeur": 5},
        page=0x57,
        encoding="cp1252",
    ),
}


def packed(folder, name, payload, packing):
    """Write a file plain, gzipped, or in a zip beside what Insee adds."""
    path = folder / name
    if packing == "zip":
        path = folder / "archive.zip"
        zipped(path, {f"a/{name}": payload, "a/varmod_x.csv": b"COD;LIB\n", "lisez-moi.pdf": b"x"})
    elif packing == "gz":
        path = folder / f"{name}.gz"
        path.write_bytes(gzip.compress(payload))
    else:
        path.write_bytes(payload)
    return path


def zipped(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, payload in members.items():
            archive.writestr(name, payload)
    return path


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Folder in which temporary files are made, empty before and after."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("packing", ["plain", "gz", "zip"])
@pytest.mark.parametrize("form", FORMS)
def test_a_table_in_every_form(tmp_path, temporary, form, packing):
    path = packed(tmp_path, f"t.{form}", FORMS[form], packing)
    found = read(path)
    expected = pd.DataFrame(ROWS, columns=NAMES, index=pd.RangeIndex(2, 5, name="row"), dtype="str")
    pd.testing.assert_frame_equal(found.frame, expected)
    assert found.rows_read == 3
    assert set(NAMES) <= possible_columns(path)
    assert not holds_layer(path)
    with pytest.raises(
        InputError, match=f"^1 fault.*\n.*{path.name}.*'absent': .*column"
    ) as caught:
        read(path, required=["absent"])
    assert {fault.file for fault in caught.value.faults} == {path.name}


LAYERS = ["gpkg", "geojson", "shp", "parquet"]
COLUMNS = {"commune": "insee", "name": "nom"}


@pytest.fixture(scope="module")
def layers(tmp_path_factory):
    """Each form of one layer in a folder of its own."""
    folder = tmp_path_factory.mktemp("layers")
    frame = lands.commune_layer()
    for form in LAYERS:
        (folder / form).mkdir()
        path = folder / form / f"communes.{form}"
        if form == "parquet":
            frame.to_parquet(path)
        else:
            (frame.to_crs(4326) if form == "geojson" else frame).to_file(path)
    return folder


@pytest.mark.parametrize(
    ("form", "packing"),
    # A shapefile is several files, of which no gzip file holds more than one.
    [
        (form, how)
        for form in LAYERS
        for how in ("plain", "gz", "zip")
        if (form, how) != ("shp", "gz")
    ],
)
def test_a_layer_in_every_form(tmp_path, temporary, layers, form, packing):
    path = layers / form / f"communes.{form}"
    if packing == "zip":
        members = {f"x/{item.name}": item.read_bytes() for item in path.parent.iterdir()}
        path = zipped(tmp_path / "a.zip", members | {"x/meta.csv": b"a;b\n"})
    elif packing == "gz":
        path = packed(tmp_path, path.name, path.read_bytes(), "gz")
    found = read_layer(path, columns=COLUMNS)
    expected = lands.commune_layer()
    assert list(found.index) == [1, 2, 3, 4, 5]
    assert found["commune"].tolist() == expected["insee"].tolist()
    assert found["name"].tolist() == expected["nom"].tolist()
    there = found.to_crs(lands.CRS).geometry.to_numpy()
    assert shapely.area(shapely.symmetric_difference(there, expected.geometry)).max() < 1.0
    assert set(layer_names(path)) >= {"insee", "nom", "pop"}
    assert holds_layer(path)
    with pytest.raises(InputError, match="'insie': expected this column.*'insee' here") as caught:
        read_layer(path, columns={"commune": "insie"})
    assert {fault.file for fault in caught.value.faults} == {path.name}


def test_a_member_or_a_layer_is_named(tmp_path, temporary, layers):
    shapes = {
        f"ADE/{stem}.{item.suffix[1:]}": item.read_bytes()
        for stem in ("COMMUNE", "EPCI")
        for item in (layers / "shp").iterdir()
    }
    path = zipped(tmp_path / "a.zip", shapes | {"ADE/t.csv": FORMS["csv"], "u.csv": FORMS["csv"]})
    assert len(read_layer(path, columns=COLUMNS, layer="COMMUNE")) == 5
    assert len(read_layer(path / "ADE/EPCI.shp", columns=COLUMNS)) == 5
    with pytest.raises(InputError, match="ADE/COMMUNE.shp, ADE/EPCI.shp.*as in a.zip/ADE/COMMUNE"):
        read_layer(path, columns=COLUMNS)
    assert len(read(path / "t.csv").frame) == 3
    with pytest.raises(InputError, match="one table.*found ADE/t.csv, u.csv"):
        read(path)
    with pytest.raises(InputError, match="a member 'v.csv', found"):
        read(path / "v.csv")


def geoparquet_fault(path):
    with pytest.raises(InputError) as caught:
        read_layer(path, columns=COLUMNS)
    return str(caught.value)


def test_faults_of_geoparquet(tmp_path):
    path = tmp_path / "a.parquet"
    layer = lands.commune_layer()
    path.write_bytes(FORMS["parquet"])
    assert "a parquet file without geometry. Likely cause: a table of attr" in geoparquet_fault(
        path
    )
    layer.iloc[:0].to_parquet(path)
    assert "at least one feature, found an empty layer" in geoparquet_fault(path)
    layer.to_parquet(path)
    path.write_bytes(path.read_bytes()[:-100])
    assert "whose end is missing" in geoparquet_fault(path)
    layer.to_parquet(path, geometry_encoding="geoarrow")
    assert "geometries as WKB, found polygon" in geoparquet_fault(path)
    described = parquet.read_table(path)
    parquet.write_table(described.replace_schema_metadata({"geo": "{"}), path)
    assert "a description that cannot be read" in geoparquet_fault(path)
    layer.set_crs(None, allow_override=True).to_parquet(path)
    assert read_layer(path, columns=COLUMNS).crs is None


def trap(path, kind):
    """Write an archive that must not be opened."""
    text = FORMS["csv"]
    if kind == "bomb":
        zipped(path, {"t.csv": text + b"0" * (8 << 20)})
    elif kind == "outside":
        zipped(path, {"../t.csv": text})
    elif kind == "nested":
        zipped(path, {"t.csv.gz": gzip.compress(text)})
    elif kind == "link":
        info = zipfile.ZipInfo("t.csv")
        info.external_attr = 0o120777 << 16
        zipped(path, {})
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(info, "/etc/passwd")
    elif kind == "encrypted":
        zipped(path, {"t.csv": text})
        payload = bytearray(path.read_bytes())
        payload[6] |= 1
        payload[payload.rindex(b"PK\x01\x02") + 8] |= 1
        path.write_bytes(payload)
    elif kind == "cut":
        zipped(path, {"t.csv": text})
        path.write_bytes(path.read_bytes()[:-30])
    elif kind == "damaged":
        zipped(path, {"t.csv": text})
        payload = bytearray(path.read_bytes())
        payload[40:50] = b"!" * 10
        path.write_bytes(payload)
    elif kind == "empty":
        path.write_bytes(b"")
    return path


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("bomb", "files at most 1000 times their packed size"),
        ("outside", "names inside the archive's own folder, found '../t.csv'"),
        ("nested", "a file packed once, found 't.csv.gz'"),
        ("link", "plain files in the archive, found 't.csv', a link"),
        ("encrypted", "an open archive, found 't.csv', encrypted"),
        ("cut", "a zip archive that opens, found .*interrupted download"),
        ("damaged", "a zip archive that opens, found .*interrupted download"),
        ("empty", "an empty file"),
    ],
)
def test_traps(tmp_path, temporary, kind, expected):
    path = trap(tmp_path / "a.zip", kind)
    with pytest.raises(InputError, match=f"a.zip: expected .*{expected}"):
        read(path)
    with pytest.raises(InputError, match="a.zip: expected "):
        read_layer(path, columns=COLUMNS)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (gzip.compress(FORMS["csv"] + b"0" * (8 << 20)), "at most 1000 times its packed size"),
        (gzip.compress(FORMS["csv"])[:-9], "a gzip file that opens, .*interrupted download"),
        (FORMS["csv"], "a gzip file that opens, found Not a gzipped file"),
    ],
    ids=["bomb", "cut", "not gzip"],
)
def test_traps_of_gzip(tmp_path, temporary, payload, expected):
    path = tmp_path / "t.csv.gz"
    path.write_bytes(payload)
    with pytest.raises(InputError, match=f"t.csv.gz: expected .*{expected}"):
        read(path)


def test_nothing_remains_after_a_failure_of_the_reader(tmp_path, temporary):
    path = packed(tmp_path, "t.csv", FORMS["csv"], "zip")

    def fail():
        with opened(path, endings=(".csv",)) as plain:
            assert plain.read_bytes() == FORMS["csv"]
            raise KeyError

    with pytest.raises(KeyError):
        fail()


@pytest.mark.parametrize("title", [(), (("Population par commune",), (), ("Source : Insee",))])
def test_a_spreadsheet_with_a_title_and_notes_on_another_sheet(tmp_path, title):
    path = tmp_path / "a.xlsx"
    rows = [NAMES, [1004, "Nom", 2.5], [None, None, None], [13055, "Marseille", 873076.0]]
    path.write_bytes(xlsx_bytes(*rows, title=title, others=[("Notes", [["code", "sens"]])]))
    found = read(path)
    first = 2 + len(title)
    assert found.frame["code"].to_dict() == {first: "1004", first + 2: "13055"}
    assert found.frame["valeur"].tolist() == ["2.5", "873076"]
    assert found.rows_read == 2


def test_a_code_shown_with_its_zeros_keeps_them(tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(xlsx_bytes(NAMES, [1004, "Nom", 2], form="00000"))
    assert read(path).frame["code"].tolist() == ["01004"]


def test_sheets_and_faults_of_a_spreadsheet(tmp_path, temporary):
    path = tmp_path / "a.xlsx"
    path.write_bytes(xlsx_bytes(NAMES, *ROWS, others=[("2020", [NAMES, ["1", "a", "3"]])]))
    assert read(path / "2020").frame["nom"].tolist() == ["a"]
    with pytest.raises(
        InputError, match="one sheet with the columns, found Données, 2020.*a.xlsx/D"
    ):
        read(path)
    with pytest.raises(InputError, match="a sheet '2021', found the sheets Données, 2020"):
        read(path / "2021")
    path.write_bytes(xlsx_bytes(NAMES))
    with pytest.raises(InputError, match="a header and nothing below it"):
        read(path)
    path.write_bytes(xlsx_bytes(NAMES, ["1", "a", "=1+1"]))
    with pytest.raises(InputError, match=r"row 2, column 'valeur': expected the result of a form"):
        read(path)
    for payload in (FORMS["csv"], FORMS["xlsx"][:900], b"PK\x03\x04" * 30):
        path.write_bytes(payload)
        with pytest.raises(InputError, match="a.xlsx: expected a spreadsheet"):
            read(path)
    shutil.copy(zipped(tmp_path / "b.zip", {"x/b.csv": b"a"}), path)
    with pytest.raises(InputError, match="a.xlsx: expected a spreadsheet"):
        read(path)


def test_a_parquet_archive_is_told_from_a_layer(tmp_path, layers):
    both = (layers / "parquet" / "communes.parquet").read_bytes()
    assert holds_layer(zipped(tmp_path / "a.zip", {"communes.parquet": both}))
    assert not holds_layer(zipped(tmp_path / "b.zip", {"t.parquet": FORMS["parquet"]}))
    assert isinstance(gpd.read_parquet(io.BytesIO(both)), gpd.GeoDataFrame)
