"""`choose_sites`: the best places for new sites on a diagnostic."""

from __future__ import annotations

import dataclasses
import difflib
import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.scenarios.frames import openings_of
from sdaasp_geo.scenarios.ground import Ground, spread
from sdaasp_geo.scenarios.model import Scenario
from sdaasp_geo.scenarios.placing import placed_openings
from sdaasp_geo.scenarios.searched import searched
from sdaasp_geo.scenarios.simulate import simulate
from sdaasp_geo.scenarios.siting import reporting
from sdaasp_geo.scenarios.siting.costs import pair_minutes
from sdaasp_geo.scenarios.siting.problem import EVERYONE, GAINING, SitingProblem
from sdaasp_geo.scenarios.siting.reporting import Chosen
from sdaasp_geo.scenarios.siting.solve import solve
from sdaasp_geo.scenarios.siting.terms import minutes_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from concurrent.futures import Executor

    import geopandas as gpd

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.network.shelf import Way
    from sdaasp_geo.scenarios.changes import Opening
    from sdaasp_geo.scenarios.notes import Remarks
    from sdaasp_geo.scenarios.siting.result import SitingResult

_FILE = "candidates"
_OFFERED = ["services", "bouquet", "operators", "stops"]
_ROW = re.compile(r"row (\d+)(?:\.(\w+))?")


class _Land(NamedTuple):
    """Candidates on the ground."""

    ground: Ground
    openings: list[Opening]
    sites: gpd.GeoDataFrame
    services: tuple[str, ...]
    remarks: Remarks


def choose_sites(  # noqa: PLR0913 (the question has that many sides, each with a default)
    diagnostic: Diagnostic,
    candidates: gpd.GeoDataFrame,
    *,
    count: int | None = None,
    objective: str | Mapping[str, float] = GAINING,
    services: Sequence[str] = (),
    bouquet: str | None = None,
    least_gain_min: float = 6.0,
    within_min: float = 20.0,
    weights: pd.Series | Mapping[str, float] | None = None,
    locked: Sequence[str] = (),
    missing: str = "refuse",
    solutions: int = 1,
    time_limit_s: float | None = None,
    gap: float = 0.0,
    method: str = "exact",
    executor: Executor | None = None,
    search: Way = "auto",
) -> SitingResult:
    """Find the best places for new sites among candidates; today's places stay.

    Every site offers all the services asked, at one place. Time after = the lesser of
    the time of today and of the time to a chosen site, by service.

    Parameters
    ----------
    diagnostic
        A diagnostic with its land.
    candidates
        Points in any CRS, one row a candidate: ``name`` or ``site`` (identifier; the name
        if there is none), and where known ``commune``, ``known_by``; see
        :class:`~sdaasp_geo.scenarios.model.Scenario`. Columns that say what a site
        offers are not used here.
    count
        Number of sites, the locked ones among them; for ``cover_everyone`` the most
        allowed, or None.
    objective
        ``inhabitants_gaining``, ``inhabitants_within``, ``cover_everyone``,
        ``mean_time``, ``worst_time``, or a mix ``{objective: weight}``
        (:class:`~sdaasp_geo.scenarios.siting.problem.SitingProblem` has the formulas).
    services, bouquet
        What the sites offer: services of the basket, or the name of a bouquet.
    least_gain_min, within_min
        Thresholds of the objectives, minutes, themselves included.
    weights
        How much an inhabitant counts, by commune code or by origin (1 where not said):
        remote communes or QPV may count double.
    locked
        Candidates that must be chosen, by their identifiers.
    missing
        ``refuse``, ``never_served`` or ``cap:<minutes>`` for pairs without any way.
    solutions
        How many of the best sets to find.
    time_limit_s, gap, method
        When to stop; see :func:`~sdaasp_geo.scenarios.siting.solve.solve`.
    executor
        Where the searches run; threads of this process if None.
    search
        How: ``bucket``, ``hierarchy``, or as it pays; the answer is the same.

    Returns
    -------
    SitingResult
        The chosen sites have been simulated with the whole rules of `simulate`; both
        figures are in the summary.

    Raises
    ------
    InputError
        If a candidate has no name or no place, lies outside the territory or off the
        network, is named twice, there are none or fewer than `count`, times are missing
        under ``refuse``, or a choice is unknown.
    ValueError
        If the diagnostic has no land.
    """
    diagnostic = searched(diagnostic, search)
    land = _placed(diagnostic, candidates, services, bouquet)
    numbers = _locked(locked, land.sites)
    _count_first(count, len(land.sites), objective)
    pairs = pair_minutes(land.ground, land.sites, land.services, executor=executor)
    _attached(pairs.attached, land.sites)
    people = land.ground.people
    problem = SitingProblem(
        pairs.minutes,
        people * _weights(weights, land.ground),
        count=count,
        objective=objective,
        today_min=land.ground.times_of(land.services),
        locked=numbers,
        least_gain_min=least_gain_min,
        within_min=within_min,
        missing=missing,
        near=pairs.near,
    )
    solution = solve(
        problem, solutions=solutions, time_limit_s=time_limit_s, gap=gap, method=method
    )
    scenario, after = _tried(land, solution.sites, problem, executor)
    chosen = Chosen(
        land.ground, land.sites, land.services, problem, solution, minutes_of(problem), after
    )
    return reporting.result(chosen, scenario, land.remarks)


