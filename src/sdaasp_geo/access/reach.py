"""What lies within reach of some places: one search, asked at points and for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from pyproj import CRS

from sdaasp_geo.access.candidates import Places, attach, same_street_pairs
from sdaasp_geo.network.snapping import along_street_ms, entries, exits
from sdaasp_geo.routing.nearest import UNREACHED, Seeds, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    import numpy.typing as npt

    from sdaasp_geo.assumptions import Assumptions
    from sdaasp_geo.network.road_network import RoadNetwork
    from sdaasp_geo.network.snapping import Doors, Snapped

Direction = Literal["to", "from"]

_MS_PER_MIN = 60_000.0
# Time and number of the place in one sortable key.
_LABEL_BITS = 32
_NEVER = np.int64(UNREACHED) << _LABEL_BITS


@dataclass(frozen=True, eq=False)
class Reach:
    """A search from places over the whole network, ready to be asked.

    Parameters
    ----------
    network, assumptions
        What was searched, and how points are attached to it.
    direction
        ``to``: times from anywhere to the nearest place; ``from``: times from the
        nearest place to anywhere.
    places
        The places on the network.
    time_ms, place
        Time of each node of the search graph, int32 (N,), `UNREACHED` where there is
        none, and the number of its nearest place, int32 (N,), else -1.
    """

    network: RoadNetwork
    assumptions: Assumptions
    direction: Direction
    places: Places
    time_ms: npt.NDArray[np.int32]
    place: npt.NDArray[np.int32]

    def doors(self, snapped: Snapped) -> Doors:
        """Junctions by which points join the search, and the time it takes them."""
        doors = exits if self.direction == "to" else entries
        return doors(self.network, snapped)

    def at(self, points: Places) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Time in whole milliseconds and number of the place for attached points.

        Returns
        -------
        time_ms, place
            int64 (K,); `UNREACHED` and -1 where there is no way.
        """
        doors = self.doors(points.snapped)
        time = self.time_ms[doors.node].astype(np.int64)
        whole = time + doors.cost_ms + points.leg_ms[doors.point]
        key = (whole << _LABEL_BITS) | np.maximum(self.place[doors.node], 0)
        best = np.full(points.leg_ms.size, _NEVER, np.int64)
        np.minimum.at(best, doors.point, np.where(time < UNREACHED, key, _NEVER))
        self._improve_along_street(best, points)
        time, place = best >> _LABEL_BITS, best & ((1 << _LABEL_BITS) - 1)
        reached = time < UNREACHED
        return np.where(reached, time, UNREACHED), np.where(reached, place, -1)

    def time_min(
        self, points: npt.NDArray[np.object_], limit_min: float | None = None
    ) -> npt.NDArray[np.float64]:
        """Minutes between points and the nearest place, access legs of both included.

        Parameters
        ----------
        points
            shapely points or None, object (K,), in the CRS of the network.
        limit_min
            Times above it are missing; no limit if None.

        Returns
        -------
        ndarray
            float64 (K,), NaN where there is no way or no street near enough.
        """
        return self.time_min_at(attach(self.network, points, self.assumptions), limit_min)

    def time_min_at(
        self, points: Places, limit_min: float | None = None
    ) -> npt.NDArray[np.float64]:
        """Minutes as :meth:`time_min` gives them, for points that are attached already."""
        time_ms, _ = self.at(points)
        return _minutes(time_ms, limit_min)

    def _improve_along_street(self, best: npt.NDArray[np.int64], points: Places) -> None:
        here, there = same_street_pairs(points.snapped.street, self.places.snapped.street)
        ends = points.snapped.fraction[here], self.places.snapped.fraction[there]
        start, end = ends if self.direction == "to" else ends[::-1]
        along = along_street_ms(self.network, points.snapped.street[here], start, end)
        open_way = along >= 0
        here, there = here[open_way], there[open_way]
        time = along[open_way] + points.leg_ms[here] + self.places.leg_ms[there]
        np.minimum.at(best, here, (time.astype(np.int64) << _LABEL_BITS) | there)


def reach(
    network: RoadNetwork,
    places: gpd.GeoDataFrame,
    assumptions: Assumptions,
    *,
    direction: Direction = "to",
    limit_min: float | None = None,
) -> Reach:
    """Search once what lies within reach of places, to ask it many things.

    Parameters
    ----------
    network
        Roads.
    places
        Points in the CRS of the network. A place that cannot be attached reaches nothing.
    assumptions
        Access legs and snapping. The same-commune rule does not apply: every time is
        routed.
    direction
        ``to`` the nearest place, or ``from`` it; they differ by one-way streets.
    limit_min
        Longest time of interest, which bounds the search; no limit if None.

    Raises
    ------
    ValueError
        If the places are in another CRS, or a limit or direction makes no sense.
    """
    _check_crs(network, places)
    if direction not in ("to", "from"):
        message = f"direction: expected 'to' or 'from', found {direction!r}"
        raise ValueError(message)
    attached = attach(network, places.geometry.to_numpy(), assumptions)
    doors = (entries if direction == "to" else exits)(network, attached.snapped)
    cost = doors.cost_ms + attached.leg_ms[doors.point]
    graph = network.incoming if direction == "to" else network.outgoing
    seeds = Seeds(doors.node, cost.astype(np.int32), doors.point)
    found = nearest(graph, [seeds], limit_ms=_search_limit_ms(limit_min))
    return Reach(network, assumptions, direction, attached, found.time_ms[0], found.label[0])


