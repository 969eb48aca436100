"""Questions to a contraction hierarchy: nearest facilities and matrices of times, by sweeps."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sdaasp_geo.errors import NetworkError
from sdaasp_geo.routing.gate import Seeds, checked_services
from sdaasp_geo.routing.kernels import UNREACHED
from sdaasp_geo.routing.nearest import Nearest
from sdaasp_geo.routing.parallel import in_turn
from sdaasp_geo.routing.restriction import (
    Restriction,
    checked_nodes,
    kernel_graph,
    planned,
    up_graph,
)
from sdaasp_geo.routing.sweep_kernels import LANES, Corner, Raised, graph_above, reach_up
from sdaasp_geo.routing.sweep_tasks import (
    Batch,
    Job,
    MatrixQuestion,
    Numbers,
    Span,
    batch_of,
    keys,
    longest_step,
    matrix_rows,
    may_overflow,
    raised_batch,
    refuse_overflow,
    swept,
    times,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    from sdaasp_geo.routing.hierarchy import Hierarchy
    from sdaasp_geo.routing.kernels import Entries, KernelGraph

    Int32 = NDArray[np.int32]
    Int64 = NDArray[np.int64]

__all__ = ["matrix", "matrix_chunks", "nearest_by_hierarchy"]

_THREADS_FROM_NODES = 10_000
# What came up is kept for so many batches of services at a time: 64 services, or some
# hundred megabytes on three million nodes.
_BATCHES_AT_ONCE = 4
# A task of a matrix is so many batches of sources, for the plan travels with each task.
_BATCHES_A_TASK = 4
_CHUNK_BYTES = 2**28


def nearest_by_hierarchy(
    hierarchy: Hierarchy,
    seeds: Sequence[Seeds],
    *,
    nodes: NDArray[np.integer] | Restriction | None = None,
    labels: bool = True,
    limit_ms: int | None = None,
    executor: Executor | None = None,
) -> Nearest:
    """Time to the nearest facility of every service, as ``nearest`` finds it, by sweeps.

    The result is that of :func:`~sdaasp_geo.routing.nearest.nearest` on the graph the
    hierarchy was built from, to the bit.

    Parameters
    ----------
    hierarchy
        Of the incoming arcs of a network, for times from the nodes to the facilities.
    seeds
        One entry a service; a service without seeds reaches nothing.
    nodes
        Shape (K,), integer: the graph nodes of interest, in any order; or the same
        planned by :func:`~sdaasp_geo.routing.restriction.restriction`, which spares
        planning at every question; None for all nodes.
    labels
        Whether to tell which facility it is; times alone take two thirds of the time.
    limit_ms
        Nodes farther than this are unreached; None for no limit.
    executor
        Runs one sweep, of up to 16 services to a part of the nodes, a task. By default
        as many threads as there are cores, where the graph is large enough to gain.

    Returns
    -------
    Nearest
        Two arrays of shape (S, K); without labels, `label` is of shape (0, K).

    Raises
    ------
    NetworkError
        If seeds, nodes or limit are not as described, or if a time that was asked for
        without a limit does not fit in 32 bits (24 days).

    Notes
    -----
    See :mod:`sdaasp_geo.routing.sweep_kernels`.

    Examples
    --------
    Three nodes in a row, 0 → 1 → 2, a minute each; facility 7 at node 0.

    >>> from sdaasp_geo.network.graph import SearchGraph
    >>> from sdaasp_geo.routing.hierarchy import build_hierarchy
    >>> row = SearchGraph(
    ...     indptr=np.array([0, 1, 2, 2], np.int32),
    ...     heads=np.array([1, 2], np.int32),
    ...     weights_ms=np.array([60_000, 60_000], np.int32),
    ... )
    >>> zero = np.array([0], np.int32)
    >>> seeds = [Seeds(node=zero, cost_ms=zero, label=zero + 7)]
    >>> nearest_by_hierarchy(build_hierarchy(row), seeds, nodes=np.array([2]))
    Nearest(time_ms=array([[120000]], dtype=int32), label=array([[7]], dtype=int32))
    """
    services = checked_services(seeds, hierarchy.rank.size, limit_ms)
    plan = planned(hierarchy, nodes)
    ceiling_ms = UNREACHED if limit_ms is None else int(limit_ms) + 1
    numbers = keys(ceiling_ms) if labels else times(ceiling_ms)
    found = Nearest(
        np.empty((len(services), plan.nodes.size), np.int32),
        np.empty((len(services) if labels else 0, plan.nodes.size), np.int32),
    )
    up = up_graph(hierarchy)
    at_once = LANES * _BATCHES_AT_ONCE
    for first in range(0, len(services), at_once):
        rows = slice(first, first + at_once)
        tables = Nearest(*(table[rows] for table in found))
        batches = batches_of(services[rows], hierarchy.rank)
        answers = _fill(tables, (up, plan, numbers), batches, executor)
        if limit_ms is None:
            _check_overflow((up, plan, numbers), answers)
    if plan.column is None:
        return found
    return Nearest(*(np.take(table, plan.column, axis=1) for table in found))


def matrix(
    hierarchy: Hierarchy,
    sources: NDArray[np.integer] | Sequence[Seeds],
    targets: NDArray[np.integer] | Restriction,
    *,
    limit_ms: int | None = None,
    executor: Executor | None = None,
) -> Int32:
    """Time from every source to every target, along the arcs of the hierarchy's graph.

    Parameters
    ----------
    hierarchy
        Of the outgoing arcs of a network for times from sources to targets.
    sources
        Shape (S,), integer: graph nodes; or one entry of seeds a source, whose labels
        do not matter.
    targets
        Shape (T,), integer: graph nodes; or the same planned.
    limit_ms
        What is farther is unreached; None for no limit.
    executor
        Runs some sources a task; threads by default, as in :func:`nearest_by_hierarchy`.

    Returns
    -------
    numpy.ndarray
        Shape (S, T), int32, milliseconds; :data:`UNREACHED` where there is no way.

    Raises
    ------
    NetworkError
        As in :func:`nearest_by_hierarchy`.
    """
    chunks = matrix_chunks(
        hierarchy, sources, targets, limit_ms=limit_ms, executor=executor, chunk=len(sources) or 1
    )
    return next(chunks)


def matrix_chunks(
    hierarchy: Hierarchy,
    sources: NDArray[np.integer] | Sequence[Seeds],
    targets: NDArray[np.integer] | Restriction,
    *,
    chunk: int | None = None,
    limit_ms: int | None = None,
    executor: Executor | None = None,
) -> Iterator[Int32]:
    """As :func:`matrix`, some sources at a time, so that a matrix of any size can be written.

    Parameters
    ----------
    hierarchy, sources, targets, limit_ms, executor
        As in :func:`matrix`.
    chunk
        Sources a chunk; by default as many as make 256 megabytes.

    Yields
    ------
    numpy.ndarray
        Shape (up to `chunk`, T): the rows of the matrix, in order.

    Raises
    ------
    NetworkError
        As in :func:`matrix`, or if `chunk` is not positive.
    """
    starts = _starts(hierarchy, sources, limit_ms)
    plan = planned(hierarchy, targets, "targets")
    if chunk is not None and chunk < 1:
        message = f"this search cannot run: chunk: expected 1 or more, found {chunk}"
        raise NetworkError(message)
    size = chunk or max(_CHUNK_BYTES // (4 * max(plan.nodes.size, 1)), LANES)
    return _chunks(hierarchy, starts, plan, _Options(size, limit_ms, executor))


def batches_of(services: Sequence[Entries], rank: Int32) -> list[Batch]:
    """Deal the services into as few batches as can be: the first, and every so many after it.

    Services mostly come in order of how many facilities they have; the more, the longer
    their way up. Dealt, the batches take about the same time.
    """
    count = -(-len(services) // LANES)
    batches = []
    for first in range(count):
        some = services[first::count]
        node, cost_ms, label = (np.concatenate(columns) for columns in zip(*some, strict=True))
        lane = np.repeat(np.arange(len(some)), [one.node.size for one in some])
        batches.append(batch_of(rank[node], lane, cost_ms, label, len(some)))
    return batches


class _Answered(NamedTuple):
    """A batch, what came up from it, and what its sweeps saw, by part."""

    batch: Batch
    raised: Raised
    spans: list[Span]

    @property
    def longest_ms(self) -> int:
        return max(span.longest_ms for span in self.spans)


def _fill(
    tables: Nearest,
    question: tuple[KernelGraph, Restriction, Numbers],
    batches: list[Batch],
    executor: Executor | None,
) -> list[_Answered]:
    """Fill the tables; say what was seen, by batch."""
    up, plan, numbers = question
    threads = plan.hierarchy.rank.size > _THREADS_FROM_NODES
    # The way up is short; in another process, the graph would have to be sent for it.
    up_task = partial(raised_batch, up, numbers)
    raised = list(in_turn(up_task, batches, executor=None, threads=threads))
    jobs: list[Job] = []
    for first_row, (batch, from_below) in enumerate(zip(batches, raised, strict=True)):
        first_column = 0
        for part in plan.parts:
            corner = Corner(first_row, len(batches), first_column, batch.questions)
            jobs.append(Job(from_below, part, corner))
            first_column += part.column_slot.size
    # Threads write where the result stands; elsewhere tables are made and sent back.
    shared = executor is None or isinstance(executor, ThreadPoolExecutor)
    task = partial(swept, tables if shared else None, numbers)
    spans = []
    done = in_turn(task, jobs, executor=executor, threads=threads)
    for job, (made, span) in zip(jobs, done, strict=True):
        if made is not None:
            _copy(made, tables, job)
        spans.append(span)
    width = len(plan.parts)
    return [
        _Answered(batch, from_below, spans[place * width : (place + 1) * width])
        for place, (batch, from_below) in enumerate(zip(batches, raised, strict=True))
    ]


def _copy(made: Nearest, tables: Nearest, job: Job) -> None:
    first_row, step, first_column, _ = job.corner
    for block, table in zip(made, tables, strict=True):
        columns = slice(first_column, first_column + block.shape[1])
        # Without labels their table has no rows.
        table[first_row::step, columns] = block


def _check_overflow(
    question: tuple[KernelGraph, Restriction, Numbers], answers: list[_Answered]
) -> None:
    """Raise if a time is missing only because it does not fit in 32 bits.

    Where all nodes were asked for, the times themselves nearly always say that none is:
    no arc leads from the longest beyond the last that fits. Elsewhere the longest way of
    the plan says so. Otherwise the sweep is done again with wide numbers.
    """
    up, plan, numbers = question
    hierarchy = plan.hierarchy
    everywhere = plan.nodes.size == hierarchy.rank.size
    missing = [own for own in answers if any(span.missing for span in own.spans)]
    if everywhere and missing:
        longest_arc = _longest_arc(hierarchy)
        missing = [own for own in missing if own.longest_ms + longest_arc >= UNREACHED]
    if not missing:
        return
    step_ms = longest_step(up, plan.parts)
    for own in missing:
        if may_overflow(own.raised, numbers, step_ms):
            refuse_overflow(up, plan.parts, own.batch)


def _longest_arc(hierarchy: Hierarchy) -> int:
    both = hierarchy.up_weights_ms, hierarchy.down_weights_ms
    return max(int(weights_ms.max(initial=0)) for weights_ms in both)


class _Starts(NamedTuple):
    """Where the sources of a matrix start; a source may start at several nodes, or none."""

    node: Int32
    cost_ms: Int32
    source: Int64
    sources: int


class _Options(NamedTuple):
    """How a matrix is made: sources a chunk, the limit, what runs the tasks."""

    chunk: int
    limit_ms: int | None
    executor: Executor | None


def _starts(
    hierarchy: Hierarchy, sources: NDArray[np.integer] | Sequence[Seeds], limit_ms: int | None
) -> _Starts:
    node_count = hierarchy.rank.size
    if isinstance(sources, np.ndarray):
        checked_services([], node_count, limit_ms)
        node = checked_nodes(sources, node_count, "sources")
        return _Starts(node, np.zeros_like(node), np.arange(node.size), node.size)
    entries = checked_services(sources, node_count, limit_ms)
    none = [np.empty(0, np.int32)]
    node = np.concatenate(none + [one.node.view(np.int32) for one in entries])
    cost_ms = np.concatenate(none + [one.cost_ms for one in entries])
    source = np.repeat(np.arange(len(entries)), [one.node.size for one in entries])
    return _Starts(node, cost_ms, source, len(entries))


def _chunks(
    hierarchy: Hierarchy, starts: _Starts, plan: Restriction, options: _Options
) -> Iterator[Int32]:
    # Without sources, one chunk of no rows, so that a matrix always has its columns.
    for first in range(0, max(starts.sources, 1), options.chunk):
        count = min(options.chunk, starts.sources - first)
        places = slice(*np.searchsorted(starts.source, [first, first + count]))
        here = _Starts(
            starts.node[places], starts.cost_ms[places], starts.source[places] - first, count
        )
        rows = _rows(hierarchy, here, plan, options)
        yield rows if plan.column is None else np.take(rows, plan.column, axis=1)


def _rows(hierarchy: Hierarchy, starts: _Starts, plan: Restriction, options: _Options) -> Int32:
    """Rows of a matrix to the nodes of a plan, in order of the sources."""
    # Only what lies above the sources is looked at for each batch, under numbers of its own.
    up, row = up_graph(hierarchy), np.zeros(hierarchy.rank.size + 1, np.uint32)
    start = hierarchy.rank[starts.node]
    reached = reach_up(up, start.astype(np.uint32), row)
    above = kernel_graph(*graph_above(up, reached, row))
    number = np.where(row > 0, row - np.uint32(1), np.uint32(reached.size))
    parts = tuple(part._replace(number=number[part.number]) for part in plan.parts)
    limited = options.limit_ms is not None
    ceiling_ms = UNREACHED if options.limit_ms is None else int(options.limit_ms) + 1
    # What is beyond a limit is left out: no sum can be too long.
    step_ms = 0 if limited else longest_step(above, parts)
    order, batches = _near_batches(starts, number[start])
    tasks = [
        batches[first : first + _BATCHES_A_TASK]
        for first in range(0, len(batches), _BATCHES_A_TASK)
    ]
    task = partial(matrix_rows, MatrixQuestion(above, parts, ceiling_ms, step_ms))
    threads = plan.hierarchy.rank.size > _THREADS_FROM_NODES
    rows = np.empty((starts.sources, plan.nodes.size), np.int32)
    done_rows = 0
    for block in in_turn(task, tasks, executor=options.executor, threads=threads):
        rows[order[done_rows : done_rows + block.shape[0]]] = block
        done_rows += block.shape[0]
    return rows


def _near_batches(starts: _Starts, number: NDArray[np.uint32]) -> tuple[Int64, list[Batch]]:
    """Put sources that lie near each other in one batch: they share their way up.

    Returns the sources in their new order, and the batches.
    """
    first_node = np.full(starts.sources, np.iinfo(np.int32).max)
    np.minimum.at(first_node, starts.source, starts.node)
    order = np.argsort(first_node, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(order.size)
    by_place = np.argsort(place[starts.source], kind="stable")
    there = place[starts.source][by_place]
    start, cost_ms = number[by_place], starts.cost_ms[by_place]
    batches = []
    for first in range(0, order.size, LANES):
        questions = min(LANES, order.size - first)
        some = slice(*np.searchsorted(there, [first, first + questions]))
        lane = there[some] - first
        batches.append(batch_of(start[some], lane, cost_ms[some], np.zeros_like(lane), questions))
    return order, batches
