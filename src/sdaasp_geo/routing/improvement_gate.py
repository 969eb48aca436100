"""The gate of the searches around candidates: everything is checked once, in few passes.

A dense service's candidates change little, and their searches are over in the time that
numpy needs to look at the graph once: the graph and today's times are checked together,
in one pass, and only what is wrong is looked at again, for the words.
"""

from __future__ import annotations

import itertools
import os
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

import numpy as np

from sdaasp_geo.errors import NetworkError
from sdaasp_geo.routing.gate import Seeds, checked_search, windows_for
from sdaasp_geo.routing.improvement_kernels import FAULT, Doors, Sites, Sizes
from sdaasp_geo.routing.kernels import UNREACHED, KernelGraph, compiled
from sdaasp_geo.routing.parallel import in_turn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sdaasp_geo.network.graph import SearchGraph

    Int32 = NDArray[np.int32]
    UInt32 = NDArray[np.uint32]

# Below this many nodes they are looked at before a thread has started.
_THREADS_FROM_NODES = 10_000

_Group = TypeVar("_Group", bound="tuple[Any, ...]")


class Origins(NamedTuple):
    """Where people start, when that is not the nodes themselves.

    Parameters
    ----------
    doors
        Where each origin meets the network: nodes, the time between node and origin, and
        the number of the origin as label. An origin may have several doors, or none.
    today_ms
        Shape (O,), integer: today's time of each origin, :data:`UNREACHED` where there is
        none; at most that by its best door (see :func:`best_door_ms`), and less where a
        way leads there without a junction.
    """

    doors: Seeds
    today_ms: NDArray[np.int32]


class Today(NamedTuple):
    """Today's times of a graph, checked against every arc once: from :func:`checked_today`.

    Parameters
    ----------
    graph
        What they were searched on.
    time_ms
        Shape (N,), int32, read-only.
    longest_ms
        The longest arc.
    """

    graph: SearchGraph
    time_ms: NDArray[np.int32]
    longest_ms: int


class Question(NamedTuple):
    """A checked question, as the kernels want it, but for the candidates.

    ``todays`` are the times of the nodes and of the origins, the latter empty where
    every node counts for itself.
    """

    graph: KernelGraph
    doors: Doors
    todays: tuple[Int32, Int32]
    sizes: Sizes

    @property
    def counted_ms(self) -> Int32:
        """Today's times of those that are counted: origins, or nodes without any."""
        return self.todays[1] if self.doors.indptr.size else self.todays[0]


def best_door_ms(time_ms: NDArray[np.int32], doors: Seeds, origins: int) -> NDArray[np.int32]:
    """Time of each origin by its best door.

    Parameters
    ----------
    time_ms
        Shape (N,), int32: time of each node; :data:`UNREACHED` where there is none.
    doors
        As in :class:`Origins`.
    origins
        How many there are, O.

    Returns
    -------
    ndarray
        Shape (O,), int32; :data:`UNREACHED` where no door has a time.
    """
    best = np.full(origins, UNREACHED, np.int64)
    there = time_ms[doors.node].astype(np.int64) + doors.cost_ms
    np.minimum.at(best, doors.label, there)
    return best.astype(np.int32)


def checked_today(graph: SearchGraph, today_ms: NDArray[np.int32]) -> Today:
    """Check today's times once, for questions about candidates again and again.

    For a dense service that check takes as long as the searches around 500 candidates.

    Parameters
    ----------
    graph, today_ms
        As in :func:`~sdaasp_geo.routing.improvement.improvement`. Both are copied, unless
        nobody can write to them: nothing that changes later was ever checked.

    Raises
    ------
    NetworkError
        If graph or times are not as described there.
    """
    graph = type(graph)(*(_nobodys(array) for array in graph))
    time_ms = _nobodys(today_ms)
    longest_ms = _longest(graph, time_ms)
    if longest_ms == FAULT:
        raise _refusal(graph, time_ms, ())
    return Today(graph, read_only(time_ms, np.int32), longest_ms)


