"""Streets of towns and villages: a rough grid around each seat, as large as its people need."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from sdaasp_geo.example.names import street_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from sdaasp_geo.example.geography import Floats
    from sdaasp_geo.example.sheet import Sheet, Way

    Bools = npt.NDArray[np.bool_]
    Ints = npt.NDArray[np.int64]

BLOCK_M: Final = 105.0
# Streets spread from the seat over so many blocks: a few for a hamlet, one more for each
# step of the square root of the inhabitants.
LEAST_BLOCKS: Final = 2.1
ROOT_INHABITANTS_PER_BLOCK: Final = 17.0
# Half the way to the next seat at most, less a gap.
SHARE_OF_GAP: Final = 0.44
MISSING_SHARE: Final = 0.11
ONEWAY_SHARE: Final = 0.3
# One-way plans are for towns, and every fourth street of a town is a through street.
TOWN_BLOCKS: Final = 5.5
THROUGH_EVERY: Final = 4
# Capes and bays of a town's outline: waves around it, and their height.
LOBES: Final = (2, 3, 5)
LOBE_SHARE: Final = 0.07


@dataclass(frozen=True)
class Town:
    """Streets around a seat.

    Parameters
    ----------
    nodes
        Numbers of the crossings on the sheet; the seat itself first.
    points
        Their positions (m), shape (n, 2).
    streets
        Ways that may be one-way.
    """

    nodes: list[int]
    points: Floats
    streets: list[Way]

    def gate(self, towards: Floats) -> int:
        """Return the crossing nearest to a place outside."""
        away = np.hypot(*(self.points - towards).T)
        return self.nodes[int(np.argmin(away))]


@dataclass(frozen=True)
class _Grid:
    """Crossings kept, by their place in the grid, and streets kept between them."""

    index: Ints  # (2k+1, 2k+1), -1 where there is no crossing
    points: Floats
    across: Bools  # from [i, j] to [i + 1, j]
    along: Bools  # from [i, j] to [i, j + 1]


def reach_blocks(population: int, gap_m: float) -> float:
    """Tell how many blocks the streets of so many inhabitants reach, short of the next seat.

    Examples
    --------
    >>> round(reach_blocks(2_500, 6_000.0), 2), round(reach_blocks(2_500, 600.0), 2)
    (5.04, 2.51)
    """
    wanted = LEAST_BLOCKS + math.sqrt(population) / ROOT_INHABITANTS_PER_BLOCK
    return min(wanted, gap_m * SHARE_OF_GAP / BLOCK_M)


def draw_town(
    sheet: Sheet,
    rng: np.random.Generator,
    ground: shapely.Geometry,
    seat: Floats,
    *,
    blocks: float,
    artery: str,
) -> Town:
    """Draw the streets around a seat.

    Parameters
    ----------
    ground
        Streets stay on it.
    seat
        Position (m), shape (2,).
    blocks
        How far streets go, see :func:`reach_blocks`.
    artery
        Class of the two streets that cross at the seat.
    """
    grid = _grid(rng, ground, seat, blocks)
    nodes = sheet.place(grid.points)
    middle = grid.index.shape[0] // 2
    streets = []
    for run, offset in _runs(grid, middle):
        tags = _tags(rng, abs(offset), blocks, artery)
        numbers = _with_bends(sheet, rng, [nodes[number] for number in run])
        way = sheet.draw(numbers, tags)
        if "oneway" in tags:
            streets.append(way)
    return Town(nodes, grid.points, streets)


def _grid(rng: np.random.Generator, ground: shapely.Geometry, seat: Floats, blocks: float) -> _Grid:
    half = math.ceil(blocks * 1.2)
    steps = np.arange(-half, half + 1)
    i, j = np.meshgrid(steps, steps, indexing="ij")
    angle, phase = np.arctan2(j, i), rng.uniform(0.0, 2 * np.pi, len(LOBES))
    lobes = 1 + LOBE_SHARE * np.sin(np.multiply.outer(angle, LOBES) + phase).sum(axis=-1)
    turn = rng.uniform(0.0, np.pi / 2)
    jitter = rng.uniform(-0.16, 0.16, (2, *i.shape)) * ((i != 0) | (j != 0))
    u, v = i + jitter[0], j + jitter[1]
    x = seat[0] + BLOCK_M * (u * np.cos(turn) - v * np.sin(turn))
    y = seat[1] + BLOCK_M * (u * np.sin(turn) + v * np.cos(turn))
    kept = (np.hypot(i, j) <= blocks * lobes) & shapely.contains_xy(ground, x, y)
    kept[half, half] = True
    across = kept[:-1] & kept[1:] & (rng.random(kept[:-1].shape) > MISSING_SHARE)
    along = kept[:, :-1] & kept[:, 1:] & (rng.random(kept[:, :-1].shape) > MISSING_SHARE)
    across[:, half] = kept[:-1, half] & kept[1:, half]
    along[half] = kept[half, :-1] & kept[half, 1:]
    joined = _joined(kept, across, along)
    return _numbered(joined, x, y, across & joined[:-1], along & joined[:, :-1])


def _joined(kept: Bools, across: Bools, along: Bools) -> Bools:
    """Tell which crossings the seat is joined to."""
    numbers = np.arange(kept.size).reshape(kept.shape)
    start = np.concatenate([numbers[:-1][across], numbers[:, :-1][along]])
    end = np.concatenate([numbers[1:][across], numbers[:, 1:][along]])
    graph = coo_array((np.ones(start.size), (start, end)), shape=(kept.size, kept.size))
    _, piece = connected_components(graph.tocsr(), directed=False)
    joined: Bools = (piece == piece[kept.size // 2]).reshape(kept.shape)
    return joined


def _numbered(joined: Bools, x: Floats, y: Floats, across: Bools, along: Bools) -> _Grid:
    half = joined.shape[0] // 2
    places = np.argwhere(joined)
    # The seat comes first.
    seat = np.flatnonzero((places == half).all(axis=1))
    places = np.vstack([places[seat], np.delete(places, seat, axis=0)])
    index = np.full(joined.shape, -1, dtype=np.int64)
    index[tuple(places.T)] = np.arange(len(places))
    points = np.column_stack([x[tuple(places.T)], y[tuple(places.T)]])
    return _Grid(index, points, across, along)


def _runs(grid: _Grid, middle: int) -> Iterator[tuple[list[int], int]]:
    """Give each street as crossings in a row, with its distance in blocks from the seat."""
    for links, index in ((grid.across, grid.index), (grid.along.T, grid.index.T)):
        for line in range(index.shape[1]):
            run: list[int] = []
            for step, linked in enumerate(links[:, line]):
                if linked:
                    run = run or [int(index[step, line])]
                    run.append(int(index[step + 1, line]))
                elif run:
                    yield run, line - middle
                    run = []
            if run:
                yield run, line - middle


def _tags(rng: np.random.Generator, offset: int, blocks: float, artery: str) -> dict[str, str]:
    name = street_name(rng)
    draw = rng.random()
    if offset == 0:
        return {"highway": artery, "name": name, "maxspeed": "50"}
    if blocks > TOWN_BLOCKS and offset % THROUGH_EVERY == 0:
        return {"highway": "tertiary", "name": name, "maxspeed": "FR:urban"}
    tags = {"highway": "living_street" if draw > 0.97 else "residential", "name": name}
    if draw < 0.2:
        tags["maxspeed"] = "30"
    elif draw < 0.4:
        tags["maxspeed"] = "FR:urban"
    elif draw < 0.45:
        tags["zone:maxspeed"] = "FR:30"
    if blocks > TOWN_BLOCKS and rng.random() < ONEWAY_SHARE:
        tags["oneway"] = "yes"
    return tags


def _with_bends(sheet: Sheet, rng: np.random.Generator, run: list[int]) -> list[int]:
    """Put a point in the middle of every other block, a little aside."""
    # Half the one-way streets lead the other way.
    run = run[::-1] if rng.random() < 0.5 else run
    bent = run[:1]
    for node in run[1:]:
        if rng.random() < 0.5:
            middle = (sheet.at(bent[-1]) + sheet.at(node)) / 2 + rng.uniform(-5.0, 5.0, 2)
            bent += sheet.place(middle[None, :])
        bent.append(node)
    return bent
