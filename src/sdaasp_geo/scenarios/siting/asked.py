"""What passes between the modules that solve: the question made ready, and its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sdaasp_geo.scenarios.siting.exact import Stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from sdaasp_geo.scenarios.siting.exact import Engine
    from sdaasp_geo.scenarios.siting.problem import SitingProblem
    from sdaasp_geo.scenarios.siting.solution import Ranked
    from sdaasp_geo.scenarios.siting.solver import Clock
    from sdaasp_geo.scenarios.siting.terms import Minutes


class Asked(NamedTuple):
    """A question, ready to be solved.

    Parameters
    ----------
    problem, minutes
        The question and its matrix.
    nowhere
        Pairs (N, S) that nothing serves.
    number
        How many candidates are to be chosen beside the locked ones.
    solutions
        How many of the best sets are wanted.
    clock, gap
        When to stop.
    whole
        Whether the proof is wanted, or a good set and a linear bound.
    refine
        Whether mean minutes decide between sets of equal worth.
    """

    problem: SitingProblem
    minutes: Minutes
    nowhere: NDArray[np.bool_]
    number: int
    solutions: int
    clock: Clock
    gap: float
    whole: bool
    refine: bool

    def sites(self, free: Iterable[int]) -> tuple[int, ...]:
        """Numbers of candidates, the locked ones added, from numbers of free ones."""
        chosen = self.minutes.free[list(free)].tolist()
        return tuple(sorted([*chosen, *self.minutes.locked.tolist()]))


class Answered(NamedTuple):
    """Sets found, or why there are none (see `Solution`)."""

    ranked: tuple[Ranked, ...]
    before: float
    least_count: int | None = None
    blocking: NDArray[np.int64] = np.empty(0, dtype=np.int64)
    then_mean_min: float = float("nan")
    infeasible: bool = False


def best_sets(
    engine: Engine,
    asked: Asked,
    slack: Callable[[float], float],
    ranked: Callable[[tuple[int, ...], float, float], Ranked],
    start: tuple[int, ...] | None = None,
) -> list[Ranked]:
    """Solve again and again, each time without the sets found before."""
    found: list[Ranked] = []
    refused: Sequence[tuple[int, ...]] = []
    while len(found) < asked.solutions:
        stop = Stop(asked.clock, slack)
        known = None if found else start
        answer = engine.solve(stop, refused=refused, whole=asked.whole, start=known)
        if answer.sites is None or (found and asked.clock.over):
            break
        refused = [*refused, answer.sites]
        found.append(ranked(answer.sites, answer.value, answer.bound))
    return found
