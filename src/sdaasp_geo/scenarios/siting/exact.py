"""The best set of sites, proved: Benders cuts, reduced costs, then whole numbers in HiGHS.

The master problem holds one column a candidate and one a group of rows. For given sites
the rows are worth what :func:`sdaasp_geo.scenarios.siting.kernels.cuts` reckons in one
pass, and the linear pieces that this gives are all that the master needs to know: its
size does not depend on the number of inhabitants' squares. (Fischetti, Ljubić and Sinnl
2017, "Redesigning Benders decomposition for large-scale facility location", Management
Science 63; Duran-Mateluna, Alès and Elloumi 2023, "An efficient Benders decomposition
for the p-median problem", European Journal of Operational Research 308.)
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sdaasp_geo.scenarios.siting import heuristics, kernels
from sdaasp_geo.scenarios.siting.solver import Block, Clock, Model, chosen_of, covers, refusals

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from sdaasp_geo.scenarios.siting.rows import Rows
    from sdaasp_geo.scenarios.siting.solver import Relaxed, Whole

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    # Value and set; minus infinity and None where there is none.
    _Best = tuple[float, tuple[int, ...] | None]

# A gap below this share of the value is what the arithmetic leaves.
PROVED = 1e-7
# The value of the first good set in the master's own unit: keeps the solver's absolute
# tolerances far below the gap that is to be proved.
_UNIT = 1000.0
# Up to this many rows each has a column of its own; above, rows of one best candidate share.
_OWN_COLUMN_UP_TO = 2_000
_ROUNDS = 400
_STALLED = 1e-6
_CUTS_KEPT = 6_000
_INWARD = 0.5


class Wanted(NamedTuple):
    """What is asked of the sites.

    Parameters
    ----------
    rows
        What they bring.
    number
        How many of them.
    musts
        Sets of candidates (sets x candidates) of which at least one must be chosen.
    """

    rows: Rows
    number: int
    musts: Bools


class Stop(NamedTuple):
    """When to stop: at the end of the time, or when value and bound are near enough.

    Parameters
    ----------
    clock
        Seconds left.
    slack
        How far the bound may lie above a value, in the unit of the rows.
    """

    clock: Clock
    slack: Callable[[float], float]


class Found(NamedTuple):
    """The best set met, and what no set can exceed.

    Parameters
    ----------
    value, sites
        Minus infinity and None where no set was found.
    bound
        At least the value of every set allowed; minus infinity where none is allowed.
    """

    value: float
    sites: tuple[int, ...] | None
    bound: float


class _Cuts(NamedTuple):
    """Cuts ``theta[group] <= constant + slope . x``."""

    group: NDArray[np.int64]
    constant: Floats
    slope: Floats

    def block(self, columns: int, groups: int) -> Block:
        table = np.zeros((self.group.size, columns + groups))
        table[:, :columns] = -self.slope
        table[np.arange(self.group.size), columns + self.group] = 1.0
        return Block(table, np.full(self.group.size, -np.inf), self.constant)


class Engine:
    """Solves one task, and again with sets refused: the cuts are kept.

    Parameters
    ----------
    wanted
        What is asked; at least one set must meet all of `wanted.musts`.
    """

    def __init__(self, wanted: Wanted) -> None:
        self.columns = wanted.rows.columns
        self.musts = wanted.musts
        self.count = wanted.number
        first = wanted.rows.value(heuristics.greedy(wanted.rows, wanted.number))
        self.unit = _UNIT / first if first > 0 else 1.0
        self.rows = wanted.rows.scaled(self.unit)
        self.group, self.groups = _groups(self.rows)
        self.upper = np.bincount(self.group, weights=self.rows.best, minlength=self.groups)
        self.rewarded, self.reward = heuristics.with_musts(self.rows, self.musts)
        self.cuts: list[_Cuts] = []
        self.root: Relaxed | None = None
        self.bound = float(self.upper.sum())

    def solve(
        self,
        stop: Stop,
        *,
        refused: Sequence[tuple[int, ...]] = (),
        whole: bool = True,
        start: tuple[int, ...] | None = None,
    ) -> Found:
        """Find the best set that is not refused.

        Parameters
        ----------
        stop
            When to stop.
        refused
            Sets of `count` sites that may not be the answer.
        whole
            Whether to go on after the linear bound.
        start
            A set that is allowed, if one is known.
        """
        if len(refused) >= math.comb(self.columns, self.count):
            return Found(-np.inf, None, -np.inf)
        best = self._heuristic(stop, refused, start)
        if self.root is None and not self._near(best[0], self.bound, stop):
            self._climb(stop, best)
        if whole and not self._near(best[0], self.bound, stop) and self.root is not None:
            return self._unscaled(self._branch(stop, best, refused))
        return self._unscaled(Found(*best, self.bound))

    def _unscaled(self, found: Found) -> Found:
        return Found(found.value / self.unit, found.sites, found.bound / self.unit)

    def _near(self, value: float, bound: float, stop: Stop) -> bool:
        if not np.isfinite(value):
            return False
        slack = max(stop.slack(value / self.unit) * self.unit, PROVED * max(1.0, abs(value)))
        return bool(bound - value <= slack)

    def _heuristic(
        self, stop: Stop, refused: Sequence[tuple[int, ...]], known: tuple[int, ...] | None
    ) -> _Best:
        """Greedy and swaps; from the last refused set where there is one, and a known set."""
        rows = self.rewarded
        start = refused[-1] if refused else heuristics.greedy(rows, self.count)
        met = [self._swapped(start, stop, refused)]
        if known is not None:
            met += [self._valued(known), self._swapped(known, stop, refused)]
        return max(met, key=lambda pair: pair[0])

    def _swapped(
        self, sites: tuple[int, ...], stop: Stop, refused: Sequence[tuple[int, ...]]
    ) -> _Best:
        value, sites = heuristics.improved(
            self.rewarded, sites, refused=refused, go_on=lambda: not stop.clock.over
        )
        return self._valued(sites) if np.isfinite(value) else (-np.inf, None)

    def _valued(self, sites: tuple[int, ...]) -> _Best:
        """Value without rewards; nothing where a must is not met."""
        if not self.musts[:, list(sites)].any(axis=1).all():
            return -np.inf, None
        return self.rows.value(sites), sites

    def _cut(self, x: Floats) -> _Cuts:
        constant = np.zeros(self.groups)
        slope = np.zeros((self.groups, self.columns))
        rows = self.rows
        kernels.cuts(rows.table, self.group, x, constant, slope)
        return _Cuts(np.arange(self.groups), constant, slope)

    def _model(self) -> Model:
        size = self.columns + self.groups
        cost = np.concatenate([np.zeros(self.columns), np.full(self.groups, -1.0)])
        upper = np.concatenate([np.ones(self.columns), self.upper])
        model = Model(cost, np.zeros(size), upper)
        exactly = np.zeros((1, size))
        exactly[0, : self.columns] = 1.0
        count = np.array([float(self.count)])
        model.add(Block(exactly, count, count))
        model.add(covers(self.musts, size))
        return model

    def _climb(self, stop: Stop, best: _Best) -> None:
        """Add cuts until the linear programme has its true value (in-out separation)."""
        model = self._model()
        inner = np.full(self.columns, self.count / self.columns)
        if best[1] is not None:
            inner *= 1.0 - _INWARD
            inner[list(best[1])] += _INWARD
        stalled = 0
        for _ in range(_ROUNDS):
            relaxed = model.relaxed(stop.clock)
            if relaxed is None:
                break
            before, self.bound, self.root = self.bound, min(self.bound, -relaxed.value), relaxed
            x, theta = np.split(relaxed.columns, [self.columns])
            stalled = stalled + 1 if before - self.bound < _STALLED * self.bound else 0
            if self._near(best[0], self.bound, stop):
                break
            # Cuts from between the optimum and the inside are deeper; when they stall,
            # those of the optimum itself decide whether there is anything left to cut.
            share = 0.0 if stalled else _INWARD
            point = share * inner + (1.0 - share) * x
            added = self._violated(self._cut(point), x, theta)
            if not added.group.size and share:
                added = self._violated(self._cut(x), x, theta)
            if not added.group.size or stalled > 3:
                break
            inner = point
            self.cuts.append(added)
            model.add(added.block(self.columns, self.groups))

    def _violated(self, cuts: _Cuts, x: Floats, theta: Floats) -> _Cuts:
        over = theta - (cuts.constant + cuts.slope @ x)
        return _taken(cuts, over > 1e-9 * _UNIT)

    def _branch(
        self,
        stop: Stop,
        best: _Best,
        refused: Sequence[tuple[int, ...]],
    ) -> Found:
        """Whole numbers: solve the master, look what its sites are worth, cut, again."""
        bound = self.bound
        while not self._near(best[0], bound, stop) and not stop.clock.over:
            answer = self._master(stop, best, refused)
            bound = min(bound, max(-answer.bound, best[0]))
            if answer.columns is None:
                break
            sites = chosen_of(answer.columns, self.columns)
            met = [self._valued(sites), self._swapped(sites, stop, refused)]
            for _, found in met:
                if found is not None:
                    self.cuts.append(self._cut(_indicator(found, self.columns)))
            best = max([best, *met], key=lambda pair: pair[0])
        return Found(*best, bound)

    def _master(
        self,
        stop: Stop,
        best: _Best,
        refused: Sequence[tuple[int, ...]],
    ) -> Whole:
        model = self._model()
        low, high = self._fixed(best[0])
        model.bounds(low, high)
        kept = self._kept()
        model.add(kept.block(self.columns, self.groups))
        model.add(refusals(refused, self.columns + self.groups))
        model.whole(np.arange(self.columns, dtype=np.int32))
        start = None
        if best[1] is not None:
            x = _indicator(best[1], self.columns)
            theta = np.minimum(self.upper, _least(kept, x, self.groups))
            start = np.concatenate([x, theta])
        return model.solved(stop.clock, start)

    def _fixed(self, value: float) -> tuple[Floats, Floats]:
        """Bounds of the candidates after those that no better set can hold, or lack."""
        low, high = np.zeros(self.columns), np.ones(self.columns)
        if self.root is None or not np.isfinite(value):
            return low, high
        reduced = self.root.reduced[: self.columns]
        room = -self.root.value - value * (1.0 + PROVED)
        high[reduced > room] = 0.0
        low[-reduced > room] = 1.0
        return low, high

    def _kept(self) -> _Cuts:
        """All cuts, or those nearest to binding at the linear optimum where there are many."""
        group = np.concatenate([cuts.group for cuts in self.cuts] or [np.empty(0, np.int64)])
        constant = np.concatenate([cuts.constant for cuts in self.cuts] or [np.empty(0)])
        slope = np.vstack([cuts.slope for cuts in self.cuts] or [np.empty((0, self.columns))])
        cuts = _Cuts(group, constant, slope)
        if group.size <= _CUTS_KEPT or self.root is None:
            return cuts
        x, theta = np.split(self.root.columns, [self.columns])
        slack = constant + slope @ x - theta[group]
        # The newest come from whole solutions, and must stay or the search would circle.
        slack[-_CUTS_KEPT // 2 :] = -1.0
        return _taken(cuts, np.sort(np.argsort(slack, kind="stable")[:_CUTS_KEPT]))


def _groups(rows: Rows) -> tuple[NDArray[np.int64], int]:
    """Tell which column of the master each row has, and how many there are."""
    if rows.number <= _OWN_COLUMN_UP_TO:
        return np.arange(rows.number), rows.number
    first = rows.column[rows.indptr[:-1]]
    present, group = np.unique(first, return_inverse=True)
    return group.astype(np.int64), present.size


def _taken(cuts: _Cuts, which: NDArray[np.bool_] | NDArray[np.int64]) -> _Cuts:
    return _Cuts(cuts.group[which], cuts.constant[which], cuts.slope[which])


def _indicator(sites: Sequence[int], columns: int) -> Floats:
    x = np.zeros(columns)
    x[list(sites)] = 1.0
    return x


def _least(cuts: _Cuts, x: Floats, groups: int) -> Floats:
    theta = np.full(groups, np.inf)
    np.minimum.at(theta, cuts.group, cuts.constant + cuts.slope @ x)
    return theta
