"""The one place that speaks to HiGHS: a maximisation over chosen sites and cut columns."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import highspy
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

_TOLERANCE = 1e-9


class Block(NamedTuple):
    """Linear rows ``lower <= table . columns <= upper``; `table` is dense (rows x columns)."""

    table: Floats
    lower: Floats
    upper: Floats


class Relaxed(NamedTuple):
    """Optimum of a linear programme: its value, the columns and their reduced costs."""

    value: float
    columns: Floats
    reduced: Floats


class Whole(NamedTuple):
    """What a search over whole numbers ended with.

    Parameters
    ----------
    bound
        Least value that any solution can have; infinity where there is none at all.
    columns
        The best solution met; None where none was.
    """

    bound: float
    columns: Floats | None


class Clock:
    """Seconds left of a limit; None is no limit."""

    def __init__(self, limit_s: float | None) -> None:
        self._end = None if limit_s is None else time.perf_counter() + limit_s

    @property
    def left_s(self) -> float:
        """Seconds left, never below 0."""
        return np.inf if self._end is None else max(0.0, self._end - time.perf_counter())

    @property
    def over(self) -> bool:
        """Whether nothing is left."""
        return self.left_s <= 0.0


class Model:
    """A minimisation in HiGHS: columns with bounds, rows added as they are needed."""

    def __init__(self, cost: Floats, lower: Floats, upper: Floats) -> None:
        self.size = cost.size
        self._highs = highspy.Highs()  # type: ignore[no-untyped-call]
        options = {
            "output_flag": False,
            # One thread and one seed: the same answer on every run.
            "threads": 1,
            "random_seed": 0,
            "primal_feasibility_tolerance": _TOLERANCE,
            "dual_feasibility_tolerance": _TOLERANCE,
            "mip_feasibility_tolerance": _TOLERANCE,
            "mip_rel_gap": 0.0,
            "mip_abs_gap": _TOLERANCE,
        }
        for name, value in options.items():
            self._highs.setOptionValue(name, value)
        nothing = np.empty(0, dtype=np.int32)
        self._highs.addCols(
            self.size, cost, lower, upper, 0, nothing, nothing, np.empty(0, dtype=np.float64)
        )

    def add(self, block: Block) -> None:
        """Add rows."""
        row, column = np.nonzero(block.table)
        count = block.table.shape[0]
        starts = np.searchsorted(row, np.arange(count)).astype(np.int32)
        values = block.table[row, column].astype(np.float64)
        self._highs.addRows(
            count, block.lower, block.upper, values.size, starts, column.astype(np.int32), values
        )

    def bounds(self, lower: Floats, upper: Floats) -> None:
        """Set the bounds of the first columns."""
        which = np.arange(lower.size, dtype=np.int32)
        self._highs.changeColsBounds(lower.size, which, lower, upper)

    def whole(self, columns: NDArray[np.int32]) -> None:
        """Ask for whole numbers in some columns."""
        kind = np.full(columns.size, int(highspy.HighsVarType.kInteger), dtype=np.uint8)
        self._highs.changeColsIntegrality(columns.size, columns, kind)

    def relaxed(self, clock: Clock) -> Relaxed | None:
        """Solve the linear programme; None where it has no solution or time was short."""
        status = self._run(clock)
        if status != highspy.HighsModelStatus.kOptimal:
            return None
        solution = self._highs.getSolution()
        value = float(self._highs.getInfo().objective_function_value)
        return Relaxed(value, np.array(solution.col_value), np.array(solution.col_dual))

    def solved(self, clock: Clock, start: Floats | None = None) -> Whole:
        """Solve over whole numbers, within the time left."""
        if start is not None:
            self._highs.setSolution(start.size, np.arange(start.size, dtype=np.int32), start)
        status = self._run(clock)
        if status == highspy.HighsModelStatus.kInfeasible:
            return Whole(np.inf, None)
        info = self._highs.getInfo()
        feasible = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        columns = np.array(self._highs.getSolution().col_value) if feasible else None
        return Whole(float(info.mip_dual_bound), columns)

    def _run(self, clock: Clock) -> highspy.HighsModelStatus:
        left_s = clock.left_s
        if np.isfinite(left_s):
            # The solver's own clock runs on from one call to the next.
            self._highs.setOptionValue("time_limit", self._highs.getRunTime() + left_s)
        self._highs.run()
        return self._highs.getModelStatus()


def chosen_of(columns: Floats, count: int) -> tuple[int, ...]:
    """Sites of a solution in whole numbers, in rising order."""
    return tuple(np.flatnonzero(columns[:count] > 0.5).tolist())


def refusals(sets: Sequence[tuple[int, ...]], size: int) -> Block:
    """Rows that leave out each of the sets: at least one of its sites is not chosen."""
    table = np.zeros((len(sets), size))
    for row, sites in enumerate(sets):
        table[row, list(sites)] = 1.0
    upper = np.array([len(sites) - 1.0 for sites in sets])
    return Block(table, np.full(len(sets), -np.inf), upper)


def covers(sets: Bools, size: int) -> Block:
    """Rows that meet each of the sets (sets x candidates) at least once."""
    table = np.zeros((sets.shape[0], size))
    table[:, : sets.shape[1]] = sets
    return Block(table, np.ones(sets.shape[0]), np.full(sets.shape[0], np.inf))
