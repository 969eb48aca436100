"""Insee's published access times: 200 m squares × types of facility, by region."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.insee_access_rows import wanted_rows
from sdaasp_geo.sources.positions import HOPELESS_M, SWAPPED, as_points
from sdaasp_geo.tables.crs import OVERSEAS_CRS
from sdaasp_geo.tables.reading import Notes, Reading, stack_notes, stack_unused
from sdaasp_geo.tables.schemas import ORIGINS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from sdaasp_geo.basket import Basket
    from sdaasp_geo.tables.places import Places

    Floats = npt.NDArray[np.float64]

# Insee's squares are those of the European grid; Filosofi's overseas ones are of the official
# system of their département. That this file does the same overseas is unverified.
_GRID_CRS = "EPSG:3035"

# Side of its squares.
PUBLISHED_SIDE_M = 200.0

NO_TIME = "no time in the file"
NOT_NEAREST = "another type of the same service is nearer"
OTHER_SQUARE = "another position or number of inhabitants than an earlier row of the square"
REPEATED = "a repetition of an earlier row"

# So large a share of squares away from their communes is a fault of the file.
_HOPELESS_SHARE = 0.9
_LEAST_SQUARES = 3


@dataclass(frozen=True)
class PublishedTimes:
    """Insee's times in the library's tables.

    Parameters
    ----------
    reading
        Its table is `ACCESS_TIMES`: every origin × service, origins in the order of the
        file and services within, `kind` ``published``. The rows kept of the file are
        those whose time is in the table.
    origins
        `ORIGINS` table: the squares, known by their position, with Insee's inhabitants.
    """

    reading: Reading[pd.DataFrame]
    origins: gpd.GeoDataFrame

    @property
    def times(self) -> pd.DataFrame:
        """The access-times table."""
        return self.reading.table


def read_insee_access_times(
    path: str | Path,
    *,
    basket: Basket,
    places: Places,
    departement: str,
    services: Sequence[str] | None = None,
) -> PublishedTimes:
    """Read Insee's published car times from 200 m squares to the nearest facilities.

    Parameters
    ----------
    path
        ``donnees-2024-reg93.parquet`` of "Données sur la localisation et l'accès de la
        population aux équipements": one row a square, IRIS and type of facility, with
        ``idSrc X Y depcom iris typeeq_id pop duree`` among its columns (found by name,
        whatever their case; ``iris`` may lack).
    basket
        Whose codes tell the services.
    places
        Communes and arrondissements, of the département at least; their CRS is that of
        the answer.
    departement
        Only squares of its communes are read.
    services
        Ids of the services asked for, in the order of the answer; all of the basket if
        None. One of several types has the time to the nearest (minimum by square).

    Returns
    -------
    PublishedTimes
        Times in minutes and their origins, no network needed. An origin is a square in
        one commune and IRIS: ``<idSrc>-<iris>``. `facility` is missing: the file does
        not tell which. Where a time is missing, `reason` is ``no_facility`` (no row of
        the département is of the service) or ``not_published``. Rows of other
        départements, of codes of no service, without a time, and those that another
        type of the service beats are in `unused`; rows without a usable square,
        commune, position, number of inhabitants or time, repetitions, and squares more
        than 10 km from their commune are rejected.

    Raises
    ------
    InputError
        If the file is missing, damaged, no parquet file or lacks a column; if it has no
        row of the département for these services; if its squares are nearly all away
        from their communes, or its faults too many to list.
    ValueError
        If `services` has one that the basket has not.

    Notes
    -----
    Insee computes them with METRIC-OSRM, off-peak. The file is read a group of rows at a
    time and only the rows wanted are kept. X and Y are the middle of the square in
    EPSG:3035; overseas, in the official system of the département (unverified).
    """
    path = Path(path)
    asked = _asked(basket, services)
    codes = {code: asked.index(s) for code, s in basket.service_of_code.items() if s in asked}
    notes = Notes(path.name)
    rows = wanted_rows(path, notes, codes=codes, places=places, departement=departement)
    frame = _of_one_square(rows.frame, notes)
    frame, origins = _standing(frame, places, departement, notes)
    if frame.empty:
        expected = f"at least one row of the département {departement} for these services"
        found = f"none in {rows.rows_read} rows" + _first_reason(notes)
        fault = Fault(path.name, expected, found, "the file of another region")
        raise InputError([fault])
    table = _times(_nearest(frame, notes), frame, origins, asked)
    reading = notes.close(table, rows.rows_read)
    unused = stack_unused([rows.unused, reading.unused])
    ordered = unused.sort_values(["reason", "code"], ignore_index=True)
    rejects = stack_notes([reading.rejects])
    whole = dataclasses.replace(reading, unused=ordered, rejects=rejects)
    return PublishedTimes(whole, origins)


def told_to_every_origin(published: PublishedTimes, origins: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the published times of some origins, with the reason for none of the others.

    Parameters
    ----------
    published
        As read.
    origins
        `ORIGINS` table: those of `published`, and others that the file says nothing of,
        such as the chef-lieu of a commune without any square.

    Returns
    -------
    DataFrame
        `ACCESS_TIMES`: every origin × service, in their order.
    """
    times = published.times
    services = pd.Index(times["service"].unique())
    offered = times.loc[times["reason"] != "no_facility", "service"].unique()
    lacking = origins.loc[~origins["origin"].isin(published.origins["origin"]), "origin"]
    untold = pd.MultiIndex.from_product([lacking, services], names=["origin", "service"])
    more = untold.to_frame(index=False).assign(
        time_min=np.nan, facility=None, kind=None, reason="not_published"
    )
    more.loc[~more["service"].isin(offered), "reason"] = "no_facility"
    whole = pd.concat([times, more.astype(times.dtypes)[list(times.columns)]], ignore_index=True)
    line = pd.Index(origins["origin"]).get_indexer(pd.Index(whole["origin"]))
    place = services.get_indexer(pd.Index(whole["service"]))
    kept = line >= 0
    order = np.lexsort((place[kept], line[kept]))
    return pd.DataFrame(whole[kept].iloc[order].reset_index(drop=True))


