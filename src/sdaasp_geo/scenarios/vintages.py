"""Two diagnostics brought to one ground: CRS, communes, services, study area."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from sdaasp_geo.diagnostic.model import land_of
from sdaasp_geo.errors import Fault, InputError

if TYPE_CHECKING:
    import geopandas as gpd

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.tables.places import Places


class Vintages(NamedTuple):
    """Two vintages, comparable.

    Parameters
    ----------
    services
        Ids of the services of both baskets, in the order of the new one.
    communes
        Codes of the communes of both.
    old, new
        Facilities of these services, in the new CRS, units brought to the new codes, in
        the study area of both.
    beyond
        New facilities in units that the old study area did not know: taken for
        unchanged.
    notes
        What was left out, for people to read.
    """

    services: list[str]
    communes: list[str]
    old: gpd.GeoDataFrame
    new: gpd.GeoDataFrame
    beyond: gpd.GeoDataFrame
    notes: list[str]


def aligned(old: Diagnostic, new: Diagnostic) -> Vintages:
    """Bring two diagnostics to one ground.

    Raises
    ------
    InputError
        If one has no land, or they have no commune or no service in common.
    """
    before, after = land_of(old), land_of(new)
    services = [name for name in new.basket.service_ids if name in old.basket.service_ids]
    communes = sorted({*old.communes["commune"]} & {*new.communes["commune"]})
    faults = [
        Fault("compare", f"two vintages with {what} in common", "none", cause)
        for what, found, cause in (
            ("communes", communes, "the diagnostics of two territories"),
            ("services", services, "two baskets with other service ids"),
        )
        if not found
    ]
    if faults:
        raise InputError(faults)
    past = before.facilities[before.facilities["service"].isin(services)]
    past = past.to_crs(after.facilities.crs) if past.crs != after.facilities.crs else past
    moved = past.assign(unit=after.places.unit_of(past["unit"]))
    moved = moved.assign(commune=after.places.commune_of(moved["unit"]))
    lost = moved["unit"].isna()
    present = after.facilities[after.facilities["service"].isin(services)]
    known = _units_known(before.places, after.places)
    inside = present["unit"].isin(known)
    notes = _notes(old, new, services, communes)
    notes += _outside(
        int(lost.sum()), "de l'ancien millésime hors du nouveau périmètre (pas de comparaison)"
    )
    beyond = "du nouveau millésime hors de l'ancien périmètre (aucun changement compté)"
    notes += _outside(int((~inside).sum()), beyond)
    return Vintages(
        services=services,
        communes=communes,
        old=moved[~lost].reset_index(drop=True),
        new=present[inside].reset_index(drop=True),
        beyond=present[~inside].reset_index(drop=True),
        notes=notes,
    )


def _units_known(before: Places, after: Places) -> set[str]:
    codes = pd.Series(before.units.index.astype("str"))
    return {*after.unit_of(codes).dropna()}


def _notes(old: Diagnostic, new: Diagnostic, services: list[str], communes: list[str]) -> list[str]:
    notes = []
    for name, side in (("ancien", old), ("nouveau", new)):
        lacking = sorted({*side.communes["commune"]} - {*communes})
        if lacking:
            shown = ", ".join(lacking)
            notes.append(f"communes du seul {name} millésime, laissées de côté : {shown}")
        other = [service for service in side.basket.service_ids if service not in services]
        if other:
            notes.append(f"services du seul {name} panier, laissés de côté : {', '.join(other)}")
    if old.assumptions != new.assumptions:
        notes.append(
            "les hypothèses diffèrent entre les deux millésimes : leur effet est dans "
            "« autres changements »"
        )
    return notes


def _outside(number: int, where: str) -> list[str]:
    things = "équipement" if number == 1 else "équipements"
    return [f"{number} {things} {where}"] if number else []
