"""What every closing does to every time, all at once and without searching again.

A time depends on the nearest facility alone, so that a closing changes it only where the
nearest one closes, or where it is one of those that an estimate inside a commune counts.
Two answers a node are enough, then: the nearest, and the nearest of those that do not
close with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from sdaasp_geo.access.candidates import attach
from sdaasp_geo.scenarios.two_best import (
    STAYS,
    Closing,
    Ground,
    Own,
    Two,
    World,
    counted_pairs,
    leaving_with,
    minutes_of,
    own_facilities,
    two_best,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    import geopandas as gpd
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]

__all__ = ["STAYS", "Closures", "Ground", "closing_effects"]


class Closures(NamedTuple):
    """What would close, for each row of a table of facilities.

    Parameters
    ----------
    group
        int64 (rows): rows of one group close together; :data:`STAYS` never closes.
    taken
        int64 (rows): how many of the row's `count` close with it. A row of which some
        remain stays where it is.
    """

    group: Ints
    taken: Ints


def closing_effects(
    ground: Ground,
    facilities: gpd.GeoDataFrame,
    closures: Closures,
    *,
    executor: Executor | None = None,
) -> pd.DataFrame:
    """Every time that a closing lengthens or takes away, each group closing alone.

    Equal to closing the groups one by one and measuring anew, for the price of a few
    searches a service.

    Parameters
    ----------
    ground
        Roads, origins, services and rules.
    facilities
        `FACILITIES` table, the services asked for or more.
    closures
        What closes, by row of `facilities`.
    executor
        Where the searches run; threads of this process if None.

    Returns
    -------
    DataFrame
        ``group origin service before_min after_min``, sorted by group, then in the order
        of origins and services: group numbers, positions of origin and service (int64),
        minutes; ``after_min`` is missing where no way is left. Pairs that keep their
        time have no row.

    Notes
    -----
    The rule of a commune's own facilities leaves out, for each origin, those of its own
    unit. Where a facility of another unit is nearer all the same, two answers a node do
    not tell the next one. The units concerned are numbered in binary: a search over the
    facilities whose unit has another digit at one place serves all units with this
    digit, and over all places the searches leave out exactly a unit's own. That takes
    twice the logarithm of the number of these units.
    """
    order = _house_order(facilities, ground.services)
    rows = facilities.iloc[order].reset_index(drop=True)
    group, taken = closures.group[order], closures.taken[order]
    numbers = pd.Index(list(ground.services)).get_indexer(pd.Index(rows["service"]))
    world = World(
        ground=ground,
        start=attach(ground.network, ground.origins.geometry.to_numpy(), ground.assumptions),
        end=attach(ground.network, rows.geometry.to_numpy(), ground.assumptions),
        service=numbers.astype(np.int64),
        closing=Closing(group, taken, _leaving(group, taken, rows["count"].to_numpy())),
    )
    parts = []
    known_by = ground.origins["known_by"].to_numpy()
    for kind in ("commune", "position"):
        here = np.flatnonzero(known_by == kind)
        if here.size:
            own = own_facilities(world, rows, kind, here)
            parts.append(_effects(world, own, two_best(world, own, executor)))
    return _sorted(parts)


def _house_order(facilities: gpd.GeoDataFrame, services: Sequence[str]) -> Ints:
    """Order of the rows by which times break ties, those of other services left out."""
    frame = pd.DataFrame(facilities[["service", "facility", "source"]]).reset_index(drop=True)
    kept = frame[frame["service"].isin(list(services))]
    return kept.sort_values(["service", "facility", "source"]).index.to_numpy(dtype=np.int64)


def _leaving(group: Ints, taken: Ints, count: Ints) -> npt.NDArray[np.int32]:
    gone = (group != STAYS) & (taken >= count)
    beyond = int(group.max(initial=STAYS)) + 1
    return np.where(gone, group, beyond + np.arange(group.size)).astype(np.int32)


def _effects(world: World, own: Own, two: Two) -> pd.DataFrame:
    """Time before and after, of every pair that a group may touch."""
    # A group may be the nearest and count among one's own at once.
    table = pd.concat([counted_pairs(world, own), _led_pairs(world, own, two)])
    table = table.groupby(["pair", "group"])["fewer"].sum().reset_index()
    pair, closes = table["pair"].to_numpy(), table["group"].to_numpy()
    origin, service = pair // world.shape[1], pair % world.shape[1]
    best, second = two.best.ravel()[pair], two.second.ravel()[pair]
    goes = leaving_with(world, best) == closes
    mine = own.number[own.unit[origin], service]
    before = minutes_of(world, best, mine, origin)
    after = minutes_of(
        world, np.where(goes, second, best), mine - table["fewer"].to_numpy(), origin
    )
    worse = ~np.isnan(before) & ~(after <= before)
    columns = {"group": closes, "origin": origin, "service": service}
    return pd.DataFrame({**columns, "before_min": before, "after_min": after})[worse]


def _led_pairs(world: World, own: Own, two: Two) -> pd.DataFrame:
    """Pairs whose nearest facility by road may close, with its group."""
    pair = (own.here[:, None] * world.shape[1] + np.arange(world.shape[1])[None, :]).ravel()
    group = leaving_with(world, two.best[own.here].ravel())
    # Beyond the groups are the rows that stay.
    closes = (group >= 0) & (group <= world.closing.group.max(initial=STAYS))
    return pd.DataFrame({"pair": pair[closes], "group": group[closes], "fewer": 0})


def _sorted(parts: list[pd.DataFrame]) -> pd.DataFrame:
    columns = ["group", "origin", "service"]
    if not parts:
        empty = pd.DataFrame({name: np.empty(0, np.int64) for name in columns})
        return empty.assign(before_min=np.empty(0), after_min=np.empty(0))
    return (
        pd.concat(parts)
        .sort_values(columns, ignore_index=True)
        .astype(dict.fromkeys(columns, "int64"))
    )
