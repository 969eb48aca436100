"""Opening hours and visiting days: the time to a site that is open, beside the plain one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from sdaasp_geo.access.nearest_facilities import k_nearest_facilities
from sdaasp_geo.access.times import nearest_times
from sdaasp_geo.diagnostic.model import land_of
from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.indicators.means import overall_mean, population_mean
from sdaasp_geo.scenarios.criteria_targets import site_frame_faults
from sdaasp_geo.scenarios.notes import Remarks
from sdaasp_geo.scenarios.openness import (
    MOST_DAYS,
    MOST_HOURS,
    AvailabilityRule,
    Weighted,
    site_availability,
    weighted_times,
)

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import numpy.typing as npt

    from sdaasp_geo.diagnostic.model import Diagnostic

_SITE = "site"


@dataclass(frozen=True, repr=False)
class AvailabilityTimes:
    """Plain and availability-weighted times to the sites.

    Parameters
    ----------
    origins
        One row an origin: ``origin commune population plain_min plain_site``, where the
        plain time is missing its ``reason``; ``expected_min extra_min`` (expected less
        plain, missing where either is), ``unserved_share`` (an upper bound where sites of
        unknown hours are left out; missing where those are all that there are),
        ``sites_considered`` (number), ``geometry``.
    communes
        One row a commune: ``commune name population plain_min expected_min
        unserved_share``, means weighted by inhabitants.
    sites
        One row a site: ``site name format hours_per_week days_per_month availability
        basis`` (``days``, ``hours``, ``several_places``: the hours are those of several
        places together, an upper bound; ``itinerant``: the hours of a round, no days
        told; ``unknown``). `availability` is missing for the last two.
    notes
        ``subject kind note``, in French.
    summary
        For JSON.
    """

    origins: gpd.GeoDataFrame
    communes: pd.DataFrame
    sites: pd.DataFrame
    notes: pd.DataFrame
    summary: dict[str, Any]

    def __repr__(self) -> str:
        """Say both means in one line; the tables show themselves."""
        plain, expected = (self.summary[name] for name in ("plain_min", "expected_min"))
        told = ["unknown" if mean is None else f"{mean:.1f} min" for mean in (plain, expected)]
        return f"<AvailabilityTimes: {told[0]} plain, {told[1]} to a site that is open>"


def availability_times(
    diagnostic: Diagnostic,
    *,
    sites: gpd.GeoDataFrame | None = None,
    rule: AvailabilityRule | None = None,
    executor: Executor | None = None,
) -> AvailabilityTimes:
    """Time to the nearest site, and to the nearest one that is open at a random moment.

    Parameters
    ----------
    diagnostic
        A diagnostic with its land.
    sites
        `SITES` with ``hours_per_week`` or ``days_per_month``; those of the diagnostic if
        None. Each stop of a round is a row.
    rule
        What counts as always open, and what becomes of unknown hours; the defaults of
        :class:`~sdaasp_geo.scenarios.openness.AvailabilityRule` if None.
    executor
        Where the searches run.

    Returns
    -------
    AvailabilityTimes
        Tables, notes and summary; inputs are untouched. Where every site is always open
        the expected time is the plain one. The formula is that of
        :func:`~sdaasp_geo.scenarios.openness.weighted_times`. Places of an origin's own commune that the same-commune
        rule speaks of all have the rule's time.

    Raises
    ------
    InputError
        If `sites` is not what it should be, or hours or days are out of range.
    ValueError
        If the diagnostic has no land.
    """
    rule = rule or AvailabilityRule()
    layer = (diagnostic.sites if sites is None else sites).reset_index(drop=True)
    land_of(diagnostic)
    faults = [*site_frame_faults(layer, diagnostic), *_range_faults(layer)]
    if faults:
        raise InputError(faults)
    told = site_availability(layer, rule)
    share = told["availability"]
    if rule.unknown_share is not None:
        share = share.fillna(rule.unknown_share)
    plain, ranked = _searched(diagnostic, layer, share.notna().to_numpy(), rule, executor)
    weighted = _weighted(diagnostic, ranked, pd.Series(share.to_numpy(), index=layer["site"]))
    remarks = _remarks(layer, told, rule)
    origins = _origin_table(diagnostic, plain, weighted, ranked)
    if share.isna().any():
        # No site whose hours are known: nobody can tell how often nothing is open.
        told_of = origins["sites_considered"] > 0
        origins["unserved_share"] = origins["unserved_share"].where(told_of)
    return AvailabilityTimes(
        origins=origins,
        communes=_commune_table(origins, diagnostic),
        sites=_site_table(layer, told),
        notes=remarks.table(),
        summary=_summary(origins, told, rule),
    )


def _searched(
    diagnostic: Diagnostic,
    layer: gpd.GeoDataFrame,
    known: npt.NDArray[np.bool_],
    rule: AvailabilityRule,
    executor: Executor | None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Nearest of all sites, and the nearest ones of those whose availability is known."""
    network, rules = land_of(diagnostic).network, diagnostic.assumptions
    columns = ["site", "unit", "commune", "known_by", "source", "geometry"]
    places = layer[columns].rename(columns={"site": "facility"}).assign(service=_SITE, count=1)
    origins = diagnostic.origins
    plain = nearest_times(network, origins, places, [_SITE], rules, executor=executor)
    count = min(rule.nearest, max(1, int(known.sum())))
    ranked = k_nearest_facilities(
        network, origins, places[known], [_SITE], count, rules, executor=executor
    )
    return plain.set_index("origin"), ranked


