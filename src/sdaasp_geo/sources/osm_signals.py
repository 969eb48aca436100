"""Traffic lights of an OpenStreetMap extract: how many are met on each stretch of road."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]


def lights_met(
    signals: Mapping[int, tuple[bool, bool]], node: Ints, first: Ints, vertices: Ints
) -> tuple[Floats, Floats]:
    """Count the lights met along each stretch, and those met against it.

    The light at the end that is reached counts, the one at the end that is left does
    not: two stretches on either side of a light meet it once together.

    Parameters
    ----------
    signals
        Whether the lights at a node are for traffic along, and against, its way.
    node
        Node of each vertex, int64 (P,).
    first, vertices
        First vertex of each stretch and the number of its vertices, int64 (E,).

    Returns
    -------
    tuple of ndarray
        float64 (E,) each.

    Examples
    --------
    A light at node 8, and one at node 9 for those who drive towards the end.

    >>> signals = {8: (True, True), 9: (True, False)}
    >>> lights_met(signals, np.array([7, 8, 8, 9, 10]), np.array([0, 2]), np.array([2, 3]))
    (array([1., 1.]), array([0., 1.]))
    """
    lit = np.array(sorted(signals), dtype=np.int64)
    if lit.size == 0:
        return np.zeros(first.size), np.zeros(first.size)
    told = np.array([signals[number] for number in lit.tolist()], dtype=bool)
    place = np.minimum(np.searchsorted(lit, node), lit.size - 1)
    met = told[place] & (lit[place] == node)[:, None]
    # Lights before each vertex: a stretch meets the difference between two of them.
    passed = np.vstack([[0, 0], np.cumsum(met, axis=0)]).astype(np.float64)
    last = first + vertices - 1
    along, against = passed[last + 1] - passed[first + 1], passed[last] - passed[first]
    return along[:, 0], against[:, 1]
