"""The toy territory with two communes more: an island far out at sea, and one of La Réunion.

The island lies 150 km west of the squares, more than a third of their diagonal (50 km).
The commune of La Réunion is a square of 20 km in its official CRS, kept in the tables in
that of the mainland, where it would be drawn far away and out of shape.
"""

import geopandas as gpd
import pandas as pd
import shapely
import toy_diagnostic

ISLAND, REUNION = 12, 13
REUNION_CRS = "EPSG:2975"
REUNION_SQUARE = shapely.box(330_000.0, 7_660_000.0, 350_000.0, 7_680_000.0)


def communes():
    """Return the twelve squares, then the island and the square of La Réunion."""
    mainland = toy_diagnostic.communes()
    x, y = toy_diagnostic.X0 - 150_000.0, toy_diagnostic.Y0
    island = shapely.box(x, y, x + 5_000.0, y + 4_000.0)
    overseas = gpd.GeoSeries([REUNION_SQUARE], crs=REUNION_CRS)
    overseas = overseas.segmentize(500.0).to_crs(toy_diagnostic.CRS)
    middle = gpd.GeoSeries([REUNION_SQUARE.centroid], crs=REUNION_CRS).to_crs(toy_diagnostic.CRS)
    more = mainland.iloc[:2].assign(
        commune=["99013", "97401"],
        name=["L'Île", "Saint-Loin"],
        departement=["99", "974"],
        epci=["200000003", None],
        population=[1_000.0, 2_000.0],
        chef_lieu=gpd.GeoSeries([island.centroid, middle.iloc[0]], crs=mainland.crs).to_numpy(),
    )
    more = more.set_geometry([island, overseas.iloc[0]], crs=mainland.crs)
    whole = pd.concat([mainland, more], ignore_index=True)
    return whole.assign(chef_lieu=gpd.GeoSeries(whole["chef_lieu"], crs=mainland.crs))


def make():
    """Return its diagnostic; bakeries are 2 and 3 min away on the two."""
    return toy_diagnostic.make(communes())
