"""What the workers of a sweep do: bring a batch of questions up, and down to a part."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sdaasp_geo.errors import NetworkError
from sdaasp_geo.routing.kernels import UNREACHED
from sdaasp_geo.routing.nearest import Nearest
from sdaasp_geo.routing.sweep_kernels import (
    LANES,
    Corner,
    Part,
    Raised,
    Scale,
    longest_way,
    raise_rows,
    reach_up,
    start_rows,
    sweep,
)

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

    from sdaasp_geo.routing.kernels import KernelGraph

    IntArray = NDArray[np.integer]
    Int32 = NDArray[np.int32]
    Int64 = NDArray[np.int64]
    UInt32 = NDArray[np.uint32]


class Numbers(NamedTuple):
    """What the rows hold, and their type."""

    scale: Scale
    dtype: DTypeLike


# Times far beyond what a table can hold, to tell what is too far from what is no way.
_WIDE = Numbers(Scale(0, 2**62), np.int64)


def keys(ceiling_ms: int) -> Numbers:
    """Say that rows hold times with labels below them."""
    return Numbers(Scale(31, ceiling_ms), np.int64)


def times(ceiling_ms: int) -> Numbers:
    """Say that rows hold times alone."""
    return Numbers(Scale(0, ceiling_ms), np.uint32)


class Batch(NamedTuple):
    """Up to 16 questions: where they start (numbers on the way up), and with what."""

    start: UInt32
    lane: UInt32
    cost_ms: Int64
    label: Int64
    questions: int


def batch_of(
    start: IntArray, lane: IntArray, cost_ms: IntArray, label: IntArray, questions: int
) -> Batch:
    """Prepare a batch for the kernels."""
    return Batch(
        start.astype(np.uint32),
        lane.astype(np.uint32),
        cost_ms.astype(np.int64),
        label.astype(np.int64),
        questions,
    )


class Span(NamedTuple):
    """What a sweep saw: the longest time, and whether one is missing."""

    longest_ms: int
    missing: bool


class Job(NamedTuple):
    """One sweep: a batch to a part, and where it stands in the whole tables."""

    raised: Raised
    part: Part
    corner: Corner


class MatrixQuestion(NamedTuple):
    """What all batches of a matrix have in common; `longest_ms` as of :func:`longest_step`."""

    up: KernelGraph
    parts: tuple[Part, ...]
    ceiling_ms: int
    longest_ms: int


def raised_batch(up: KernelGraph, numbers: Numbers, batch: Batch) -> Raised:
    """Bring a batch up from where it starts."""
    shift, ceiling_ms = numbers.scale
    row = np.zeros(up.indptr.size, np.uint32)
    reached = reach_up(up, batch.start, row)
    rows = np.full((reached.size + 1, LANES), ceiling_ms << shift, numbers.dtype)
    number = batch.cost_ms << shift
    if shift:
        number |= batch.label
    start_rows(row, rows, batch.start, batch.lane, number)
    raise_rows(up, reached, row, rows, shift)
    return Raised(row, rows)


def swept(tables: Nearest | None, numbers: Numbers, job: Job) -> tuple[Nearest | None, Span]:
    """Bring a batch down to a part, into the tables given, or into new ones of its own size."""
    made, corner = None, job.corner
    if tables is None:
        shape = corner.questions, job.part.column_slot.size
        labels = np.empty(shape if numbers.scale.shift else (0, shape[1]), np.int32)
        made = tables = Nearest(np.empty(shape, np.int32), labels)
        corner = Corner(0, 1, 0, corner.questions)
    label = tables.label if numbers.scale.shift else None
    longest_ms, missing = sweep(job.part, job.raised, numbers.scale, corner, tables.time_ms, label)
    return made, Span(int(longest_ms), missing)


def matrix_rows(question: MatrixQuestion, batches: list[Batch]) -> Int32:
    """Rows of a matrix, for some batches of sources one after the other."""
    sizes = [part.column_slot.size for part in question.parts]
    numbers = times(question.ceiling_ms)
    rows = np.empty((sum(batch.questions for batch in batches), sum(sizes)), np.int32)
    first_row = 0
    for batch in batches:
        raised = raised_batch(question.up, numbers, batch)
        first_column, missing = 0, False
        for part, size in zip(question.parts, sizes, strict=True):
            corner = Corner(first_row, 1, first_column, batch.questions)
            missing |= sweep(part, raised, numbers.scale, corner, rows, None)[1]
            first_column += size
        if missing and may_overflow(raised, numbers, question.longest_ms):
            refuse_overflow(question.up, question.parts, batch)
        first_row += batch.questions
    return rows


def longest_step(up: KernelGraph, parts: tuple[Part, ...]) -> int:
    """Return the most that is added at once to a time, in ms: an arc up, or a whole way down."""
    return max([int(up.weights_ms.max(initial=0)), *(int(longest_way(part)) for part in parts)])


def may_overflow(raised: Raised, numbers: Numbers, longest_ms: int) -> bool:
    """Whether a time may be missing because it does not fit in 32 bits, for all that is known.

    The first on a way that does not fit comes from one that does: from below, by an arc, or
    down from there. Mostly that is far from possible, and nobody need sweep again to know.
    """
    shift, ceiling_ms = numbers.scale
    rows = raised.rows
    latest = int(rows.max(where=rows < ceiling_ms << shift, initial=0)) >> shift
    return latest + longest_ms >= ceiling_ms


def refuse_overflow(up: KernelGraph, parts: tuple[Part, ...], batch: Batch) -> None:
    """Sweep with wide numbers, and raise if one is found that does not fit in 32 bits.

    Raises
    ------
    NetworkError
        If there is a way to what was asked for, but of 2**31 - 1 ms or more.
    """
    raised = raised_batch(up, _WIDE, batch)
    for part in parts:
        unused = np.empty((batch.questions, part.column_slot.size), np.int32)
        corner = Corner(0, 1, 0, batch.questions)
        longest_ms, _ = sweep(part, raised, _WIDE.scale, corner, unused, None)
        if longest_ms >= UNREACHED:
            message = (
                f"expected every time below {UNREACHED} ms (24 days), found a node farther "
                "than that. Likely cause: a speed near zero, or times not in milliseconds; "
                "a limit_ms leaves such nodes unreached"
            )
            raise NetworkError(message)
