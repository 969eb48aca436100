"""Many polylines in flat arrays: which vertices belong to which line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]


def vertex_indices(
    first: npt.ArrayLike, count: npt.ArrayLike, *, backwards: npt.ArrayLike = False
) -> Ints:
    """Places of the vertices of several runs in a flat array, run after run.

    Parameters
    ----------
    first, count
        First vertex and number of vertices of each run, shape (K,).
    backwards
        Whether a run is taken from its last vertex to its first, shape (K,) or one bool.

    Returns
    -------
    ndarray
        int64, shape (count.sum(),).

    Examples
    --------
    >>> vertex_indices([4, 0], [3, 2]).tolist()
    [4, 5, 6, 0, 1]
    >>> vertex_indices([4, 0], [3, 2], backwards=[True, False]).tolist()
    [6, 5, 4, 0, 1]
    """
    starts = np.asarray(first, dtype=np.int64)
    sizes = np.asarray(count, dtype=np.int64)
    reverse = np.broadcast_to(np.asarray(backwards, dtype=bool), starts.shape)
    step = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    begin = np.where(reverse, starts + sizes - 1, starts)
    return np.asarray(np.repeat(begin, sizes) + step * np.repeat(np.where(reverse, -1, 1), sizes))


def offsets_of(count: npt.ArrayLike) -> Ints:
    """Where each run begins and the last one ends, shape (K + 1,).

    Examples
    --------
    >>> offsets_of([3, 2]).tolist()
    [0, 3, 5]
    """
    return np.concatenate([[0], np.cumsum(np.asarray(count, dtype=np.int64))])
