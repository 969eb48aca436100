"""A regional OpenStreetMap extract, drawn and seeded, of any size.

Streets with their bends on a lattice of junctions, cut by the way as mappers do; lanes and
trails that lead off them; five buildings for every road, lane or trail, an assumption
after the import of the French cadastre; land use, places and trees. Nodes are in order of
ids that run to ten thousand million in 300 MB, with gaps between edits, as in real files: the
dates of edits and not the map tell the order, which decides what an index of nodes takes in
memory. Relations and the names of mappers are left out.
"""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pbf_writing import Nodes, TagSets, Ways, header, node_blocks, tag_sets, way_blocks

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Int64 = NDArray[np.int64]
    Bools = NDArray[np.bool_]

# What a cell of the lattice comes to in a file, measured at 5 megabytes.
_BYTES_A_CELL = 475
_BAND_ROWS = 16
# South-west corner, and the sides of a cell of about 200 m, in ten-millionths of a degree.
_CORNER, _CELL = (20_000_000, 440_000_000), (25_000, 18_000)
_SEED = 7

# Local, arterial and express lines of the lattice: every so many lines, and the share of
# their streets that exists.
_EVERY = (1, 12, 96)
_KEPT = np.array([0.64, 0.97, 0.99])
_TIERS = ("local", "arterial", "express")
# Objects a cell. The lattice gives another 0.95 ways.
_LANES, _TRAILS, _BUILDINGS, _LANDS, _PLACES = 0.35, 0.35, 9.0, 0.3, 0.6

# Ids and dates: one object in ten begins a new edit, so many ids after the one before.
_NEW_EDIT, _NODE_GAP, _WAY_GAP = 0.1, 18_000, 2_500
_FIRST_DATE, _IDS_A_DATE, _SECONDS_A_DATE = 1_150_000_000, 20_000, 800


class Drawn(NamedTuple):
    """Ways, vertex by vertex; x and y in cells.

    `junction` numbers the vertices that are junctions of the lattice, -1 for others;
    `again` tells those that are the first of their way once more.
    """

    indptr: Int64
    x: Floats
    y: Floats
    junction: Int64
    again: Bools
    tag_set: Int64

    @property
    def new(self) -> Bools:
        """Vertices whose node is nobody else's."""
        return (self.junction < 0) & ~self.again


class Kinds(NamedTuple):
    """Sets of tags, where those of each kind stand, and whether a car may use such a way."""

    tags: TagSets
    spans: dict[str, tuple[int, int]]
    drivable: Bools

    def draw(self, kind: str, count: int, rng: np.random.Generator) -> Int64:
        """Draw sets of a kind."""
        return rng.integers(*self.spans[kind], count)


