"""Searches beside the peers, in one run: this library, scipy, networkx, pandana, OSRM.

Five tasks on seeded synthetic road-like graphs: `nearest_all` (29 services, every node),
`nearest_origins` (the same for 5,000 of them), `matrix` (2,000 × 2,000), `candidates`
(what each of 500 new sites would gain) and `build` (the hierarchy). Seconds are medians of
three turns, the backends of a task taking turns so that whatever else the machine does falls
on all of them; slow peers take one turn, over a part of the services or sources, and
are compared by service or by source. Every result is compared to scipy's: `equal` is to the
millisecond, None where the peer keeps other times (pandana: 4 to 8 ms off; OSRM: its own
model). Peak memory is that of a process of its own for each backend.

    python benchmarks/bench_routing.py --sizes S,M,L
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import platform
import statistics
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import osrm_peer
from ours import Bucket, ByHierarchy, built
from peers import Networkx, Pandana, Scipy, installed
from sdaasp_geo.network.graph import SearchGraph
from sdaasp_geo.routing.nearest import nearest
from synthetic_graph import road_like_graph, services

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from sdaasp_geo.routing.nearest import Seeds

    Rows = Sequence[NDArray[Any]]

NODES = {"XS": 5_000, "S": 50_000, "M": 500_000, "L": 3_000_000}
OUTPUT = Path(__file__).parents[1] / "data" / "processed" / "bench.json"
TURNS = 3
ORIGINS, SIDE, SITES = 5_000, 2_000, 500
# Facilities of the services that candidates are tried for.
DENSITIES = (10, 173, 3_000)
# Beyond this many nodes a slow peer does the first and the last service only, and 20
# sources of a matrix.
_WHOLE_BELOW = 100_000
_FEW_SOURCES = 20


class Entry(NamedTuple):
    """One backend at one task.

    `make` prepares it from the graph, untimed; `method` of what it made answers when
    called with `arguments`. `items` services, sources or candidates are asked about, and
    `expected` is the right answer, row by row, for those of `rows`; None where the peer
    keeps other times. A slow one takes a single turn.
    """

    task: str
    name: str
    threads: int
    make: Callable[[SearchGraph], Any]
    method: str
    arguments: tuple[Any, ...]
    items: int
    expected: Rows | None
    rows: Sequence[int] | None = None
    slow: bool = False

    def equal(self, answer: Rows) -> bool | None:
        """Whether an answer is the right one, to the millisecond."""
        if self.expected is None:
            return None
        found = answer if self.rows is None else [answer[row] for row in self.rows]
        return all(
            np.array_equal(row, times) for row, times in zip(found, self.expected, strict=True)
        )


class Asked(NamedTuple):
    """What is asked of every backend on one graph, and where the hierarchy is kept."""

    graph: SearchGraph
    wanted: list[Seeds]
    nodes: NDArray[np.int64]
    sources: NDArray[np.int64]
    targets: NDArray[np.int64]
    sites: NDArray[np.int64]
    stored: str

    @property
    def small(self) -> bool:
        """Whether slow peers can be asked about everything."""
        return self.graph.indptr.size < _WHOLE_BELOW

    def with_hierarchy(self, threads: int) -> Callable[[SearchGraph], ByHierarchy]:
        """Return what prepares our searches by hierarchy."""
        return functools.partial(ByHierarchy, stored=self.stored, threads=threads)


def asked_of(size: str, folder: str) -> Asked:
    """Draw everything that is asked on the graph of one size, and build its hierarchy."""
    graph = road_like_graph(NODES[size])
    count = graph.indptr.size - 1
    rng = np.random.default_rng(3)
    drawn = [rng.choice(count, min(n, count), replace=False) for n in (ORIGINS, SIDE, SIDE, SITES)]
    stored = str(Path(folder) / f"hierarchy-{size}.npz")
    ByHierarchy(graph, stored)
    return Asked(graph, services(count), np.sort(drawn[0]), *drawn[1:], stored)


def nearest_entries(asked: Asked) -> list[Entry]:
    """Ask for every node the nearest facility of 29 services."""
    wanted, count = asked.wanted, len(asked.wanted)
    times = Scipy(asked.graph).nearest(wanted)
    # The first and the last service: few facilities, many facilities.
    few = range(count) if asked.small else [0, count - 1]
    part, part_times = [wanted[i] for i in few], [times[i] for i in few]
    task, whole = "nearest_all", (wanted,)
    entries = [Entry(task, "scipy", 1, Scipy, "nearest", whole, count, times)]
    for threads in (1, 2):
        bucket, hierarchy = _bucket(threads), asked.with_hierarchy(threads)
        entries += [
            Entry(task, "bucket", threads, bucket, "nearest", whole, count, times),
            Entry(task, "hierarchy", threads, hierarchy, "nearest", whole, count, times),
            Entry(task, "hierarchy, times", threads, hierarchy, "times", whole, count, times),
        ]
    entries += [
        Entry(task, "bucket, two", 1, _bucket(1), "nearest_two", whole, count, times),
        Entry(task, "networkx", 1, Networkx, "nearest", (part,), len(part), part_times, slow=True),
    ]
    if installed("pandana"):
        # As far as it has to look, and no farther.
        arguments = (part, 1.01 * max(row.max() for row in part_times) / 1000)
        entries.append(
            Entry(task, "pandana", 2, Pandana, "nearest", arguments, len(part), None, slow=True)
        )
    return entries


def origin_entries(asked: Asked) -> list[Entry]:
    """Ask for some nodes the nearest facility of 29 services."""
    wanted, count = asked.wanted, len(asked.wanted)
    arguments = (wanted, asked.nodes)
    times = [row[asked.nodes] for row in Bucket(asked.graph, 2).nearest(wanted)]
    task = "nearest_origins"
    entries = [Entry(task, "bucket", 2, _bucket(2), "origins", arguments, count, times)]
    for threads in (1, 2):
        make = asked.with_hierarchy(threads)
        entries += [
            Entry(task, "hierarchy", threads, make, "origins", arguments, count, times),
            Entry(task, "hierarchy, planned", threads, make, "planned", arguments, count, times),
        ]
    return entries


def matrix_entries(asked: Asked) -> list[Entry]:
    """Ask for a matrix of 2,000 by 2,000; scipy for 20 sources on a large graph."""
    sources, targets = asked.sources, asked.targets
    rows = range(sources.size if asked.small else _FEW_SOURCES)
    few = sources[list(rows)]
    expected = Scipy(asked.graph).table(few, targets)
    task, whole = "matrix", (sources, targets)
    entries = [
        Entry(task, "scipy", 1, Scipy, "table", (few, targets), few.size, expected, slow=True)
    ]
    for threads in (1, 2):
        make = asked.with_hierarchy(threads)
        entries.append(
            Entry(task, "hierarchy", threads, make, "table", whole, sources.size, expected, rows)
        )
    if installed("pandana"):
        entries.append(
            Entry(task, "pandana", 2, Pandana, "table", whole, sources.size, None, slow=True)
        )
    return entries


def candidate_entries(asked: Asked) -> list[Entry]:
    """Ask what each of 500 new sites would gain, for sparse and dense services."""
    entries = []
    for density in DENSITIES:
        seeds = next(found for found in asked.wanted if found.node.size == density)
        (today_ms,) = Bucket(asked.graph).nearest([seeds])
        arguments = (today_ms, asked.sites)
        entries += [
            Entry(
                f"candidates ({density})", name, 2, make, "candidates", arguments,
                asked.sites.size, _gains(asked, today_ms), range(3)
            )
            for name, make in (("bucket", _bucket(2)), ("better of both", asked.with_hierarchy(2)))
        ]  # fmt: skip
    return entries


def build_entries(asked: Asked) -> list[Entry]:
    """Prepare a graph for many questions."""
    entries = [
        Entry(
            "build", "hierarchy", threads, Build, "build", (threads,), 1, None, slow=not asked.small
        )
        for threads in (1, 2)
    ]
    if installed("pandana"):
        entries.append(Entry("build", "pandana", 2, Build, "pandana", (), 1, None, slow=True))
    return entries


TASKS = {
    "nearest_all": nearest_entries,
    "nearest_origins": origin_entries,
    "matrix": matrix_entries,
    "candidates": candidate_entries,
    "build": build_entries,
}


class Build:
    """Preparing is what is timed."""

    def __init__(self, graph: SearchGraph) -> None:
        self.graph = graph

    def build(self, threads: int) -> Rows:
        """Build a hierarchy."""
        built(self.graph, threads)
        return []

    def pandana(self) -> Rows:
        """Have pandana build its own."""
        Pandana(self.graph)
        return []


def _bucket(threads: int) -> Callable[[SearchGraph], Bucket]:
    return functools.partial(Bucket, threads=threads)


def _gains(asked: Asked, today_ms: NDArray[np.int32]) -> Rows:
    """Return what a whole search with the first sites added finds, by scipy."""
    from scipy.sparse.csgraph import dijkstra  # noqa: PLC0415

    found = dijkstra(Scipy(asked.graph).matrix, indices=asked.sites[:3])
    return list(np.maximum(today_ms - found, 0).sum(axis=1))


class Runs:
    """The turns of one backend: their seconds, and whether each was right."""

    def __init__(self, entry: Entry, graph: SearchGraph) -> None:
        self.entry = entry
        self.seconds: list[float] = []
        self.equal: bool | None = None
        self._answer = functools.partial(getattr(entry.make(graph), entry.method), *entry.arguments)

    def turn(self, *, counted: bool) -> None:
        """Run once; the comparison is not timed."""
        begin = time.perf_counter()
        answer = self._answer()
        if counted:
            self.seconds.append(time.perf_counter() - begin)
        right = self.entry.equal(answer)
        self.equal = right if self.equal is None else self.equal and right


def in_turns(entries: Sequence[Entry], graph: SearchGraph) -> list[Runs]:
    """Run all backends of a task, one after the other, turn after turn."""
    all_runs = [Runs(entry, graph) for entry in entries]
    for turn in range(TURNS + 1):
        # The first turn compiles and warms up; a slow backend has nothing to warm.
        for runs in all_runs:
            if not runs.entry.slow or turn == 1:
                runs.turn(counted=turn > 0)
    return all_runs


def peak_mb(entry: Entry, stored: str) -> float:
    """Run in a new process: the most memory it ever held, the graph included."""
    with np.load(stored) as arrays:
        graph = SearchGraph(arrays["indptr"], arrays["heads"], arrays["weights_ms"])
    getattr(entry.make(graph), entry.method)(*entry.arguments)
    # Not getrusage: on Linux a new process inherits the peak of the one that started it.
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def first_call_seconds() -> float:
    """Run in a new process: compile, or load what was compiled, for a tiny graph."""
    graph = road_like_graph(NODES["XS"])
    begin = time.perf_counter()
    nearest(graph, [services(graph.indptr.size - 1)[0]])
    return time.perf_counter() - begin


def elsewhere(task: Callable[..., float], *arguments: object) -> float:
    """Return the result of a function run in a new process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(task, *arguments).result()


