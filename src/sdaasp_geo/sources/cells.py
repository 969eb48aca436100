"""Cells of a grid as origins: cut by communes, their inhabitants shared out whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.positions import unit_near
from sdaasp_geo.tables.schemas import ORIGINS

if TYPE_CHECKING:
    import numpy.typing as npt

    from sdaasp_geo.tables.places import Places
    from sdaasp_geo.tables.reading import Notes

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Bools = npt.NDArray[np.bool_]

# Outlines of neighbours overlap by slivers that nobody lives in.
_SLIVER_M2 = 1.0
_M2_PER_KM2 = 1e6
NOWHERE = "in no known commune"


def origins_of_cells(
    cells: gpd.GeoDataFrame,
    places: Places,
    departement: str,
    notes: Notes,
    *,
    listed: pd.Series | None = None,
    shores: bool = False,
) -> gpd.GeoDataFrame:
    """Make origins of the cells that lie in a département, cut where communes meet.

    Parameters
    ----------
    cells
        Indexed by file row: ``origin population middle`` (point) and `geometry` (polygon)
        in the CRS of the places, and any column to keep.
    places
        Communes and arrondissements.
    departement
        Only parts in its communes are origins; the others are told as flags.
    notes
        Receives cells outside (unused), and cells of which a part is (flags).
    listed
        Codes of the communes that the inhabitants of a cell live in, by cell row
        (``(row, code)`` pairs as index and value); the cell is cut by these alone where
        one of them is there.
    shores
        Give a cell that overlies no unit, as on a generalised shore, to the nearest one
        within half its diagonal of its middle. Where neighbours are not known, that may
        be theirs.

    Returns
    -------
    GeoDataFrame
        Table `ORIGINS` with the other columns of `cells`, ``area_km2`` and ``part`` (area
        and polygon of the cell in the unit), in the order of the file. A cell in one commune stands at its middle, a
        part of one at the middle of that part, under ``<origin>-<unit>``.

    Notes
    -----
    A cell is shared out over the finest units that it overlies, by area; what lies in no
    unit (the sea) counts for none. Whole inhabitants are shared out by largest remainder,
    and what is left of one goes to the largest part: the parts add up to the cell.
    """
    finest = places.finest_units()
    parts = _parts(cells, finest, places, listed)
    if shores:
        parts = _with_shores(parts, cells, places)
    nowhere = ~cells.index.isin(parts["row"])
    parts["population"] = _shared_out(parts, cells["population"])
    there = parts["unit"].map(finest["departement"])
    parts["inside"] = (there == departement).to_numpy()
    _tell_outside(cells, parts.assign(where=there), nowhere, departement, notes)
    kept = parts[parts["inside"]]
    return _table(cells, kept, places)


def refuse_nothing(
    table: pd.DataFrame, places: Places, departement: str, file: str, rows: int
) -> None:
    """Raise InputError if no origin is in a département whose communes are known."""
    if table.empty and (places.units["departement"] == departement).any():
        expected = f"at least one inhabited place in the département {departement}"
        fault = Fault(file, expected, f"none in {rows} rows", "the file of another area")
        raise InputError([fault])


def _parts(
    cells: gpd.GeoDataFrame, finest: gpd.GeoDataFrame, places: Places, listed: pd.Series | None
) -> pd.DataFrame:
    """One row for each cell and unit that it overlies: ``row unit area_m2 middle part several``."""
    shapes, units = cells.geometry.to_numpy(), finest.geometry.to_numpy()
    which, where = shapely.STRtree(units).query(shapes, predicate="intersects")
    rows, codes = cells.index.to_numpy()[which], finest.index.to_numpy()[where]
    if listed is not None and len(listed):
        meant = _meant(rows, codes, places, listed)
        which, where, rows, codes = which[meant], where[meant], rows[meant], codes[meant]
    shapely.prepare(units)
    crossing = ~shapely.covers(units[where], shapes[which])
    area_m2 = shapely.area(shapes[which])
    middles = cells["middle"].to_numpy()[which]
    pieces = shapes[which]
    pieces[crossing] = shapely.intersection(pieces[crossing], units[where[crossing]])
    area_m2[crossing] = shapely.area(pieces[crossing])
    middles[crossing] = shapely.centroid(pieces[crossing])
    columns = {"row": rows, "unit": codes, "area_m2": area_m2, "middle": middles, "part": pieces}
    parts = pd.DataFrame(columns)
    # What only touches a unit is not in it.
    parts = parts[area_m2 > _SLIVER_M2].sort_values(["row", "unit"], ignore_index=True)
    parts["several"] = parts["row"].duplicated(keep=False)
    alone = ~parts["several"]
    parts.loc[alone, "middle"] = cells["middle"].reindex(parts.loc[alone, "row"]).to_numpy()
    return pd.DataFrame(parts)


def _meant(
    rows: npt.NDArray[np.int64],
    units: npt.NDArray[np.object_],
    places: Places,
    listed: pd.Series,
) -> Bools:
    """Tell the pairs to keep: those listed, and all of a cell none of whose are listed."""
    named = places.commune_of(places.unit_of(listed)).dropna()
    told = pd.MultiIndex.from_arrays([named.index, named.to_numpy()])
    here = places.commune_of(pd.Series(units, dtype="str"))
    meant = pd.MultiIndex.from_arrays([rows, here.to_numpy()]).isin(told)
    return np.asarray(meant | ~np.isin(rows, rows[meant]))


def _with_shores(parts: pd.DataFrame, cells: gpd.GeoDataFrame, places: Places) -> pd.DataFrame:
    lost = cells[~cells.index.isin(parts["row"])]
    if lost.empty:
        return parts
    bounds = lost.geometry.bounds.to_numpy()
    reach_m = np.hypot(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1]).max() / 2.0
    unit = unit_near(lost["middle"].to_numpy(), places, float(reach_m)).set_axis(lost.index)
    found = unit.dropna()
    shores = pd.DataFrame(
        {
            "row": found.index.to_numpy(),
            "unit": found.to_numpy(),
            "area_m2": lost.geometry.reindex(found.index).area.to_numpy(),
            "middle": lost["middle"].reindex(found.index).to_numpy(),
            "part": lost.geometry.reindex(found.index).to_numpy(),
            "several": False,
        }
    )
    if shores.empty:
        return parts
    together = [parts, shores] if len(parts) else [shores]
    return pd.concat(together).sort_values(["row", "unit"], ignore_index=True)


def _shared_out(parts: pd.DataFrame, population: pd.Series) -> Floats:
    """Inhabitants of each part; shape (parts,)."""
    rows = parts["row"]
    people = population.reindex(rows).to_numpy(dtype=np.float64)
    share = (parts["area_m2"] / parts.groupby("row")["area_m2"].transform("sum")).to_numpy()
    whole = np.floor(people)
    quota = whole * share
    given = np.floor(quota)
    left = (whole - pd.Series(given).groupby(rows).transform("sum")).to_numpy()
    # The order of remainders within each cell: the largest first, ties by unit.
    order = np.lexsort((parts["unit"].to_numpy(dtype=str), given - quota, rows.to_numpy()))
    given[order] += _rank(rows.to_numpy()[order]) < left[order]
    largest = np.lexsort((parts["unit"].to_numpy(dtype=str), -share, rows.to_numpy()))
    given[largest] += np.where(_rank(rows.to_numpy()[largest]) == 0, (people - whole)[largest], 0.0)
    return np.asarray(given, dtype=np.float64)


def _rank(rows: npt.NDArray[np.int64]) -> Ints:
    """Place of each of sorted rows among those of its cell, from 0."""
    places = np.arange(len(rows))
    first = np.r_[True, rows[1:] != rows[:-1]] if len(rows) else np.zeros(0, dtype=bool)
    return places - np.maximum.accumulate(np.where(first, places, 0))


def _tell_outside(
    cells: gpd.GeoDataFrame, parts: pd.DataFrame, nowhere: Bools, departement: str, notes: Notes
) -> None:
    if nowhere.any():
        notes.skip(pd.Series("", index=cells.index[nowhere], dtype="str"), NOWHERE)
    rows = parts.groupby("row")["inside"].transform("any")
    elsewhere = parts[~rows].drop_duplicates("row").set_index("row")["where"]
    if len(elsewhere):
        notes.skip(elsewhere.astype("str"), f"outside the département {departement}")
    crossing = parts[rows & ~parts["inside"] & (parts["population"] > 0)]
    if len(crossing):
        beyond = crossing.groupby("row")["population"].sum()
        reasons = [f"{people:g} inhabitants live outside the département" for people in beyond]
        names = cells["origin"].reindex(beyond.index)
        notes.flag(pd.Index(beyond.index), "geometry", names, reasons)


def _table(cells: gpd.GeoDataFrame, parts: pd.DataFrame, places: Places) -> gpd.GeoDataFrame:
    own = cells.drop(columns=["geometry", "middle", "population"]).reindex(parts["row"])
    names = own["origin"].to_numpy(dtype=object)
    cut = [f"{name}-{unit}" for name, unit in zip(names, parts["unit"], strict=True)]
    columns = {
        **{name: own[name].to_numpy() for name in own},
        "origin": pd.array(np.where(parts["several"], cut, names), dtype="str"),
        "commune": places.commune_of(parts["unit"]).astype("str").to_numpy(),
        "unit": parts["unit"].astype("str").to_numpy(),
        "known_by": pd.array(["position"] * len(parts), dtype="str"),
        "population": parts["population"].to_numpy(),
        "area_km2": parts["area_m2"].to_numpy(dtype=np.float64) / _M2_PER_KM2,
    }
    extra = [name for name in own if name != "origin"]
    table = gpd.GeoDataFrame(columns, geometry=parts["middle"].to_numpy(), crs=places.crs)
    for name in ("origin", "commune", "unit", "known_by"):
        table[name] = table[name].astype("str")
    table["part"] = gpd.GeoSeries(parts["part"].to_numpy(), index=table.index, crs=places.crs)
    return table[[*ORIGINS.columns, *extra, "area_km2", "part"]]
