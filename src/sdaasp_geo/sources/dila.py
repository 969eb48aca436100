"""Annuaire de l'administration (DILA, service-public): the desks of public services."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sdaasp_geo.sources.desks import (
    Desk,
    DeskChoices,
    DeskList,
    DeskNames,
    as_text,
    desk_facilities,
    desk_frame,
    desk_list,
    sole,
)
from sdaasp_geo.sources.dila_xml import xml_record
from sdaasp_geo.sources.facilities import vintage_text
from sdaasp_geo.sources.json_records import json_records
from sdaasp_geo.sources.members import members, pieces, whole
from sdaasp_geo.sources.opening_hours import range_hours
from sdaasp_geo.sources.study import ClaimNames
from sdaasp_geo.sources.text import read_text
from sdaasp_geo.tables.reading import Notes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import geopandas as gpd

    from sdaasp_geo.basket import Basket
    from sdaasp_geo.sources.study import PlaceBy, StudyArea
    from sdaasp_geo.tables.reading import Reading

NAMES = DeskNames(
    "id", "type_service_local", ClaimNames("code_insee_commune", "longitude", "latitude")
)
# Names of the list in the file of the DILA, and in an answer of its interface.
_KEYS = ("service", "results")
_ENDINGS = (".json", ".xml")
_MOST_XML_BYTES = 4 << 20
_CSV = ("id", "nom", "pivot", "adresse")
_CSV_MORE = ("code_insee_commune", "ancien_code_pivot", "plage_ouverture")
# The address that people go to, before the one that letters go to.
ADDRESSES = ("Adresse", "physique", "géopostale")

Doubt = tuple[str, str, str]


def read_annuaire(
    path: str | Path,
    *,
    study: StudyArea,
    basket: Basket,
    services: Mapping[str, str] | None = None,
    vintage: int | str | None = None,
    place_by: PlaceBy = "position",
) -> Reading[gpd.GeoDataFrame]:
    """Read the desks of the annuaire de l'administration, base de données locales.

    Parameters
    ----------
    path
        Since July 2022 one JSON (``…-data.gouv_local.json``, list ``service``); before,
        one XML a desk (root ``Organisme``), in folders. The ``.tar.bz2`` of the
        publisher, a ``.zip``, ``.gz``, a folder, the file itself; or the CSV of the
        publisher's interface. Nothing is unpacked to disk.
    study
        The land that facilities are wanted on.
    basket
        Its services say which kinds of desk they are (`annuaire`).
    services
        More kinds → service id (``{"pmi": "maison_de_la_solidarite"}``), over those of
        the basket.
    vintage
        Of the file.
    place_by
        ``commune`` puts every desk at its chef-lieu: in old editions the code of the
        commune is surer than the position.

    Returns
    -------
    Reading
        Table `FACILITIES` in the CRS of the study area, with `name`. Rows are numbered
        from 1 in the order of the file (of the archive, for XML). A desk of several
        kinds offers each of their services. Kinds that no service has are in `unused`.
        Flagged: a desk without coordinates (placed at its commune), of several communes,
        of several addresses, with only a postal address, or where an earlier one offers the same service.

    Raises
    ------
    InputError
        If the file cannot be read as such, is cut, or an XML declares entities.

    Notes
    -----
    The commune of a desk is the code of its kind (``pivot``); where a kind lists several
    (all that the desk serves), the code in ``ancien_code_pivot`` is the seat's, and else
    the position decides.
    """
    path = Path(path)
    notes = Notes(path.name)
    known = {kind: service.id for service in basket.services for kind in service.annuaire}
    return desk_facilities(
        annuaire_list(path, notes),
        study,
        notes,
        names=NAMES,
        choices=DeskChoices(known | dict(services or {}), place_by, vintage_text(vintage)),
    )


def annuaire_list(path: Path, notes: Notes) -> DeskList:
    """Read the desks of any form of the annuaire; a broken entry is a reject."""
    if path.name.lower().endswith((".csv", ".csv.gz", ".csv.zip")):
        return _csv_list(path, notes)
    return desk_list(_desks(path), notes)


def _desks(path: Path) -> Iterator[Desk | None]:
    for member in members(path, _ENDINGS):
        name = member.name.lower()
        if name.endswith(".xml"):
            content = whole(member, _MOST_XML_BYTES, path.name)
            found = xml_record(content, path.name, member.name)
            # An archive holds a file a commune too: an index of desks, no desk.
            if found != "index":
                yield None if found is None else record_desk(found)
        else:
            for record in json_records(pieces(member), path.name, keys=_KEYS):
                yield None if record is None else record_desk(record)


def _csv_list(path: Path, notes: Notes) -> DeskList:
    text = read_text(path, notes, required=_CSV, optional=_CSV_MORE, separators=(";", ","))
    # Under the rows of the file, some of which may have been rejected already.
    desks = {
        int(row): record_desk(
            {str(name): cell for name, cell in cells.items() if isinstance(cell, str)}
        )
        for row, cells in zip(text.frame.index, text.frame.to_dict("records"), strict=True)
    }
    return DeskList(desk_frame(desks), text.rows_read)


def record_desk(record: Mapping[str, Any]) -> Desk:
    """Turn one entry of the JSON into a desk.

    Parameters
    ----------
    record
        As the JSON has it; lists may be written as text, as the interface does.

    Examples
    --------
    >>> desk = record_desk({
    ...     "id": "a1", "nom": "CAF - Arles",
    ...     "pivot": [{"type_service_local": "caf", "code_insee_commune": ["13004"]}],
    ...     "adresse": [{"type_adresse": "Adresse", "longitude": "4.63", "latitude": "43.68"}],
    ... })
    >>> desk.types, desk.commune, desk.across, desk.up
    (('caf',), '13004', '4.63', '43.68')
    """
    pivots = _objects(record.get("pivot"))
    kinds = [as_text(pivot.get("type_service_local")) for pivot in pivots]
    codes = [code for pivot in pivots for code in _texts(pivot.get("code_insee_commune"))]
    codes = list(dict.fromkeys(codes)) or _texts(record.get("code_insee_commune"))
    commune, doubts = _commune(codes, as_text(record.get("ancien_code_pivot")))
    across, up, more = _position(_objects(record.get("adresse")))
    hours, unread = range_hours(_objects(record.get("plage_ouverture")))
    return Desk(
        facility=as_text(record.get("id")),
        name=as_text(record.get("nom")),
        types=tuple(dict.fromkeys(kind for kind in kinds if kind)),
        commune=commune,
        across=across,
        up=up,
        doubt=(*doubts, *more),
        hours_per_week=hours,
        hours_unread=unread,
    )


def _objects(value: object) -> list[dict[str, Any]]:
    """Return the objects of a list, which may be written as text, or be one object alone."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return []
    listed = value if isinstance(value, list) else [value]
    return [item for item in listed if isinstance(item, dict)]


