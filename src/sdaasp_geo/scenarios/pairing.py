"""One-to-one pairs of places: as many as possible, and the nearest ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp
import shapely
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt
    import pandas as pd

    Bools = npt.NDArray[np.bool_]
    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]


def paired_by_place(
    old: pd.DataFrame,
    new: pd.DataFrame,
    allowed: Callable[[Ints, Ints], Bools],
    *,
    tolerance_m: float,
) -> tuple[Ints, Ints]:
    """Pair places within the tolerance, each with one other at most.

    Those with the very same coordinates go first. Of the others as many pairs as can be
    are made, and of all such pairings the one with the least total distance is taken.

    Parameters
    ----------
    old, new
        ``facility source x y``; the first two only make the result certain where several
        pairings are as good.
    allowed
        Which pairs may be made, by positions in `old` and in `new`.
    tolerance_m
        No pair is farther apart.

    Returns
    -------
    tuple of ndarray
        Positions in `old` and in `new`, int64.
    """
    ranks = _ranks(old), _ranks(new)
    a, b, distance_m = _near(old, new, tolerance_m)
    kept = allowed(a, b)
    a, b, distance_m = a[kept], b[kept], distance_m[kept]
    order = np.lexsort((ranks[1][b], ranks[0][a], distance_m))
    a, b, distance_m = a[order], b[order], distance_m[order]
    same = _coincident(a[distance_m == 0], b[distance_m == 0])
    left = ~(np.isin(a, same[0]) | np.isin(b, same[1]))
    rest = _assigned(ranks, (a[left], b[left]), distance_m[left], tolerance_m)
    return np.concatenate([same[0], rest[0]]), np.concatenate([same[1], rest[1]])


def _ranks(rows: pd.DataFrame) -> Ints:
    """Place of each row in an order that no file decides."""
    order = np.lexsort(
        (rows["y"], rows["x"], rows["source"].astype(str), rows["facility"].astype(str))
    )
    rank = np.empty(len(rows), np.int64)
    rank[order] = np.arange(len(rows))
    return rank


def _near(old: pd.DataFrame, new: pd.DataFrame, tolerance_m: float) -> tuple[Ints, Ints, Floats]:
    points = [np.asarray(shapely.points(rows[["x", "y"]].to_numpy())) for rows in (old, new)]
    if not len(old) or not len(new):
        nothing = np.empty(0, np.int64)
        return nothing, nothing, np.empty(0)
    tree = shapely.STRtree(points[1])
    a, b = tree.query(points[0], predicate="dwithin", distance=tolerance_m)
    distance = np.asarray(shapely.distance(points[0][a], points[1][b]))
    return a.astype(np.int64), b.astype(np.int64), distance


def _coincident(a: Ints, b: Ints) -> tuple[Ints, Ints]:
    """Pair the places of equal coordinates in order, first with first."""
    taken: dict[int, int] = {}
    used: set[int] = set()
    for one, other in zip(a.tolist(), b.tolist(), strict=True):
        if one not in taken and other not in used:
            taken[one] = other
            used.add(other)
    return np.array(list(taken), np.int64), np.array(list(taken.values()), np.int64)


def _assigned(
    ranks: tuple[Ints, Ints], pairs: tuple[Ints, Ints], distance_m: Floats, tolerance_m: float
) -> tuple[Ints, Ints]:
    """Pair as many as possible, with the least total distance."""
    if not distance_m.size:
        return pairs
    rows, columns = (_numbered(end, rank) for end, rank in zip(pairs, ranks, strict=True))
    count = rows[1].size
    # Each place may also stay alone, which costs more than any number of better pairs.
    # A weight of zero would be no pair at all, hence the metre added to every one.
    alone = (tolerance_m + 1.0) * (count + 1)
    weight = np.concatenate([distance_m + 1.0, np.full(count, alone)])
    row = np.concatenate([rows[0], np.arange(count)])
    column = np.concatenate([columns[0], columns[1].size + np.arange(count)])
    shape = count, columns[1].size + count
    found = min_weight_full_bipartite_matching(sp.csr_array((weight, (row, column)), shape=shape))
    paired = found[1] < columns[1].size
    return rows[1][found[0][paired]], columns[1][found[1][paired]]


def _numbered(end: Ints, rank: Ints) -> tuple[Ints, Ints]:
    """Return the number of each place by rank, among those that occur, and which those are."""
    places = np.unique(end)
    places = places[np.argsort(rank[places])]
    number = np.empty(rank.size, np.int64)
    number[places] = np.arange(places.size)
    return number[end], places
