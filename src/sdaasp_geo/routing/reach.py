"""What lies within reach: nodes within a time, the k nearest facilities, all within a time."""

from __future__ import annotations

import itertools
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sdaasp_geo.errors import NetworkError
from sdaasp_geo.routing.gate import checked_groups, checked_search
from sdaasp_geo.routing.kernels import UNREACHED, Entries
from sdaasp_geo.routing.nearest import nearest
from sdaasp_geo.routing.parallel import in_turn
from sdaasp_geo.routing.reach_kernels import overflows_k, pairs, search_k

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    from sdaasp_geo.network.graph import SearchGraph
    from sdaasp_geo.routing.gate import Search, Seeds

_NUMBER_BITS = 31
_NUMBER_MASK = 2**_NUMBER_BITS - 1
_THREADS_FROM_NODES = 10_000
# Searches around single facilities that make one task: enough to pay for its tables.
_FACILITIES_A_TASK = 64


class Within(NamedTuple):
    """Nodes within a time of the nearest of some facilities.

    Parameters
    ----------
    node
        Shape (R,), int64, rising.
    time_ms
        Shape (R,), int32, at most the limit.
    label
        Shape (R,), int32: the nearest facility.
    """

    node: NDArray[np.int64]
    time_ms: NDArray[np.int32]
    label: NDArray[np.int32]


class KNearest(NamedTuple):
    """The k nearest facilities of each service, for every node asked for.

    Parameters
    ----------
    time_ms
        Shape (S, k, N), int32, rising along k; :data:`UNREACHED` where there is none.
    label
        Shape (S, k, N), int32: distinct facilities; -1 where there is none.
    """

    time_ms: NDArray[np.int32]
    label: NDArray[np.int32]


class Pairs(NamedTuple):
    """Pairs of a node and a facility, by node as asked, then rising time, then label.

    Parameters
    ----------
    node
        Shape (P,), int64: node of the graph.
    label, time_ms
        Shape (P,), int32: the facility and the time between the two.
    """

    node: NDArray[np.int64]
    label: NDArray[np.int32]
    time_ms: NDArray[np.int32]


def within(graph: SearchGraph, seeds: Seeds, limit_ms: int) -> Within:
    """Nodes within a time of the nearest of some facilities, with that time.

    Parameters
    ----------
    graph
        The arcs: the incoming ones of a network for times to the facilities, the
        outgoing ones for times from them.
    seeds
        Where the facilities enter the graph.
    limit_ms
        Longest time, itself within.

    Raises
    ------
    NetworkError
        If graph, seeds or limit are not as :func:`~sdaasp_geo.routing.nearest.nearest`
        wants them.

    Examples
    --------
    >>> from sdaasp_geo.network.graph import SearchGraph
    >>> from sdaasp_geo.routing.gate import Seeds
    >>> row = SearchGraph(
    ...     indptr=np.array([0, 1, 2, 2], np.int32),
    ...     heads=np.array([1, 2], np.int32),
    ...     weights_ms=np.array([60_000, 60_000], np.int32),
    ... )
    >>> zero = np.array([0], np.int32)
    >>> within(row, Seeds(node=zero, cost_ms=zero, label=zero + 7), 60_000)
    Within(node=array([0, 1]), time_ms=array([    0, 60000], dtype=int32),
           label=array([7, 7], dtype=int32))
    """
    found = nearest(graph, [seeds], limit_ms=limit_ms)
    node = np.flatnonzero(found.label[0] >= 0)
    return Within(node, found.time_ms[0, node], found.label[0, node])


