"""People who start from areas that cut communes (QPV), and those of the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from sdaasp_geo.tables.origins import chef_lieu_origins

if TYPE_CHECKING:
    from sdaasp_geo.tables.places import Places

# Outlines of areas and communes were drawn by different hands.
_SLIVER = 0.02
_COLUMNS = ["origin", "commune", "unit", "known_by", "population", "geometry"]


def area_origins(areas: gpd.GeoDataFrame, places: Places, departement: str) -> gpd.GeoDataFrame:
    """One origin an area, and the chef-lieu for those who live elsewhere in its commune.

    Parameters
    ----------
    areas
        ``code population geometry`` in the CRS of the places; no population is missing.
    places
        Communes and arrondissements.
    departement
        Only its communes are origins.

    Returns
    -------
    GeoDataFrame
        `ORIGINS` table. An area in several communes is one origin in each, with its
        inhabitants by surface, called ``<code>-<commune>``. Each stands at a point inside.
        Where the areas of a commune hold more people than it has (files of different
        years), theirs are scaled down to it and nobody is left at the chef-lieu.
    """
    pieces = _pieces(areas, places, departement)
    official = pieces["commune"].map(places.units["population"]).astype(float)
    inside = pieces["population"].groupby(pieces["commune"]).transform("sum")
    fits = np.minimum(1.0, official / inside.where(inside > 0, 1.0))
    pieces = pieces.assign(population=pieces["population"] * fits)
    seats = chef_lieu_origins(places, departement)
    total = seats["population"].groupby(seats["commune"]).transform("sum")
    taken = seats["commune"].map(pieces.groupby("commune")["population"].sum()).fillna(0.0)
    # The arrondissements of a city give up inhabitants in proportion: where is not told.
    left = np.maximum(0.0, total - taken) / total.where(total > 0, 1.0)
    rest = seats.assign(population=seats["population"] * left)
    whole = pd.concat([pieces[_COLUMNS], rest[_COLUMNS]], ignore_index=True)
    return gpd.GeoDataFrame(whole, geometry="geometry", crs=places.units.crs)


def _pieces(areas: gpd.GeoDataFrame, places: Places, departement: str) -> gpd.GeoDataFrame:
    """Parts of the areas by unit, with the inhabitants by surface."""
    units = places.finest_units()
    shapes, outlines = areas.geometry.to_numpy(), units.geometry.to_numpy()
    which, where = shapely.STRtree(outlines).query(shapes, predicate="intersects")
    parts = shapely.intersection(shapes[which], outlines[where])
    surface = shapely.area(parts)
    unit = units.index.to_numpy()[where]
    table = pd.DataFrame({"area": which, "unit": unit, "surface": surface, "part": parts})
    table["within"] = (units["departement"].to_numpy()[where] == departement) & (surface > 0)
    share = table["surface"] / table.groupby("area")["surface"].transform("sum")
    table = table.assign(share=share)[table["within"] & (share > _SLIVER)]
    kept = table.groupby("area")["share"].transform("sum")
    several = table.groupby("area")["unit"].transform("size") > 1
    code = areas["code"].to_numpy()[table["area"]]
    people = areas["population"].to_numpy(dtype=float)[table["area"]]
    names = np.where(several, code + "-" + table["unit"].to_numpy(), code)
    return gpd.GeoDataFrame(
        {
            "origin": names,
            "commune": places.commune_of(table["unit"]).to_numpy(),
            "unit": table["unit"].to_numpy(),
            "known_by": "position",
            "population": people * (table["share"] / kept).to_numpy(),
        },
        geometry=shapely.point_on_surface(table["part"].to_numpy(dtype=object)),
        crs=places.units.crs,
    )
