"""Insee's published access times: small files in that exact format, and hand-computed minima."""

import re
import tracemalloc

import geopandas as gpd
import lands
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from pyproj import Transformer

import worlds
from sdaasp_geo.access.times import nearest_times
from sdaasp_geo.basket import load_basket
from sdaasp_geo.errors import InputError
from sdaasp_geo.indicators.insee_comparison import compare_with_insee
from sdaasp_geo.indicators.means import gamme_means, population_mean, wide_times
from sdaasp_geo.sources import insee_access_rows
from sdaasp_geo.sources import parquet as parquet_module
from sdaasp_geo.sources.facilities import NO_SERVICE
from sdaasp_geo.sources.insee_access import (
    NO_TIME,
    NOT_NEAREST,
    OTHER_SQUARE,
    REPEATED,
    read_insee_access_times,
)
from sdaasp_geo.sources.study import OUTSIDE
from sdaasp_geo.tables.gate import schema_faults
from sdaasp_geo.tables.places import Places
from sdaasp_geo.tables.schemas import ACCESS_TIMES, ORIGINS

TO_GRID = Transformer.from_crs(lands.CRS, "EPSG:3035", always_xy=True)
FROM_GRID = Transformer.from_crs("EPSG:3035", lands.CRS, always_xy=True)
PLACES = lands.places()
SERVICES = ["pharmacie", "police_ou_gendarmerie", "point_accueil_caf"]

# The columns of donnees-2024-reg93.parquet; their types are a guess, and the reader takes others.
SCHEMA = pa.schema(
    {
        "idSrc": pa.string(), "X": pa.int32(), "Y": pa.int32(), "depcom": pa.string(),
        "dep": pa.string(), "iris": pa.string(), "domaine": pa.string(),
        "typeeq_id": pa.string(), "pop": pa.float64(), "duree": pa.float64(),
        "distance": pa.float64(), "deuclidienne": pa.float64(),
    }
)  # fmt: skip


