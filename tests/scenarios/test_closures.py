"""All closings at once against closing one by one, to the bit."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from closing_worlds import SERVICES, measured, one_by_one, random_ground
from hypothesis import given, settings
from hypothesis import strategies as st

import worlds
from sdaasp_geo.scenarios import two_best as module
from sdaasp_geo.scenarios.closures import STAYS, Closures, Ground, closing_effects

RULES = ["routed", "zero", "internal_estimate"]
ROAD = ([(0, 0), (4, 0)], [(4, 0), (6, 0)], [(6, 0), (10, 0)], [(4, 0), (4, 3)])


def alone(facilities):
    count = len(facilities)
    return Closures(np.arange(count), np.ones(count, np.int64))


def effects_on_the_road(origins, facilities, closures=None, **choices):
    assumptions = worlds.plain(**choices)
    ground = Ground(worlds.network(*ROAD, assumptions=assumptions), origins, SERVICES, assumptions)
    table = closing_effects(ground, facilities, closures or alone(facilities))
    return [tuple(row) for row in table.itertuples(index=False)]


def test_the_next_one_is_what_remains():
    facilities = worlds.facilities(
        ("far", "bread", "v", 9, 0, "position"), ("near", "bread", "v", 3, 0, "position")
    )
    found = effects_on_the_road(worlds.origins(("o", "u", 1, 0)), facilities)
    assert found == [(1, 0, 0, 2.0, 8.0)]


def test_the_last_one_leaves_nothing():
    facilities = worlds.facilities(("only", "court", "v", 9, 0, "position"))
    ((*who, before, after),) = effects_on_the_road(worlds.origins(("o", "u", 1, 0)), facilities)
    assert (who, before) == ([0, 0, 2], 8.0)
    assert np.isnan(after)


def test_one_of_four_lengthens_the_estimate_of_its_commune():
    # 4 km²: half a spacing of 1 km for four, sqrt(4/3)/2 for three; the neighbour is farther.
    facilities = worlds.facilities(
        ("own", "bread", "u", 1, 0, "commune", 4), ("other", "bread", "v", 9, 0, "commune")
    )
    origins = worlds.origins(("u", "u", 1, 0), known_by="commune")
    found = effects_on_the_road(origins, facilities, same_commune="internal_estimate")
    assert found == [(0, 0, 0, 0.5, pytest.approx(np.sqrt(4 / 3) / 2))]
    assert effects_on_the_road(origins, facilities, same_commune="zero") == []
    assert effects_on_the_road(origins, facilities, same_commune="routed") == []


def test_a_neighbour_nearer_than_ones_own_leaves_the_estimate():
    # Half a spacing of 100 km² is 5 km; the neighbour at 2 km wins, another at 4 km is next.
    facilities = worlds.facilities(
        ("own", "bread", "u", 1, 0, "commune"),
        ("w1", "bread", "w", 3, 0, "commune"),
        ("w2", "bread", "w", 5, 0, "commune"),
    )
    origins = worlds.origins(("u", "u", 1, 0), known_by="commune").assign(unit_area_km2=100.0)
    found = effects_on_the_road(origins, facilities, same_commune="internal_estimate")
    assert found == [(1, 0, 0, 2.0, 4.0)]
    without_second = facilities.iloc[:2].reset_index(drop=True)
    found = effects_on_the_road(origins, without_second, same_commune="internal_estimate")
    assert found == [(1, 0, 0, 2.0, 5.0)]


def test_what_stays_never_closes_and_a_group_closes_together():
    facilities = worlds.facilities(
        ("a", "bread", "v", 3, 0, "position"),
        ("b", "bread", "v", 4, 0, "position"),
        ("c", "bread", "v", 9, 0, "position"),
    )
    origins = worlds.origins(("o", "u", 1, 0))
    ones = np.ones(3, np.int64)
    together = Closures(np.array([0, 0, STAYS]), ones)
    assert effects_on_the_road(origins, facilities, together) == [(0, 0, 0, 2.0, 8.0)]
    staying = Closures(np.array([STAYS, 0, 1]), ones)
    assert effects_on_the_road(origins, facilities, staying) == []


def test_over_the_time_limit_is_no_way_left():
    facilities = worlds.facilities(
        ("far", "bread", "v", 9, 0, "position"), ("near", "bread", "v", 3, 0, "position")
    )
    ((*_, before, after),) = effects_on_the_road(
        worlds.origins(("o", "u", 1, 0)), facilities, time_limit_min=5.0
    )
    assert before == 2.0
    assert np.isnan(after)


@settings(max_examples=35, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(RULES), st.sampled_from([None, 1.5]))
def test_equals_closing_one_by_one(seed, rule, limit):
    ground, facilities = random_ground(seed, rule, limit=limit)
    closures = alone(facilities)
    before = facilities.copy(deep=True)
    found = closing_effects(ground, facilities, closures)
    pd.testing.assert_frame_equal(found, one_by_one(ground, facilities, closures), check_exact=True)
    assert facilities.equals(before)


@settings(max_examples=35, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(RULES), st.booleans())
def test_groups_equal_closing_them_one_by_one(seed, rule, stacked):
    ground, facilities = random_ground(seed, rule, stacked=stacked)
    rng = np.random.default_rng(seed)
    count = facilities["count"].to_numpy()
    closures = Closures(
        rng.integers(STAYS, 4, len(facilities)),
        np.where(rng.random(len(facilities)) < 0.5, count, 1).astype(np.int64),
    )
    found = closing_effects(ground, facilities, closures)
    pd.testing.assert_frame_equal(found, one_by_one(ground, facilities, closures), check_exact=True)


def test_neither_chunks_nor_the_executor_nor_the_order_of_rows_change_anything(monkeypatch):
    ground, facilities = random_ground(7, "internal_estimate")
    closures = alone(facilities)
    whole = closing_effects(ground, facilities, closures)
    assert len(whole)
    with ThreadPoolExecutor(2) as pool:
        assert closing_effects(ground, facilities, closures, executor=pool).equals(whole)
    monkeypatch.setattr(module, "_CHUNK_CELLS", 1)
    assert closing_effects(ground, facilities, closures).equals(whole)
    back = Closures(closures.group[::-1].copy(), closures.taken)
    assert closing_effects(ground, facilities.iloc[::-1], back).equals(whole)


def test_nothing_to_close():
    ground, facilities = random_ground(3, "internal_estimate")
    empty = closing_effects(ground, facilities.iloc[:0], Closures(*np.empty((2, 0), np.int64)))
    assert list(empty) == ["group", "origin", "service", "before_min", "after_min"]
    assert empty.empty


def test_before_is_the_time_of_the_access_times():
    ground, facilities = random_ground(21, "internal_estimate")
    found = closing_effects(ground, facilities, alone(facilities))
    times = measured(ground, facilities)["time_min"].to_numpy()
    pairs = found["origin"].to_numpy() * len(SERVICES) + found["service"].to_numpy()
    np.testing.assert_array_equal(found["before_min"], times[pairs])
