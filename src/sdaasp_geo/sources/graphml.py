"""Roads from a GraphML file, as osmnx saves its graphs."""

from __future__ import annotations

import ast
import importlib
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree.ElementTree import ParseError

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj.exceptions import CRSError

from sdaasp_geo.assumptions import IMPLICIT_LIMIT_KMH
from sdaasp_geo.errors import Fault, InputError, MissingExtraError
from sdaasp_geo.sources.containers import opened
from sdaasp_geo.sources.layers import crs_faults
from sdaasp_geo.sources.study import OUTSIDE
from sdaasp_geo.tables.limits import posted_kmh
from sdaasp_geo.tables.reading import Notes
from sdaasp_geo.tables.schemas import ROAD_JUNCTIONS, ROADS

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping

    import networkx as nx

    from sdaasp_geo.tables.reading import Reading

_ENDINGS = (".graphml", ".xml")
_EXPECTED = "a graph in GraphML, as osmnx.save_graphml writes it"
# What a damaged file raises in networkx and below, by the place of the damage.
_DAMAGE = (ParseError, ValueError, LookupError, TypeError, AttributeError, OverflowError)
_ROUNDABOUTS = frozenset({"roundabout", "circular"})
_S_PER_MIN, _MIN_PER_H, _M_PER_KM = 60.0, 60.0, 1000.0
# A told length beyond these times the drawn one is in another unit.
_LEAST_FACTOR, _MOST_FACTOR = 0.5, 20.0
# No projected coordinate on Earth is larger than half its girth.
_LARGEST = 2.1e7
_ONEWAY_LOST = "one-way in an undirected graph: taken as both ways"


class _Edge(NamedTuple):
    """One edge as the file tells it; NaN and empty text where it does not."""

    name: str
    start: str
    end: str
    road_class: str
    maxspeed: str
    length_m: float
    duration_min: float
    roundabout: bool
    backwards: bool
    oneway: bool
    line: shapely.LineString | None


def read_graphml(
    path: str | Path,
    *,
    crs: str,
    length_factor: float = 1.0,
    area: shapely.Geometry | None = None,
    implicit_limit_kmh: Mapping[str, float] = IMPLICIT_LIMIT_KMH,
    junctions: bool = False,
) -> Reading[gpd.GeoDataFrame]:
    """Read the roads of a graph that osmnx saved, projected or not.

    Parameters
    ----------
    path
        A ``.graphml``, plain, ``.gz`` or in a ``.zip``. The graph tells its ``crs``;
        nodes have ``x`` and ``y``; edges ``highway``, and where known ``length``
        (metres), ``geometry`` (WKT), ``maxspeed``, ``travel_time`` (seconds) or
        ``speed_kph``, ``junction``.
    crs
        Projected CRS in metres of the answer.
    length_factor
        Real length over drawn length of the edges that tell no length.
    area
        Polygon in `crs`: only the edges that touch it are kept. None for all.
    implicit_limit_kmh
        Meaning in km/h of limits posted as a rule (``FR:urban``).
    junctions
        Whether to add the columns of `ROAD_JUNCTIONS`: a light is a node
        ``highway=traffic_signals``; those that osmnx simplified away are lost.

    Returns
    -------
    Reading
        Table `ROADS` in `crs`. A row of the file is an edge, counted from 1 in the order
        of its nodes. Two edges of opposite directions with the same course, class, length,
        limit and time are one row of the table, open both ways; other edges of a directed
        graph are one-way, those of an undirected graph are not (flagged where they say
        that they were). Of several values of
        ``highway``, which osmnx keeps when it merges ways, the first holds, of several
        ``maxspeed`` the lowest. ``duration_min`` comes from ``travel_time``, else from
        ``speed_kph``, both as they are. Edges without coordinates or ``highway`` are
        rejected; limits and lengths that cannot be are flagged and left out.

    Raises
    ------
    InputError
        If the file is missing or no GraphML, has no edge, no CRS or a wrong one, no
        usable edge, or none in `area`.
    MissingExtraError
        If networkx is not installed.
    """
    path = Path(path)
    notes = Notes(path.name)
    graph = _graph(path)
    edges = list(_edges(graph))
    frame = _frame(edges, graph, path.name)
    if faults := crs_faults(frame, crs=crs, file=path.name):
        raise InputError(faults)
    frame = _sound(frame, notes).to_crs(crs)
    frame["posted_kmh"] = _limits(frame, notes, implicit_limit_kmh)
    frame["length_factor"] = _factors(frame, notes, length_factor)
    frame = _touching(frame, area, notes)
    roads = _paired(frame) if graph.is_directed() else _both_ways(frame, notes)
    columns = list(ROADS.columns)
    if junctions:
        lit = {str(node) for node, data in graph.nodes(data=True) if _is_lit(data)}
        roads["signals_forward"] = roads["end"].isin(lit).astype("float64")
        roads["signals_backward"] = roads["start"].isin(lit).astype("float64")
        columns += list(ROAD_JUNCTIONS.columns)
    table = roads[columns].reset_index(drop=True).astype({"road_class": "str"})
    return notes.close(table, len(edges))


