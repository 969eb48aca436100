"""Places that two files tell of, on a line of kilometres with known distances."""

import geopandas as gpd
import shapely

from sdaasp_geo.tables.reading import NOTE_COLUMNS
from sdaasp_geo.tables.same_places import same_places, told_apart


def table(*rows):
    names = ["source", "service", "commune", "unit", "known_by", "metres"]
    frame = gpd.GeoDataFrame([dict(zip(names, row, strict=True)) for row in rows])
    return frame.set_geometry(shapely.points(frame["metres"], 0.0), crs="EPSG:2154")


def told(*rows):
    known = table(*rows)
    before = known.copy(deep=True)
    flags = same_places(known, key="service")
    assert known.equals(before)
    assert list(flags.columns) == NOTE_COLUMNS
    return [(row.source, row.value, row.reason) for row in flags.itertuples()]


POST = ("bpe.csv", "poste", "13001", "13001", "position", 0.0)


def test_positions_within_250_m_of_an_earlier_file_may_be_one_place():
    rows = [
        POST,
        ("laposte.csv", "poste", "13001", "13001", "position", 250.0),
        ("laposte.csv", "poste", "13001", "13001", "position", 251.0),
        ("laposte.csv", "banque", "13001", "13001", "position", 0.0),
        ("osm.pbf", "poste", "13001", "13001", "position", 500.0),
        ("osm.pbf", "poste", "13001", "13001", "position", 900.0),
    ]
    assert told(*rows) == [
        ("laposte.csv", "poste", "1 of 2 places may be those of bpe.csv: they count twice"),
        (
            "osm.pbf",
            "poste",
            "1 of 2 places may be those of bpe.csv, laposte.csv: they count twice",
        ),
    ]
    assert same_places(table(*rows))["row"].tolist() == [0, 0]


def test_one_file_alone_or_far_from_the_other_says_nothing():
    assert told(POST, POST) == []
    assert told(POST, ("b.csv", "poste", "13001", "13001", "position", 9_000.0)) == []


def test_what_is_known_by_its_commune_may_be_any_place_of_it():
    one = "1 of 1 places may be those of bpe.csv: they count twice"
    by_commune = ("b.csv", "poste", "13001", "13001", "commune", 9_000.0)
    assert told(POST, by_commune) == [("b.csv", "poste", one)]
    assert told(("bpe.csv", *by_commune[1:]), ("b.csv", *POST[1:])) == [("b.csv", "poste", one)]
    other = ("b.csv", "poste", "13003", "13003", "commune", 0.0)
    assert told(POST, other) == []


def test_arrondissements_and_their_city():
    first = ("bpe.csv", "poste", "13055", "13201", "position", 0.0)
    second = ("b.csv", "poste", "13055", "13202", "commune", 9_000.0)
    city = ("b.csv", "poste", "13055", "13055", "commune", 9_000.0)
    assert told(first, second) == []
    assert len(told(first, city)) == 1


def test_numbers_that_two_lists_share_are_told_apart():
    one = table(POST, POST).assign(site=["1", "2"])
    two = table(("msap.csv", *POST[1:]), ("msap.csv", *POST[1:])).assign(site=["1", "3"])
    apart = told_apart([one, two, two], "site")
    assert [list(each["site"]) for each in apart] == [
        ["1", "2"], ["msap-1", "3"], ["3-msap-1", "msap-3"],
    ]  # fmt: skip
    assert list(two["site"]) == ["1", "3"]
    assert told_apart([], "site") == []