def _asked(basket: Basket, services: Sequence[str] | None) -> list[str]:
    asked = list(dict.fromkeys(basket.service_ids if services is None else services))
    if strange := [service for service in asked if service not in basket.service_ids]:
        message = f"services: expected those of the basket {basket.name!r}, found {strange}"
        raise ValueError(message)
    return asked


def _of_one_square(frame: pd.DataFrame, notes: Notes) -> pd.DataFrame:
    """Reject rows that contradict an earlier one of their square, and repetitions."""
    first = frame.groupby("origin", sort=False)[["x", "y", "population"]].transform("first")
    other = (first != frame[["x", "y", "population"]]).any(axis=1)
    frame = notes.keep(frame.assign(idSrc=frame["origin"]), other, "idSrc", OTHER_SQUARE)
    return notes.keep(frame, frame.duplicated(["origin", "code"]), "idSrc", REPEATED)


def _standing(
    frame: pd.DataFrame, places: Places, departement: str, notes: Notes
) -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
    """Make the origins, and reject the rows of those that stand nowhere near their commune."""
    squares = frame.drop_duplicates("origin")
    crs = OVERSEAS_CRS.get(departement, _GRID_CRS)
    points = _projected(squares["x"], squares["y"], crs, places)
    commune = places.commune_of(squares["unit"])
    away_m = places.distance_m(commune, points)
    lost = ~(away_m <= HOPELESS_M)
    if lost.any():
        frame = _without(frame, squares[lost], away_m[lost], places, crs, notes)
    unit = _precise(squares["unit"], points, places)
    table = gpd.GeoDataFrame(
        {
            "origin": squares["origin"],
            "commune": commune.astype("str"),
            "unit": unit,
            "known_by": "position",
            "population": squares["population"],
        },
        geometry=points,
        crs=places.units.crs,
    )
    kept = table.loc[~lost, list(ORIGINS.columns)].reset_index(drop=True)
    return frame, kept.astype({"origin": "str", "known_by": "str"})


