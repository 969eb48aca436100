"""Variants by hand, draws that repeat, and tables that say what holds."""

import dataclasses
import json
import types
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point
from toy_scenarios import CAF, PHARMACY, random_world, row, row_network

import worlds
from sdaasp_geo.access.times import nearest_times
from sdaasp_geo.errors import InputError, NetworkError
from sdaasp_geo.scenarios import sensitivity as module
from sdaasp_geo.scenarios import variants
from sdaasp_geo.scenarios.model import Opening, Scenario
from sdaasp_geo.scenarios.sensitivity import Siting, sensitivity
from sdaasp_geo.scenarios.variants import (
    POSITION_ERROR_M,
    Spread,
    Variant,
    displaced,
    faster,
    one_at_a_time,
    sampled,
    varied,
)


def minutes(diagnostic):
    return diagnostic.times.set_index(["origin", "service"])["time_min"]


def test_twice_the_speed_is_half_the_road():
    network = row_network()
    twice = faster(network, 2.0)
    assert twice.forward_ms.tolist() == [t // 2 for t in network.forward_ms.tolist()]
    assert twice.incoming.weights_ms.tolist() == [t // 2 for t in network.incoming.weights_ms]
    assert faster(network, 1.0) is network
    with pytest.raises(NetworkError, match="expected every street below 24 days"):
        faster(network, 1e-9)


def test_a_closed_direction_stays_closed():
    network = worlds.network([(0, 0), (1, 0)], [(1, 0), (0, 1)], [(0, 1), (0, 0)], oneway=(0, 1, 2))
    assert (faster(network, 1.1).backward_ms == -1).all()


def test_speed_scales_what_is_driven():
    slow = varied(row(), Variant("lent", speed=0.5))
    assert minutes(slow)["01003", CAF] == 40.0
    # The way to the road is another speed: chefs-lieux stand on it.
    assert minutes(varied(row(), Variant("à pied", access_speed=0.5)))["01003", CAF] == 20.0


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.9, 1.1, 1.37]))
def test_roads_scale_to_the_rounding_of_each_street(seed, factor):
    diagnostic = random_world(seed, "routed", access_speed_kmh=1e9)
    before = minutes(diagnostic)
    after = minutes(varied(diagnostic, Variant("v", speed=factor)))
    assert (before.isna() == after.isna()).all()
    # Half a millisecond a street, some tens of streets.
    np.testing.assert_allclose(after, before / factor, atol=100 * 0.5 / 60_000)


def test_thresholds_alone_measure_nothing_again(monkeypatch):
    monkeypatch.setattr(variants, "nearest_times", None)
    looser = varied(row(), Variant("seuils", threshold_shift_min=5.0))
    assert looser.thresholds_min["proximite"] == 9.0
    assert (
        varied(row(), Variant("seuils", threshold_shift_min=-9.0)).thresholds_min["proximite"] == 0
    )
    with pytest.raises(TypeError):
        varied(row(), Variant("vitesse", speed=0.9))


def test_the_rule_and_the_density_change_what_is_inside_a_commune():
    estimate = row("internal_estimate")
    # Aa: 1 km² for four pharmacies, a quarter of a kilometre.
    assert minutes(estimate)["01001", PHARMACY] == 0.25
    assert minutes(varied(estimate, Variant("v", density=0.25)))["01001", PHARMACY] == 0.5
    assert minutes(varied(estimate, Variant("v", access_speed=2.0)))["01001", PHARMACY] == 0.125
    zero = varied(estimate, Variant("v", same_commune="zero"))
    assert minutes(zero)["01001", PHARMACY] == 0.0
    # An area that squares told stays.
    squares = dataclasses.replace(estimate, origins=estimate.origins.assign(unit_area_km2=4.0))
    found = varied(squares, Variant("v", density=0.25))
    assert (found.origins["unit_area_km2"] == 4.0).all()


