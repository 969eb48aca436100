"""Frames of sites and of facilities, as openings and closings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pandas as pd
import shapely

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.scenarios.changes import Closing, Opening

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import geopandas as gpd

_PARTED = re.compile(r"\s*[;,|]\s*")
_OFFERS = ("services", "bouquet", "operators")


def openings_of(
    sites: gpd.GeoDataFrame | pd.DataFrame,
    *,
    services: Sequence[str] = (),
    bouquet: str | None = None,
    source: str = "opened",
) -> list[Opening]:
    """Turn a frame of sites into openings, one a row.

    Parameters
    ----------
    sites
        See :class:`~sdaasp_geo.scenarios.model.Scenario`; untouched.
    services, bouquet
        What a site offers whose own row does not say.
    source
        What messages call the frame.

    Raises
    ------
    InputError
        If a row has no name, no place, or offers nothing; if geometries have no CRS or
        are no points. All faults at once; the first row is row 1.
    """
    if isinstance(services, str):
        services = _listed(services)
    faults = _frame_faults(sites, services, bouquet, source)
    if faults:
        raise InputError(faults)
    crs = _crs(sites)
    return [
        _opening(row, number, tuple(services), bouquet, crs)
        for number, row in enumerate(sites.to_dict("records"), start=1)
    ]


def closings_of(closed: pd.DataFrame | Iterable[str], *, source: str = "closed") -> list[Closing]:
    """Turn identifiers, or a frame of facilities or sites, into closings.

    A frame with ``facility`` closes each facility of it (of its ``service`` alone where
    the frame has one); one with ``site``, each site; one with ``service`` and
    ``commune`` alone, the facilities of that service in that commune.

    Raises
    ------
    InputError
        If a row names nothing; all faults at once.
    """
    if not isinstance(closed, pd.DataFrame):
        names = [closed] if isinstance(closed, str) else closed
        return [Closing(facility=str(name), where=f"closed {name}") for name in names]
    found, faults = [], []
    for number, row in enumerate(closed.to_dict("records"), start=1):
        told = {key: text(row.get(key)) for key in ("facility", "service", "commune", "site")}
        if told["facility"] is not None:
            # A facilities table says the commune too; the identifier is enough.
            found.append(
                Closing(facility=told["facility"], service=told["service"], where=f"row {number}")
            )
        elif told["site"] is not None:
            found.append(Closing(site=told["site"], where=f"row {number}"))
        elif told["service"] is not None and told["commune"] is not None:
            found.append(
                Closing(service=told["service"], commune=told["commune"], where=f"row {number}")
            )
        else:
            expected = "a facility, a site, or a service and a commune"
            faults.append(Fault(source, expected, "none of them", row=number))
    if faults:
        raise InputError(faults)
    return found


def text(value: Any) -> str | None:  # noqa: ANN401 (a cell)
    """Text of a cell, None where it is empty."""
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return None
    return str(value).strip() or None


def _listed(value: Any) -> tuple[str, ...]:  # noqa: ANN401 (a cell)
    if isinstance(value, list | tuple | set):
        return tuple(str(item) for item in value)
    told = text(value)
    return () if told is None else tuple(part for part in _PARTED.split(told) if part)


def _frame_faults(
    sites: pd.DataFrame, services: Sequence[str], bouquet: str | None, source: str
) -> list[Fault]:
    faults = []
    points = sites["geometry"] if "geometry" in sites else pd.Series(dtype=object)
    if len(sites) == 0:
        faults.append(Fault(source, "at least one site", "an empty frame"))
    if not {"name", "site"} & set(sites.columns):
        faults.append(Fault(source, "a column 'name' or 'site'", ", ".join(map(str, sites))))
    if not (services or bouquet or set(_OFFERS) & set(sites.columns)):
        expected = f"what the sites offer: services= or bouquet=, or a column {', '.join(_OFFERS)}"
        faults.append(Fault(source, expected, "none of them"))
    if _crs(sites) is None and points.notna().any():
        cause = "a frame made without crs="
        faults.append(Fault(source, "points with a coordinate system", "no CRS", cause))
    if faults:
        return faults
    for number, row in enumerate(sites.to_dict("records"), start=1):
        faults += _row_faults(row, number, offered=bool(services or bouquet), source=source)
    return faults


def _row_faults(row: dict[Any, Any], number: int, *, offered: bool, source: str) -> list[Fault]:
    faults = []
    if _name(row) is None:
        faults.append(Fault(source, "a name", "nothing", row=number, column="name"))
    point = row.get("geometry")
    if point is not None and not isinstance(point, shapely.Point):
        cause = "outlines in the place of points; try .representative_point()"
        found = f"a {point.geom_type}"
        faults.append(Fault(source, "a point", found, cause, number, "geometry"))
    if not _placed(point) and text(row.get("unit")) is None and text(row.get("commune")) is None:
        expected = "a point or the code of a commune"
        faults.append(Fault(source, expected, "neither", row=number, column="geometry"))
    if not (offered or any(_listed(row.get(key)) for key in _OFFERS)):
        expected = "what the site offers"
        faults.append(Fault(source, expected, "nothing", row=number, column="services"))
    return faults


def _crs(sites: pd.DataFrame) -> str | None:
    # A frame whose geometry column was dropped has no CRS to ask for.
    system = getattr(sites, "crs", None) if "geometry" in sites else None
    return None if system is None else str(system)


def _placed(point: object) -> bool:
    return isinstance(point, shapely.Point) and not point.is_empty


def _name(row: dict[Any, Any]) -> str | None:
    return text(row.get("name")) or text(row.get("site"))


def _opening(
    row: dict[Any, Any],
    number: int,
    services: tuple[str, ...],
    bouquet: str | None,
    crs: str | None,
) -> Opening:
    point = row.get("geometry")
    placed = _placed(point)
    hours = row.get("hours_per_week")
    by_commune = text(row.get("known_by")) == "commune" or not placed
    tells = any(_listed(row.get(key)) for key in _OFFERS)
    return Opening(
        name=_name(row) or "",
        services=_listed(row.get("services")) if tells else services,
        point=point if placed else None,
        unit=text(row.get("unit")) or text(row.get("commune")),
        known_by="commune" if by_commune else "position",
        crs=crs if placed else None,
        bouquet=text(row.get("bouquet")) if tells else bouquet,
        operators=_listed(row.get("operators")),
        format=text(row.get("format")),
        hours_per_week=None if hours is None or pd.isna(hours) else float(hours),
        site=text(row.get("site")),
        where=f"row {number}",
    )