def _weighted(diagnostic: Diagnostic, ranked: pd.DataFrame, share: pd.Series) -> Weighted:
    """Spread the ranked sites out, one row an origin, and weigh their times."""
    reached = ranked[ranked["rank"].notna()]
    row = pd.Index(diagnostic.origins["origin"]).get_indexer(pd.Index(reached["origin"]))
    column = reached["rank"].to_numpy(dtype=np.int64) - 1
    shape = len(diagnostic.origins), int(column.max()) + 1 if column.size else 0
    minutes, shares = np.full(shape, np.nan), np.zeros(shape)
    minutes[row, column] = reached["time_min"]
    shares[row, column] = reached["facility"].map(share)
    return weighted_times(minutes, shares)


def _origin_table(
    diagnostic: Diagnostic, plain: pd.DataFrame, weighted: Weighted, ranked: pd.DataFrame
) -> gpd.GeoDataFrame:
    origins = diagnostic.origins
    considered = ranked.groupby("origin")["rank"].count().reindex(origins["origin"])
    frame = origins[["origin", "commune", "population"]].reset_index(drop=True)
    table = pd.DataFrame(frame).assign(
        plain_min=plain["time_min"].to_numpy(),
        plain_site=plain["facility"].to_numpy(),
        reason=plain["reason"].to_numpy(),
        expected_min=weighted.expected_min,
        extra_min=weighted.expected_min - plain["time_min"].to_numpy(),
        unserved_share=weighted.unserved_share,
        sites_considered=considered.to_numpy(dtype=np.int64),
    )
    return gpd.GeoDataFrame(table, geometry=origins.geometry.to_numpy(), crs=origins.crs)


def _commune_table(origins: gpd.GeoDataFrame, diagnostic: Diagnostic) -> pd.DataFrame:
    columns = ["plain_min", "expected_min", "unserved_share"]
    means = population_mean(
        pd.DataFrame(origins[columns]), origins["population"], by=origins["commune"]
    )
    told = pd.DataFrame(diagnostic.communes[["commune", "name", "population"]])
    return told.merge(means, left_on="commune", right_index=True, how="left", validate="1:1")


def _site_table(layer: gpd.GeoDataFrame, told: pd.DataFrame) -> pd.DataFrame:
    nothing = pd.Series(np.nan, index=layer.index)
    table = pd.DataFrame(layer[["site", "name", "format"]]).assign(
        hours_per_week=layer.get("hours_per_week", nothing),
        days_per_month=layer.get("days_per_month", nothing),
    )
    return table.join(told)


def _remarks(layer: gpd.GeoDataFrame, told: pd.DataFrame, rule: AvailabilityRule) -> Remarks:
    remarks = Remarks()
    left_out = rule.unknown_share is None
    counted = "laissé hors du temps pondéré" if left_out else f"compté à {rule.unknown_share:.0%}"
    notes = {
        "unknown": f"Horaires inconnus : {counted}.",
        "itinerant": f"Tournée dont les jours par arrêt sont inconnus : {counted}.",
        "several_places": "Horaires de plusieurs lieux ensemble : disponibilité majorée.",
    }
    for site, basis in zip(layer["name"], told["basis"], strict=True):
        if basis in notes:
            remarks.add(str(site), str(basis), notes[basis])
    return remarks


def _summary(
    origins: gpd.GeoDataFrame, told: pd.DataFrame, rule: AvailabilityRule
) -> dict[str, Any]:
    people = origins["population"]
    means = {
        name: overall_mean(origins[name], people)
        for name in ("plain_min", "expected_min", "unserved_share")
    }
    return {
        **{name: None if np.isnan(mean) else mean for name, mean in means.items()},
        "sites": len(told),
        "sites_by_basis": {
            basis: int((told["basis"] == basis).sum()) for basis in sorted(set(told["basis"]))
        },
        "reference_hours_per_week": rule.hours_per_week,
        "reference_days_per_month": rule.days_per_month,
        "unknown_share": rule.unknown_share,
        "nearest": rule.nearest,
    }


def _range_faults(layer: gpd.GeoDataFrame) -> list[Fault]:
    """Refuse hours beyond a week's and days beyond a month's."""
    faults = []
    for column, most in (("hours_per_week", MOST_HOURS), ("days_per_month", MOST_DAYS)):
        if column in layer:
            value = layer[column].astype("float64")
            wrong = value[(value < 0) | (value > most)]
            faults += [
                Fault("sites", f"0 to {most:g}, or nothing", repr(found), "", row + 1, column)
                for row, found in zip(wrong.index.tolist(), wrong.tolist(), strict=True)
            ]
    return faults
