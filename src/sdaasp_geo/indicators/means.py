"""Means: of services into gammes and baskets, of origins into communes and départements."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sdaasp_geo.assumptions import missing_cap_min

if TYPE_CHECKING:
    from collections.abc import Collection

    import numpy.typing as npt

    from sdaasp_geo.assumptions import BasketMean
    from sdaasp_geo.basket import Basket

_NO_FACILITY = "no_facility"


def wide_times(times: pd.DataFrame, column: str = "time_min") -> pd.DataFrame:
    """Turn the access-times table into one row an origin and one column a service.

    Parameters
    ----------
    times
        Access-times table.
    column
        The column to spread (``time_min``, ``facility``, ``kind``, ``reason``).

    Returns
    -------
    DataFrame
        Index ``origin`` and columns ``service``, both in the order of the table.
    """
    origins = pd.Index(times["origin"].unique(), name="origin")
    services = pd.Index(times["service"].unique(), name="service")
    spread = times.set_index(["origin", "service"])[column].unstack()  # noqa: PD010 (a pair is one row: nothing to aggregate)
    return spread.reindex(index=origins, columns=services)


def measured_services(times: pd.DataFrame) -> list[str]:
    """Services that have a facility somewhere, in the order of the table.

    The others are no data rather than no access: they enter no mean, and the summary
    lists them.
    """
    absent = times.loc[times["reason"] == _NO_FACILITY, "service"].unique()
    return [service for service in times["service"].unique() if service not in set(absent)]


def gamme_means(times: pd.DataFrame, basket: Basket, *, missing: str) -> pd.DataFrame:
    """Mean time of each origin to the services of each gamme.

    Parameters
    ----------
    times
        Access-times table.
    basket
        Says which service is in which gamme.
    missing
        What a service that cannot be reached does to the mean. ``exclude_and_count``:
        nothing, but the number reached is returned; ``propagate``: the mean is missing;
        ``cap:<minutes>``: it counts for that many minutes. Services without any
        facility enter no mean under any rule.

    Returns
    -------
    DataFrame
        Index ``origin``; for each gamme ``<gamme>_min``, ``<gamme>_reached`` (services
        with a time) and ``<gamme>_expected`` (services with a facility somewhere).

    Examples
    --------
    A missing service must not pass for a good one, hence the count beside the mean:

    >>> from sdaasp_geo.basket import load_basket
    >>> times = pd.DataFrame({
    ...     "origin": "01001", "service": ["pharmacie", "banque", "infirmier"],
    ...     "time_min": [10.0, 20.0, None],
    ...     "reason": [None, None, "other_component"],
    ... })
    >>> means = gamme_means(times, load_basket("sdaasp-29"), missing="exclude_and_count")
    >>> means.loc["01001", ["proximite_min", "proximite_reached", "proximite_expected"]].tolist()
    [15.0, 2.0, 3.0]
    >>> capped = gamme_means(times, load_basket("sdaasp-29"), missing="cap:60")
    >>> float(capped.loc["01001", "proximite_min"])
    30.0
    """
    return wide_gamme_means(wide_times(times), measured_services(times), basket, missing=missing)


def wide_gamme_means(
    minutes: pd.DataFrame, measured: Collection[str], basket: Basket, *, missing: str
) -> pd.DataFrame:
    """Mean times as :func:`gamme_means`, from one row an origin and one column a service.

    Parameters
    ----------
    minutes
        Index ``origin``, columns the services, as :func:`wide_times` makes them.
    measured
        Services that have a facility somewhere.
    basket, missing
        As in :func:`gamme_means`.
    """
    parts: dict[str, pd.Series] = {}
    for gamme in basket.gamme_ids:
        services = [s for s in basket.services_of(gamme) if s in measured and s in minutes]
        chosen = minutes[services]
        parts[f"{gamme}_min"] = _row_mean(chosen, missing)
        parts[f"{gamme}_reached"] = chosen.notna().sum(axis=1)
        parts[f"{gamme}_expected"] = pd.Series(len(services), index=minutes.index)
    return pd.DataFrame(parts, index=minutes.index)


def basket_means(
    times: pd.DataFrame, basket: Basket, *, how: BasketMean, missing: str
) -> pd.Series:
    """Mean time of each origin to the whole basket.

    Parameters
    ----------
    times
        Access-times table.
    basket
        The services, their gammes and, for ``by_frequency``, their frequencies.
    how
        ``by_service``: mean over the services; ``by_gamme``: mean of the gamme means;
        ``by_frequency``: mean over the services weighted by frequency of use;
        ``median``: median over the services.
    missing
        As in :func:`gamme_means`.

    Returns
    -------
    Series
        Minutes, named ``basket_min``, by origin.

    Raises
    ------
    ValueError
        If ``by_frequency`` is asked for and a service has no frequency.

    Notes
    -----
    The published figures of the Bouches-du-Rhône (2, 6 and 14 minutes by gamme, 5 for
    the basket) are no unweighted mean over the services, so the aggregator is a choice.
    """
    measured = measured_services(times)
    return wide_basket_means(wide_times(times), measured, basket, how=how, missing=missing)


def wide_basket_means(
    minutes: pd.DataFrame,
    measured: Collection[str],
    basket: Basket,
    *,
    how: BasketMean,
    missing: str,
) -> pd.Series:
    """Mean times as :func:`basket_means`, from one row an origin and one column a service."""
    services = [s for s in basket.service_ids if s in measured and s in minutes]
    chosen = minutes[services]
    if how == "by_gamme":
        gammes = wide_gamme_means(minutes, measured, basket, missing=missing)
        columns = [f"{g}_min" for g in basket.gamme_ids if (gammes[f"{g}_expected"] > 0).any()]
        mean = _row_mean(gammes[columns], missing)
    elif how == "by_frequency":
        mean = _row_mean(chosen, missing, weights=_frequencies(basket, services))
    elif how == "median":
        mean = _filled(chosen, missing).median(axis=1, skipna=missing != "propagate")
    else:
        mean = _row_mean(chosen, missing)
    return mean.rename("basket_min")


def population_mean(
    values: pd.DataFrame, population: pd.Series, *, by: pd.Series | None = None
) -> pd.DataFrame:
    """Mean weighted by population, over all rows or by group: ``sum(p·t) / sum(p)``.

    Parameters
    ----------
    values
        Minutes, one row an origin (or commune).
    population
        Inhabitants, same index.
    by
        Group of each row (commune, EPCI, département); one group ``all`` if None.
        Rows without a group are left out.

    Returns
    -------
    DataFrame
        One row a group, sorted. A missing value weighs nothing; where nobody lives the
        rows count alike; a group without any value is missing.

    Examples
    --------
    >>> t = pd.DataFrame({"superieure_min": [22.0, 13.0]})
    >>> round(float(population_mean(t, pd.Series([11.0, 89.0])).iloc[0, 0]))
    14
    """
    groups = pd.Series("all", index=values.index) if by is None else by
    codes, names = pd.factorize(groups, sort=True)
    grouped = codes >= 0
    code, count = codes[grouped], len(names)
    people = population.to_numpy(dtype=float)[grouped]
    lived_in = np.bincount(code, people, count) > 0
    weight = np.where(lived_in[code], people, 1.0)
    columns = {}
    for name in values.columns:
        time = values[name].to_numpy(dtype=float, na_value=np.nan)[grouped]
        known = np.where(np.isnan(time), 0.0, weight)
        total = np.bincount(code, known, count)
        summed = np.bincount(code, known * np.nan_to_num(time), count)
        mean = np.full(count, np.nan)
        np.divide(summed, total, out=mean, where=total > 0)
        columns[name] = _within_range(mean, time, code)
    index = pd.Index(names, name="group" if by is None else by.name)
    return pd.DataFrame(columns, index=index)


def _within_range(
    mean: npt.NDArray[np.float64], time: npt.NDArray[np.float64], code: npt.NDArray[np.intp]
) -> npt.NDArray[np.float64]:
    """Undo rounding: the mean of equal times is that time, and is not above it."""
    known = ~np.isnan(time)
    low, high = np.full(mean.size, np.inf), np.full(mean.size, -np.inf)
    np.minimum.at(low, code[known], time[known])
    np.maximum.at(high, code[known], time[known])
    return np.where(np.isnan(mean), mean, np.minimum(np.maximum(mean, low), high))


def overall_mean(minutes: pd.Series, population: pd.Series) -> float:
    """Mean of one column over everybody, as :func:`population_mean`; NaN if nothing is known."""
    return float(population_mean(minutes.to_frame("t"), population)["t"].sum(min_count=1))


def _row_mean(
    minutes: pd.DataFrame, missing: str, *, weights: pd.Series | None = None
) -> pd.Series:
    filled = _filled(minutes, missing).astype(float)
    weight = pd.Series(1.0, index=filled.columns) if weights is None else weights
    known = filled.notna().to_numpy()
    total = (known * weight.to_numpy()).sum(axis=1)
    summed = (filled.fillna(0.0).to_numpy() * weight.to_numpy()).sum(axis=1)
    complete = known.all(axis=1) if missing == "propagate" else np.ones(len(filled), bool)
    usable = (total > 0) & complete
    mean = np.full(len(filled), np.nan)
    np.divide(summed, total, out=mean, where=usable)
    return pd.Series(mean, index=filled.index)


def _filled(minutes: pd.DataFrame, missing: str) -> pd.DataFrame:
    cap = missing_cap_min(missing)
    return minutes if cap is None else minutes.astype(float).fillna(cap)


def _frequencies(basket: Basket, services: list[str]) -> pd.Series:
    weights = {service: basket.service(service).frequency for service in services}
    lacking = [service for service, weight in weights.items() if weight is None]
    if lacking:
        message = f"by_frequency: expected a frequency for every service, none for {lacking}"
        raise ValueError(message)
    return pd.Series(weights, dtype=float)