def test_errors_of_position_follow_the_quality_and_keep_a_place_together():
    frame = worlds.facilities(
        ("a", CAF, "u", 1, 1, "position"),
        ("b", PHARMACY, "u", 1, 1, "position"),
        ("c", CAF, "u", 2, 2, "position"),
        ("d", CAF, "u", 3, 3, "commune"),
    ).assign(position_quality=["exact", "exact", "approximate", "commune"])
    before = frame.copy(deep=True)
    moved = displaced(frame, 5)
    away = moved.geometry.distance(frame.geometry).to_numpy()
    assert away[0] == away[1]
    assert 0 < away[0] < POSITION_ERROR_M["exact"]
    assert 0 < away[2] < POSITION_ERROR_M["approximate"]
    assert away[3] == 0
    assert frame.equals(before)
    again = displaced(frame.iloc[::-1], 5).sort_index()
    assert again.geometry.geom_equals(moved.geometry).all()
    assert not displaced(frame, 6).geometry.geom_equals(moved.geometry).all()
    far = np.array(
        [displaced(frame, n).geometry[2].distance(Point(2000, 2000)) for n in range(400)]
    )
    # Even over the disc: the mean distance is two thirds of the radius.
    assert far.mean() == pytest.approx(500 * 2 / 3, rel=0.05)
    assert far.max() < 500


def test_the_ends_of_each_range_and_draws_within_them():
    names = [variant.name for variant in one_at_a_time(Spread(), rule="zero")]
    assert names == [
        "vitesses -10 %",
        "vitesses +10 %",
        "vitesse d'accès -20 %",
        "vitesse d'accès +25 %",
        "densité habitée -50 %",
        "densité habitée +100 %",
        "seuils -1 min",
        "seuils +1 min",
        "même commune : internal_estimate",
        "même commune : routed",
        "positions décalées",
    ]
    draws = sampled(Spread(), samples=50, seed=3)
    assert all(0.9 <= draw.speed <= 1.1 and 0.5 <= draw.density <= 2 for draw in draws)
    assert all(-1 <= draw.threshold_shift_min <= 1 for draw in draws)
    assert {draw.same_commune for draw in draws} == {"internal_estimate", "routed", "zero"}
    assert len({draw.positions for draw in draws}) == 50
    assert sampled(Spread(), samples=7, seed=3) == draws[:7]
    assert sampled(Spread(), samples=7, seed=4) != draws[:7]
    with pytest.raises(ValueError, match="speed: expected a factor above 0, found 0"):
        Variant("arrêt", speed=0.0)


def test_which_communes_keep_their_flag():
    # Remote by hand: Bé 10 min to a pharmacy (over 4), Cé also 20 to the CAF (over 10).
    found = sensitivity(
        row(),
        variants=[
            Variant("vitesses triplées", speed=3.0),
            Variant("seuils +2", threshold_shift_min=2),
        ],
    )
    table = found.communes.set_index("commune")
    assert table["remote"].to_dict() == {"01001": True, "01002": True, "01003": True}
    # Aa has 30 min to the hospital (over 20): 10 at three times the speed.
    assert table["flips"].to_dict() == {
        "01001": "vitesses triplées",
        "01002": "vitesses triplées",
        "01003": "vitesses triplées",
    }
    assert not table["steady"].any()
    assert table.loc["01001", "share_of_variants"] == 0.5
    assert np.isnan(table.loc["01001", "share_of_samples"])
    assert table.loc["01003", "share_intermediaire"] == pytest.approx(2 / 3)
    mean = found.ranges.set_index(["figure", "kind"]).loc[("mean_min.superieure", "one_at_a_time")]
    # Aa 30, Bé 20, Cé 10 min; a third of it at three times the speed.
    assert mean[["reference", "min", "median", "max"]].tolist() == [22.5, 7.5, 15.0, 22.5]
    assert found.summary["communes_that_flip"] == 3
    json.dumps(found.summary)


def test_an_undetermined_flag_is_no_steady_one():
    cut = row(time_limit_min=25.0)
    found = sensitivity(cut, variants=[Variant("lent", speed=0.5)])
    assert found.communes["undetermined_share"].max() > 0


def test_a_scenario_is_simulated_in_each_run():
    opening = Opening("MSAP", services=(CAF,), point=Point(25_000, 5_000), unit="01003")
    found = sensitivity(
        row(), Scenario("Une MSAP", openings=(opening,)), variants=[Variant("lent", speed=0.5)]
    )
    runs = found.runs.set_index("variant")
    assert runs["mean_gain_of_gainers_min"].tolist() == [20.0, 40.0]
    assert runs["inhabitants_gaining_over_min.10"].tolist() == [500.0, 500.0]


