"""Tables of the places of a scenario, and the facilities that they add."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from sdaasp_geo.scenarios.closing import SAME_PLACE_M
from sdaasp_geo.scenarios.spots import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

SOURCE = "scenario"

OPENED_COLUMNS = [
    "opening",
    "site",
    "stop",
    "name",
    "change",
    "services",
    "format",
    "days_per_month",
    "hours_per_week",
    "stops",
]
_SITE_COLUMNS = [
    "place",
    "site",
    "name",
    "change",
    "services",
    "format",
    "days_per_month",
    "hours_per_week",
]
_TEXT = ["place", "site", "name", "change", "format"]


def site_frame(told: pd.DataFrame, there: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Put what is told of sites beside where they stand."""
    columns = [*(["opening"] if "opening" in told else []), *_SITE_COLUMNS]
    table = told[columns].astype(dict.fromkeys(_TEXT, "str"))
    numbers = {"days_per_month": "float64", "hours_per_week": "float64"}
    whole = pd.concat([table.astype(numbers), there.reset_index(drop=True)], axis=1)
    return gpd.GeoDataFrame(whole, geometry="geometry", crs=there.crs)


def moved_sites(taken: gpd.GeoDataFrame, there: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """One place for each facility that moves, with its services."""
    services = taken.groupby("facility", sort=False)["service"].agg(tuple)
    told = pd.DataFrame(
        {
            "place": services.index,
            "site": services.index,
            "name": services.index,
            "change": "move",
            "services": services.to_numpy(),
            "format": None,
            "days_per_month": np.nan,
            "hours_per_week": np.nan,
        }
    )
    spot = gpd.GeoDataFrame(there.iloc[np.zeros(len(told), dtype=int)], crs=there.crs)
    return site_frame(told, spot)


def converted_site(site: pd.Series, added: tuple[str, ...]) -> gpd.GeoDataFrame:
    """Return the place of an existing site, with the services that it adds."""
    told = pd.DataFrame(
        {
            "place": [site["name"]],
            "site": site["site"],
            "name": site["name"],
            "change": "convert",
            "services": [added],
            "format": site["format"],
            "days_per_month": np.nan,
            "hours_per_week": site.get("hours_per_week", np.nan),
        }
    )
    spot = gpd.GeoDataFrame({name: [site[name]] for name in COLUMNS}, geometry="geometry")
    text = [name for name in COLUMNS if name != "geometry"]
    return site_frame(told, spot.astype(dict.fromkeys(text, "str")))


def together(parts: Sequence[gpd.GeoDataFrame], *, crs: object = None) -> gpd.GeoDataFrame:
    """Put tables of sites one after the other; an empty one of the same columns for none."""
    full = [part for part in parts if len(part)]
    if not full:
        spot = gpd.GeoDataFrame({name: [] for name in COLUMNS}, geometry="geometry", crs=crs)
        return site_frame(pd.DataFrame(columns=_SITE_COLUMNS), spot)
    known = next((part.crs for part in parts if part.crs is not None), crs)
    same = [part.set_crs(known) for part in full]
    if len(same) == 1:
        return same[0].reset_index(drop=True)
    return gpd.GeoDataFrame(pd.concat(same, ignore_index=True), geometry="geometry", crs=known)


def named(sites: gpd.GeoDataFrame, added: pd.Series, taken: set[str]) -> gpd.GeoDataFrame:
    """Give each added place an identifier that no facility has."""
    names = []
    used = set(taken)
    for place, is_new in zip(sites["place"], added, strict=True):
        name, number = place, 1
        while is_new and name in used:
            number += 1
            name = f"{place} ({number})"
        used.add(name)
        names.append(name)
    return sites.assign(place=pd.Series(names, index=sites.index, dtype="str"))


def new_rows(
    sites: gpd.GeoDataFrame, facilities: gpd.GeoDataFrame, vintage: str
) -> gpd.GeoDataFrame:
    """Facilities that the places add, one row a service, in the columns of the others."""
    each = sites.explode("services").dropna(subset=["services"])
    table = pd.DataFrame(each[list(COLUMNS)]).assign(
        facility=each["place"],
        service=each["services"].astype("str"),
        count=1,
        source=SOURCE,
        vintage=vintage,
    )
    if "name" in facilities:
        table["name"] = each["name"]
    kept = [name for name in facilities.columns if name in table]
    types = {name: kind for name, kind in facilities.dtypes.items() if name != "geometry"}
    frame = table[kept].astype({name: types[name] for name in kept if name in types})
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=facilities.crs)


def same_place(table: gpd.GeoDataFrame, site: Any) -> pd.Series:  # noqa: ANN401 (a named tuple)
    """Whether each row stands where a site does: within 25 m, or known by one commune alone."""
    both = (table["known_by"] == "commune") & (site.known_by == "commune")
    exact = (table["known_by"] == "position") & (site.known_by == "position")
    away_m = shapely.distance(table.geometry.to_numpy(), site.geometry)
    same: pd.Series = (both & (table["unit"] == site.unit)) | (exact & (away_m <= SAME_PLACE_M))
    return same
