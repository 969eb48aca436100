"""Squares and points of origin."""

import geopandas as gpd
import lands
import pytest
import shapely

from sdaasp_geo.errors import InputError
from sdaasp_geo.sources.origins import read_points_of_origin
from sdaasp_geo.tables.gate import schema_faults
from sdaasp_geo.tables.schemas import ORIGINS

COLUMNS = {"origin": "id", "population": "ind"}


def read(path, columns=COLUMNS, **options):
    options = {"places": lands.places(), "departement": "13"} | options
    return read_points_of_origin(path, columns=columns, **options)


def squares(path, *rows, crs="EPSG:3035", side_m=1000.0):
    """Write squares (id, inhabitants, east km, north km of their middle) in another CRS."""
    middles = gpd.GeoSeries([lands.point(*row[2:]) for row in rows], crs=lands.CRS).to_crs(crs)
    half = side_m / 2
    boxes = [shapely.box(p.x - half, p.y - half, p.x + half, p.y + half) for p in middles]
    data = {"id": [row[0] for row in rows], "ind": [row[1] for row in rows]}
    gpd.GeoDataFrame(data, geometry=boxes, crs=crs).to_file(path)
    return path


def test_squares_of_another_crs_become_their_middles(tmp_path):
    path = squares(tmp_path / "s.gpkg", ("a", 12.5, 5, 5), ("b", 7, 12, 5), ("c", 3, 5, 15))
    reading = read(path)
    table = reading.table
    assert schema_faults(table, ORIGINS, file="s") == []
    assert table.crs == lands.CRS
    assert table["origin"].tolist() == ["a", "b"]
    assert table["population"].tolist() == [12.5, 7.0]
    assert table["unit"].tolist() == ["13001", "13201"]
    assert table["commune"].tolist() == ["13001", "13055"]
    assert set(table["known_by"]) == {"position"}
    assert table.geometry[0].distance(lands.point(5, 5)) < 0.1
    assert reading.unused[["code", "rows", "reason"]].to_numpy().tolist() == [
        ["84", 1, "outside the département 13"]
    ]
    lands.adds_up(reading, 3)


def test_a_square_on_the_shore_belongs_to_its_commune(tmp_path):
    path = squares(tmp_path / "s.gpkg", ("a", 5, 5, 5), ("b", 1, 25, -0.6), ("c", 1, 25, -0.8))
    assert read(path).table["origin"].tolist() == ["a"]
    reading = read(path, size_m=1000.0)
    # Half the diagonal of a square of 1 km is 707 m.
    assert reading.table["origin"].tolist() == ["a", "b"]
    assert reading.unused["reason"].tolist() == ["in no known commune"]


def test_rejected_squares(tmp_path):
    rows = [
        ("a", "5", 5, 5),
        ("a", "5", 6, 5),
        ("c", "-1", 5, 6),
        ("d", "x", 5, 7),
        ("e", None, 5, 8),
    ]
    reading = read(squares(tmp_path / "s.gpkg", *rows, (None, "2", 5, 9)))
    assert reading.table["origin"].tolist() == ["a", "s-6"]
    number = "expected a number of inhabitants, 0 or more"
    assert lands.rows_of(reading.rejects) == {
        2: "a repetition of an earlier row",
        3: number,
        4: number,
        5: number,
    }
    assert reading.rejects["value"].tolist() == ["-1", "x", "", "a"]
    lands.adds_up(reading, 6)


def csv_rows(*places, there=lands.CRS):
    points = gpd.GeoSeries([lands.point(*place) for place in places], crs=lands.CRS).to_crs(there)
    return [f"p{n};{10 * (n + 1)};{p.x:.8f};{p.y:.8f};{there}" for n, p in enumerate(points)]


@pytest.mark.parametrize(
    ("there", "columns"),
    [
        ("EPSG:4326", {"lon": "a", "lat": "b"}),
        (lands.CRS, {"x": "a", "y": "b"}),
        ("EPSG:3035", {"x": "a", "y": "b", "crs": "EPSG:3035"}),
        ("EPSG:3035", {"x": "a", "y": "b", "crs": "crs"}),
    ],
)
def test_points_of_a_csv(tmp_path, there, columns):
    rows = csv_rows((5, 5), (18, 5), (5, 300), there=there)
    path = lands.table(tmp_path / "p.csv", "id;ind;a;b;crs", *rows, "p9;1;;;", "p8;1;x;2;")
    reading = read(path, columns=COLUMNS | columns)
    assert reading.table["unit"].tolist() == ["13001", "13202"]
    assert reading.table["population"].tolist() == [10.0, 20.0]
    assert reading.table.geometry[0].distance(lands.point(5, 5)) < 0.1
    assert set(lands.rows_of(reading.rejects)) == {5, 6}
    assert lands.rows_of(reading.rejects)[6] == "a coordinate that is not a number"
    lands.adds_up(reading, 5)


def test_names_of_squares_tell_where_they_are(tmp_path):
    there = gpd.GeoSeries([lands.point(5, 5)], crs=lands.CRS).to_crs("EPSG:3035")[0]
    east, north = int(there.x // 200) * 200, int(there.y // 200) * 200
    rows = [f"CRS3035RES200mN{north}E{east},12", "xyz,3"]
    path = lands.table(tmp_path / "p.csv", "id,ind", *rows)
    reading = read(path)
    middle = gpd.GeoSeries([shapely.Point(east + 100, north + 100)], crs="EPSG:3035")
    assert reading.table.geometry[0].distance(middle.to_crs(lands.CRS)[0]) < 0.01
    assert lands.rows_of(reading.rejects) == {3: "no position"}


def test_faults(tmp_path):
    path = lands.table(tmp_path / "p.csv", "id;ind", "a;1")
    with pytest.raises(InputError, match="columns lon and lat, or x and y, or Insee's names"):
        read(path)
    path = squares(tmp_path / "s.gpkg", ("a", 1, 5, 15))
    with pytest.raises(InputError, match="at least one inhabited place in the département 13"):
        read(path)
    with pytest.raises(InputError, match="'hab': expected this column"):
        read(path, columns={"population": "hab"})
    wrong = gpd.read_file(path).set_crs("EPSG:4326", allow_override=True)
    wrong.to_file(path)
    with pytest.raises(InputError, match=r"declared as EPSG:4326.*metres of some projection"):
        read(path)