def _texts(value: object) -> list[str]:
    if isinstance(value, str) and value.startswith("["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return []
    listed = value if isinstance(value, list) else [value]
    texts = [as_text(item) for item in listed]
    return list(dict.fromkeys(text for text in texts if text))


def _commune(codes: list[str], former: str | None) -> tuple[str | None, tuple[Doubt, ...]]:
    """Tell the seat's commune of the codes of a desk, and what is doubtful of it."""
    if len(codes) < 2:
        return sole(codes), ()
    # "caf-13004-01": kind, commune of the seat, number.
    seat = next((part for part in (former or "").split("-") if part in codes), None)
    if seat is not None:
        return seat, ()
    listed = ", ".join(codes[:5]) + (" …" if len(codes) > 5 else "")
    return None, ((NAMES.claim.commune, listed, "several communes: its position decides"),)


def _position(addresses: list[dict[str, Any]]) -> tuple[str | None, str | None, tuple[Doubt, ...]]:
    """Coordinates of the address that people go to; of the other where it alone has some."""
    located = [
        (as_text(item.get("type_adresse")), as_text(item.get("longitude")),
         as_text(item.get("latitude")))
        for item in addresses
    ]  # fmt: skip
    located = [item for item in located if item[1] or item[2]]
    visited = [item for item in located if item[0] in ADDRESSES]
    if visited:
        first = min(visited, key=lambda item: ADDRESSES.index(item[0] or ""))
        alike = {item[1:] for item in visited if item[0] == first[0]}
        doubt = ("adresse", str(len(alike)), "several addresses: the first one is taken")
        return first[1], first[2], (doubt,) if len(alike) > 1 else ()
    if not located:
        return None, None, ()
    kind, across, up = located[0]
    doubt = ("type_adresse", kind or "", "the position of a postal address alone")
    return across, up, (doubt,)
