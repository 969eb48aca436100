"""A scenario on a territory: where its sites stand, and the facilities that result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from sdaasp_geo.diagnostic.model import land_of
from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.scenarios.closing import Finder, without
from sdaasp_geo.scenarios.notes import Remarks
from sdaasp_geo.scenarios.offers import Offers
from sdaasp_geo.scenarios.site_rows import (
    OPENED_COLUMNS,
    SOURCE,
    converted_site,
    moved_sites,
    named,
    new_rows,
    same_place,
    site_frame,
    together,
)
from sdaasp_geo.scenarios.spots import COLUMNS, Wanted, stand

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from sdaasp_geo.diagnostic.model import Diagnostic, Land
    from sdaasp_geo.scenarios.changes import Closing, Conversion, Move, Opening
    from sdaasp_geo.scenarios.model import Scenario


@dataclass(frozen=True, repr=False)
class Placed:
    """A scenario looked up on a diagnostic.

    Parameters
    ----------
    scenario
        What was asked.
    facilities
        `FACILITIES` after it; opened rows have the source ``scenario``.
    sites
        One row a place that opens, moves or is converted: ``place`` (identifier of its
        facilities), ``site name change`` (``open``, ``move``, ``convert``), ``services``
        (tuple), ``format days_per_month hours_per_week``, then ``unit commune known_by
        position_quality geometry``.
    closed
        Facilities that vanish, with the `count` that does: `FACILITIES` and ``change``.
    services
        Services whose facilities change, in the order of the basket.
    notes
        ``subject kind note``: what a committee should know.
    """

    scenario: Scenario
    facilities: gpd.GeoDataFrame
    sites: gpd.GeoDataFrame
    closed: gpd.GeoDataFrame
    services: tuple[str, ...]
    notes: pd.DataFrame


def facilities_after(diagnostic: Diagnostic, scenario: Scenario) -> gpd.GeoDataFrame:
    """Facilities of a territory once a scenario has come true (see :func:`placed`)."""
    return placed(diagnostic, scenario).facilities


def placed(diagnostic: Diagnostic, scenario: Scenario) -> Placed:
    """Look up every place, service and facility that a scenario speaks of.

    Parameters
    ----------
    diagnostic
        A diagnostic with its land.
    scenario
        What changes.

    Raises
    ------
    InputError
        If the scenario changes nothing, a place is unknown, outside the territory and
        its buffer or at odds with its commune, a service, operator, bouquet, site or
        facility is unknown, or what closes does not exist; all faults at once.
    ValueError
        If the diagnostic has no land.
    """
    return _Placing(diagnostic, land_of(diagnostic), scenario).done()


def placed_openings(
    diagnostic: Diagnostic, openings: Sequence[Opening], *, file: str
) -> tuple[gpd.GeoDataFrame, Remarks]:
    """Place sites that open, without reckoning the facilities that result.

    Returns
    -------
    sites : GeoDataFrame
        As in :class:`Placed`, with ``opening``, the number of the opening.
    remarks : Remarks
        What was noticed.

    Raises
    ------
    InputError
        As :func:`placed`.
    """
    remarks = Remarks()
    sites, faults = _opened(diagnostic, land_of(diagnostic), openings, file, remarks)
    if faults:
        raise InputError(faults)
    return sites, remarks


class _Placing:
    """One scenario on one diagnostic: gathers faults and remarks as it goes."""

    def __init__(self, diagnostic: Diagnostic, land: Land, scenario: Scenario) -> None:
        self.diagnostic, self.land, self.scenario = diagnostic, land, scenario
        self.file = scenario.file
        self.remarks = Remarks()
        self.faults: list[Fault] = []
        self.finder = Finder(diagnostic, land, self.file)
        self.gone: dict[int, int] = {}
        self.change: dict[int, str] = {}

    def done(self) -> Placed:
        scenario = self.scenario
        if not (scenario.openings or scenario.closings or scenario.moves or scenario.conversions):
            expected = "at least one opening, closing, move or conversion"
            raise InputError([Fault(self.file, expected, "none")])
        parts = []
        if scenario.openings:
            opened, faults = _opened(
                self.diagnostic, self.land, scenario.openings, self.file, self.remarks
            )
            self.faults += faults
            parts.append(opened.drop(columns="opening"))
        for closing in scenario.closings:
            self._close(closing)
        converted = self._converted(scenario.conversions) if scenario.conversions else None
        moved_rows = self.land.facilities.iloc[:0]
        if scenario.moves:
            moved, moved_rows = self._moved(scenario.moves)
            parts.append(moved)
        if converted is not None:
            parts.append(converted)
        if self.faults:
            raise InputError(self.faults)
        sites = together(parts, crs=self.land.places.units.crs)
        stay = without(self.land.facilities, self.gone)
        added = sites["change"] != "move"
        sites = named(sites, added, set(stay["facility"]) | set(moved_rows["facility"]))
        new = new_rows(sites[added], self.land.facilities, scenario.name)
        self._remark_served(sites[added], stay)
        after = pd.concat([frame for frame in (stay, moved_rows, new) if len(frame)])
        closed = self._closed()
        touched = {*closed["service"], *new["service"], *moved_rows["service"]}
        return Placed(
            scenario=scenario,
            facilities=gpd.GeoDataFrame(
                after.reset_index(drop=True), geometry="geometry", crs=self.land.places.units.crs
            ),
            sites=sites,
            closed=closed,
            services=tuple(s for s in self.diagnostic.basket.service_ids if s in touched),
            notes=self.remarks.table(),
        )

    def _close(self, closing: Closing) -> None:
        gone, faults = self.finder.closed(closing)
        self.faults += faults
        if not gone and not faults:
            note = "Aucun équipement du panier n'y est compté : sa fermeture ne change aucun temps."
            self.remarks.add(str(closing), "nothing_there", note)
        for row, number in gone.items():
            self.gone[row] = max(number, self.gone.get(row, 0))
            self.change[row] = "close"

    def _moved(self, moves: Iterable[Move]) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
        """Places that facilities move to, and the rows that stand there."""
        sites, rows = [], []
        for move in moves:
            gone, faults = self.finder.closed(move.what)
            found = np.array(sorted(gone), dtype=np.int64)
            there, more = stand(
                [Wanted(move.to, f"{move.where}.to")], self.diagnostic, self.land, self.file
            )
            faults += more
            twice = [row for row in found.tolist() if row in self.change]
            if twice:
                name = self.land.facilities["facility"].iloc[twice[0]]
                found_text = f"{name!r} closed or moved before"
                expected = "each facility closed or moved once"
                faults.append(Fault(self.file, expected, found_text, column=move.where))
            self.faults += faults
            if not found.size and not faults:
                note = "Aucun équipement du panier n'y est compté : rien ne se déplace."
                self.remarks.add(str(move.what), "nothing_there", note)
            if faults or not found.size:
                continue
            taken = self.land.facilities.iloc[found].assign(
                count=np.array([gone[row] for row in found.tolist()], dtype=np.int64),
                source=_source_of_moved(self.land.facilities.iloc[found], gone, found),
                **{column: there[column].iloc[0] for column in COLUMNS},
            )
            self.gone |= gone
            self.change |= dict.fromkeys(gone, "move")
            rows.append(taken)
            sites.append(moved_sites(taken, there))
        empty = self.land.facilities.iloc[:0]
        return together(sites), (pd.concat(rows) if rows else empty)

    def _converted(self, conversions: Iterable[Conversion]) -> gpd.GeoDataFrame:
        """Sites with the services that their new bouquet brings."""
        offers = Offers(self.diagnostic.basket, self.file, self.remarks)
        parts: list[gpd.GeoDataFrame] = []
        seen = {closing.site: "closed as well" for closing in self.scenario.closings}
        for item in conversions:
            site, faults = self.finder.site(item.site, f"{item.where}.site")
            if item.site in seen:
                expected = f"site {item.site!r} converted once, and not closed"
                faults = [*faults, Fault(self.file, expected, seen[item.site], column=item.where)]
            seen[item.site] = "converted twice"
            services, more = offers.of_bouquet(
                item.bouquet, subject=item.site, column=f"{item.where}.to"
            )
            faults += more
            had: set[str] = set()
            if item.former is not None:
                former, more = offers.of_bouquet(
                    item.former, subject=item.site, column=f"{item.where}.from"
                )
                faults, had = faults + more, set(former)
            self.faults += faults
            if site is None or faults:
                continue
            there = self.land.facilities["service"].iloc[self.finder.at_site(site)]
            added = tuple(name for name in services if name not in had | set(there))
            if item.former is None and not set(services) & set(there):
                note = (
                    "Rien ne dit ce que ce site offre aujourd'hui (« from ») : tout le nouveau "
                    "bouquet compte comme un ajout, et le gain peut être surestimé."
                )
                self.remarks.add(str(site["name"]), "former_unknown", note)
            if not added:
                note = "Le nouveau bouquet n'ajoute aucun service du panier : sans effet."
                self.remarks.add(str(site["name"]), "nothing_added", note)
            parts.append(converted_site(site, added))
        return together(parts, crs=self.land.places.units.crs)

    def _closed(self) -> gpd.GeoDataFrame:
        rows = sorted(self.gone)
        gone = self.land.facilities.iloc[rows]
        return gone.assign(
            count=np.array([self.gone[row] for row in rows], dtype=np.int64),
            change=pd.Series([self.change[row] for row in rows], index=gone.index, dtype="str"),
        ).reset_index(drop=True)

    def _remark_served(self, sites: gpd.GeoDataFrame, stay: gpd.GeoDataFrame) -> None:
        """Say which services a place had already, from others or from this scenario."""
        for number, site in enumerate(sites.itertuples()):
            others = sites.iloc[:number]
            same = same_place(others, site)
            there = set().union(*others.loc[same, "services"])
            near = stay[stay["service"].isin(site.services)]
            there |= set(near.loc[same_place(near, site), "service"])
            for service in (name for name in site.services if name in there):
                label = self.diagnostic.basket.service(service).label
                note = f"« {label} » est déjà offert sur place."
                if self.diagnostic.assumptions.same_commune == "internal_estimate":
                    note += " Un gain dans la commune n'y est que celui de l'estimation."
                self.remarks.add(site.name, "already_served", note)
            # What listed sites offer is in no facility: opening there counts it as new.
            if site.change == "open" and same_place(self.diagnostic.sites, site).any():
                note = (
                    "Un site existe déjà ici ; ce qu'il offre n'est pas compté dans le "
                    "diagnostic : le gain peut être surestimé."
                )
                self.remarks.add(site.name, "site_there", note)


def _source_of_moved(
    rows: gpd.GeoDataFrame, gone: dict[int, int], found: npt.NDArray[np.int64]
) -> pd.Series:
    """Source of rows that move: their own, unless some of a row's count stays behind."""
    moving = np.array([gone[row] for row in found.tolist()], dtype=np.int64)
    source: pd.Series = rows["source"].where(rows["count"] == moving, SOURCE)
    return source


