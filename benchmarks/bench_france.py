"""France at full size: 10 million nodes, 2.3 million origins, the nearest of 100 services.

Makes a seeded road-like graph, builds its hierarchy, plans the sweeps for the nodes of
35,000 chefs-lieux and 2.3 million squares, and writes the access table: for each of 100
services of 10 to 30,000 facilities, the time in milliseconds from every origin's door
and which facility it is, 16 services to a Parquet file, so that memory holds one file's
worth. Some services are then read back and compared to the bucket search on the whole
graph. Each step has a process of its own, whose peak memory is told; that of the table
includes loading the hierarchy and the plan.

The origins are drawn anywhere, which is hard on the hierarchy: real ones stand together,
and fewer nodes lie above them.

    python benchmarks/bench_france.py                        # some 2 GB on disk for a while
    python benchmarks/bench_france.py --nodes 200000         # the same, smaller
    python benchmarks/bench_france.py --folder data/processed/france   # kept, and used again
"""

from __future__ import annotations

import argparse
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench_routing import OUTPUT, store
from sdaasp_geo.network.graph import SearchGraph
from sdaasp_geo.routing.hierarchy import build_hierarchy
from sdaasp_geo.routing.hierarchy_storage import load_hierarchy, save_hierarchy
from sdaasp_geo.routing.nearest import UNREACHED, Nearest, Seeds, nearest
from sdaasp_geo.routing.restriction import Restriction, restriction
from sdaasp_geo.routing.sweeps import nearest_by_hierarchy
from synthetic_graph import road_like_graph
from turns import high_water_mb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Row = dict[str, Any]