def _nobodys(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array that nobody writes to: the same if it and its owner are read-only."""
    owner: object = array
    while isinstance(owner, np.ndarray):
        if owner.flags.writeable:
            copy = array.copy()
            copy.setflags(write=False)
            return copy
        owner = owner.base
    return array


def checked_question(
    graph: SearchGraph,
    today_ms: NDArray[np.int32] | Today,
    candidates: Sequence[Seeds],
    origins: Origins | None,
) -> tuple[Question, Sites]:
    """Check a whole question and prepare it.

    Raises
    ------
    NetworkError
        If anything is not what :class:`SearchGraph`, :class:`Seeds`, :class:`Origins` and
        the search say.
    """
    sites = _sites(candidates)
    time_ms, arc_ms = _known(graph, today_ms)
    if sites is None or arc_ms == FAULT or _most(sites.node, -1) >= time_ms.size:
        raise _refusal(graph, time_ms, candidates)
    longest_ms = max(arc_ms, _most(sites.cost_ms, 0))
    arcs = _kernel_graph(graph)
    today = read_only(time_ms, np.int32)
    doors, origins_ms = checked_origins(today, origins)
    shift = windows_for(arcs.weights_ms, longest_ms).shift
    # One more than the span: the bucket being searched and the rest of the last one.
    buckets = 1 << ((longest_ms >> shift) + 1).bit_length()
    return Question(arcs, doors, (today, origins_ms), Sizes(shift, buckets, longest_ms)), sites


def _known(graph: SearchGraph, today: NDArray[np.int32] | Today) -> tuple[NDArray[np.int32], int]:
    """Today's times, and the longest arc if all is well, else `FAULT`."""
    if not isinstance(today, Today):
        return today, _longest(graph, today)
    if any(one is not other for one, other in zip(graph, today.graph, strict=True)):
        message = (
            "this search cannot run: today_ms: expected times checked on this graph, found "
            "those of another. Likely cause: arrays that can be written to, which are copied "
            "when checked; ask with the graph of the checked times"
        )
        raise NetworkError(message)
    return today.time_ms, today.longest_ms


def _most(values: NDArray[Any], otherwise: int) -> int:
    return int(values.max()) if values.size else otherwise


def read_only(values: NDArray[Any], dtype: type[np.integer]) -> NDArray[Any]:
    """View of integers as the kernels are compiled for; the caller's own keeps its flags."""
    as_they_are = values.dtype in (np.dtype(np.int32), np.dtype(np.uint32))
    plain = (
        values.view(dtype)
        if as_they_are and dtype != np.int64
        else values.astype(dtype, copy=False)
    )
    view = np.ascontiguousarray(plain).view()
    view.setflags(write=False)
    return view


def frozen(group: _Group) -> _Group:
    """Make the arrays of a group read-only again: on their way to a process they lose that.

    The kernels are compiled for one kind of array.
    """
    parts: list[Any] = [
        frozen(part) if isinstance(part, tuple) else _frozen_array(part) for part in group
    ]
    made: object = type(group)(*parts) if hasattr(group, "_fields") else tuple(parts)
    return cast("_Group", made)


def _frozen_array(part: object) -> object:
    if isinstance(part, np.ndarray) and part.flags.writeable:
        part = part.view()
        part.setflags(write=False)
    return part


def _sites(candidates: Sequence[Seeds]) -> Sites | None:
    """All candidates' entries in one table; None where one is not as it should be."""
    if not all(_plain(array) for seeds in candidates for array in seeds):
        return None
    sizes = [seeds.node.size for seeds in candidates]
    if any(part.size != size for s, size in zip(candidates, sizes, strict=True) for part in s):
        return None
    none = np.empty(0, np.int64)
    node = np.concatenate([none, *(seeds.node for seeds in candidates)])
    cost_ms = np.concatenate([none, *(seeds.cost_ms for seeds in candidates)])
    label = np.concatenate([none, *(seeds.label for seeds in candidates)])
    in_range = (
        (array >= 0).all() and (array < bound).all()
        for array, bound in ((node, UNREACHED), (cost_ms, UNREACHED), (label, UNREACHED + 1))
    )
    if not all(in_range):
        return None
    indptr = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])
    return Sites(
        read_only(indptr, np.uint32), read_only(node, np.uint32), read_only(cost_ms, np.int32)
    )


def _plain(array: object) -> bool:
    return isinstance(array, np.ndarray) and array.ndim == 1 and array.dtype.kind in "iu"


