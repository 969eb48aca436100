"""Roads from any layer of lines that has a column of road classes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from sdaasp_geo.assumptions import IMPLICIT_LIMIT_KMH
from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.codes import as_text
from sdaasp_geo.sources.layers import SWAPPED, crs_faults, geometry_troubles, read_layer, strays_of
from sdaasp_geo.sources.names import file_names
from sdaasp_geo.sources.study import OUTSIDE
from sdaasp_geo.sources.text import to_numbers
from sdaasp_geo.tables.limits import posted_kmh
from sdaasp_geo.tables.reading import Notes
from sdaasp_geo.tables.schemas import ROADS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sdaasp_geo.tables.reading import Reading

_OPTIONAL = ("oneway", "speed_kmh", "maxspeed", "signals", "roundabout")
_MIN_PER_H = 60.0
_M_PER_KM = 1000.0

# Both ways, along the line, against it: booleans, OpenStreetMap's words, BD TOPO's and ROUTE 500's.
_DIRECTIONS: Mapping[str, int] = {
    **dict.fromkeys(["", "0", "false", "no", "f", "n", "non", "double sens", "sans objet"], 0),
    **dict.fromkeys(["1", "true", "yes", "t", "y", "oui", "sens direct", "sens unique"], 1),
    **dict.fromkeys(["-1", "reverse", "sens inverse"], -1),
}
# Truth, OpenStreetMap's `junction`, BD TOPO's `nature`.
_ROUNDABOUTS = frozenset(
    {"1", "true", "yes", "t", "y", "oui", "roundabout", "circular", "rond-point"}
)


def read_lines(  # noqa: PLR0913 (each names one thing of the file)
    path: str | Path,
    *,
    crs: str,
    columns: Mapping[str, str],
    layer: str | None = None,
    length_factor: float = 1.0,
    area: shapely.Geometry | None = None,
    implicit_limit_kmh: Mapping[str, float] = IMPLICIT_LIMIT_KMH,
    junctions: bool = False,
) -> Reading[gpd.GeoDataFrame]:
    """Read roads from a vector file of lines.

    Parameters
    ----------
    path
        Any vector file (GeoPackage, shapefile, GeoJSON).
    crs
        Projected CRS of the answer.
    columns
        Library's name → name in the file: ``road_class``, and if there are ``oneway``,
        ``maxspeed`` (posted limit), ``speed_kmh`` (speed really driven), ``signals``
        (number of traffic lights met, in either direction) and ``roundabout`` (yes or no,
        or OpenStreetMap's ``junction`` or BD TOPO's ``nature``).
    layer
        Needed where the file holds several.
    length_factor
        Real length of a road over the length of its line.
    area
        Polygon in `crs`; roads that do not touch it are unused. None for all.
    implicit_limit_kmh
        Meaning of limits posted as a rule (``FR:rural`` …).
    junctions
        Whether to add the columns of `ROAD_JUNCTIONS`, for junctions that cost something:
        without lights and roundabouts where the file has no such column.

    Returns
    -------
    Reading
        Table `ROADS` in `crs`. A row of the file is a feature: a MultiLineString is one
        row of the file and as many rows of the table as it has parts, all of which are
        kept if one of them touches `area`. ``duration_min`` is length × `length_factor`
        over ``speed_kmh``; ``oneway`` means along the geometry, which is turned round
        where the file says that traffic runs against it. Features without class or
        line, and with a driven speed of 0 or less, are rejected; limits and directions
        that cannot be read are flagged and left out.

    Raises
    ------
    InputError
        If the file, layer or a column is missing, there is no CRS or a wrong one, or no
        usable line.
    """
    path = Path(path)
    names = file_names(path.name, columns, required=["road_class"], optional=_OPTIONAL)
    raw = read_layer(path, columns=names, layer=layer)
    notes = Notes(path.name)
    form = LineForm(crs, area, length_factor, implicit_limit_kmh, junctions)
    texts = {name: as_text(raw[name]) for name in names}
    table = roads_of_lines(raw[["geometry"]].assign(**texts), notes, names, form)
    return notes.close(table, len(raw))


class LineForm(NamedTuple):
    """What is asked of lines, see :func:`read_lines`."""

    crs: str
    area: shapely.Geometry | None = None
    length_factor: float = 1.0
    implicit_limit_kmh: Mapping[str, float] = IMPLICIT_LIMIT_KMH
    junctions: bool = False


def roads_of_lines(
    frame: gpd.GeoDataFrame, notes: Notes, names: Mapping[str, str], form: LineForm
) -> gpd.GeoDataFrame:
    """Turn features with the words of :func:`read_lines` into the `ROADS` table.

    Parameters
    ----------
    frame
        ``road_class`` and the optional columns as text, and where lines have a length
        factor each, ``length_factor``; geometry in the CRS of the file; indexed by row.
    notes
        Receives rejects, flags and unused rows.
    names
        Library's name → name in the file, for messages.
    form
        What is asked for.

    Raises
    ------
    InputError
        If there is no CRS or a wrong one, or no usable line.
    """
    if faults := crs_faults(frame, crs=form.crs, file=notes.source):
        raise InputError(faults)
    frame = _sound(frame, notes, form.crs, names)
    frame = _touching(frame.to_crs(form.crs), form.area, notes)
    frame = _with_speeds(frame, notes, names, form.implicit_limit_kmh)
    lights = _lights(frame, notes, names) if form.junctions else None
    return _table(frame, form, lights)


def _sound(
    frame: gpd.GeoDataFrame, notes: Notes, crs: str, names: Mapping[str, str]
) -> gpd.GeoDataFrame:
    """Leave out what is no line, has no class or no length, or lies elsewhere."""
    total = len(frame)
    missing = frame["road_class"].isna()
    frame = notes.keep(frame, missing, names["road_class"], "no road class")
    trouble = geometry_troubles(frame, "LineString", "MultiLineString")
    pointlike = trouble.isna() & (shapely.length(frame.geometry.to_numpy()) == 0)
    trouble = trouble.mask(pointlike, "a line without length")
    trouble = trouble.mask(strays_of(frame, crs=crs).swapped, f"coordinates with {SWAPPED}")
    for reason, group in trouble.groupby(trouble):
        classes = frame.loc[group.index, "road_class"]
        notes.reject(group.index, "geometry", classes, f"expected a line, found {reason}")
    if trouble.notna().all():
        found = ", ".join(sorted(set(trouble))) or "no road class"
        cause = "a layer of something else than roads"
        fault = Fault(notes.source, "lines", f"{total} features: {found}", cause, column="geometry")
        raise InputError([fault])
    return frame[trouble.isna()]


def _touching(
    frame: gpd.GeoDataFrame, area: shapely.Geometry | None, notes: Notes
) -> gpd.GeoDataFrame:
    if area is None:
        return frame
    shapely.prepare(area)
    touching = shapely.intersects(area, frame.geometry.to_numpy())
    if not touching.all():
        notes.skip(frame.loc[~touching, "road_class"], OUTSIDE)
    return frame[touching]


def _with_speeds(
    frame: gpd.GeoDataFrame,
    notes: Notes,
    names: Mapping[str, str],
    implicit_limit_kmh: Mapping[str, float],
) -> gpd.GeoDataFrame:
    """Add ``direction``, ``driven_kmh`` and ``posted_kmh``, NaN where none is told."""
    nothing = pd.Series(None, index=frame.index, dtype="str")
    told = frame.get("speed_kmh", nothing)
    driven = to_numbers(told)
    bad = told.notna() & ~(np.isfinite(driven) & (driven > 0))
    if bad.any():
        reason = "expected a speed above 0 km/h: closed to cars, or not known"
        notes.reject(frame.index[bad], names["speed_kmh"], told[bad], reason)
    frame, told = frame[~bad], nothing[~bad]
    ways = frame.get("oneway", told)
    limits = frame.get("maxspeed", told)
    return frame.assign(
        driven_kmh=driven[~bad],
        direction=_directions(ways, notes, names),
        posted_kmh=_limits(limits, notes, names, implicit_limit_kmh),
    )


def _directions(texts: pd.Series, notes: Notes, names: Mapping[str, str]) -> pd.Series:
    directions = texts.fillna("").str.casefold().map(dict(_DIRECTIONS)).astype("float64")
    unknown = directions.isna()
    if unknown.any():
        reason = "unknown direction of traffic: taken as both ways"
        notes.flag(texts.index[unknown], names["oneway"], texts[unknown], reason)
    return directions.fillna(0).astype("int64")


def _limits(
    texts: pd.Series,
    notes: Notes,
    names: Mapping[str, str],
    implicit_limit_kmh: Mapping[str, float],
) -> pd.Series:
    read: dict[str, float] = {}
    unread = set()
    for text in texts.dropna().unique():
        try:
            read[text] = posted_kmh(str(text), implicit_limit_kmh)
        except ValueError:
            unread.add(text)
    bad = texts.isin(unread)
    if bad.any():
        reason = "unreadable speed limit: the speed of the class instead"
        notes.flag(texts.index[bad], names["maxspeed"], texts[bad], reason)
    return texts.map(read).astype("float64")


def _lights(frame: pd.DataFrame, notes: Notes, names: Mapping[str, str]) -> pd.Series:
    """Traffic lights of each feature; 0 where none are told."""
    if "signals" not in frame:
        return pd.Series(0.0, index=frame.index)
    texts = frame["signals"]
    count = to_numbers(texts)
    bad = texts.notna() & ~(np.isfinite(count) & (count >= 0))
    if bad.any():
        reason = "expected a number of traffic lights, 0 or more: none instead"
        notes.flag(frame.index[bad], names["signals"], texts[bad], reason)
    return count.mask(bad).fillna(0.0)


def _table(frame: gpd.GeoDataFrame, form: LineForm, lights: pd.Series | None) -> gpd.GeoDataFrame:
    shapes = frame.geometry.to_numpy()
    reverse = (frame["direction"] < 0).to_numpy()
    shapes = np.where(reverse, shapely.reverse(shapes), shapes)
    lines, owner = shapely.get_parts(shapes, return_index=True)
    # Parts of no length join nothing.
    real = shapely.length(lines) > 0
    lines, owner = lines[real], owner[real]
    rows = frame.iloc[owner]
    factor = np.full(len(rows), float(form.length_factor))
    if "length_factor" in rows:
        factor = rows["length_factor"].to_numpy(dtype=np.float64)
    hours = shapely.length(lines) * factor / _M_PER_KM / rows["driven_kmh"].to_numpy()
    table = gpd.GeoDataFrame(
        {
            "road_class": rows["road_class"].to_numpy(),
            "posted_kmh": rows["posted_kmh"].to_numpy(),
            "duration_min": hours * _MIN_PER_H,
            "oneway": (rows["direction"] != 0).to_numpy(),
            "length_factor": factor,
        },
        geometry=lines,
        crs=form.crs,
    )
    table = table.astype({"road_class": "str"})[list(ROADS.columns)]
    return table if lights is None else table.assign(**_junction_columns(rows, lights))


def _junction_columns(rows: pd.DataFrame, lights: pd.Series) -> dict[str, object]:
    # The lights of a feature are those of its first part, and are met once.
    first = ~rows.index.duplicated()
    count = np.where(first, lights[rows.index].to_numpy(), 0.0)
    told = rows.get("roundabout", pd.Series("", index=rows.index)).fillna("").str.casefold()
    is_one = told.isin(_ROUNDABOUTS).to_numpy()
    return {"signals_forward": count, "signals_backward": count, "roundabout": is_one}
