"""From one mean to the next: what each change did, on those who have a time either way."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sdaasp_geo.indicators.means import population_mean

if TYPE_CHECKING:
    import pandas as pd


class Step(NamedTuple):
    """What a change did to mean times, by group and column.

    Parameters
    ----------
    change_min
        Minutes, of those who have a time before and after; missing if nobody has.
    reach_min
        What remains of the difference of the two means: those who lost or won any way
        at all are in one mean only. A missing `change_min` counts for 0 here.
    """

    change_min: pd.DataFrame
    reach_min: pd.DataFrame


def step(
    before: pd.DataFrame,
    after: pd.DataFrame,
    population: pd.Series,
    *,
    by: pd.Series | None = None,
) -> Step:
    """Tell the change of the same inhabitants from the change of who is counted.

    Where the most remote lose their only way, the mean of the others is lower than the
    mean of all was: a difference of means would pass that for a gain.

    Parameters
    ----------
    before, after
        Minutes, one row an origin (the same ones) and one column a service.
    population
        Inhabitants, same index.
    by
        Group of each row; one group if None.

    Returns
    -------
    Step
        ``change_min + reach_min`` is the mean after less the mean before.

    Examples
    --------
    >>> import pandas as pd
    >>> before = pd.DataFrame({"doctor": [10.0, 50.0]})
    >>> after = pd.DataFrame({"doctor": [12.0, None]})
    >>> found = step(before, after, pd.Series([100.0, 100.0]))
    >>> float(found.change_min.iloc[0, 0]), float(found.reach_min.iloc[0, 0])
    (2.0, -20.0)
    """
    both = before.notna() & after.notna()
    change = population_mean(after.where(both), population, by=by) - population_mean(
        before.where(both), population, by=by
    )
    whole = population_mean(after, population, by=by) - population_mean(before, population, by=by)
    return Step(change, whole - change.fillna(0.0))


def reach_notes(services: pd.DataFrame) -> list[str]:
    """Say, in French, for which services the minutes are not of everybody.

    Parameters
    ----------
    services
        Of a :class:`~sdaasp_geo.scenarios.compare.Comparison`.
    """
    columns = ["inhabitants_newly_unreached", "inhabitants_newly_reached"]
    touched = services.loc[(services[columns] > 0).any(axis=1), "label"]
    if touched.empty:
        return []
    note = (
        "les minutes dues aux équipements sont celles des habitants qui ont un accès avant et "
        "après ; ceux qui ont perdu ou gagné tout accès sont comptés à part, et les moyennes avant "
        f"et après ne portent donc pas sur les mêmes habitants : {', '.join(touched)}"
    )
    return [note]
