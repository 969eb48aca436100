"""The graph that searches run on: directed arcs in compressed sparse rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class SearchGraph(NamedTuple):
    """Directed arcs in compressed sparse rows, one row a node.

    The arcs that leave node ``v`` are ``heads[indptr[v]:indptr[v + 1]]``, with
    their times in ``weights_ms`` at the same places. Self-loops and parallel
    arcs are allowed; a search takes the quickest.

    Parameters
    ----------
    indptr
        Shape (N + 1,), first 0, never decreasing, last A; int32 or int64.
    heads
        Shape (A,), int32: the node that each arc enters.
    weights_ms
        Shape (A,), int32: travel time in milliseconds, zero allowed.
    """

    indptr: NDArray[np.int32] | NDArray[np.int64]
    heads: NDArray[np.int32]
    weights_ms: NDArray[np.int32]