def k_nearest(  # noqa: PLR0913 (as nearest, with the number, and the nodes to spare memory)
    graph: SearchGraph,
    seeds: Sequence[Seeds],
    count: int,
    *,
    nodes: NDArray[np.integer] | None = None,
    groups: NDArray[np.int32] | None = None,
    limit_ms: int | None = None,
    executor: Executor | None = None,
) -> KNearest:
    """Time from every node to the k nearest facilities of every service, exact.

    A facility counts once, at its least time, however many seeds it has. The k pairs
    (time, label) are the least in lexicographic order, so that ties go to the lowest
    label, and neither the executor nor the order of anything changes the result.

    Parameters
    ----------
    graph, seeds, limit_ms, executor
        As in :func:`~sdaasp_geo.routing.nearest.nearest`.
    count
        k, at least 1.
    nodes
        Nodes to answer for, integer (M,); every node if None.
    groups
        Integer (facilities,): ``groups[label]`` is the group of a facility. With groups,
        2k places are answered: the k nearest of what remains, whichever one group is
        left out, are among them.

    Returns
    -------
    KNearest
        Arrays (S, k, N), or (S, k, M) for `nodes`; 2k in the place of k with groups.

    Raises
    ------
    NetworkError
        As in ``nearest``; or if `count` is below 1, a node does not exist, or a label has
        no group.

    Notes
    -----
    Label-correcting search that keeps the k best pairs of each node: a facility beaten
    there by k others is beaten by them at every node beyond.

    Examples
    --------
    Two facilities at the two ends of a two-way minute.

    >>> from sdaasp_geo.network.graph import SearchGraph
    >>> from sdaasp_geo.routing.gate import Seeds
    >>> row = SearchGraph(
    ...     indptr=np.array([0, 1, 2], np.int32),
    ...     heads=np.array([1, 0], np.int32),
    ...     weights_ms=np.array([60_000, 60_000], np.int32),
    ... )
    >>> ends = np.array([0, 1], np.int32)
    >>> k_nearest(row, [Seeds(node=ends, cost_ms=ends, label=ends)], 2).time_ms
    array([[[    0,     1],
            [60001, 60000]]], dtype=int32)
    """
    question = checked_search(graph, seeds, limit_ms)
    node_count = question.graph.indptr.size - 1
    asked = None if nodes is None else _checked_nodes(nodes, node_count)
    if count < 1:
        message = f"expected at least 1 facility a node, found count={count}"
        raise NetworkError(message)
    group = None if groups is None else checked_groups(groups, question.services)
    task = partial(_k_keys, question._replace(services=()), group, (count, asked))
    width = count if group is None else 2 * count
    shape = len(question.services), width, node_count if asked is None else asked.size
    found = KNearest(np.empty(shape, np.int32), np.empty(shape, np.int32))
    threads = node_count > _THREADS_FROM_NODES
    rows = in_turn(task, question.services, executor=executor, threads=threads)
    for service, keys in enumerate(rows):
        time = (keys[:, :width] >> _NUMBER_BITS).T
        reached = time < question.ceiling_ms
        found.time_ms[service] = np.where(reached, time, UNREACHED)
        found.label[service] = np.where(reached, (keys[:, :width] & _NUMBER_MASK).T, -1)
    return found


def facilities_within(
    graph: SearchGraph,
    seeds: Seeds,
    nodes: NDArray[np.integer],
    limit_ms: int,
    *,
    executor: Executor | None = None,
) -> Pairs:
    """All facilities within a time of each of some nodes.

    One bounded search a facility, that costs no more than what it reaches.

    Parameters
    ----------
    graph
        The incoming arcs of a network, for times from the nodes to the facilities.
    seeds
        Where the facilities enter the graph.
    nodes
        Nodes to answer for, integer (M,); one that is named twice is answered once.
    limit_ms
        Longest time, itself within.
    executor
        Runs the searches, some facilities a task; threads of this process if None.

    Raises
    ------
    NetworkError
        If graph, seeds, nodes or limit are not as described.

    Examples
    --------
    >>> from sdaasp_geo.network.graph import SearchGraph
    >>> from sdaasp_geo.routing.gate import Seeds
    >>> row = SearchGraph(
    ...     indptr=np.array([0, 1, 2], np.int32),
    ...     heads=np.array([1, 0], np.int32),
    ...     weights_ms=np.array([60_000, 60_000], np.int32),
    ... )
    >>> ends = np.array([0, 1], np.int32)
    >>> facilities_within(row, Seeds(ends, ends, ends), np.array([1]), 60_000)
    Pairs(node=array([1, 1]), label=array([1, 0], dtype=int32),
          time_ms=array([    1, 60000], dtype=int32))
    """
    question = checked_search(graph, [seeds], limit_ms)
    node_count = question.graph.indptr.size - 1
    asked = _checked_nodes(nodes, node_count)
    kept = asked[np.sort(np.unique(asked, return_index=True)[1])]
    position = np.full(node_count, -1, np.int32)
    position[kept] = np.arange(kept.size)
    (entries,) = question.services
    order = np.argsort(entries.label, kind="stable")
    ordered = _taken(entries, order)
    task = partial(_pair_rows, question._replace(services=()), position)
    threads = node_count > _THREADS_FROM_NODES
    parts = list(in_turn(task, _by_facility(ordered), executor=executor, threads=threads))
    rows = np.concatenate([np.empty((0, 3), np.int64), *parts])
    rows = rows[np.lexsort((rows[:, 1], rows[:, 2], rows[:, 0]))]
    return Pairs(kept[rows[:, 0]], rows[:, 1].astype(np.int32), rows[:, 2].astype(np.int32))


