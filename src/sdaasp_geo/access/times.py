"""The access-times table: every origin × service, its time or the reason for none."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from sdaasp_geo.access.candidates import Own, Places, Routed, attach, routed_times
from sdaasp_geo.access.gate import check_frames
from sdaasp_geo.access.internal import internal_time_min
from sdaasp_geo.network.snapping import Snapped
from sdaasp_geo.routing.nearest import UNREACHED

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    import geopandas as gpd
    import numpy.typing as npt

    from sdaasp_geo.assumptions import Assumptions
    from sdaasp_geo.network.road_network import RoadNetwork
    from sdaasp_geo.network.shelf import Way

_MS_PER_MIN = 60_000.0
_BY_COMMUNE = "commune"


def nearest_times(  # noqa: PLR0913 (where and how it is searched, by name)
    network: RoadNetwork,
    origins: gpd.GeoDataFrame,
    facilities: gpd.GeoDataFrame,
    services: Sequence[str],
    assumptions: Assumptions,
    *,
    executor: Executor | None = None,
    search: Way = "auto",
) -> pd.DataFrame:
    """Time by car from each origin to the nearest facility of each service.

    Time = access leg + road + access leg, each exact in whole milliseconds; the way
    from an origin to a facility of its own street does not pass by a junction. Places
    of one commune of which at least one is known by its commune alone follow the
    `same_commune` rule of the assumptions.

    Parameters
    ----------
    network
        Roads, in the CRS of the points.
    origins
        ``origin unit known_by`` and points (see `ORIGINS` in the table schemas); the
        rule ``internal_estimate`` also asks for ``unit_area_km2``, the inhabited area of
        the origin's unit (:func:`~sdaasp_geo.access.internal.inhabited_area_km2`).
    facilities
        ``facility service unit known_by count`` and points (see `FACILITIES`).
    services
        Ids of the services asked for, in the order of the answer.
    assumptions
        Speeds of the access leg, snapping, same-commune rule, time limit.
    executor
        Where the searches run; threads of this process if None.
    search
        How: ``bucket``, ``hierarchy``, or as it pays; the answer is the same. See
        :mod:`sdaasp_geo.routing.choice`.

    Returns
    -------
    DataFrame
        ``origin service time_min facility kind reason``, one row a pair, origins in
        their order and services within. `kind` is ``routed``, ``internal_estimate`` or
        ``rule_zero``; where `time_min` is missing, `reason` says why: ``bad_position``,
        ``unsnapped`` (the origin, or every facility of the service), ``no_facility``,
        ``other_component`` (no way leads there), ``beyond_limit``.

    Raises
    ------
    InputError
        If a frame lacks a column, its points lie in another CRS than the roads, or
        ``known_by`` is another word; all faults at once.
    ValueError
        If the rule is ``internal_estimate`` and an origin has no ``unit_area_km2``.

    Notes
    -----
    After Insee's METRIC-OSRM distancier: theoretical car time, off-peak, to the nearest
    facility. Facilities of equal time: the first by id.
    """
    check_frames(network, origins, facilities)
    network = network.searched(search)
    facilities = in_order(facilities, services)
    numbers = pd.Index(services).get_indexer(pd.Index(facilities["service"]))
    service = numbers.astype(np.int64)
    start = attach(network, origins.geometry.to_numpy(), assumptions)
    end = attach(network, facilities.geometry.to_numpy(), assumptions)
    frames = Frames(origins.reset_index(drop=True), facilities, service, len(services))
    answer = _Answer.empty(len(origins), len(services))
    for known_by in ("commune", "position"):
        rows = np.flatnonzero(frames.origins["known_by"].to_numpy() == known_by)
        if rows.size:
            part = taken(start, rows)
            rule = SameCommune(frames, rows, known_by, assumptions)
            routed = _routed(network, part, end, rule, executor)
            answer.put(rows, *rule.apply(routed))
    answer.limit(assumptions.time_limit_min)
    reason = _reasons(answer, start, end, frames)
    return _table(answer, reason, frames, services)


class Frames(NamedTuple):
    """What is asked: origins, facilities in their order, and the number of their service."""

    origins: pd.DataFrame
    facilities: pd.DataFrame
    service: npt.NDArray[np.int64]
    services: int


class _Answer(NamedTuple):
    """Times of the pairs; `kind` is 0 missing, 1 routed, 2 estimate, 3 zero, 4 over the limit."""

    time_min: npt.NDArray[np.float64]
    facility: npt.NDArray[np.int64]
    kind: npt.NDArray[np.int8]

    @classmethod
    def empty(cls, origins: int, services: int) -> _Answer:
        shape = (origins, services)
        return cls(np.full(shape, np.nan), np.full(shape, -1, np.int64), np.zeros(shape, np.int8))

    def put(
        self,
        rows: npt.NDArray[np.int64],
        time_min: npt.NDArray[np.float64],
        facility: npt.NDArray[np.int64],
        kind: npt.NDArray[np.int8],
    ) -> None:
        self.time_min[rows], self.facility[rows], self.kind[rows] = time_min, facility, kind

    def limit(self, limit_min: float | None) -> None:
        if limit_min is None:
            return
        over = self.time_min > limit_min
        self.time_min[over], self.facility[over], self.kind[over] = np.nan, -1, _OVER


_MISSING, _ROUTED, _ESTIMATE, _ZERO, _OVER = range(5)
_KIND_NAMES = np.array([None, "routed", "internal_estimate", "rule_zero", None], dtype=object)


class SameCommune:
    """The same-commune rule for origins that are all known in the same way.

    It speaks of the facilities of an origin's own unit: all of them for an origin known
    by its commune alone, those known by their commune alone for an exact origin.
    """

    def __init__(
        self,
        frames: Frames,
        rows: npt.NDArray[np.int64],
        known_by: str,
        assumptions: Assumptions,
    ) -> None:
        self.frames = frames
        self.assumptions = assumptions
        units = frames.origins["unit"].iloc[rows]
        codes = pd.Index(pd.unique(frames.facilities["unit"]))
        self.own_unit = codes.get_indexer(pd.Index(units)).astype(np.int64)
        unit = codes.get_indexer(pd.Index(frames.facilities["unit"])).astype(np.int64)
        by_commune = frames.facilities["known_by"].to_numpy() == _BY_COMMUNE
        concerned = by_commune | (known_by == _BY_COMMUNE)
        # Facilities the rule does not speak of are nobody's own: one group beyond the units.
        self.group = np.where(concerned, unit, len(codes))
        self.count = np.zeros((len(codes) + 1, frames.services), np.int64)
        np.add.at(self.count, (self.group, frames.service), frames.facilities["count"].to_numpy())
        self.count[len(codes)] = 0
        self.first = _first_facility(self.group, frames.service, self.count.shape)
        self.area_km2 = self._areas(frames.origins.iloc[rows])

    @property
    def active(self) -> bool:
        """Whether the rule needs the nearest facility outside an origin's own unit."""
        return self.assumptions.same_commune == "internal_estimate" and bool(self.count.any())

    def apply(
        self, routed: Routed
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64], npt.NDArray[np.int8]]:
        """Return times, facilities and kinds of the origins' rows, the rule applied."""
        reached = routed.time_ms < UNREACHED
        time_min = np.where(reached, routed.time_ms / _MS_PER_MIN, np.nan)
        kind = np.where(reached, _ROUTED, _MISSING).astype(np.int8)
        own = self.count[self.own_unit]
        own[self.own_unit < 0] = 0
        facility = routed.facility.copy()
        if self.assumptions.same_commune == "routed":
            return time_min, facility, kind
        inside_min, inside_kind = self.inside(own)
        wins = (own > 0) & ~(time_min < inside_min)
        time_min[wins] = inside_min[wins]
        kind[wins] = inside_kind
        facility[wins] = self.first[self.own_unit][wins]
        return time_min, facility, kind

    def inside(self, own: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.float64], int]:
        """Return the rule's times for a number of own facilities, and their kind."""
        if self.assumptions.same_commune == "zero":
            return np.zeros(own.shape), _ZERO
        area = np.broadcast_to(self.area_km2[:, None], own.shape)
        return internal_time_min(area, np.maximum(own, 1), self.assumptions), _ESTIMATE

    def _areas(self, origins: pd.DataFrame) -> npt.NDArray[np.float64]:
        if self.assumptions.same_commune != "internal_estimate":
            return np.zeros(len(origins))
        column = "unit_area_km2"
        if column not in origins or not (origins[column] > 0).all():
            message = (
                "origins: expected unit_area_km2 above 0 on every row, as the rule "
                "same_commune='internal_estimate' asks; see inhabited_area_km2"
            )
            raise ValueError(message)
        return origins[column].to_numpy(dtype=np.float64)