class World:
    """The lattice, and what has been drawn and numbered so far."""

    def __init__(self, side: int) -> None:
        self.side = side
        self.rng = np.random.default_rng(_SEED)
        self.kinds = _kinds(random.Random(_SEED))  # noqa: S311  (not a secret)
        rows, columns = np.divmod(np.arange(side * side), side)
        shaken = self.rng.uniform(-0.35, 0.35, (2, side * side))
        self.x, self.y = columns + shaken[0], rows + shaken[1]
        self.next_node = self.next_way = 1
        self.junction_id = self._ids(np.ones(side * side, bool), _NODE_GAP, self.next_node)
        self.next_node = int(self.junction_id[-1]) + 1
        # To know what a reader should find: how many drivable ways meet at each
        # junction, those that lie within a way, and the ways.
        self.uses = np.zeros(side * side, np.int64)
        self.passed: list[Int64] = []
        self.ways = self.drivable_ways = 0
        self.nodes = side * side

    @property
    def streets(self) -> int:
        """Stretches between junctions that a car may use."""
        cut = sum(int((self.uses[passed] > 1).sum()) for passed in self.passed)
        return self.drivable_ways + cut

    def junctions(self) -> Nodes:
        """All junctions; a few have traffic lights."""
        lit = self.rng.random(self.x.size) < 0.02
        tag_set = np.where(lit, self.kinds.spans["lights"][0], 0)
        return self._nodes(self.junction_id, self.x, self.y, tag_set)

    def band(self, first_row: int) -> tuple[Nodes, Ways]:
        """Everything that stands in some rows of the lattice."""
        rows = np.arange(first_row, min(first_row + _BAND_ROWS, self.side))
        drawn = _joined(self._drawn(rows))
        self._count(drawn)
        new = drawn.new
        places = self._scattered(_PLACES, rows)
        way_of_new = np.repeat(np.arange(drawn.tag_set.size), np.diff(drawn.indptr))[new]
        starts = np.append(np.diff(way_of_new, prepend=-1) > 0, np.ones(places.shape[1], bool))
        node_id = self._ids(starts, _NODE_GAP, self.next_node)
        self.next_node = int(node_id[-1]) + 1
        self.nodes += node_id.size
        tagged = self.kinds.draw("place", places.shape[1], self.rng)
        x, y = np.append(drawn.x[new], places[0]), np.append(drawn.y[new], places[1])
        tag_set = np.append(np.zeros(way_of_new.size, np.int64), tagged)
        return self._nodes(node_id, x, y, tag_set), self._ways(drawn, node_id)

    def _drawn(self, rows: Int64) -> list[Drawn]:
        number = np.arange(self.side * self.side).reshape(self.side, self.side)
        beyond = min(int(rows[-1]) + 2, self.side)
        here = number[rows]
        return [
            self._lines(here, rows),
            self._lines(number[rows[0] : beyond].T, np.arange(self.side)),
            self._branches("lane", _LANES, here),
            self._branches("trail", _TRAILS, here),
            self._rings("building", rows, (_BUILDINGS, 0.04), (4, 9)),
            self._rings("land", rows, (_LANDS, 0.6), (8, 40)),
        ]

    def _lines(self, junctions: Int64, lines: Int64) -> Drawn:
        """Streets along lines of junctions; every other two of them may be one way."""
        tier = sum((lines % every == 0).astype(int) for every in _EVERY) - 1
        shape = junctions.shape[0], junctions.shape[1] - 1
        kept = self.rng.random(shape) < _KEPT[tier][:, None]
        follows = np.zeros(shape, bool)
        follows[:, 1::2] = self.rng.random(follows[:, 1::2].shape) < 0.5
        follows[:, 1:] &= kept[:, :-1]
        begins = ~follows[kept]
        start, end = junctions[:, :-1][kept], junctions[:, 1:][kept]
        bends = self.rng.integers(3, 7, start.size)
        ends_way = np.append(begins[1:], True)[: begins.size]
        street, place = _flat(bends + 1 + ends_way)
        x, y = self._bent(start, end, street, place / (bends + 1)[street])
        junction = np.where(place == 0, start[street], -1)
        junction = np.where(place > bends[street], end[street], junction)
        way = np.cumsum(begins) - 1
        tier_of_way = np.broadcast_to(tier[:, None], shape)[kept][begins]
        tag_set = np.empty(tier_of_way.size, np.int64)
        for number, kind in enumerate(_TIERS):
            mine = tier_of_way == number
            tag_set[mine] = self.kinds.draw(kind, int(mine.sum()), self.rng)
        counts = np.bincount(way[street], minlength=tag_set.size)
        return Drawn(_offsets(counts), x, y, junction, np.zeros(x.size, bool), tag_set)

    def _bent(
        self, start: Int64, end: Int64, street: Int64, share: Floats
    ) -> tuple[Floats, Floats]:
        """Points on an arc from junction to junction, at some share of the way."""
        across = self.rng.normal(0, 0.08, start.size)[street] * np.sin(np.pi * share)
        along_x, along_y = ((axis[end] - axis[start])[street] for axis in (self.x, self.y))
        x = self.x[start][street] + share * along_x - across * along_y
        return x, self.y[start][street] + share * along_y + across * along_x

    def _branches(self, kind: str, a_cell: float, junctions: Int64) -> Drawn:
        """Ways that lead off a junction, bending, to nowhere."""
        start = np.sort(self.rng.choice(junctions.ravel(), round(a_cell * junctions.size)))
        way, place = _flat(self.rng.integers(5, 16, start.size))
        turn = self.rng.normal(0, 0.06, start.size)[way] * place
        heading = self.rng.uniform(0, 2 * np.pi, start.size)[way] + turn
        x = self.x[start][way] + 0.05 * place * np.cos(heading)
        y = self.y[start][way] + 0.05 * place * np.sin(heading)
        junction = np.where(place == 0, start[way], -1)
        tag_set = self.kinds.draw(kind, start.size, self.rng)
        return Drawn(
            _offsets(np.bincount(way, minlength=start.size)),
            x,
            y,
            junction,
            np.zeros(x.size, bool),
            tag_set,
        )

    def _rings(
        self, kind: str, rows: Int64, many: tuple[float, float], corners: tuple[int, int]
    ) -> Drawn:
        """Draw closed ways of a kind: so many a cell, of such a radius, with so many corners."""
        centre = self._scattered(many[0], rows)
        count = centre.shape[1]
        sides = self.rng.integers(*corners, count)
        way, place = _flat(sides + 1)
        angle = 2 * np.pi * place / sides[way] + self.rng.uniform(0, 6, count)[way]
        radius = many[1] * self.rng.uniform(0.5, 1.5, count)[way]
        return Drawn(
            _offsets(sides + 1),
            centre[0][way] + radius * np.cos(angle),
            centre[1][way] + radius * np.sin(angle),
            np.full(way.size, -1),
            place == sides[way],
            self.kinds.draw(kind, count, self.rng),
        )

    def _scattered(self, a_cell: float, rows: Int64) -> Floats:
        """Points, cell after cell."""
        count = round(a_cell * rows.size * self.side)
        cell = np.sort(self.rng.integers(0, rows.size * self.side, count))
        inside = self.rng.random((2, count))
        row, column = np.divmod(cell, self.side)
        return np.stack([column, rows[0] + row]) + inside

    def _ids(self, starts: Bools, gap: int, first: int) -> Int64:
        """Rising ids: an object's run on, and so do those of one edit."""
        edit = starts & (self.rng.random(starts.size) < _NEW_EDIT)
        steps = np.ones(starts.size, np.int64)
        steps[edit] += self.rng.exponential(gap, int(edit.sum())).astype(np.int64)
        return first + np.cumsum(steps)

    def _nodes(self, node_id: Int64, x: Floats, y: Floats, tag_set: Int64) -> Nodes:
        lon, lat = (
            np.rint(corner + cell * axis).astype(np.int64)
            for corner, cell, axis in zip(_CORNER, _CELL, (x, y), strict=True)
        )
        # Some have been moved since they were made.
        moved = self.rng.random(node_id.size) < 0.1
        later = self.rng.integers(0, 100_000_000, int(moved.sum()))
        timestamp = _date(node_id)
        timestamp[moved] += later
        return Nodes(node_id, lat, lon, tag_set, 1 + moved.astype(np.int64), timestamp)

    def _ways(self, drawn: Drawn, node_id: Int64) -> Ways:
        way_id = self._ids(np.ones(drawn.tag_set.size, bool), _WAY_GAP, self.next_way)
        self.next_way = int(way_id[-1]) + 1
        refs = self.junction_id[drawn.junction]
        refs[drawn.new] = node_id[: int(drawn.new.sum())]
        first = np.repeat(drawn.indptr[:-1], np.diff(drawn.indptr))
        refs[drawn.again] = refs[first[drawn.again]]
        return Ways(way_id, drawn.tag_set, _date(way_id * 10), drawn.indptr, refs)

    def _count(self, drawn: Drawn) -> None:
        drivable = self.kinds.drivable[drawn.tag_set]
        self.ways += drivable.size
        self.drivable_ways += int(drivable.sum())
        met = np.repeat(drivable, np.diff(drawn.indptr)) & (drawn.junction >= 0)
        self.uses += np.bincount(drawn.junction[met], minlength=self.uses.size)
        met[drawn.indptr[:-1]] = met[drawn.indptr[1:] - 1] = False
        self.passed.append(drawn.junction[met])