def reach_times(
    network: RoadNetwork,
    places: gpd.GeoDataFrame,
    origins: gpd.GeoDataFrame,
    assumptions: Assumptions,
    *,
    direction: Direction = "to",
    limit_min: float | None = None,
) -> pd.DataFrame:
    """Time between each origin and the nearest of a set of places.

    Parameters
    ----------
    network, places, assumptions, direction
        As in :func:`reach`.
    origins
        ``origin`` and points.
    limit_min
        Times above it are missing, with the reason ``beyond_limit``; the limit of the
        assumptions if None.

    Returns
    -------
    DataFrame
        ``origin place time_min reason``, one row an origin, in their order; `place` is
        the index of `places`. Reasons as in
        :func:`~sdaasp_geo.access.times.nearest_times`.
    """
    _check_crs(network, origins)
    found = reach(network, places, assumptions, direction=direction)
    start = attach(network, origins.geometry.to_numpy(), assumptions)
    time_ms, place = found.at(start)
    limit = assumptions.time_limit_min if limit_min is None else limit_min
    time_min = _minutes(time_ms, limit)
    reason = np.asarray(start.snapped.reason, dtype=object).copy()
    lost = (reason == "") & np.isnan(time_min)
    reason[lost] = np.where(time_ms[lost] < UNREACHED, "beyond_limit", "other_component")
    if not found.places.attached.any():
        reason[reason == "other_component"] = "unsnapped" if len(places) else "no_facility"
    reason[reason == ""] = None
    reached = ~np.isnan(time_min)
    names = np.array([*places.index, None], dtype=object)
    return pd.DataFrame(
        {
            "origin": origins["origin"].to_numpy(),
            "place": pd.Series(names[np.where(reached, place, -1)]),
            "time_min": time_min,
            "reason": pd.Series(reason, dtype="str"),
        }
    )


def inhabitants_within(
    origins: pd.DataFrame, times: pd.DataFrame, minutes: Sequence[float]
) -> pd.DataFrame:
    """Count the inhabitants within some times: those of the origins whose time is no longer.

    Parameters
    ----------
    origins
        ``origin population``.
    times
        ``origin time_min``, a missing time being within nothing, and possibly
        ``service``: as :func:`reach_times` or
        :func:`~sdaasp_geo.access.times.nearest_times` gives them.
    minutes
        Times, themselves within.

    Returns
    -------
    DataFrame
        ``minutes inhabitants share``, after ``service`` where `times` has it: the
        inhabitants within, and their share of those of every origin.

    Raises
    ------
    ValueError
        If an origin of `times` is unknown, or occurs twice for one service.

    Examples
    --------
    >>> import pandas as pd
    >>> origins = pd.DataFrame({"origin": ["a", "b", "c"], "population": [60.0, 30.0, 10.0]})
    >>> times = pd.DataFrame({"origin": ["a", "b", "c"], "time_min": [15.0, 40.0, None]})
    >>> inhabitants_within(origins, times, [15, 60])
       minutes  inhabitants  share
    0       15         60.0    0.6
    1       60         90.0    0.9
    """
    keys = [name for name in ("service",) if name in times]
    people = origins.set_index("origin")["population"]
    unknown = ~times["origin"].isin(people.index)
    if unknown.any():
        found = times.loc[unknown, "origin"].iloc[0]
        message = f"times: expected origins of the table of origins, found {found!r}"
        raise ValueError(message)
    if times.duplicated(["origin", *keys]).any():
        message = "times: expected each origin once a service, found one twice"
        raise ValueError(message)
    rows = times.assign(people=people.reindex(times["origin"]).to_numpy())
    groups = list(rows.groupby("service", sort=False)) if keys else [("", rows)]
    table = pd.DataFrame(
        [
            (name, limit, float(part["people"][part["time_min"] <= limit].sum()))
            for name, part in groups
            for limit in minutes
        ],
        columns=["service", "minutes", "inhabitants"],
    )
    everyone = float(people.sum())
    table["share"] = table["inhabitants"] / everyone if everyone > 0 else np.nan
    return table if keys else table.drop(columns="service")


def _check_crs(network: RoadNetwork, points: gpd.GeoDataFrame) -> None:
    if points.crs is None or CRS.from_user_input(points.crs) != CRS.from_user_input(network.crs):
        message = (
            f"points: expected the CRS of the network, {network.crs}, found {points.crs}. "
            "Likely cause: longitudes and latitudes; see to_crs"
        )
        raise ValueError(message)


def _search_limit_ms(limit_min: float | None) -> int | None:
    """Milliseconds that leave out nothing within the limit, which minutes decide afterwards."""
    if limit_min is None:
        return None
    if not 0 < limit_min < np.inf:
        message = f"limit_min: expected a number above 0, found {limit_min!r}"
        raise ValueError(message)
    return min(int(np.ceil(limit_min * _MS_PER_MIN)), UNREACHED - 1)


def _minutes(time_ms: npt.NDArray[np.int64], limit_min: float | None) -> npt.NDArray[np.float64]:
    time_min = np.where(time_ms < UNREACHED, time_ms / _MS_PER_MIN, np.nan)
    if limit_min is not None:
        time_min[time_min > limit_min] = np.nan
    return time_min