def compilation() -> tuple[float, float]:
    """Seconds of the very first call, and of the first one in a later process."""
    with tempfile.TemporaryDirectory() as empty:
        os.environ["NUMBA_CACHE_DIR"] = empty
        try:
            return elsewhere(first_call_seconds), elsewhere(first_call_seconds)
        finally:
            del os.environ["NUMBA_CACHE_DIR"]


def measure(size: str, tasks: Sequence[str], without: Sequence[str]) -> list[dict[str, Any]]:
    """All rows of one size."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        asked = asked_of(size, folder)
        graph = asked.graph
        print(f"{size}: {graph.indptr.size - 1:,} nodes, {graph.heads.size:,} arcs", flush=True)
        stored = str(Path(folder) / "graph.npz")
        np.savez(stored, **graph._asdict())
        for task in tasks:
            entries = [entry for entry in TASKS[task](asked) if entry.name not in without]
            for runs in in_turns(entries, graph):
                memory = elsewhere(peak_mb, runs.entry._replace(expected=None), stored)
                rows.append(_row(runs, size, graph) | {"peak_mb": round(memory)})
                print(line_of(rows[-1], rows), flush=True)
        if size == "S" and "matrix" in tasks and "osrm" not in without:
            rows += osrm_rows(asked, folder)
    return rows


def osrm_rows(asked: Asked, folder: str) -> list[dict[str, Any]]:
    """Return the time of OSRM's table, where its programs can be had."""
    programs = osrm_peer.programs()
    if programs is None:
        print("OSRM left out: its wheel cannot be had")
        return []
    peer = osrm_peer.Osrm(asked.graph, programs, Path(folder))
    with peer.serving() as port:
        begin = time.perf_counter()
        table = peer.table(port, asked.sources, asked.targets)
        seconds = time.perf_counter() - begin
    row = {"size": "S", "nodes": asked.graph.indptr.size - 1, "backend": "osrm", "threads": 2}
    row |= {"equal": None, "peak_mb": None}
    count = table.shape[0]
    return [
        row | _timing("matrix", seconds, count),
        row | _timing("build", peer.contraction_seconds, 1),
    ]


