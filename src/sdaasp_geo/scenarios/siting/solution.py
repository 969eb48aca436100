"""The answer: sites, what they are worth, and how surely nothing is better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

STATUSES = ("optimal", "within_gap", "time_limit", "heuristic", "infeasible", "unsolved")


class Ranked(NamedTuple):
    """One of the best sets: its candidates in rising order, its value, what none exceeds."""

    sites: tuple[int, ...]
    value: float
    bound: float


@dataclass(frozen=True, eq=False)
class Solution:
    """What was found, and how good it is.

    Parameters
    ----------
    status
        ``optimal``: proved, to a ten-millionth of the value; ``within_gap``: proved
        within the gap asked; ``time_limit``: the best found when time was up;
        ``heuristic``: greedy and swaps, as asked; ``infeasible``: no set of sites does
        what is asked (`blocking`, `least_count`); ``unsolved``: time was up before any
        set was found.
    objective
        The objectives and their weights.
    ranked
        The best sets, the best first; empty where there is none.
    before
        Value of today without any site; NaN where there is none.
    least_count
        Number of sites that are needed at least, where a number was too small or was
        itself the question.
    blocking
        Origins that make it infeasible, int64.
    unserved
        Origins with a service that neither an existing place nor any candidate reaches;
        they are left out of mean and worst times, and of nothing else.
    then_mean_min
        Mean minutes that decided between sets of one ``worst_time`` or one number of
        sites; NaN where nothing was to be decided.
    seconds
        How long it took.
    """

    status: str
    objective: Mapping[str, float]
    ranked: tuple[Ranked, ...]
    before: float
    least_count: int | None
    blocking: NDArray[np.int64]
    unserved: NDArray[np.int64]
    then_mean_min: float
    seconds: float

    @property
    def sites(self) -> tuple[int, ...]:
        """Candidates of the best set, in rising order; empty where there is none."""
        return self.ranked[0].sites if self.ranked else ()

    @property
    def value(self) -> float:
        """Value of the best set, in inhabitants, minutes, sites or shares."""
        return self.ranked[0].value if self.ranked else float("nan")

    @property
    def bound(self) -> float:
        """What no set exceeds (or goes below, for minutes and numbers of sites)."""
        return self.ranked[0].bound if self.ranked else float("nan")

    @property
    def gap(self) -> float:
        """Distance from value to bound, as a share of the value; NaN without any set."""
        return gap_of(self.ranked[0]) if self.ranked else float("nan")

    @property
    def found(self) -> bool:
        """Whether there is a set of sites."""
        return bool(self.ranked)


def gap_of(ranked: Ranked) -> float:
    """Distance from value to bound, as a share of the value."""
    apart = abs(ranked.bound - ranked.value)
    if apart == 0.0:
        return 0.0
    return apart / abs(ranked.value) if ranked.value else float("inf")
