"""Nearest facility of 29 services for every node: this library, scipy and networkx.

Times are medians of three turns in one process, the backends taking turns so that
whatever else the machine does falls on all of them; networkx runs once, in the second
turn, on the larger graphs for the first and the last service only, and is compared by
service. Peak memory is that of a process of its own for each backend. Every time is
compared to the bit with scipy's.

    python benchmarks/bench_routing.py --sizes S,M
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
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sdaasp_geo.network.graph import SearchGraph
from sdaasp_geo.routing.nearest import nearest, nearest_two
from synthetic_graph import road_like_graph, services

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from sdaasp_geo.routing.nearest import Seeds

    # One row a service, as the backend gives it: an array, or times by node.
    Row = NDArray[np.int32] | NDArray[np.float64] | dict[int, int]
    Runner = Callable[[Sequence[Seeds]], Sequence[Row]]

NODES = {"XS": 5_000, "S": 50_000, "M": 500_000, "L": 3_000_000}
OUTPUT = Path(__file__).parents[1] / "data" / "processed" / "bench.json"
TURNS = 3
# Beyond this, networkx takes minutes for 29 services.
_NETWORKX_ALL_BELOW = 100_000


class Backend(NamedTuple):
    """One way to the answer; `prepare` is not timed."""

    name: str
    threads: int
    task: str
    prepare: Callable[[SearchGraph], Runner]


def with_ours(graph: SearchGraph, *, threads: int) -> Runner:
    """Prepare times and labels, in so many threads."""

    def run(wanted: Sequence[Seeds]) -> Sequence[Row]:
        with ThreadPoolExecutor(threads) as pool:
            return list(nearest(graph, wanted, executor=pool).time_ms)

    return run


def with_ours_two(graph: SearchGraph) -> Runner:
    """Prepare times and labels of the two nearest, each facility a group of its own."""

    def run(wanted: Sequence[Seeds]) -> Sequence[Row]:
        groups = np.arange(max(seeds.label.size for seeds in wanted), dtype=np.int32)
        with ThreadPoolExecutor(1) as pool:
            return list(nearest_two(graph, wanted, groups, executor=pool).time_ms)

    return run


def with_scipy(graph: SearchGraph) -> Runner:
    """Prepare times alone: labels are more work for scipy, and not asked of it."""
    from scipy.sparse import csr_array  # noqa: PLC0415
    from scipy.sparse.csgraph import dijkstra  # noqa: PLC0415

    size = graph.indptr.size - 1
    matrix = csr_array((graph.weights_ms.astype(float), graph.heads, graph.indptr), (size, size))

    def run(wanted: Sequence[Seeds]) -> Sequence[Row]:
        return [dijkstra(matrix, indices=seeds.node, min_only=True) for seeds in wanted]

    return run


def with_networkx(graph: SearchGraph) -> Runner:
    """Prepare times alone, on a graph of Python objects."""
    import networkx as nx  # noqa: PLC0415

    tails = np.repeat(np.arange(graph.indptr.size - 1), np.diff(graph.indptr))
    arcs = zip(tails.tolist(), graph.heads.tolist(), graph.weights_ms.tolist(), strict=True)
    peer = nx.DiGraph()
    peer.add_weighted_edges_from(arcs)

    def run(wanted: Sequence[Seeds]) -> Sequence[Row]:
        starts = [seeds.node.tolist() for seeds in wanted]
        return [nx.multi_source_dijkstra_path_length(peer, nodes) for nodes in starts]

    return run


OURS = [
    Backend("sdaasp_geo", threads, "nearest", functools.partial(with_ours, threads=threads))
    for threads in (1, 2)
]
OURS_TWO = Backend("sdaasp_geo", 1, "nearest_two", with_ours_two)
SCIPY = Backend("scipy", 1, "nearest", with_scipy)
NETWORKX = Backend("networkx", 1, "nearest", with_networkx)


def first_call_seconds() -> float:
    """Run in a new process: compile, or load what was compiled, for a tiny graph."""
    graph = road_like_graph(NODES["XS"])
    begin = time.perf_counter()
    nearest(graph, [services(graph.indptr.size - 1)[0]])
    return time.perf_counter() - begin


def peak_mb(backend: Backend, stored: str, wanted: Sequence[Seeds]) -> float:
    """Run in a new process: the most memory it ever held, the graph included."""
    with np.load(stored) as arrays:
        graph = SearchGraph(arrays["indptr"], arrays["heads"], arrays["weights_ms"])
    backend.prepare(graph)(wanted)
    # Not getrusage: on Linux a new process inherits the peak of the one that started it.
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


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


def same(found: Row, expected: NDArray[np.int32]) -> bool:
    """Whether every node has the expected time, to the bit."""
    if not isinstance(found, dict):
        return np.array_equal(found, expected)
    nodes = np.array(list(found))
    times = np.array(list(found.values()))
    return nodes.size == expected.size and np.array_equal(expected[nodes], times)


class Runs:
    """The turns of one backend: their seconds, and whether each gave scipy's times."""

    def __init__(self, backend: Backend, graph: SearchGraph, wanted: Sequence[Seeds]) -> None:
        self.backend = backend
        self.wanted = wanted
        self.seconds: list[float] = []
        self.equal = True
        self._run = backend.prepare(graph)

    def turn(self, expected: Sequence[NDArray[np.int32]], *, counted: bool) -> None:
        """Run once; the comparison is not timed."""
        begin = time.perf_counter()
        found = self._run(self.wanted)
        if counted:
            self.seconds.append(time.perf_counter() - begin)
        pairs = zip(found, expected, strict=True)
        self.equal = self.equal and all(same(row, times) for row, times in pairs)


