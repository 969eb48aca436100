"""More than the nearest: the k nearest facilities of each service, and all within a time."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from sdaasp_geo.access.candidates import Own, Places, attach, same_street_pairs, seeds_by_service
from sdaasp_geo.access.times import Frames, SameCommune, in_order, nearest_times, taken
from sdaasp_geo.network.snapping import along_street_ms, entries, exits
from sdaasp_geo.routing.nearest import Seeds
from sdaasp_geo.routing.reach import facilities_within as node_pairs_within
from sdaasp_geo.routing.reach import k_nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Executor

    import geopandas as gpd
    import numpy.typing as npt

    from sdaasp_geo.assumptions import Assumptions
    from sdaasp_geo.network.road_network import RoadNetwork
    from sdaasp_geo.network.snapping import Doors
    from sdaasp_geo.routing.reach import Pairs

    Ints = npt.NDArray[np.int64]

_MS_PER_MIN = 60_000.0
_TEXT = ["origin", "service", "facility", "kind", "reason"]


class _Pairs(NamedTuple):
    """Pairs of an origin and a facility, by their numbers, with the time between them."""

    origin: Ints
    facility: Ints
    time_ms: Ints


class _Ends(NamedTuple):
    """Origins and facilities on a network, and where the searches run."""

    network: RoadNetwork
    origins: Places
    facilities: Places
    service: Ints
    executor: Executor | None


def k_nearest_facilities(  # noqa: PLR0913 (as nearest_times, and how many)
    network: RoadNetwork,
    origins: gpd.GeoDataFrame,
    facilities: gpd.GeoDataFrame,
    services: Sequence[str],
    count: int,
    assumptions: Assumptions,
    *,
    executor: Executor | None = None,
) -> pd.DataFrame:
    """List the k nearest facilities of each service for each origin, with their times.

    Parameters
    ----------
    network, origins, facilities, services, assumptions, executor
        As in :func:`~sdaasp_geo.access.times.nearest_times`.
    count
        k, at least 1. A row of `facilities` is one facility, whatever its `count`.

    Returns
    -------
    DataFrame
        ``origin service rank facility time_min kind reason``: origins in their order,
        services within, then rank from 1. Fewer than k rows where fewer are reached; a
        pair of origin and service that reaches none has one row without a rank, and its
        `reason`. The first rank is what ``nearest_times`` gives. Of equal times the
        first facility by id.

    Raises
    ------
    ValueError
        If `count` is below 1, or as ``nearest_times``.

    Notes
    -----
    Where the same-commune rule speaks, every facility of the origin's own commune that
    it speaks of has the rule's time, which is that of the nearest of them.
    """
    if count < 1:
        message = f"count: expected at least 1, found {count!r}"
        raise ValueError(message)
    table = _table(
        (network, origins, facilities, services),
        assumptions,
        partial(_k_pairs, count),
        executor,
    )
    kept: pd.DataFrame = table[table["rank"].fillna(0) <= count]
    return kept.reset_index(drop=True)


def facilities_within(  # noqa: PLR0913 (as nearest_times, and how far)
    network: RoadNetwork,
    origins: gpd.GeoDataFrame,
    facilities: gpd.GeoDataFrame,
    services: Sequence[str],
    minutes: float,
    assumptions: Assumptions,
    *,
    executor: Executor | None = None,
) -> pd.DataFrame:
    """List all facilities of each service within a time of each origin.

    Parameters
    ----------
    network, origins, facilities, services, assumptions, executor
        As in :func:`~sdaasp_geo.access.times.nearest_times`.
    minutes
        Longest time, itself within; above 0. The limit of the assumptions where that
        is less.

    Returns
    -------
    DataFrame
        As :func:`k_nearest_facilities`, with as many ranks as there are facilities
        within.

    Raises
    ------
    ValueError
        If `minutes` is not above 0, or as ``nearest_times``.
    """
    if not 0 < minutes < np.inf:
        message = f"minutes: expected a number above 0, found {minutes!r}"
        raise ValueError(message)
    limit_min = min(minutes, assumptions.time_limit_min or np.inf)
    limit_ms = int(np.ceil(limit_min * _MS_PER_MIN))
    return _table(
        (network, origins, facilities, services),
        replace(assumptions, time_limit_min=limit_min),
        partial(_near_pairs, limit_ms),
        executor,
    )


def _table(
    asked: tuple[RoadNetwork, gpd.GeoDataFrame, gpd.GeoDataFrame, Sequence[str]],
    assumptions: Assumptions,
    find: Callable[[_Ends, Own | None], _Pairs],
    executor: Executor | None,
) -> pd.DataFrame:
    """Rows of every pair that `find` found, ranked, and of origins without any."""
    network, origins, facilities, services = asked
    facilities = in_order(facilities, services)
    service = pd.Index(services).get_indexer(pd.Index(facilities["service"])).astype(np.int64)
    frames = Frames(origins.reset_index(drop=True), facilities, service, len(services))
    start = attach(network, origins.geometry.to_numpy(), assumptions)
    end = attach(network, facilities.geometry.to_numpy(), assumptions)
    parts = []
    for known_by in ("commune", "position"):
        rows = np.flatnonzero(frames.origins["known_by"].to_numpy() == known_by)
        if rows.size:
            rule = SameCommune(frames, rows, known_by, assumptions)
            ends = _Ends(network, taken(start, rows), end, service, executor)
            found = _by_rule(find, ends, rule)
            parts.append(found.assign(origin=rows[found["origin"].to_numpy()]))
    ranked = _ranked(parts, service, assumptions.time_limit_min)
    return _named(ranked, asked, facilities, assumptions)


def _by_rule(
    find: Callable[[_Ends, Own | None], _Pairs], ends: _Ends, rule: SameCommune
) -> pd.DataFrame:
    """Find pairs, those of the same-commune rule with the rule's time in place of the road's."""
    speaks = rule.assumptions.same_commune != "routed" and bool(rule.count.any())
    own = Own(rule.own_unit, rule.group) if speaks else None
    routed = find(ends, own)
    table = pd.DataFrame(
        {
            "origin": routed.origin,
            "facility": routed.facility,
            "time_min": routed.time_ms / _MS_PER_MIN,
            "kind": "routed",
        }
    )
    if own is None:
        return table
    here, there = same_street_pairs(own.origin.astype(np.int32), own.facility.astype(np.int32))
    count = np.maximum(rule.count[own.origin], 1)
    time_min, _ = rule.inside(count)
    kind = "rule_zero" if rule.assumptions.same_commune == "zero" else "internal_estimate"
    inside = pd.DataFrame(
        {
            "origin": here,
            "facility": there,
            "time_min": time_min[here, ends.service[there]],
            "kind": kind,
        }
    )
    return pd.concat([table, inside], ignore_index=True)


def _k_pairs(count: int, ends: _Ends, own: Own | None) -> _Pairs:
    """Pairs among which are the k nearest facilities of each service that are not own."""
    services = int(ends.service.max()) + 1 if ends.service.size else 0
    doors = exits(ends.network, ends.origins.snapped)
    seeds = seeds_by_service(ends.network, ends.facilities, ends.service, services)
    found = k_nearest(
        ends.network.incoming,
        seeds,
        count,
        nodes=doors.node,
        groups=None if own is None else own.facility.astype(np.int32),
        executor=ends.executor,
    )
    label = found.label
    service, rank, door = np.nonzero(label >= 0)
    facility = label[service, rank, door].astype(np.int64)
    origin = doors.point[door].astype(np.int64)
    time_ms = found.time_ms[service, rank, door].astype(np.int64) + doors.cost_ms[door]
    by_door = _Pairs(origin, facility, time_ms + ends.origins.leg_ms[origin])
    return _best_of(by_door, _along_street(ends), own)


def _near_pairs(limit_ms: int, ends: _Ends, own: Own | None) -> _Pairs:
    """Pairs within a limit that are not own, searched from the side that has fewer points."""
    out = exits(ends.network, ends.origins.snapped)
    into = entries(ends.network, ends.facilities.snapped)
    if ends.origins.attached.sum() < ends.facilities.attached.sum():
        graph, sides = ends.network.outgoing, (ends.origins, ends.facilities)
        near, far = out, into
    else:
        graph, sides = ends.network.incoming, (ends.facilities, ends.origins)
        near, far = into, out
    cost_ms = near.cost_ms + sides[0].leg_ms[near.point]
    seeds = Seeds(near.node, cost_ms.astype(np.int32), near.point)
    met = node_pairs_within(graph, seeds, far.node, limit_ms, executor=ends.executor)
    first, second, time_ms = _through_doors(met, far, sides[1])
    if graph is ends.network.incoming:
        first, second = second, first
    best = _best_of(_Pairs(first, second, time_ms), _along_street(ends), own)
    kept = best.time_ms <= limit_ms
    return _Pairs(*(values[kept] for values in best))


def _through_doors(met: Pairs, doors: Doors, places: Places) -> tuple[Ints, Ints, Ints]:
    """Label, point and time for every point that has a door at a node that was met."""
    row, door = same_street_pairs(met.node.astype(np.int32), doors.node)
    point = doors.point[door].astype(np.int64)
    time_ms = met.time_ms[row].astype(np.int64) + doors.cost_ms[door] + places.leg_ms[point]
    return met.label[row].astype(np.int64), point, time_ms


def _along_street(ends: _Ends) -> _Pairs:
    """Pairs that stand on one street, by the way along it."""
    origins, facilities = ends.origins, ends.facilities
    here, there = same_street_pairs(origins.snapped.street, facilities.snapped.street)
    along = along_street_ms(
        ends.network,
        origins.snapped.street[here],
        origins.snapped.fraction[here],
        facilities.snapped.fraction[there],
    )
    open_way = along >= 0
    here, there = here[open_way], there[open_way]
    time_ms = along[open_way] + origins.leg_ms[here] + facilities.leg_ms[there]
    return _Pairs(here, there, time_ms.astype(np.int64))


def _best_of(first: _Pairs, second: _Pairs, own: Own | None) -> _Pairs:
    """Least time of each pair; without those that are an origin's own."""
    origin, facility, time_ms = (np.concatenate(both) for both in zip(first, second, strict=True))
    if own is not None:
        other = own.origin[origin] != own.facility[facility]
        origin, facility, time_ms = origin[other], facility[other], time_ms[other]
    order = np.lexsort((time_ms, facility, origin))
    origin, facility, time_ms = origin[order], facility[order], time_ms[order]
    new = (np.diff(origin, prepend=-1) != 0) | (np.diff(facility, prepend=-1) != 0)
    return _Pairs(origin[new], facility[new], time_ms[new])


