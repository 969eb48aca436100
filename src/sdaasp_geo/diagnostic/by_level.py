"""The figures of a diagnostic by EPCI, canton, bassin de vie, density or area."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sdaasp_geo.indicators.means import population_mean
from sdaasp_geo.tables.levels import EPCI

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sdaasp_geo.diagnostic.model import Diagnostic

_DEPARTEMENT = "departement"
_MEMBERS = ["origin", "commune", "code", "name", "share"]


def level_names(diagnostic: Diagnostic) -> list[str]:
    """Levels that a diagnostic can be reported by."""
    told = [] if diagnostic.levels is None else diagnostic.levels.names
    own = [EPCI] if diagnostic.communes["epci"].notna().any() else []
    return list(dict.fromkeys([*own, *told, _DEPARTEMENT]))


def by_level(diagnostic: Diagnostic, level: str) -> pd.DataFrame:
    """Report a diagnostic by groups of communes, or by areas that cut them.

    Parameters
    ----------
    diagnostic
        From :func:`~sdaasp_geo.pipeline.steps.diagnose`.
    level
        ``epci``, ``departement``, or a level that the territory file names (``canton``,
        ``bassin_de_vie``, ``densite_7``, ``qpv`` …).

    Returns
    -------
    DataFrame
        One row a group or an area, by code: ``code name communes population``,
        ``<gamme>_min`` and ``basket_min`` (minutes, means over the inhabitants: Σ p·s·t /
        Σ p·s, where `s` is the share of an origin's inhabitants who live there),
        ``remote_communes remote_population``. Only what lies in the département counts:
        a group that goes beyond it is reported for its part inside. `communes` are those
        of which some inhabitant belongs to it; an area where nobody starts from has
        population 0 and no times.

    Raises
    ------
    ValueError
        If nothing was told of the level.
    """
    members = _members(diagnostic, level)
    figures = diagnostic.origins.set_index("origin")
    columns = [f"{gamme}_min" for gamme in diagnostic.basket.gamme_ids] + ["basket_min"]
    there = members[members["origin"].notna()].reset_index(drop=True)
    origin = pd.Index(there["origin"])
    people = figures["population"].reindex(origin).to_numpy(dtype=float) * there["share"]
    values = figures.loc[origin, columns].reset_index(drop=True)
    # An area shared by nobody has no mean: only weights above 0 enter it.
    means = population_mean(values, people, by=there["code"])
    number = diagnostic.communes.set_index("commune")["remote_gammes"].fillna(0)
    remote = there["commune"].map(number).fillna(0).to_numpy() > 0
    table = pd.DataFrame({"name": members.groupby("code")["name"].first()})
    table["communes"] = _distinct(there)
    table["population"] = people.groupby(there["code"]).sum()
    table = table.join(means)
    table["remote_communes"] = _distinct(there[remote])
    table["remote_population"] = people[remote].groupby(there["code"][remote]).sum()
    whole = ["communes", "remote_communes"]
    table[whole] = table[whole].fillna(0).astype("int64")
    sums = ["population", "remote_population"]
    table[sums] = _unrounded(table[sums].fillna(0.0))
    return table.rename_axis("code").reset_index()


def _members(diagnostic: Diagnostic, level: str) -> pd.DataFrame:
    """Which share of which origin belongs to what."""
    groups = _groups(diagnostic, level)
    origins = diagnostic.origins[["origin", "commune"]]
    if len(groups):
        return pd.DataFrame(origins.merge(groups, on="commune").assign(share=1.0)[_MEMBERS])
    levels = diagnostic.levels
    areas = None if levels is None else levels.origins[levels.origins["level"] == level]
    if areas is None or areas.empty:
        raise ValueError(_unknown(level, level_names(diagnostic)))
    return pd.DataFrame(areas.merge(origins, on="origin", how="left")[_MEMBERS])


def _groups(diagnostic: Diagnostic, level: str) -> pd.DataFrame:
    """Commune, code and name of a level of communes; no row if it is none."""
    levels = diagnostic.levels
    communes = diagnostic.communes
    told = levels is not None and (levels.communes["level"] == level).any()
    # The communes already have the EPCI that a table told.
    if levels is not None and told and level != EPCI:
        rows = levels.communes[levels.communes["level"] == level]
        return pd.DataFrame(rows[["commune", "code", "name"]])
    table = communes[["commune"]].assign(code=None, name=None)
    if level == EPCI:
        names = communes["epci_name"] if "epci_name" in communes else communes["epci"]
        table = table.assign(code=communes["epci"], name=names.fillna(communes["epci"]))
    if level == _DEPARTEMENT:
        table = table.assign(code=communes["departement"], name=diagnostic.name)
    return pd.DataFrame(table.dropna(subset=["code"]))


def _distinct(rows: pd.DataFrame) -> pd.Series:
    return rows.groupby("code")["commune"].nunique()


def _unrounded(people: pd.DataFrame) -> pd.DataFrame:
    """Undo the noise of adding squares that were scaled to whole inhabitants."""
    whole = people.round()
    return people.where(~np.isclose(people, whole, rtol=0.0, atol=1e-6), whole)


def _unknown(level: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(level, known, n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    return f"expected one of the levels {', '.join(known)}{hint}, found {level!r}"