def _graph(path: Path) -> nx.MultiDiGraph:
    if not path.exists():
        cause = "a wrong path, or a file that was not fetched"
        raise InputError([Fault(path.name, _EXPECTED, "no such file", cause)])
    try:
        networkx = importlib.import_module("networkx")
    except ImportError as error:
        message = 'read_graphml needs networkx: pip install "sdaasp-geo[osm]"'
        raise MissingExtraError(message) from error
    try:
        with opened(path, endings=_ENDINGS, what="graph") as plain, warnings.catch_warnings():
            # A value of no declared type is read as text, which is what is wanted.
            warnings.simplefilter("ignore")
            graph = networkx.read_graphml(plain, node_type=str, force_multigraph=True)
    except (networkx.NetworkXError, *_DAMAGE) as error:
        if isinstance(error, InputError):
            raise
        cause = "an interrupted download, or a file of another kind"
        fault = Fault(path.name, _EXPECTED, f"{type(error).__name__}: {error}", cause)
        raise InputError([fault]) from error
    if not graph.number_of_edges():
        cause = "an export that selected nothing"
        raise InputError([Fault(path.name, "at least one edge", "none", cause)])
    return graph


def _edges(graph: nx.MultiDiGraph) -> Iterator[_Edge]:
    places = {node: _place(data) for node, data in graph.nodes(data=True)}
    for start, end, data in graph.edges(data=True):
        length_m, seconds = _number(data.get("length")), _number(data.get("travel_time"))
        kmh = _number(data.get("speed_kph"))
        duration = seconds / _S_PER_MIN
        if np.isnan(duration) and kmh > 0:
            duration = length_m / _M_PER_KM / kmh * _MIN_PER_H
        yield _Edge(
            name=f"{start} → {end}",
            start=start,
            end=end,
            road_class=next(iter(_values(data.get("highway"))), ""),
            maxspeed=";".join(_values(data.get("maxspeed"))),
            length_m=length_m,
            duration_min=duration if duration > 0 else np.nan,
            roundabout=bool(_ROUNDABOUTS.intersection(_values(data.get("junction")))),
            backwards=next(iter(_values(data.get("reversed"))), "").casefold() == "true",
            oneway=next(iter(_values(data.get("oneway"))), "").casefold() == "true",
            line=_line(data.get("geometry"), places[start], places[end]),
        )


def _frame(edges: list[_Edge], graph: nx.MultiDiGraph, file: str) -> gpd.GeoDataFrame:
    data = pd.DataFrame(edges, index=pd.RangeIndex(1, len(edges) + 1)).drop(columns="line")
    lines = [edge.line for edge in edges]
    told = graph.graph.get("crs")
    try:
        return gpd.GeoDataFrame(data, geometry=lines, crs=told)
    except CRSError as error:
        fault = Fault(file, "a coordinate system in the graph's `crs`", repr(told), column="crs")
        raise InputError([fault]) from error


def _sound(frame: gpd.GeoDataFrame, notes: Notes) -> gpd.GeoDataFrame:
    """Leave out edges without a place or a class."""
    wrong = {
        "expected a line, or x and y on both nodes, found none": frame.geometry.isna(),
        "no road class": frame["road_class"] == "",
    }
    for reason, mask in wrong.items():
        now = mask.reindex(frame.index)
        if now.any():
            column = "highway" if reason == "no road class" else "geometry"
            notes.reject(frame.index[now], column, frame.loc[now, "name"], reason)
        frame = frame[~now]
    if frame.empty:
        expected, cause = "edges with `highway` and coordinates", "a graph of another kind"
        raise InputError([Fault(notes.source, expected, "none", cause)])
    return frame


def _limits(
    frame: gpd.GeoDataFrame, notes: Notes, implicit_limit_kmh: Mapping[str, float]
) -> pd.Series:
    read: dict[str, float] = {}
    for text in frame["maxspeed"].unique():
        try:
            read[text] = posted_kmh(str(text), implicit_limit_kmh)
        except ValueError:
            wrong = frame.index[frame["maxspeed"] == text]
            reason = "unreadable speed limit: the speed of the class instead"
            notes.flag(wrong, "maxspeed", [str(text)] * len(wrong), reason)
    limits: pd.Series = frame["maxspeed"].map(read).astype("float64")
    return limits


