"""Choosing sites on whole diagnostics: by hand, against the full simulation, wrong input."""

import itertools

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import toy_scenarios as toy
from shapely import Point
from toy_scenarios import CAF, HOSPITAL, KM, PHARMACY

from sdaasp_geo.errors import InputError
from sdaasp_geo.scenarios.model import Scenario
from sdaasp_geo.scenarios.simulate import simulate
from sdaasp_geo.scenarios.siting.choose import choose_sites, remote_weights
from sdaasp_geo.scenarios.siting.problem import NearPairs, SitingProblem, cap_of
from sdaasp_geo.scenarios.siting.solve import solve

COST = np.array([[1.0, 9.0, 20.0], [8.0, 2.0, 20.0], [20.0, 9.0, 1.0]])
PEOPLE = np.array([100.0, 300.0, 50.0])


def candidates(*names):
    """Mairies of the row at the chefs-lieux, by their initials."""
    x = {"Aa": 5, "Bé": 15, "Cé": 25, "Dé": 35}
    return gpd.GeoDataFrame(
        {"site": [name.lower() for name in names], "name": [f"Mairie de {n}" for n in names]},
        geometry=[Point(KM * x[name], KM * 5) for name in names],
        crs=toy.worlds.CRS,
    )


def test_the_row_by_hand():
    """Today the hospital is 30, 20 and 10 min away: with one in Cé, 20, 10 and 0."""
    diagnostic = toy.row()
    before = diagnostic.times.copy()
    places = candidates("Aa", "Bé", "Cé")
    untouched = places.copy()
    found = choose_sites(diagnostic, places, count=1, services=[HOSPITAL], least_gain_min=6)
    # With one in Aa or in Bé the 500 of Cé gain nothing; with one in Cé all 2,000 gain 10.
    assert found.status == "optimal"
    assert found.sites["site"].tolist() == ["cé"]
    assert found.summary["value"] == 2000
    assert found.sites["lost_inhabitants_gaining"].tolist() == [2000]
    assert found.origins["gain_min"].tolist() == pytest.approx([10, 10, 10])
    assert found.sites["inhabitants_served"].tolist() == [2000]
    assert found.candidates["inhabitants_gaining_alone"].tolist() == [1500, 1500, 2000]
    assert found.summary["figures"] == found.summary["figures_simulated"]
    mean = choose_sites(diagnostic, places, count=1, services=[HOSPITAL], objective="mean_time")
    # Aa 0, Bé 10, Cé 10: (0 + 5,000 + 5,000) / 2,000.
    assert (mean.sites["site"].tolist(), mean.summary["value"]) == (["aa"], pytest.approx(5.0))
    worst = choose_sites(
        diagnostic, places, count=1, services=[HOSPITAL], objective="worst_time", solutions=3
    )
    assert worst.summary["value"] == pytest.approx(10)
    # Aa and Bé both leave nobody beyond 10; the mean decides.
    assert worst.sites["site"].tolist() == ["aa"]
    firsts = worst.alternatives.groupby("solution")["site"].first().tolist()
    assert firsts == ["aa", "bé", "cé"]
    assert worst.alternatives["in_best"].tolist() == [True, False, False]
    all_near = choose_sites(
        diagnostic, places, services=[HOSPITAL], objective="cover_everyone", within_min=10
    )
    assert all_near.summary["least_count"] == len(all_near.sites) == 1
    pd.testing.assert_frame_equal(diagnostic.times, before)
    pd.testing.assert_frame_equal(pd.DataFrame(places), pd.DataFrame(untouched))


def test_locked_sites_and_weights_decide():
    diagnostic = toy.row()
    places = candidates("Aa", "Bé", "Cé")
    asked = {"services": [HOSPITAL], "objective": "mean_time"}
    locked = choose_sites(diagnostic, places, count=2, locked=["cé"], **asked)
    assert set(locked.sites["site"]) == {"aa", "cé"}
    assert locked.sites.set_index("site")["locked"].to_dict() == {"aa": False, "cé": True}
    weighted = choose_sites(diagnostic, places, count=1, weights={"01002": 10.0}, **asked)
    assert weighted.sites["site"].tolist() == ["bé"]
    # Inhabitants stay people, whatever they weigh: Aa 10, Bé 0, Cé 10.
    assert weighted.summary["figures"]["mean_min"] == pytest.approx(7.5)
    assert remote_weights(diagnostic, 3.0).loc[["01001", "01003"]].tolist() == [3.0, 3.0]


