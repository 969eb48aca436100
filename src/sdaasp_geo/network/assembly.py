"""From streets in any order to the arrays of a network: numbering, arcs, pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import shapely

from sdaasp_geo.errors import NetworkError
from sdaasp_geo.network.graph import SearchGraph
from sdaasp_geo.network.junctions import Halts, JunctionCosts
from sdaasp_geo.network.turns import (
    Arcs,
    Directions,
    StreetForms,
    expand,
    leaving_vectors,
    turns_of,
)
from sdaasp_geo.tables.polylines import offsets_of, vertex_indices

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]

NOT_ALLOWED = -1
# The greatest int32 is the searches' word for "unreached".
LONGEST_MS = 2**31 - 2
_MS_PER_DAY = 86_400_000
_HILBERT_LEVEL = 16


class Streets(NamedTuple):
    """Stretches of road between two junctions, in any order.

    Parameters
    ----------
    crs
        Projected CRS in metres of every coordinate.
    node_x, node_y
        Junctions, float64 (N,).
    start, end
        Junctions at the two ends of each street, int64 (E,).
    length_m
        Length as driven, float64 (E,).
    forward_ms, backward_ms
        Time from start to end and back, int64 (E,); -1 where traffic may not go.
    road_class
        Number of the class of each street in `class_names`, int64 (E,).
    class_names
        Names of the road classes.
    shape_xy, shape_offsets
        Vertices, float64 (P, 2), and where those of each street begin, int64 (E + 1,).
    costs
        What junctions cost; None where they cost nothing.
    """

    crs: str
    node_x: Floats
    node_y: Floats
    start: Ints
    end: Ints
    length_m: Floats
    forward_ms: Ints
    backward_ms: Ints
    road_class: Ints
    class_names: tuple[str, ...]
    shape_xy: Floats
    shape_offsets: Ints
    costs: JunctionCosts | None = None


def assemble(streets: Streets) -> dict[str, Any]:
    """Return the fields of a :class:`~sdaasp_geo.network.road_network.RoadNetwork`.

    Junctions are numbered along a Hilbert curve, which keeps neighbours near each other
    in memory; streets by their ends. Neither depends on the order of the input.

    Raises
    ------
    NetworkError
        If a street takes longer than an int32 of milliseconds (24 days) can tell, or if
        there are more classes than an int16 can number.
    """
    _check_times(streets)
    if len(streets.class_names) > np.iinfo(np.int16).max:
        message = (
            f"roads: expected a handful of road classes, found {len(streets.class_names)}. "
            "Likely cause: a column of names or ids read as road_class"
        )
        raise NetworkError(message)
    ordered = _sort_streets(_sort_classes(_sort_nodes(streets)))
    ways = _directions(ordered)
    outgoing, incoming = _graphs(ways, ordered.node_x.size)
    # Left turns close no way: the pieces are those of the junctions.
    component, component_nodes = _components(outgoing)
    costs: dict[str, Any] = {"halts": _halts(ordered)}
    if ordered.costs is not None and ordered.costs.left_turn_ms > 0:
        turns = turns_of(ways, _forms(ordered))
        gates, arcs = expand(ways, turns, ordered.costs.left_turn_ms, ordered.start.size)
        outgoing, incoming = _graphs(arcs, gates.junction.size)
        costs["turn_gates"] = gates
    return costs | {
        "crs": ordered.crs,
        "node_x": ordered.node_x,
        "node_y": ordered.node_y,
        "street_from": ordered.start.astype(np.int32),
        "street_to": ordered.end.astype(np.int32),
        "street_length_m": ordered.length_m,
        "forward_ms": ordered.forward_ms.astype(np.int32),
        "backward_ms": ordered.backward_ms.astype(np.int32),
        "street_class": ordered.road_class.astype(np.int16),
        "class_names": ordered.class_names,
        "shape_xy": ordered.shape_xy,
        "shape_offsets": ordered.shape_offsets,
        "outgoing": outgoing,
        "incoming": incoming,
        "component": component,
        "component_nodes": component_nodes,
    }


def _check_times(streets: Streets) -> None:
    longest = np.maximum(streets.forward_ms, streets.backward_ms)
    if (costs := streets.costs) is not None:
        with_halts = streets.forward_ms + costs.forward_ms, streets.backward_ms + costs.backward_ms
        longest = np.maximum(np.maximum(*with_halts), costs.left_turn_ms)
    over = np.flatnonzero(longest > LONGEST_MS)
    if over.size:
        worst = over[np.argmax(longest[over])]
        x, y = streets.shape_xy[streets.shape_offsets[worst]]
        message = (
            f"roads: expected streets of at most {LONGEST_MS / _MS_PER_DAY:.1f} days, found "
            f"{over.size} longer, up to {longest[worst] / _MS_PER_DAY:.1f} days near "
            f"({x:.0f}, {y:.0f}). Likely cause: a length or a speed in another unit, or a "
            "stray vertex"
            + (", or a cost of junctions far too high" if streets.costs is not None else "")
        )
        raise NetworkError(message)


def _sort_nodes(streets: Streets) -> Streets:
    points = gpd.GeoSeries(shapely.points(streets.node_x, streets.node_y))
    along = points.hilbert_distance(level=_HILBERT_LEVEL).to_numpy()
    order = np.lexsort((streets.node_y, streets.node_x, along))
    rank = np.empty(order.size, dtype=np.int64)
    rank[order] = np.arange(order.size)
    return streets._replace(
        node_x=streets.node_x[order],
        node_y=streets.node_y[order],
        start=rank[streets.start],
        end=rank[streets.end],
    )


def _sort_classes(streets: Streets) -> Streets:
    """Name only the classes that occur, in alphabetical order."""
    names = np.array(streets.class_names, dtype=object)[streets.road_class].astype(str)
    class_names, number = np.unique(names, return_inverse=True)
    return streets._replace(
        road_class=number.astype(np.int64), class_names=tuple(class_names.tolist())
    )


def _sort_streets(streets: Streets) -> Streets:
    first, size = streets.shape_offsets[:-1], np.diff(streets.shape_offsets)
    # Streets alike in all else are told apart by their course.
    course = np.add.reduceat(streets.shape_xy, first, axis=0)
    costs = streets.costs
    order = np.lexsort(
        (
            *(() if costs is None else costs[:3]),
            *(course[:, 1], course[:, 0], streets.length_m, streets.road_class),
            *(streets.backward_ms, streets.forward_ms, streets.end, streets.start),
        )
    )
    return streets._replace(
        start=streets.start[order],
        end=streets.end[order],
        length_m=streets.length_m[order],
        forward_ms=streets.forward_ms[order],
        backward_ms=streets.backward_ms[order],
        road_class=streets.road_class[order],
        shape_xy=streets.shape_xy[vertex_indices(first[order], size[order])],
        shape_offsets=offsets_of(size[order]),
        costs=None if costs is None else costs.taken(order),
    )


def _directions(streets: Streets) -> Directions:
    """Every direction in which a street may be driven."""
    forward, backward = (np.flatnonzero(t >= 0) for t in (streets.forward_ms, streets.backward_ms))
    time_ms = [streets.forward_ms[forward], streets.backward_ms[backward]]
    if (costs := streets.costs) is not None:
        halts = costs.forward_ms[forward], costs.backward_ms[backward]
        time_ms = [run + halt for run, halt in zip(time_ms, halts, strict=True)]
    return Directions(
        street=np.concatenate([forward, backward]),
        backward=np.repeat([False, True], [forward.size, backward.size]),
        tail=np.concatenate([streets.start[forward], streets.end[backward]]),
        head=np.concatenate([streets.end[forward], streets.start[backward]]),
        time_ms=np.concatenate(time_ms),
    )


def _halts(streets: Streets) -> Halts | None:
    """Halts where traffic may go; None if there is none at all."""
    if (costs := streets.costs) is None:
        return None
    forward = np.where(streets.forward_ms >= 0, costs.forward_ms, 0).astype(np.int32)
    backward = np.where(streets.backward_ms >= 0, costs.backward_ms, 0).astype(np.int32)
    return Halts(forward, backward) if forward.any() or backward.any() else None


def _forms(streets: Streets) -> StreetForms:
    assert streets.costs is not None  # noqa: S101 (narrows for the type checker)
    street = np.repeat(np.arange(streets.start.size), np.diff(streets.shape_offsets))
    lines = np.asarray(shapely.linestrings(streets.shape_xy, indices=street))
    vectors = leaving_vectors(lines)
    roundabout = streets.costs.roundabout
    return StreetForms(streets.start, streets.end, *vectors, streets.road_class, roundabout)


def _graphs(arcs: Arcs | Directions, nodes: int) -> tuple[SearchGraph, SearchGraph]:
    """Return the arcs by the node they leave, and by the node they enter."""
    # A street that comes back to its junction leads nowhere new.
    leads = arcs.tail != arcs.head
    tail, head, time_ms = arcs.tail[leads], arcs.head[leads], arcs.time_ms[leads]
    return _compressed(tail, head, time_ms, nodes), _compressed(head, tail, time_ms, nodes)


def _compressed(tail: Ints, head: Ints, weight: Ints, nodes: int) -> SearchGraph:
    """Arcs in compressed sparse rows, of parallel ones the quickest."""
    order = np.lexsort((weight, head, tail))
    tail, head, weight = tail[order], head[order], weight[order]
    quickest = np.ones(tail.size, dtype=bool)
    quickest[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
    return SearchGraph(
        indptr=offsets_of(np.bincount(tail[quickest], minlength=nodes)),
        heads=head[quickest].astype(np.int32),
        weights_ms=weight[quickest].astype(np.int32),
    )


def _components(graph: SearchGraph) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Strongly connected component of each node, largest first, and the size of each."""
    # Imported here: a network from the cache has its components, and scipy is slow to load.
    import scipy.sparse as sp
    from scipy.sparse.csgraph import connected_components

    nodes = graph.indptr.size - 1
    # An arc of 0 ms is an arc: the matrix says only that there is one.
    present = np.ones(graph.heads.size, dtype=np.int8)
    matrix = sp.csr_array((present, graph.heads, graph.indptr), shape=(nodes, nodes))
    count, label = connected_components(matrix, directed=True, connection="strong")
    size = np.bincount(label, minlength=count)
    first_node = np.full(count, nodes)
    np.minimum.at(first_node, label, np.arange(nodes))
    order = np.lexsort((first_node, -size))
    rank = np.empty(count, dtype=np.int32)
    rank[order] = np.arange(count, dtype=np.int32)
    return rank[label], size[order].astype(np.int32)
