"""Distribution: which share of the inhabitants is within so many minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

WITHIN_MIN = (5, 7, 10, 15, 20, 30)


def share_within(
    minutes: pd.Series, population: pd.Series, limits_min: Sequence[float] = WITHIN_MIN
) -> pd.Series:
    """Share of the inhabitants whose time is at most each limit.

    Parameters
    ----------
    minutes
        Time of each origin; missing where unreached.
    population
        Inhabitants, same index.
    limits_min
        Limits in minutes.

    Returns
    -------
    Series
        Shares between 0 and 1, indexed by the limits. The share is of **all**
        inhabitants: those whose time is missing are within no limit.

    Examples
    --------
    >>> share_within(pd.Series([4.0, 7.0, None]), pd.Series([50, 30, 20]), [5, 7]).tolist()
    [0.5, 0.8]
    """
    time = minutes.to_numpy(dtype=float, na_value=np.nan)
    people = population.to_numpy(dtype=float)
    total = people.sum()
    shares = [people[time <= limit].sum() / total if total > 0 else np.nan for limit in limits_min]
    return pd.Series(shares, index=pd.Index(limits_min, name="limit_min"), name="share")


def weighted_median(minutes: pd.Series, population: pd.Series) -> float:
    """Time within which half of the reached inhabitants are.

    Examples
    --------
    >>> weighted_median(pd.Series([1.0, 5.0, 9.0]), pd.Series([10, 10, 30]))
    9.0
    """
    known = minutes.notna() & (population > 0)
    if not known.any():
        return float("nan")
    ordered = minutes[known].sort_values(kind="stable")
    cumulated = population.loc[ordered.index].cumsum().to_numpy()
    half = np.searchsorted(cumulated, cumulated[-1] / 2.0)
    return float(ordered.iloc[int(half)])
