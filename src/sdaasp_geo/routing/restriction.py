"""Sweeps planned once for the nodes that are asked for again and again."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sdaasp_geo.errors import NetworkError
from sdaasp_geo.routing.kernels import KernelGraph
from sdaasp_geo.routing.parallel import in_turn
from sdaasp_geo.routing.sweep_kernels import BLOCK, Part, plan_arcs, plan_order, plan_slots

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sdaasp_geo.routing.hierarchy import Hierarchy

    IntArray = NDArray[np.integer]
    Int32 = NDArray[np.int32]
    UInt32 = NDArray[np.uint32]

# Parts are swept independently, by as many threads or processes as there are. What lies
# above a part is swept with each: in sixteen parts, half a million nodes are four
# hundredths more to sweep, three million two.
_PART_NODES = 32_768
_MOST_PARTS = 16


class Restriction(NamedTuple):
    """The way down a hierarchy to the nodes asked for, planned; to be used again and again.

    Parameters
    ----------
    nodes
        Shape (C,), int32: the graph nodes asked for, each once, rising.
    column
        Shape (K,), int32: where in `nodes` each node asked for stands; None where they
        were asked for as they stand there.
    parts
        The plans of stretches of `nodes`, one after the other.
    hierarchy
        What was planned on: the plan holds its times, and serves no other.
    """

    nodes: Int32
    column: Int32 | None
    parts: tuple[Part, ...]
    hierarchy: Hierarchy


def restriction(hierarchy: Hierarchy, nodes: NDArray[np.integer] | None = None) -> Restriction:
    """Plan the way down a hierarchy to some nodes, or to all.

    Sweeps over the plan touch only those nodes and what lies above them, and find what
    they need in the processor's cache. To plan all nodes takes nearly as long as to answer
    for 29 services: keep the plan beside the hierarchy where there is more to ask.

    Parameters
    ----------
    hierarchy
        What is swept.
    nodes
        Shape (K,), integer: graph nodes, in any order, also repeated; None for all.

    Raises
    ------
    NetworkError
        If `nodes` are not nodes of the hierarchy.
    """
    node_count = hierarchy.rank.size
    asked = (
        np.arange(node_count, dtype=np.int32)
        if nodes is None
        else checked_nodes(nodes, node_count, "nodes")
    )
    column = None
    if nodes is not None:
        asked, inverse = np.unique(asked, return_inverse=True)
        if inverse.size != asked.size or (np.diff(inverse) != 1).any():
            column = inverse.astype(np.int32)
    count = min(-(-asked.size // _PART_NODES), _MOST_PARTS)
    stretches = np.array_split(asked, count) if count else []
    plan = partial(_plan, down_graph(hierarchy), hierarchy.rank)
    threads = node_count > _PART_NODES
    parts = tuple(in_turn(plan, stretches, executor=None, threads=threads))
    return Restriction(asked, column, parts, hierarchy)


def planned(
    hierarchy: Hierarchy, nodes: NDArray[np.integer] | Restriction | None, name: str = "nodes"
) -> Restriction:
    """Plan what has not been planned yet, and check what has.

    Raises
    ------
    NetworkError
        If `nodes` are not nodes of the hierarchy, or planned on another one.
    """
    if not isinstance(nodes, Restriction):
        return restriction(hierarchy, nodes)
    same = nodes.hierarchy is hierarchy or all(map(np.array_equal, nodes.hierarchy, hierarchy))
    if not same:
        message = (
            f"this search cannot run: {name}: expected a plan made on this hierarchy, found one "
            "made on another. Likely cause: other weights since; plan again"
        )
        raise NetworkError(message)
    return nodes


def checked_nodes(nodes: NDArray[np.integer], node_count: int, name: str) -> Int32:
    """Check that an array names nodes of a graph.

    Raises
    ------
    NetworkError
        If it is not a 1-d array of integers from 0 to the last node.
    """
    fault = None
    if not isinstance(nodes, np.ndarray) or nodes.ndim != 1 or nodes.dtype.kind not in "iu":
        array = isinstance(nodes, np.ndarray)
        found = f"{nodes.ndim}-d {nodes.dtype}" if array else type(nodes).__name__
        fault = f"expected a 1-d array of integers, found {found}"
    elif nodes.size and not 0 <= int(nodes.min()) <= int(nodes.max()) < node_count:
        fault = f"expected nodes from 0 to {node_count - 1}, found {nodes.min()} to {nodes.max()}"
    if fault:
        message = f"this search cannot run: {name}: {fault}"
        raise NetworkError(message)
    return nodes.astype(np.int32)


def up_graph(hierarchy: Hierarchy) -> KernelGraph:
    """Arcs to higher ranks, as the kernels want them."""
    return kernel_graph(hierarchy.up_indptr, hierarchy.up_heads, hierarchy.up_weights_ms)


def down_graph(hierarchy: Hierarchy) -> KernelGraph:
    """Arcs from higher ranks, stored at the lower, as the kernels want them."""
    return kernel_graph(hierarchy.down_indptr, hierarchy.down_heads, hierarchy.down_weights_ms)


def kernel_graph(indptr: IntArray, heads: IntArray, weights_ms: IntArray) -> KernelGraph:
    """Offsets, heads and times as the kernels want them, not copied if they can be as they are."""
    return KernelGraph(
        _read_only(indptr, np.uint32),
        _read_only(heads, np.uint32),
        _read_only(weights_ms, np.int32),
    )


def _read_only(values: IntArray, dtype: type[np.integer]) -> NDArray[Any]:
    # One kind of array, so that the kernels are compiled once.
    plain = values.view(dtype) if values.dtype.itemsize == 4 else values.astype(dtype)
    view = np.ascontiguousarray(plain).view()
    view.setflags(write=False)
    return view


def _plan(down: KernelGraph, rank: Int32, nodes: Int32) -> Part:
    asked = rank[nodes].astype(np.uint32)
    step_of = np.zeros(rank.size, np.uint32)
    block_steps = np.empty(-(-asked.size // BLOCK) + 1, np.uint32)
    order, count = plan_order(down, asked, step_of, block_steps)
    arcs = KernelGraph(
        np.empty(order.size + 1, np.uint32), np.empty(count, np.uint32), np.empty(count, np.int32)
    )
    plan_arcs(down, order, step_of, arcs)
    column_step = step_of[asked] - np.uint32(1)
    slot = np.empty(order.size, np.uint32)
    slots = plan_slots(arcs.indptr, arcs.heads, column_step, block_steps, slot)
    return Part(order, slot, *arcs, block_steps, slot[column_step], slots)