def write_extract(path: Path, megabytes: float, threads: int) -> dict[str, Any]:
    """Draw a world of about so many megabytes and write it; return what is in it."""
    begin = time.perf_counter()
    world = World(max(round((megabytes * 1e6 / _BYTES_A_CELL) ** 0.5), 4))
    tags = world.kinds.tags
    first_rows = world.rng.permutation(np.arange(0, world.side, _BAND_ROWS))
    later: list[bytes] = []
    part = path.with_suffix(".part")
    with part.open("wb") as file, ThreadPoolExecutor(threads) as pool:
        file.write(header())
        file.writelines(node_blocks(world.junctions(), tags, pool))
        for first_row in first_rows.tolist():
            nodes, ways = world.band(first_row)
            file.writelines(node_blocks(nodes, tags, pool))
            later += way_blocks(ways, tags, pool)
        file.writelines(later)
    part.replace(path)
    return {
        "streets": world.streets,
        "nodes_in_file": world.nodes,
        "ways_in_file": world.ways,
        "drivable_ways": world.drivable_ways,
        "megabytes": round(path.stat().st_size / 1e6, 1),
        "making_seconds": round(time.perf_counter() - begin, 1),
    }


def _kinds(rng: random.Random) -> Kinds:
    """Make sets of tags, as many of each kind as make names and numbers vary."""
    names = [f"Rue {rng.choice('ABCDEFGHJLMNPRSTV')}{rng.randrange(10**6)}" for _ in range(400)]
    roads = {
        "local": ("residential", "unclassified", "tertiary", "living_street"),
        "arterial": ("secondary", "tertiary", "primary"),
        "express": ("trunk", "primary"),
        "lane": ("service",),
    }
    sets: dict[str, list[dict[str, str]]] = {"none": [{}]}
    for kind, classes in roads.items():
        count = 1200 if kind == "local" else 300
        sets[kind] = [_road(rng, classes, names) for _ in range(count)]
    trails = ("track", "path", "footway", "cycleway", "steps")
    sets["trail"] = [{"highway": trail, "surface": "ground"} for trail in trails]
    cadastre = "cadastre-dgi-fr source : Direction Générale des Impôts"
    sets["building"] = [
        {"building": "yes", "source": cadastre},
        {"building": "yes", "source": cadastre, "wall": "no"},
        {"building": "house"},
    ]
    lands = ("forest", "meadow", "vineyard", "residential", "farmland")
    sets["land"] = [{"landuse": land} for land in lands]
    sets["place"] = [
        *({"amenity": "restaurant", "name": f"Chez {name}"} for name in names[:100]),
        *({"addr:housenumber": str(number), "source": cadastre} for number in range(1, 200)),
        *({"natural": "tree"} for _ in range(200)),
    ]
    sets["lights"] = [{"highway": "traffic_signals"}]
    spans, first = {}, 0
    for kind, of_kind in sets.items():
        spans[kind] = first, first + len(of_kind)
        first += len(of_kind)
    flat = [tags for of_kind in sets.values() for tags in of_kind]
    classes = {name for some in roads.values() for name in some}
    drivable = [tags.get("highway") in classes and "access" not in tags for tags in flat]
    return Kinds(tag_sets(flat), spans, np.array(drivable))