@pytest.mark.parametrize("rule", toy.RULES)
@pytest.mark.parametrize("seed", range(2))
def test_every_candidate_alone_is_what_simulate_says(rule, seed):
    diagnostic = toy.random_world(seed, rule)
    places = mairies(diagnostic, known_by=("position", "commune")).iloc[::2]
    found = choose_sites(
        diagnostic, places, count=1, services=[CAF, PHARMACY], missing="never_served"
    )
    best = 0.0
    for row in found.candidates.itertuples():
        one = places[places["site"] == row.site]
        gains = simulate(diagnostic, Scenario("x", opened=one, services=[CAF, PHARMACY]))
        over = gains.origins["gain_min"] >= 6 - 1e-6
        over |= gains.origins["newly_reached"] > 0
        people = gains.origins["population"][over].sum()
        assert row.inhabitants_gaining_alone == pytest.approx(people)
        best = max(best, people)
    assert found.summary["value"] == pytest.approx(best)
    assert found.summary["figures_simulated"] == pytest.approx(found.summary["figures"])


@pytest.mark.parametrize("rule", ["routed", "zero"])
@pytest.mark.parametrize("seed", range(2))
def test_pairs_are_the_best_of_the_full_simulation(rule, seed):
    diagnostic = toy.random_world(seed, rule)
    places = mairies(diagnostic).iloc[:4]
    asked = {"services": [CAF, HOSPITAL], "missing": "cap:60"}
    found = choose_sites(diagnostic, places, count=2, objective="mean_time", **asked)
    means = {}
    for pair in itertools.combinations(range(4), 2):
        opened = places.iloc[list(pair)]
        times = simulate(diagnostic, Scenario("x", opened=opened, services=asked["services"])).times
        wide = times[times["service"].isin(asked["services"])].fillna({"time_min": 60.0})
        people = wide["origin"].map(diagnostic.origins.set_index("origin")["population"])
        means[pair] = np.average(wide["time_min"], weights=people)
    assert found.summary["value"] == pytest.approx(min(means.values()))
    assert "simulated" in set(found.notes["kind"])


def mairies(diagnostic, known_by=("position",)):
    communes = diagnostic.communes
    known = [known_by[n % len(known_by)] for n in range(len(communes))]
    return gpd.GeoDataFrame(
        {"site": communes["commune"], "name": communes["name"], "known_by": known},
        geometry=communes["chef_lieu"].to_numpy(),
        crs=communes.crs,
    )


def test_infeasible_says_who_and_how_many():
    diagnostic = toy.row()
    places = candidates("Aa", "Cé")
    asked = {"services": [HOSPITAL], "objective": "cover_everyone"}
    nobody = choose_sites(diagnostic, places, within_min=5, **asked)
    assert nobody.status == "infeasible"
    assert nobody.blocking["commune"].tolist() == ["01002"]
    assert nobody.blocking["nearest_min"].tolist() == pytest.approx([10])
    assert nobody.sites.empty
    assert nobody.scenario is None
    assert nobody.notes["note"].str.contains("500 habitants").any()
    few = choose_sites(diagnostic, candidates("Aa", "Bé", "Cé"), count=2, within_min=5, **asked)
    assert (few.status, few.summary["least_count"]) == ("infeasible", 3)
    assert few.notes["note"].str.contains("au moins 3 sites").any()


def test_too_few_sites_to_serve_islands():
    cost = np.array([[1.0, np.nan], [np.nan, 2.0]])
    problem = SitingProblem(cost, np.ones(2), count=1, missing="never_served")
    for objective in ("mean_time", "worst_time"):
        asked = SitingProblem(
            cost, np.ones(2), count=1, missing="never_served", objective=objective
        )
        answer = solve(asked)
        assert (answer.status, answer.least_count) == ("infeasible", 2)
        assert answer.blocking.tolist() == [0, 1]
    assert solve(problem).sites == ()
    capped = SitingProblem(cost, np.ones(2), count=1, missing="cap:10")
    assert solve(capped).value == pytest.approx(5.5)


def test_time_up_is_a_stated_partial_result():
    rng = np.random.default_rng(0)
    cost = rng.uniform(1, 60, (300, 80))
    problem = SitingProblem(cost, np.ones(300), count=12)
    short = solve(problem, time_limit_s=0.05)
    assert short.status == "time_limit"
    assert len(short.sites) == 12
    assert short.bound < short.value
    assert short.gap == pytest.approx((short.value - short.bound) / short.value)
    near = solve(problem, gap=0.3)
    assert near.status in {"within_gap", "optimal"}
    again = solve(problem, gap=0.3)
    assert (near.sites, near.value) == (again.sites, again.value)


