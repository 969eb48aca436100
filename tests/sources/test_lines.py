"""Roads from layers of lines."""

import geopandas as gpd
import lands
import numpy as np
import pytest
import shapely
from shapely import LineString, MultiLineString, Point

from sdaasp_geo.errors import InputError
from sdaasp_geo.sources.lines import read_lines
from sdaasp_geo.tables.gate import schema_faults
from sdaasp_geo.tables.schemas import ROADS

CRS = lands.CRS


def line(*places):
    return LineString([lands.xy(*place) for place in places])


def layer(path, *rows, crs=CRS):
    """Write rows (class, geometry, other columns as a dict)."""
    extra = {key for row in rows for key in row[2]}
    data = {key: [row[2].get(key) for row in rows] for key in sorted(extra)}
    frame = gpd.GeoDataFrame(
        {"kind": [row[0] for row in rows], **data}, geometry=[row[1] for row in rows], crs=CRS
    )
    frame.to_crs(crs).to_file(path)
    return path


def read(path, **options):
    columns = {"road_class": "kind"} | options.pop("columns", {})
    return read_lines(path, crs=CRS, columns=columns, **options)


@pytest.mark.parametrize(
    ("name", "crs"), [("r.gpkg", CRS), ("r.shp", CRS), ("r.geojson", "EPSG:4326")]
)
def test_any_vector_file_gives_the_same_roads(tmp_path, name, crs):
    path = layer(tmp_path / name, ("trunk", line((0, 0), (1, 0)), {}), crs=crs)
    reading = read(path, length_factor=1.3)
    table = reading.table
    assert schema_faults(table, ROADS, file="r") == []
    assert table.crs == CRS
    assert table.geometry[0].length == pytest.approx(1000, abs=0.01)
    assert (table["road_class"][0], table["length_factor"][0]) == ("trunk", 1.3)
    assert not table["oneway"][0]
    assert np.isnan(table[["posted_kmh", "duration_min"]].to_numpy()).all()
    lands.adds_up(reading, 1)


def test_a_multiline_is_one_row_of_the_file(tmp_path):
    parts = MultiLineString([line((0, 0), (1, 0)), line((1, 0), (2, 0)), line((3, 0), (3, 0))])
    path = layer(tmp_path / "r.gpkg", ("a", parts, {}), ("b", line((5, 0), (6, 0)), {}))
    reading = read(path)
    assert reading.table["road_class"].tolist() == ["a", "a", "b"]
    assert (reading.rows_read, reading.rows_kept) == (2, 2)


def test_rows_that_are_no_road_are_rejected(tmp_path):
    path = layer(
        tmp_path / "r.gpkg",
        ("a", line((0, 0), (1, 0)), {}),
        ("a", None, {}),
        ("a", LineString(), {}),
        ("a", line((2, 2), (2, 2)), {}),
        ("a", Point(*lands.xy(1, 1)), {}),
        (None, line((0, 0), (1, 0)), {}),
        ("a", LineString([lands.xy(0, 0)[::-1], lands.xy(1, 0)[::-1]]), {}),
    )
    reading = read(path)
    told = lands.rows_of(reading.rejects)
    assert told == {
        2: "expected a line, found no geometry",
        3: "expected a line, found an empty geometry",
        4: "expected a line, found a line without length",
        5: "expected a line, found a Point",
        6: "no road class",
        7: "expected a line, found coordinates with latitude and longitude (or the two "
        "projected axes) swapped",
    }
    lands.adds_up(reading, 7)


def test_only_roads_that_touch_the_area_are_kept_whole(tmp_path):
    path = layer(
        tmp_path / "r.gpkg",
        ("in", line((1, 1), (2, 2)), {}),
        ("across", line((5, 5), (50, 5)), {}),
        ("out", line((50, 5), (60, 5)), {}),
    )
    reading = read(path, area=lands.box(0, 0, 10, 10))
    assert reading.table["road_class"].tolist() == ["in", "across"]
    assert reading.table.geometry[1].length == pytest.approx(45_000)
    assert reading.unused[["code", "rows", "reason"]].to_numpy().tolist() == [
        ["out", 1, "outside the study area"]
    ]


