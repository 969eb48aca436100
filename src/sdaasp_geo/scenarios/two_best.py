"""Two answers for every origin and service: the nearest, and what remains if it closes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from sdaasp_geo.access.candidates import same_street_pairs
from sdaasp_geo.access.internal import internal_time_min
from sdaasp_geo.network.snapping import along_street_ms, entries, exits
from sdaasp_geo.routing.choice import LEAST_STEP, finder
from sdaasp_geo.routing.nearest import Seeds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Executor

    import geopandas as gpd
    import numpy.typing as npt

    from sdaasp_geo.access.candidates import Places
    from sdaasp_geo.assumptions import Assumptions
    from sdaasp_geo.network.road_network import RoadNetwork
    from sdaasp_geo.network.snapping import Doors

    Bools = npt.NDArray[np.bool_]
    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

STAYS = -1
_BY_COMMUNE = "commune"
_MS_PER_MIN = 60_000.0
# Bounds the memory of the tables of doors: searches × doors × four int32 tables.
_CHUNK_CELLS = 10_000_000
# Time and facility number in one sortable key.
_LABEL_BITS = 32
_LABEL_MASK = (1 << _LABEL_BITS) - 1
NEVER = np.iinfo(np.int64).max


class Ground(NamedTuple):
    """What closings are tried on.

    Parameters
    ----------
    network
        The roads.
    origins
        As for :func:`~sdaasp_geo.access.times.nearest_times`.
    services
        Ids of the services asked for.
    assumptions
        The rules of the times.
    """

    network: RoadNetwork
    origins: gpd.GeoDataFrame
    services: Sequence[str]
    assumptions: Assumptions


class Closing(NamedTuple):
    """Facilities in the order that decides ties: what closes of each.

    ``group`` and ``taken`` as in :class:`~sdaasp_geo.scenarios.closures.Closures`;
    ``leaving`` is the group of a row that is gone when its group closes, and a number of
    its own for a row of which some remain.
    """

    group: Ints
    taken: Ints
    leaving: npt.NDArray[np.int32]


class World(NamedTuple):
    """Origins and facilities on the network, the facilities in the order that decides ties."""

    ground: Ground
    start: Places
    end: Places
    service: Ints
    closing: Closing

    @property
    def shape(self) -> tuple[int, int]:
        """Number of origins and of services."""
        return self.start.leg_ms.size, len(self.ground.services)


class Own(NamedTuple):
    """Facilities of the origins' own units, as far as the same-commune rule speaks of them.

    ``here`` origins concerned, ``unit`` of every origin (-1 if no facility is there or it
    is not concerned), ``of_facility`` unit of each facility (one beyond the last where
    the rule does not speak of it), ``number`` of them by unit and service.
    """

    here: Ints
    unit: Ints
    of_facility: Ints
    number: Ints
    left_out: bool


class Two(NamedTuple):
    """Least key of each origin and service, and the least that does not leave with it."""

    best: Ints
    second: Ints


def own_facilities(world: World, rows: gpd.GeoDataFrame, kind: str, here: Ints) -> Own:
    """Count the facilities of each unit that the rule gives to origins known in one way."""
    rule = world.ground.assumptions.same_commune
    codes = pd.Index(pd.unique(rows["unit"]))
    unit_of_row = codes.get_indexer(pd.Index(rows["unit"])).astype(np.int64)
    concerned = (rows["known_by"].to_numpy() == _BY_COMMUNE) | (kind == _BY_COMMUNE)
    if rule == "routed":
        concerned = np.zeros(len(rows), dtype=bool)
    of_facility = np.where(concerned, unit_of_row, len(codes))
    count = np.zeros((len(codes) + 1, world.shape[1]), np.int64)
    np.add.at(count, (of_facility, world.service), rows["count"].to_numpy())
    count[len(codes)] = 0
    unit = np.full(world.shape[0], -1, np.int64)
    # -1, a unit without facilities, reads the last row of the counts, which is empty.
    unit[here] = codes.get_indexer(pd.Index(world.ground.origins["unit"].iloc[here]))
    return Own(here, unit, of_facility, count, rule == "internal_estimate")


def two_best(world: World, own: Own, executor: Executor | None) -> Two:
    """Both answers of the origins concerned, from as few searches as there can be."""
    two = Two(np.full(world.shape, NEVER), np.full(world.shape, NEVER))
    _merge(two, world, *_along_streets(world, own))
    counting = np.zeros(world.shape, dtype=bool)
    if own.left_out:
        counting[own.here] = own.number[own.unit[own.here]] > 0
    concerned = np.zeros(world.shape[0], dtype=bool)
    concerned[own.here] = True
    free, bound = [], []
    for service in range(world.shape[1]):
        offered = world.service == service
        free.append(_Job(service, offered, concerned & ~counting[:, service]))
        bound.append(_Job(service, offered, counting[:, service]))
    _search(two, world, free, world.closing.leaving, executor)
    # What is not one's own, by the groups of the rule: of two units one is another.
    of_unit = own.of_facility.astype(np.int32)
    _search(two, world, bound, of_unit, executor, own=own)
    asking = counting & _second_matters(world, own, two)
    digits = [
        job
        for service in np.flatnonzero(asking.any(axis=0))
        for job in _by_digit(world, own, int(service), asking[:, service])
    ]
    _search(two, world, digits, world.closing.leaving, executor)
    return two


def _second_matters(world: World, own: Own, two: Two) -> Bools:
    """Where another's facility is nearer than one's own are said to be, or closes with one."""
    pair = np.arange(two.best.size)
    origin, service = pair // world.shape[1], pair % world.shape[1]
    best, count = two.best.ravel(), own.number[own.unit[origin], service]
    alone = minutes_of(world, np.full(pair.size, NEVER), count, origin)
    # Over the time limit an estimate says nothing, and any way may count.
    wins = ~(alone <= minutes_of(world, best, np.zeros_like(count), origin))
    taking = counted_pairs(world, own)[["pair", "group"]]
    led = pd.MultiIndex.from_arrays([pair, leaving_with(world, best)])
    with_own = led.isin(pd.MultiIndex.from_frame(taking))
    return np.asarray((best < NEVER) & (wins | with_own)).reshape(world.shape)


class _Job(NamedTuple):
    """One search: the facilities it starts from, and the origins that may use its answer."""

    service: int
    facilities: Bools
    origins: Bools


def _search(
    two: Two,
    world: World,
    jobs: list[_Job],
    groups: npt.NDArray[np.int32],
    executor: Executor | None,
    own: Own | None = None,
) -> None:
    """Run searches and take their answers; with `own`, those that are not an origin's own."""
    jobs = [job for job in jobs if job.facilities.any() and job.origins.any()]
    doors_in = entries(world.ground.network, world.end.snapped)
    doors_out = exits(world.ground.network, world.start.snapped)
    find = finder(world.ground.network, doors_out.node, len(jobs), two=True)
    step = max(LEAST_STEP, _CHUNK_CELLS // max(1, doors_out.node.size))
    for first in range(0, len(jobs), step):
        chunk = jobs[first : first + step]
        seeds = [_seeds(world, doors_in, job.facilities) for job in chunk]
        found = find.nearest_two(seeds, groups, executor=executor)
        for number, job in enumerate(chunk):
            labels = found.label[number], found.second_label[number]
            times = found.time_ms[number], found.second_time_ms[number]
            pair, key = _at_doors(world, doors_out, job, times, labels)
            if own is not None:
                other = own.of_facility[key & _LABEL_MASK] != own.unit[pair // world.shape[1]]
                pair, key = pair[other], key[other]
            _merge(two, world, pair, key)


def _by_digit(world: World, own: Own, service: int, asking: Bools) -> Iterator[_Job]:
    """Yield searches that together leave out each asking origin's own facilities, and no other."""
    offered = world.service == service
    units = np.unique(own.unit[asking])
    if units.size == 1:
        yield _Job(service, offered & (own.of_facility != units[0]), asking)
    number = np.full(own.number.shape[0], -1, np.int64)
    number[units] = np.arange(units.size)
    of_facility, of_origin = number[own.of_facility], number[own.unit]
    for digit in range(int(units.size - 1).bit_length()):
        for value in (0, 1):
            other = (of_facility < 0) | (((of_facility >> digit) & 1) != value)
            yield _Job(service, offered & other, asking & (((of_origin >> digit) & 1) == value))


def _seeds(world: World, doors: Doors, facilities: Bools) -> Seeds:
    part = facilities[doors.point]
    point = doors.point[part]
    cost = doors.cost_ms[part].astype(np.int64) + world.end.leg_ms[point]
    return Seeds(
        node=doors.node[part].astype(np.int32),
        cost_ms=cost.astype(np.int32),
        label=point.astype(np.int32),
    )


def _at_doors(
    world: World,
    doors: Doors,
    job: _Job,
    times: tuple[npt.NDArray[np.int32], ...],
    labels: tuple[npt.NDArray[np.int32], ...],
) -> tuple[Ints, Ints]:
    """Both answers of a search at the doors of its origins: pairs and keys."""
    mine = job.origins[doors.point]
    point = doors.point[mine].astype(np.int64)
    leaving = doors.cost_ms[mine].astype(np.int64) + world.start.leg_ms[point]
    pairs, keys = [], []
    for time_ms, label in zip(times, labels, strict=True):
        found = label[mine]
        whole = time_ms[mine].astype(np.int64) + leaving
        known = found >= 0
        pairs.append(point[known] * world.shape[1] + job.service)
        keys.append((whole[known] << _LABEL_BITS) | found[known])
    return np.concatenate(pairs), np.concatenate(keys)


def _along_streets(world: World, own: Own) -> tuple[Ints, Ints]:
    """Ways along an origin's own street, which pass by no junction: pairs and keys."""
    here, there = same_street_pairs(world.start.snapped.street, world.end.snapped.street)
    mine = np.isin(here, own.here)
    if own.left_out:
        mine &= own.unit[here] != own.of_facility[there]
    here, there = here[mine], there[mine]
    along = along_street_ms(
        world.ground.network,
        world.start.snapped.street[here],
        world.start.snapped.fraction[here],
        world.end.snapped.fraction[there],
    ).astype(np.int64)
    allowed = along >= 0
    here, there = here[allowed], there[allowed]
    time = along[allowed] + world.start.leg_ms[here] + world.end.leg_ms[there]
    return here * world.shape[1] + world.service[there], (time << _LABEL_BITS) | there


def _merge(two: Two, world: World, pair: Ints, key: Ints) -> None:
    """Take new keys into the answers, in place."""
    touched = np.unique(pair)
    pair = np.concatenate([pair, touched, touched])
    known = two.best.ravel()[touched], two.second.ravel()[touched]
    key = np.concatenate([key, *known])
    present = key < NEVER
    pair, key = pair[present], key[present]
    order = np.lexsort((key, pair))
    pair, key = pair[order], key[order]
    at, first = np.unique(pair, return_index=True)
    two.best.ravel()[at] = key[first]
    # Of what does not leave with the best one, the first.
    with_best = world.closing.leaving[two.best.ravel()[pair] & _LABEL_MASK]
    rest = world.closing.leaving[key & _LABEL_MASK] != with_best
    at, first = np.unique(pair[rest], return_index=True)
    two.second.ravel()[at] = key[rest][first]


def leaving_with(world: World, key: Ints) -> Ints:
    """Return what the facility of each key leaves with, as `Closing.leaving`; -1 if none."""
    known = key < NEVER
    group = np.full(key.size, -1, np.int64)
    group[known] = world.closing.leaving[key[known] & _LABEL_MASK]
    return group


def counted_pairs(world: World, own: Own) -> pd.DataFrame:
    """Pairs that count facilities of a group among their own, with how many close."""
    group, taken = world.closing.group, world.closing.taken
    counted = (own.of_facility < own.number.shape[0] - 1) & (group != STAYS)
    rows = pd.DataFrame(
        {
            "unit": own.of_facility[counted],
            "service": world.service[counted],
            "group": group[counted],
            "fewer": taken[counted],
        }
    )
    closing = rows.groupby(["unit", "service", "group"])["fewer"].sum().reset_index()
    origins = pd.DataFrame({"origin": own.here, "unit": own.unit[own.here]})
    joined = origins.merge(closing, on="unit")
    pair = joined["origin"].astype("int64") * world.shape[1] + joined["service"]
    return pd.DataFrame({"pair": pair, "group": joined["group"], "fewer": joined["fewer"]})


def minutes_of(world: World, key: Ints, own: Ints, origin: Ints) -> Floats:
    """Time under the rules, from the best way by road and the number of one's own."""
    rules = world.ground.assumptions
    routed = np.where(key < NEVER, (key >> _LABEL_BITS) / _MS_PER_MIN, np.nan)
    if rules.same_commune == "zero":
        routed = np.where(own > 0, 0.0, routed)
    elif rules.same_commune == "internal_estimate":
        area = world.ground.origins["unit_area_km2"].to_numpy(dtype=np.float64)[origin]
        inside = internal_time_min(area, np.maximum(own, 1), rules)
        routed = np.where((own > 0) & ~(routed < inside), inside, routed)
    if rules.time_limit_min is not None:
        routed = np.where(routed > rules.time_limit_min, np.nan, routed)
    return np.asarray(routed)
