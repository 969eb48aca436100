"""Which facilities a closing means, and what is left of them."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import numpy as np
import shapely

from sdaasp_geo.errors import Fault
from sdaasp_geo.scenarios.bouquets import operators, unknown

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy.typing as npt
    import pandas as pd

    from sdaasp_geo.diagnostic.model import Diagnostic, Land
    from sdaasp_geo.scenarios.changes import Closing

    Ints = npt.NDArray[np.int64]

# Desks of one building, placed by two lists.
SAME_PLACE_M = 25.0


class Finder:
    """Finds the facilities that closings, moves and conversions speak of.

    Parameters
    ----------
    diagnostic, land
        Services, sites and facilities.
    file
        What messages call the scenario.
    """

    def __init__(self, diagnostic: Diagnostic, land: Land, file: str) -> None:
        self._services = diagnostic.basket.service_ids
        self._sites = diagnostic.sites
        self._facilities = land.facilities
        self._places = land.places
        self._file = file

    def rows(self, closing: Closing) -> tuple[Ints, list[Fault]]:
        """Positions of the facilities meant; faults where there is none.

        A site means the facilities with its identifier, and those of its operators'
        services within 25 m of it. It may mean none: then nothing closes that counts.
        """
        if closing.site is not None:
            site, faults = self.site(closing.site, closing.where)
            return (np.empty(0, np.int64) if site is None else self.at_site(site)), faults
        if closing.facility is not None:
            return self._by_identifier(closing)
        return self._by_commune(closing)

    def site(self, name: str, where: str) -> tuple[pd.Series | None, list[Fault]]:
        """Row of a site of the diagnostic, by its identifier or its name."""
        sites = self._sites
        found = np.flatnonzero((sites["site"] == name).to_numpy())
        if not found.size:
            found = np.flatnonzero((sites["name"].str.casefold() == name.casefold()).to_numpy())
        if found.size == 1:
            return sites.iloc[int(found[0])], []
        if found.size > 1:
            names = ", ".join(sites["site"].iloc[found])
            expected = f"one site, by its identifier ({names})"
            return None, [Fault(self._file, expected, repr(name), "several of a name", None, where)]
        if not len(sites):
            expected = "a site of the diagnostic, which has none"
            return None, [Fault(self._file, expected, repr(name), column=where)]
        known = [*sites["site"].astype(str), *sites["name"].astype(str)]
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        expected = "a site of the diagnostic" + (f" (did you mean {near[0]!r}?)" if near else "")
        return None, [Fault(self._file, expected, repr(name), column=where)]

    def at_site(self, site: pd.Series) -> Ints:
        """Positions of the facilities that stand at a site."""
        named = (self._facilities["facility"] == site["site"]).to_numpy()
        if site["known_by"] != "position":
            return np.flatnonzero(named)
        desks = {item.service for item in operators().values()}
        near = self._facilities["service"].isin([name for name in desks if name is not None])
        near &= self._facilities["known_by"] == "position"
        rows = np.flatnonzero(near.to_numpy())
        away_m = shapely.distance(self._facilities.geometry.to_numpy()[rows], site["geometry"])
        beside = np.zeros(len(self._facilities), dtype=bool)
        beside[rows[away_m <= SAME_PLACE_M]] = True
        return np.flatnonzero(named | beside)

    def _by_identifier(self, closing: Closing) -> tuple[Ints, list[Fault]]:
        names = self._facilities["facility"]
        same = (names == closing.facility).to_numpy()
        if not same.any():
            near = difflib.get_close_matches(
                str(closing.facility), names.unique().tolist(), n=1, cutoff=0.6
            )
            expected = "a facility of the diagnostic"
            expected += f" (did you mean {near[0]!r}?)" if near else ""
            cause = "closing what does not exist, or an identifier of another vintage"
            fault = Fault(self._file, expected, repr(closing.facility), cause, None, closing.where)
            return np.flatnonzero(same), [fault]
        if closing.service is None:
            return np.flatnonzero(same), []
        there = same & (self._facilities["service"] == closing.service).to_numpy()
        if there.any():
            return np.flatnonzero(there), []
        offered = sorted(self._facilities.loc[same, "service"].unique())
        fault = unknown(
            self._file,
            f"service of {closing.facility!r}",
            str(closing.service),
            offered,
            column=closing.where,
        )
        return np.flatnonzero(there), [fault]

    def _by_commune(self, closing: Closing) -> tuple[Ints, list[Fault]]:
        where, nothing = closing.where, np.empty(0, np.int64)
        if closing.service is None or closing.commune is None:
            expected = "facility (and service), or site, or service and commune"
            return nothing, [Fault(self._file, expected, str(closing), column=where)]
        if closing.service not in self._services:
            what = "service of the basket"
            fault = unknown(self._file, what, closing.service, self._services, column=where)
            return nothing, [fault]
        code = self._places.aliases.get(closing.commune, closing.commune)
        if code not in self._places.units.index:
            expected = "the code of a commune of the territory or its buffer"
            return nothing, [Fault(self._file, expected, repr(closing.commune), column=where)]
        facilities = self._facilities
        there = (facilities["unit"] == code) | (facilities["commune"] == code)
        rows = np.flatnonzero((there & (facilities["service"] == closing.service)).to_numpy())
        if rows.size:
            return rows, []
        name = self._places.units["name"][code]
        expected = f"a facility of {closing.service!r} in {name} ({code})"
        return rows, [
            Fault(self._file, expected, "none", "closing what does not exist", None, where)
        ]

    def closed(self, closing: Closing) -> tuple[dict[int, int], list[Fault]]:
        """How many of each facility close, by its position.

        Raises a fault where `count` is more than there are, or cannot tell which.
        """
        rows, faults = self.rows(closing)
        counts = self._facilities["count"].to_numpy()[rows]
        if closing.count is None or faults:
            return dict(zip(rows.tolist(), counts.tolist(), strict=True)), faults
        total = int(counts.sum())
        if not 1 <= closing.count <= total:
            expected = f"from 1 to {total} to close"
            fault = Fault(self._file, expected, str(closing.count), column=closing.where)
            return {}, [fault]
        known_by = self._facilities["known_by"].iloc[rows]
        alike = rows.size == 1 or (known_by == "commune").all()
        if not alike and closing.count < total:
            expected = f"which of the {total} facilities close, by identifier"
            fault = Fault(self._file, expected, f"count = {closing.count}", column=closing.where)
            return {}, [fault]
        # The last rows first, so that the facility that answers for the commune stays.
        left, gone = closing.count, {}
        for row, there in zip(rows[::-1].tolist(), counts[::-1].tolist(), strict=True):
            gone[row] = min(left, there)
            left -= gone[row]
        return {row: number for row, number in gone.items() if number}, []


def without(facilities: gpd.GeoDataFrame, gone: dict[int, int]) -> gpd.GeoDataFrame:
    """Facilities that stay, with the counts that are left."""
    count = facilities["count"].to_numpy().copy()
    for row, number in gone.items():
        count[row] -= number
    return facilities.assign(count=count)[count > 0]