def _without(
    frame: pd.DataFrame,
    lost: pd.DataFrame,
    away_m: Floats,
    places: Places,
    crs: str,
    notes: Notes,
) -> pd.DataFrame:
    turned = _projected(lost["y"], lost["x"], crs, places)
    commune = places.commune_of(lost["unit"])
    swapped = places.distance_m(commune, turned) <= HOPELESS_M
    reasons = {
        origin: f"{_away(metres)} from its commune {code}" + (f"; {SWAPPED}" if turn else "")
        for origin, metres, code, turn in zip(lost["origin"], away_m, commune, swapped, strict=True)
    }
    squares = frame["origin"].nunique()
    if len(lost) >= _LEAST_SQUARES and len(lost) > _HOPELESS_SHARE * squares:
        first = lost.iloc[0]
        found = f"{first['x']:g}, {first['y']:g}, {reasons[first['origin']]}"
        cause = SWAPPED if swapped.all() else "another coordinate system than that of the grid"
        row = int(lost.index[0])
        expected = f"middles of squares in {crs}"
        raise InputError([Fault(notes.source, expected, found, cause, row, "X, Y")])
    bad = frame["origin"].isin(reasons)
    told = frame.loc[bad, "origin"]
    values = frame.loc[bad, "x"].map("{:g}".format) + ", " + frame.loc[bad, "y"].map("{:g}".format)
    notes.reject(told.index, "X, Y", values, [reasons[origin] for origin in told])
    return frame[~bad]


def _away(metres: float) -> str:
    return f"{metres / 1000.0:.0f} km" if np.isfinite(metres) else "off the map"


def _projected(
    across: pd.Series, up: pd.Series, crs: str, places: Places
) -> npt.NDArray[np.object_]:
    points = gpd.GeoSeries.from_xy(across.to_numpy(), up.to_numpy(), crs=crs)
    moved = points.to_crs(places.units.crs)
    return as_points(moved.x.to_numpy(), moved.y.to_numpy())


def _precise(units: pd.Series, points: npt.NDArray[np.object_], places: Places) -> pd.Series:
    """Find the arrondissement where the file names the whole of a divided city."""
    divided = places.units.index.difference(places.finest_units().index)
    vague = units.isin(divided).to_numpy()
    if not vague.any():
        return units.astype("str")
    found = places.unit_at(points[vague]).set_axis(units.index[vague]).dropna()
    same = places.commune_of(found) == places.commune_of(units[found.index])
    return found[same].astype("str").combine_first(units).reindex(units.index).astype("str")


def _nearest(frame: pd.DataFrame, notes: Notes) -> pd.DataFrame:
    """Keep the least time of each origin and service; of equal ones, the first by code."""
    timed = frame["time_min"].notna()
    if not timed.all():
        notes.skip(frame.loc[~timed, "code"], NO_TIME)
    ordered = frame[timed].sort_values(["origin", "service", "time_min", "code"])
    beaten = ordered.duplicated(["origin", "service"])
    if beaten.any():
        notes.skip(ordered.loc[beaten, "code"], NOT_NEAREST)
    return ordered[~beaten]


def _times(
    nearest: pd.DataFrame, frame: pd.DataFrame, origins: gpd.GeoDataFrame, asked: list[str]
) -> pd.DataFrame:
    """Every origin × service, with its time or the reason for none."""
    shape = len(origins), len(asked)
    minutes = np.full(shape, np.nan)
    line = pd.Index(origins["origin"]).get_indexer(pd.Index(nearest["origin"]))
    minutes[line, nearest["service"].to_numpy()] = nearest["time_min"].to_numpy()
    told = np.isin(np.arange(len(asked)), frame["service"].unique())
    reasons = np.array(["no_facility", "not_published"], dtype=object)[told.astype(np.int64)]
    kind, reason = np.full(shape, "published", dtype=object), np.full(shape, None, dtype=object)
    missing = np.isnan(minutes)
    kind[missing], reason[missing] = None, np.broadcast_to(reasons, shape)[missing]
    table = pd.DataFrame(
        {
            "origin": np.repeat(origins["origin"].to_numpy(dtype=object), len(asked)),
            "service": np.tile(np.asarray(asked, dtype=object), len(origins)),
            "time_min": minutes.ravel(),
            "facility": None,
            "kind": kind.ravel(),
            "reason": reason.ravel(),
        }
    )
    return table.astype(dict.fromkeys(["origin", "service", "facility", "kind", "reason"], "str"))


def _first_reason(notes: Notes) -> str:
    rejects = notes.close(pd.DataFrame(), 0).rejects
    return "" if rejects.empty else f"; first fault: {rejects['reason'].iloc[0]}"
