"""How to go through candidates: by searches, or by sweeps over a hierarchy."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sdaasp_geo.errors import NetworkError
from sdaasp_geo.routing.gate import Seeds
from sdaasp_geo.routing.improvement_gate import checked_origins, read_only
from sdaasp_geo.routing.improvement_kernels import (
    FAULT,
    Kept,
    Sites,
    new_queue,
    new_times,
    searched,
    swept,
)
from sdaasp_geo.routing.kernels import UNREACHED
from sdaasp_geo.routing.restriction import Restriction, restriction
from sdaasp_geo.routing.sweep_kernels import LANES
from sdaasp_geo.routing.sweeps import nearest_by_hierarchy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor

    from sdaasp_geo.routing.hierarchy import Hierarchy
    from sdaasp_geo.routing.improvement_gate import Question

    # Goes through candidates, and yields what some of them change after what the others do.
    Walk = Callable[[Question, Sites], Iterator[tuple[Kept, int]]]

# Candidates that make one task of a given executor: enough to pay for its tables.
_CANDIDATES_A_TASK = 32
# Changes held before they are summed up; those of one candidate always fit.
_KEYS_HELD = 1 << 18
# The price of a change found by a search, and of a node swept for one candidate of 16.
_NS_A_CHANGE, _NS_A_SWEPT_NODE = 90, 5
# Candidates whose changes are counted to choose by.
_SAMPLED = 4


class Way(NamedTuple):
    """What a caller offers for the work."""

    hierarchy: Hierarchy | Restriction | None
    executor: Executor | None


def dealt(sites: Sites, number: int, tasks: int) -> Sites:
    """Take every `tasks`-th candidate, from `number` on."""
    first, last = sites.indptr[:-1][number::tasks], sites.indptr[1:][number::tasks]
    size = (last - first).astype(np.int64)
    indptr = np.concatenate([[0], np.cumsum(size)])
    rows = np.repeat(first.astype(np.int64) - indptr[:-1], size) + np.arange(indptr[-1])
    return Sites(
        read_only(indptr, np.uint32),
        read_only(sites.node[rows], np.uint32),
        read_only(sites.cost_ms[rows], np.int32),
    )


def _searched(question: Question, sites: Sites) -> Iterator[tuple[Kept, int]]:
    """Search from the candidates in order, as many at once as there is room for."""
    times = new_times(question.todays[0]), new_times(question.todays[1])
    queue = new_queue(question.sizes)
    kept, count = _nothing_kept(question, sites), sites.indptr.size - 1
    while kept.first < count:
        last, queue = searched(question.graph, sites, question.doors, times, queue, kept)
        if last == FAULT:
            raise _overflow()
        yield kept, last
        kept = kept._replace(first=last)


def _swept(plan: Restriction, question: Question, sites: Sites) -> Iterator[tuple[Kept, int]]:
    """As `_searched`, from times found by sweeps over a hierarchy."""
    times = new_times(question.todays[0]), new_times(question.todays[1])
    kept, count = _nothing_kept(question, sites), sites.indptr.size - 1
    with ThreadPoolExecutor(1) as alone:  # the batches are what is side by side
        then_ms = nearest_by_hierarchy(
            plan.hierarchy, _seeds(sites), nodes=plan, labels=False, executor=alone
        ).time_ms
    asked = plan.nodes if plan.column is None else plan.nodes[plan.column]
    nodes = read_only(asked, np.uint32)
    while kept.first < count:
        last = swept(nodes, then_ms, question.doors, times, kept)
        if last == FAULT:
            raise _overflow()
        yield kept, last
        kept = kept._replace(first=last)


def _nothing_kept(question: Question, sites: Sites) -> Kept:
    most = question.counted_ms.size
    indptr, keys = np.zeros(sites.indptr.size, np.int64), np.empty(most + _KEYS_HELD, np.int64)
    return Kept(0, indptr, keys, most, question.sizes.longest_ms)


def _seeds(sites: Sites) -> list[Seeds]:
    return [
        Seeds(sites.node[a:b].view(np.int32), sites.cost_ms[a:b], np.zeros(b - a, np.int32))
        for a, b in itertools.pairwise(sites.indptr.tolist())
    ]


def choice(question: Question, sites: Sites, way: Way) -> tuple[Walk, int]:
    """Choose between searches and sweeps; how to go, and how many candidates to a task."""
    count = sites.indptr.size - 1
    if way.hierarchy is not None and count:
        plan = _planned(way.hierarchy, question)
        swept_nodes = sum(part.indptr.size - 1 for part in plan.parts)
        sample = dealt(sites, 0, max(1, count // _SAMPLED))
        nowhere = checked_origins(question.todays[0], None)
        alone = question._replace(doors=nowhere[0], todays=(question.todays[0], nowhere[1]))
        changes = sum(kept.indptr[last] for kept, last in _searched(alone, sample))
        each = changes / (sample.indptr.size - 1)
        if each * _NS_A_CHANGE > swept_nodes * _NS_A_SWEPT_NODE:
            return partial(_swept, plan), LANES
    return _searched, _CANDIDATES_A_TASK if way.executor is not None else 0


def _planned(hierarchy: Hierarchy | Restriction, question: Question) -> Restriction:
    """Plan the sweeps to the nodes of interest, unless that has been done."""
    doors, node_count = question.doors.indptr, question.todays[0].size
    whole = hierarchy.hierarchy if isinstance(hierarchy, Restriction) else hierarchy
    found = whole.rank.size
    if found != node_count:
        message = f"hierarchy: expected {node_count} nodes, found {found}"
        raise NetworkError("this search cannot run: " + message)
    wanted = np.flatnonzero(np.diff(doors)) if doors.size else np.arange(node_count)
    if not isinstance(hierarchy, Restriction):
        return restriction(hierarchy, wanted)
    if not np.isin(wanted, hierarchy.nodes).all():
        message = "hierarchy: expected it planned for every node that is asked about"
        raise NetworkError("this search cannot run: " + message)
    return hierarchy


def _overflow() -> NetworkError:
    return NetworkError(
        f"expected every time below {UNREACHED} ms (24 days), found one farther than that "
        "from its candidate. Likely cause: a speed near zero, or times not in milliseconds"
    )