def _road(rng: random.Random, classes: tuple[str, ...], names: list[str]) -> dict[str, str]:
    """Tags of a road; the first of its classes is the most frequent."""
    tags = {"highway": rng.choice((*classes, classes[0]))}
    choices = {
        "name": (0.6, names),
        "maxspeed": (0.35, ("30", "50", "70", "80", "FR:urban", "FR:rural")),
        "oneway": (0.12, ("yes", "yes", "yes", "-1")),
        "surface": (0.4, ("asphalt", "concrete")),
        "lanes": (0.2, ("1", "2")),
        "access": (0.02, ("private",)),
    }
    for key, (share, values) in choices.items():
        if rng.random() < share:
            tags[key] = rng.choice(values)
    return tags


def _joined(parts: list[Drawn]) -> Drawn:
    """Lay ways of several kinds end to end."""
    columns = dict(zip(Drawn._fields, zip(*parts, strict=True), strict=True))
    counts = np.concatenate([np.diff(part.indptr) for part in parts])
    rest = {name: np.concatenate(columns[name]) for name in Drawn._fields[1:]}
    return Drawn(_offsets(counts), **rest)


def _flat(counts: Int64) -> tuple[Int64, Int64]:
    """Return the owner of each vertex, and its place among the owner's."""
    owner = np.repeat(np.arange(counts.size), counts)
    return owner, np.arange(owner.size) - _offsets(counts)[owner]


def _offsets(counts: Int64) -> Int64:
    return np.concatenate([[0], np.cumsum(counts)])


def _date(number: Int64) -> Int64:
    return _FIRST_DATE + number // _IDS_A_DATE * _SECONDS_A_DATE