def _first_facility(
    group: npt.NDArray[np.int64], service: npt.NDArray[np.int64], shape: tuple[int, ...]
) -> npt.NDArray[np.int64]:
    first = np.full(shape, np.iinfo(np.int64).max, np.int64)
    np.minimum.at(first, (group, service), np.arange(group.size))
    return first


def _routed(
    network: RoadNetwork,
    origins: Places,
    facilities: Places,
    rule: SameCommune,
    executor: Executor | None,
) -> Routed:
    service = rule.frames.service
    own = Own(rule.own_unit, rule.group) if rule.active else None
    found = routed_times(network, origins, facilities, service, own=own, executor=executor)
    # Services after the last one with a facility have no column yet.
    missing = rule.frames.services - found.time_ms.shape[1]
    pad = ((0, 0), (0, missing))
    return Routed(
        np.pad(found.time_ms, pad, constant_values=UNREACHED),
        np.pad(found.facility, pad, constant_values=-1),
    )


def in_order(facilities: gpd.GeoDataFrame, services: Sequence[str]) -> gpd.GeoDataFrame:
    """Keep the services asked for, in an order that no file decides."""
    kept = facilities[facilities["service"].isin(list(services))]
    keys = [name for name in ("service", "facility", "source") if name in kept]
    return kept.sort_values(keys, ignore_index=True)