def row(east=5, north=5, code="D307", time=4.0, **cells):
    """A row of the square that holds a point of the land (km), of 13001 unless told."""
    across, up = TO_GRID.transform(*lands.xy(east, north))
    west, south = int(across // 200) * 200, int(up // 200) * 200
    known = {
        "idSrc": f"{west}_{south}", "X": west + 100, "Y": south + 100, "depcom": "13001",
        "dep": "13", "iris": "130010000", "domaine": code[:1], "typeeq_id": code,
        "pop": 12.5, "duree": time, "distance": 2.5, "deuclidienne": 2.0,
    }  # fmt: skip
    return known | cells


def write(path, *rows, schema=SCHEMA, group=None):
    parquet.write_table(pa.Table.from_pylist(list(rows), schema), path, row_group_size=group)
    return path


def read(path, **options):
    asked = {"basket": lands.BASKET, "places": PLACES, "departement": "13", "services": SERVICES}
    return read_insee_access_times(path, **(asked | options))


def square(**where):
    return f"{row(**where)['idSrc']}-130010000"


def unused_of(reading):
    lines = reading.unused
    return {(line.code, line.reason): line.rows for line in lines.itertuples()}


def adds_up(found, rows):
    reading = found.reading
    assert reading.rows_read == rows
    assert reading.rows_kept == reading.table["time_min"].notna().sum()
    assert reading.rejects["row"].is_unique
    kept = reading.rows_kept + len(reading.rejects) + int(reading.unused["rows"].sum())
    assert kept == rows


def test_the_nearest_of_several_types_is_the_time_of_the_service(tmp_path):
    path = write(
        tmp_path / "donnees-2024-reg93.parquet",
        row(code="D307", time=4.0),
        row(code="A101", time=9.0),
        row(code="A104", time=6.5),
        row(8, 2, code="D307", time=11.0, pop=3.0),
        row(8, 2, code="A101", time=2.0, pop=3.0),
        row(8, 2, code="A104", time=2.0, pop=3.0),
        row(8, 2, code="B101", time=1.0, pop=3.0),
        row(5, 15, depcom="84001", dep="84", iris="840010000"),
    )
    found = read(path)
    near, far = square(), square(east=8, north=2)
    times = found.times
    assert times["origin"].tolist() == [near] * 3 + [far] * 3
    assert times["service"].tolist() == SERVICES * 2
    np.testing.assert_array_equal(times["time_min"], [4.0, 6.5, np.nan, 11.0, 2.0, np.nan])
    assert times["kind"].tolist()[:2] == ["published", "published"]
    # No code of the BPE is a CAF desk: nothing is known of them, rather than no access.
    assert times["reason"].dropna().tolist() == ["no_facility", "no_facility"]
    assert times["facility"].isna().all()
    assert unused_of(found.reading) == {
        ("A101", NOT_NEAREST): 1,
        ("A104", NOT_NEAREST): 1,
        ("B101", NO_SERVICE): 1,
        ("84", OUTSIDE): 1,
    }
    assert found.reading.rejects.empty
    adds_up(found, 8)
    assert schema_faults(times, ACCESS_TIMES, file="times") == []


def test_squares_become_origins_in_the_crs_of_the_places(tmp_path):
    found = read(write(tmp_path / "a.parquet", row(3.05, 4.05), row(7, 7, pop=40)))
    origins = found.origins
    assert schema_faults(origins, ORIGINS, file="origins") == []
    assert origins.crs == lands.CRS
    assert origins["population"].tolist() == [12.5, 40.0]
    assert origins["unit"].tolist() == ["13001", "13001"]
    assert set(origins["known_by"]) == {"position"}
    expected = FROM_GRID.transform(row(3.05, 4.05)["X"], row(3.05, 4.05)["Y"])
    found_at = origins.geometry.iloc[0]
    np.testing.assert_allclose((found_at.x, found_at.y), expected, atol=0.01)
    # The middle of a square of 200 m that holds the point: within half a diagonal.
    assert found_at.distance(lands.point(3.05, 4.05)) <= 142.0


def test_a_square_of_two_communes_is_two_origins(tmp_path):
    there = {"depcom": "13003", "iris": "130030101", "pop": 2.0}
    path = write(
        tmp_path / "a.parquet", row(time=4.0), row(time=4.0, **there | {"depcom": "13003"})
    )
    # 13003 is 15 km farther east: the second origin stands nowhere near it.
    found = read(path)
    assert found.origins["origin"].tolist() == [square()]
    beside = row(19.98, 5, depcom="13003", iris="130030101", pop=2.0)
    both = row(19.98, 5, depcom="13055", iris="132020101", pop=7.0)
    found = read(write(tmp_path / "b.parquet", beside, both))
    assert found.origins["origin"].tolist() == [
        f"{beside['idSrc']}-130030101",
        f"{beside['idSrc']}-132020101",
    ]
    assert found.origins["population"].tolist() == [2.0, 7.0]
    adds_up(found, 2)


def test_a_divided_city_gives_its_arrondissements(tmp_path):
    rows = [row(12, 5, depcom="13055"), row(18, 5, depcom="13055"), row(13, 5, depcom="13201")]
    rows[0]["iris"], rows[1]["iris"], rows[2]["iris"] = "132010101", "132020101", "132010102"
    found = read(write(tmp_path / "a.parquet", *rows))
    assert found.origins["unit"].tolist() == ["13201", "13202", "13201"]
    assert found.origins["commune"].tolist() == ["13055"] * 3


def test_a_square_that_leans_out_of_its_city_stays_in_it(tmp_path):
    found = read(write(tmp_path / "a.parquet", row(20.2, 5, depcom="13055", iris="132020101")))
    assert found.origins["unit"].tolist() == ["13055"]
    assert found.origins["commune"].tolist() == ["13055"]


@pytest.mark.parametrize(
    ("iris", "end"), [("130010101", "130010101"), ("0101", "13001-0101"), (None, "13001")]
)
def test_an_origin_is_named_after_its_square_and_iris(tmp_path, iris, end):
    found = read(write(tmp_path / "a.parquet", row(iris=iris)))
    assert found.origins["origin"].tolist() == [f"{row()['idSrc']}-{end}"]


def test_a_thousand_that_may_be_a_one_is_no_number_of_inhabitants(tmp_path):
    fields = [pa.field("pop", pa.string()) if f.name == "pop" else f for f in SCHEMA]
    rows = [row(pop="1,000"), row(7, 7, pop="1000"), row(6, 6, pop="douze")]
    found = read(write(tmp_path / "a.parquet", *rows, schema=pa.schema(fields)))
    assert found.origins["population"].tolist() == [1000.0]
    assert found.reading.rejects["value"].tolist() == ["1,000", "douze"]


def test_an_old_code_is_its_commune_of_today(tmp_path):
    found = read(write(tmp_path / "a.parquet", row(depcom="13999", iris=None)))
    assert found.origins["commune"].tolist() == ["13001"]
    assert found.origins["origin"].tolist() == [f"{row()['idSrc']}-13999"]


def test_a_missing_time_is_missing_and_told(tmp_path):
    path = write(
        tmp_path / "a.parquet",
        row(time=None),
        row(code="A101", time=float("nan")),
        row(code="A104", time=0.0),
        row(7, 7, time=3.0),
    )
    found = read(path)
    reasons = found.times.set_index(["origin", "service"])["reason"]
    assert reasons[square(), "pharmacie"] == "not_published"
    assert reasons[square(east=7, north=7), "police_ou_gendarmerie"] == "not_published"
    minutes = found.times.set_index(["origin", "service"])["time_min"]
    assert minutes[square(), "police_ou_gendarmerie"] == 0.0
    assert unused_of(found.reading) == {("D307", NO_TIME): 1, ("A101", NO_TIME): 1}
    adds_up(found, 4)


FAULTS = {
    "no type": ({"typeeq_id": None}, "no type of facility"),
    "eaten zero": ({"depcom": "1004"}, "leading zero eaten"),
    "no commune": ({"depcom": " "}, "no commune code"),
    "not in 13": ({"depcom": "13777"}, "unknown commune code"),
    "no square": ({"idSrc": ""}, "no identifier of a square"),
    "no x": ({"X": None}, "a coordinate that is not a number"),
    "no y": ({"Y": None}, "a coordinate that is not a number"),
    "pop": ({"pop": -1.0}, "a number of inhabitants"),
    "no pop": ({"pop": None}, "a number of inhabitants"),
    "negative": ({"duree": -0.5}, "expected minutes"),
    "infinite": ({"duree": float("inf")}, "expected minutes"),
    "far": ({"X": row(28, 5)["X"], "iris": "130019999"}, "km from its commune 13001"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_faulty_row_is_rejected_by_its_number(tmp_path, name):
    cells, reason = FAULTS[name]
    path = write(tmp_path / "a.parquet", row(), row(7, 7), row(6, 6, **cells), row(3, 3))
    found = read(path)
    assert found.reading.rejects["row"].tolist() == [4]
    assert re.search(reason, found.reading.rejects["reason"].iloc[0])
    assert len(found.origins) == 3
    adds_up(found, 4)


def test_the_value_of_a_fault_is_shown(tmp_path):
    path = write(tmp_path / "a.parquet", row(), row(7, 7, pop=-1.0), row(6, 6, duree=-2.0))
    rejects = read(path).reading.rejects
    assert rejects[["row", "column", "value"]].to_numpy().tolist() == [
        [3, "pop", "-1.0"],
        [4, "duree", "-2.0"],
    ]


def test_rows_that_contradict_or_repeat_an_earlier_one(tmp_path):
    path = write(
        tmp_path / "a.parquet",
        row(code="A101", time=9.0),
        row(code="A104", time=1.0, pop=99.0),
        row(code="D307", time=1.0, Y=row()["Y"] + 200),
        row(code="A101", time=3.0),
    )
    found = read(path)
    assert lands.rows_of(found.reading.rejects) == {3: OTHER_SQUARE, 4: OTHER_SQUARE, 5: REPEATED}
    assert found.times["time_min"].tolist()[1] == 9.0
    adds_up(found, 4)


def test_columns_in_another_case_as_text_and_in_another_order(tmp_path):
    cells = row()
    table = pa.table(
        {
            "DUREE": ["4,5"], "POP": ["12,25"], "Typeeq_Id": [" d307 "], "y": [str(cells["Y"])],
            "x": [str(cells["X"])], "DEPCOM": [13001], "IDSRC": [cells["idSrc"]], "extra": [1],
        }
    )  # fmt: skip
    parquet.write_table(table, tmp_path / "a.parquet")
    found = read(tmp_path / "a.parquet")
    assert found.times["time_min"].tolist()[0] == 4.5
    assert found.origins["population"].tolist() == [12.25]
    assert found.origins["origin"].tolist() == [f"{cells['idSrc']}-13001"]


def test_groups_of_rows_change_nothing(tmp_path, monkeypatch):
    rows = [
        row(east, 5, code=code, time=time, pop=float(east), iris=f"13001000{east}")
        for time, code in enumerate(["A104", "D307", "B101", "A101"])
        for east in (2, 4, 6)
    ]
    rows.append(row(5, 15, depcom="84001"))
    whole = read(write(tmp_path / "a.parquet", *rows))
    monkeypatch.setattr(parquet_module, "CHUNK_ROWS", 2)
    parts = read(write(tmp_path / "a.parquet", *rows, group=5))
    pd.testing.assert_frame_equal(parts.times, whole.times)
    assert parts.origins.equals(whole.origins)
    pd.testing.assert_frame_equal(parts.reading.unused, whole.reading.unused)
    adds_up(parts, len(rows))


def test_other_services_are_not_read(tmp_path):
    path = write(tmp_path / "a.parquet", row(), row(code="A101", time=1.0))
    found = read(path, services=["pharmacie"])
    assert found.times["service"].tolist() == ["pharmacie"]
    assert unused_of(found.reading) == {("A101", NO_SERVICE): 1}
    everything = read(path, services=None, basket=load_basket("soins-premiers"))
    assert len(everything.times) == 5
    with pytest.raises(ValueError, match="expected those of the basket 'sdaasp-29', found"):
        read(path, services=["piscine"])


def test_files_that_are_refused(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read(tmp_path / "absent.parquet")
    text = lands.write(tmp_path / "b.parquet", "idSrc;X;Y\n")
    with pytest.raises(InputError, match="expected a parquet file.*b'idSr'"):
        read(text)
    lacking = pa.schema([field for field in SCHEMA if field.name not in {"duree", "pop"}])
    with pytest.raises(InputError) as caught:
        read(write(tmp_path / "c.parquet", row(), schema=lacking))
    assert [fault.column for fault in caught.value.faults] == ["POP", "DUREE"]
    with pytest.raises(InputError, match="département 13 for these services, found none in 1 rows"):
        read(write(tmp_path / "d.parquet", row(5, 15, depcom="84001")))
    with pytest.raises(InputError, match="first fault: expected minutes"):
        read(write(tmp_path / "e.parquet", row(time=-1.0)))
    lists = pa.table({name: [[1]] if name == "pop" else ["1"] for name in SCHEMA.names})
    lists = lists.set_column(lists.column_names.index("depcom"), "depcom", pa.array(["13001"]))
    lists = lists.set_column(lists.column_names.index("typeeq_id"), "typeeq_id", pa.array(["D307"]))
    parquet.write_table(lists, tmp_path / "f.parquet")
    with pytest.raises(InputError, match="expected a parquet file"):
        read(tmp_path / "f.parquet")


def test_a_file_of_swapped_coordinates_is_refused(tmp_path):
    rows = [row(east, 5) for east in (2, 4, 6)]
    for cells in rows:
        cells["X"], cells["Y"] = cells["Y"], cells["X"]
    with pytest.raises(InputError, match="latitude and longitude swapped") as caught:
        read(write(tmp_path / "a.parquet", *rows))
    assert caught.value.faults[0].row == 2
    # In Lambert-93 instead of the grid, neither order is right.
    for cells, east in zip(rows, (2, 4, 6), strict=True):
        cells["X"], cells["Y"] = (int(value) for value in lands.xy(east, 5))
    with pytest.raises(InputError, match="another coordinate system than that of the grid"):
        read(write(tmp_path / "b.parquet", *rows))


def test_too_many_faults_are_a_fault_of_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(insee_access_rows, "_MOST_REJECTS", 2)
    rows = [row(east, 5, duree=-1.0) for east in (2, 4, 6)]
    with pytest.raises(InputError, match="at most 2 rows with a fault, found expected minutes"):
        read(write(tmp_path / "a.parquet", *rows))


def test_means_of_communes_are_insees_formula(tmp_path):
    """sum(duree x pop) / sum(pop), the minimum of several types first; as Insee's own example."""
    basket = load_basket("soins-premiers")
    path = write(
        tmp_path / "a.parquet",
        row(2, 2, code="D265", time=4.0, pop=10.0),
        row(2, 2, code="D281", time=6.0, pop=10.0),
        row(7, 7, code="D265", time=1.0, pop=30.0),
        row(7, 7, code="D281", time=3.0, pop=30.0),
        row(22, 5, code="D265", time=9.0, pop=5.0, depcom="13003"),
    )
    found = read(path, basket=basket, services=None)
    origins = found.origins.set_index("origin")
    means = gamme_means(found.times, basket, missing="exclude_and_count")
    # Pharmacies, dentists and physiotherapists have no row: no data rather than no access.
    assert means["premier_recours_expected"].unique().tolist() == [2]
    people = origins.loc[means.index, "population"]
    commune = origins.loc[means.index, "commune"]
    minutes = population_mean(wide_times(found.times), people, by=commune)
    assert minutes.loc["13001", "medecin_generaliste"] == (10 * 4 + 30 * 1) / 40
    assert minutes.loc["13001", "infirmier"] == (10 * 6 + 30 * 3) / 40
    assert np.isnan(minutes.loc["13003", "infirmier"])


def test_our_times_from_the_published_squares_against_theirs(tmp_path):
    spots = [(2.1, 5.3), (5.1, 5.3), (28.1, 5.3)]
    rows = [
        row(*spot, time=time, pop=pop, depcom=depcom)
        for spot, time, pop, depcom in zip(
            spots, [9.0, 4.0, 16.0], [10.0, 30.0, 20.0], ["13001", "13001", "13003"], strict=True
        )
    ]
    found = read(write(tmp_path / "a.parquet", *rows), services=["pharmacie"])
    # One road from west to east, a kilometre a minute, on and off the road.
    road = worlds.network([np.array(lands.xy(east, 5)) / lands.KM for east in (0, 10, 30)])
    east, north = np.array(lands.xy(9, 5)) / lands.KM
    pharmacy = worlds.facilities(("D307-2", "pharmacie", "13001", east, north, "position"))
    ours = nearest_times(road, found.origins, pharmacy, ["pharmacie"], worlds.plain())
    x, y = found.origins.geometry.x, found.origins.geometry.y
    by_hand = (abs(x - lands.xy(9, 5)[0]) + abs(y - lands.xy(9, 5)[1])) / lands.KM
    np.testing.assert_allclose(ours["time_min"], by_hand, atol=1e-3)
    compared = compare_with_insee(ours, found.times, found.origins, level="origin")
    difference = by_hand.to_numpy() - np.array([9.0, 4.0, 16.0])
    line = compared.by_service.loc["pharmacie"]
    assert line["pairs"] == 3
    assert line["bias_min"] == pytest.approx(difference @ [10, 30, 20] / 60, abs=1e-3)
    error = np.abs(difference) @ [10, 30, 20] / 60
    assert line["mean_absolute_error_min"] == pytest.approx(error, abs=1e-3)
    assert compared.by_commune["pairs"].to_dict() == {"13001": 2, "13003": 1}
    assert compared.left_out.empty


def test_overseas_the_grid_is_that_of_the_departement(tmp_path):
    outline = shapely.box(330_000, 7_680_000, 350_000, 7_700_000)
    communes = gpd.GeoDataFrame(
        {
            "commune": ["97411"], "name": ["Saint-Denis"], "departement": ["974"],
            "population": [1000.0], "chef_lieu": [outline.centroid],
        },
        geometry=[outline], crs="EPSG:2975",
    )  # fmt: skip
    cells = row(depcom="97411", iris="974110101") | {"X": 340_100, "Y": 7_690_100}
    path = write(tmp_path / "a.parquet", cells)
    found = read(path, places=Places.from_tables(communes), departement="974")
    point = found.origins.geometry.iloc[0]
    np.testing.assert_allclose((point.x, point.y), (340_100, 7_690_100), atol=1e-6)


def test_what_is_given_is_untouched(tmp_path):
    before, aliases = PLACES.units.copy(deep=True), dict(PLACES.aliases)
    read(write(tmp_path / "a.parquet", row()))
    assert before.equals(gpd.GeoDataFrame(PLACES.units))
    assert aliases == dict(PLACES.aliases)


@st.composite
def raw_rows(draw):
    east = draw(st.sampled_from([2, 4.5, 8, 22]))
    return row(
        east,
        5,
        code=draw(st.sampled_from(["D307", "D301", "A101", "A104", "B101", None, " "])) or "",
        time=draw(st.sampled_from([None, 0.0, 1.5, 2.0, 30.0, -1.0, float("nan")])),
        depcom=draw(st.sampled_from(["13001", "13003", "1301", "84001", "13999", "99", None])),
        iris=draw(st.sampled_from(["130010000", None, "0101"])),
        pop=draw(st.sampled_from([1.0, 1.0, 1.0, 2.0, None])),
    )


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(raw_rows(), min_size=1, max_size=25))
def test_every_row_is_in_one_place_and_every_time_is_a_minimum(tmp_path, rows):
    path = write(tmp_path / "a.parquet", row(6, 8, iris="130017777"), *rows)
    found = read(path)
    adds_up(found, len(rows) + 1)
    assert schema_faults(found.times, ACCESS_TIMES, file="times") == []
    assert schema_faults(found.origins, ORIGINS, file="origins") == []
    assert len(found.times) == len(found.origins) * len(SERVICES)
    # An oracle in plain Python: the least time of the rows that no reject names.
    rejected = set(found.reading.rejects["row"])
    least = {}
    kept = [
        cells
        for at, cells in enumerate([row(6, 8, iris="130017777"), *rows], 2)
        if at not in rejected
    ]
    for cells in kept:
        service = lands.BASKET.service_of_code.get(cells["typeeq_id"])
        time, depcom, iris = cells["duree"], cells["depcom"], cells["iris"]
        if service not in SERVICES or depcom == "84001" or time is None or np.isnan(time):
            continue
        part = iris if iris and len(iris) == 9 else depcom + (f"-{iris}" if iris else "")
        key = f"{cells['idSrc']}-{part}", service
        least[key] = min(time, least.get(key, np.inf))
    timed = found.times.dropna(subset="time_min")
    assert (
        dict(
            zip(zip(timed["origin"], timed["service"], strict=True), timed["time_min"], strict=True)
        )
        == least
    )


def test_a_file_larger_than_what_is_kept_of_it(tmp_path):
    """The memory taken is that of a group of rows and of the rows wanted."""
    rows, size = 200_000, 50_000
    numbers = np.arange(rows)
    cells = row(5, 15, depcom="84001")
    table = pa.table(
        {name: pa.array([cells[name]] * rows, SCHEMA.field(name).type) for name in SCHEMA.names}
    )
    table = table.set_column(0, "idSrc", pa.array([f"{number}_0" for number in numbers]))
    wanted = pa.Table.from_pylist([row()], SCHEMA)
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.concat_tables([table, wanted]), path, row_group_size=size)
    del table
    tracemalloc.start()
    found = read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found.origins) == 1
    assert unused_of(found.reading) == {("84", OUTSIDE): rows}
    assert peak < 100e6
