"""Each objective as gain rows, or as a table of worst minutes: the mathematics of one term."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sdaasp_geo.scenarios.siting.problem import EVERYONE, GAINING, MEAN, WITHIN, NearPairs
from sdaasp_geo.scenarios.siting.rows import Rows, cover_rows, rows_of, stacked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sdaasp_geo.scenarios.siting.problem import SitingProblem

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

# Minutes are whole milliseconds: a millionth of a minute tells rounding from time.
SAME_MIN = 1e-6


class Minutes(NamedTuple):
    """The matrix of a problem, its rule for missing minutes applied.

    Parameters
    ----------
    cost
        float64 (N, M); NaN where a pair never serves.
    today
        float64 (N, S); NaN where nothing is reached.
    near
        Pairs that differ by service, or None.
    weight
        float64 (N,).
    locked, free
        Numbers of the candidates that must be chosen, and of those to choose from.
    """

    cost: Floats
    today: Floats
    near: NearPairs | None
    weight: Floats
    locked: NDArray[np.int64]
    free: NDArray[np.int64]

    def of(self, service: int) -> Floats:
        """Minutes from each origin to each candidate for one service, (N, M)."""
        if self.near is None:
            return self.cost
        minutes = self.cost.copy()
        minutes[self.near.origin, self.near.candidate] = self.near.minutes[:, service]
        return minutes

    @property
    def services(self) -> int:
        """Number of services."""
        return int(self.today.shape[1])

    def services_left(self, left_out: Bools | None) -> Bools:
        """Pairs (N, S) that are not left out."""
        every = np.ones(self.today.shape, dtype=np.bool_)
        return every if left_out is None else ~left_out

    def nowhere(self) -> Bools:
        """Pairs (N, S) that neither an existing place nor any candidate serves."""
        return np.column_stack(
            [
                np.isnan(self.today[:, s]) & np.isnan(self.of(s)).all(axis=1)
                for s in range(self.services)
            ]
        )


def minutes_of(problem: SitingProblem) -> Minutes:
    """Apply the rule for missing minutes."""
    cost, near = problem.cost_min, problem.near
    fresh = problem.today_min is None
    today = np.full((problem.origins, 1), np.nan) if fresh else problem.today_min
    assert today is not None  # noqa: S101 (narrows for the type checker)
    cap = problem.cap_min
    if cap is not None:
        cost = np.where(np.isnan(cost), cap, cost)
        today = today if fresh else np.where(np.isnan(today), cap, today)
        if near is not None:
            near = near._replace(minutes=np.where(np.isnan(near.minutes), cap, near.minutes))
    locked = np.array(problem.locked, dtype=np.int64)
    free = np.setdiff1d(np.arange(problem.candidates), locked)
    if locked.size and problem.count == locked.size and problem.objective != EVERYONE:
        # Nothing is left to choose: the last one is chosen among itself alone.
        locked, free = locked[:-1], locked[-1:]
    return Minutes(cost, today, near, problem.weights, locked, free)


class Term(NamedTuple):
    """An objective that adds up: its natural value is ``base + sign * rows / per``.

    Parameters
    ----------
    rows
        What the free candidates bring, the locked ones being chosen.
    base, sign, per
        From the worth of the rows to inhabitants or to minutes.
    before
        Natural value of today, without the locked sites; NaN where there is none.
    musts
        Sets of free candidates of which one must be chosen for the value to exist.
    """

    rows: Rows
    base: float
    sign: float
    per: float
    before: float
    musts: Bools

    def natural(self, worth: float) -> float:
        """Value in inhabitants or minutes."""
        return self.base + self.sign * worth / self.per


def term(name: str, minutes: Minutes, problem: SitingProblem) -> Term:
    """Build the term of one objective that adds up over the origins."""
    if name == GAINING:
        covered = gaining(minutes, problem.least_gain_min)
        return _cover_term(minutes, covered, np.zeros(covered.shape[0], dtype=np.bool_))
    if name == WITHIN:
        limit = problem.within_min + SAME_MIN
        covered = worst_minutes(minutes) <= limit
        return _cover_term(minutes, covered, worst_today(minutes) <= limit)
    if name == MEAN:
        return _mean_term(minutes)
    raise AssertionError(name)


def gaining(minutes: Minutes, least_min: float) -> Bools:
    """Whether one candidate alone brings an origin so many minutes for some service, (N, M)."""
    covered = np.zeros(minutes.cost.shape, dtype=np.bool_)
    for s in range(minutes.services):
        cost, today = minutes.of(s), minutes.today[:, s, None]
        covered |= today - cost >= least_min - SAME_MIN
        # From no way at all to any way is more than any number of minutes.
        covered |= np.isnan(today) & ~np.isnan(cost)
    return covered


def worst_minutes(minutes: Minutes, left_out: Bools | None = None) -> Floats:
    """Minutes to an origin's farthest service with one more candidate, (N, M); NaN: none.

    Pairs (N, S) that are `left_out` do not count: minus infinity where none is left.
    """
    worst = np.full(minutes.cost.shape, -np.inf)
    for s in range(minutes.services):
        after = np.fmin(minutes.today[:, s, None], minutes.of(s))
        if left_out is not None:
            after[left_out[:, s]] = -np.inf
        np.maximum(worst, after, out=worst)
    return worst


def worst_today(minutes: Minutes) -> Floats:
    """Minutes to an origin's farthest service today, (N,); NaN where one is not reached."""
    worst: Floats = minutes.today.max(axis=1)
    return worst


