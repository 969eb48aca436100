"""Facilities from an operator's own list: any table, told by the territory file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import shapely

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.commune_names import codes_by_name
from sdaasp_geo.sources.dates import without_closed
from sdaasp_geo.sources.facilities import (
    facilities_table,
    flag_twins,
    vintage_text,
    with_service,
    without_duplicates,
)
from sdaasp_geo.sources.names import file_names, nearest
from sdaasp_geo.sources.positions import place
from sdaasp_geo.sources.study import ClaimNames, claims_frame
from sdaasp_geo.sources.text import read_text
from sdaasp_geo.tables.crs import GEOGRAPHIC_CRS
from sdaasp_geo.tables.folding import folded
from sdaasp_geo.tables.reading import Notes

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

    from sdaasp_geo.basket import Basket
    from sdaasp_geo.sources.study import PlaceBy, StudyArea
    from sdaasp_geo.tables.reading import Reading

_OPTIONAL = ("service", "facility", "commune", "city", "postcode", "lon", "lat", "x", "y", "name",
             "vintage", "closed", "opened")  # fmt: skip
_PAIRS = (("lon", "lat"), ("x", "y"))
SEPARATORS = (",", ";", "\t", "|")
ELSEWHERE = "the identifier of an earlier row at another place: give each place its own"
# Postcodes look like codes of communes, and many are those of other communes.
_POSTCODES = re.compile(r"(?:code?_?postale?s?|cod_?post?|post_?code|zip_?code)(?:_.*)?|cp|zip")


@dataclass(frozen=True)
class OperatorForm:
    """How an operator's file is written.

    Parameters
    ----------
    columns
        Library's name → name in the file: ``service``; ``commune``, or ``lon`` and
        ``lat`` (degrees), or ``x`` and ``y`` (CRS of the study area), or both code and
        coordinates; ``city`` and perhaps ``postcode`` where there is no code;
        ``facility`` (identifier), ``name``, ``vintage``, ``closed`` and ``opened``
        (dates) if there are.
    services
        Value of the file's service column → service id; a value that is a service id
        already needs none. Case and accents do not matter.
    place_by
        ``commune`` where the file's commune code is surer than its coordinates.
    separator
        Of the CSV; found out if None.
    service
        The service that every row offers, in the place of a service column.
    """

    columns: Mapping[str, str]
    services: Mapping[str, str] = field(default_factory=dict)
    place_by: PlaceBy = "position"
    separator: str | None = None
    service: str | None = None


def read_operators(
    path: str | Path,
    *,
    study: StudyArea,
    basket: Basket,
    form: OperatorForm,
    vintage: int | str | None = None,
) -> Reading[gpd.GeoDataFrame]:
    """Read the facilities of an operator's own table.

    Parameters
    ----------
    path
        CSV, parquet or xlsx, packed or not.
    study
        The land that facilities are wanted on.
    basket
        The services.
    form
        How the file is written.
    vintage
        Of the file; a mapped column ``vintage`` overrules it row by row.

    Returns
    -------
    Reading
        Table `FACILITIES` in the CRS of the study area, with `name` where it is mapped.
        Values of the service column that nobody maps are in `unused`, counted by value.
        A row without identifier gets ``row-<row>``; a repetition of an identifier for
        the same service is rejected. Places closed by the vintage, or not open yet, are
        in `unused`. Rows that offer a service where an earlier one does are flagged, and
        so are rows without coordinates, which stand at their commune.

    Raises
    ------
    InputError
        If the file cannot be read as such, `form` names an unknown column or service,
        or tells no place, or most coordinates are swapped.

    Notes
    -----
    Places are judged before services: a point far from its commune is flagged or
    rejected whether or not its service is used. A commune known by its name alone must be
    the only one of that name in the département of its postcode, or at all.
    """
    path = Path(path)
    columns = _columns(path.name, form, basket)
    notes = Notes(path.name)
    text = read_text(
        path,
        notes,
        required=list(columns.values()),
        separators=SEPARATORS if form.separator is None else (form.separator,),
    )
    frame = pd.DataFrame({name: text.frame[there] for name, there in columns.items()})
    frame = without_closed(frame, notes, vintage=vintage, columns=columns)
    rows = placed_rows(frame, study, notes, columns=columns, place_by=form.place_by)
    rows = rows.assign(count=1)
    services = {name: name for name in basket.service_ids} | dict(form.services)
    code = rows["service"] if form.service is None else form.service
    shown = columns.get("service", "service")
    rows = with_service(rows.assign(code=code), services, notes, column=shown)
    rows = _identified(rows, notes, columns)
    flag_twins(rows, notes, column=columns.get("facility", "facility"))
    dated = _column(rows, "vintage").fillna(vintage_text(vintage))
    table = facilities_table(rows, source=path.name, vintage=dated, crs=study.places.crs)
    return notes.close(table, text.rows_read)


def placed_rows(
    frame: pd.DataFrame,
    study: StudyArea,
    notes: Notes,
    *,
    columns: Mapping[str, str],
    place_by: PlaceBy,
) -> pd.DataFrame:
    """Find where the rows of a mapped table stand, and join what the table says of them.

    Parameters
    ----------
    frame
        Under the library's names (``commune``, ``city``, ``lon`` …), indexed by file row.
    study, notes, place_by
        As :func:`~sdaasp_geo.sources.positions.place`.
    columns
        Library's name → name in the file.
    """
    across, up = _coordinates(columns)
    names = ClaimNames(*(columns.get(name, name) for name in ("commune", across, up)))
    crs = study.crs if across == "x" else GEOGRAPHIC_CRS
    claims = claims_frame(frame, ClaimNames("commune", across, up), crs=crs)
    if "city" in frame:
        claims["code"] = codes_by_name(frame, claims["code"], study.places, notes, columns=columns)
    placed = place(claims, study, notes, names=names, place_by=place_by)
    return placed.join(frame.drop(columns="commune", errors="ignore"))


def coordinate_faults(file: str, columns: Mapping[str, str]) -> list[Fault]:
    """Refuse a mapping that tells no place, half of one, or communes by their postcodes."""
    expected = "one pair of coordinates: lon and lat, or x and y"
    whole = [pair for pair in _PAIRS if set(pair) <= set(columns)]
    named = [name for pair in _PAIRS for name in pair if name in columns]
    faults = []
    if len(named) != 2 * len(whole) or len(whole) > 1:
        faults.append(Fault(file, expected, ", ".join(named), column="columns"))
    if not named and not {"commune", "city"} & set(columns):
        expected = f"a commune code, or {expected}"
        faults.append(Fault(file, expected, "neither", column="columns"))
    named_commune = columns.get("commune", "")
    if _POSTCODES.fullmatch(folded(named_commune)):
        expected = "a column of INSEE commune codes"
        cause = "postcodes, some of which are codes of other communes: name them as postcode"
        faults.append(Fault(file, expected, repr(named_commune), cause, column="columns.commune"))
    return faults


def _columns(file: str, form: OperatorForm, basket: Basket) -> dict[str, str]:
    required = ["service"] if form.service is None else []
    columns = file_names(file, form.columns, required=required, optional=_OPTIONAL)
    faults = coordinate_faults(file, columns)
    if form.service is not None:
        if "service" in form.columns:
            expected = "one service for all rows, or a column of services"
            faults.append(Fault(file, expected, "both", column="service"))
        faults += _service_faults(file, {"service": form.service}, basket, "")
    faults += _service_faults(file, form.services, basket, "services.")
    if faults:
        raise InputError(faults)
    return columns


def _service_faults(
    file: str, services: Mapping[str, str], basket: Basket, where: str
) -> list[Fault]:
    faults = []
    for value, service in services.items():
        if service not in basket.service_ids:
            near = nearest(service, basket.service_ids)
            expected = "a service of the basket" + (f" (did you mean {near!r}?)" if near else "")
            faults.append(Fault(file, expected, repr(service), column=f"{where}{value}"))
    return faults


def _coordinates(columns: Mapping[str, str]) -> tuple[str, str]:
    return _PAIRS[1] if "x" in columns else _PAIRS[0]


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    if name in frame:
        return frame[name]
    return pd.Series(None, index=frame.index, dtype="str")


def _identified(rows: pd.DataFrame, notes: Notes, columns: Mapping[str, str]) -> pd.DataFrame:
    numbers = pd.Series([f"row-{row}" for row in rows.index], index=rows.index, dtype="str")
    rows = rows.assign(facility=_column(rows, "facility").fillna(numbers))
    shown = columns.get("facility", "facility")
    keys = ["facility", "service"]
    first = rows.drop_duplicates(keys).set_index(keys)["geometry"]
    again = rows.duplicated(keys)
    there = first.reindex(pd.MultiIndex.from_frame(rows.loc[again, keys])).to_numpy()
    moved = pd.Series(data=False, index=rows.index)
    moved[again] = ~shapely.equals(there, rows.loc[again, "geometry"].to_numpy())
    # An operator that numbers its agencies, not its desks: the desk is lost, and must be told.
    rows = notes.keep(rows, moved, shown, ELSEWHERE) if moved.any() else rows
    return without_duplicates(rows, keys, notes, column=shown, values="facility")
