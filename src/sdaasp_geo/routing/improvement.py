"""What a new facility changes: from each candidate, only where it improves on today."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from sdaasp_geo.routing.improvement_gate import (
    Origins,
    Today,
    best_door_ms,
    checked_question,
    checked_today,
    frozen,
)
from sdaasp_geo.routing.improvement_sums import (
    Totals,
    Weighing,
    new_sums,
    shares_of,
    sum_up,
    totals_of,
)
from sdaasp_geo.routing.improvement_walks import Way, choice, dealt
from sdaasp_geo.routing.parallel import in_turn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    from sdaasp_geo.network.graph import SearchGraph
    from sdaasp_geo.routing.gate import Seeds
    from sdaasp_geo.routing.hierarchy import Hierarchy
    from sdaasp_geo.routing.improvement_gate import Question
    from sdaasp_geo.routing.improvement_kernels import Sites, Sums, Weights
    from sdaasp_geo.routing.improvement_walks import Walk
    from sdaasp_geo.routing.restriction import Restriction

__all__ = [
    "Improvement",
    "Origins",
    "Today",
    "Totals",
    "Weighing",
    "best_door_ms",
    "checked_today",
    "improvement",
    "total_improvement",
]

_Result = TypeVar("_Result")

# Below this many nodes a search is over before a thread has started.
_THREADS_FROM_NODES = 10_000
_TIME_BITS = 31
_TIME_MASK = 2**_TIME_BITS - 1


class Improvement(NamedTuple):
    """Those that each candidate improves, and their new times, in compressed sparse rows.

    Parameters
    ----------
    indptr
        Shape (C + 1,), int64: what candidate ``c`` changes is at ``indptr[c]`` to
        ``indptr[c + 1]`` of the other two.
    place
        Shape (I,), int32: number of the node or, where origins were given, the origin;
        rising within a candidate.
    time_ms
        Shape (I,), int32: its new time, below today's.
    """

    indptr: NDArray[np.int64]
    place: NDArray[np.int32]
    time_ms: NDArray[np.int32]


def improvement(
    graph: SearchGraph,
    today_ms: NDArray[np.int32] | Today,
    candidates: Sequence[Seeds],
    *,
    origins: Origins | None = None,
    hierarchy: Hierarchy | Restriction | None = None,
    executor: Executor | None = None,
) -> Improvement:
    """Find whom each candidate would bring nearer to a service, and to what time.

    Each candidate is taken alone, added to the facilities that today's times are of. The
    result is that of :func:`~sdaasp_geo.routing.nearest.nearest` with the candidate
    added, wherever that is below today's time; it depends neither on the other candidates
    nor on the executor.

    Parameters
    ----------
    graph
        The arcs that today's times were searched on.
    today_ms
        Shape (N,), int32: time of every node to the nearest facility of one service, as
        ``nearest`` found it without a limit; :data:`UNREACHED` where there is none. Times
        asked about again and again are checked once by
        :func:`~sdaasp_geo.routing.improvement_gate.checked_today`, whose `graph` is then
        the one to ask with.
    candidates
        One entry a candidate: where it enters the graph. Labels are not used.
    origins
        Those that are asked about; the nodes themselves by default.
    hierarchy
        Built from the same graph; or a plan of the sweeps over it, from
        :func:`~sdaasp_geo.routing.restriction.restriction`, to the nodes of all doors (to
        all nodes without origins), which spares planning at every question. The times from the candidates are then found by sweeps if that is quicker (see Notes). The result is the same.
    executor
        Runs 32 candidates a task, or 16 by sweeps. By default as many threads as there
        are cores, where the graph is large enough to gain by it.

    Returns
    -------
    Improvement
        Twelve bytes a change. With many candidates of a sparse service on a large graph,
        give origins, take candidates by parts, or ask for :func:`total_improvement`.

    Raises
    ------
    NetworkError
        If graph, times, candidates or origins are not as described (today's times are
        tested against every arc), or a new time does not fit in 32 bits.

    Notes
    -----
    A node that a candidate does not improve cannot be on the way to one that it does:
    the search goes no further there. Label-correcting search over buckets of time; see
    :mod:`sdaasp_geo.routing.improvement_kernels`.

    A search costs what the candidate changes, a sweep what lies above the nodes asked
    about in the hierarchy, whatever the candidate changes. The changes are counted on four
    candidates, evenly drawn; sweeps are taken where the changes of a candidate are more
    than a twentieth of the nodes swept for it, as measured on three million nodes.

    Examples
    --------
    A street of four nodes a minute apart, the facility at the first; a candidate at the
    last one leaves the second as it is.

    >>> from sdaasp_geo.network.graph import SearchGraph
    >>> from sdaasp_geo.routing.gate import Seeds
    >>> street = SearchGraph(
    ...     indptr=np.array([0, 1, 3, 5, 6], np.int32),
    ...     heads=np.array([1, 0, 2, 1, 3, 2], np.int32),
    ...     weights_ms=np.full(6, 60_000, np.int32),
    ... )
    >>> today_ms = np.array([0, 60_000, 120_000, 180_000], np.int32)
    >>> zero = np.array([0], np.int32)
    >>> improvement(street, today_ms, [Seeds(node=zero + 3, cost_ms=zero, label=zero)])
    Improvement(indptr=array([0, 2]),
                place=array([2, 3], dtype=int32),
                time_ms=array([60000,     0], dtype=int32))
    """
    question, sites = checked_question(graph, today_ms, candidates, origins)
    walk, most = choice(question, sites, Way(hierarchy, executor))
    task = partial(_all_keys, walk, question)
    parts = list(_run(task, question, sites, most=most, executor=executor))
    size = np.zeros(len(candidates), np.int64)
    for part, (indptr, _) in enumerate(parts):
        size[part :: len(parts)] = np.diff(indptr)
    indptr = np.concatenate([[0], np.cumsum(size)])
    place, time_ms = (np.empty(indptr[-1], np.int32) for _ in range(2))
    for candidate in range(len(candidates)):
        inner, keys = parts[candidate % len(parts)]
        row = candidate // len(parts)
        mine = keys[inner[row] : inner[row + 1]]
        place[indptr[candidate] : indptr[candidate + 1]] = mine >> _TIME_BITS
        time_ms[indptr[candidate] : indptr[candidate + 1]] = mine & _TIME_MASK
    return Improvement(indptr, place, time_ms)


def total_improvement(
    graph: SearchGraph,
    today_ms: NDArray[np.int32] | Today,
    candidates: Sequence[Seeds],
    weighing: Weighing,
    *,
    hierarchy: Hierarchy | Restriction | None = None,
    executor: Executor | None = None,
) -> Totals:
    """Sum up what each candidate would change: see :func:`improvement`.

    Memory is bounded by the threads, or tasks at once, whatever the candidates: some
    twenty bytes a node each, ninety by sweeps to all nodes.

    Parameters
    ----------
    graph, today_ms, candidates, hierarchy, executor
        As in :func:`improvement`.
    weighing
        Weights, thresholds and, where they are not the nodes, the origins.

    Returns
    -------
    Totals
        Exact sums, rounded once.

    Raises
    ------
    NetworkError
        As in :func:`improvement`, or if weights or thresholds are not as described.

    Examples
    --------
    As in :func:`improvement`, with ten inhabitants at each node.

    >>> from sdaasp_geo.network.graph import SearchGraph
    >>> from sdaasp_geo.routing.gate import Seeds
    >>> street = SearchGraph(
    ...     indptr=np.array([0, 1, 3, 5, 6], np.int32),
    ...     heads=np.array([1, 0, 2, 1, 3, 2], np.int32),
    ...     weights_ms=np.full(6, 60_000, np.int32),
    ... )
    >>> today_ms = np.array([0, 60_000, 120_000, 180_000], np.int32)
    >>> zero = np.array([0], np.int32)
    >>> last = Seeds(node=zero + 3, cost_ms=zero, label=zero)
    >>> weighing = Weighing(np.full(4, 10.0), thresholds_ms=[60_000, 120_000])
    >>> total = total_improvement(street, today_ms, [last], weighing)
    >>> total.improved.tolist(), total.weight_gaining.tolist()
    ([2], [[20.0, 10.0]])
    >>> total.gain.tolist()  # 10 × 1 min and 10 × 3 min
    [2400000.0]
    """
    question, sites = checked_question(graph, today_ms, candidates, weighing.origins)
    weights, scale_bits = shares_of(weighing, question.counted_ms.size)
    walk, most = choice(question, sites, Way(hierarchy, executor))
    task = partial(_all_sums, walk, question, weights)
    parts = list(_run(task, question, sites, most=most, executor=executor))
    sums = new_sums(len(candidates), weights)
    for number, part in enumerate(parts):
        for whole, rows in zip(sums, part, strict=True):
            whole[number :: len(parts)] = rows
    return totals_of(sums, scale_bits)


def _run(
    task: Callable[[Sites], _Result],
    question: Question,
    sites: Sites,
    *,
    most: int,
    executor: Executor | None,
) -> Iterator[_Result]:
    """Deal the candidates out to tasks, `most` to each at the most; 0 for one a thread.

    Of n tasks, the k-th has every n-th candidate from k on.
    """
    count = sites.indptr.size - 1
    threads = question.todays[0].size > _THREADS_FROM_NODES
    tasks = -(-count // most) if most else (os.cpu_count() or 1) if threads else 1
    jobs = [dealt(sites, number, tasks) for number in range(min(tasks, count))] or [sites]
    return in_turn(task, jobs, executor=executor, threads=threads)


def _all_keys(
    walk: Walk, question: Question, sites: Sites
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each candidate's changes begin, and the changes, each candidate's sorted."""
    size = np.zeros(sites.indptr.size - 1, np.int64)
    parts = [np.empty(0, np.int64)]
    for kept, last in walk(frozen(question), frozen(sites)):
        for candidate in range(kept.first, last):
            mine = kept.keys[kept.indptr[candidate] : kept.indptr[candidate + 1]]
            parts.append(np.sort(mine))
            size[candidate] = mine.size
    return np.concatenate([[0], np.cumsum(size)]), np.concatenate(parts)


def _all_sums(walk: Walk, question: Question, weights: Weights, sites: Sites) -> Sums:
    sums = new_sums(sites.indptr.size - 1, weights)
    for kept, last in walk(frozen(question), frozen(sites)):
        sum_up(kept, last, frozen(question).counted_ms, frozen(weights), sums)
    return sums
