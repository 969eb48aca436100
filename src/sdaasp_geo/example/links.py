"""Which seats a road joins, and of what class it is."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra, minimum_spanning_tree
from scipy.spatial import Delaunay

from sdaasp_geo.example.settlements import ARRONDISSEMENTS, TOWNS

if TYPE_CHECKING:
    import numpy.typing as npt

    from sdaasp_geo.example.geography import Floats, Geography
    from sdaasp_geo.example.settlements import Settlements

    Bools = npt.NDArray[np.bool_]
    Ints = npt.NDArray[np.int64]

# Classes from the greatest to the least.
CLASSES: Final = ("trunk", "primary", "secondary", "tertiary", "unclassified")
TRUNK_TOWN: Final = "Montcorbenz"
LARGE_TOWN: Final = 12_000
TOWN: Final = 5_000
BRIDGE_TOWN: Final = 5_000
VILLAGE: Final = 420
# Each town is joined to so many others by roads of note.
NEAR_TOWNS: Final = 3
_RIVER_PENALTY: Final = 3.0
_BEACH_M: Final = 250.0


class Link(NamedTuple):
    """A road between two seats."""

    start: int
    end: int
    road_class: str
    wild: bool


def make_links(land: Geography, settlements: Settlements) -> list[Link]:
    """Join the seats: a planar net in the plain, a tree in the massif and in the delta.

    The river is crossed near towns only; the island is joined to nothing but itself.
    """
    seats = settlements.points
    pairs = _gabriel(seats)
    lines = np.asarray(shapely.linestrings(seats[pairs]))
    grounds = [part.buffer(_BEACH_M) for part in shapely.get_parts(land.land)]
    dry = np.any([shapely.contains(ground, lines) for ground in grounds], axis=0)
    pairs, lines = pairs[dry], lines[dry]
    wet = np.asarray(shapely.intersects(lines, land.river))
    length_m = np.asarray(shapely.length(lines))
    tree = _tree(len(seats), pairs, length_m * np.where(wet, _RIVER_PENALTY, 1.0))
    massif = shapely.contains_xy(land.massif, seats)
    delta = shapely.contains_xy(land.delta, seats)
    wild = massif[pairs].any(axis=1) | delta[pairs].all(axis=1)
    bridge = settlements.population[pairs].max(axis=1) >= BRIDGE_TOWN
    kept = tree | (~wild & (~wet | bridge))
    pairs, length_m = pairs[kept], length_m[kept]
    classes = _classes(settlements, pairs, length_m, massif)
    winding = massif[pairs].any(axis=1)
    return [
        Link(int(start), int(end), CLASSES[rank], bool(bends))
        for (start, end), rank, bends in zip(pairs, classes, winding, strict=True)
    ]


def _gabriel(points: Floats) -> Ints:
    """Pairs with no third point in the circle that they span."""
    corners = Delaunay(points).simplices
    sides = np.vstack([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]])
    pairs = np.unique(np.sort(sides, axis=1), axis=0).astype(np.int64)
    middle = points[pairs].mean(axis=1)
    radius = np.hypot(*(points[pairs[:, 0]] - middle).T)
    away = middle[:, None, :] - points[None, :, :]
    nearest = np.hypot(away[..., 0], away[..., 1]).min(axis=1)
    kept: Ints = pairs[nearest > radius * 0.999]
    return kept


def _tree(count: int, pairs: Ints, weight: Floats) -> Bools:
    """Tell which pairs the shortest tree needs."""
    graph = coo_array((weight, tuple(pairs.T)), shape=(count, count)).tocsr()
    found = minimum_spanning_tree(graph).tocoo()
    chosen = set(zip(found.coords[0].tolist(), found.coords[1].tolist(), strict=True))
    return np.array([(int(start), int(end)) in chosen for start, end in pairs])


def _classes(settlements: Settlements, pairs: Ints, length_m: Floats, massif: Bools) -> Ints:
    population = settlements.population
    # Where roads are few, the only one is no lane.
    small = (population[pairs].max(axis=1) < VILLAGE) & ~massif[pairs].all(axis=1)
    rank = np.where(small, CLASSES.index("unclassified"), CLASSES.index("tertiary"))
    rows = {(int(start), int(end)): row for row, (start, end) in enumerate(pairs)}
    city, given = len(ARRONDISSEMENTS), len(TOWNS)
    towns = [0, *(n for n in range(city, len(population)) if population[n] >= TOWN)]
    towns += [n for n in range(city, city + given) if n not in towns]
    large = [number for number in towns if number == 0 or population[number] >= LARGE_TOWN]
    ways = [
        (_routes(towns, settlements.points), CLASSES.index("secondary")),
        (list(itertools.combinations(large, 2)), CLASSES.index("primary")),
        ([(0, settlements.seat(TRUNK_TOWN))], CLASSES.index("trunk")),
    ]
    for routes, better in ways:
        for row in _used(len(population), pairs, length_m, routes, rows):
            rank[row] = min(rank[row], better)
    # No great road crosses the massif.
    inside = massif[pairs].all(axis=1)
    return np.where(inside, np.maximum(rank, CLASSES.index("tertiary")), rank)


def _routes(towns: list[int], points: Floats) -> list[tuple[int, int]]:
    routes = []
    for town in towns:
        away = np.hypot(*(points[towns] - points[town]).T)
        nearest = np.argsort(away, kind="stable")[1 : NEAR_TOWNS + 1]
        routes += [(town, towns[int(number)]) for number in nearest]
    return routes


def _used(
    count: int,
    pairs: Ints,
    length_m: Floats,
    routes: list[tuple[int, int]],
    rows: dict[tuple[int, int], int],
) -> set[int]:
    """Rows of the pairs that the shortest ways between towns take."""
    graph = coo_array((length_m, tuple(pairs.T)), shape=(count, count)).tocsr()
    starts = sorted({start for start, _ in routes})
    _, before = dijkstra(graph, directed=False, indices=starts, return_predecessors=True)
    used = set()
    for start, end in routes:
        came = before[starts.index(start)]
        here = end
        while came[here] >= 0:
            there = int(came[here])
            used.add(rows[min(here, there), max(here, there)])
            here = there
    return used
