"""Compiled passes over gain rows: cuts, greedy steps, swaps.

A row is an origin (or an origin and a service, or many origins that the same candidates
serve alike); its entries are the candidates that bring it something, the best first.
What a set of sites brings to a row is the gain of the best of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sdaasp_geo.routing.kernels import compiled

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Columns = NDArray[np.int32]
    Bools = NDArray[np.bool_]

_WHOLE = 1.0 - 1e-9


@compiled
def cuts(
    table: tuple[Ints, Columns, Floats],
    group: Ints,
    x: Floats,
    constant: Floats,
    slope: Floats,
) -> None:
    """Add up, by group of rows, the cut ``gain <= constant + slope . x`` that is tight at x.

    For any level u >= 0 the best gain of a row is at most ``u + sum_j max(0, g_j - u) x_j``.
    The level at which the shares of x add up to one makes the bound the least at x; it is
    the dual solution of the row's own little linear programme.
    """
    indptr, column, gain = table
    for row in range(indptr.size - 1):
        first, last = indptr[row], indptr[row + 1]
        share, level, stop = 0.0, 0.0, last
        for entry in range(first, last):
            share += x[column[entry]]
            if share >= _WHOLE:
                level, stop = gain[entry], entry
                break
        owner = group[row]
        constant[owner] += level
        for entry in range(first, stop):
            slope[owner, column[entry]] += gain[entry] - level


@compiled
def best_two(
    table: tuple[Ints, Columns, Floats],
    chosen: Bools,
    best: Floats,
    second: Floats,
    site: Columns,
) -> None:
    """Best and second gain of each row among the chosen, and which site brings the best."""
    indptr, column, gain = table
    for row in range(indptr.size - 1):
        best[row], second[row], site[row] = 0.0, 0.0, -1
        for entry in range(indptr[row], indptr[row + 1]):
            if chosen[column[entry]]:
                if site[row] < 0:
                    best[row], site[row] = gain[entry], column[entry]
                else:
                    second[row] = gain[entry]
                    break


@compiled
def swap_gains(
    table: tuple[Ints, Columns, Floats],
    now: tuple[Floats, Floats, Columns],
    added: Floats,
    lost: Floats,
    both: Floats,
) -> None:
    """Add up what every site would add or lose, and what a swap loses less than their sum.

    Swapping ``i`` in and ``k`` out changes the value by ``added[i] - lost[k] + both[i, k]``
    (Resende and Werneck 2007, "A fast swap-based local search procedure for location
    problems", Annals of Operations Research 150).
    """
    indptr, column, gain = table
    best, second, site = now
    for row in range(indptr.size - 1):
        owner = site[row]
        if owner >= 0:
            lost[owner] += best[row] - second[row]
        for entry in range(indptr[row], indptr[row + 1]):
            value = gain[entry]
            if value <= second[row]:
                break
            here = column[entry]
            if value > best[row]:
                added[here] += value - best[row]
                if owner >= 0:
                    both[here, owner] += best[row] - second[row]
            elif here != owner:
                both[here, owner] += value - second[row]
