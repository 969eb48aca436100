"""Gain rows: every objective that adds up over origins, as one sparse table."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sdaasp_geo.scenarios.siting import kernels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]


class Rows(NamedTuple):
    """What each candidate brings to each row, in rows sorted from the best down.

    A set S of candidates is worth ``sum over rows of max(0, max over j in S of gain)``:
    a monotone submodular function, for which greedy choice is worth at least 1 - 1/e of
    the best (Nemhauser, Wolsey and Fisher 1978).

    Parameters
    ----------
    indptr
        Where each row begins, int64 (R + 1,).
    column
        Candidates, int32 (K,); of equal gains the lowest number first.
    gain
        Above 0, float64 (K,).
    columns
        Number of candidates.
    """

    indptr: Ints
    column: NDArray[np.int32]
    gain: Floats
    columns: int

    @property
    def number(self) -> int:
        """Number of rows."""
        return int(self.indptr.size - 1)

    @property
    def table(self) -> tuple[Ints, NDArray[np.int32], Floats]:
        """The three arrays, as the kernels take them."""
        return self.indptr, self.column, self.gain

    @property
    def best(self) -> Floats:
        """Greatest gain of each row; every row has at least one entry."""
        return self.gain[self.indptr[:-1]]

    def scaled(self, factor: float) -> Rows:
        """Every gain times a factor above 0."""
        return self._replace(gain=self.gain * factor)

    def value(self, sites: Sequence[int]) -> float:
        """Add up what a set of candidates is worth."""
        return float(served(self, sites).best.sum())


class Served(NamedTuple):
    """Best and second gain of each row, and the site that brings the best (-1: none)."""

    best: Floats
    second: Floats
    site: NDArray[np.int32]


def served(rows: Rows, sites: Sequence[int]) -> Served:
    """Look up who serves each row, of equal gains the lowest number."""
    chosen = np.zeros(rows.columns, dtype=np.bool_)
    chosen[list(sites)] = True
    best, second = np.empty(rows.number), np.empty(rows.number)
    site = np.empty(rows.number, dtype=np.int32)
    kernels.best_two(rows.table, chosen, best, second, site)
    return Served(best, second, site)


def rows_of(gain: Floats) -> Rows:
    """Gather the gains above 0 of a dense table (rows x candidates)."""
    kept = np.flatnonzero((gain > 0).any(axis=1))
    if kept.size < gain.shape[0]:
        gain = gain[kept]
    order = np.argsort(-gain, axis=1, kind="stable").astype(np.int32)
    ranked = np.take_along_axis(gain, order, axis=1)
    above = ranked > 0
    indptr = np.concatenate([[0], np.cumsum(above.sum(axis=1))]).astype(np.int64)
    return Rows(indptr, order[above], ranked[above], gain.shape[1])


def cover_rows(covers: Bools, weight: Floats) -> Rows:
    """Make one row of all origins that the same candidates cover, their weights together."""
    useful = covers.any(axis=1) & (weight > 0)
    sets, which = distinct_sets(covers[useful])
    total = np.bincount(which, weights=weight[useful], minlength=sets.shape[0])
    row, column = np.nonzero(sets)
    indptr = np.concatenate([[0], np.cumsum(sets.sum(axis=1))]).astype(np.int64)
    return Rows(
        indptr, column.astype(np.int32), np.asarray(total, dtype=np.float64)[row], covers.shape[1]
    )


def distinct_sets(covers: Bools) -> tuple[Bools, Ints]:
    """Return the different rows of a boolean table, and which of them each row is."""
    if covers.shape[0] == 0:
        return covers, np.empty(0, dtype=np.int64)
    packed = np.ascontiguousarray(np.packbits(covers, axis=1))
    keys = packed.view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, number = np.unique(keys, return_index=True, return_inverse=True)
    return covers[first], number.astype(np.int64)


def stacked(parts: Sequence[Rows], columns: int) -> Rows:
    """Put tables of the same candidates one below the other."""
    if not parts:
        empty = np.empty(0)
        return Rows(np.zeros(1, np.int64), empty.astype(np.int32), empty, columns)
    sizes = np.cumsum([0, *(part.gain.size for part in parts)])
    starts = [part.indptr[:-1] + size for part, size in zip(parts, sizes[:-1], strict=True)]
    return Rows(
        np.concatenate([*starts, sizes[-1:]]).astype(np.int64),
        np.concatenate([part.column for part in parts]),
        np.concatenate([part.gain for part in parts]),
        columns,
    )
