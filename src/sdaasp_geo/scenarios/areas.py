"""Areas that communes belong to (canton, EPCI, bassin de vie), and the places in each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sdaasp_geo.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    import numpy.typing as npt

    from sdaasp_geo.diagnostic.model import Diagnostic

    Bools = npt.NDArray[np.bool_]

# Columns of the communes that group them; the others are figures.
_OWN_LEVELS = ("epci", "departement")


@dataclass(frozen=True, repr=False)
class Groups:
    """Origins and places of one target by area.

    Parameters
    ----------
    level
        Name of the level.
    area
        Area of each origin; None where its commune has none.
    communes
        Number of communes of each area, by area.
    places
        ``area facility name``: places of the target inside the areas; empty for a target
        that is no place.
    """

    level: str
    area: npt.NDArray[np.object_]
    communes: pd.Series
    places: pd.DataFrame

    @property
    def unmapped(self) -> Bools:
        """Whether nobody knows the area of each origin."""
        return np.array([name is None for name in self.area], dtype=bool)

    @property
    def without_place(self) -> Bools:
        """Whether each origin's area is known and holds no place."""
        served = set(self.places["area"])
        return np.array([name is not None and name not in served for name in self.area], dtype=bool)


class Areas:
    """Looks up the area of each commune at each level.

    Parameters
    ----------
    diagnostic
        Its communes know their EPCI.
    given
        Other levels: a frame with ``commune`` and a column each, or a Series each.

    Raises
    ------
    InputError
        If a commune is twice in a level, the frame has no ``commune``, or a level knows
        none of the territory's communes; all faults at once.
    """

    def __init__(
        self, diagnostic: Diagnostic, given: pd.DataFrame | Mapping[str, pd.Series] | None
    ) -> None:
        self._diagnostic = diagnostic
        communes = diagnostic.communes.set_index("commune")
        self._levels = {name: communes[name] for name in _OWN_LEVELS if name in communes}
        faults = []
        for name, series in _given(given).items():
            faults += _faults(name, series, communes.index)
            self._levels[name] = series
        if faults:
            raise InputError(faults)

    def absent(self, level: str) -> str:
        """Say, in French, why a level cannot be used; empty if it can."""
        known = self._levels.get(level)
        if known is None:
            return f"Le niveau « {level} » n'est pas dans les données."
        if known.reindex(self._diagnostic.communes["commune"]).isna().all():
            return f"Le niveau « {level} » n'est connu pour aucune commune."
        return ""

    def grouped(self, level: str, places: gpd.GeoDataFrame, service: str | None) -> Groups:
        """Group the origins, and the places of one service, by area."""
        inside = self._levels[level].reindex(self._diagnostic.communes["commune"])
        area = self._diagnostic.origins["commune"].map(inside).astype(object)
        chosen = places[places["service"] == service]
        where = chosen["commune"].map(inside)
        table = pd.DataFrame(
            {"area": where, "facility": chosen["facility"], "name": chosen["name"]}
        )
        return Groups(
            level=level,
            area=np.asarray(area.where(area.notna(), None), dtype=object),
            communes=inside.dropna().groupby(inside.dropna()).size(),
            places=table[where.notna()].drop_duplicates(),
        )


def _given(given: pd.DataFrame | Mapping[str, pd.Series] | None) -> dict[str, pd.Series]:
    if given is None:
        return {}
    if isinstance(given, pd.DataFrame):
        if "commune" not in given:
            raise InputError([Fault("areas", "this column", "no such column", column="commune")])
        table = given.set_index("commune")
        return {str(name): table[name] for name in table.columns}
    return {name: series.copy() for name, series in given.items()}


def _faults(level: str, series: pd.Series, communes: pd.Index) -> list[Fault]:
    told = series.dropna()
    twice = sorted({str(code) for code in told.index[told.index.duplicated()]})
    if twice:
        cause = "a commune cut by several areas: give it one, or group whole communes"
        found = f"twice {', '.join(twice[:5])}" + (" …" if len(twice) > 5 else "")
        return [Fault("areas", "each commune once", found, cause, column=level)]
    if len(told) and not told.index.isin(communes).any():
        found = f"codes as {told.index[0]!r}"
        cause = "codes read as numbers, or those of another département"
        return [Fault("areas", "codes of communes of the territory", found, cause, column=level)]
    return []
