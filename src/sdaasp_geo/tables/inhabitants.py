"""Inhabitants by commune code of some year, brought to the communes of a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from sdaasp_geo.tables.movements import Succession

if TYPE_CHECKING:
    from collections.abc import Iterable

# The three cities whose files may list arrondissements alone.
_DIVIDED = {
    "13055": range(13201, 13217),
    "69123": range(69381, 69390),
    "75056": range(75101, 75121),
}
CITY_OF = {str(part): city for city, parts in _DIVIDED.items() for part in parts}


class Inhabitants(NamedTuple):
    """Inhabitants by code, and what became of the codes.

    Parameters
    ----------
    table
        Of :func:`~sdaasp_geo.sources.populations.read_populations`: ``commune year
        population``.
    movements
        Of :func:`~sdaasp_geo.sources.cog.read_cog_movements`; None where the file and the
        layer are of one year.
    """

    table: pd.DataFrame
    movements: pd.DataFrame | None = None


def inhabitants_of(codes: Iterable[str], inhabitants: Inhabitants) -> pd.Series:
    """Inhabitants of each commune; see :func:`shared_out`."""
    return shared_out(codes, inhabitants).people


class Shares(NamedTuple):
    """Who got the inhabitants of a file.

    Parameters
    ----------
    people
        Inhabitants by commune asked for, missing where the file tells nothing.
    unclaimed
        Inhabitants by code of the file, of the codes that are of no commune asked for.
    """

    people: pd.Series
    unclaimed: pd.Series


def shared_out(codes: Iterable[str], inhabitants: Inhabitants) -> Shares:
    """Give the inhabitants of a file to communes.

    Parameters
    ----------
    codes
        Communes of a layer, arrondissements or both.
    inhabitants
        Those of communes merged since are added up; a commune split since has none that
        the file tells.

    Returns
    -------
    Shares
        Floats by code. A city whose arrondissements alone are listed has their sum.
    """
    wanted = pd.Index(dict.fromkeys(codes), name="commune")
    table = inhabitants.table
    now = pd.Series(table["commune"].to_numpy(), index=table.index, dtype="str")
    if inhabitants.movements is not None:
        succession = Succession.from_movements(inhabitants.movements, wanted)
        pairs = zip(table["commune"], table["year"], strict=True)
        listed = set(table["commune"])
        now = pd.Series(
            [_commune(succession, code, year, listed) for code, year in pairs],
            index=table.index,
            dtype="str",
        )
    people = table["population"].groupby(now).sum(min_count=1).reindex(wanted)
    city = pd.Series([CITY_OF.get(code) for code in table["commune"]], dtype="str")
    cities = pd.Series(table["population"].to_numpy(dtype=float)).groupby(city).sum()
    given = people.fillna(cities.reindex(wanted)).astype("float64").rename("population")
    taken = now.isin(wanted).to_numpy() | city.isin(wanted).to_numpy()
    left = table.loc[~taken].set_index("commune")["population"]
    return Shares(given, left.astype("float64"))


def _commune(succession: Succession, code: str, year: float, listed: set[str]) -> str | None:
    communes = succession.communes_of(code, None if np.isnan(year) else int(year))
    # Insee publishes a census in the communes of years later: what lists both halves of a
    # commune, or tells no year, is of after the split.
    if not communes or (code in communes and (np.isnan(year) or communes <= listed)):
        return code
    return next(iter(communes)) if len(communes) == 1 else None
