"""Origins: where people start from, and how many they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

if TYPE_CHECKING:
    from sdaasp_geo.tables.places import Places

_COLUMNS = ["origin", "commune", "unit", "known_by", "population", "geometry"]


def chef_lieu_origins(places: Places, departement: str) -> gpd.GeoDataFrame:
    """One origin a commune, at its chef-lieu; one an arrondissement in divided cities.

    Parameters
    ----------
    places
        Communes and arrondissements.
    departement
        Only its communes are origins.

    Returns
    -------
    GeoDataFrame
        `ORIGINS` table sorted by code, every origin known by its commune alone. The
        populations of a city's arrondissements add up to the commune's.
    """
    finest = places.finest_units()
    inside = finest[finest["departement"] == departement].sort_index()
    table = gpd.GeoDataFrame(
        {
            "origin": inside.index.to_numpy(),
            "commune": inside["commune"].to_numpy(),
            "unit": inside.index.to_numpy(),
            "known_by": "commune",
            "population": inside["population"].astype(float).to_numpy(),
        },
        geometry=inside["chef_lieu"].to_numpy(),
        crs=places.units.crs,
    )
    return scaled_to_communes(table, places)


def with_every_commune(
    origins: gpd.GeoDataFrame, places: Places, departement: str
) -> gpd.GeoDataFrame:
    """Add the chef-lieu of each commune of the département that no inhabited origin is in.

    Squares leave out small communes whose data are secret; their inhabitants count all
    the same. Populations are then scaled to the communes'.
    """
    inhabited = origins.loc[origins["population"] > 0, "commune"]
    chefs_lieux = chef_lieu_origins(places, departement)
    lacking = chefs_lieux[~chefs_lieux["commune"].isin(inhabited)]
    parts = [origins[_COLUMNS], lacking[_COLUMNS]] if len(lacking) else [origins[_COLUMNS]]
    whole = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=origins.crs)
    return scaled_to_communes(whole, places)


def scaled_to_communes(origins: gpd.GeoDataFrame, places: Places) -> gpd.GeoDataFrame:
    """Scale the origins' populations so that each commune's adds up to its own.

    Squares, arrondissements and communes come from different years; the commune's
    population is the one that the diagnostic reports. Where no origin of a commune has
    any inhabitant, the commune's are spread over them evenly.
    """
    commune = origins["commune"]
    given = origins["population"].astype(float)
    total = given.groupby(commune).transform("sum")
    official = commune.map(places.units["population"]).astype(float)
    even = official / commune.groupby(commune).transform("size")
    scaled = (given * official / total.where(total > 0)).where(total > 0, even)
    # An exact sum stays exact: no rounding noise where there is nothing to scale.
    return origins.assign(population=scaled.where(total != official, given))
