"""The drawing of roads: points on the sheet, and ways that share them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from sdaasp_geo.example.geography import Floats

    Ints = npt.NDArray[np.int64]


@dataclass
class Way:
    """An OpenStreetMap way: numbers of points, and tags."""

    nodes: list[int]
    tags: dict[str, str]

    @property
    def oneway(self) -> bool:
        """Whether cars go only along it."""
        roundabout = self.tags.get("junction") == "roundabout"
        return roundabout or self.tags.get("oneway") == "yes"


class Sheet:
    """Points and ways, as they are drawn; two ways meet where they share a point."""

    def __init__(self) -> None:
        self._points: list[tuple[float, float]] = []
        self.ways: list[Way] = []

    def place(self, points: Floats) -> list[int]:
        """Add points, shape (n, 2) in metres, and return their numbers."""
        first = len(self._points)
        self._points += [(float(x), float(y)) for x, y in points]
        return list(range(first, len(self._points)))

    def draw(self, nodes: Sequence[int], tags: Mapping[str, str]) -> Way:
        """Add a way through points of the sheet."""
        way = Way(list(nodes), dict(tags))
        self.ways.append(way)
        return way

    def draw_line(self, first: int, between: Floats, last: int, tags: Mapping[str, str]) -> Way:
        """Add a way between two known points, by new ones."""
        return self.draw([first, *self.place(between), last], tags)

    def at(self, node: int) -> Floats:
        """Return the position of one point, shape (2,)."""
        return np.array(self._points[node])

    def points(self) -> Floats:
        """Return the positions of all points, shape (n, 2)."""
        return np.array(self._points)


def strong_pieces(count: int, ways: Sequence[Way]) -> Ints:
    """Find the strongly connected piece of each point, for cars."""
    pairs = [
        pair
        for way in ways
        for pair in (
            list(zip(way.nodes[:-1], way.nodes[1:], strict=True))
            + ([] if way.oneway else list(zip(way.nodes[1:], way.nodes[:-1], strict=True)))
        )
    ]
    start, end = np.array(pairs).T
    graph = coo_array((np.ones(len(pairs), dtype=np.int8), (start, end)), shape=(count, count))
    _, piece = connected_components(graph.tocsr(), directed=True, connection="strong")
    return np.asarray(piece, dtype=np.int64)


def open_traps(sheet: Sheet, streets: Sequence[Way]) -> None:
    """Make two-way again the one-way streets that some point cannot be left or reached by."""
    count = len(sheet.points())
    free = [Way(way.nodes, {}) for way in sheet.ways]
    whole = strong_pieces(count, free)
    while True:
        piece = strong_pieces(count, sheet.ways)
        # A piece of the two-way drawing must stay one piece.
        main = {int(w): int(np.bincount(piece[whole == w]).argmax()) for w in np.unique(whole)}
        caught = [
            way
            for way in streets
            if way.tags.get("oneway") == "yes"
            and any(piece[node] != main[int(whole[node])] for node in way.nodes)
        ]
        for way in caught:
            del way.tags["oneway"]
        if not caught:
            return
