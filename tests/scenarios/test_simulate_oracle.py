"""Every scenario against a diagnostic made from scratch, and properties of random worlds."""

from concurrent.futures import ThreadPoolExecutor

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import toy_scenarios as toy
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from shapely import Point

import worlds
from sdaasp_geo.access.times import nearest_times
from sdaasp_geo.diagnostic.build import rebuilt
from sdaasp_geo.scenarios import each, pairs
from sdaasp_geo.scenarios.changes import Closing, Move, Opening, Spot
from sdaasp_geo.scenarios.each import simulate_each
from sdaasp_geo.scenarios.model import Scenario
from sdaasp_geo.scenarios.simulate import simulate

KM = toy.KM
SERVICES = toy.BASKET.service_ids
# A world is a seed: there is nothing to shrink.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)


def random_spot(rng):
    """A place anywhere on the main land, exact or known by its commune."""
    x, y = rng.uniform(0, 16, 2)
    n = int(x // 4) * 4 + int(y // 4)
    unit = f"010{n:02d}" if x < 12 else f"020{n:02d}"
    if rng.random() < 0.4:
        return Spot(unit=unit, known_by="commune")
    return Spot(point=Point(KM * x, KM * y))


def random_opening(rng, number):
    spot = random_spot(rng)
    services = tuple(rng.permutation(SERVICES)[: int(rng.integers(1, 4))].tolist())
    return Opening(f"site {number}", services, spot.point, spot.unit, spot.known_by)


def random_scenario(diagnostic, seed):
    rng = np.random.default_rng(seed)
    names = rng.permutation(diagnostic.land.facilities["facility"].to_numpy(dtype=object)).tolist()
    closings = tuple(Closing(name) for name in names[: int(rng.integers(0, 3))])
    moves = tuple(
        Move(Closing(name), random_spot(rng)) for name in names[3 : 3 + int(rng.integers(0, 2))]
    )
    openings = tuple(random_opening(rng, n) for n in range(int(rng.integers(1, 4))))
    return Scenario("au hasard", openings, closings, moves)


def from_scratch(diagnostic, facilities):
    times = nearest_times(
        diagnostic.land.network,
        diagnostic.origins,
        facilities,
        diagnostic.basket.service_ids,
        diagnostic.assumptions,
    )
    return rebuilt(diagnostic, times, facilities)


def not_alike(gains, truth):
    """Communes told otherwise by a gamme some of whose services count anew or no more."""
    basket, capped = truth.basket, truth.assumptions.missing_service.startswith("cap")
    was, now = (d.times.set_index(["service", "origin"])["time_min"] for d in (gains.before, truth))
    people = truth.origins[truth.origins["population"] > 0].set_index("origin")["commune"]
    there = [set(d.land.facilities["service"]) for d in (gains.before, truth)]
    found = set()
    for gamme in basket.gamme_ids:
        old = gains.before.communes.set_index("commune")[f"remote_{gamme}"]
        new = truth.communes.set_index("commune")[f"remote_{gamme}"]
        other = {c for c in old.index if str(old[c]) != str(new[c])}
        for service in basket.services_of(gamme):
            reached = [times[service].reindex(people.index).notna() for times in (was, now)]
            changed = people[(reached[0] != reached[1]) & (not capped)]
            if (service in there[0]) != (service in there[1]):
                changed = people
            found |= other & set(changed)
    return found


def assert_same(gains):
    """Times, means and flags are those of a diagnostic made from scratch, to the bit."""
    truth = from_scratch(gains.before, gains.facilities)
    assert_frame_equal(gains.times, truth.times)
    communes = gains.communes
    for item in (
        name.removesuffix("_after_min") for name in communes if name.endswith("_after_min")
    ):
        assert np.array_equal(
            communes[f"{item}_after_min"].to_numpy(), truth.communes[f"{item}_min"].to_numpy(float),
            equal_nan=True,
        )  # fmt: skip
        assert np.array_equal(
            communes[f"{item}_before_min"].to_numpy(),
            gains.before.communes[f"{item}_min"].to_numpy(float),
            equal_nan=True,
        )
    now = truth.communes["remote_gammes"]
    assert communes["remote_gammes_after"].equals(now.rename("remote_gammes_after"))
    was = gains.before.communes["remote_gammes"]
    leaving = truth.communes.loc[(was.fillna(0) > 0) & (now == 0).fillna(value=False), "commune"]
    unlike = not_alike(gains, truth)
    assert gains.summary["communes_leaving_remoteness"] == [c for c in leaving if c not in unlike]
    told = gains.summary["communes_not_comparable"]
    judged = (now != was).fillna(value=False)
    assert told == [c for c in truth.communes.loc[judged, "commune"] if c in unlike]
    epci = gains.epci.set_index("epci")
    for name in [*truth.basket.gamme_ids, "basket"]:
        if f"{name}_after_min" in epci:
            there = truth.epci.set_index("epci")[f"{name}_min"]
            assert np.array_equal(epci[f"{name}_after_min"], there, equal_nan=True)
    assert np.array_equal(epci["remote_communes_after"], truth.epci["remote_communes"])
    means = truth.services.set_index("service")["mean_min"]
    for service in gains.services.itertuples():
        assert np.array_equal(service.mean_after_min, means[service.service], equal_nan=True)
    assert gains.after.summary == truth.summary


@settings(max_examples=10, deadline=None, phases=PHASES)
@given(
    st.integers(0, 10**6),
    st.sampled_from(toy.RULES),
    st.sampled_from(["commune", "position"]),
    st.sampled_from(["exclude_and_count", "propagate", "cap:60"]),
)
def test_a_scenario_equals_a_diagnostic_made_from_scratch(seed, rule, known_by, missing):
    diagnostic = toy.random_world(seed, rule, known_by, missing_service=missing)
    assert_same(simulate(diagnostic, random_scenario(diagnostic, seed)))


@pytest.mark.parametrize("how", ["by_gamme", "median"])
def test_other_means_too(how):
    diagnostic = toy.random_world(3, basket_mean=how, time_limit_min=12.0)
    assert_same(simulate(diagnostic, random_scenario(diagnostic, 5)))


def candidates(rng, count):
    rows = [random_opening(rng, number) for number in range(count)]
    frame = {
        "name": [row.name for row in rows],
        "services": [";".join(row.services) for row in rows],
        "unit": pd.Series([row.unit for row in rows], dtype="str"),
        "known_by": [row.known_by for row in rows],
    }
    return gpd.GeoDataFrame(frame, geometry=[row.point for row in rows], crs=worlds.CRS)


def row_of(summary):
    """The summary of one scenario as the row that `simulate_each` makes of it."""
    row = {}
    for name, value in summary.items():
        if name.startswith("inhabitants_gaining_over_min"):
            tail = name.removeprefix("inhabitants_gaining_over_min")
            row |= {f"inhabitants_gaining_over_{t}_min{tail}": n for t, n in value.items()}
        elif name.startswith("communes_") and name.endswith("ing_remoteness"):
            row[name] = len(value)
        else:
            row[name] = value
    return row


@settings(max_examples=5, deadline=None, phases=PHASES)
@given(
    st.integers(0, 10**6), st.sampled_from(toy.RULES), st.sampled_from(["commune", "position"]),
    st.sampled_from([None, 9.0]), st.sampled_from(["exclude_and_count", "propagate"]),
)  # fmt: skip
def test_each_candidate_equals_its_own_simulation(seed, rule, known_by, limit, missing):
    diagnostic = toy.random_world(
        seed, rule, known_by, time_limit_min=limit, missing_service=missing
    )
    frame = candidates(np.random.default_rng(seed), 5)
    found = simulate_each(diagnostic, frame)
    for number in range(len(frame)):
        gains = simulate(diagnostic, Scenario("seul", opened=frame.iloc[[number]]))
        alone = row_of(gains.summary)
        row = found.iloc[number]
        assert list(row["services"]) == alone.pop("services")
        figures = [name for name in found if name in alone]
        assert len(figures) >= 18
        for name in figures:
            assert row[name] == alone[name] or (pd.isna(row[name]) and alone[name] is None), name
        assert gains.sites["inhabitants_gaining_alone"].iloc[0] == row["inhabitants_gaining"]


def test_neither_chunks_nor_the_executor_change_a_figure(monkeypatch):
    diagnostic = toy.random_world(8, known_by="position")
    frame = candidates(np.random.default_rng(8), 6)
    expected = simulate_each(diagnostic, frame)
    assert expected["inhabitants_gaining"].gt(0).any()
    with ThreadPoolExecutor(2) as executor:
        assert_frame_equal(simulate_each(diagnostic, frame, executor=executor), expected)
        scenario = random_scenario(diagnostic, 8)
        given_ = simulate(diagnostic, scenario, executor=executor)
    assert_frame_equal(given_.communes, simulate(diagnostic, scenario).communes)
    monkeypatch.setattr(pairs, "_CHUNK_CELLS", 1)
    monkeypatch.setattr(each, "_BATCH_ROWS", 1)
    assert_frame_equal(simulate_each(diagnostic, frame), expected)


@settings(max_examples=5, deadline=None, phases=PHASES)
@given(st.integers(0, 10**6), st.sampled_from(toy.RULES))
def test_opening_never_raises_a_time_and_closing_never_lowers_one(seed, rule):
    diagnostic = toy.random_world(seed, rule)
    before = diagnostic.times["time_min"].fillna(np.inf).to_numpy()
    scenario = random_scenario(diagnostic, seed)
    opened = simulate(diagnostic, Scenario("ouvre", scenario.openings))
    assert (opened.times["time_min"].fillna(np.inf).to_numpy() <= before).all()
    assert opened.summary["inhabitants_losing"] == 0
    assert len(opened.losers) == 0
    names = diagnostic.land.facilities["facility"].iloc[:2]
    closed = simulate(diagnostic, Scenario("ferme", closed=names))
    assert (closed.times["time_min"].fillna(np.inf).to_numpy() >= before).all()
    assert closed.summary["inhabitants_gaining"] == 0


@settings(max_examples=5, deadline=None, phases=PHASES)
@given(st.integers(0, 10**6))
def test_gains_and_losses_part_the_pairs(seed):
    diagnostic = toy.random_world(seed)
    gains = simulate(diagnostic, random_scenario(diagnostic, seed))
    touched = diagnostic.times["service"].isin(gains.summary["services"])
    before = diagnostic.times.loc[touched].set_index(["origin", "service"])["time_min"]
    after = gains.times.loc[touched].set_index(["origin", "service"])["time_min"]
    change = (before - after).round(9)
    lost = set(change[change < 0].index) | set(before[before.notna() & after.isna()].index)
    assert set(zip(gains.losers["origin"], gains.losers["service"], strict=True)) == lost
    newly = set(before[before.isna() & after.notna()].index)
    found = gains.newly_reached
    assert set(zip(found["origin"], found["service"], strict=True)) == newly
    people = diagnostic.origins.set_index("origin")["population"]
    gainers = {origin for origin, _ in set(change[change > 0].index) | newly}
    assert gains.summary["inhabitants_gaining"] == pytest.approx(people[list(gainers)].sum())
    losers = {origin for origin, _ in lost}
    assert gains.summary["inhabitants_losing"] == pytest.approx(people[list(losers)].sum())
    totals = gains.communes[["inhabitants_gaining", "inhabitants_losing"]].sum()
    assert totals["inhabitants_gaining"] == pytest.approx(gains.summary["inhabitants_gaining"])
    assert totals["inhabitants_losing"] == pytest.approx(gains.summary["inhabitants_losing"])


def test_inputs_are_untouched_and_answers_repeat():
    diagnostic = toy.random_world(4)
    tables = ("communes", "origins", "times", "epci", "sites")
    kept = {name: getattr(diagnostic, name).copy(deep=True) for name in tables}
    facilities = diagnostic.land.facilities.copy(deep=True)
    scenario = random_scenario(diagnostic, 4)
    first, second = simulate(diagnostic, scenario), simulate(diagnostic, scenario)
    for name, table in kept.items():
        assert_frame_equal(getattr(diagnostic, name), table)
    assert_frame_equal(diagnostic.land.facilities, facilities)
    assert first.summary == second.summary
    assert_frame_equal(first.communes, second.communes)