def test_whether_the_best_sites_change(monkeypatch):
    def choose_sites(diagnostic, candidates, *, count, objective):
        assert objective == "mean_time"
        slow = minutes(diagnostic)["01003", CAF] > 25
        chosen = candidates.iloc[-count:] if slow else candidates.iloc[:count]
        return types.SimpleNamespace(sites=pd.DataFrame({"site": list(chosen["site"])}))

    stub = types.SimpleNamespace(choose_sites=choose_sites)
    monkeypatch.setattr(module, "import_module", lambda _: stub)
    candidates = row().sites
    question = Siting(candidates, 1, {"objective": "mean_time"})
    variants = [Variant("lent", speed=0.5), Variant("vite", speed=2.0)]
    found = sensitivity(row(), question, variants=variants)
    assert found.summary["runs_with_other_sites"] == 1
    assert found.sites[["site", "reference", "share_of_variants"]].to_numpy().tolist() == [
        ["fs-1", True, 0.5],
        ["fs-2", False, 0.5],
    ]
    assert sensitivity(row(), variants=variants).sites is None


def same(one, other):
    for name in ("runs", "ranges", "communes"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True)


@pytest.mark.parametrize("pool", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_the_same_seed_gives_the_same_tables_whatever_runs_it(pool):
    diagnostic = random_world(4)
    told = []
    whole = sensitivity(
        diagnostic,
        samples=2,
        seed=9,
        variants=[Variant("v", speed=0.9)],
        progress=lambda *report: told.append(report),
    )
    assert told == [
        (1, 4, "référence"),
        (2, 4, "v"),
        (3, 4, "tirage 1"),
        (4, 4, "tirage 2"),
    ]
    with pool(2) as executor:
        split = sensitivity(
            diagnostic, samples=2, seed=9, variants=[Variant("v", speed=0.9)], executor=executor
        )
    same(whole, split)
    assert not whole.runs.equals(sensitivity(diagnostic, samples=2, seed=8, variants=[]).runs)


def test_a_run_is_what_the_diagnostic_would_be():
    diagnostic = random_world(11, "internal_estimate")
    changed = varied(diagnostic, Variant("v", speed=0.8, same_commune="zero"))
    times = nearest_times(
        faster(diagnostic.land.network, 0.8),
        diagnostic.origins,
        diagnostic.land.facilities,
        diagnostic.basket.service_ids,
        dataclasses.replace(diagnostic.assumptions, same_commune="zero"),
    )
    pd.testing.assert_frame_equal(changed.times, times)
    assert diagnostic.assumptions.same_commune == "internal_estimate"


def test_wrong_questions():
    twice = [Variant("v", speed=0.9), Variant("v", speed=0.8)]
    with pytest.raises(InputError, match="expected each name once, found 'v'"):
        sensitivity(row(), variants=twice)
    with pytest.raises(ValueError, match="expected a diagnostic with its land"):
        sensitivity(dataclasses.replace(row(), land=None))


def test_fewer_draws_than_none():
    with pytest.raises(InputError, match="expected a number of draws, 0 or more, found -1"):
        sensitivity(row(), samples=-1)


def test_sites_are_chosen_by_the_real_solver():
    # One more CAF beside Aa's: in Cé it saves 500 inhabitants 20 min, in Bé 1,000 only 10.
    candidates = row().sites.assign(
        site=["be", "ce"], commune=["01002", "01003"], unit=["01002", "01003"], known_by="position"
    )
    candidates = candidates.set_geometry([Point(15_000, 5_000), Point(25_000, 5_000)])
    options = {"objective": "inhabitants_gaining", "services": [CAF], "least_gain_min": 15.0}
    found = sensitivity(row(), Siting(candidates, 1, options), variants=[Variant("v", speed=0.5)])
    sites = found.sites.set_index("site")
    assert sites.loc["ce", "reference"]
    # At half the speed Bé saves 20 min to the 1,000 of Bé and Cé, Cé 40 min to its 500.
    assert sites.loc["be", "share_of_variants"] == 1.0
    assert found.summary["runs_with_other_sites"] == 1