def _ranked(parts: list[pd.DataFrame], service: Ints, limit_min: float | None) -> pd.DataFrame:
    columns = ["origin", "service", "rank", "facility", "time_min", "kind"]
    if not parts:
        return pd.DataFrame(columns=columns)
    table = pd.concat(parts, ignore_index=True)
    if limit_min is not None:
        table = table[table["time_min"] <= limit_min]
    # As in nearest_times, a rule's time comes before a road's that equals it.
    table = table.assign(
        service=service[table["facility"].to_numpy()], by_road=table["kind"] == "routed"
    ).sort_values(["origin", "service", "time_min", "by_road", "facility"], ignore_index=True)
    rank = table.groupby(["origin", "service"]).cumcount() + 1
    return table.assign(rank=rank)[columns]


def _named(
    ranked: pd.DataFrame,
    asked: tuple[RoadNetwork, gpd.GeoDataFrame, gpd.GeoDataFrame, Sequence[str]],
    facilities: gpd.GeoDataFrame,
    assumptions: Assumptions,
) -> pd.DataFrame:
    """Names in the place of numbers; pairs of origin and service without a row get theirs."""
    network, origins, _, services = asked
    every = pd.MultiIndex.from_product([range(len(origins)), range(len(services))])
    present = pd.MultiIndex.from_arrays([ranked["origin"], ranked["service"]])
    lacking = every.difference(present).to_frame(index=False, name=["origin", "service"])
    rows = pd.concat([ranked, lacking], ignore_index=True).sort_values(
        ["origin", "service", "rank"], ignore_index=True
    )
    number = rows["facility"].fillna(-1).to_numpy(dtype=np.int64)
    names = np.array([*facilities["facility"], None], dtype=object)
    table = pd.DataFrame(
        {
            "origin": origins["origin"].to_numpy(dtype=object)[rows["origin"].astype(int)],
            "service": np.array(services, dtype=object)[rows["service"].astype(int)],
            "rank": rows["rank"].astype("Int64"),
            "facility": names[number],
            "time_min": rows["time_min"].astype(np.float64),
            "kind": rows["kind"],
        }
    )
    # Why there is none is what the nearest one says.
    without = origins.iloc[np.unique(lacking["origin"].to_numpy(dtype=np.int64))]
    nearest = nearest_times(network, without, facilities, services, assumptions)
    reasons = nearest.set_index(["origin", "service"])["reason"]
    pairs = pd.MultiIndex.from_frame(table[["origin", "service"]])
    table["reason"] = reasons.reindex(pairs).where(table["rank"].isna().to_numpy()).to_numpy()
    return table.astype(dict.fromkeys(_TEXT, "str"))