def _factors(frame: gpd.GeoDataFrame, notes: Notes, otherwise: float) -> pd.Series:
    """Return the told length of each edge over its drawn one."""
    drawn_m = frame.geometry.length
    ratio = frame["length_m"] / drawn_m.where(drawn_m > 0)
    strange = ratio.notna() & ~ratio.between(_LEAST_FACTOR, _MOST_FACTOR)
    if strange.any():
        rows = frame.index[strange]
        reason = "told length does not fit the line, which is measured instead"
        notes.flag(rows, "length", frame.loc[rows, "length_m"], reason)
    factors: pd.Series = ratio.mask(strange).fillna(float(otherwise))
    return factors


def _touching(
    frame: gpd.GeoDataFrame, area: shapely.Geometry | None, notes: Notes
) -> gpd.GeoDataFrame:
    if area is None:
        return frame
    touching = shapely.intersects(area, frame.geometry.to_numpy())
    if not touching.any():
        found = f"none: its {len(frame)} edges all lie elsewhere"
        cause = "a graph of another region"
        raise InputError([Fault(notes.source, "roads in the study area", found, cause)])
    if not touching.all():
        notes.skip(frame.loc[~touching, "road_class"], OUTSIDE)
    return frame[touching]


def _both_ways(frame: gpd.GeoDataFrame, notes: Notes) -> gpd.GeoDataFrame:
    """Open every edge both ways, and tell of those that were made for one direction."""
    lost = frame["oneway"].to_numpy()
    if lost.any():
        rows = frame.index[lost]
        notes.flag(rows, "oneway", frame.loc[rows, "name"], _ONEWAY_LOST)
    return frame.assign(oneway=False)


def _paired(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Make one row of two edges that are the two directions of a street.

    Of the two the one that osmnx does not call reversed is kept.
    """
    lines = frame.geometry.to_numpy()
    courses, returns = shapely.to_wkb(lines), shapely.to_wkb(shapely.reverse(lines))
    told = frame[["length_m", "posted_kmh", "duration_min"]].round(3).fillna(-1.0)
    kinds = list(zip(frame["road_class"], *told.to_numpy().T.tolist(), strict=True))
    ends = list(zip(frame["start"], frame["end"], strict=True))
    waiting: dict[Hashable, list[int]] = {}
    partner: dict[int, int] = {}
    for place in np.argsort(frame["backwards"].to_numpy(), kind="stable").tolist():
        start, end = ends[place]
        if others := waiting.get((end, start, returns[place], kinds[place])):
            partner[others.pop()] = place
        else:
            waiting.setdefault((start, end, courses[place], kinds[place]), []).append(place)
            partner[place] = -1
    kept = sorted(partner)
    oneway = np.array([partner[place] < 0 for place in kept], dtype=bool)
    return frame.iloc[kept].assign(oneway=oneway)


def _values(value: object) -> list[str]:
    """Values of an attribute: osmnx writes several as the text of a Python list."""
    text = "" if value is None else str(value).strip()
    if text.startswith("[") and text.endswith("]"):
        try:
            several = ast.literal_eval(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            return [text]
        return [str(one) for one in several]
    return [text] if text else []


def _number(value: object) -> float:
    try:
        number = float(str(value))
    except ValueError:
        return np.nan
    return number if np.isfinite(number) else np.nan


def _place(data: Mapping[str, Any]) -> tuple[float, float] | None:
    x, y = _number(data.get("x")), _number(data.get("y"))
    return (x, y) if abs(x) <= _LARGEST and abs(y) <= _LARGEST else None


def _line(
    text: object, start: tuple[float, float] | None, end: tuple[float, float] | None
) -> shapely.LineString | None:
    if text is not None:
        # A number such as 1e999 is no place, nor a warning.
        with np.errstate(over="ignore", invalid="ignore"):
            line = shapely.from_wkt(str(text), on_invalid="ignore")
        places = shapely.get_coordinates(line)
        there = len(places) > 0 and bool((np.abs(places) <= _LARGEST).all())
        return line if isinstance(line, shapely.LineString) and there else None
    return None if start is None or end is None else shapely.LineString([start, end])


def _is_lit(data: Mapping[str, Any]) -> bool:
    return "traffic_signals" in _values(data.get("highway"))
