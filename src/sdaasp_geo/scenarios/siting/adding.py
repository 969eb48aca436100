"""Objectives that add up over the origins, alone and mixed; worst time as part of a mix."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sdaasp_geo.scenarios.siting import covering
from sdaasp_geo.scenarios.siting.asked import Answered, best_sets
from sdaasp_geo.scenarios.siting.exact import Engine, Stop, Wanted
from sdaasp_geo.scenarios.siting.problem import WORST
from sdaasp_geo.scenarios.siting.rows import stacked
from sdaasp_geo.scenarios.siting.solution import Ranked
from sdaasp_geo.scenarios.siting.spread import Spread, spread_of
from sdaasp_geo.scenarios.siting.terms import Term, term

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sdaasp_geo.scenarios.siting.asked import Asked
    from sdaasp_geo.scenarios.siting.rows import Rows


def adding(asked: Asked) -> Answered:
    """Solve an objective that adds up, or a mix."""
    mix = asked.problem.mix
    parts = {name: term(name, asked.minutes, asked.problem) for name in mix if name != WORST}
    musts = covering.minimal_sets(np.vstack([part.musts for part in parts.values()]))
    start, refusal = _possible(asked, musts)
    if refusal is not None:
        return refusal
    if len(mix) == 1:
        return _single(asked, next(iter(parts.values())), musts, start)
    shares = [
        part.rows.scaled(mix[name] / whole)
        for name, part in parts.items()
        if (whole := float(part.rows.best.sum())) > 0
    ]
    wanted = Wanted(stacked(shares, asked.minutes.free.size), asked.number, musts)
    if WORST in mix:
        return _with_worst(asked, wanted, mix[WORST])
    found = best_sets(
        Engine(wanted),
        asked,
        lambda worth: asked.gap * worth,
        lambda sites, value, bound: Ranked(asked.sites(sites), value, bound),
        start,
    )
    return Answered(tuple(found), 0.0)


def _possible(
    asked: Asked, musts: NDArray[np.bool_]
) -> tuple[tuple[int, ...] | None, Answered | None]:
    """Sites that reach everybody whom only a new site reaches, or why so few cannot."""
    if not musts.shape[0]:
        return None, None
    lost = np.isnan(asked.minutes.today) & ~asked.nowhere
    blocking = np.flatnonzero(lost.any(axis=1) & (asked.minutes.weight > 0))
    if not musts.any(axis=1).all():
        return None, Answered((), np.nan, None, blocking, infeasible=True)
    cover = covering.fewest(musts, asked.clock)
    if cover.sites is not None and len(cover.sites) <= asked.number:
        spare = [site for site in range(musts.shape[1]) if site not in cover.sites]
        return tuple(sorted([*cover.sites, *spare[: asked.number - len(cover.sites)]])), None
    least = cover.least + asked.minutes.locked.size
    answered = Answered((), np.nan, least, blocking, infeasible=cover.least > asked.number)
    return None, answered


def _single(
    asked: Asked, part: Term, musts: NDArray[np.bool_], start: tuple[int, ...] | None
) -> Answered:
    found = best_sets(
        Engine(Wanted(part.rows, asked.number, musts)),
        asked,
        lambda worth: asked.gap * abs(part.natural(worth)) * part.per,
        lambda sites, value, bound: Ranked(
            asked.sites(sites), part.natural(value), part.natural(bound)
        ),
        start,
    )
    return Answered(tuple(found), part.before)


class _Scores(NamedTuple):
    """A mix with worst time: score = worth of the rows + what is saved of the worst time."""

    rows: Rows
    spread: Spread
    first: float
    per_min: float

    def of(self, sites: tuple[int, ...]) -> float:
        return self.rows.value(sites) + self.saved(covering.reached(self.spread.worst, sites))

    def saved(self, worst_min: float) -> float:
        return self.per_min * (self.first - worst_min)


def _with_worst(asked: Asked, wanted: Wanted, weight: float) -> Answered:
    """Lower the worst time step by step, each time the best of the rest under it.

    No set of a lower worst time scores more than the rest can be under that time, plus
    what the least worst time of all would save: where that is no more than the best
    score known, nothing is left to look for.
    """
    spread = spread_of(asked)
    finite = spread.worst[np.isfinite(spread.worst)]
    first = float(spread.base.max(initial=0.0))
    first = first if np.isfinite(first) else float(finite.max(initial=0.0))
    room = first - float(spread.worst.min(axis=1, initial=np.inf).max(initial=0.0))
    scores = _Scores(wanted.rows, spread, first, weight / room if room > 0 else 0.0)
    found: list[Ranked] = []
    while len(found) < asked.solutions:
        refused = [ranked.sites for ranked in found]
        answer = _steps(asked, wanted, scores, refused)
        if answer is None or (found and asked.clock.over):
            break
        found.append(answer)
    ranked = tuple(each._replace(sites=asked.sites(each.sites)) for each in found)
    return Answered(ranked, 0.0, infeasible=not ranked and not asked.clock.over)


def _steps(
    asked: Asked, wanted: Wanted, scores: _Scores, refused: Sequence[tuple[int, ...]]
) -> Ranked | None:
    worst, stop = scores.spread.worst, Stop(asked.clock, lambda worth: asked.gap * worth)
    least = covering.lowest(worst, wanted, asked.clock, refused)
    best: Ranked | None = None
    limit, ceiling, above = np.inf, -np.inf, np.inf
    while limit > least and not asked.clock.over:
        musts = np.vstack([wanted.musts, scores.spread.musts(limit)])
        possible = covering.enough(musts, wanted.number, asked.clock, refused=refused)
        if possible.sites is None:
            above = -np.inf if possible.decided else above
            break
        under = wanted._replace(musts=covering.minimal_sets(musts))
        engine = Engine(under)
        answer = engine.solve(stop, refused=refused, whole=asked.whole, start=possible.sites)
        if answer.sites is None:
            break
        score = scores.of(answer.sites)
        if best is None or score > best.value:
            best = Ranked(answer.sites, score, score)
        limit = covering.reached(worst, answer.sites)
        ceiling = max(ceiling, answer.bound + scores.saved(limit))
        above = answer.bound + scores.saved(least)
        if above <= best.value:
            break
    return None if best is None else best._replace(bound=max(best.value, ceiling, above))
