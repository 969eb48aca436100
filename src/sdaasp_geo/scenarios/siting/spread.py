"""Objectives that look at the origin that is worst off: worst time, covering everyone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sdaasp_geo.scenarios.siting import covering, heuristics
from sdaasp_geo.scenarios.siting.asked import Answered, best_sets
from sdaasp_geo.scenarios.siting.exact import Engine, Stop, Wanted
from sdaasp_geo.scenarios.siting.problem import MEAN
from sdaasp_geo.scenarios.siting.solution import Ranked
from sdaasp_geo.scenarios.siting.terms import SAME_MIN, term, worst_minutes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sdaasp_geo.scenarios.siting.asked import Asked
    from sdaasp_geo.scenarios.siting.terms import Term

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]


class Spread(NamedTuple):
    """Minutes to the farthest service with each free candidate, the locked ones being there.

    Parameters
    ----------
    origin
        Numbers of the inhabited origins, int64 (K,).
    base
        Minutes with the locked ones alone, float64 (K,); infinite where a service is
        out of reach.
    worst
        With each free candidate beside them, float64 (K, F).
    today
        Worst minutes of all today, without the locked sites; NaN where there is none.
    """

    origin: NDArray[np.int64]
    base: Floats
    worst: Floats
    today: float

    def musts(self, limit_min: float) -> Bools:
        """List the candidates that bring each origin under a limit, where it is not yet."""
        sets = self.worst < limit_min
        return np.asarray(sets[~sets.all(axis=1)])


def spread_of(asked: Asked, *, everybody: bool = False) -> Spread:
    """Table the worst minutes; `everybody` keeps the origins that nothing serves."""
    minutes = asked.minutes
    left_out = None if everybody else asked.nowhere
    worst = worst_minutes(minutes, left_out)
    inhabited = minutes.weight > 0
    kept = np.flatnonzero(inhabited & ~(worst == -np.inf).any(axis=1))
    worst = np.where(np.isnan(worst[kept]), np.inf, worst[kept])
    locked = worst[:, minutes.locked].min(axis=1, initial=np.inf)
    before = np.where(minutes.services_left(left_out), minutes.today, -np.inf)[kept]
    base = np.where(np.isnan(before).any(axis=1), np.inf, before.max(axis=1))
    base = np.minimum(base, locked)
    worst = np.minimum(worst[:, minutes.free], base[:, None])
    today = float("nan") if np.isnan(before).any() else float(before.max(initial=0.0))
    return Spread(kept, base, worst, today)


def worst_time(asked: Asked) -> Answered:
    """Least worst minutes; among the sets that have them, the least mean minutes."""
    spread = spread_of(asked)
    sets = spread.musts(np.inf)
    blocking = spread.origin[~np.isfinite(spread.worst).all(axis=1)]
    if not sets.any(axis=1).all():
        return Answered((), spread.today, None, blocking, infeasible=True)
    sets = covering.minimal_sets(sets)
    cover = covering.fewest(sets, asked.clock)
    if cover.least > asked.number:
        least = cover.least + asked.minutes.locked.size
        return Answered((), spread.today, least, blocking, infeasible=True)
    mean = term(MEAN, asked.minutes, asked.problem)
    rows, _ = heuristics.with_musts(mean.rows, sets)
    found: list[Ranked] = []
    then, refused = np.nan, list[tuple[int, ...]]()
    engine: tuple[float, Engine] | None = None
    while len(found) < asked.solutions:
        start = heuristics.allowed(rows, asked.number, refused)
        if start is None:
            break
        center = covering.center(spread.worst, start, asked.clock, refused=refused)
        if center.sites is None or (found and asked.clock.over):
            break
        sites = center.sites
        if asked.refine:
            # The engine keeps its cuts as long as the worst time stays the same.
            if engine is None or engine[0] != center.value:
                engine = (center.value, _engine(asked, mean, spread.musts(_above(center.value))))
            sites, mean_min = _refined(asked, engine[1], mean, refused, sites)
            then = then if found else mean_min
        refused.append(sites)
        found.append(Ranked(asked.sites(sites), center.value, center.bound))
    return Answered(tuple(found), spread.today, then_mean_min=then)


def everyone(asked: Asked) -> Answered:
    """Fewest sites that bring everyone within the limit; then the least mean minutes."""
    spread = spread_of(asked, everybody=True)
    within = spread.worst <= asked.problem.within_min + SAME_MIN
    locked = asked.minutes.locked.size
    asking = spread.base > asked.problem.within_min + SAME_MIN
    blocking = spread.origin[asking & ~within.any(axis=1)]
    if blocking.size:
        return Answered((), np.nan, None, blocking, infeasible=True)
    sets = covering.minimal_sets(within[asking])
    cover = covering.fewest(sets, asked.clock)
    most = asked.problem.count
    least = cover.least + locked
    if cover.sites is None or (most is not None and len(cover.sites) + locked > most):
        blocking = spread.origin[asking]
        impossible = most is not None and least > most
        return Answered((), np.nan, least, blocking, infeasible=impossible)
    return _covers(asked._replace(number=len(cover.sites)), cover, sets)


def _covers(asked: Asked, cover: covering.Cover, sets: Bools) -> Answered:
    """Find the smallest covers, those of least mean minutes first."""
    assert cover.sites is not None  # noqa: S101 (narrows for the type checker)
    locked = asked.minutes.locked.size
    value, bound = float(asked.number + locked), float(cover.least + locked)
    if not asked.refine and asked.solutions == 1:
        first = Ranked(asked.sites(cover.sites), value, bound)
        return Answered((first,), np.nan, cover.least + locked)
    mean = term(MEAN, asked.minutes, asked.problem)
    engine = _engine(asked, mean, sets)
    found = best_sets(
        engine,
        asked,
        lambda worth: asked.gap * abs(mean.natural(worth)) * mean.per,
        lambda sites, *_: Ranked(asked.sites(sites), value, bound),
        cover.sites,
    )
    if not found:
        found = [Ranked(asked.sites(cover.sites), value, bound)]
    free = np.searchsorted(asked.minutes.free, np.setdiff1d(found[0].sites, asked.minutes.locked))
    then = mean.natural(mean.rows.value(free.tolist()))
    return Answered(tuple(found), np.nan, cover.least + locked, then_mean_min=then)


def _engine(asked: Asked, mean: Term, musts: Bools) -> Engine:
    every = covering.minimal_sets(np.vstack([mean.musts, musts]))
    return Engine(Wanted(mean.rows, asked.number, every))


def _refined(
    asked: Asked,
    engine: Engine,
    mean: Term,
    refused: list[tuple[int, ...]],
    sites: tuple[int, ...],
) -> tuple[tuple[int, ...], float]:
    """Among the sets of one worst time the one of the least mean, and that mean."""

    def slack(worth: float) -> float:
        return asked.gap * abs(mean.natural(worth)) * mean.per

    stop = Stop(asked.clock, slack)
    answer = engine.solve(stop, refused=refused, whole=asked.whole, start=sites)
    best = sites if answer.sites is None else answer.sites
    return best, mean.natural(mean.rows.value(best))


def _above(limit_min: float) -> float:
    """Return the next number: what is under it is not over the limit."""
    return float(np.nextafter(limit_min, np.inf))
