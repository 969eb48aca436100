"""What one more site does, from the times between origins and sites alone.

The time of an origin to a service after a site opened is the lesser of its time before
and of its time to the site, whatever the same-commune rule: an estimate inside a commune
with one facility more is never above the one with fewer, and nothing else of the
service's facilities changes. Measured in whole milliseconds on both sides, the answer is
that of a full recomputation to the bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from sdaasp_geo.access.candidates import Places, attach, routed_times
from sdaasp_geo.access.internal import internal_time_min
from sdaasp_geo.network.snapping import Snapped
from sdaasp_geo.routing.nearest import UNREACHED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Executor

    import geopandas as gpd
    import numpy.typing as npt

    from sdaasp_geo.scenarios.ground import Ground

    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]

_MS_PER_MIN = 60_000.0
# Bounds the memory of the tables origins × sites: some 100 MB each.
_CHUNK_CELLS = 12_000_000
_BY_COMMUNE = "commune"


@dataclass(frozen=True, repr=False)
class Reach:
    """Times between origins and sites.

    Parameters
    ----------
    ground
        The origins and their times before.
    sites
        ``unit known_by`` and points, one row a place.
    start, end
        Origins and sites on the network.
    """

    ground: Ground
    sites: gpd.GeoDataFrame
    start: Places
    end: Places

    @classmethod
    def of(cls, ground: Ground, sites: gpd.GeoDataFrame) -> Reach:
        """Attach origins and sites to the network."""
        points = [ground.diagnostic.origins.geometry.to_numpy(), sites.geometry.to_numpy()]
        # All at once: the index of the streets is built once.
        everything = attach(
            ground.land.network, np.concatenate(points), ground.diagnostic.assumptions
        )
        origins = np.arange(points[0].size)
        start = _taken(everything, origins)
        return cls(ground, sites, start, _taken(everything, origins.size + np.arange(len(sites))))

    def alone(
        self, services: Sequence[Sequence[str]], *, executor: Executor | None = None
    ) -> Iterator[Floats]:
        """Measure the times after each site opened and no other, site by site.

        Parameters
        ----------
        services
            Services of each site.
        executor
            Where the searches run.

        Yields
        ------
        ndarray
            Minutes (origins, services of the site); missing where unreached.
        """
        step = max(1, _CHUNK_CELLS // max(1, len(self.ground.minutes)))
        for first in range(0, len(self.sites), step):
            rows = np.arange(first, min(first + step, len(self.sites)))
            routed_min = self._routed_min(rows, executor)
            for column, row in enumerate(rows.tolist()):
                yield self._after(row, routed_min[:, column], services[row])

    def _routed_min(self, rows: npt.NDArray[np.int64], executor: Executor | None) -> Floats:
        """Minutes by road from each origin to some of the sites, by rows."""
        end = _taken(self.end, rows)
        found = routed_times(
            self.ground.land.network, self.start, end, np.arange(rows.size), executor=executor
        )
        reached = found.time_ms < UNREACHED
        return np.where(reached, found.time_ms / _MS_PER_MIN, np.nan)

    def _after(self, row: int, routed_min: Floats, services: Sequence[str]) -> Floats:
        rules = self.ground.diagnostic.assumptions
        own = self._own[row]
        after = self.ground.times_of(services).copy()
        for number, service in enumerate(services):
            there = routed_min
            if rules.same_commune == "zero":
                there = np.where(own, 0.0, routed_min)
            elif rules.same_commune == "internal_estimate" and own.any():
                there = routed_min.copy()
                there[own] = self._inside_min(own, self._units[row], service)
            if rules.time_limit_min is not None:
                there = np.where(there > rules.time_limit_min, np.nan, there)
            after[:, number] = np.fmin(after[:, number], there)
        return after

    @cached_property
    def _units(self) -> list[str]:
        return [str(unit) for unit in self.sites["unit"]]

    @cached_property
    def _own(self) -> list[Bools]:
        """Whether the same-commune rule speaks of each site for each origin."""
        by_commune = (self.sites["known_by"] == _BY_COMMUNE).tolist()
        return [
            (self.ground.unit == unit) & (known | self.ground.by_its_commune)
            for unit, known in zip(self._units, by_commune, strict=True)
        ]

    def _inside_min(self, own: Bools, unit: str, service: str) -> Floats:
        """Estimate inside the site's commune with one facility more, for its own origins."""
        everything, alike = self.ground.counts.get((unit, service), (0, 0))
        count = np.where(self.ground.by_its_commune[own], everything, alike) + 1
        area = self.ground.area_km2[own]
        return internal_time_min(area, count, self.ground.diagnostic.assumptions)


def _taken(places: Places, rows: npt.NDArray[np.int64]) -> Places:
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
