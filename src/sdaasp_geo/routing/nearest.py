"""Time from every node to the nearest facility of every service, and which one it is."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sdaasp_geo.errors import NetworkError
from sdaasp_geo.routing.gate import Search, Seeds, checked_groups, checked_search
from sdaasp_geo.routing.kernels import (
    UNREACHED,
    Entries,
    overflows,
    overflows_two,
    search,
    search_two,
    unpack,
)
from sdaasp_geo.routing.parallel import in_turn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    from sdaasp_geo.network.graph import SearchGraph

__all__ = ["UNREACHED", "Nearest", "NearestTwo", "Seeds", "nearest", "nearest_two"]

# Below this many nodes a search is over before a thread has started.
_THREADS_FROM_NODES = 10_000


class Nearest(NamedTuple):
    """The nearest facility of each service, for every node.

    Parameters
    ----------
    time_ms
        Shape (S, N), int32; :data:`UNREACHED` where there is none.
    label
        Shape (S, N), int32: the facility's number; -1 where there is none.
    """

    time_ms: NDArray[np.int32]
    label: NDArray[np.int32]


class NearestTwo(NamedTuple):
    """The nearest facility, and the nearest of another group than the nearest's.

    Parameters
    ----------
    time_ms, label
        As in :class:`Nearest`.
    second_time_ms, second_label
        The same for the second facility.
    """

    time_ms: NDArray[np.int32]
    label: NDArray[np.int32]
    second_time_ms: NDArray[np.int32]
    second_label: NDArray[np.int32]


def nearest(
    graph: SearchGraph,
    seeds: Sequence[Seeds],
    *,
    limit_ms: int | None = None,
    executor: Executor | None = None,
) -> Nearest:
    """Time from every node to the nearest facility of every service, in exact milliseconds.

    ``(time_ms[s, v], label[s, v])`` is the least pair, in lexicographic order, over the
    facilities of service ``s``: the time is the cost of a seed plus the shortest path in
    `graph` from its node to ``v``. Give the incoming arcs of a network to have times
    from ``v`` to the facility. Ties go to the lowest label, and neither the executor nor
    the order of seeds or nodes changes the result.

    Parameters
    ----------
    graph
        The arcs, with whole milliseconds.
    seeds
        One entry a service; a service without seeds reaches nothing.
    limit_ms
        Nodes farther than this are unreached; None for no limit.
    executor
        Runs one service a task: threads (the search frees the interpreter's lock),
        processes or a cluster. By default as many threads as there are cores, where
        the graph is large enough to gain by it.

    Returns
    -------
    Nearest
        Two arrays of shape (S, N).

    Raises
    ------
    NetworkError
        If graph, seeds or limit are not as described, or if a time without a limit
        does not fit in 32 bits (24 days).

    Notes
    -----
    Label-correcting search over time windows; see :mod:`sdaasp_geo.routing.kernels`.

    Examples
    --------
    Three nodes in a row, 0 → 1 → 2, a minute each; facility 7 at node 0.

    >>> from sdaasp_geo.network.graph import SearchGraph
    >>> row = SearchGraph(
    ...     indptr=np.array([0, 1, 2, 2], np.int32),
    ...     heads=np.array([1, 2], np.int32),
    ...     weights_ms=np.array([60_000, 60_000], np.int32),
    ... )
    >>> zero = np.array([0], np.int32)
    >>> nearest(row, [Seeds(node=zero, cost_ms=zero, label=zero + 7)])
    Nearest(time_ms=array([[     0,  60000, 120000]], dtype=int32),
            label=array([[7, 7, 7]], dtype=int32))
    """
    question = checked_search(graph, seeds, limit_ms)
    found = Nearest(*_tables(question, 2))
    for service, best in enumerate(_run(question, _nearest_keys, executor)):
        longest_ms = unpack(best, question.ceiling_ms, *(table[service] for table in found))
        if _may_overflow(question, longest_ms) and overflows(question.graph, best):
            raise too_far()
    return found


def nearest_two(
    graph: SearchGraph,
    seeds: Sequence[Seeds],
    groups: NDArray[np.int32],
    *,
    limit_ms: int | None = None,
    executor: Executor | None = None,
) -> NearestTwo:
    """As :func:`nearest`, with the nearest facility of another group as well.

    What remains when the nearest site closes is the second answer, if the facilities
    of one site form a group.

    Parameters
    ----------
    graph, seeds, limit_ms, executor
        As in :func:`nearest`.
    groups
        Shape (facilities,), integer: ``groups[label]`` is the group of a facility.

    Returns
    -------
    NearestTwo
        Four arrays of shape (S, N).

    Raises
    ------
    NetworkError
        As in :func:`nearest`, or if a label has no group.
    """
    question = checked_search(graph, seeds, limit_ms)
    group = checked_groups(groups, question.services)
    found = NearestTwo(*_tables(question, 4))
    task = partial(_nearest_two_keys, group)
    for service, keys in enumerate(_run(question, task, executor)):
        rows = [table[service] for table in found]
        longest_ms = max(
            unpack(keys[0], question.ceiling_ms, *rows[:2]),
            unpack(keys[1], question.ceiling_ms, *rows[2:]),
        )
        if _may_overflow(question, longest_ms) and overflows_two(question.graph, keys, group):
            raise too_far()
    return found


def _run(
    question: Search,
    task: Callable[[Search, Entries], NDArray[np.int64]],
    executor: Executor | None,
) -> Iterator[NDArray[np.int64]]:
    """Run a task on every service; keys come in order, a few services at a time in memory."""
    # Another process receives the graph with every task, but not every service's seeds.
    of_one = partial(task, question._replace(services=()))
    threads = question.graph.indptr.size > _THREADS_FROM_NODES
    return in_turn(of_one, question.services, executor=executor, threads=threads)


def _tables(question: Search, count: int) -> list[NDArray[np.int32]]:
    shape = len(question.services), question.graph.indptr.size - 1
    return [np.empty(shape, np.int32) for _ in range(count)]


def _nearest_keys(question: Search, entries: Entries) -> NDArray[np.int64]:
    best = np.empty(question.graph.indptr.size - 1, np.int64)
    search(question.graph, entries, question.ceiling_ms, question.windows, best, None)
    return best


def _nearest_two_keys(
    group: NDArray[np.int32], question: Search, entries: Entries
) -> NDArray[np.int64]:
    keys = np.empty((2, question.graph.indptr.size - 1), np.int64)
    search_two(question.graph, entries, group, question.ceiling_ms, question.windows, keys)
    return keys


def _may_overflow(question: Search, longest_ms: int) -> bool:
    """Whether an arc could lead from a time that was found beyond the last one that fits.

    Nearly always not, which spares a look at every arc.
    """
    if question.limited or question.graph.weights_ms.size == 0:
        return False
    return longest_ms + int(question.graph.weights_ms.max()) >= UNREACHED


def too_far() -> NetworkError:
    """Return the error of a time without a limit that does not fit in 32 bits."""
    return NetworkError(
        f"expected every time below {UNREACHED} ms (24 days), found a node farther than that "
        "from its facility. Likely cause: a speed near zero, or times not in milliseconds; "
        "a limit_ms leaves such nodes unreached"
    )
