"""Squares that communes cut: what of them lies where, and how many Insee estimated."""

import dataclasses
from types import SimpleNamespace

import geopandas as gpd
import lands
import pytest
import shapely
from test_population_grids import EDITIONS, grid, name, raster, read, read_raster, rows_of_edition

from sdaasp_geo.pipeline.inputs import _inhabited_km2
from sdaasp_geo.report.reasons import french_note
from sdaasp_geo.tables.levels import shares_in


def _area_of(reading, size_m=10_000.0):
    origins = SimpleNamespace(kind="squares", size_m=size_m)
    return _inhabited_km2(SimpleNamespace(origins=origins), reading)


def test_a_cut_square_counts_once_by_its_parts(tmp_path):
    # Cells of 10 km: all of 13001, and 13055 whose two arrondissements are a half each.
    reading = read_raster(raster(tmp_path / "p.tif", grid(), cell_km=10.0))
    by_hand = {"13001": 100.0, "13201": 50.0, "13202": 50.0}
    assert _area_of(reading).to_dict() == pytest.approx(by_hand)
    # The side that the territory file tells is not that of merged cells.
    assert _area_of(reading, size_m=200.0).to_dict() == pytest.approx(by_hand)


def test_squares_of_other_files_are_as_large_as_the_territory_says(tmp_path):
    reading = read_raster(raster(tmp_path / "p.tif", grid(), cell_km=10.0))
    table = reading.table.drop(columns="area_km2")
    empty = table["unit"] == "13202"
    table["population"] = table["population"].mask(empty, 0.0)
    reading = dataclasses.replace(reading, table=table)
    assert _area_of(reading, size_m=2000.0).to_dict() == {"13001": 4.0, "13201": 4.0}


def test_the_parts_of_a_cut_square_lie_in_areas_each_on_its_own(tmp_path):
    """Squares drawn anew around their middles would overlap what lies beside."""
    reading = read_raster(raster(tmp_path / "p.tif", grid(), cell_km=10.0))
    origins = reading.table
    halves = origins[origins["unit"].isin(["13201", "13202"])].set_index("unit")
    (west, east) = halves.loc[["13201", "13202"], "part"]
    assert shapely.intersection(west, east).area == 0
    areas = gpd.GeoDataFrame(
        {"level": "qpv", "code": ["w", "quarter"], "name": ["W", "Quarter"]},
        geometry=[west, shapely.box(*west.bounds[:2], east.centroid.x, east.bounds[3])],
        crs=origins.crs,
    )
    parts = origins.set_index("origin")["part"]
    shares = shares_in(origins, areas, parts=parts).set_index(["code", "origin"])["share"]
    by_hand = {("w", halves.loc["13201", "origin"]): 1.0}
    by_hand |= {
        ("quarter", halves.loc[unit, "origin"]): n for unit, n in (("13201", 1), ("13202", 0.5))
    }
    assert shares.to_dict() == pytest.approx(by_hand)
    # Whole cells are parts as well: the inhabitants of a part add up to those of the file.
    assert parts.area.sum() / 1e6 == pytest.approx(origins["area_km2"].sum())


def test_insee_s_squares_know_their_area_and_their_side(tmp_path):
    square = name(10, 5, 1000)
    rows = rows_of_edition(1000, (square, 1, "1300113055", "11"), (name(5, 5, 1000), 1, "13001", 7))
    other = rows_of_edition(1000, (name(25, 5, 1000), 0, "13003", "3"))
    reading = read(lands.table(tmp_path / "a.csv", EDITIONS["1km"][0], *rows, *other))
    # A square of 1 km in Europe's equal-area system, within a thousandth of it in Lambert-93.
    area = reading.table.groupby(reading.table["origin"].str.split("-").str[0])["area_km2"].sum()
    assert area.tolist() == pytest.approx([1.0] * 3, rel=5e-3)
    assert _area_of(reading).sum() == pytest.approx(3.0, rel=5e-3)
    ((row, column, reason),) = reading.flags[["row", "column", "reason"]].to_numpy().tolist()
    assert (row, column) == (2, "i_est_1km")
    assert reason.startswith("2 of 3 squares are imputed: all but their number of inhabitants")
    told = french_note(reason)
    assert told.startswith("2 carreaux imputés sur 3")
    assert "estimated" not in told