def test_services_that_differ_in_near_pairs():
    near = NearPairs(np.array([0]), np.array([1]), np.array([[0.0, 8.0]]))
    today = np.full((1, 2), 9.0)
    problem = SitingProblem(np.array([[4.0, 6.0]]), np.ones(1), count=1, today_min=today, near=near)
    # Candidate 0 gives 4 and 4, candidate 1 gives 0 and 8: both a mean of 4.
    assert solve(problem).value == pytest.approx(4.0)
    two = SitingProblem(np.array([[4.0, 6.0]]), np.ones(1), count=2, today_min=today, near=near)
    assert solve(two).value == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"count": 4}, "at most the 3 candidates, found 4"),
        ({"count": 0}, "1 or more, found 0"),
        ({"count": None}, "a number of sites, found None"),
        ({"count": 1, "locked": (0, 1)}, "at least the 2 locked sites, found 1.*contradictory"),
        ({"locked": (7,)}, "numbers of candidates, 0 to 2, found 7"),
        ({"objective": "best"}, "one of inhabitants_gaining, .*, found 'best'"),
        ({"objective": {}}, "a mix"),
        ({"objective": {"cover_everyone": 1.0}}, "a mix of .*found 'cover_everyone'"),
        ({"objective": {"mean_time": -1.0}}, "a weight above 0 for mean_time, found -1.0"),
        ({"missing": "ignore"}, "'cap:<minutes>', found 'ignore'"),
        ({"within_min": 0}, "within_min.*minutes above 0"),
        ({"today_min": np.array([1.0, np.nan, 2.0])}, "today_min.*1 missing, of 1 rows.*never_s"),
        ({"today_min": np.ones(2)}, "one row an origin, 3, found 2 rows"),
    ],
)
def test_wrong_questions(changed, message):
    with pytest.raises(InputError, match=message):
        SitingProblem(COST, PEOPLE, **({"count": 1} | changed))


def test_wrong_matrices_gather_all_faults():
    cost = COST.copy()
    cost[0, 0], cost[1, 1] = np.nan, -5.0
    with pytest.raises(InputError) as raised:
        SitingProblem(cost, np.array([1.0, -2.0, np.nan]), count=9, missing="refuse")
    text = str(raised.value)
    for part in (
        "1 missing",
        "finite minutes, 0 or more",
        "-2.0 at origin 1 (2 in all)",
        "found 9",
    ):
        assert part in text
    with pytest.raises(InputError, match="at least one candidate, found none"):
        SitingProblem(np.empty((3, 0)), PEOPLE, count=1)
    with pytest.raises(InputError, match="inhabitants, found 0 everywhere"):
        SitingProblem(COST, np.zeros(3), count=1)
    with pytest.raises(ValueError, match="cap:<minutes>"):
        cap_of("cap:-3")
    problem = SitingProblem(COST, PEOPLE, count=1)
    with pytest.raises(InputError, match=r"(?s)solutions.*time_limit_s.*gap.*method"):
        solve(problem, solutions=0, time_limit_s=0, gap=2, method="guess")


def test_wrong_candidates():
    diagnostic = toy.row()
    asked = {"count": 1, "services": [HOSPITAL]}
    places = candidates("Aa", "Bé")
    with pytest.raises(InputError, match="an empty frame"):
        choose_sites(diagnostic, places.iloc[:0], **asked)
    with pytest.raises(InputError, match="at most the 2 candidates, found 3"):
        choose_sites(diagnostic, places, count=3, services=[HOSPITAL])
    with pytest.raises(InputError, match="what the sites offer"):
        choose_sites(diagnostic, places, count=1)
    with pytest.raises(InputError, match="each candidate once, found 'aa'"):
        choose_sites(diagnostic, candidates("Aa", "Aa"), **asked)
    with pytest.raises(InputError, match=r"candidate \(did you mean 'aa'\?\), found 'aaa'"):
        choose_sites(diagnostic, places, locked=["aaa"], **asked)
    with pytest.raises(InputError, match="weights.*codes of communes or origins, found 99999"):
        choose_sites(diagnostic, places, weights={"99999": 2.0}, **asked)
    with pytest.raises(InputError, match="service of the basket"):
        choose_sites(diagnostic, places, count=1, services=["piscine"])
    away = places.set_geometry([Point(5 * KM, 5 * KM), Point(900 * KM, 5 * KM)])
    with pytest.raises(InputError, match="Bé|row 2"):
        choose_sites(diagnostic, away.set_crs(places.crs), **asked)


def test_a_candidate_off_the_network_and_an_island():
    diagnostic = toy.row(snap_limit_m=2000.0)
    off = candidates("Aa", "Bé").set_geometry([Point(5 * KM, 5 * KM), Point(15 * KM, 9 * KM)])
    with pytest.raises(InputError, match="row 2.*snap_limit_m.*'Mairie de Bé'"):
        choose_sites(diagnostic, off.set_crs(toy.worlds.CRS), count=1, services=[HOSPITAL])
    island = toy.random_world(1, "routed")
    with pytest.raises(InputError, match="missing='refuse'.*islands"):
        choose_sites(island, mairies(island), count=2, services=[CAF])