@pytest.mark.parametrize(
    ("value", "oneway", "turned"),
    [
        ("0", False, False), ("no", False, False), ("Double sens", False, False),
        (None, False, False), ("1", True, False), ("yes", True, False), ("True", True, False),
        ("Sens direct", True, False), ("-1", True, True), ("Sens inverse", True, True),
    ],
)  # fmt: skip
def test_directions(tmp_path, value, oneway, turned):
    rows = [
        ("a", line((0, 0), (1, 0)), {"sens": value}),
        ("a", line((0, 0), (1, 0)), {"sens": "no"}),
    ]
    table = read(layer(tmp_path / "r.gpkg", *rows), columns={"oneway": "sens"}).table
    assert bool(table["oneway"][0]) is oneway
    first = shapely.get_point(table.geometry[0], 0)
    assert first.equals(lands.point(1, 0)) is turned


@pytest.mark.parametrize("value", [True, 1, 1.0])
def test_directions_that_are_no_text(tmp_path, value):
    rows = [("a", line((0, 0), (1, 0)), {"sens": value})]
    assert read(layer(tmp_path / "r.gpkg", *rows), columns={"oneway": "sens"}).table["oneway"][0]


def test_speeds(tmp_path):
    road = line((0, 0), (3, 0))
    path = layer(
        tmp_path / "r.gpkg",
        ("a", road, {"v": "60", "m": "50", "s": "?"}),
        ("a", road, {"v": None, "m": "FR:rural", "s": "1"}),
        ("a", road, {"v": "0", "m": "90", "s": "0"}),
        ("a", road, {"v": "vite", "m": "90", "s": "0"}),
        ("a", road, {"v": "90,0", "m": "quick", "s": "0"}),
    )
    columns = {"speed_kmh": "v", "maxspeed": "m", "oneway": "s"}
    reading = read(path, columns=columns, length_factor=1.2)
    table = reading.table
    # 3 km of line are 3.6 km of road: 3.6 min at 60 km/h, 2.4 at 90.
    assert table["duration_min"].fillna(-1).round(6).tolist() == [3.6, -1.0, 2.4]
    assert table["posted_kmh"].fillna(-1).tolist() == [50.0, 80.0, -1.0]
    assert set(lands.rows_of(reading.rejects)) == {3, 4}
    assert lands.rows_of(reading.flags) == {
        1: "unknown direction of traffic: taken as both ways",
        5: "unreadable speed limit: the speed of the class instead",
    }
    assert schema_faults(table, ROADS, file="r") == []
    lands.adds_up(reading, 5)


def test_nothing_readable_in_a_whole_column(tmp_path):
    path = layer(tmp_path / "r.gpkg", ("a", line((0, 0), (1, 0)), {"m": "quick", "s": "?"}))
    reading = read(path, columns={"maxspeed": "m", "oneway": "s"})
    assert len(reading.flags) == 2
    assert schema_faults(reading.table, ROADS, file="r") == []


def test_faults_of_a_layer_of_roads(tmp_path):
    path = tmp_path / "r.gpkg"
    layer(path, ("a", Point(*lands.xy(1, 1)), {}), ("a", Point(*lands.xy(1, 1)), {}))
    with pytest.raises(InputError, match="expected lines, found 2 features: a Point"):
        read(path)
    layer(path, ("a", line((0, 0), (1, 0)), {}))
    with pytest.raises(InputError, match="'class': expected this column, found the columns kind"):
        read(path, columns={"road_class": "class"})
    with pytest.raises(InputError, match=r"columns.one_way.*did you mean 'oneway'"):
        read(path, columns={"one_way": "kind"})
    wrong = gpd.read_file(path).to_crs("EPSG:4326").set_crs(CRS, allow_override=True)
    wrong.to_file(path)
    with pytest.raises(InputError, match=r"area of use of EPSG:2154.*longitudes and latitudes"):
        read(path)
