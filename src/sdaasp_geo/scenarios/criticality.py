"""Fragile facilities: if this one closes, who loses how much."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from sdaasp_geo.diagnostic.model import land_of
from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.scenarios.closures import Closures, Ground, closing_effects
from sdaasp_geo.scenarios.searched import searched

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    import numpy.typing as npt

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.network.shelf import Way

    Ints = npt.NDArray[np.int64]

LOSS_OVER_MIN = (1, 3, 6, 10)
# Coordinates are kept to the millimetre; what is given to the metre stays apart.
_SAME_PLACE_M = 0.001
_FIGURES = (
    "inhabitants_losing",
    *(f"inhabitants_losing_over_{limit}_min" for limit in LOSS_OVER_MIN),
    "inhabitants_newly_unreached",
    "mean_loss_min",
    "worst_loss_min",
    "lost_inhabitant_min",
    "communes_losing",
    "worst_commune",
)


def criticality(
    diagnostic: Diagnostic,
    *,
    services: Sequence[str] | None = None,
    by: Literal["facility", "site"] = "facility",
    executor: Executor | None = None,
    search: Way = "auto",
) -> gpd.GeoDataFrame:
    """Tell who loses how much if a facility closes, for every facility, each closing alone.

    Parameters
    ----------
    diagnostic
        With its land.
    services
        Ids of the services looked at; those of the basket if None.
    by
        ``facility``: each row of the facilities closes alone. ``site``: all that stand at
        one place (the same coordinates) close together; a row known by its commune alone
        stands at no known place, and closes alone.
    executor
        Where the searches run; threads of this process if None.
    search
        How: ``bucket``, ``hierarchy``, or as it pays; the answer is the same.

    Returns
    -------
    GeoDataFrame
        The most critical first: newly unreached inhabitants, then lost inhabitant
        minutes, then names.

        - who closes: by facility ``facility service source commune unit count known_by
          position_quality`` (and ``name`` where known); by site ``site`` (number)
          ``facilities services`` (text, ``;`` between) ``commune unit``;
        - ``inhabitants_losing``: whose time lengthens, or who have no way left;
        - ``inhabitants_losing_over_<1, 3, 6, 10>_min``: of those who keep a time;
        - ``inhabitants_newly_unreached``: who have no way left. Their loss has no number
          of minutes, and enters no figure in minutes;
        - ``mean_loss_min`` of those who lose and keep a time, ``worst_loss_min`` of an
          inhabited origin, both missing where there is none;
        - ``lost_inhabitant_min``: minutes lost, summed over inhabitants;
        - ``communes_losing`` (number of communes with inhabitants who lose) and
          ``worst_commune`` (code of the one that loses most minutes, newly unreached
          first);
        - ``geometry``: the place.

    Raises
    ------
    InputError
        If the diagnostic has no land, or a service is unknown.

    Notes
    -----
    Equal to closing each one and measuring anew, under every same-commune rule; see
    :func:`~sdaasp_geo.scenarios.closures.closing_effects`. Of a row that counts several
    facilities of a commune, one closes. Where a site closes, the loss of an inhabitant is
    the largest over its services, and `lost_inhabitant_min` is summed over them.
    """
    diagnostic = searched(diagnostic, search)
    land = land_of(diagnostic)
    ids = _known_services(diagnostic, services)
    rows = land.facilities[land.facilities["service"].isin(ids)].reset_index(drop=True)
    group = _sites(rows) if by == "site" else np.arange(len(rows), dtype=np.int64)
    closures = Closures(group, np.ones(len(rows), np.int64))
    ground = Ground(land.network, diagnostic.origins, ids, diagnostic.assumptions)
    effects = closing_effects(ground, rows, closures, executor=executor)
    groups = int(group.max(initial=-1)) + 1
    figures = losses_by_group(effects, diagnostic.origins, groups)
    who = _site_rows(rows, group) if by == "site" else _facility_rows(rows)
    table = pd.concat([who.drop(columns="geometry"), figures], axis=1)
    found = gpd.GeoDataFrame(table, geometry=who["geometry"].to_numpy(), crs=rows.crs)
    names = ["site"] if by == "site" else ["service", "facility", "source"]
    worst_first = ["inhabitants_newly_unreached", "lost_inhabitant_min", *names]
    falling = [False, False, *[True] * len(names)]
    return found.sort_values(worst_first, ascending=falling, ignore_index=True)


def _known_services(diagnostic: Diagnostic, services: Sequence[str] | None) -> list[str]:
    known = diagnostic.basket.service_ids
    if services is None:
        return known
    unknown = [name for name in services if name not in known]
    if unknown:
        expected = f"services among {', '.join(known)}"
        raise InputError([Fault("services", expected, repr(name)) for name in unknown])
    return [name for name in known if name in set(services)]


def losses_by_group(effects: pd.DataFrame, origins: gpd.GeoDataFrame, groups: int) -> pd.DataFrame:
    """Add up what each group's closing does, over services and inhabitants.

    Parameters
    ----------
    effects
        As :func:`~sdaasp_geo.scenarios.closures.closing_effects` returns them.
    origins
        ``commune`` and ``population``, in the order that the effects count them in.
    groups
        How many groups there are, those without effect included.

    Returns
    -------
    DataFrame
        One row a group, the figures of :func:`criticality`.
    """
    people = origins["population"].to_numpy(dtype=np.float64)
    loss = (effects["after_min"] - effects["before_min"]).to_numpy()
    whole = effects.assign(
        loss=loss, cut_off=np.isnan(loss), minutes=np.nan_to_num(loss) * people[effects["origin"]]
    )
    # An inhabitant whom a site served in several ways is counted once, by the largest loss.
    by = whole.groupby(["group", "origin"], as_index=False)
    each = by.agg(loss=("loss", "max"), cut_off=("cut_off", "any"), minutes=("minutes", "sum"))
    each["people"] = people[each["origin"]]
    each["commune"] = origins["commune"].to_numpy()[each["origin"]]
    group, weight = each["group"].to_numpy(), each["people"].to_numpy()
    lost = each["loss"].mask(each["cut_off"]).to_numpy(dtype=np.float64)

    def summed(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
        weights = np.asarray(values, dtype=np.float64)
        return np.bincount(group, weights, minlength=groups).astype(np.float64)

    table = pd.DataFrame(index=range(groups))
    table["inhabitants_losing"] = summed(weight)
    for limit in LOSS_OVER_MIN:
        table[f"inhabitants_losing_over_{limit}_min"] = summed(weight * (lost > limit))
    table["inhabitants_newly_unreached"] = summed(weight * each["cut_off"])
    keeping = summed(weight * ~each["cut_off"])
    total = summed(weight * np.nan_to_num(lost))
    mean = np.full(groups, np.nan)
    table["mean_loss_min"] = np.divide(total, keeping, out=mean, where=keeping > 0)
    table["worst_loss_min"] = _worst(group, np.where(weight > 0, lost, np.nan), groups)
    table["lost_inhabitant_min"] = summed(each["minutes"])
    table = table.join(_communes(each[each["people"] > 0]))
    table["communes_losing"] = table["communes_losing"].fillna(0).astype("int64")
    return table[[*_FIGURES]]


def _worst(group: Ints, loss: npt.NDArray[np.float64], groups: int) -> npt.NDArray[np.float64]:
    worst = np.full(groups, -np.inf)
    known = ~np.isnan(loss)
    np.maximum.at(worst, group[known], loss[known])
    return np.where(np.isneginf(worst), np.nan, worst)


def _communes(each: pd.DataFrame) -> pd.DataFrame:
    """Count the communes of each group that lose, and name the worst."""
    order = each.sort_values(
        ["group", "cut_off", "loss", "commune"], ascending=[True, False, False, True]
    )
    worst = order.drop_duplicates("group").set_index("group")["commune"]
    number = each.groupby("group")["commune"].nunique()
    return pd.DataFrame({"communes_losing": number, "worst_commune": worst.astype("str")})


def _facility_rows(rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    who = ["facility", "service", "source", "commune", "unit", "count", "known_by"]
    optional = [name for name in ("name",) if name in rows]
    return rows[[*who, "position_quality", *optional, "geometry"]]


def _sites(rows: gpd.GeoDataFrame) -> Ints:
    """Return the number of the place of each row, in the order of the rows."""
    points = rows.geometry.to_numpy()
    placed = (rows["known_by"] == "position").to_numpy() & ~shapely.is_missing(points)
    x = np.round(shapely.get_x(points) / _SAME_PLACE_M)
    y = np.round(shapely.get_y(points) / _SAME_PLACE_M)
    alone = np.where(placed, -1, np.arange(len(rows)))
    keys = pd.DataFrame({"x": np.where(placed, x, 0), "y": np.where(placed, y, 0), "row": alone})
    place = keys.groupby(["x", "y", "row"], sort=False).ngroup()
    return np.asarray(place, dtype=np.int64)


def _site_rows(rows: gpd.GeoDataFrame, group: Ints) -> gpd.GeoDataFrame:
    frame = pd.DataFrame(rows[["commune", "unit"]]).assign(group=group)
    table = frame.groupby("group").first()
    by = rows.assign(group=group).groupby("group")
    table.insert(0, "services", by["service"].agg(lambda names: ";".join(sorted(set(names)))))
    table.insert(0, "facilities", by.size())
    table.insert(0, "site", table.index.to_numpy(dtype=np.int64) + 1)
    places = pd.Series(rows.geometry.to_numpy(), index=group, dtype=object)
    first = places[~places.index.duplicated()].loc[table.index]
    return gpd.GeoDataFrame(table.reset_index(drop=True), geometry=list(first), crs=rows.crs)
