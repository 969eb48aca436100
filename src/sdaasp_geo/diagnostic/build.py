"""Make a diagnostic of measured times, and make it anew where a scenario changes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import pandas as pd

from sdaasp_geo.diagnostic import assemble
from sdaasp_geo.diagnostic.model import Diagnostic, Land, land_of

if TYPE_CHECKING:
    from sdaasp_geo.diagnostic.model import Choices
    from sdaasp_geo.tables.levels import Levels

_ORIGIN_COLUMNS = [
    "origin",
    "commune",
    "unit",
    "known_by",
    "population",
    "geometry",
    "unit_area_km2",
]


class Measured(NamedTuple):
    """What was read and measured.

    Parameters
    ----------
    communes
        Every commune of the layer, those of the buffer included.
    origins
        Where people start from, with ``unit_area_km2``.
    times
        Access-times table.
    sites
        France Services and MSAP.
    levels
        What communes and origins belong to, where it was told.
    """

    communes: gpd.GeoDataFrame
    origins: gpd.GeoDataFrame
    times: pd.DataFrame
    sites: gpd.GeoDataFrame
    levels: Levels | None = None


class Notices(NamedTuple):
    """Rows left out, rows kept but doubtful, rows nobody asked for."""

    rejects: pd.DataFrame
    flags: pd.DataFrame
    unused: pd.DataFrame


def assembled(
    choices: Choices,
    land: Land | None,
    measured: Measured,
    notices: Notices,
    provenance: dict[str, Any],
) -> Diagnostic:
    """Put measured times and their means together into a diagnostic.

    Parameters
    ----------
    choices
        A territory, or a diagnostic whose choices are kept.
    land, measured, notices, provenance
        As in :class:`~sdaasp_geo.diagnostic.model.Diagnostic`.
    """
    origins, times = measured.origins, measured.times
    figures = assemble.origin_figures(times, choices)
    communes = assemble.commune_table(measured.communes, origins, times, figures, choices)
    tables = {
        "communes": communes,
        "origins": origins,
        "times": times,
        "figures": figures,
        "services": assemble.service_table(
            origins, None if land is None else land.facilities, times, choices
        ),
        "gammes": assemble.gamme_table(communes, origins, times, figures, choices),
        "rejects": notices.rejects,
        "flags": notices.flags,
    }
    outside = measured.communes["departement"] != choices.departement
    neighbours = measured.communes.loc[outside, ["commune", "name", "departement", "geometry"]]
    return Diagnostic(
        name=choices.name,
        departement=choices.departement,
        fictional=choices.fictional,
        basket=choices.basket,
        assumptions=choices.assumptions,
        thresholds_min=choices.thresholds_min,
        communes=communes,
        neighbours=neighbours,
        origins=origins.join(figures, on="origin"),
        times=times,
        services=tables["services"],
        gammes=tables["gammes"],
        epci=assemble.epci_table(communes, origins, figures, choices),
        zones=assemble.zone_table(communes, choices),
        remote_against_others=assemble.contrast_table(communes, choices),
        sites=measured.sites,
        rejects=notices.rejects,
        flags=notices.flags,
        unused=notices.unused,
        summary=assemble.summary_of(tables, choices, provenance),
        provenance=provenance,
        land=land,
        levels=measured.levels,
    )


def rebuilt(before: Diagnostic, times: pd.DataFrame, facilities: gpd.GeoDataFrame) -> Diagnostic:
    """Make the diagnostic again with other times, everything else as it was.

    Parameters
    ----------
    before
        A diagnostic with its land.
    times
        Access times of the same origins and services.
    facilities
        The facilities that these times lead to.

    Raises
    ------
    InputError
        If `before` has no land.
    """
    land = land_of(before)
    communes = gpd.GeoDataFrame(
        pd.concat([_as_read(before.communes), before.neighbours], ignore_index=True),
        geometry="geometry",
        crs=before.communes.crs,
    )
    return assembled(
        before,
        land._replace(facilities=facilities),
        Measured(communes, before.origins[_ORIGIN_COLUMNS], times, before.sites, before.levels),
        Notices(before.rejects, before.flags, before.unused),
        before.provenance,
    )


def _as_read(communes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Leave out the figures, which are about to be made anew."""
    names = ["commune", "name", "departement", "epci", "epci_name", "population"]
    kept = [name for name in names if name in communes]
    return communes[[*kept, "geometry", "chef_lieu"]]
