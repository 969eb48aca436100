"""The layer of sites after a scenario: opened ones added, closed ones gone, moved ones moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from sdaasp_geo.diagnostic.model import land_of
from sdaasp_geo.scenarios.closing import Finder
from sdaasp_geo.scenarios.site_rows import SOURCE
from sdaasp_geo.scenarios.spots import COLUMNS, Wanted, stand

if TYPE_CHECKING:
    from sdaasp_geo.scenarios.gains import Gains


def sites_after(gains: Gains, *, kind: str | None = None) -> gpd.GeoDataFrame:
    """Sites of a territory once a scenario has come true, for criteria and availability.

    Parameters
    ----------
    gains
        What :func:`~sdaasp_geo.scenarios.simulate.simulate` found. Sites that its
        scenario closes or moves are those named as ``site``; closing the facilities of a
        site one by one closes no site.
    kind
        Kind of the opened sites, where it is not that of France Services.

    Returns
    -------
    GeoDataFrame
        `SITES`, with ``hours_per_week`` and ``days_per_month``; a row for each stop of a
        round. Opened rows have the source ``scenario``.
    """
    diagnostic, scenario = gains.before, gains.scenario
    sites = diagnostic.sites.copy()
    finder = Finder(diagnostic, land_of(diagnostic), scenario.file)
    closed = [finder.site(item.site, item.where)[0] for item in scenario.closings if item.site]
    gone = {site["site"] for site in closed if site is not None}
    for move in scenario.moves:
        found = None if move.what.site is None else finder.site(move.what.site, "")[0]
        if found is not None:
            wanted = [Wanted(move.to, move.where)]
            spot, _ = stand(wanted, diagnostic, land_of(diagnostic), scenario.file)
            row = sites["site"] == found["site"]
            for column in COLUMNS:
                sites.loc[row, column] = spot[column].iloc[0]
    kept = sites[~sites["site"].isin(gone)]
    opened = _opened(gains, set(kept["site"]))
    if kind is not None:
        opened = opened.assign(kind=pd.Series(kind, index=opened.index, dtype="str"))
    parts = [part for part in (kept, opened) if len(part)] or [kept]
    whole = pd.concat(parts, ignore_index=True)
    return gpd.GeoDataFrame(whole, geometry="geometry", crs=diagnostic.sites.crs)


def _opened(gains: Gains, taken: set[str]) -> gpd.GeoDataFrame:
    """Rows of the places that open; a name that a site has already is told apart."""
    rows = gains.sites[gains.sites["change"] == "open"].reset_index(drop=True)
    names = [f"{place} (scénario)" if place in taken else place for place in rows["place"]]
    text = pd.Series(None, index=rows.index, dtype="str")
    table = {
        "site": pd.Series(names, index=rows.index, dtype="str"),
        "name": rows["name"],
        "format": rows["format"],
        "operators": text,
        "hours_per_week": rows["hours_per_week"],
        "days_per_month": rows["days_per_month"],
        **{name: rows[name] for name in COLUMNS if name != "geometry"},
        "source": text.fillna(SOURCE),
        "vintage": text.fillna(SOURCE),
    }
    return gpd.GeoDataFrame(table, geometry=rows.geometry, crs=gains.sites.crs)
