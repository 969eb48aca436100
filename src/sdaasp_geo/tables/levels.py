"""Levels at which figures are reported: groups of communes, and areas that cut communes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from sdaasp_geo.tables.crs import METROPOLITAN_CRS

if TYPE_CHECKING:
    import numpy.typing as npt

COMMUNE_LEVELS = ["commune", "level", "code", "name"]
AREA_SHARES = ["origin", "level", "code", "name", "share"]
EPCI = "epci"

_EUROPEAN_GRID = "EPSG:3035"


class Levels(NamedTuple):
    """Which commune, and which share of which origin, belongs to what.

    Parameters
    ----------
    communes
        ``commune level code name``; a commune once a level.
    origins
        ``origin level code name share``; `share` of the inhabitants of an origin who live
        in an area, 0 to 1. An area where nobody starts from has one row without origin.
    """

    communes: pd.DataFrame
    origins: pd.DataFrame

    @property
    def names(self) -> list[str]:
        """Names of the levels, in the order in which they came."""
        both = [*self.communes["level"], *self.origins["level"]]
        return list(dict.fromkeys(both))


def shares_in(
    origins: gpd.GeoDataFrame,
    areas: gpd.GeoDataFrame,
    *,
    size_m: float | None = None,
    parts: gpd.GeoSeries | None = None,
) -> pd.DataFrame:
    """Share of each origin that lies in each area.

    Parameters
    ----------
    origins
        `ORIGINS` table.
    areas
        ``level code name geometry``, in the CRS of the origins.
    size_m
        Side of the squares whose centres the origins are; None for points. Inhabitants
        are taken as spread evenly over a square of the European grid (EPSG:3035; overseas
        of the official system). What is known by its commune alone stays a point.
    parts
        Where the inhabitants of origins live, by origin, where their polygons are known
        (as :func:`~sdaasp_geo.sources.filosofi.read_filosofi` cuts squares between
        communes); they go before `size_m`.

    Returns
    -------
    DataFrame
        As `origins` of :class:`Levels`. Areas that overlap share inhabitants.
    """
    shapes = areas.geometry.to_numpy()
    starts = np.array(origins.geometry.to_numpy(), dtype=object)
    if size_m is not None:
        square = (origins["known_by"] == "position").to_numpy()
        starts[square] = _squares(origins[square], size_m)
    if parts is not None:
        known = origins["origin"].isin(parts.index).to_numpy()
        starts[known] = parts.loc[origins.loc[known, "origin"]].to_numpy()
    pairs = _pairs(starts, shapes)
    told = areas[["level", "code", "name"]].reset_index(drop=True)
    table = told.loc[pairs["area"]].reset_index(drop=True).assign(share=pairs["share"].to_numpy())
    table["origin"] = origins["origin"].to_numpy()[pairs["origin"]]
    empty = told[~told.index.isin(pairs["area"])].assign(origin=None, share=0.0)
    parts = [table[AREA_SHARES], empty[AREA_SHARES]] if len(empty) else [table[AREA_SHARES]]
    whole: pd.DataFrame = pd.concat(
        [part.astype({"origin": "str", "share": float}) for part in parts]
    )
    return whole.sort_values(["level", "code", "origin"], ignore_index=True)


def with_epci(communes: gpd.GeoDataFrame, levels: pd.DataFrame) -> gpd.GeoDataFrame:
    """Give communes the EPCI, and its name, that a table of levels tells.

    The table goes before the layer, whose EPCI stay where the table tells none.
    """
    rows = levels[levels["level"] == EPCI].set_index("commune")
    if rows.empty:
        return communes
    told = communes["commune"].map(rows["code"]).astype("str")
    code = told.fillna(communes["epci"])
    by_code = rows.drop_duplicates("code").set_index("code")["name"]
    name = code.map(by_code).astype("str")
    if "epci_name" in communes:
        name = name.fillna(communes["epci_name"].where(code == communes["epci"]))
    return communes.assign(epci=code, epci_name=name)


def _squares(origins: gpd.GeoDataFrame, size_m: float) -> npt.NDArray[np.object_]:
    # Overseas, Insee's squares are of the official system itself.
    grid = _EUROPEAN_GRID if str(origins.crs) == METROPOLITAN_CRS else origins.crs
    centres = origins.geometry.to_crs(grid)
    half = size_m / 2.0
    boxes = shapely.box(centres.x - half, centres.y - half, centres.x + half, centres.y + half)
    squares = gpd.GeoSeries(boxes, crs=grid).to_crs(origins.crs)
    return np.asarray(squares.to_numpy(), dtype=object)


def _pairs(shapes: npt.NDArray[np.object_], areas: Any) -> pd.DataFrame:  # noqa: ANN401 (a geometry array)
    """Pairs of a point or a square and an area, by place in their arrays, with the share."""
    tree = shapely.STRtree(areas)
    which, where = tree.query(shapes, predicate="intersects")
    size = shapely.area(shapes[which])
    common = shapely.area(shapely.intersection(shapes[which], areas[where]))
    share = np.ones(len(which))
    np.divide(common, size, out=share, where=size > 0)
    kept = share > 0
    return pd.DataFrame(
        {"origin": which[kept], "area": where[kept], "share": np.minimum(share[kept], 1.0)}
    )
