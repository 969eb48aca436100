"""Good sets of sites, quickly: greedy choice, then swaps until none is an improvement."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sdaasp_geo.scenarios.siting import kernels
from sdaasp_geo.scenarios.siting.rows import Rows, served, stacked

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

# Two values nearer than this share of the whole are the same value.
_SAME = 1e-12


class Swaps(NamedTuple):
    """Value of every set that one swap leads to.

    Parameters
    ----------
    leaving
        The chosen sites, in rising order.
    entering
        The other candidates, in rising order.
    value
        float64 (entering, leaving).
    """

    leaving: NDArray[np.int64]
    entering: NDArray[np.int64]
    value: Floats

    def sets(self, sites: Sequence[int]) -> Iterator[tuple[float, tuple[int, ...]]]:
        """Values and sets from the best down, ties in the order of candidates."""
        order = np.argsort(-self.value, axis=None, kind="stable")
        for place in order:
            row, col = divmod(int(place), self.leaving.size)
            kept = set(sites) - {int(self.leaving[col])} | {int(self.entering[row])}
            yield float(self.value[row, col]), tuple(sorted(kept))


def swaps(rows: Rows, sites: Sequence[int]) -> Swaps:
    """Value of every set that differs from this one by one site."""
    now = served(rows, sites)
    added, lost = np.zeros(rows.columns), np.zeros(rows.columns)
    both = np.zeros((rows.columns, rows.columns))
    kernels.swap_gains(rows.table, (now.best, now.second, now.site), added, lost, both)
    leaving = np.array(sorted(sites), dtype=np.int64)
    entering = np.setdiff1d(np.arange(rows.columns), leaving)
    change = added[entering, None] - lost[None, leaving] + both[np.ix_(entering, leaving)]
    return Swaps(leaving, entering, float(now.best.sum()) + change)


def greedy(rows: Rows, count: int, start: Sequence[int] = ()) -> tuple[int, ...]:
    """Add the site that brings most, one after the other; ties to the lowest number."""
    sites = list(start)
    while len(sites) < count:
        added = additions(rows, sites)
        added[sites] = -1.0
        sites.append(int(np.argmax(added)))
    return tuple(sorted(sites))


def additions(rows: Rows, sites: Sequence[int]) -> Floats:
    """Reckon what each candidate would add to a set, float64 (candidates,)."""
    best = served(rows, sites).best
    added, unused = np.zeros(rows.columns), np.zeros(0)
    nobody = np.full(rows.number, -1, dtype=np.int32)
    # Without owners a row only adds: nothing is ever written to the two other tables.
    kernels.swap_gains(rows.table, (best, best, nobody), added, unused, np.zeros((0, 0)))
    return added


def improved(
    rows: Rows,
    sites: tuple[int, ...],
    *,
    refused: Collection[tuple[int, ...]] = (),
    go_on: Callable[[], bool] = lambda: True,
) -> tuple[float, tuple[int, ...]]:
    """Make the best swap while one is worth it (Teitz and Bart 1968).

    Parameters
    ----------
    rows
        Gain rows.
    sites
        Where to begin, in rising order.
    refused
        Sets that may not be the answer.
    go_on
        Asked before each swap.

    Returns
    -------
    tuple
        Value and set; value minus infinity where only refused sets were met.
    """
    refused = set(refused)
    value = -np.inf if sites in refused else rows.value(sites)
    margin = _SAME * max(1.0, float(rows.best.sum()))
    while go_on():
        ranked = swaps(rows, sites).sets(sites)
        found = next(((v, s) for v, s in ranked if s not in refused), None)
        if found is None or found[0] <= value + margin:
            break
        value, sites = found
    # Summed anew: the value of a swap carries the rounding of its three parts.
    return (rows.value(sites) if np.isfinite(value) else value), sites


def allowed(rows: Rows, count: int, refused: Sequence[tuple[int, ...]]) -> tuple[int, ...] | None:
    """Find a good set that is not refused; None where every set looked at is."""
    start = refused[-1] if refused else greedy(rows, count)
    value, sites = improved(rows, start, refused=refused)
    return sites if np.isfinite(value) else None


def with_musts(rows: Rows, musts: Bools) -> tuple[Rows, float]:
    """Reward each set that must be met with more than all gains together.

    Returns
    -------
    tuple
        The rows with one more for each of `musts` (sets x candidates), and what meeting
        all of them is worth.
    """
    reward = 2.0 * float(rows.best.sum()) + 1.0
    extra = cover_of(musts, reward)
    return stacked([rows, extra], rows.columns), reward * musts.shape[0]


def cover_of(musts: Bools, reward: float) -> Rows:
    """Gain rows of sets, each worth `reward` once one of its candidates is chosen."""
    _, column = np.nonzero(musts)
    indptr = np.concatenate([[0], np.cumsum(musts.sum(axis=1))]).astype(np.int64)
    return Rows(indptr, column.astype(np.int32), np.full(column.size, reward), musts.shape[1])
