"""Road networks from and to the graphs of networkx and osmnx."""

from __future__ import annotations

import importlib
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely

from sdaasp_geo.errors import NetworkError
from sdaasp_geo.network.assembly import NOT_ALLOWED, Streets
from sdaasp_geo.network.junctions import Halts, Met, junction_costs
from sdaasp_geo.network.speeds import street_times_ms
from sdaasp_geo.tables.crs import is_metric
from sdaasp_geo.tables.limits import posted_kmh

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping

    import networkx as nx
    import numpy.typing as npt

    from sdaasp_geo.assumptions import Assumptions
    from sdaasp_geo.network.road_network import RoadNetwork

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Data = Mapping[str, Any]
    Course = tuple[tuple[float, float], ...]

_MS_PER_S = 1000.0
_ROUNDABOUTS = frozenset({"roundabout", "circular"})


class _Edge(NamedTuple):
    """One direction of a street, with its course from start to end."""

    start: int
    end: int
    course: Course
    length_m: float
    data: Data


def streets_from_networkx(graph: nx.MultiDiGraph, assumptions: Assumptions) -> Streets:
    """Read an osmnx graph; edges that are the two directions of a street make one street.

    See :meth:`~sdaasp_geo.network.road_network.RoadNetwork.from_networkx`. Of several
    values of ``highway``, which osmnx keeps when it merges ways, the first holds, of
    several ``maxspeed`` the lowest.
    """
    _check(graph)
    number = {node: index for index, node in enumerate(graph.nodes)}
    xy = np.array([(data["x"], data["y"]) for _, data in graph.nodes(data=True)], dtype=np.float64)
    edges = list(_edges(graph, number, xy))
    names = sorted({_highway(edge.data) for edge in edges})
    times = _times_ms(edges, names, assumptions)
    pairs = _pair(edges)
    streets = [edges[forward] for forward, _ in pairs]
    sizes = [len(street.course) for street in streets]
    start = np.array([street.start for street in streets])
    end = np.array([street.end for street in streets])
    met = _met(graph, streets, start, end) if assumptions.charges_junctions else None
    return Streets(
        crs=str(graph.graph["crs"]),
        node_x=xy[:, 0],
        node_y=xy[:, 1],
        start=start,
        end=end,
        length_m=np.array([street.length_m for street in streets]),
        forward_ms=times[[forward for forward, _ in pairs]],
        backward_ms=np.array([NOT_ALLOWED if b is None else times[b] for _, b in pairs]),
        road_class=np.array([names.index(_highway(street.data)) for street in streets]),
        class_names=tuple(names),
        shape_xy=np.array([place for street in streets for place in street.course]),
        shape_offsets=np.concatenate([[0], np.cumsum(sizes)]),
        costs=junction_costs(met, start, end, assumptions),
    )


def graph_of(network: RoadNetwork) -> nx.MultiDiGraph:
    """Return a network as a graph that osmnx understands.

    See :meth:`~sdaasp_geo.network.road_network.RoadNetwork.to_networkx`.

    Raises
    ------
    ImportError
        If networkx is not installed.
    """
    try:
        networkx = importlib.import_module("networkx")
    except ImportError as error:
        message = 'to_networkx needs networkx: pip install "sdaasp-geo[osm]"'
        raise ImportError(message) from error
    graph = networkx.MultiDiGraph(crs=network.crs)
    places = zip(network.node_x.tolist(), network.node_y.tolist(), strict=True)
    graph.add_nodes_from((node, {"x": x, "y": y}) for node, (x, y) in enumerate(places))
    graph.add_edges_from(_directed(network))
    return graph


def _directed(network: RoadNetwork) -> Iterator[tuple[int, int, dict[str, object]]]:
    run_ms = network.forward_ms, network.backward_ms
    none = np.zeros_like(network.forward_ms)
    halts = network.halts or Halts(none, none)
    whole_ms = (
        np.where(run >= 0, run + halt, NOT_ALLOWED) for run, halt in zip(run_ms, halts, strict=True)
    )
    columns = zip(
        network.street_from.tolist(),
        network.street_to.tolist(),
        *(times.tolist() for times in whole_ms),
        network.street_length_m.tolist(),
        network.street_class.tolist(),
        network.lines,
        strict=True,
    )
    for street, (start, end, forward, backward, length_m, road_class, line) in enumerate(columns):
        common = {
            "osmid": street,
            "highway": network.class_names[road_class],
            "oneway": min(forward, backward) < 0,
            "length": length_m,
        }
        if forward >= 0:
            yield start, end, common | _way(forward, line, reverse=False)
        if backward >= 0:
            yield end, start, common | _way(backward, line, reverse=True)


