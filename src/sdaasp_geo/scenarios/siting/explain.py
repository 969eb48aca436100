"""What a set of sites does, whatever it was chosen for; reckoned without the optimiser."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sdaasp_geo.scenarios.siting.terms import SAME_MIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sdaasp_geo.scenarios.siting.problem import SitingProblem
    from sdaasp_geo.scenarios.siting.terms import Minutes

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]


class Figures(NamedTuple):
    """Four figures of one state of access; minutes leave out what nothing serves.

    Parameters
    ----------
    inhabitants_gaining
        Inhabitants (or weights) gaining at least `least_gain_min` for some service.
    inhabitants_within
        Inhabitants all of whose services are within `within_min`.
    mean_min
        Mean over inhabitants and services; NaN where somebody reaches none.
    worst_min
        Worst over inhabited origins and services; NaN likewise.
    """

    inhabitants_gaining: float
    inhabitants_within: float
    mean_min: float
    worst_min: float


def after_minutes(minutes: Minutes, sites: Sequence[int]) -> Floats:
    """Minutes to the nearest of today's places and the sites, (N, S); NaN where none."""
    chosen = list(sites)
    columns = []
    for service in range(minutes.services):
        best = minutes.today[:, service]
        if chosen:
            best = np.fmin(best, np.fmin.reduce(minutes.of(service)[:, chosen], axis=1))
        columns.append(best)
    return np.column_stack(columns)


def figures(
    minutes: Minutes, after: Floats, problem: SitingProblem, weight: Floats, nowhere: Bools
) -> Figures:
    """Reckon the four figures from minutes of today and after.

    Parameters
    ----------
    minutes
        Gives the minutes of today.
    after
        Minutes after, float64 (N, S).
    problem
        Gives the thresholds.
    weight
        Inhabitants, float64 (N,).
    nowhere
        Pairs (N, S) that do not count in minutes: no place and no candidate serves them.
    """
    gain = minutes.today - after >= problem.least_gain_min - SAME_MIN
    gain |= np.isnan(minutes.today) & ~np.isnan(after)
    within = (after <= problem.within_min + SAME_MIN).all(axis=1)
    counted = ~nowhere & (weight > 0)[:, None]
    share = counted * weight[:, None]
    left = after[counted]
    total = float(share.sum())
    return Figures(
        float(weight[gain.any(axis=1)].sum()),
        float(weight[within].sum()),
        float((left * share[counted]).sum() / total) if total else float("nan"),
        float(left.max()) if left.size else float("nan"),
    )


def best_site(minutes: Minutes, sites: Sequence[int]) -> NDArray[np.int64]:
    """Site that improves most on today for each origin, -1 where none does, int64 (N,).

    The gain is the largest over the services; of equal gains the first site; to reach a
    service for the first time counts more than any gain.
    """
    chosen = np.array(list(sites), dtype=np.int64)
    best = np.zeros((minutes.cost.shape[0], chosen.size))
    for service in range(minutes.services):
        cost, today = minutes.of(service)[:, chosen], minutes.today[:, service, None]
        # A first way counts by how short it is, above all gains of those who had one.
        gain = np.where(np.isnan(today), 1e9 - cost, today - cost)
        best = np.fmax(best, gain)
    number = chosen[best.argmax(axis=1)]
    return np.where(best.max(axis=1, initial=0.0) > SAME_MIN, number, -1)


def ranked_sites(
    minutes: Minutes, sites: Sequence[int], weight: Floats, nowhere: Bools
) -> list[int]:
    """Chosen sites in the order in which each next one saves the most minutes in all."""
    left, order = sorted(sites), list[int]()
    weights = np.where(nowhere, 0.0, weight[:, None])
    while left:
        totals = []
        for site in left:
            after = after_minutes(minutes, [*order, site])
            missing = float((np.isnan(after) * weights).sum())
            totals.append((missing, float((np.nan_to_num(after) * weights).sum()), site))
        order.append(min(totals)[2])
        left.remove(order[-1])
    return order
