"""Compiled upkeep of the graph that is being contracted: rows merged, renumbered, set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sdaasp_geo.routing.contraction import Arcs, Remaining
from sdaasp_geo.routing.kernels import UNREACHED, compiled, inlined

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Int32 = NDArray[np.int32]
    UInt32 = NDArray[np.uint32]
    Flags = NDArray[np.uint8]
    Whole = int | np.int64


class Added(NamedTuple):
    """Arcs with their halves by node: twice an arc's number, plus one at its head."""

    arcs: Arcs
    indptr: UInt32
    half: UInt32


@compiled
def halves_by_node(arcs: Arcs, node_count: int) -> Added:
    """Sort the halves of arcs by the node that they touch."""
    indptr, place = np.empty(node_count + 1, np.uint32), np.empty(node_count, np.uint32)
    for node in range(node_count + 1):
        indptr[node] = 0
    for index in range(arcs.tail.size):
        indptr[arcs.tail[index] + np.uint32(1)] += np.uint32(1)
        indptr[arcs.head[index] + np.uint32(1)] += np.uint32(1)
    for node in range(node_count):
        place[node] = indptr[node]
        indptr[node + 1] += indptr[node]
    half = np.empty(2 * arcs.tail.size, np.uint32)
    for index in range(arcs.tail.size):
        for side in range(2):
            node = arcs.head[index] if side else arcs.tail[index]
            half[place[node]] = 2 * index + side
            place[node] += np.uint32(1)
    return Added(arcs, indptr, half)


def new_rows(node_count: int, arc_count: Whole) -> Remaining:
    """Return rows to be filled: made here, since numpy's ways of it take long to compile."""
    return Remaining(
        np.empty(node_count, np.int32),
        np.zeros(node_count + 1, np.uint32),
        np.empty(arc_count, np.uint32),
        np.full(arc_count, UNREACHED, np.int32),
        np.full(arc_count, UNREACHED, np.int32),
        np.full(arc_count, -1, np.int32),
        np.full(arc_count, -1, np.int32),
        np.zeros(arc_count, np.int32),
        np.zeros(arc_count, np.int32),
    )


def trimmed(rows: Remaining, kept: Whole, used: Whole) -> Remaining:
    """Return the rows that were filled, and no more."""
    return Remaining(
        rows.node[:kept].copy(),
        rows.indptr[: kept + 1].copy(),
        rows.head[:used].copy(),
        rows.out_ms[:used].copy(),
        rows.in_ms[:used].copy(),
        rows.out_middle[:used].copy(),
        rows.in_middle[:used].copy(),
        rows.out_hops[:used].copy(),
        rows.in_hops[:used].copy(),
    )


@inlined
def _copy_entry(source: Remaining, entry: int, target: Remaining, place: Whole) -> None:
    target.out_ms[place] = source.out_ms[entry]
    target.in_ms[place] = source.in_ms[entry]
    target.out_middle[place] = source.out_middle[entry]
    target.in_middle[place] = source.in_middle[entry]
    target.out_hops[place] = source.out_hops[entry]
    target.in_hops[place] = source.in_hops[entry]


@inlined
def _lower(rows: Remaining, place: Whole, arcs: Arcs, half: np.uint32) -> None:
    """Enter one half of an arc in a row, where it is quicker than what is there."""
    arc = half >> np.uint32(1)
    if half & np.uint32(1):
        if arcs.ms[arc] < rows.in_ms[place]:
            rows.in_ms[place] = arcs.ms[arc]
            rows.in_middle[place] = arcs.middle[arc]
            rows.in_hops[place] = arcs.hops[arc]
    elif arcs.ms[arc] < rows.out_ms[place]:
        rows.out_ms[place] = arcs.ms[arc]
        rows.out_middle[place] = arcs.middle[arc]
        rows.out_hops[place] = arcs.hops[arc]


@inlined
def _write_old(
    graph: Remaining,
    gone: Flags,
    node: np.uint32,
    number_place: tuple[UInt32, UInt32],
    out: tuple[Remaining, Whole],
) -> Whole:
    """Copy the neighbours that stay; return where the row ends now."""
    number, place_of = number_place
    rows, used = out
    for entry in range(graph.indptr[node], graph.indptr[node + np.uint32(1)]):
        neighbour = graph.head[entry]
        if not gone[neighbour]:
            rows.head[used] = number[neighbour]
            _copy_entry(graph, entry, rows, used)
            used += 1
            place_of[neighbour] = used
    return used


@inlined
def _write_new(
    node: np.uint32, added: Added, number_place: tuple[UInt32, UInt32], out: tuple[Remaining, Whole]
) -> Whole:
    """Enter the added arcs of a node, except loops; return where the row ends now."""
    number, place_of = number_place
    rows, used = out
    for half in added.half[added.indptr[node] : added.indptr[node + np.uint32(1)]]:
        arc = half >> np.uint32(1)
        neighbour = added.arcs.tail[arc] if half & np.uint32(1) else added.arcs.head[arc]
        if neighbour == node:
            continue
        if place_of[neighbour] == 0:
            rows.head[used] = number[neighbour]
            used += 1
            place_of[neighbour] = used
        _lower(rows, place_of[neighbour] - 1, added.arcs, half)
    return used


@inlined
def _forget(graph: Remaining, added: Added, node: np.uint32, place_of: UInt32) -> None:
    for entry in range(graph.indptr[node], graph.indptr[node + np.uint32(1)]):
        place_of[graph.head[entry]] = 0
    for half in added.half[added.indptr[node] : added.indptr[node + np.uint32(1)]]:
        place_of[added.arcs.tail[half >> np.uint32(1)]] = 0
        place_of[added.arcs.head[half >> np.uint32(1)]] = 0


@compiled
def merged_rows(
    graph: Remaining,
    gone: Flags,
    added: Added,
    number_place: tuple[UInt32, UInt32],
    stretch: tuple[int, int],
    rows: Remaining,
) -> tuple[Whole, Whole]:
    """Fill the rows of a stretch of nodes, those gone left out, arcs added; how many of both.

    `number` is the new number of each node; `place` is scratch, all zero before and
    after: one more than where a neighbour stands in the row being written.
    """
    first, last = stretch
    kept: Whole = np.int64(0)
    used: Whole = np.int64(0)
    for index in range(first, last):
        node = np.uint32(index)
        if gone[node]:
            continue
        used = _write_old(graph, gone, node, number_place, (rows, used))
        used = _write_new(node, added, number_place, (rows, used))
        _forget(graph, added, node, number_place[1])
        rows.node[kept] = graph.node[node]
        kept += 1
        rows.indptr[kept] = used
    return kept, used


@compiled
def set_aside(graph: Remaining, nodes: UInt32, rows: Remaining) -> None:
    """Fill the rows of some nodes, neighbours by the number they have in the graph."""
    used: Whole = np.int64(0)
    for index in range(nodes.size):
        node = nodes[index]
        rows.node[index] = graph.node[node]
        for entry in range(graph.indptr[node], graph.indptr[node + np.uint32(1)]):
            rows.head[used] = graph.node[graph.head[entry]]
            _copy_entry(graph, entry, rows, used)
            used += 1
        rows.indptr[index + 1] = used


@compiled
def mark_neighbours(graph: Remaining, nodes: UInt32, level: Int32, stale: Flags) -> None:
    """Put the neighbours of contracted nodes above them, and their priorities in doubt."""
    for node in nodes:
        for entry in range(graph.indptr[node], graph.indptr[node + np.uint32(1)]):
            neighbour = graph.head[entry]
            level[neighbour] = max(level[neighbour], level[node] + 1)
            stale[neighbour] = 1
