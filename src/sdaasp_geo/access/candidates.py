"""Routed candidates: from each origin to each service, by road and by one's own street.

Times are reckoned in whole milliseconds. An origin leaves its street at one end or the
other, or reaches a facility of the same street without leaving it; each way is a
candidate, and the best candidate wins, ties going to the lowest facility number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sdaasp_geo.network.snapping import along_street_ms, entries, exits, snap
from sdaasp_geo.routing.choice import LEAST_STEP, finder
from sdaasp_geo.routing.nearest import UNREACHED, Seeds

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import numpy.typing as npt

    from sdaasp_geo.assumptions import Assumptions
    from sdaasp_geo.network.road_network import RoadNetwork
    from sdaasp_geo.network.snapping import Doors, Snapped
    from sdaasp_geo.routing.choice import Finder

    Ints = npt.NDArray[np.int64]

_MS_PER_MIN = 60_000.0
# Bounds the memory of the tables of doors: services × doors × four int32 tables.
_CHUNK_CELLS = 10_000_000
# Time and facility number in one sortable key.
_LABEL_BITS = 32
_NEVER = np.int64(UNREACHED) << _LABEL_BITS


class Places(NamedTuple):
    """Points on the network, with what it costs to get from a point to its street.

    Parameters
    ----------
    snapped
        Where each point is on the network.
    leg_ms
        Time of the access leg, int64 (K,); 0 where not attached.
    """

    snapped: Snapped
    leg_ms: Ints

    @property
    def attached(self) -> npt.NDArray[np.bool_]:
        """Whether each point is on the network."""
        return np.asarray(self.snapped.street >= 0)


class Own(NamedTuple):
    """Which facilities are an origin's own: those whose group is the origin's.

    Parameters
    ----------
    origin, facility
        Group of each origin and of each facility, int64; an origin's may be -1 (none).
    """

    origin: npt.NDArray[np.int64]
    facility: npt.NDArray[np.int64]


class Routed(NamedTuple):
    """Best routed time of each origin to each service.

    Parameters
    ----------
    time_ms
        int64 (origins, services); UNREACHED where there is no way.
    facility
        int64 (origins, services), number of the facility; -1 where there is no way.
    """

    time_ms: Ints
    facility: Ints


def attach(
    network: RoadNetwork, points: npt.NDArray[np.object_], assumptions: Assumptions
) -> Places:
    """Attach points to the network and reckon their access legs."""
    snapped = snap(network, points, assumptions)
    leg_min = np.nan_to_num(snapped.distance_m) * assumptions.access_min_per_m
    return Places(snapped, np.rint(leg_min * _MS_PER_MIN).astype(np.int64))


def routed_times(
    network: RoadNetwork,
    origins: Places,
    facilities: Places,
    service: npt.NDArray[np.int64],
    *,
    own: Own | None = None,
    executor: Executor | None = None,
) -> Routed:
    """Time from each origin to the nearest facility of each service.

    Parameters
    ----------
    network
        The roads.
    origins, facilities
        Attached points.
    service
        Number of the service of each facility, from 0; every number occurs or is empty.
    own
        Where given, an origin's time leaves out the facilities that are its own.
    executor
        Where the services' searches run; threads of this process if None.

    Returns
    -------
    Routed
        Exact in whole milliseconds.
    """
    count = int(service.max()) + 1 if service.size else 0
    doors_out = exits(network, origins.snapped)
    seeds = seeds_by_service(network, facilities, service, count)
    find = finder(network, doors_out.node, _present(seeds), two=own is not None)
    step = max(LEAST_STEP, _CHUNK_CELLS // max(1, doors_out.node.size))
    keys = np.full((origins.leg_ms.size, count), _NEVER, dtype=np.int64)
    for start in range(0, count, step):
        chunk = slice(start, min(start + step, count))
        found = _at_doors(find, doors_out, seeds[chunk], own, executor)
        keys[:, chunk] = _best_door(found, doors_out, origins)
    _improve_along_street(keys, network, (origins, facilities), service, own)
    time = keys >> _LABEL_BITS
    reached = time < UNREACHED
    label = np.where(reached, keys & ((1 << _LABEL_BITS) - 1), -1)
    return Routed(np.where(reached, time, UNREACHED), label)


def seeds_by_service(
    network: RoadNetwork, facilities: Places, service: npt.NDArray[np.int64], count: int
) -> list[Seeds]:
    """Where the facilities of each service enter the network, one entry a service."""
    doors = entries(network, facilities.snapped)
    cost = doors.cost_ms.astype(np.int64) + facilities.leg_ms[doors.point]
    of_service = service[doors.point]
    order = np.argsort(of_service, kind="stable")
    bounds = np.searchsorted(of_service[order], np.arange(count + 1))
    parts = [order[bounds[s] : bounds[s + 1]] for s in range(count)]
    return [
        Seeds(
            node=doors.node[part].astype(np.int32),
            cost_ms=cost[part].astype(np.int32),
            label=doors.point[part].astype(np.int32),
        )
        for part in parts
    ]


def _present(seeds: list[Seeds]) -> int:
    """How many services have a facility on the network: the others cost nothing."""
    return sum(some.node.size > 0 for some in seeds)


def _at_doors(
    find: Finder,
    doors: Doors,
    seeds: list[Seeds],
    own: Own | None,
    executor: Executor | None,
) -> Ints:
    """Best key (time and facility) of each service at the node of each door."""
    if own is None:
        found = find.nearest(seeds, executor=executor)
        return _keys(found.time_ms, found.label)
    two = find.nearest_two(seeds, own.facility.astype(np.int32), executor=executor)
    of_origin = own.origin[doors.point][None, :]
    is_own = (two.label >= 0) & (own.facility[np.maximum(two.label, 0)] == of_origin)
    time = np.where(is_own, two.second_time_ms, two.time_ms)
    return _keys(time, np.where(is_own, two.second_label, two.label))


def _keys(time_ms: npt.NDArray[np.int32], label: npt.NDArray[np.int32]) -> Ints:
    key = (time_ms.astype(np.int64) << _LABEL_BITS) | np.maximum(label, 0).astype(np.int64)
    return np.where(label >= 0, key, _NEVER)


def _best_door(keys: Ints, doors: Doors, origins: Places) -> Ints:
    leaving = doors.cost_ms.astype(np.int64) + origins.leg_ms[doors.point]
    whole = np.where(keys < _NEVER, keys + (leaving << _LABEL_BITS)[None, :], _NEVER)
    best = np.full((origins.leg_ms.size, keys.shape[0]), _NEVER, dtype=np.int64)
    np.minimum.at(best, doors.point, whole.T)
    return best


def _improve_along_street(
    keys: Ints,
    network: RoadNetwork,
    ends: tuple[Places, Places],
    service: Ints,
    own: Own | None,
) -> None:
    """Take the way along one's own street where it is the better one."""
    origins, facilities = ends
    here, there = same_street_pairs(origins.snapped.street, facilities.snapped.street)
    if own is not None:
        other = own.origin[here] != own.facility[there]
        here, there = here[other], there[other]
    along = along_street_ms(
        network,
        origins.snapped.street[here],
        origins.snapped.fraction[here],
        facilities.snapped.fraction[there],
    ).astype(np.int64)
    allowed = along >= 0
    here, there, along = here[allowed], there[allowed], along[allowed]
    time = along + origins.leg_ms[here] + facilities.leg_ms[there]
    np.minimum.at(keys, (here, service[there]), (time << _LABEL_BITS) | there)


def same_street_pairs(
    origin_street: npt.NDArray[np.int32], facility_street: npt.NDArray[np.int32]
) -> tuple[Ints, Ints]:
    """Every pair (origin, facility) that stands on one street."""
    order = np.argsort(facility_street, kind="stable")
    streets = facility_street[order]
    low = np.searchsorted(streets, origin_street, side="left")
    high = np.searchsorted(streets, origin_street, side="right")
    sizes = np.where(origin_street >= 0, high - low, 0)
    here = np.repeat(np.arange(origin_street.size), sizes)
    starts = np.repeat(low - (np.cumsum(sizes) - sizes), sizes)
    return here, order[starts + np.arange(here.size)]