def _cover_term(minutes: Minutes, covered: Bools, already: Bools) -> Term:
    weight = minutes.weight
    done = already | covered[:, minutes.locked].any(axis=1)
    rows = cover_rows(covered[~done][:, minutes.free], weight[~done])
    before = float(weight[already].sum())
    return Term(rows, float(weight[done].sum()), 1.0, 1.0, before, _nothing(minutes))


def _nothing(minutes: Minutes) -> Bools:
    return np.zeros((0, minutes.free.size), dtype=np.bool_)


def _mean_term(minutes: Minutes) -> Term:
    """Reckon savings against today, or against the farthest candidate where there is none."""
    floors, musts, parts = [], [_nothing(minutes)], []
    counted = ~minutes.nowhere() & (minutes.weight > 0)[:, None]
    for s in range(minutes.services):
        cost, today = minutes.of(s), minutes.today[:, s]
        lost = np.isnan(today) & counted[:, s]
        far = np.zeros(today.size)
        if lost.any():
            far[lost] = np.nanmax(cost[lost], axis=1)
            sets = ~np.isnan(cost[lost])
            open_sets = sets[~sets[:, minutes.locked].any(axis=1)][:, minutes.free]
            musts.append(open_sets[~open_sets.all(axis=1)])
        floors.append(np.where(lost, far, np.where(counted[:, s], today, 0.0)))
    floor = np.column_stack(floors)
    share = counted / minutes.services
    base = float((minutes.weight @ (floor * share)).sum())
    split = np.zeros(minutes.cost.shape[0], dtype=np.bool_)
    if minutes.near is not None:
        split[minutes.near.origin] = True
    for which, services in _batches(split, minutes.services):
        saved = sum(_saved(minutes, which, s, floor, share) for s in services)
        assert isinstance(saved, np.ndarray)  # noqa: S101 (narrows for the type checker)
        locked = saved[:, minutes.locked].max(axis=1, initial=0.0)
        base -= float(locked.sum())
        parts.append(rows_of(np.maximum(saved[:, minutes.free] - locked[:, None], 0.0)))
    per = float((minutes.weight @ share).sum())
    before = float("nan") if np.isnan(minutes.today[counted]).any() else _mean(minutes, share)
    rows = stacked(parts, minutes.free.size)
    return Term(rows, base / per, -1.0, per, before, np.vstack(musts))


def _batches(split: Bools, services: int) -> list[tuple[Bools, Sequence[int]]]:
    """Origins whose order of candidates is one for all services, then the others by service."""
    return [(~split, range(services)), *((split, (s,)) for s in range(services))]


def _saved(minutes: Minutes, which: Bools, service: int, floor: Floats, share: Floats) -> Floats:
    gain = np.maximum(floor[which, service, None] - minutes.of(service)[which], 0.0)
    np.nan_to_num(gain, copy=False)
    gain *= (minutes.weight * share[:, service])[which, None]
    return gain


def _mean(minutes: Minutes, share: Floats) -> float:
    weighted = minutes.weight[:, None] * share
    return float((np.nan_to_num(minutes.today) * weighted).sum() / weighted.sum())
