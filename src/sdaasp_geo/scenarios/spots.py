"""Where the places of a scenario stand: communes of any year, degrees, metres."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.tables.crs import GEOGRAPHIC_CRS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from sdaasp_geo.diagnostic.model import Diagnostic, Land
    from sdaasp_geo.scenarios.changes import Spot
    from sdaasp_geo.tables.places import Places

COLUMNS = ("unit", "commune", "known_by", "position_quality", "geometry")
_M_PER_KM = 1000.0


class Wanted(NamedTuple):
    """One place to find.

    Parameters
    ----------
    spot
        What is told of it.
    where
        How a message names it (``open[2].stops[1]``).
    """

    spot: Spot
    where: str


def stand(
    wanted: Sequence[Wanted], diagnostic: Diagnostic, land: Land, file: str
) -> tuple[gpd.GeoDataFrame, list[Fault]]:
    """Find the unit and the point of each place.

    Parameters
    ----------
    wanted
        The places.
    diagnostic, land
        Département, buffer, communes; `far_from_commune_m` of the assumptions.
    file
        What messages call the scenario.

    Returns
    -------
    frame : GeoDataFrame
        ``unit commune known_by position_quality geometry``, one row a place in their
        order, points in the CRS of the territory; meaningless if there are faults.
    faults : list of Fault
        A place without point and commune, an unknown commune, a point that is not in
        the commune told beside it, a place outside the territory and its buffer.

    Raises
    ------
    InputError
        If a place is told by something other than a point, or in an unknown system.
    """
    places = land.places
    if wrong := _shape_faults(wanted, file):
        raise InputError(wrong)
    points = _points(wanted, places)
    told = pd.Series([item.spot.unit for item in wanted], dtype="str")
    unit = places.unit_of(told.str.strip().str.upper()).astype("str")
    faults = _unknown_faults(wanted, told, unit, points, places, file)
    far_m = diagnostic.assumptions.far_from_commune_m
    unit, more = _checked_units(wanted, unit, points, places, (far_m, file))
    faults += more
    by_commune = np.array([item.spot.known_by == "commune" for item in wanted], dtype=bool)
    by_commune |= shapely.is_missing(points)
    point = np.where(by_commune, places.chef_lieu_of(unit), points)
    faults += _buffer_faults(wanted, point, diagnostic, places, file)
    frame = gpd.GeoDataFrame(
        {
            "unit": unit,
            "commune": places.commune_of(unit).astype("str"),
            "known_by": np.where(by_commune, "commune", "position"),
            "position_quality": np.where(by_commune, "commune", "exact"),
        },
        geometry=gpd.GeoSeries(point, crs=places.units.crs),
    )
    return frame.astype({"known_by": "str", "position_quality": "str"}), faults


def _shape_faults(wanted: Sequence[Wanted], file: str) -> list[Fault]:
    """Tell what no coordinates can be had from."""
    faults = []
    for item in wanted:
        # Typed as a point, but a frame or a notebook may hold anything.
        point: object = item.spot.point
        system = item.spot.crs
        if point is not None and not isinstance(point, shapely.Point):
            found = getattr(point, "geom_type", type(point).__name__)
            cause = "outlines in the place of points; try .representative_point()"
            faults.append(Fault(file, "a point", found, cause, column=item.where))
        try:
            CRS.from_user_input(system) if system is not None else None
        except CRSError:
            expected = "a coordinate system that PROJ knows"
            faults.append(Fault(file, expected, repr(system), column=item.where))
    return faults


def _points(wanted: Sequence[Wanted], places: Places) -> npt.NDArray[np.object_]:
    """Points in the CRS of the territory; None where none is told or it is endless."""
    target = places.units.crs
    points = np.array([None] * len(wanted), dtype=object)
    systems = [item.spot.crs for item in wanted]
    for system in dict.fromkeys(systems):
        rows = [n for n, item in enumerate(wanted) if item.spot.crs == system]
        told = gpd.GeoSeries([wanted[n].spot.point for n in rows], crs=system or target)
        points[rows] = told.to_crs(target).to_numpy()
    placed = ~shapely.is_missing(points) & ~shapely.is_empty(points)
    placed[placed] = np.isfinite(shapely.get_coordinates(points[placed])).all(axis=1)
    points[~placed] = None
    return points


def _unknown_faults(
    wanted: Sequence[Wanted],
    told: pd.Series,
    unit: pd.Series,
    points: npt.NDArray[np.object_],
    places: Places,
    file: str,
) -> list[Fault]:
    faults = []
    for item, code, known, point in zip(wanted, told, unit, points, strict=True):
        if pd.isna(code) and point is None:
            expected = "a point or the code of a commune"
            found = "neither" if item.spot.point is None else f"the point {item.spot.point.wkt}"
            faults.append(Fault(file, expected, found, column=item.where))
        elif not pd.isna(code) and pd.isna(known):
            near = difflib.get_close_matches(str(code), list(places.units.index), n=1, cutoff=0.7)
            named = places.units.index[places.units["name"].str.casefold() == str(code).casefold()]
            hint = [*named, *near][:1]
            expected = "the code of a commune of the territory or its buffer"
            expected += f" (did you mean {hint[0]!r}?)" if hint else ""
            cause = "a typing mistake, a postcode, or a commune too far away"
            faults.append(Fault(file, expected, repr(code), cause, column=item.where))
    return faults


def _checked_units(
    wanted: Sequence[Wanted],
    unit: pd.Series,
    points: npt.NDArray[np.object_],
    places: Places,
    limits: tuple[float, str],
) -> tuple[pd.Series, list[Fault]]:
    """Units of points without a code, and the arrondissement of those in a divided city."""
    far_m, file = limits
    placed = np.flatnonzero(~shapely.is_missing(points))
    there = _unit_near(points, placed, places, far_m)
    divided = _divided(places)
    faults = []
    found = unit.copy()
    for number in placed.tolist():
        item, code = wanted[number], unit.iloc[number]
        if pd.isna(code):
            if item.spot.unit is None and pd.isna(there.iloc[number]):
                faults.append(_outside(item, points[number], places, file))
            found.iloc[number] = there.iloc[number]
            continue
        off_m = float(shapely.distance(points[number], places.units.geometry[code]))
        if off_m > far_m:
            expected = f"a point in commune {code}, told beside it"
            found_text = f"a point {off_m / _M_PER_KM:.1f} km away from it"
            faults.append(Fault(file, expected, found_text, _cause(item), column=item.where))
        elif code in divided and not pd.isna(there.iloc[number]):
            same = places.units["commune"].get(there.iloc[number]) == code
            found.iloc[number] = there.iloc[number] if same else code
    return found, faults


def _divided(places: Places) -> set[str]:
    parts = places.units.index != places.units["commune"]
    return set(places.units.loc[parts, "commune"])


def _unit_near(
    points: npt.NDArray[np.object_],
    placed: npt.NDArray[np.int64],
    places: Places,
    limit_m: float,
) -> pd.Series:
    """Find the unit that holds each point, else the nearest: outlines are generalised."""
    finest = places.finest_units()
    tree = shapely.STRtree(finest.geometry.to_numpy())
    which, where = tree.query_nearest(points[placed], max_distance=max(limit_m, 1e-9))
    near = pd.Series(finest.index.to_numpy()[where], index=placed[which], dtype="str")
    return near.groupby(level=0).min().reindex(np.arange(len(points))).astype("str")


def _outside(item: Wanted, point: shapely.Point, places: Places, file: str) -> Fault:
    away_km = float(shapely.distance(places.units.geometry.to_numpy(), point).min()) / _M_PER_KM
    expected = "a point in a commune of the territory or its buffer"
    found = f"a point {away_km:,.0f} km from the nearest commune"
    cause = _cause(item)
    if item.spot.crs == GEOGRAPHIC_CRS and item.spot.point is not None:
        swapped = gpd.GeoSeries(
            [shapely.Point(item.spot.point.y, item.spot.point.x)], crs=GEOGRAPHIC_CRS
        ).to_crs(places.units.crs)
        if np.isfinite(shapely.get_coordinates(swapped.to_numpy())).all():
            known = places.unit_at(swapped.to_numpy()).notna()
            cause = "latitude and longitude swapped" if known.any() else cause
    return Fault(file, expected, found, cause, column=item.where)


def _cause(item: Wanted) -> str:
    if item.spot.crs is None:
        return "coordinates of another system than the territory's"
    return "a wrong coordinate or code"


def _buffer_faults(
    wanted: Sequence[Wanted],
    points: npt.NDArray[np.object_],
    diagnostic: Diagnostic,
    places: Places,
    file: str,
) -> list[Fault]:
    buffer_km = diagnostic.provenance.get("buffer_km")
    if buffer_km is None:
        return []
    own = places.units.geometry[places.units["departement"] == diagnostic.departement].to_numpy()
    placed = np.flatnonzero(~shapely.is_missing(points))
    if not own.size or not placed.size:
        return []
    tree = shapely.STRtree(own)
    (asked, _), away_m = tree.query_nearest(points[placed], return_distance=True, all_matches=False)
    far = asked[away_m > buffer_km * _M_PER_KM]
    away_km = dict(zip(asked, away_m / _M_PER_KM, strict=True))
    return [
        Fault(
            file,
            f"a place in département {diagnostic.departement} or within {buffer_km:g} km of it",
            f"one {away_km[n]:,.0f} km away",
            _cause(wanted[placed[n]]),
            column=wanted[placed[n]].where,
        )
        for n in far
    ]
