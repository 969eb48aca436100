"""Remoteness: communes above the threshold of a gamme, and thresholds that fit a target."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt


_BASKET = "basket"


def remoteness(gammes: pd.DataFrame, thresholds_min: Mapping[str, float]) -> pd.DataFrame:
    """Tell which communes are remote ("éloignées") from which gammes.

    A commune is remote from a gamme if its mean time to it is **above** the threshold.
    Where some services of the gamme cannot be reached (``<gamme>_reached`` under
    ``<gamme>_expected``) and the mean of the others is not above, nobody can tell: the
    flag is missing rather than false.

    Parameters
    ----------
    gammes
        One row a commune: ``<gamme>_min`` and, where known, ``<gamme>_reached`` and
        ``<gamme>_expected``.
    thresholds_min
        Minutes by gamme id; the key ``basket``, which no commune is judged by, is passed
        over where the frame does not have it.

    Returns
    -------
    DataFrame
        ``remote_<gamme>`` (nullable boolean) in the order of the thresholds, and
        ``remote_gammes``, the number of gammes the commune is known to be remote from;
        missing where none is known and one cannot be told.

    Raises
    ------
    ValueError
        If a threshold has no column: nobody would be remote from what is not there.

    Examples
    --------
    >>> gammes = pd.DataFrame(
    ...     {"proximite_min": [3.0, 9.0], "superieure_min": [20.0, 31.0]}, index=["a", "b"]
    ... )
    >>> remoteness(gammes, {"proximite": 4, "superieure": 20})["remote_gammes"].tolist()
    [0, 2]
    """
    lacking = [name for name in thresholds_min if f"{name}_min" not in gammes and name != _BASKET]
    if lacking:
        message = (
            f"gammes: expected the columns {', '.join(f'{name}_min' for name in lacking)}, one for "
            f"each threshold, found {', '.join(map(str, gammes.columns))}"
        )
        raise ValueError(message)
    flags = {}
    for gamme, threshold in thresholds_min.items():
        if f"{gamme}_min" in gammes:
            flags[f"remote_{gamme}"] = _flag(gammes, gamme, threshold)
    table = pd.DataFrame(flags, index=gammes.index)
    known = table.fillna(value=False).astype(bool).sum(axis=1).astype("Int64")
    unsure = (known == 0) & table.isna().any(axis=1)
    table["remote_gammes"] = known.mask(unsure)
    return table


def _flag(gammes: pd.DataFrame, gamme: str, threshold: float) -> pd.Series:
    minutes = gammes[f"{gamme}_min"].astype(float)
    above = (minutes > threshold).astype("boolean")
    unsure = minutes.isna()
    if f"{gamme}_reached" in gammes:
        partly = gammes[f"{gamme}_reached"] < gammes[f"{gamme}_expected"]
        unsure = unsure | (partly & ~above.astype(bool))
    return above.mask(unsure)


class Calibration(NamedTuple):
    """Thresholds that come nearest to a target.

    Parameters
    ----------
    thresholds_min
        Minutes by gamme.
    scale
        What the reference thresholds were multiplied by.
    communes, population_share
        Communes remote from at least one gamme under these thresholds, and the share of
        inhabitants who live there.
    """

    thresholds_min: dict[str, float]
    scale: float
    communes: int
    population_share: float


def calibrate_thresholds(
    gammes: pd.DataFrame,
    population: pd.Series,
    reference_min: Mapping[str, float],
    *,
    communes: int | None = None,
    population_share: float | None = None,
) -> Calibration:
    """Find the thresholds that make a given number of communes, or share of people, remote.

    One target cannot fix three thresholds, so their proportions are kept: all of
    `reference_min` are multiplied by one scale k. A commune is remote from at least one
    gamme when k is under ``max_g(t_g / reference_g)``, so sorting that ratio gives every
    possible outcome, and the nearest to the target is exact. Of two equally near, the
    stricter thresholds (fewer remote communes) are taken.

    Parameters
    ----------
    gammes
        One row a commune, ``<gamme>_min``.
    population
        Inhabitants, same index.
    reference_min
        Thresholds whose proportions are kept.
    communes, population_share
        The target: exactly one of the two.

    Returns
    -------
    Calibration
        With the number and the share really reached: communes with equal ratios flip
        together, so a target is not always met.

    Raises
    ------
    ValueError
        If not exactly one target is given, or it is out of range, or nothing is known.

    Examples
    --------
    >>> gammes = pd.DataFrame({"superieure_min": [10.0, 20.0, 30.0]})
    >>> people = pd.Series([80.0, 15.0, 5.0])
    >>> found = calibrate_thresholds(gammes, people, {"superieure": 20.0}, communes=1)
    >>> found.communes, found.thresholds_min["superieure"]
    (1, 25.0)
    """
    if (communes is None) == (population_share is None):
        message = "calibrate_thresholds: expected communes or population_share, one of the two"
        raise ValueError(message)
    ratios = _ratios(gammes, reference_min)
    scales, counts, shares = _outcomes(ratios, population)
    if communes is not None:
        misses = np.abs(counts - _in_range(communes, len(gammes), "communes"))
    else:
        misses = np.abs(shares - _in_range(population_share or 0.0, 1.0, "population_share"))
    best = int(np.argmin(misses))
    scale = float(scales[best])
    chosen = {name: value * scale for name, value in _used(gammes, reference_min).items()}
    return Calibration(chosen, scale, int(counts[best]), float(shares[best]))


def _used(gammes: pd.DataFrame, reference_min: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in reference_min.items() if f"{name}_min" in gammes}


def _ratios(gammes: pd.DataFrame, reference_min: Mapping[str, float]) -> pd.Series:
    used = _used(gammes, reference_min)
    if not used:
        message = (
            f"reference_min: expected gammes among {list(gammes)}, found {list(reference_min)}"
        )
        raise ValueError(message)
    ratios = pd.DataFrame({name: gammes[f"{name}_min"] / value for name, value in used.items()})
    worst = ratios.max(axis=1)
    if worst.isna().all():
        message = "calibrate_thresholds: expected some known times, found none"
        raise ValueError(message)
    return worst


def _outcomes(
    ratios: pd.Series, population: pd.Series
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Every distinct outcome, strictest first: scale, communes above it, their share."""
    known = ratios.dropna().sort_values(ascending=False)
    levels, first = np.unique(-known.to_numpy(), return_index=True)
    levels = -levels
    counts = np.append(first, known.size)
    people = np.append(0.0, population.loc[known.index].cumsum().to_numpy())
    # Between two levels every scale gives the same outcome; the middle is the safest.
    upper = np.append(levels[0] * 1.25, levels)
    lower = np.append(levels, 0.0)
    scales = (upper + lower) / 2.0
    scales[0] = upper[0]
    return scales, counts, people[counts] / float(population.sum())


def _in_range(value: float, most: float, name: str) -> float:
    if not 0 <= value <= most:
        message = f"{name}: expected between 0 and {most}, found {value}"
        raise ValueError(message)
    return value
