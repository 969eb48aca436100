"""Roads from an OpenStreetMap extract in PBF, as a car, a walker or a cyclist may use them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

from sdaasp_geo.assumptions import IMPLICIT_LIMIT_KMH
from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources import osm_tags
from sdaasp_geo.sources.osm_file import DAMAGE, extract_faults, unreadable
from sdaasp_geo.sources.osm_opl import candidate_lines
from sdaasp_geo.sources.osm_profiles import PROFILES
from sdaasp_geo.sources.osm_signals import lights_met
from sdaasp_geo.sources.osm_ways import Vertices, Ways
from sdaasp_geo.tables.crs import GEOGRAPHIC_CRS, is_metric
from sdaasp_geo.tables.limits import posted_kmh
from sdaasp_geo.tables.polylines import vertex_indices
from sdaasp_geo.tables.reading import Notes, Reading
from sdaasp_geo.tables.schemas import ROAD_JUNCTIONS, ROADS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt

    from sdaasp_geo.sources.osm_profiles import RoadProfile

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]

ROAD_COLUMNS = list(ROADS.columns)


def read_osm_pbf(  # noqa: PLR0913 (each names one thing of the file)
    path: str | Path,
    *,
    crs: str,
    profile: RoadProfile = "drive",
    area: shapely.Geometry | None = None,
    implicit_limit_kmh: Mapping[str, float] = IMPLICIT_LIMIT_KMH,
    length_factor: float = 1.0,
    junctions: bool = False,
) -> Reading[gpd.GeoDataFrame]:
    """Read the roads of an OpenStreetMap extract that an inhabitant may use.

    Ways are cut at the nodes that several of them share, so that each row of the table
    is the stretch between two junctions. What a tag means to a car is in
    :mod:`sdaasp_geo.sources.osm_tags`, to a walker and a cyclist in
    :mod:`sdaasp_geo.sources.osm_profiles`.

    Parameters
    ----------
    path
        A ``.osm.pbf`` file with its nodes.
    crs
        Projected CRS in metres of the answer.
    profile
        ``drive``, ``foot`` or ``bike``. The road classes of the latter two are ``foot…``
        and ``bike…``, which have speeds of their own in the assumptions; no limit is
        read for them.
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
        order of the file; notes give the way's id. Ways closed to the profile, made for
        others or outside the area are in `unused`; ways without two nodes in the file
        are rejected; ways cut at such a node, and limits or durations that cannot be
        read, are flagged.

    Raises
    ------
    InputError
        If the file is missing, empty, cut short or no PBF, holds no road, no node of
        its roads, or no road in `area`, or if `crs` is not metric or there is no such
        `profile`.
    OutputError
        If the folder for temporary files is full.

    Notes
    -----
    A light is a node ``highway=traffic_signals``. It counts for both directions, unless
    its ``traffic_signals:direction`` says otherwise, once on each way that it stands on.
    Lights of pedestrian crossings mapped as ``highway=crossing`` are not counted, as in
    OSRM; a mini-roundabout, which is a node, is no roundabout.

    Turn restrictions, barriers and restrictions by hour or day are not read.

    While a file is read, its roads stand as text in the folder for temporary files, some
    two to five times as large as in the file.
    """
    path = Path(path)
    _refuse(_file_faults(path, crs, profile))
    notes = Notes(path.name)
    ways = Ways(PROFILES[profile])
    try:
        ways.take_all(candidate_lines(path, signals=junctions))
    except DAMAGE as error:
        _refuse([unreadable(path, error)])
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


class _Streets(NamedTuple):
    """Runs of vertices between two junctions."""

    way: Ints
    first: Ints
    vertices: Ints


def _cut(vertices: Vertices) -> _Streets:
    """Cut ways at shared nodes and at nodes that the file does not hold.

    A stretch begins at a segment whose predecessor is missing, or whose first node is
    named more than once by the ways kept (a crossing, or a way that meets itself).
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
    streets: _Streets, vertices: Vertices, against: Bools, path: Path, crs: str
) -> npt.NDArray[np.object_]:
    """Line of each stretch in `crs`, drawn as the traffic of a one-way street goes."""
    transform = Transformer.from_crs(GEOGRAPHIC_CRS, crs, always_xy=True)
    taken = vertex_indices(streets.first, streets.vertices, backwards=against[streets.way])
    x, y = transform.transform(vertices.lon[taken], vertices.lat[taken])
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        cause = "an extract of another part of the world"
        _refuse([Fault(str(path), f"places where {crs} is defined", "places beyond", cause)])
    street = np.repeat(np.arange(streets.way.size), streets.vertices)
    return np.asarray(shapely.linestrings(np.column_stack([x, y]), indices=street))


def _columns(
    ways: Ways,
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
    ways: Ways, texts: list[str], column: str, notes: Notes, read: Callable[[str], float]
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


def _note_missing_nodes(ways: Ways, vertices: Vertices, streets: _Streets, notes: Notes) -> None:
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
    ways: Ways,
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


def _file_faults(path: Path, crs: str, profile: str) -> list[Fault]:
    file = str(path)
    faults = []
    if not is_metric(crs):
        cause = "longitude and latitude are for files; the library computes in metres"
        faults.append(Fault(file, "a projected CRS in metres", repr(crs), cause, column="crs"))
    if profile not in PROFILES:
        expected = f"one of {', '.join(PROFILES)}"
        faults.append(Fault(file, expected, repr(profile), column="profile"))
    return faults + extract_faults(path)


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
