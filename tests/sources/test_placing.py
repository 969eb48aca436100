"""The placing of facility rows, by way of the operators' reader and on its own."""

import lands
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from sdaasp_geo.assumptions import Assumptions
from sdaasp_geo.errors import InputError
from sdaasp_geo.sources.positions import place, unit_near
from sdaasp_geo.sources.study import ClaimNames, StudyArea, claims_frame
from sdaasp_geo.tables.places import Places
from sdaasp_geo.tables.reading import Notes

NAMES = ClaimNames("code", "lon", "lat")


def placed(*rows, study=None, place_by="position", quality="exact"):
    """Place rows (code, lon, lat as text); return the table and the reading."""
    frame = pd.DataFrame(rows, columns=list(NAMES), dtype="str")
    frame.index = pd.RangeIndex(2, 2 + len(frame))
    claims = claims_frame(frame, NAMES, crs="EPSG:4326").assign(quality=quality)
    before = claims.copy()
    notes = Notes("f.csv")
    table = place(claims, study or lands.study(), notes, names=NAMES, place_by=place_by)
    pd.testing.assert_frame_equal(claims, before)
    return table, notes.close(table, len(rows))


def at(code, east, north):
    return (code, *lands.degrees(east, north))


# Rows at home, so that a few bad ones do not condemn the file.
HOME = [at("13001", 5, 5)] * 4


def test_a_point_in_its_commune_stands_there():
    table, reading = placed(at("13001", 2, 3))
    row = table.loc[2]
    assert (row.unit, row.commune) == ("13001", "13001")
    assert (row.known_by, row.position_quality) == ("position", "exact")
    assert row.geometry.distance(lands.point(2, 3)) < 0.1
    assert reading.flags.empty


def test_a_far_point_is_kept_and_flagged_then_hopeless():
    # 13001 ends at km 10: 0.9 km, 3 km and 15 km east of it.
    table, reading = placed(
        *HOME, at("13001", 10.9, 5), at("13001", 13, 5), at("13001", 25, 5), study=lands.study()
    )
    assert table["position_quality"].tolist() == ["exact"] * 5 + ["far_from_commune"]
    assert lands.rows_of(reading.flags) == {7: "3.0 km from its commune 13001"}
    assert lands.rows_of(reading.rejects) == {8: "15 km from its commune 13001"}
    assert reading.rejects["column"].tolist() == ["lon, lat"]
    assert table.loc[7].geometry.distance(lands.point(13, 5)) < 0.1


def test_the_limit_is_the_assumption():
    study = lands.study(assumptions=Assumptions(far_from_commune_m=5000.0))
    _, reading = placed(at("13001", 13, 5), study=study)
    assert reading.flags.empty


def test_by_commune_everything_stands_at_the_chef_lieu():
    table, reading = placed(
        at("13001", 2, 3), at("13001", 25, 5), ("13001", None, None), place_by="commune"
    )
    assert [point.equals(lands.point(5, 5)) for point in table["geometry"]] == [True] * 3
    assert table["position_quality"].tolist() == ["commune", "far_from_commune", "commune"]
    assert set(table["known_by"]) == {"commune"}
    assert lands.rows_of(reading.flags) == {
        3: "15 km from its commune 13001: placed at its commune"
    }
    assert reading.rejects.empty


def test_a_point_that_the_file_calls_vague_stands_at_the_chef_lieu():
    table, reading = placed(at("13001", 2, 3), at("13001", 2, 400), quality="commune")
    assert [point.equals(lands.point(5, 5)) for point in table["geometry"]] == [True] * 2
    assert table["known_by"].tolist() == ["commune"] * 2
    assert reading.rejects.empty
    assert "placed at its commune" in lands.rows_of(reading.flags)[3]


@pytest.mark.parametrize(
    ("lon", "lat", "told"),
    [
        (None, None, "no position: placed at its commune"),
        ("nan", "43.5", "a coordinate that is not a number: taken as no position"),
        ("inf", "43.5", "a coordinate that is not a number: taken as no position"),
        ("5.3", None, "one coordinate without the other: taken as no position"),
        ("0", "0", "coordinates 0, 0: taken as no position"),
        ("532.1", "43.5", "coordinates out of the range of EPSG:4326: taken as no position"),
    ],
)
def test_a_row_without_a_readable_position_stands_at_its_commune(lon, lat, told):
    table, reading = placed(*HOME, ("13001", lon, lat))
    assert table.loc[6].geometry.equals(lands.point(5, 5))
    assert table.loc[6].position_quality == "commune"
    assert lands.rows_of(reading.flags) == {6: told}
    shown = reading.flags["value"].item()
    assert shown == ("" if lon is None else f"{lon}, {lat or ''}")


def test_old_codes_and_arrondissements_are_brought_to_units():
    table, reading = placed(
        at("13999", 5, 5), at("13201", 12, 5), at("13055", 18, 5), ("13055", None, None)
    )
    assert table["unit"].tolist() == ["13001", "13201", "13202", "13055"]
    assert table["commune"].tolist() == ["13001", "13055", "13055", "13055"]
    # In the city, another arrondissement is not far from the commune.
    assert list(reading.flags["row"]) == [5]


def test_the_wrong_arrondissement_is_still_the_city():
    table, reading = placed(at("13201", 19, 5))
    assert table["unit"].tolist() == ["13201"]
    assert reading.flags.empty


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (None, "no commune code"),
        ("3001", "not an INSEE commune code of 5 characters: a leading zero eaten"),
        ("13 001", "not an INSEE commune code of 5 characters"),
        ("13777", "unknown commune code"),
    ],
)
def test_where_the_code_tells_nothing_the_position_does(code, told):
    table, reading = placed(*HOME, at(code, 12, 5), (code, None, None))
    assert table.loc[6].unit == "13201"
    assert lands.rows_of(reading.flags)[6].startswith(told)
    assert lands.rows_of(reading.flags)[6].endswith(": placed by its position")
    assert lands.rows_of(reading.rejects)[7].startswith(told)
    assert reading.rejects["value"].tolist() == [code or ""]