def remote_weights(diagnostic: Diagnostic, weight: float) -> pd.Series:
    """Weights by commune: `weight` in communes remote from at least one gamme, 1 elsewhere.

    Parameters
    ----------
    diagnostic
        Says which communes are remote.
    weight
        Above 0.

    Returns
    -------
    Series
        Indexed by commune code, for `choose_sites`.
    """
    communes = diagnostic.communes
    remote = (communes["remote_gammes"].fillna(0) > 0).to_numpy(dtype=bool)
    return pd.Series(np.where(remote, weight, 1.0), index=communes["commune"], name="weight")


def _placed(
    diagnostic: Diagnostic,
    candidates: gpd.GeoDataFrame,
    services: Sequence[str],
    bouquet: str | None,
) -> _Land:
    ground = Ground.of(diagnostic)
    if not services and bouquet is None:
        expected = "what the sites offer: services= or bouquet="
        raise InputError([Fault("choose_sites", expected, "neither")])
    plain = candidates.drop(columns=[name for name in _OFFERED if name in candidates])
    openings = openings_of(plain, services=services, bouquet=bouquet, source=_FILE)
    try:
        sites, remarks = placed_openings(diagnostic, openings, file=_FILE)
    except InputError as error:
        # What every candidate offers was asked once: what is wrong with it is told once.
        raise InputError(dict.fromkeys(map(_of_row, error.faults))) from None
    offered = tuple(sites["services"].iloc[0])
    if not offered:
        expected = "at least one service of the basket"
        raise InputError([Fault("choose_sites", expected, "none in the bouquet", column="bouquet")])
    twice = sites["site"].duplicated()
    faults = [
        Fault(_FILE, "each candidate once", repr(name), "a duplicated row", int(row) + 1, "site")
        for row, name in sites.loc[twice, "site"].items()
    ]
    if faults:
        raise InputError(faults)
    return _Land(ground, openings, sites, offered, remarks)


def _of_row(fault: Fault) -> Fault:
    """Put a fault of an opening where it is: a row of the frame, or what was asked."""
    where = _ROW.fullmatch(fault.column or "")
    if where is None:
        return fault
    row, key = where.groups()
    if key in _OFFERED:
        return dataclasses.replace(fault, file="choose_sites", column=key)
    return dataclasses.replace(fault, row=int(row), column=key)


def _attached(attached: np.ndarray, sites: gpd.GeoDataFrame) -> None:
    """Refuse candidates that no road leads to."""
    faults = [
        Fault(
            _FILE,
            "a place within snap_limit_m of a usable street",
            f"{sites['name'].iloc[row]!r}, which is on none",
            "a wrong point, or roads that are missing there",
            int(row) + 1,
            "geometry",
        )
        for row in np.flatnonzero(~attached)
    ]
    if faults:
        raise InputError(faults)


def _count_first(count: int | None, candidates: int, objective: object) -> None:
    """Refuse a hopeless number before the searches, which take their time."""
    if count is not None and count > candidates:
        found, expected = str(count), f"at most the {candidates} candidates"
        raise InputError([Fault("choose_sites", expected, found, column="count")])
    if count is None and objective != EVERYONE:
        cause = "only cover_everyone finds its own"
        raise InputError([Fault("choose_sites", "a number of sites", "None", cause, None, "count")])


def _locked(locked: Sequence[str], sites: gpd.GeoDataFrame) -> tuple[int, ...]:
    names = [locked] if isinstance(locked, str) else [str(name) for name in locked]
    known = sites["site"].tolist()
    faults = []
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" (did you mean {near[0]!r}?)" if near else ""
            expected = f"the identifier of a candidate{hint}"
            faults.append(Fault("choose_sites", expected, repr(name), column="locked"))
    if faults:
        raise InputError(faults)
    return tuple(known.index(name) for name in names)


def _weights(weights: pd.Series | Mapping[str, float] | None, ground: Ground) -> np.ndarray:
    """How much an inhabitant of each origin counts."""
    if weights is None:
        return np.ones(ground.people.size)
    told = {str(key): float(value) for key, value in dict(weights).items()}
    origins = ground.origins
    faults = [
        Fault("weights", "finite numbers, 0 or more", f"{value} for {key}", column="weights")
        for key, value in told.items()
        if not 0 <= value < np.inf
    ]
    unknown = sorted(set(told) - set(origins["origin"]) - set(origins["commune"]))
    if unknown:
        expected, found = "codes of communes or origins", ", ".join(unknown[:5])
        faults.append(Fault("weights", expected, found, f"{len(unknown)} unknown", None, "weights"))
    if faults:
        raise InputError(faults)
    by_commune = origins["commune"].map(told)
    return np.asarray(origins["origin"].map(told).fillna(by_commune).fillna(1.0), dtype=float)


def _tried(
    land: _Land, sites: tuple[int, ...], problem: SitingProblem, executor: Executor | None
) -> tuple[Scenario | None, np.ndarray | None]:
    """Simulate the chosen sites with the whole rules: times after, (N, S)."""
    if not sites:
        return None, None
    openings = tuple(land.openings[number] for number in sites)
    scenario = Scenario("Meilleurs sites", openings=openings)
    gains = simulate(land.ground.diagnostic, scenario, executor=executor)
    after = spread(gains.times, land.ground.diagnostic)[list(land.services)]
    minutes = after.to_numpy(dtype=np.float64)
    cap = problem.cap_min
    return scenario, minutes if cap is None else np.where(np.isnan(minutes), cap, minutes)