def _opened(
    diagnostic: Diagnostic,
    land: Land,
    openings: Sequence[Opening],
    file: str,
    remarks: Remarks,
) -> tuple[gpd.GeoDataFrame, list[Fault]]:
    """Place every stop of every site that opens."""
    offers = Offers(diagnostic.basket, file, remarks)
    faults: list[Fault] = []
    wanted: list[Wanted] = []
    rows = []
    for number, item in enumerate(openings):
        services, more = offers.of_opening(item)
        faults += more
        for stop_number, stop in enumerate(item.spots, start=1):
            where = f"{item.where}.stops[{stop_number}]" if item.stops else item.where
            wanted.append(Wanted(stop.spot, where))
            rows.append(
                {
                    "opening": number,
                    "site": item.site or item.name,
                    "stop": stop.name,
                    "name": item.name,
                    "change": "open",
                    "services": services,
                    "format": item.format,
                    "days_per_month": stop.days_per_month,
                    "hours_per_week": item.hours_per_week,
                    "stops": len(item.stops),
                }
            )
    there, more = stand(wanted, diagnostic, land, file)
    faults += more
    told = pd.DataFrame(rows, columns=OPENED_COLUMNS)
    told["stop"] = told["stop"].fillna(there["unit"].map(land.places.units["name"]))
    stops = told["stops"] > 0
    told["place"] = told["name"].where(~stops, told["name"] + " – " + told["stop"].astype("str"))
    return site_frame(told, there), faults
