"""Communes: one polygon each, their inhabitants, and a point for their chef-lieu."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.codes import departement_of
from sdaasp_geo.sources.layer_forms import (
    CODE,
    EPCI,
    EPCI_NAME,
    NAME,
    POPULATION,
    known_columns,
    layer_fields,
)
from sdaasp_geo.sources.layers import read_layer, strays_of
from sdaasp_geo.sources.names import file_names, missing_column
from sdaasp_geo.sources.polygons import (
    overlap_faults,
    polygon_faults,
    population_faults,
    raise_unique,
    row_faults,
    typed,
)
from sdaasp_geo.tables.crs import departement_crs
from sdaasp_geo.tables.inhabitants import shared_out
from sdaasp_geo.tables.reading import WHOLE_FILE, Notes
from sdaasp_geo.tables.schemas import COMMUNES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from sdaasp_geo.tables.inhabitants import Inhabitants
    from sdaasp_geo.tables.reading import Reading

REQUIRED = ("commune", "name", "population")
OPTIONAL = ("departement", "epci", "epci_name")

_SPELLINGS = {
    "commune": CODE,
    "name": NAME,
    "population": POPULATION,
    "epci": EPCI,
    "epci_name": EPCI_NAME,
}
_UNCLAIMED = (
    "inhabitants of the file of populations are of no commune here: files of other years, "
    "which communes.movements would bring together"
)
_NO_EPCI = ("NR", "NC", "ZZZZZZZZZ")

# A mairie may stand just across the limit; farther off, its point was geocoded elsewhere.
CHEF_LIEU_DOUBTFUL_M = 1_000.0
CHEF_LIEU_LOST_M = 5_000.0


def read_communes(
    path: str | Path,
    *,
    crs: str,
    columns: Mapping[str, str] | None = None,
    layer: str | None = None,
    chefs_lieux: gpd.GeoDataFrame | None = None,
    inhabitants: Inhabitants | None = None,
) -> Reading[gpd.GeoDataFrame]:
    """Read communes from a vector file.

    Parameters
    ----------
    path
        Any vector file (GeoPackage, shapefile, GeoJSON).
    crs
        Projected CRS of the answer.
    columns
        Library's name → name in the file: ``commune``, ``name``, ``population``, and
        if there are ``departement`` (else told by the code), ``epci``, ``epci_name``. What
        is not named is looked for as ADMIN EXPRESS spells it (INSEE_COM, NOM, POPULATION,
        SIREN_EPCI; since 2025 code_insee, nom_officiel, population, codes_siren_des_epci)
        and as Etalab's contours do (code, nom, epci).
    layer
        Needed where the file holds several and none is called ``commune``.
    chefs_lieux
        Table of :func:`~sdaasp_geo.sources.chefs_lieux.read_chefs_lieux`.
    inhabitants
        Populations by code, for a layer without any; they go before the layer's own.

    Returns
    -------
    Reading
        See :func:`communes_from_frame`.

    Raises
    ------
    InputError
        If the file, layer or a column is missing, and as :func:`communes_from_frame`.
    """
    path = Path(path)
    layer, fields = layer_fields(path, layer, ["commune", "communes"])
    known = known_columns(columns or {}, fields, _SPELLINGS)
    required = [name for name in REQUIRED if name != "population" or inhabitants is None]
    names = file_names(path.name, known, required=required, optional=(*OPTIONAL, "population"))
    frame = read_layer(path, columns=names, layer=layer)
    return _communes(frame, crs, names, Beside(chefs_lieux, inhabitants), path.name)


def communes_from_frame(
    frame: gpd.GeoDataFrame,
    *,
    crs: str,
    columns: Mapping[str, str] | None = None,
    chefs_lieux: gpd.GeoDataFrame | None = None,
    inhabitants: Inhabitants | None = None,
    source: str = "communes",
) -> Reading[gpd.GeoDataFrame]:
    """Check communes that an analyst has in hands.

    Parameters
    ----------
    frame
        One row a commune, polygons in any CRS; it is not changed.
    crs
        Projected CRS of the answer.
    columns
        As for :func:`read_communes`; the library's own names if None.
    chefs_lieux
        ``commune`` and point `geometry`, in any CRS; without a point, or with one more
        than 5 km from its commune, the commune gets an interior point, and a flag.
    inhabitants
        Populations by code, for a frame without any; they go before the frame's own.
    source
        What messages call the frame.

    Returns
    -------
    Reading
        Table `COMMUNES` in `crs`, sorted by code, with ``epci_name`` where mapped.
        Communes of overseas départements under a metropolitan `crs` (and the other way
        round) are in `unused`.

    Raises
    ------
    InputError
        If a column is missing; a code is missing, repeated or ill-formed; a population
        is missing, negative or no number; a geometry is missing, empty, invalid or no
        polygon, or lies in another commune; there is no CRS, or not the one that the
        coordinates show, or their axes are swapped. All faults at once. Nothing is repaired.
    """
    required = [name for name in REQUIRED if name != "population" or inhabitants is None]
    optional = (*OPTIONAL, "population")
    names = file_names(source, columns or {}, required=required, optional=optional)
    present = [str(name) for name in frame.columns]
    if columns is None:
        names |= {name: name for name in optional if name in present}
    faults = [
        missing_column(source, name, present) for name in names.values() if name not in present
    ]
    if faults:
        raise InputError(faults)
    data = {ours: frame[theirs].to_numpy() for ours, theirs in names.items()}
    rows = pd.RangeIndex(1, len(frame) + 1, name="row")
    shapes = frame.geometry.to_numpy()
    own = gpd.GeoDataFrame(data, geometry=shapes, crs=frame.crs).set_axis(rows)
    return _communes(own, crs, names, Beside(chefs_lieux, inhabitants), source)


class Beside(NamedTuple):
    """What other files tell of the communes of a layer."""

    chefs_lieux: gpd.GeoDataFrame | None
    inhabitants: Inhabitants | None


def _communes(
    raw: gpd.GeoDataFrame,
    crs: str,
    names: Mapping[str, str],
    beside: Beside,
    file: str,
) -> Reading[gpd.GeoDataFrame]:
    notes = Notes(file)
    chefs_lieux, frame = beside.chefs_lieux, typed(raw, list(names))
    # What this reader makes itself is not the file's to get wrong.
    derived = ["chef_lieu", "chef_lieu_kind"]
    if "departement" not in frame:
        derived.append("departement")
        frame["departement"] = departement_of(frame["commune"])
    if "epci" not in frame:
        frame["epci"] = pd.Series(None, index=frame.index, dtype="str")
    frame["epci"] = _first_epci(frame["epci"])
    # What overlies another projection's land cannot be drawn in this one.
    foreign = _of_another_crs(frame, crs)
    if foreign.any():
        notes.skip(frame.loc[foreign, "departement"], "in the land of another projected CRS")
    frame, raw = frame[~foreign], raw[~foreign]
    faults = population_faults(raw, frame, file, names) if "population" in frame else []
    if beside.inhabitants is not None:
        frame = _peopled(frame, beside.inhabitants, notes)
    shape_faults = polygon_faults(frame, crs, file)
    # Only sound polygons can be laid over each other.
    faults += shape_faults or overlap_faults(frame, file, names["commune"])
    faults += row_faults(frame, COMMUNES, file, names, skip=derived)
    if chefs_lieux is not None and chefs_lieux.crs is None:
        faults.append(Fault("chefs-lieux", "a coordinate system", "points without CRS"))
    raise_unique(faults)
    table = frame.to_crs(crs)
    table["chef_lieu"], table["chef_lieu_kind"] = _chefs_lieux(table, chefs_lieux, notes, crs)
    extra = ["epci_name"] if "epci_name" in table else []
    table = table[[*COMMUNES.columns, *extra]].sort_values("commune", ignore_index=True)
    return notes.close(table.set_geometry("geometry"), len(raw) + int(foreign.sum()))


def _first_epci(codes: pd.Series) -> pd.Series:
    """Keep the first of several EPCI, the métropole itself; missing where there is none.

    In the Grand Paris, IGN writes the métropole and then the établissement public
    territorial; it writes NR where a commune (an island) is in no EPCI.
    """
    first = codes.astype("str").str.replace(r"\s*/.*", "", regex=True)
    return first.mask(first.isin(_NO_EPCI) | (first == ""))


def _peopled(frame: gpd.GeoDataFrame, inhabitants: Inhabitants, notes: Notes) -> gpd.GeoDataFrame:
    """Give each commune the inhabitants of a file, or the layer's where the file has none."""
    people, unclaimed = shared_out(frame["commune"].dropna(), inhabitants)
    told = frame["commune"].map(people).astype("float64")
    near = departement_of(pd.Series(unclaimed.index)).isin(set(frame["departement"])).to_numpy()
    lost = unclaimed[near & (unclaimed > 0).to_numpy()]
    if len(lost):
        reasons = [f"{count:.0f} {_UNCLAIMED}" for count in lost]
        notes.flag(pd.Index([WHOLE_FILE] * len(lost)), "population", lost.index, reasons)
    if "population" not in frame:
        return frame.assign(population=told)
    silent = told.isna() & frame["population"].notna()
    reason = "no inhabitants in the file of populations: the layer's own instead"
    notes.flag(frame.index[silent], "population", frame.loc[silent, "commune"], reason)
    return frame.assign(population=told.fillna(frame["population"]))


