"""Compiled sweeps over a contraction hierarchy, sixteen questions side by side.

A question goes up first: from where it starts, along the arcs to higher ranks, until
nothing is left to reach; that is a small part of the graph. Then it comes down: every
node takes the least of what it was given from below and of what its higher neighbours
hand down, as in Delling, Goldberg, Nowatzyk and Werneck (2013), "PHAST: Hardware-
accelerated shortest path trees", Journal of Parallel and Distributed Computing 73. No
queue, no order by time: all that matters is that a node comes after its higher
neighbours.

What the processor sees is a row of sixteen numbers a node, one for each question, and
one vector operation an arc. Rows are many, the cache is small; so the way down is planned
(see :func:`plan_order`): nodes are taken depth first from the nodes asked for, in the
order of the curve that numbers them, and a row's place is given to another node as soon
as the last one below has read it. Some thousands of places serve three million nodes.
What is asked for leaves the cache once, in blocks of columns.

A number is a time alone (32 bits, unsigned), or a key as in
:mod:`sdaasp_geo.routing.kernels`, time above and facility below (64 bits); or a wide
time of 64 bits, where it must be told whether 32 are enough. Sums cannot wrap: two terms
below 2**31 fit in 32 unsigned bits, two keys' times in 64.

Nothing is checked here; the callers have done it. One module for all kernels, for the
reason given in :mod:`sdaasp_geo.routing.kernels`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

from sdaasp_geo.routing.kernels import UNREACHED, KernelGraph, compiled, inlined

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Int32 = NDArray[np.int32]
    Int64 = NDArray[np.int64]
    UInt32 = NDArray[np.uint32]
    Rows = NDArray[np.uint32] | NDArray[np.int64]

# What numba hands to code that makes code has no types that could be named.
Compiler: TypeAlias = Any

# One cache line of times, two of keys.
LANES = 16
# Columns that leave the cache together. Measured on 3 million nodes: with 512, whose rows
# no longer fit in the smallest cache, a sweep takes 1.4 times as long.
BLOCK = 128


class Part(NamedTuple):
    """The way down to some of the nodes asked for, planned.

    A step is a node. Arcs of step ``i`` are ``indptr[i]:indptr[i + 1]``.

    Parameters
    ----------
    number
        Shape (P,): the step's number on the way up (its rank, or one beyond the last
        where no question can come from below).
    slot
        Shape (P,): the place of the step's row.
    indptr, heads, weights_ms
        The arcs from higher neighbours: the places of their rows, and the times.
    block_steps
        Shape (B + 1,): block ``b`` of columns is complete after step ``block_steps[b + 1]``.
    column_slot
        Shape (C,): the place of each column's row when its block is complete.
    slots
        How many places there are.
    """

    number: UInt32
    slot: UInt32
    indptr: UInt32
    heads: UInt32
    weights_ms: Int32
    block_steps: UInt32
    column_slot: UInt32
    slots: int


class Raised(NamedTuple):
    """What came up: a row for every node reached from below.

    Parameters
    ----------
    row
        Shape (M + 1,): the row of each number on the way up, 0 where nothing came; the
        last is that of steps without a number.
    rows
        Shape (R, LANES): row 0 is that of nothing.
    """

    row: UInt32
    rows: Rows


class Scale(NamedTuple):
    """What a number means: the bit where the time begins, and from when on it is none."""

    shift: int
    ceiling_ms: int


class Corner(NamedTuple):
    """Where a sweep's results stand in the tables: every `row_step`-th row, so many of them."""

    first_row: int
    row_step: int
    first_column: int
    questions: int


# Numba's compiler makes no vectors of loops this short, and they are what a sweep does:
# three to four times are gained by saying what is meant. A row need not be aligned.
def _pointer(
    context: Compiler, builder: Compiler, kinds: Compiler, rows: Compiler, place: Compiler
) -> Compiler:
    """Address of a row, as that of a vector."""
    array, index = kinds
    vector = ir.VectorType(context.get_value_type(array.dtype), LANES).as_pointer()
    data = context.make_array(array)(context, builder, rows).data
    offset = context.cast(builder, place, index, types.uintp)
    return builder.gep(builder.bitcast(data, vector), [offset])


def _taken(
    _: Compiler, rows: Compiler, into: Compiler, others: Compiler, other: Compiler
) -> Compiler:
    size = rows.dtype.bitwidth // 8

    def code(context: Compiler, builder: Compiler, _: Compiler, values: Compiler) -> Compiler:
        target = _pointer(context, builder, (rows, into), *values[:2])
        source = _pointer(context, builder, (others, other), *values[2:])
        builder.store(builder.load(source, align=size), target, align=size)
        return context.get_dummy_value()

    return types.void(rows, into, others, other), code