def taken(places: Places, rows: npt.NDArray[np.int64]) -> Places:
    """Return some of the places."""
    whole = places.snapped
    part = Snapped(
        street=whole.street[rows],
        fraction=whole.fraction[rows],
        distance_m=whole.distance_m[rows],
        x=whole.x[rows],
        y=whole.y[rows],
        reason=whole.reason[rows],
    )
    return Places(part, places.leg_ms[rows])


def _reasons(
    answer: _Answer, start: Places, end: Places, frames: Frames
) -> npt.NDArray[np.object_]:
    reason = np.full(answer.kind.shape, None, dtype=object)
    present = np.bincount(frames.service, minlength=frames.services) > 0
    attached = np.bincount(frames.service[end.attached], minlength=frames.services) > 0
    missing = answer.kind == _MISSING
    reason[missing] = "other_component"
    reason[missing & ~attached[None, :]] = "unsnapped"
    place = np.asarray(start.snapped.reason, dtype=object)
    for name in ("unsnapped", "bad_position"):
        reason[missing & (place == name)[:, None]] = name
    reason[missing & ~present[None, :]] = "no_facility"
    reason[answer.kind == _OVER] = "beyond_limit"
    return reason


def _table(
    answer: _Answer, reason: npt.NDArray[np.object_], frames: Frames, services: Sequence[str]
) -> pd.DataFrame:
    origins, count = answer.time_min.shape
    # One more name than facilities: number -1 reads None.
    names = np.array([*frames.facilities["facility"], None], dtype=object)
    table = pd.DataFrame(
        {
            "origin": np.repeat(frames.origins["origin"].to_numpy(dtype=object), count),
            "service": np.tile(np.asarray(services, dtype=object), origins),
            "time_min": answer.time_min.ravel(),
            "facility": names[answer.facility.ravel()],
            "kind": _KIND_NAMES[answer.kind.ravel()],
            "reason": reason.ravel(),
        }
    )
    text = ["origin", "service", "facility", "kind", "reason"]
    return table.astype(dict.fromkeys(text, "str"))
