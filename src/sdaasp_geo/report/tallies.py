"""Communes and inhabitants of each class of a legend, and why some communes have no time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sdaasp_geo.report.words import BASKET, reason_words

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from sdaasp_geo.diagnostic.model import Diagnostic

# Round limits that every service, gamme and basket shares, so that two maps compare.
CLASS_LIMITS_MIN = (5.0, 10.0, 15.0, 20.0, 30.0)
CLASS_LABELS = (
    "Moins de 5 min",
    "5 à 10 min",
    "10 à 15 min",
    "15 à 20 min",
    "20 à 30 min",
    "30 min et plus",
)
MISSING_CLASS = -1


@dataclass(frozen=True)
class Tally:
    """One line of a legend.

    Parameters
    ----------
    rank
        Position of the class on the ramp, or `MISSING_CLASS`.
    label
        French label.
    communes, population, share
        What the class holds; `share` is that of all inhabitants.
    """

    rank: int
    label: str
    communes: int
    population: float
    share: float


def minute_classes(values: pd.Series) -> npt.NDArray[np.int64]:
    """Class of each time (minutes), lower limit included; `MISSING_CLASS` where missing.

    Examples
    --------
    >>> import pandas as pd
    >>> minute_classes(pd.Series([0.0, 4.99, 5.0, 29.9, 30.0, None])).tolist()
    [0, 0, 1, 4, 5, -1]
    """
    times = values.to_numpy(dtype=np.float64, na_value=np.nan)
    ranks = np.searchsorted(np.asarray(CLASS_LIMITS_MIN), times, side="right")
    return np.where(np.isnan(times), MISSING_CLASS, ranks).astype(np.int64)


def remoteness_classes(diagnostic: Diagnostic) -> npt.NDArray[np.int64]:
    """Return the number of gammes each commune is remote from; `MISSING_CLASS` where unknown."""
    values = diagnostic.communes["remote_gammes"].astype("Int64")
    ranks: npt.NDArray[np.int64] = values.fillna(MISSING_CLASS).to_numpy(dtype=np.int64)
    return ranks


def remoteness_labels(gammes: int) -> list[str]:
    """Labels of the classes of remoteness.

    Examples
    --------
    >>> remoteness_labels(3)
    ['Aucune gamme', '1 gamme', '2 gammes', '3 gammes']
    """
    numbered = [f"{rank} gamme{'s' if rank > 1 else ''}" for rank in range(1, gammes + 1)]
    return ["Aucune gamme", *numbered]


def tally(
    diagnostic: Diagnostic,
    ranks: npt.NDArray[np.int64],
    labels: list[str],
    missing_label: str,
) -> list[Tally]:
    """Communes and inhabitants by class; the missing class only where it holds a commune."""
    population = diagnostic.communes["population"].to_numpy(dtype=np.float64)
    return tally_of(population, ranks, labels, missing_label)


def tally_of(
    population: npt.NDArray[np.float64],
    ranks: npt.NDArray[np.int64],
    labels: list[str],
    missing_label: str,
) -> list[Tally]:
    """Count as :func:`tally`, over some communes; `share` is that of their inhabitants."""
    everyone = float(population.sum())
    lines = [*enumerate(labels)]
    if (ranks == MISSING_CLASS).any():
        lines.append((MISSING_CLASS, missing_label))
    found = []
    for rank, label in lines:
        inside = ranks == rank
        people = float(population[inside].sum())
        share = people / everyone if everyone else 0.0
        found.append(Tally(rank, label, int(inside.sum()), people, share))
    return found


def missing_reasons(diagnostic: Diagnostic, column: str) -> list[tuple[str, int]]:
    """Why communes have no time for a service, a gamme or the basket.

    Returns
    -------
    list of (str, int)
        French reason and the number of communes without a figure that it touches, the
        most frequent first.
    """
    communes = diagnostic.communes
    without = set(communes.loc[communes[f"{column}_min"].isna(), "commune"])
    if not without:
        return []
    times = diagnostic.times
    failed = times[times["time_min"].isna()]
    failed = failed[failed["service"].isin(_services(diagnostic, column))]
    home = diagnostic.origins.set_index("origin")["commune"]
    pairs = failed[["reason"]].assign(commune=failed["origin"].map(home))
    pairs = pairs[pairs["commune"].isin(without)].dropna().drop_duplicates()
    counts = pairs["reason"].value_counts()
    ordered = sorted(counts.items(), key=lambda item: (-int(item[1]), str(item[0])))
    return [(reason_words(str(reason)), int(communes_)) for reason, communes_ in ordered]


def partial_means(diagnostic: Diagnostic, column: str) -> npt.NDArray[np.bool_]:
    """Communes whose mean leaves out a service that exists and that not all of them reach.

    Such a mean looks better than it is, where the rule is to leave such services out:
    an island without a road to a maternity ward has no long way to one.
    """
    communes = diagnostic.communes
    if diagnostic.assumptions.missing_service != "exclude_and_count":
        return np.zeros(len(communes), dtype=bool)
    prefix = "services" if column == BASKET else column
    if f"{prefix}_reached" not in communes:  # one service has no mean
        return np.zeros(len(communes), dtype=bool)
    lacking = communes[f"{prefix}_reached"] < communes[f"{prefix}_expected"]
    return np.asarray(lacking & communes[f"{column}_min"].notna(), dtype=bool)


def _services(diagnostic: Diagnostic, column: str) -> list[str]:
    basket = diagnostic.basket
    if column == BASKET:
        return basket.service_ids
    if column in basket.gamme_ids:
        return basket.services_of(column)
    return [column]