def _lowered(
    _: Compiler, rows: Compiler, into: Compiler, other: Compiler, more: Compiler
) -> Compiler:
    size, signed = rows.dtype.bitwidth // 8, rows.dtype.signed
    number = ir.IntType(32)

    def code(context: Compiler, builder: Compiler, _: Compiler, values: Compiler) -> Compiler:
        target = _pointer(context, builder, (rows, into), *values[:2])
        source = _pointer(context, builder, (rows, other), values[0], values[2])
        known = builder.load(target, align=size)
        # One number, into the first lane, and from there into all.
        single = context.cast(builder, values[3], more, rows.dtype)
        empty = ir.Constant(known.type, ir.Undefined)
        first = builder.insert_element(empty, single, number(0))
        everywhere = ir.Constant(ir.VectorType(number, LANES), [0] * LANES)
        added = builder.shuffle_vector(first, empty, everywhere)
        there = builder.add(builder.load(source, align=size), added)
        less = (builder.icmp_signed if signed else builder.icmp_unsigned)("<", there, known)
        builder.store(builder.select(less, there, known), target, align=size)
        return context.get_dummy_value()

    return types.void(rows, into, other, more), code


# Called as (rows, into, others, other): a row is set to one of the others.
_take_row = cast("Callable[..., None]", intrinsic(_taken))
# Called as (rows, into, other, more): a row is set to the lesser of itself and the other
# one plus a number, lane by lane.
_lower_row = cast("Callable[..., None]", intrinsic(_lowered))


@compiled
def reach_up(up: KernelGraph, starts: UInt32, row: UInt32) -> UInt32:
    """List by rising rank whatever is reached from `starts`, and number it in `row` from 1."""
    for start in starts:
        row[start] = 1
    reached = np.empty(up.indptr.size, np.uint32)
    count = np.uint32(0)
    for node in range(np.uint32(up.indptr.size - 1)):
        if row[node] == 0:
            continue
        reached[count] = node
        count += np.uint32(1)
        row[node] = count
        for arc in range(up.indptr[node], up.indptr[node + 1]):
            row[up.heads[arc]] = 1
    return reached[:count].copy()


@compiled
def raise_rows(up: KernelGraph, reached: UInt32, row: UInt32, rows: Rows, shift: int) -> None:
    """Carry what `rows` hold where the questions start to all that `reach_up` has found."""
    for node in reached:
        for arc in range(up.indptr[node], up.indptr[node + 1]):
            more = np.int64(up.weights_ms[arc]) << shift
            _lower_row(rows, row[up.heads[arc]], row[node], more)


@compiled
def start_rows(row: UInt32, rows: Rows, start: UInt32, lane: UInt32, number: Int64) -> None:
    """Enter the starts of the questions."""
    for place in range(start.size):
        here = row[start[place]]
        rows[here, lane[place]] = min(np.int64(rows[here, lane[place]]), number[place])


@inlined
def _come_down(part: Part, block: int, raised: Raised, shift: int, rows: Rows) -> None:
    """Take the steps of one block."""
    for step in range(part.block_steps[block], part.block_steps[block + 1]):
        slot = part.slot[step]
        _take_row(rows, slot, raised.rows, raised.row[part.number[step]])
        for arc in range(part.indptr[step], part.indptr[step + 1]):
            _lower_row(rows, slot, part.heads[arc], np.int64(part.weights_ms[arc]) << shift)


@inlined
def _turn(slots: UInt32, rows: Rows, turned: Rows) -> None:
    """Copy the rows of a block's columns, so that each question has its own row."""
    for column in range(np.uint32(slots.size)):
        row = rows[slots[column]]
        for lane in range(np.uint32(LANES)):
            turned[lane, column] = row[lane]


@compiled
def sweep(
    part: Part, raised: Raised, scale: Scale, corner: Corner, time_ms: Int32, label: Int32 | None
) -> tuple[np.int64, bool]:
    """Come down, and fill the tables: the longest time found, and whether one is missing.

    Parameters
    ----------
    part, raised, scale
        Where to, what came up, and what it means.
    corner
        Where in the tables.
    time_ms, label
        What to fill: rows of questions, columns of nodes. No labels where the numbers
        are times alone.
    """
    rows = np.empty((part.slots, LANES), raised.rows.dtype)
    turned = np.empty((LANES, BLOCK), raised.rows.dtype)
    longest, latest = np.int64(0), np.int64(0)
    for block in range(part.block_steps.size - 1):
        _come_down(part, block, raised, scale.shift, rows)
        first = block * BLOCK
        slots = part.column_slot[first : first + BLOCK]
        _turn(slots, rows, turned)
        for lane in range(np.uint32(corner.questions)):
            row = corner.first_row + lane * corner.row_step
            beside = corner.first_column + first
            times = time_ms[row, beside : beside + slots.size]
            for column in range(np.uint32(slots.size)):
                number = np.int64(turned[lane, column])
                time = number >> scale.shift
                found = time < scale.ceiling_ms
                latest = max(latest, time)
                longest = max(longest, time if found else np.int64(0))
                times[column] = time if found else UNREACHED
                if label is not None:
                    label[row, beside + column] = number & UNREACHED if found else -1
    return longest, bool(latest >= scale.ceiling_ms)