def _of_another_crs(frame: gpd.GeoDataFrame, crs: str) -> pd.Series:
    official = frame["departement"].map(lambda name: departement_crs(str(name)))
    if crs not in set(official) or frame.crs is None:
        return pd.Series(data=False, index=frame.index)
    strays = strays_of(frame, crs=crs)
    elsewhere = strays.stray & ~strays.swapped & (official != crs).to_numpy()
    return pd.Series(elsewhere, index=frame.index)


def _chefs_lieux(
    table: gpd.GeoDataFrame, chefs_lieux: gpd.GeoDataFrame | None, notes: Notes, crs: str
) -> tuple[gpd.GeoSeries, pd.Series]:
    """Chef-lieu of each commune, and whether it was given."""
    interior = gpd.GeoSeries(table.geometry.representative_point(), crs=crs)
    kind = pd.Series("interior_point", index=table.index, dtype="str")
    if chefs_lieux is None:
        return interior, kind
    # The first of several points of a commune is taken; its reader rejects the others.
    points = chefs_lieux.to_crs(crs).drop_duplicates("commune").set_index("commune").geometry
    given = points.reindex(table["commune"]).to_numpy()
    there = ~shapely.is_missing(given)
    away_m = shapely.distance(given, table.geometry.to_numpy())
    used = there & ~(away_m > CHEF_LIEU_LOST_M)
    _note_chefs_lieux(table["commune"], away_m, used, notes)
    chosen = np.where(used, given, interior.to_numpy())
    return gpd.GeoSeries(chosen, index=table.index, crs=crs), kind.mask(used, "given")


def _note_chefs_lieux(
    codes: pd.Series,
    away_m: npt.NDArray[np.float64],
    used: npt.NDArray[np.bool_],
    notes: Notes,
) -> None:
    missing = np.isnan(away_m)
    instead = "an interior point instead"
    notes.flag(codes.index[missing], "chef_lieu", codes[missing], f"no chef-lieu: {instead}")
    for place in np.flatnonzero(away_m > CHEF_LIEU_DOUBTFUL_M).tolist():
        reason = f"chef-lieu {away_m[place] / 1000:.1f} km outside its commune"
        told = reason if used[place] else f"{reason}: {instead}"
        notes.flag(codes.index[[place]], "chef_lieu", codes.iloc[[place]], told)
