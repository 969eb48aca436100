"""Searches beside the peers, in one run: this library, scipy, networkx, pandana, OSRM.

Five tasks on seeded synthetic road-like graphs: `nearest_all` (29 services, every node),
`nearest_origins` (the same for 5,000 of them), `matrix` (2,000 × 2,000), `candidates`
(what each of 500 new sites would gain) and `build` (the hierarchy); and two more that no peer
has: `new_times` (a hierarchy for other speeds) and `floor` (what the machine takes to write the
answers of `nearest_all`, and to move as much memory as a sweep). Seconds are medians of
three turns, the backends of a task taking turns so that whatever else the machine does falls
on all of them. Slow peers take one turn in a process of their own, stopped at a limit, over a
part of the services (`services`: the facilities of each) or sources; `part` rows ask our
searches and scipy for the same. Every result is compared to scipy's: `equal` is to the
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
from multiprocessing import TimeoutError as TookTooLong
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import osrm_peer
from floors import Floor
from ours import Bucket, ByHierarchy, NewTimes, built
from peers import Networkx, Pandana, Scipy, installed
from sdaasp_geo.routing.nearest import nearest
from synthetic_graph import road_like_graph, services
from turns import Entry, Runs, elsewhere, in_turns, once, peak_mb

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from sdaasp_geo.network.graph import SearchGraph
    from sdaasp_geo.routing.nearest import Seeds

    Rows = Sequence[NDArray[Any]]

NODES = {"XS": 5_000, "S": 50_000, "M": 500_000, "L": 3_000_000}
OUTPUT = Path(__file__).parents[1] / "data" / "processed" / "bench.json"
ORIGINS, SIDE, SITES = 5_000, 2_000, 500
# Facilities of the services that candidates are tried for.
DENSITIES = (10, 173, 3_000)
# Beyond this many nodes a slow peer does the first and the last service only, and 20
# sources of a matrix.
_WHOLE_BELOW = 100_000
_TWO_BELOW = 1_000_000
_FEW_SOURCES = 20


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

    @property
    def few_services(self) -> list[int]:
        """Those that slow peers are asked about: all, two, or on the largest graphs one.

        The first has few facilities, the last many, and the last is the quickest to find.
        """
        count = len(self.wanted)
        if self.small:
            return list(range(count))
        return [0, count - 1] if self.graph.indptr.size < _TWO_BELOW else [count - 1]

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
    few = asked.few_services
    part, part_times = [wanted[i] for i in few], [times[i] for i in few]
    sizes = tuple(seeds.node.size for seeds in part)
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
        Entry(
            task, "hierarchy, two", 1, asked.with_hierarchy(1), "nearest_two", whole, count, times
        ),
        Entry(
            task,
            "networkx",
            1,
            Networkx,
            "nearest",
            (part,),
            len(part),
            part_times,
            slow=True,
            services=sizes,
        ),
    ]
    if not asked.small:
        # The same services as the slow peers, to be compared with them.
        entries += [
            Entry(
                task,
                f"{name}, part",
                threads,
                make,
                "nearest",
                (part,),
                len(part),
                part_times,
                services=sizes,
            )
            for name, threads, make in (
                ("scipy", 1, Scipy),
                ("bucket", 2, _bucket(2)),
                ("hierarchy", 2, asked.with_hierarchy(2)),
            )
        ]
    if installed("pandana"):
        # As far as it has to look, and no farther.
        arguments = (part, 1.01 * max(row.max() for row in part_times) / 1000)
        entries.append(
            Entry(
                task,
                "pandana",
                2,
                Pandana,
                "nearest",
                arguments,
                len(part),
                None,
                slow=True,
                services=sizes,
            )
        )
    return entries  # fmt: skip


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
                f"candidates ({density})", name, 2, make, method, arguments,
                asked.sites.size, _gains(asked, today_ms), range(3)
            )
            for name, make, method in (
                ("bucket", _bucket(2), "candidates"),
                ("bucket, checked", _bucket(2), "checked"),
                ("better of both", asked.with_hierarchy(2), "candidates"),
            )
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


def new_time_entries(_asked: Asked) -> list[Entry]:
    """Prepare a graph for other times, and take them."""
    return [
        Entry("new_times", "topology", 1, NewTimes, "topology", (), 1, None, slow=True),
        Entry("new_times", "customised", 1, NewTimes, "customised", (), 1, None),
    ]


def floor_entries(asked: Asked) -> list[Entry]:
    """Write answers that say nothing, and stream memory."""
    count = len(asked.wanted)
    return [
        Entry(
            "floor",
            name,
            threads,
            functools.partial(Floor, threads=threads),
            method,
            (count,),
            count,
            None,
        )
        for threads in (1, 2)
        for name, method in (
            ("answers written", "written"),
            ("answers written again", "written_again"),
            ("sweep's bytes moved", "moved"),
        )
    ]


TASKS = {
    "nearest_all": nearest_entries,
    "nearest_origins": origin_entries,
    "matrix": matrix_entries,
    "candidates": candidate_entries,
    "build": build_entries,
    "new_times": new_time_entries,
    "floor": floor_entries,
}


class Build:
    """Preparing is what is timed."""

    def __init__(self, graph: SearchGraph) -> None:
        self.graph = graph
        # Loads what was compiled.
        built(road_like_graph(NODES["XS"]))

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


def first_call_seconds() -> float:
    """Run in a new process: compile, or load what was compiled, for a tiny graph."""
    graph = road_like_graph(NODES["XS"])
    begin = time.perf_counter()
    nearest(graph, [services(graph.indptr.size - 1)[0]])
    return time.perf_counter() - begin


def compilation() -> tuple[float, float]:
    """Seconds of the very first call, and of the first one in a later process."""
    with tempfile.TemporaryDirectory() as empty:
        os.environ["NUMBA_CACHE_DIR"] = empty
        try:
            return elsewhere(first_call_seconds), elsewhere(first_call_seconds)
        finally:
            del os.environ["NUMBA_CACHE_DIR"]


def measure(
    size: str, tasks: Sequence[str], without: Sequence[str], limit_s: float
) -> list[dict[str, Any]]:
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
            told = {"size": size, "nodes": graph.indptr.size - 1}
            for runs in in_turns([entry for entry in entries if not entry.slow], graph):
                memory = elsewhere(peak_mb, runs.entry._replace(expected=None), stored)
                rows.append(_row(runs) | told | {"peak_mb": round(memory)})
                print(line_of(rows[-1], rows), flush=True)
            for entry in entries:
                if entry.slow and (row := _slow_row(entry, stored, limit_s)) is not None:
                    rows.append(row | told)
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


def _row(runs: Runs) -> dict[str, Any]:
    return _told(runs.entry, statistics.median(runs.seconds)) | {"equal": runs.equal}


def _slow_row(entry: Entry, stored: str, limit_s: float) -> dict[str, Any] | None:
    """Return the row of a slow peer; None where it had to be stopped."""
    try:
        seconds, equal, memory = elsewhere(once, entry, stored, limit_s=limit_s)
    except TookTooLong:
        print(f"{entry.task}: {entry.name} stopped after {limit_s:g} s, preparing included")
        return None
    return _told(entry, seconds) | {"equal": equal, "peak_mb": round(memory)}


def _told(entry: Entry, seconds: float) -> dict[str, Any]:
    row = _timing(entry.task, seconds, entry.items)
    row |= {"backend": entry.name, "threads": entry.threads}
    return row | ({"services": list(entry.services)} if entry.services else {})


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
    parser.add_argument(
        "--limit", type=float, default=1200, help="seconds after which a slow peer is stopped"
    )
    options = parser.parse_args()
    compiling, loading = compilation()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"first call ever {compiling:.1f} s (compilation); of a later process {loading:.2f} s")
    for size in options.sizes.split(","):
        tasks, without = options.tasks.split(","), options.without.split(",")
        rows = measure(size, tasks, without, options.limit)
        store(rows, options.output)
        if any(row["equal"] is False for row in rows):
            message = "times differ from scipy's"
            raise SystemExit(message)
    print(f"written: {options.output}")


if __name__ == "__main__":
    main()
