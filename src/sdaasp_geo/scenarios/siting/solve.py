"""From a question to its answer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.scenarios.siting.adding import adding
from sdaasp_geo.scenarios.siting.asked import Answered, Asked
from sdaasp_geo.scenarios.siting.exact import PROVED
from sdaasp_geo.scenarios.siting.problem import EVERYONE, MEAN, WORST
from sdaasp_geo.scenarios.siting.solution import Ranked, Solution, gap_of
from sdaasp_geo.scenarios.siting.solver import Clock
from sdaasp_geo.scenarios.siting.spread import everyone, worst_time
from sdaasp_geo.scenarios.siting.terms import minutes_of

if TYPE_CHECKING:
    from sdaasp_geo.scenarios.siting.problem import SitingProblem

METHODS = ("exact", "heuristic")


def solve(
    problem: SitingProblem,
    *,
    solutions: int = 1,
    time_limit_s: float | None = None,
    gap: float = 0.0,
    method: str = "exact",
    refine: bool = True,
) -> Solution:
    """Find the best sites, and prove how good they are.

    Parameters
    ----------
    problem
        The question.
    solutions
        How many of the best different sets to find, the best first. Of ``worst_time``
        by worst and then mean minutes; of ``cover_everyone`` only the smallest sets.
    time_limit_s
        Seconds after which the best set found so far is returned with its bound; None
        for no limit.
    gap
        Distance from value to bound, as a share of the value, that is near enough.
    method
        ``exact``: until the best is proved; ``heuristic``: greedy and swaps, and a
        linear bound. For the objectives that add up (all but ``worst_time`` and
        ``cover_everyone``) greedy alone is worth at least 1 - 1/e of the best gain.
    refine
        Whether mean minutes decide between sets of one worst time, or of one number of
        sites that cover everyone.

    Returns
    -------
    Solution
        With the proof, or with the reason why there is none. Same question, same
        answer, unless time runs out.

    Raises
    ------
    InputError
        If a choice is not one of those above.

    Examples
    --------
    >>> import numpy as np
    >>> from sdaasp_geo.scenarios.siting.problem import SitingProblem
    >>> cost = np.array([[1.0, 9.0], [8.0, 2.0]])
    >>> problem = SitingProblem(cost, np.array([100.0, 300.0]), count=1)
    >>> answer = solve(problem)
    >>> answer.status, answer.sites, answer.value
    ('optimal', (1,), 3.75)
    """
    _check(solutions, time_limit_s, gap, method)
    begin = time.perf_counter()
    minutes = minutes_of(problem)
    nowhere = minutes.nowhere()
    whole = method == "exact"
    count = int(problem.count or 0) - minutes.locked.size
    clock = Clock(time_limit_s)
    asked = Asked(
        problem, minutes, nowhere, count, solutions, clock, gap, whole=whole, refine=refine
    )
    answered = _answered(asked)
    inhabited = minutes.weight > 0
    return Solution(
        status=_status(answered, asked),
        objective=problem.mix,
        ranked=answered.ranked,
        before=answered.before,
        least_count=answered.least_count,
        blocking=answered.blocking,
        unserved=np.flatnonzero(nowhere.any(axis=1) & inhabited),
        then_mean_min=answered.then_mean_min,
        seconds=time.perf_counter() - begin,
    )


def _answered(asked: Asked) -> Answered:
    if asked.problem.objective == EVERYONE:
        return everyone(asked)
    inhabited = asked.minutes.weight > 0
    if asked.nowhere[inhabited].all() and {MEAN, WORST} & set(asked.problem.mix):
        # Minutes of nobody: no place, today's or new, serves anyone.
        return Answered((), np.nan, None, np.flatnonzero(inhabited), infeasible=True)
    if set(asked.problem.mix) == {WORST}:
        return worst_time(asked)
    return adding(asked)


def _status(answered: Answered, asked: Asked) -> str:
    if answered.infeasible:
        return "infeasible"
    if not answered.ranked:
        return "unsolved"
    return proof(answered.ranked[0], asked.gap, whole=asked.whole)


def proof(ranked: Ranked, gap: float, *, whole: bool = True) -> str:
    """Status of one set that was found."""
    away = gap_of(ranked)
    # Minutes saved are proved to so much of what is saved, which may exceed the value.
    if away <= PROVED or abs(ranked.bound - ranked.value) <= PROVED:
        return "optimal"
    if away <= gap:
        return "within_gap"
    return "time_limit" if whole else "heuristic"


def _check(solutions: int, time_limit_s: float | None, gap: float, method: str) -> None:
    faults = []
    if isinstance(solutions, bool) or solutions != int(solutions) or solutions < 1:
        faults.append(_fault("solutions", "a number of sets, 1 or more", repr(solutions)))
    if time_limit_s is not None and not time_limit_s > 0:
        faults.append(_fault("time_limit_s", "seconds above 0, or None", repr(time_limit_s)))
    if not 0 <= gap < 1:
        faults.append(_fault("gap", "a share from 0 to below 1", repr(gap)))
    if method not in METHODS:
        faults.append(_fault("method", f"one of {', '.join(METHODS)}", repr(method)))
    if faults:
        raise InputError(faults)


def _fault(column: str, expected: str, found: str) -> Fault:
    return Fault("siting", expected, found, column=column)