def in_turns(graph: SearchGraph, wanted: Sequence[Seeds]) -> list[Runs]:
    """Run all backends, one after the other, turn after turn."""
    step = 1 if graph.indptr.size < _NETWORKX_ALL_BELOW else len(wanted) - 1
    expected = [np.asarray(row, np.int32) for row in with_scipy(graph)(wanted)]
    full = [Runs(backend, graph, wanted) for backend in (SCIPY, *OURS, OURS_TWO)]
    once = Runs(NETWORKX, graph, wanted[::step])
    for turn in range(TURNS + 1):
        for runs in full:
            runs.turn(expected, counted=turn > 0)  # compilation, first touch of memory
        if turn == TURNS // 2 + 1:
            once.turn(expected[::step], counted=True)
    return [*full, once]


def measure(size: str) -> list[dict[str, Any]]:
    """All rows of one size."""
    graph = road_like_graph(NODES[size])
    node_count = graph.indptr.size - 1
    wanted = services(node_count)
    print(f"{size}: {node_count:,} nodes, {graph.heads.size:,} arcs, {len(wanted)} services")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        stored = str(Path(folder) / "graph.npz")
        np.savez(stored, **graph._asdict())
        for runs in in_turns(graph, wanted):
            row = _row(runs.backend, statistics.median(runs.seconds), len(runs.wanted))
            row |= {"size": size, "nodes": node_count, "equal": runs.equal}
            memory = elsewhere(peak_mb, runs.backend, stored, runs.wanted)
            rows.append(row | {"peak_mb": round(memory)})
    return rows


def _row(backend: Backend, seconds: float, count: int) -> dict[str, Any]:
    return {
        "task": backend.task,
        "backend": backend.name,
        "threads": backend.threads,
        "services": count,
        "seconds": round(seconds, 4),
        "ms_a_service": round(seconds / count * 1000, 2),
    }


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Return the rows as text, with how many times longer than ours on one thread."""
    heading = f"{'size':5}{'task':13}{'backend':12}{'threads':>8}{'services':>9}"
    heading += f"{'seconds':>9}{'ms/service':>12}{'ratio':>8}{'peak MB':>9}  equal"
    ours = {
        row["size"]: row["ms_a_service"]
        for row in rows
        if (row["task"], row["backend"], row["threads"]) == ("nearest", "sdaasp_geo", 1)
    }
    lines = [
        f"{row['size']:5}{row['task']:13}{row['backend']:12}{row['threads']:8}{row['services']:9}"
        f"{row['seconds']:9.3f}{row['ms_a_service']:12.2f}"
        f"{row['ms_a_service'] / ours[row['size']]:8.1f}{row['peak_mb']:9}  {row['equal']}"
        for row in rows
    ]
    return "\n".join([heading, *lines])


def store(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Write the rows beside those of other tasks, in place of older ones of the same."""
    known = json.loads(path.read_text()) if path.exists() else []
    tasks = {row["task"] for row in rows}
    kept = [row for row in known if row["task"] not in tasks]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([*kept, *rows], indent=1) + "\n")


def main() -> None:
    """Measure, print, store."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", default="S,M", help=f"of {', '.join(NODES)}; default S,M")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args()
    compiling, loading = compilation()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"first call ever {compiling:.1f} s (compilation); of a later process {loading:.2f} s")
    rows = [row for size in options.sizes.split(",") for row in measure(size)]
    print(table(rows))
    store(rows, options.output)
    print(f"written: {options.output}")
    if not all(row["equal"] for row in rows):
        message = "times differ from scipy's"
        raise SystemExit(message)


if __name__ == "__main__":
    main()
