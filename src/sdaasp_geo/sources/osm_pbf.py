"""Roads from an OpenStreetMap extract in PBF, as a car may drive them."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import shapely
from pyproj import Transformer

from sdaasp_geo.assumptions import IMPLICIT_LIMIT_KMH
from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources import osm_tags
from sdaasp_geo.sources.osm_signals import lights_met
from sdaasp_geo.tables.crs import GEOGRAPHIC_CRS, is_metric
from sdaasp_geo.tables.limits import posted_kmh
from sdaasp_geo.tables.polylines import vertex_indices
from sdaasp_geo.tables.reading import Notes, Reading
from sdaasp_geo.tables.schemas import ROAD_JUNCTIONS, ROADS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]

# Coordinates are whole ten-millionths of a degree; a node absent from the file has this one.
_UNITS_PER_DEGREE = 1e7
_NO_COORDINATE = 2**31 - 1
_INTERRUPTED = "an interrupted download"

ROAD_COLUMNS = list(ROADS.columns)


def read_osm_pbf(
    path: str | Path,
    *,
    crs: str,
    area: shapely.Geometry | None = None,
    implicit_limit_kmh: Mapping[str, float] = IMPLICIT_LIMIT_KMH,
    length_factor: float = 1.0,
    junctions: bool = False,
) -> Reading[gpd.GeoDataFrame]:
    """Read the roads of an OpenStreetMap extract that an inhabitant's car may use.

    Ways are cut at the nodes that several of them share, so that each row of the table
    is the stretch between two junctions. What a tag means is in
    :mod:`sdaasp_geo.sources.osm_tags`.

    Parameters
    ----------
    path
        A ``.osm.pbf`` file with its nodes.
    crs
        Projected CRS in metres of the answer.
    area
        Polygon in `crs`: only the stretches that touch it are kept. None for all.
    implicit_limit_kmh
        Meaning in km/h of limits posted as a rule (``FR:urban``).
    length_factor
        Written on every row; OpenStreetMap follows the road, so 1 as a rule.
    junctions
        Whether to add the columns of `ROAD_JUNCTIONS`, for junctions that cost something.

    Returns
    -------
    Reading
        Table `ROADS` in `crs`: ``road_class``, ``posted_kmh`` (NaN where no number is
        posted), ``duration_min`` (ferries that tell theirs, shared out by length),
        ``oneway`` (only along the geometry), ``length_factor``, ``geometry``. A row of
        the file is a way with ``highway=*`` or ``route=ferry``, counted from 1 in the
        order of the file; notes give the way's id. Ways closed to cars, made for
        others or outside the area are in `unused`; ways without two nodes in the file
        are rejected; ways cut at such a node, and limits or durations that cannot be
        read, are flagged.

    Raises
    ------
    InputError
        If the file is missing, empty, cut short or no PBF, holds no road, no node of
        its roads, or no road in `area`, or if `crs` is not metric.

    Notes
    -----
    A light is a node ``highway=traffic_signals``. It counts for both directions, unless
    its ``traffic_signals:direction`` says otherwise, once on each way that it stands on.
    Lights of pedestrian crossings mapped as ``highway=crossing`` are not counted, as in
    OSRM; a mini-roundabout, which is a node, is no roundabout.

    Turn restrictions, barriers and restrictions by hour, day or direction are not read.
    """
    path = Path(path)
    _refuse(_file_faults(path, crs))
    notes = Notes(path.name)
    ways = _Ways()
    try:
        ways.take_all(_candidates(path, signals=junctions))
    except RuntimeError as error:
        _refuse([_unreadable(path, error)])
    _refuse(ways.faults(path))
    ways.note_unused(notes)
    vertices = ways.vertices()
    streets = _cut(vertices)
    _refuse(_node_faults(path, streets))
    lines = _lines(streets, vertices, np.array(ways.direction) < 0, path, crs)
    _note_missing_nodes(ways, vertices, streets, notes)
    inside = _inside(ways, streets, lines, area, notes)
    _refuse(_area_faults(path, inside))
    table = gpd.GeoDataFrame(
        _columns(ways, streets, lines, implicit_limit_kmh, notes), geometry=lines, crs=crs
    )
    table["length_factor"] = float(length_factor)
    columns = ROAD_COLUMNS
    if junctions:
        forward, backward = lights_met(ways.signals, vertices.node, streets.first, streets.vertices)
        # A one-way street against its drawing has been turned round.
        turned = np.array(ways.direction)[streets.way] < 0
        table["signals_forward"] = np.where(turned, backward, forward)
        table["signals_backward"] = np.where(turned, forward, backward)
        table["roundabout"] = np.array(ways.roundabout, dtype=bool)[streets.way]
        columns = [*ROAD_COLUMNS, *ROAD_JUNCTIONS.columns]
    return notes.close(table[columns][inside].reset_index(drop=True), ways.seen)


class _Vertices(NamedTuple):
    """Every vertex of every drivable way, way after way."""

    way: Ints
    node: Ints
    x: Ints
    y: Ints

    @property
    def located(self) -> Bools:
        return np.asarray(self.x != _NO_COORDINATE)


class _Streets(NamedTuple):
    """Runs of vertices between two junctions."""

    way: Ints
    first: Ints
    vertices: Ints


@dataclass
class _Ways:
    """The drivable ways of a file in flat columns, and a count of the others."""

    seen: int = 0
    row: list[int] = field(default_factory=list)
    way_id: list[int] = field(default_factory=list)
    road_class: list[str] = field(default_factory=list)
    direction: list[int] = field(default_factory=list)
    limit: list[str] = field(default_factory=list)
    duration: list[str] = field(default_factory=list)
    vertex_count: list[int] = field(default_factory=list)
    node: array[int] = field(default_factory=lambda: array("q"))
    x: array[int] = field(default_factory=lambda: array("q"))
    y: array[int] = field(default_factory=lambda: array("q"))
    unused: list[tuple[str, str]] = field(default_factory=list)
    roundabout: list[bool] = field(default_factory=list)
    signals: dict[int, tuple[bool, bool]] = field(default_factory=dict)

    def take_all(self, objects: Iterator[osmium.osm.Way | osmium.osm.Node]) -> None:
        """Take the ways, and the lights among the nodes."""
        for each in objects:
            if isinstance(each, osmium.osm.Way):
                self.take(each)
            else:
                self.signals[each.id] = osm_tags.signal_directions(dict(each.tags))

    def take(self, way: osmium.osm.Way) -> None:
        """Keep a way, or count it among those that no car may use."""
        tags = dict(way.tags)
        if "highway" not in tags and tags.get("route") != "ferry":
            return  # a hiking or bus route drawn as a way: not a road of the file
        self.seen += 1
        road_class = osm_tags.road_class(tags)
        if road_class is None:
            self.unused.append((f"highway={tags['highway']}", "not made for cars"))
        elif closed := osm_tags.refusal(tags):
            self.unused.append((closed, "closed to inhabitants' cars"))
        elif (direction := osm_tags.direction(tags)) is None:
            self.unused.append(("oneway=reversible", "direction by the hour"))
        else:
            self._keep(way, tags, road_class, direction)

    def _keep(self, way: osmium.osm.Way, tags: dict[str, str], road_class: str, to: int) -> None:
        nodes = list(way.nodes)
        self.row.append(self.seen)
        self.way_id.append(way.id)
        self.road_class.append(road_class)
        self.direction.append(to)
        self.roundabout.append(osm_tags.is_roundabout(tags))
        self.limit.append(osm_tags.limit_text(tags))
        self.duration.append(tags.get("duration", "") if road_class == "ferry" else "")
        self.vertex_count.append(len(nodes))
        self.node.extend([node.ref for node in nodes])
        self.x.extend([node.x for node in nodes])
        self.y.extend([node.y for node in nodes])

    def vertices(self) -> _Vertices:
        way = np.repeat(np.arange(len(self.row)), np.array(self.vertex_count, dtype=np.int64))
        node, x, y = (np.array(column, dtype=np.int64) for column in (self.node, self.x, self.y))
        # A node named twice in a row would pass for a junction.
        kept = np.ones(node.size, dtype=bool)
        kept[1:] = (node[1:] != node[:-1]) | (way[1:] != way[:-1])
        return _Vertices(way[kept], node[kept], x[kept], y[kept])

    def faults(self, path: Path) -> list[Fault]:
        """Fault of a file in which no way is for cars."""
        if self.row:
            return []
        found = f"none that a car may use among {self.seen} ways" if self.seen else "none"
        cause = f"{_INTERRUPTED}, or an extract filtered for another use"
        return [Fault(str(path), "roads (ways with highway=*)", found, cause)]

    def note_unused(self, notes: Notes) -> None:
        table = pd.DataFrame(self.unused, columns=["code", "reason"])
        for reason, rows in table.groupby("reason"):
            notes.skip(rows["code"], str(reason))


def _candidates(path: Path, *, signals: bool) -> Iterator[osmium.osm.Way | osmium.osm.Node]:
    """Ways that may be roads, with the coordinates of their nodes; lights if asked for."""
    # The format is said, not guessed from the name, so that any file name will do.
    file = osmium.io.File(str(path), "pbf")
    kinds = osmium.osm.WAY | osmium.osm.NODE if signals else osmium.osm.WAY
    roads = osmium.filter.KeyFilter("highway", "route")
    roads.enable_for(osmium.osm.WAY)
    lights = osmium.filter.TagFilter(("highway", "traffic_signals"))
    lights.enable_for(osmium.osm.NODE)
    objects = osmium.FileProcessor(file).with_locations()
    for each in (osmium.filter.EntityFilter(kinds), roads, lights):
        objects = objects.with_filter(each)
    yield from cast("Iterator[osmium.osm.Way | osmium.osm.Node]", iter(objects))


def _cut(vertices: _Vertices) -> _Streets:
    """Cut ways at shared nodes and at nodes that the file does not hold.

    A stretch begins at a segment whose predecessor is missing, or whose first node is
    named more than once by the drivable ways (a crossing, or a way that meets itself).
    """
    _, inverse, uses = np.unique(vertices.node, return_inverse=True, return_counts=True)
    junction = uses[inverse] > 1
    located = vertices.located
    segment = (vertices.way[1:] == vertices.way[:-1]) & located[1:] & located[:-1]
    before = np.concatenate([[False], segment[:-1]])
    starts = segment & (~before | junction[:-1])
    segments = np.bincount(np.cumsum(starts)[segment] - 1, minlength=int(starts.sum()))
    first = np.flatnonzero(starts)
    return _Streets(vertices.way[first], first, segments + 1)


def _lines(
    streets: _Streets, vertices: _Vertices, against: Bools, path: Path, crs: str
) -> npt.NDArray[np.object_]:
    """Line of each stretch in `crs`, drawn as the traffic of a one-way street goes."""
    transform = Transformer.from_crs(GEOGRAPHIC_CRS, crs, always_xy=True)
    taken = vertex_indices(streets.first, streets.vertices, backwards=against[streets.way])
    x, y = transform.transform(
        vertices.x[taken] / _UNITS_PER_DEGREE, vertices.y[taken] / _UNITS_PER_DEGREE
    )
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        cause = "an extract of another part of the world"
        _refuse([Fault(str(path), f"places where {crs} is defined", "places beyond", cause)])
    street = np.repeat(np.arange(streets.way.size), streets.vertices)
    return np.asarray(shapely.linestrings(np.column_stack([x, y]), indices=street))


def _columns(
    ways: _Ways,
    streets: _Streets,
    lines: npt.NDArray[np.object_],
    implicit_limit_kmh: Mapping[str, float],
    notes: Notes,
) -> dict[str, object]:
    """Columns of the table but the geometry, one value a stretch."""
    posted = _read_values(
        ways, ways.limit, "maxspeed", notes, lambda text: posted_kmh(text, implicit_limit_kmh)
    )
    duration = _read_values(ways, ways.duration, "duration", notes, osm_tags.duration_min)
    length_m = shapely.length(lines)
    whole_m = np.bincount(streets.way, weights=length_m, minlength=len(ways.row))[streets.way]
    # A stretch without length takes no share, and so tells no duration.
    share = np.divide(length_m, whole_m, where=length_m > 0, out=np.full(whole_m.size, np.nan))
    return {
        "road_class": np.array(ways.road_class)[streets.way].astype(object),
        "posted_kmh": posted[streets.way],
        "duration_min": duration[streets.way] * share,
        "oneway": np.array(ways.direction)[streets.way] != 0,
    }


def _read_values(
    ways: _Ways, texts: list[str], column: str, notes: Notes, read: Callable[[str], float]
) -> Floats:
    """Read a tag of every way, each distinct text once; flag the ways that cannot be read."""
    values: dict[str, float] = {"": np.nan}
    unread = set()
    for text in set(texts) - {""}:
        try:
            values[text] = read(text)
        except ValueError:
            values[text] = np.nan
            unread.add(text)
    wrong = [number for number, text in enumerate(texts) if text in unread]
    if wrong:
        rows = pd.Index([ways.row[number] for number in wrong])
        told = [f"way {ways.way_id[number]}: {texts[number]}" for number in wrong]
        notes.flag(rows, column, told, f"{column} not understood, the class speed is used")
    return np.array([values[text] for text in texts])


def _note_missing_nodes(ways: _Ways, vertices: _Vertices, streets: _Streets, notes: Notes) -> None:
    """Reject ways of which nothing is left, flag those that are cut at a missing node."""
    cut = np.zeros(len(ways.row), dtype=bool)
    cut[vertices.way[~vertices.located]] = True
    lost = np.ones(len(ways.row), dtype=bool)
    lost[streets.way] = False
    rows, ids = pd.Index(ways.row), np.array(ways.way_id)
    if lost.any():
        notes.reject(rows[lost], "nodes", ids[lost], "fewer than two nodes of the way in the file")
    if (cut & ~lost).any():
        reason = "cut where nodes of the way are not in the file"
        notes.flag(rows[cut & ~lost], "nodes", ids[cut & ~lost], reason)


def _inside(
    ways: _Ways,
    streets: _Streets,
    lines: npt.NDArray[np.object_],
    area: shapely.Geometry | None,
    notes: Notes,
) -> Bools:
    """Whether each stretch touches the area; ways of which none does are unused."""
    if area is None:
        return np.ones(lines.size, dtype=bool)
    shapely.prepare(area)
    inside = np.asarray(shapely.intersects(area, lines))
    drawn, kept = (np.zeros(len(ways.row), dtype=bool) for _ in range(2))
    drawn[streets.way] = True
    kept[streets.way[inside]] = True
    outside = drawn & ~kept
    if outside.any():
        notes.skip(pd.Series(ways.road_class)[outside], "outside area")
    return inside


def _file_faults(path: Path, crs: str) -> list[Fault]:
    file, expected = str(path), "an OpenStreetMap extract (.osm.pbf)"
    faults = []
    if not is_metric(crs):
        cause = "longitude and latitude are for files; the library computes in metres"
        faults.append(Fault(file, "a projected CRS in metres", repr(crs), cause, column="crs"))
    if not path.is_file():
        found = "a folder" if path.is_dir() else "no such file"
        cause = "a wrong path, or a download not done yet"
        faults.append(Fault(file, expected, found, cause))
    elif path.stat().st_size == 0:
        faults.append(Fault(file, expected, "an empty file", _INTERRUPTED))
    return faults


def _unreadable(path: Path, error: RuntimeError) -> Fault:
    cause = f"{_INTERRUPTED}, or another kind of file under this name"
    return Fault(str(path), "a whole OpenStreetMap extract (.osm.pbf)", str(error), cause)


def _node_faults(path: Path, streets: _Streets) -> list[Fault]:
    if streets.way.size:
        return []
    cause = "an extract written without its nodes, or with its ways before them"
    return [Fault(str(path), "the nodes of its roads", "no two of any road", cause)]


def _area_faults(path: Path, inside: Bools) -> list[Fault]:
    if inside.any():
        return []
    found = f"none: its {inside.size} stretches of road all lie elsewhere"
    return [Fault(str(path), "roads in the study area", found, "an extract of another region")]


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise InputError(faults)
