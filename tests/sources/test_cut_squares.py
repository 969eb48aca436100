"""Squares that communes cut: what of them lies where, and how many Insee estimated."""

import dataclasses
from types import SimpleNamespace

import lands
import pytest
from test_population_grids import EDITIONS, grid, name, raster, read, read_raster, rows_of_edition

from sdaasp_geo.pipeline.inputs import _inhabited_km2
from sdaasp_geo.report.reasons import french_note


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