def test_what_all_candidates_offer_is_told_once_and_rows_by_their_numbers():
    diagnostic = toy.row()
    places = candidates("Aa", "Bé", "Cé")
    with pytest.raises(InputError) as raised:
        choose_sites(diagnostic, places, count=1, services=["piscine"])
    assert [fault.where for fault in raised.value.faults] == ["choose_sites, column 'services'"]
    with pytest.raises(InputError) as raised:
        choose_sites(diagnostic, places, count=1, bouquet="inconnu")
    assert [fault.where for fault in raised.value.faults] == ["choose_sites, column 'bouquet'"]
    far = places.set_geometry([Point(5 * KM, 5 * KM), *[Point(900 * KM, 5 * KM)] * 2])
    with pytest.raises(InputError) as raised:
        choose_sites(diagnostic, far.set_crs(places.crs), count=1, services=["piscine"])
    # Both kinds are told at once.
    wheres = {fault.where for fault in raised.value.faults}
    assert wheres == {"choose_sites, column 'services'", "candidates, row 2", "candidates, row 3"}


@pytest.mark.parametrize("missing", ["never_served", "cap:60"])
def test_those_who_stay_without_are_counted(missing):
    """The 80 of the islet reach no CAF; the candidate on their islet is not chosen."""
    diagnostic = toy.random_world(1, "routed")
    asked = {"services": [CAF], "missing": missing, "count": 2}
    found = choose_sites(diagnostic, mairies(diagnostic), **asked)
    assert found.summary["inhabitants_unserved"] == 0
    assert found.summary["inhabitants_without_after"] == 80
    assert found.without_after["commune"].tolist() == ["01090"]
    assert found.without_after["services"].tolist() == [1]
    assert found.notes["note"].str.contains("même avec les sites choisis : 80").any()
    locked = choose_sites(diagnostic, mairies(diagnostic), locked=["01090"], **asked)
    assert locked.summary["inhabitants_without_after"] == 0
    assert locked.without_after.empty
    assert "without_after" not in set(locked.notes["kind"])


@pytest.mark.parametrize("objective", ["mean_time", "worst_time"])
def test_a_time_of_everybody_imposes_a_site(objective):
    diagnostic = toy.random_world(1, "routed")
    asked = {"services": [CAF], "count": 2, "missing": "never_served"}
    found = choose_sites(diagnostic, mairies(diagnostic), objective=objective, **asked)
    assert "01090" in found.summary["sites"]
    told = found.notes.loc[found.notes["kind"] == "imposed", "note"].item()
    assert "n'existe que si tous sont desservis" in told
    assert told.endswith(": 80.")
    most = choose_sites(diagnostic, mairies(diagnostic), **asked)
    assert "imposed" not in set(most.notes["kind"])
    capped = choose_sites(
        diagnostic, mairies(diagnostic), objective=objective, **(asked | {"missing": "cap:60"})
    )
    assert "imposed" not in set(capped.notes["kind"])


@pytest.mark.parametrize(
    ("objective", "options", "note"),
    [
        ("inhabitants_gaining", {"least_gain_min": 999}, "gagner 999 min à qui que ce soit"),
        ("inhabitants_within", {"within_min": 60}, "personne de plus à 60 min"),
        ("mean_time", {}, "n'abrège le temps moyen"),
        ("worst_time", {}, "n'abrège le temps le plus long"),
        ({"mean_time": 1.0, "inhabitants_gaining": 1.0}, {}, "n'améliore ce qui est demandé"),
    ],
)
def test_candidates_that_gain_nothing_make_an_arbitrary_choice(objective, options, note):
    diagnostic = toy.row()
    served = candidates("Aa", "Aa").assign(site=["a", "b"])  # where the CAF is
    asked = {"services": [CAF], "objective": objective, **options}
    found = choose_sites(diagnostic, served, count=1, **asked)
    told = found.notes.loc[found.notes["kind"] == "arbitrary", "note"].item()
    assert note in told
    assert told.endswith("le choix est arbitraire.")
    every = choose_sites(diagnostic, served, count=2, **asked)
    told = every.notes.loc[every.notes["kind"] == "arbitrary", "note"].item()
    assert "arbitraire" not in told  # both are taken: there was nothing to choose
    better = choose_sites(diagnostic, candidates("Aa", "Cé"), count=1, services=[CAF])
    assert "arbitrary" not in set(better.notes["kind"])


def test_a_worst_time_that_nothing_lowers_is_decided_by_the_mean():
    """A pharmacy in Aa or Bé leaves Cé its 10 min; one in Bé saves Bé its own."""
    found = choose_sites(
        toy.row(), candidates("Aa", "Bé"), count=1, services=[PHARMACY], objective="worst_time"
    )
    assert (found.summary["sites"], found.summary["value"]) == (["bé"], pytest.approx(10))
    told = found.notes.loc[found.notes["kind"] == "arbitrary", "note"].item()
    assert told.endswith("le temps moyen a départagé les choix.")
