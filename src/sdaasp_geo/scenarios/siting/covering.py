"""Sets of sites that reach everyone: fewest sites, least worst time.

Few origins decide: the solver is given the hardest ones, and those that its answer
leaves out, until it leaves out none (Contardo, Iori and Kramer 2019, "A scalable exact
algorithm for the vertex p-center problem", Computers & Operations Research 103).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sdaasp_geo.scenarios.siting import heuristics
from sdaasp_geo.scenarios.siting.rows import cover_rows
from sdaasp_geo.scenarios.siting.solver import Block, Model, chosen_of, covers, refusals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sdaasp_geo.scenarios.siting.exact import Wanted
    from sdaasp_geo.scenarios.siting.solver import Clock

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

_NEARLY = 1e-6
_MISSED = 1e-4
_AT_ONCE = 40
_MINIMAL_UP_TO = 3_000


class Cover(NamedTuple):
    """The answer to a covering question.

    Parameters
    ----------
    sites
        A set that meets every set asked; None where none was found.
    least
        Number of sites proved to be needed at least.
    decided
        Whether the question is settled: `sites` is the smallest, or there is none.
    """

    sites: tuple[int, ...] | None
    least: int
    decided: bool


class Center(NamedTuple):
    """Least worst minutes, at least `bound`; `sites` are worth `value`."""

    value: float
    bound: float
    sites: tuple[int, ...] | None


def fewest(sets: Bools, clock: Clock) -> Cover:
    """Find the smallest choice of candidates that meets every set.

    Parameters
    ----------
    sets
        Sets x candidates, each with at least one candidate.
    clock
        Seconds left.
    """
    best = _greedy(sets)
    pool = _hardest(sets, np.arange(sets.shape[0]))
    least = len(pool)
    if len(best) > least:
        relaxed = _relaxed(sets, sets.shape[1], clock, pool)
        least = max(least, int(np.ceil(relaxed - _NEARLY))) if np.isfinite(relaxed) else least
    while len(best) > least and not clock.over:
        fewer = _guessed(sets, len(best) - 1, ())
        if fewer is not None:
            best = fewer
            continue
        answer = _model(sets[pool], cost=1.0).solved(clock)
        if np.isfinite(answer.bound):
            least = max(least, int(np.ceil(answer.bound - _NEARLY)))
        if answer.columns is None:
            break
        sites = chosen_of(answer.columns, sets.shape[1])
        left_out = np.flatnonzero(~sets[:, list(sites)].any(axis=1))
        if not left_out.size:
            best = min(best, sites, key=len)
            continue
        pool += _smallest(sets, left_out)
    return Cover(best, least, len(best) <= least)


def enough(
    sets: Bools,
    count: int,
    clock: Clock,
    *,
    refused: Sequence[tuple[int, ...]] = (),
    pool: list[int] | None = None,
) -> Cover:
    """Find exactly `count` candidates that meet every set, if there are any.

    Parameters
    ----------
    sets
        Sets x candidates.
    count
        Number of candidates to choose.
    clock
        Seconds left.
    refused
        Choices that may not be the answer.
    pool
        Numbers of sets that decided before; receives those that decide now.
    """
    pool = [] if pool is None else pool
    size = sets.shape[1]
    guess = _guessed(sets, count, refused)
    if guess is not None:
        return Cover(guess, 0, decided=True)
    if _relaxed(sets, count, clock, pool) == np.inf:
        return Cover(None, count + 1, decided=True)
    while not clock.over:
        model = _model(sets[pool], cost=0.0)
        exactly = np.array([float(count)])
        model.add(Block(np.ones((1, size)), exactly, exactly))
        model.add(refusals(refused, size))
        answer = model.solved(clock)
        if answer.columns is None:
            return Cover(None, count + 1, decided=answer.bound == np.inf)
        sites = chosen_of(answer.columns, size)
        left_out = np.flatnonzero(~sets[:, list(sites)].any(axis=1))
        if not left_out.size:
            return Cover(sites, 0, decided=True)
        pool += _smallest(sets, left_out)
    return Cover(None, 0, decided=False)


def _guessed(sets: Bools, count: int, refused: Sequence[tuple[int, ...]]) -> tuple[int, ...] | None:
    """Look for a choice by swaps, which finds most of those that there are."""
    rows = cover_rows(sets, np.ones(sets.shape[0]))
    start = refused[-1] if refused else heuristics.greedy(rows, count)
    value, sites = heuristics.improved(rows, start, refused=refused)
    return sites if value > sets.shape[0] - 0.5 else None


def _relaxed(sets: Bools, most: int, clock: Clock, pool: list[int]) -> float:
    """Least sum of shares of candidates that meet every set; what decides goes to the pool.

    Infinite if it is more than `most`; minus infinity if time was up before.
    """
    share = sets.astype(np.float32)
    size = sets.shape[1]
    model = Model(np.ones(size), np.zeros(size), np.ones(size))
    model.add(Block(np.ones((1, size)), np.array([-np.inf]), np.array([float(most)])))
    model.add(covers(sets[pool], size))
    while True:
        relaxed = model.relaxed(clock)
        if relaxed is None:
            return -np.inf if clock.over else np.inf
        missed = np.flatnonzero(share @ relaxed.columns.astype(np.float32) < 1.0 - _MISSED)
        added = _smallest(sets, missed)
        if not added:
            return relaxed.value
        pool += added
        model.add(covers(sets[added], size))


def center(
    worst: Floats,
    start: tuple[int, ...],
    clock: Clock,
    *,
    refused: Sequence[tuple[int, ...]] = (),
) -> Center:
    """Find the choice of candidates whose worst minutes are least.

    Parameters
    ----------
    worst
        Minutes of each origin with each candidate alone, (N, M); infinite: never.
    start
        A choice of so many candidates to begin with, not refused.
    clock
        Seconds left.
    refused
        Choices that may not be the answer.
    """
    sites: tuple[int, ...] | None = start
    value = reached(worst, start)
    floor = float(worst.min(axis=1).max(initial=0.0))
    values = np.unique(worst[(worst >= floor) & (worst <= value) & np.isfinite(worst)])
    low, high = 0, int(np.searchsorted(values, value))
    pool: list[int] = []
    while low < high:
        middle = (low + high) // 2
        sets = worst <= values[middle]
        found = enough(sets, len(start), clock, refused=refused, pool=pool)
        if found.sites is not None:
            sites = found.sites
            value = reached(worst, sites)
            high = int(np.searchsorted(values, value))
        elif found.decided:
            low = middle + 1
        else:
            break
    bound = float(values[low]) if low < values.size else np.inf
    return Center(value, min(bound, value), sites if np.isfinite(value) else None)


def lowest(
    worst: Floats, wanted: Wanted, clock: Clock, refused: Sequence[tuple[int, ...]]
) -> float:
    """Least worst minutes of any choice that is not refused, or what they exceed."""
    rows = heuristics.with_musts(wanted.rows, wanted.musts)[0]
    start = heuristics.allowed(rows, wanted.number, refused)
    return np.inf if start is None else center(worst, start, clock, refused=refused).bound


def reached(worst: Floats, sites: Sequence[int]) -> float:
    """Worst minutes with a set of sites; infinite where somebody reaches none."""
    return float(worst[:, list(sites)].min(axis=1, initial=np.inf).max(initial=0.0))


def minimal_sets(sets: Bools) -> Bools:
    """Leave out sets that are met whenever a smaller one is.

    Beyond some thousands the rest are kept as they are: the answer is the same, and
    looking further would take longer than it saves.
    """
    order = np.argsort(sets.sum(axis=1), kind="stable")
    packed = np.packbits(sets[order], axis=1)
    left = np.arange(order.size)
    kept: list[int] = []
    while left.size and len(kept) < _MINIMAL_UP_TO:
        smallest = packed[left[0]]
        kept.append(int(left[0]))
        left = left[(packed[left] & smallest != smallest).any(axis=1)]
    return sets[order[np.sort(np.array([*kept, *left.tolist()], dtype=np.int64))]]


def _model(sets: Bools, *, cost: float) -> Model:
    size = sets.shape[1]
    model = Model(np.full(size, cost), np.zeros(size), np.ones(size))
    model.whole(np.arange(size, dtype=np.int32))
    model.add(covers(sets, size))
    return model


def _greedy(sets: Bools) -> tuple[int, ...]:
    """Meet the most sets, one candidate after the other; then drop those not needed."""
    chosen: list[int] = []
    left = sets
    while left.shape[0]:
        chosen.append(int(np.argmax(left.sum(axis=0))))
        left = left[~left[:, chosen[-1]]]
    times = sets[:, chosen].sum(axis=1)
    for site in list(chosen):
        without = times - sets[:, site]
        if (without > 0).all():
            times = without
            chosen.remove(site)
    return tuple(sorted(chosen))


def _smallest(sets: Bools, which: NDArray[np.int64]) -> list[int]:
    """Take the few smallest of some sets: they ask most of the candidates."""
    order = np.argsort(sets[which].sum(axis=1), kind="stable")
    taken: list[int] = which[order[:_AT_ONCE]].tolist()
    return taken


def _hardest(sets: Bools, which: NDArray[np.int64]) -> list[int]:
    """Choose disjoint sets, the smallest first: each needs a site of its own."""
    order = which[np.argsort(sets[which].sum(axis=1), kind="stable")]
    taken: list[int] = []
    while order.size:
        taken.append(int(order[0]))
        order = order[~(sets[order] & sets[order[0]]).any(axis=1)]
    return taken
