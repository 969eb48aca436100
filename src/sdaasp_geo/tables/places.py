"""Where each commune code stands: communes, arrondissements, codes of older years."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from sdaasp_geo.tables.movements import Succession, aliases_of, followed

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

_SIMPLIFY_M = 100.0
_YEAR = re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True)
class Places:
    """The communes that a territory knows, and the ways in which files name them.

    A *unit* is the place that a code names: a commune, or a municipal arrondissement
    (Marseille, Lyon, Paris), which belongs to a commune and is never counted beside it.

    Parameters
    ----------
    units
        Indexed by unit code; ``commune name departement population geometry`` (polygon)
        and ``chef_lieu`` (point), in the projected CRS.
    aliases
        Codes of other years → unit.
    doubts
        Codes that stand for several communes, and what to tell of them: the code alone
        does not say where the place is.
    succession
        What became of each commune, where the movements of the COG are known.
    """

    units: gpd.GeoDataFrame
    aliases: Mapping[str, str]
    doubts: Mapping[str, str] = field(default_factory=dict)
    succession: Succession | None = None

    @classmethod
    def from_tables(
        cls,
        communes: gpd.GeoDataFrame,
        arrondissements: gpd.GeoDataFrame | None = None,
        passage: pd.DataFrame | None = None,
        movements: pd.DataFrame | None = None,
    ) -> Places:
        """Build from the checked tables of :mod:`sdaasp_geo.tables.schemas`.

        A table de passage is followed through chains; what it does not bring to a commune
        the movements may.
        """
        columns = ["commune", "name", "departement", "population", "geometry", "chef_lieu"]
        units = communes[columns].copy()
        units.index = pd.Index(communes["commune"], name="unit")
        if arrondissements is not None and len(arrondissements):
            parts = arrondissements[["commune", "name", "population", "geometry"]].copy()
            parts.index = pd.Index(arrondissements["arrondissement"], name="unit")
            parts["departement"] = parts["commune"].map(units["departement"])
            parts["chef_lieu"] = parts.geometry.representative_point()
            units = pd.concat([units, parts[columns]])
        known = set(units.index)
        succession: Succession | None = None
        moved: dict[str, str] = {}
        doubts: dict[str, str] = {}
        if movements is not None:
            succession = Succession.from_movements(movements, set(communes["commune"]))
            moved, doubts = aliases_of(succession, known)
        told = {} if passage is None else dict(zip(passage["old"], passage["commune"], strict=True))
        aliases = followed(moved | told, known)
        doubts = {code: told for code, told in doubts.items() if code not in aliases}
        whole = gpd.GeoDataFrame(units, geometry="geometry", crs=communes.crs)
        return cls(whole, aliases, doubts, succession)

    @classmethod
    def empty(cls, crs: str) -> Places:
        """Return places without any commune, for checking files on their own."""
        columns = ["commune", "name", "departement", "population", "chef_lieu"]
        units = gpd.GeoDataFrame(
            {name: pd.Series(dtype="str") for name in columns}, geometry=[], crs=crs
        )
        units["chef_lieu"] = gpd.GeoSeries([], crs=crs)
        return cls(units, {})

    @property
    def crs(self) -> object:
        """The projected CRS of the geometries."""
        return self.units.crs

    def at(self, vintage: int | str | None) -> Places:
        """Return the same places as the codes of a file of some year name them.

        A commune that was split since the year of the file is in doubt then, and a code
        that changed hands is the commune's that had it. Without movements, or without a
        year in `vintage`, nothing changes.
        """
        year = _YEAR.search(str(vintage))
        if self.succession is None or year is None:
            return self
        moved, doubts = aliases_of(self.succession, set(self.units.index), int(year.group()))
        doubts = {code: told for code, told in doubts.items() if code not in self.aliases}
        return dataclasses.replace(self, aliases={**self.aliases, **moved}, doubts=doubts)

    def unit_of(self, codes: pd.Series) -> pd.Series:
        """Bring commune codes of any year to today's units; missing where unknown or in doubt."""
        current = codes
        if self.aliases:
            moved = codes.map(dict(self.aliases)).astype("str")
            current = moved.where(moved.notna(), codes)
        known = current.isin(self.units.index)
        return current.where(known & ~codes.isin(list(self.doubts)) if self.doubts else known)

    def commune_of(self, units: pd.Series) -> pd.Series:
        """Commune of each unit (an arrondissement's is its city)."""
        return units.map(self.units["commune"])

    def chef_lieu_of(self, units: pd.Series) -> npt.NDArray[np.object_]:
        """Chef-lieu point of each unit; None where the unit is missing."""
        return units.map(self.units["chef_lieu"]).to_numpy(dtype=object)

    def distance_m(
        self, units: pd.Series, points: npt.NDArray[np.object_]
    ) -> npt.NDArray[np.float64]:
        """Distance from each point to the polygon of its unit, 0 inside; NaN where unknown."""
        polygons = units.map(self.units.geometry).to_numpy(dtype=object)
        return np.asarray(shapely.distance(points, polygons), dtype=np.float64)

    def unit_at(self, points: npt.NDArray[np.object_]) -> pd.Series:
        """Return the unit whose polygon holds each point (the arrondissement, where there are some).

        Points on a shared border go to the unit with the lowest code; points outside
        every polygon are missing.
        """
        finest = self.finest_units()
        tree = shapely.STRtree(finest.geometry.to_numpy())
        which, where = tree.query(points, predicate="intersects")
        codes = finest.index.to_numpy()
        found = pd.Series(codes[where], index=which).groupby(level=0).min()
        return found.reindex(np.arange(len(points)))

    def finest_units(self) -> gpd.GeoDataFrame:
        """Return units without the communes that arrondissements divide."""
        divided = set(self.units.loc[self.units.index != self.units["commune"], "commune"])
        return self.units[~self.units.index.isin(divided)]

    def study_area(self, departement: str, buffer_km: float) -> shapely.Geometry:
        """Outline of a département and its buffer (generalised to 100 m)."""
        inside = self.units[self.units["departement"] == departement]
        outlines = shapely.simplify(inside.geometry.to_numpy(), _SIMPLIFY_M)
        buffered = shapely.buffer(outlines, buffer_km * 1000.0, quad_segs=8)
        area = shapely.union_all(buffered)
        shapely.prepare(area)
        return area
