"""From a diagnostic and candidates to the matrix of minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sdaasp_geo.access.candidates import attach, routed_times
from sdaasp_geo.access.internal import internal_time_min
from sdaasp_geo.routing.nearest import UNREACHED
from sdaasp_geo.scenarios.siting.problem import NearPairs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    import geopandas as gpd
    from numpy.typing import NDArray

    from sdaasp_geo.scenarios.ground import Ground

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

_MS_PER_MIN = 60_000.0


class Pairs(NamedTuple):
    """Minutes from each origin to each candidate.

    Parameters
    ----------
    minutes
        float64 (N, M); NaN where there is no way, or none within the time limit.
    near
        Pairs of one commune under ``internal_estimate``, by service; None for none.
    attached
        Whether each candidate is on the network, bool (M,).
    """

    minutes: Floats
    near: NearPairs | None
    attached: Bools


def pair_minutes(
    ground: Ground,
    sites: gpd.GeoDataFrame,
    services: Sequence[str],
    *,
    executor: Executor | None = None,
) -> Pairs:
    """Time from each origin to each site, as `nearest_times` reckons it.

    The same-commune rule holds: where it speaks, a pair is 0 under ``zero``; under
    ``internal_estimate`` it is the estimate for the places of the commune and one more,
    so that it depends on the service.

    Parameters
    ----------
    ground
        The origins, and the places that there are.
    sites
        ``unit known_by`` and points in the CRS of the territory.
    services
        Services that every site offers.
    executor
        Where the searches run; threads of this process if None.
    """
    land, choices = ground.land, ground.diagnostic.assumptions
    start = attach(land.network, ground.diagnostic.origins.geometry.to_numpy(), choices)
    end = attach(land.network, sites.geometry.to_numpy(), choices)
    each = np.arange(len(sites), dtype=np.int64)
    time_ms = routed_times(land.network, start, end, each, executor=executor).time_ms
    minutes = np.full((ground.people.size, len(sites)), np.nan)
    # Candidates after the last attached one have a column all the same: `each` is full.
    reached = time_ms < UNREACHED
    minutes[:, : time_ms.shape[1]][reached] = time_ms[reached] / _MS_PER_MIN
    near = None
    if choices.same_commune != "routed":
        origin, candidate = _own_pairs(ground, sites)
        if choices.same_commune == "zero":
            minutes[origin, candidate] = 0.0
        else:
            near = _estimates(ground, services, origin, candidate)
    return _limited(Pairs(minutes, near, end.attached), choices.time_limit_min)


def _own_pairs(ground: Ground, sites: gpd.GeoDataFrame) -> tuple[Ints, Ints]:
    """Pairs of one unit of which one at least is known by its commune alone."""
    same = ground.unit[:, None] == sites["unit"].to_numpy(dtype=object)[None, :]
    by_commune = (sites["known_by"] == "commune").to_numpy(dtype=bool)
    same &= ground.by_its_commune[:, None] | by_commune[None, :]
    origin, candidate = np.nonzero(same)
    return origin.astype(np.int64), candidate.astype(np.int64)


def _estimates(
    ground: Ground, services: Sequence[str], origin: Ints, candidate: Ints
) -> NearPairs | None:
    """Estimate of each pair and service with one more place in the commune."""
    if not origin.size:
        return None
    # All places of the commune count for an origin known by its commune, those known by
    # their commune alone for an exact one.
    which = np.where(ground.by_its_commune[origin], 0, 1)
    units = ground.unit[origin].tolist()
    columns = []
    for service in services:
        known = {unit: ground.counts.get((unit, service), (0, 0)) for unit in set(units)}
        there = np.array([known[unit] for unit in units])[np.arange(which.size), which]
        area = ground.area_km2[origin]
        columns.append(internal_time_min(area, there + 1, ground.diagnostic.assumptions))
    return NearPairs(origin, candidate, np.column_stack(columns))


def _limited(pairs: Pairs, limit_min: float | None) -> Pairs:
    if limit_min is None:
        return pairs
    minutes = np.where(pairs.minutes > limit_min, np.nan, pairs.minutes)
    if pairs.near is None:
        return pairs._replace(minutes=minutes)
    estimates = pairs.near.minutes
    near = pairs.near._replace(minutes=np.where(estimates > limit_min, np.nan, estimates))
    return pairs._replace(minutes=minutes, near=near)
