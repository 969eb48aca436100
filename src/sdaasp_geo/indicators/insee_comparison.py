"""Our access times against those that Insee publishes: bias, error and correlation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from sdaasp_geo.indicators.means import population_mean, wide_times
from sdaasp_geo.showing import card

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

Level = Literal["commune", "origin"]

LEFT_OUT_REASONS = (
    "not_ours",
    "not_published",
    "no_time_at_all",
    "no_time_of_ours",
    "no_published_time",
    "no_inhabitant",
)

_PAIR = ["place", "service"]
_FIGURES = [
    *["pairs", "population", "ours_min", "published_min"],
    *["bias_min", "mean_absolute_error_min", "correlation"],
]


@dataclass(frozen=True)
class InseeComparison:
    """How our times agree with published ones.

    Parameters
    ----------
    overall
        One row; by the whole, `by_service` and `by_commune` hold the same columns:
        ``pairs population ours_min published_min bias_min mean_absolute_error_min
        correlation``. `population` is the sum over the pairs; every figure is weighted by
        it. The bias is ours less the published one: above 0, ours are longer. The
        correlation is missing where fewer than two pairs, or no spread, leave it
        undefined.
    by_service
        Index ``service``, over the places; in the order of our table.
    by_commune
        Index ``commune``, over the services (and, at the level of origins, its origins).
    pairs
        What was compared, one row a place and service: ``place commune service population
        ours_min published_min difference_min``.
    left_out
        What was not, counted: ``service reason pairs population``. `reason` is
        ``not_ours`` or ``not_published`` (the pair is in the other table alone),
        ``no_time_of_ours``, ``no_published_time``, ``no_time_at_all``, ``no_inhabitant``.
    """

    overall: pd.DataFrame
    by_service: pd.DataFrame
    by_commune: pd.DataFrame
    pairs: pd.DataFrame
    left_out: pd.DataFrame

    def _repr_html_(self) -> str:
        return card(
            "Nos temps et ceux de l'Insee",
            {str(name): value for name, value in self.overall.iloc[0].items()},
            table=self.by_service.reset_index(),
            then="overall, by_service, by_commune, pairs, left_out",
        )


def compare_with_insee(
    times: pd.DataFrame,
    published: pd.DataFrame,
    origins: pd.DataFrame,
    published_origins: pd.DataFrame | None = None,
    *,
    level: Level = "commune",
) -> InseeComparison:
    """Compare our access times with those of Insee (or with any other table of the kind).

    Parameters
    ----------
    times, published
        Access-times tables (``origin service time_min``), ours and the published one
        (:func:`~sdaasp_geo.sources.insee_access.read_insee_access_times`).
    origins
        Origins of `times` (``origin commune population``); their inhabitants weigh.
    published_origins
        Those of `published`; None if both have the same origins.
    level
        ``commune``: the mean of each commune, each side over its own origins (chefs-lieux
        against squares is fair game); ``origin``: place by place, for times that were
        computed from the published squares.

    Returns
    -------
    InseeComparison
        Figures in minutes. Every pair of either table is in `pairs` or counted in
        `left_out`.

    Raises
    ------
    ValueError
        If an origin of a table is not among its origins, or a pair is there twice.

    Notes
    -----
    With weights w (inhabitants of the place), differences d = ours - published:
    bias = sum(w d) / sum(w); mean absolute error = sum(w |d|) / sum(w); correlation =
    Pearson's, with weighted means and moments. A commune's mean is sum(p t) / sum(p) over
    its origins with a time, Insee's own formula.

    Examples
    --------
    >>> origins = pd.DataFrame({
    ...     "origin": ["a", "b"], "commune": ["13001", "13002"], "population": [300.0, 100.0]
    ... })
    >>> ours = pd.DataFrame({"origin": ["a", "b"], "service": "poste", "time_min": [4.0, 8.0]})
    >>> theirs = pd.DataFrame({"origin": ["a", "b"], "service": "poste", "time_min": [5.0, 6.0]})
    >>> found = compare_with_insee(ours, theirs, origins).by_service.loc["poste"]
    >>> found[["bias_min", "mean_absolute_error_min", "correlation"]].tolist()
    [-0.25, 1.25, 1.0]
    """
    theirs = origins if published_origins is None else published_origins
    ours_by_place = _by_place(times, origins, level, "times")
    published_by_place = _by_place(published, theirs, level, "published")
    both = ours_by_place.merge(
        published_by_place, on=_PAIR, how="outer", suffixes=("_ours", "_published"), indicator=True
    )
    weight = _population(origins, level)
    # A place that is in the published table alone weighs with the published inhabitants.
    weight = weight.combine_first(_population(theirs, level))
    commune = _communes(origins, level).combine_first(_communes(theirs, level))
    both["population"] = both["place"].map(weight).astype(float)
    both["commune"] = both["place"].map(commune).astype("str")
    order = list(dict.fromkeys([*times["service"], *published["service"]]))
    both = both.sort_values("service", key=pd.Index(order).get_indexer, kind="stable")
    reason = _left_out_reason(both)
    pairs = _pairs(both[reason.isna()])
    return InseeComparison(
        overall=_figures(pairs, pd.Series("all", index=pairs.index, name="group")),
        by_service=_figures(pairs, pairs["service"]),
        by_commune=_figures(pairs, pairs["commune"]).sort_index(),
        pairs=pairs,
        left_out=_counted(both.assign(reason=reason)),
    )


def _by_place(table: pd.DataFrame, origins: pd.DataFrame, level: Level, name: str) -> pd.DataFrame:
    """Time of each place and service: as told, or the mean of the commune's inhabitants."""
    known = origins.set_index("origin")
    strange = set(table["origin"]) - set(known.index)
    if strange:
        message = f"{name}: expected the origins given with it, found {min(strange)!r} and others"
        raise ValueError(message)
    if table.duplicated(["origin", "service"]).any() or not known.index.is_unique:
        message = f"{name}: expected each origin, and each of its services, once"
        raise ValueError(message)
    told = table[["origin", "service", "time_min"]].rename(columns={"origin": "place"})
    if level == "origin":
        return told.reset_index(drop=True)
    wide = wide_times(table)
    place = known.loc[wide.index]
    means = population_mean(wide, place["population"], by=place["commune"].rename("place"))
    long = means.reset_index().melt(id_vars="place", var_name="service", value_name="time_min")
    # A commune none of whose origins is asked about a service is no pair of the table.
    asked = pd.MultiIndex.from_arrays([told["place"].map(known["commune"]), told["service"]])
    return long[pd.MultiIndex.from_frame(long[_PAIR]).isin(asked)]


