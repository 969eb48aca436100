"""The tables, figures and remarks of a choice of sites."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from sdaasp_geo.scenarios.siting.explain import (
    Figures,
    after_minutes,
    best_site,
    figures,
    ranked_sites,
)
from sdaasp_geo.scenarios.siting.problem import GAINING, MEAN, WITHIN, WORST
from sdaasp_geo.scenarios.siting.result import SitingResult
from sdaasp_geo.scenarios.siting.solve import proof
from sdaasp_geo.scenarios.siting.terms import gaining, worst_minutes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sdaasp_geo.scenarios.ground import Ground
    from sdaasp_geo.scenarios.model import Scenario
    from sdaasp_geo.scenarios.notes import Remarks
    from sdaasp_geo.scenarios.siting.problem import SitingProblem
    from sdaasp_geo.scenarios.siting.solution import Solution
    from sdaasp_geo.scenarios.siting.terms import Minutes

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

_PLACE = ["site", "name", "commune", "unit", "known_by"]
# Minutes are exact to the millisecond; figures that agree better than this agree.
_AGREE = 1e-6
_STATUS_FR = {
    "optimal": "Optimum prouvé : aucun autre choix de sites ne fait mieux.",
    "within_gap": "Choix prouvé à l'écart demandé près de l'optimum.",
    "time_limit": "Temps de calcul écoulé : meilleur choix trouvé, optimum non prouvé.",
    "heuristic": "Choix par ajouts et échanges successifs : optimum non prouvé.",
    "infeasible": "Impossible : aucun choix de sites ne satisfait la demande.",
    "unsolved": "Temps de calcul écoulé avant qu'un premier choix soit trouvé.",
}


class Chosen(NamedTuple):
    """A question on a territory and its answer.

    Parameters
    ----------
    ground, sites, services
        Origins, candidates and what they offer.
    problem, solution, minutes
        The matrix question, its answer, its minutes with the rule for missing applied.
    simulated
        Minutes after by `simulate`, (N, S); None where nothing was chosen.
    """

    ground: Ground
    sites: gpd.GeoDataFrame
    services: tuple[str, ...]
    problem: SitingProblem
    solution: Solution
    minutes: Minutes
    simulated: Floats | None

    @property
    def nowhere(self) -> Bools:
        """Pairs (N, S) that nothing serves."""
        return self.minutes.nowhere()

    @property
    def without(self) -> Bools:
        """Inhabited pairs (N, S) without any place after; a cap stands in for none."""
        problem = self.problem
        today = self.minutes.today if problem.today_min is None else problem.today_min
        told = self.minutes._replace(cost=problem.cost_min, today=today, near=problem.near)
        after = after_minutes(told, self.solution.sites)
        return np.isnan(after) & (self.ground.people > 0)[:, None]

    def figures(self, after: Floats) -> Figures:
        """Figures in inhabitants, whatever the weights."""
        people = self.ground.people
        return figures(self.minutes, after, self.problem, people, self.nowhere)


def result(chosen: Chosen, scenario: Scenario | None, remarks: Remarks) -> SitingResult:
    """Put the tables together."""
    summary = _summary(chosen)
    _remark(chosen, summary, remarks)
    return SitingResult(
        status=chosen.solution.status,
        sites=_site_table(chosen),
        alternatives=_alternatives(chosen),
        origins=_origin_table(chosen),
        unserved=_unserved(chosen),
        without_after=_without_after(chosen),
        blocking=_blocking(chosen),
        candidates=_candidates(chosen),
        summary=summary,
        notes=remarks.table(),
        problem=chosen.problem,
        solution=chosen.solution,
        scenario=scenario,
    )


def _site_table(chosen: Chosen) -> gpd.GeoDataFrame:
    minutes, sites = chosen.minutes, chosen.solution.sites
    people, nowhere = chosen.ground.people, chosen.nowhere
    order = ranked_sites(minutes, sites, people, nowhere)
    table = chosen.sites.iloc[order][[*_PLACE, "geometry"]].reset_index(drop=True)
    table.insert(0, "rank", np.arange(1, len(order) + 1))
    whole = chosen.figures(after_minutes(minutes, sites))
    best = best_site(minutes, sites) if sites else np.empty(0, dtype=np.int64)
    lost = [chosen.figures(after_minutes(minutes, _without(sites, site))) for site in order]
    signs = {"inhabitants_gaining": 1, "inhabitants_within": 1, "mean_min": -1, "worst_min": -1}
    columns: dict[str, Any] = {
        "locked": np.isin(order, chosen.problem.locked),
        "inhabitants_served": np.array([float(people[best == site].sum()) for site in order]),
    }
    for name, sign in signs.items():
        columns[f"lost_{name}"] = np.array(
            [sign * (getattr(whole, name) - getattr(less, name)) for less in lost], dtype=float
        )
    full = table.assign(**columns)
    return gpd.GeoDataFrame(
        full[[name for name in full if name != "geometry"] + ["geometry"]], crs=chosen.sites.crs
    )


def _without(sites: Sequence[int], site: int) -> list[int]:
    return [other for other in sites if other != site]


def _alternatives(chosen: Chosen) -> pd.DataFrame:
    best = set(chosen.solution.sites)
    rows = [
        (number, each.value, each.bound, proof(each, 0.0), site)
        for number, each in enumerate(chosen.solution.ranked, start=1)
        for site in each.sites
    ]
    table = pd.DataFrame(rows, columns=["solution", "value", "bound", "status", "number"])
    which = table.pop("number").to_numpy(dtype=np.int64)
    for name in ("site", "name"):
        table[name] = chosen.sites[name].to_numpy()[which]
    table["in_best"] = np.array([site in best for site in which.tolist()], dtype=bool)
    return table.astype({"status": "str", "site": "str", "name": "str"})


def _origin_table(chosen: Chosen) -> pd.DataFrame:
    """Each origin with its service of the largest gain."""
    before, after = chosen.minutes.today, after_minutes(chosen.minutes, chosen.solution.sites)
    fresh = np.isnan(before) & ~np.isnan(after)
    gain = np.where(fresh, np.inf, np.nan_to_num(before - after))
    which = (np.arange(len(gain)), gain.argmax(axis=1))
    largest = gain[which]
    origins = chosen.ground.origins.reset_index(drop=True)
    table = origins[["origin", "commune", "population"]].assign(
        before_min=before[which],
        after_min=after[which],
        gain_min=np.where(np.isinf(largest), np.nan, largest),
        newly_reached=fresh.sum(axis=1),
    )
    names = np.array([*chosen.sites["site"], None], dtype=object)
    best = best_site(chosen.minutes, chosen.solution.sites) if chosen.solution.sites else -1
    number = np.broadcast_to(best, len(table))
    return table.assign(site=pd.Series(names[number], dtype="str"))


def _people(chosen: Chosen, which: NDArray[np.int64]) -> pd.DataFrame:
    origins = chosen.ground.origins.reset_index(drop=True)
    return origins.loc[which, ["origin", "commune", "population"]].reset_index(drop=True)


def _unserved(chosen: Chosen) -> pd.DataFrame:
    nowhere = chosen.nowhere
    which = chosen.solution.unserved
    return _people(chosen, which).assign(services=nowhere[which].sum(axis=1))


def _without_after(chosen: Chosen) -> pd.DataFrame:
    without = chosen.without
    which = np.flatnonzero(without.any(axis=1))
    return _people(chosen, which).assign(services=without[which].sum(axis=1))


def _blocking(chosen: Chosen) -> pd.DataFrame:
    which = chosen.solution.blocking
    if not which.size:
        return _people(chosen, which).assign(nearest_min=np.empty(0))
    worst = worst_minutes(chosen.minutes)[which]
    nearest = np.where(np.isnan(worst), np.inf, worst).min(axis=1)
    return _people(chosen, which).assign(nearest_min=np.where(np.isinf(nearest), np.nan, nearest))


def _candidates(chosen: Chosen) -> gpd.GeoDataFrame:
    people, minutes, problem = chosen.ground.people, chosen.minutes, chosen.problem
    gain = people @ gaining(minutes, problem.least_gain_min)
    within = people @ (worst_minutes(minutes) <= problem.within_min)
    table = chosen.sites[[*_PLACE, "geometry"]].copy()
    table.insert(len(_PLACE), "chosen", np.isin(np.arange(len(table)), chosen.solution.sites))
    table.insert(len(_PLACE) + 1, "inhabitants_gaining_alone", gain)
    table.insert(len(_PLACE) + 2, "inhabitants_within_alone", within)
    return table


def _summary(chosen: Chosen) -> dict[str, Any]:
    solution, problem = chosen.solution, chosen.problem
    people = chosen.ground.people
    summary: dict[str, Any] = {
        "status": solution.status,
        "objective": dict(solution.objective),
        "services": list(chosen.services),
        "candidates": problem.candidates,
        "count": len(solution.sites),
        "sites": [str(chosen.sites["site"].iloc[site]) for site in solution.sites],
        "value": _number(solution.value),
        "bound": _number(solution.bound),
        "gap": _number(solution.gap),
        "before": _number(solution.before),
        "least_count": solution.least_count,
        "least_gain_min": problem.least_gain_min,
        "within_min": problem.within_min,
        "missing": problem.missing,
        "inhabitants_unserved": float(people[solution.unserved].sum()),
        "inhabitants_without_after": float(people[chosen.without.any(axis=1)].sum()),
        "inhabitants_blocking": float(people[solution.blocking].sum()),
        "seconds": round(solution.seconds, 3),
        "figures_before": _plain(chosen.figures(chosen.minutes.today)),
    }
    if solution.sites:
        after = after_minutes(chosen.minutes, solution.sites)
        fresh = (np.isnan(chosen.minutes.today) & ~np.isnan(after)).any(axis=1)
        summary["inhabitants_newly_reached"] = float(people[fresh].sum())
        summary["figures"] = _plain(chosen.figures(after))
    if chosen.simulated is not None:
        summary["figures_simulated"] = _plain(chosen.figures(chosen.simulated))
    return summary


def _plain(found: Figures) -> dict[str, float | None]:
    return {name: _number(value) for name, value in found._asdict().items()}


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _remark(chosen: Chosen, summary: dict[str, Any], remarks: Remarks) -> None:
    solution, people = chosen.solution, chosen.ground.people
    remarks.add("choix", solution.status, _STATUS_FR[solution.status])
    if solution.status == "infeasible":
        remarks.add("choix", "infeasible", _why(chosen))
    if solution.unserved.size:
        lost = people[solution.unserved].sum()
        note = f"{lost:.0f} habitants ne sont atteints ni aujourd'hui ni par aucun candidat."
        remarks.add("choix", "unserved", note)
    if summary["inhabitants_without_after"] > summary["inhabitants_unserved"]:
        with_sites = "même avec les sites choisis" if solution.sites else "aujourd'hui"
        lost = summary["inhabitants_without_after"]
        note = f"Habitants sans aucun lieu pour un service au moins, {with_sites} : {lost:.0f}."
        remarks.add("choix", "without_after", note)
    _remark_imposed(chosen, summary, remarks)
    _remark_arbitrary(chosen, remarks)
    if chosen.problem.missing.startswith("cap"):
        note = f"Un trajet impossible compte pour {chosen.problem.cap_min:g} min."
        remarks.add("choix", "missing", note)
    if chosen.simulated is not None:
        _remark_useless(chosen, remarks)
        _remark_simulated(summary, remarks)


def _remark_imposed(chosen: Chosen, summary: dict[str, Any], remarks: Remarks) -> None:
    """Say that a time of everybody takes sites to those who had none, first of all."""
    asked = [name for name in (MEAN, WORST) if name in chosen.problem.mix]
    fresh = summary.get("inhabitants_newly_reached", 0.0)
    if not asked or not fresh or summary["figures_before"]["mean_min"] is not None:
        return
    time = "Le temps moyen" if asked[0] == MEAN else "Le temps le plus long"
    note = (
        f"{time} n'existe que si tous sont desservis. Ceux qui ne l'étaient pas imposent au "
        f"moins un site ; habitants concernés : {fresh:.0f}."
    )
    remarks.add("choix", "imposed", note)


def _remark_arbitrary(chosen: Chosen, remarks: Remarks) -> None:
    """Say that the best, as it was proved, is no better than today."""
    solution, problem = chosen.solution, chosen.problem
    # A mix counts from its locked sites: nothing of them is in its value.
    if len(problem.mix) > 1 and problem.locked:
        return
    if solution.status != "optimal" or not abs(solution.value - solution.before) <= _AGREE:
        return
    gain, within = (f"{limit:g}" for limit in (problem.least_gain_min, problem.within_min))
    told = {
        GAINING: f"Aucun candidat ne fait gagner {gain} min à qui que ce soit",
        WITHIN: f"Aucun candidat n'amène personne de plus à {within} min au plus de tous les services",
        MEAN: "Aucun candidat n'abrège le temps moyen",
        WORST: "Aucun choix de sites n'abrège le temps le plus long",
    }
    name = next(iter(problem.mix)) if len(problem.mix) == 1 else ""
    note = told.get(name, "Aucun candidat n'améliore ce qui est demandé")
    mean = chosen.figures(chosen.minutes.today).mean_min
    if name == WORST and solution.then_mean_min < mean - _AGREE:
        note += " : le temps moyen a départagé les choix"
    elif len(problem.locked) < len(solution.sites) < problem.candidates:
        note += " : le choix est arbitraire"
    remarks.add("choix", "arbitrary", f"{note}.")


def _why(chosen: Chosen) -> str:
    solution, people = chosen.solution, chosen.ground.people
    concerned = f"{people[solution.blocking].sum():.0f} habitants concernés"
    if solution.least_count is None:
        limit = chosen.problem.within_min
        return f"Aucun candidat n'est à {limit:g} min ou moins de tous : {concerned}."
    return f"Il faut au moins {solution.least_count} sites : {concerned}."


def _remark_useless(chosen: Chosen, remarks: Remarks) -> None:
    served = best_site(chosen.minutes, chosen.solution.sites)
    for site in chosen.solution.sites:
        if not (served == site).any():
            note = "N'améliore le temps de personne de plus que les autres sites choisis."
            remarks.add(str(chosen.sites["name"].iloc[site]), "no_gain", note)


def _remark_simulated(summary: dict[str, Any], remarks: Remarks) -> None:
    """Say whether the matrix and the whole rules agree."""
    matrix, whole = summary["figures"], summary["figures_simulated"]
    apart = [
        name
        for name, value in matrix.items()
        if (value is None) != (whole[name] is None)
        or (value is not None and abs(value - whole[name]) > _AGREE * max(1.0, abs(value)))
    ]
    note = "La simulation complète donne les mêmes chiffres."
    if apart:
        note = (
            "La simulation complète diffère : plusieurs sites d'une même commune y raccourcissent "
            "ensemble le temps interne estimé, que le choix compte site par site."
        )
    remarks.add("choix", "simulated", note)