def _way(time_ms: int, line: shapely.LineString, *, reverse: bool) -> dict[str, object]:
    return {
        "reversed": reverse,
        "time_ms": time_ms,
        "travel_time": time_ms / _MS_PER_S,
        "geometry": line.reverse() if reverse else line,
    }


def _check(graph: nx.MultiDiGraph) -> None:
    if not graph.is_directed():
        message = "graph: expected a directed graph, found an undirected one"
        raise NetworkError(message)
    if graph.number_of_edges() == 0:
        message = "graph: expected at least one edge, found none"
        raise NetworkError(message)
    crs = graph.graph.get("crs")
    if not is_metric(crs):
        message = (
            f"graph: expected a projected CRS in metres in graph['crs'], found {crs}. Likely "
            "cause: a graph in longitude and latitude; project it with osmnx.project_graph"
        )
        raise NetworkError(message)
    without = [node for node, data in graph.nodes(data=True) if not {"x", "y"} <= data.keys()]
    if without:
        message = f"graph: expected x and y on every node, found none on {without[0]!r}"
        raise NetworkError(message)


def _edges(graph: nx.MultiDiGraph, number: Mapping[Hashable, int], xy: Floats) -> Iterator[_Edge]:
    for start, end, data in graph.edges(data=True):
        line = data.get("geometry")
        ends = xy[[number[start], number[end]]]
        places = ends if line is None else shapely.get_coordinates(line)
        course = tuple((float(x), float(y)) for x, y in places)
        length_m = data.get("length")
        if length_m is None:
            length_m = shapely.length(shapely.linestrings(places))
        yield _Edge(number[start], number[end], course, float(length_m), data)


def _pair(edges: list[_Edge]) -> list[tuple[int, int | None]]:
    """Match each edge with the edge of its class that runs back over the same course.

    Of the two the one that osmnx does not call reversed is the forward one.
    """
    waiting: dict[Hashable, list[int]] = {}
    pairs: list[tuple[int, int | None]] = []
    for number in sorted(range(len(edges)), key=lambda n: bool(edges[n].data.get("reversed"))):
        edge = edges[number]
        kind = _highway(edge.data), round(edge.length_m, 3)
        if back := waiting.get((edge.end, edge.start, edge.course[::-1], kind)):
            slot = back.pop()
            pairs[slot] = (pairs[slot][0], number)
        else:
            waiting.setdefault((edge.start, edge.end, edge.course, kind), []).append(len(pairs))
            pairs.append((number, None))
    return pairs


def _met(graph: nx.MultiDiGraph, streets: list[_Edge], start: Ints, end: Ints) -> Met:
    light = np.array([_lights(data) for _, data in graph.nodes(data=True)], dtype=np.float64)
    roundabout = [_is_roundabout(street.data) for street in streets]
    return Met(light[end], light[start], np.array(roundabout, dtype=bool))


def _lights(data: Data) -> bool:
    return data.get("highway") == "traffic_signals"


def _is_roundabout(data: Data) -> bool:
    value = data.get("junction", "")
    return bool(_ROUNDABOUTS.intersection(value if isinstance(value, list) else [value]))


def _times_ms(edges: list[_Edge], names: list[str], assumptions: Assumptions) -> Ints:
    told = np.array([_told_ms(edge.data) for edge in edges])
    length_m = np.array([edge.length_m for edge in edges])
    posted = np.array([_posted(edge.data, assumptions) for edge in edges])
    road_class = np.array([names.index(_highway(edge.data)) for edge in edges])
    return street_times_ms(length_m, told / 60_000.0, posted, road_class, names, assumptions)


def _told_ms(data: Data) -> float:
    if "time_ms" in data:
        return float(data["time_ms"])
    return float(data["travel_time"]) * _MS_PER_S if "travel_time" in data else math.nan


def _highway(data: Data) -> str:
    value = data.get("highway", "")
    return str(value[0] if isinstance(value, list) else value)


def _posted(data: Data, assumptions: Assumptions) -> float:
    value = data.get("maxspeed", "")
    text = ";".join(map(str, value)) if isinstance(value, list) else str(value)
    try:
        return posted_kmh(text, assumptions.implicit_limit_kmh)
    except ValueError:
        # As for an extract: an unreadable limit leaves the speed of the class.
        return math.nan
