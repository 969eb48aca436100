"""Parts of a territory that one frame cannot show: overseas départements, far islands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from pyproj import CRS

from sdaasp_geo.tables.crs import OVERSEAS_CRS, departement_crs

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy.typing as npt

# An island farther than this share of the mainland's diagonal would shrink the mainland.
_FAR_SHARE = 0.35
# Detail does not tell which islands are far.
_COARSE_SHARE = 1 / 500

_NAMES = {
    "971": "Guadeloupe",
    "972": "Martinique",
    "973": "Guyane",
    "974": "La Réunion",
    "976": "Mayotte",
}


@dataclass(frozen=True)
class Block:
    """Communes, or parts of them, that one frame shows in one CRS.

    Parameters
    ----------
    rows
        Positions of the communes in their table; a commune with a far island is in two
        blocks.
    shapes
        Their geometry, in `crs`.
    crs
        Metric system in which they are not deformed.
    title
        Name of an overseas département, empty for none.
    """

    rows: npt.NDArray[np.int64]
    shapes: npt.NDArray[np.object_]
    crs: CRS
    title: str = ""


def blocks_of(communes: gpd.GeoDataFrame) -> list[Block]:
    """Split communes into what is shown together, the most populous block first.

    Overseas départements are shown each in its official CRS; an island stays with the
    mainland unless it is farther away than a third of the mainland's diagonal.
    """
    found = [part for block in _by_crs(communes) for part in _apart(block)]
    people = communes["population"].to_numpy(dtype=np.float64)
    # Blocks of one commune's islets come last, in the order of their communes.
    return sorted(found, key=lambda block: -float(people[block.rows].sum()))


def _by_crs(communes: gpd.GeoDataFrame) -> list[Block]:
    home = CRS.from_user_input(communes.crs)
    codes = communes["departement"].fillna("").astype("str").to_numpy()
    shapes = np.asarray(communes.geometry, dtype=object)
    wanted = {code: _crs_of(code, home) for code in dict.fromkeys(codes)}
    elsewhere = [code for code, crs in wanted.items() if crs != home]
    blocks = []
    stay = np.flatnonzero(~np.isin(codes, elsewhere))
    if stay.size:
        blocks.append(Block(stay, shapes[stay], home))
    for code in elsewhere:
        rows = np.flatnonzero(codes == code)
        moved = communes.geometry.iloc[rows].to_crs(wanted[code])
        title = _NAMES.get(code, "")
        blocks.append(Block(rows, np.asarray(moved, dtype=object), wanted[code], title))
    return blocks


def _crs_of(departement: str, home: CRS) -> CRS:
    """Return the CRS to draw a département in: the table's, unless it lies across an ocean."""
    overseas = {CRS.from_user_input(name) for name in OVERSEAS_CRS.values()}
    if departement not in OVERSEAS_CRS and home not in overseas:
        return home
    return CRS.from_user_input(departement_crs(departement))


def _apart(block: Block) -> list[Block]:
    """Split a block where islands are far from the rest."""
    bounds = shapely.total_bounds(block.shapes)
    coarse = float(np.hypot(bounds[2] - bounds[0], bounds[3] - bounds[1])) * _COARSE_SHARE
    land = shapely.union_all(shapely.buffer(shapely.simplify(block.shapes, coarse), coarse))
    pieces = shapely.get_parts(land)
    groups = _groups(pieces)
    if len(groups) < 2:
        return [block]
    parts, owners = shapely.get_parts(block.shapes, return_index=True)
    found = []
    for group in groups:
        own = shapely.intersects(shapely.union_all(pieces[group]), parts)
        rows = np.unique(owners[own])
        shapes = [shapely.union_all(parts[own & (owners == row)]) for row in rows]
        array = np.asarray(shapes, dtype=object)
        found.append(Block(block.rows[rows], array, block.crs, block.title))
    return found


def _groups(pieces: npt.NDArray[np.object_]) -> list[npt.NDArray[np.int64]]:
    """Positions of the pieces of each group, that of the largest piece first."""
    left = np.argsort(-shapely.area(pieces), kind="stable")
    groups: list[npt.NDArray[np.int64]] = []
    reach = 0.0
    while left.size:
        group = left[:1]
        while True:
            joined = shapely.union_all(pieces[group])
            if not groups:
                # Islands among themselves are as near as the mainland's size tells.
                west, south, east, north = shapely.bounds(joined)
                reach = float(np.hypot(east - west, north - south)) * _FAR_SHARE
            near = left[shapely.dwithin(pieces[left], joined, reach)]
            if near.size == group.size:
                break
            group = near
        groups.append(group)
        left = left[~np.isin(left, group)]
    return groups