@compiled
def longest_way(part: Part) -> np.int64:
    """Return the milliseconds of the longest way down: no sweep adds more to what came up."""
    longest_ms = np.empty(part.slots, np.int64)
    longest = np.int64(0)
    for step in range(part.slot.size):
        here = np.int64(0)
        for arc in range(part.indptr[step], part.indptr[step + 1]):
            here = max(here, longest_ms[part.heads[arc]] + part.weights_ms[arc])
        longest_ms[part.slot[step]] = here
        longest = max(longest, here)
    return longest


@compiled
def graph_above(up: KernelGraph, reached: UInt32, row: UInt32) -> KernelGraph:
    """Make a graph of what `reach_up` has found, under its numbers less one."""
    arcs = 0
    for node in reached:
        arcs += up.indptr[node + 1] - up.indptr[node]
    indptr = np.zeros(reached.size + 1, np.uint32)
    heads, weights_ms = np.empty(arcs, np.uint32), np.empty(arcs, np.int32)
    place = np.uint32(0)
    for number in range(reached.size):
        node = reached[number]
        for arc in range(up.indptr[node], up.indptr[node + 1]):
            heads[place] = row[up.heads[arc]] - np.uint32(1)
            weights_ms[place] = up.weights_ms[arc]
            place += np.uint32(1)
        indptr[number + 1] = place
    return KernelGraph(indptr, heads, weights_ms)


@compiled
def plan_order(
    down: KernelGraph, asked: UInt32, step_of: UInt32, block_steps: UInt32
) -> tuple[UInt32, int]:
    """Put the nodes asked for, and all above them, in the order of the way down.

    Depth first: a node's higher neighbours come just before it, if they have not come
    already. Fills `step_of` with every rank's step plus one, and `block_steps`; returns
    the ranks in order, and the number of their arcs.
    """
    order = np.empty(step_of.size, np.uint32)
    stack = np.empty(step_of.size, np.uint32)
    cursor = np.empty(step_of.size, np.uint32)
    steps, arcs = np.uint32(0), 0
    for column in range(asked.size):
        if column % BLOCK == 0:
            block_steps[column // BLOCK] = steps
        if step_of[asked[column]] != 0:
            continue
        depth = 0
        stack[0], cursor[0] = asked[column], down.indptr[asked[column]]
        while depth >= 0:
            rank = stack[depth]
            arc, last = cursor[depth], down.indptr[rank + 1]
            while arc < last and step_of[down.heads[arc]] != 0:
                arc += np.uint32(1)
            if arc < last:
                cursor[depth] = arc + 1
                depth += 1
                stack[depth], cursor[depth] = down.heads[arc], down.indptr[down.heads[arc]]
                continue
            order[steps] = rank
            steps += np.uint32(1)
            step_of[rank] = steps
            arcs += last - down.indptr[rank]
            depth -= 1
    block_steps[-1] = steps
    return order[:steps].copy(), arcs


@compiled
def plan_arcs(down: KernelGraph, order: UInt32, step_of: UInt32, arcs: KernelGraph) -> None:
    """Fill the arcs of the steps, by steps."""
    place = 0
    arcs.indptr[0] = 0
    for step in range(order.size):
        rank = order[step]
        for arc in range(down.indptr[rank], down.indptr[rank + 1]):
            arcs.heads[place] = step_of[down.heads[arc]] - 1
            arcs.weights_ms[place] = down.weights_ms[arc]
            place += 1
        arcs.indptr[step + 1] = place


@compiled
def plan_slots(
    indptr: UInt32, heads: UInt32, column_step: UInt32, block_steps: UInt32, slot: UInt32
) -> int:
    """Give every step's row a place, and say how many there are; heads become places.

    A place is free again after the last step that reads it, and, for a column, after
    the last step of its block. The place freed last is given first.
    """
    steps = slot.size
    last = np.empty(steps, np.uint32)
    for step in range(steps):
        last[step] = step
        for arc in range(indptr[step], indptr[step + 1]):
            last[heads[arc]] = step
    for column in range(column_step.size):
        step = column_step[column]
        last[step] = max(last[step], block_steps[column // BLOCK + 1] - 1)
    # Steps whose rows are read last at the same step form a chain.
    none = np.uint32(steps)
    ending, following = np.empty(steps, np.uint32), np.empty(steps, np.uint32)
    for step in range(steps):
        ending[step] = none
    for step in range(steps):
        following[step] = ending[last[step]]
        ending[last[step]] = step
    free = np.empty(steps, np.uint32)
    spare, slots = 0, 0
    for step in range(steps):
        if spare > 0:
            spare -= 1
            slot[step] = free[spare]
        else:
            slot[step] = slots
            slots += 1
        for arc in range(indptr[step], indptr[step + 1]):
            heads[arc] = slot[heads[arc]]
        gone = ending[step]
        while gone != none:
            free[spare] = slot[gone]
            spare += 1
            gone = following[gone]
    return slots
