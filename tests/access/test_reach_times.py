"""Times of a reach at points, on grids, and the inhabitants within."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_times_oracle import world

import worlds
from sdaasp_geo.access import rasters
from sdaasp_geo.access.rasters import access_raster, grid_over
from sdaasp_geo.access.reach import inhabitants_within, reach, reach_times
from sdaasp_geo.access.times import nearest_times
from sdaasp_geo.network.road_network import RoadNetwork

ROAD = ([(0, 0), (4, 0)], [(4, 0), (6, 0)], [(6, 0), (10, 0)], [(4, 0), (4, 3)])
BREAD = worlds.facilities(
    ("a", "bread", "v", 1, 0.5, "position"), ("b", "bread", "v", 9, 0, "position")
)


def made(seed, **choices):
    lines, oneway, origins, facilities = world(seed)
    assumptions = worlds.plain(**choices)
    table = worlds.roads(*lines, oneway=oneway)
    return RoadNetwork.from_roads(table, assumptions), table, origins, facilities, assumptions


def test_by_hand_with_place_and_reason():
    network = worlds.network(*ROAD, [(50, 50), (52, 50)])
    origins = worlds.origins(
        ("near", "u", 2, 0), ("side", "u", 4, 2), ("isle", "u", 51, 50), ("lost", "u", None, None)
    )
    named = BREAD.set_index("facility")
    table = reach_times(network, named, origins, worlds.plain())
    assert table["time_min"].tolist() == pytest.approx([1.5, 5.5, np.nan, np.nan], nan_ok=True)
    assert table["place"].tolist()[:2] == ["a", "a"]
    assert table["reason"].tolist()[2:] == ["other_component", "bad_position"]
    limited = reach_times(network, named, origins, worlds.plain(), limit_min=5.0)
    assert limited["reason"].tolist()[1:3] == ["beyond_limit", "other_component"]
    assert limited["place"].isna().tolist() == [False, True, True, True]
    off = worlds.facilities(("x", "bread", "v", 5, 40, "position"))
    assert reach_times(network, off, origins, worlds.plain())["reason"].tolist()[0] == "unsnapped"
    none = reach_times(network, off.iloc[:0], origins, worlds.plain())
    assert none["reason"].tolist()[:3] == ["no_facility"] * 3


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([None, 1.5]))
def test_times_to_places_are_the_access_times(seed, limit):
    network, _, origins, facilities, assumptions = made(seed, time_limit_min=limit)
    if network.component_nodes.max() < 2:
        return
    facilities = facilities.assign(service="bread")
    known = nearest_times(network, origins, facilities, ["bread"], assumptions)
    found = reach_times(network, facilities, origins, assumptions)
    pd.testing.assert_series_equal(found["time_min"], known["time_min"])
    pd.testing.assert_series_equal(found["reason"], known["reason"])
    names = facilities["facility"].reindex(found["place"]).reset_index(drop=True)
    pd.testing.assert_series_equal(names, known["facility"], check_names=False)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6))
def test_costs_of_junctions_are_those_of_the_access_times(seed):
    _, table, origins, facilities, _ = made(seed)
    assumptions = worlds.plain(left_turn_cost_s=20.0, signal_cost_s=8.0)
    lights = {"signals_forward": 1.0, "signals_backward": 0.0, "roundabout": False}
    network = RoadNetwork.from_roads(table.assign(**lights), assumptions)
    if network.component_nodes.max() < 2:
        return
    facilities = facilities.assign(service="bread")
    known = nearest_times(network, origins, facilities, ["bread"], assumptions)
    found = reach_times(network, facilities, origins, assumptions)
    pd.testing.assert_series_equal(found["time_min"], known["time_min"])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_from_is_to_with_every_road_turned(seed):
    network, table, origins, facilities, assumptions = made(seed)
    if network.component_nodes.max() < 2:
        return
    turned = RoadNetwork.from_roads(table.assign(geometry=table.reverse()), assumptions)
    found = reach_times(network, facilities, origins, assumptions, direction="from")
    known = reach_times(turned, facilities, origins, assumptions, direction="to")
    np.testing.assert_allclose(found["time_min"], known["time_min"], atol=3 / 60_000)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([None, 2.0]))
def test_a_cell_is_its_centre(seed, limit):
    network, _, _, facilities, assumptions = made(seed)
    if network.component_nodes.max() < 2:
        return
    grid = grid_over((-700.0, -500.0, 2300.0, 2100.0), 170.0)
    found = access_raster(network, facilities, grid, assumptions, limit_min=limit)
    centres = worlds.origins(*((f"c{i}", "none", 0, 0) for i in range(grid.width * grid.height)))
    centres = centres.set_geometry(list(grid.centres(slice(None))), crs=worlds.CRS)
    limited = worlds.plain(time_limit_min=limit)
    known = nearest_times(network, centres, facilities.assign(service="bread"), ["bread"], limited)
    expected = known["time_min"].to_numpy(dtype=np.float32).reshape(grid.height, grid.width)
    assert found.time_min.dtype == np.float32
    np.testing.assert_array_equal(found.time_min, expected)
    assert found.crs == "EPSG:2154"


def test_neither_chunks_nor_a_limit_change_a_cell(monkeypatch):
    network = worlds.network(*ROAD)
    grid = grid_over((0.0, -1000.0, 10_000.0, 3000.0), 250.0)
    whole = access_raster(network, BREAD, grid, worlds.plain())
    assert whole.time_min.shape == (16, 40)
    # The cell whose centre is (1125, 375): 125 m along, legs of 375 and 500 m.
    assert whole.time_min[10, 4] == np.float32(0.125 + 0.375 + 0.5)
    monkeypatch.setattr(rasters, "_CELLS_AT_ONCE", 100)
    parts = access_raster(network, BREAD, grid, worlds.plain())
    np.testing.assert_array_equal(parts.time_min, whole.time_min)
    limited = access_raster(network, BREAD, grid, worlds.plain(), limit_min=3.0)
    expected = np.where(whole.time_min <= 3.0, whole.time_min, np.nan)
    np.testing.assert_array_equal(limited.time_min, expected)
    assert 0 < np.isnan(expected).mean() < 1


def test_one_search_answers_many_questions():
    network = worlds.network(*ROAD)
    found = reach(network, BREAD, worlds.plain())
    points = worlds.origins(("o", "u", 5, 0), ("p", "u", None, None)).geometry.to_numpy()
    assert found.time_min(points).tolist() == pytest.approx([4.0, np.nan], nan_ok=True)
    assert np.isnan(found.time_min(points, limit_min=3.9)).all()


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: grid_over((0, 0, 0, 5), 1.0), "extent: expected west < east"),
        (lambda: grid_over((0, 0, float("nan"), 5), 1.0), "extent: expected"),
        (lambda: grid_over((0, 0, 5, 5), 0.0), "cell_m: expected a number above 0, found 0.0"),
        (
            lambda: reach(worlds.network(*ROAD), BREAD, worlds.plain(), limit_min=-1.0),
            "limit_min: expected a number above 0, found -1.0",
        ),
    ],
)
def test_wrong_questions_are_told(ask, message):
    with pytest.raises(ValueError, match=message):
        ask()


class TestInhabitants:
    origins = pd.DataFrame({"origin": ["a", "b", "c", "d"], "population": [50.0, 30.0, 20.0, 0.0]})

    def times(self, *minutes):
        return pd.DataFrame({"origin": ["a", "b", "c", "d"], "time_min": minutes})

    def test_the_limit_is_within_and_missing_is_not(self):
        found = inhabitants_within(self.origins, self.times(15.0, 15.01, np.nan, 1.0), [15, 30])
        assert found["inhabitants"].tolist() == [50.0, 80.0]
        assert found["share"].tolist() == [0.5, 0.8]

    def test_by_service_in_the_order_of_the_times(self):
        table = pd.concat(
            [self.times(1, 2, 3, 4).assign(service="z"), self.times(9, 9, 1, 9).assign(service="a")]
        )
        found = inhabitants_within(self.origins, table, [2])
        assert found.to_dict("list") == {
            "service": ["z", "a"],
            "minutes": [2, 2],
            "inhabitants": [80.0, 20.0],
            "share": [0.8, 0.2],
        }

    def test_with_the_access_times_themselves(self):
        network = worlds.network(*ROAD)
        origins = worlds.origins(("o", "u", 2, 0), ("p", "u", 5, 0))
        table = nearest_times(network, origins, BREAD, ["bread", "court"], worlds.plain())
        found = inhabitants_within(origins, table, [2.0])
        assert found["inhabitants"].tolist() == [100.0, 0.0]

    def test_wrong_tables_are_told(self):
        with pytest.raises(ValueError, match="expected origins of the table of origins, found 'd'"):
            inhabitants_within(self.origins.iloc[:3], self.times(1, 2, 3, 4), [5])
        twice = pd.concat([self.times(1, 2, 3, 4)] * 2)
        with pytest.raises(ValueError, match="expected each origin once a service"):
            inhabitants_within(self.origins, twice, [5])
