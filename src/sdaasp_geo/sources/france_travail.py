"""Agencies of France Travail (Pôle emploi until 2023), as its interface lists them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sdaasp_geo.sources.desks import (
    Desk,
    DeskChoices,
    DeskNames,
    as_text,
    desk_facilities,
    desk_list,
)
from sdaasp_geo.sources.facilities import vintage_text
from sdaasp_geo.sources.json_records import json_records
from sdaasp_geo.sources.members import members, pieces
from sdaasp_geo.sources.study import ClaimNames
from sdaasp_geo.tables.reading import Notes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import geopandas as gpd

    from sdaasp_geo.basket import Basket
    from sdaasp_geo.sources.study import PlaceBy, StudyArea
    from sdaasp_geo.tables.reading import Reading

SERVICE = "pole_emploi"
# Agencies of proximity, specialised ones and relays, as the BPE counts them all for the
# service (A110, A111, A115). `RPE` is unverified: it is the prefix of relays' names.
KINDS = ("APE", "APES", "RPE")

_NAMES = DeskNames("code", "type", ClaimNames("communeImplantation", "gpsLon", "gpsLat"))
_KEYS = ("agences", "resultats", "results")


def read_france_travail(
    path: str | Path,
    *,
    study: StudyArea,
    basket: Basket,
    services: Mapping[str, str] | None = None,
    vintage: int | str | None = None,
    place_by: PlaceBy = "position",
) -> Reading[gpd.GeoDataFrame]:
    """Read the agencies of France Travail from an answer of its interface.

    Parameters
    ----------
    path
        JSON: a list of agencies (``code libelleEtendu type adressePrincipale`` with
        ``gpsLon gpsLat communeImplantation``); also in a ``.zip``, ``.gz`` or ``.tar``.
        A table of agencies in another form is read by
        :func:`~sdaasp_geo.sources.operators.read_operators`.
    study
        The land that facilities are wanted on.
    basket
        Agencies, specialised agencies and relays offer its service ``pole_emploi``, if
        it has one.
    services
        Other types → service id.
    vintage
        Of the file.
    place_by
        ``commune`` puts every agency at its chef-lieu.

    Returns
    -------
    Reading
        Table `FACILITIES` in the CRS of the study area, with `name`. Rows are numbered
        from 1. Types that no service has (regional directions …) are in `unused`.

    Raises
    ------
    InputError
        If the file is no JSON, is cut, or holds no list of agencies.
    """
    path = Path(path)
    notes = Notes(path.name)
    known = dict.fromkeys(KINDS, SERVICE) if SERVICE in basket.service_ids else {}
    return desk_facilities(
        desk_list(_agencies(path), notes),
        study,
        notes,
        names=_NAMES,
        choices=DeskChoices(known | dict(services or {}), place_by, vintage_text(vintage)),
    )


def _agencies(path: Path) -> Iterator[Desk | None]:
    for member in members(path, (".json",)):
        for record in json_records(pieces(member), path.name, keys=_KEYS):
            yield None if record is None else _agency(record)


def _agency(record: Mapping[str, Any]) -> Desk:
    address = record.get("adressePrincipale")
    there = address if isinstance(address, dict) else {}
    kind = as_text(record.get("type"))
    return Desk(
        facility=as_text(record.get("code")),
        name=as_text(record.get("libelleEtendu")) or as_text(record.get("libelle")),
        types=() if kind is None else (kind,),
        commune=as_text(there.get("communeImplantation")),
        across=as_text(there.get("gpsLon")),
        up=as_text(there.get("gpsLat")),
    )
