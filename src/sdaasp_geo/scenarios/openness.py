"""How open a site is, and the time to the nearest one that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

# What the France Services are asked to be open at least; *unverified* at its source.
CHARTER_HOURS_PER_WEEK = 24.0
# Five days a week, 52 weeks, over 12 months.
WORKING_DAYS_PER_MONTH = 260.0 / 12.0
# Their hours are those of a round, not of the point that the list gives.
ITINERANT_FORMATS = ("Itinérante", "Bus_équivalent", "itinerant", "itinérant")
SEVERAL_PLACES_FORMATS = ("Multisites",)
MOST_HOURS, MOST_DAYS = 168.0, 31.0


@dataclass(frozen=True)
class AvailabilityRule:
    """How opening hours and visiting days become a share of the time.

    Parameters
    ----------
    hours_per_week, days_per_month
        What counts as always open: the hours that a France Services has to be open at
        least, the working days of a month. More counts for no more.
    unknown_share
        Availability of a site whose hours nobody knows, 0 to 1; None leaves such sites
        out of the weighted time, and says so.
    nearest
        Sites that an origin may turn to, the nearest first. Those beyond count as never
        open, in `unserved_share`.

    Raises
    ------
    ValueError
        If a value is out of range.
    """

    hours_per_week: float = CHARTER_HOURS_PER_WEEK
    days_per_month: float = WORKING_DAYS_PER_MONTH
    unknown_share: float | None = None
    nearest: int = 10

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        wrong = {
            "hours_per_week": not 0 < self.hours_per_week <= MOST_HOURS,
            "days_per_month": not 0 < self.days_per_month <= MOST_DAYS,
            "unknown_share": self.unknown_share is not None and not 0 <= self.unknown_share <= 1,
            "nearest": self.nearest < 1,
        }
        for name, is_wrong in wrong.items():
            if is_wrong:
                message = f"{name}: a value out of range, found {getattr(self, name)!r}"
                raise ValueError(message)


class Weighted(NamedTuple):
    """Times weighted by availability, one entry an origin.

    Parameters
    ----------
    expected_min
        Minutes, on average over the moments at which some site is open; missing where
        none ever is.
    unserved_share
        Share of the moments at which none of the sites is open.
    """

    expected_min: Floats
    unserved_share: Floats


def weighted_times(minutes: npt.ArrayLike, shares: npt.ArrayLike) -> Weighted:
    """Average the time to the nearest site that is open at a random moment.

    With the sites in the order of their times t₁ ≤ t₂ ≤ …, and site k open a share a_k
    of the moments, each independently of the others, the nearest open one is site k with
    the probability ``p_k = a_k · Π_{l<k} (1 − a_l)``. Then ``expected = Σ p_k t_k / Σ
    p_k`` over the moments at which one is open, and ``unserved = Π (1 − a_k)``.

    Parameters
    ----------
    minutes
        (origins, sites), ascending in each row, missing at its end where fewer sites are
        reached.
    shares
        Availability of each of these sites, same shape, 0 to 1.

    Returns
    -------
    Weighted
        `expected_min` is the first time where the first site is always open. It is an
        average over served moments alone: one more distant site that is seldom open
        lowers `unserved_share` and may raise it.

    Notes
    -----
    Real desks tend to be open at the same moments, so that independence flatters both
    figures.

    References
    ----------
    L. V. Snyder and M. S. Daskin, "Reliability models for facility location: the
    expected failure cost case", Transportation Science 39 (2005), 400-416; with
    availabilities by site: T. Cui, Y. Ouyang and Z.-J. M. Shen, "Reliable facility
    location design under the risk of disruptions", Operations Research 58 (2010),
    998-1011. Those charge a penalty for the unserved moments; here they are told apart.

    Examples
    --------
    Open half of the time at 10 minutes, always at 30:

    >>> found = weighted_times([[10.0, 30.0]], [[0.5, 1.0]])
    >>> float(found.expected_min[0]), float(found.unserved_share[0])
    (20.0, 0.0)
    """
    time = np.atleast_2d(np.asarray(minutes, dtype=np.float64))
    there = ~np.isnan(time)
    share = np.where(there, np.asarray(shares, dtype=np.float64), 0.0)
    all_closed = np.cumprod(1.0 - share, axis=1)
    nearer_closed = np.ones_like(all_closed)
    nearer_closed[:, 1:] = all_closed[:, :-1]
    chance = share * nearer_closed
    served = chance.sum(axis=1)
    expected = np.full(len(time), np.nan)
    total = (chance * np.where(there, time, 0.0)).sum(axis=1)
    np.divide(total, served, out=expected, where=served > 0)
    unserved = np.ones(len(time)) if not time.shape[1] else all_closed[:, -1]
    return Weighted(expected, np.asarray(unserved, dtype=np.float64))


def site_availability(sites: pd.DataFrame, rule: AvailabilityRule | None = None) -> pd.DataFrame:
    """Share of the time that each site is open.

    ``days_per_month`` over the rule's working days where told; else ``hours_per_week``
    over the rule's hours; at most 1.

    Parameters
    ----------
    sites
        ``format`` and, where known, ``hours_per_week`` and ``days_per_month``.
    rule
        What counts as always open.

    Returns
    -------
    DataFrame
        ``availability basis``, indexed as `sites`, see
        :class:`~sdaasp_geo.scenarios.availability.AvailabilityTimes`.

    Examples
    --------
    >>> desks = pd.DataFrame({
    ...     "format": ["Fixe", "Itinérante", "Fixe"],
    ...     "hours_per_week": [12.0, 30.0, None],
    ... })
    >>> site_availability(desks)["availability"].tolist()
    [0.5, nan, nan]
    """
    rule = rule or AvailabilityRule()
    nothing = pd.Series(np.nan, index=sites.index)
    hours, days = (
        sites.get(name, nothing).astype("float64") for name in ("hours_per_week", "days_per_month")
    )
    form = sites.get("format", pd.Series(None, index=sites.index, dtype="str"))
    by_days = (days / rule.days_per_month).clip(upper=1.0)
    by_hours = (hours / rule.hours_per_week).clip(upper=1.0)
    basis = np.select(
        [
            days.notna(),
            form.isin(ITINERANT_FORMATS) & hours.notna(),
            form.isin(SEVERAL_PLACES_FORMATS) & hours.notna(),
            hours.notna(),
        ],
        ["days", "itinerant", "several_places", "hours"],
        "unknown",
    )
    share = by_days.where(days.notna(), by_hours.where(basis != "itinerant"))
    return pd.DataFrame(
        {"availability": share, "basis": pd.Series(basis, index=sites.index).astype("str")}
    )
