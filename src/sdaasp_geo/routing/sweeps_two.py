"""The nearest and the nearest of another group, by sweeps over a hierarchy."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from sdaasp_geo.routing.gate import checked_groups, checked_services
from sdaasp_geo.routing.kernels import UNREACHED
from sdaasp_geo.routing.nearest import NearestTwo, too_far
from sdaasp_geo.routing.parallel import in_turn
from sdaasp_geo.routing.restriction import planned, up_graph
from sdaasp_geo.routing.sweep_kernels import reach_up
from sdaasp_geo.routing.sweep_two_kernels import (
    Starts,
    TwoRows,
    TwoTables,
    new_rows,
    raise_two,
    sweep_two,
)
from sdaasp_geo.routing.sweeps import batches_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    from sdaasp_geo.routing.gate import Seeds
    from sdaasp_geo.routing.hierarchy import Hierarchy
    from sdaasp_geo.routing.kernels import KernelGraph
    from sdaasp_geo.routing.restriction import Restriction
    from sdaasp_geo.routing.sweep_kernels import Part
    from sdaasp_geo.routing.sweep_tasks import Batch

_THREADS_FROM_NODES = 10_000
_NUMBER_BITS = 31


def nearest_two_by_hierarchy(
    hierarchy: Hierarchy,
    seeds: Sequence[Seeds],
    groups: NDArray[np.int32],
    *,
    nodes: NDArray[np.integer] | Restriction | None = None,
    limit_ms: int | None = None,
    executor: Executor | None = None,
) -> NearestTwo:
    """As :func:`~sdaasp_geo.routing.nearest.nearest_two`, by sweeps, to the bit.

    Parameters
    ----------
    hierarchy, seeds, nodes, limit_ms, executor
        As in :func:`~sdaasp_geo.routing.sweeps.nearest_by_hierarchy`.
    groups
        Shape (facilities,), integer: ``groups[label]`` is the group of a facility.

    Returns
    -------
    NearestTwo
        Four arrays of shape (S, K).

    Raises
    ------
    NetworkError
        If seeds, groups, nodes or limit are not as described, or if a time that was asked
        for without a limit does not fit in 32 bits (24 days).
    """
    services = checked_services(seeds, hierarchy.rank.size, limit_ms)
    group = checked_groups(groups, services)
    plan = planned(hierarchy, nodes)
    ceiling_ms = UNREACHED if limit_ms is None else int(limit_ms) + 1
    found = NearestTwo(*(np.empty((len(services), plan.nodes.size), np.int32) for _ in range(4)))
    threads = hierarchy.rank.size > _THREADS_FROM_NODES
    batches = batches_of(services, hierarchy.rank)
    rise = partial(_raised, up_graph(hierarchy), group, ceiling_ms)
    # The way up is short; in another process, the graph would have to be sent for it.
    raised = in_turn(rise, batches, executor=None, threads=threads)
    jobs = [
        (came_up, part, batch.questions)
        for batch, came_up in zip(batches, raised, strict=True)
        for part in plan.parts
    ]
    done = in_turn(_swept_two, jobs, executor=executor, threads=threads)
    first_row = first_column = 0
    for tables, late in done:
        if late and limit_ms is None:
            raise too_far()
        columns = slice(first_column, first_column + tables.time_ms.shape[1])
        for table, block in zip(found, tables, strict=True):
            table[first_row :: len(batches), columns] = block
        # Of each batch one part after the other.
        first_column = columns.stop % plan.nodes.size
        first_row += first_column == 0
    if plan.column is None:
        return found
    return NearestTwo(*(np.take(table, plan.column, axis=1) for table in found))


def _raised(
    up: KernelGraph, group: NDArray[np.int32], ceiling_ms: int, batch: Batch
) -> tuple[NDArray[np.uint32], TwoRows]:
    """Bring a batch up from where it starts."""
    row = np.zeros(up.indptr.size, np.uint32)
    reached = reach_up(up, batch.start, row)
    rows = new_rows(reached.size + 1, ceiling_ms << _NUMBER_BITS)
    # Nearer than the limit from the start, or not at all.
    soon = batch.cost_ms < ceiling_ms
    label = batch.label[soon]
    key = (batch.cost_ms[soon] << _NUMBER_BITS) | label
    starts = Starts(batch.start[soon], batch.lane[soon], key, group[label])
    raise_two(up, reached, row, starts, rows)
    return row, rows


def _swept_two(
    job: tuple[tuple[NDArray[np.uint32], TwoRows], Part, int],
) -> tuple[TwoTables, bool]:
    """Bring a batch down to a part."""
    (row, raised), part, questions = job
    shape = questions, part.column_slot.size
    tables = TwoTables(*(np.empty(shape, np.int32) for _ in range(4)))
    late = sweep_two(part, row, raised, new_rows(part.slots, raised.late), tables)
    return tables, late
