"""Two products of one land, beside neighbours and new roads."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from sdaasp_geo.report.reasons import french_note
from sdaasp_geo.tables.same_roads import same_roads


def roads(*starts):
    lines = [shapely.LineString([at, (at[0] + 300.0, at[1])]) for at in starts]
    return gpd.GeoDataFrame(geometry=lines, crs="EPSG:2154")


def land(west, east, south=0, north=10, step_km=1, shift_m=100.0):
    """A road that begins in each square kilometre, or in each so many."""
    return roads(
        *(
            (1000.0 * x + shift_m, 1000.0 * y + shift_m)
            for x in range(west, east, step_km)
            for y in range(south, north)
        )
    )


def told(*tables):
    return same_roads(tables, [f"f{number}.gpkg" for number in range(len(tables))])


def test_two_products_of_one_land_are_told():
    flags = told(land(0, 20), land(0, 20, step_km=2, shift_m=700.0))
    (line,) = flags.to_dict("records")
    assert line == {
        "source": "f1.gpkg",
        "row": 0,
        "column": "roads",
        "value": "100 km²",
        "reason": "roads of the same land as f0.gpkg: two products do not meet, and both are driven on",
    }
    assert french_note(line["reason"]) == (
        "routes des mêmes lieux que f0.gpkg\N{NO-BREAK SPACE}: deux produits ne se rejoignent pas, "
        "et l'on roule sur les deux"
    )


@pytest.mark.parametrize(
    "more",
    [land(18, 40), land(3, 6, 3, 6), land(20, 40), roads((500.0, 500.0))],
    ids=["neighbours across a border", "a new district", "neighbours", "a new road"],
)
def test_what_completes_a_network_is_not_told(more):
    assert told(land(0, 20), more).empty
    assert told(more, land(0, 20)).empty


def test_a_third_file_is_told_of_both_others_once():
    flags = told(land(0, 20), land(20, 40), land(0, 20), land(0, 10))
    assert flags["source"].tolist() == ["f2.gpkg", "f3.gpkg"]
    assert "as f0.gpkg:" in flags["reason"].iloc[0]
    assert "as f0.gpkg, f2.gpkg:" in flags["reason"].iloc[1]


def test_one_file_is_never_told_and_its_table_is_not_changed():
    table = land(0, 3)
    before = table.copy()
    assert told(table).empty
    assert told(table, table.iloc[:0]).empty
    assert table.equals(before)
    assert told(table).dtypes.equals(told(land(0, 20), land(0, 20)).dtypes)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, unique=True))
def test_a_network_twice_is_told_wherever_it_lies(cells):
    table = roads(*(tuple(1000.0 * np.array(cell) + 10.0) for cell in cells))
    assert len(told(table, table)) == 1
    moved = table.set_geometry(table.translate(1e6, 0.0))
    assert told(table, moved).empty