def _row(runs: Runs, size: str, graph: SearchGraph) -> dict[str, Any]:
    entry = runs.entry
    row = _timing(entry.task, statistics.median(runs.seconds), entry.items)
    row |= {"size": size, "nodes": graph.indptr.size - 1, "backend": entry.name}
    return row | {"threads": entry.threads, "equal": runs.equal}


def _timing(task: str, seconds: float, items: int) -> dict[str, Any]:
    a_piece = seconds / items * 1000
    return {"task": task, "items": items, "seconds": round(seconds, 5), "ms_an_item": a_piece}


def line_of(row: dict[str, Any], rows: Sequence[dict[str, Any]]) -> str:
    """Return a row as text, with how many times quicker it is than the first of its task."""
    first = next(
        other for other in rows if (other["task"], other["size"]) == (row["task"], row["size"])
    )
    ratio = first["ms_an_item"] / row["ms_an_item"]
    return (
        f"{row['size']:3}{row['task']:19}{row['backend']:19}{row['threads']:3}{row['items']:6}"
        f"{row['seconds']:11.4f} s{row['ms_an_item']:12.4f} ms an item"
        f"{ratio:10.2f} × {first['backend']:9}{row['peak_mb'] or 0:7} MB  equal: {row['equal']}"
    )


def store(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Write the rows beside those of other tasks and sizes, in place of older ones."""
    known = json.loads(path.read_text()) if path.exists() else []
    new = {(row["task"], row["size"]) for row in rows}
    kept = [row for row in known if (row["task"], row.get("size")) not in new]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([*kept, *rows], indent=1) + "\n")


def main() -> None:
    """Measure, print, store."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", default="S,M", help=f"of {', '.join(NODES)}; default S,M")
    parser.add_argument("--tasks", default=",".join(TASKS), help="all by default")
    parser.add_argument("--without", default="", help="peers to leave out, such as pandana")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args()
    compiling, loading = compilation()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"first call ever {compiling:.1f} s (compilation); of a later process {loading:.2f} s")
    for size in options.sizes.split(","):
        rows = measure(size, options.tasks.split(","), options.without.split(","))
        store(rows, options.output)
        if any(row["equal"] is False for row in rows):
            message = "times differ from scipy's"
            raise SystemExit(message)
    print(f"written: {options.output}")


if __name__ == "__main__":
    main()
