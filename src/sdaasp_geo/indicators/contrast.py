"""Contrast: what remoteness costs, remote communes against the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sdaasp_geo.indicators.means import population_mean

if TYPE_CHECKING:
    import pandas as pd


def remote_against_others(
    minutes: pd.DataFrame, population: pd.Series, remote: pd.Series
) -> pd.DataFrame:
    """Compare the mean times of remote communes and of the others, column by column.

    Parameters
    ----------
    minutes
        One row a commune, one column a service, gamme or basket, in minutes.
    population
        Inhabitants, same index.
    remote
        Whether each commune is remote; communes where it is missing are on neither side.

    Returns
    -------
    DataFrame
        Index ``item`` (the columns of `minutes`): ``remote_min``, ``others_min`` (means
        weighted by population), ``extra_min`` (their difference) and ``ratio``.

    Examples
    --------
    >>> import pandas as pd
    >>> t = pd.DataFrame({"superieure": [26.0, 10.0, 16.0]})
    >>> people, far = pd.Series([10, 10, 10]), pd.Series([True, False, False])
    >>> remote_against_others(t, people, far).loc["superieure"].tolist()
    [26.0, 13.0, 13.0, 2.0]
    """
    side = remote.astype("boolean").map({True: "remote_min", False: "others_min"})
    means = population_mean(minutes, population, by=side.rename("side")).T
    table = means.reindex(columns=["remote_min", "others_min"]).rename_axis("item")
    table.columns.name = None
    table["extra_min"] = table["remote_min"] - table["others_min"]
    table["ratio"] = table["remote_min"] / table["others_min"].where(table["others_min"] > 0)
    return table