def test_a_quay_in_the_sea_belongs_to_the_nearest_commune():
    table, _ = placed(at(None, 25, -0.5), *HOME)
    assert table.loc[2].unit == "13003"
    _, reading = placed(at(None, 25, -1.5), *HOME)
    assert lands.rows_of(reading.rejects) == {2: "no commune code"}


def test_outside_the_study_area_nothing_is_wrong():
    _, reading = placed(
        *HOME,
        at("84099", 5, 115),  # known, but 100 km north
        ("84099", None, None),  # the same by its chef-lieu
        at("75056", 0, 700),  # a département that nobody knows
        ("75056", None, None),
        at("84777", 5, 300),  # unknown code of a département in part known
        at(None, 5, 300),  # no code, and a point far away
    )
    assert reading.rejects.empty
    counts = reading.unused.groupby(["reason", "code"])["rows"].sum().to_dict()
    outside = "outside the study area"
    assert counts == {(outside, "84"): 3, (outside, "75"): 2, (outside, ""): 1}


def test_a_place_inside_whose_commune_is_not_known_says_so():
    _, reading = placed(*HOME, at("30001", -2, 5))
    assert reading.unused["reason"].tolist() == [
        "in the study area, but its commune is not in the communes file"
    ]


def test_without_a_departement_an_unknown_code_is_counted():
    _, reading = placed(("13777", None, None), study=lands.study(departement=None))
    assert reading.unused[["code", "reason"]].to_numpy().tolist() == [
        ["13", "unknown commune code"]
    ]


def test_without_an_area_nothing_known_is_outside():
    table, reading = placed(at("84099", 5, 115), study=lands.study(bounded=False))
    assert table["unit"].tolist() == ["84099"]
    assert reading.unused.empty


def test_swapped_coordinates_of_one_row_are_told():
    lon, lat = lands.degrees(5, 5)
    _, reading = placed(*HOME, ("13001", lat, lon), (None, lat, lon))
    told = lands.rows_of(reading.rejects)
    assert told[6].endswith("km from its commune 13001; latitude and longitude swapped")
    assert told[7] == "no commune code; latitude and longitude swapped"


@pytest.mark.parametrize("code", ["13001", None])
def test_a_file_of_swapped_coordinates_is_refused(code):
    lon, lat = lands.degrees(5, 5)
    with pytest.raises(InputError, match="latitude and longitude swapped") as caught:
        placed(*[(code, lat, lon)] * 4)
    (fault,) = caught.value.faults
    assert (fault.file, fault.row, fault.column) == ("f.csv", 2, "lon, lat")
    assert f"{lat}, {lon} and 3 more rows of 4" in fault.found


def test_metres_called_degrees_are_refused():
    with pytest.raises(InputError, match="coordinates in EPSG:4326, found 885000, 6245000"):
        placed(*[("13001", "885000", "6245000")] * 3)


def test_a_file_all_far_from_its_communes_is_refused():
    with pytest.raises(InputError, match="another coordinate system than the one declared"):
        placed(*[at("13001", 5, 200)] * 3)
    table, _ = placed(*[at("13001", 5, 200)] * 3, place_by="commune")
    assert len(table) == 3


def test_nothing_is_known_of_places_without_communes():
    study = StudyArea(Places.empty(lands.CRS), "13")
    table, reading = placed(at("13001", 5, 5), study=study)
    assert table.empty
    assert reading.unused["rows"].sum() == 1


def test_unit_near_takes_the_lowest_code_of_equals():
    places = lands.places()
    points = np.array([lands.point(10, 5), lands.point(30.4, 5), lands.point(31, 5), None])
    found = unit_near(points, places, 500.0)
    assert found.tolist()[:2] == ["13001", "13003"]
    assert found[2:].isna().all()


CODES = st.sampled_from(["13001", "13003", "13055", "13201", "13999", "84001", "84099",
                         "75056", "13777", "84777", "1301", "13 001", "", None])  # fmt: skip
COORDINATES = st.one_of(
    st.tuples(st.floats(-60, 90), st.floats(-60, 150)).map(lambda p: lands.degrees(*p)),
    st.tuples(st.floats(0, 30), st.floats(0, 10)).map(lambda p: lands.degrees(*p)[::-1]),
    st.sampled_from([(None, None), ("nan", "inf"), ("x", "43.2"), ("5.3", None), ("0", "0")]),
)


@settings(deadline=None, max_examples=25)
@given(
    rows=st.lists(st.tuples(CODES, COORDINATES), max_size=12),
    place_by=st.sampled_from(["position", "commune"]),
    departement=st.sampled_from(["13", None]),
)
def test_every_row_is_somewhere_once(rows, place_by, departement):
    flat = [(code or None, *pair) for code, pair in rows]
    study = lands.study(departement)
    # Rows at home keep the file from being refused as a whole.
    table, reading = placed(*HOME * 8, *flat, study=study, place_by=place_by)
    lands.adds_up(reading, len(flat) + 32)
    assert not set(reading.rejects["row"]) & set(table.index)
    polygons = study.places.units.geometry
    for row in table.itertuples():
        assert study.area.covers(row.geometry)
        assert study.places.units.loc[row.unit, "commune"] == row.commune
        away_m = shapely.distance(row.geometry, polygons[row.commune])
        flagged = row.Index in set(reading.flags["row"])
        assert away_m <= 10_000
        assert flagged or away_m <= 1000
        if row.known_by == "commune":
            assert away_m == 0