def _population(origins: pd.DataFrame, level: Level) -> pd.Series:
    people = origins.groupby("origin" if level == "origin" else "commune")["population"]
    return people.sum()


def _communes(origins: pd.DataFrame, level: Level) -> pd.Series:
    named = origins.drop_duplicates("origin" if level == "origin" else "commune")
    return named.set_index("origin" if level == "origin" else "commune", drop=False)["commune"]


def _left_out_reason(both: pd.DataFrame) -> pd.Series:
    lacks_ours, lacks_published = both["time_min_ours"].isna(), both["time_min_published"].isna()
    conditions = [
        both["_merge"] == "right_only",
        both["_merge"] == "left_only",
        lacks_ours & lacks_published,
        lacks_ours,
        lacks_published,
        ~(both["population"] > 0),
    ]
    reason = pd.Series(None, index=both.index, dtype="str")
    # Backwards: the first that holds stands; missing where the pair can be compared.
    for name, holds in reversed(list(zip(LEFT_OUT_REASONS, conditions, strict=True))):
        reason = reason.mask(holds, name)
    return reason


def _pairs(both: pd.DataFrame) -> pd.DataFrame:
    pairs = both.rename(
        columns={"time_min_ours": "ours_min", "time_min_published": "published_min"}
    )
    pairs["difference_min"] = pairs["ours_min"] - pairs["published_min"]
    columns = ["place", "commune", "service", "population"]
    return pairs[[*columns, "ours_min", "published_min", "difference_min"]].reset_index(drop=True)


def _figures(pairs: pd.DataFrame, by: pd.Series) -> pd.DataFrame:
    """Return the weighted figures of each group, in the order of its first pair."""
    rows = {name: _weighted(group) for name, group in pairs.groupby(by, sort=False)}
    table = pd.DataFrame(list(rows.values()), columns=_FIGURES, dtype=float)
    index = pd.Index([str(name) for name in rows], dtype="str", name=str(by.name))
    return table.set_axis(index).astype({"pairs": "int64"})


def _weighted(pairs: pd.DataFrame) -> list[float]:
    weight = pairs["population"].to_numpy()
    ours, published = pairs["ours_min"].to_numpy(), pairs["published_min"].to_numpy()
    difference = pairs["difference_min"].to_numpy()
    means = [float(np.average(values, weights=weight)) for values in (ours, published)]
    bias = float(np.average(difference, weights=weight))
    error = float(np.average(np.abs(difference), weights=weight))
    correlation = _correlation(ours, published, weight)
    return [len(pairs), float(weight.sum()), *means, bias, error, correlation]


def _correlation(ours: Floats, published: Floats, weight: Floats) -> float:
    # Compared as such: a mean in floating point may differ from the equal values it is of.
    if np.ptp(ours) == 0 or np.ptp(published) == 0:
        return float("nan")
    x = ours - np.average(ours, weights=weight)
    y = published - np.average(published, weights=weight)
    spread = np.sqrt(np.sum(weight * x * x) * np.sum(weight * y * y))
    if spread == 0:
        return float("nan")
    return float(np.clip(np.sum(weight * x * y) / spread, -1.0, 1.0))


def _counted(both: pd.DataFrame) -> pd.DataFrame:
    lost = both[both["reason"].notna()]
    people = lost.groupby(["service", "reason"], sort=False)["population"]
    table = people.agg(pairs="size", population="sum").reset_index()
    return table.astype({"service": "str", "reason": "str", "pairs": "int64", "population": float})