def _checked_nodes(nodes: NDArray[np.integer], node_count: int) -> NDArray[np.int64]:
    asked = np.asarray(nodes)
    if asked.size == 0:
        return np.empty(0, np.int64)
    if asked.ndim != 1 or asked.dtype.kind not in "iu":
        message = f"nodes: expected a 1-d array of integers, found {asked.ndim}-d {asked.dtype}"
        raise NetworkError(message)
    if asked.min() < 0 or asked.max() >= node_count:
        found = f"{asked.min()} to {asked.max()}"
        message = f"nodes: expected nodes from 0 to {node_count - 1}, found {found}"
        raise NetworkError(message)
    return asked.astype(np.int64)


def _k_keys(
    question: Search,
    group: NDArray[np.int32] | None,
    wanted: tuple[int, NDArray[np.int64] | None],
    entries: Entries,
) -> NDArray[np.int64]:
    count, asked = wanted
    width = count if group is None else 2 * count + 1
    keys = np.empty((question.graph.indptr.size - 1, width), np.int64)
    search_k(question.graph, entries, group, question.ceiling_ms, question.windows, keys)
    if not question.limited and _near_the_end(question, keys) and overflows_k(question.graph, keys):
        message = (
            f"expected every time below {UNREACHED} ms (24 days), found a node farther than that "
            "from one of its nearest facilities. Likely cause: a speed near zero, or times not "
            "in milliseconds; a limit_ms leaves such facilities out"
        )
        raise NetworkError(message)
    return keys if asked is None else keys[asked]


def _near_the_end(question: Search, keys: NDArray[np.int64]) -> bool:
    """Whether an arc could lead from a time found beyond the last one that fits."""
    weights_ms = question.graph.weights_ms
    if weights_ms.size == 0:
        return False
    latest = (np.int64(UNREACHED) - int(weights_ms.max())) << _NUMBER_BITS
    found = keys[keys < np.int64(UNREACHED) << _NUMBER_BITS]
    return bool(found.size and found.max() >= latest)


def _by_facility(entries: Entries) -> list[tuple[Entries, NDArray[np.int64]]]:
    """Cut entries sorted by facility into tasks, each with the bounds of its facilities."""
    starts = np.flatnonzero(np.diff(entries.label, prepend=-1))
    edges = [*starts[::_FACILITIES_A_TASK].tolist(), entries.label.size]
    jobs = []
    for low, high in itertools.pairwise(edges):
        inside = starts[(starts >= low) & (starts < high)] - low
        bounds = np.append(inside, high - low).astype(np.int64)
        jobs.append((_taken(entries, slice(low, high)), bounds))
    return jobs


def _pair_rows(
    question: Search, position: NDArray[np.int32], job: tuple[Entries, NDArray[np.int64]]
) -> NDArray[np.int64]:
    entries, bounds = job
    graph, windows = question.graph, question.windows
    return pairs(graph, entries, bounds, position, question.ceiling_ms, windows)


def _taken(entries: Entries, rows: slice | NDArray[np.int64]) -> Entries:
    part = Entries(entries.node[rows], entries.cost_ms[rows], entries.label[rows])
    # The kernels are compiled for read-only entries, as the gate gives them.
    for values in part:
        values.setflags(write=False)
    return part