def _longest(graph: SearchGraph, today_ms: NDArray[np.int32]) -> int:
    """Longest arc; `FAULT` where anything is wrong."""
    if not all(_plain(array) for array in (*graph, today_ms)):
        return FAULT
    indptr, heads, weights_ms = graph
    # Wider integers are rare, and are looked at first: narrowed, they could look right.
    wide = [array for array in (*graph, today_ms) if array.itemsize > 4 and array.size]
    if any(int(array.min()) < 0 or int(array.max()) > UNREACHED for array in wide):
        return FAULT
    nodes = indptr.size - 1
    if nodes < 0 or indptr[0] != 0 or indptr[-1] != heads.size:
        return FAULT
    if heads.size != weights_ms.size or today_ms.size != nodes:
        return FAULT
    arcs = _kernel_graph(graph)
    spans = os.cpu_count() or 1 if nodes > _THREADS_FROM_NODES else 1
    edges = [nodes * span // spans for span in range(spans + 1)]
    look = partial(_longest_of, arcs, read_only(today_ms, np.int32))
    jobs = list(itertools.pairwise(edges))
    found = list(in_turn(look, jobs, executor=None, threads=True))
    return FAULT if FAULT in found else max(found)


def _longest_of(arcs: KernelGraph, today_ms: Int32, span: tuple[int, int]) -> int:
    return longest_arc(arcs, today_ms, *span)


def checked_origins(today: Int32, origins: Origins | None) -> tuple[Doors, Int32]:
    """Check origins and prepare them: doors, and today's times.

    Raises
    ------
    NetworkError
        If they are not as `Origins` says.
    """
    if origins is None:
        empty = read_only(np.empty(0, np.uint32), np.uint32)
        none = read_only(np.empty(0, np.int32), np.int32)
        return Doors(empty, empty, none), none
    faults = _origin_faults(today, origins)
    if faults:
        raise NetworkError("these origins cannot be asked: " + "; ".join(faults))
    doors = origins.doors
    columns = (read_only(doors.node, np.uint32), read_only(doors.label, np.uint32))
    sorted_doors = doors_by_node(*columns, read_only(doors.cost_ms, np.int32), today.size)
    by_node = Doors(
        read_only(sorted_doors.indptr, np.uint32),
        read_only(sorted_doors.origin, np.uint32),
        read_only(sorted_doors.cost_ms, np.int32),
    )
    return by_node, read_only(origins.today_ms, np.int32)


def _origin_faults(today: Int32, origins: Origins) -> list[str]:
    doors, today_ms = origins
    if not all(_plain(array) for array in (*doors, today_ms)):
        return ["expected 1-d arrays of integers"]
    if len({array.size for array in doors}) > 1:
        return ["expected node, cost_ms and label of one length"]
    faults = [
        f"{name}: expected integers from 0 to {most}"
        for name, array, most in (
            ("node", doors.node, today.size - 1),
            ("cost_ms", doors.cost_ms, UNREACHED - 1),
            ("label", doors.label, today_ms.size - 1),
            ("today_ms", today_ms, UNREACHED),
        )
        if array.size and (int(array.min()) < 0 or int(array.max()) > most)
    ]
    if not faults and (today_ms > best_door_ms(today, doors, today_ms.size)).any():
        origin = int((today_ms > best_door_ms(today, doors, today_ms.size)).argmax())
        faults = [f"today_ms: expected at most the time by the best door, as origin {origin} has"]
    return faults


def _refusal(
    graph: SearchGraph, today_ms: NDArray[np.int32], candidates: Sequence[Seeds]
) -> NetworkError:
    """Say what is wrong: the gate of all searches first, then today's times."""
    try:
        checked_search(graph, candidates, None)
    except NetworkError as error:
        return NetworkError(str(error).replace("service ", "candidate "))
    nodes = graph.indptr.size - 1
    if not _plain(today_ms) or today_ms.shape != (nodes,):
        found = f"expected a 1-d array of integers, one a node ({nodes})"
    elif nodes and not 0 <= int(today_ms.min()) <= int(today_ms.max()) <= UNREACHED:
        found = f"expected times from 0 to {UNREACHED}"
    else:
        found = (
            "expected no node's time above another's plus the arc from there. Likely cause: "
            "times of another graph, of the other direction, or under a limit"
        )
    return NetworkError(f"this search cannot run: today_ms: {found}")


def _kernel_graph(graph: SearchGraph) -> KernelGraph:
    return KernelGraph(
        read_only(graph.indptr, np.uint32),
        read_only(graph.heads, np.uint32),
        read_only(graph.weights_ms, np.int32),
    )


@compiled
def longest_arc(graph: KernelGraph, today_ms: Int32, first: int, last: int) -> int:
    """Longest arc that leaves the nodes from `first` to `last`; -1 where something is wrong.

    Wrong is a graph that is none, or a time of today that is longer than another one
    plus the arc from there.
    """
    longest = np.int64(0)
    nodes, arcs = np.uint32(today_ms.size), np.uint32(graph.heads.size)
    for node in range(np.uint32(first), np.uint32(last)):
        begin, end = graph.indptr[node], graph.indptr[node + np.uint32(1)]
        if begin > end or end > arcs or today_ms[node] < 0:
            return FAULT
        here = np.int64(today_ms[node])
        for arc in range(begin, end):
            head, weight = graph.heads[arc], np.int64(graph.weights_ms[arc])
            if head >= nodes or weight < 0:
                return FAULT
            # From an unreached node no sum is below UNREACHED.
            if today_ms[head] > here + weight:
                return FAULT
            longest = max(longest, weight)
    return int(longest)


@compiled
def doors_by_node(node: UInt32, label: UInt32, cost_ms: Int32, nodes: int) -> Doors:
    """Sort doors by their nodes."""
    indptr = np.zeros(nodes + 1, np.uint32)
    for door in range(node.size):
        indptr[node[door] + np.uint32(1)] += np.uint32(1)
    for place in range(nodes):
        indptr[place + 1] += indptr[place]
    following = indptr.copy()
    origin = np.empty(node.size, np.uint32)
    cost = np.empty(node.size, np.int32)
    for door in range(node.size):
        place = following[node[door]]
        following[node[door]] += np.uint32(1)
        origin[place] = label[door]
        cost[place] = cost_ms[door]
    return Doors(indptr, origin, cost)