NODES = 10_000_000
CHEFS_LIEUX, SQUARES = 35_000, 2_300_000
SERVICES, LEAST_FACILITIES, MOST_FACILITIES = 100, 10, 30_000
SERVICES_A_FILE = 16
# The rarest, a middling and the commonest service are searched anew.
CHECKED = (0, SERVICES // 2, SERVICES - 1)
# Time between a door and its node, of origins and of facilities.
_DOOR_MS = 60_000
# Kernels are compiled, or loaded, on a graph of so many nodes before anything is timed;
# more than the searches do without threads.
_WARM_NODES = 50_000


class Place(NamedTuple):
    """Where a run keeps its files, and its size."""

    folder: Path
    nodes: int
    threads: int

    @property
    def graph(self) -> Path:
        """The graph's arrays."""
        return self.folder / f"graph-{self.nodes}.npz"

    @property
    def hierarchy(self) -> Path:
        """The hierarchy as the library keeps it."""
        return self.folder / f"hierarchy-{self.nodes}.npz"

    @property
    def size(self) -> str:
        """Name of the size in the rows."""
        return "FR" if self.nodes == NODES else f"FR {self.nodes}"

    def table(self, file: int) -> Path:
        """Return the file of some services."""
        return self.folder / f"access-{file:02}.parquet"

    def part_of(self, count: int) -> int:
        """Return how many stand for `count` of the whole of France."""
        return min(max(round(count * self.nodes / NODES), LEAST_FACILITIES), count)


class Origins(NamedTuple):
    """The nodes that are asked about, rising, with the way from the door to each."""

    node: NDArray[np.int32]
    door_ms: NDArray[np.int32]


def origins_of(place: Place, node_count: int) -> Origins:
    """Draw the chefs-lieux and the squares, each at a node of its own."""
    rng = np.random.default_rng(4)
    count = place.part_of(CHEFS_LIEUX) + place.part_of(SQUARES)
    node = np.sort(rng.choice(node_count, count, replace=False)).astype(np.int32)
    return Origins(node, rng.integers(0, _DOOR_MS, count, np.int32))


def services_of(place: Place, node_count: int) -> list[Seeds]:
    """Draw the facilities of every service."""
    rng = np.random.default_rng(5)
    sizes = np.geomspace(LEAST_FACILITIES, place.part_of(MOST_FACILITIES), SERVICES)
    return [
        Seeds(
            rng.choice(node_count, size, replace=False).astype(np.int32),
            rng.integers(0, _DOOR_MS, size, np.int32),
            np.arange(size, dtype=np.int32),
        )
        for size in np.rint(sizes).astype(int).tolist()
    ]


def make_graph(place: Place) -> Iterator[Row]:
    """Make the graph and keep it."""
    begin = time.perf_counter()
    graph = road_like_graph(place.nodes)
    yield _row(place, "france_graph", begin, {"backend": "synthetic", "threads": 1}) | _counts(
        graph
    )
    np.savez(place.graph, **graph._asdict())


def make_hierarchy(place: Place) -> Iterator[Row]:
    """Build the hierarchy and keep it; what it takes to write it is not counted."""
    graph = _stored_graph(place)
    with ThreadPoolExecutor(place.threads) as pool:
        build_hierarchy(road_like_graph(_WARM_NODES), executor=pool)
        begin = time.perf_counter()
        hierarchy = build_hierarchy(graph, executor=pool)
    yield _row(place, "france_build", begin, {}) | _counts(graph)
    save_hierarchy(place.hierarchy, hierarchy, graph)


def make_table(place: Place) -> Iterator[Row]:
    """Load the hierarchy, plan the sweeps, and write the access table, file after file."""
    _warm_up(place)
    begin = time.perf_counter()
    graph = _stored_graph(place)
    counts = _counts(graph)
    hierarchy = load_hierarchy(place.hierarchy, graph)
    # Nothing below searches the graph.
    del graph
    yield _row(place, "france_load", begin, {"threads": 1}) | counts

    origins = origins_of(place, hierarchy.rank.size)
    services = services_of(place, hierarchy.rank.size)
    begin = time.perf_counter()
    plan = restriction(hierarchy, origins.node)
    # `restriction` starts as many threads as there are cores, whatever is asked.
    yield _row(place, "france_plan", begin, {}) | counts | {"origins": origins.node.size}

    begin = time.perf_counter()
    writing = _write_table(place, plan, services, origins)
    row = _row(place, "france_table", begin, {"items": SERVICES}) | counts
    written = sum(path.stat().st_size for path in place.folder.glob("access-*.parquet"))
    yield row | {
        "origins": origins.node.size,
        "writing_seconds": round(writing, 2),
        "written_mb": round(written / 1e6),
    }


def check_table(place: Place) -> Iterator[Row]:
    """Search a few services on the whole graph, and compare what was written for them."""
    graph = _stored_graph(place)
    origins = origins_of(place, graph.indptr.size - 1)
    services = services_of(place, graph.indptr.size - 1)
    warm = road_like_graph(_WARM_NODES)
    with ThreadPoolExecutor(place.threads) as pool:
        nearest(warm, services_of(place._replace(nodes=_WARM_NODES), warm.indptr.size - 1)[:1])
        begin = time.perf_counter()
        found = nearest(graph, [services[number] for number in CHECKED], executor=pool)
    row = _row(place, "france_table", begin, {"backend": "bucket", "items": len(CHECKED)})
    equal = all(
        _as_written(place, number, origins, Nearest(found.time_ms[line], found.label[line]))
        for line, number in enumerate(CHECKED)
    )
    yield row | _counts(graph) | {"equal": equal, "origins": origins.node.size}


def _write_table(place: Place, plan: Restriction, services: list[Seeds], origins: Origins) -> float:
    """Ask and write for some services at a time; return the seconds that writing took."""
    writing = 0.0
    with ThreadPoolExecutor(place.threads) as pool:
        for file, first in enumerate(range(0, len(services), SERVICES_A_FILE)):
            some = services[first : first + SERVICES_A_FILE]
            found = nearest_by_hierarchy(plan.hierarchy, some, nodes=plan, executor=pool)
            begin = time.perf_counter()
            _write(place.table(file), found, origins, first)
            writing += time.perf_counter() - begin
    return writing


def _write(path: Path, found: Nearest, origins: Origins, first: int) -> None:
    """Write two columns a service: milliseconds from door to door, and the facility."""
    columns = {"origin_node": pa.array(origins.node)}
    for number, (time_ms, label) in enumerate(zip(*found, strict=True), start=first):
        reached = time_ms != UNREACHED
        np.add(time_ms, origins.door_ms, out=time_ms, where=reached)
        missing = None if reached.all() else ~reached
        columns[f"time_ms_{number}"] = pa.array(time_ms, mask=missing)
        columns[f"facility_{number}"] = pa.array(label, mask=missing)
    # Neighbours in the table are neighbours on the ground: differences are small.
    pq.write_table(
        pa.table(columns),
        path,
        use_dictionary=False,
        column_encoding="DELTA_BINARY_PACKED",
        compression="zstd",
    )


def _as_written(place: Place, number: int, origins: Origins, found: Nearest) -> bool:
    """Whether the file of a service holds what a search on the whole graph has found."""
    names = [f"time_ms_{number}", f"facility_{number}"]
    table = pq.read_table(place.table(number // SERVICES_A_FILE), columns=names)
    time_ms = found.time_ms[origins.node]
    reached = time_ms != UNREACHED
    expected = time_ms + np.where(reached, origins.door_ms, 0), found.label[origins.node]
    return all(
        np.array_equal(table[name].is_valid().to_numpy(), reached)
        and np.array_equal(table[name].drop_null().to_numpy(), values[reached])
        for name, values in zip(names, expected, strict=True)
    )


def _warm_up(place: Place) -> None:
    """Compile, or load what was compiled, outside of what is timed."""
    graph = road_like_graph(_WARM_NODES)
    small = place._replace(nodes=_WARM_NODES)
    count = graph.indptr.size - 1
    hierarchy = build_hierarchy(graph)
    plan = restriction(hierarchy, origins_of(small, count).node)
    nearest_by_hierarchy(hierarchy, services_of(small, count)[:1], nodes=plan)


def _stored_graph(place: Place) -> SearchGraph:
    with np.load(place.graph) as arrays:
        return SearchGraph(**{name: arrays[name] for name in SearchGraph._fields})


def _counts(graph: SearchGraph) -> Row:
    return {"nodes": graph.indptr.size - 1, "arcs": graph.heads.size}


def _row(place: Place, task: str, begin: float, told: Row) -> Row:
    """Return what a step took since `begin`, and what its process has taken in all."""
    seconds = time.perf_counter() - begin
    row = {"task": task, "size": place.size, "backend": "hierarchy", "threads": place.threads}
    row |= {"items": 1, "equal": None} | told
    return row | {
        "seconds": round(seconds, 5),
        "ms_an_item": seconds / row["items"] * 1000,
        "peak_mb": round(high_water_mb()),
    }


def _all_rows(step: Callable[[Place], Iterator[Row]], place: Place) -> list[Row]:
    return list(step(place))


def elsewhere(step: Callable[[Place], Iterator[Row]], place: Place) -> list[Row]:
    """Run a step in a new process, and print what it took."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        rows = pool.submit(_all_rows, step, place).result()
    for row in rows:
        print(
            f"{row['size']:12}{row['task']:14}{row['backend']:10}{row['threads']:3}"
            f"{row['items']:5}{row['seconds']:10.2f} s{row['ms_an_item']:12.1f} ms an item"
            f"{row['peak_mb']:8,} MB  equal: {row['equal']}",
            flush=True,
        )
    return rows


def measure(place: Place) -> Iterator[list[Row]]:
    """Run all steps whose result is not there already; tell all rows after each step."""
    rows = []
    if not place.graph.exists():
        rows += elsewhere(make_graph, place)
        yield rows
    if not place.hierarchy.exists():
        rows += elsewhere(make_hierarchy, place)
        yield rows
    rows += elsewhere(make_table, place)
    yield rows
    check = elsewhere(check_table, place)
    # What was compared is the table that the hierarchy gave.
    rows[-1]["equal"] = check[-1]["equal"]
    yield rows + check


def main() -> None:
    """Measure, print, store."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--nodes", type=int, default=NODES, help="default: 10 million")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="keeps graph, hierarchy and table")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args()
    options.output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.output.parent) as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        # Stored after each step: the next one may need more memory than there is.
        for rows in measure(Place(folder, options.nodes, options.threads)):
            store(rows, options.output)
    if any(row["equal"] is False for row in rows):
        message = "times differ from those of the search on the whole graph"
        raise SystemExit(message)
    print(f"written: {options.output}")


if __name__ == "__main__":
    main()
